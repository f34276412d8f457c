/* layer_norm.c - recognises the chain of operators that a layer normalisation is written out as
 * before operator set 17,
 *
 *     d = x - ReduceMean(x);    y = d / Sqrt(ReduceMean(d^2) + epsilon) * scale + bias
 *
 * and makes its last node a LayerNormalization of x, in one pass over each row. The others stay in
 * the model, to be asked for by name; where nobody does they do not run, and y has the same bytes
 * either way. */
#include "graph/chain.h"

#include <string.h>

typedef struct layer_norm {
    int x, scale, bias;
    int64_t axis;
    float epsilon;
} layer_norm;

/* Whether `value` is the mean of x over all axes from *axis on, as many dimensions as x. */
static bool is_mean(const dv_model *m, int value, int x, int64_t *axis)
{
    const dv_node *n = dv_producer(m, value, "ReduceMean");
    if (!n || n->in[0] != x)
        return false;
    const dv_shape *from = &m->values[x].shape, *to = &m->values[value].shape;
    int k = 0;
    if (from->rank != to->rank)
        return false;
    while (k < from->rank && to->dim[k] == from->dim[k])
        k++;
    *axis = k;
    while (k < from->rank && to->dim[k] == 1)
        k++;
    return k == from->rank && *axis < k;
}

static bool is_square(const dv_model *m, int value, int of)
{
    const dv_node *pow = dv_producer(m, value, "Pow"), *mul = dv_producer(m, value, "Mul");
    float exponent;
    if (pow)
        return pow->in[0] == of && dv_lone_number(m, pow->in[1], &exponent) && exponent == 2;
    return mul && mul->in[0] == of && mul->in[1] == of;
}

/* Whether `value` is Sqrt(ReduceMean(d^2) + epsilon), over the same axes. */
static bool is_deviation(const dv_model *m, int value, int d, layer_norm *l)
{
    const dv_node *sqrt = dv_producer(m, value, "Sqrt");
    const dv_node *add = sqrt ? dv_producer(m, sqrt->in[0], "Add") : NULL;
    int epsilon, variance;
    int64_t axis;
    if (!add || !dv_constant_operand(m, add, &epsilon, &variance) ||
        !dv_lone_number(m, epsilon, &l->epsilon))
        return false;
    const dv_node *mean = dv_producer(m, variance, "ReduceMean");
    return mean && is_square(m, mean->in[0], d) && is_mean(m, variance, mean->in[0], &axis) &&
           axis == l->axis;
}

/* Does the addition `n` end such a chain? */
static bool match(const dv_model *m, const dv_node *n, layer_norm *l)
{
    int at;
    if (!dv_constant_operand(m, n, &l->bias, &at))
        return false;
    const dv_node *mul = dv_producer(m, at, "Mul");
    if (!mul || !dv_constant_operand(m, mul, &l->scale, &at))
        return false;
    const dv_node *div = dv_producer(m, at, "Div");
    const dv_node *sub = div ? dv_producer(m, div->in[0], "Sub") : NULL;
    if (!sub)
        return false;
    l->x = sub->in[0];
    return is_mean(m, sub->in[1], l->x, &l->axis) && is_deviation(m, div->in[1], div->in[0], l) &&
           dv_shape_equal(&m->values[l->x].shape, &m->values[n->out[0]].shape);
}

/* Turns the node into a LayerNormalization, unless that does not take such a scale or bias. */
static bool replace(dv_model *m, dv_node *n, const layer_norm *l, dv_error *err)
{
    dv_attr *a = dv_arena_array(&m->arena, 2, sizeof *a, err);
    int *in = dv_arena_array(&m->arena, 3, sizeof *in, err);
    if (!a || !in)
        return false;
    a[0] = (dv_attr){ "axis", DV_ATTR_INT, 0, { .i = l->axis } };
    a[1] = (dv_attr){ "epsilon", DV_ATTR_FLOAT, 0, { .f = l->epsilon } };
    memcpy(in, (const int[]){ l->x, l->scale, l->bias }, 3 * sizeof *in);
    dv_node r = *n;
    r.n_in = 3;
    r.in = in;
    r.n_attrs = 2;
    r.attrs = a;
    dv_error refused = { 0 };
    if (dv_remake_node(m, &r, "LayerNormalization", &refused))
        *n = r;
    else if (refused.code == DV_NO_MEMORY)
        return dv_fail(err, refused.code, "%s", refused.message);
    return true;
}

bool dv_recognise_layer_norm(dv_model *m, dv_error *err)
{
    for (int i = 0; i < m->n_nodes; i++) {
        dv_node *n = &m->nodes[i];
        layer_norm l = { 0 };
        if (strcmp(n->op->name, "Add") == 0 && match(m, n, &l) && !replace(m, n, &l, err))
            return false;
    }
    return true;
}
