/* size.h - sizes that a file has a say in.
 *
 * What a size_t does not hold is SIZE_MAX, and whatever is added to that or multiplied with it
 * stays beyond PTRDIFF_MAX, which no allocation grants. So a function that computes a size need not
 * be able to fail: who allocates does. */
#ifndef DV_BASE_SIZE_H
#define DV_BASE_SIZE_H

#include <stddef.h>
#include <stdint.h>

static inline size_t dv_size_mul(size_t a, size_t b)
{
    size_t product;
    return __builtin_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}

static inline size_t dv_size_add(size_t a, size_t b)
{
    size_t sum;
    return __builtin_add_overflow(a, b, &sum) ? SIZE_MAX : sum;
}

/* The least multiple of `to` that is not below `a`. */
static inline size_t dv_size_round_up(size_t a, size_t to)
{
    return dv_size_mul(a / to + (a % to != 0), to);
}

#endif
