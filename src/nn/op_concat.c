/* op_concat.c - joins tensors along an axis. */
#include "nn/axes.h"
#include "nn/rearrange.h"

typedef struct concat {
    int64_t axis;
} concat;

enum { MOST_INPUTS = 4096 }; /* each looks at all before it */

static const dv_attr_row attrs[] = {
    { "axis", DV_ATTR_INT, DV_AT(concat, axis), .need = DV_ATTR_REQUIRED },
    { 0 },
};

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const concat *p = params;
    const dv_shape *first = &s->in[0].shape;
    int axis;
    if (s->n_in > MOST_INPUTS)
        return dv_fail(err, DV_UNSUPPORTED, "%d inputs: at most %d are supported", s->n_in,
                       MOST_INPUTS);
    if (!dv_axis_fit(p->axis, first->rank, &axis, err))
        return false;
    int64_t dim[DV_MAX_RANK];
    for (int k = 0; k < first->rank; k++)
        dim[k] = first->dim[k];
    for (int i = 1; i < s->n_in; i++) {
        const dv_shape *next = &s->in[i].shape;
        bool fits = next->rank == first->rank;
        for (int k = 0; fits && k < first->rank; k++)
            fits = k == axis || next->dim[k] == first->dim[k];
        char a[DV_SHAPE_TEXT_MAX], b[DV_SHAPE_TEXT_MAX];
        if (!fits)
            return dv_fail(err, DV_BAD_DATA,
                           "input %d is %s, input 0 %s: they differ not in axis"
                           " %d alone",
                           i, dv_shape_text(next, a), dv_shape_text(first, b), axis);
        dim[axis] += next->dim[axis];
    }
    return dv_shape_set(out, first->rank, dim, "the output", err);
}

static bool piece(const dv_call *c, int i, int o, int k, dv_piece *p)
{
    (void)o;
    const concat *params = c->params;
    if (k > 0)
        return false;
    int axis = dv_axis_at(params->axis, c->out[0].shape.rank);
    *p = dv_piece_identity(&c->in[i].shape, &c->out[0].shape);
    for (int before = 0; before < i; before++)
        p->lo[axis] += c->in[before].shape.dim[axis];
    p->hi[axis] = p->lo[axis] + c->in[i].shape.dim[axis];
    p->origin[axis] = -p->lo[axis];
    return true;
}

const dv_op dv_op_concat = {
    .name = "Concat",
    .min_in = 1,
    .max_in = -1,
    .max_out = 1,
    .params_size = sizeof(concat),
    .attrs = attrs,
    .infer = infer,
    DV_REARRANGES(piece),
};
