/* The images of the figure, and a row for each motion: views, distances in a low and a high layer,
 * and the probability of the class. */
#include "base/format.h"
#include "studies/invariance_figure.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXAMPLES = 6, IMAGE_MM = 22, NAME_MAX = 24, LABEL_MAX = 48 };

static const double aspect_of_curves = 1.1;

/* -- the images ------------------------------------------------------------------------------- */

/* Whether a byte of UTF-8 belongs to the character before it. */
static bool is_continued(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* A file's name without folder, extension and WordNet id, blanks for '_', cut where it is long. */
static const char *short_name(const char *path, char to[NAME_MAX])
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (name[0] == 'n' && strspn(name + 1, "0123456789") == 8 && name[9] == '_' && name[10])
        name += 10;
    const char *dot = strrchr(name, '.');
    size_t n = dot && dot > name ? (size_t)(dot - name) : strlen(name);
    const bool is_long = n >= NAME_MAX;
    for (n = is_long ? NAME_MAX - 4 : n; is_long && n > 0 && is_continued(name[n]);)
        n--;
    snprintf(to, NAME_MAX, "%.*s%s", (int)n, name, is_long ? "…" : "");
    for (char *c = to; (c = strchr(c, '_'));)
        *c = ' ';
    return to;
}

/* Each in the colour of its curves, which this is the legend of. */
bool dv_invariance_add_images(dv_invariance_drawing *d, dv_error *err)
{
    const dv_preprocess *p = &d->study->o->preprocess;
    dv_figure_row(&d->figure, "Images");
    for (int i = 0; i < d->study->n_kept; i++) {
        const char *path = d->study->kept[i].is.path;
        char name[NAME_MAX];
        dv_image im, seen;
        if (!dv_image_load(&im, path, err))
            return false;
        const bool ok = dv_prepare_view(&im, p, &seen, err) || dv_fail_in(err, "%s", path);
        dv_image_free(&im);
        if (!ok)
            return false;
        const dv_shown shown = { .picture = seen, .label = short_name(path, name) };
        dv_figure_grid(&d->figure, &(dv_grid){ .n = 1, .shown = &shown, .side = IMAGE_MM });
        dv_figure_mark(&d->figure, &(dv_mark){ .as = DV_MARK_RECT,
                                               .x1 = p->size[1],
                                               .y1 = p->size[0],
                                               .color = DV_COLOR_FIRST + i });
        dv_image_free(&seen);
    }
    return true;
}

/* -- views of the first one ------------------------------------------------------------------- */

static bool draw_view(const dv_invariance_drawing *d, int point, dv_image *picture, dv_error *err)
{
    const dv_invariance_options *o = d->study->o;
    const dv_transform t = dv_invariance_transform(o, &d->r->points[point]);
    const size_t pixels = (size_t)o->preprocess.size[0] * (size_t)o->preprocess.size[1];
    uint8_t *rgb = malloc(3 * pixels);
    float *input = malloc(3 * pixels * sizeof *input);
    bool ok = rgb && input;
    if (ok) {
        dv_transform_view(&d->frame.image, d->frame.view, &t, o->fill, rgb);
        dv_pixels_prepare(rgb, &o->preprocess, input);
        ok = dv_draw_input(picture, input, &o->preprocess, err);
    } else {
        dv_fail(err, DV_NO_MEMORY, "no memory for %zu pixels", pixels);
    }
    free(rgb);
    free(input);
    return ok;
}

static bool add_examples(dv_invariance_drawing *d, const dv_stretch *s, dv_error *err)
{
    dv_shown shown[EXAMPLES] = { { .label = NULL } };
    char labels[EXAMPLES][LABEL_MAX];
    const int n = s->n < EXAMPLES ? s->n : EXAMPLES;
    static const char *const units[DV_N_MOTIONS] = { "", "×", "°" };
    bool ok = true;
    for (int i = 0; ok && i < n; i++) {
        const int at = n > 1 ? (i * (s->n - 1) + (n - 1) / 2) / (n - 1) : 0;
        dv_format(labels[i], LABEL_MAX, "%s%.4g%s", s->x[at] < 0 ? "−" : "", fabs(s->x[at]),
                  units[s->motion]);
        shown[i].label = labels[i];
        ok = draw_view(d, s->first + at, &shown[i].picture, err);
    }
    if (ok)
        dv_figure_grid(&d->figure,
                       &(dv_grid){ .n = n, .shown = shown, .columns = (n + 1) / 2, .gap = 0.8 });
    for (int i = 0; i < n; i++)
        dv_image_free(&shown[i].picture);
    return ok;
}

/* A margin for the tallest transform of the first image that was measured. */
bool dv_invariance_read_frame(dv_invariance_drawing *d, dv_error *err)
{
    const dv_invariance_study *s = d->study;
    const int *size = s->o->preprocess.size;
    const char *path = s->kept[0].is.path;
    int margin = 0;
    for (int p = 0; p < d->r->n_points; p++) {
        const dv_transform t = dv_invariance_transform(s->o, &d->r->points[p]);
        const int reach = dv_transform_reach(&t, size[1], size[0]);
        margin = reach > margin ? reach : margin;
    }
    dv_image im;
    if (!dv_image_load(&im, path, err))
        return false;
    const bool ok = dv_frame_make(&d->frame, &im, &s->o->preprocess, margin, err) ||
                    dv_fail_in(err, "%s", path);
    dv_image_free(&im);
    return ok;
}

/* -- curves ----------------------------------------------------------------------------------- */

/* layer -1: the probability. */
static double value_of(const dv_invariance_drawing *d, const dv_measured *m, int point, int layer)
{
    if (layer < 0)
        return m->probability[point];
    const double distance = m->distance[(size_t)point * (size_t)d->r->n_layers + (size_t)layer];
    return m->norm[layer] > 0 ? distance / m->norm[layer] : (double)NAN;
}

static void add_image_curves(dv_invariance_drawing *d, const dv_stretch *s, int layer)
{
    for (int i = 0; i < d->study->n_kept; i++) {
        const dv_measured *m = &d->study->kept[i];
        for (int k = 0; k < s->n; k++)
            s->y[k] = value_of(d, m, s->first + k, layer);
        dv_figure_curve(
            &d->figure,
            &(dv_curve){ .n = s->n, .x = s->x, .y = s->y, .color = DV_COLOR_FIRST + i });
    }
}

static void add_mean_curve(dv_invariance_drawing *d, const dv_stretch *s, int layer)
{
    for (int k = 0; k < s->n; k++) {
        const dv_estimate *e = dv_invariance_estimate(d, s->first + k, layer);
        s->y[k] = e->mean;
        s->low[k] = e->low;
        s->high[k] = e->high;
    }
    dv_figure_curve(&d->figure, &(dv_curve){ .n = s->n,
                                             .x = s->x,
                                             .y = s->y,
                                             .low = s->low,
                                             .high = s->high,
                                             .color = DV_COLOR_FIRST });
}

/* The largest distance that a row of panels shows. */
static double top_of(const dv_invariance_drawing *d, const dv_stretch *s)
{
    double top = 0;
    for (int k = 0; k < s->n; k++)
        for (int i = 0; i < 2; i++) {
            const int layer = i ? d->r->high : d->r->low;
            const dv_estimate *e = dv_invariance_estimate(d, s->first + k, layer);
            top = fmax(top, fmax(e->mean, dv_invariance_has_curves(d) ? 0 : e->high));
            for (int n = 0; dv_invariance_has_curves(d) && n < d->study->n_kept; n++)
                top = fmax(top, value_of(d, &d->study->kept[n], s->first + k, layer));
        }
    return top > 0 ? 1.05 * top : 1;
}

static void add_panel(dv_invariance_drawing *d, const dv_stretch *s, int layer, double top)
{
    char title[DV_LAYER_WORD_MAX + 8];
    double ticks[DV_STRETCH_TICKS];
    dv_axes a = { .x = dv_stretch_axis(d, s, ticks),
                  .aspect = aspect_of_curves,
                  .legend = DV_LEGEND_NONE };
    a.y.max = layer < 0 ? 1 : top;
    if (layer < 0) {
        a.title = d->r->labelled ? "true class" : "predicted class";
        a.y.label = "probability";
    } else {
        const char *name = d->r->layers[layer].name;
        snprintf(title, sizeof title, "%s%s", isdigit((unsigned char)name[0]) ? "layer " : "",
                 name);
        a.title = title;
        a.y.label = "distance / norm";
    }
    dv_figure_axes(&d->figure, &a);
    (dv_invariance_has_curves(d) ? add_image_curves : add_mean_curve)(d, s, layer);
}

static const char *title_of(dv_motion m)
{
    static const char *const titles[DV_N_MOTIONS] = { "Translation", "Scale", "Rotation" };
    return titles[m];
}

bool dv_invariance_add_motion(dv_invariance_drawing *d, const dv_stretch *s, dv_error *err)
{
    const double top = top_of(d, s);
    dv_figure_row(&d->figure, title_of(s->motion));
    if (!add_examples(d, s, err))
        return false;
    add_panel(d, s, d->r->low, top);
    if (d->r->high != d->r->low)
        add_panel(d, s, d->r->high, top);
    add_panel(d, s, -1, top);
    return true;
}
