/* correspond_signs.h - signs of many values, two bits each, and how much two lists of them differ.
 */
#ifndef DV_STUDIES_CORRESPOND_SIGNS_H
#define DV_STUDIES_CORRESPOND_SIGNS_H

#include "deconvviz/api.h"

#include <stddef.h>
#include <stdint.h>

/* Words that the signs of n values take. */
size_t dv_sign_words(size_t n);

/* The signs of x - y, both (n), which are 0 where that is at most `least` either way: for each 64
 * of them a word with a bit for every 1, then one with a bit for every -1. signs:
 * (dv_sign_words(n)).
 */
void dv_signs_of(uint64_t *signs, const float *x, const float *y, float least, size_t n);

/* Of n signs, how many are not the same; of these, those that are 1 and -1. */
typedef struct dv_sign_distance {
    int64_t differ, opposite;
} dv_sign_distance;

dv_sign_distance dv_signs_compare(const uint64_t *a, const uint64_t *b, size_t n);

/* Of n signs, how many are 1 and how many are -1. */
typedef struct dv_sign_counts {
    int64_t up, down;
} dv_sign_counts;

dv_sign_counts dv_signs_count(const uint64_t *signs, size_t n);

#endif
