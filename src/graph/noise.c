#include "graph/noise.h"

#include "base/random.h"

#include <math.h>

/* The sum of four uniform numbers of 16 bits, less its mean, over its standard deviation. */
static float bell(uint64_t bits)
{
    int sum = (int)(bits & 0xffff) + (int)(bits >> 16 & 0xffff) + (int)(bits >> 32 & 0xffff) +
              (int)(bits >> 48);
    return (float)(sum - 2 * 0xffff) / 37837.227F; /* 65536 * sqrt(4 / 12) */
}

void dv_disturb(float *v, size_t n, float amount, uint64_t seed)
{
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += (double)v[i] * (double)v[i];
    float size = n > 0 ? amount * (float)sqrt(squares / (double)n) : 0;
    for (size_t i = 0; i < n; i++)
        v[i] += size * bell(dv_random_at(seed, i));
}
