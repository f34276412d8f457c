#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What was given out does not move, overlap, or lose what was written to it. */
static void allocations_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    enum { N = 600 };
    dv_arena a = { 0 };
    dv_error err;
    unsigned char *block[N];
    size_t size[N];
    for (int i = 0; i < N; i++) {
        size[i] = i % 97 == 0 ? 100000 : (size_t)(i * 37 % 300);
        block[i] = dv_arena_alloc(&a, size[i], &err);
        assert_non_null(block[i]);
        assert_int_equal((uintptr_t)block[i] % 64, 0);
        for (size_t k = 0; k < size[i]; k++)
            assert_int_equal(block[i][k], 0);
        memset(block[i], i & 255, size[i]);
    }
    for (int i = 0; i < N; i++)
        for (size_t k = 0; k < size[i]; k++)
            assert_int_equal(block[i][k], i & 255);
    dv_arena_release(&a);
    assert_null(a.blocks);
}

static void an_arena_is_empty_after_its_release(void **state)
{
    (void)state;
    dv_arena a = { 0 };
    dv_error err;
    dv_arena_release(&a);
    for (int i = 0; i < 3; i++) {
        unsigned char *p = dv_arena_alloc(&a, 5000, &err);
        assert_non_null(p);
        for (int k = 0; k < 5000; k++)
            assert_int_equal(p[k], 0);
        memset(p, 255, 5000);
        dv_arena_release(&a);
    }
}

static void text_is_copied_with_its_end(void **state)
{
    (void)state;
    dv_arena a = { 0 };
    dv_error err;
    char source[] = "conv1_relu";
    char *text = dv_arena_text(&a, source, 5, &err), *none = dv_arena_text(&a, NULL, 0, &err);
    source[0] = 'x';
    assert_string_equal(text, "conv1");
    assert_string_equal(none, "");
    dv_arena_release(&a);
}

static void impossible_sizes_fail_with_the_size(void **state)
{
    (void)state;
    dv_arena a = { 0 };
    for (int filled = 0; filled < 2; filled++) {
        dv_error err = { 0 };
        assert_null(dv_arena_alloc(&a, SIZE_MAX, &err));
        assert_int_equal(err.code, DV_NO_MEMORY);
        assert_non_null(strstr(err.message, "18446744073709551615 bytes"));
        assert_null(dv_arena_array(&a, SIZE_MAX / 8 + 2, 8, &err)); /* the product is 8 */
        assert_non_null(strstr(err.message, "of 8 bytes"));
        assert_null(dv_arena_text(&a, "", SIZE_MAX, &err));
        assert_non_null(dv_arena_array(&a, 3, 8, &err));
        assert_non_null(dv_arena_array(&a, 0, 0, &err));
    }
    dv_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_zeroed_aligned_and_apart),
        cmocka_unit_test(an_arena_is_empty_after_its_release),
        cmocka_unit_test(text_is_copied_with_its_end),
        cmocka_unit_test(impossible_sizes_fail_with_the_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
