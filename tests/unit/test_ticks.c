/* test_ticks.c - what stands along an axis. */
#include "base/random.h"
#include "plot/ticks.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static dv_arena arena;

static int clear(void **state)
{
    (void)state;
    dv_arena_release(&arena);
    return 0;
}

static dv_ticks ticks_of(const dv_axis *axis, dv_axis_range r, int most)
{
    dv_ticks t;
    assert_true(dv_ticks_make(&t, axis, &r, most, &arena, NULL));
    return t;
}

/* The number that a text shows. */
static double number(const char *text)
{
    char plain[64] = "";
    for (; *text; text++)
        if (strncmp(text, "\u2212", 3) == 0) {
            strcat(plain, "-");
            text += 2;
        } else
            strncat(plain, text, 1);
    char *end;
    const double v = strtod(plain, &end);
    assert_int_equal(*end, 0);
    return v;
}

/* 1, 2 or 5 times a power of ten. */
static bool is_round(double step)
{
    const double digit = step / pow(10, floor(log10(step) + 1e-9));
    return fabs(digit - 1) < 1e-6 || fabs(digit - 2) < 1e-6 || fabs(digit - 5) < 1e-6;
}

static void ticks_are_round_and_inside_and_say_where_they_stand(void **state)
{
    (void)state;
    dv_random random = { .seed = 7 };
    for (int i = 0; i < 3000; i++) {
        const double size = pow(10, 24 * dv_random_real(&random) - 12);
        const double lo = (dv_random_real(&random) - 0.5) * size;
        const double hi = lo + (0.001 + dv_random_real(&random)) * size;
        const int most = 3 + i % 8;
        const dv_axis_range r =
            i % 2 ? (dv_axis_range){ lo, hi, false } : (dv_axis_range){ hi, lo, false };
        const dv_ticks t = ticks_of(&(dv_axis){ .n_ticks = 0 }, r, most);
        assert_in_range(t.n, 2, most > 4 ? most : 6);
        assert_int_equal(t.n, t.n_named);
        const double step = t.tick[1].at - t.tick[0].at, unit = pow(10, t.exponent);
        assert_true(is_round(step));
        for (int k = 0; k < t.n; k++) {
            const double at = t.tick[k].at;
            assert_true(at >= lo - 1e-6 * step && at <= hi + 1e-6 * step);
            assert_true(fabs(at / step - round(at / step)) < 1e-6);
            assert_true(fabs(number(t.tick[k].text) * unit - at) < 1e-3 * step);
            assert_true(strlen(t.tick[k].text) < 16);
        }
        clear(NULL);
    }
}

static void numbers_are_short(void **state)
{
    (void)state;
    const dv_axis axis = { .n_ticks = 0 };
    dv_ticks t = ticks_of(&axis, (dv_axis_range){ 0, 1, false }, 6);
    assert_int_equal(t.n, 6);
    assert_string_equal(t.tick[0].text, "0.0");
    assert_string_equal(t.tick[5].text, "1.0");
    t = ticks_of(&axis, (dv_axis_range){ -40, 40, false }, 5);
    assert_string_equal(t.tick[0].text, "\u221240");
    assert_string_equal(t.tick[2].text, "0");
    t = ticks_of(&axis, (dv_axis_range){ 0, 3e6, false }, 5);
    assert_int_equal(t.exponent, 6);
    assert_string_equal(t.tick[t.n - 1].text, "3");
    t = ticks_of(&axis, (dv_axis_range){ 0, 0.0004, false }, 5);
    assert_int_equal(t.exponent, -4);
    assert_string_equal(t.tick[t.n - 1].text, "4");
}

static void decades_are_named_and_parted(void **state)
{
    (void)state;
    const dv_axis axis = { .log = true };
    dv_ticks t = ticks_of(&axis, (dv_axis_range){ 0.01, 100, true }, 6);
    assert_int_equal(t.n_named, 5);
    assert_int_equal(t.n, 4 * 9 + 1);
    assert_string_equal(t.tick[0].text, "0.01");
    assert_string_equal(t.tick[t.n - 1].text, "100");
    t = ticks_of(&axis, (dv_axis_range){ 1e-7, 1e9, true }, 6);
    assert_in_range(t.n_named, 3, 6);
    for (int i = 0; i < t.n; i++)
        if (t.tick[i].text)
            assert_memory_equal(t.tick[i].text, "10", 2);
    t = ticks_of(&axis, (dv_axis_range){ 3, 70, true }, 6);
    assert_int_equal(t.n_named, 4); /* 5 10 20 50 */
    t = ticks_of(&axis, (dv_axis_range){ 4, 6, true }, 6);
    assert_in_range(t.n_named, 2, 6);
}

static void named_ticks_stand_where_they_are_put(void **state)
{
    (void)state;
    const double at[] = { 0.5, 1.5, 9 };
    const char *const names[] = { "conv1", NULL, "outside" };
    const dv_axis axis = { .n_ticks = 3, .ticks = at, .names = names };
    dv_ticks t = ticks_of(&axis, (dv_axis_range){ 0, 2, false }, 6);
    assert_int_equal(t.n, 2);
    assert_string_equal(t.tick[0].text, "conv1");
    assert_string_equal(t.tick[1].text, "");
    const dv_axis numbers = { .n_ticks = 3, .ticks = at };
    t = ticks_of(&numbers, (dv_axis_range){ 0, 10, false }, 6);
    assert_string_equal(t.tick[2].text, "9");
}

static void a_range_has_a_size_whatever_the_data(void **state)
{
    (void)state;
    static const double odd[] = {
        0,           -0.0,       1,    -3,    1e-320,           1e308,
        -1e308,      1e9,        1e-9, 1e300, (double)INFINITY, -(double)INFINITY,
        (double)NAN, 1e9 + 1e-7, 0.1,  -1e-9, 100000,           5e-324
    };
    enum { N = sizeof odd / sizeof odd[0] };
    for (int i = 0; i < N * N * 4; i++) {
        const double a = odd[i % N], b = odd[i / N % N];
        const bool log = i / (N * N) % 2, given = i / (2 * N * N);
        const dv_axis axis = { .log = log, .min = given ? a : 0, .max = given ? b : 0 };
        const dv_axis_range r = dv_axis_range_of(&axis, a, b, true);
        assert_true(isfinite(r.min) && isfinite(r.max) && r.min != r.max);
        assert_true(!log || (r.min > 0 && r.max > 0));
        assert_true(fabs(dv_axis_at(&r, r.min)) < 1e-9);
        assert_true(fabs(dv_axis_at(&r, r.max) - 1) < 1e-9);
        assert_true(ticks_of(&axis, r, 5).n < 500);
        clear(NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(ticks_are_round_and_inside_and_say_where_they_stand, clear),
        cmocka_unit_test_teardown(numbers_are_short, clear),
        cmocka_unit_test_teardown(decades_are_named_and_parted, clear),
        cmocka_unit_test_teardown(named_ticks_stand_where_they_are_put, clear),
        cmocka_unit_test_teardown(a_range_has_a_size_whatever_the_data, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
