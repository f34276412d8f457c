#include "base/large.h"
#include "base/size.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void sizes_that_fit_are_as_they_are(void **state)
{
    (void)state;
    assert_true(dv_size_mul(0, SIZE_MAX) == 0);
    assert_true(dv_size_mul(SIZE_MAX / 3, 3) == SIZE_MAX);
    assert_true(dv_size_mul((size_t)1 << 31, (size_t)1 << 31) == (size_t)1 << 62);
    assert_true(dv_size_add(SIZE_MAX - 2, 2) == SIZE_MAX);
    assert_true(dv_size_round_up(0, 64) == 0);
    assert_true(dv_size_round_up(1, 64) == 64);
    assert_true(dv_size_round_up(64, 64) == 64);
}

static void what_does_not_fit_stays_beyond_any_allocation(void **state)
{
    (void)state;
    const size_t impossible[] = {
        dv_size_mul((size_t)1 << 32, (size_t)1 << 32), /* 0 in 64 bits */
        dv_size_mul((size_t)1 << 48, 65537),           /* 2^48 in 64 bits */
        dv_size_add(SIZE_MAX, 1),
        dv_size_round_up(SIZE_MAX - 1, 64),
        dv_size_mul(dv_size_round_up(SIZE_MAX, 64), 2),
        dv_size_add(dv_size_mul(SIZE_MAX, 2), 100),
    };
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        assert_true(impossible[i] > PTRDIFF_MAX);
        assert_null(dv_large_alloc(impossible[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_that_fit_are_as_they_are),
        cmocka_unit_test(what_does_not_fit_stays_beyond_any_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
