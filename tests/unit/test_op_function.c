/* Elementwise operators compute what they say of themselves, to the byte. */
#include "kernel/isa.h"
#include "op_harness.h"

#include <math.h>
#include <string.h>

enum { N = 2 * 3 * 7 * 5 };

static void expect_function(op_case *k)
{
    dv_function f = DV_N_FUNCTIONS;
    float a, b, want[N];
    op_forward(k);
    assert_true(k->op->function(&k->call, &f, &a, &b));
    dv_isa_best()->map(f, N, k->in[0].data, a, b, want);
    assert_memory_equal(k->out[0].data, want, sizeof want);
    op_free(k);
}

static op_case *one(const char *name, int opset)
{
    op_case *k = op_new(name, opset);
    op_activation(k, op_shape(4, 2, 3, 7, 5));
    return k;
}

static void operators_on_one_number_say_their_function(void **state)
{
    (void)state;
    static const char *const names[] = {
        "Abs",      "Erf",         "Exp",  "HardSwish", "Neg",        "Sigmoid",
        "Softplus", "Softsign",    "Tanh", "Elu",       "Relu",       "LeakyRelu",
        "Gelu",     "HardSigmoid", "Selu", "Clip",      "Reciprocal", "ThresholdedRelu",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        op_case *k = one(names[i], 20);
        op_build(k);
        expect_function(k);
    }
}

static void operators_say_their_parameters(void **state)
{
    (void)state;
    op_case *k = one("Clip", 6);
    op_float(k, "min", -0.25);
    op_float(k, "max", 0.5);
    op_build(k);
    expect_function(k);

    k = one("Gelu", 20);
    op_text(k, "approximate", "tanh");
    op_build(k);
    expect_function(k);

    k = one("Selu", 6);
    op_float(k, "alpha", 0.5);
    op_float(k, "gamma", 3);
    op_build(k);
    expect_function(k);
}

/* Pow by a constant for all: of a square and a root, and of no other. */
static void powers_say_what_they_are(void **state)
{
    (void)state;
    const float exponents[] = { 2, 0.5f, 3 };
    for (int i = 0; i < 3; i++) {
        op_case *k = one("Pow", 13);
        dv_function f;
        float a, b;
        op_weight(k, op_shape(1, 1), &exponents[i]);
        op_build(k);
        for (int j = 0; j < N; j++)
            k->in[0].data[j] = fabsf(k->in[0].data[j]);
        if (exponents[i] != 3) {
            expect_function(k);
            continue;
        }
        op_forward(k);
        assert_false(k->op->function(&k->call, &f, &a, &b));
        op_free(k);
    }
    op_case *k = one("Pow", 13);
    dv_function f;
    float a, b;
    op_activation(k, op_shape(1, 1)); /* known once it is computed */
    op_build(k);
    op_forward(k);
    k->in[1].data = NULL;
    assert_false(k->op->function(&k->call, &f, &a, &b));
    op_free(k);
}

static void operators_on_two_numbers_say_their_function(void **state)
{
    (void)state;
    static const char *const names[] = { "Add", "Sub", "Mul", "Div", "PRelu" };
    for (int i = 0; i < 5; i++)
        for (int all = 0; all < 2; all++) {
            const dv_shape shape = all ? op_shape(0) : op_shape(4, 2, 3, 7, 5);
            op_case *k = one(names[i], 13);
            dv_binary f = DV_N_BINARIES;
            float want[N];
            i == 4 ? op_weight(k, shape, NULL) : op_activation(k, shape);
            op_build(k);
            op_forward(k);
            assert_true(k->op->binary(&k->call, &f));
            dv_isa_best()->combine(f, N, k->in[0].data, false, k->in[1].data, all, want);
            assert_memory_equal(k->out[0].data, want, sizeof want);
            op_free(k);
        }
}

/* A list of slopes, one a channel, is no row of the last axis. */
static void a_list_of_slopes_is_not_broadcast(void **state)
{
    (void)state;
    op_case *k = one("PRelu", 13);
    dv_binary f;
    op_weight(k, op_shape(1, 3), NULL);
    op_build(k);
    op_forward(k);
    assert_false(k->op->binary(&k->call, &f));
    op_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_on_one_number_say_their_function),
        cmocka_unit_test(operators_say_their_parameters),
        cmocka_unit_test(powers_say_what_they_are),
        cmocka_unit_test(operators_on_two_numbers_say_their_function),
        cmocka_unit_test(a_list_of_slopes_is_not_broadcast),
    };
    static const char *const sets[] = { "avx512", "avx2", "baseline" };
    int failures = 0;
    for (int i = 0; i < 3; i++) {
        failures += !dv_isa_limit(sets[i]);
        failures += cmocka_run_group_tests_name(sets[i], tests, NULL, NULL);
    }
    return failures;
}
