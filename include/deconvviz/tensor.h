/* tensor.h - shapes, dense row-major float arrays, boxes in them, and signals inside boxes.
 *
 * Activations are N,C,H,W. The network's input has N = 1 wherever something is projected; within
 * the network N may be more. */
#ifndef DV_TENSOR_H
#define DV_TENSOR_H

#include "deconvviz/api.h"
#include "deconvviz/error.h"

#include <stddef.h>
#include <stdint.h>

DV_BEGIN

enum {
    DV_MAX_RANK = 6,       /* what an activation or a weight may have */
    DV_SHAPE_TEXT_MAX = 80 /* room for the text of any shape */
};

/* No tensor has more elements: switches and boxes index them with 32 bits. */
#define DV_MAX_ELEMENTS INT32_MAX

typedef struct dv_shape {
    int rank;                 /* 0 is a scalar; -1 where there is no tensor at all */
    int32_t dim[DV_MAX_RANK]; /* at least 1 each in an activation; 0 can stand in a constant */
} dv_shape;

/* A view: says where the numbers are, owns nothing. data is NULL where nobody kept them. */
typedef struct dv_tensor {
    dv_shape shape;
    float *data;
} dv_tensor;

/* The number of elements; 1 for rank 0; SIZE_MAX where that is too small for it. */
size_t dv_shape_count(const dv_shape *s);

bool dv_shape_equal(const dv_shape *a, const dv_shape *b);

/* Fills *s from 64-bit numbers out of a file. Fails when rank exceeds DV_MAX_RANK, a dimension is
 * negative, or the product exceeds DV_MAX_ELEMENTS. `what` begins the message. */
bool dv_shape_set(dv_shape *s, int64_t rank, const int64_t *dim, const char *what,
                  dv_error *err) DV_MUST_CHECK;

/* Writes "(1,64,55,55)" to `text` and returns it. */
const char *dv_shape_text(const dv_shape *s, char text[DV_SHAPE_TEXT_MAX]);

/* -- boxes ------------------------------------------------------------------------------------
 * Whatever its rank, a tensor is seen as C planes of Y rows and X columns:
 *     rank >= 4   C = product of all but the last two, Y and X the last two
 *     rank 3      C = d0 * d1, Y = 1, X = d2
 *     rank <= 2   C = the number of elements, Y = X = 1
 * so that C * Y * X is always the number of elements and the row-major order is the tensor's own.
 */

enum { DV_C, DV_Y, DV_X };

/* Half-open on each axis. Coordinates below 0 or past the end stand for padding. */
typedef struct dv_box {
    int32_t lo[3], hi[3];
} dv_box;

dv_box dv_box_whole(const dv_shape *s);
bool dv_box_empty(const dv_box *b);
size_t dv_box_count(const dv_box *b); /* 0 for an empty one */
dv_box dv_box_intersect(dv_box a, dv_box b);
dv_box dv_box_hull(dv_box a, dv_box b); /* an empty box adds nothing */
bool dv_box_contains(dv_box outer, dv_box inner);
bool dv_box_equal(dv_box a, dv_box b);

/* A tensor that is zero outside `box`: what travels on the way back.
 * data: (C,Y,X) of the box, dense, row-major. A view; owns nothing; NULL where none is wanted. */
typedef struct dv_signal {
    dv_box box;
    float *data;
} dv_signal;

/* The element at tensor coordinates (c,y,x), which must lie inside the box. */
static inline float *dv_signal_at(const dv_signal *s, int32_t c, int32_t y, int32_t x)
{
    size_t h = (size_t)(s->box.hi[DV_Y] - s->box.lo[DV_Y]);
    size_t w = (size_t)(s->box.hi[DV_X] - s->box.lo[DV_X]);
    return s->data + ((size_t)(c - s->box.lo[DV_C]) * h + (size_t)(y - s->box.lo[DV_Y])) * w +
           (size_t)(x - s->box.lo[DV_X]);
}

DV_END

#endif
