#include "tensor/array.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The value that IEEE 754 gives the bits of a half, straight from its definition. */
static double half_by_definition(unsigned h)
{
    unsigned exponent = h >> 10 & 31, fraction = h & 1023;
    double v = exponent ? ldexp(1024 + fraction, (int)exponent - 25) : ldexp(fraction, -24);
    if (exponent == 31)
        v = fraction ? (double)NAN : (double)INFINITY;
    return h & 0x8000 ? -v : v;
}

static void every_half_becomes_its_float(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 65536; h++) {
        double want = half_by_definition(h);
        float got = dv_half_to_float((uint16_t)h);
        if (isnan(want))
            assert_true(isnan(got));
        else
            assert_true((double)got == want);
        assert_int_equal(signbit(got) != 0, h >> 15);
    }
}

static void every_half_survives_the_way_to_float_and_back(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 65536; h++)
        assert_int_equal(dv_half_from_float(dv_half_to_float((uint16_t)h)), h);
}

/* Between two neighbouring halves: the middle goes to the even one, the floats beside it to the
 * nearer one. The step past the largest half counts as 65536, where infinity begins. */
static void floats_round_to_the_nearest_half(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 0x7c00; h++) {
        double low = half_by_definition(h);
        double high = h + 1 == 0x7c00 ? 65536 : half_by_definition(h + 1);
        float middle = (float)((low + high) / 2); /* exact */
        assert_int_equal(dv_half_from_float(middle), h + (h & 1));
        assert_int_equal(dv_half_from_float(nextafterf(middle, 0)), h);
        assert_int_equal(dv_half_from_float(nextafterf(middle, INFINITY)), h + 1);
        assert_int_equal(dv_half_from_float(-middle), 0x8000 | (h + (h & 1)));
    }
}

static void extremes_of_float_become_halves(void **state)
{
    (void)state;
    assert_int_equal(dv_half_from_float(0.0F), 0);
    assert_int_equal(dv_half_from_float(-0.0F), 0x8000);
    assert_int_equal(dv_half_from_float(0x1p-149F), 0);
    assert_int_equal(dv_half_from_float(-0x1p-149F), 0x8000);
    assert_int_equal(dv_half_from_float(3.4e38F), 0x7c00);
    assert_int_equal(dv_half_from_float(-INFINITY), 0xfc00);
    uint32_t bits = 0x7f800001; /* a NaN whose payload does not fit is still a NaN */
    float nan;
    memcpy(&nan, &bits, sizeof nan);
    assert_true(dv_half_from_float(nan) > 0x7c00);
}

/* One value of each type, at an address that suits none of them. */
struct sample {
    dv_dtype type;
    const void *value;
    double number;
    int64_t integer;
};

static void any_type_is_read_at_any_address(void **state)
{
    (void)state;
    float f32 = -2.75F;
    uint16_t f16 = 0xc180, bf16 = 0xc030; /* -2.75 both */
    double f64 = -0.1;
    int64_t i64 = -(INT64_C(1) << 40);
    int32_t i32 = -70000;
    int16_t i16 = -300;
    int8_t i8 = -5;
    uint8_t u8 = 200, yes = 2;
    struct sample samples[] = {
        { DV_F32, &f32, -2.75, -2 },
        { DV_F16, &f16, -2.75, -2 },
        { DV_BF16, &bf16, -2.75, -2 },
        { DV_F64, &f64, -0.1, 0 },
        { DV_I64, &i64, -1099511627776.0, -(INT64_C(1) << 40) },
        { DV_I32, &i32, -70000, -70000 },
        { DV_I16, &i16, -300, -300 },
        { DV_I8, &i8, -5, -5 },
        { DV_U8, &u8, 200, 200 },
        { DV_BOOL, &yes, 1, 1 },
    };
    for (size_t k = 0; k < sizeof samples / sizeof *samples; k++) {
        struct sample *s = &samples[k];
        size_t size = dv_dtype_size(s->type);
        char bytes[1 + 3 * 8] = { 0 };
        memcpy(bytes + 1 + 2 * size, s->value, size);
        dv_array a = { s->type, { .rank = 1, .dim = { 3 } }, bytes + 1 };
        assert_true(dv_array_number(&a, 2) == s->number);
        assert_int_equal(dv_array_int(&a, 2), s->integer);
        assert_int_equal(dv_array_int(&a, 1), 0);
        float got[2] = { 9, 9 };
        dv_array_copy_floats(&a, 1, 2, got);
        assert_true(got[0] == 0);
        assert_true(got[1] == (float)s->number);
    }
}

static void a_number_too_large_for_an_integer_is_bounded(void **state)
{
    (void)state;
    double values[] = { 1e300, -1e300, (double)NAN, 9223372036854775807.0 };
    int64_t want[] = { INT64_MAX, INT64_MIN, 0, INT64_MAX };
    dv_array a = { DV_F64, { .rank = 1, .dim = { 4 } }, values };
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(dv_array_int(&a, i), want[i]);
}

static void only_aligned_floats_are_used_in_place(void **state)
{
    (void)state;
    float values[3] = { 1, 2, 3 };
    dv_array a = { DV_F32, { .rank = 1, .dim = { 2 } }, values };
    assert_ptr_equal(dv_array_floats(&a), values);
    a.data = (const char *)values + 1;
    assert_null(dv_array_floats(&a));
    a = (dv_array){ DV_I32, { .rank = 1, .dim = { 2 } }, values };
    assert_null(dv_array_floats(&a));
}

static void types_have_their_names(void **state)
{
    (void)state;
    assert_string_equal(dv_dtype_name(DV_F32), "float32");
    assert_string_equal(dv_dtype_name(DV_BF16), "bfloat16");
    assert_string_equal(dv_dtype_name(DV_BOOL), "bool");
    assert_true(dv_dtype_is_float(DV_F64));
    assert_false(dv_dtype_is_float(DV_I64));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_becomes_its_float),
        cmocka_unit_test(every_half_survives_the_way_to_float_and_back),
        cmocka_unit_test(floats_round_to_the_nearest_half),
        cmocka_unit_test(extremes_of_float_become_halves),
        cmocka_unit_test(any_type_is_read_at_any_address),
        cmocka_unit_test(a_number_too_large_for_an_integer_is_bounded),
        cmocka_unit_test(only_aligned_floats_are_used_in_place),
        cmocka_unit_test(types_have_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
