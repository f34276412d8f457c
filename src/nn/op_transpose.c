/* op_transpose.c - the axes in another order. */
#include "nn/rearrange.h"

typedef struct transpose {
    int n; /* 0: the axes are turned round */
    int64_t perm[DV_MAX_RANK];
} transpose;

static const dv_attr_row attrs[] = {
    { "perm", DV_ATTR_INTS, DV_LIST_AT(transpose, perm, n) },
    { 0 },
};

static int from_axis(const transpose *p, int rank, int k)
{
    return p->n ? (int)p->perm[k] : rank - 1 - k;
}

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const transpose *p = params;
    const dv_shape *in = &s->in[0].shape;
    unsigned seen = 0;
    if (p->n && p->n != in->rank)
        return dv_fail(err, DV_BAD_DATA, "perm holds %d numbers, the input has %d dimensions", p->n,
                       in->rank);
    for (int k = 0; k < p->n; k++) {
        if (p->perm[k] < 0 || p->perm[k] >= in->rank || seen >> p->perm[k] & 1)
            return dv_fail(err, DV_BAD_DATA, "perm is no permutation: its number %d is %lld", k,
                           (long long)p->perm[k]);
        seen |= 1u << p->perm[k];
    }
    out->rank = in->rank;
    for (int k = 0; k < in->rank; k++)
        out->dim[k] = in->dim[from_axis(p, in->rank, k)];
    return true;
}

static bool piece(const dv_call *c, int i, int o, int k, dv_piece *p)
{
    (void)o;
    const dv_shape *out = &c->out[0].shape;
    if (i > 0 || k > 0)
        return false;
    *p = dv_piece_identity(&c->in[0].shape, out);
    for (int axis = 0; axis < out->rank; axis++)
        p->axis[axis] = from_axis(c->params, out->rank, axis);
    return true;
}

const dv_op dv_op_transpose = {
    .name = "Transpose",
    .min_in = 1,
    .max_in = 1,
    .max_out = 1,
    .params_size = sizeof(transpose),
    .attrs = attrs,
    .infer = infer,
    DV_REARRANGES(piece),
};
