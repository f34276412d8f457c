#include "deconvviz/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_failure_is_recorded_and_returns_false(void **state)
{
    (void)state;
    dv_error err;
    assert_false(dv_fail(&err, DV_BAD_DATA, "%d nodes, at most %s", 7, "5"));
    assert_int_equal(err.code, DV_BAD_DATA);
    assert_string_equal(err.message, "7 nodes, at most 5");
    assert_false(dv_fail_in(&err, "%s", "model.onnx"));
    assert_int_equal(err.code, DV_BAD_DATA);
    assert_string_equal(err.message, "model.onnx: 7 nodes, at most 5");
}

static void nobody_need_care_why(void **state)
{
    (void)state;
    assert_false(dv_fail(NULL, DV_IO, "lost"));
    assert_false(dv_fail_in(NULL, "nowhere"));
}

static const char *message(const char *text)
{
    static dv_error err;
    dv_fail(&err, DV_IO, "%s", text);
    return err.message;
}

static void a_message_is_one_printable_line(void **state)
{
    (void)state;
    assert_string_equal(message("a\nb\r\tc\x1b[31m\x7f"), "a\\x0ab\\x0d\\x09c\\x1b[31m\\x7f");
    assert_string_equal(message("\xc2\x9b"
                                "31m"),
                        "\\u009b31m"); /* a C1 control */
    assert_string_equal(message("\xff\xfe ok \xc3"), "\\xff\\xfe ok \\xc3");
    assert_string_equal(message("\xc0\xaf \xe0\x80\xaf"),
                        "\\xc0\\xaf \\xe0\\x80\\xaf");               /* overlong */
    assert_string_equal(message("\xed\xa0\x80"), "\\xed\\xa0\\x80"); /* surrogate */
    assert_string_equal(message("\xf4\x90\x80\x80 \xf8"),
                        "\\xf4\\x90\\x80\\x80 \\xf8"); /* past U+10FFFF */
    assert_string_equal(message("\xe2\x82\nx \xf0\x9f\x98"),
                        "\\xe2\\x82\\x0ax \\xf0\\x9f\\x98"); /* cut short */
    assert_string_equal(message(message("a\x1b")), "a\\x1b");

    dv_error err;
    dv_fail(&err, DV_IO, "lost");
    dv_fail_in(&err, "a\nb");
    assert_string_equal(err.message, "a\\x0ab: lost");
}

static void utf8_is_left_as_it_is(void **state)
{
    (void)state;
    const char *text = "Größe 日本語 \xf0\x9f\x90\xb1 \xc2\xa0.";
    assert_string_equal(message(text), text);
}

/* Whole characters of `bytes` bytes each, as often as they fit. */
static void check_whole(const char *text, const char *character, size_t room)
{
    size_t bytes = strlen(character), n = strlen(text);
    assert_in_range(n, room - bytes + 1, room);
    assert_int_equal(n % bytes, 0);
    for (size_t i = 0; i < n; i += bytes)
        assert_memory_equal(text + i, character, bytes);
}

static void a_character_is_never_cut(void **state)
{
    (void)state;
    static const char *const characters[] = { "x", "ß", "語", "\xf0\x9f\x90\xb1" };
    for (size_t k = 0; k < 4; k++) {
        char text[1201] = "";
        while (strlen(text) + 4 < sizeof text)
            strcat(text, characters[k]);
        for (size_t before = 0; before < 5; before++) {
            dv_error err;
            dv_fail(&err, DV_IO, "%.*s%s", (int)before, "abcd", text);
            check_whole(err.message + before, characters[k], sizeof err.message - 1 - before);
            dv_fail_in(&err, "%s", "here");
            assert_memory_equal(err.message, "here: ", 6);
            check_whole(err.message + 6 + before, characters[k],
                        sizeof err.message - 1 - 6 - before);
        }
    }
}

static void a_long_place_leaves_room_for_the_reason(void **state)
{
    (void)state;
    char where[2000];
    memset(where, 'w', sizeof where - 1);
    where[sizeof where - 1] = '\0';
    dv_error err;
    dv_fail(&err, DV_IO, "the reason");
    for (int i = 0; i < 3; i++)
        dv_fail_in(&err, "%s", where);
    assert_in_range(strlen(err.message), 500, sizeof err.message - 1);
    dv_fail(&err, DV_IO, "the reason");
    dv_fail_in(&err, "%s", where);
    assert_non_null(strstr(err.message, "ww: the reason"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_is_recorded_and_returns_false),
        cmocka_unit_test(nobody_need_care_why),
        cmocka_unit_test(a_message_is_one_printable_line),
        cmocka_unit_test(utf8_is_left_as_it_is),
        cmocka_unit_test(a_character_is_never_cut),
        cmocka_unit_test(a_long_place_leaves_room_for_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
