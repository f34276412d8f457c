/* test_rectify.c - activations that no paper's rule knows: which they are, also where they are
 * written out, and what --rectify makes of them, against formulas in doubles. */
#include "net.h"

#include "deconvviz/activation.h"
#include "deconvviz/project.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { C = 5, H = 4, W = 3, Y = 2, X = 1 /* of the unit */ };

/* -- the curves and their slopes -------------------------------------------------------------- */

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double silu(double x)
{
    return x * sigmoid(x);
}

static double silu_slope(double x)
{
    const double s = sigmoid(x);
    return s * (1 + x * (1 - s));
}

static double gelu(double x)
{
    return x * (1 + erf(x / sqrt(2))) / 2;
}

static double gelu_slope(double x)
{
    return (1 + erf(x / sqrt(2))) / 2 + x * exp(-x * x / 2) / sqrt(2 * acos(-1.0));
}

static double inner(double x)
{
    return sqrt(2 / acos(-1.0)) * (x + 0.044715 * x * x * x);
}

static double gelu_tanh(double x)
{
    return x * (1 + tanh(inner(x))) / 2;
}

static double gelu_tanh_slope(double x)
{
    const double t = tanh(inner(x));
    return (1 + t) / 2 + x / 2 * (1 - t * t) * sqrt(2 / acos(-1.0)) * (1 + 3 * 0.044715 * x * x);
}

static double hard_swish(double x)
{
    return x * fmin(fmax(x + 3, 0), 6) / 6;
}

static double hard_swish_slope(double x)
{
    return x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6;
}

static double mish(double x)
{
    return x * tanh(log1p(exp(x)));
}

static double mish_slope(double x)
{
    const double t = tanh(log1p(exp(x)));
    return t + x * (1 - t * t) * sigmoid(x);
}

static double elu(double x)
{
    return x > 0 ? x : expm1(x);
}

static double elu_slope(double x)
{
    return x > 0 ? 1 : exp(x);
}

static double leaky(double x)
{
    return x > 0 ? x : 0.01 * x;
}

static double leaky_slope(double x)
{
    return x > 0 ? 1 : 0.01;
}

static double sigmoid_slope(double x)
{
    return sigmoid(x) * (1 - sigmoid(x));
}

static double tanh_slope(double x)
{
    return 1 - tanh(x) * tanh(x);
}

/* -- networks --------------------------------------------------------------------------------- */

#define NUMBER(NAME, VALUE)            \
    static float NAME(uint32_t *state) \
    {                                  \
        (void)state;                   \
        return VALUE;                  \
    }

NUMBER(zero, 0)
NUMBER(half, 0.5F)
NUMBER(one, 1)
NUMBER(three, 3)
NUMBER(six, 6)
NUMBER(root_half, 0.70710678F)
NUMBER(cubic, 0.044715F)
NUMBER(root, 0.79788456F)
NUMBER(hundredth, 0.01F)

static float spread(uint32_t *state)
{
    return 3 * net_random(state);
}

/* from -> "a", by one operator or by several. */
typedef void put_function(dv_model *m);

static void put_relu(dv_model *m)
{
    net_add(m, "Relu", "p", "a", NULL);
}

static void put_gelu(dv_model *m)
{
    net_add(m, "Gelu", "p", "a", NULL);
}

static void put_silu(dv_model *m)
{
    net_add(m, "Sigmoid", "p", "s", NULL);
    net_add(m, "Mul", "p s", "a", NULL);
}

/* As PyTorch before operator set 20. */
static void put_gelu_erf(dv_model *m)
{
    net_add(m, "Mul", "p n.root_half", "b", NULL);
    net_add(m, "Erf", "b", "c", NULL);
    net_add(m, "Add", "c n.one", "d", NULL);
    net_add(m, "Mul", "p d", "e", NULL);
    net_add(m, "Mul", "e n.half", "a", NULL);
}

/* As TensorFlow. */
static void put_gelu_tanh(dv_model *m)
{
    net_add(m, "Mul", "p p", "b", NULL);
    net_add(m, "Mul", "b p", "c", NULL);
    net_add(m, "Mul", "n.cubic c", "d", NULL);
    net_add(m, "Add", "p d", "e", NULL);
    net_add(m, "Mul", "e n.root", "f", NULL);
    net_add(m, "Tanh", "f", "g", NULL);
    net_add(m, "Add", "n.one g", "h", NULL);
    net_add(m, "Mul", "p n.half", "i", NULL);
    net_add(m, "Mul", "i h", "a", NULL);
}

static void put_hard_swish(dv_model *m)
{
    net_add(m, "HardSwish", "p", "a", NULL);
}

/* As PyTorch before operator set 14. */
static void put_hard_swish_clip(dv_model *m)
{
    net_add(m, "Add", "p n.three", "b", NULL);
    net_add(m, "Clip", "b n.zero n.six", "c", NULL);
    net_add(m, "Mul", "p c", "d", NULL);
    net_add(m, "Div", "d n.six", "a", NULL);
}

static void put_mish(dv_model *m)
{
    net_add(m, "Softplus", "p", "b", NULL);
    net_add(m, "Tanh", "b", "c", NULL);
    net_add(m, "Mul", "p c", "a", NULL);
}

static void put_elu(dv_model *m)
{
    net_add(m, "Elu", "p", "a", NULL);
}

static void put_leaky(dv_model *m)
{
    net_add(m, "LeakyRelu", "p", "a", NULL);
}

static void put_prelu(dv_model *m)
{
    net_add(m, "PRelu", "p n.slopes", "a", NULL);
}

static void put_sigmoid(dv_model *m)
{
    net_add(m, "Sigmoid", "p", "a", NULL);
}

static void put_tanh(dv_model *m)
{
    net_add(m, "Tanh", "p", "a", NULL);
}

static const struct form {
    const char *name;
    put_function *put;
    double (*f)(double), (*slope)(double);
    bool bounded;
} forms[] = {
    { "Gelu", put_gelu, gelu, gelu_slope, false },
    { "Silu", put_silu, silu, silu_slope, false },
    { "Gelu", put_gelu_erf, gelu, gelu_slope, false },
    { "Gelu", put_gelu_tanh, gelu_tanh, gelu_tanh_slope, false },
    { "HardSwish", put_hard_swish, hard_swish, hard_swish_slope, false },
    { "HardSwish", put_hard_swish_clip, hard_swish, hard_swish_slope, false },
    { "Mish", put_mish, mish, mish_slope, false },
    { "Elu", put_elu, elu, elu_slope, false },
    { "LeakyRelu", put_leaky, leaky, leaky_slope, false },
    { "PRelu", put_prelu, leaky, leaky_slope, false },
    { "Sigmoid", put_sigmoid, sigmoid, sigmoid_slope, true },
    { "Tanh", put_tanh, tanh, tanh_slope, true },
};

enum { N_FORMS = sizeof forms / sizeof forms[0] };

/* x -> conv 1x1 = p -> activation = a -> conv 1x1 = y, which is signed. */
static dv_model *network(put_function *put)
{
    dv_model *m = net_new(C, H, W);
    net_constant(m, "n.zero", 0, 0, 0, 0, zero, 1);
    net_constant(m, "n.half", 0, 0, 0, 0, half, 1);
    net_constant(m, "n.one", 0, 0, 0, 0, one, 1);
    net_constant(m, "n.three", 0, 0, 0, 0, three, 1);
    net_constant(m, "n.six", 0, 0, 0, 0, six, 1);
    net_constant(m, "n.root_half", 1, 0, 0, 0, root_half, 1);
    net_constant(m, "n.cubic", 0, 0, 0, 0, cubic, 1);
    net_constant(m, "n.root", 0, 0, 0, 0, root, 1);
    net_constant(m, "n.slopes", C, 1, 1, 0, hundredth, 1);
    net_conv(m, "x", "p", C, C, 1, 1, 0, spread, 3);
    put(m);
    net_conv(m, "a", "y", C, C, 1, 1, 0, spread, 4);
    net_finish(m, "y");
    return m;
}

static const float *weights(const dv_model *m, const char *name)
{
    return dv_array_floats(m->values[dv_model_value(m, name)].constant);
}

/* -- the way back ----------------------------------------------------------------------------- */

static void make_input(float *x)
{
    uint32_t state = 9;
    for (int i = 0; i < C * H * W; i++)
        x[i] = net_random(&state);
}

/* The projection of channel `channel` of "y" at (Y,X): r (C) at that place; it is 0 elsewhere. */
static void project(const dv_model *m, int channel, dv_rule rule, dv_rectify rectify, float *r)
{
    float x[C * H * W];
    dv_error err;
    dv_signal s;
    const dv_unit u = { dv_model_value(m, "y"), channel, Y, X };
    const dv_request q = {
        .n_keep = 1, .keep = &u.tensor, .rules = 1U << rule, .rectify = rectify, .exact = true
    };
    make_input(x);
    dv_plan *plan = dv_plan_new(m, &q, NULL, &err);
    assert_non_null(plan);
    dv_trace *trace = dv_trace_new(plan, NULL, &err);
    dv_projector *projector = dv_projector_new(trace, NULL, &err);
    assert_true(dv_trace_forward(trace, x, &err) &&
                dv_project(projector, &u, rule, DV_SEED_ONE, &s, &err));
    assert_true(s.box.lo[DV_Y] == Y && s.box.hi[DV_Y] == Y + 1 && s.box.lo[DV_X] == X &&
                s.box.hi[DV_X] == X + 1);
    memcpy(r, s.data, C * sizeof *r);
    dv_projector_free(projector);
    dv_trace_free(trace);
    dv_plan_free(plan);
}

static double back(const struct form *f, dv_rule rule, dv_rectify rectify, double r, double p)
{
    if (rule == DV_RULE_GRADIENT || rectify == DV_RECTIFY_RELU)
        return r * f->slope(p);
    return fmax(r, 0) * (rule == DV_RULE_DECONVNET && !f->bounded ? 1 : f->slope(p));
}

/* The same by the formulas. */
static void expect(const dv_model *m, const struct form *f, int channel, dv_rule rule,
                   dv_rectify rectify, double *r)
{
    const float *w1 = weights(m, "p.w"), *w2 = weights(m, "y.w");
    float x[C * H * W];
    make_input(x);
    memset(r, 0, C * sizeof *r);
    for (int k = 0; k < C; k++) {
        double p = 0;
        for (int i = 0; i < C; i++)
            p += (double)w1[k * C + i] * (double)x[(i * H + Y) * W + X];
        const double b = back(f, rule, rectify, (double)w2[channel * C + k], p);
        for (int i = 0; i < C; i++)
            r[i] += b * (double)w1[k * C + i];
    }
}

static void each_form_is_rectified_as_its_formula_says(void **state)
{
    (void)state;
    for (int i = 0; i < N_FORMS; i++) {
        dv_model *m = network(forms[i].put);
        for (int rule = 0; rule < DV_N_RULES; rule++)
            for (int rectify = 0; rectify < DV_N_RECTIFY; rectify++)
                for (int channel = 0; channel < C; channel++) {
                    float got[C];
                    double want[C];
                    /* a Clip inside follows the rule of a ReLU unless all is rectified at once */
                    if (forms[i].put == put_hard_swish_clip && rectify == DV_RECTIFY_RELU &&
                        rule != DV_RULE_GRADIENT)
                        continue;
                    project(m, channel, (dv_rule)rule, (dv_rectify)rectify, got);
                    expect(m, &forms[i], channel, (dv_rule)rule, (dv_rectify)rectify, want);
                    for (int k = 0; k < C; k++)
                        if (!(fabs((double)got[k] - want[k]) <= 2e-5 * (1 + fabs(want[k]))))
                            fail_msg("form %d (%s), rule %d, rectify %d, channel %d: %g, not %g", i,
                                     forms[i].name, rule, rectify, channel, (double)got[k],
                                     want[k]);
                }
        dv_model_free(m);
    }
}

static void a_relu_is_as_the_paper_has_it_either_way(void **state)
{
    (void)state;
    dv_model *m = network(put_relu);
    for (int rule = 0; rule < DV_N_RULES; rule++)
        for (int channel = 0; channel < C; channel++) {
            float as[C], all[C];
            project(m, channel, (dv_rule)rule, DV_RECTIFY_RELU, as);
            project(m, channel, (dv_rule)rule, DV_RECTIFY_ALL, all);
            assert_memory_equal(as, all, sizeof as);
        }
    dv_model_free(m);
}

/* -- who else reads a part -------------------------------------------------------------------- */

static void put_silu_and_its_gate(dv_model *m)
{
    net_add(m, "Sigmoid", "p", "s", NULL);
    net_add(m, "Mul", "p s", "b", NULL);
    net_add(m, "Add", "b s", "a", NULL);
}

static void a_part_that_is_read_from_outside_gets_that_signal_too(void **state)
{
    (void)state;
    dv_model *m = network(put_silu_and_its_gate);
    const float *w1 = weights(m, "p.w"), *w2 = weights(m, "y.w");
    float x[C * H * W], got[C];
    make_input(x);
    project(m, 1, DV_RULE_DECONVNET, DV_RECTIFY_ALL, got);
    double want[C] = { 0 };
    for (int k = 0; k < C; k++) {
        double p = 0;
        const double r = (double)w2[C + k];
        for (int i = 0; i < C; i++)
            p += (double)w1[k * C + i] * (double)x[(i * H + Y) * W + X];
        for (int i = 0; i < C; i++)
            want[i] += (fmax(r, 0) + r * sigmoid_slope(p)) * (double)w1[k * C + i];
    }
    for (int k = 0; k < C; k++)
        assert_true(fabs((double)got[k] - want[k]) <= 2e-5 * (1 + fabs(want[k])));
    dv_model_free(m);
}

/* -- counting --------------------------------------------------------------------------------- */

static dv_activations count(const dv_model *m, const char *tensor)
{
    dv_activations a;
    dv_error err;
    const int t = dv_model_value(m, tensor);
    assert_true(dv_model_activations(m, 1, &t, &a, &err));
    return a;
}

static void each_form_counts_once_by_its_name(void **state)
{
    (void)state;
    for (int i = 0; i < N_FORMS; i++) {
        dv_model *m = network(forms[i].put);
        const dv_activations a = count(m, "y"), before = count(m, "p");
        assert_int_equal(a.n, 1);
        assert_int_equal(a.n_other, 1);
        assert_int_equal(a.n_kinds, 1);
        assert_string_equal(a.kinds[0].name, forms[i].name);
        assert_int_equal(a.kinds[0].n, 1);
        assert_int_equal(before.n, 0);
        dv_model_free(m);
    }
    dv_model *m = network(put_relu);
    assert_int_equal(count(m, "y").n, 1);
    assert_int_equal(count(m, "y").n_other, 0);
    dv_model_free(m);
}

/* A product of two tensors, a square, a cube: no activations, though made of elements. */
static void products_are_no_activations(void **state)
{
    (void)state;
    dv_model *m = net_new(C, H, W);
    net_conv(m, "x", "p", C, C, 1, 1, 0, spread, 3);
    net_conv(m, "x", "q", C, C, 1, 1, 0, spread, 5);
    net_add(m, "Sigmoid", "q", "s", NULL);
    net_add(m, "Mul", "p s", "gated", NULL); /* the gate is of another tensor: its Sigmoid counts */
    net_add(m, "Mul", "gated gated", "square", NULL);
    net_add(m, "Mul", "square gated", "cube", NULL);
    net_finish(m, "cube");
    const dv_activations a = count(m, "cube");
    assert_int_equal(a.n, 1);
    assert_string_equal(a.kinds[0].name, "Sigmoid");
    dv_model_free(m);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    dv_model *m = network(put_relu);
    dv_error err;
    dv_activations a;
    const int none = 1 << 20, y = dv_model_value(m, "y");
    assert_false(dv_model_activations(m, 1, &none, &a, &err));
    assert_int_equal(err.code, DV_BAD_USAGE);
    const dv_request q = { .n_keep = 1, .keep = &y, .rules = 1, .rectify = (dv_rectify)7 };
    assert_null(dv_plan_new(m, &q, NULL, &err));
    assert_int_equal(err.code, DV_BAD_USAGE);
    assert_string_equal(dv_rule_title(DV_RULE_DECONVNET, DV_RECTIFY_RELU), "deconvnet");
    assert_string_equal(dv_rule_title(DV_RULE_GUIDED, DV_RECTIFY_ALL), "guided, rectify all");
    assert_string_equal(dv_rule_title(DV_RULE_GRADIENT, DV_RECTIFY_ALL), "gradient");
    dv_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_is_rectified_as_its_formula_says),
        cmocka_unit_test(a_relu_is_as_the_paper_has_it_either_way),
        cmocka_unit_test(a_part_that_is_read_from_outside_gets_that_signal_too),
        cmocka_unit_test(each_form_counts_once_by_its_name),
        cmocka_unit_test(products_are_no_activations),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
