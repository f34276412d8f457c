#include "deconvviz/pool.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { MOST = 500, WORKERS = 5 };

struct tally {
    dv_pool *pool;
    int times[MOST];     /* how often each task ran; a task has its own place, so no lock */
    int inside[WORKERS]; /* tasks that run as this worker right now */
    bool overlap, bad_worker;
    int nested[MOST];
};

static dv_pool *new_pool(int threads)
{
    dv_error err;
    dv_pool *p = dv_pool_new(threads, &err);
    assert_non_null(p);
    assert_int_equal(dv_pool_size(p), threads);
    return p;
}

static void count_task(void *ctx, int i, int worker)
{
    struct tally *t = ctx;
    if (worker < 0 || worker >= dv_pool_size(t->pool))
        t->bad_worker = true;
    if (t->inside[worker]++)
        t->overlap = true;
    t->times[i]++;
    t->inside[worker]--;
}

static void every_task_runs_once(void **state)
{
    (void)state;
    for (int threads = 1; threads <= WORKERS; threads++) {
        dv_pool *p = new_pool(threads);
        for (int n = 0; n < 60; n++) {
            struct tally t = { .pool = p };
            dv_pool_run(p, n, count_task, &t);
            assert_false(t.overlap);
            assert_false(t.bad_worker);
            for (int i = 0; i < MOST; i++)
                assert_int_equal(t.times[i], i < n);
        }
        dv_pool_free(p);
    }
}

/* Rounds follow each other at once, so that threads wake up in all stages of the one before. */
static void many_short_rounds(void **state)
{
    (void)state;
    dv_pool *p = new_pool(3);
    for (int round = 0; round < 3000; round++) {
        struct tally t = { .pool = p };
        int n = round % 7;
        dv_pool_run(p, n, count_task, &t);
        for (int i = 0; i < n; i++)
            assert_int_equal(t.times[i], 1);
    }
    dv_pool_free(p);
}

static void no_pool_runs_in_order_as_worker_0(void **state)
{
    (void)state;
    struct tally t = { 0 };
    dv_pool_run(NULL, 9, count_task, &t);
    assert_false(t.bad_worker);
    for (int i = 0; i < 9; i++)
        assert_int_equal(t.times[i], 1);
    assert_int_equal(dv_pool_size(NULL), 1);
    dv_pool_free(NULL);
}

struct inner {
    int sum, last;
    bool bad;
};

static void inner_task(void *ctx, int i, int worker)
{
    struct inner *in = ctx;
    if (worker || i != in->last++)
        in->bad = true;
    in->sum += i;
}

static void outer_task(void *ctx, int i, int worker)
{
    struct tally *t = ctx;
    (void)worker;
    struct inner in = { 0 };
    dv_pool_run(t->pool, 20, inner_task, &in);
    t->nested[i] = in.bad ? -1 : in.sum;
}

static void nested_calls_run_on_the_spot(void **state)
{
    (void)state;
    dv_pool *p = new_pool(4);
    for (int n = 1; n < 40; n += 19) { /* 1: the outer call itself runs on the spot */
        struct tally t = { .pool = p };
        dv_pool_run(p, n, outer_task, &t);
        for (int i = 0; i < n; i++)
            assert_int_equal(t.nested[i], 190);
    }
    dv_pool_free(p);
}

struct guest {
    dv_pool *pool;
    bool ok;
};

static void *guest_main(void *arg)
{
    struct guest *g = arg;
    g->ok = true;
    for (int round = 0; round < 200; round++) {
        struct tally t = { .pool = g->pool };
        dv_pool_run(g->pool, 30, count_task, &t);
        g->ok = g->ok && !t.overlap && !t.bad_worker;
        for (int i = 0; i < 30; i++)
            g->ok = g->ok && t.times[i] == 1;
    }
    return NULL;
}

static void threads_that_share_a_pool_take_turns(void **state)
{
    (void)state;
    dv_pool *p = new_pool(3);
    struct guest guests[3];
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        guests[i] = (struct guest){ p, false };
        assert_int_equal(pthread_create(&threads[i], NULL, guest_main, &guests[i]), 0);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        assert_true(guests[i].ok);
    }
    dv_pool_free(p);
}

struct chain {
    unsigned char a[MOST], b[MOST];
};

static void write_a(void *ctx, int i, int worker)
{
    struct chain *c = ctx;
    (void)worker;
    c->a[i] = (unsigned char)(i + 1);
}

static void read_a_write_b(void *ctx, int i, int worker)
{
    struct chain *c = ctx;
    (void)worker;
    c->b[i] = (unsigned char)(c->a[MOST - 1 - i] + 1);
}

/* What one round wrote, the next may read on any thread: ThreadSanitizer watches here. */
static void a_round_sees_what_the_one_before_wrote(void **state)
{
    (void)state;
    dv_pool *p = new_pool(4);
    struct chain c;
    for (int round = 0; round < 50; round++) {
        memset(&c, 0, sizeof c);
        dv_pool_run(p, MOST, write_a, &c);
        dv_pool_run(p, MOST, read_a_write_b, &c);
        for (int i = 0; i < MOST; i++)
            assert_int_equal(c.b[i], (unsigned char)(MOST - i + 1));
    }
    dv_pool_free(p);
}

struct meeting {
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    int here;
    bool missed;
};

static void meet(void *ctx, int i, int worker)
{
    struct meeting *m = ctx;
    (void)i;
    (void)worker;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 30;
    pthread_mutex_lock(&m->lock);
    m->here++;
    pthread_cond_broadcast(&m->arrived);
    int problem = 0;
    while (m->here % 3 && !problem)
        problem = pthread_cond_timedwait(&m->arrived, &m->lock, &until);
    m->missed = m->missed || problem;
    pthread_mutex_unlock(&m->lock);
}

/* Three tasks, each of which ends only when all three run. */
static void tasks_run_at_the_same_time(void **state)
{
    (void)state;
    dv_pool *p = new_pool(3);
    for (int round = 0; round < 20; round++) {
        struct meeting m = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false };
        dv_pool_run(p, 3, meet, &m);
        assert_int_equal(m.here, 3);
        assert_false(m.missed);
    }
    dv_pool_free(p);
}

static void senseless_thread_counts_are_refused(void **state)
{
    (void)state;
    int bad[] = { 0, -1, DV_POOL_MAX_THREADS + 1 };
    for (int i = 0; i < 3; i++) {
        dv_error err = { 0 };
        assert_null(dv_pool_new(bad[i], &err));
        assert_int_equal(err.code, DV_BAD_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_once),
        cmocka_unit_test(many_short_rounds),
        cmocka_unit_test(no_pool_runs_in_order_as_worker_0),
        cmocka_unit_test(nested_calls_run_on_the_spot),
        cmocka_unit_test(threads_that_share_a_pool_take_turns),
        cmocka_unit_test(a_round_sees_what_the_one_before_wrote),
        cmocka_unit_test(tasks_run_at_the_same_time),
        cmocka_unit_test(senseless_thread_counts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
