/* In a program whose locale has a comma, all is written and read with a point. */
#define _DEFAULT_SOURCE /* setenv */
#include "base/folder.h"
#include "base/json.h"
#include "base/json_write.h"
#include "mined.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char top[] = "/tmp/deconvviz-locale-XXXXXX";
static char *expected; /* the text of an index, in the C locale */

static bool set_comma(const char *name)
{
    return setlocale(LC_ALL, name) && strcmp(localeconv()->decimal_point, ",") == 0;
}

/* One that is installed, or one made for the test. */
static bool find_comma(void)
{
    static const char *const names[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (set_comma(names[i]))
            return true;
    char command[200];
    snprintf(command, sizeof command,
             "localedef -i de_DE -f UTF-8 %s/comma >%s/said 2>&1; test -d %s/comma", top, top, top);
    setenv("LOCPATH", top, 1);
    return system(command) == 0 && set_comma("comma");
}

static int begin(void **state)
{
    (void)state;
    dv_index x;
    mined_run(&x, 5, 2, 30, 1, 1);
    expected = mined_text(&x);
    dv_index_free(&x);
    if (!mkdtemp(top))
        return -1;
    if (!find_comma())
        puts("skip: no locale with a comma is installed, and localedef cannot make one");
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(expected);
    dv_folder_remove(top);
    return 0;
}

static void check_comma(void)
{
    char text[16];
    if (strcmp(localeconv()->decimal_point, ",") != 0)
        skip();
    snprintf(text, sizeof text, "%g", 0.5);
    assert_string_equal(text, "0,5");
}

static void an_index_is_the_same(void **state)
{
    (void)state;
    check_comma();
    dv_index x, y;
    dv_error err;
    mined_run(&x, 5, 2, 30, 1, 1);
    char *text = mined_text(&x);
    assert_string_equal(text, expected);
    assert_non_null(strchr(text, '.'));
    if (!dv_index_parse(&y, text, strlen(text), "index", &err))
        fail_msg("%s", err.message);
    char *again = mined_text(&y);
    assert_string_equal(again, expected);
    free(text);
    free(again);
    dv_index_free(&x);
    dv_index_free(&y);
}

static void json_is_read_with_a_point(void **state)
{
    (void)state;
    check_comma();
    dv_error err;
    const char *text = "{\"scale\": 0.25, \"list\": [1.5, -2.5e-1]}";
    cJSON *o = dv_json_parse(text, strlen(text), 9, &err);
    assert_non_null(o);
    float v[2];
    int n;
    assert_true(dv_json_float(dv_json_get(o, "scale"), "scale", v, &err));
    assert_true(v[0] == 0.25F);
    assert_true(dv_json_floats(dv_json_get(o, "list"), "list", 2, v, &n, &err));
    assert_true(v[0] == 1.5F && v[1] == -0.25F);
    cJSON_Delete(o);
}

static void text_has_a_point(void **state)
{
    (void)state;
    check_comma();
    dv_text t = { 0 };
    dv_error err;
    dv_json w = { .to = &t };
    dv_json_put_float(&w, NULL, 0.1F);
    dv_json_put_short(&w, NULL, 0.25, 6);
    dv_json_put_fixed(&w, NULL, 0.5, 2);
    dv_text_format(&t, " %.3g", 2.75);
    assert_string_equal(t.data, "0.1,0.25,0.50 2.75");
    free(t.data);
    dv_fail(&err, DV_BAD_DATA, "scale is %g", 0.5);
    assert_string_equal(err.message, "scale is 0.5");
}

static void the_locale_of_the_program_stays(void **state)
{
    (void)state;
    check_comma(); /* after all of it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_index_is_the_same),
        cmocka_unit_test(json_is_read_with_a_point),
        cmocka_unit_test(text_has_a_point),
        cmocka_unit_test(the_locale_of_the_program_stays),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
