/* op_unary.c - functions of one number. One row each: the value, and the derivative by x where y is
 * the value, as expressions in x, y and the attributes alpha (a) and beta (b); what of x and y the
 * derivative reads. The rows expand to loops of their own. */
#include "nn/elementwise.h"
#include "nn/exponential.h"

#include <math.h>

typedef struct unary {
    float alpha, beta;
} unary;

/* What a function is used for; as an activation it belongs to the layer before it. */
typedef enum use { FUNCTION, ACTIVATION } use;

#define INLINE static inline __attribute__((always_inline))

static void run_parts(const dv_call *c, void (*task)(void *ctx, int i, int worker))
{
    dv_call call = *c;
    dv_pool_run(c->pool, dv_stretch_parts(c), task, &call);
}

typedef float value_function(float x, float a, float b);
typedef float derivative_function(float x, float y, float a, float b);

INLINE void apply(const dv_call *c, int part, value_function *f)
{
    const unary p = *(const unary *)c->params;
    for (dv_stretch s = dv_stretch_of(c, part); s.n > 0; dv_stretch_next(&s)) {
        const float *restrict x = c->in[0].data + s.at;
        float *restrict y = c->out[0].data + s.at;
        for (size_t i = 0; i < s.n; i++)
            y[i] = f(x[i], p.alpha, p.beta);
    }
}

INLINE void apply_back(const dv_call *c, const dv_signal *out, const dv_signal *in, unsigned keep,
                       derivative_function *d)
{
    const unary p = *(const unary *)c->params;
    const float *x = c->in[0].data, *y = c->out[0].data;
    dv_rows r = dv_rows_of(&c->out[0].shape, &out[0], &in[0]);
    while (dv_rows_next(&r))
        for (size_t i = 0; i < r.n; i++)
            r.in[i] += r.out[i] * d(keep & DV_KEEP_IN ? x[r.at + i] : 0,
                                    keep & DV_KEEP_OUT ? y[r.at + i] : 0, p.alpha, p.beta);
}

INLINE float sigmoid(float x)
{
    return 1 / (1 + dv_exp(-x));
}

INLINE float sign(float x)
{
    return (float)((x > 0) - (x < 0));
}

INLINE float within(float v, float lo, float hi) /* 1 or 0 */
{
    return (float)((v >= lo) & (v <= hi));
}

#define UNARY_OP(NAME, ONNX_NAME, VALUE, DERIVATIVE, KEEP, USE, ...)                        \
    INLINE float NAME##_value(float x, float a, float b)                                    \
    {                                                                                       \
        (void)a, (void)b;                                                                   \
        return VALUE;                                                                       \
    }                                                                                       \
    INLINE float NAME##_derivative(float x, float y, float a, float b)                      \
    {                                                                                       \
        (void)x, (void)y, (void)a, (void)b;                                                 \
        return DERIVATIVE;                                                                  \
    }                                                                                       \
    static void NAME##_part(void *ctx, int i, int worker)                                   \
    {                                                                                       \
        (void)worker;                                                                       \
        apply(ctx, i, NAME##_value);                                                        \
    }                                                                                       \
    static void NAME##_forward(const dv_call *c)                                            \
    {                                                                                       \
        run_parts(c, NAME##_part);                                                          \
    }                                                                                       \
    static void NAME##_project(const dv_call *c, const dv_signal *out, const dv_signal *in) \
    {                                                                                       \
        apply_back(c, out, in, KEEP, NAME##_derivative);                                    \
    }                                                                                       \
    static const dv_attr_row NAME##_attrs[] = { __VA_ARGS__ };                              \
    const dv_op dv_op_##NAME = {                                                            \
        .name = (ONNX_NAME),                                                                \
        .min_in = 1,                                                                        \
        .max_in = 1,                                                                        \
        .max_out = 1,                                                                       \
        .activation = ((USE) == ACTIVATION),                                                \
        .params_size = sizeof(unary),                                                       \
        .attrs = NAME##_attrs,                                                              \
        .infer = dv_infer_same_shape,                                                       \
        .forward = NAME##_forward,                                                          \
        .reach = dv_reach_same,                                                             \
        .window = dv_window_same,                                                           \
        .project = NAME##_project,                                                          \
        .keeps = { (KEEP), (KEEP), (KEEP) },                                                \
    };

/* Rows of attributes; each table ends with END. */
/* clang-format off */
#define END { 0 }
#define ALPHA(VALUE) { "alpha", DV_ATTR_FLOAT, DV_AT(unary, alpha), .otherwise.f = (VALUE) }
#define BETA(NAME, VALUE) { (NAME), DV_ATTR_FLOAT, DV_AT(unary, beta), .otherwise.f = (VALUE) }
/* clang-format on */

#define NONE DV_KEEP_NOTHING
#define IN   DV_KEEP_IN
#define OUT  DV_KEEP_OUT

UNARY_OP(abs, "Abs", fabsf(x), sign(x), IN, FUNCTION, END)
UNARY_OP(erf, "Erf", erff(x), 1.12837917f * expf(-x * x), IN, FUNCTION, END)
UNARY_OP(exp, "Exp", expf(x), y, OUT, FUNCTION, END)
UNARY_OP(hard_swish, "HardSwish", (x * dv_clamp(x / 6 + 0.5f, 0, 1)),
         dv_clamp(x / 6 + 0.5f, 0, 1) + x / 6 * within(x, -3, 3), IN, ACTIVATION, END)
UNARY_OP(log, "Log", logf(x), 1 / x, IN, FUNCTION, END)
UNARY_OP(neg, "Neg", -x, -1, NONE, FUNCTION, END)
UNARY_OP(reciprocal, "Reciprocal", 1 / x, -y *y, OUT, FUNCTION, END)
UNARY_OP(sigmoid, "Sigmoid", sigmoid(x), (y * (1 - y)), OUT, ACTIVATION, END)
UNARY_OP(softplus, "Softplus", (x > 0 ? x : 0) + log1pf(expf(-fabsf(x))), sigmoid(x), IN,
         ACTIVATION, END)
UNARY_OP(softsign, "Softsign", x / (1 + fabsf(x)), 1 / ((1 + fabsf(x)) * (1 + fabsf(x))), IN,
         FUNCTION, END)
UNARY_OP(sqrt, "Sqrt", sqrtf(x), 0.5f / y, OUT, FUNCTION, END)
UNARY_OP(tanh, "Tanh", tanhf(x), 1 - y * y, OUT, ACTIVATION, END)
UNARY_OP(elu, "Elu", x > 0 ? x : a * expm1f(x), x > 0 ? 1 : a * expf(x), IN, ACTIVATION, ALPHA(1),
         END)
UNARY_OP(leaky_relu, "LeakyRelu", x<0 ? a * x : x, x> 0 ? 1 : a, IN, ACTIVATION, ALPHA(0.01f), END)
UNARY_OP(thresholded_relu, "ThresholdedRelu", x <= a ? 0 : x, x > a ? 1 : 0, IN, FUNCTION, ALPHA(1),
         END)
UNARY_OP(hard_sigmoid, "HardSigmoid", dv_clamp(a *x + b, 0, 1), (a * within(a * x + b, 0, 1)), IN,
         ACTIVATION, ALPHA(0.2f), BETA("beta", 0.5f), END)
UNARY_OP(selu, "Selu", (b * (x > 0 ? x : a * expm1f(x))), (b * (x > 0 ? 1 : a * expf(x))), IN,
         ACTIVATION, ALPHA(1.67326319f), BETA("gamma", 1.05070102f), END)
