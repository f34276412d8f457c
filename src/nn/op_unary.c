/* op_unary.c - functions of one number. One row each: the function of kernel/function.h, and the
 * derivative by x where y is the value, as an expression in x, y and the attributes alpha (a) and
 * beta (b); what of x and y the derivative reads. The rows expand to loops of their own. */
#include "nn/elementwise.h"
#include "nn/exponential.h"

#include <math.h>

typedef struct unary {
    float alpha, beta;
} unary;

/* What a function is used for; as an activation it belongs to the layer before it. */
typedef enum use { FUNCTION, ACTIVATION } use;

#define INLINE static inline __attribute__((always_inline))

typedef float derivative_function(float x, float y, float a, float b);

INLINE void apply_back(const dv_back *job, int part, unsigned keep, derivative_function *d)
{
    const dv_call *c = job->c;
    const unary p = *(const unary *)c->params;
    const float *x = c->in[0].data, *y = c->out[0].data;
    dv_rows r = dv_back_rows(job, part);
    while (dv_rows_next(&r))
        for (size_t i = 0; i < r.n; i++)
            r.in[i] += r.out[i] * d(keep & DV_KEEP_IN ? x[r.at + i] : 0,
                                    keep & DV_KEEP_OUT ? y[r.at + i] : 0, p.alpha, p.beta);
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
    static bool NAME##_function(const dv_call *c, dv_function *f, float *a, float *b)       \
    {                                                                                       \
        const unary *p = c->params;                                                         \
        *f = (VALUE);                                                                       \
        *a = p->alpha;                                                                      \
        *b = p->beta;                                                                       \
        return true;                                                                        \
    }                                                                                       \
    INLINE float NAME##_derivative(float x, float y, float a, float b)                      \
    {                                                                                       \
        (void)x, (void)y, (void)a, (void)b;                                                 \
        return DERIVATIVE;                                                                  \
    }                                                                                       \
    static void NAME##_part(void *ctx, int i, int worker)                                   \
    {                                                                                       \
        (void)worker;                                                                       \
        apply_back(ctx, i, KEEP, NAME##_derivative);                                        \
    }                                                                                       \
    static void NAME##_project(const dv_call *c, const dv_signal *out, const dv_signal *in) \
    {                                                                                       \
        dv_back_run(c, &out[0], &in[0], NAME##_part);                                       \
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
        .forward = dv_forward_function,                                                     \
        .function = NAME##_function,                                                        \
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

UNARY_OP(abs, "Abs", DV_MAP_ABS, sign(x), IN, FUNCTION, END)
UNARY_OP(erf, "Erf", DV_MAP_ERF, 1.12837917f * dv_exp(-x * x), IN, FUNCTION, END)
UNARY_OP(exp, "Exp", DV_MAP_EXP, y, OUT, FUNCTION, END)
UNARY_OP(hard_swish, "HardSwish", DV_MAP_HARD_SWISH,
         dv_clamp(x / 6 + 0.5f, 0, 1) + x / 6 * within(x, -3, 3), IN, ACTIVATION, END)
UNARY_OP(log, "Log", DV_MAP_LOG, 1 / x, IN, FUNCTION, END)
UNARY_OP(neg, "Neg", DV_MAP_NEG, -1, NONE, FUNCTION, END)
UNARY_OP(reciprocal, "Reciprocal", DV_MAP_RECIPROCAL, -y *y, OUT, FUNCTION, END)
UNARY_OP(sigmoid, "Sigmoid", DV_MAP_SIGMOID, (y * (1 - y)), OUT, ACTIVATION, END)
UNARY_OP(softplus, "Softplus", DV_MAP_SOFTPLUS, 1 / (1 + dv_exp(-x)), IN, ACTIVATION, END)
UNARY_OP(softsign, "Softsign", DV_MAP_SOFTSIGN, 1 / ((1 + fabsf(x)) * (1 + fabsf(x))), IN, FUNCTION,
         END)
UNARY_OP(sqrt, "Sqrt", DV_MAP_SQRT, 0.5f / y, OUT, FUNCTION, END)
UNARY_OP(tanh, "Tanh", DV_MAP_TANH, 1 - y * y, OUT, ACTIVATION, END)
UNARY_OP(elu, "Elu", DV_MAP_ELU, x > 0 ? 1 : a * dv_exp(x), IN, ACTIVATION, ALPHA(1), END)
UNARY_OP(leaky_relu, "LeakyRelu", DV_MAP_LEAKY_RELU, x > 0 ? 1 : a, IN, ACTIVATION, ALPHA(0.01f),
         END)
UNARY_OP(thresholded_relu, "ThresholdedRelu", DV_MAP_THRESHOLDED_RELU, x > a ? 1 : 0, IN, FUNCTION,
         ALPHA(1), END)
UNARY_OP(hard_sigmoid, "HardSigmoid", DV_MAP_HARD_SIGMOID, (a * within(a * x + b, 0, 1)), IN,
         ACTIVATION, ALPHA(0.2f), BETA("beta", 0.5f), END)
UNARY_OP(selu, "Selu", DV_MAP_SELU, (b * (x > 0 ? 1 : a * dv_exp(x))), IN, ACTIVATION,
         ALPHA(1.67326319f), BETA("gamma", 1.05070102f), END)
