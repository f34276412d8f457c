/* op_gelu.c - x times the probability that a normal number is below x, exactly or by a tanh. ONNX
 * Gelu-20. */
#include "kernel/isa.h"
#include "nn/elementwise.h"

enum { EXACT, BY_TANH };

typedef struct gelu {
    int32_t approximate;
} gelu;

static const char *const words[] = { "none", "tanh", NULL };

static const dv_attr_row attrs[] = {
    { "approximate", DV_ATTR_TEXT, DV_AT(gelu, approximate), .words = words },
    { 0 },
};

static bool function(const dv_call *c, dv_function *f, float *a, float *b)
{
    const gelu *p = c->params;
    *f = p->approximate == BY_TANH ? DV_MAP_GELU_TANH : DV_MAP_GELU;
    *a = *b = 0;
    return true;
}

enum { SOME = 512 }; /* slopes at a time, to stay in the cache */

static void project_part(void *ctx, int i, int worker)
{
    (void)worker;
    const dv_back *job = ctx;
    const gelu *p = job->c->params;
    const dv_function f = p->approximate == BY_TANH ? DV_MAP_GELU_TANH_SLOPE : DV_MAP_GELU_SLOPE;
    const dv_isa *isa = dv_isa_best();
    dv_rows r = dv_back_rows(job, i);
    while (dv_rows_next(&r)) {
        const float *x = job->c->in[0].data + r.at;
        for (size_t at = 0; at < r.n; at += SOME) {
            const size_t n = r.n - at < SOME ? r.n - at : SOME;
            float slope[SOME];
            isa->map(f, (int)n, x + at, 0, 0, slope);
            for (size_t k = 0; k < n; k++)
                r.in[at + k] += r.out[at + k] * slope[k];
        }
    }
}

static void project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    dv_back_run(c, &out[0], &in[0], project_part);
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
    .forward = dv_forward_function,
    .function = function,
    .reach = dv_reach_same,
    .window = dv_window_same,
    .project = project,
    .keeps = { DV_KEEP_IN, DV_KEEP_IN, DV_KEEP_IN },
};
