/* crew.h - workers over a sequence of tasks, and what they bring back, in order.
 *
 * A task, mostly an image, is done by any worker into a slot. Slots are a ring: a worker that is
 * too far ahead of the slowest waits. Whoever finishes the task that is next to be committed
 * commits it and those behind it that are ready: one at a time, in the order of the tasks. Where
 * there are fewer tasks than threads, there is one worker, and all threads work inside each task. A
 * worker may take several tasks at once, so that it reads weights once for all of them. */
#ifndef DV_RUN_CREW_H
#define DV_RUN_CREW_H

#include "deconvviz/pool.h"
#include "deconvviz/project.h"
#include "deconvviz/watch.h"

/* What one worker has to itself. */
typedef struct dv_worker {
    int n_traces;      /* 1 but for several tasks at once, which share the weights that they read */
    dv_trace **traces; /* (n_traces) of one plan, for dv_traces_forward */
    float **inputs;    /* (n_traces) as many as the model's input has */
    dv_trace *trace;   /* the first of them … */
    float *input;      /* … and its input */
    int n_projectors;
    dv_projector **projectors; /* (n_projectors) none where the request names no rules */
    dv_pool *pool; /* over the units of a task, a projector for each of its threads; NULL:
                      one after the other, by the first projector */
} dv_worker;

/* A worker takes no more tasks at once. */
enum { DV_CREW_TOGETHER = 16 };

/* The first n of its traces on the first n of its inputs, see dv_traces_forward. */
void dv_worker_forward(const dv_worker *w, int n, bool *ok, dv_error *err);

typedef struct dv_crew_options {
    const dv_request *request;
    dv_pool *pool; /* NULL: one thread */
    int64_t tasks; /* that will come */
    int units;     /* to be projected in each: where threads work inside, they share units if there
                      are several, else the work of one */
    bool alone;    /* one worker, however many tasks */
    bool together; /* where it pays, a worker takes several tasks at once: work_together */
} dv_crew_options;

typedef struct dv_crew {
    dv_pool *pool; /* of the workers; NULL: there is one, on the calling thread */
    dv_plan *plan;
    int n_workers, n_slots;
    int together;       /* tasks at once, at most */
    dv_worker *workers; /* (n_workers) */
} dv_crew;

/* dv_crew_dismiss frees it, also after a failure. */
bool dv_crew_hire(dv_crew *c, const dv_model *m, const dv_crew_options *o,
                  dv_error *err) DV_MUST_CHECK;
void dv_crew_dismiss(dv_crew *c);

/* Slots are numbered from 0 to n_slots - 1; what is in them is the caller's. */
typedef struct dv_tasks {
    int64_t n;
    const dv_watch *watch; /* asked before each task, or those taken at once; NULL: nobody is */
    const char *what;      /* they are, in the plural */
    void *ctx;
    /* On any thread. False: the run cannot go on. What one task alone fails by is for its slot. */
    bool (*work)(void *ctx, dv_worker *w, int64_t task, int slot, dv_error *err);
    /* In its place for a crew that works together: n tasks, at most w->n_traces, from `task` on. */
    bool (*work_together)(void *ctx, dv_worker *w, int64_t task, int n, const int *slots,
                          dv_error *err);
    /* False: the run cannot go on. */
    bool (*commit)(void *ctx, int64_t task, int slot, dv_error *err);
    /* Of tasks that are done and will not be committed, for the run has stopped; may be NULL. */
    void (*leave)(void *ctx, int64_t task, int slot);
} dv_tasks;

bool dv_crew_run(dv_crew *c, const dv_tasks *t, dv_error *err) DV_MUST_CHECK;

#endif
