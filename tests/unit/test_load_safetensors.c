/* test_load_safetensors.c - files of weights, right and wrong. */
#include "load/safetensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

enum { DATA = 64 };

/* A file with this header and DATA bytes 0, 1, 2 … behind it; in memory of its own size. */
static uint8_t *file_of(const char *header, size_t *size)
{
    size_t n = strlen(header);
    *size = 8 + n + DATA;
    uint8_t *file = calloc(1, *size);
    assert_non_null(file);
    for (int i = 0; i < 8; i++)
        file[i] = (uint8_t)((uint64_t)n >> (8 * i));
    memcpy(file + 8, header, n);
    for (int i = 0; i < DATA; i++)
        file[8 + n + (size_t)i] = (uint8_t)i;
    return file;
}

/* What is said of the header, or, if nothing is, of the tensor "w" in it. */
static void refuses(const char *header, const char *message)
{
    size_t size;
    dv_error err = { 0 };
    dv_array a;
    uint8_t *file = file_of(header, &size);
    dv_safetensors *s = dv_safetensors_open(file, size, &err);
    if (s)
        assert_false(dv_safetensors_get(s, "w", &a, &err));
    assert_string_equal(err.message, message);
    dv_safetensors_close(s);
    free(file);
}

static void an_array_is_a_view_of_the_file(void **unused)
{
    (void)unused;
    size_t size;
    dv_error err = { 0 };
    dv_array a;
    const char *header = "{\"__metadata__\":{\"format\":\"pt\"},"
                         "\"w\":{\"dtype\":\"F16\",\"shape\":[2,3],\"data_offsets\":[4,16]},"
                         "\"n\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[16,24]},"
                         "\"b\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[0,2]},"
                         "\"d\":{\"dtype\":\"F64\",\"shape\":[0],\"data_offsets\":[64,64]}} ";
    uint8_t *file = file_of(header, &size);
    assert_true(dv_safetensors_sniff(file, size));
    dv_safetensors *s = dv_safetensors_open(file, size, &err);
    assert_non_null(s);
    assert_int_equal(dv_safetensors_count(s), 4);
    assert_true(dv_safetensors_has(s, "w"));
    assert_false(dv_safetensors_has(s, "__metadata__"));
    assert_true(dv_safetensors_get(s, "w", &a, &err));
    assert_int_equal(a.type, DV_F16);
    assert_true(dv_shape_equal(&a.shape, &(dv_shape){ 2, { 2, 3 } }));
    assert_ptr_equal(a.data, file + 8 + strlen(header) + 4);
    assert_true(dv_safetensors_get(s, "n", &a, &err));
    assert_true(dv_array_int(&a, 0) == 0x1716151413121110);
    assert_true(dv_safetensors_get(s, "b", &a, &err));
    assert_true(dv_safetensors_get(s, "d", &a, &err));
    assert_int_equal(dv_shape_count(&a.shape), 0);
    dv_safetensors_close(s);
    free(file);
}

static void malformed_entries_are_refused(void **unused)
{
    (void)unused;
    refuses("{}", "the weights have no tensor 'w' (0 others, as '')");
    refuses("{\"v\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
            "the weights have no tensor 'w' (1 others, as 'v')");
    refuses("[]", "the header is not an object");
    refuses("{\"w\":", "header: line 1, column 5: this is not JSON (truncated?)");
    refuses("{} x", "header: line 1, column 4: more text behind the end of the JSON value");
    refuses("{\"w\":3}", "tensor 'w': it is not an object: {…} is needed");
    refuses("{\"w\":{\"dtype\":\"F32\",\"shape\":[1]}}",
            "tensor 'w': \"data_offsets\" is missing: a list of numbers is needed");
    refuses("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":0}}",
            "tensor 'w': it: unknown key \"x\"");
    refuses("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
            "\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
            "tensor 'w' is there twice");
    refuses("{\"w\":{\"dtype\":\"F8_E4M3\",\"shape\":[4],\"data_offsets\":[0,4]}}",
            "tensor 'w': \"dtype\" is \"F8_E4M3\": F32, F16, BF16 and F64 are supported");
}

static void offsets_and_shapes_must_agree_and_stay_inside(void **unused)
{
    (void)unused;
    refuses("{\"w\":{\"dtype\":\"F32\",\"shape\":[17],\"data_offsets\":[0,68]}}",
            "tensor 'w': its data ends at byte 68 of 64 bytes of data (truncated?)");
    refuses("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,4]}}",
            "tensor 'w': \"data_offsets\" is no begin and end");
    refuses("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}",
            "tensor 'w': \"data_offsets\" is -4: a whole number from 0 to 9223372036854775807 is "
            "needed");
    refuses("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,1e300]}}",
            "tensor 'w': \"data_offsets\" is 1e+300: a whole number from 0 to "
            "9223372036854775807 is needed");
    refuses("{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}",
            "tensor 'w': 4 bytes of data: (2) of float32 needs 8");
    refuses("{\"w\":{\"dtype\":\"F32\",\"shape\":[65536,65536],\"data_offsets\":[0,0]}}",
            "tensor 'w': \"shape\": dimension 1 is 65536: more than 2147483647 elements");
    refuses("{\"w\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}",
            "tensor 'w': \"shape\" has 7 elements: 6 at most");
}

static void a_header_is_bounded(void **unused)
{
    (void)unused;
    dv_error err = { 0 };
    uint8_t file[16] = { 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, '{' };
    assert_null(dv_safetensors_open(file, sizeof file, &err));
    assert_string_equal(err.message, "a header of 4294967295 bytes: 100000000 at most");
    file[1] = file[2] = file[3] = 0;
    assert_null(dv_safetensors_open(file, sizeof file, &err));
    assert_string_equal(err.message, "a header of 255 bytes in a file of 16 (truncated?)");
    assert_null(dv_safetensors_open(file, 7, &err));
    assert_string_equal(err.message, "7 bytes are no safetensors file");
}

static void a_file_cut_at_any_byte_is_refused(void **unused)
{
    (void)unused;
    size_t size;
    uint8_t *file =
        file_of("{\"w\":{\"dtype\":\"F32\",\"shape\":[16],\"data_offsets\":[0,64]}}", &size);
    for (size_t n = 0; n <= size; n++) {
        dv_error err = { 0 };
        uint8_t *cut = malloc(n + !n);
        assert_non_null(cut);
        memcpy(cut, file, n);
        dv_safetensors *s = dv_safetensors_open(cut, n, &err);
        assert_true((s != NULL) == (n == size));
        dv_safetensors_close(s);
        free(cut);
    }
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_array_is_a_view_of_the_file),
        cmocka_unit_test(malformed_entries_are_refused),
        cmocka_unit_test(offsets_and_shapes_must_agree_and_stay_inside),
        cmocka_unit_test(a_header_is_bounded),
        cmocka_unit_test(a_file_cut_at_any_byte_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
