/* test_load_protobuf.c - the wire format, with everything that can be wrong in a field. */
#include "load/protobuf.h"
#include "onnx_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static dv_pb whole(const bytes *b)
{
    return (dv_pb){ b->data, b->data + b->n, b->data };
}

static void each_kind_of_field_is_read(void **unused)
{
    (void)unused;
    bytes b = { 0 };
    dv_error err = { 0 };
    dv_pb_field f;
    int64_t i = 0;
    float v = 0;
    put_int(&b, 1, -1);
    put_float(&b, 2, 1.5F);
    put_text(&b, 536870911, "end");
    dv_pb m = whole(&b);
    assert_true(dv_pb_next(&m, &f, &err));
    assert_true(dv_pb_int(&f, "i", &i, &err));
    assert_true(i == -1);
    assert_false(dv_pb_float(&f, "i", &v, &err));
    assert_string_equal(err.message, "i has wire type 0 instead of 5");
    assert_true(dv_pb_next(&m, &f, &err));
    assert_true(dv_pb_float(&f, "v", &v, &err));
    assert_float_equal(v, 1.5F, 0);
    assert_true(dv_pb_next(&m, &f, &err));
    assert_int_equal(f.number, 536870911);
    assert_int_equal(f.bytes.end - f.bytes.at, 3);
    assert_false(dv_pb_more(&m));
    bytes_free(&b);
}

static void numbers_are_read_packed_or_one_by_one(void **unused)
{
    (void)unused;
    bytes b = { 0 }, list = { 0 };
    dv_error err = { 0 };
    dv_pb_field f;
    size_t n = 0;
    put_varint(&list, 300);
    put_varint(&list, UINT64_MAX);
    put_varint(&list, 0);
    put_message(&b, 1, list);
    put_int(&b, 1, 7);
    dv_pb m = whole(&b);
    assert_true(dv_pb_next(&m, &f, &err));
    assert_true(dv_pb_count(&f, "it", DV_PB_VARINT, &n, &err));
    assert_int_equal(n, 3);
    dv_pb rest = f.bytes;
    assert_true(dv_pb_number(&f, DV_PB_VARINT, &rest) == 300);
    assert_true(dv_pb_number(&f, DV_PB_VARINT, &rest) == UINT64_MAX);
    assert_true(dv_pb_number(&f, DV_PB_VARINT, &rest) == 0);
    assert_true(dv_pb_next(&m, &f, &err));
    assert_true(dv_pb_count(&f, "it", DV_PB_VARINT, &n, &err));
    assert_int_equal(n, 1);
    rest = f.bytes;
    assert_true(dv_pb_number(&f, DV_PB_VARINT, &rest) == 7);
    bytes_free(&b);
}

/* Where the bytes are no message. */
static void refuses(const void *data, size_t n, const char *message)
{
    bytes b = { 0 };
    dv_error err = { 0 };
    dv_pb_field f;
    put_raw(&b, data, n);
    dv_pb m = whole(&b);
    bool ok = true;
    while (ok && dv_pb_more(&m))
        ok = dv_pb_next(&m, &f, &err);
    assert_false(ok);
    assert_string_equal(err.message, message);
    bytes_free(&b);
}

static void malformed_fields_are_refused_with_their_place(void **unused)
{
    (void)unused;
    refuses("\x08", 1, "byte 1: the file ends inside a number (truncated?)");
    refuses("\x08\xff\xff", 3, "byte 1: the file ends inside a number (truncated?)");
    refuses("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12,
            "byte 1: the file ends inside a number (truncated?)");
    refuses("\x80", 1, "byte 0: the file ends inside a field (truncated?)");
    refuses("\x00\x01", 2, "byte 0: no field has such a number: not the format, or damaged");
    refuses("\x0a\x05"
            "abc",
            5, "byte 1: a field of 5 bytes where 3 are left (truncated?)");
    refuses("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11,
            "byte 1: a field of 18446744073709551615 bytes where 0 are left (truncated?)");
    refuses("\x0d\x01\x02\x03", 4, "byte 1: the file ends inside a number (truncated?)");
    refuses("\x09\x01\x02\x03", 4, "byte 1: the file ends inside a number (truncated?)");
    refuses("\x0b\x0c", 2, "byte 0: wire type 3 is not in use");
    refuses("\x08\x01\x0f", 3, "byte 2: wire type 7 is not in use");
}

static void a_list_that_ends_inside_a_number_is_refused(void **unused)
{
    (void)unused;
    dv_error err = { 0 };
    dv_pb_field f;
    size_t n;
    bytes b = { 0 };
    put_bytes(&b, 1, "\x01\x80", 2);
    dv_pb m = whole(&b);
    assert_true(dv_pb_next(&m, &f, &err));
    assert_false(dv_pb_count(&f, "dims", DV_PB_VARINT, &n, &err));
    assert_string_equal(err.message, "dims ends inside a number");
    assert_false(dv_pb_count(&f, "dims", DV_PB_64, &n, &err));
    assert_string_equal(err.message, "dims has 2 bytes: a multiple of 8 is needed");
    bytes_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_field_is_read),
        cmocka_unit_test(numbers_are_read_packed_or_one_by_one),
        cmocka_unit_test(malformed_fields_are_refused_with_their_place),
        cmocka_unit_test(a_list_that_ends_inside_a_number_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
