#include "studies/filters.h"

#include "base/statistics.h"
#include "deconvviz/pool.h"
#include "run/watch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND_SHOWN = 12 };

typedef struct study {
    const dv_filters_network *network;
    const dv_filters_options *o;
    dv_filters *result;
    dv_first_layer first;
    dv_patches weights;
    dv_projected_patches projected; /* of what is selected, else of the second convolution */
} study;

/* -- the weights' unit ------------------------------------------------------------------------ */

/* How many filters exceed the paper's radius in its unit: its images are grey levels less their
 * mean, so that a weight stands for the answer to a grey level. */
static int count_large_pixel(const dv_patches *p, const double pixel[3])
{
    const size_t plane = (size_t)p->height * (size_t)p->width;
    int n = 0;
    for (int i = 0; i < p->n; i++) {
        const float *v = p->v + (size_t)i * dv_patch_size(p);
        double squares = 0;
        for (int c = 0; c < p->channels; c++)
            for (size_t k = 0; k < plane; k++, v++)
                squares += (double)*v * (double)*v * pixel[c] * pixel[c];
        n += sqrt(squares / p->weights) > 0.1;
    }
    return n;
}

/* -- the pattern of the sampling grid --------------------------------------------------------- */

typedef struct grids {
    const dv_projected_patches *projected;
    const int32_t *stride;
    double *ratio; /* (n) */
} grids;

static void grid_task(void *ctx, int i, int worker)
{
    (void)worker;
    const grids *g = ctx;
    g->ratio[i] = dv_measure_grid(&g->projected->patches, i, g->stride);
}

/* Units that are off say nothing of what the network answers to. */
static void add_grids(const grids *g, dv_filters_layer *l)
{
    dv_sample logs = { 0 };
    for (int i = 0; i < g->projected->patches.n; i++) {
        if (!(g->projected->values[i] > 0))
            continue;
        l->n_projected++;
        if (!isnan(g->ratio[i]))
            dv_sample_add(&logs, log(g->ratio[i]));
    }
    const double error = dv_sample_error(&logs);
    l->grid = logs.n ? exp(logs.mean) : (double)NAN;
    l->grid_low = exp(logs.mean - error);
    l->grid_high = exp(logs.mean + error);
}

/* ratio: (n) of the units, a NaN where there is none. */
static void measure_grids(const study *s, double *ratio, dv_filters_layer *l)
{
    grids g = { &s->projected, s->first.stride, ratio };
    dv_pool_run(s->o->pool, s->projected.patches.n, grid_task, &g);
    add_grids(&g, l);
}

/* -- the second convolution ------------------------------------------------------------------- */

/* How far up a unit is shown. */
static float rank_of(const dv_projected_patches *p, int i)
{
    return p->values[i] * p->inside[i];
}

/* Each picture is on its own scale. */
static bool draw_second(const study *s, dv_error *err)
{
    const dv_projected_patches *p = &s->projected;
    const int most = p->patches.n < SECOND_SHOWN ? p->patches.n : SECOND_SHOWN;
    bool *shown = calloc((size_t)p->patches.n + 1, sizeof *shown);
    s->result->second = calloc((size_t)most + 1, sizeof *s->result->second);
    bool ok = (shown && s->result->second) || dv_fail(err, DV_NO_MEMORY, "no memory for pictures");
    for (int k = 0; ok && k < most; k++) {
        int best = -1;
        for (int i = 0; i < p->patches.n; i++)
            if (!shown[i] && p->values[i] > 0 && (best < 0 || rank_of(p, i) > rank_of(p, best)))
                best = i;
        if (best < 0)
            break;
        shown[best] = true;
        ok = dv_filters_draw(&s->result->second[k], &p->patches, best, 0, err);
        s->result->n_second += ok;
    }
    free(shown);
    return ok;
}

/* How much of the projections lies above the Nyquist limit. */
static bool measure_second(const study *s, dv_filters_layer *l, dv_error *err)
{
    const dv_patches *p = &s->projected.patches;
    dv_filter *filters = calloc((size_t)p->n + 1, sizeof *filters);
    double *ratio = malloc(((size_t)p->n + 1) * sizeof *ratio);
    dv_filters_layer second = { .stride = { l->stride[0], l->stride[1] } };
    dv_sample above = { 0 };
    const bool ok =
        ((filters && ratio) || dv_fail(err, DV_NO_MEMORY, "no memory for %d projections", p->n)) &&
        dv_filters_measure(p, s->o, filters, &second, err);
    for (int i = 0; ok && i < p->n; i++)
        if (s->projected.values[i] > 0 && !isnan(filters[i].above))
            dv_sample_add(&above, filters[i].above);
    if (ok) {
        l->projected_above = above.n ? above.mean : (double)NAN;
        measure_grids(s, ratio, l);
    }
    free(filters);
    free(ratio);
    return ok;
}

static bool look_at_second(study *s, dv_error *err)
{
    char number[16];
    dv_selection all;
    dv_filters_layer *l = &s->result->layer;
    if (!s->first.second)
        return true;
    l->second = s->first.second->name;
    if (!s->network->is_image)
        return true;
    snprintf(number, sizeof number, "%d", s->first.second->number);
    if (!dv_select(s->network->model, number, "all", &all, err))
        return false;
    const bool ok = dv_patches_projected(&s->projected, s->network, &all, s->o, err) &&
                    measure_second(s, l, err) && draw_second(s, err);
    dv_selection_free(&all);
    return ok;
}

/* -- what is shown ---------------------------------------------------------------------------- */

/* A patch as a signal that lies at the origin. */
static dv_signal signal_of(const dv_patches *p, int i)
{
    return (dv_signal){ { .hi = { p->channels, p->height, p->width } },
                        p->v + (size_t)i * dv_patch_size(p) };
}

bool dv_filters_draw(dv_image *out, const dv_patches *p, int i, float scale, dv_error *err)
{
    const dv_signal s = signal_of(p, i);
    const dv_rect whole = { 0, 0, p->width, p->height };
    return dv_draw_signal(out, &s, whole, scale > 0 ? scale : dv_signal_scale(&s), false, err);
}

static void set_scales(const dv_patches *p, bool one, dv_filter *filters)
{
    float largest = 0;
    for (int i = 0; i < p->n; i++) {
        const dv_signal s = signal_of(p, i);
        filters[i].scale = dv_signal_scale(&s);
        largest = fmaxf(largest, filters[i].scale);
    }
    for (int i = 0; one && i < p->n; i++)
        filters[i].scale = largest;
}

/* The filters and their pictures, in the order asked for. */
static bool arrange(const study *s, const dv_patches *p, const dv_filter *filters, dv_error *err)
{
    const size_t n = (size_t)p->n + 1;
    dv_filters *r = s->result;
    int *order = malloc(n * sizeof *order);
    r->filters = calloc(n, sizeof *r->filters);
    r->pictures = calloc(n, sizeof *r->pictures);
    bool ok = ((order && r->filters && r->pictures) ||
               dv_fail(err, DV_NO_MEMORY, "no memory for %d filters", p->n)) &&
              dv_filters_order(filters, p->n, s->o->sort, order, err);
    for (int i = 0; ok && i < p->n; i++) {
        r->filters[i] = filters[order[i]];
        ok = dv_filters_draw(&r->pictures[i], p, order[i], r->filters[i].scale, err);
        r->n += ok;
    }
    free(order);
    return ok;
}

/* What each filter is before it is measured. */
static void number(const study *s, const dv_patches *p, const double *ratio, dv_filter *filters)
{
    for (int i = 0; i < p->n; i++) {
        const dv_unit *u = s->o->selected ? &s->projected.units[i] : NULL;
        filters[i] = (dv_filter){ .channel = u ? u->channel : i,
                                  .y = u ? u->y : DV_ALL,
                                  .x = u ? u->x : DV_ALL,
                                  .value = u ? s->projected.values[i] : NAN,
                                  .grid = u ? ratio[i] : (double)NAN };
    }
}

static bool measure_shown(const study *s, const dv_patches *p, dv_error *err)
{
    dv_filters_layer *l = &s->result->layer;
    dv_filter *filters = calloc((size_t)p->n + 1, sizeof *filters);
    double *ratio = malloc(((size_t)p->n + 1) * sizeof *ratio);
    bool ok = (filters && ratio) || dv_fail(err, DV_NO_MEMORY, "no memory for %d filters", p->n);
    if (ok && s->o->selected)
        measure_grids(s, ratio, l);
    if (ok)
        number(s, p, ratio, filters);
    ok = ok && dv_filters_measure(p, s->o, filters, l, err);
    if (ok)
        set_scales(p, s->o->one_scale, filters);
    ok = ok && arrange(s, p, filters, err);
    free(filters);
    free(ratio);
    return ok;
}

/* -- all of it -------------------------------------------------------------------------------- */

static bool look_at_selected(study *s, dv_error *err)
{
    dv_filters_layer *l = &s->result->layer;
    l->projected = true;
    l->n_large_pixel = -1;
    l->name = dv_tensor_name(s->network->model, s->o->selected->tensor);
    for (int i = 0; i < dv_model_n_layers(s->network->model); i++) {
        const dv_layer *other = dv_model_layer(s->network->model, i);
        if (other->tensor == s->o->selected->tensor) {
            l->number = other->number;
            l->name = other->name;
        }
    }
    return dv_patches_projected(&s->projected, s->network, s->o->selected, s->o, err) &&
           measure_shown(s, &s->projected.patches, err);
}

static bool look_at_first(study *s, dv_error *err)
{
    dv_filters_layer *l = &s->result->layer;
    l->number = s->first.layer->number;
    l->name = s->first.layer->name;
    l->n_large_pixel = s->network->is_image ? count_large_pixel(&s->weights, s->first.pixel) : -1;
    return measure_shown(s, &s->weights, err) && look_at_second(s, err);
}

static bool look(study *s, dv_error *err)
{
    dv_filters_layer *l = &s->result->layer;
    if (!dv_patches_of_weights(&s->weights, &s->first, s->network, err))
        return false;
    *l = (dv_filters_layer){ .network = dv_model_name(s->network->model),
                             .normalised = s->first.normalised,
                             .stride = { s->first.stride[0], s->first.stride[1] },
                             .grid = (double)NAN,
                             .grid_low = (double)NAN,
                             .grid_high = (double)NAN,
                             .projected_above = (double)NAN };
    return s->o->selected ? look_at_selected(s, err) : look_at_first(s, err);
}

static bool write_figure(int n, const dv_filters_network *networks, const dv_filters_options *o,
                         const dv_filters *results, const char *image_sha256, dv_error *err)
{
    const char *hashes[2];
    for (int i = 0; i < n; i++) {
        hashes[i] = dv_model_sha256(networks[i].model, err);
        if (!hashes[i])
            return false;
    }
    const dv_png_text second[] = { { "Model-2", dv_model_name(networks[n - 1].model) },
                                   { "Model-2-SHA256", hashes[n - 1] } };
    const dv_provenance says = { .model = dv_model_name(networks[0].model),
                                 .model_sha256 = hashes[0],
                                 .image = o->image,
                                 .image_sha256 = image_sha256[0] ? image_sha256 : NULL,
                                 .rule = dv_rule_name(o->rule),
                                 .seed = "one",
                                 .layer = results[0].layer.name,
                                 .scales = o->one_scale ? "sheet" : "tile",
                                 .n_more = n > 1 ? 2 : 0,
                                 .more = second };
    if (!dv_filters_write_figure(n, results, o, &says, err))
        return false;
    dv_watch_wrote(&o->watch, o->figure.path);
    return true;
}

bool dv_filters_study(int n, const dv_filters_network *networks, const dv_filters_options *o,
                      dv_filters *results, dv_error *err)
{
    char image_sha256[DV_DIGEST_TEXT_MAX] = "";
    for (int i = 0; i < n; i++)
        results[i] = (dv_filters){ .n = 0 };
    if (n < 1 || n > 2 || (n > 1 && o->selected))
        return dv_fail(err, DV_BAD_USAGE, "filters of %d networks: 1 is possible%s", n,
                       o->selected ? "" : ", or 2");
    bool ok = !o->figure.path || dv_figure_check(&o->figure, err);
    for (int i = 0; ok && i < n; i++) {
        study s = { .network = &networks[i], .o = o, .result = &results[i] };
        ok = look(&s, err);
        memcpy(image_sha256, s.projected.image_sha256, sizeof image_sha256);
        dv_projected_patches_free(&s.projected);
        free(s.weights.v);
    }
    return ok && (!o->figure.path || write_figure(n, networks, o, results, image_sha256, err));
}

void dv_filters_free(dv_filters *f)
{
    for (int i = 0; i < f->n; i++)
        dv_image_free(&f->pictures[i]);
    for (int i = 0; i < f->n_second; i++)
        dv_image_free(&f->second[i]);
    free(f->filters);
    free(f->pictures);
    free(f->second);
    *f = (dv_filters){ .n = 0 };
}
