/* walk.h - tensors of any rank, element by element: where each lies when only a box of the tensor
 * is there, and how to visit a box in runs along the last axis.
 *
 * Boxes see every tensor as (C,Y,X), see tensor.h; operators think in their own axes. The step from
 * the one to the other is here, and nowhere else. */
#ifndef DV_NN_WALK_H
#define DV_NN_WALK_H

#include "deconvviz/tensor.h"

/* Where the elements of a tensor lie: element i[] at data[at + the sum of i[k] * step[k]]. */
typedef struct dv_layout {
    ptrdiff_t at;
    ptrdiff_t step[DV_MAX_RANK];
} dv_layout;

/* Of a dense array; and of a signal that holds the box `b` of a tensor of shape s. */
dv_layout dv_layout_whole(const dv_shape *s);
dv_layout dv_layout_box(const dv_shape *s, const dv_box *b);

static inline ptrdiff_t dv_layout_at(const dv_layout *l, const int32_t *index, int rank)
{
    ptrdiff_t at = l->at;
    for (int k = 0; k < rank; k++)
        at += index[k] * l->step[k];
    return at;
}

/* Visits the elements of a box of a tensor, in row-major order, as runs along the last axis:
 *     dv_run r = dv_run_over(&shape, box);
 *     while (dv_run_next(&r))
 *         … the elements r.index, up to r.n of them along axis r.last …
 * A scalar counts as a tensor (1) of rank 1. */
typedef struct dv_run {
    int rank, last;
    int32_t index[DV_MAX_RANK]; /* of the first element */
    int32_t n;
    dv_shape shape;
    int32_t cursor[DV_MAX_RANK];                /* the next element */
    int32_t row, left, rows, rows_left, planes; /* elements of a row of the box, rows of a plane */
    int32_t row_gap, plane_gap;                 /* elements between them that are not in the box */
} dv_run;

dv_run dv_run_over(const dv_shape *s, dv_box box); /* box: clipped to the tensor */
bool dv_run_next(dv_run *r);

/* Merges neighbouring axes that n layouts of dense loops over s have in common, so that the last
 * axis becomes long. The elements and their order stay. */
void dv_merge_axes(dv_shape *s, int n, dv_layout *const *layouts);

/* A box cut into parts of `planes` planes each, the last of what is left: how many, and part i. */
static inline int dv_box_parts(const dv_box *b, int32_t planes)
{
    return (b->hi[DV_C] - b->lo[DV_C] + planes - 1) / planes;
}

static inline dv_box dv_box_part(dv_box b, int32_t planes, int i)
{
    b.lo[DV_C] += i * planes;
    if (b.hi[DV_C] - b.lo[DV_C] > planes)
        b.hi[DV_C] = b.lo[DV_C] + planes;
    return b;
}

/* The part of a signal in part i of its box. */
static inline dv_signal dv_signal_part(const dv_signal *s, int32_t planes, int i)
{
    const dv_box box = dv_box_part(s->box, planes, i);
    return (dv_signal){ box, dv_signal_at(s, box.lo[DV_C], box.lo[DV_Y], box.lo[DV_X]) };
}

/* What a box of images of `planes` planes each, one behind the other, holds of image n: planes are
 * counted from that image's first. */
static inline dv_box dv_box_image(dv_box b, int32_t planes, int32_t n)
{
    b.lo[DV_C] = b.lo[DV_C] > n * planes ? b.lo[DV_C] - n * planes : 0;
    b.hi[DV_C] = b.hi[DV_C] - n * planes < planes ? b.hi[DV_C] - n * planes : planes;
    return b;
}

static inline dv_signal dv_signal_image(const dv_signal *s, int32_t planes, int32_t n)
{
    const dv_box box = dv_box_image(s->box, planes, n);
    return (dv_signal){ box,
                        dv_signal_at(s, box.lo[DV_C] + n * planes, box.lo[DV_Y], box.lo[DV_X]) };
}

/* to (all of a tensor of shape s) = the signal, 0 outside its box. */
void dv_signal_unpack(const dv_shape *s, const dv_signal *from, float *to);

/* A half-open range on each axis. */
typedef struct dv_ranges {
    int32_t lo[DV_MAX_RANK], hi[DV_MAX_RANK];
} dv_ranges;

/* The smallest ranges that hold a box that is not empty. On an axis that the box sees as Y or X
 * they may lie outside the tensor, as the box does. */
dv_ranges dv_ranges_of(const dv_shape *s, const dv_box *b);

/* The smallest box that holds the ranges; empty when one of them is. */
dv_box dv_box_of_ranges(const dv_shape *s, const dv_ranges *r);

/* -- a tensor under other axes -----------------------------------------------------------------
 * The numbers of a tensor in their order may be seen as another shape, (1,4,7,5) of a tensor
 * (1,4,35). Boxes remain those of the tensor itself, all of which is `whole`. */

/* The axes that a box counts into its C come before y, those of its Y before x; the rest are X. */
typedef struct dv_planes {
    int y, x;
} dv_planes;

/* False: the axes do not fall apart so. */
bool dv_planes_seen(const dv_shape *seen, const dv_box *whole, dv_planes *p);

/* As above, by those axes, which must fall apart so for a layout. Where they do not, boxes and
 * ranges hold all from the first to the last element. */
dv_layout dv_layout_seen(const dv_shape *seen, const dv_box *whole, const dv_box *b);
dv_ranges dv_ranges_seen(const dv_shape *seen, const dv_box *whole, const dv_box *b);
dv_box dv_box_seen(const dv_shape *seen, const dv_box *whole, const dv_ranges *r);
dv_run dv_run_seen(const dv_shape *seen, const dv_box *whole, dv_box box);

/* Clamps a coordinate that padding upon padding has carried away. */
static inline int32_t dv_coordinate(int64_t v)
{
    const int64_t limit = 1 << 30;
    return (int32_t)(v < -limit ? -limit : v > limit ? limit : v);
}

#endif
