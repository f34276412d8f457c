#include "mined.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { IMAGES = 60, K = 5, PER_IMAGE = 2 };

static char top[] = "/tmp/deconvviz-journal-XXXXXX";
static char *expected; /* the text of the uninterrupted run */

static int make_folder(void **state)
{
    (void)state;
    dv_index x;
    mined_run(&x, K, PER_IMAGE, IMAGES, 1, 1);
    expected = mined_text(&x);
    dv_index_free(&x);
    return mkdtemp(top) && chdir(top) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", top);
    free(expected);
    return chdir("/") || system(command);
}

static dv_journal *open_journal(int64_t limit)
{
    dv_error err;
    dv_journal *j = dv_journal_open("j", limit, &err);
    if (!j)
        fail_msg("%s", err.message);
    return j;
}

/* Begins the run, or takes it up where the journal ends. */
static void take_up(dv_index *x, dv_journal *j)
{
    dv_error err;
    dv_list list;
    if (dv_journal_is_empty(j)) {
        mined_begin(x, K, PER_IMAGE, IMAGES);
        assert_true(dv_journal_restart(j, x, &err));
        return;
    }
    mined_list(&list, IMAGES);
    if (!dv_journal_base(j, x, &err) || !dv_journal_replay(j, x, &list, 0, &err))
        fail_msg("%s", err.message);
    dv_list_free(&list);
}

static bool visit_until(dv_index *x, dv_journal *j, int32_t end, dv_error *err)
{
    while (x->done < end)
        if (!mined_visit(x, j, x->done, err) ||
            (dv_journal_is_long(j) && !dv_journal_restart(j, x, err)))
            return false;
    return true;
}

static void finish(int64_t limit)
{
    dv_index x;
    dv_error err;
    dv_journal *j = open_journal(limit);
    take_up(&x, j);
    assert_true(visit_until(&x, j, IMAGES, &err));
    char *text = mined_text(&x);
    assert_string_equal(text, expected);
    free(text);
    dv_index_free(&x);
    dv_journal_remove(j);
    dv_journal_close(j);
    assert_int_not_equal(access("j", F_OK), 0);
    assert_int_not_equal(access("j.new", F_OK), 0);
}

static void leave_at(int32_t end, int64_t limit)
{
    dv_index x;
    dv_error err;
    dv_journal *j = open_journal(limit);
    take_up(&x, j);
    assert_true(visit_until(&x, j, end, &err));
    dv_index_free(&x);
    dv_journal_close(j);
}

static void a_run_that_is_left_anywhere_ends_the_same(void **state)
{
    (void)state;
    static const int64_t limits[] = { 1 << 20, 0, 1, 900, 5000 }; /* 0: restart at each image */
    for (size_t l = 0; l < sizeof limits / sizeof limits[0]; l++)
        for (int32_t end = 0; end <= IMAGES; end += 7) {
            leave_at(end, limits[l]);
            if (end > 10)
                leave_at(end + 3 < IMAGES ? end + 3 : IMAGES, limits[l]);
            finish(limits[l]);
        }
}

static char *read_all(size_t *size)
{
    struct stat st;
    int fd = open("j", O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    char *bytes = malloc((size_t)st.st_size + 1);
    assert_non_null(bytes);
    assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
    close(fd);
    *size = (size_t)st.st_size;
    return bytes;
}

static void write_all(const char *bytes, size_t size)
{
    int fd = open("j", O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    close(fd);
}

/* How many images the journal still knows; -1 when it is refused. */
static int32_t known(void)
{
    dv_index x;
    dv_list list;
    dv_error err = { 0 };
    dv_journal *j = open_journal(1 << 20);
    mined_list(&list, IMAGES);
    bool ok = dv_journal_base(j, &x, &err);
    if (ok) {
        ok = dv_journal_replay(j, &x, &list, 0, &err);
        assert_true(ok);
    } else {
        assert_string_equal(err.message, "j: not the journal of an index, or damaged");
    }
    int32_t done = ok ? x.done : -1;
    dv_index_free(&x);
    dv_list_free(&list);
    dv_journal_close(j);
    return done;
}

/* Cut at any byte, a journal loses what it cuts and nothing else. */
static void a_torn_record_is_dropped(void **state)
{
    (void)state;
    size_t size, before;
    leave_at(5, 1 << 20);
    free(read_all(&before));
    leave_at(8, 1 << 20);
    char *bytes = read_all(&size);
    int32_t last = 5;
    for (size_t n = before; n <= size; n++) {
        write_all(bytes, n);
        int32_t done = known();
        assert_true(done == last || done == last + 1);
        last = done;
    }
    assert_int_equal(last, 8);
    for (size_t n = 1; n < before; n += 13) {
        write_all(bytes, n);
        assert_true(known() < 5);
    }
    write_all(bytes, size - 1); /* and the run ends as ever */
    finish(1 << 20);
    free(bytes);
}

static void a_flipped_bit_drops_what_follows(void **state)
{
    (void)state;
    size_t size, before;
    leave_at(5, 1 << 20);
    free(read_all(&before));
    leave_at(20, 1 << 20);
    char *bytes = read_all(&size);
    for (size_t at = before; at < size; at += 97) {
        bytes[at] ^= 16;
        write_all(bytes, size);
        int32_t done = known();
        assert_true(done >= 5 && done <= 20); /* 20: it was in the padding */
        bytes[at] ^= 16;
    }
    write_all(bytes, before + 20);
    finish(1 << 20);
    free(bytes);
}

static void a_file_that_is_no_journal_is_left_alone(void **state)
{
    (void)state;
    size_t size;
    write_all("a letter to somebody", 20);
    assert_int_equal(known(), -1);
    char *bytes = read_all(&size);
    assert_memory_equal(bytes, "a letter to somebody", 20);
    free(bytes);
    write_all("deconvviz journal 1\n\0\0\0\0\0\0\0\0", 28);
    dv_index x;
    dv_error err = { 0 };
    dv_journal *j = open_journal(1 << 20);
    assert_false(dv_journal_base(j, &x, &err));
    assert_non_null(strstr(err.message, "j: of another version of deconvviz: finish the run"));
    dv_journal_close(j);
    unlink("j");
}

/* A process that runs out of room while it writes: RLIMIT_FSIZE stands for the end of the disk. */
static void a_full_disk_keeps_what_was_written(void **state)
{
    (void)state;
    leave_at(4, 1 << 20);
    size_t before;
    free(read_all(&before));
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dv_index x;
        dv_error err = { 0 };
        dv_journal *j = dv_journal_open("j", 1 << 20, &err);
        signal(SIGXFSZ, SIG_IGN);
        struct rlimit r = { before + 2500, before + 2500 };
        setrlimit(RLIMIT_FSIZE, &r);
        take_up(&x, j);
        bool ok = visit_until(&x, j, IMAGES, &err);
        bool said = strncmp(err.message, "j: cannot write: ", 17) == 0;
        _exit(!ok && said && x.done > 4 ? x.done : 0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) > 4);
    assert_int_equal(known(), WEXITSTATUS(status));
    finish(1 << 20);
}

/* Runs until it is killed, at a moment that nobody chose. */
static void killing_at_any_moment_loses_no_commit(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 60; round++) {
        int64_t limit = round % 2 ? 1 << 20 : 700;
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            dv_index x;
            dv_error err;
            dv_journal *j = dv_journal_open("j", limit, &err);
            take_up(&x, j);
            while (x.done < IMAGES) {
                if (!visit_until(&x, j, x.done + 1, &err))
                    _exit(1);
                (void)!write(ends[1], &x.done, sizeof x.done); /* "this one is safe" */
            }
            _exit(0);
        }
        close(ends[1]);
        struct timespec wait = { 0, (long)(mined_random(round, 0) % 4000000) };
        nanosleep(&wait, NULL);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        int32_t safe = 0, said;
        while (read(ends[0], &said, sizeof said) == sizeof said)
            safe = said;
        close(ends[0]);
        dv_journal *j = open_journal(limit);
        dv_index x;
        take_up(&x, j);
        assert_true(x.done >= safe);
        bool done = x.done == IMAGES;
        dv_index_free(&x);
        dv_journal_close(j);
        if (done || round % 5 == 4)
            finish(limit);
    }
}

static void two_processes_do_not_share_a_journal(void **state)
{
    (void)state;
    int ready[2], go[2];
    char c = 0;
    assert_true(pipe(ready) == 0 && pipe(go) == 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dv_error err;
        dv_index x;
        dv_journal *j = dv_journal_open("j", 0, &err);
        take_up(&x, j);
        bool ok = j && visit_until(&x, j, 10, &err); /* each record makes a new file */
        _exit(write(ready[1], &c, 1) != 1 || read(go[0], &c, 1) != 1 || !ok);
    }
    assert_int_equal(read(ready[0], &c, 1), 1);
    dv_error err = { 0 };
    assert_null(dv_journal_open("j", 1 << 20, &err));
    assert_string_equal(err.message, "j: another process is at work on it");
    assert_int_equal(write(go[1], &c, 1), 1);
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(go[i]);
    }
    finish(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_that_is_left_anywhere_ends_the_same),
        cmocka_unit_test(a_torn_record_is_dropped),
        cmocka_unit_test(a_flipped_bit_drops_what_follows),
        cmocka_unit_test(a_file_that_is_no_journal_is_left_alone),
        cmocka_unit_test(a_full_disk_keeps_what_was_written),
        cmocka_unit_test(killing_at_any_moment_loses_no_commit),
        cmocka_unit_test(two_processes_do_not_share_a_journal),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
