/* maxpool.h - max pooling that records its switches. */
#ifndef DV_KERNEL_MAXPOOL_H
#define DV_KERNEL_MAXPOOL_H

#include "deconvviz/pool.h"
#include "deconvviz/tensor.h"

/* Which values of a window count as equal to its largest one. */
typedef enum dv_ties {
    DV_TIES_EQUAL,   /* equal ones */
    DV_TIES_ROUNDED, /* those too that rounding may have set apart, see below */
} dv_ties;

/* Axis 0 is y, 1 is x. A window may hang over every edge; what lies outside never wins. */
typedef struct dv_pool_shape {
    int32_t planes, in[2], out[2]; /* N*C planes of (H,W) -> (OH,OW) */
    int32_t kernel[2], stride[2], dilation[2], pad[2];
    dv_ties ties; /* how switches are chosen */
} dv_pool_shape;

/* y (planes,OH,OW) = the maximum of each window of x (planes,H,W). switches, unless NULL, gets the
 * index y*W + x in the plane of the first value in row-major order that counts as equal to it: no
 * value outside the window has a say. A window that holds a NaN gives NaN (its switch is the first
 * NaN). Every window must reach into the map.
 *
 * Where the picture is flat, or has a straight edge, values of a window are equal in exact
 * arithmetic; Winograd's kernels round them by their place in a tile, and so would choose among
 * them at random. By DV_TIES_ROUNDED, in a window of at most DV_POOL_TIE_WINDOW values whose
 * largest is m, those above m - DV_POOL_TIE_MANY |m| count as equal to it where they are
 * DV_POOL_MANY or more, else those above m - DV_POOL_TIE |m|. It is for what such kernels made, and
 * is not asked for in an exact pass. Of SqueezeNet 1.1's positive switches on photographs 0.085 %
 * are then not the maximum, nearly all in flat areas; on drawn pictures, 11 %. */
void dv_maxpool(const dv_pool_shape *s, const float *x, float *y, int32_t *switches, dv_pool *pool);

/* Only rows [lo, hi) of each plane of y and of switches. */
void dv_maxpool_rows(const dv_pool_shape *s, int lo, int hi, const float *x, float *y,
                     int32_t *switches, dv_pool *pool);

/* -- for the vector kernels -------------------------------------------------------------------- */

/* 2^-20: which of two closer values is the larger one, the kernels do not know (an error of 1e-6 is
 * what tests allow for). Flat areas set apart what is small in its plane by more, since errors are
 * of the size of what was summed; but 2^-16 is far for two values, which meet by chance in any
 * photograph, and near for three, which do not. */
#define DV_POOL_TIE      (1 / 1048576.0F)
#define DV_POOL_TIE_MANY (1 / 65536.0F)
enum {
    DV_POOL_MANY = 3,
    DV_POOL_TIE_WINDOW = 25, /* values; in a whole map many lie close by nature */
};

/* maxpool_rows of dv_isa has room for some rows of the largest numbers of each column, each row as
 * long as dv_pool_pitch. */
enum { DV_POOL_ROOM = 2048, DV_POOL_LANES = 16 };

static inline int dv_pool_pitch(const dv_pool_shape *s)
{
    const int in = s->pad[1] + s->in[1], out = (s->out[1] - 1) * s->stride[1] + s->kernel[1];
    return (in > out ? in : out) + 2 * DV_POOL_LANES;
}

/* The switch of a window by DV_TIES_ROUNDED; `first`: the index of the first maximum. */
int32_t dv_pool_settle(const dv_pool_shape *s, const float *plane, int oy, int ox, int32_t first);

#endif
