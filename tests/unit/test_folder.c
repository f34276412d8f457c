/* Folders that take another's place. */
#include "base/file.h"
#include "base/folder.h"
#include "base/temporary.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char top[] = "/tmp/deconvviz-folder-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(top) && chdir(top) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    dv_folder_remove(top);
    return chdir("/") || access(top, F_OK) == 0;
}

static void write_file(const char *path, const char *text)
{
    dv_error err = { 0 };
    if (!dv_file_write(path, text, strlen(text), &err))
        fail_msg("%s", err.message);
}

static void holds(const char *path, const char *text)
{
    dv_file f;
    dv_error err = { 0 };
    if (!dv_file_map(&f, path, &err))
        fail_msg("%s", err.message);
    assert_int_equal(f.size, strlen(text));
    assert_memory_equal(f.data, text, f.size);
    dv_file_unmap(&f);
}

/* A folder beside `path` with the file "new" in it. */
static char *make_new(const char *path)
{
    dv_error err = { 0 };
    char name[200], *folder = dv_folder_beside(path, &err);
    if (!folder)
        fail_msg("%s", err.message);
    snprintf(name, sizeof name, "%s/new", folder);
    write_file(name, "new");
    return folder;
}

static void replace(const char *path)
{
    dv_error err = { 0 };
    char *folder = make_new(path);
    if (!dv_folder_swap(folder, path, &err))
        fail_msg("%s", err.message);
    if (dv_file_exists(folder))
        dv_folder_remove(folder);
    assert_false(dv_file_exists(folder));
    free(folder);
}

static void a_folder_takes_the_place_of_nothing(void **state)
{
    (void)state;
    replace("a/b/c");
    holds("a/b/c/new", "new");
    replace("d/");
    holds("d/new", "new");
}

static void a_folder_takes_the_place_of_an_empty_one(void **state)
{
    (void)state;
    assert_int_equal(mkdir("empty", 0777), 0);
    replace("empty");
    holds("empty/new", "new");
}

static void a_folder_takes_the_place_of_a_full_one(void **state)
{
    (void)state;
    assert_int_equal(mkdir("full", 0777) | mkdir("full/deeper", 0777), 0);
    write_file("full/deeper/old", "old");
    replace("full");
    holds("full/new", "new");
    assert_false(dv_file_exists("full/deeper"));
}

static void a_symbolic_link_stays_one(void **state)
{
    (void)state;
    struct stat st;
    assert_int_equal(mkdir("real", 0777) | symlink("real", "link"), 0);
    write_file("real/old", "old");
    replace("link");
    holds("real/new", "new");
    assert_false(dv_file_exists("real/old"));
    assert_int_equal(lstat("link", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static void what_had_the_name_is_still_there(void **state)
{
    (void)state;
    dv_error err = { 0 };
    char name[200];
    assert_int_equal(mkdir("before", 0777), 0);
    write_file("before/old", "old");
    char *folder = make_new("before");
    assert_true(dv_folder_swap(folder, "before", &err));
    holds("before/new", "new");
    snprintf(name, sizeof name, "%s/old", folder);
    holds(name, "old");
    free(folder);
}

/* A folder cannot be renamed from one file system to another. */
static void a_link_may_lead_to_another_file_system(void **state)
{
    (void)state;
    dv_error err = { 0 };
    struct stat here, there;
    char far[] = "/dev/shm/deconvviz-folder-XXXXXX";
    if (stat("/dev/shm", &there) != 0 || stat(".", &here) != 0 || here.st_dev == there.st_dev ||
        !mkdtemp(far))
        skip();
    assert_int_equal(symlink(far, "far"), 0);
    replace("far");
    replace("far/");
    holds("far/new", "new");
    dv_folder_remove(far);
    assert_null(dv_folder_beside("far", &err));
    assert_string_equal(err.message, "far: a link that leads nowhere");
    assert_null(dv_folder_beside("/dev/shm", &err));
}

static void a_file_keeps_its_place(void **state)
{
    (void)state;
    dv_error err = { 0 };
    write_file("file", "text");
    char *folder = make_new("file"), name[200];
    assert_false(dv_folder_swap(folder, "file", &err));
    assert_string_equal(err.message, "file: cannot write: Not a directory");
    holds("file", "text");
    snprintf(name, sizeof name, "%s/new", folder);
    holds(name, "new");
    free(folder);
}

static void removing_does_not_follow_links(void **state)
{
    (void)state;
    assert_int_equal(mkdir("kept", 0777) | mkdir("gone", 0777) | symlink("../kept", "gone/kept"),
                     0);
    write_file("kept/file", "text");
    dv_folder_remove("gone");
    assert_false(dv_file_exists("gone"));
    holds("kept/file", "text");
}

static void a_place_that_cannot_be_had_is_told(void **state)
{
    (void)state;
    dv_error err = { 0 };
    write_file("plain", "text");
    assert_null(dv_folder_beside("plain/x/y", &err));
    assert_non_null(strstr(err.message, "plain"));
}

static void only_what_is_temporary_goes_at_the_end_of_a_process(void **state)
{
    (void)state;
    assert_int_equal(mkdir("end", 0777), 0);
    pid_t child = fork();
    if (child == 0) {
        free(make_new("end/given"));
        char *kept = make_new("end/kept");
        bool ok = dv_folder_swap(kept, "end/kept", NULL);
        ok = ok && dv_temporary_file("end/file", O_WRONLY | O_EXCL) >= 0;
        ok = ok && dv_temporary_file("end/file", O_WRONLY | O_EXCL) < 0;
        ok = ok && dv_temporary_file("end/known", O_WRONLY) >= 0;
        dv_temporary_forget("end/known");
        dv_temporary_remove_all();
        free(kept);
        _exit(ok ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_false(dv_file_exists("end/file"));
    holds("end/kept/new", "new");
    assert_int_equal(unlink("end/kept/new") | rmdir("end/kept") | unlink("end/known"), 0);
    assert_int_equal(rmdir("end"), 0); /* which is empty */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_takes_the_place_of_nothing),
        cmocka_unit_test(a_folder_takes_the_place_of_an_empty_one),
        cmocka_unit_test(a_folder_takes_the_place_of_a_full_one),
        cmocka_unit_test(a_symbolic_link_stays_one),
        cmocka_unit_test(what_had_the_name_is_still_there),
        cmocka_unit_test(a_link_may_lead_to_another_file_system),
        cmocka_unit_test(a_file_keeps_its_place),
        cmocka_unit_test(removing_does_not_follow_links),
        cmocka_unit_test(a_place_that_cannot_be_had_is_told),
        cmocka_unit_test(only_what_is_temporary_goes_at_the_end_of_a_process),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
