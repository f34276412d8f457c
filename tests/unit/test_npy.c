#include "tensor/npy.h"

#include "base/file.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/test_npy_XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[sizeof folder + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

/* A file in memory: `header`, padded, and `n` bytes of numbers. Returns its size. */
static size_t build(uint8_t file[512], int version, const char *header, const void *numbers,
                    size_t n)
{
    size_t start = version == 1 ? 10 : 12, text = strlen(header);
    memset(file, 0, start);
    memcpy(file, "\x93NUMPY", 6);
    file[6] = (uint8_t)version;
    file[8] = (uint8_t)text;
    memcpy(file + start, header, text);
    memcpy(file + start + text, numbers, n);
    return start + text + n;
}

#define F4(shape) "{'descr': '<f4', 'fortran_order': False, 'shape': " shape ", }\n"

static void the_file_is_byte_for_byte_numpys(void **state)
{
    (void)state;
    float data[6] = { 1, -2, 0.5F, 3, 65504, -0.0F };
    dv_shape shape = { 2, { 2, 3 } };
    dv_error err;
    assert_true(dv_npy_write(in_folder("a.npy"), &shape, data, &err));
    dv_file f;
    assert_true(dv_file_map(&f, in_folder("a.npy"), &err));
    /* numpy.save of version 1.24 */
    static const char want[] = "\x93NUMPY\x01\x00\x76\x00"
                               "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
                               "                                                          \n";
    assert_int_equal(f.size, 128 + sizeof data);
    assert_memory_equal(f.data, want, 128);
    assert_memory_equal(f.data + 128, data, sizeof data);
    dv_file_unmap(&f);
    unlink(in_folder("a.npy"));
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    static const dv_shape shapes[] = {
        { 0, { 0 } },           { 1, { 5 } },    { 1, { 0 } },
        { 4, { 1, 3, 7, 11 } }, { 2, { 3, 0 } }, { 6, { 1, 2, 1, 2, 1, 2 } },
    };
    float data[3 * 7 * 11];
    for (int i = 0; i < 3 * 7 * 11; i++)
        data[i] = (float)(i - 100) / 8; /* halves hold them exactly */
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++)
        for (int half = 0; half < 2; half++) {
            dv_error err;
            const char *path = in_folder("b.npy");
            assert_true(half ? dv_npy_write_half(path, &shapes[k], data, &err)
                             : dv_npy_write(path, &shapes[k], data, &err));
            dv_shape shape;
            float *got;
            assert_true(dv_npy_read(path, &shape, &got, &err));
            assert_true(dv_shape_equal(&shape, &shapes[k]));
            assert_memory_equal(got, data, dv_shape_count(&shape) * sizeof *got);
            free(got);
            unlink(path);
        }
}

static void halves_and_doubles_become_floats(void **state)
{
    (void)state;
    uint8_t file[512];
    dv_array a;
    dv_error err;
    float got[2];
    double d[2] = { 0.1, -1e300 };
    size_t size = build(file, 2, "{\"shape\": (2,), 'fortran_order':False,'descr': '<f8'}", d, 16);
    assert_true(dv_npy_parse(&a, file, size, &err));
    assert_int_equal(a.type, DV_F64);
    dv_array_copy_floats(&a, 0, 2, got);
    assert_true(got[0] == 0.1F && got[1] == -INFINITY);

    uint16_t h[2] = { 0x3c00, 0xfc00 };
    size = build(file, 3, "{'shape':(1,2),'descr':'<f2','fortran_order':False,}   ", h, 4);
    assert_true(dv_npy_parse(&a, file, size, &err));
    assert_int_equal(a.shape.rank, 2);
    dv_array_copy_floats(&a, 0, 2, got);
    assert_true(got[0] == 1 && got[1] == -INFINITY);
}

static void what_cannot_be_read_is_refused_with_its_reason(void **state)
{
    (void)state;
    static const struct {
        const char *header, *reason;
        dv_code code;
    } cases[] = {
        { "{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }", "Fortran order",
          DV_UNSUPPORTED },
        { "{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", "'>f4'", DV_UNSUPPORTED },
        { "{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", "'<i8'", DV_UNSUPPORTED },
        { "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (2,), }", "plain numbers",
          DV_UNSUPPORTED },
        { F4("(1,1,1,1,1,1,2)"), "more than 6 dimensions", DV_UNSUPPORTED },
        { F4("(4611686018427387904,)"), "more than 2147483647 elements", DV_BAD_DATA },
        { F4("(99999999999999999999999,)"), "more than 2147483647 elements", DV_BAD_DATA },
        { F4("(65536, 65536)"), "more than 2147483647 elements", DV_BAD_DATA },
        { F4("(-2,)"), "shape", DV_BAD_DATA },
        { F4("(2"), "shape", DV_BAD_DATA },
        { F4("(2 2)"), "shape", DV_BAD_DATA },
        { F4("2"), "shape", DV_BAD_DATA },
        { F4("(3,)"), "8 bytes of numbers; (3) of float32 are 12", DV_BAD_DATA },
        { F4("(1,)"), "8 bytes of numbers; (1) of float32 are 4", DV_BAD_DATA },
        { F4("(2,)") "x", "header", DV_BAD_DATA },
        { "{'descr': '<f4', 'shape': (2,), }", "header", DV_BAD_DATA },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}", "header",
          DV_BAD_DATA },
        { "", "header", DV_BAD_DATA },
    };
    float numbers[2] = { 1, 2 };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t file[512];
        dv_array a;
        dv_error err = { 0 };
        size_t size = build(file, 1, cases[i].header, numbers, sizeof numbers);
        assert_false(dv_npy_parse(&a, file, size, &err));
        if (!strstr(err.message, cases[i].reason))
            fail_msg("%s: says '%s'", cases[i].header, err.message);
        assert_int_equal(err.code, cases[i].code);
    }
}

/* Each shortened file in memory of exactly its size, for AddressSanitizer. */
static void a_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    float numbers[2] = { 1, 2 };
    for (int version = 1; version <= 3; version++) {
        uint8_t file[512];
        size_t size = build(file, version, F4("(1, 2)"), numbers, sizeof numbers);
        dv_array a;
        dv_error err;
        assert_true(dv_npy_parse(&a, file, size, &err));
        for (size_t n = 0; n < size; n++) {
            uint8_t *cut = malloc(n ? n : 1);
            assert_non_null(cut);
            memcpy(cut, file, n);
            assert_false(dv_npy_parse(&a, cut, n, &err));
            assert_int_equal(err.code, DV_BAD_DATA);
            free(cut);
        }
    }
}

static void the_path_is_named(void **state)
{
    (void)state;
    dv_shape shape = { 1, { 1 } };
    float *data, one = 1;
    dv_error err;
    const char *path = in_folder("text.npy");
    assert_true(dv_file_write(path, "hello, this is text", 19, &err));
    assert_false(dv_npy_read(path, &shape, &data, &err));
    assert_non_null(strstr(err.message, "text.npy: not a .npy file"));
    unlink(path);
    assert_false(dv_npy_read(path, &shape, &data, &err));
    assert_non_null(strstr(err.message, "text.npy: No such file"));
    assert_false(dv_npy_write("/nowhere/x.npy", &shape, &one, &err));
    assert_non_null(strstr(err.message, "/nowhere/x.npy"));
    assert_int_equal(err.code, DV_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_is_byte_for_byte_numpys),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(halves_and_doubles_become_floats),
        cmocka_unit_test(what_cannot_be_read_is_refused_with_its_reason),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(the_path_is_named),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
