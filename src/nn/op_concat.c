/* op_concat.c - joins tensors along an axis. */
#include "nn/axes.h"
#include "nn/view.h"

typedef struct concat {
    int64_t axis;
} concat;

static const dv_attr_row attrs[] = {
    { "axis", DV_ATTR_INT, DV_AT(concat, axis), .need = DV_ATTR_REQUIRED },
    { 0 },
};

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const concat *p = params;
    const dv_shape *first = &s->in[0].shape;
    int axis;
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

/* Input i, as a part of the output. */
static dv_view part(const dv_call *c, int i, int *axis)
{
    const concat *p = c->params;
    dv_view v = dv_view_identity(&c->out[0].shape);
    *axis = dv_axis_at(p->axis, c->out[0].shape.rank);
    for (int k = 0; k < i; k++)
        v.lo[*axis] += c->in[k].shape.dim[*axis];
    v.hi[*axis] = v.lo[*axis] + c->in[i].shape.dim[*axis];
    v.origin[*axis] = -v.lo[*axis];
    return v;
}

static int64_t part_of_output(const dv_call *c, int i)
{
    int axis;
    const dv_view v = part(c, i, &axis);
    const dv_shape *s = &c->out[0].shape;
    int64_t at = v.lo[axis];
    for (int k = 0; k < s->rank; k++) {
        if (k < axis && s->dim[k] != 1)
            return -1;
        if (k > axis)
            at *= s->dim[k];
    }
    return at;
}

static void forward(const dv_call *c)
{
    for (int i = 0, axis; i < c->n_in; i++) {
        dv_view v = part(c, i, &axis);
        int64_t at = part_of_output(c, i);
        if (at >= 0 && c->in[i].data == c->out[0].data + at)
            continue;
        dv_view_forward(&v, &c->in[i], &c->out[0]);
    }
}

static dv_box window(const dv_call *c, int i, int o, dv_box out)
{
    (void)o;
    int axis;
    dv_view v = part(c, i, &axis);
    dv_ranges r = dv_ranges_of(&c->out[0].shape, &out);
    /* what lies beyond the first and the last input is padding of those */
    if (i > 0 && r.lo[axis] < v.lo[axis])
        r.lo[axis] = v.lo[axis];
    if (i + 1 < c->n_in && r.hi[axis] > v.hi[axis])
        r.hi[axis] = v.hi[axis];
    return dv_view_window(&v, &c->in[i].shape, &c->out[0].shape, &r);
}

static void project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    for (int i = 0, axis; i < c->n_in; i++) {
        dv_view v = part(c, i, &axis);
        dv_view_project(&v, &c->in[i].shape, &c->out[0].shape, &out[0], &in[i]);
    }
}

const dv_op dv_op_concat = {
    .name = "Concat",
    .min_in = 1,
    .max_in = -1,
    .max_out = 1,
    .params_size = sizeof(concat),
    .attrs = attrs,
    .infer = infer,
    .forward = forward,
    .part = part_of_output,
    .window = window,
    .project = project,
};
