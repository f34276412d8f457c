/* float_copy.h - floats from one layout to another. */
#ifndef DV_NN_FLOAT_COPY_H
#define DV_NN_FLOAT_COPY_H

#include "deconvviz/pool.h"
#include "nn/walk.h"

/* Element i[] of a shape of rank 1 or more: out[to at i] = in[from at i]. No two lie in one place
 * of out. */
void dv_float_copy(const dv_shape *n, const dv_layout *from, const dv_layout *to, const float *in,
                   float *out, dv_pool *pool);

#endif
