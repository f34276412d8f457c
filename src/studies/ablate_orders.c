/* ablate_orders.c - which channels are silenced first. */
#include "base/random.h"
#include "base/rank.h"
#include "studies/ablate_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[DV_ABLATE_ORDERS] = {
    [DV_ABLATE_RANDOM] = "random",
    [DV_ABLATE_WEAKEST] = "weakest",
    [DV_ABLATE_STRONGEST] = "strongest",
};

const char *dv_ablate_order_name(dv_ablate_order o)
{
    return names[o];
}

int dv_silenced_orders(const dv_ablate_options *o)
{
    return (o->orders[DV_ABLATE_RANDOM] ? o->draws : 0) + o->orders[DV_ABLATE_WEAKEST] +
           o->orders[DV_ABLATE_STRONGEST];
}

dv_ablate_order dv_silenced_order(const dv_ablate_options *o, int i)
{
    const int random = o->orders[DV_ABLATE_RANDOM] ? o->draws : 0;
    if (i < random)
        return DV_ABLATE_RANDOM;
    return i == random && o->orders[DV_ABLATE_WEAKEST] ? DV_ABLATE_WEAKEST : DV_ABLATE_STRONGEST;
}

/* -- by weights ------------------------------------------------------------------------------- */

/* Of which output element i of the weights is; -1: nobody knows. */
static int64_t output_of(const dv_model *m, const dv_node *n, size_t i)
{
    const dv_shape *w = &m->values[n->in[1]].shape;
    const size_t count = dv_shape_count(w);
    if (strcmp(n->op->name, "Conv") == 0)
        return (int64_t)(i / (count / (size_t)w->dim[0]));
    if (w->rank != 2)
        return -1;
    if (strcmp(n->op->name, "Gemm") == 0) {
        int64_t transposed = 0;
        dv_operand operands[8];
        const dv_node_spec spec = dv_node_spec_of(m, n, operands);
        if (!dv_spec_int(&spec, "transB", &transposed, NULL))
            return -1;
        if (transposed)
            return (int64_t)(i / (size_t)w->dim[1]);
    } else if (strcmp(n->op->name, "MatMul") != 0) {
        return -1;
    }
    return (int64_t)(i % (size_t)w->dim[1]);
}

static const dv_node *node_of_tensor(const dv_model *m, int tensor)
{
    for (int i = 0; i < m->n_layers; i++)
        if (m->layers[i].tensor == tensor)
            return dv_layer_node(m, i);
    return NULL;
}

static bool sum_weights(const dv_model *m, dv_silenced *s, dv_error *err)
{
    const dv_node *n = node_of_tensor(m, s->tensor);
    const dv_array *w = n ? m->values[n->in[1]].constant : NULL;
    const size_t count = w ? dv_shape_count(&w->shape) : 0;
    memset(s->strength, 0, (size_t)s->channels * sizeof *s->strength);
    if (!n || count == 0 || output_of(m, n, count - 1) != s->channels - 1)
        return dv_fail(err, DV_BAD_USAGE,
                       "layer %s: its channels have no filters of their own: they cannot be put in "
                       "order by weights, but by activation",
                       s->name);
    for (size_t i = 0; i < count; i++)
        s->strength[output_of(m, n, i)] += fabs(dv_array_number(w, i));
    return true;
}

/* Of random orders: that of the layer, whichever others there are. */
static uint64_t stream_of(const dv_model *m, int tensor)
{
    for (int i = 0; i < m->n_layers; i++)
        if (m->layers[i].tensor == tensor)
            return (uint64_t)i + 1;
    return (uint64_t)m->n_layers + 1 + (uint64_t)tensor;
}

/* -- orders ----------------------------------------------------------------------------------- */

bool dv_silenced_sort(const dv_model *m, const dv_ablate_options *o, dv_silenced *s, dv_error *err)
{
    const int32_t n = s->channels;
    const uint64_t number = stream_of(m, s->tensor);
    if (o->strength == DV_ABLATE_BY_WEIGHTS && !sum_weights(m, s, err))
        return false;
    dv_ranked *weakest = malloc(((size_t)n + 1) * sizeof *weakest);
    if (!weakest)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d channels", (int)n);
    for (int32_t c = 0; c < n; c++)
        weakest[c] = (dv_ranked){ -s->strength[c], c };
    dv_rank(weakest, (size_t)n);
    for (int i = 0; i < s->n_orders; i++) {
        const dv_ablate_order order = dv_silenced_order(o, i);
        int32_t *to = s->orders + (size_t)i * (size_t)n;
        for (int32_t c = 0; c < n; c++)
            to[c] = order == DV_ABLATE_RANDOM    ? c
                    : order == DV_ABLATE_WEAKEST ? weakest[c].number
                                                 : weakest[n - 1 - c].number;
        if (order == DV_ABLATE_RANDOM) {
            const uint64_t stream = number * DV_ABLATE_DRAWS_MAX + (uint64_t)i;
            dv_random random = { .seed = dv_random_at(o->seed, stream) };
            dv_random_shuffle(&random, to, n);
        }
    }
    free(weakest);
    return true;
}
