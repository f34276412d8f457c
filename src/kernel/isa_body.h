/* isa_body.h - everything that an instruction set is; DV_ISA names the result. */
#include "kernel/isa.h"
#include "kernel/simd.h"
#include "kernel/vector_copy.h"
#include "kernel/vector_depthwise.h"
#include "kernel/vector_dot.h"
#include "kernel/vector_function.h"
#include "kernel/vector_line.h"
#include "kernel/vector_pool.h"
#include "kernel/vector_product.h"
#include "kernel/vector_reduce.h"
#include "kernel/vector_rest.h"
#include "kernel/vector_sum.h"
#include "kernel/vector_survey.h"
#include "kernel/vector_tile.h"
#include "kernel/vector_winograd.h"

#define DV_ISA_JOIN(a, b)   a##b
#define DV_ISA_SYMBOL(name) DV_ISA_JOIN(dv_isa_, name)
#define DV_ISA_QUOTE(name)  #name
#define DV_ISA_TEXT(name)   DV_ISA_QUOTE(name)

extern const dv_isa DV_ISA_SYMBOL(DV_ISA);

const dv_isa DV_ISA_SYMBOL(DV_ISA) = {
    .name = DV_ISA_TEXT(DV_ISA),
    .lanes = LANES,
    .wide_rows = WIDE_ROWS,
    .wide_pixels = WIDE_VECTORS * LANES,
    .narrow_panel = 2 * LANES,
    .narrow_pixels = NARROW_PIXELS,
    .tile_pitch = TILE_PITCH,
    .sum_vectors = SUM_VECTORS,
    .outputs_by_2 = TAPS_MORE,
    .wide = wide,
    .strips = strips,
    .rest = rest,
    .narrow = narrow,
    .tile = tile,
    .transpose = transpose,
    .copy_rows = copy_rows,
    .copy_transposed = copy_transposed,
    .finish = finish,
    .map = map,
    .combine = combine,
    .sum = sum,
    .sum_squares = sum_squares,
    .largest = largest,
    .normalise = normalise,
    .stride_copy = stride_copy,
    .stride_rows = stride_rows,
    .winograd_input = winograd_input,
    .winograd_output = winograd_output,
    .winograd_weight = winograd_weight,
    .line_input = line_input,
    .line_output = line_output,
    .maxpool_row = maxpool_row,
    .maxpool_rows = maxpool_rows,
    .meanpool_rows = meanpool_rows,
    .depthwise = depthwise,
    .dot_rows = dot_rows,
    .dot_rows_many = dot_rows_many,
    .add_rows = add_rows,
    .survey = survey,
    .find = find,
    .add_sums = add_sums,
    .list_nonzeros = list_nonzeros,
    .add_transposed = add_transposed,
};
