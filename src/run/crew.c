#include "run/crew.h"

#include "graph/plan.h"
#include "run/watch.h"

#include <pthread.h>
#include <stdlib.h>

enum { SLOTS_PER_WORKER = 4 };

/* -- workers ---------------------------------------------------------------------------------- */

static bool hire_traces(dv_worker *w, const dv_crew *c, dv_pool *inside, dv_error *err)
{
    const dv_model *m = dv_plan_model(c->plan);
    const size_t n = dv_shape_count(dv_tensor_shape(m, dv_model_input(m)));
    w->n_traces = c->together;
    w->traces = calloc((size_t)w->n_traces, sizeof *w->traces);
    w->inputs = calloc((size_t)w->n_traces, sizeof *w->inputs);
    for (int i = 0; i < w->n_traces; i++) {
        if (w->traces && w->inputs)
            w->inputs[i] = malloc(n * sizeof **w->inputs);
        if (!w->traces || !w->inputs || !w->inputs[i])
            return dv_fail(err, DV_NO_MEMORY, "no memory for an input of %zu values", n);
        w->traces[i] =
            i ? dv_trace_new_beside(w->traces[0], err) : dv_trace_new(c->plan, inside, err);
        if (!w->traces[i])
            return false;
    }
    w->trace = w->traces[0];
    w->input = w->inputs[0];
    return true;
}

/* inside: the threads that work in each of its tasks; NULL: it is one thread itself. */
static bool hire(dv_worker *w, const dv_crew *c, const dv_crew_options *o, dv_pool *inside,
                 dv_error *err)
{
    const bool projects = o->request->rules != 0, over_units = inside && o->units > 1;
    w->pool = over_units ? inside : NULL;
    w->n_projectors = projects ? dv_pool_size(w->pool) : 0;
    w->projectors = calloc((size_t)w->n_projectors + 1, sizeof(dv_projector *));
    if (!w->projectors)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d projectors", w->n_projectors);
    if (!hire_traces(w, c, inside, err))
        return false;
    for (int i = 0; i < w->n_projectors; i++) {
        w->projectors[i] = dv_projector_new(w->trace, over_units ? NULL : inside, err);
        if (!w->projectors[i])
            return false;
    }
    return true;
}

_Static_assert((int)DV_CREW_TOGETHER == (int)DV_TOGETHER, "as many as traces go together");

void dv_worker_forward(const dv_worker *w, int n, bool *ok, dv_error *err)
{
    dv_traces_forward(w->traces, (const float *const *)w->inputs, n, ok, err);
}

/* A ring in which each worker that works together has twice its tasks. */
static void number_slots(dv_crew *c, const dv_crew_options *o)
{
    const int64_t each = o->tasks / c->n_workers;
    const int most = o->together ? dv_plan_together(c->plan) : 1;
    c->together = each < 1 ? 1 : each < most ? (int)each : most;
    if (c->together > 1)
        c->n_slots = c->together * (c->n_workers > 1 ? 2 * c->n_workers : 1);
    else
        c->n_slots = c->n_workers > 1 ? c->n_workers * SLOTS_PER_WORKER : 1;
}

bool dv_crew_hire(dv_crew *c, const dv_model *m, const dv_crew_options *o, dv_error *err)
{
    const int size = dv_pool_size(o->pool);
    const bool over_tasks = !o->alone && size > 1 && o->tasks >= size;
    *c = (dv_crew){ .pool = over_tasks ? o->pool : NULL, .n_workers = over_tasks ? size : 1 };
    c->plan = dv_plan_new(m, o->request, o->pool, err);
    if (!c->plan)
        return false;
    number_slots(c, o);
    c->workers = calloc((size_t)c->n_workers, sizeof *c->workers);
    if (!c->workers)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d workers", c->n_workers);
    for (int i = 0; i < c->n_workers; i++)
        if (!hire(&c->workers[i], c, o, over_tasks ? NULL : o->pool, err))
            return false;
    return true;
}

void dv_crew_dismiss(dv_crew *c)
{
    for (int i = 0; c->workers && i < c->n_workers; i++) {
        dv_worker *w = &c->workers[i];
        for (int k = 0; w->projectors && k < w->n_projectors; k++)
            dv_projector_free(w->projectors[k]);
        free(w->projectors);
        for (int k = w->n_traces - 1; k >= 0; k--) {
            dv_trace_free(w->traces ? w->traces[k] : NULL);
            free(w->inputs ? w->inputs[k] : NULL);
        }
        free(w->traces);
        free(w->inputs);
    }
    free(c->workers);
    dv_plan_free(c->plan);
    *c = (dv_crew){ .pool = NULL };
}

/* -- a run ------------------------------------------------------------------------------------ */

typedef struct run {
    dv_crew *crew;
    const dv_tasks *tasks;
    pthread_mutex_t lock; /* for what follows */
    pthread_cond_t moved; /* a slot has become free, or the run stops */
    int64_t taken, done;  /* tasks: taken by workers, committed */
    bool *ready;          /* (n_slots) */
    bool committing;      /* by some worker */
    bool stop;
    dv_error error; /* why */
} run;

/* Called with the lock held. */
static void stop(run *r, const dv_error *why)
{
    if (!r->stop)
        r->error = *why;
    r->stop = true;
    pthread_cond_broadcast(&r->moved);
}

/* Commits what is ready, unless somebody is at it. Called with the lock held. */
static void commit_ready(run *r)
{
    if (r->committing)
        return;
    r->committing = true;
    while (!r->stop && r->ready[r->done % r->crew->n_slots]) {
        const int slot = (int)(r->done % r->crew->n_slots);
        dv_error err = { 0 };
        pthread_mutex_unlock(&r->lock);
        const bool ok = r->tasks->commit(r->tasks->ctx, r->done, slot, &err);
        pthread_mutex_lock(&r->lock);
        r->ready[slot] = false;
        r->done++;
        if (!ok)
            stop(r, &err);
        pthread_cond_broadcast(&r->moved);
    }
    r->committing = false;
}

/* How many tasks a worker takes: towards the end less, so that all have some until then. */
static int share(const run *r)
{
    const int64_t left = r->tasks->n - r->taken, workers = r->crew->n_workers;
    const int64_t each = (left + workers - 1) / workers;
    return each < r->crew->together ? (int)each : r->crew->together;
}

/* Takes *n tasks from *task on. False: there is none left, or the run stops. Called with the lock
 * held. */
static bool take(run *r, int64_t *task, int *n)
{
    const dv_tasks *t = r->tasks;
    while (!r->stop && r->taken < t->n && r->taken - r->done + share(r) > r->crew->n_slots)
        pthread_cond_wait(&r->moved, &r->lock);
    if (r->stop || r->taken >= t->n)
        return false;
    dv_error err = { 0 };
    if (t->watch && !dv_watch_goes_on(t->watch, r->done, t->n, t->what, &err)) {
        stop(r, &err);
        return false;
    }
    *n = share(r);
    *task = r->taken;
    r->taken += *n;
    return true;
}

/* False: the run cannot go on. Called without the lock. */
static bool do_tasks(const run *r, dv_worker *w, int64_t task, int n, const int *slots,
                     dv_error *err)
{
    const dv_tasks *t = r->tasks;
    return t->work_together ? t->work_together(t->ctx, w, task, n, slots, err)
                            : t->work(t->ctx, w, task, slots[0], err);
}

static void work(void *ctx, int i, int unused)
{
    (void)unused;
    run *r = ctx;
    pthread_mutex_lock(&r->lock);
    int64_t task;
    for (int n; take(r, &task, &n);) {
        int slots[DV_TOGETHER];
        dv_error err = { 0 };
        pthread_mutex_unlock(&r->lock);
        for (int k = 0; k < n; k++)
            slots[k] = (int)((task + k) % r->crew->n_slots);
        const bool ok = do_tasks(r, &r->crew->workers[i], task, n, slots, &err);
        pthread_mutex_lock(&r->lock);
        if (!ok) {
            stop(r, &err);
            break;
        }
        for (int k = 0; k < n; k++)
            r->ready[slots[k]] = true;
        commit_ready(r);
    }
    pthread_mutex_unlock(&r->lock);
}

static void leave_rest(const run *r)
{
    for (int64_t task = r->done; r->tasks->leave && task < r->taken; task++) {
        const int slot = (int)(task % r->crew->n_slots);
        if (r->ready[slot])
            r->tasks->leave(r->tasks->ctx, task, slot);
    }
}

bool dv_crew_run(dv_crew *c, const dv_tasks *t, dv_error *err)
{
    run r = { .crew = c, .tasks = t };
    r.ready = calloc((size_t)c->n_slots, sizeof *r.ready);
    if (!r.ready)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d workers", c->n_workers);
    pthread_mutex_init(&r.lock, NULL);
    pthread_cond_init(&r.moved, NULL);
    if (c->pool)
        dv_pool_run(c->pool, c->n_workers, work, &r);
    else
        work(&r, 0, 0);
    pthread_mutex_destroy(&r.lock);
    pthread_cond_destroy(&r.moved);
    leave_rest(&r);
    free(r.ready);
    if (r.stop && err)
        *err = r.error;
    return !r.stop;
}
