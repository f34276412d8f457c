/* conv.h - two-dimensional convolution and its transpose.
 *
 * One object per layer and plan, made from the geometry and the weights, which picks the fastest
 * kernel. Which one is a matter of this folder alone, and so is the arrangement in which that reads
 * the weights; the copy belongs to a cache, which all objects with these weights share. Everything
 * here computes in float32, gives the same bytes for any number of threads, and is safe to call
 * from many threads on one dv_conv. */
#ifndef DV_KERNEL_CONV_H
#define DV_KERNEL_CONV_H

#include "deconvviz/pool.h"
#include "deconvviz/tensor.h"
#include "kernel/epilogue.h"
#include "kernel/precision.h"
#include "kernel/weights_cache.h"

/* Axis 0 is y, 1 is x. What a window reads of an axis, output * stride + tap * dilation - pad, and
 * the axis with its padding lie within 2^30 (DV_SLIDING_REACH), so that an int holds any place. */
typedef struct dv_conv_shape {
    int32_t batch;                /* N */
    int32_t in_channels, in[2];   /* C, (H,W) */
    int32_t out_channels, out[2]; /* M, (OH,OW) */
    int32_t kernel[2], stride[2], dilation[2];
    int32_t pad[2]; /* zeros before the first row and column; those behind follow from out[] */
    int32_t group;  /* divides C and M */
} dv_conv_shape;

typedef struct dv_conv dv_conv;

enum {
    DV_CONV_FORWARD = 1,    /* dv_conv_forward will be called */
    DV_CONV_TRANSPOSED = 2, /* dv_conv_transposed will be called */
};

/* weight: (M, C/group, kh, kw), float32; it must outlive the object, and the cache, which must
 * outlive the object too; NULL: one of its own. `uses` is a sum of DV_CONV_…; `precision` bounds
 * the choice of kernels. Takes little time: weights are rearranged on first use. NULL with err set
 * when memory runs out. The caller frees it with dv_conv_free. */
dv_conv *dv_conv_new(const dv_conv_shape *s, const float *weight, unsigned uses,
                     dv_precision precision, dv_weights_cache *cache, dv_error *err) DV_MUST_CHECK;
void dv_conv_free(dv_conv *k); /* NULL is fine */

/* Rearranges the weights for the forward direction now, on all workers, rather than on first use.
 */
void dv_conv_arrange(const dv_conv *k, dv_pool *pool);

/* From now on the only kernel to be chosen, by its name ("gemm", "direct", "strips", "winograd",
 * "line", "vector", "depthwise", "grouped", "scatter", "sparse"; NULL: all); where it does not fit,
 * "gemm" it is. False, and nothing changes, where there is none of that name. For the whole
 * process, and not while anything is computed: for a program's first steps, and for tests. */
bool dv_conv_only(const char *kernel);

/* Name of the kernel chosen for the forward direction, for reports: "gemm", "1x1", … */
const char *dv_conv_kernel(const dv_conv *k);

/* Bytes of scratch that dv_conv_forward needs with a pool of `workers`. */
size_t dv_conv_forward_scratch(const dv_conv *k, int workers);

/* y (N,M,OH,OW) = epilogue(conv(x (N,C,H,W))). Every element of y is written. */
void dv_conv_forward(const dv_conv *k, const float *x, const dv_epilogue *ep, float *y,
                     void *scratch, dv_pool *pool);

/* The same of the rows and columns of a box of y, of all channels and images: at least those are
 * written, and what is written has the bytes of the whole. */
void dv_conv_forward_box(const dv_conv *k, const float *x, const dv_epilogue *ep, const dv_box *box,
                         float *y, void *scratch, dv_pool *pool);

/* Whether windows of x with the same numbers give y the same bytes wherever they lie. */
bool dv_conv_even(const dv_conv *k);

/* `box` holds the rows and columns of y that a change of x reaches by the definition; afterwards
 * those whose bytes it may change: a kernel that computes tiles rounds all of a tile anew. */
void dv_conv_widen(const dv_conv *k, dv_box *box);

/* Bytes of scratch that dv_conv_transposed needs for a signal in the box `out`. */
size_t dv_conv_transposed_scratch(const dv_conv *k, const dv_box *out, int workers);

/* Adds the transposed convolution of the signal `out` (a box of (M,OH,OW), one image) to `in`,
 * whose box (of (C,H,W)) holds at least all that `out` reaches inside the map. */
void dv_conv_transposed(const dv_conv *k, const dv_signal *out, const dv_signal *in, void *scratch,
                        dv_pool *pool);

#endif
