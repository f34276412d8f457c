/* Calls that take long tell of what they do, and stop where they are asked to. */
#include "album.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static dv_model *model;

static int begin(void **state)
{
    (void)state;
    album_begin();
    model = album_model();
    return 0;
}

static int end(void **state)
{
    (void)state;
    dv_model_free(model);
    album_end();
    return 0;
}

/* -- what is told ----------------------------------------------------------------------------- */

typedef struct teller {
    atomic_int asked;
    int limit; /* it is cancelled from this question on */
    int64_t done, total;
    int n_wrote, n_skipped;
    char wrote[64]; /* the last */
} teller;

static void note_progress(void *ctx, int64_t done, int64_t total)
{
    teller *t = ctx;
    assert_true(done > t->done && done <= total);
    assert_true(t->total == 0 || t->total == total);
    t->done = done;
    t->total = total;
}

static void note_skipped(void *ctx, const char *path, const char *reason)
{
    teller *t = ctx;
    assert_string_equal(path, "img/bad.png");
    assert_null(strstr(reason, path));
    t->n_skipped++;
}

static void note_wrote(void *ctx, const char *path)
{
    teller *t = ctx;
    assert_int_equal(access(path, F_OK), 0);
    snprintf(t->wrote, sizeof t->wrote, "%s", path);
    t->n_wrote++;
}

static bool is_cancelled(void *ctx)
{
    teller *t = ctx;
    return atomic_fetch_add(&t->asked, 1) >= t->limit;
}

static bool run(album_call *call, dv_pool *pool, teller *t, dv_error *err)
{
    const dv_watch w = { .ctx = t,
                         .progress = note_progress,
                         .skipped = note_skipped,
                         .wrote = note_wrote,
                         .cancelled = is_cancelled };
    return call(model, pool, &w, err);
}

static void finish(album_call *call, dv_pool *pool, teller *t)
{
    dv_error err = { 0 };
    *t = (teller){ .limit = INT32_MAX };
    if (!run(call, pool, t, &err))
        fail_msg("%s", err.message);
    assert_true(t->done == t->total && t->total > 0);
}

/* Stops the call at every `step`-th question in turn, until there is none that stops it; `check`
 * sees what is left behind each time. Returns about how many questions there were. */
static int stop_everywhere(album_call *call, dv_pool *pool, int step,
                           void (*check)(const teller *t))
{
    for (int n = 0; n < 100000; n += step) {
        teller t = { .limit = n };
        dv_error err = { 0 };
        if (run(call, pool, &t, &err))
            return n;
        assert_int_equal(err.code, DV_CANCELLED);
        assert_int_equal(strncmp(err.message, "cancelled after ", 16), 0);
        assert_int_equal(system("! find . -name '*.deconvviz-*' | grep ."), 0);
        check(&t);
    }
    fail_msg("it never ends");
    return 0;
}

/* -- mine ------------------------------------------------------------------------------------- */

static void index_is_not_there(const teller *t)
{
    assert_int_equal(t->n_wrote, 0);
    assert_int_equal(access("index", F_OK), -1);
    assert_int_equal(access("index.journal", F_OK), 0);
}

static void mining_that_is_cancelled_goes_on_to_the_same_index(void **state)
{
    (void)state;
    teller t;
    finish(album_mine, NULL, &t);
    assert_int_equal(t.total, ALBUM_IMAGES);
    assert_string_equal(t.wrote, "index");
    assert_int_equal(rename("index", "expected"), 0);
    for (int threads = 1; threads <= 3; threads += 2) {
        dv_error err;
        dv_pool *pool = dv_pool_new(threads, &err);
        int asked = stop_everywhere(album_mine, pool, 1, index_is_not_there);
        assert_true(asked > 0 && (threads > 1 || asked <= ALBUM_IMAGES));
        assert_int_equal(system("cmp index expected && rm index && ! test -e index.journal"), 0);
        dv_pool_free(pool);
    }
}

static void an_image_that_is_skipped_is_told_without_its_path_twice(void **state)
{
    (void)state;
    teller t;
    assert_int_equal(system("echo no > img/bad.png"), 0);
    finish(album_mine, NULL, &t);
    assert_int_equal(t.n_skipped, 1);
    assert_int_equal(unlink("img/bad.png"), 0);
}

/* -- sheets ----------------------------------------------------------------------------------- */

static void all_files_were_told(const teller *t)
{
    char command[100];
    snprintf(command, sizeof command, "test $(find sheets -type f | wc -l) = %d && rm -r sheets",
             t->n_wrote);
    assert_int_equal(system(command), 0);
}

static void sheets_that_are_cancelled_leave_whole_files_that_were_told(void **state)
{
    (void)state;
    teller t;
    finish(album_mine, NULL, &t);
    finish(album_sheets, NULL, &t);
    assert_int_equal(rename("sheets", "expected-sheets"), 0);
    const int files = t.n_wrote;
    for (int threads = 1; threads <= 3; threads += 2) {
        dv_error err;
        dv_pool *pool = dv_pool_new(threads, &err);
        assert_true(stop_everywhere(album_sheets, pool, 1, all_files_were_told) > files);
        assert_int_equal(system("diff -r sheets expected-sheets && rm -r sheets"), 0);
        dv_pool_free(pool);
    }
}

/* -- references ------------------------------------------------------------------------------- */

static void old_references_stand(const teller *t)
{
    assert_int_equal(t->n_wrote, 0);
    assert_int_equal(system("diff -r refs expected-refs"), 0);
}

static void recording_that_is_cancelled_leaves_what_was_there(void **state)
{
    (void)state;
    teller t;
    finish(album_record, NULL, &t);
    assert_int_equal(t.total, ALBUM_IMAGES);
    assert_string_equal(t.wrote, "refs");
    assert_int_equal(system("cp -r refs expected-refs"), 0);
    assert_true(stop_everywhere(album_record, NULL, 7, old_references_stand) > 30 * ALBUM_IMAGES);
    old_references_stand(&(teller){ 0 });
}

static void nothing_is_left(const teller *t)
{
    assert_int_equal(t->n_wrote, 0);
}

static void verifying_can_be_cancelled_before_each_unit(void **state)
{
    (void)state;
    teller t;
    finish(album_record, NULL, &t);
    finish(album_verify, NULL, &t);
    assert_int_equal(t.total, ALBUM_IMAGES);
    assert_true(stop_everywhere(album_verify, NULL, 1, nothing_is_left) >=
                ALBUM_IMAGES * ALBUM_CHANNELS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mining_that_is_cancelled_goes_on_to_the_same_index),
        cmocka_unit_test(an_image_that_is_skipped_is_told_without_its_path_twice),
        cmocka_unit_test(sheets_that_are_cancelled_leave_whole_files_that_were_told),
        cmocka_unit_test(recording_that_is_cancelled_leaves_what_was_there),
        cmocka_unit_test(verifying_can_be_cancelled_before_each_unit),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
