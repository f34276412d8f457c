/* Functions of one number, arithmetic on two and more with broadcasting, normalisations. */
#include "nn/exponential.h"
#include "op_harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* -- functions of one number, each in its own words ------------------------------------------- */

static double leaky(double x)
{
    return x > 0 ? x : 0.01 * x;
}

static double elu(double x)
{
    return x > 0 ? x : exp(x) - 1;
}

static double selu(double x)
{
    return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (exp(x) - 1));
}

static double hard_sigmoid(double x)
{
    return fmin(1, fmax(0, 0.2 * x + 0.5));
}

static double hard_swish(double x)
{
    return x * fmin(1, fmax(0, x / 6 + 0.5));
}

static double softplus(double x)
{
    return log(1 + exp(x));
}

static double softsign(double x)
{
    return x / (1 + fabs(x));
}

static double negated(double x)
{
    return -x;
}

static double reciprocal(double x)
{
    return 1 / x;
}

static double thresholded(double x)
{
    return x > 1 ? x : 0;
}

typedef struct function {
    const char *name;
    double (*value)(double x);
    bool positive; /* defined for x > 0 alone */
    float stretch; /* of the random numbers in [-1, 1) */
} function;

static const function functions[] = {
    { "Abs", fabs, false, 2 },
    { "Erf", erf, false, 2 },
    { "Exp", exp, false, 2 },
    { "HardSigmoid", hard_sigmoid, false, 4 },
    { "HardSwish", hard_swish, false, 5 },
    { "LeakyRelu", leaky, false, 2 },
    { "Log", log, true, 2 },
    { "Neg", negated, false, 2 },
    { "Reciprocal", reciprocal, true, 2 },
    { "Elu", elu, false, 2 },
    { "Selu", selu, false, 2 },
    { "Sigmoid", sigmoid, false, 4 },
    { "Softplus", softplus, false, 4 },
    { "Softsign", softsign, false, 2 },
    { "Sqrt", sqrt, true, 2 },
    { "Tanh", tanh, false, 2 },
    { "ThresholdedRelu", thresholded, false, 2 },
};

/* Numbers that keep away from the places where a function has a corner: 0, 1, 2.5, 3. */
static void away_from_corners(const function *f, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        x[i] *= f->stretch;
        if (f->positive)
            x[i] = 0.5f + fabsf(x[i]);
        const float corners[] = { 0, 1, -1, 2.5f, -2.5f, 3, -3 };
        for (int k = 0; k < 7; k++)
            if (fabsf(x[i] - corners[k]) < 0.02f)
                x[i] += 0.05f;
    }
}

static void functions_and_their_derivatives(void **state)
{
    (void)state;
    const dv_shape shapes[] = { op_shape(4, 1, 3, 4, 5), op_shape(2, 3, 15), op_shape(3, 2, 3, 9),
                                op_shape(5, 2, 2, 2, 3, 2) };
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        for (int s = 0; s < 4; s++) {
            const function *f = &functions[i];
            op_case *k = op_new(f->name, 13);
            float want[64];
            op_activation(k, shapes[s]);
            op_build(k);
            size_t n = dv_shape_count(&shapes[s]);
            away_from_corners(f, k->in[0].data, n);
            op_forward(k);
            for (size_t j = 0; j < n; j++)
                want[j] = (float)f->value((double)k->in[0].data[j]);
            op_expect(k, 0, 1e-6, want);
            op_check_adjoint(k, 2);
            op_free(k);
        }
}

static void functions_take_their_attributes(void **state)
{
    (void)state;
    op_case *k = op_new("HardSigmoid", 6);
    op_float(k, "alpha", 0.5);
    op_float(k, "beta", 0.25);
    op_activation(k, op_shape(1, 3));
    op_build(k);
    const float x[] = { -1, 1, 2 };
    memcpy(k->in[0].data, x, sizeof x);
    op_forward(k);
    op_expect_values(k, 0, 3, 0.0, 0.75, 1.0);
    op_free(k);

    k = op_new("LeakyRelu", 6);
    op_int(k, "alpha", 2); /* a whole number, as JSON has it */
    op_activation(k, op_shape(1, 3));
    op_build(k);
    memcpy(k->in[0].data, x, sizeof x);
    op_forward(k);
    op_expect_values(k, 0, 3, -2.0, 1.0, 2.0);
    op_free(k);
}

static void softplus_of_large_numbers_is_finite(void **state)
{
    (void)state;
    op_case *k = op_new("Softplus", 1);
    op_activation(k, op_shape(1, 2));
    op_build(k);
    k->in[0].data[0] = 500;
    k->in[0].data[1] = -500;
    op_forward(k);
    op_expect_values(k, 0, 2, 500.0, 0.0);
    op_free(k);
}

static void the_exponential_is_right_to_two_units(void **state)
{
    (void)state;
    const double unit = 1.0 / (1 << 24);
    for (double x = -86.9; x < 86.9; x += 0.0037) {
        float v = (float)x;
        double want = exp((double)v);
        assert_true(fabs((double)dv_exp(v) - want) <= 2 * unit * want);
    }
    assert_true(dv_exp(0) == 1);
    assert_true(dv_exp(-INFINITY) < 1e-37f && dv_exp(-1e30f) < 1e-37f);
    assert_true(dv_exp(INFINITY) > 1e37f && dv_exp(1e30f) > 1e37f);
    assert_true(isnan(dv_exp(NAN)) && isnan(dv_exp(-NAN)));
}

static void sigmoid_at_the_ends(void **state)
{
    (void)state;
    op_case *k = op_new("Sigmoid", 13);
    const float x[] = { -1000, 1000, -INFINITY, INFINITY };
    op_activation(k, op_shape(1, 5));
    op_build(k);
    memcpy(k->in[0].data, x, sizeof x);
    k->in[0].data[4] = NAN;
    op_forward(k);
    for (int i = 0; i < 4; i++)
        assert_true(fabsf(k->out[0].data[i] - (float)(i % 2)) < 1e-30f);
    assert_true(isnan(k->out[0].data[4]));
    op_free(k);
}

static void a_long_tensor_is_computed_by_the_pool_as_by_one_thread(void **state)
{
    (void)state;
    dv_pool *pool = dv_pool_new(2, NULL);
    assert_non_null(pool);
    op_case *k = op_new("Sigmoid", 13);
    op_activation(k, op_shape(4, 1, 5, 97, 101));
    op_build(k);
    op_forward(k);
    size_t n = dv_shape_count(&k->out[0].shape);
    float *want = malloc(n * sizeof *want);
    assert_non_null(want);
    memcpy(want, k->out[0].data, n * sizeof *want);
    k->call.pool = pool;
    op_forward(k);
    assert_memory_equal(k->out[0].data, want, n * sizeof *want);
    free(want);
    op_free(k);
    dv_pool_free(pool);
}

/* -- arithmetic with broadcasting ------------------------------------------------------------- */

/* Two or more shapes that broadcast to one of `rank` axes. */
static void random_shapes(int rank, int n, dv_shape *shapes)
{
    int32_t dim[DV_MAX_RANK];
    for (int k = 0; k < rank; k++)
        dim[k] = op_random_int(1, k == 0 && rank >= 3 ? 3 : 4);
    for (int i = 0; i < n; i++) {
        int own = i == 0 ? rank : op_random_int(0, rank);
        shapes[i].rank = own;
        for (int k = 0; k < own; k++)
            shapes[i].dim[k] = op_random_int(0, 2) ? dim[rank - own + k] : 1;
    }
    if (op_random_int(0, 1)) { /* the first need not be the one with all axes */
        dv_shape swap = shapes[0];
        shapes[0] = shapes[n - 1];
        shapes[n - 1] = swap;
    }
}

/* The element of input i that element `at` of the output is made from. */
static float operand(const op_case *k, int i, int at)
{
    const dv_shape *in = &k->in[i].shape, *out = &k->out[0].shape;
    int index = 0, step = 1;
    for (int a = out->rank - 1; a >= 0; a--) {
        int here = at % out->dim[a], own = a - (out->rank - in->rank);
        at /= out->dim[a];
        if (own < 0)
            continue;
        index += (in->dim[own] == 1 ? 0 : here) * step;
        step *= in->dim[own];
    }
    return k->in[i].data[index];
}

static double add(double a, double b)
{
    return a + b;
}

static double subtract(double a, double b)
{
    return a - b;
}

static double multiply(double a, double b)
{
    return a * b;
}

static double divide(double a, double b)
{
    return a / b;
}

static const struct {
    const char *name;
    double (*value)(double a, double b);
    bool positive;
} pairs[] = {
    { "Add", add, false },   { "Sub", subtract, false }, { "Mul", multiply, false },
    { "Div", divide, true }, { "Pow", pow, true },
};

static void make_positive(const op_case *k)
{
    for (int i = 0; i < k->spec.n_in; i++)
        for (size_t j = 0; j < dv_shape_count(&k->in[i].shape); j++)
            k->in[i].data[j] = 0.75f + fabsf(k->in[i].data[j]);
}

static void arithmetic_broadcasts_and_is_adjoint(void **state)
{
    (void)state;
    for (int trial = 0; trial < 250; trial++) {
        op_case *k = op_new(pairs[trial % 5].name, 13);
        dv_shape shapes[2];
        int constant = op_random_int(0, 3); /* 0 or 1: that operand; else none */
        random_shapes(op_random_int(0, 5), 2, shapes);
        for (int i = 0; i < 2; i++)
            constant == i ? op_weight(k, shapes[i], NULL) : op_activation(k, shapes[i]);
        op_build(k);
        if (pairs[trial % 5].positive)
            make_positive(k);
        op_forward(k);
        int n = (int)dv_shape_count(&k->out[0].shape);
        float *want = malloc((size_t)n * sizeof *want);
        assert_non_null(want);
        for (int i = 0; i < n; i++)
            want[i] =
                (float)pairs[trial % 5].value((double)operand(k, 0, i), (double)operand(k, 1, i));
        op_expect(k, 0, 1e-6, want);
        op_check_adjoint(k, 1);
        free(want);
        op_free(k);
    }
}

static void addition_sums_what_was_repeated(void **state)
{
    (void)state;
    op_case *k = op_new("Add", 13);
    const float r[] = { 1, 2, 3, 10, 20, 30 };
    float back[2];
    op_activation(k, op_shape(4, 1, 2, 1, 1));
    op_activation(k, op_shape(4, 1, 2, 1, 3));
    op_build(k);
    op_forward(k);
    op_project(k, DV_RULE_DECONVNET, (const float *const[]){ r }, 0, back);
    assert_true(back[0] == 6 && back[1] == 60);
    op_free(k);
}

static void the_powers_that_networks_use(void **state)
{
    (void)state;
    const double exponents[] = { 2, 1, 0.5, 0.75, 3, -1 };
    for (int i = 0; i < 6; i++) {
        op_case *k = op_new("Pow", 13);
        float e = (float)exponents[i], want[12];
        op_activation(k, op_shape(5, 1, 1, 3, 2, 2));
        op_weight(k, op_shape(0), &e);
        op_build(k);
        for (int j = 0; j < 12; j++)
            k->in[0].data[j] = 0.5f + fabsf(k->in[0].data[j]);
        op_forward(k);
        for (int j = 0; j < 12; j++)
            want[j] = (float)pow((double)k->in[0].data[j], exponents[i]);
        op_expect(k, 0, 1e-6, want);
        op_check_adjoint(k, 2);
        op_free(k);
    }
}

static void squares_of_negative_numbers_come_back(void **state)
{
    (void)state;
    op_case *k = op_new("Pow", 13);
    op_activation(k, op_shape(1, 2));
    op_weight(k, op_shape(0), (const float[]){ 2 });
    op_build(k);
    k->in[0].data[0] = -3;
    k->in[0].data[1] = 0;
    op_forward(k);
    op_expect_values(k, 0, 2, 9.0, 0.0);
    op_expect_projection(k, DV_RULE_DECONVNET, (const float[]){ 1, 1 }, 2, -6.0, 0.0);
    op_free(k);
}

static double fold(int kind, double y, double x)
{
    return kind < 2 ? y + x : kind == 2 ? fmax(y, x) : fmin(y, x);
}

static void many_tensors_made_into_one(void **state)
{
    (void)state;
    static const char *const names[] = { "Sum", "Mean", "Max", "Min" };
    for (int trial = 0; trial < 80; trial++) {
        int kind = trial % 4, n_in = op_random_int(1, 4);
        op_case *k = op_new(names[kind], 13);
        dv_shape shapes[4];
        random_shapes(op_random_int(1, 5), n_in, shapes);
        for (int i = 0; i < n_in; i++)
            op_activation(k, shapes[i]);
        op_build(k);
        for (int i = 0; i < n_in; i++) { /* distinct, so that no maximum is shared */
            op_spread_input(k, i, 0.04f);
            for (size_t j = 0; j < dv_shape_count(&shapes[i]); j++)
                k->in[i].data[j] += 0.01f * (float)i;
        }
        k->spacing = kind < 2 ? 0.25f : 0.003f;
        op_forward(k);
        int n = (int)dv_shape_count(&k->out[0].shape);
        float *want = malloc((size_t)n * sizeof *want);
        assert_non_null(want);
        for (int i = 0; i < n; i++) {
            double y = (double)operand(k, 0, i);
            for (int j = 1; j < n_in; j++)
                y = fold(kind, y, (double)operand(k, j, i));
            want[i] = (float)(kind == 1 ? y / n_in : y);
        }
        op_expect(k, 0, 1e-6, want);
        op_check_adjoint(k, 1);
        free(want);
        op_free(k);
    }
}

static void a_shared_maximum_goes_to_the_first(void **state)
{
    (void)state;
    op_case *k = op_new("Max", 13);
    const float r = 5;
    float back;
    op_activation(k, op_shape(1, 1));
    op_activation(k, op_shape(1, 1));
    op_build(k);
    k->in[0].data[0] = k->in[1].data[0] = 2;
    op_forward(k);
    op_project(k, DV_RULE_DECONVNET, (const float *const[]){ &r }, 0, &back);
    assert_true(back == 5);
    op_project(k, DV_RULE_DECONVNET, (const float *const[]){ &r }, 1, &back);
    assert_true(back == 0);
    op_free(k);
}

static void sums_apply_their_epilogue(void **state)
{
    (void)state;
    static const char *const names[] = { "Add", "Sub", "Sum" };
    float scale[] = { 2, -1 }, shift[] = { 0.5f, 0 };
    for (int i = 0; i < 3; i++) {
        op_case *k = op_new(names[i], 13);
        float want[12];
        op_activation(k, op_shape(4, 2, 2, 1, 3));
        op_activation(k, op_shape(4, 2, 2, 1, 3));
        op_build(k);
        op_forward(k);
        for (int j = 0; j < 12; j++)
            want[j] = dv_clamp(k->out[0].data[j] * scale[j / 3 % 2] + shift[j / 3 % 2], 0, 1);
        k->call.ep = (dv_epilogue){ .scale = scale, .shift = shift, .lo = 0, .hi = 1 };
        op_forward(k);
        op_expect(k, 0, 1e-6, want);
        op_free(k);
    }
}

static void arithmetic_refuses_shapes_that_do_not_broadcast(void **state)
{
    (void)state;
    op_case *k = op_new("Add", 13);
    op_activation(k, op_shape(4, 1, 3, 2, 2));
    op_activation(k, op_shape(2, 4, 2));
    op_refused(k, DV_BAD_DATA, "input 1, (4,2), does not fit (1,3,2,2)");
    op_free(k);
}

/* -- PRelu ------------------------------------------------------------------------------------ */

static void prelu_by_channel(void **state)
{
    (void)state;
    const dv_shape slopes[] = { op_shape(3, 2, 1, 1), op_shape(1, 2) }; /* (2) is no row here */
    for (int i = 0; i < 2; i++) {
        op_case *k = op_new("PRelu", 9);
        const float x[] = { -1, 2, -4, 8 };
        op_activation(k, op_shape(4, 1, 2, 1, 2));
        op_weight(k, slopes[i], (const float[]){ 0.5f, 0.25f });
        op_build(k);
        memcpy(k->in[0].data, x, sizeof x);
        op_forward(k);
        op_expect_values(k, 0, 4, -0.5, 2.0, -1.0, 8.0);
        for (int rule = 0; rule < DV_N_RULES; rule++)
            op_expect_projection(k, (dv_rule)rule, (const float[]){ 1, 1, -1, -1 }, 4, 0.5, 1.0,
                                 -0.25, -1.0);
        op_check_adjoint(k, 3);
        op_free(k);

        k = op_new("PRelu", 9);
        op_activation(k, op_shape(4, 3, 2, 4, 3));
        op_weight(k, slopes[i], NULL);
        op_build(k);
        op_spread_input(k, 0, 0.02f);
        k->spacing = 0.005f;
        op_check_adjoint(k, 5);
        op_free(k);
    }
}

static void prelu_refuses_a_slope_that_widens_its_input(void **state)
{
    (void)state;
    op_case *k = op_new("PRelu", 9);
    op_activation(k, op_shape(4, 1, 2, 1, 2));
    op_weight(k, op_shape(3, 2, 3, 1), NULL);
    op_refused(k, DV_BAD_DATA, "slope is (2,3,1): it does not fit the input, (1,2,1,2)");
    op_free(k);
}

/* -- LRN -------------------------------------------------------------------------------------- */

static op_case *lrn(dv_shape s, int size, double beta)
{
    op_case *k = op_new("LRN", 13);
    op_int(k, "size", size);
    op_float(k, "alpha", 0.9);
    op_float(k, "beta", beta);
    op_float(k, "bias", 0.7);
    op_activation(k, s);
    op_build(k);
    return k;
}

static void lrn_equals_its_definition(void **state)
{
    (void)state;
    for (int trial = 0; trial < 24; trial++) {
        int size = 1 + trial % 6;
        double beta = trial % 2 ? 0.75 : 1.3;
        dv_shape s = op_shape(4, 2, op_random_int(1, 7), op_random_int(1, 5), 3);
        op_case *k = lrn(s, size, beta);
        int plane = s.dim[2] * s.dim[3], channels = s.dim[1], n = (int)dv_shape_count(&s);
        float *want = malloc((size_t)n * sizeof *want);
        assert_non_null(want);
        op_forward(k);
        for (int i = 0; i < n; i++) {
            int c = i / plane % channels;
            double sum = 0;
            for (int j = c - (size - 1) / 2; j <= c + size / 2; j++)
                if (j >= 0 && j < channels) {
                    double v = (double)k->in[0].data[i + (j - c) * plane];
                    sum += v * v;
                }
            want[i] = (float)((double)k->in[0].data[i] * pow(0.7 + 0.9 / size * sum, -beta));
        }
        op_expect(k, 0, 1e-6, want);
        free(want);
        op_free(k);
    }
}

static void lrn_is_adjoint_but_for_the_deconvnet(void **state)
{
    (void)state;
    const dv_shape shapes[] = { op_shape(4, 1, 6, 3, 4), op_shape(3, 3, 5, 7),
                                op_shape(5, 2, 4, 2, 3, 2) };
    for (int i = 0; i < 12; i++) {
        op_case *k = lrn(shapes[i % 3], 1 + i / 2, i % 2 ? 0.75 : 0.5);
        op_check_adjoint_of(k, 4, 1u << DV_RULE_GRADIENT | 1u << DV_RULE_GUIDED);
        op_free(k);
    }
}

static void lrn_passes_the_deconvnet_unchanged(void **state)
{
    (void)state;
    op_case *k = lrn(op_shape(4, 1, 3, 1, 1), 3, 0.75);
    op_forward(k);
    op_expect_projection(k, DV_RULE_DECONVNET, (const float[]){ 1, -2, 3 }, 3, 1.0, -2.0, 3.0);
    op_free(k);
}

static void lrn_sees_the_channels_around(void **state)
{
    (void)state;
    op_case *k = lrn(op_shape(4, 1, 9, 4, 4), 4, 0.75);
    dv_box unit = { { 4, 1, 2 }, { 5, 2, 3 } }, want = { { 3, 1, 2 }, { 7, 2, 3 } };
    op_forward(k);
    dv_box got = k->op->window(&k->call, 0, 0, unit);
    assert_memory_equal(&got, &want, sizeof got);
    op_free(k);
}

static void lrn_refuses_a_size_of_nothing(void **state)
{
    (void)state;
    op_case *k = op_new("LRN", 13);
    op_activation(k, op_shape(4, 1, 3, 1, 1));
    op_refused(k, DV_BAD_DATA, "the attribute size is missing");
    op_int(k, "size", 0);
    op_refused(k, DV_BAD_DATA, "size is 0: 1 to 65536 is possible");
    op_free(k);
}

/* -- InstanceNormalization -------------------------------------------------------------------- */

static void instance_normalization_by_hand(void **state)
{
    (void)state;
    op_case *k = op_new("InstanceNormalization", 6);
    const float x[] = { 1, 3, 10, 30 };
    op_float(k, "epsilon", 0);
    op_activation(k, op_shape(4, 1, 2, 1, 2));
    op_weight(k, op_shape(1, 2), (const float[]){ 1, 5 });
    op_weight(k, op_shape(1, 2), (const float[]){ 100, 0 });
    op_build(k);
    memcpy(k->in[0].data, x, sizeof x);
    op_forward(k);
    op_expect_values(k, 0, 4, 99.0, 101.0, -5.0, 5.0);
    op_free(k);
}

static void instance_normalization_is_adjoint(void **state)
{
    (void)state;
    const dv_shape shapes[] = { op_shape(4, 2, 4, 3, 5), op_shape(3, 1, 3, 8),
                                op_shape(5, 3, 2, 3, 2, 2) };
    for (int i = 0; i < 3; i++) {
        op_case *k = op_new("InstanceNormalization", 6);
        dv_shape channels = op_shape(1, (int)shapes[i].dim[1]);
        op_activation(k, shapes[i]);
        op_weight(k, channels, NULL);
        op_weight(k, channels, NULL);
        op_build(k);
        op_check_adjoint(k, 5);
        op_free(k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_and_their_derivatives),
        cmocka_unit_test(functions_take_their_attributes),
        cmocka_unit_test(softplus_of_large_numbers_is_finite),
        cmocka_unit_test(the_exponential_is_right_to_two_units),
        cmocka_unit_test(sigmoid_at_the_ends),
        cmocka_unit_test(a_long_tensor_is_computed_by_the_pool_as_by_one_thread),
        cmocka_unit_test(arithmetic_broadcasts_and_is_adjoint),
        cmocka_unit_test(addition_sums_what_was_repeated),
        cmocka_unit_test(the_powers_that_networks_use),
        cmocka_unit_test(squares_of_negative_numbers_come_back),
        cmocka_unit_test(many_tensors_made_into_one),
        cmocka_unit_test(a_shared_maximum_goes_to_the_first),
        cmocka_unit_test(sums_apply_their_epilogue),
        cmocka_unit_test(arithmetic_refuses_shapes_that_do_not_broadcast),
        cmocka_unit_test(prelu_by_channel),
        cmocka_unit_test(prelu_refuses_a_slope_that_widens_its_input),
        cmocka_unit_test(lrn_equals_its_definition),
        cmocka_unit_test(lrn_is_adjoint_but_for_the_deconvnet),
        cmocka_unit_test(lrn_passes_the_deconvnet_unchanged),
        cmocka_unit_test(lrn_sees_the_channels_around),
        cmocka_unit_test(lrn_refuses_a_size_of_nothing),
        cmocka_unit_test(instance_normalization_by_hand),
        cmocka_unit_test(instance_normalization_is_adjoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
