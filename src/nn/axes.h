/* axes.h - axis numbers out of attributes, where -1 is the last axis. */
#ifndef DV_NN_AXES_H
#define DV_NN_AXES_H

#include "nn/op.h"

/* Makes *axis a number in [0, rank); fails when it is none of [-rank, rank). */
bool dv_axis_fit(int64_t given, int rank, int *axis, dv_error *err) DV_MUST_CHECK;

/* The same for a list, as a set: bit k of *mask for axis k. Fails when one comes twice. */
bool dv_axes_fit(const int64_t *given, int n, int rank, unsigned *mask,
                 dv_error *err) DV_MUST_CHECK;

/* Axis numbers that dv_axis_fit has found good. */
static inline int dv_axis_at(int64_t given, int rank)
{
    return (int)(given < 0 ? given + rank : given);
}

#endif
