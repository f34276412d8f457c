/* atlas_twins.c - which units of a layer are like each other: by the angle between their weights,
 * and by the images that they have in common. */
#include "atlas/atlas_links.h"
#include "graph/model.h"
#include "kernel/gemm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Beyond these a layer's weights are not compared: bytes that they would take, and products. */
static const double MOST_NUMBERS = 64e6, MOST_PRODUCTS = 4e12;

enum { ROWS_AT_ONCE = 64 };

typedef struct comparing {
    const dv_atlas_work *work;
    const dv_atlas_layer *layer;
    dv_links *links;
    int64_t columns;
    float *rows;     /* (n, columns) of length 1; NULL: weights are not compared */
    float *cosines;  /* (ROWS_AT_ONCE, n) */
    int32_t *images; /* (n, k) of their hits, ascending */
    int *n_images;   /* (n) */
} comparing;

static bool before(const dv_twin *a, const dv_twin *b)
{
    if (!isnan(a->cosine) && a->cosine != b->cosine)
        return a->cosine > b->cosine;
    if (isnan(a->cosine) && a->overlap != b->overlap)
        return a->overlap > b->overlap;
    return a->unit < b->unit;
}

static void insert(dv_links *l, dv_twin t)
{
    if (l->n_twins == DV_MOST_TWINS && !before(&t, &l->twins[l->n_twins - 1]))
        return;
    int at = l->n_twins < DV_MOST_TWINS ? l->n_twins++ : l->n_twins - 1;
    for (; at > 0 && before(&t, &l->twins[at - 1]); at--)
        l->twins[at] = l->twins[at - 1];
    l->twins[at] = t;
}

static int by_number(const void *a, const void *b)
{
    const int32_t *i = a, *j = b;
    return (*i > *j) - (*i < *j);
}

/* The images of the hits of each unit, each once. */
static void list_images(const comparing *c)
{
    const int k = c->work->index->k;
    for (int32_t u = 0; u < c->layer->n; u++) {
        const dv_index_unit *unit = &c->layer->mined->units[c->layer->channels[u]];
        int32_t *to = c->images + (size_t)u * (size_t)k;
        int n = 0;
        for (int i = 0; i < unit->n_hits; i++)
            to[i] = unit->hits[i].image;
        qsort(to, (size_t)unit->n_hits, sizeof *to, by_number);
        for (int i = 0; i < unit->n_hits; i++)
            if (n == 0 || to[n - 1] != to[i])
                to[n++] = to[i];
        c->n_images[u] = n;
    }
}

static float overlap(const comparing *c, int32_t a, int32_t b)
{
    const int k = c->work->index->k, n = c->n_images[a], m = c->n_images[b];
    const int32_t *i = c->images + (size_t)a * (size_t)k, *end = i + n;
    const int32_t *j = c->images + (size_t)b * (size_t)k, *stop = j + m;
    int common = 0;
    while (i < end && j < stop) {
        common += *i == *j;
        const bool left = *i <= *j, right = *j <= *i;
        i += left;
        j += right;
    }
    const int more = n > m ? n : m;
    return more ? (float)common / (float)more : 0;
}

/* Rows of length 1; one that is 0 stays so. */
static void read_rows(const comparing *c, const dv_kernel_rows *r)
{
    for (int32_t u = 0; u < c->layer->n; u++) {
        float *row = c->rows + (size_t)u * (size_t)c->columns;
        double squares = 0;
        dv_kernel_rows_copy(r, c->layer->channels[u], row);
        for (int64_t i = 0; i < c->columns; i++)
            squares += (double)row[i] * (double)row[i];
        for (int64_t i = 0; i < c->columns; i++)
            row[i] = squares > 0 ? (float)((double)row[i] / sqrt(squares)) : 0;
    }
}

static void compare(const comparing *c)
{
    const int32_t n = c->layer->n;
    const int columns = (int)c->columns;
    for (int32_t from = 0; from < n; from += ROWS_AT_ONCE) {
        const int32_t some = n - from < ROWS_AT_ONCE ? n - from : ROWS_AT_ONCE;
        if (c->rows)
            dv_gemm(false, true, some, n, columns, 1, c->rows + (size_t)from * (size_t)columns,
                    columns, c->rows, columns, 0, c->cosines, n);
        for (int32_t i = 0; i < some; i++)
            for (int32_t j = 0; j < n; j++) {
                const float cosine = c->rows ? c->cosines[(size_t)i * (size_t)n + (size_t)j] : NAN;
                dv_links *l = &c->links[c->layer->first + from + i];
                dv_twin t = { j, fminf(1, fmaxf(-1, cosine)), 0 };
                if (j == from + i)
                    continue;
                if (!c->rows) {
                    t.cosine = NAN;
                    t.overlap = overlap(c, from + i, j);
                    if (!(t.overlap > 0))
                        continue;
                }
                insert(l, t);
            }
    }
    for (int32_t u = 0; c->rows && u < n; u++) {
        dv_links *l = &c->links[c->layer->first + u];
        for (int i = 0; i < l->n_twins; i++)
            l->twins[i].overlap = overlap(c, u, l->twins[i].unit);
    }
}

static bool compare_layer(const dv_atlas_work *w, int layer, dv_links *links, dv_error *err)
{
    const dv_atlas_layer *l = &w->layers[layer];
    const size_t n = (size_t)l->n;
    comparing c = { .work = w, .layer = l, .links = links };
    dv_kernel_rows rows;
    bool weights = l->node >= 0 && dv_kernel_rows_of(w->model, &w->model->nodes[l->node], &rows) &&
                   rows.rows == l->mined->size[DV_C] &&
                   (double)rows.columns * (double)n <= MOST_NUMBERS &&
                   (double)rows.columns * (double)n * (double)n <= MOST_PRODUCTS;
    c.columns = weights ? rows.columns : 0;
    c.images = malloc((n * (size_t)w->index->k + 1) * sizeof *c.images);
    c.n_images = malloc((n + 1) * sizeof *c.n_images);
    c.rows = weights ? malloc(n * (size_t)c.columns * sizeof *c.rows) : NULL;
    c.cosines = weights ? malloc(ROWS_AT_ONCE * n * sizeof *c.cosines) : NULL;
    const bool ok =
        (c.images && c.n_images && (!weights || (c.rows && c.cosines))) ||
        dv_fail(err, DV_NO_MEMORY, "no memory to compare the units of layer %s", l->mined->layer);
    if (ok && weights)
        read_rows(&c, &rows);
    if (ok) {
        list_images(&c);
        compare(&c);
    }
    free(c.images);
    free(c.n_images);
    free(c.rows);
    free(c.cosines);
    return ok;
}

bool dv_atlas_twins(const dv_atlas_work *w, dv_links *links, dv_error *err)
{
    bool ok = true;
    for (int i = 0; ok && i < w->n_layers; i++)
        ok = compare_layer(w, i, links, err);
    return ok;
}
