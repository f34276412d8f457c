#include "studies/compare_rules.h"

#include "image/photo.h"
#include "run/crew.h"
#include "run/watch.h"
#include "studies/compare_rules_draw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct study {
    const dv_model *model;
    const dv_list *images;
    const dv_compare_rules_options *o;
    dv_compared_rules *results;
    dv_error *errors; /* (slots) code is not DV_OK: the image failed */
    dv_compared_figure figure;
} study;

/* An image on a worker. */
typedef struct pass {
    const study *s;
    const dv_worker *w;
    const char *image;
    dv_photo photo;
    dv_image seen;              /* only where it is drawn */
    dv_unit *units;             /* (n_units) */
    dv_compared_rules *results; /* (n_units) */
    dv_compared_figure *figure; /* NULL: not of this image */
} pass;

/* -- one unit --------------------------------------------------------------------------------- */

static float value_at(const dv_signal *s, int32_t c, int32_t y, int32_t x)
{
    const dv_box point = { .lo = { c, y, x }, .hi = { c + 1, y + 1, x + 1 } };
    const dv_box common = dv_box_intersect(s->box, point);
    return dv_box_empty(&common) ? 0 : *dv_signal_at(s, c, y, x);
}

/* Pearson's r of two signals over a box. */
static double correlate(const dv_signal *a, const dv_signal *b, const dv_box *over)
{
    const double n = (double)dv_box_count(over);
    double sum_a = 0, sum_b = 0, aa = 0, bb = 0, ab = 0;
    for (int32_t c = over->lo[DV_C]; c < over->hi[DV_C]; c++)
        for (int32_t y = over->lo[DV_Y]; y < over->hi[DV_Y]; y++)
            for (int32_t x = over->lo[DV_X]; x < over->hi[DV_X]; x++) {
                const double p = (double)value_at(a, c, y, x), q = (double)value_at(b, c, y, x);
                sum_a += p;
                sum_b += q;
                aa += p * p;
                bb += q * q;
                ab += p * q;
            }
    const double va = aa - sum_a * sum_a / n, vb = bb - sum_b * sum_b / n;
    return va > 0 && vb > 0 ? (ab - sum_a * sum_b / n) / sqrt(va * vb) : (double)NAN;
}

/* The signals are owned by the caller, also after a failure. */
static bool project(const pass *p, const dv_unit *u, dv_signal signals[DV_N_RULES], dv_error *err)
{
    for (int rule = 0; rule < DV_N_RULES; rule++) {
        dv_signal now;
        if (!dv_project(p->w->projectors[0], u, (dv_rule)rule, p->s->o->seed, &now, err))
            return false;
        const size_t n = dv_box_count(&now.box);
        signals[rule] = (dv_signal){ now.box, malloc((n + 1) * sizeof(float)) };
        if (!signals[rule].data)
            return dv_fail(err, DV_NO_MEMORY, "no memory for a projection of %zu values", n);
        if (n > 0)
            memcpy(signals[rule].data, now.data, n * sizeof(float));
    }
    return true;
}

static void measure(const pass *p, const dv_unit *u, const dv_box *field,
                    const dv_signal signals[DV_N_RULES], dv_compared_rules *r)
{
    const dv_model *m = p->s->model;
    const dv_box whole = dv_box_whole(dv_tensor_shape(m, dv_model_input(m)));
    const dv_box seen = dv_box_intersect(*field, whole);
    r->unit = *u;
    r->value = dv_unit_value(p->w->trace, u);
    for (int i = 0; i < DV_N_RULES; i++) {
        double squares = 0;
        for (size_t k = 0, n = dv_box_count(&signals[i].box); k < n; k++)
            squares += (double)signals[i].data[k] * (double)signals[i].data[k];
        r->norm[i] = (float)sqrt(squares);
        r->scale = fmaxf(r->scale, dv_signal_scale(&signals[i]));
        for (int k = 0; k < DV_N_RULES; k++)
            r->correlation[i][k] = correlate(&signals[i], &signals[k], &seen);
    }
}

static bool compare_unit(pass *p, int i, dv_error *err)
{
    const dv_model *m = p->s->model;
    const dv_unit *u = &p->units[i];
    dv_compared_rules *r = &p->results[i];
    dv_signal signals[DV_N_RULES] = { { .data = NULL } };
    dv_box field;
    bool ok = (dv_model_field(m, u->tensor, dv_unit_box(m, u), &field, err) &&
               project(p, u, signals, err)) ||
              dv_fail_in(err, "%s: layer %s channel %d", p->image, r->layer, (int)u->channel);
    if (ok)
        measure(p, u, &field, signals, r);
    ok = ok && (!p->figure || dv_compared_row(p->figure, i, &p->seen, &field, signals, r, err));
    for (int rule = 0; rule < DV_N_RULES; rule++)
        free(signals[rule].data);
    return ok;
}

/* -- one image -------------------------------------------------------------------------------- */

/* The image through the network, and its units. */
static bool begin(pass *p, dv_error *err)
{
    const dv_compare_rules_options *o = p->s->o;
    p->units = calloc((size_t)o->units->n_units + 1, sizeof *p->units);
    if (!p->units)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d units", o->units->n_units);
    if (!dv_photo_read(&p->photo, p->image, NULL, &o->preprocess, p->w->input, err) ||
        (p->figure && !dv_draw_input(&p->seen, p->w->input, &o->preprocess, err)))
        return false;
    if (!dv_trace_forward(p->w->trace, p->w->input, err))
        return dv_fail_in(err, "%s", p->image);
    for (int i = 0, at = 0; i < o->units->n; i++) {
        const dv_selection *layer = &o->units->layers[i];
        if (!dv_select_units(p->w->trace, p->s->model, layer, &o->position, &p->units[at], err))
            return false;
        for (int k = 0; k < layer->n; k++)
            p->results[at++] = (dv_compared_rules){ .image = p->image, .layer = layer->layer };
    }
    if (p->figure)
        memcpy(p->figure->sha256, p->photo.sha256, sizeof p->figure->sha256);
    return true;
}

static bool compare_image(pass *p, dv_error *err)
{
    bool ok = begin(p, err);
    for (int i = 0; ok && i < p->s->o->units->n_units; i++)
        ok = dv_watch_goes_on(&p->s->o->watch, i, p->s->o->units->n_units, "units", err) &&
             compare_unit(p, i, err);
    for (int i = 0; !ok && i < p->s->o->units->n_units; i++)
        p->results[i].image = NULL;
    dv_image_free(&p->seen);
    dv_photo_free(&p->photo);
    free(p->units);
    return ok;
}

/* Where memory runs out the run ends: another time there may be enough. So it does when the caller
 * wants no more. */
static bool work(void *ctx, dv_worker *w, int64_t image, int slot, dv_error *err)
{
    study *s = ctx;
    pass p = { .s = s,
               .w = w,
               .image = dv_list_path(s->images, (int32_t)image),
               .results = s->results + image * s->o->units->n_units,
               .figure = image == 0 && s->o->figure.path ? &s->figure : NULL };
    s->errors[slot] = (dv_error){ .code = DV_OK };
    if (!compare_image(&p, &s->errors[slot]) &&
        (s->errors[slot].code == DV_NO_MEMORY || s->errors[slot].code == DV_CANCELLED)) {
        *err = s->errors[slot];
        return false;
    }
    return true;
}

static bool commit(void *ctx, int64_t image, int slot, dv_error *err)
{
    study *s = ctx;
    const dv_error *failed = &s->errors[slot];
    /* the figure is of the first */
    if (failed->code != DV_OK && (s->images->count == 1 || (image == 0 && s->o->figure.path))) {
        *err = *failed;
        return false;
    }
    if (failed->code != DV_OK)
        dv_watch_skipped(&s->o->watch, dv_list_path(s->images, (int32_t)image), failed->message);
    dv_watch_progress(&s->o->watch, image + 1, s->images->count);
    return true;
}

/* -- all of them ------------------------------------------------------------------------------ */

static bool hire(dv_crew *crew, const study *s, dv_error *err)
{
    const dv_compare_rules_options *o = s->o;
    int *keep = calloc((size_t)o->units->n + 1, sizeof *keep);
    if (!keep)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d layers", o->units->n);
    for (int i = 0; i < o->units->n; i++)
        keep[i] = o->units->layers[i].tensor;
    const dv_request r = { .n_keep = o->units->n,
                           .keep = keep,
                           .rules = (1U << DV_N_RULES) - 1,
                           .rectify = o->rectify,
                           .exact = o->exact,
                           .images = s->images->count };
    const dv_crew_options c = {
        .request = &r, .pool = o->pool, .tasks = s->images->count, .units = 1
    };
    const bool ok = dv_crew_hire(crew, s->model, &c, err);
    free(keep);
    return ok;
}

static bool compare_all(study *s, dv_crew *crew, dv_error *err)
{
    const dv_tasks tasks = { .n = s->images->count,
                             .watch = &s->o->watch,
                             .what = "images",
                             .ctx = s,
                             .work = work,
                             .commit = commit };
    s->errors = calloc((size_t)crew->n_slots + 1, sizeof *s->errors);
    if (!s->errors)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d images at a time", crew->n_slots);
    const bool ok = dv_crew_run(crew, &tasks, err);
    free(s->errors);
    return ok;
}

bool dv_compare_rules(const dv_model *m, const dv_list *images, const dv_compare_rules_options *o,
                      dv_compared_rules *results, dv_error *err)
{
    if (images->count == 0)
        return dv_fail(err, DV_BAD_USAGE, "no images to compare rules on");
    if (o->figure.path && !dv_figure_check(&o->figure, err))
        return false;
    dv_crew crew = { .n_workers = 0 };
    study s = { .model = m,
                .images = images,
                .o = o,
                .results = results,
                .figure = { .model = m, .o = o, .image = dv_list_path(images, 0) } };
    if (o->figure.path)
        dv_compared_choose(&s.figure);
    const bool ok = hire(&crew, &s, err) && compare_all(&s, &crew, err) &&
                    (!o->figure.path || dv_compared_write(&s.figure, images->count, results, err));
    dv_compared_free(&s.figure);
    dv_crew_dismiss(&crew);
    if (ok && o->figure.path)
        dv_watch_wrote(&o->watch, o->figure.path);
    return ok;
}
