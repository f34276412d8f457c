/* op_reduce.c - sums and means over axes: ReduceSum, ReduceMean, GlobalAveragePool. */
#include "kernel/isa.h"
#include "nn/axes.h"
#include "nn/walk.h"

typedef struct reduce {
    int n; /* -1: no axes are given */
    int64_t axis[DV_MAX_RANK];
    bool keepdims;
    bool noop;    /* without axes, nothing is reduced rather than all */
    bool mean;    /* or a sum */
    bool spatial; /* the axes behind the first two */
} reduce;

static const dv_attr_row attrs[] = {
    { "axes", DV_ATTR_INTS, DV_LIST_AT(reduce, axis, n), .otherwise.i = -1 },
    { "keepdims", DV_ATTR_INT, DV_AT(reduce, keepdims), .otherwise.i = 1 },
    { "noop_with_empty_axes", DV_ATTR_INT, DV_AT(reduce, noop) },
    { 0 },
};

static bool sum_parse(const dv_node_spec *s, void *params, dv_error *err)
{
    reduce *p = params;
    return dv_spec_input_ints(s, 1, DV_MAX_RANK, p->axis, &p->n, err);
}

static bool mean_parse(const dv_node_spec *s, void *params, dv_error *err)
{
    reduce *p = params;
    p->mean = true;
    return sum_parse(s, params, err);
}

static bool global_parse(const dv_node_spec *s, void *params, dv_error *err)
{
    (void)s, (void)err;
    reduce *p = params;
    *p = (reduce){ .keepdims = true, .mean = true, .spatial = true };
    return true;
}

/* The axes that are summed over, as bits. */
static unsigned axes_of(const reduce *p, int rank)
{
    unsigned all = (1u << rank) - 1, mask = 0;
    if (p->spatial)
        return all & ~3u;
    if (p->n <= 0)
        return p->noop ? 0 : all;
    for (int i = 0; i < p->n; i++)
        mask |= 1u << dv_axis_at(p->axis[i], rank);
    return mask;
}

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const reduce *p = params;
    const dv_shape *in = &s->in[0].shape;
    unsigned mask;
    if (p->spatial && in->rank < 3)
        return dv_fail(err, DV_BAD_DATA, "the input has %d dimensions: at least 3 are needed",
                       in->rank);
    if (p->n > 0 && !dv_axes_fit(p->axis, p->n, in->rank, &mask, err))
        return false;
    mask = axes_of(p, in->rank);
    out->rank = 0;
    for (int k = 0; k < in->rank; k++) {
        if (!(mask >> k & 1))
            out->dim[out->rank++] = in->dim[k];
        else if (p->keepdims)
            out->dim[out->rank++] = 1;
    }
    return true;
}

/* How the input lies as seen from an output: `base`, the input's steps by output axes, leads to
 * the first of the inputs summed; the others lie at the elements of `inner`. */
typedef struct sums {
    dv_layout base;
    dv_shape inner_shape;
    dv_layout inner;
    bool along_rows; /* the last axis is summed */
    double divisor;
} sums;

static sums sums_of(const dv_call *c, dv_layout in)
{
    const reduce *p = c->params;
    const dv_shape *shape = &c->in[0].shape;
    unsigned mask = axes_of(p, shape->rank);
    sums s = { .base.at = in.at, .divisor = 1 };
    int out_axis = 0;
    for (int k = 0; k < shape->rank; k++) {
        if (!(mask >> k & 1)) {
            s.base.step[out_axis++] = in.step[k];
            continue;
        }
        if (p->keepdims)
            s.base.step[out_axis++] = 0;
        s.inner.step[s.inner_shape.rank] = in.step[k];
        s.inner_shape.dim[s.inner_shape.rank++] = shape->dim[k];
        s.divisor *= p->mean ? shape->dim[k] : 1;
    }
    s.along_rows = shape->rank > 0 && mask >> (shape->rank - 1) & 1;
    if (s.inner_shape.rank == 0)
        s.inner_shape = (dv_shape){ 1, { 1 } };
    dv_merge_axes(&s.inner_shape, 1, (dv_layout *[]){ &s.inner });
    return s;
}

static float sum_at(const float *x, const sums *s)
{
    if (s->inner_shape.rank == 1 && s->inner.step[0] == 1)
        return (float)(dv_isa_best()->sum(s->inner_shape.dim[0], x) / s->divisor);
    double sum = 0;
    dv_run r = dv_run_over(&s->inner_shape, dv_box_whole(&s->inner_shape));
    while (dv_run_next(&r)) {
        const float *row = x + dv_layout_at(&s->inner, r.index, r.rank);
        for (int32_t i = 0; i < r.n; i++)
            sum += (double)row[i * s->inner.step[r.last]];
    }
    return (float)(sum / s->divisor);
}

/* y (n): the sums of n neighbours. */
static void sum_rows(const float *x, int32_t n, const sums *s, float *y)
{
    const dv_isa *isa = dv_isa_best();
    for (int32_t i = 0; i < n; i++)
        y[i] = 0;
    dv_run r = dv_run_over(&s->inner_shape, dv_box_whole(&s->inner_shape));
    while (dv_run_next(&r)) {
        const float *row = x + dv_layout_at(&s->inner, r.index, r.rank);
        for (int32_t k = 0; k < r.n; k++, row += s->inner.step[r.last])
            isa->combine(DV_COMBINE_ADD, n, y, false, row, false, y);
    }
    const float divisor = (float)s->divisor;
    isa->combine(DV_COMBINE_DIV, n, y, false, &divisor, true, y);
}

typedef struct parts {
    const dv_call *c;
    sums s;
    dv_shape shape; /* of the output, with axes merged */
    int32_t planes; /* of it, in a part */
} parts;

enum { PART_FLOATS = 1 << 14 }; /* of the input */

static void forward_part(void *ctx, int i, int worker)
{
    (void)worker;
    const parts *p = ctx;
    const dv_call *c = p->c;
    const dv_box box = dv_box_part(dv_box_whole(&p->shape), p->planes, i);
    const size_t plane = (size_t)box.hi[DV_Y] * (size_t)box.hi[DV_X];
    float *y = c->out[0].data + (size_t)box.lo[DV_C] * plane;
    dv_run r = dv_run_over(&p->shape, box);
    while (dv_run_next(&r)) {
        const float *x = c->in[0].data + dv_layout_at(&p->s.base, r.index, r.rank);
        if (!p->s.along_rows)
            sum_rows(x, r.n, &p->s, y);
        else
            for (int32_t k = 0; k < r.n; k++)
                y[k] = sum_at(x + k * p->s.base.step[r.last], &p->s);
        y += r.n;
    }
}

static void forward(const dv_call *c)
{
    parts p = { .c = c,
                .s = sums_of(c, dv_layout_whole(&c->in[0].shape)),
                .shape = c->out[0].shape,
                .planes = 1 };
    if (p.s.along_rows) /* else the last axis stays: what it has are neighbours */
        dv_merge_axes(&p.shape, 1, (dv_layout *[]){ &p.s.base });
    const dv_box whole = dv_box_whole(&p.shape);
    const size_t read = dv_shape_count(&c->in[0].shape) / (size_t)whole.hi[DV_C];
    if (read < PART_FLOATS)
        p.planes = (int32_t)(PART_FLOATS / (read + 1) + 1);
    dv_pool_run(c->pool, dv_box_parts(&whole, p.planes), forward_part, &p);
}

static dv_box window(const dv_call *c, int i, int o, dv_box out)
{
    (void)i, (void)o;
    const reduce *p = c->params;
    const dv_shape *shape = &c->in[0].shape;
    if (dv_box_empty(&out))
        return out;
    unsigned mask = axes_of(p, shape->rank);
    dv_ranges from = dv_ranges_of(&c->out[0].shape, &out), to;
    for (int k = 0, out_axis = 0; k < shape->rank; k++) {
        bool summed = mask >> k & 1;
        to.lo[k] = summed ? 0 : from.lo[out_axis];
        to.hi[k] = summed ? shape->dim[k] : from.hi[out_axis];
        out_axis += !summed || p->keepdims;
    }
    return dv_box_of_ranges(shape, &to);
}

/* Adds v to all inputs of one output. */
static void spread(float v, const sums *s, float *g)
{
    dv_run r = dv_run_over(&s->inner_shape, dv_box_whole(&s->inner_shape));
    while (dv_run_next(&r)) {
        float *row = g + dv_layout_at(&s->inner, r.index, r.rank);
        for (int32_t i = 0; i < r.n; i++)
            row[i * s->inner.step[r.last]] += v;
    }
}

/* Adds v (n), over the divisor, to the inputs of n neighbouring outputs. */
static void spread_rows(const float *restrict v, int32_t n, const sums *s, float *restrict g)
{
    const float divisor = (float)s->divisor;
    dv_run r = dv_run_over(&s->inner_shape, dv_box_whole(&s->inner_shape));
    while (dv_run_next(&r)) {
        float *row = g + dv_layout_at(&s->inner, r.index, r.rank);
        for (int32_t k = 0; k < r.n; k++, row += s->inner.step[r.last])
            for (int32_t i = 0; i < n; i++)
                row[i] += v[i] / divisor;
    }
}

static void project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    if (!out[0].data || !in[0].data)
        return;
    sums s = sums_of(c, dv_layout_box(&c->in[0].shape, &in[0].box));
    const float *v = out[0].data;
    dv_run r = dv_run_over(&c->out[0].shape, out[0].box);
    while (dv_run_next(&r)) {
        float *g = in[0].data + dv_layout_at(&s.base, r.index, r.rank);
        if (!s.along_rows)
            spread_rows(v, r.n, &s, g);
        else
            for (int32_t i = 0; i < r.n; i++)
                spread(v[i] / (float)s.divisor, &s, g + i * s.base.step[r.last]);
        v += r.n;
    }
}

#define REDUCE_OP(NAME, ONNX_NAME, MAX_IN, ATTRS, PARSE, ...) \
    const dv_op dv_op_##NAME = {                              \
        .name = (ONNX_NAME),                                  \
        .min_in = 1,                                          \
        .max_in = (MAX_IN),                                   \
        .max_out = 1,                                         \
        .inputs = { __VA_ARGS__ },                            \
        .params_size = sizeof(reduce),                        \
        .attrs = (ATTRS),                                     \
        .parse = (PARSE),                                     \
        .infer = infer,                                       \
        .forward = forward,                                   \
        .window = window,                                     \
        .project = project,                                   \
    }

REDUCE_OP(reduce_mean, "ReduceMean", 2, attrs, mean_parse, "data", "axes");
REDUCE_OP(reduce_sum, "ReduceSum", 2, attrs, sum_parse, "data", "axes");
REDUCE_OP(global_average_pool, "GlobalAveragePool", 1, NULL, global_parse, "X");
