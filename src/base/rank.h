/* rank.h - which of many values are the largest. */
#ifndef DV_BASE_RANK_H
#define DV_BASE_RANK_H

#include <stddef.h>
#include <stdint.h>

typedef struct dv_ranked {
    double value;
    int32_t number; /* whose it is */
} dv_ranked;

/* The largest value first, of equal ones the smallest number; a NaN has no place of its own. r:
 * (n).
 */
void dv_rank(dv_ranked *r, size_t n);

#endif
