/* random.h - numbers that look random and are the same everywhere: splitmix64 (Steele, Lea and
 * Flood, "Fast splittable pseudorandom number generators", 2014). */
#ifndef DV_BASE_RANDOM_H
#define DV_BASE_RANDOM_H

#include <stdint.h>

/* The i-th number of the stream that belongs to `seed`. */
uint64_t dv_random_at(uint64_t seed, uint64_t i);

typedef struct dv_random {
    uint64_t seed, at; /* at: how many have been taken */
} dv_random;

static inline uint64_t dv_random_next(dv_random *r)
{
    return dv_random_at(r->seed, r->at++);
}

/* In [0, n), each equally likely; n at least 1. */
uint32_t dv_random_below(dv_random *r, uint32_t n);

/* In [0, 1). */
double dv_random_real(dv_random *r);

/* All orders of v: (n) equally likely. */
void dv_random_shuffle(dv_random *r, int32_t *v, int32_t n);

#endif
