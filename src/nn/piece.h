/* piece.h - a piece of an output: which numbers of an input stand where in it. Each is the number
 * at an index of the input that moves along the axes in equal steps. */
#ifndef DV_NN_PIECE_H
#define DV_NN_PIECE_H

#include "nn/op.h"
#include "nn/walk.h"

/* The output at i[] is the input whose index is origin[], plus i[k] * step[k] on axis[k] for each
 * k; for lo[k] <= i[k] < hi[k]. Of other outputs the piece says nothing. */
typedef struct dv_piece {
    dv_shape in, out;            /* the axes that are meant: the tensors' own, or others of the same
                                    numbers (see dv_planes_seen); out's rank is 1 or more */
    bool fill;                   /* the filling is there: the index lies outside of the input */
    int32_t origin[DV_MAX_RANK]; /* by input axis */
    int axis[DV_MAX_RANK];       /* by output axis, as all that follow: each once; -1: the input
                                    stays */
    int32_t step[DV_MAX_RANK];
    int32_t lo[DV_MAX_RANK], hi[DV_MAX_RANK];
} dv_piece;

/* All of the output, the input's index being its own: to be changed. */
dv_piece dv_piece_identity(const dv_shape *in, const dv_shape *out);

/* An input repeated to the shape `out`, as numpy broadcasts. */
dv_piece dv_piece_broadcast(const dv_shape *in, const dv_shape *out);

/* Copies the piece, of elements of `size` bytes (1, 2, 4 or 8) at any address, from all of the
 * input to all of the output. With `fill`, `in` is one element. */
void dv_piece_copy(const dv_piece *p, size_t size, const void *in, void *out);

/* The same of floats for what lies in a box of the output, all of which is `whole`. */
void dv_piece_copy_box(const dv_piece *p, const dv_box *whole, dv_box box, const float *in,
                       float *out, dv_pool *pool);

/* in += the adjoint of the piece of out, for tensors of these shapes; nothing where either has no
 * data. */
void dv_piece_project(const dv_piece *p, const dv_shape *in_shape, const dv_shape *out_shape,
                      const dv_signal *out, const dv_signal *in);

/* The box of the input that a box of the output reads. At the edges of the output it goes on beyond
 * them; what belongs to other pieces is left out. */
dv_box dv_piece_window(const dv_piece *p, const dv_shape *in_shape, const dv_shape *out_shape,
                       dv_box out);

/* The box of the output that a box of the input is seen in. */
dv_box dv_piece_reach(const dv_piece *p, const dv_shape *in_shape, const dv_shape *out_shape,
                      dv_box in);

/* Whether its numbers lie side by side in the output, in the order that they have in the input:
 * `n` of them, from element *from of the input, from *to of the output. */
bool dv_piece_is_run(const dv_piece *p, ptrdiff_t *from, ptrdiff_t *to, size_t *n);

#endif
