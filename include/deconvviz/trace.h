/* trace.h - one forward pass: a plan made once, then a trace for each worker. */
#ifndef DV_TRACE_H
#define DV_TRACE_H

#include "deconvviz/api.h"
#include "deconvviz/model.h"
#include "deconvviz/rule.h"

DV_BEGIN

struct dv_pool;

/* What a forward pass is made for. It runs only what these tensors need, and keeps only them and
 * what the way back reads. */
typedef struct dv_request {
    int n_keep;
    const int *keep;    /* (n_keep) tensors whose activations are wanted */
    unsigned rules;     /* bit 1 << rule for each rule to project by; 0: forward only */
    dv_rectify rectify; /* what those do at activations that are no ReLU */
    bool exact;     /* kernels with the smallest rounding error; a max-pool's switch is the first
                       of equal values, not of nearly equal ones */
    bool noise;     /* dv_trace_set_noise may be called; not together with boxes */
    bool boxes;     /* dv_trace_forward_box may be called: every activation stays in memory */
    int64_t images; /* about how many will follow each other; 0: a few. The same results */
    bool
        in_place; /* weights stay in the model's file, mapped, where a pass alone reads them, which
                     spares a copy that several images at a time read no faster; the same results */
    bool unchecked;  /* a NaN among what is kept is no failure: the caller looks for it */
    bool in_passing; /* what is kept is shown during a pass, see dv_trace_show, and is gone behind
                        it: less memory, and in the cache. Not together with rules or boxes */
} dv_request;

/* Order, memory and kernels for a request. Const once made, shared by all threads. */
typedef struct dv_plan dv_plan;

/* Weights are rearranged here, by the workers of `pool` (may be NULL), unless another plan of the
 * model has done so; the copies belong to the model, which must outlive the plan. NULL with err
 * set. The caller frees it with dv_plan_free. */
dv_plan *dv_plan_new(const dv_model *m, const dv_request *r, struct dv_pool *pool,
                     dv_error *err) DV_MUST_CHECK;
void dv_plan_free(dv_plan *p);

const dv_model *dv_plan_model(const dv_plan *p);

/* Activations and switches of one image. For one thread at a time; reused image after image. */
typedef struct dv_trace dv_trace;

/* pool: shares the work of one image among its workers; NULL: all on the calling thread. */
dv_trace *dv_trace_new(const dv_plan *p, struct dv_pool *pool, dv_error *err) DV_MUST_CHECK;
void dv_trace_free(dv_trace *t);

/* Bytes that a trace with this pool allocates. */
size_t dv_plan_trace_bytes(const dv_plan *p, struct dv_pool *pool);

/* From here on each pass of a trace whose request says so adds to every output of a weight layer
 * (before its activation) a pseudo-random number with a standard deviation of `amount` times the
 * root mean square of the layer's outputs. With 1e-6 it moves what rounding may move: the spread of
 * a few passes tells how much of a result is decided by rounding. The numbers depend on `seed` and
 * nothing else. amount 0: none. Fails when the plan's request had no noise. */
bool dv_trace_set_noise(dv_trace *t, float amount, uint64_t seed, dv_error *err) DV_MUST_CHECK;

/* Runs the network on input (1,C,H,W), which need not outlive the call. Fails when a tensor of the
 * request's `keep` holds a NaN, naming the node where NaNs begin. An infinity is no failure: a Log
 * gives one that a ReLU takes away. */
bool dv_trace_forward(dv_trace *t, const float *input, dv_error *err) DV_MUST_CHECK;

/* As dv_trace_forward, for an input that differs from that of the trace's last pass only inside
 * `changed` (a box of the input, see tensor.h): recomputes only what that can reach, to the same
 * bytes as a whole pass. Fails (DV_BAD_USAGE) when the plan's request had no boxes or there was no
 * pass before; after any other failure the next pass must be a whole one. */
bool dv_trace_forward_box(dv_trace *t, const float *input, dv_box changed,
                          dv_error *err) DV_MUST_CHECK;

/* The box of a tensor that the last pass computed: all of it after dv_trace_forward, empty where
 * nothing could have changed. */
dv_box dv_trace_box(const dv_trace *t, int tensor);

/* Is shown a tensor that the request keeps, as soon as a pass has made it, by the thread that runs
 * the pass: its activations, which must not be used after the call. */
typedef void dv_viewer(void *ctx, int tensor, const float *activations);

/* Who is shown what is kept by the passes of a trace from here on, if its request says in_passing;
 * each tensor once a pass. */
void dv_trace_show(dv_trace *t, dv_viewer *viewer, void *ctx);

/* The activations of a kept tensor after a forward pass; NULL for one that was not kept, or in
 * passing only. */
const float *dv_trace_tensor(const dv_trace *t, int tensor);

DV_END

#endif
