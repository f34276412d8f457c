/* Activations of many images as one array: what is in the rows, and that a run which was stopped,
 * or shared, comes to the same files. */
#include "album.h"
#include "base/file.h"
#include "deconvviz/features.h"
#include "deconvviz/trace.h"
#include "tensor/npy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static dv_model *model;
static dv_list images;
static int tensors[ALBUM_LAYERS];

static int set_up(void **state)
{
    (void)state;
    dv_error err;
    album_begin();
    model = album_model();
    return dv_list_add(&images, "img", &err) && dv_model_find(model, "1", &tensors[0], &err) &&
                   dv_model_find(model, "2", &tensors[1], &err)
               ? 0
               : 1;
}

static int tear_down(void **state)
{
    (void)state;
    dv_list_free(&images);
    dv_model_free(model);
    album_end();
    return 0;
}

static dv_features_options options_for(const char *pooling, const char *output)
{
    dv_error err;
    dv_features_options o = { .n_tensors = ALBUM_LAYERS,
                              .tensors = tensors,
                              .preprocess = album_preprocess,
                              .shard = 1,
                              .shards = 1,
                              .output = output };
    assert_true(dv_pooling_parse(pooling, &o.pooling, &err));
    return o;
}

static void make(const dv_features_options *o)
{
    dv_features_result r;
    dv_error err;
    if (!dv_features(model, &images, o, &r, &err))
        fail_msg("%s", err.message);
    assert_int_equal(r.rows, (ALBUM_IMAGES - o->shard) / o->shards + 1);
}

static void assert_same_file(const char *a, const char *b)
{
    dv_file fa, fb;
    dv_error err;
    assert_true(dv_file_read(&fa, a, DV_FILE_MAX_READ, &err));
    assert_true(dv_file_read(&fb, b, DV_FILE_MAX_READ, &err));
    assert_int_equal(fa.size, fb.size);
    assert_memory_equal(fa.data, fb.data, fa.size);
    dv_file_unmap(&fa);
    dv_file_unmap(&fb);
}

/* name.npy, name.txt and name.json. */
static void assert_same(const char *a, const char *b)
{
    static const char *const extensions[] = { "npy", "txt", "json" };
    for (int i = 0; i < 3; i++) {
        char pa[64], pb[64];
        snprintf(pa, sizeof pa, "%s.%s", a, extensions[i]);
        snprintf(pb, sizeof pb, "%s.%s", b, extensions[i]);
        assert_same_file(pa, pb);
    }
}

/* -- what is in the rows ---------------------------------------------------------------------- */

/* The map (C,side,side) of a layer on an image. */
static const float *map_of(dv_trace *t, int image, int layer)
{
    float input[3 * ALBUM_SIDE * ALBUM_SIDE];
    dv_image im;
    dv_error err;
    assert_true(dv_image_load(&im, dv_list_path(&images, image), &err) &&
                dv_prepare(&im, &album_preprocess, input, NULL, &err) &&
                dv_trace_forward(t, input, &err));
    dv_image_free(&im);
    return dv_trace_tensor(t, tensors[layer]);
}

/* By definition: the mean or the maximum over a part of the map. */
static double part(const float *map, int side, int y0, int y1, int x0, int x1, bool mean)
{
    double sum = 0, most = -1e30;
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++) {
            sum += (double)map[y * side + x];
            most = fmax(most, (double)map[y * side + x]);
        }
    return mean ? sum / ((y1 - y0) * (x1 - x0)) : most;
}

/* Of one layer, whose map has this side; how many. */
static int expected(const float *map, int side, const char *pooling, double *to)
{
    int n = 0;
    const int grid = strncmp(pooling, "grid:", 5) == 0 ? atoi(pooling + 5) : 1;
    for (int c = 0; c < ALBUM_CHANNELS; c++, map += side * side) {
        if (strcmp(pooling, "none") == 0) {
            for (int i = 0; i < side * side; i++)
                to[n++] = (double)map[i];
            continue;
        }
        for (int i = 0; i < grid; i++)
            for (int k = 0; k < grid; k++)
                to[n++] =
                    part(map, side, (int)floor((double)i * side / grid),
                         (int)ceil((i + 1.0) * side / grid), (int)floor((double)k * side / grid),
                         (int)ceil((k + 1.0) * side / grid), strcmp(pooling, "max") != 0);
    }
    return n;
}

static void check_rows(dv_trace *t, const char *pooling, bool normalize)
{
    dv_features_options o = options_for(pooling, "f.npy");
    dv_shape shape;
    float *rows;
    dv_error err;
    o.normalize = normalize;
    make(&o);
    assert_true(dv_npy_read("f.npy", &shape, &rows, &err));
    assert_int_equal(shape.dim[0], ALBUM_IMAGES);
    for (int i = 0; i < ALBUM_IMAGES; i++) {
        const float *row = rows + i * shape.dim[1];
        int at = 0;
        for (int l = 0; l < ALBUM_LAYERS; l++) {
            double want[ALBUM_CHANNELS * ALBUM_SIDE * ALBUM_SIDE], squares = 0;
            const int n = expected(map_of(t, i, l), l ? ALBUM_SIDE / 2 : ALBUM_SIDE, pooling, want);
            for (int k = 0; k < n; k++)
                squares += want[k] * want[k];
            for (int k = 0; k < n; k++, at++)
                assert_true(fabs((double)row[at] - want[k] / (normalize ? sqrt(squares) : 1)) <
                            1e-6);
        }
        assert_int_equal(at, shape.dim[1]);
    }
    free(rows);
}

static void rows_hold_what_the_pooling_says(void **state)
{
    (void)state;
    static const char *const poolings[] = { "max", "mean", "none", "grid:1", "grid:3", "grid:11" };
    const dv_request r = { .n_keep = ALBUM_LAYERS, .keep = tensors };
    dv_error err;
    dv_plan *plan = dv_plan_new(model, &r, NULL, &err);
    dv_trace *t = dv_trace_new(plan, NULL, &err);
    for (size_t i = 0; i < sizeof poolings / sizeof poolings[0]; i++)
        check_rows(t, poolings[i], i % 2 == 0);
    dv_trace_free(t);
    dv_plan_free(plan);
}

static void a_pooling_is_one_of_four_words(void **state)
{
    (void)state;
    static const char *const wrong[] = { "",       "min",     "grid",    "grid:",
                                         "grid:0", "grid:65", "grid:2x", "maximum" };
    dv_pooling p;
    dv_error err;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(dv_pooling_parse(wrong[i], &p, &err));
        assert_int_equal(err.code, DV_BAD_USAGE);
    }
    assert_true(dv_pooling_parse("grid:64", &p, &err));
    assert_int_equal(p.side, 64);
}

/* -- stopped, shared, with classes ------------------------------------------------------------ */

static bool after(void *ctx)
{
    return --*(int *)ctx < 0;
}

static void a_stopped_run_goes_on_to_the_same_files(void **state)
{
    (void)state;
    dv_features_options o = options_for("mean", "whole.npy");
    dv_features_result r;
    dv_error err;
    make(&o);
    for (int stop = 0; stop <= ALBUM_IMAGES; stop++)
        for (int damage = 0; damage < 3; damage++) {
            int left = stop;
            o.output = "part.npy";
            o.watch = (dv_watch){ .ctx = &left, .cancelled = after };
            const bool done = dv_features(model, &images, &o, &r, &err);
            assert_true(done == (stop == ALBUM_IMAGES));
            if (!done && damage == 1) /* the last line is not whole */
                assert_int_equal(system("truncate -s -3 part.npy.journal"), 0);
            if (!done && damage == 2) /* the last row never reached the disk */
                assert_int_equal(system("truncate -s -7 part.npy.unfinished"), 0);
            o.watch = (dv_watch){ .ctx = NULL };
            if (!done)
                make(&o);
            assert_same("whole", "part");
            assert_int_not_equal(access("part.npy.journal", F_OK), 0);
            assert_int_not_equal(access("part.npy.unfinished", F_OK), 0);
            assert_int_equal(unlink("part.npy"), 0);
        }
}

static void a_stopped_run_does_not_go_on_as_another(void **state)
{
    (void)state;
    int left = 2;
    dv_features_options o = options_for("mean", "other.npy");
    dv_features_result r;
    dv_error err;
    o.watch = (dv_watch){ .ctx = &left, .cancelled = after };
    assert_false(dv_features(model, &images, &o, &r, &err));
    assert_int_equal(err.code, DV_CANCELLED);
    o = options_for("max", "other.npy");
    assert_false(dv_features(model, &images, &o, &r, &err));
    assert_int_equal(err.code, DV_BAD_USAGE);
    assert_non_null(strstr(err.message, "\"options\""));
    assert_int_equal(unlink("other.npy.journal"), 0);
    make(&o);
}

static void shards_together_are_the_whole(void **state)
{
    (void)state;
    static const char *const paths[] = { "s2.npy", "s3.npy", "s1.npy" };
    dv_features_options o = options_for("max", "all.npy");
    dv_features_result r;
    dv_error err;
    dv_pool *pool = dv_pool_new(2, &err);
    o.pool = pool;
    make(&o);
    for (int k = 1; k <= 3; k++) {
        char path[16];
        snprintf(path, sizeof path, "s%d.npy", k);
        o.output = path;
        o.shard = k;
        o.shards = 3;
        o.pool = NULL;
        make(&o);
    }
    assert_true(dv_features_merge(3, paths, "merged.npy", &r, &err));
    assert_int_equal(r.rows, ALBUM_IMAGES);
    assert_same("all", "merged");
    assert_false(dv_features_merge(2, paths, "no.npy", &r, &err));
    assert_non_null(strstr(err.message, "of 3, and 2 are given"));
    const char *const twice[] = { "s2.npy", "s3.npy", "s2.npy" };
    assert_false(dv_features_merge(3, twice, "no.npy", &r, &err));
    assert_int_equal(system("truncate -s -4 s3.npy"), 0);
    assert_false(dv_features_merge(3, paths, "no.npy", &r, &err));
    assert_non_null(strstr(err.message, "s3.npy: not the "));
    assert_int_not_equal(access("no.npy", F_OK), 0);
    dv_pool_free(pool);
}

static void what_cannot_be_read_has_no_row(void **state)
{
    (void)state;
    dv_list some = { 0 };
    dv_features_options o = options_for("max", "some.npy");
    dv_features_result r;
    dv_error err;
    dv_file f;
    assert_true(dv_list_add(&some, "nosuch.png", &err) && dv_list_add(&some, "img/0.png", &err));
    assert_true(dv_features(model, &some, &o, &r, &err));
    assert_int_equal(r.rows, 1);
    assert_int_equal(r.skipped, 1);
    assert_true(dv_file_read(&f, "some.txt", 1000, &err));
    assert_int_equal(f.size, strlen("img/0.png\n"));
    dv_file_unmap(&f);
    assert_int_equal(system("grep -q '^\\[0,\"nosuch.png\",' some.json"), 0);
    dv_list_free(&some);
}

static void classes_are_what_folders_names_and_lines_say(void **state)
{
    (void)state;
    static const char *const lines = "x/a.png\tbig cat\nx/b.png dog\nx/c.png\tbig cat\n";
    dv_list list = { 0 };
    dv_labels l;
    dv_truth t;
    dv_error err;
    assert_true(dv_file_write("lines.txt", lines, strlen(lines), &err));
    assert_true(dv_file_write("numbers.txt", "a 3\nb 1\n", 8, &err));
    assert_true(dv_list_add(&list, "b b/n2_x.png", &err) &&
                dv_list_add(&list, "b/n1_y.png", &err) && dv_list_add(&list, "b b/n2_z.png", &err));
    assert_true(dv_labels_collect(&l, "dirs", &list, &err));
    assert_int_equal(l.n, 2);
    assert_string_equal(l.text[0], "b");
    assert_true(dv_truth_read(&t, "dirs", &l, &err));
    assert_int_equal(dv_truth_of(&t, "b b/n2_x.png"), 1);
    assert_int_equal(dv_truth_of(&t, "b/n1_y.png"), 0);
    dv_truth_free(&t);
    dv_labels_free(&l);
    assert_true(dv_labels_collect(&l, "names", &list, &err));
    assert_int_equal(l.n, 2);
    assert_string_equal(l.text[1], "n2");
    dv_labels_free(&l);
    assert_true(dv_labels_collect(&l, "lines.txt", &list, &err));
    assert_int_equal(l.n, 2);
    assert_true(dv_truth_read(&t, "lines.txt", &l, &err));
    assert_int_equal(dv_truth_of(&t, "x/c.png"), 0);
    assert_int_equal(dv_truth_of(&t, "x/b.png"), 1);
    dv_truth_free(&t);
    dv_labels_free(&l);
    assert_true(dv_labels_collect(&l, "numbers.txt", &list, &err));
    assert_int_equal(l.n, 4);
    dv_labels_free(&l);
    assert_false(dv_labels_collect(&l, "nosuch.txt", &list, &err));
    dv_labels_free(&l);
    dv_list_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_hold_what_the_pooling_says),
        cmocka_unit_test(a_pooling_is_one_of_four_words),
        cmocka_unit_test(a_stopped_run_goes_on_to_the_same_files),
        cmocka_unit_test(a_stopped_run_does_not_go_on_as_another),
        cmocka_unit_test(shards_together_are_the_whole),
        cmocka_unit_test(what_cannot_be_read_has_no_row),
        cmocka_unit_test(classes_are_what_folders_names_and_lines_say),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
