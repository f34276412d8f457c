#include "index/sum.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t seed = 1;

static uint32_t draw(void)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(seed >> 32);
}

/* Any finite float32, of any exponent. */
static float draw_float(void)
{
    for (;;) {
        uint32_t bits = draw();
        float v;
        memcpy(&v, &bits, sizeof v);
        if (isfinite(v))
            return v;
    }
}

static void check_text(const int64_t *sum, const char *expected)
{
    char text[DV_SUM_TEXT_MAX];
    assert_string_equal(dv_sum_text(sum, text), expected);
    int64_t again[DV_SUM_LIMBS];
    assert_true(dv_sum_parse(again, text));
    assert_string_equal(dv_sum_text(again, text), expected);
}

static void one_number_is_itself(void **state)
{
    (void)state;
    static const struct {
        float value;
        const char *text;
    } cases[] = {
        { 0, "0" },
        { -0.0F, "0" },
        { 1, "0x1p0" },
        { -1, "-0x1p0" },
        { 1.5F, "0x18p-4" },
        { 4096, "0x1p12" },
        { FLT_MAX, "0xffffffp104" },
        { -FLT_MAX, "-0xffffffp104" },
        { 0x1p-149F, "0x8p-152" },
        { FLT_MIN, "0x4p-128" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t sum[DV_SUM_LIMBS] = { 0 };
        dv_sum_add(sum, cases[i].value);
        check_text(sum, cases[i].text);
        assert_true(dv_sum_value(sum) == (double)cases[i].value);
    }
    for (int i = 0; i < 10000; i++) {
        float v = draw_float();
        int64_t sum[DV_SUM_LIMBS] = { 0 };
        dv_sum_add(sum, v);
        assert_true(dv_sum_value(sum) == (double)v);
    }
}

static void nothing_is_rounded(void **state)
{
    (void)state;
    int64_t sum[DV_SUM_LIMBS] = { 0 };
    dv_sum_add(sum, FLT_MAX);
    dv_sum_add(sum, 0x1p-149F);
    dv_sum_add(sum, -FLT_MAX);
    check_text(sum, "0x8p-152");
    dv_sum_add(sum, -0x1p-149F);
    check_text(sum, "0");
}

static void the_order_does_not_matter(void **state)
{
    (void)state;
    enum { N = 300 };
    for (int round = 0; round < 50; round++) {
        float v[N];
        for (int i = 0; i < N; i++)
            v[i] = draw_float();
        char forward[DV_SUM_TEXT_MAX], parts[DV_SUM_TEXT_MAX];
        int64_t all[DV_SUM_LIMBS] = { 0 }, part[3][DV_SUM_LIMBS] = { { 0 } };
        for (int i = 0; i < N; i++)
            dv_sum_add(all, v[i]);
        for (int i = N - 1; i >= 0; i--)
            dv_sum_add(part[draw() % 3], v[i]);
        dv_sum_add_sum(part[1], part[2]);
        dv_sum_add_sum(part[1], part[0]);
        assert_string_equal(dv_sum_text(all, forward), dv_sum_text(part[1], parts));
    }
}

/* Doubling by adding a sum to itself: 2^31 times the largest, where limbs overflow if they can. */
static void two_thousand_million_of_the_largest_find_room(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        int64_t sum[DV_SUM_LIMBS] = { 0 }, twice[DV_SUM_LIMBS];
        dv_sum_add(sum, (float)sign * FLT_MAX);
        for (int i = 0; i < 31; i++) {
            memcpy(twice, sum, sizeof twice);
            dv_sum_add_sum(sum, twice);
        }
        assert_true(dv_sum_value(sum) == sign * ldexp((double)FLT_MAX, 31));
    }
}

static void a_limb_is_carried_before_it_overflows(void **state)
{
    (void)state;
    int64_t sum[DV_SUM_LIMBS] = { 0 }, expected[DV_SUM_LIMBS] = { 0 };
    sum[5] = ((int64_t)1 << 62) - 1; /* limb 5 counts 2^0 */
    expected[5] = 0xffffffff;
    expected[6] = ((int64_t)1 << 30) - 1;
    for (int i = 0; i < 4; i++) {
        dv_sum_add(sum, 3);
        dv_sum_add(expected, 3);
    }
    char a[DV_SUM_TEXT_MAX], b[DV_SUM_TEXT_MAX];
    assert_string_equal(dv_sum_text(sum, a), dv_sum_text(expected, b));
    assert_true(sum[5] < (int64_t)1 << 40);
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",          "-",      "0x",       "0xp0",    "1p0",      "0x1",     "0x1p",
        "0x1p1",     "0x1p-3", "0x01p0",   "0x10p0",  "0X1p0",    "0xAp0",   "0x1p0 ",
        " 0x1p0",    "0x1p+0", "0x1p-164", "0x1p160", "0x1p9999", "--0x1p0", "-0",
        "0x1p99999", "0x0p0",  "0x1p-0",   "nan",
    };
    int64_t sum[DV_SUM_LIMBS];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(dv_sum_parse(sum, bad[i]));
    char many[200];
    memset(many, '1', sizeof many);
    memcpy(many, "0x", 2);
    memcpy(many + 190, "p-160", 6);
    assert_false(dv_sum_parse(sum, many));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_number_is_itself),
        cmocka_unit_test(nothing_is_rounded),
        cmocka_unit_test(the_order_does_not_matter),
        cmocka_unit_test(two_thousand_million_of_the_largest_find_room),
        cmocka_unit_test(a_limb_is_carried_before_it_overflows),
        cmocka_unit_test(other_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
