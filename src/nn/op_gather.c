/* op_gather.c - entries of an axis by constant numbers: one, which drops the axis, or a list. */
#include "nn/axes.h"
#include "nn/view.h"

typedef struct gather {
    int64_t axis;
    const dv_array *indices; /* the model's */
} gather;

static const dv_attr_row attrs[] = {
    { "axis", DV_ATTR_INT, DV_AT(gather, axis) },
    { 0 },
};

static bool parse(const dv_node_spec *s, void *params, dv_error *err)
{
    gather *p = params;
    p->indices = s->in[1].constant;
    if (!p->indices)
        return dv_fail(err, DV_UNSUPPORTED,
                       "the indices are computed by the network: a constant is needed");
    if (dv_dtype_is_float(p->indices->type))
        return dv_fail(err, DV_BAD_DATA, "the indices are %s: integers are needed",
                       dv_dtype_name(p->indices->type));
    return p->indices->shape.rank <= 1 ||
           dv_fail(err, DV_UNSUPPORTED, "the indices have %d dimensions: 0 or 1 are supported",
                   p->indices->shape.rank);
}

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const gather *p = params;
    const dv_shape *in = &s->in[0].shape;
    int axis;
    if (!dv_axis_fit(p->axis, in->rank, &axis, err))
        return false;
    size_t n = dv_shape_count(&p->indices->shape);
    for (size_t i = 0; i < n; i++) {
        int64_t at = dv_array_int(p->indices, i);
        if (at < -in->dim[axis] || at >= in->dim[axis])
            return dv_fail(err, DV_BAD_DATA, "index %zu is %lld: the axis is of size %d", i,
                           (long long)at, (int)in->dim[axis]);
    }
    int64_t dim[DV_MAX_RANK];
    int rank = 0;
    for (int k = 0; k < in->rank; k++) {
        if (k != axis)
            dim[rank++] = in->dim[k];
        else if (p->indices->shape.rank == 1)
            dim[rank++] = (int64_t)n;
    }
    return dv_shape_set(out, rank, dim, "the output", err);
}

static int32_t index_at(const dv_call *c, int axis, size_t i)
{
    const gather *p = c->params;
    int64_t at = dv_array_int(p->indices, i);
    return (int32_t)(at < 0 ? at + c->in[0].shape.dim[axis] : at);
}

static size_t n_indices(const dv_call *c)
{
    const gather *p = c->params;
    return dv_shape_count(&p->indices->shape);
}

/* What entry i of the list says. */
static dv_view view_of(const dv_call *c, size_t i)
{
    const gather *p = c->params;
    dv_view v = dv_view_identity(&c->out[0].shape);
    int axis = dv_axis_at(p->axis, c->in[0].shape.rank);
    v.origin[axis] = index_at(c, axis, i);
    if (p->indices->shape.rank == 1) {
        v.axis[axis] = -1;
        v.lo[axis] = (int32_t)i;
        v.hi[axis] = (int32_t)i + 1;
    } else {
        for (int k = axis; k < c->out[0].shape.rank; k++)
            v.axis[k] = k + 1;
    }
    return v;
}

static void forward(const dv_call *c)
{
    for (size_t i = 0, n = n_indices(c); i < n; i++) {
        dv_view v = view_of(c, i);
        dv_view_forward(&v, &c->in[0], &c->out[0]);
    }
}

static dv_box window(const dv_call *c, int i, int o, dv_box out)
{
    (void)i, (void)o;
    if (dv_box_empty(&out))
        return out;
    dv_ranges r = dv_ranges_of(&c->out[0].shape, &out);
    dv_box in = { .hi = { 0 } };
    for (size_t k = 0, n = n_indices(c); k < n; k++) {
        const gather *p = c->params;
        dv_view v = view_of(c, k);
        int axis = dv_axis_at(p->axis, c->in[0].shape.rank);
        if (v.axis[axis] < 0 && p->indices->shape.rank == 1 &&
            ((int32_t)k < r.lo[axis] || (int32_t)k >= r.hi[axis]))
            continue;
        in = dv_box_hull(in, dv_view_window(&v, &c->in[0].shape, &c->out[0].shape, &r));
    }
    return in;
}

static void project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    for (size_t i = 0, n = n_indices(c); i < n; i++) {
        dv_view v = view_of(c, i);
        dv_view_project(&v, &c->in[0].shape, &c->out[0].shape, &out[0], &in[0]);
    }
}

const dv_op dv_op_gather = {
    .name = "Gather",
    .min_in = 2,
    .max_in = 2,
    .max_out = 1,
    .inputs = { "data", "indices" },
    .params_size = sizeof(gather),
    .attrs = attrs,
    .parse = parse,
    .infer = infer,
    .forward = forward,
    .window = window,
    .project = project,
};
