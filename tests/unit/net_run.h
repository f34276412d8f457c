/* net_run.h - a network of net.h at work on random numbers, forward and back. */
#ifndef TESTS_NET_RUN_H
#define TESTS_NET_RUN_H

#include "deconvviz/project.h"
#include "graph/plan.h"

typedef struct net_run {
    dv_plan *plan;
    dv_trace *trace;
} net_run;

/* A pass over an input in [-size, size) that keeps n tensors, for every rule. Failure is a failed
 * test. */
net_run net_run_keeping(const dv_model *m, float size, int n, const int *keep);
void net_run_end(net_run it);

/* to: the signal that a unit sends to that input, all of it. */
void net_run_project(const dv_model *m, float size, const dv_unit *u, dv_rule rule, float *to);

#endif
