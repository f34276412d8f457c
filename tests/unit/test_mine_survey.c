#include "kernel/isa.h"
#include "mine/survey.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint32_t seed = 1;

static float draw(int levels)
{
    seed = seed * 1664525 + 1013904223;
    return (float)((int)(seed >> 8) % levels - levels / 2);
}

static void survey(dv_survey *s, int per_image, int channels, const float *maps, size_t n)
{
    dv_error err;
    assert_true(dv_survey_new(s, channels, per_image, &err));
    assert_true(dv_survey_maps(s, 0, channels, maps, n));
}

/* The p-th best value of a map by counting those before it. */
static void check_peaks(const float *map, size_t n, const dv_peak *peaks, int per_image)
{
    for (int p = 0; p < per_image; p++) {
        if ((size_t)p >= n) {
            assert_true(isinf(peaks[p].value));
            continue;
        }
        size_t at = (size_t)peaks[p].at;
        assert_true(at < n);
        assert_true(map[at] == peaks[p].value);
        int before = 0;
        for (size_t i = 0; i < n; i++)
            before += map[i] > map[at] || (map[i] == map[at] && i < at);
        assert_int_equal(before, p);
    }
}

/* Of few levels, so that the largest value stands in many places and blocks. */
static void peaks_sums_and_counts_are_those_of_plain_loops(void **state)
{
    (void)state;
    static const size_t sizes[] = { 1, 2, 15, 16, 17, 31, 49, 225, 1023, 1024, 1025, 3000, 12321 };
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++)
        for (int round = 0; round < 6; round++) {
            size_t n = sizes[k];
            int per_image = round % 3 == 0 ? 1 : 4, levels = round < 3 ? 9 : 100000;
            float *maps = malloc(3 * n * sizeof *maps);
            assert_non_null(maps);
            for (size_t i = 0; i < 3 * n; i++)
                maps[i] = draw(levels);
            dv_survey s;
            survey(&s, per_image, 3, maps, n);
            for (int c = 0; c < 3; c++) {
                const float *map = maps + (size_t)c * n;
                double sum = 0;
                uint32_t active = 0;
                for (size_t i = 0; i < n; i++) {
                    sum += (double)map[i]; /* of whole numbers: exact */
                    active += map[i] > 0;
                }
                check_peaks(map, n, s.peaks + c * per_image, per_image);
                if (levels < 1000)
                    assert_true((double)s.sum[c] == sum);
                else
                    assert_true(fabs((double)s.sum[c] - sum) <= 1e-5 * 50000 * (double)n);
                assert_int_equal(s.active[c], active);
                assert_true((s.bin[c] == DV_NO_BIN) == !(s.peaks[c * per_image].value > 0));
            }
            dv_survey_free(&s);
            free(maps);
        }
}

static void nothing_but_zero_and_less_is_not_active(void **state)
{
    (void)state;
    const float maps[6] = { 0, -0.0F, 0, -1, -2, -1 };
    dv_survey s;
    survey(&s, 1, 2, maps, 3);
    assert_int_equal(s.active[0], 0);
    assert_int_equal(s.bin[0], DV_NO_BIN);
    assert_true(s.peaks[0].value == 0 && s.peaks[0].at == 0);
    assert_int_equal(s.active[1], 0);
    assert_true(s.peaks[1].value == -1 && s.peaks[1].at == 0);
    assert_true(s.sum[1] == -4);
    dv_survey_free(&s);
}

static void what_is_not_finite_is_told(void **state)
{
    (void)state;
    for (int which = 0; which < 3; which++)
        for (size_t at = 0; at < 40; at++) {
            float map[40] = { 0 };
            map[at] = which == 0 ? INFINITY : which == 1 ? -INFINITY : NAN;
            dv_survey s;
            dv_error err;
            assert_true(dv_survey_new(&s, 1, 1, &err));
            assert_false(dv_survey_maps(&s, 0, 1, map, 40));
            dv_survey_free(&s);
        }
}

/* The order of adding, written out: 16 sums in float of each block of 1024, added as doubles. */
static float sum_of(const float *v, size_t n)
{
    double sum = 0;
    for (size_t at = 0; at < n; at += 1024) {
        const size_t length = n - at < 1024 ? n - at : 1024, whole = length / 16 * 16;
        float part[16] = { 0 }, rest = 0;
        double block = 0;
        for (size_t i = 0; i < whole; i++)
            part[i % 16] += v[at + i];
        for (size_t i = whole; i < length; i++)
            rest += v[at + i];
        for (int i = 0; i < 16; i++)
            block += (double)part[i];
        sum += block + (double)rest;
    }
    return (float)sum;
}

static void sums_are_the_same_on_every_machine(void **state)
{
    (void)state;
    for (size_t n = 1; n < 3000; n += 1 + n / 4) {
        float *map = malloc(n * sizeof *map);
        assert_non_null(map);
        for (size_t i = 0; i < n; i++)
            map[i] = draw(100000) / 3001;
        dv_survey s;
        survey(&s, 1, 1, map, n);
        const float want = sum_of(map, n);
        assert_memory_equal(&s.sum[0], &want, sizeof want);
        dv_survey_free(&s);
        free(map);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_the_same_on_every_machine),
        cmocka_unit_test(peaks_sums_and_counts_are_those_of_plain_loops),
        cmocka_unit_test(nothing_but_zero_and_less_is_not_active),
        cmocka_unit_test(what_is_not_finite_is_told),
    };
    static const char *const sets[] = { "avx512", "avx2", "baseline" };
    int failures = 0;
    for (int i = 0; i < 3; i++) {
        failures += !dv_isa_limit(sets[i]);
        failures += cmocka_run_group_tests_name(sets[i], tests, NULL, NULL);
    }
    return failures;
}
