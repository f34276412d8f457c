/* op_relu.c - max(x, 0); the place where the rules of projection differ. */
#include "nn/elementwise.h"
#include "nn/walk.h"

static bool function(const dv_call *c, dv_function *f, float *a, float *b)
{
    (void)c;
    *f = DV_MAP_CLAMP;
    *a = 0;
    *b = INFINITY;
    return true;
}

typedef struct back {
    const dv_call *c;
    const dv_signal *out, *in;
} back;

enum { PART_PLANES = 4 }; /* channels in a task */

/* in (n) += r (n) where r is more than 0; in one place, the rest becomes 0. */
static void rectify(size_t n, const float *r, float *in)
{
    if (in == r) {
        for (size_t k = 0; k < n; k++)
            in[k] = in[k] > 0 ? in[k] : 0;
        return;
    }
    const float *restrict from = r;
    float *restrict to = in;
    for (size_t k = 0; k < n; k++)
        to[k] += from[k] > 0 ? from[k] : 0;
}

/* in (n) += r (n) where y is more than 0 and r more than `floor`; in one place, the rest becomes
 * 0. */
static void mask(size_t n, const float *restrict y, float floor, const float *r, float *in)
{
    if (in == r) {
        for (size_t k = 0; k < n; k++)
            in[k] = ((y[k] > 0) & (in[k] > floor)) ? in[k] : 0;
        return;
    }
    const float *restrict from = r;
    float *restrict to = in;
    for (size_t k = 0; k < n; k++)
        to[k] += ((y[k] > 0) & (from[k] > floor)) ? from[k] : 0;
}

static void project_part(void *ctx, int i, int worker)
{
    (void)worker;
    const back *job = ctx;
    const dv_call *c = job->c;
    const dv_signal out = dv_signal_part(job->out, PART_PLANES, i);
    if (c->rule == DV_RULE_DECONVNET && dv_box_equal(job->out->box, job->in->box)) {
        rectify(dv_box_count(&out.box), out.data, dv_signal_part(job->in, PART_PLANES, i).data);
        return;
    }
    const float *y = c->out[0].data; /* > 0 exactly where x is */
    dv_rows r = dv_rows_of(&c->out[0].shape, &out, job->in);
    while (dv_rows_next(&r))
        if (c->rule == DV_RULE_DECONVNET)
            rectify(r.n, r.out, r.in);
        else
            mask(r.n, y + r.at, c->rule == DV_RULE_GRADIENT ? -INFINITY : 0, r.out, r.in);
}

static void project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    back job = { c, &out[0], &in[0] };
    if (out[0].data && in[0].data)
        dv_pool_run(c->pool, dv_box_parts(&out[0].box, PART_PLANES), project_part, &job);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the type is the contract's */
static bool fuse(const dv_call *c, dv_epilogue *ep, float *scale, float *shift, int channels)
{
    (void)c, (void)scale, (void)shift, (void)channels;
    dv_fuse_clamp(ep, 0, INFINITY);
    return true;
}

const dv_op dv_op_relu = {
    .name = "Relu",
    .min_in = 1,
    .max_in = 1,
    .max_out = 1,
    .activation = true,
    .infer = dv_infer_same_shape,
    .forward = dv_forward_function,
    .function = function,
    .reach = dv_reach_same,
    .fuse = fuse,
    .window = dv_window_same,
    .project = project,
    .in_place = true,
    .keeps = { [DV_RULE_GRADIENT] = DV_KEEP_OUT, [DV_RULE_GUIDED] = DV_KEEP_OUT },
};
