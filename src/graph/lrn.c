/* lrn.c - recognises the chain of operators that PyTorch exports for LocalResponseNorm,
 *
 *     y = x / (k + alpha * AveragePool(Pad(x * x)))^beta      over n channels, n odd
 *
 * and puts an LRN in its place, so that the deconvnet passes it unchanged and it costs one pass.
 * The reshapes between the steps differ from exporter version to exporter version; they are
 * skipped. */
#include "graph/model.h"

#include <string.h>

static const dv_node *producer(const dv_model *m, int value, const char *op)
{
    if (value == DV_NO_VALUE || m->values[value].producer < 0)
        return NULL;
    const dv_node *n = &m->nodes[m->values[value].producer];
    return strcmp(n->op->name, op) == 0 ? n : NULL;
}

/* The value before any reshapes that lead to `value`. */
static int before_reshapes(const dv_model *m, int value)
{
    static const char *const reshapes[] = { "Reshape", "Squeeze", "Unsqueeze", "Identity" };
    const dv_node *n = NULL;
    do {
        n = NULL;
        for (size_t i = 0; i < sizeof reshapes / sizeof reshapes[0] && !n; i++)
            n = producer(m, value, reshapes[i]);
        if (n)
            value = n->in[0];
    } while (n);
    return value;
}

/* A binary node with a scalar constant on one side: the constant, and the other side. */
static bool scalar_operand(const dv_model *m, const dv_node *n, float *number, int *other)
{
    for (int i = 0; i < 2; i++) {
        const dv_value *v = &m->values[n->in[i]];
        if (v->constant && dv_shape_count(&v->shape) == 1) {
            *number = (float)dv_array_number(v->constant, 0);
            *other = n->in[1 - i];
            return true;
        }
    }
    return false;
}

/* n where `pool` averages n planes of an input that `pad` widened by n / 2 on either side. */
static int window_size(const dv_model *m, const dv_node *pool, const dv_node *pad)
{
    const dv_shape *wide = &m->values[pool->in[0]].shape, *narrow = &m->values[pool->out[0]].shape;
    if (wide->rank != 5 || narrow->rank != 5 || wide->dim[3] != narrow->dim[3] ||
        wide->dim[4] != narrow->dim[4])
        return 0;
    int size = wide->dim[2] - narrow->dim[2] + 1;
    int64_t pads[2 * DV_MAX_RANK];
    int n_pads = 0;
    dv_operand operands[8];
    if (pad->n_in > 8)
        return 0;
    dv_node_spec s = dv_node_spec_of(m, pad, operands);
    bool read = pad->n_in > 1 ? dv_spec_input_ints(&s, 1, 2 * DV_MAX_RANK, pads, &n_pads, NULL)
                              : dv_spec_ints(&s, "pads", 2 * DV_MAX_RANK, pads, &n_pads, NULL);
    bool odd = size > 1 && size % 2 == 1;
    if (!read || !odd || n_pads != 10 || pads[2] != size / 2 || pads[7] != size / 2)
        return 0;
    return size;
}

typedef struct lrn {
    int x, size;
    float alpha, beta, bias;
} lrn;

/* Does the division `n` end such a chain? */
static bool match(const dv_model *m, const dv_node *n, lrn *l)
{
    l->x = n->in[0];
    const dv_node *pow = producer(m, before_reshapes(m, n->in[1]), "Pow");
    if (!pow || !m->values[pow->in[1]].constant ||
        dv_shape_count(&m->values[pow->in[1]].shape) != 1)
        return false;
    l->beta = (float)dv_array_number(m->values[pow->in[1]].constant, 0);
    int at = pow->in[0];
    const dv_node *add = producer(m, at, "Add");
    if (!add || !scalar_operand(m, add, &l->bias, &at))
        return false;
    const dv_node *mul = producer(m, at, "Mul");
    if (!mul || !scalar_operand(m, mul, &l->alpha, &at))
        return false;
    const dv_node *pool = producer(m, before_reshapes(m, at), "AveragePool");
    const dv_node *pad = pool ? producer(m, pool->in[0], "Pad") : NULL;
    const dv_node *square = pad ? producer(m, before_reshapes(m, pad->in[0]), "Mul") : NULL;
    if (!square || square->in[0] != l->x || square->in[1] != l->x)
        return false;
    l->size = window_size(m, pool, pad);
    return l->size > 0 && m->values[l->x].shape.rank == 4;
}

/* Turns the node into an LRN of its first input. */
static bool replace(dv_model *m, dv_node *n, const lrn *l, dv_error *err)
{
    dv_attr *a = dv_arena_array(&m->arena, 4, sizeof *a, err);
    if (!a)
        return false;
    a[0] = (dv_attr){ "size", DV_ATTR_INT, 0, { .i = l->size } };
    a[1] = (dv_attr){ "alpha", DV_ATTR_FLOAT, 0, { .f = l->alpha } };
    a[2] = (dv_attr){ "beta", DV_ATTR_FLOAT, 0, { .f = l->beta } };
    a[3] = (dv_attr){ "bias", DV_ATTR_FLOAT, 0, { .f = l->bias } };
    const dv_op *op = dv_op_find("LRN");
    dv_node r = *n;
    r.op = op;
    r.n_in = 1;
    r.n_attrs = 4;
    r.attrs = a;
    r.params = dv_arena_alloc(&m->arena, op->params_size, err);
    if (!r.params)
        return false;
    dv_operand operand;
    dv_node_spec s = dv_node_spec_of(m, &r, &operand);
    if (!op->parse(&s, r.params, err))
        return dv_fail_in(err, "node '%s' (LRN)", dv_node_title(m, n));
    *n = r;
    return true;
}

bool dv_recognise_lrn(dv_model *m, dv_error *err)
{
    for (int i = 0; i < m->n_nodes; i++) {
        dv_node *n = &m->nodes[i];
        lrn l = { 0 };
        if (strcmp(n->op->name, "Div") == 0 && match(m, n, &l) && !replace(m, n, &l, err))
            return false;
    }
    return true;
}
