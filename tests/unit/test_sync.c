/* What is on the disk, and in which order: fsync is this file's own, takes notes and fails at will.
 */
#include "base/file.h"
#include "base/folder.h"
#include "deconvviz/mine.h"
#include "image/png.h"
#include "net.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char top[] = "/tmp/deconvviz-sync-XXXXXX";
static char notes[4000];       /* a line for each call: the path */
static const char *fails = ""; /* calls of paths that hold this fail; ".": of the folder */
static const char *watched = "";
static char seen[64]; /* what the watched file held when something was last synced */

int fsync(int fd)
{
    char link[64], path[1000];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    assert_true(n > 0);
    path[n] = '\0';
    size_t used = strlen(notes);
    snprintf(notes + used, sizeof notes - used, "%s\n", path + strlen(top));
    FILE *f = watched[0] ? fopen(watched, "r") : NULL;
    if (f) {
        seen[fread(seen, 1, sizeof seen - 1, f)] = '\0';
        fclose(f);
    }
    const char *inside = path + strlen(top);
    if (!fails[0] || (strcmp(fails, ".") == 0 ? inside[0] != '\0' : !strstr(inside, fails)))
        return 0;
    errno = EIO;
    return -1;
}

static void forget(const char *failing)
{
    notes[0] = seen[0] = '\0';
    fails = failing;
    watched = "";
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(top) && chdir(top) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    dv_folder_remove(top);
    return chdir("/") || access(top, F_OK) == 0;
}

static void write_file(const char *path, const char *text)
{
    dv_error err;
    if (!dv_file_write(path, text, strlen(text), &err))
        fail_msg("%s", err.message);
}

static void holds(const char *path, const char *text)
{
    dv_file f;
    dv_error err;
    if (!dv_file_read(&f, path, 100, &err))
        fail_msg("%s", err.message);
    assert_int_equal(f.size, strlen(text));
    assert_memory_equal(f.data, text, f.size);
    dv_file_unmap(&f);
}

static void pictures_and_arrays_do_not_wait(void **state)
{
    (void)state;
    forget("");
    write_file("plain", "x");
    assert_string_equal(notes, "");
}

static void a_file_is_on_the_disk_before_it_has_its_name_and_then_its_name_is(void **state)
{
    (void)state;
    dv_error err;
    write_file("a", "old");
    forget("");
    assert_true(dv_file_write_synced("a", "new", 3, &err));
    assert_int_equal(strncmp(notes, "/.deconvviz-", 12), 0);
    assert_string_equal(strchr(notes, '\n'), "\n\n"); /* the folder's path is empty here */
    holds("a", "new");
    forget("/.deconvviz-");
    watched = "a";
    assert_false(dv_file_write_synced("a", "newer", 5, &err));
    assert_string_equal(seen, "new");
}

static void a_file_that_cannot_be_synced_is_not_written(void **state)
{
    (void)state;
    dv_error err;
    write_file("b", "old");
    forget("/.deconvviz-");
    assert_false(dv_file_write_synced("b", "new", 3, &err));
    assert_string_equal(err.message, "b: cannot write: Input/output error");
    holds("b", "old");
}

static void a_folder_that_cannot_be_synced_does_not_take_a_place(void **state)
{
    (void)state;
    static const char *const failing[] = { "/new", ".d", "." };
    for (int full = 0; full < 2; full++) /* in the place of another, or of nothing */
        for (int i = 0; i < 3; i++) {
            dv_error err = { 0 };
            char name[300], *folder = dv_folder_beside("refs", &err);
            assert_non_null(folder);
            snprintf(name, sizeof name, "%s/new", folder);
            write_file(name, "new");
            if (full) {
                assert_true(mkdir("refs", 0777) == 0 || errno == EEXIST);
                write_file("refs/old", "old");
            }
            forget(failing[i]);
            assert_false(dv_folder_sync(folder, "refs", &err) &&
                         dv_folder_swap(folder, "refs", &err));
            assert_string_equal(err.message, "refs: cannot write: Input/output error");
            assert_int_equal(dv_file_exists("refs/old"), full);
            assert_false(dv_file_exists("refs/new"));
            holds(name, "new");
            dv_folder_discard(folder);
            free(folder);
        }
    dv_folder_remove("refs");
}

/* -- mining ----------------------------------------------------------------------------------- */

enum { SIDE = 12 };

static bool mine(dv_error *err)
{
    uint32_t seed = 1;
    uint8_t pixels[SIDE * SIDE * 3];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(128 + 127 * net_random(&seed));
    assert_true(dv_png_write("image.png", SIDE, SIDE, 3, pixels, NULL, 0, err));
    dv_model *m = net_new(3, SIDE, SIDE);
    net_conv(m, "x", "c", 3, 5, 3, 1, 1, net_random, 7);
    net_finish(m, "c");
    memset(m->sha256, 'a', 64); /* there is no file */
    dv_mine_options o = {
        .preprocess = { .resize = SIDE,
                        .size = { SIDE, SIDE },
                        .channels = 3,
                        .scale = 1,
                        .std = { 1, 1, 1 } },
        .k = 4,
        .per_image = 1,
        .shard = 1,
        .shards = 1,
        .output = "index",
    };
    dv_list l = { 0 };
    dv_mine_result r;
    assert_true(dv_list_add(&l, "image.png", err));
    bool ok = dv_mine(m, &o, &l, &r, err);
    dv_list_free(&l);
    dv_model_free(m);
    return ok;
}

static void the_journal_stays_until_the_index_is_on_the_disk(void **state)
{
    (void)state;
    dv_error err = { 0 };
    forget("/.deconvviz-");
    assert_false(mine(&err));
    assert_string_equal(err.message, "index: cannot write: Input/output error");
    assert_true(dv_file_exists("index.journal"));
    assert_false(dv_file_exists("index"));
    forget("");
    if (!mine(&err))
        fail_msg("%s", err.message);
    assert_false(dv_file_exists("index.journal"));
    assert_true(dv_file_exists("index"));
    assert_non_null(strstr(notes, "/.deconvviz-"));
}

static void a_journal_that_cannot_be_synced_is_told(void **state)
{
    (void)state;
    dv_error err = { 0 };
    forget("index.journal.new");
    assert_false(mine(&err));
    assert_string_equal(err.message, "index.journal.new: cannot write: Input/output error");
    assert_false(dv_file_exists("index.journal.new"));
    forget("");
    assert_true(mine(&err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_and_arrays_do_not_wait),
        cmocka_unit_test(a_file_is_on_the_disk_before_it_has_its_name_and_then_its_name_is),
        cmocka_unit_test(a_file_that_cannot_be_synced_is_not_written),
        cmocka_unit_test(a_folder_that_cannot_be_synced_does_not_take_a_place),
        cmocka_unit_test(the_journal_stays_until_the_index_is_on_the_disk),
        cmocka_unit_test(a_journal_that_cannot_be_synced_is_told),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
