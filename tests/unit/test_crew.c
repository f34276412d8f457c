/* A crew's tasks: all done, committed in order, with any number of threads; and how a run stops. */
#include "deconvviz/load.h"
#include "run/crew.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { TASKS = 200, NEVER = 1 << 30, SLOTS = 128 };

static dv_model *model;

static int set_up(void **state)
{
    (void)state;
    dv_error err;
    model = dv_model_open(DV_DEFAULT_MODEL, NULL, &err);
    return model ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    dv_model_free(model);
    return 0;
}

/* What a run does, and where it is to fail. */
typedef struct log {
    int work_fails, commit_fails;
    int64_t slot[SLOTS];      /* the task in it */
    atomic_int worked, times; /* tasks, and how often several were taken */
    int64_t committed, left;  /* counts; left from then on */
    bool in_order;
} log;

static bool work(void *ctx, dv_worker *w, int64_t task, int slot, dv_error *err)
{
    log *l = ctx;
    const struct timespec pause = { .tv_nsec = (long)(task * 7919 % 5) * 100000 };
    assert_non_null(w->trace);
    assert_non_null(w->input);
    nanosleep(&pause, NULL);
    l->slot[slot] = task;
    atomic_fetch_add(&l->worked, 1);
    return task != l->work_fails || dv_fail(err, DV_NO_MEMORY, "task %d", (int)task);
}

static bool work_together(void *ctx, dv_worker *w, int64_t task, int n, const int *slots,
                          dv_error *err)
{
    log *l = ctx;
    assert_true(n >= 1 && n <= w->n_traces);
    for (int i = 0; i < n; i++) {
        assert_non_null(w->inputs[i]);
        assert_true(i == 0 || w->traces[i] != w->traces[i - 1]);
        if (!work(ctx, w, task + i, slots[i], err))
            return false;
    }
    atomic_fetch_add(&l->times, 1);
    return true;
}

static bool commit(void *ctx, int64_t task, int slot, dv_error *err)
{
    log *l = ctx;
    l->in_order = l->in_order && task == l->committed && l->slot[slot] == task;
    l->committed++;
    return task != l->commit_fails || dv_fail(err, DV_IO, "commit %d", (int)task);
}

static void leave(void *ctx, int64_t task, int slot)
{
    log *l = ctx;
    l->in_order = l->in_order && task >= l->committed + l->left && l->slot[slot] == task;
    l->left++;
}

static bool run(int threads, bool alone, bool together, log *l, dv_error *err)
{
    int keep = dv_model_output(model);
    const dv_request r = { .n_keep = 1, .keep = &keep };
    dv_pool *pool = dv_pool_new(threads, err);
    assert_non_null(pool);
    const dv_crew_options o = {
        .request = &r, .pool = pool, .tasks = TASKS, .alone = alone, .together = together
    };
    const dv_tasks tasks = { .n = TASKS,
                             .ctx = l,
                             .work = work,
                             .work_together = together ? work_together : NULL,
                             .commit = commit,
                             .leave = leave };
    dv_crew crew;
    bool ok = dv_crew_hire(&crew, model, &o, err);
    assert_true(ok);
    assert_int_equal(crew.n_workers, alone ? 1 : threads);
    assert_true(together ? crew.together > 1 : crew.together == 1);
    assert_true(crew.n_slots <= SLOTS);
    ok = dv_crew_run(&crew, &tasks, err);
    dv_crew_dismiss(&crew);
    dv_pool_free(pool);
    return ok;
}

static void tasks_are_committed_in_order(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        const int threads = 1 + i % 5;
        const bool together = i / 5;
        log l = { NEVER, NEVER, .in_order = true };
        dv_error err;
        assert_true(run(threads, threads == 5, together, &l, &err));
        assert_int_equal(l.worked, TASKS);
        assert_true(together ? l.times > 0 && l.times < TASKS / 4 : l.times == 0);
        assert_int_equal(l.committed, TASKS);
        assert_int_equal(l.left, 0);
        assert_true(l.in_order);
    }
}

static void a_commit_that_fails_stops_the_run(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        log l = { NEVER, 50, .in_order = true };
        dv_error err;
        assert_false(run(1 + i % 4, false, i / 4, &l, &err));
        assert_string_equal(err.message, "commit 50");
        assert_int_equal(l.committed, 51);
        assert_int_equal(l.committed + l.left, l.worked); /* nothing that was done is lost */
        assert_true(l.worked < 51 + SLOTS);
        assert_true(l.in_order);
    }
}

static void a_task_that_cannot_go_on_stops_the_run(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 4; threads++) {
        log l = { 50, NEVER, .in_order = true };
        dv_error err;
        assert_false(run(threads, false, false, &l, &err));
        assert_int_equal(err.code, DV_NO_MEMORY);
        assert_string_equal(err.message, "task 50");
        assert_true(l.committed <= 50);
        assert_int_equal(l.committed + l.left, l.worked - 1);
        assert_true(l.in_order);
    }
}

static void few_tasks_have_all_threads_inside(void **state)
{
    (void)state;
    dv_error err;
    int keep = dv_model_output(model);
    const dv_request r = { .n_keep = 1, .keep = &keep, .rules = 1U << DV_RULE_DECONVNET };
    dv_pool *pool = dv_pool_new(4, &err);
    dv_crew_options o = { .request = &r, .pool = pool, .tasks = 3, .units = 1 };
    dv_crew crew;
    assert_true(dv_crew_hire(&crew, model, &o, &err));
    assert_int_equal(crew.n_workers, 1);
    assert_int_equal(crew.workers[0].n_projectors, 1);
    assert_null(crew.workers[0].pool);
    dv_crew_dismiss(&crew);
    o.units = 7;
    assert_true(dv_crew_hire(&crew, model, &o, &err));
    assert_int_equal(crew.workers[0].n_projectors, 4);
    assert_ptr_equal(crew.workers[0].pool, pool);
    dv_crew_dismiss(&crew);
    dv_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_are_committed_in_order),
        cmocka_unit_test(a_commit_that_fails_stops_the_run),
        cmocka_unit_test(a_task_that_cannot_go_on_stops_the_run),
        cmocka_unit_test(few_tasks_have_all_threads_inside),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
