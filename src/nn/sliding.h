/* sliding.h - the geometry of windows that slide over a map: what Conv, ConvTranspose and the pools
 * have in common. ONNX's words: kernel_shape, strides, dilations, pads, auto_pad, ceil_mode. */
#ifndef DV_NN_SLIDING_H
#define DV_NN_SLIDING_H

#include "nn/op.h"

enum {
    DV_DEPTH,  /* axes of a map; the last ones of a tensor, so that a map of two */
    DV_HEIGHT, /* has no depth, and one of one only a width */
    DV_WIDTH,
    DV_MAP_AXES,
    DV_SLIDING_MAX = 1 << 24,   /* of a kernel, stride, dilation or pad */
    DV_SLIDING_REACH = 1 << 30, /* of an axis with all its padding: 32 bits hold every place */
};

typedef enum dv_auto_pad {
    DV_PAD_NOTSET,
    DV_PAD_SAME_UPPER, /* out = ceil(in / stride), the odd zero behind */
    DV_PAD_SAME_LOWER, /* … in front */
    DV_PAD_VALID,      /* none */
} dv_auto_pad;

/* What the attributes say. An n_… of 0: the attribute is missing, its numbers are the defaults.
 * The numbers stand at their axes (a kernel of 2-D at [DV_HEIGHT] and [DV_WIDTH]). */
typedef struct dv_sliding {
    int n_kernel, n_strides, n_dilations, n_pads;
    int32_t kernel[DV_MAP_AXES], stride[DV_MAP_AXES], dilation[DV_MAP_AXES];
    int32_t pad_lo[DV_MAP_AXES], pad_hi[DV_MAP_AXES];
    int32_t pads[2 * DV_MAP_AXES]; /* as the attribute has them: all lo, then all hi */
    dv_auto_pad auto_pad;
    bool ceil_mode; /* of the pools */
} dv_sliding;

/* Rows of a table of attributes, for params that begin with a dv_sliding: of all of them, of the
 * kernel, and of a pool, whose kernel no weight tells. */
/* clang-format off */
#define DV_SLIDING_ROWS                                                                            \
    { "strides", DV_ATTR_INTS, DV_LIST_AT(dv_sliding, stride, n_strides), .min = 1,                \
      .max = DV_SLIDING_MAX },                                                                     \
    { "dilations", DV_ATTR_INTS, DV_LIST_AT(dv_sliding, dilation, n_dilations), .min = 1,          \
      .max = DV_SLIDING_MAX },                                                                     \
    { "pads", DV_ATTR_INTS, DV_LIST_AT(dv_sliding, pads, n_pads), .max = DV_SLIDING_MAX },         \
    { "auto_pad", DV_ATTR_TEXT, DV_AT(dv_sliding, auto_pad), .words = dv_auto_pads }
#define DV_KERNEL_ROW(NEED)                                                                        \
    { "kernel_shape", DV_ATTR_INTS, DV_LIST_AT(dv_sliding, kernel, n_kernel), .need = (NEED),      \
      .min = 1, .max = DV_SLIDING_MAX }
#define DV_POOL_ROWS                                                                               \
    DV_KERNEL_ROW(DV_ATTR_REQUIRED), DV_SLIDING_ROWS,                                              \
    { "ceil_mode", DV_ATTR_INT, DV_AT(dv_sliding, ceil_mode) }
/* clang-format on */

extern const char *const dv_auto_pads[]; /* by dv_auto_pad */

/* parse of an operator with these rows: puts the numbers at their axes. */
bool dv_sliding_parse(const dv_node_spec *s, void *params, dv_error *err) DV_MUST_CHECK;

/* Moves the n numbers at the front of v to its last axes, and sets the others. */
void dv_to_last_axes(int32_t v[DV_MAP_AXES], int n, int32_t missing);

/* A window on one axis: tap t of output o reads the input o * stride + t * dilation - pad_lo. */
typedef struct dv_slide {
    int32_t in, out, kernel, stride, dilation, pad_lo, pad_hi;
} dv_slide;

/* How the windows lie on the map of tensor `in` (its axes behind the first two). kernel: sizes on
 * the three axes (1 where there is none). Axes that the map has not are of size 1. Fails when the
 * attributes do not fit the map's dimensions, when there are more than `max_axes` of them, when the
 * padded map is too large, or the kernel larger than that. */
bool dv_sliding_fit(const dv_sliding *p, const dv_shape *in, const int32_t kernel[DV_MAP_AXES],
                    int max_axes, dv_slide slide[DV_MAP_AXES], dv_error *err) DV_MUST_CHECK;

/* Fails when an axis, pads included, has more places than DV_SLIDING_REACH. */
bool dv_sliding_check_reach(int64_t places, dv_error *err) DV_MUST_CHECK;

/* The same as dv_sliding_fit for a node at work, which that has found good. */
void dv_sliding_at(const dv_sliding *p, const dv_shape *in, const int32_t kernel[DV_MAP_AXES],
                   dv_slide slide[DV_MAP_AXES]);

/* Fails when a window reads nothing but padding: there is no maximum and no mean of nothing. */
bool dv_sliding_reaches(const dv_slide slide[DV_MAP_AXES], dv_error *err) DV_MUST_CHECK;

/* The sizes on the map's axes of a weight or tensor whose axes begin at `first`. */
void dv_map_sizes(const dv_shape *s, int first, int32_t size[DV_MAP_AXES]);

/* The shape of the output: in's first axis, `channels`, and the map's outputs. */
bool dv_sliding_shape(const dv_shape *in, int32_t channels, const dv_slide slide[DV_MAP_AXES],
                      dv_shape *out, dv_error *err) DV_MUST_CHECK;

/* The range of inputs, not clipped, that the outputs [*lo, *hi) read; in place. */
void dv_slide_window(const dv_slide *s, int32_t *lo, int32_t *hi);

/* Whether the windows of a box of output 0 hold nothing but padding of input 0. The input's signal
 * may then lie anywhere, in other channels than the box reads. */
bool dv_reads_padding(const dv_call *c, dv_box out);

/* The channels of `in` that a convolution in groups reads for the channels of box `b` of `out`; in
 * place. */
void dv_group_channels(int32_t group, const dv_shape *out, const dv_shape *in, dv_box *b);

#endif
