/* op_slice.c - a range of some axes, in steps forward or backward; ONNX Slice-1 to 13. */
#include "nn/axes.h"
#include "nn/rearrange.h"

typedef struct slice {
    int n, n_end, n_axes;
    bool has_axes;
    int64_t start[DV_MAX_RANK], end[DV_MAX_RANK], axis[DV_MAX_RANK], step[DV_MAX_RANK];
} slice;

/* Of one axis, with everything counted from its front. */
typedef struct part {
    int64_t first, step, n;
} part;

static const dv_attr_row attrs[] = {
    /* up to opset 9, then they are inputs */
    { "starts", DV_ATTR_INTS, DV_LIST_AT(slice, start, n) },
    { "ends", DV_ATTR_INTS, DV_LIST_AT(slice, end, n_end) },
    { "axes", DV_ATTR_INTS, DV_LIST_AT(slice, axis, n_axes), .otherwise.i = -1 },
    { 0 },
};

static bool parse(const dv_node_spec *s, void *params, dv_error *err)
{
    slice *p = params;
    int n_steps = -1;
    if (!dv_spec_input_ints(s, 1, DV_MAX_RANK, p->start, &p->n, err) ||
        !dv_spec_input_ints(s, 2, DV_MAX_RANK, p->end, &p->n_end, err) ||
        !dv_spec_input_ints(s, 3, DV_MAX_RANK, p->axis, &p->n_axes, err) ||
        !dv_spec_input_ints(s, 4, DV_MAX_RANK, p->step, &n_steps, err))
        return false;
    p->has_axes = p->n_axes >= 0;
    if (p->n_end != p->n || (p->has_axes && p->n_axes != p->n) || (n_steps >= 0 && n_steps != p->n))
        return dv_fail(err, DV_BAD_DATA, "%d starts, %d ends, %d axes, %d steps", p->n, p->n_end,
                       p->has_axes ? p->n_axes : p->n, n_steps < 0 ? p->n : n_steps);
    for (int i = 0; i < p->n; i++) {
        if (n_steps < 0)
            p->step[i] = 1;
        if (p->step[i] == 0)
            return dv_fail(err, DV_BAD_DATA, "step %d is 0", i);
    }
    return true;
}

static int64_t clamp(int64_t v, int64_t lo, int64_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* As Python cuts an axis of `size`: numbers below 0 count from the end. */
static part part_of(int64_t start, int64_t end, int64_t step, int64_t size)
{
    bool back = step < 0;
    start = clamp(start < 0 ? clamp(start, -size - 1, 0) + size : start, back ? -1 : 0,
                  back ? size - 1 : size);
    end = clamp(end < 0 ? clamp(end, -size - 1, 0) + size : end, back ? -1 : 0, size);
    step = clamp(step, -size, size); /* a longer one leaves one element too */
    int64_t span = back ? start - end : end - start, stride = back ? -step : step;
    return (part){ start, step, span > 0 ? (span - 1) / stride + 1 : 0 };
}

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const slice *p = params;
    const dv_shape *in = &s->in[0].shape;
    unsigned mask;
    if (p->has_axes && !dv_axes_fit(p->axis, p->n, in->rank, &mask, err))
        return false;
    if (p->n > in->rank)
        return dv_fail(err, DV_BAD_DATA, "%d axes of an input of %d dimensions", p->n, in->rank);
    *out = *in;
    for (int i = 0; i < p->n; i++) {
        int axis = p->has_axes ? dv_axis_at(p->axis[i], in->rank) : i;
        part cut = part_of(p->start[i], p->end[i], p->step[i], in->dim[axis]);
        if (cut.n < 1 && !s->in[0].constant) /* constants may be empty */
            return dv_fail(err, DV_UNSUPPORTED,
                           "nothing is left of axis %d: from %lld to %lld of %d, step %lld", axis,
                           (long long)p->start[i], (long long)p->end[i], (int)in->dim[axis],
                           (long long)p->step[i]);
        out->dim[axis] = (int32_t)cut.n;
    }
    return true;
}

static bool piece(const dv_call *c, int i, int o, int k, dv_piece *p)
{
    (void)o;
    const slice *params = c->params;
    const dv_shape *in = &c->in[0].shape;
    if (i > 0 || k > 0)
        return false;
    *p = dv_piece_identity(in, &c->out[0].shape);
    for (int n = 0; n < params->n; n++) {
        int axis = params->has_axes ? dv_axis_at(params->axis[n], in->rank) : n;
        part cut = part_of(params->start[n], params->end[n], params->step[n], in->dim[axis]);
        p->origin[axis] = (int32_t)cut.first;
        p->step[axis] = (int32_t)cut.step;
    }
    return true;
}

const dv_op dv_op_slice = {
    .name = "Slice",
    .min_in = 1,
    .max_in = 5,
    .max_out = 1,
    .inputs = { "data", "starts", "ends", "axes", "steps" },
    .params_size = sizeof(slice),
    .attrs = attrs,
    .parse = parse,
    .infer = infer,
    DV_REARRANGES(piece),
};
