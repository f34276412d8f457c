/* winograd.h - Winograd's minimal filtering of one group of channels of one map, cut into blocks.
 *
 * The convolution is a sum of parts: one kernel of up to 3 x 3 each, on one plane of the channel
 * from some place on, with stride 1. A 3 x 3 kernel is one part; larger kernels and strides are
 * several (see conv_winograd.c). All parts of all channels are summed per frequency, so that there
 * is one transform of the output whatever their number. Parts of fewer than three taps on an axis
 * are zero at its last frequency, and are left out there: parts stand in such an order that those
 * of each frequency lie side by side.
 *
 * Weights are (depth, output of the panel) for each panel and frequency. They are a stream from
 * memory, so they stand in the order in which they are read: by panels for small maps, whose
 * transformed input is read again and again; by frequencies for others. */
#ifndef DV_KERNEL_WINOGRAD_H
#define DV_KERNEL_WINOGRAD_H

#include "deconvviz/pool.h"
#include "kernel/isa.h"

enum {
    DV_WINOGRAD_TAPS = 3,
    DV_WINOGRAD_MAX_PARTS = 6, /* on one axis */
};

/* Up to three taps of a kernel on one axis, `stride` apart. */
typedef struct dv_taps {
    int first, count;
    int phase; /* which of the planes they see: its remainder by the stride */
    int at;    /* where in that plane the first one sees output 0; may be negative */
} dv_taps;

typedef struct dv_winograd {
    const dv_isa *isa;
    int size, frequencies; /* m of F(m x m, 3 x 3); (m + 2)^2 */
    int channels, outputs; /* of one group */
    int phases;            /* planes of a channel on each axis: the stride */
    int n_parts[2];        /* on each axis */
    dv_taps taps[2][DV_WINOGRAD_MAX_PARTS];
    int parts, depth; /* of both axes; channels * parts */
    bool by_parts;    /* terms are (part, channel), and some are left out; else (channel, part) */
    uint8_t part[DV_WINOGRAD_MAX_PARTS * DV_WINOGRAD_MAX_PARTS][2]; /* (parts) on each axis */
    int first[2][2], end[2][2]; /* parts that are not zero: by whether the frequency is the last
                                   along y, and along x */
    int block;                  /* of them, summed by itself */
    int panel, panels;          /* outputs of one: a vector, or two; and how many */
    bool small_map;             /* its transformed input stays in the L2 cache */
    size_t panel_floats, frequency_floats; /* of weights, from one to the next */
    size_t group_floats;                   /* of all weights of the group */
} dv_winograd;

/* What is computed: rows x columns of outputs. */
typedef struct dv_winograd_map {
    const float *u;    /* weights from the first channel on */
    int channels;      /* of the input, at most those of the group */
    dv_plane x;        /* the first plane of the first channel; (channel, phase y, phase x) */
    size_t x_plane;    /* floats from one to the next */
    int y0, x0;        /* added to every part's place */
    dv_epilogue ep;    /* from the first output on */
    dv_target y;       /* of the first output; all rows and columns */
    int rows, columns; /* for which scratch was asked for: at least those of y */
} dv_winograd_map;

/* Part and channel of term d. */
static inline int dv_winograd_part(const dv_winograd *w, int d)
{
    return w->by_parts ? d / w->channels : d % w->parts;
}

static inline int dv_winograd_channel(const dv_winograd *w, int d)
{
    return w->by_parts ? d % w->channels : d / w->parts;
}

/* Puts the parts of the axes together, in their order. */
void dv_winograd_order(dv_winograd *w);

/* Whether weights by panels are better for a map of rows x columns; size and depth are set. */
bool dv_winograd_by_panels(const dv_winograd *w, int rows, int columns);

/* Sets what follows from size, channels, outputs and parts: the arrangement of the weights, for a
 * map of at most rows x columns. Either order will do. */
void dv_winograd_arrange(dv_winograd *w, int rows, int columns, bool by_panels);

/* Bytes of scratch for dv_winograd_run; a multiple of 64. */
size_t dv_winograd_run_scratch(const dv_winograd *w, int rows, int columns, int workers);

void dv_winograd_run(const dv_winograd *w, const dv_winograd_map *map, void *scratch,
                     dv_pool *pool);

#endif
