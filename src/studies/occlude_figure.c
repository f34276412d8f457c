/* occlude_figure.c - the figure of one image: panels (a) to (e) as in Zeiler & Fergus 2013, figure
 * 7, and (f) for random masks. */
#include "base/format.h"
#include "base/text.h"
#include "image/cover.h"
#include "plot/figure.h"
#include "studies/occlude_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct picture {
    const dv_occlude *study;
    const dv_occlude_image *image;
    dv_figure figure;
    float *values; /* (rows, columns) */
    char class_name[DV_LABEL_SHORT_MAX];
    int n_panels, in_row; /* of them so far, of those in a row */
    dv_error *err;
} picture;

enum { NARROW = 120 /* mm that three panels need beside each other */ };

static const char *const fills[] = { "grey", "mean colour", "blurred image" };

/* What a file is called, for the eye: "car wheel" of "a/n02974003_car_wheel.jpg". */
static const char *name_of(const char *path, char to[256])
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    const size_t n = dot && dot != name ? (size_t)(dot - name) : strlen(name);
    enum { ID = 9 /* n and eight digits */ };
    const bool id =
        name[0] == 'n' && strspn(name + 1, "0123456789") == ID - 1 && n > ID + 1 && name[ID] == '_';
    const size_t from = id ? ID + 1 : 0;
    dv_format(to, 256, "%.*s", (int)(n - from), name + from);
    for (char *c = to; *c; c++)
        if (*c == '_')
            *c = ' ';
    return to;
}

/* Begins the next panel, in a row of its own where the last one is full: "(b) what" in `to`. */
static const char *title_of(picture *p, char to[128], const char *what)
{
    if (p->n_panels % p->in_row == 0)
        dv_figure_row(&p->figure, NULL);
    dv_format(to, 128, "(%c) %s", 'a' + p->n_panels++, what);
    return to;
}

/* -- pictures --------------------------------------------------------------------------------- */

/* (a): the input with the square where it takes most away. */
static bool add_input(picture *p)
{
    const dv_occlude_image *im = p->image;
    const dv_occluded *f = &im->found;
    const int at = f->of_class < 0 ? f->least_activation : f->least_probability;
    const dv_rect r = im->at[at].square;
    const dv_image *seen = &im->seen;
    dv_image shown = { seen->width, seen->height, NULL }, cover = { 0 };
    const size_t bytes = 3 * (size_t)seen->width * (size_t)seen->height;
    shown.rgb = malloc(bytes);
    bool ok = shown.rgb || dv_fail(p->err, DV_NO_MEMORY, "no memory for a picture");
    ok = ok && dv_cover_all(&cover, seen, (dv_cover)p->study->o->fill, p->err);
    if (ok) {
        char title[128];
        const dv_shown one = { .picture = shown };
        memcpy(shown.rgb, seen->rgb, bytes);
        dv_cover_box(&shown, &cover, r.x0, r.y0, r.x1, r.y1);
        dv_figure_grid(&p->figure, &(dv_grid){ .title = title_of(p, title, "input with the square"),
                                               .n = 1,
                                               .shown = &one,
                                               .columns = 1 });
    }
    dv_image_free(&cover);
    dv_image_free(&shown);
    return ok;
}

/* (c): the map's projection, and those of other images. */
static void add_projections(picture *p)
{
    char title[128], name[DV_OCCLUDE_SHOWN][256];
    const dv_occluded *f = &p->image->found;
    const int n = f->n_shown;
    dv_shown shown[1 + DV_OCCLUDE_SHOWN] = {
        { .picture = p->image->projected, .label = n > 0 ? "this image" : NULL, .framed = n > 0 }
    };
    for (int i = 0; i < n; i++)
        shown[1 + i] =
            (dv_shown){ .picture = p->image->others[i], .label = name_of(f->shown[i], name[i]) };
    const char *what = n > 0 ? "its projections" : "its projection";
    dv_figure_grid(&p->figure, &(dv_grid){ .title = title_of(p, title, what),
                                           .n = 1 + n,
                                           .shown = shown,
                                           .columns = n > 0 ? 2 : 1 });
}

/* -- maps over the image ---------------------------------------------------------------------- */

/* What all of them have: the size of the input for axes, the input below. */
static dv_heat heat_of(const picture *p, const char *title)
{
    const dv_image *seen = &p->image->seen;
    return (dv_heat){ .title = title,
                      .rows = p->study->rows,
                      .columns = p->study->columns,
                      .values = p->values,
                      .x = { .max = seen->width, .bare = true },
                      .y = { .max = seen->height, .bare = true },
                      .under = seen };
}

/* The square where the map is least. */
static void mark_square(picture *p, int at)
{
    const dv_rect r = p->image->at[at].square;
    dv_figure_mark(
        &p->figure,
        &(dv_mark){ .as = DV_MARK_RECT, .x0 = r.x0, .y0 = r.y0, .x1 = r.x1, .y1 = r.y1 });
}

static void add_activation(picture *p)
{
    const dv_occluded *f = &p->image->found;
    char title[128], what[96];
    dv_format(what, sizeof what, "layer %.40s, map %d", f->layer, (int)f->unit.channel);
    dv_heat h = heat_of(p, title_of(p, title, what));
    for (int i = 0; i < h.rows * h.columns; i++)
        p->values[i] = (float)f->at[i].activation;
    h.bar = "sum over the map";
    dv_figure_heat(&p->figure, &h);
    mark_square(p, f->least_activation);
}

static void add_probability(picture *p)
{
    const dv_occluded *f = &p->image->found;
    char title[128], what[96];
    dv_format(what, sizeof what, "probability of %s", p->class_name);
    dv_heat h = heat_of(p, title_of(p, title, what));
    for (int i = 0; i < h.rows * h.columns; i++) {
        p->values[i] = f->at[i].probability;
        h.max = fmax(h.max, (double)f->at[i].probability);
    }
    h.bar = "probability"; /* from 0 on, so that a small change looks small */
    dv_figure_heat(&p->figure, &h);
    mark_square(p, f->least_probability);
}

static void add_saliency(picture *p)
{
    char title[128], what[96];
    dv_heat h = heat_of(p, NULL);
    dv_format(what, sizeof what, "%s under %d masks", p->class_name, p->study->o->masks);
    h.title = title_of(p, title, what);
    h.rows = p->image->seen.height;
    h.columns = p->image->seen.width;
    h.values = p->image->saliency;
    h.bar = "mean probability";
    dv_figure_heat(&p->figure, &h);
}

/* -- (e): the most probable class ------------------------------------------------------------- */

typedef struct seen_class {
    int number, times;
} seen_class;

static int by_times(const void *a, const void *b)
{
    const seen_class *p = a, *q = b;
    return p->times != q->times ? q->times - p->times : p->number - q->number;
}

/* The classes at n positions, the most frequent first. Returns how many. */
static int count_classes(const dv_occluded_at *at, int n, seen_class *seen)
{
    int n_seen = 0;
    for (int i = 0; i < n; i++) {
        int k = 0;
        while (k < n_seen && seen[k].number != at[i].best)
            k++;
        if (k == n_seen)
            seen[n_seen++] = (seen_class){ at[i].best, 0 };
        seen[k].times++;
    }
    qsort(seen, (size_t)n_seen, sizeof *seen, by_times);
    return n_seen;
}

static bool add_classes(picture *p)
{
    const dv_occluded *f = &p->image->found;
    const int n = f->rows * f->columns;
    char title[128];
    seen_class *seen = calloc((size_t)n, sizeof *seen);
    char(*text)[DV_LABEL_SHORT_MAX] = calloc((size_t)n, sizeof *text);
    const char **names = calloc((size_t)n, sizeof *names);
    const bool ok = (seen && text && names) ||
                    dv_fail(p->err, DV_NO_MEMORY, "no memory for %d names of classes", n);
    if (ok) {
        dv_heat h = heat_of(p, title_of(p, title, "most probable class"));
        h.colors = DV_COLORS_CLASSES;
        h.n_classes = count_classes(f->at, n, seen);
        h.classes = names;
        for (int k = 0; k < h.n_classes; k++)
            names[k] = dv_label_short(p->study->labels, seen[k].number, text[k]);
        for (int i = 0; i < n; i++)
            for (int k = 0; k < h.n_classes; k++)
                if (seen[k].number == f->at[i].best)
                    p->values[i] = (float)k;
        dv_figure_heat(&p->figure, &h);
    }
    free(seen);
    free(text);
    free((void *)names);
    return ok;
}

/* -- all of it -------------------------------------------------------------------------------- */

/* NULL: no memory. The caller frees it. */
static char *caption_of(const picture *p)
{
    const dv_occlude *s = p->study;
    const dv_occluded *f = &p->image->found;
    dv_text t = { 0 };
    dv_text_format(&t,
                   "A square of %d pixels (%s) at %d x %d positions on the input of %d x %d, drawn "
                   "where each map is least; (a) has that of (%c). (b): %.4g without it.",
                   s->square, fills[s->o->fill], s->columns, s->rows, p->image->seen.width,
                   p->image->seen.height, s->n_classes ? 'd' : 'b', f->none.activation);
    if (!isnan(f->agreement))
        dv_text_format(&t,
                       " What the map loses, and what the square covers of the projection, have a "
                       "correlation of %.2f (with the projection turned by 180 degrees: %.2f).",
                       f->agreement, f->agreement_turned);
    if (s->n_classes)
        dv_text_format(&t, " (d): %.3g without the square, %.3g at the least.",
                       (double)f->none.probability,
                       (double)f->at[f->least_probability].probability);
    if (f->saliency)
        dv_text_format(&t, " (f): even and odd masks have a correlation of %.2f.", f->halves);
    if (!t.failed)
        return t.data;
    free(t.data);
    return NULL;
}

static void say(const picture *p, dv_provenance *says, dv_png_text more[DV_PROVENANCE_MAX_MORE],
                char words[DV_PROVENANCE_MAX_MORE][48])
{
    const dv_occlude *s = p->study;
    const dv_image *seen = &p->image->seen;
    dv_format(words[0], 48, "%d of %dx%d, %s", s->square, seen->width, seen->height,
              fills[s->o->fill]);
    dv_format(words[1], 48, "%dx%d", s->columns, s->rows);
    more[says->n_more++] = (dv_png_text){ "Square", words[0] };
    more[says->n_more++] = (dv_png_text){ "Positions", words[1] };
    if (p->image->found.of_class >= 0) {
        dv_format(words[2], 48, "%d", p->image->found.of_class);
        more[says->n_more++] = (dv_png_text){ "Class", words[2] };
    }
    if (s->o->masks > 0) {
        dv_format(words[3], 48, "%d, seed %llu", s->o->masks, (unsigned long long)s->o->seed);
        more[says->n_more++] = (dv_png_text){ "Masks", words[3] };
    }
    says->more = more;
}

static bool write_figure(const picture *p, const char *path)
{
    const dv_occlude *s = p->study;
    const dv_occlude_image *im = p->image;
    dv_png_text more[DV_PROVENANCE_MAX_MORE];
    char words[DV_PROVENANCE_MAX_MORE][48];
    dv_figure_file to = s->o->figure;
    dv_provenance says = { .model = dv_model_name(s->model),
                           .model_sha256 = dv_model_sha256(s->model, p->err),
                           .image = im->path,
                           .image_sha256 = im->sha256,
                           .rule = dv_rule_name(DV_RULE_DECONVNET),
                           .seed = "value",
                           .layer = s->layer,
                           .tensor = dv_tensor_name(s->model, s->tensor),
                           .unit = &im->found.unit,
                           .shape = dv_tensor_shape(s->model, s->tensor),
                           .value = im->value,
                           .scale = im->scale };
    to.path = path;
    say(p, &says, more, words);
    return says.model_sha256 && dv_figure_write(&p->figure, &to, &says, p->err);
}

static bool describe(picture *p)
{
    const dv_occlude *s = p->study;
    if (!add_input(p))
        return false;
    add_activation(p);
    add_projections(p);
    if (s->n_classes == 0)
        return true;
    dv_label_short(s->labels, p->image->found.of_class, p->class_name);
    add_probability(p);
    if (!add_classes(p))
        return false;
    if (p->image->saliency)
        add_saliency(p);
    return true;
}

bool dv_occlude_draw(const dv_occlude *s, const dv_occlude_image *im, const char *path,
                     dv_error *err)
{
    picture p = { .study = s, .image = im, .err = err };
    char image[256], model[256];
    const double width = s->o->figure.width;
    char *caption = caption_of(&p);
    dv_text title = { 0 };
    p.values = malloc((size_t)s->rows * (size_t)s->columns * sizeof *p.values);
    p.in_row = width > 0 && width < NARROW ? 2 : 3;
    dv_text_format(&title, "%s under a square: %s", name_of(im->path, image),
                   name_of(dv_model_name(s->model), model));
    p.figure.title = title.data;
    p.figure.caption = caption;
    bool ok = (caption && p.values && !title.failed) ||
              dv_fail(err, DV_NO_MEMORY, "no memory for a figure");
    ok = ok && describe(&p) && write_figure(&p, path);
    dv_figure_free(&p.figure);
    free(p.values);
    free(title.data);
    free(caption);
    return ok;
}
