/* maxpool.h - max pooling that records its switches. */
#ifndef DV_KERNEL_MAXPOOL_H
#define DV_KERNEL_MAXPOOL_H

#include "deconvviz/pool.h"
#include "deconvviz/tensor.h"

/* Axis 0 is y, 1 is x. A window may hang over every edge; what lies outside never wins. */
typedef struct dv_pool_shape {
    int32_t planes, in[2], out[2]; /* N*C planes of (H,W) -> (OH,OW) */
    int32_t kernel[2], stride[2], dilation[2], pad[2];
} dv_pool_shape;

/* y (planes,OH,OW) = the maximum of each window of x (planes,H,W). switches, unless NULL, gets the
 * index y*W + x in the plane of the first maximum in row-major order. A window that holds a NaN
 * gives NaN (its switch is the first NaN). Every window must reach into the map. */
void dv_maxpool(const dv_pool_shape *s, const float *x, float *y, int32_t *switches, dv_pool *pool);

#endif
