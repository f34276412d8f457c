/* Numbers that look random, and what a sample says. */
#include "base/random.h"
#include "base/statistics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void close_to(double a, double b, double within)
{
    assert_true(fabs(a - b) <= within);
}

static void random_numbers_are_the_same_everywhere(void **state)
{
    (void)state;
    /* splitmix64 of a stream that begins at 0: the second number of the reference's program. */
    const uint64_t first = dv_random_at(UINT64_MAX, 1);
    assert_true(first == 0xe220a8397b1dcdaf);
    assert_true(dv_random_at(UINT64_MAX, 2) == 0x6e789e6aa1b965f4);
}

static void random_numbers_below_n_are_equally_likely(void **state)
{
    (void)state;
    enum { N = 7, EACH = 20000 };
    dv_random r = { .seed = 3 };
    int seen[N] = { 0 };
    double mean = 0;
    for (int i = 0; i < N * EACH; i++) {
        const uint32_t v = dv_random_below(&r, N);
        assert_true(v < N);
        seen[v]++;
        const double real = dv_random_real(&r);
        assert_true(real >= 0 && real < 1);
        mean += real / (N * EACH);
    }
    for (int i = 0; i < N; i++) /* five standard deviations of a binomial distribution */
        close_to(seen[i], EACH, 5 * sqrt(EACH * (1 - 1.0 / N)));
    close_to(mean, 0.5, 5 * sqrt(1 / 12.0 / (N * EACH)));
    assert_int_equal(dv_random_below(&r, 1), 0);
}

static void a_shuffle_loses_nothing(void **state)
{
    (void)state;
    enum { N = 100 };
    int32_t v[N];
    int seen[N] = { 0 }, moved = 0;
    dv_random r = { .seed = 4 };
    for (int i = 0; i < N; i++)
        v[i] = i;
    dv_random_shuffle(&r, v, N);
    for (int i = 0; i < N; i++) {
        seen[v[i]]++;
        moved += v[i] != i;
    }
    for (int i = 0; i < N; i++)
        assert_int_equal(seen[i], 1);
    assert_true(moved > N / 2);
}

static void a_sample_is_summed_as_it_comes(void **state)
{
    (void)state;
    static const double v[] = { 2, 4, 4, 4, 5, 5, 7, 9 };
    dv_sample s = { 0 };
    assert_true(isnan(dv_sample_deviation(&s)) && isnan(dv_sample_error(&s)));
    for (int i = 0; i < 8; i++)
        dv_sample_add(&s, v[i]);
    close_to(s.mean, 5, 1e-12);
    close_to(dv_sample_deviation(&s), sqrt(32.0 / 7), 1e-12);
    close_to(dv_sample_error(&s), 2.364624252 * sqrt(32.0 / 7 / 8), 1e-8);
}

/* Against tables: scipy.stats.t.ppf(0.975, n), and the intervals of statsmodels. */
static void intervals_are_those_of_the_tables(void **state)
{
    (void)state;
    double i[2];
    close_to(dv_student_95(1), 12.7062047, 1e-6);
    close_to(dv_student_95(11), 2.2009852, 2e-4);
    close_to(dv_student_95(30), 2.0422725, 1e-5);
    close_to(dv_student_95(1000000), 1.9599664, 1e-5);
    assert_true(isnan(dv_student_95(0)));
    dv_share_interval(8, 10, i);
    close_to(i[0], 0.4901625, 1e-6);
    close_to(i[1], 0.9433178, 1e-6);
    dv_share_interval(0, 20, i);
    close_to(i[0], 0, 0);
    close_to(i[1], 0.1611252, 1e-6);
    dv_share_interval(0, 0, i);
    assert_true(i[0] == 0 && i[1] == 1);
    dv_change_interval(3, 10, 100, i); /* by the formula, in Python */
    close_to(i[0], -0.1418467, 1e-7);
    close_to(i[1], 0.0045918, 1e-7);
}

static void quantiles_lie_between_values(void **state)
{
    (void)state;
    double v[] = { 9, 1, 5, 3 };
    close_to(dv_quantile(v, 4, 0), 1, 0);
    close_to(dv_quantile(v, 4, 0.5), 4, 1e-12);
    close_to(dv_quantile(v, 4, 0.9), 7.8, 1e-12);
    close_to(dv_quantile(v, 4, 1), 9, 0);
    assert_true(isnan(dv_quantile(v, 0, 0.5)));
}

static void a_correlation_is_pearsons(void **state)
{
    (void)state;
    static const float a[] = { 1, 2, 3, 4, 5 }, b[] = { 2, 1, 4, 3, 7 }, flat[] = { 1, 1, 1, 1, 1 };
    close_to(dv_correlation(a, b, 5), 12 / sqrt(10 * 21.2), 1e-12);
    close_to(dv_correlation(a, a, 5), 1, 1e-12);
    assert_true(isnan(dv_correlation(a, flat, 5)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_numbers_are_the_same_everywhere),
        cmocka_unit_test(random_numbers_below_n_are_equally_likely),
        cmocka_unit_test(a_shuffle_loses_nothing),
        cmocka_unit_test(a_sample_is_summed_as_it_comes),
        cmocka_unit_test(intervals_are_those_of_the_tables),
        cmocka_unit_test(quantiles_lie_between_values),
        cmocka_unit_test(a_correlation_is_pearsons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
