/* Several images through a network at once: the same bytes and errors as one after the other. */
#include "album.h"
#include "deconvviz/mine.h"
#include "deconvviz/trace.h"
#include "graph/plan.h"
#include "image/png.h"
#include "kernel/isa.h"
#include "net.h"

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

enum {
    SIDE = ALBUM_SIDE,
    INPUT = 3 * SIDE * SIDE,
    IMAGES = 23,
    WHITE = 4,  /* an image whose activations become NaN */
    BROKEN = 9, /* and one that cannot be read */
};

static dv_model *model;

static float half(uint32_t *state)
{
    (void)state;
    return 0.5F;
}

static float shrink(uint32_t *state)
{
    return net_random(state) / 16;
}

static float minus_mean(uint32_t *state)
{
    (void)state;
    return -1.0F / INPUT;
}

/* Convolutions, fully connected layers, and one that has no root for a white image. */
static int begin(void **state)
{
    (void)state;
    static const net_ints transposed[] = { { "transB", 0, { 1 } }, { 0 } };
    album_begin();
    model = net_new(3, SIDE, SIDE);
    net_conv(model, "x", "c1", 3, 8, 3, 2, 1, net_random, 7);
    net_add(model, "Relu", "c1", "r1", NULL);
    net_conv(model, "r1", "c2", 8, 32, 3, 2, 1, shrink, 8);
    net_add(model, "Flatten", "c2", "flat", NULL);
    net_constant(model, "w3", 70, 512, 0, 0, shrink, 9);
    net_constant(model, "b3", 70, 0, 0, 0, net_random, 10);
    net_add(model, "Gemm", "flat w3 b3", "g3", transposed);
    net_add(model, "Relu", "g3", "r3", NULL);
    net_constant(model, "w4", 33, 70, 0, 0, net_random, 11);
    net_add(model, "Gemm", "r3 w4", "g4", transposed);
    net_add(model, "Flatten", "x", "all", NULL);
    net_constant(model, "w5", 33, INPUT, 0, 0, minus_mean, 12);
    net_constant(model, "b5", 33, 0, 0, 0, half, 13);
    net_add(model, "Gemm", "all w5 b5", "g5", transposed);
    net_add(model, "Sqrt", "g5", "root", NULL);
    net_add(model, "Add", "g4 root", "sum", NULL);
    net_constant(model, "w6", 40, 33, 0, 0, net_random, 14);
    net_add(model, "Gemm", "sum w6", "g6", transposed);
    net_finish(model, "g6");
    memset(model->sha256, 'a', 64);
    return 0;
}

static int end(void **state)
{
    (void)state;
    dv_model_free(model);
    album_end();
    return 0;
}

/* -- traces ----------------------------------------------------------------------------------- */

static const char *const kept[] = { "r1", "c2", "r3", "g4", "g6" };
enum { KEPT = sizeof kept / sizeof kept[0] };

static dv_plan *make_plan(int *keep)
{
    dv_error err = { 0 };
    for (int i = 0; i < KEPT; i++)
        assert_true(dv_model_find(model, kept[i], &keep[i], &err));
    const dv_request r = { .n_keep = KEPT, .keep = keep };
    dv_plan *p = dv_plan_new(model, &r, NULL, &err);
    if (!p)
        fail_msg("%s", err.message);
    return p;
}

static void make_traces(const dv_plan *p, dv_pool *pool, dv_trace **t)
{
    dv_error err;
    t[0] = dv_trace_new(p, pool, &err);
    for (int i = 1; i < DV_TOGETHER; i++) {
        assert_non_null(t[i - 1]);
        t[i] = dv_trace_new_beside(t[0], &err);
    }
    assert_non_null(t[DV_TOGETHER - 1]);
}

static void fill(float *input, uint32_t seed, bool white)
{
    for (int i = 0; i < INPUT; i++)
        input[i] = white ? 1 : net_random(&seed) / 2;
}

/* Image i of n alone, and what came of it among the others. */
static void compare(const int *keep, dv_trace *alone, const dv_trace *t, const float *input,
                    bool ok, const dv_error *err)
{
    dv_error own = { 0 };
    assert_int_equal(dv_trace_forward(alone, input, &own), ok);
    if (!ok)
        assert_string_equal(own.message, err->message);
    for (int k = 0; k < KEPT && ok; k++)
        assert_memory_equal(dv_trace_tensor(alone, keep[k]), dv_trace_tensor(t, keep[k]),
                            dv_shape_count(dv_tensor_shape(model, keep[k])) * sizeof(float));
}

static void traces_that_go_together_are_as_alone(void **state)
{
    (void)state;
    dv_error err;
    int keep[KEPT];
    dv_plan *p = make_plan(keep);
    assert_int_equal(dv_plan_together(p), DV_TOGETHER);
    for (int threads = 1; threads <= 3; threads++) {
        dv_pool *pool = dv_pool_new(threads, &err);
        dv_trace *t[DV_TOGETHER], *alone = dv_trace_new(p, NULL, &err);
        make_traces(p, pool, t);
        float *inputs[DV_TOGETHER];
        for (int i = 0; i < DV_TOGETHER; i++)
            assert_non_null(inputs[i] = malloc(INPUT * sizeof(float)));
        for (int n = 1; n <= DV_TOGETHER; n++) {
            bool ok[DV_TOGETHER];
            dv_error errors[DV_TOGETHER];
            for (int i = 0; i < n; i++) { /* the third is one that fails, the fifth one not asked */
                fill(inputs[i], (uint32_t)(100 * n + i), i == 2);
                ok[i] = i != 4;
            }
            dv_traces_forward(t, (const float *const *)inputs, n, ok, errors);
            for (int i = 0; i < n; i++) {
                assert_int_equal(ok[i], i != 2 && i != 4);
                if (i != 4)
                    compare(keep, alone, t[i], inputs[i], ok[i], &errors[i]);
                if (i == 2)
                    assert_non_null(strstr(errors[i].message, "become NaN in node 'root'"));
            }
        }
        for (int i = DV_TOGETHER - 1; i >= 0; i--) {
            dv_trace_free(t[i]);
            free(inputs[i]);
        }
        dv_trace_free(alone);
        dv_pool_free(pool);
    }
    dv_plan_free(p);
}

/* -- in passing ------------------------------------------------------------------------------- */

static const char *const passing[] = { "x", "r1", "c2", "flat", "all", "r3", "g4", "root", "g6" };
enum { PASSING = sizeof passing / sizeof passing[0] };

typedef struct witness {
    const int *keep;       /* (PASSING) */
    const dv_trace *alone; /* what must be seen */
    int seen[PASSING];
} witness;

static void witness_tensor(void *ctx, int tensor, const float *activations)
{
    witness *w = ctx;
    int k = 0;
    while (k < PASSING && w->keep[k] != tensor)
        k++;
    assert_true(k < PASSING);
    w->seen[k]++;
    assert_memory_equal(activations, dv_trace_tensor(w->alone, tensor),
                        dv_shape_count(dv_tensor_shape(model, tensor)) * sizeof(float));
}

static void what_is_kept_in_passing_is_shown_once(void **state)
{
    (void)state;
    enum { N = 5 };
    dv_error err = { 0 };
    int keep[PASSING];
    for (int i = 0; i < PASSING; i++)
        assert_true(dv_model_find(model, passing[i], &keep[i], &err));
    dv_request r = { .n_keep = PASSING, .keep = keep };
    dv_plan *whole = dv_plan_new(model, &r, NULL, &err);
    r.in_passing = true;
    dv_plan *p = dv_plan_new(model, &r, NULL, &err);
    assert_true(whole && p);
    assert_true(dv_plan_trace_bytes(p, NULL) < dv_plan_trace_bytes(whole, NULL));
    dv_trace *t[DV_TOGETHER], *alone[N];
    make_traces(p, NULL, t);
    float *inputs[N];
    witness w[N] = { { 0 } };
    bool ok[N];
    dv_error errors[N];
    for (int i = 0; i < N; i++) {
        assert_non_null(inputs[i] = malloc(INPUT * sizeof(float)));
        assert_non_null(alone[i] = dv_trace_new(whole, NULL, &err));
        fill(inputs[i], (uint32_t)(i + 1), i == 2);
        assert_int_equal(dv_trace_forward(alone[i], inputs[i], &err), i != 2);
        w[i] = (witness){ .keep = keep, .alone = alone[i] };
        dv_trace_show(t[i], witness_tensor, &w[i]);
        ok[i] = true;
    }
    dv_traces_forward(t, (const float *const *)inputs, N, ok, errors);
    for (int i = 0; i < N; i++) {
        assert_int_equal(ok[i], i != 2);
        for (int k = 0; k < PASSING && i != 2; k++)
            assert_int_equal(w[i].seen[k], 1);
        assert_null(dv_trace_tensor(t[i], keep[1]));
    }
    assert_non_null(strstr(errors[2].message, "become NaN in node 'root'"));
    memset(w[0].seen, 0, sizeof w[0].seen);
    assert_true(dv_trace_forward(t[0], inputs[0], &err));
    for (int k = 0; k < PASSING; k++)
        assert_int_equal(w[0].seen[k], 1);
    r.rules = 1U << DV_RULE_DECONVNET;
    assert_null(dv_plan_new(model, &r, NULL, &err));
    assert_int_equal(err.code, DV_BAD_USAGE);
    for (int i = 0; i < N; i++) {
        dv_trace_free(alone[i]);
        free(inputs[i]);
    }
    for (int i = DV_TOGETHER - 1; i >= 0; i--)
        dv_trace_free(t[i]);
    dv_plan_free(p);
    dv_plan_free(whole);
}

/* Weights that are read once for all of a trace are nothing to share. */
static void convolutions_of_large_maps_go_alone(void **state)
{
    (void)state;
    dv_error err;
    dv_model *m = album_model();
    const int keep = dv_model_output(m);
    const dv_request r = { .n_keep = 1, .keep = &keep };
    dv_plan *p = dv_plan_new(m, &r, NULL, &err);
    assert_non_null(p);
    assert_int_equal(dv_plan_together(p), 1);
    dv_plan_free(p);
    dv_model_free(m);
}

/* -- mining ----------------------------------------------------------------------------------- */

static void write_images(void)
{
    uint8_t pixels[SIDE * SIDE * 3];
    dv_error err;
    assert_int_equal(mkdir("many", 0777), 0);
    for (uint32_t i = 0; i < IMAGES; i++) {
        char path[32];
        uint32_t seed = i + 1;
        for (size_t k = 0; k < sizeof pixels; k++)
            pixels[k] = i == WHITE ? 255 : (uint8_t)(128 + 64 * net_random(&seed));
        snprintf(path, sizeof path, "many/%02u.png", i);
        assert_true(dv_png_write(path, SIDE, SIDE, 3, pixels, NULL, 0, &err));
        if (i == BROKEN)
            assert_int_equal(truncate(path, 40), 0);
    }
}

typedef struct teller {
    int skipped;
    int64_t done;
} teller;

static void note_skipped(void *ctx, const char *path, const char *reason)
{
    teller *t = ctx;
    t->skipped++;
    assert_non_null(reason);
    if (strcmp(path, "many/04.png") == 0)
        assert_non_null(strstr(reason, "are not finite"));
    else
        assert_string_equal(path, "many/09.png");
}

static void note_progress(void *ctx, int64_t done, int64_t total)
{
    teller *t = ctx;
    assert_true(done == t->done + 1 && done <= total);
    t->done = done;
}

/* The index of all images, `step` at a time: as many at once, at most, by one thread. */
static void mine(const char *output, int step, int threads)
{
    dv_error err = { 0 };
    dv_pool *pool = dv_pool_new(threads, &err);
    teller t = { 0 };
    for (int first = 0; first < IMAGES; first += step) {
        const dv_mine_options o = {
            .preprocess = album_preprocess,
            .k = 3,
            .per_image = 1,
            .shard = 1,
            .shards = 1,
            .append = first > 0,
            .pool = pool,
            .output = output,
            .watch = { .ctx = &t, .progress = note_progress, .skipped = note_skipped }
        };
        dv_list list = { 0 };
        dv_mine_result r;
        t.done = 0;
        for (int i = first; i < IMAGES && i < first + step; i++) {
            char path[32];
            snprintf(path, sizeof path, "many/%02d.png", i);
            assert_true(dv_list_add(&list, path, &err));
        }
        if (!dv_mine(model, &o, &list, &r, &err))
            fail_msg("%s", err.message);
        dv_list_free(&list);
    }
    assert_int_equal(t.skipped, 2);
    dv_pool_free(pool);
}

static void an_index_is_the_same_however_many_images_go_together(void **state)
{
    (void)state;
    static const int steps[] = { 2, 5, DV_TOGETHER, IMAGES };
    write_images();
    mine("one", 1, 1);
    for (int i = 0; i < 4; i++)
        for (int threads = 1; threads <= 3; threads++) {
            mine("index", steps[i], threads);
            assert_int_equal(system("cmp one index && rm index"), 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traces_that_go_together_are_as_alone),
        cmocka_unit_test(what_is_kept_in_passing_is_shown_once),
        cmocka_unit_test(convolutions_of_large_maps_go_alone),
        cmocka_unit_test(an_index_is_the_same_however_many_images_go_together),
    };
    int failures = 0;
    static const char *const sets[] = { "avx512", "avx2", "baseline" };
    for (int i = 0; i < 3; i++) {
        failures += !dv_isa_limit(sets[i]);
        failures += cmocka_run_group_tests_name(sets[i], tests, begin, end);
    }
    return failures;
}
