/* conv_method.h - the ways to compute a convolution, and what they share. */
#ifndef DV_KERNEL_CONV_METHOD_H
#define DV_KERNEL_CONV_METHOD_H

#include "kernel/conv.h"

/* One way: a const struct in a file conv_NAME.c, listed in conv.c. */
typedef struct dv_conv_method {
    const char *name;

    /* Whether it can compute this shape forward, or transposed for boxes like `out` (NULL: some
     * box); `exact` as in dv_conv_new. */
    bool (*fits_forward)(const dv_conv *k);
    bool (*fits_transposed)(const dv_conv *k, const dv_box *out);

    /* As the dv_conv_… functions of the same names. */
    size_t (*forward_scratch)(const dv_conv *k, int workers);
    void (*forward)(const dv_conv *k, const float *x, const dv_epilogue *ep, float *y,
                    void *scratch, dv_pool *pool);
    size_t (*transposed_scratch)(const dv_conv *k, const dv_box *out, int workers);
    void (*transposed)(const dv_conv *k, const dv_signal *out, const dv_signal *in, void *scratch,
                       dv_pool *pool);
} dv_conv_method;

extern const dv_conv_method dv_conv_gemm, dv_conv_depthwise;

struct dv_conv {
    dv_conv_shape s;
    const float *weight; /* (M, C/group, kh, kw), the caller's */
    unsigned uses;
    bool exact;
    const dv_conv_method *forward;
};

/* A half-open range of integers; empty when hi <= lo. */
typedef struct dv_range {
    int lo, hi;
} dv_range;

static inline dv_range dv_range_clip(dv_range a, int lo, int hi)
{
    return (dv_range){ a.lo > lo ? a.lo : lo, a.hi < hi ? a.hi : hi };
}

/* The outputs o >= 0 on one axis for which o * stride + offset lies in [lo, hi). A tap i of a
 * kernel has the offset i * dilation - pad. */
static inline dv_range dv_tap_range(int stride, int offset, int lo, int hi)
{
    dv_range r = { 0, 0 };
    if (lo > offset)
        r.lo = (int)(((int64_t)lo - offset + stride - 1) / stride);
    if (hi > offset)
        r.hi = (int)(((int64_t)hi - offset - 1) / stride + 1);
    return r;
}

static inline int dv_tap_offset(const dv_conv_shape *s, int axis, int tap)
{
    return tap * s->dilation[axis] - s->pad[axis];
}

static inline int dv_ceil_div(int a, int b)
{
    return (a + b - 1) / b;
}

/* Bytes rounded up so that what comes behind is aligned to a cache line. */
static inline size_t dv_aligned_size(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

#endif
