/* broadcast.h - numpy's broadcasting: shapes aligned at their last axes, sizes of 1 repeated. */
#ifndef DV_NN_BROADCAST_H
#define DV_NN_BROADCAST_H

#include "nn/op.h"
#include "nn/walk.h"

/* The shape that all inputs broadcast to. Fails with the two that do not fit. */
bool dv_infer_broadcast(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err);
dv_box dv_window_broadcast(const dv_call *c, int i, int o, dv_box out);
dv_box dv_reach_broadcast(const dv_call *c, int i, int o, dv_box in);

/* The layout of a tensor of shape `in`, by the indices of a tensor of shape `out` that it is
 * broadcast to: steps of 0 where it is repeated. */
dv_layout dv_layout_broadcast(const dv_shape *in, dv_layout l, const dv_shape *out);

#endif
