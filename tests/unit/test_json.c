/* JSON as it is read, with messages, and as it is written. */
#include "base/json.h"
#include "base/json_write.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* -- reading ---------------------------------------------------------------------------------- */

static void refuses(const char *text, size_t most, const char *why)
{
    dv_error err = { 0 };
    assert_null(dv_json_parse(text, strlen(text), most, &err));
    assert_string_equal(err.message, why);
}

static void what_is_not_one_value_is_refused(void **state)
{
    (void)state;
    refuses("", 9, "line 1, column 1: this is not JSON (truncated?)");
    refuses("{\n \"a\": 1", 9, "line 2, column 7: this is not JSON (truncated?)");
    refuses("{} \n{}", 9, "line 2, column 1: more text behind the end of the JSON value");
    refuses("[1,2,3]", 3, "more than 3 values");
    dv_error err;
    cJSON *o = dv_json_parse(" [1,2] \r\n", 9, 3, &err);
    assert_non_null(o);
    cJSON_Delete(o);
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    static char deep[200001];
    memset(deep, '[', sizeof deep - 1);
    dv_error err = { 0 };
    assert_null(dv_json_parse(deep, sizeof deep - 1, DV_JSON_MAX_VALUES, &err));
    assert_non_null(strstr(err.message, "this is not JSON"));
}

static const char document[] =
    "{\"format\":\"f\",\"version\":1,\"text\":\"t\",\"line\":\"a\\nb\",\"yes\":true,\"n\":3,"
    "\"half\":0.5,\"list\":[1,2],\"much\":1e300,\"none\":null,\"word\":\"two\",\"digest\":"
    "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}";

typedef struct fixture {
    cJSON *o;
    dv_arena arena;
    dv_error err;
} fixture;

static int open_document(void **state)
{
    static fixture f;
    f = (fixture){ 0 };
    f.o = dv_json_parse(document, strlen(document), 99, &f.err);
    *state = &f;
    return f.o ? 0 : -1;
}

static int close_document(void **state)
{
    fixture *f = *state;
    cJSON_Delete(f->o);
    dv_arena_release(&f->arena);
    return 0;
}

static void members_are_read(void **state)
{
    fixture *f = *state;
    static const char *const words[] = { "one", "two", "three", NULL };
    const char *text;
    bool yes = false;
    int n = 0, which = 0;
    float v[2] = { 0 };
    int64_t whole[2] = { 0 };
    char digest[DV_DIGEST_TEXT_MAX];
    const cJSON *list;
    assert_true(dv_json_check_format(f->o, "f", 1, "another", &f->err));
    assert_true(dv_json_get_text(f->o, "text", &f->arena, &text, &f->err));
    assert_string_equal(text, "t");
    assert_true(dv_json_get_string(f->o, "line", &text, &f->err));
    assert_string_equal(text, "a\nb");
    assert_true(dv_json_get_bool(f->o, "yes", &yes, &f->err) && yes);
    assert_true(dv_json_get_int(f->o, "n", 3, 3, &n, &f->err) && n == 3);
    assert_true(dv_json_get_float(f->o, "half", 0, 1, v, &f->err) && v[0] == 0.5F);
    assert_true(dv_json_get_ints(f->o, "list", 1, 2, 2, whole, &f->err) && whole[1] == 2);
    assert_true(dv_json_get_floats(f->o, "list", 2, v, &f->err) && v[1] == 2);
    assert_true(dv_json_get_choice(f->o, "word", words, &which, &f->err) && which == 1);
    assert_true(dv_json_get_digest(f->o, "digest", digest, &f->err) && strlen(digest) == 64);
    assert_true(dv_json_get_list(f->o, "list", 0, 2, &list, &n, &f->err) && n == 2);
}

static void says(fixture *f, bool ok, const char *why)
{
    assert_false(ok);
    assert_string_equal(f->err.message, why);
    f->err = (dv_error){ 0 };
}

static void a_refused_member_is_named_with_its_limit(void **state)
{
    fixture *f = *state;
    static const char *const words[] = { "one", "three", NULL };
    static const char *const keys[] = { "format", NULL };
    const cJSON *o = f->o, *list;
    dv_error *err = &f->err;
    const char *text;
    bool yes;
    int n;
    float v[2];
    int64_t whole[2];
    char digest[DV_DIGEST_TEXT_MAX];
    says(f, dv_json_check_format(o, "g", 1, "no such thing", err), "no such thing");
    says(f, dv_json_check_format(o, "f", 2, "", err),
         "\"version\" is 1: this program reads version 2");
    says(f, dv_json_check_keys(o, keys, "it", err), "it: unknown key \"version\"");
    says(f, dv_json_get_text(o, "name", &f->arena, &text, err),
         "\"name\" is missing: a text is needed");
    says(f, dv_json_get_text(o, "line", &f->arena, &text, err),
         "\"line\" holds the control character 0x0a");
    says(f, dv_json_get_string(o, "none", &text, err), "\"none\" is null: a text is needed");
    says(f, dv_json_get_bool(o, "n", &yes, err), "\"n\" is 3: true or false is needed");
    says(f, dv_json_get_int(o, "n", 4, 9, &n, err),
         "\"n\" is 3: a whole number from 4 to 9 is needed");
    says(f, dv_json_get_int(o, "half", 0, 9, &n, err),
         "\"half\" is 0.5: a whole number from 0 to 9 is needed");
    says(f, dv_json_get_int(o, "much", 0, 9, &n, err),
         "\"much\" is 1e+300: a whole number from 0 to 9 is needed");
    says(f, dv_json_get_float(o, "much", 0, 1, v, err), "\"much\" is 1e+300: a number is needed");
    says(f, dv_json_get_float(o, "n", 0, 1, v, err), "\"n\" is 3: 0 to 1 are possible");
    says(f, dv_json_get_ints(o, "list", 0, 1, 2, whole, err),
         "\"list\" is 2: a whole number from 0 to 1 is needed");
    says(f, dv_json_get_floats(o, "list", 1, v, err), "\"list\" has 2 elements: 1 at most");
    says(f, dv_json_get_floats(o, "list", 3, (float[3]){ 0 }, err),
         "\"list\" has 2 numbers: 3 are needed");
    says(f, dv_json_get_choice(o, "word", words, &n, err),
         "\"word\" is \"two\": \"one\", \"three\" are possible");
    says(f, dv_json_get_digest(o, "word", digest, err),
         "\"word\" is \"two\": 64 hexadecimal digits are needed");
    says(f, dv_json_get_list(o, "list", 3, 4, &list, &n, err),
         "\"list\" lists 2: 3 to 4 are possible");
    says(f, dv_json_get_list(o, "yes", 3, 4, &list, &n, err),
         "\"yes\" is true or false: a list is needed");
    says(f, dv_json_get_int(dv_json_get(o, "list"), "n", 0, 9, &n, err), /* of no object */
         "\"n\" is missing: a whole number from 0 to 9 is needed");
    says(f, dv_json_get_int(NULL, "n", 0, 9, &n, err),
         "\"n\" is missing: a whole number from 0 to 9 is needed");
}

/* -- writing ---------------------------------------------------------------------------------- */

static void commas_and_brackets_are_set(void **state)
{
    (void)state;
    dv_text t = { 0 };
    dv_json w = { .to = &t };
    dv_json_object(&w, NULL);
    dv_json_list(&w, "empty");
    dv_json_end(&w);
    dv_json_object(&w, "inner");
    dv_json_put_bool(&w, "a", true);
    dv_json_put_null(&w, "b");
    dv_json_end(&w);
    dv_json_space(&w, "\n ");
    dv_json_put_ints(&w, "c", (const int32_t[]){ 1, -2 }, 2);
    dv_json_list(&w, "d");
    dv_json_space(&w, "\n");
    dv_json_put_text(&w, NULL, NULL);
    dv_json_space(&w, "\n");
    dv_json_put_int(&w, NULL, INT64_MIN);
    dv_json_end(&w);
    dv_json_end(&w);
    dv_json_line(&w);
    dv_json_put_int(&w, NULL, 2);
    dv_json_line(&w);
    assert_string_equal(t.data, "{\"empty\":[],\"inner\":{\"a\":true,\"b\":null},\n \"c\":[1,-2],"
                                "\"d\":[\nnull,\n-9223372036854775808]}\n2\n");
    free(t.data);
}

static void any_number_is_json(void **state)
{
    (void)state;
    const float v[] = { 0.1F, 16777216, 3.4028235e38F, -0.0F, NAN, INFINITY, -INFINITY };
    dv_text t = { 0 };
    dv_json w = { .to = &t };
    dv_json_put_floats(&w, NULL, v, 7);
    dv_json_line(&w);
    dv_json_list(&w, NULL);
    dv_json_put_short(&w, NULL, 1 / 3., 6);
    dv_json_put_short(&w, NULL, 1.7976931348623157e308, 17);
    dv_json_put_short(&w, NULL, (double)NAN, 6);
    dv_json_put_fixed(&w, NULL, 1, 6);
    dv_json_put_fixed(&w, NULL, (double)-INFINITY, 6);
    dv_json_end(&w);
    assert_string_equal(t.data, "[0.1,16777216,3.4028235e+38,-0,null,null,null]\n"
                                "[0.333333,1.7976931348623157e+308,null,1.000000,null]");
    free(t.data);
}

static void any_text_is_read_again(void **state)
{
    (void)state;
    static const char hostile[] = "\"\\/\b\n\x1b\x7f]]>é\xf0\x9f\x90\x9e\xff\xc0\xaf";
    dv_text t = { 0 };
    dv_error err;
    dv_json w = { .to = &t };
    dv_json_object(&w, NULL);
    dv_json_put_text(&w, hostile, hostile);
    dv_json_end(&w);
    for (size_t i = 0; i < t.size; i++)
        assert_true((unsigned char)t.data[i] >= ' ' && t.data[i] != 0x7f);
    assert_true(dv_is_utf8(t.data));
    cJSON *o = dv_json_parse(t.data, t.size, 2, &err);
    assert_non_null(o);
    assert_string_equal(o->child->valuestring,
                        "\"\\/\b\n\x1b\x7f]]>é\xf0\x9f\x90\x9e\ufffd\ufffd\ufffd");
    assert_string_equal(o->child->string, o->child->valuestring);
    cJSON_Delete(o);
    free(t.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_one_value_is_refused),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test_setup_teardown(members_are_read, open_document, close_document),
        cmocka_unit_test_setup_teardown(a_refused_member_is_named_with_its_limit, open_document,
                                        close_document),
        cmocka_unit_test(commas_and_brackets_are_set),
        cmocka_unit_test(any_number_is_json),
        cmocka_unit_test(any_text_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
