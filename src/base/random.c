#include "base/random.h"

uint64_t dv_random_at(uint64_t seed, uint64_t i)
{
    uint64_t x = (seed + 1) * 0xd1342543de82ef95 + i * 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

/* By the high half of a product, where the low half is not of those that some results have one more
 * of (Lemire, "Fast random integer generation in an interval", 2019). */
uint32_t dv_random_below(dv_random *r, uint32_t n)
{
    const uint32_t spare = (uint32_t)(-n) % n;
    uint64_t product;
    do
        product = (dv_random_next(r) >> 32) * n;
    while ((uint32_t)product < spare);
    return (uint32_t)(product >> 32);
}

double dv_random_real(dv_random *r)
{
    return (double)(dv_random_next(r) >> 11) * 0x1p-53;
}

void dv_random_shuffle(dv_random *r, int32_t *v, int32_t n)
{
    for (int32_t i = n - 1; i > 0; i--) {
        const uint32_t k = dv_random_below(r, (uint32_t)i + 1);
        const int32_t swapped = v[i];
        v[i] = v[k];
        v[k] = swapped;
    }
}
