/* elementwise.h - what operators on each number by itself share: walking what is wanted, walking
 * two signals of one shape side by side. */
#ifndef DV_NN_ELEMENTWISE_H
#define DV_NN_ELEMENTWISE_H

#include "nn/op.h"

/* The elements of output 0 that forward is to compute, as stretches of the whole tensor, in parts
 * for the workers:
 *     dv_pool_run(c->pool, dv_stretch_parts(c), part, …)
 *     for (dv_stretch s = dv_stretch_of(c, i); s.n > 0; dv_stretch_next(&s))
 *         … s.n elements from element s.at on … */
typedef struct dv_stretch {
    size_t at, n;
    size_t pitch, plane; /* from row to row, and from plane to plane */
    int32_t y, rows, planes;
} dv_stretch;

int dv_stretch_parts(const dv_call *c);
dv_stretch dv_stretch_of(const dv_call *c, int part);
void dv_stretch_next(dv_stretch *s);

/* forward of an operator that has a function for every node. */
void dv_forward_function(const dv_call *c);

/* The elements that a signal has, in runs that are dense in both signals and in the tensor:
 *     dv_rows r = dv_rows_of(&shape, &out, &in);
 *     while (dv_rows_next(&r))
 *         … r.n elements at r.out and r.in; element r.at of the whole tensor …
 * There are none where either signal has no data. in's box holds out's. */
typedef struct dv_rows {
    const float *out;
    float *in;
    size_t at, n;
    dv_signal from, to;
    int32_t whole[3];
    int32_t c, y;
    int axes; /* 1: a run is a row, 2: a plane, 3: all of it */
} dv_rows;

dv_rows dv_rows_of(const dv_shape *s, const dv_signal *out, const dv_signal *in);
bool dv_rows_next(dv_rows *r);

/* The way back in parts for the workers, each some planes of the signal `out`:
 *     dv_back_run(c, &out[0], &in[0], part), where ctx is a dv_back, and in part
 *     dv_rows r = dv_back_rows(ctx, i); */
typedef struct dv_back {
    const dv_call *c;
    const dv_signal *out, *in;
    int32_t planes; /* in a part */
} dv_back;

void dv_back_run(const dv_call *c, const dv_signal *out, const dv_signal *in,
                 void (*part)(void *ctx, int i, int worker));
dv_rows dv_back_rows(const dv_back *b, int part);

/* in += max(out, 0), for an activation whose slope is dropped. */
void dv_add_rectified(const dv_call *c, const dv_signal *out, const dv_signal *in);

/* in += out, for an operator that hands its signal on as it is. */
void dv_add_signal(const dv_shape *s, const dv_signal *out, const dv_signal *in);

/* The epilogue followed by a clamp to [lo, hi]. */
void dv_fuse_clamp(dv_epilogue *ep, float lo, float hi);

#endif
