/* op_pad.c - widens axes by a constant, by the mirrored inside (reflect) or by the edge repeated;
 * with the constant, pads below 0 cut. ONNX Pad-2 to 18. */
#include "nn/axes.h"
#include "nn/rearrange.h"

typedef enum pad_mode { CONSTANT, REFLECT, EDGE } pad_mode;

typedef struct pad {
    pad_mode mode;
    float value;
    int n, n_axes; /* numbers in pads; axes they are for, -1: all */
    int64_t pads[2 * DV_MAX_RANK], axis[DV_MAX_RANK];
} pad;

static const char *const modes[] = { "constant", "reflect", "edge", NULL };

static const dv_attr_row attrs[] = {
    { "mode", DV_ATTR_TEXT, DV_AT(pad, mode), .words = modes },
    { "value", DV_ATTR_FLOAT, DV_AT(pad, value) },
    { "pads", DV_ATTR_INTS, DV_LIST_AT(pad, pads, n) },
    { 0 },
};

static bool parse(const dv_node_spec *s, void *params, dv_error *err)
{
    pad *p = params;
    p->n_axes = -1;
    return dv_spec_input_ints(s, 1, 2 * DV_MAX_RANK, p->pads, &p->n, err) &&
           dv_spec_input_float(s, 2, &p->value, err) &&
           dv_spec_input_ints(s, 3, DV_MAX_RANK, p->axis, &p->n_axes, err);
}

/* The pads before and behind an axis. */
static void pads_of(const pad *p, int rank, int axis, int64_t *before, int64_t *behind)
{
    *before = *behind = 0;
    int n = p->n / 2;
    for (int i = 0; i < n; i++)
        if ((p->n_axes < 0 ? i : dv_axis_at(p->axis[i], rank)) == axis) {
            *before = p->pads[i];
            *behind = p->pads[n + i];
        }
}

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const pad *p = params;
    const dv_shape *in = &s->in[0].shape;
    unsigned mask;
    int wanted = 2 * (p->n_axes < 0 ? in->rank : p->n_axes);
    if (p->n != wanted)
        return dv_fail(err, DV_BAD_DATA, "%d pads: %d are needed", p->n, wanted);
    if (p->n_axes >= 0 && !dv_axes_fit(p->axis, p->n_axes, in->rank, &mask, err))
        return false;
    int64_t dim[DV_MAX_RANK];
    for (int k = 0; k < in->rank; k++) {
        int64_t before, behind, limit = p->mode == REFLECT ? in->dim[k] - 1 : DV_MAX_ELEMENTS;
        int64_t least = p->mode == CONSTANT ? -(int64_t)in->dim[k] : 0;
        pads_of(p, in->rank, k, &before, &behind);
        for (int side = 0; side < 2; side++) {
            int64_t v = side ? behind : before;
            if (v < least || v > limit)
                return dv_fail(err, DV_BAD_DATA,
                               "a pad of axis %d is %lld: %lld to %lld is "
                               "possible",
                               k, (long long)v, (long long)least, (long long)limit);
        }
        dim[k] = in->dim[k] + before + behind;
        if (dim[k] < 1)
            return dv_fail(err, DV_UNSUPPORTED, "nothing is left of axis %d: pads %lld and %lld", k,
                           (long long)before, (long long)behind);
    }
    return dv_shape_set(out, in->rank, dim, "the output", err);
}

/* The middle of the output, which is the input itself. */
static dv_view view_of(const dv_call *c)
{
    const dv_shape *in = &c->in[0].shape;
    dv_view v = dv_view_identity(&c->out[0].shape);
    for (int k = 0; k < in->rank; k++) {
        int64_t before, behind;
        pads_of(c->params, in->rank, k, &before, &behind);
        v.origin[k] = (int32_t)-before;
        v.lo[k] = before > 0 ? (int32_t)before : 0;
        v.hi[k] = c->out[0].shape.dim[k] - (behind > 0 ? (int32_t)behind : 0);
    }
    return v;
}

/* The element of an axis of size n that is seen at i, which may lie outside. */
static int32_t seen_at(pad_mode mode, int32_t i, int32_t n)
{
    if (mode == REFLECT)
        return i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i;
    return i < 0 ? 0 : i >= n ? n - 1 : i;
}

/* One run of the output: where the input's row lies, and which of its elements comes first. */
typedef struct row {
    ptrdiff_t at; /* of element 0 of the row */
    int32_t first;
} row;

static row row_of(const dv_view *v, pad_mode mode, const dv_shape *in, const dv_layout *l,
                  const dv_run *r)
{
    int32_t index[DV_MAX_RANK] = { 0 };
    for (int k = 0; k < r->last; k++)
        index[k] = seen_at(mode, v->origin[k] + r->index[k], in->dim[k]);
    return (row){ dv_layout_at(l, index, r->rank), v->origin[r->last] + r->index[r->last] };
}

static void forward(const dv_call *c)
{
    const pad *p = c->params;
    const dv_shape *in = &c->in[0].shape;
    float *y = c->out[0].data;
    dv_view v = view_of(c);
    if (p->mode == CONSTANT || in->rank == 0) {
        for (size_t i = 0, n = dv_shape_count(&c->out[0].shape); i < n; i++)
            y[i] = p->value;
        dv_view_forward(&v, &c->in[0], &c->out[0]);
        return;
    }
    dv_layout from = dv_layout_whole(in);
    dv_run r = dv_run_over(&c->out[0].shape, dv_box_whole(&c->out[0].shape));
    for (; dv_run_next(&r); y += r.n) {
        row x = row_of(&v, p->mode, in, &from, &r);
        for (int32_t i = 0; i < r.n; i++)
            y[i] = c->in[0].data[x.at + seen_at(p->mode, x.first + i, in->dim[r.last])];
    }
}

/* The range of an axis that the outputs [*lo, *hi) see; in place. Beyond the output it goes on. */
static void seen_range(const dv_view *v, pad_mode mode, int axis, int32_t out_size, int32_t in_size,
                       int32_t *lo, int32_t *hi)
{
    int32_t first = *lo < 0 ? 0 : *lo, end = *hi > out_size ? out_size : *hi;
    int32_t least = in_size, most = -1;
    for (int32_t o = first; o < end; o++) {
        int32_t at = seen_at(mode, v->origin[axis] + o, in_size);
        least = at < least ? at : least;
        most = at > most ? at : most;
    }
    *lo = least - (first - *lo);
    *hi = most + 1 + (*hi - end);
}

static dv_box window(const dv_call *c, int i, int o, dv_box out)
{
    (void)i, (void)o;
    const pad *p = c->params;
    const dv_shape *in = &c->in[0].shape;
    dv_view v = view_of(c);
    if (p->mode == CONSTANT || dv_box_empty(&out))
        return dv_rearrange_window(&v, c, out);
    dv_ranges r = dv_ranges_of(&c->out[0].shape, &out);
    for (int k = 0; k < in->rank; k++)
        seen_range(&v, p->mode, k, c->out[0].shape.dim[k], in->dim[k], &r.lo[k], &r.hi[k]);
    return dv_box_of_ranges(in, &r);
}

static void project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    const pad *p = c->params;
    const dv_shape *shape = &c->in[0].shape;
    dv_view v = view_of(c);
    if (p->mode == CONSTANT || shape->rank == 0) {
        dv_view_project(&v, shape, &c->out[0].shape, &out[0], &in[0]);
        return;
    }
    if (!out[0].data || !in[0].data)
        return;
    dv_layout to = dv_layout_box(shape, &in[0].box);
    const float *from = out[0].data;
    dv_run r = dv_run_over(&c->out[0].shape, out[0].box);
    for (; dv_run_next(&r); from += r.n) {
        row g = row_of(&v, p->mode, shape, &to, &r);
        for (int32_t i = 0; i < r.n; i++)
            in[0].data[g.at + seen_at(p->mode, g.first + i, shape->dim[r.last])] += from[i];
    }
}

const dv_op dv_op_pad = {
    .name = "Pad",
    .min_in = 1,
    .max_in = 4,
    .max_out = 1,
    .inputs = { "data", "pads", "constant_value", "axes" },
    .params_size = sizeof(pad),
    .attrs = attrs,
    .parse = parse,
    .infer = infer,
    .forward = forward,
    .window = window,
    .project = project,
};
