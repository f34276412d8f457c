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

/* y (planes,OH,OW) = the maximum of each window of x (planes,H,W).
 * switches, unless NULL, gets the index y*W + x in the plane of the first maximum in row-major
 * order, ties settled as below. A window that holds a NaN gives NaN (its switch is the first NaN).
 * Every window must reach into the map.
 *
 * Where the picture is flat, or has a straight edge, values of a window are equal in exact
 * arithmetic; rounding would choose among them at random, by the place of a tile. So where three
 * or more values of a window of at most DV_POOL_TIE_WINDOW lie within DV_POOL_TIE of the plane's
 * largest value below the window's own, and above half of it, the switch is the first of these. Two
 * values that close meet by chance in any photograph, and the larger wins; three do not (of the
 * order of 1e-7), but for windows as large as a map. */
void dv_maxpool(const dv_pool_shape *s, const float *x, float *y, int32_t *switches, dv_pool *pool);

/* Only rows [lo, hi) of each plane of y and of switches. */
void dv_maxpool_rows(const dv_pool_shape *s, int lo, int hi, const float *x, float *y,
                     int32_t *switches, dv_pool *pool);

/* -- for the vector kernels -------------------------------------------------------------------- */

/* 2^-18. Winograd's outputs differ by up to 8e-6 of a plane's root mean square where they should
 * be equal (flat parts of a picture, SqueezeNet 1.1), its largest value is four times that and
 * more. */
#define DV_POOL_TIE      (1 / 262144.0F)
#define DV_POOL_TIE_PART 0.5F
enum { DV_POOL_TIE_WINDOW = 25 }; /* values */

/* The switch of a window: the first value above max - tie and max / 2, if there are three such;
 * else `first`, the index of the first maximum. */
int32_t dv_pool_settle(const dv_pool_shape *s, const float *plane, int oy, int ox, float tie,
                       int32_t first);

#endif
