/* op_lrn.c - local response normalisation over neighbouring channels, ONNX LRN-13:
 *
 *     y_c = x_c S_c^-beta,  S_c = bias + alpha / size * (sum of x_k^2 over the channels around c)
 *
 * The deconvnet passes its signal unchanged: the paper has no contrast normalisation on the way
 * back. The two other rules take the derivative. */
#include "nn/elementwise.h"
#include "nn/walk.h"

#include <math.h>

typedef struct lrn {
    float alpha, beta, bias;
    int32_t size;
    int32_t below, above; /* neighbours of a channel on either side */
} lrn;

enum { BLOCK = 256, MAX_SIZE = 65536 };

static const dv_attr_row attrs[] = {
    { "size", DV_ATTR_INT, DV_AT(lrn, size), .need = DV_ATTR_REQUIRED, .min = 1, .max = MAX_SIZE },
    { "alpha", DV_ATTR_FLOAT, DV_AT(lrn, alpha), .otherwise.f = 1e-4f },
    { "beta", DV_ATTR_FLOAT, DV_AT(lrn, beta), .otherwise.f = 0.75f },
    { "bias", DV_ATTR_FLOAT, DV_AT(lrn, bias), .otherwise.f = 1 },
    { 0 },
};

static bool parse(const dv_node_spec *s, void *params, dv_error *err)
{
    (void)s, (void)err;
    lrn *p = params;
    p->below = (p->size - 1) / 2;
    p->above = p->size - 1 - p->below;
    return true;
}

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    if (s->in[0].shape.rank < 3)
        return dv_fail(err, DV_BAD_DATA, "the input has %d dimensions: at least 3 are needed",
                       s->in[0].shape.rank);
    return dv_infer_same_shape(s, params, out, err);
}

static float scale_of(const lrn *p)
{
    return p->alpha / (float)p->size;
}

/* s^-beta */
static float inverse_power(float s, float beta)
{
    return beta == 0.75f ? 1 / sqrtf(s * sqrtf(s)) : powf(s, -beta);
}

/* s (n) = S of n neighbours in a row of channel c. x: the first of them in channel 0; `pitch`
 * floats from channel to channel. */
static void sums(const lrn *p, const float *x, size_t pitch, int32_t channels, int32_t c, size_t n,
                 float *restrict s)
{
    int32_t first = c > p->below ? c - p->below : 0;
    int32_t last = c + p->above < channels ? c + p->above : channels - 1;
    for (size_t i = 0; i < n; i++)
        s[i] = 0;
    for (int32_t k = first; k <= last; k++) {
        const float *v = x + (size_t)k * pitch;
        for (size_t i = 0; i < n; i++)
            s[i] += v[i] * v[i];
    }
    const float scale = scale_of(p);
    for (size_t i = 0; i < n; i++)
        s[i] = p->bias + scale * s[i];
}

typedef struct job {
    const dv_call *c;
    int32_t channels;
    size_t plane;
} job;

/* Neighbours from element `at` on, of one plane. */
static void normalise(const job *j, size_t at, size_t n)
{
    const lrn *p = j->c->params;
    const int32_t channel = (int32_t)(at / j->plane % (size_t)j->channels);
    const float *mine = j->c->in[0].data + at, *x = mine - (size_t)channel * j->plane;
    float *y = j->c->out[0].data + at;
    float s[BLOCK];
    sums(p, x, j->plane, j->channels, channel, n, s);
    for (size_t k = 0; k < n; k++)
        y[k] = mine[k] * inverse_power(s[k], p->beta);
}

static void forward_part(void *ctx, int i, int worker)
{
    (void)worker;
    const job *j = ctx;
    for (dv_stretch s = dv_stretch_of(j->c, i); s.n > 0; dv_stretch_next(&s))
        for (size_t at = s.at, end = s.at + s.n; at < end;) {
            const size_t left = j->plane - at % j->plane, rest = end - at < left ? end - at : left;
            const size_t n = rest < BLOCK ? rest : BLOCK;
            normalise(j, at, n);
            at += n;
        }
}

static void forward(const dv_call *c)
{
    const dv_shape *s = &c->out[0].shape;
    job j = { .c = c, .channels = s->dim[1] };
    j.plane = dv_shape_count(s) / ((size_t)s->dim[0] * (size_t)s->dim[1]);
    dv_pool_run(c->pool, dv_stretch_parts(c), forward_part, &j);
}

static dv_box window(const dv_call *c, int i, int o, dv_box out)
{
    (void)i, (void)o;
    const lrn *p = c->params;
    const dv_shape *s = &c->out[0].shape;
    if (dv_box_empty(&out))
        return out;
    dv_ranges r = dv_ranges_of(s, &out);
    r.lo[1] = dv_coordinate((int64_t)r.lo[1] - p->below);
    r.hi[1] = dv_coordinate((int64_t)r.hi[1] + p->above);
    return dv_box_of_ranges(s, &r);
}

static dv_box reach(const dv_call *c, int i, int o, dv_box in)
{
    (void)i, (void)o;
    const lrn *p = c->params;
    const dv_shape *s = &c->in[0].shape;
    dv_ranges r = dv_ranges_of(s, &in);
    r.lo[1] = dv_coordinate((int64_t)r.lo[1] - p->above);
    r.hi[1] = dv_coordinate((int64_t)r.hi[1] + p->below);
    return dv_box_of_ranges(s, &r);
}

static size_t project_scratch(const dv_call *c, const dv_signal *out)
{
    (void)c;
    return dv_box_count(&out[0].box) * sizeof(float);
}

/* dy_c/dx_k = [c = k] S_c^-beta - 2 alpha/size beta x_c x_k S_c^(-beta-1). The first part, and
 * t_c = R_c x_c S_c^(-beta-1) for the second, which sums t over all c that k is a neighbour of. */
static void project_own(const dv_call *c, const dv_signal *out, const dv_signal *in, float *t)
{
    const lrn *p = c->params;
    const dv_shape *s = &c->in[0].shape;
    dv_layout x = dv_layout_whole(s), to = dv_layout_box(s, &in->box);
    const float *r = out->data;
    dv_run run = dv_run_over(s, out->box);
    for (; dv_run_next(&run); r += run.n, t += run.n) {
        int32_t channel = run.index[1];
        float sum[BLOCK];
        const float *mine = c->in[0].data + dv_layout_at(&x, run.index, run.rank);
        float *g = in->data + dv_layout_at(&to, run.index, run.rank);
        for (int32_t at = 0; at < run.n; at += BLOCK) {
            int32_t n = run.n - at < BLOCK ? run.n - at : BLOCK;
            sums(p, mine - channel * x.step[1] + at, (size_t)x.step[1], s->dim[1], channel,
                 (size_t)n, sum);
            for (int32_t i = 0; i < n; i++) {
                float own = r[at + i] * inverse_power(sum[i], p->beta);
                g[at + i] += own;
                t[at + i] = own * mine[at + i] / sum[i];
            }
        }
    }
}

static void project_neighbours(const dv_call *c, const dv_signal *out, const dv_signal *in,
                               const float *t)
{
    const lrn *p = c->params;
    const dv_shape *s = &c->in[0].shape;
    const float scale = 2 * scale_of(p) * p->beta;
    dv_layout x = dv_layout_whole(s), to = dv_layout_box(s, &in->box);
    dv_run run = dv_run_over(s, out->box);
    for (; dv_run_next(&run); t += run.n) {
        int32_t channel = run.index[1];
        int32_t first = channel > p->below ? channel - p->below : 0;
        int32_t last = channel + p->above < s->dim[1] ? channel + p->above : s->dim[1] - 1;
        for (run.index[1] = first; run.index[1] <= last; run.index[1]++) {
            const float *v = c->in[0].data + dv_layout_at(&x, run.index, run.rank);
            float *g = in->data + dv_layout_at(&to, run.index, run.rank);
            for (int32_t i = 0; i < run.n; i++)
                g[i] -= scale * v[i] * t[i];
        }
        run.index[1] = channel;
    }
}

static void project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    if (!out[0].data || !in[0].data)
        return;
    if (c->rule == DV_RULE_DECONVNET) {
        dv_add_signal(&c->out[0].shape, &out[0], &in[0]);
        return;
    }
    project_own(c, &out[0], &in[0], c->scratch);
    project_neighbours(c, &out[0], &in[0], c->scratch);
}

const dv_op dv_op_lrn = {
    .name = "LRN",
    .min_in = 1,
    .max_in = 1,
    .max_out = 1,
    .params_size = sizeof(lrn),
    .attrs = attrs,
    .parse = parse,
    .infer = infer,
    .forward = forward,
    .reach = reach,
    .window = window,
    .project = project,
    .project_scratch = project_scratch,
    .keeps = { [DV_RULE_GRADIENT] = DV_KEEP_IN, [DV_RULE_GUIDED] = DV_KEEP_IN },
};
