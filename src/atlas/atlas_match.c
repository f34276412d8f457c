/* atlas_match.c - which layers and units of two networks belong together. */
#include "atlas/atlas_against.h"
#include "base/statistics.h"
#include "kernel/gemm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- layers ----------------------------------------------------------------------------------- */

static const dv_index_layer *same_layer(const dv_atlas_layer *l, const dv_index *b)
{
    for (int i = 0; i < b->n_layers; i++)
        if (strcmp(b->layers[i].layer, l->mined->layer) == 0)
            return b->layers[i].size[DV_C] == l->mined->size[DV_C] ? &b->layers[i] : NULL;
    return NULL;
}

bool dv_atlas_same_layers(const dv_atlas_work *a, const dv_index *b)
{
    for (int i = 0; i < a->n_layers; i++)
        if (!same_layer(&a->layers[i], b))
            return false;
    return true;
}

/* Each with its namesake. */
static void pair_by_name(dv_atlas_pairs *p, const dv_atlas_work *a, const dv_atlas_work *b)
{
    for (int i = 0; i < a->n_layers; i++) {
        p->layer[i] = -1;
        const dv_index_layer *l = same_layer(&a->layers[i], b->index);
        for (int k = 0; l && k < b->n_layers; k++)
            if (b->layers[k].mined == l)
                p->layer[i] = k;
    }
}

enum { GRAM_SIDE = 512 };
static const double MOST_IN_GRAMS = 128e6;

/* X' X of the layer's centred responses (units, images) to the first `side` images, divided by its
 * Frobenius norm: gram (side, side). */
static bool make_gram(float *gram, int side, const dv_responses *r, const dv_atlas_layer *l,
                      dv_error *err)
{
    float *x = malloc((size_t)l->n * (size_t)side * sizeof *x);
    if (!x)
        return dv_fail(err, DV_NO_MEMORY, "no memory to compare layers by %d images", side);
    for (int32_t u = 0; u < l->n; u++) {
        const float *v = dv_response(r, l->first + u);
        double mean = 0;
        for (int i = 0; i < side; i++)
            mean += (double)v[i] / side;
        for (int i = 0; i < side; i++)
            x[(size_t)u * (size_t)side + (size_t)i] = (float)((double)v[i] - mean);
    }
    dv_gemm(true, false, side, side, l->n, 1, x, side, x, side, 0, gram, side);
    free(x);
    const size_t n = (size_t)side * (size_t)side;
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += (double)gram[i] * (double)gram[i];
    for (size_t i = 0; i < n; i++)
        gram[i] = squares > 0 ? (float)((double)gram[i] / sqrt(squares)) : 0;
    return true;
}

/* The layer of b whose Gram matrix is nearest; of equal ones the first. */
static int nearest(const float *gram, const float *others, int n_others, size_t n)
{
    int best = -1;
    double most = 0;
    for (int k = 0; k < n_others; k++) {
        double dot = 0;
        for (size_t i = 0; i < n; i++)
            dot += (double)gram[i] * (double)others[(size_t)k * n + i];
        if (dot > most) {
            most = dot;
            best = k;
        }
    }
    return best;
}

static bool pair_by_likeness(dv_atlas_pairs *p, const dv_responses *a, const dv_responses *b,
                             dv_error *err)
{
    const dv_atlas_work *w = a->work, *other = b->work;
    int side = a->n < GRAM_SIDE ? a->n : GRAM_SIDE;
    while (side > 2 && (double)side * side * (other->n_layers + 1) > MOST_IN_GRAMS)
        side /= 2;
    const size_t n = (size_t)side * (size_t)side;
    float *grams = malloc(((size_t)other->n_layers + 1) * n * sizeof *grams);
    if (!grams)
        return dv_fail(err, DV_NO_MEMORY, "no memory to compare %d layers", other->n_layers);
    float *own = grams + (size_t)other->n_layers * n;
    bool ok = true;
    for (int k = 0; ok && k < other->n_layers; k++)
        ok = make_gram(grams + (size_t)k * n, side, b, &other->layers[k], err);
    for (int i = 0; ok && i < w->n_layers; i++) {
        ok = make_gram(own, side, a, &w->layers[i], err);
        p->layer[i] = ok ? nearest(own, grams, other->n_layers, n) : -1;
    }
    free(grams);
    return ok;
}

/* -- units ------------------------------------------------------------------------------------ */

enum { ROWS_AT_ONCE = 64 };

/* Centred and of length 1, so that a product of two is their correlation; zeros for a unit that
 * always answers the same. */
static void make_row(float *to, const float *v, int n)
{
    double mean = 0, squares = 0;
    for (int i = 0; i < n; i++)
        mean += (double)v[i] / n;
    for (int i = 0; i < n; i++)
        squares += ((double)v[i] - mean) * ((double)v[i] - mean);
    for (int i = 0; i < n; i++)
        to[i] = squares > 0 ? (float)(((double)v[i] - mean) / sqrt(squares)) : 0;
}

static void make_rows(float *to, const dv_responses *r, const dv_atlas_layer *l, int from, int some)
{
    for (int i = 0; i < some; i++)
        make_row(to + (size_t)i * (size_t)r->n, dv_response(r, l->first + from + i), r->n);
}

/* To each unit of a layer the one of the other layer that correlates most, if any does. */
static bool match_units(double *unit, const dv_responses *a, const dv_atlas_layer *l,
                        const dv_responses *b, const dv_atlas_layer *m, dv_error *err)
{
    const size_t n = (size_t)a->n;
    float *own = malloc(ROWS_AT_ONCE * n * sizeof *own);
    float *others = malloc((size_t)m->n * n * sizeof *others);
    float *r = malloc(ROWS_AT_ONCE * (size_t)m->n * sizeof *r);
    const bool ok =
        (own && others && r) ||
        dv_fail(err, DV_NO_MEMORY, "no memory to match the units of layer %s", l->mined->layer);
    if (ok)
        make_rows(others, b, m, 0, m->n);
    for (int32_t from = 0; ok && from < l->n; from += ROWS_AT_ONCE) {
        const int32_t some = l->n - from < ROWS_AT_ONCE ? l->n - from : ROWS_AT_ONCE;
        make_rows(own, a, l, from, some);
        dv_gemm(false, true, some, m->n, a->n, 1, own, a->n, others, a->n, 0, r, m->n);
        for (int32_t i = 0; i < some; i++) {
            const float *row = r + (size_t)i * (size_t)m->n;
            int32_t best = 0;
            for (int32_t k = 1; k < m->n; k++)
                best = row[k] > row[best] ? k : best;
            unit[from + i] = row[best] > 0 ? best : (double)NAN;
        }
    }
    free(own);
    free(others);
    free(r);
    return ok;
}

static void number_units(double *unit, const dv_atlas_layer *l, const dv_atlas_layer *m)
{
    for (int32_t i = 0; i < l->n; i++) {
        const int32_t c = l->channels[i];
        unit[i] = c < m->mined->size[DV_C] && m->place[c] >= 0 ? m->place[c] : (double)NAN;
    }
}

static bool varies(const float *v, int n)
{
    for (int i = 1; i < n; i++)
        if (v[i] != v[0])
            return true;
    return false;
}

static double change_of(const float *a, const float *b, int n)
{
    const double r = dv_correlation(a, b, (size_t)n);
    if (!isnan(r))
        return r > 0 ? 1 - r : 1;
    return varies(a, n) || varies(b, n) ? 1 : (double)NAN;
}

static bool pair_layer(dv_atlas_pairs *p, const dv_responses *a, int layer, const dv_responses *b,
                       bool by_number, dv_error *err)
{
    const dv_atlas_layer *l = &a->work->layers[layer], *m = &b->work->layers[p->layer[layer]];
    double *unit = p->unit + l->first;
    if (by_number)
        number_units(unit, l, m);
    else if (!match_units(unit, a, l, b, m, err))
        return false;
    for (int32_t i = 0; i < l->n; i++)
        if (!isnan(unit[i]))
            p->change[l->first + i] = change_of(dv_response(a, l->first + i),
                                                dv_response(b, m->first + (int)unit[i]), a->n);
    return true;
}

bool dv_atlas_pair(dv_atlas_pairs *p, const dv_responses *a, const dv_responses *b, bool by_number,
                   dv_error *err)
{
    const dv_atlas_work *w = a->work;
    bool ok = true;
    if (by_number || dv_atlas_same_layers(w, b->work->index))
        pair_by_name(p, w, b->work);
    else
        ok = pair_by_likeness(p, a, b, err);
    for (int u = 0; u < w->n_units; u++)
        p->unit[u] = p->change[u] = (double)NAN;
    for (int i = 0; ok && i < w->n_layers; i++)
        ok = p->layer[i] < 0 || pair_layer(p, a, i, b, by_number, err);
    return ok;
}
