/* sum.h - sums of float32 without rounding: the same whatever the order.
 *
 * A sum is DV_SUM_LIMBS numbers, all 0 at first; limb i counts 2^(32 i - 160), so that every
 * float32 and 2^31 of the largest find room. Between calls limbs may be negative or beyond 32 bits;
 * what reads a sum carries first. */
#ifndef DV_INDEX_SUM_H
#define DV_INDEX_SUM_H

#include "deconvviz/index.h"

enum { DV_SUM_TEXT_MAX = 96 };

/* v must be finite. */
void dv_sum_add(int64_t sum[DV_SUM_LIMBS], float v);
void dv_sum_add_sum(int64_t sum[DV_SUM_LIMBS], const int64_t more[DV_SUM_LIMBS]);

/* Rounded; depends on the sum alone, not on how it came about. */
double dv_sum_value(const int64_t sum[DV_SUM_LIMBS]);

/* "-0x1a2bp-40" or "0": the one text of this sum. Writes it to `text` and returns it. */
const char *dv_sum_text(const int64_t sum[DV_SUM_LIMBS], char text[DV_SUM_TEXT_MAX]);

/* Reads what dv_sum_text wrote; false for anything else. */
bool dv_sum_parse(int64_t sum[DV_SUM_LIMBS], const char *text);

#endif
