/* plan.h - what a plan holds: read by the trace and by the way back. */
#ifndef DV_GRAPH_PLAN_H
#define DV_GRAPH_PLAN_H

#include "deconvviz/trace.h"
#include "graph/model.h"
#include "graph/places.h"
#include "kernel/tail.h"

/* Operators that are computed behind another, see kernel/tail.h. */
typedef struct dv_step_tail {
    dv_tail program;            /* without data */
    int values[DV_TAIL_INPUTS]; /* that its inputs are */
    int n_nodes, nodes[DV_TAIL_STEPS];
} dv_step_tail;

/* One operator at work in the forward pass, together with those fused onto it. */
typedef struct dv_step {
    int node;
    int out;            /* the value that output 0 becomes: that of the last node fused */
    bool view;          /* nothing to run: the output lies where the input lies */
    bool even;          /* see dv_call */
    bool together;      /* of several traces, see together.c */
    dv_epilogue ep;     /* of the fused nodes */
    dv_step_tail *tail; /* of those behind them; NULL: none */
    void *state;        /* what the operator prepared */
    dv_place aux;       /* of the node's aux */
} dv_step;

struct dv_plan {
    dv_arena arena; /* everything below */
    const dv_model *model;
    dv_request request;      /* keep points into the arena */
    const float **constants; /* (n_values) float32 data of the constants that run; NULL others */
    bool *needed;            /* (n_nodes) runs, or is fused */
    bool *kept;              /* (n_values) stays until the trace's next pass, or is shown */
    dv_place *places;        /* (n_values) of activations */
    int n_steps;
    dv_step *steps;
    void **states;     /* (n_nodes) of the steps, for the way back */
    dv_place *aux;     /* (n_nodes) */
    dv_place n_units;  /* memory of a trace, without scratch */
    dv_place n_shared; /* of all that lie beside each other; their places follow the others */
};

/* Bytes of scratch for the largest step of a pass on so many workers. */
size_t dv_plan_scratch(const dv_plan *p, dv_pool *pool);

/* A terabyte: only geometry that is hostile or mistaken asks for more. */
#define DV_MAX_SCRATCH ((size_t)1 << 40)

/* Fails when nobody could have so many bytes of scratch. */
bool dv_check_scratch(size_t bytes, dv_error *err) DV_MUST_CHECK;

/* For each value, how many needed nodes read it (twice, if they do so twice), and one of them. */
typedef struct dv_readers {
    int *n, *last;
} dv_readers;

/* Whether a node has nothing to run; and its call with the data of its constants. */
bool dv_plan_is_view(const dv_model *m, int node);
bool dv_plan_call(dv_plan *p, int node, dv_call *c, dv_error *err) DV_MUST_CHECK;

/* Steps of dv_plan_new, in files of their own. */
/* together.c: which steps run together; once they are there */
void dv_plan_mark_together(dv_plan *p);
/* fuse.c: the nodes into steps */
bool dv_plan_steps(dv_plan *p, dv_pool *pool, dv_error *err) DV_MUST_CHECK;
/* tail.c: what is computed behind a step, whose fused nodes are known; marks it in done (n_nodes)
 */
bool dv_plan_tail(dv_plan *p, const dv_readers *r, dv_step *s, bool *done,
                  dv_error *err) DV_MUST_CHECK;
bool dv_plan_places(dv_plan *p, dv_error *err) DV_MUST_CHECK; /* memory.c: who lies where */

/* A trace: see trace.h. */
struct dv_trace {
    const dv_plan *plan;
    dv_pool *pool;
    uint8_t *memory, *shared, *scratch;
    bool beside;        /* another: what is shared, and the scratch, are that one's */
    const float *input; /* during a pass */
    float noise;        /* see dv_trace_set_noise */
    uint64_t noise_seed;
    dv_tensor *tensors; /* of the calls */
    dv_call *forward;   /* (n_steps) */
    dv_tail *tails;     /* of the steps that have one */
    dv_box *changed;    /* (n_values) by the last pass; NULL unless the request has boxes */
    dv_box *boxes;      /* of the outputs of one node, with it */
    bool passed;        /* what is kept is that of a pass */
    bool nan;           /* there was one in what was shown */
    dv_viewer *viewer;  /* NULL: nobody */
    void *viewer_ctx;
    dv_call *back; /* (n_nodes) for the way back: data of constants and of kept activations */
};

/* A pass: its input is taken, its steps run, what it makes is checked. */
void dv_trace_begin(dv_trace *t, const float *input);
bool dv_trace_end(dv_trace *t, dv_error *err) DV_MUST_CHECK;

/* Runs one step of a pass, unless it is a view, and shows what it has made; boxes: of the outputs,
 * NULL: all of them. Before and behind the operator itself: */
void dv_trace_run_step(dv_trace *t, int step, const dv_box *boxes);
dv_call dv_trace_begin_step(const dv_trace *t, int step, const dv_box *boxes);
void dv_trace_end_step(dv_trace *t, int step, const dv_call *c);

/* -- several traces of one plan, together.c --------------------------------------------------- */

/* How many traces pay, up to DV_TOGETHER: 1 where nothing is gained, or memory is lacking. */
int dv_plan_together(const dv_plan *p);

/* A trace of the same plan and pool, for passes with the first by dv_traces_forward, whose scratch
 * it shares, and the memory of what lives between two steps that run together: it must not outlive
 * that one. NULL with err set. Freed by dv_trace_free. */
dv_trace *dv_trace_new_beside(const dv_trace *first, dv_error *err) DV_MUST_CHECK;

/* Steps of a plan, (n_steps) numbers that rise, in each of n traces, n <= DV_TOGETHER. NULL: the
 * first n_steps of all. */
void dv_traces_run(dv_trace *const *t, int n, const int *steps, int n_steps);

/* Each trace t[i], i < n <= DV_TOGETHER, on inputs[i], to the bytes, the result ok[i] and the error
 * err[i] of dv_trace_forward. Those for which ok[i] is false beforehand are left alone. */
void dv_traces_forward(dv_trace *const *t, const float *const *inputs, int n, bool *ok,
                       dv_error *err);

#endif
