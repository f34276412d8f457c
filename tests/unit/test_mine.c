/* Mining with a small network over pictures made of noise, against loops that keep everything. */
#include "deconvviz/mine.h"
#include "deconvviz/pool.h"
#include "deconvviz/trace.h"
#include "image/png.h"
#include "net.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { IMAGES = 23, SIDE = 12 };

static char top[] = "/tmp/deconvviz-mine-XXXXXX";
static dv_model *model;
static const dv_preprocess prepare = { .resize = SIDE,
                                       .size = { SIDE, SIDE },
                                       .channels = 3,
                                       .scale = 1 / 255.0F,
                                       .mean = { 0.5F, 0.5F, 0.5F },
                                       .std = { 0.25F, 0.25F, 0.25F } };

static void write_image(const char *path, uint32_t seed)
{
    uint8_t pixels[20 * 16 * 3];
    dv_error err;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(128 + 127 * net_random(&seed));
    assert_true(dv_png_write(path, 20, 16, 3, pixels, NULL, 0, &err));
}

static int make_files(void **state)
{
    (void)state;
    if (!mkdtemp(top) || chdir(top) != 0 || mkdir("img", 0777) != 0 || mkdir("more", 0777) != 0)
        return -1;
    for (uint32_t i = 0; i < IMAGES; i++) {
        char path[32];
        snprintf(path, sizeof path, "%s/%03u.png", i < 15 ? "img" : "more", i);
        write_image(path, i + 1);
    }
    model = net_new(3, SIDE, SIDE);
    net_conv(model, "x", "c1", 3, 5, 3, 1, 1, net_random, 7);
    net_add(model, "Relu", "c1", "r1", NULL);
    net_add(model, "MaxPool", "r1", "p1",
            (net_ints[]){ { "kernel_shape", 2, { 2, 2 } }, { "strides", 2, { 2, 2 } }, { 0 } });
    net_conv(model, "p1", "c2", 5, 7, 3, 2, 0, net_random, 9);
    net_finish(model, "c2");        /* the last layer is not rectified */
    memset(model->sha256, 'a', 64); /* there is no file */
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", top);
    dv_model_free(model);
    return chdir("/") || system(command);
}

static dv_list list_of(const char *a, const char *b)
{
    dv_list l = { 0 };
    dv_error err;
    assert_true(!a || dv_list_add(&l, a, &err));
    assert_true(!b || dv_list_add(&l, b, &err));
    return l;
}

static dv_mine_options plain(void)
{
    return (dv_mine_options){ .preprocess = prepare,
                              .k = 4,
                              .per_image = 1,
                              .sample = 3,
                              .shard = 1,
                              .shards = 1,
                              .output = "index" };
}

static bool try_mine(dv_mine_options o, int threads, const dv_list *l, dv_mine_result *r,
                     dv_error *err)
{
    dv_pool *pool = threads > 1 ? dv_pool_new(threads, err) : NULL;
    o.pool = pool;
    bool ok = dv_mine(model, &o, l, r, err);
    dv_pool_free(pool);
    return ok;
}

static void mine(dv_mine_options o, int threads, const char *a, const char *b)
{
    dv_error err = { 0 };
    dv_mine_result r;
    dv_list l = list_of(a, b);
    if (!try_mine(o, threads, &l, &r, &err))
        fail_msg("%s", err.message);
    dv_list_free(&l);
    assert_int_not_equal(access("index.journal", F_OK), 0);
}

static void refused(dv_mine_options o, const char *a, const char *b, const char *why)
{
    dv_error err = { 0 };
    dv_mine_result r;
    dv_list l = list_of(a, b);
    assert_false(try_mine(o, 1, &l, &r, &err));
    if (!strstr(err.message, why))
        fail_msg("'%s' does not say '%s'", err.message, why);
    dv_list_free(&l);
}

static char *read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    return text;
}

static void same_text(const char *path, const char *expected)
{
    char *text = read_text(path);
    assert_string_equal(text, expected);
    free(text);
}

static char *one_run(int per_image)
{
    dv_mine_options o = plain();
    o.per_image = per_image;
    mine(o, 1, "img", "more");
    return read_text("index");
}

/* -- what is found ---------------------------------------------------------------------------- */

typedef struct seen {
    float value;
    int image, at;
} seen;

static int by_rule(const void *a, const void *b)
{
    const seen *x = a, *y = b;
    if (x->value != y->value)
        return x->value > y->value ? -1 : 1;
    return x->image != y->image ? x->image - y->image : x->at - y->at;
}

/* Every value of a channel of every image. *all is the caller's. */
static size_t see_all(const dv_index_layer *l, int tensor, int channel, seen **all)
{
    dv_error err;
    dv_list list = list_of("img", "more");
    dv_request r = { .n_keep = 1, .keep = &tensor };
    dv_plan *plan = dv_plan_new(model, &r, NULL, &err);
    dv_trace *trace = dv_trace_new(plan, NULL, &err);
    size_t plane = (size_t)l->size[DV_Y] * (size_t)l->size[DV_X], n = 0;
    *all = calloc((size_t)list.count * plane, sizeof **all);
    assert_non_null(*all);
    for (int i = 0; i < list.count; i++) {
        float input[3 * SIDE * SIDE];
        dv_image im;
        assert_true(dv_image_load(&im, dv_list_path(&list, i), &err));
        assert_true(dv_prepare(&im, &prepare, input, NULL, &err));
        assert_true(dv_trace_forward(trace, input, &err));
        const float *map = dv_trace_tensor(trace, tensor) + (size_t)channel * plane;
        for (size_t at = 0; at < plane; at++)
            (*all)[n++] = (seen){ map[at], i, (int)at };
        dv_image_free(&im);
    }
    dv_trace_free(trace);
    dv_plan_free(plan);
    dv_list_free(&list);
    return n;
}

static void check_unit(const dv_index_layer *l, int channel, const seen *all, size_t n,
                       int per_image)
{
    const dv_index_unit *u = &l->units[channel];
    int given[IMAGES] = { 0 }, h = 0;
    for (size_t i = 0; i < n && all[i].value > 0 && h < 4; i++) {
        if (given[all[i].image]++ >= per_image)
            continue;
        assert_true(h < u->n_hits);
        assert_true(u->hits[h].value == all[i].value);
        assert_int_equal(u->hits[h].image, all[i].image);
        assert_int_equal(u->hits[h].y * l->size[DV_X] + u->hits[h].x, all[i].at);
        h++;
    }
    assert_int_equal(u->n_hits, h);
    bool active[IMAGES] = { false };
    int64_t images = 0, positions = 0;
    for (size_t i = 0; i < n; i++) {
        positions += all[i].value > 0;
        images += all[i].value > 0 && !active[all[i].image];
        active[all[i].image] |= all[i].value > 0;
    }
    assert_true(u->max == all[0].value);
    assert_int_equal(u->active_images, images);
    assert_int_equal(u->active_positions, positions);
}

static void an_index_holds_what_loops_over_everything_find(void **state)
{
    (void)state;
    for (int per_image = 1; per_image <= 3; per_image += 2) {
        free(one_run(per_image));
        dv_index x;
        dv_error err;
        assert_true(dv_index_read(&x, "index", &err));
        assert_int_equal(x.n_layers, 2);
        assert_int_equal(x.read, IMAGES);
        for (int i = 0; i < 2; i++)
            for (int c = 0; c < x.layers[i].size[DV_C]; c++) {
                seen *all;
                int tensor;
                assert_true(dv_model_find(model, x.layers[i].layer, &tensor, &err));
                assert_string_equal(x.layers[i].tensor, i ? "c2" : "r1");
                size_t n = see_all(&x.layers[i], tensor, c, &all);
                qsort(all, n, sizeof *all, by_rule);
                check_unit(&x.layers[i], c, all, n, per_image);
                free(all);
            }
        dv_index_free(&x);
    }
}

/* -- the same bytes --------------------------------------------------------------------------- */

static void any_number_of_threads_gives_the_same_bytes(void **state)
{
    (void)state;
    char *expected = one_run(2);
    dv_mine_options o = plain();
    o.per_image = 2;
    for (int threads = 2; threads <= 5; threads++) {
        o.journal_limit = threads == 3 ? 1 : 0;
        mine(o, threads, "img", "more");
        same_text("index", expected);
    }
    free(expected);
}

static void shards_merge_to_the_same_bytes(void **state)
{
    (void)state;
    char *expected = one_run(1);
    dv_index x = { 0 }, from;
    dv_error err;
    for (int k = 3; k >= 1; k--) {
        dv_mine_options o = plain();
        o.shard = k;
        o.shards = 3;
        mine(o, 2, "img", "more");
        assert_true(dv_index_read(k == 3 ? &x : &from, "index", &err));
        if (k == 3)
            continue;
        assert_true(dv_index_merge(&x, &from, &err));
        dv_index_free(&from);
    }
    assert_true(dv_index_write(&x, "index", &err));
    same_text("index", expected);
    dv_index_free(&x);
    free(expected);
}

static void appending_gives_the_same_bytes(void **state)
{
    (void)state;
    char *expected = one_run(1);
    dv_mine_options o = plain();
    mine(o, 1, "img", NULL);
    o.append = true;
    o.sample = 9; /* which is not meant, and would be refused */
    o.sample_as_there = true;
    mine(o, 2, "more", NULL);
    same_text("index", expected);
    free(expected);
    o.sample_as_there = false;
    refused(o, "more", NULL, "index was mined with: another size of samples (--sample): 3 and 9");
}

/* A child that is killed after a random time, resumed by the next one until one is done; returns
 * how many were killed. A run that has removed its journal is done, whether it was killed or not:
 * appending once more would append. */
static int run_and_kill(dv_mine_options o, const char *a, const char *b, uint32_t *seed)
{
    struct stat before = { 0 }, after;
    (void)!stat("index", &before);
    double patience = 3; /* ms; the next one gets more, so that the slowest machine ends */
    for (int killed = 0;; killed++) {
        fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            dv_error err = { 0 };
            dv_mine_result r;
            dv_list l = list_of(a, b);
            bool ok = try_mine(o, 2, &l, &r, &err);
            if (!ok)
                fprintf(stderr, "%s\n", err.message);
            _exit(ok ? 0 : 1);
        }
        const double ms = patience * (0.5 + 0.5 * (double)net_random(seed));
        patience *= 1.2;
        struct timespec wait = { (time_t)(ms / 1e3), (long)(fmod(ms, 1e3) * 1e6) };
        nanosleep(&wait, NULL);
        kill(child, SIGKILL);
        int status;
        waitpid(child, &status, 0);
        if (WIFEXITED(status)) {
            assert_int_equal(WEXITSTATUS(status), 0);
            return killed;
        }
        if (access("index.journal", F_OK) != 0 && stat("index", &after) == 0 &&
            after.st_ino != before.st_ino)
            return killed + 1;
    }
}

static void killed_runs_end_with_the_same_bytes(void **state)
{
    (void)state;
    char *expected = one_run(1);
    uint32_t seed = 3;
    int killed = 0;
    for (int round = 0; round < 24; round++) {
        dv_mine_options o = plain();
        o.journal_limit = round % 3 == 2 ? 500 : 0;
        unlink("index");
        if (round % 2) {
            killed += run_and_kill(o, "img", "more", &seed);
        } else {
            killed += run_and_kill(o, "img", NULL, &seed);
            o.append = true;
            killed += run_and_kill(o, "more", NULL, &seed);
        }
        same_text("index", expected);
        assert_int_not_equal(access("index.journal", F_OK), 0);
    }
    assert_true(killed > 10);
    free(expected);
}

/* -- what is in the way ----------------------------------------------------------------------- */

typedef struct stop_after {
    int images;
} stop_after;

static void die(void *ctx, int64_t done, int64_t total)
{
    (void)total;
    if (done == ((stop_after *)ctx)->images)
        _exit(7);
}

/* Leaves the journal of a run that ended after so many images. */
static void leave_journal(dv_mine_options o, int images, const char *a, const char *b)
{
    stop_after s = { images };
    o.watch = (dv_watch){ .ctx = &s, .progress = die };
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dv_error err;
        dv_mine_result r;
        dv_list l = list_of(a, b);
        bool ok = try_mine(o, 1, &l, &r, &err);
        _exit(ok ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void another_model_option_or_list_does_not_resume(void **state)
{
    (void)state;
    char *expected = one_run(1);
    leave_journal(plain(), 9, "img", "more");
    dv_mine_options o = plain();
    o.k = 5;
    refused(o, "img", "more",
            "index.journal is of an unfinished run with another number of hits (-k): 4 and 5");
    o = plain();
    o.preprocess.mean[0] = 0;
    refused(o, "img", "more", "another preprocessing");
    o = plain();
    o.n_tensors = 1;
    int tensor = 0;
    dv_error err;
    assert_true(dv_model_find(model, "2", &tensor, &err));
    o.tensors = &tensor;
    refused(o, "img", "more", "another number of layers: 2 and 1");
    o = plain();
    o.shards = 2;
    refused(o, "img", "more", "another number of shards: 1 and 2");
    refused(plain(), "img", NULL, "another list of images: 23 and 15");
    refused(plain(), "more", "img", "another list of 23 images: other names, or another order");
    char first = model->sha256[0];
    model->sha256[0] = first == '0' ? '1' : '0';
    refused(plain(), "img", "more", "another model: hand.made");
    model->sha256[0] = first;
    dv_mine_result r;
    dv_list l = list_of("img", "more");
    assert_true(try_mine(plain(), 1, &l, &r, &err)); /* none of this did it any harm */
    assert_int_equal(r.resumed, 9);
    same_text("index", expected);
    dv_list_free(&l);
    free(expected);
}

static void an_index_of_other_options_is_not_appended_to(void **state)
{
    (void)state;
    free(one_run(1));
    dv_mine_options o = plain();
    o.append = true;
    o.per_image = 2;
    refused(o, "more", NULL,
            "index was mined with: another number of hits an image (--per-image): 1 and 2");
    unlink("index.journal");
    o = plain();
    o.shards = 3;
    mine(o, 1, "img", NULL);
    o = plain();
    o.append = true;
    refused(o, "more", NULL, "index does not hold all shards");
    unlink("index");
    refused(o, "more", NULL, "index: No such file");
    unlink("index.journal");
}

static int n_told;

static void count_told(void *ctx, const char *path, const char *reason)
{
    (void)ctx;
    n_told += strcmp(path, "more/broken.png") == 0 || strcmp(path, "gone.png") == 0;
    assert_true(reason[0] != '\0' && !strstr(reason, path));
}

static void images_that_cannot_be_read_are_skipped_and_told(void **state)
{
    (void)state;
    FILE *f = fopen("more/broken.png", "wb");
    assert_non_null(f);
    fputs("\x89PNG\r\n\x1a\nno more", f);
    fclose(f);
    dv_mine_options o = plain();
    o.watch.skipped = count_told;
    for (int threads = 1; threads <= 3; threads += 2) {
        dv_list l = list_of("gone.png", "more");
        dv_error err;
        dv_mine_result r;
        n_told = 0;
        assert_true(try_mine(o, threads, &l, &r, &err));
        assert_int_equal(n_told, 2);
        assert_int_equal(r.skipped, 2);
        assert_int_equal(r.read, IMAGES - 15);
        dv_index x;
        assert_true(dv_index_read(&x, "index", &err));
        assert_int_equal(x.n_skips, 2);
        assert_string_equal(x.skips[0].path, "gone.png");
        assert_string_equal(x.skips[0].reason, "No such file or directory");
        assert_int_equal(x.skips[1].image, IMAGES - 15 + 1);
        dv_index_free(&x);
        dv_list_free(&l);
    }
    unlink("more/broken.png");
}

static void a_name_that_is_not_utf8_is_skipped(void **state)
{
    (void)state;
    write_image("caf\xe9.png", 3);
    mine(plain(), 1, "caf\xe9.png", "img");
    dv_index x;
    dv_error err;
    assert_true(dv_index_read(&x, "index", &err));
    assert_int_equal(x.skipped, 1);
    assert_string_equal(x.skips[0].path, "caf\xef\xbf\xbd.png");
    dv_index_free(&x);
}

static void an_index_that_cannot_be_written_is_told_before_mining(void **state)
{
    (void)state;
    dv_mine_options o = plain();
    o.output = "no-folder/index";
    refused(o, "img", NULL, "no-folder/index.journal: cannot write: No such file or directory");
    o.output = "img";
    refused(o, "img", NULL, "img: cannot write: it is a folder");
    o.output = "/dev/full";
    refused(o, "img", NULL, "/dev/full: cannot write: No space left on device");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_index_holds_what_loops_over_everything_find),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bytes),
        cmocka_unit_test(shards_merge_to_the_same_bytes),
        cmocka_unit_test(appending_gives_the_same_bytes),
        cmocka_unit_test(killed_runs_end_with_the_same_bytes),
        cmocka_unit_test(another_model_option_or_list_does_not_resume),
        cmocka_unit_test(an_index_of_other_options_is_not_appended_to),
        cmocka_unit_test(images_that_cannot_be_read_are_skipped_and_told),
        cmocka_unit_test(a_name_that_is_not_utf8_is_skipped),
        cmocka_unit_test(an_index_that_cannot_be_written_is_told_before_mining),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
