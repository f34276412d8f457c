/* ablate_cost.c - parameters and multiply-adds of what is left of a network. */
#include "studies/ablate_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const dv_node *dv_layer_node(const dv_model *m, int i)
{
    for (int k = 0; k < m->n_nodes; k++)
        if (dv_is_weight_layer(m, &m->nodes[k]) && i-- == 0)
            return &m->nodes[k];
    return NULL;
}

/* One for each weight and place that it is multiplied at; padding counts. */
static int64_t multiply_adds(const dv_model *m, const dv_node *n)
{
    const dv_shape *in = &m->values[n->in[0]].shape, *w = &m->values[n->in[1]].shape;
    const dv_shape *out = &m->values[n->out[0]].shape;
    const int64_t weights = (int64_t)dv_shape_count(w);
    if (strcmp(n->op->name, "Conv") == 0) /* (out, in / groups, kernel) */
        return weights / w->dim[0] * (int64_t)dv_shape_count(out);
    if (strcmp(n->op->name, "ConvTranspose") == 0) /* (in, out / groups, kernel) */
        return weights / w->dim[0] * (int64_t)dv_shape_count(in);
    if (strcmp(n->op->name, "Gemm") == 0 && out->rank == 2)
        return weights * out->dim[0];
    return (int64_t)dv_shape_count(out) * (in->rank > 0 ? in->dim[in->rank - 1] : 1);
}

dv_cost dv_cost_of_layer(const dv_model *m, int i)
{
    return (dv_cost){ (int64_t)m->layers[i].parameters, multiply_adds(m, dv_layer_node(m, i)) };
}

static void add(dv_cost *to, dv_cost c)
{
    to->parameters += c.parameters;
    to->multiply_adds += c.multiply_adds;
}

dv_cost dv_cost_without(const dv_model *m, const dv_ablate_group *g)
{
    dv_cost sum = { 0 };
    for (int i = 0; i < m->n_layers; i++) {
        bool out = false;
        for (int k = 0; g && k < g->n; k++)
            out = out || g->layers[k] == i + 1;
        if (!out)
            add(&sum, dv_cost_of_layer(m, i));
    }
    return sum;
}

bool dv_cost_up_to(const dv_model *m, int tensor, dv_cost *cost, dv_error *err)
{
    bool *needed = calloc((size_t)m->n_values + 1, sizeof *needed);
    int layer = m->n_layers;
    *cost = (dv_cost){ 0 };
    if (!needed)
        return dv_fail(err, DV_NO_MEMORY, "no memory for what a layer needs");
    needed[tensor] = true;
    for (int i = m->n_nodes - 1; i >= 0; i--) {
        const dv_node *n = &m->nodes[i];
        bool any = false;
        layer -= dv_is_weight_layer(m, n);
        for (int k = 0; k < n->n_out; k++)
            any = any || needed[n->out[k]];
        for (int k = 0; any && k < n->n_in; k++)
            if (n->in[k] != DV_NO_VALUE)
                needed[n->in[k]] = true;
        if (any && dv_is_weight_layer(m, n))
            add(cost, dv_cost_of_layer(m, layer));
    }
    free(needed);
    return true;
}

/* -- channels --------------------------------------------------------------------------------- */

/* Whether a channel of the output is made of the same channel of the input alone, so that it goes
 * when that goes. Flattened, a channel is several values. */
static bool keeps_channels(const dv_node *n)
{
    static const char *const names[] = { "MaxPool",       "AveragePool", "GlobalAveragePool",
                                         "GlobalMaxPool", "LRN",         "Flatten",
                                         "Reshape",       "Dropout",     "Identity",
                                         "Pad",           "Squeeze",     "Unsqueeze" };
    bool found = n->op->activation;
    for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++)
        found = found || strcmp(n->op->name, names[i]) == 0;
    return found;
}

/* Which share of the output's values comes of the tensor, given those of the inputs. */
static double share_of(const dv_model *m, const dv_node *n, const double *share)
{
    if (strcmp(n->op->name, "Concat") != 0)
        return n->n_in > 0 && n->in[0] != DV_NO_VALUE && keeps_channels(n) ? share[n->in[0]] : 0;
    double sum = 0;
    for (int k = 0; k < n->n_in; k++)
        if (n->in[k] != DV_NO_VALUE)
            sum += share[n->in[k]] * (double)dv_shape_count(&m->values[n->in[k]].shape);
    return sum / (double)dv_shape_count(&m->values[n->out[0]].shape);
}

bool dv_cost_of_channels(const dv_model *m, int tensor, int32_t n, dv_cost *saved, dv_error *err)
{
    double *share = calloc((size_t)m->n_values + 1, sizeof *share);
    const dv_box b = dv_box_whole(&m->values[tensor].shape);
    const double cut = (double)n / b.hi[DV_C];
    int layer = 0;
    *saved = (dv_cost){ 0 };
    if (!share)
        return dv_fail(err, DV_NO_MEMORY, "no memory for what reads a layer");
    for (int i = 0; i < m->n_nodes; i++) {
        const dv_node *node = &m->nodes[i];
        const bool weights = dv_is_weight_layer(m, node);
        double gone = 0;
        if (weights) {
            const bool own = m->layers[layer].tensor == tensor;
            dv_cost c = dv_cost_of_layer(m, layer++);
            gone = own ? cut : share[node->in[0]] * cut;
            if (!own) /* biases stay */
                c.parameters = (int64_t)dv_shape_count(&m->values[node->in[1]].shape);
            saved->parameters += llround(gone * (double)c.parameters);
            saved->multiply_adds += llround(gone * (double)c.multiply_adds);
        }
        for (int k = 0; k < node->n_out && !weights; k++)
            share[node->out[k]] = share_of(m, node, share);
        for (int k = 0; k < node->n_out; k++)
            if (node->out[k] == tensor)
                share[tensor] = 1;
    }
    free(share);
    return true;
}
