/* op_split.c - cuts a tensor along an axis into parts; ONNX Split-2 to 18. */
#include "nn/axes.h"
#include "nn/rearrange.h"

typedef struct split {
    int64_t axis;
} split;

enum { MAX_PARTS = 1024 };

static const dv_attr_row attrs[] = {
    { "axis", DV_ATTR_INT, DV_AT(split, axis) },
    { "split", DV_ATTR_INTS, .need = DV_ATTR_BY_HAND }, /* long, and only needed once */
    { "num_outputs", DV_ATTR_INT, .need = DV_ATTR_BY_HAND },
    { 0 },
};

/* The sizes of the parts where the node lists none: equal, but for the last. */
static bool equal_parts(const dv_node_spec *s, int32_t size, int64_t *part, int *n, dv_error *err)
{
    int64_t parts = s->n_out;
    if (!dv_spec_int(s, "num_outputs", &parts, err))
        return false;
    bool uneven = dv_spec_has(s, "num_outputs");
    if (parts < s->n_out || parts > MAX_PARTS || parts > size || (!uneven && size % parts))
        return dv_fail(err, DV_BAD_DATA, "%lld equal parts of an axis of size %d", (long long)parts,
                       (int)size);
    int64_t each = (size + parts - 1) / parts;
    for (int i = 0; i < parts; i++)
        part[i] = i + 1 < parts ? each : size - each * (parts - 1);
    *n = (int)parts;
    return true;
}

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const split *p = params;
    const dv_shape *in = &s->in[0].shape;
    int64_t part[MAX_PARTS], total = 0;
    int n = 0, axis;
    if (!dv_axis_fit(p->axis, in->rank, &axis, err) ||
        !dv_spec_ints(s, "split", MAX_PARTS, part, &n, err) ||
        !dv_spec_input_ints(s, 1, MAX_PARTS, part, &n, err) ||
        (n == 0 && !equal_parts(s, in->dim[axis], part, &n, err)))
        return false;
    if (n < s->n_out)
        return dv_fail(err, DV_BAD_DATA, "%d parts for %d outputs", n, s->n_out);
    for (int i = 0; i < n; i++) {
        if (part[i] < 1 || part[i] > in->dim[axis])
            return dv_fail(err, DV_UNSUPPORTED, "part %d is of size %lld: 1 to %d is supported", i,
                           (long long)part[i], (int)in->dim[axis]);
        total += part[i];
    }
    if (total != in->dim[axis])
        return dv_fail(err, DV_BAD_DATA, "the parts add up to %lld, the axis is of size %d",
                       (long long)total, (int)in->dim[axis]);
    for (int o = 0; o < s->n_out; o++) {
        out[o] = *in;
        out[o].dim[axis] = (int32_t)part[o];
    }
    return true;
}

static bool piece(const dv_call *c, int i, int o, int k, dv_piece *p)
{
    const split *params = c->params;
    if (i > 0 || k > 0)
        return false;
    int axis = dv_axis_at(params->axis, c->in[0].shape.rank);
    *p = dv_piece_identity(&c->in[0].shape, &c->out[o].shape);
    for (int before = 0; before < o; before++)
        p->origin[axis] += c->out[before].shape.dim[axis];
    return true;
}

const dv_op dv_op_split = {
    .name = "Split",
    .min_in = 1,
    .max_in = 2,
    .max_out = -1,
    .inputs = { "input", "split" },
    .params_size = sizeof(split),
    .attrs = attrs,
    .infer = infer,
    DV_REARRANGES(piece),
};
