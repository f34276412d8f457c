/* The bytes that printf gives, of the fewest digits that give the number again. */
#include "base/decimal.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check(float v)
{
    char text[DV_DECIMAL_MAX], wanted[DV_DECIMAL_MAX];
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(wanted, sizeof wanted, "%.*g", digits, (double)v);
        if (strtof(wanted, NULL) == v)
            break;
    }
    const size_t n = dv_decimal_float(v, text);
    assert_string_equal(text, wanted);
    assert_int_equal(n, strlen(wanted));
}

/* v, its neighbours, and theirs. */
static void check_around(float v)
{
    float up = v, down = v;
    for (int i = 0; i < 8; i++) {
        check(up);
        check(-down);
        up = isfinite(nextafterf(up, INFINITY)) ? nextafterf(up, INFINITY) : up;
        down = nextafterf(down, 0);
    }
}

static void around_each_power_of_two(void **state)
{
    (void)state;
    for (int e = -149; e < 128; e++)
        check_around(ldexpf(1, e));
}

static void around_each_power_of_ten(void **state)
{
    (void)state;
    for (int e = -44; e <= 38; e++)
        for (int i = 1; i < 10; i++)
            check_around((float)(i * pow(10, e)));
}

/* Half a unit behind the sixth to ninth digit. */
static void ties(void **state)
{
    (void)state;
    for (int i = 0; i < 4000; i++)
        for (int halves = 2; halves < 512; halves *= 2) {
            check((float)(65536 + i) + 1.0F / (float)halves);
            check((float)(8388608 - i) / (float)halves);
        }
}

static void any_bits(void **state)
{
    (void)state;
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += 40127) {
        const uint32_t b = (uint32_t)bits;
        float v;
        memcpy(&v, &b, sizeof v);
        if (isfinite(v))
            check(v);
    }
}

static void whole_numbers(void **state)
{
    (void)state;
    const int64_t some[] = { 0, 1, 9, 10, 99, 100, 12345678901, INT64_MAX };
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        for (int sign = -1; sign <= 1; sign += 2) {
            char text[DV_DECIMAL_MAX], wanted[DV_DECIMAL_MAX];
            snprintf(wanted, sizeof wanted, "%" PRId64, sign * some[i]);
            assert_int_equal(dv_decimal_int(sign * some[i], text), strlen(wanted));
            assert_string_equal(text, wanted);
        }
    char text[DV_DECIMAL_MAX];
    dv_decimal_int(INT64_MIN, text);
    assert_string_equal(text, "-9223372036854775808");
    for (int v = 0; v < 5000000; v += 7)
        check((float)v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(around_each_power_of_two),
        cmocka_unit_test(around_each_power_of_ten),
        cmocka_unit_test(ties),
        cmocka_unit_test(any_bits),
        cmocka_unit_test(whole_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
