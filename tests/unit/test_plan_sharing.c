/* test_plan_sharing.c - what plans of one model share: arranged weights, whatever the size of the
 * input; and threads that share a plan. */
#include "deconvviz/load.h"
#include "deconvviz/pool.h"
#include "deconvviz/project.h"
#include "graph/plan.h"
#include "net.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static float *random_input(const dv_model *m, uint32_t seed)
{
    const size_t n = dv_shape_count(dv_tensor_shape(m, dv_model_input(m)));
    float *x = malloc(n * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        x[i] = net_random(&seed);
    return x;
}

static dv_plan *plan_of(const dv_model *m, int tensor, unsigned rules, int64_t images,
                        dv_pool *pool)
{
    dv_error err = { 0 };
    const dv_request r = { .n_keep = 1, .keep = &tensor, .rules = rules, .images = images };
    dv_plan *p = dv_plan_new(m, &r, pool, &err);
    if (!p)
        fail_msg("%s", err.message);
    return p;
}

static int layer(const dv_model *m, const char *name)
{
    int tensor = -1;
    dv_error err = { 0 };
    if (!dv_model_find(m, name, &tensor, &err))
        fail_msg("%s", err.message);
    return tensor;
}

static dv_model *builtin(const int size[2])
{
    dv_error err = { 0 };
    const dv_load_options o = { .size = { size[0], size[1] } };
    dv_model *m = dv_model_open(DV_DEFAULT_MODEL, &o, &err);
    if (!m)
        fail_msg("%s", err.message);
    return m;
}

/* The activations of a layer. The caller frees them. */
static float *activations(const dv_model *m, const char *name, size_t *n)
{
    const int tensor = layer(m, name);
    float *x = random_input(m, 5);
    dv_plan *p = plan_of(m, tensor, 0, 0, NULL);
    dv_trace *t = dv_trace_new(p, NULL, NULL);
    assert_true(dv_trace_forward(t, x, NULL));
    *n = dv_shape_count(dv_tensor_shape(m, tensor));
    float *y = malloc(*n * sizeof *y);
    assert_non_null(y);
    memcpy(y, dv_trace_tensor(t, tensor), *n * sizeof *y);
    dv_trace_free(t);
    dv_plan_free(p);
    free(x);
    return y;
}

static void a_model_resized_computes_what_one_opened_at_that_size_does(void **state)
{
    (void)state;
    static const int own[2] = { 0, 0 }, other[2] = { 96, 80 };
    dv_model *m = builtin(own), *fresh = builtin(other);
    size_t n, n_first, n_fresh;
    float *first = activations(m, "5", &n_first);
    dv_model *resized = dv_model_resized(m, other, NULL);
    assert_non_null(resized);
    float *y = activations(resized, "5", &n), *want = activations(fresh, "5", &n_fresh);
    assert_int_equal(n, n_fresh);
    assert_memory_equal(y, want, n * sizeof *y);
    assert_true(n != n_first);
    dv_model_free(m); /* whichever is freed first */
    free(y);
    y = activations(resized, "5", &n);
    assert_memory_equal(y, want, n * sizeof *y);
    dv_model *back = dv_model_resized(resized, own, NULL);
    assert_non_null(back);
    dv_model_free(resized);
    free(y);
    y = activations(back, "5", &n);
    assert_int_equal(n, n_first);
    assert_memory_equal(y, first, n * sizeof *y);
    dv_model_free(back);
    dv_model_free(fresh);
    free(first);
    free(want);
    free(y);
}

static void a_size_that_is_none_is_refused(void **state)
{
    (void)state;
    static const int own[2] = { 0, 0 }, none[2] = { 64, -1 };
    dv_model *m = builtin(own);
    dv_error err = { 0 };
    assert_null(dv_model_resized(m, none, &err));
    assert_int_equal(err.code, DV_BAD_USAGE);
    dv_model_free(m);
}

static void plans_of_one_model_and_of_all_its_sizes_hold_one_copy_of_the_weights(void **state)
{
    (void)state;
    static const int own[2] = { 0, 0 };
    enum { PLANS = 10 };
    dv_model *m = builtin(own), *at[PLANS];
    dv_plan *p[PLANS], *q[PLANS];
    dv_weights_cache *cache = dv_source_cache(m->source);
    p[0] = plan_of(m, dv_model_output(m), 7, 1000, NULL);
    const size_t bytes = dv_weights_cache_bytes(cache);
    assert_true(bytes > 1000000);
    size_t all = 0;
    for (int i = 1; i < PLANS; i++)
        p[i] = plan_of(m, dv_model_output(m), 7, 1000, NULL);
    assert_int_equal(dv_weights_cache_bytes(cache), bytes);
    for (int i = 0; i < PLANS; i++) {
        at[i] = dv_model_resized(m, (int[]){ 144 + 16 * i, 144 + 16 * i }, NULL);
        assert_non_null(at[i]);
        q[i] = plan_of(at[i], layer(at[i], "5"), 7, 0, NULL);
        all = i ? all : dv_weights_cache_bytes(cache);
    }
    /* Small maps and rows that fill vectors badly take other kernels. */
    assert_true(dv_weights_cache_bytes(cache) - all < all / 100);
    for (int i = 0; i < PLANS; i++) {
        dv_plan_free(p[i]);
        dv_plan_free(q[i]);
        dv_model_free(at[i]);
    }
    dv_model_free(m);
}

/* -- threads ---------------------------------------------------------------------------------- */

enum { TRACES = 3 };

typedef struct meeting {
    dv_pool *pool;
    dv_plan *plan;
    dv_trace *trace[TRACES];
    float *input;
    int tensor;
    float *result[TRACES]; /* of a projection */
    pthread_barrier_t begin;
} meeting;

static size_t input_count(const meeting *w)
{
    const dv_model *m = dv_plan_model(w->plan);
    return dv_shape_count(dv_tensor_shape(m, dv_model_input(m)));
}

static bool project_one(meeting *w, int i, dv_pool *pool)
{
    dv_projector *q = dv_projector_new(w->trace[i], pool, NULL);
    dv_unit u = { w->tensor, 3, 0, 0 };
    dv_signal s;
    if (!q || !dv_trace_forward(w->trace[i], w->input, NULL))
        return false;
    while (dv_strongest(w->trace[i], &u) <= 0)
        u.channel++;
    bool ok = dv_project(q, &u, DV_RULE_GRADIENT, DV_SEED_ONE, &s, NULL);
    if (ok)
        memcpy(w->result[i], s.data, dv_box_count(&s.box) * sizeof(float));
    dv_projector_free(q);
    return ok;
}

/* Inside a round of the pool, some time after the other thread has begun. */
static void project_task(void *ctx, int i, int worker)
{
    (void)worker;
    meeting *w = ctx;
    if (i == 0)
        pthread_barrier_wait(&w->begin);
    nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
    project_one(w, i, NULL);
}

static void *project_beside(void *ctx)
{
    meeting *w = ctx;
    pthread_barrier_wait(&w->begin);
    project_one(w, TRACES - 1, w->pool);
    return NULL;
}

/* Weights for the way back are arranged when they are first read: by a thread that waits for the
 * pool, or by those who hold it. */
static void threads_on_one_plan_and_one_pool_never_wait_for_each_other(void **state)
{
    (void)state;
    static const int size[2] = { 96, 96 };
    meeting w = { .pool = dv_pool_new(2, NULL) };
    dv_model *m = builtin(size);
    w.tensor = layer(m, "5");
    w.plan = plan_of(m, w.tensor, 7, 0, w.pool);
    w.input = random_input(m, 9);
    for (int i = 0; i < TRACES; i++) {
        w.trace[i] = dv_trace_new(w.plan, i == TRACES - 1 ? w.pool : NULL, NULL);
        w.result[i] = calloc(input_count(&w), sizeof *w.result[i]);
        assert_non_null(w.trace[i]);
        assert_non_null(w.result[i]);
    }
    pthread_barrier_init(&w.begin, NULL, 2);
    pthread_t thread;
    alarm(60); /* a deadlock ends the test */
    assert_int_equal(pthread_create(&thread, NULL, project_beside, &w), 0);
    dv_pool_run(w.pool, TRACES - 1, project_task, &w);
    pthread_join(thread, NULL);
    alarm(0);
    for (int i = 1; i < TRACES; i++)
        assert_memory_equal(w.result[i], w.result[0], input_count(&w) * sizeof(float));
    bool any = false;
    for (size_t k = 0; k < input_count(&w); k++)
        any |= w.result[0][k] != 0;
    assert_true(any);
    for (int i = 0; i < TRACES; i++) {
        dv_trace_free(w.trace[i]);
        free(w.result[i]);
    }
    pthread_barrier_destroy(&w.begin);
    dv_plan_free(w.plan);
    dv_model_free(m);
    dv_pool_free(w.pool);
    free(w.input);
}

/* -- the cache by itself ---------------------------------------------------------------------- */

enum { PARTS = 1000 };

typedef struct filling {
    dv_packed *p;
    int made[PARTS]; /* how often, for each part */
} filling;

static void fill_part(const void *ctx, int part, void *data)
{
    filling *f = (filling *)(uintptr_t)ctx;
    f->made[part]++; /* a part has one maker: no lock */
    ((int *)data)[part] = part * part;
}

static void read_task(void *ctx, int i, int worker)
{
    (void)i, (void)worker;
    filling *f = ctx;
    const int *data = dv_packed_data(f->p, &(dv_packing){ PARTS, fill_part, f }, NULL);
    for (int k = 0; k < PARTS; k++)
        assert_int_equal(data[k], k * k);
}

static void every_part_of_a_copy_is_made_once_by_whoever_comes(void **state)
{
    (void)state;
    dv_pool *pool = dv_pool_new(4, NULL);
    for (int trial = 0; trial < 50; trial++) {
        dv_weights_cache *c = dv_weights_cache_new(NULL);
        static const float weights[1];
        static filling f;
        memset(&f, 0, sizeof f);
        const dv_packed_key key = { weights, &f, { trial } }, other = { weights, &f, { trial, 1 } };
        f.p = dv_weights_cache_get(c, &key, PARTS * sizeof(int), NULL);
        assert_ptr_equal(f.p, dv_weights_cache_get(c, &key, PARTS * sizeof(int), NULL));
        assert_ptr_not_equal(f.p, dv_weights_cache_get(c, &other, 1, NULL));
        dv_pool_run(pool, 8, read_task, &f);
        for (int k = 0; k < PARTS; k++)
            assert_int_equal(f.made[k], 1);
        dv_weights_cache_free(c);
    }
    dv_pool_free(pool);
}

/* -- weights that stay where they are --------------------------------------------------------- */

enum { FC_IN = 45, FC_OUT = 21 };

/* A fully connected layer whose weights begin `shift` bytes behind a multiple of 64. */
static dv_model *fully_connected(int shift)
{
    const size_t bytes = FC_IN * FC_OUT * sizeof(float);
    uint32_t seed = 11;
    dv_model *m = net_new(5, 3, 3);
    char *room = dv_arena_alloc(&m->arena, bytes + 128, NULL);
    dv_array *a = dv_arena_alloc(&m->arena, sizeof *a, NULL);
    assert_true(room && a);
    room += 64 - (uintptr_t)room % 64 + (uintptr_t)shift;
    for (size_t i = 0; i < bytes; i += sizeof(float)) {
        const float v = net_random(&seed);
        memcpy(room + i, &v, sizeof v);
    }
    *a = (dv_array){ .type = DV_F32, .shape = { 2, { FC_OUT, FC_IN } }, .data = room };
    assert_true(dv_model_add_constant(m, "w", a, NULL));
    net_add(m, "Flatten", "x", "flat", NULL);
    net_add(m, "Gemm", "flat w", "y", (net_ints[]){ { "transB", 0, { 1 } }, { 0 } });
    net_finish(m, "y");
    return m;
}

/* y: (n, FC_OUT) of n inputs that go together. Returns bytes of copied and arranged weights. */
static size_t products(const dv_model *m, bool in_place, int64_t images, int n, float *y)
{
    const int tensor = dv_model_output(m);
    const dv_request r = { .n_keep = 1, .keep = &tensor, .images = images, .in_place = in_place };
    dv_plan *p = dv_plan_new(m, &r, NULL, NULL);
    dv_trace *t[DV_TOGETHER] = { NULL };
    float *x[DV_TOGETHER];
    bool ok[DV_TOGETHER];
    dv_error err[DV_TOGETHER];
    assert_non_null(p);
    for (int i = 0; i < n; i++) {
        t[i] = i ? dv_trace_new_beside(t[0], NULL) : dv_trace_new(p, NULL, NULL);
        x[i] = random_input(m, (uint32_t)i);
        ok[i] = true;
        assert_non_null(t[i]);
    }
    dv_traces_forward(t, (const float *const *)x, n, ok, err);
    for (int i = n - 1; i >= 0; i--) {
        assert_true(ok[i]);
        memcpy(y + (ptrdiff_t)i * FC_OUT, dv_trace_tensor(t[i], tensor), FC_OUT * sizeof *y);
        dv_trace_free(t[i]);
        free(x[i]);
    }
    dv_plan_free(p);
    int w = 0;
    while (!m->values[w].constant)
        w++;
    return dv_weights_cache_bytes(dv_model_cache(m, w));
}

static void weights_in_place_give_the_same_bytes_and_are_not_copied(void **state)
{
    (void)state;
    float want[DV_TOGETHER * FC_OUT], y[DV_TOGETHER * FC_OUT];
    for (int shift = 0; shift < 4; shift++)
        for (int n = 1; n <= DV_TOGETHER; n++) {
            dv_model *m = fully_connected(shift);
            const size_t size = (size_t)n * FC_OUT * sizeof *y;
            const size_t spared = products(m, true, shift ? 1000000 : 0, n, y);
            assert_int_equal(spared, 0);
            const size_t copied = products(m, false, 0, n, want);
            assert_true(!shift || copied >= FC_IN * FC_OUT * sizeof *y);
            assert_memory_equal(y, want, size);
            dv_model_free(m);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_resized_computes_what_one_opened_at_that_size_does),
        cmocka_unit_test(a_size_that_is_none_is_refused),
        cmocka_unit_test(plans_of_one_model_and_of_all_its_sizes_hold_one_copy_of_the_weights),
        cmocka_unit_test(threads_on_one_plan_and_one_pool_never_wait_for_each_other),
        cmocka_unit_test(weights_in_place_give_the_same_bytes_and_are_not_copied),
        cmocka_unit_test(every_part_of_a_copy_is_made_once_by_whoever_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
