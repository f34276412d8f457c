/* pool.h - one parallel-for. */
#ifndef DV_POOL_H
#define DV_POOL_H

#include "deconvviz/api.h"
#include "deconvviz/error.h"

DV_BEGIN

enum { DV_POOL_MAX_THREADS = 1024 };

typedef struct dv_pool dv_pool;

/* A pool of `threads` workers, the caller being one of them; 1 <= threads <= DV_POOL_MAX_THREADS.
 * NULL with err set when a thread cannot be had. The caller frees it with dv_pool_free. */
dv_pool *dv_pool_new(int threads, dv_error *err) DV_MUST_CHECK;
void dv_pool_free(dv_pool *p); /* NULL is fine */

/* The number of workers; 1 for NULL. */
int dv_pool_size(const dv_pool *p);

/* Calls task(ctx, i, worker) once for each i in [0, n), on any worker in [0, dv_pool_size), and
 * returns when all are done. Which worker runs which task is not defined; results must not depend
 * on it. Called from inside a task (of any pool), or with a NULL pool, it runs them all on the spot
 * as worker 0 of that call (a nested call must therefore use scratch of its own). Threads that
 * share a pool take turns. */
void dv_pool_run(dv_pool *p, int n, void (*task)(void *ctx, int i, int worker), void *ctx);

DV_END

#endif
