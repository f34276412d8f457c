/* op_softmax.c - Softmax and LogSoftmax. Up to opset 12 over all axes from `axis` on, taken as one;
 * from 13 on over the one axis. */
#include "kernel/isa.h"
#include "nn/axes.h"
#include "nn/walk.h"

#include <math.h>
#include <string.h>

typedef struct softmax {
    int64_t axis;
    bool one_axis;
} softmax;

static const dv_attr_row attrs[] = {
    { "axis", DV_ATTR_INT, DV_AT(softmax, axis), .otherwise.i = 1 },
    { 0 },
};

static bool parse(const dv_node_spec *s, void *params, dv_error *err)
{
    (void)err;
    softmax *p = params;
    p->one_axis = s->opset >= 13;
    if (p->one_axis && !dv_spec_has(s, "axis"))
        p->axis = -1;
    return true;
}

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const softmax *p = params;
    int axis, rank = s->in[0].shape.rank;
    if ((p->one_axis || p->axis != rank) && !dv_axis_fit(p->axis, rank, &axis, err))
        return false;
    return dv_infer_same_shape(s, params, out, err);
}

static bool is_summed(const softmax *p, int rank, int k)
{
    int axis = dv_axis_at(p->axis, rank);
    return p->one_axis ? k == axis : k >= axis;
}

/* y = f(x) over n numbers that are `step` apart. */
static void softmax_fibre(const float *x, float *y, int32_t n, ptrdiff_t step, bool log)
{
    float top = x[0];
    for (int32_t k = 1; k < n; k++)
        top = x[k * step] > top ? x[k * step] : top;
    double sum = 0;
    int32_t i = 0;
    do {
        float e = expf(x[i * step] - top);
        y[i * step] = e;
        sum += (double)e;
    } while (++i < n);
    const float whole = (float)sum, log_whole = logf(whole);
    for (i = 0; i < n; i++)
        y[i * step] = log ? x[i * step] - top - log_whole : y[i * step] / whole;
}

/* The same over n numbers side by side. */
static void softmax_row(const float *x, float *y, int32_t n, bool log)
{
    const dv_isa *isa = dv_isa_best();
    const float top = isa->largest(n, x);
    isa->combine(DV_COMBINE_SUB, n, x, false, &top, true, y);
    isa->map(DV_MAP_EXP, n, y, 0, 0, y);
    const float whole = (float)isa->sum(n, y), log_whole = logf(whole);
    if (!log) {
        isa->combine(DV_COMBINE_DIV, n, y, false, &whole, true, y);
        return;
    }
    isa->combine(DV_COMBINE_SUB, n, x, false, &top, true, y);
    isa->combine(DV_COMBINE_SUB, n, y, false, &log_whole, true, y);
}

typedef struct job {
    const dv_call *c;
    bool log;
    int32_t outer, n, inner; /* the axes before those that sum to one, these, and those behind */
    int32_t part;            /* of outer */
} job;

enum { PART_FLOATS = 1 << 13 };

static void forward_part(void *ctx, int i, int worker)
{
    (void)worker;
    const job *j = ctx;
    const int32_t first = i * j->part, left = j->outer - first;
    for (int32_t k = first; k < first + (left < j->part ? left : j->part); k++)
        for (int32_t l = 0; l < j->inner; l++) {
            const size_t at = (size_t)k * (size_t)j->n * (size_t)j->inner + (size_t)l;
            const float *x = j->c->in[0].data + at;
            float *y = j->c->out[0].data + at;
            if (j->inner == 1)
                softmax_row(x, y, j->n, j->log);
            else
                softmax_fibre(x, y, j->n, j->inner, j->log);
        }
}

static void forward(const dv_call *c, bool log)
{
    const dv_shape *s = &c->out[0].shape;
    job j = { .c = c, .log = log, .outer = 1, .n = 1, .inner = 1, .part = 1 };
    for (int k = 0, seen = 0; k < s->rank; k++) {
        const bool summed = is_summed(c->params, s->rank, k);
        *(summed ? &j.n : seen ? &j.inner : &j.outer) *= s->dim[k];
        seen |= summed;
    }
    if (j.n * j.inner < PART_FLOATS)
        j.part = PART_FLOATS / (j.n * j.inner);
    dv_pool_run(c->pool, (j.outer + j.part - 1) / j.part, forward_part, &j);
}

static dv_box window(const dv_call *c, int i, int o, dv_box out)
{
    (void)i, (void)o;
    const dv_shape *s = &c->out[0].shape;
    if (dv_box_empty(&out))
        return out;
    dv_ranges r = dv_ranges_of(s, &out);
    for (int k = 0; k < s->rank; k++)
        if (is_summed(c->params, s->rank, k)) {
            r.lo[k] = 0;
            r.hi[k] = s->dim[k];
        }
    return dv_box_of_ranges(s, &r);
}

/* One number for each set of outputs that sum to one. */
static dv_shape sums_shape(const dv_call *c)
{
    dv_shape s = c->out[0].shape;
    for (int k = 0; k < s.rank; k++)
        if (is_summed(c->params, s.rank, k))
            s.dim[k] = 1;
    return s;
}

static size_t project_scratch(const dv_call *c, const dv_signal *out)
{
    (void)out;
    dv_shape s = sums_shape(c);
    return dv_shape_count(&s) * sizeof(float);
}

/* With y the softmax and R the signal: softmax y (R - sum R y), log-softmax R - y sum R. */
static void project(const dv_call *c, const dv_signal *out, const dv_signal *in, bool log)
{
    if (!out[0].data || !in[0].data)
        return;
    const dv_shape *s = &c->out[0].shape;
    const float *y = c->out[0].data;
    dv_shape few = sums_shape(c);
    float *sum = c->scratch;
    memset(sum, 0, dv_shape_count(&few) * sizeof *sum);
    dv_layout sums = dv_layout_whole(&few), whole = dv_layout_whole(s);
    dv_layout to = dv_layout_box(s, &in[0].box);
    for (int k = 0; k < s->rank; k++)
        sums.step[k] = few.dim[k] == s->dim[k] ? sums.step[k] : 0;

    const float *from = out[0].data;
    dv_run r = dv_run_over(s, out[0].box);
    for (; dv_run_next(&r); from += r.n) {
        const float *v = y + dv_layout_at(&whole, r.index, r.rank);
        float *g = in[0].data + dv_layout_at(&to, r.index, r.rank);
        float *total = sum + dv_layout_at(&sums, r.index, r.rank);
        for (int32_t i = 0; i < r.n; i++) {
            float part = log ? from[i] : from[i] * v[i];
            g[i] += part;
            total[i * sums.step[r.last]] += part;
        }
    }
    r = dv_run_over(s, window(c, 0, 0, out[0].box));
    while (dv_run_next(&r)) {
        const float *v = y + dv_layout_at(&whole, r.index, r.rank);
        float *g = in[0].data + dv_layout_at(&to, r.index, r.rank);
        const float *total = sum + dv_layout_at(&sums, r.index, r.rank);
        for (int32_t i = 0; i < r.n; i++)
            g[i] -= (log ? expf(v[i]) : v[i]) * total[i * sums.step[r.last]];
    }
}

#define SOFTMAX_OP(NAME, ONNX_NAME, LOG)                                                    \
    static void NAME##_forward(const dv_call *c)                                            \
    {                                                                                       \
        forward(c, LOG);                                                                    \
    }                                                                                       \
    static void NAME##_project(const dv_call *c, const dv_signal *out, const dv_signal *in) \
    {                                                                                       \
        project(c, out, in, LOG);                                                           \
    }                                                                                       \
    const dv_op dv_op_##NAME = {                                                            \
        .name = (ONNX_NAME),                                                                \
        .min_in = 1,                                                                        \
        .max_in = 1,                                                                        \
        .max_out = 1,                                                                       \
        .params_size = sizeof(softmax),                                                     \
        .attrs = attrs,                                                                     \
        .parse = parse,                                                                     \
        .infer = infer,                                                                     \
        .forward = NAME##_forward,                                                          \
        .window = window,                                                                   \
        .project = NAME##_project,                                                          \
        .project_scratch = project_scratch,                                                 \
        .keeps = { DV_KEEP_OUT, DV_KEEP_OUT, DV_KEEP_OUT },                                 \
    };

SOFTMAX_OP(softmax, "Softmax", false)
SOFTMAX_OP(log_softmax, "LogSoftmax", true)
