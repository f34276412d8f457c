#include "deconvviz/tensor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_shape_is_filled_and_printed(void **state)
{
    (void)state;
    static const struct {
        int64_t dim[6];
        int rank;
        size_t count;
        const char *text;
    } cases[] = {
        { { 0 }, 0, 1, "()" },
        { { 7 }, 1, 7, "(7)" },
        { { 0 }, 1, 0, "(0)" },
        { { 1, 64, 55, 55 }, 4, 193600, "(1,64,55,55)" },
        { { INT32_MAX }, 1, INT32_MAX, "(2147483647)" },
        { { 5, 0, 3 }, 3, 0, "(5,0,3)" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dv_shape s;
        dv_error err;
        char text[DV_SHAPE_TEXT_MAX];
        assert_true(dv_shape_set(&s, cases[i].rank, cases[i].dim, "w", &err));
        assert_int_equal(s.rank, cases[i].rank);
        assert_int_equal(dv_shape_count(&s), cases[i].count);
        assert_string_equal(dv_shape_text(&s, text), cases[i].text);
    }
}

static void elements_beyond_count_are_more_than_any_limit(void **state)
{
    (void)state;
    const dv_shape s = { 4, { 65536, 65536, 65536, 65536 } }; /* 2^64, which is 0 in 64 bits */
    assert_true(dv_shape_count(&s) == SIZE_MAX);
}

static void any_shape_has_room_for_its_text(void **state)
{
    (void)state;
    dv_shape s = { DV_MAX_RANK, { 0 } };
    for (int i = 0; i < DV_MAX_RANK; i++)
        s.dim[i] = INT32_MIN;
    char text[DV_SHAPE_TEXT_MAX];
    assert_int_equal(strlen(dv_shape_text(&s, text)), 2 + 6 * 11 + 5);
    assert_int_equal(text[strlen(text) - 1], ')');
    s.rank = -1;
    assert_string_equal(dv_shape_text(&s, text), "()");
}

static void impossible_shapes_are_refused_with_their_numbers(void **state)
{
    (void)state;
    static const struct {
        int64_t rank, dim[7];
        dv_code code;
        const char *message;
    } cases[] = {
        { 7,
          { 1, 1, 1, 1, 1, 1, 1 },
          DV_UNSUPPORTED,
          "w has 7 dimensions, at most 6 are supported" },
        { -1, { 0 }, DV_UNSUPPORTED, "w has -1 dimensions, at most 6 are supported" },
        { INT64_MAX,
          { 0 },
          DV_UNSUPPORTED,
          "w has 9223372036854775807 dimensions, at most 6 are supported" },
        { 2, { 3, -2 }, DV_BAD_DATA, "w: dimension 1 is -2" },
        { 1,
          { INT64_C(1) << 62 },
          DV_BAD_DATA,
          "w: dimension 0 is 4611686018427387904: more than 2147483647 elements" },
        { 3,
          { 65536, 32768, 1 },
          DV_BAD_DATA,
          "w: dimension 1 is 32768: more than 2147483647 elements" },
        { 4,
          { 0, 65536, 65536, 1 },
          DV_BAD_DATA, /* however the 0 hides it */
          "w: dimension 2 is 65536: more than 2147483647 elements" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dv_shape s;
        dv_error err = { 0 };
        assert_false(dv_shape_set(&s, cases[i].rank, cases[i].dim, "w", &err));
        assert_int_equal(err.code, cases[i].code);
        assert_string_equal(err.message, cases[i].message);
    }
}

static void shapes_are_equal_in_rank_and_sides_alone(void **state)
{
    (void)state;
    dv_shape a = { 2, { 3, 4, 99 } }, b = { 2, { 3, 4, 11 } }, c = { 2, { 4, 3 } },
             d = { 3, { 3, 4, 99 } }, none = { -1, { 1 } }, none2 = { -1, { 2 } };
    assert_true(dv_shape_equal(&a, &b));
    assert_false(dv_shape_equal(&a, &c));
    assert_false(dv_shape_equal(&a, &d));
    assert_true(dv_shape_equal(&none, &none2));
}

static void every_rank_is_planes_rows_and_columns(void **state)
{
    (void)state;
    static const struct {
        dv_shape shape;
        int32_t hi[3];
    } cases[] = {
        { { 0, { 0 } }, { 1, 1, 1 } },          { { 1, { 5 } }, { 5, 1, 1 } },
        { { 2, { 2, 5 } }, { 10, 1, 1 } },      { { 3, { 2, 3, 4 } }, { 6, 1, 4 } },
        { { 4, { 2, 3, 4, 5 } }, { 6, 4, 5 } }, { { 6, { 2, 3, 2, 2, 4, 5 } }, { 24, 4, 5 } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dv_box b = dv_box_whole(&cases[i].shape);
        for (int k = 0; k < 3; k++) {
            assert_int_equal(b.lo[k], 0);
            assert_int_equal(b.hi[k], cases[i].hi[k]);
        }
        assert_int_equal(dv_box_count(&b), dv_shape_count(&cases[i].shape));
    }
}

/* Boxes with sides in [-2, 4], some of them empty, and each point near them. */
static dv_box small_box(unsigned *seed)
{
    dv_box b;
    for (int k = 0; k < 3; k++) {
        *seed = *seed * 1664525 + 1013904223;
        b.lo[k] = (int32_t)(*seed >> 20) % 4 - 2;
        b.hi[k] = b.lo[k] + (int32_t)(*seed >> 8) % 4;
    }
    return b;
}

static bool holds(dv_box b, const int32_t at[3])
{
    for (int k = 0; k < 3; k++)
        if (at[k] < b.lo[k] || at[k] >= b.hi[k])
            return false;
    return true;
}

static void boxes_are_sets_of_points(void **state)
{
    (void)state;
    unsigned seed = 3;
    for (int round = 0; round < 3000; round++) {
        dv_box a = small_box(&seed), b = small_box(&seed);
        dv_box both = dv_box_intersect(a, b), hull = dv_box_hull(a, b);
        size_t n = 0;
        bool outside = false; /* a point of b that is not in a */
        dv_box tight = { { 9, 9, 9 }, { -9, -9, -9 } };
        int32_t at[3];
        for (at[0] = -3; at[0] < 5; at[0]++)
            for (at[1] = -3; at[1] < 5; at[1]++)
                for (at[2] = -3; at[2] < 5; at[2]++) {
                    bool in_a = holds(a, at), in_b = holds(b, at);
                    n += in_a;
                    outside = outside || (in_b && !in_a);
                    assert_int_equal(holds(both, at), in_a && in_b);
                    for (int k = 0; k < 3 && (in_a || in_b); k++) {
                        tight.lo[k] = at[k] < tight.lo[k] ? at[k] : tight.lo[k];
                        tight.hi[k] = at[k] >= tight.hi[k] ? at[k] + 1 : tight.hi[k];
                    }
                }
        assert_int_equal(dv_box_count(&a), n);
        assert_int_equal(dv_box_empty(&a), n == 0);
        assert_int_equal(dv_box_contains(a, b), !outside);
        if (dv_box_empty(&a) && dv_box_empty(&b))
            assert_true(dv_box_empty(&hull));
        else
            assert_true(dv_box_equal(hull, tight));
    }
}

static void a_signal_is_indexed_by_the_tensors_coordinates(void **state)
{
    (void)state;
    float data[2 * 3 * 4];
    for (int i = 0; i < 24; i++)
        data[i] = (float)i;
    dv_signal s = { { { 5, -1, 10 }, { 7, 2, 14 } }, data };
    float next = 0;
    for (int32_t c = 5; c < 7; c++)
        for (int32_t y = -1; y < 2; y++)
            for (int32_t x = 10; x < 14; x++)
                assert_true(*dv_signal_at(&s, c, y, x) == next++);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shape_is_filled_and_printed),
        cmocka_unit_test(elements_beyond_count_are_more_than_any_limit),
        cmocka_unit_test(any_shape_has_room_for_its_text),
        cmocka_unit_test(impossible_shapes_are_refused_with_their_numbers),
        cmocka_unit_test(shapes_are_equal_in_rank_and_sides_alone),
        cmocka_unit_test(every_rank_is_planes_rows_and_columns),
        cmocka_unit_test(boxes_are_sets_of_points),
        cmocka_unit_test(a_signal_is_indexed_by_the_tensors_coordinates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
