/* filters_layer.c - filters beside each other: which are dead, which are alike, in what order; and
 * what they are together. */
#include "base/statistics.h"
#include "deconvviz/pool.h"
#include "run/watch.h"
#include "studies/filters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double LARGE = 0.1;    /* Zeiler & Fergus 2013, section 3.1 */
static const double ORIENTED = 0.2; /* selectivity below which an orientation says nothing */

/* -- each by itself --------------------------------------------------------------------------- */

typedef struct measuring {
    const dv_patches *patches;
    dv_measure *measures;             /* (threads) */
    dv_filter *filters;               /* (n) */
    double (*rings)[DV_FILTER_RINGS]; /* (n) */
    const dv_filters_options *o;
} measuring;

static void measure_task(void *ctx, int i, int worker)
{
    const measuring *m = ctx;
    dv_measure_filter(&m->measures[worker], i, &m->filters[i], m->rings[i]);
}

static double dot(const float *a, const float *b, size_t n)
{
    double sum[4] = { 0 };
    size_t k = 0;
    for (; k + 4 <= n; k += 4)
        for (size_t lane = 0; lane < 4; lane++)
            sum[lane] += (double)a[k + lane] * (double)b[k + lane];
    for (; k < n; k++)
        sum[0] += (double)a[k] * (double)b[k];
    return sum[0] + sum[1] + (sum[2] + sum[3]);
}

/* The filter that is most like the i-th or its opposite; of equal ones the first. */
static void compare_task(void *ctx, int i, int worker)
{
    (void)worker;
    const measuring *m = ctx;
    const size_t size = dv_patch_size(m->patches);
    const float *v = m->patches->v;
    dv_filter *f = &m->filters[i];
    f->nearest = -1;
    f->cosine = (double)NAN;
    if (f->dead)
        return;
    for (int k = 0; k < m->patches->n; k++) {
        const dv_filter *g = &m->filters[k];
        if (k == i || g->dead)
            continue;
        const double norms = f->rms * g->rms * m->patches->weights;
        const double cosine = dot(v + (size_t)i * size, v + (size_t)k * size, size) / norms;
        if (f->nearest < 0 || fabs(cosine) > fabs(f->cosine)) {
            f->nearest = g->channel;
            f->cosine = cosine;
        }
    }
    f->duplicate = f->nearest >= 0 && fabs(f->cosine) >= m->o->duplicate;
}

static double median_rms(const dv_filter *filters, int n, double *room)
{
    for (int i = 0; i < n; i++)
        room[i] = filters[i].rms;
    return dv_quantile(room, (size_t)n, 0.5);
}

/* -- together --------------------------------------------------------------------------------- */

static void add_up(const measuring *m, dv_filters_layer *l)
{
    int alive = 0;
    for (int i = 0; i < l->n; i++) {
        const dv_filter *f = &m->filters[i];
        l->n_large += f->rms > LARGE;
        l->n_dead += f->dead;
        l->n_dominating += f->dominating;
        l->n_duplicate += f->duplicate;
        l->n_colored += f->colored;
        if (f->dead)
            continue;
        alive++;
        l->mean += f->mean;
        l->low += f->low;
        l->mid += f->mid;
        l->high += f->high;
        l->above += f->above;
        l->above_photo += f->above_photo;
        for (int k = 0; k < DV_FILTER_RINGS; k++)
            l->ring[k] += m->rings[i][k];
        ++*(f->mean + f->low >= fmax(f->mid, f->high) ? &l->n_low
            : f->mid >= f->high                       ? &l->n_mid
                                                      : &l->n_high);
    }
    double *shares[] = { &l->mean, &l->low, &l->mid, &l->high, &l->above, &l->above_photo };
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
        *shares[i] = alive ? *shares[i] / alive : (double)NAN;
    for (int k = 0; k < DV_FILTER_RINGS; k++)
        l->ring[k] = alive ? l->ring[k] / alive : (double)NAN;
}

/* A filter of zeros is dead whatever the others are. */
static void judge(const dv_filters_options *o, dv_filters_layer *l, dv_filter *filters)
{
    for (int i = 0; i < l->n; i++) {
        dv_filter *f = &filters[i];
        f->relative = l->rms > 0 ? f->rms / l->rms : (double)NAN;
        f->dead = !(f->rms > 0) || f->relative < o->dead;
        f->dominating = f->relative > o->dominating;
    }
}

static bool run(measuring *m, dv_filters_layer *l, double *room, int threads, dv_error *err)
{
    for (int i = 0; i < threads; i++)
        if (!dv_measure_new(&m->measures[i], m->patches, l->stride, err))
            return false;
    dv_pool_run(m->o->pool, l->n, measure_task, m);
    l->rms = median_rms(m->filters, l->n, room);
    judge(m->o, l, m->filters);
    if (!dv_watch_goes_on(&m->o->watch, l->n, l->n, "filters", err))
        return false;
    dv_pool_run(m->o->pool, l->n, compare_task, m);
    add_up(m, l);
    dv_measure_noise(&m->measures[0], l->noise, &l->above_noise);
    return true;
}

bool dv_filters_measure(const dv_patches *p, const dv_filters_options *o, dv_filter *filters,
                        dv_filters_layer *l, dv_error *err)
{
    const int threads = dv_pool_size(o->pool);
    const size_t n = (size_t)p->n + 1;
    double *room = malloc(n * sizeof *room);
    measuring m = { .patches = p,
                    .measures = calloc((size_t)threads, sizeof *m.measures),
                    .filters = filters,
                    .rings = calloc(n, sizeof *m.rings),
                    .o = o };
    l->n = p->n;
    l->channels = p->channels;
    l->kernel[0] = p->height;
    l->kernel[1] = p->width;
    const bool ok = ((m.measures && m.rings && room) ||
                     dv_fail(err, DV_NO_MEMORY, "no memory for %d filters", p->n)) &&
                    run(&m, l, room, threads, err);
    for (int i = 0; m.measures && i < threads; i++)
        dv_measure_free(&m.measures[i]);
    free(m.measures);
    free(m.rings);
    free(room);
    return ok;
}

/* -- order ------------------------------------------------------------------------------------ */

/* Groups in their order, in them by the key, then by number. */
typedef struct place {
    int group, i;
    double key;
} place;

static int compare_places(const void *a, const void *b)
{
    const place *p = a, *q = b;
    if (p->group != q->group)
        return p->group < q->group ? -1 : 1;
    if (p->key < q->key || p->key > q->key)
        return p->key < q->key ? -1 : 1;
    return p->i < q->i ? -1 : 1;
}

static place place_of(const dv_filter *f, int i, dv_filter_sort by)
{
    const place by_energy = { .group = 1, .i = i, .key = -f->rms };
    switch (by) {
    case DV_FILTERS_BY_INDEX:
        break;
    case DV_FILTERS_BY_ENERGY:
        return by_energy;
    case DV_FILTERS_BY_FREQUENCY:
        return isnan(f->frequency) ? by_energy : (place){ .i = i, .key = f->frequency };
    case DV_FILTERS_BY_HUE:
        return f->colored ? (place){ .i = i, .key = f->hue } : by_energy;
    case DV_FILTERS_BY_ORIENTATION:
        return f->selectivity >= ORIENTED ? (place){ .i = i, .key = f->orientation } : by_energy;
    }
    return (place){ .i = i };
}

bool dv_filters_order(const dv_filter *filters, int n, dv_filter_sort by, int *order, dv_error *err)
{
    place *places = malloc(((size_t)n + 1) * sizeof *places);
    if (!places)
        return dv_fail(err, DV_NO_MEMORY, "no memory for an order of %d filters", n);
    for (int i = 0; i < n; i++)
        places[i] = place_of(&filters[i], i, by);
    qsort(places, (size_t)n, sizeof *places, compare_places);
    for (int i = 0; i < n; i++)
        order[i] = places[i].i;
    free(places);
    return true;
}
