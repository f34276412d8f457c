/* net.h - networks put together by hand, for tests of the graph and of the way back. */
#ifndef TESTS_NET_H
#define TESTS_NET_H

#include "graph/model.h"

/* Deterministic numbers in [-1, 1). */
float net_random(uint32_t *state);

/* A model with the input "x" of (1,c,h,w). */
dv_model *net_new(int c, int h, int w);

/* A float constant of the given shape (zeros end it), filled by `fill`(i, state). */
void net_constant(dv_model *m, const char *name, int d0, int d1, int d2, int d3,
                  float (*fill)(uint32_t *state), uint32_t seed);

typedef struct net_ints {
    const char *name; /* NULL ends a list */
    int n;            /* 0: one int, v[0] */
    int64_t v[8];
} net_ints;

/* Adds a node; names separated by blanks; attrs may be NULL. True as dv_model_add_node. */
bool net_try(dv_model *m, const char *op, const char *in, const char *out, const net_ints *attrs,
             dv_error *err);
/* The same, where failure is a failed test. */
void net_add(dv_model *m, const char *op, const char *in, const char *out, const net_ints *attrs);

/* A convolution of kernel k, stride s, padding p with weights "OUT.w" made by fill. */
void net_conv(dv_model *m, const char *in, const char *out, int c_in, int c_out, int k, int s,
              int p, float (*fill)(uint32_t *state), uint32_t seed);

void net_finish(dv_model *m, const char *output);

#endif
