/* rerun.h - a pass continued from tensors whose values somebody has changed: what a network makes
 * of an activation that is not its own.
 *
 * A plan whose request has boxes keeps every activation. After a whole pass of its traces the
 * values of a tensor may be changed (dv_trace_values), and what follows from them is computed again
 * (dv_traces_rerun), to the bytes that a whole pass with those values would have. Put back, and
 * once more what follows from it, the trace is as it was. */
#ifndef DV_GRAPH_RERUN_H
#define DV_GRAPH_RERUN_H

#include "deconvviz/trace.h"

/* Steps of a plan's pass, in their order. */
typedef struct dv_rerun {
    int n;
    int *steps; /* (n) */
} dv_rerun;

/* Those that follow from a tensor, as far as what the plan keeps by its request needs them. The
 * caller frees it with dv_rerun_free, also after a failure. */
bool dv_rerun_behind(dv_rerun *r, const dv_plan *p, int tensor, dv_error *err) DV_MUST_CHECK;

/* A tensor that another stands for, which is computed before it. */
typedef struct dv_detour {
    int from, to; /* `to` gets the values of `from` */
} dv_detour;

/* All that `wanted` needs where the tensors d[i].to need not be computed: the pass of the network
 * without what lies between. Freed likewise. */
bool dv_rerun_without(dv_rerun *r, const dv_plan *p, int wanted, int n, const dv_detour *d,
                      dv_error *err) DV_MUST_CHECK;

void dv_rerun_free(dv_rerun *r);

/* The values of a tensor that the plan's request keeps, to be changed; NULL: it is not kept, or the
 * plan was not made for boxes. */
float *dv_trace_values(dv_trace *t, int tensor);

/* Runs the steps in all of n traces, n <= DV_TOGETHER, that have made a pass. Nobody looks for NaNs
 * in what comes of it. */
void dv_traces_rerun(const dv_rerun *r, dv_trace *const *t, int n);

#endif
