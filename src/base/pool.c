#include "deconvviz/pool.h"
#include "base/file.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A worker looks this long for the next round before it sleeps: longer than from one layer's tasks
 * to the next, and than waking up costs (100 us and more on a virtual machine, for each layer). */
enum { SPIN_NS = 300000, LOOKS = 64 /* between looks at the clock */ };

enum { HELPINGS = 64 }; /* of one worker in a round, at least */

enum { LINE = 64 }; /* bytes that processors pass from one to another */

/* The tasks of a round that a worker begins with: the same part of each round, as what it wrote in
 * the one before is in its own cache, and comes from another's a quarter as fast. Whoever has done
 * its own takes those of others. */
typedef struct share {
    alignas(LINE) atomic_int next; /* the first that nobody has taken */
    int end;
} share;

struct dv_pool {
    int size;             /* workers, the caller of dv_pool_run being number 0 */
    int started;          /* threads that run */
    pthread_t *threads;   /* (size - 1) */
    pthread_mutex_t turn; /* held during a round by the thread that called dv_pool_run */
    pthread_mutex_t lock; /* for what follows */
    pthread_cond_t wake;  /* a round has begun, or stop */
    pthread_cond_t idle;  /* active has come to 0 */
    atomic_uint round;    /* counts rounds; read without the lock by those who spin */
    atomic_int active;    /* threads inside the round */
    bool open;            /* threads may still join the round */
    bool stop;

    void (*task)(void *ctx, int i, int worker);
    void *ctx;
    int n;
    int helping;   /* taken at once: of many small tasks, several */
    share *shares; /* (size) of the n */
};

struct seat {
    dv_pool *pool;
    int worker;
};

static _Thread_local bool inside_task;

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* False: the time is up. looks: of this wait so far, 0 at first. */
static bool spin(int64_t *until, int *looks)
{
    relax();
    if ((*looks)++ % LOOKS)
        return true;
    if (!*until)
        *until = now_ns() + SPIN_NS;
    sched_yield();
    return now_ns() < *until;
}

static void work_on(dv_pool *p, share *s, int worker)
{
    for (;;) {
        int i = atomic_fetch_add_explicit(&s->next, p->helping, memory_order_relaxed);
        if (i >= s->end)
            return;
        for (int end = s->end - i < p->helping ? s->end : i + p->helping; i < end; i++)
            p->task(p->ctx, i, worker);
    }
}

static void work(dv_pool *p, int worker)
{
    for (int i = 0; i < p->size; i++)
        work_on(p, &p->shares[(worker + i) % p->size], worker);
}

static void share_out(dv_pool *p)
{
    for (int i = 0; i < p->size; i++) {
        atomic_store(&p->shares[i].next, (int)((int64_t)p->n * i / p->size));
        p->shares[i].end = (int)((int64_t)p->n * (i + 1) / p->size);
    }
}

/* Waits for a round after `seen` that can be joined, and joins it. False: the pool is stopping. */
static bool join_round(dv_pool *p, unsigned *seen)
{
    int64_t until = 0;
    int looks = 0;
    while (atomic_load_explicit(&p->round, memory_order_relaxed) == *seen && spin(&until, &looks))
        ;
    pthread_mutex_lock(&p->lock);
    while (!p->stop && (!p->open || atomic_load(&p->round) == *seen))
        pthread_cond_wait(&p->wake, &p->lock);
    bool joined = !p->stop;
    if (joined) {
        *seen = atomic_load(&p->round);
        atomic_fetch_add(&p->active, 1);
    }
    pthread_mutex_unlock(&p->lock);
    return joined;
}

static void leave_round(dv_pool *p)
{
    pthread_mutex_lock(&p->lock);
    if (atomic_fetch_sub(&p->active, 1) == 1)
        pthread_cond_signal(&p->idle);
    pthread_mutex_unlock(&p->lock);
}

static void *thread_main(void *arg)
{
    struct seat seat = *(struct seat *)arg;
    free(arg);
    inside_task = true;
    unsigned seen = 0;
    while (join_round(seat.pool, &seen)) {
        work(seat.pool, seat.worker);
        leave_round(seat.pool);
    }
    return NULL;
}

static int start_thread(dv_pool *p)
{
    struct seat *seat = malloc(sizeof *seat);
    if (!seat)
        return ENOMEM;
    *seat = (struct seat){ p, p->started + 1 };
    int problem = pthread_create(&p->threads[p->started], NULL, thread_main, seat);
    if (problem)
        free(seat);
    else
        p->started++;
    return problem;
}

dv_pool *dv_pool_new(int threads, dv_error *err)
{
    if (threads < 1 || threads > DV_POOL_MAX_THREADS) {
        dv_fail(err, DV_BAD_USAGE, "%d threads: 1 to %d are possible", threads,
                DV_POOL_MAX_THREADS);
        return NULL;
    }
    dv_pool *p = calloc(1, sizeof *p);
    pthread_t *list = calloc((size_t)threads, sizeof *list);
    share *shares = aligned_alloc(LINE, (size_t)threads * sizeof *shares);
    if (!p || !list || !shares) {
        free(p);
        free(list);
        free(shares);
        dv_fail(err, DV_NO_MEMORY, "out of memory for %d threads", threads);
        return NULL;
    }
    p->size = threads;
    p->threads = list;
    p->shares = shares;
    pthread_mutex_init(&p->turn, NULL);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    pthread_cond_init(&p->idle, NULL);

    sigset_t all, before; /* signals are for the threads of the program, but for own faults */
    sigfillset(&all);
    const int faults[] = { SIGBUS, SIGFPE, SIGILL, SIGSEGV };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        sigdelset(&all, faults[i]);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int problem = 0;
    while (!problem && p->started < threads - 1)
        problem = start_thread(p);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (problem) {
        dv_fail(err, dv_file_code(problem), "thread %d of %d: %s", p->started + 2, threads,
                strerror(problem));
        dv_pool_free(p);
        return NULL;
    }
    return p;
}

void dv_pool_free(dv_pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->started; i++)
        pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->idle);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    pthread_mutex_destroy(&p->turn);
    free(p->threads);
    free(p->shares);
    free(p);
}

int dv_pool_size(const dv_pool *p)
{
    return p ? p->size : 1;
}

static void run_on_the_spot(int n, void (*task)(void *ctx, int i, int worker), void *ctx)
{
    bool before = inside_task;
    inside_task = true;
    for (int i = 0; i < n; i++)
        task(ctx, i, 0);
    inside_task = before;
}

static void begin_round(dv_pool *p)
{
    share_out(p);
    pthread_mutex_lock(&p->lock);
    p->open = true;
    atomic_fetch_add(&p->round, 1);
    if (p->n >= p->size)
        pthread_cond_broadcast(&p->wake);
    else
        for (int i = 1; i < p->n; i++)
            pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

/* Nothing is left to take. A thread that is still waking up need not be waited for. */
static void end_round(dv_pool *p)
{
    int64_t until = 0;
    int looks = 0;
    while (atomic_load_explicit(&p->active, memory_order_relaxed) && spin(&until, &looks))
        ;
    pthread_mutex_lock(&p->lock);
    p->open = false;
    while (atomic_load(&p->active))
        pthread_cond_wait(&p->idle, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

void dv_pool_run(dv_pool *p, int n, void (*task)(void *ctx, int i, int worker), void *ctx)
{
    if (!p || p->size == 1 || n <= 1 || inside_task) {
        run_on_the_spot(n, task, ctx);
        return;
    }
    pthread_mutex_lock(&p->turn);
    p->task = task;
    p->ctx = ctx;
    p->n = n;
    p->helping = 1 + n / (p->size * HELPINGS);
    inside_task = true;
    begin_round(p);
    work(p, 0);
    end_round(p);
    inside_task = false;
    pthread_mutex_unlock(&p->turn);
}
