/* op_gelu.c - x times the probability that a normal number is below x, exactly or by a tanh. ONNX
 * Gelu-20. */
#include "nn/elementwise.h"
#include "nn/exponential.h"
#include "nn/walk.h"

#include <math.h>

enum { EXACT, BY_TANH };

typedef struct gelu {
    int32_t approximate;
} gelu;

static const char *const words[] = { "none", "tanh", NULL };

static const dv_attr_row attrs[] = {
    { "approximate", DV_ATTR_TEXT, DV_AT(gelu, approximate), .words = words },
    { 0 },
};

static const float sqrt_half = 0.707106781f;    /* sqrt(1 / 2) */
static const float density_at_0 = 0.398942280f; /* 1 / sqrt(2 pi) */
static const float slope = 1.59576912f;         /* 2 sqrt(2 / pi) */
static const float bend = 1.59576912f * 0.044715f;

static inline float probability(float x)
{
    return 0.5f * (1 + erff(x * sqrt_half));
}

/* (1 + tanh(u / 2)) / 2 = 1 / (1 + e^-u), with u = 2 sqrt(2 / pi) (x + 0.044715 x^3). */
static inline float approximate_probability(float x)
{
    return 1 / (1 + dv_exp(-x * (slope + bend * x * x)));
}

static inline float derivative(float x)
{
    return probability(x) + x * density_at_0 * expf(-0.5f * x * x);
}

/* Beyond +-10 it is 0 or 1, and x^2 overflows at last. In whole numbers, as in exponential.h. */
static inline float approximate_derivative(float x)
{
    const uint32_t sign = dv_bits_of(x) & 0x80000000u;
    const int32_t size = (int32_t)(dv_bits_of(x) ^ sign), most = (int32_t)dv_bits_of(10);
    const float v = dv_float_of((uint32_t)(size < most ? size : most) | sign);
    const float p = approximate_probability(v);
    return p + v * p * (1 - p) * (slope + 3 * bend * v * v);
}

static void forward_part(void *ctx, int i, int worker)
{
    (void)worker;
    const dv_call *c = ctx;
    const gelu *p = c->params;
    for (dv_stretch s = dv_stretch_of(c, i); s.n > 0; dv_stretch_next(&s)) {
        const float *restrict x = c->in[0].data + s.at;
        float *restrict y = c->out[0].data + s.at;
        if (p->approximate == BY_TANH)
            for (size_t k = 0; k < s.n; k++)
                y[k] = x[k] * approximate_probability(x[k]);
        else
            for (size_t k = 0; k < s.n; k++)
                y[k] = x[k] * probability(x[k]);
    }
}

static void forward(const dv_call *c)
{
    dv_call call = *c;
    dv_pool_run(c->pool, dv_stretch_parts(c), forward_part, &call);
}

typedef struct back {
    const dv_call *c;
    const dv_signal *out, *in;
    int32_t planes; /* in a part */
} back;

enum { PART_FLOATS = 1 << 13 };

static void project_part(void *ctx, int i, int worker)
{
    (void)worker;
    const back *job = ctx;
    const gelu *p = job->c->params;
    const dv_signal out = dv_signal_part(job->out, job->planes, i);
    dv_rows r = dv_rows_of(&job->c->out[0].shape, &out, job->in);
    while (dv_rows_next(&r)) {
        const float *restrict x = job->c->in[0].data + r.at, *restrict from = r.out;
        float *restrict to = r.in;
        if (p->approximate == BY_TANH)
            for (size_t k = 0; k < r.n; k++)
                to[k] += from[k] * approximate_derivative(x[k]);
        else
            for (size_t k = 0; k < r.n; k++)
                to[k] += from[k] * derivative(x[k]);
    }
}

static void project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    const dv_box *b = &out[0].box;
    if (!out[0].data || !in[0].data || dv_box_empty(b))
        return;
    const size_t plane = dv_box_count(b) / (size_t)(b->hi[DV_C] - b->lo[DV_C]);
    back job = { c, &out[0], &in[0], plane < PART_FLOATS ? (int32_t)(PART_FLOATS / plane) : 1 };
    dv_pool_run(c->pool, dv_box_parts(b, job.planes), project_part, &job);
}

const dv_op dv_op_gelu = {
    .name = "Gelu",
    .min_in = 1,
    .max_in = 1,
    .max_out = 1,
    .activation = true,
    .params_size = sizeof(gelu),
    .attrs = attrs,
    .infer = dv_infer_same_shape,
    .forward = forward,
    .reach = dv_reach_same,
    .window = dv_window_same,
    .project = project,
    .keeps = { DV_KEEP_IN, DV_KEEP_IN, DV_KEEP_IN },
};
