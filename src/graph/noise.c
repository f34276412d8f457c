#include "graph/noise.h"

#include <math.h>

/* The i-th number of the stream that belongs to `seed` (splitmix64). */
static uint64_t random_bits(uint64_t seed, uint64_t i)
{
    uint64_t x = (seed + 1) * 0xd1342543de82ef95 + i * 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

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
        v[i] += size * bell(random_bits(seed, i));
}
