/* evolve_result.c - what is counted and averaged: which units there are, where their strongest
 * image changes, and when they have converged. */
#include "studies/evolve.h"

#include "base/random.h"
#include "base/rank.h"
#include "base/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- which units ------------------------------------------------------------------------------ */

/* What a channel of a layer is wanted for. */
typedef struct choice {
    bool *sampled;     /* (channels) */
    bool *shown;       /* (channels) */
    dv_ranked *ranked; /* (channels) shown ones first, in their order */
    int32_t *order;    /* (channels) */
} choice;

static bool choice_new(choice *c, int32_t channels, dv_error *err)
{
    const size_t n = (size_t)channels;
    *c = (choice){ calloc(n, sizeof(bool)), calloc(n, sizeof(bool)), calloc(n, sizeof(dv_ranked)),
                   calloc(n, sizeof(int32_t)) };
    return (c->sampled && c->shown && c->ranked && c->order) ||
           dv_fail(err, DV_NO_MEMORY, "no memory for %d channels", (int)channels);
}

static void choice_free(choice *c)
{
    free(c->sampled);
    free(c->shown);
    free(c->ranked);
    free(c->order);
}

static void choose(const choice *c, const dv_evolver *e, const dv_evolver_layer *l,
                   const dv_evolved_hit *last, dv_random *random)
{
    const int32_t n = l->map.hi[DV_C];
    for (int32_t i = 0; i < n; i++) {
        c->order[i] = i;
        c->ranked[i] = (dv_ranked){ (double)last[l->first + i].value, i };
    }
    dv_random_shuffle(random, c->order, n);
    for (int32_t i = 0; i < n && i < e->o.sample; i++)
        c->sampled[c->order[i]] = true;
    if (l->selection->channel)
        for (int32_t i = 0; i < l->selection->n; i++)
            c->ranked[i].number = l->selection->channel[i];
    else
        dv_rank(c->ranked, (size_t)n);
    for (int32_t i = 0; i < l->selection->n; i++)
        c->shown[c->ranked[i].number] = true;
}

/* Adds the units of a layer to units, which may be NULL, to count them. */
static int add_units(const choice *c, const dv_evolver_layer *l, int layer, dv_evolved_unit *units)
{
    int n = 0;
    for (int32_t i = 0; i < l->selection->n; i++, n++)
        if (units)
            units[n] = (dv_evolved_unit){ .layer = layer,
                                          .channel = c->ranked[i].number,
                                          .shown = true,
                                          .sampled = c->sampled[c->ranked[i].number] };
    for (int32_t i = 0; i < l->map.hi[DV_C]; i++) {
        if (!c->sampled[i] || c->shown[i])
            continue;
        if (units)
            units[n] = (dv_evolved_unit){ .layer = layer, .channel = i, .sampled = true };
        n++;
    }
    return n;
}

/* At most so many are there of all layers. */
static int64_t most_units(const dv_evolver *e)
{
    int64_t n = 0;
    for (int i = 0; i < e->n_layers; i++) {
        const int32_t channels = e->layers[i].map.hi[DV_C];
        n += e->layers[i].selection->n + (e->o.sample < channels ? e->o.sample : channels);
    }
    return n;
}

static bool choose_units(dv_evolution_work *w, dv_error *err)
{
    dv_evolver *e = w->e;
    dv_random random = { .seed = e->o.seed };
    w->r->units = dv_arena_array(w->arena, (size_t)most_units(e), sizeof *w->r->units, err);
    if (!w->r->units)
        return false;
    for (int i = 0; i < e->n_layers; i++) {
        const dv_evolver_layer *l = &e->layers[i];
        choice c;
        const bool ok = choice_new(&c, l->map.hi[DV_C], err);
        if (ok) {
            choose(&c, e, l, w->hits[w->r->n - 1], &random);
            w->r->n_units += add_units(&c, l, i, &w->r->units[w->r->n_units]);
        }
        choice_free(&c);
        if (!ok)
            return false;
    }
    return true;
}

/* -- room ------------------------------------------------------------------------------------- */

static double *reals(dv_evolution_work *w, dv_error *err)
{
    double *v = dv_arena_array(w->arena, (size_t)w->r->n, sizeof *v, err);
    for (int i = 0; v && i < w->r->n; i++)
        v[i] = (double)NAN;
    return v;
}

static int32_t *counts(dv_evolution_work *w, dv_error *err)
{
    return dv_arena_array(w->arena, (size_t)w->r->n, sizeof(int32_t), err);
}

static bool make_layer(dv_evolution_work *w, int i, dv_error *err)
{
    const dv_evolver_layer *from = &w->e->layers[i];
    dv_evolved_layer *l = &w->r->layers[i];
    *l =
        (dv_evolved_layer){ .layer = from->selection->layer,
                            .title = dv_arena_text(w->arena, from->title, strlen(from->title), err),
                            .channels = from->map.hi[DV_C],
                            .filters_converged = -1,
                            .projections_converged = -1 };
    return l->title && (l->jumped = counts(w, err)) && (l->alive = counts(w, err)) &&
           (l->agree = counts(w, err)) && (l->lasting = counts(w, err)) &&
           (l->filters = reals(w, err)) && (l->projections = reals(w, err)) &&
           (l->projections_error = reals(w, err));
}

static bool make_unit(dv_evolution_work *w, dv_evolved_unit *u, dv_error *err)
{
    u->filters_converged = u->projections_converged = -1;
    u->hits = dv_arena_array(w->arena, (size_t)w->r->n, sizeof *u->hits, err);
    u->jumped = dv_arena_array(w->arena, (size_t)w->r->n, sizeof *u->jumped, err);
    return u->hits && u->jumped && (u->filters = reals(w, err)) && (u->projections = reals(w, err));
}

/* What is owned besides the arena. */
static bool make_pictures(dv_evolution_work *w, dv_error *err)
{
    const size_t n = (size_t)w->r->n_units, all = n * (size_t)w->r->n;
    int columns[DV_EVOLVE_COLUMNS];
    w->drawn = dv_arena_array(w->arena, (size_t)w->r->n, sizeof *w->drawn, err);
    w->last = dv_arena_array(w->arena, n, sizeof *w->last, err);
    w->pictures = dv_arena_array(w->arena, all, sizeof *w->pictures, err);
    w->patches = dv_arena_array(w->arena, all, sizeof *w->patches, err);
    if (!w->drawn || !w->last || !w->pictures || !w->patches)
        return false;
    for (int i = 0; i < w->r->n; i++)
        w->drawn[i] = w->e->o.apng != NULL;
    for (int i = dv_evolution_columns(w->r, columns); w->e->o.figure.path && i-- > 0;)
        w->drawn[columns[i]] = true;
    return true;
}

/* -- the strongest images --------------------------------------------------------------------- */

static bool both_alive(const dv_evolved_hit *a, const dv_evolved_hit *b)
{
    return a->value > 0 && b->value > 0;
}

static void count_layer(const dv_evolution_work *w, int layer)
{
    const dv_evolved_layer *l = &w->r->layers[layer];
    const int first = w->e->layers[layer].first, n = w->r->n;
    for (int i = 0; i < n; i++)
        for (int c = first; c < first + l->channels; c++) {
            const dv_evolved_hit *now = &w->hits[i][c], *last = &w->hits[n - 1][c];
            const dv_evolved_hit *before = i > 0 ? &w->hits[i - 1][c] : NULL;
            const bool alive = before && both_alive(now, before), lasting = both_alive(now, last);
            l->alive[i] += alive;
            l->jumped[i] += alive && now->image != before->image;
            l->lasting[i] += lasting;
            l->agree[i] += lasting && now->image == last->image;
        }
}

static void fill_unit(const dv_evolution_work *w, dv_evolved_unit *u)
{
    const int at = w->e->layers[u->layer].first + u->channel;
    for (int i = 0; i < w->r->n; i++) {
        u->hits[i] = w->hits[i][at];
        u->jumped[i] = i > 0 && both_alive(&u->hits[i], &u->hits[i - 1]) &&
                       u->hits[i].image != u->hits[i - 1].image;
    }
}

bool dv_evolution_count(dv_evolution_work *w, dv_error *err)
{
    dv_evolution *r = w->r;
    r->n_layers = w->e->n_layers;
    r->layers = dv_arena_array(w->arena, (size_t)r->n_layers, sizeof *r->layers, err);
    if (!r->layers || !choose_units(w, err))
        return false;
    for (int i = 0; i < r->n_layers; i++) {
        if (!make_layer(w, i, err))
            return false;
        count_layer(w, i);
    }
    for (int i = 0; i < r->n_units; i++) {
        if (!make_unit(w, &r->units[i], err))
            return false;
        fill_unit(w, &r->units[i]);
    }
    for (int32_t i = 0; i < w->e->o.images->count; i++)
        r->unreadable += w->e->unreadable[i];
    r->images = w->e->o.images->count - r->unreadable;
    return make_pictures(w, err);
}

/* -- similarity ------------------------------------------------------------------------------- */

bool dv_evolution_compare(dv_evolution_work *w, int checkpoint, const dv_model *m,
                          const dv_model *last, dv_error *err)
{
    dv_evolution *r = w->r;
    for (int i = 0; i < r->n_layers; i++) {
        const int32_t channels = r->layers[i].channels;
        double *cosines = calloc((size_t)channels + 1, sizeof *cosines), sum = 0;
        if (!cosines)
            return dv_fail(err, DV_NO_MEMORY, "no memory for %d filters", (int)channels);
        const bool ok = dv_evolver_filters(w->e, i, m, last, cosines, err);
        for (int32_t c = 0; c < channels; c++)
            sum += cosines[c];
        r->layers[i].filters[checkpoint] = sum / channels;
        for (int k = 0; k < r->n_units; k++)
            if (r->units[k].layer == i)
                r->units[k].filters[checkpoint] = cosines[r->units[k].channel];
        free(cosines);
        if (!ok)
            return false;
    }
    return true;
}

/* The first from which on all are at least the threshold; -1: the last alone is. */
static int converged(const double *v, int n, double threshold)
{
    int first = n;
    while (first > 0 && v[first - 1] >= threshold)
        first--;
    return first < n - 1 ? first : -1;
}

static void average(const dv_evolution *r, int layer, int checkpoint)
{
    dv_evolved_layer *l = &r->layers[layer];
    dv_sample s = { 0 };
    for (int k = 0; k < r->n_units; k++) {
        const dv_evolved_unit *u = &r->units[k];
        if (u->layer == layer && u->sampled && !isnan(u->projections[checkpoint]))
            dv_sample_add(&s, u->projections[checkpoint]);
    }
    l->sampled = (int)s.n;
    l->projections[checkpoint] = s.n > 0 ? s.mean : (double)NAN;
    l->projections_error[checkpoint] = dv_sample_error(&s);
}

void dv_evolution_conclude(const dv_evolution_work *w)
{
    const dv_evolution *r = w->r;
    for (int i = 0; i < r->n_layers; i++) {
        dv_evolved_layer *l = &r->layers[i];
        for (int k = 0; k < r->n; k++)
            average(r, i, k);
        l->filters_converged = converged(l->filters, r->n, r->threshold);
        l->projections_converged = converged(l->projections, r->n, r->threshold);
    }
    for (int i = 0; i < r->n_units; i++) {
        dv_evolved_unit *u = &r->units[i];
        u->filters_converged = converged(u->filters, r->n, r->threshold);
        u->projections_converged = converged(u->projections, r->n, r->threshold);
    }
}
