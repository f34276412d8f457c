/* view.h - operators that only rearrange: each output is an input, at an index that moves along the
 * axes in equal steps. Transpose, Slice, Split, Concat, Pad, Expand and Gather are such views. */
#ifndef DV_NN_VIEW_H
#define DV_NN_VIEW_H

#include "nn/op.h"
#include "nn/walk.h"

/* The output i[] is the input whose index is origin[], plus i[k] * step[k] on axis[k] for each k;
 * for lo[k] <= i[k] < hi[k]. Other outputs are nothing that this view says. */
typedef struct dv_view {
    int32_t origin[DV_MAX_RANK]; /* by input axis */
    int axis[DV_MAX_RANK];       /* by output axis, as all that follow; -1: the input stays */
    int32_t step[DV_MAX_RANK];
    int32_t lo[DV_MAX_RANK], hi[DV_MAX_RANK];
} dv_view;

/* The identity on a tensor of shape `out`, to be changed. */
dv_view dv_view_identity(const dv_shape *out);

/* An input of shape `in` repeated to the shape `out`, as numpy broadcasts. */
dv_view dv_view_broadcast(const dv_shape *in, const dv_shape *out);

/* Copies what the view says from in to out; leaves the rest of out alone. */
void dv_view_forward(const dv_view *v, const dv_tensor *in, const dv_tensor *out);

/* in += the adjoint of the view of out. Nothing where either has no data. */
void dv_view_project(const dv_view *v, const dv_shape *in_shape, const dv_shape *out_shape,
                     const dv_signal *out, const dv_signal *in);

/* The box of the input that the ranges of the output read, whether the view says them or not. */
dv_box dv_view_window(const dv_view *v, const dv_shape *in_shape, const dv_shape *out_shape,
                      const dv_ranges *out);

#endif
