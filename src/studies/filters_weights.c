/* filters_weights.c - the weights of the first layer as they act on the input. */
#include "graph/channel_factors.h"
#include "studies/filters_patches.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_INPUTS = 8 };

/* -- which node ------------------------------------------------------------------------------- */

static const dv_node *node_of(const dv_model *m, const dv_layer *l)
{
    for (int i = 0; i < m->n_nodes; i++)
        if (dv_is_weight_layer(m, &m->nodes[i]) && dv_node_title(m, &m->nodes[i]) == l->name)
            return &m->nodes[i];
    return NULL;
}

static bool is_convolution(const dv_layer *l)
{
    return strcmp(l->op, "Conv") == 0;
}

static bool find(const dv_model *m, dv_first_layer *first, dv_error *err)
{
    first->layer = dv_model_layer(m, 0);
    if (!first->layer)
        return dv_fail(err, DV_UNSUPPORTED, "%s has no layer with weights", dv_model_name(m));
    if (!is_convolution(first->layer))
        return dv_fail(err, DV_UNSUPPORTED,
                       "%s: its first layer, %s, is a %s: only a convolution has filters",
                       dv_model_name(m), first->layer->name, first->layer->op);
    for (int i = 1; i < dv_model_n_layers(m) && !first->second; i++)
        if (is_convolution(dv_model_layer(m, i)))
            first->second = dv_model_layer(m, i);
    return true;
}

/* -- its numbers ------------------------------------------------------------------------------ */

/* A pair of the convolution's attributes, (y,x); of one dimension, (1,x). */
static bool read_pair(const dv_node_spec *s, const char *name, int32_t pair[2], dv_error *err)
{
    int64_t v[2] = { 1, 1 };
    int n = 2;
    if (!dv_spec_ints(s, name, 2, v, &n, err))
        return false;
    pair[0] = n == 2 ? (int32_t)v[0] : 1;
    pair[1] = (int32_t)v[n == 2 ? 1 : 0];
    return true;
}

/* A filter's weights, spread by the dilations, channels in the order R, G, B. */
static void spread(const dv_patches *p, int i, const float *from, const int32_t kernel[2],
                   const int32_t dilation[2], double factor, bool bgr)
{
    float *to = p->v + (size_t)i * dv_patch_size(p);
    for (int c = 0; c < p->channels; c++)
        for (int y = 0; y < kernel[0]; y++)
            for (int x = 0; x < kernel[1]; x++) {
                const int channel = bgr && p->channels == 3 ? 2 - c : c;
                const int row = channel * p->height + y * dilation[0];
                to[(size_t)row * (size_t)p->width + (size_t)(x * dilation[1])] =
                    (float)((double)*from++ * factor);
            }
}

static bool fill(dv_patches *p, const dv_array *weights, const int32_t kernel[2],
                 const int32_t dilation[2], const double *factors, bool bgr, dv_error *err)
{
    const size_t one = (size_t)p->weights;
    float *filter = malloc((one + 1) * sizeof *filter);
    p->v = calloc((size_t)p->n * dv_patch_size(p) + 1, sizeof *p->v);
    const bool ok = filter && p->v;
    for (int i = 0; ok && i < p->n; i++) {
        dv_array_copy_floats(weights, (size_t)i * one, one, filter);
        spread(p, i, filter, kernel, dilation, factors[i], bgr);
    }
    free(filter);
    return ok || dv_fail(err, DV_NO_MEMORY, "no memory for %d filters", p->n);
}

/* Checks the shape of the weights, and makes that of the patches of it. */
static bool shape_patches(dv_patches *p, const dv_model *m, const dv_layer *l, const dv_shape *w,
                          const int32_t dilation[2], int32_t kernel[2], dv_error *err)
{
    enum { MOST_SIDE = 1024 };
    kernel[0] = w->rank == 4 ? w->dim[2] : 1;
    kernel[1] = w->dim[w->rank - 1];
    const int64_t height = (int64_t)(kernel[0] - 1) * dilation[0] + 1;
    const int64_t width = (int64_t)(kernel[1] - 1) * dilation[1] + 1;
    if (w->dim[1] != 1 && w->dim[1] != 3)
        return dv_fail(err, DV_UNSUPPORTED,
                       "%s: a filter of %s has %d channels: only 1 and 3 have a picture",
                       dv_model_name(m), l->name, (int)w->dim[1]);
    if (height > MOST_SIDE || width > MOST_SIDE)
        return dv_fail(err, DV_UNSUPPORTED, "%s: a filter of %s is %lld x %lld: at most %d",
                       dv_model_name(m), l->name, (long long)height, (long long)width, MOST_SIDE);
    *p = (dv_patches){ .n = w->dim[0],
                       .channels = w->dim[1],
                       .height = (int)height,
                       .width = (int)width,
                       .weights = w->dim[1] * kernel[0] * kernel[1] };
    return true;
}

bool dv_patches_of_weights(dv_patches *p, dv_first_layer *first, const dv_filters_network *n,
                           dv_error *err)
{
    const dv_model *m = n->model;
    *p = (dv_patches){ .n = 0 };
    *first = (dv_first_layer){ .layer = NULL };
    if (!find(m, first, err))
        return false;
    dv_operand operands[MOST_INPUTS];
    int32_t kernel[2], dilation[2];
    const dv_node *node = node_of(m, first->layer);
    const dv_array *weights = m->values[node->in[1]].constant;
    const dv_node_spec spec = dv_node_spec_of(m, node, operands);
    if (!read_pair(&spec, "strides", first->stride, err) ||
        !read_pair(&spec, "dilations", dilation, err) ||
        !shape_patches(p, m, first->layer, &weights->shape, dilation, kernel, err))
        return false;
    for (int c = 0; c < 3; c++) {
        const int from = n->preprocess.channels == 1 ? 0 : n->preprocess.bgr ? 2 - c : c;
        first->pixel[c] = (double)n->preprocess.scale / (double)n->preprocess.std[from];
    }
    double *factors = malloc(((size_t)p->n + 1) * sizeof *factors);
    const bool ok = (factors || dv_fail(err, DV_NO_MEMORY, "no memory for %d filters", p->n)) &&
                    dv_channel_factors(m, node, p->n, factors, &first->normalised, err) &&
                    fill(p, weights, kernel, dilation, factors, n->preprocess.bgr, err);
    free(factors);
    return ok;
}
