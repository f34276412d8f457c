/* op_gather.c - entries of an axis by constant numbers, whose axes take that one's place. */
#include "nn/axes.h"
#include "nn/rearrange.h"

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
    return !dv_dtype_is_float(p->indices->type) ||
           dv_fail(err, DV_BAD_DATA, "the indices are %s: integers are needed",
                   dv_dtype_name(p->indices->type));
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
    int64_t dim[2 * DV_MAX_RANK];
    int rank = 0;
    for (int k = 0; k < in->rank; k++) {
        for (int i = 0; k == axis && i < p->indices->shape.rank; i++)
            dim[rank++] = p->indices->shape.dim[i];
        if (k != axis)
            dim[rank++] = in->dim[k];
    }
    return dv_shape_set(out, rank, dim, "the output", err);
}

/* Entry k of the list; the output is seen with the list as one axis. */
static bool piece(const dv_call *c, int i, int o, int k, dv_piece *p)
{
    (void)o;
    const gather *params = c->params;
    const size_t n = dv_shape_count(&params->indices->shape);
    if (i > 0 || (size_t)k >= n)
        return false;
    dv_shape out = c->in[0].shape;
    int axis = dv_axis_at(params->axis, out.rank);
    int64_t at = dv_array_int(params->indices, (size_t)k);
    out.dim[axis] = (int32_t)n;
    *p = dv_piece_identity(&c->in[0].shape, &out);
    p->origin[axis] = (int32_t)(at < 0 ? at + c->in[0].shape.dim[axis] : at);
    p->axis[axis] = -1;
    p->lo[axis] = k;
    p->hi[axis] = k + 1;
    return true;
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
    DV_REARRANGES(piece),
};
