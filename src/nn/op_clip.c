/* op_clip.c - min(max(x, lo), hi). From 0 it is a ReLU with a lid (ReLU6) and follows the rule;
 * from anywhere else it is a function like others and has one derivative. */
#include "nn/elementwise.h"

typedef struct clip {
    float lo, hi;
} clip;

static const dv_attr_row attrs[] = {
    { "min", DV_ATTR_FLOAT, DV_AT(clip, lo), .otherwise.f = -INFINITY },
    { "max", DV_ATTR_FLOAT, DV_AT(clip, hi), .otherwise.f = INFINITY },
    { 0 },
};

static bool parse(const dv_node_spec *s, void *params, dv_error *err)
{
    clip *p = params;
    if (!dv_spec_input_float(s, 1, &p->lo, err) || !dv_spec_input_float(s, 2, &p->hi, err))
        return false;
    return p->lo <= p->hi || dv_fail(err, DV_UNSUPPORTED, "min is %g, more than max, which is %g",
                                     (double)p->lo, (double)p->hi);
}

static bool follows_rule(const clip *p)
{
    return p->lo == 0;
}

/* A byte an element says whether lo <= x <= hi, which the output alone does not tell. */
static size_t aux_bytes(const dv_call *c)
{
    return follows_rule(c->params) ? 0 : dv_shape_count(&c->out[0].shape);
}

static bool function(const dv_call *c, dv_function *f, float *a, float *b)
{
    const clip *p = c->params;
    *f = DV_MAP_CLAMP;
    *a = p->lo;
    *b = p->hi;
    return true;
}

static void inside_part(void *ctx, int i, int worker)
{
    (void)worker;
    const dv_call *c = ctx;
    const clip *p = c->params;
    const float lo = p->lo, hi = p->hi;
    for (dv_stretch s = dv_stretch_of(c, i); s.n > 0; dv_stretch_next(&s)) {
        const float *restrict x = c->in[0].data + s.at;
        uint8_t *restrict inside = (uint8_t *)c->aux + s.at;
        for (size_t k = 0; k < s.n; k++)
            inside[k] = (x[k] >= lo) & (x[k] <= hi);
    }
}

static void forward(const dv_call *c)
{
    dv_call call = *c;
    dv_forward_function(c);
    if (c->aux && !follows_rule(c->params))
        dv_pool_run(c->pool, dv_stretch_parts(c), inside_part, &call);
}

static void project_by_rule(const dv_call *c, dv_rows r)
{
    const clip *p = c->params;
    const float *y = c->out[0].data; /* inside (lo, hi) exactly where x is */
    float floor = c->rule == DV_RULE_GRADIENT ? -INFINITY : 0;
    while (dv_rows_next(&r)) {
        if (c->rule == DV_RULE_DECONVNET)
            for (size_t i = 0; i < r.n; i++)
                r.in[i] += r.out[i] > 0 ? r.out[i] : 0;
        else
            for (size_t i = 0; i < r.n; i++) {
                float v = y[r.at + i];
                bool passes = (v > p->lo) & (v < p->hi) & (r.out[i] > floor);
                r.in[i] += passes ? r.out[i] : 0;
            }
    }
}

static void project_part(void *ctx, int i, int worker)
{
    (void)worker;
    const dv_back *b = ctx;
    const dv_call *c = b->c;
    const uint8_t *inside = c->aux;
    dv_rows r = dv_back_rows(b, i);
    if (follows_rule(c->params)) {
        project_by_rule(c, r);
        return;
    }
    while (dv_rows_next(&r))
        for (size_t k = 0; k < r.n; k++)
            r.in[k] += inside[r.at + k] ? r.out[k] : 0;
}

static void project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    dv_back_run(c, &out[0], &in[0], project_part);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the type is the contract's */
static bool fuse(const dv_call *c, dv_epilogue *ep, float *scale, float *shift, int channels)
{
    (void)scale, (void)shift, (void)channels;
    const clip *p = c->params;
    if (!follows_rule(p)) /* forward must run: it writes aux */
        return false;
    dv_fuse_clamp(ep, p->lo, p->hi);
    return true;
}

const dv_op dv_op_clip = {
    .name = "Clip",
    .min_in = 1,
    .max_in = 3,
    .max_out = 1,
    .activation = true,
    .inputs = { "input", "min", "max" },
    .params_size = sizeof(clip),
    .attrs = attrs,
    .parse = parse,
    .infer = dv_infer_same_shape,
    .aux_bytes = aux_bytes,
    .forward = forward,
    .function = function,
    .reach = dv_reach_same,
    .fuse = fuse,
    .window = dv_window_same,
    .project = project,
    .keeps = { [DV_RULE_GRADIENT] = DV_KEEP_OUT, [DV_RULE_GUIDED] = DV_KEEP_OUT },
};
