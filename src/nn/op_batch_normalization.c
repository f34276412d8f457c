/* op_batch_normalization.c - (x - mean) * gamma / sqrt(var + epsilon) + beta a channel, with the
 * statistics of training. ONNX BatchNormalization-15 without training_mode. */
#include "kernel/isa.h"
#include "nn/elementwise.h"
#include "nn/walk.h"
#include "nn/weights.h"

#include <math.h>

typedef struct batch_normalization {
    float epsilon;
} batch_normalization;

enum { X, GAMMA, BETA, MEAN, VAR };

static const dv_attr_row attrs[] = {
    { "epsilon", DV_ATTR_FLOAT, DV_AT(batch_normalization, epsilon), .otherwise.f = 1e-5f },
    { "momentum", DV_ATTR_FLOAT, .need = DV_ATTR_HARMLESS }, /* of training */
    { "spatial", DV_ATTR_INT, .need = DV_ATTR_FIXED, .otherwise.i = 1 },
    { "training_mode", DV_ATTR_INT, .need = DV_ATTR_FIXED },
    { 0 },
};

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    static const char *const names[] = { "", "gamma", "beta", "mean", "var" };
    const dv_shape *x = &s->in[X].shape;
    if (x->rank < 2)
        return dv_fail(err, DV_BAD_DATA, "the input has %d dimensions: at least 2 are needed",
                       x->rank);
    for (int i = GAMMA; i <= VAR; i++)
        if (!dv_check_channel_weights(s, i, names[i], x->dim[1], err))
            return false;
    return dv_infer_same_shape(s, params, out, err);
}

static float factor(const dv_call *c, int32_t channel)
{
    const batch_normalization *p = c->params;
    return c->in[GAMMA].data[channel] / sqrtf(c->in[VAR].data[channel] + p->epsilon);
}

/* n elements from `at` on, which may be of several planes. */
static void normalise(const dv_call *c, const dv_isa *isa, size_t at, size_t n)
{
    const dv_shape *s = &c->out[0].shape;
    const dv_epilogue *ep = &c->ep;
    const size_t plane = dv_shape_count(s) / ((size_t)s->dim[0] * (size_t)s->dim[1]);
    for (const size_t end = at + n; at < end; at += n) {
        const size_t left = plane - at % plane;
        const int32_t channel = (int32_t)(at / plane % (size_t)s->dim[1]);
        const float k = factor(c, channel);
        const float b = c->in[BETA].data[channel] - c->in[MEAN].data[channel] * k;
        const float scale = ep->scale ? ep->scale[channel] : 1;
        const float shift = ep->shift ? ep->shift[channel] : 0;
        n = end - at < left ? end - at : left;
        isa->finish((int)n, c->in[X].data + at, k * scale, b * scale + shift, ep->lo, ep->hi,
                    c->out[0].data + at);
    }
}

static void forward_part(void *ctx, int i, int worker)
{
    (void)worker;
    const dv_call *c = ctx;
    const dv_isa *isa = dv_isa_best();
    for (dv_stretch s = dv_stretch_of(c, i); s.n > 0; dv_stretch_next(&s))
        normalise(c, isa, s.at, s.n);
}

static void forward(const dv_call *c)
{
    dv_call call = *c;
    dv_pool_run(c->pool, dv_stretch_parts(c), forward_part, &call);
}

static bool fuse(const dv_call *c, dv_epilogue *ep, float *scale, float *shift, int channels)
{
    if (ep->lo > -INFINITY || ep->hi < INFINITY) /* behind the clamp it is another function */
        return false;
    for (int i = 0; i < channels; i++) {
        float k = factor(c, i);
        scale[i] *= k;
        shift[i] = (shift[i] - c->in[MEAN].data[i]) * k + c->in[BETA].data[i];
    }
    return true;
}

static void project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    const dv_shape *s = &c->out[0].shape;
    if (!out[0].data || !in[0].data)
        return;
    const float *from = out[0].data;
    dv_layout to = dv_layout_box(s, &in[0].box);
    dv_run r = dv_run_over(s, out[0].box);
    for (; dv_run_next(&r); from += r.n) {
        float *g = in[0].data + dv_layout_at(&to, r.index, r.rank);
        if (r.rank == 2) { /* the run is along the channels */
            for (int32_t i = 0; i < r.n; i++)
                g[i] += from[i] * factor(c, r.index[1] + i);
            continue;
        }
        float k = factor(c, r.index[1]);
        for (int32_t i = 0; i < r.n; i++)
            g[i] += from[i] * k;
    }
}

const dv_op dv_op_batch_normalization = {
    .name = "BatchNormalization",
    .min_in = 5,
    .max_in = 5,
    .max_out = 1,
    .normalisation = true,
    .inputs = { "X", "scale", "B", "input_mean", "input_var" },
    .weights = { "weight", "bias", "running_mean", "running_var" },
    .params_size = sizeof(batch_normalization),
    .attrs = attrs,
    .infer = infer,
    .forward = forward,
    .reach = dv_reach_same,
    .takes_epilogue = true,
    .fuse = fuse,
    .window = dv_window_same,
    .project = project,
};
