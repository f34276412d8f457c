/* lrn.c - recognises the chain of operators that PyTorch exports for LocalResponseNorm,
 *
 *     y = x / (k + alpha * AveragePool(Pad(x * x)))^beta      over n channels, n odd
 *
 * and puts an LRN in its place, so that the deconvnet passes it unchanged and it costs one pass.
 * The reshapes between the steps differ from exporter version to exporter version; they are
 * skipped. */
#include "graph/chain.h"

#include <string.h>

/* The value before any reshapes that lead to `value`. */
static int before_reshapes(const dv_model *m, int value)
{
    static const char *const reshapes[] = { "Reshape", "Squeeze", "Unsqueeze", "Identity" };
    const dv_node *n;
    do {
        n = NULL;
        for (size_t i = 0; i < sizeof reshapes / sizeof reshapes[0] && !n; i++)
            n = dv_producer(m, value, reshapes[i]);
        if (n)
            value = n->in[0];
    } while (n);
    return value;
}

/* Of a binary node with a lone number on one side: that, and the other side. */
static bool scalar_operand(const dv_model *m, const dv_node *n, float *number, int *other)
{
    int constant;
    return dv_constant_operand(m, n, &constant, other) && dv_lone_number(m, constant, number);
}

/* The value before any Pads with zeros that lead to `value`; what they add goes to pads (10), for
 * an input of rank 5. */
static int before_pads(const dv_model *m, int value, int64_t *pads)
{
    const dv_node *n;
    while ((n = dv_producer(m, value, "Pad"))) {
        int64_t own[2 * DV_MAX_RANK];
        int n_own = 0;
        float fill = 0;
        const char *mode = "constant";
        dv_operand operands[4];
        if (n->n_in > 4)
            return value;
        dv_node_spec s = dv_node_spec_of(m, n, operands);
        bool read = n->n_in > 1 ? dv_spec_input_ints(&s, 1, 2 * DV_MAX_RANK, own, &n_own, NULL)
                                : dv_spec_ints(&s, "pads", 2 * DV_MAX_RANK, own, &n_own, NULL);
        if (!read || n_own != 10 || !dv_spec_text(&s, "mode", &mode, NULL) ||
            strcmp(mode, "constant") != 0 || !dv_spec_float(&s, "value", &fill, NULL) ||
            !dv_spec_input_float(&s, 2, &fill, NULL) || fill != 0)
            return value;
        for (int i = 0; i < 10; i++)
            pads[i] += own[i];
        value = n->in[0];
    }
    return value;
}

/* n where `pool` averages n planes of an input that was widened by n / 2 on either side, and by
 * nothing else; 0 where it does not. */
static int window_size(const dv_model *m, const dv_node *pool, const int64_t *pads)
{
    dv_operand operand;
    dv_node_spec s = dv_node_spec_of(m, pool, &operand);
    int64_t kernel[3] = { 0 }, stride[3] = { 1, 1, 1 }, own[6] = { 0 };
    int n = 0, n_stride = 0, n_own = 0;
    if (!dv_spec_ints(&s, "kernel_shape", 3, kernel, &n, NULL) || n != 3 ||
        !dv_spec_ints(&s, "strides", 3, stride, &n_stride, NULL) ||
        !dv_spec_ints(&s, "pads", 6, own, &n_own, NULL))
        return 0;
    int64_t size = kernel[0];
    bool planes = size > 1 && size % 2 == 1 && kernel[1] == 1 && kernel[2] == 1;
    for (int i = 0; i < 3; i++)
        planes = planes && stride[i] == 1 && own[i] == 0 && own[3 + i] == 0;
    for (int i = 0; i < 10; i++)
        planes = planes && pads[i] == (i == 2 || i == 7 ? size / 2 : 0);
    return planes && size <= INT32_MAX ? (int)size : 0;
}

/* Whether the planes of the volume, of rank 5, that the pool averages are the channels of x. */
static bool is_over_channels(const dv_shape *x, const dv_shape *volume)
{
    return x->rank == 4 && volume->rank == 5 && volume->dim[0] * volume->dim[1] == x->dim[0] &&
           volume->dim[2] == x->dim[1];
}

typedef struct lrn {
    int x, size;
    float alpha, beta, bias;
} lrn;

/* Does the division `n` end such a chain? */
static bool match(const dv_model *m, const dv_node *n, lrn *l)
{
    l->x = n->in[0];
    const dv_node *pow = dv_producer(m, before_reshapes(m, n->in[1]), "Pow");
    if (!pow || !dv_lone_number(m, pow->in[1], &l->beta))
        return false;
    int at = pow->in[0];
    const dv_node *add = dv_producer(m, at, "Add");
    if (!add || !scalar_operand(m, add, &l->bias, &at))
        return false;
    const dv_node *mul = dv_producer(m, at, "Mul");
    if (!mul || !scalar_operand(m, mul, &l->alpha, &at))
        return false;
    const dv_node *pool = dv_producer(m, before_reshapes(m, at), "AveragePool");
    if (!pool)
        return false;
    int64_t pads[10] = { 0 };
    int padded = before_pads(m, pool->in[0], pads);
    const dv_node *square = dv_producer(m, before_reshapes(m, padded), "Mul");
    if (!square || square->in[0] != l->x || square->in[1] != l->x)
        return false;
    l->size = window_size(m, pool, pads);
    const dv_shape *x = &m->values[l->x].shape;
    return l->size > 0 && is_over_channels(x, &m->values[padded].shape) &&
           dv_shape_equal(x, &m->values[n->out[0]].shape);
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
    dv_node r = *n;
    r.n_in = 1;
    r.n_attrs = 4;
    r.attrs = a;
    if (!dv_remake_node(m, &r, "LRN", err))
        return false;
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
