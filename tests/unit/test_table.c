/* A table of every kind of value, in each of its forms; and hostile text in all of them. */
#include "base/json.h"
#include "base/utf8.h"
#include "report/table.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOSTILE "a,\"b\"]]>&<\x1b[2J\r\n\xc3\xa9\xff\xef\xbf\xbf"

enum { NAME, COUNT, DROP, KEPT, SIZE, MEANS, NOTE, N_COLUMNS };

static const dv_column columns[N_COLUMNS] = {
    [NAME] = { .key = "name", .title = "name", .role = DV_ROLE_NAME },
    [COUNT] = { .key = "count", .title = "n", .kind = DV_COLUMN_INT, .right = true, .none = "-" },
    [DROP] = { .key = "drop",
               .title = "drop",
               .kind = DV_COLUMN_REAL,
               .right = true,
               .unit = "%",
               .shown = { 'f', 1 } },
    [KEPT] = { .key = "kept", .kind = DV_COLUMN_FLAG },
    [SIZE] = { .key = "size", .title = "size", .kind = DV_COLUMN_INTS, .list = "x" },
    [MEANS] = { .key = "means",
                .title = "means",
                .kind = DV_COLUMN_REALS,
                .list = "(,)",
                .optional = true },
    [NOTE] = { .title = "note", .role = DV_ROLE_OUTPUT, .optional = true },
};

typedef void print_form(const dv_table *t, dv_text *to);

static void prints(print_form *print, const dv_table *t, const char *expected)
{
    dv_text text = { 0 };
    dv_error err;
    print(t, &text);
    assert_true(dv_text_ok(&text, "the table", &err));
    assert_string_equal(text.data, expected);
    free(text.data);
}

static dv_table empty(void)
{
    return (dv_table){ .columns = columns, .n_columns = N_COLUMNS };
}

/* A full row, one of nulls, one of nothing. */
static dv_table filled(void)
{
    dv_table t = empty();
    dv_table_row(&t);
    dv_table_text(&t, NAME, "conv1");
    dv_table_int(&t, COUNT, 1234567890123);
    dv_table_real(&t, DROP, 12.25);
    dv_table_flag(&t, KEPT, true);
    dv_table_ints(&t, SIZE, (const int32_t[]){ 7, -3 }, 2);
    dv_table_reals(&t, MEANS, (const float[]){ 0.1F, 1e30F }, 2);
    dv_table_row(&t);
    for (int c = 0; c < N_COLUMNS; c++)
        dv_table_null(&t, c);
    dv_table_row(&t);
    return t;
}

static void text_is_aligned(void **state)
{
    (void)state;
    dv_table t = filled();
    prints(dv_table_print_text, &t,
           "name               n  drop (%)  size  means\n"
           "conv1  1234567890123      12.2  7x-3  (0.1,1e+30)\n"
           "                   -\n"
           "                   -\n");
    dv_table_free(&t);
    t = empty();
    t.indent = 2;
    prints(dv_table_print_text, &t, "  name  n  drop (%)  size\n");
    dv_table_row(&t);
    dv_table_text(&t, NAME, "conv1");
    dv_table_int(&t, COUNT, 7);
    dv_table_show(&t, COUNT, "%d of %d", 7, 9);
    dv_table_outcome(&t, DV_ROW_ERROR, "no such file");
    dv_table_row(&t);
    dv_table_show(&t, NOTE, "shown");
    dv_table_outcome(&t, DV_ROW_FAILED, "not shown");
    prints(dv_table_print_text, &t,
           "  name        n  drop (%)  size  note\n"
           "  conv1  7 of 9  no such file\n"
           "              -                  shown\n");
    dv_table_free(&t);
}

static void text_is_as_wide_as_a_terminal_shows_it(void **state)
{
    (void)state;
    static const char *const names[] = { "caf\xc3\xa9",              /* é */
                                         "cafe\xcc\x81",             /* e and a mark */
                                         "\xe7\x8a\xac\xe7\x8a\xac", /* two wide ones */
                                         "\xf0\x9f\x90\x9e##",
                                         "a\nb",
                                         "\xff" };
    dv_table t = empty();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        dv_table_row(&t);
        dv_table_text(&t, NAME, names[i]);
        dv_table_int(&t, COUNT, 1);
    }
    prints(dv_table_print_text, &t,
           "name    n  drop (%)  size\n"
           "caf\xc3\xa9    1\n"
           "cafe\xcc\x81    1\n"
           "\xe7\x8a\xac\xe7\x8a\xac    1\n"
           "\xf0\x9f\x90\x9e##    1\n"
           "a\\x0ab  1\n"
           "\\xff    1\n");
    dv_table_free(&t);
    assert_int_equal(dv_utf8_width("caf\xc3\xa9 \xe7\x8a\xac"), 7);
}

static void nothing_is_cut(void **state)
{
    (void)state;
    static char name[100001];
    memset(name, 'x', sizeof name - 1);
    dv_table t = empty();
    dv_text text = { 0 };
    for (int i = 0; i < 100; i++) {
        dv_table_row(&t);
        dv_table_textf(&t, NAME, "%s%d", name, i);
    }
    assert_int_equal(t.n_rows, 100);
    dv_table_print_text(&t, &text);
    assert_non_null(strstr(text.data, "xx99 "));
    assert_true(text.size > 100 * sizeof name);
    free(text.data);
    dv_table_free(&t);
}

static void csv_is_that_of_rfc_4180(void **state)
{
    (void)state;
    dv_table t = filled();
    prints(dv_table_print_csv, &t,
           "name,count,drop,kept,size,means\r\n"
           "conv1,1234567890123,12.25,true,7 -3,0.1 1e+30\r\n"
           ",,,,,\r\n"
           ",,,,,\r\n");
    dv_table_free(&t);
    t = empty();
    dv_table_row(&t);
    dv_table_text(&t, NAME, HOSTILE);
    prints(dv_table_print_csv, &t,
           "name,count,drop,kept,size,means\r\n"
           "\"a,\"\"b\"\"]]>&<\x1b[2J\r\n\xc3\xa9\xef\xbf\xbd\xef\xbf\xbf\",,,,,\r\n");
    dv_table_free(&t);
}

static void json_is_one_object_a_row(void **state)
{
    (void)state;
    dv_table t = filled();
    prints(dv_table_print_json, &t,
           "{\"name\":\"conv1\",\"count\":1234567890123,\"drop\":12.25,\"kept\":true,"
           "\"size\":[7,-3],\"means\":[0.1,1e+30]}\n"
           "{\"name\":null,\"count\":null,\"drop\":null,\"kept\":null,\"size\":null,"
           "\"means\":null}\n"
           "{}\n");
    dv_table_free(&t);
    t = empty();
    dv_table_row(&t);
    dv_table_text(&t, NAME, HOSTILE);
    dv_text text = { 0 };
    dv_error err;
    dv_table_print_json(&t, &text);
    cJSON *o = dv_json_parse(text.data, text.size, 9, &err);
    assert_non_null(o);
    assert_string_equal(dv_json_get(o, "name")->valuestring,
                        "a,\"b\"]]>&<\x1b[2J\r\n\xc3\xa9\xef\xbf\xbd\xef\xbf\xbf");
    cJSON_Delete(o);
    free(text.data);
    dv_table_free(&t);
}

static void any_number_has_a_form(void **state)
{
    (void)state;
    static const dv_column reals[] = {
        { .key = "few", .title = "few", .kind = DV_COLUMN_REAL },
        { .key = "six",
          .title = "six",
          .kind = DV_COLUMN_REAL,
          .digits = { 'g', 6 },
          .shown = { 'g', 2 } },
        { .key = "two",
          .title = "two",
          .kind = DV_COLUMN_REAL,
          .digits = { 'f', 2 },
          .shown = { 'f', 0 } },
        { .key = "list", .kind = DV_COLUMN_REALS, .digits = { 'g', 3 } },
    };
    const double values[] = { 1 / 3., 1e300, (double)NAN, (double)-INFINITY };
    dv_table t = { .columns = reals, .n_columns = 4 };
    for (int i = 0; i < 4; i++) {
        dv_table_row(&t);
        for (int c = 0; c < 3; c++)
            dv_table_real(&t, c, i == 1 && c == 2 ? 1e20 : values[i]);
        dv_table_reals(&t, 3, (const float[]){ (float)i / 3, NAN, FLT_MAX }, 3);
    }
    prints(dv_table_print_json, &t,
           "{\"few\":0.33333334,\"six\":0.333333,\"two\":0.33,\"list\":[0,null,3.4e+38]}\n"
           "{\"few\":1e+300,\"six\":1e+300,\"two\":100000000000000000000.00,"
           "\"list\":[0.333,null,3.4e+38]}\n"
           "{\"few\":null,\"six\":null,\"two\":null,\"list\":[0.667,null,3.4e+38]}\n"
           "{\"few\":null,\"six\":null,\"two\":null,\"list\":[1,null,3.4e+38]}\n");
    prints(dv_table_print_csv, &t,
           "few,six,two,list\r\n"
           "0.33333334,0.333333,0.33,0 nan 3.4e+38\r\n"
           "1e+300,1e+300,100000000000000000000.00,0.333 nan 3.4e+38\r\n"
           ",,,0.667 nan 3.4e+38\r\n"
           ",,,1 nan 3.4e+38\r\n");
    prints(dv_table_print_text, &t,
           "few         six     two\n"
           "0.33333334  0.33    0\n"
           "1e+300      1e+300  100000000000000000000\n"
           "nan         nan     nan\n"
           "-inf        -inf    -inf\n");
    dv_table_free(&t);
}

static void junit_is_xml_whatever_is_said(void **state)
{
    (void)state;
    dv_table t = empty();
    dv_text text = { 0 };
    dv_table_row(&t);
    dv_table_text(&t, NAME, "good");
    dv_table_text(&t, NOTE, "a > b");
    dv_table_row(&t);
    dv_table_text(&t, NAME, HOSTILE);
    dv_table_outcome(&t, DV_ROW_FAILED, HOSTILE);
    dv_table_row(&t);
    dv_table_outcome(&t, DV_ROW_ERROR, NULL);
    dv_table_print_junit(&t, "a \"suite\"", &text);
#define SAFE "a,&quot;b&quot;]]&gt;&amp;&lt;?[2J??\xc3\xa9\xef\xbf\xbd?"
    assert_string_equal(
        text.data,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
        "<testsuite name=\"a &quot;suite&quot;\" tests=\"3\" failures=\"1\" errors=\"1\" "
        "time=\"0\">\n"
        "  <testcase classname=\"\" name=\"good\" time=\"0\">"
        "<system-out>a &gt; b</system-out></testcase>\n"
        "  <testcase classname=\"\" name=\"" SAFE "\" time=\"0\"><failure message=\"" SAFE "\"/>"
        "</testcase>\n"
        "  <testcase classname=\"\" name=\"\" time=\"0\"><error message=\"\"/></testcase>\n"
        "</testsuite>\n</testsuites>\n");
    free(text.data);
    dv_table_free(&t);
}

/* As when memory ran out while it was filled. */
static void a_table_that_failed_fails_its_text(void **state)
{
    (void)state;
    static print_form *const forms[] = { dv_table_print_text, dv_table_print_csv,
                                         dv_table_print_json };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        dv_table t = filled();
        dv_text text = { 0 };
        dv_error err;
        t.failed = true;
        dv_table_row(&t);
        dv_table_text(&t, NAME, "lost");
        dv_table_show(&t, NAME, "lost");
        dv_table_outcome(&t, DV_ROW_FAILED, "lost");
        forms[i](&t, &text);
        assert_false(dv_text_ok(&text, "the table", &err));
        free(text.data);
        dv_table_free(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_aligned),
        cmocka_unit_test(text_is_as_wide_as_a_terminal_shows_it),
        cmocka_unit_test(nothing_is_cut),
        cmocka_unit_test(csv_is_that_of_rfc_4180),
        cmocka_unit_test(json_is_one_object_a_row),
        cmocka_unit_test(any_number_has_a_form),
        cmocka_unit_test(junit_is_xml_whatever_is_said),
        cmocka_unit_test(a_table_that_failed_fails_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
