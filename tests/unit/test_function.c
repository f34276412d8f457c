/* The functions over arrays of each instruction set, against doubles. */
#include "kernel/isa.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static uint32_t next_bits(void)
{
    static uint64_t seed = 11;
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 32);
}

static float float_of(uint32_t bits)
{
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* -- each in its own words -------------------------------------------------------------------- */

static double bounded(double v, double lo, double hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

static double clamped(double x, double a, double b)
{
    return bounded(x, a, b);
}

static double absolute(double x, double a, double b)
{
    return (void)a, (void)b, fabs(x);
}

static double elu(double x, double a, double b)
{
    return (void)b, x > 0 ? x : a * expm1(x);
}

static double erf_of(double x, double a, double b)
{
    return (void)a, (void)b, erf(x);
}

static double exp_of(double x, double a, double b)
{
    return (void)a, (void)b, exp(x);
}

static double probability(double x)
{
    return 0.5 * erfc(-x * sqrt(0.5));
}

static double gelu(double x, double a, double b)
{
    return (void)a, (void)b, x * probability(x);
}

static double gelu_slope(double x, double a, double b)
{
    (void)a, (void)b;
    return probability(x) + (fabs(x) < 50 ? x * exp(-x * x / 2) / sqrt(2 * acos(-1)) : 0);
}

static double bend(double x)
{
    return 1 / (1 + exp(-sqrt(8 / acos(-1)) * (x + 0.044715 * x * x * x)));
}

static double gelu_tanh(double x, double a, double b)
{
    return (void)a, (void)b, x * bend(x);
}

static double gelu_tanh_slope(double x, double a, double b)
{
    (void)a, (void)b;
    const double v = bounded(x, -50, 50), p = bend(v);
    return p + v * p * (1 - p) * sqrt(8 / acos(-1)) * (1 + 3 * 0.044715 * v * v);
}

static double hard_sigmoid(double x, double a, double b)
{
    return bounded(a * x + b, 0, 1);
}

static double hard_swish(double x, double a, double b)
{
    return (void)a, (void)b, x * bounded(x / 6 + 0.5, 0, 1);
}

static double leaky_relu(double x, double a, double b)
{
    return (void)b, x < 0 ? a * x : x;
}

static double linear(double x, double a, double b)
{
    return (double)(float)(a * x) + b;
}

static double log_of(double x, double a, double b)
{
    return (void)a, (void)b, log(x);
}

static double negated(double x, double a, double b)
{
    return (void)a, (void)b, -x;
}

static double reciprocal(double x, double a, double b)
{
    return (void)a, (void)b, 1 / x;
}

static double selu(double x, double a, double b)
{
    return b * elu(x, a, b);
}

static double sigmoid(double x, double a, double b)
{
    return (void)a, (void)b, 1 / (1 + exp(-x));
}

static double silu(double x, double a, double b)
{
    return (void)a, (void)b, x / (1 + exp(-x));
}

static double softplus(double x, double a, double b)
{
    return (void)a, (void)b, fmax(x, 0) + log1p(exp(-fabs(x)));
}

static double softsign(double x, double a, double b)
{
    return (void)a, (void)b, x / (1 + fabs(x));
}

static double sqrt_of(double x, double a, double b)
{
    return (void)a, (void)b, sqrt(x);
}

static double square(double x, double a, double b)
{
    return (void)a, (void)b, x * x;
}

static double tanh_of(double x, double a, double b)
{
    return (void)a, (void)b, tanh(x);
}

static double thresholded_relu(double x, double a, double b)
{
    return (void)b, x <= a ? 0 : x;
}

/* What function.h says that each may be wrong by: units in the last place, or a part of x, or of
 * one. */
static const struct {
    double (*value)(double x, double a, double b);
    float a, b;
    double units, of_x, of_one;
} functions[DV_N_FUNCTIONS] = {
    [DV_MAP_ABS] = { absolute, .units = 0 },
    [DV_MAP_CLAMP] = { clamped, -1.5f, 6, .units = 0 },
    [DV_MAP_ELU] = { elu, 0.7f, .units = 3 },
    [DV_MAP_ERF] = { erf_of, .units = 3 },
    [DV_MAP_EXP] = { exp_of, .units = 3 },
    [DV_MAP_GELU] = { gelu, .units = 3, .of_x = 0x1p-23 },
    [DV_MAP_GELU_SLOPE] = { gelu_slope, .units = 3, .of_one = 0x1p-22 },
    [DV_MAP_GELU_TANH] = { gelu_tanh, .units = 3, .of_x = 0x1p-23 },
    [DV_MAP_GELU_TANH_SLOPE] = { gelu_tanh_slope, .units = 3, .of_one = 0x1p-22 },
    [DV_MAP_HARD_SIGMOID] = { hard_sigmoid, 0.2f, 0.5f, .of_one = 0x1p-24 },
    [DV_MAP_HARD_SWISH] = { hard_swish, .units = 3, .of_x = 0x1p-23 },
    [DV_MAP_LEAKY_RELU] = { leaky_relu, 0.01f, .units = 0.5 },
    [DV_MAP_LINEAR] = { linear, 0.75f, -3, .units = 0.5 },
    [DV_MAP_LOG] = { log_of, .units = 3 },
    [DV_MAP_NEG] = { negated, .units = 0 },
    [DV_MAP_RECIPROCAL] = { reciprocal, .units = 0.5 },
    [DV_MAP_SELU] = { selu, 1.67326319f, 1.05070102f, .units = 3 },
    [DV_MAP_SIGMOID] = { sigmoid, .units = 4 },
    [DV_MAP_SILU] = { silu, .units = 4, .of_one = 0x1p-119 },
    [DV_MAP_SOFTPLUS] = { softplus, .units = 3 },
    [DV_MAP_SOFTSIGN] = { softsign, .units = 3 },
    [DV_MAP_SQRT] = { sqrt_of, .units = 0.5 },
    [DV_MAP_SQUARE] = { square, .units = 0.5 },
    [DV_MAP_TANH] = { tanh_of, .units = 3 },
    [DV_MAP_THRESHOLDED_RELU] = { thresholded_relu, 1, .units = 0 },
};

/* Units in the last place between what a function gave and what it should have. */
static double units_off(float got, double want)
{
    int exponent;
    if ((double)got == want || (isnan(got) && isnan(want)))
        return 0;
    if ((float)want == got) /* which no other float is nearer to */
        return 0.5;
    if (!isfinite(got) || !isfinite(want))
        return (double)INFINITY;
    frexp(want, &exponent);
    return fabs((double)got - want) / ldexp(1, (exponent < -125 ? -125 : exponent) - 24);
}

static bool is_right(dv_function f, float x, float y)
{
    const double v = (double)x;
    const double want = functions[f].value(v, (double)functions[f].a, (double)functions[f].b);
    const double off = fabs((double)y - want);
    if (isinf(x) && isnan(y)) /* 0 times infinity */
        return f == DV_MAP_GELU || f == DV_MAP_GELU_TANH || f == DV_MAP_HARD_SWISH ||
               f == DV_MAP_SILU || f == DV_MAP_SOFTSIGN || isnan(want);
    if (isnan(x))
        return isnan(y);
    return units_off(y, want) <= functions[f].units || off <= functions[f].of_one ||
           off <= functions[f].of_x * fabs(v) || (y == 0 && fabs(want) < 0x1p-126);
}

static void expect_right(dv_function f, int n, const float *x, float *y)
{
    dv_isa_best()->map(f, n, x, functions[f].a, functions[f].b, y);
    for (int i = 0; i < n; i++)
        if (!is_right(f, x[i], y[i]))
            fail_msg("function %d of %.9g is %.9g", (int)f, (double)x[i], (double)y[i]);
}

static void functions_are_right_for_every_exponent(void **state)
{
    (void)state;
    enum { N = 512 };
    float x[N], y[N];
    for (int f = 0; f < DV_N_FUNCTIONS; f++)
        for (int k = 0; k < 32; k++) {
            const uint32_t end = k == 0 ? 0 : 0x7fffff; /* an infinity and zero are among them */
            for (int i = 0; i < N; i++)
                x[i] = float_of((uint32_t)i << 23 | (k < 2 ? end : next_bits() >> 9));
            expect_right((dv_function)f, N, x, y);
        }
}

/* Its derivative, 1 - y^2, is made of what is left of 1. */
static void tanh_near_1_is_right_to_its_last_digit(void **state)
{
    (void)state;
    enum { N = 8192 };
    float x[N], y[N];
    for (int i = 0; i < N; i++)
        x[i] = (i % 2 ? 1.0f : -1.0f) * (0.56f + 9.0f * (float)i / N);
    dv_isa_best()->map(DV_MAP_TANH, N, x, 0, 0, y);
    for (int i = 0; i < N; i++)
        assert_true(units_off(y[i], tanh((double)x[i])) <= 1.5);
}

static void functions_are_right_where_they_are_used(void **state)
{
    (void)state;
    enum { N = 8192 };
    float x[N], y[N];
    static const float reach[] = { 1, 4, 20, 110 };
    for (int f = 0; f < DV_N_FUNCTIONS; f++)
        for (int k = 0; k < 4; k++) {
            for (int i = 0; i < N; i++)
                x[i] = reach[k] * 0x1p-31f * (float)(int32_t)next_bits();
            expect_right((dv_function)f, N, x, y);
        }
}

/* -- of two numbers --------------------------------------------------------------------------- */

static float combined(dv_binary f, float a, float b)
{
    switch (f) {
    case DV_COMBINE_ADD:
        return a + b;
    case DV_COMBINE_SUB:
        return a - b;
    case DV_COMBINE_MUL:
        return a * b;
    case DV_COMBINE_DIV:
        return a / b;
    case DV_COMBINE_MAX:
        return isnan(a) || isnan(b) ? NAN : a > b ? a : b;
    case DV_COMBINE_MIN:
        return isnan(a) || isnan(b) ? NAN : a < b ? a : b;
    case DV_COMBINE_PRELU:
        return a < 0 ? a * b : a;
    case DV_N_BINARIES:
        break;
    }
    return NAN;
}

enum { SOME = 67, ROOM = 96 };

static void fill(float *x)
{
    static const float ends[] = { NAN, INFINITY, -INFINITY, 0, 1e-40f };
    for (int i = 0; i < ROOM; i++)
        x[i] = i % 7 == 3 ? ends[next_bits() % 5] : 4 * 0x1p-31f * (float)(int32_t)next_bits();
}

static void expect_combined(dv_binary f, int n, const float *a, bool a_one, const float *b,
                            bool b_one, const float *y)
{
    for (int i = 0; i < n; i++) {
        const float want = combined(f, a[a_one ? 0 : i], b[b_one ? 0 : i]);
        assert_true(y[i] == want || (isnan(y[i]) && isnan(want)));
    }
}

static void two_numbers_are_combined_as_defined(void **state)
{
    (void)state;
    float a[ROOM], b[ROOM], y[ROOM];
    for (int trial = 0; trial < 40 * DV_N_BINARIES; trial++) {
        const dv_binary f = (dv_binary)(trial % DV_N_BINARIES);
        const bool a_one = next_bits() & 1, b_one = next_bits() & 1;
        const int n = (int)(next_bits() % SOME), at = (int)(next_bits() % 8);
        fill(a);
        fill(b);
        memset(y, 0x55, sizeof y);
        dv_isa_best()->combine(f, n, a + at, a_one, b + 1, b_one, y + 3);
        expect_combined(f, n, a + at, a_one, b + 1, b_one, y + 3);
        const uint32_t untouched = 0x55555555;
        assert_memory_equal(&y[2], &untouched, sizeof untouched);
        assert_memory_equal(&y[3 + n], &untouched, sizeof untouched);

        memcpy(y, a, sizeof y); /* in place of an argument */
        dv_isa_best()->combine(f, n, y + at, false, b + 1, b_one, y + at);
        expect_combined(f, n, a + at, false, b + 1, b_one, y + at);
        memcpy(y, b, sizeof y);
        dv_isa_best()->combine(f, n, a + at, a_one, y + 1, false, y + 1);
        expect_combined(f, n, a + at, a_one, b + 1, false, y + 1);
    }
}

/* To the byte, but for the sign of a NaN. */
static void expect_same(int n, const float *got, const float *want)
{
    for (int i = 0; i < n; i++)
        assert_true(memcmp(&got[i], &want[i], sizeof *got) == 0 ||
                    (isnan(got[i]) && isnan(want[i])));
}

/* One number at a time is what all must equal: in any array, from any place on, in place or not. */
static void a_value_is_the_same_wherever_it_lies(void **state)
{
    (void)state;
    float x[ROOM], y[ROOM], one[ROOM];
    for (int f = 0; f < DV_N_FUNCTIONS; f++)
        for (int n = 0; n < SOME; n++) {
            const int at = n % 19;
            const float a = functions[f].a, b = functions[f].b;
            fill(x);
            for (int i = 0; i < ROOM; i++)
                dv_isa_best()->map((dv_function)f, 1, x + i, a, b, one + i);
            memset(y, 0x55, sizeof y);
            dv_isa_best()->map((dv_function)f, n, x + at, a, b, y + 5);
            expect_same(n, y + 5, one + at);
            const uint32_t untouched = 0x55555555;
            assert_memory_equal(&y[4], &untouched, sizeof untouched);
            assert_memory_equal(&y[5 + n], &untouched, sizeof untouched);
            dv_isa_best()->map((dv_function)f, n, x + at, a, b, x + at);
            expect_same(n, x + at, one + at);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_right_for_every_exponent),
        cmocka_unit_test(functions_are_right_where_they_are_used),
        cmocka_unit_test(tanh_near_1_is_right_to_its_last_digit),
        cmocka_unit_test(two_numbers_are_combined_as_defined),
        cmocka_unit_test(a_value_is_the_same_wherever_it_lies),
    };
    static const char *const sets[] = { "avx512", "avx2", "baseline" };
    int failures = 0;
    for (int i = 0; i < 3; i++) {
        failures += !dv_isa_limit(sets[i]);
        failures += cmocka_run_group_tests_name(sets[i], tests, NULL, NULL);
    }
    return failures;
}
