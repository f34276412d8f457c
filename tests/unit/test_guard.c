/* Files that are read, and may not be written over. */
#include "base/file.h"
#include "base/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MANY = 200 };

static char top[] = "/tmp/deconvviz-guard-XXXXXX";

static void write_file(const char *path)
{
    dv_error err = { 0 };
    if (!dv_file_write(path, "text", 4, &err))
        fail_msg("%s", err.message);
}

static int set_up(void **state)
{
    (void)state;
    char path[16];
    if (!mkdtemp(top) || chdir(top) != 0)
        return -1;
    for (int i = 0; i < MANY; i++) {
        snprintf(path, sizeof path, "%d", i);
        write_file(path);
    }
    return symlink("7", "symbolic") | link("7", "hard");
}

static int tear_down(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", top);
    return chdir("/") | system(command);
}

static void refuses(const char *path)
{
    dv_error err = { 0 };
    char wanted[100];
    snprintf(wanted, sizeof wanted, "%s is an input: it would be overwritten", path);
    assert_false(dv_guard_allows(path, &err));
    assert_string_equal(err.message, wanted);
    assert_int_equal(err.code, DV_BAD_USAGE);
    assert_false(dv_file_write(path, "other", 5, &err));
    assert_string_equal(err.message, wanted);
}

static void a_file_is_the_same_by_any_name(void **state)
{
    (void)state;
    dv_error err;
    dv_guard_begin();
    assert_true(dv_guard_add("7", &err));
    static const char *const names[] = { "7", "./7", ".//7", "symbolic", "hard" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        refuses(names[i]);
    write_file("8");
    assert_true(dv_guard_add("nosuch", &err) && dv_guard_add(".", &err));
    assert_true(dv_guard_add("/dev/null", &err));
    assert_true(dv_guard_allows("/dev/null", &err) && dv_guard_allows("nosuch", &err));
    dv_guard_end();
    write_file("hard");
}

static void what_is_opened_is_guarded_once_that_is_wanted(void **state)
{
    (void)state;
    dv_error err;
    dv_file f;
    assert_true(dv_file_map(&f, "1", &err));
    dv_file_unmap(&f);
    write_file("1");
    dv_guard_begin();
    assert_true(dv_file_map(&f, "2", &err));
    dv_file_unmap(&f);
    refuses("2");
    write_file("1");
    dv_guard_remove("2");
    write_file("2");
    dv_guard_end();
}

static void there_may_be_many_and_any_may_be_taken_out(void **state)
{
    (void)state;
    dv_error err;
    char path[16];
    dv_guard_begin();
    for (int i = 0; i < MANY; i++) {
        snprintf(path, sizeof path, "%d", i);
        assert_true(dv_guard_add(path, &err));
    }
    for (int i = 0; i < MANY; i += 3) {
        snprintf(path, sizeof path, "%d", i);
        dv_guard_remove(path);
    }
    for (int i = 0; i < MANY; i++) {
        snprintf(path, sizeof path, "%d", i);
        assert_true(dv_guard_allows(path, NULL) == (i % 3 == 0));
    }
    dv_guard_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_the_same_by_any_name),
        cmocka_unit_test(what_is_opened_is_guarded_once_that_is_wanted),
        cmocka_unit_test(there_may_be_many_and_any_may_be_taken_out),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
