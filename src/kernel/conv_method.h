/* conv_method.h - the ways to compute a convolution, and what they share. */
#ifndef DV_KERNEL_CONV_METHOD_H
#define DV_KERNEL_CONV_METHOD_H

#include "base/size.h"
#include "kernel/conv.h"
#include "kernel/isa.h"

#include <math.h>

typedef enum dv_direction { DV_FORWARD, DV_TRANSPOSED } dv_direction;

enum { DV_ANY_ORDER = -1 }; /* nothing is arranged yet */

/* A half-open range of integers; empty when hi <= lo. */
typedef struct dv_range {
    int lo, hi;
} dv_range;

static inline dv_range dv_range_clip(dv_range a, int lo, int hi)
{
    return (dv_range){ a.lo > lo ? a.lo : lo, a.hi < hi ? a.hi : hi };
}

/* The outputs that are wanted, of all channels; neither range is empty. */
typedef struct dv_region {
    dv_range rows, columns;
} dv_region;

/* Weights in the order in which a method reads them. */
typedef struct dv_arrangement {
    size_t bytes;
    int parts;          /* that can be made side by side */
    int32_t variant[2]; /* what its bytes depend on beside the shape of the weights, the groups, the
                           direction and the instruction set */
    int orders, order;  /* and the order of its parts: how many the method can read (0: one), and
                           the one that it prefers */
} dv_arrangement;

/* One way: a const struct in a file conv_NAME.c, listed in conv.c. */
typedef struct dv_conv_method {
    const char *name;

    /* Whether it can compute this shape, and does it well. */
    bool (*fits)(const dv_conv *k, dv_direction direction);
    /* Of one that fits transposed: what a signal with so many nonzero values costs, about, in
     * vectors multiplied and added. */
    double (*cost)(const dv_conv *k, const dv_box *out, size_t nonzeros);

    /* The method's own arrangement of the weights, and one part of the arranging, to memory aligned
     * to 64 bytes. NULL: it takes them as they are. */
    dv_arrangement (*arrange)(const dv_conv *k, dv_direction direction);
    void (*pack)(const dv_conv *k, dv_direction direction, int part, void *packed);

    /* Bytes of what else the forward direction looks up, which depends on the geometry; and the
     * filling. NULL: nothing. */
    size_t (*table_size)(const dv_conv *k);
    void (*fill_table)(const dv_conv *k, void *table);

    /* As the dv_conv_… functions of the same names; packed: what pack made. NULL where it never
     * fits. forward writes the region at least, to the bytes of the whole. */
    size_t (*forward_scratch)(const dv_conv *k, int workers);
    void (*forward)(const dv_conv *k, const void *packed, const float *x, const dv_epilogue *ep,
                    const dv_region *region, float *y, void *scratch, dv_pool *pool);
    bool uneven; /* see dv_conv_even */
    /* See dv_conv_widen. NULL: a number depends on its own window alone. */
    void (*widen)(const dv_conv *k, dv_region *region);
    size_t (*transposed_scratch)(const dv_conv *k, const dv_box *out, int workers);
    void (*transposed)(const dv_conv *k, const void *packed, const dv_signal *out,
                       const dv_signal *in, void *scratch, dv_pool *pool);
} dv_conv_method;

extern const dv_conv_method dv_conv_gemm, dv_conv_depthwise, dv_conv_direct, dv_conv_grouped,
    dv_conv_line, dv_conv_scatter, dv_conv_sparse, dv_conv_strips, dv_conv_vector, dv_conv_winograd;

enum { DV_CONV_METHODS = 10 };

struct dv_conv {
    dv_conv_shape s;
    const float *weight; /* (M, C/group, kh, kw), the caller's */
    const dv_isa *isa;
    unsigned uses;
    dv_precision precision;
    const dv_conv_method *forward;
    const dv_conv_method *transposed[DV_CONV_METHODS]; /* those that fit; NULL others */
    dv_weights_cache *own;                             /* NULL: the caller's is used */
    dv_packed *packed[DV_CONV_METHODS + 1]; /* transposed, by method, then forward; NULL: none */
    int order[2];                           /* by direction: see dv_arrangement */
    void *table;                            /* the forward method's */
};

/* So many of the terms of a sum are summed by themselves. Of n terms, as many blocks as terms in a
 * block round least: like the fourth root of n, not like the square root. */
static inline int dv_sum_block(const dv_conv *k, int terms)
{
    return k->precision == DV_EXACT ? (int)ceil(sqrt(terms)) : terms;
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

static inline int dv_least(int a, int b)
{
    return a < b ? a : b;
}

static inline int dv_greatest(int a, int b)
{
    return a > b ? a : b;
}

static inline int dv_ceil_div(int a, int b)
{
    return a / b + (a % b > 0);
}

static inline int dv_round_up(int a, int to)
{
    return dv_ceil_div(a, to) * to;
}

/* As dv_sum_block for `narrow`: a block of a panel, at most 24 KB, stays in the L1 cache for all
 * pixels. */
static inline int dv_narrow_block(const dv_conv *k, int terms)
{
    enum { CACHED = 192 };
    const int block = dv_sum_block(k, terms);
    return block <= CACHED ? block : dv_ceil_div(terms, dv_ceil_div(terms, CACHED));
}

/* Of n things that are shared out, those of a task: `most`, or fewer so that all workers get as
 * many tasks. */
static inline int dv_task_share(int n, int most, int workers)
{
    const int tasks = dv_ceil_div(n, most);
    return tasks == 1 || workers == 1 ? most : dv_ceil_div(n, dv_round_up(tasks, workers));
}

/* Bytes rounded up so that what comes behind is aligned to a cache line. */
static inline size_t dv_aligned_size(size_t bytes)
{
    return dv_size_round_up(bytes, 64);
}

/* The epilogue as seen from channel `channel` on. */
static inline dv_epilogue dv_epilogue_from(const dv_epilogue *ep, int channel)
{
    return (dv_epilogue){ .scale = ep->scale ? ep->scale + channel : NULL,
                          .shift = ep->shift ? ep->shift + channel : NULL,
                          .lo = ep->lo,
                          .hi = ep->hi,
                          .tail = ep->tail,
                          .plus = ep->plus };
}

#endif
