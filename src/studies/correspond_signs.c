#include "studies/correspond_signs.h"

#include <string.h>

enum { BITS = 64 };

size_t dv_sign_words(size_t n)
{
    return 2 * (n / BITS + (n % BITS != 0));
}

void dv_signs_of(uint64_t *signs, const float *x, const float *y, float least, size_t n)
{
    memset(signs, 0, dv_sign_words(n) * sizeof *signs);
    for (size_t i = 0; i < n; i++) {
        uint64_t *words = &signs[2 * (i / BITS)];
        words[0] |= (uint64_t)(x[i] - y[i] > least) << i % BITS;
        words[1] |= (uint64_t)(y[i] - x[i] > least) << i % BITS;
    }
}

static int64_t ones(uint64_t word)
{
    return __builtin_popcountll(word);
}

dv_sign_distance dv_signs_compare(const uint64_t *a, const uint64_t *b, size_t n)
{
    dv_sign_distance d = { 0 };
    for (size_t i = 0, words = dv_sign_words(n); i < words; i += 2) {
        d.differ += ones((a[i] ^ b[i]) | (a[i + 1] ^ b[i + 1]));
        d.opposite += ones((a[i] & b[i + 1]) | (a[i + 1] & b[i]));
    }
    return d;
}

dv_sign_counts dv_signs_count(const uint64_t *signs, size_t n)
{
    dv_sign_counts c = { 0 };
    for (size_t i = 0, words = dv_sign_words(n); i < words; i += 2) {
        c.up += ones(signs[i]);
        c.down += ones(signs[i + 1]);
    }
    return c;
}
