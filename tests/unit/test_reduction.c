/* What each instruction set makes of many numbers at once: sums, the largest, normalised rows. */
#include "kernel/isa.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { SOME = 150, ROOM = 160 };

static float random_number(void)
{
    static uint64_t seed = 5;
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return 0x1p-31f * (float)(int32_t)(seed >> 32);
}

static void fill(float *x)
{
    for (int i = 0; i < ROOM; i++)
        x[i] = 3 + random_number();
}

static void sums_are_of_doubles(void **state)
{
    (void)state;
    float x[ROOM];
    for (int n = 1; n < SOME; n++) {
        fill(x);
        const float *from = x + n % 5;
        double sum = 0, squares = 0, size = 0;
        float most = from[0];
        for (int i = 0; i < n; i++) {
            sum += (double)from[i];
            squares += ((double)from[i] - 3.1) * ((double)from[i] - 3.1);
            size += fabs((double)from[i]);
            most = fmaxf(most, from[i]);
        }
        const dv_isa *isa = dv_isa_best();
        assert_true(fabs(isa->sum(n, from) - sum) < 1e-14 * size);
        assert_true(fabs(isa->sum_squares(n, from, 3.1) - squares) < 1e-14 * size);
        assert_true(isa->largest(n, from) == most);
    }
    assert_true(dv_isa_best()->sum(0, x) == 0);
}

static void a_nan_is_in_every_sum(void **state)
{
    (void)state;
    float x[ROOM];
    for (int n = 1; n < SOME; n += 7)
        for (int at = 0; at < n; at++) {
            fill(x);
            x[at] = NAN;
            assert_true(isnan(dv_isa_best()->sum(n, x)));
            assert_true(isnan(dv_isa_best()->sum_squares(n, x, 3)));
        }
}

static void rows_are_normalised_as_written(void **state)
{
    (void)state;
    float x[ROOM], scale[ROOM], bias[ROOM], y[ROOM];
    const dv_normal m = { 2.9f, 1e-8f, 1.75f };
    for (int n = 0; n < SOME; n++) {
        fill(x);
        fill(scale);
        fill(bias);
        memset(y, 0x55, sizeof y);
        dv_isa_best()->normalise(n, x + 1, &m, scale + 2, bias + 3, y + 4);
        for (int i = 0; i < n; i++) {
            const float v = ((x[1 + i] - m.mean) - m.rest) * m.inverse;
            assert_true(y[4 + i] == v * scale[2 + i] + bias[3 + i]);
        }
        const uint32_t untouched = 0x55555555;
        assert_memory_equal(&y[3], &untouched, sizeof untouched);
        assert_memory_equal(&y[4 + n], &untouched, sizeof untouched);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_of_doubles),
        cmocka_unit_test(a_nan_is_in_every_sum),
        cmocka_unit_test(rows_are_normalised_as_written),
    };
    static const char *const sets[] = { "avx512", "avx2", "baseline" };
    int failures = 0;
    for (int i = 0; i < 3; i++) {
        failures += !dv_isa_limit(sets[i]);
        failures += cmocka_run_group_tests_name(sets[i], tests, NULL, NULL);
    }
    return failures;
}
