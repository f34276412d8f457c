/* The paper's figure: a row for each motion, of views, distances in a low and a high layer, and the
 * probability of the class. Below it all layers as heat maps, and shift consistency. */
#include "base/format.h"
#include "base/text.h"
#include "image/frame.h"
#include "plot/figure.h"
#include "studies/invariance.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    EXAMPLES = 6,
    EXAMPLE_COLUMNS = 3,
    IMAGE_MM = 22,
    NAME_MAX = 24,
    TICKS_MAX = 12,
    WORDS_MAX = 48
};

static const double aspect_of_curves = 1.1, aspect_of_consistency = 4.5;

/* The points of one motion: those from `first` on. */
typedef struct stretch {
    dv_motion motion;
    int first, n;
    double *x;              /* (n) amounts */
    double *y, *low, *high; /* (n) of the curve that is being drawn */
} stretch;

typedef struct drawing {
    dv_figure figure;
    const dv_invariance_study *study;
    const dv_invariance *r;
    stretch stretches[DV_N_MOTIONS];
    double *room;    /* of theirs */
    float *heat;     /* (n_layers, n_points) of one heat map */
    dv_frame frame;  /* of the first image */
    double farthest; /* the largest mean that a heat map shows */
} drawing;

/* Of each image; else of the means. */
static bool has_curves(const drawing *d)
{
    return d->r->images == d->study->n_kept;
}

/* -- words ------------------------------------------------------------------------------------ */

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

static const char *title_of(dv_motion m)
{
    static const char *const titles[DV_N_MOTIONS] = { "Translation", "Scale", "Rotation" };
    return titles[m];
}

/* The ends of an axis and its quarters, where these are short numbers; else round ones are found.
 */
static void quarter(dv_axis *a, double ticks[TICKS_MAX])
{
    char text[WORDS_MAX];
    for (int i = 0; i <= 4; i++) {
        ticks[i] = a->min + (a->max - a->min) * i / 4;
        if (dv_format(text, sizeof text, "%g", ticks[i]) > 4)
            return;
    }
    if (a->min < a->max) {
        a->n_ticks = 5;
        a->ticks = ticks;
    }
}

static dv_axis amount_axis(const drawing *d, const stretch *s, double ticks[TICKS_MAX])
{
    dv_axis a = { .label = "scale", .min = s->x[0], .max = s->x[s->n - 1] };
    if (s->motion == DV_MOTION_TRANSLATION) {
        a.label = d->study->o->along_x ? "shift to the right" : "shift downwards";
        a.unit = "px";
    } else if (s->motion == DV_MOTION_ROTATION) {
        a.label = "rotation";
        a.unit = "°";
    }
    quarter(&a, ticks);
    return a;
}

/* -- the images ------------------------------------------------------------------------------- */

/* Each in the colour of its curves, which this is the legend of. */
static bool add_images(drawing *d, dv_error *err)
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

static bool draw_view(const drawing *d, int point, dv_image *picture, dv_error *err)
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

static bool add_examples(drawing *d, const stretch *s, dv_error *err)
{
    dv_shown shown[EXAMPLES] = { { .label = NULL } };
    char labels[EXAMPLES][WORDS_MAX];
    const int n = s->n < EXAMPLES ? s->n : EXAMPLES;
    static const char *const units[DV_N_MOTIONS] = { "", "×", "°" };
    bool ok = true;
    for (int i = 0; ok && i < n; i++) {
        const int at = n > 1 ? (i * (s->n - 1) + (n - 1) / 2) / (n - 1) : 0;
        dv_format(labels[i], WORDS_MAX, "%s%.4g%s", s->x[at] < 0 ? "−" : "", fabs(s->x[at]),
                  units[s->motion]);
        shown[i].label = labels[i];
        ok = draw_view(d, s->first + at, &shown[i].picture, err);
    }
    if (ok)
        dv_figure_grid(&d->figure, &(dv_grid){ .n = n,
                                               .shown = shown,
                                               .columns = n < EXAMPLE_COLUMNS ? n : EXAMPLE_COLUMNS,
                                               .gap = 0.8 });
    for (int i = 0; i < n; i++)
        dv_image_free(&shown[i].picture);
    return ok;
}

/* A margin for the tallest transform of the first image that was measured. */
static bool read_frame(drawing *d, dv_error *err)
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
static double value_of(const drawing *d, const dv_measured *m, int point, int layer)
{
    if (layer < 0)
        return m->probability[point];
    const double distance = m->distance[(size_t)point * (size_t)d->r->n_layers + (size_t)layer];
    return m->norm[layer] > 0 ? distance / m->norm[layer] : (double)NAN;
}

static const dv_estimate *estimate_of(const drawing *d, int point, int layer)
{
    return layer < 0 ? &d->r->probability[point]
                     : &d->r->normalised[(size_t)point * (size_t)d->r->n_layers + (size_t)layer];
}

static void add_image_curves(drawing *d, const stretch *s, int layer)
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

static void add_mean_curve(drawing *d, const stretch *s, int layer)
{
    for (int k = 0; k < s->n; k++) {
        const dv_estimate *e = estimate_of(d, s->first + k, layer);
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
static double top_of(const drawing *d, const stretch *s)
{
    double top = 0;
    for (int k = 0; k < s->n; k++)
        for (int i = 0; i < 2; i++) {
            const int layer = i ? d->r->high : d->r->low;
            const dv_estimate *e = estimate_of(d, s->first + k, layer);
            top = fmax(top, fmax(e->mean, has_curves(d) ? 0 : e->high));
            for (int n = 0; has_curves(d) && n < d->study->n_kept; n++)
                top = fmax(top, value_of(d, &d->study->kept[n], s->first + k, layer));
        }
    return top > 0 ? 1.05 * top : 1;
}

static void add_panel(drawing *d, const stretch *s, int layer, double top)
{
    char title[DV_LAYER_WORD_MAX + 8];
    double ticks[TICKS_MAX];
    dv_axes a = { .x = amount_axis(d, s, ticks),
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
    (has_curves(d) ? add_image_curves : add_mean_curve)(d, s, layer);
}

static bool add_motion(drawing *d, const stretch *s, dv_error *err)
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

/* -- all layers ------------------------------------------------------------------------------- */

/* Every so many layers, and the last. */
static int list_layer_ticks(const dv_invariance *r, double ticks[TICKS_MAX],
                            const char *names[TICKS_MAX])
{
    const int last = r->n_layers - 1, every = last / (TICKS_MAX - 2) + 1;
    int n = 0;
    for (int l = 0; l <= last; l++)
        if (l == last || (l % every == 0 && (l + every / 2 < last))) {
            ticks[n] = r->n_layers - l - 0.5;
            names[n++] = r->layers[l].name;
        }
    return n;
}

/* The first layer is at the bottom. */
static void add_heat(drawing *d, const stretch *s, bool first, bool last)
{
    const dv_invariance *r = d->r;
    double ticks[TICKS_MAX], layer_ticks[TICKS_MAX];
    const char *names[TICKS_MAX];
    for (int l = 0; l < r->n_layers; l++)
        for (int k = 0; k < s->n; k++)
            d->heat[(size_t)(r->n_layers - 1 - l) * (size_t)s->n + (size_t)k] =
                (float)estimate_of(d, s->first + k, l)->mean;
    dv_heat h = { .title = dv_motion_name(s->motion),
                  .rows = r->n_layers,
                  .columns = s->n,
                  .values = d->heat,
                  .max = d->farthest,
                  .bar = last ? "distance / norm" : NULL,
                  .x = amount_axis(d, s, ticks),
                  .aspect = 1.2 };
    h.y.label = first ? "layer" : NULL;
    h.y.n_ticks = list_layer_ticks(r, layer_ticks, names);
    h.y.ticks = layer_ticks;
    h.y.names = names;
    if (s->n > 1) { /* amounts stand in the middle of their cells */
        const double half = (h.x.max - h.x.min) / (s->n - 1) / 2;
        h.x.min -= half;
        h.x.max += half;
    }
    dv_figure_heat(&d->figure, &h);
}

static void add_heats(drawing *d)
{
    int last = -1, first = -1;
    for (int m = 0; m < DV_N_MOTIONS; m++)
        if (d->stretches[m].n > 0) {
            first = first < 0 ? m : first;
            last = m;
        }
    if (last < 0)
        return;
    for (int p = 0; p < d->r->n_points; p++)
        for (int l = 0; l < d->r->n_layers; l++)
            d->farthest = fmax(d->farthest, estimate_of(d, p, l)->mean);
    dv_figure_row(&d->figure, "All layers");
    for (int m = first; m <= last; m++)
        if (d->stretches[m].n > 0)
            add_heat(d, &d->stretches[m], m == first, m == last);
}

static void add_consistency(drawing *d)
{
    const dv_consistency *c = &d->r->consistency;
    enum { BINS = sizeof c->bins / sizeof c->bins[0] };
    double x[BINS], y[BINS], low[BINS], high[BINS];
    int n = 0;
    if (c->pairs == 0)
        return;
    for (int i = 0; i < c->n_bins; i++) {
        const dv_estimate e = dv_consistency_share(&c->bins[i]);
        if (e.n == 0)
            continue;
        x[n] = (c->bins[i].min + c->bins[i].max) / 2;
        y[n] = 100 * e.mean;
        low[n] = 100 * e.low;
        high[n++] = 100 * e.high;
    }
    const dv_axes a = { .title = "shift consistency",
                        .x = { .label = "shift from one view to the other",
                               .unit = "px",
                               .max = c->bins[c->n_bins - 1].max },
                        .y = { .label = "same class", .unit = "%", .max = 100 },
                        .aspect = aspect_of_consistency,
                        .legend = DV_LEGEND_NONE };
    dv_figure_row(&d->figure, NULL);
    dv_figure_axes(&d->figure, &a);
    dv_figure_curve(&d->figure, &(dv_curve){ .n = n,
                                             .x = x,
                                             .y = y,
                                             .low = low,
                                             .high = high,
                                             .color = DV_COLOR_FIRST,
                                             .as = DV_CURVE_BARS,
                                             .width = 0.85 * (c->bins[0].max - c->bins[0].min) });
}

/* -- the figure ------------------------------------------------------------------------------- */

static bool make_room(drawing *d, dv_error *err)
{
    const dv_invariance *r = d->r;
    const size_t points = (size_t)r->n_points + 1;
    d->room = calloc(4 * points, sizeof *d->room);
    d->heat = calloc(points * (size_t)r->n_layers, sizeof *d->heat);
    if (!d->room || !d->heat)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d transforms", r->n_points);
    for (int m = 0, at = 0; m < DV_N_MOTIONS; m++) {
        stretch *s = &d->stretches[m];
        *s = (stretch){ .motion = (dv_motion)m, .first = at };
        s->x = d->room + at;
        s->y = s->x + points;
        s->low = s->y + points;
        s->high = s->low + points;
        for (; at < r->n_points && r->points[at].motion == s->motion; at++)
            s->x[s->n++] = r->points[at].amount;
    }
    return true;
}

static void describe(const drawing *d, dv_text *title, dv_text *caption)
{
    static const char *const fills[DV_N_FILLS] = { "its mean colour", "grey", "its edge",
                                                   "the photograph mirrored" };
    const dv_invariance *r = d->r;
    const dv_consistency *c = &r->consistency;
    dv_text_format(title, "Invariance of %s: %d image%s", dv_model_name(d->study->model), r->images,
                   r->images == 1 ? "" : "s");
    if (r->n_points > 0) {
        dv_text_format(caption,
                       "Euclidean distance of features from those of the untransformed image, "
                       "divided by their norm, and probability of the %s class. ",
                       r->labelled ? "true" : "predicted");
        if (has_curves(d) && r->images > 1)
            dv_text_format(caption, "A line is an image, in the colour of its frame. ");
        else if (!has_curves(d))
            dv_text_format(caption, "Lines are means, bands their 95 %% intervals. ");
        dv_text_format(caption, "Where a photograph ends, %s is seen. ", fills[d->study->o->fill]);
    }
    if (c->pairs > 0)
        dv_text_format(caption,
                       "Two random shifts of an image have the same class in %.1f %% of %lld pairs "
                       "(95 %% interval %.1f to %.1f %%).",
                       100 * c->share.mean, (long long)c->pairs, 100 * c->share.low,
                       100 * c->share.high);
}

static bool write(drawing *d, dv_error *err)
{
    static const char *const fills[DV_N_FILLS] = { "mean", "grey", "edge", "reflect" };
    const dv_invariance_study *s = d->study;
    dv_text title = { 0 }, caption = { 0 };
    char images[16], pairs[64];
    describe(d, &title, &caption);
    snprintf(images, sizeof images, "%d", d->r->images);
    snprintf(pairs, sizeof pairs, "%d of each image, seed %llu", s->o->pairs,
             (unsigned long long)s->o->seed);
    const dv_png_text more[] = { { "Study", "invariance" },
                                 { "Images", images },
                                 { "Fill", fills[s->o->fill] },
                                 { "Pairs", pairs } };
    dv_provenance says = { .model = dv_model_name(s->model),
                           .image = d->r->images == 1 ? s->kept[0].is.path : NULL,
                           .n_more = 4,
                           .more = more };
    says.model_sha256 = dv_model_sha256(s->model, err);
    d->figure.title = title.data;
    d->figure.caption = caption.data;
    const bool ok = says.model_sha256 && dv_text_ok(&title, "a title", err) &&
                    dv_text_ok(&caption, "a caption", err) &&
                    dv_figure_write(&d->figure, &s->o->figure, &says, err);
    free(title.data);
    free(caption.data);
    return ok;
}

bool dv_invariance_draw(const dv_invariance_study *s, dv_error *err)
{
    drawing d = { .study = s, .r = s->result };
    bool ok = make_room(&d, err) && (d.r->n_points == 0 || read_frame(&d, err));
    if (ok && d.r->n_points > 0 && has_curves(&d) && d.r->images > 1)
        ok = add_images(&d, err);
    for (int m = 0; ok && m < DV_N_MOTIONS; m++)
        ok = d.stretches[m].n == 0 || add_motion(&d, &d.stretches[m], err);
    if (ok) {
        add_heats(&d);
        add_consistency(&d);
        ok = write(&d, err);
    }
    dv_figure_free(&d.figure);
    dv_frame_free(&d.frame);
    free(d.room);
    free(d.heat);
    return ok;
}
