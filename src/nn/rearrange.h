/* rearrange.h - operators that only move numbers. Such an operator says which numbers of its inputs
 * stand where in its outputs, as pieces (dv_op.piece); all else follows from them, here. */
#ifndef DV_NN_REARRANGE_H
#define DV_NN_REARRANGE_H

#include "nn/piece.h"

/* What the dv_op of such an operator holds beside parse and infer. */
#define DV_REARRANGES(piece_of)                                                \
    .piece = (piece_of), .forward = dv_rearrange, .reach = dv_rearrange_reach, \
    .window = dv_rearrange_window, .project = dv_rearrange_project

void dv_rearrange(const dv_call *c);
dv_box dv_rearrange_reach(const dv_call *c, int i, int o, dv_box in);
dv_box dv_rearrange_window(const dv_call *c, int i, int o, dv_box out);
void dv_rearrange_project(const dv_call *c, const dv_signal *out, const dv_signal *in);

/* What output o takes from input i, both of a type of any kind at any address: `from` and `to`
 * stand for the data of c's tensors. False: there is no filling of that type. */
bool dv_rearrange_array(const dv_call *c, int i, int o, dv_dtype type, const void *from, void *to);

/* Whether outputs hold numbers of input i. */
bool dv_rearrange_reads(const dv_call *c, int i);

/* Where in output 0 the numbers of input i lie side by side: elements from its start; -1: they do
 * not. The plan may place the input just there, and forward then copies nothing. */
int64_t dv_rearrange_part(const dv_call *c, int i);

/* Whether output 0 is input 0's numbers in the same order, if under another shape: the plan gives
 * both one place, and forward is not called. */
bool dv_rearrange_is_view(const dv_call *c);

#endif
