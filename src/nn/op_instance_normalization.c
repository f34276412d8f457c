/* op_instance_normalization.c - each channel of each image to mean 0 and variance 1, then times
 * scale plus bias. ONNX InstanceNormalization-6. */
#include "nn/walk.h"
#include "nn/weights.h"

#include <math.h>
#include <string.h>

typedef struct instance_normalization {
    float epsilon;
} instance_normalization;

enum { X, SCALE, BIAS };

static const dv_attr_row attrs[] = {
    { "epsilon", DV_ATTR_FLOAT, DV_AT(instance_normalization, epsilon), .otherwise.f = 1e-5f },
    { 0 },
};

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const dv_shape *x = &s->in[X].shape;
    if (x->rank < 3)
        return dv_fail(err, DV_BAD_DATA, "the input has %d dimensions: at least 3 are needed",
                       x->rank);
    return dv_check_channel_weights(s, SCALE, "scale", x->dim[1], err) &&
           dv_check_channel_weights(s, BIAS, "bias", x->dim[1], err) &&
           dv_infer_same_shape(s, params, out, err);
}

/* Mean and 1 / standard deviation of n numbers. */
static void statistics(const float *x, size_t n, float epsilon, double *mean, double *inverse)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i];
    *mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += ((double)x[i] - *mean) * ((double)x[i] - *mean);
    *inverse = 1 / sqrt(squares / (double)n + (double)epsilon);
}

static void forward(const dv_call *c)
{
    const instance_normalization *p = c->params;
    const dv_shape *s = &c->out[0].shape;
    size_t planes = (size_t)s->dim[0] * (size_t)s->dim[1], n = dv_shape_count(s) / planes;
    for (size_t i = 0; i < planes; i++) {
        const float *restrict x = c->in[X].data + i * n;
        float *restrict y = c->out[0].data + i * n;
        double mean, inverse;
        statistics(x, n, p->epsilon, &mean, &inverse);
        const size_t channel = i % (size_t)s->dim[1];
        const float k = (float)((double)c->in[SCALE].data[channel] * inverse);
        const float b = c->in[BIAS].data[channel] - (float)mean * k;
        for (size_t j = 0; j < n; j++)
            y[j] = x[j] * k + b;
    }
}

static dv_box window(const dv_call *c, int i, int o, dv_box out)
{
    (void)i, (void)o;
    const dv_shape *s = &c->out[0].shape;
    if (dv_box_empty(&out))
        return out;
    dv_ranges r = dv_ranges_of(s, &out);
    for (int k = 2; k < s->rank; k++) {
        r.lo[k] = 0;
        r.hi[k] = s->dim[k];
    }
    return dv_box_of_ranges(s, &r);
}

/* What the way back needs of each channel. */
typedef struct channel {
    double mean, inverse, sum,
        product; /* of the signal; of the signal times (x - mean) / deviation */
} channel;

static size_t project_scratch(const dv_call *c, const dv_signal *out)
{
    (void)out;
    return (size_t)c->in[X].shape.dim[0] * (size_t)c->in[X].shape.dim[1] * sizeof(channel);
}

/* With z = (x - mean) / deviation: R' = scale / deviation (R - mean of R - z mean of R z). */
static void project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    if (!out[0].data || !in[0].data)
        return;
    const instance_normalization *p = c->params;
    const dv_shape *s = &c->out[0].shape;
    const size_t planes = (size_t)s->dim[0] * (size_t)s->dim[1], n = dv_shape_count(s) / planes;
    const float *x = c->in[X].data, *from = out[0].data;
    channel *all = c->scratch;
    memset(all, 0, planes * sizeof *all);
    dv_layout whole = dv_layout_whole(s), to = dv_layout_box(s, &in[0].box);
    dv_run r = dv_run_over(s, out[0].box);
    for (; dv_run_next(&r); from += r.n) {
        size_t plane = (size_t)r.index[0] * (size_t)s->dim[1] + (size_t)r.index[1];
        channel *a = &all[plane];
        const float *v = x + dv_layout_at(&whole, r.index, r.rank);
        float *g = in[0].data + dv_layout_at(&to, r.index, r.rank);
        if (a->inverse == 0)
            statistics(x + plane * n, n, p->epsilon, &a->mean, &a->inverse);
        const float k = (float)((double)c->in[SCALE].data[r.index[1]] * a->inverse);
        for (int32_t i = 0; i < r.n; i++) {
            g[i] += from[i] * k;
            a->sum += (double)from[i];
            a->product += (double)from[i] * ((double)v[i] - a->mean) * a->inverse;
        }
    }
    r = dv_run_over(s, window(c, X, 0, out[0].box));
    while (dv_run_next(&r)) {
        const channel *a = &all[(size_t)r.index[0] * (size_t)s->dim[1] + (size_t)r.index[1]];
        const float *v = x + dv_layout_at(&whole, r.index, r.rank);
        float *g = in[0].data + dv_layout_at(&to, r.index, r.rank);
        const double k = (double)c->in[SCALE].data[r.index[1]] * a->inverse / (double)n;
        for (int32_t i = 0; i < r.n; i++)
            g[i] -= (float)(k * (a->sum + ((double)v[i] - a->mean) * a->inverse * a->product));
    }
}

const dv_op dv_op_instance_normalization = {
    .name = "InstanceNormalization",
    .min_in = 3,
    .max_in = 3,
    .max_out = 1,
    .inputs = { "input", "scale", "B" },
    .params_size = sizeof(instance_normalization),
    .attrs = attrs,
    .infer = infer,
    .forward = forward,
    .window = window,
    .project = project,
    .project_scratch = project_scratch,
    .keeps = { DV_KEEP_IN, DV_KEEP_IN, DV_KEEP_IN },
};
