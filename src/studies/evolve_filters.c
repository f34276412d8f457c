/* evolve_filters.c - how much the weights of a checkpoint are like those of the last one. */
#include "studies/evolve.h"

#include "graph/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 4096 /* numbers at a time */ };

/* Where the weights of output channel o lie: those numbers i of the array, in memory's order, for
 * which (i / run) % channels + i / group * channels == o. */
typedef struct filters {
    const dv_array *weights;
    size_t n;        /* filters */
    size_t run;      /* neighbours of one filter */
    size_t channels; /* filters that take turns … */
    size_t group;    /* … in so many numbers */
} filters;

static int64_t int_attribute(const dv_node *n, const char *name, int64_t otherwise)
{
    for (int i = 0; i < n->n_attrs; i++)
        if (strcmp(n->attrs[i].name, name) == 0 && n->attrs[i].kind == DV_ATTR_INT)
            return n->attrs[i].v.i;
    return otherwise;
}

/* The weight layer that a tensor is the output of, itself or behind its activation. */
static const dv_node *node_of(const dv_model *m, int tensor)
{
    for (int i = 0, layer = 0; i < m->n_nodes; i++) {
        const dv_node *n = &m->nodes[i];
        if (dv_is_weight_layer(m, n) &&
            (m->layers[layer++].tensor == tensor || n->out[0] == tensor))
            return n;
    }
    return NULL;
}

static bool is_op(const dv_node *n, const char *name)
{
    return strcmp(n->op->name, name) == 0;
}

/* False: the channels of the tensor have no filters. */
static bool find(const dv_model *m, int tensor, size_t channels, filters *f)
{
    const dv_node *n = node_of(m, tensor);
    if (!n)
        return false;
    const dv_array *a = m->values[n->in[1]].constant;
    const dv_shape *s = &a->shape;
    const size_t count = dv_shape_count(s);
    *f = (filters){ .weights = a, .group = count };
    if (is_op(n, "ConvTranspose") && s->rank >= 3) {
        const size_t groups = (size_t)int_attribute(n, "group", 1);
        f->channels = (size_t)s->dim[1];
        f->run = 1;
        for (int i = 2; i < s->rank; i++)
            f->run *= (size_t)s->dim[i];
        f->group = groups > 0 ? count / groups : 0;
        f->n = groups * f->channels;
    } else if (is_op(n, "Conv") || (is_op(n, "Gemm") && int_attribute(n, "transB", 0))) {
        f->n = f->channels = s->rank > 0 ? (size_t)s->dim[0] : 0;
        f->run = f->n > 0 ? count / f->n : 0;
    } else if (s->rank == 2) {
        f->n = f->channels = (size_t)s->dim[1];
        f->run = 1;
    }
    return f->n == channels && f->run > 0 && f->channels > 0 && f->group > 0 &&
           dv_dtype_is_float(a->type);
}

/* Sums of one filter. */
typedef struct sums {
    double ab, aa, bb;
} sums;

static void add_block(const filters *f, size_t first, size_t n, const float *a, const float *b,
                      sums *s)
{
    for (size_t i = 0; i < n; i++) {
        const size_t at = first + i;
        sums *one = &s[at / f->run % f->channels + at / f->group * f->channels];
        one->ab += (double)a[i] * (double)b[i];
        one->aa += (double)a[i] * (double)a[i];
        one->bb += (double)b[i] * (double)b[i];
    }
}

bool dv_evolver_filters(const dv_evolver *e, int layer, const dv_model *m, const dv_model *last,
                        double *to, dv_error *err)
{
    const dv_selection *selection = e->layers[layer].selection;
    const size_t channels = (size_t)e->layers[layer].map.hi[DV_C];
    filters f, g;
    int a, b;
    if (!dv_model_find(m, selection->layer, &a, err) ||
        !dv_model_find(last, selection->layer, &b, err))
        return false;
    for (size_t c = 0; c < channels; c++)
        to[c] = (double)NAN;
    if (!find(m, a, channels, &f) || !find(last, b, channels, &g) ||
        !dv_shape_equal(&f.weights->shape, &g.weights->shape) || f.run != g.run ||
        f.group != g.group)
        return true;
    sums *s = calloc(channels + 1, sizeof *s);
    if (!s)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %zu filters", channels);
    for (size_t at = 0, n, count = dv_shape_count(&f.weights->shape); at < count; at += n) {
        float one[BLOCK], other[BLOCK];
        n = count - at < BLOCK ? count - at : BLOCK;
        dv_array_copy_floats(f.weights, at, n, one);
        dv_array_copy_floats(g.weights, at, n, other);
        add_block(&f, at, n, one, other, s);
    }
    for (size_t c = 0; c < channels; c++)
        to[c] = dv_cosine(s[c].ab, s[c].aa, s[c].bb);
    free(s);
    return true;
}

double dv_cosine(double ab, double aa, double bb)
{
    if (isnan(ab) || isnan(aa) || isnan(bb))
        return (double)NAN;
    if (aa > 0 && bb > 0)
        return fmax(-1, fmin(1, ab / sqrt(aa * bb)));
    return aa > 0 || bb > 0 ? 0 : 1;
}
