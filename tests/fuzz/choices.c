#include "choices.h"

#include <math.h>

int64_t choose_integer(choices *c)
{
    static const int64_t small[] = { 1, 2, 0, 3, 1, 2, 4, -1 };
    static const int64_t edges[] = {
        -2,        5,         7,          8,
        9,         16,        63,         255,
        256,       4095,      4096,       65535,
        65536,     -65536,    1 << 20,    (1 << 24) - 1,
        1 << 24,   1 << 25,   1 << 29,    1 << 30,
        INT32_MAX, INT32_MIN, UINT32_MAX, 1LL << 32,
        1LL << 62, INT64_MAX, INT64_MIN,  -(1LL << 32),
        6,         12,        1 << 23,    INT32_MAX - 1,
    };
    const int b = choose_byte(c);
    return b < 192 ? small[b % 8] : edges[(b - 192) % 32];
}

int64_t choose_size(choices *c)
{
    static const int64_t sizes[] = { 4, 1, 2, 3, 5, 6, 7, 8, 9, 12, 13, 16, 17, 31, 33, 40 };
    static const int64_t large[] = { 64, 100, 255, 1000, 4096, 65536, 1 << 24, INT32_MAX };
    const int b = choose_byte(c);
    return b < 240 ? sizes[b % 16] : large[b % 8];
}

float choose_float(choices *c)
{
    static const float tame[] = { 1, 0, 0.5F, -1, 2, -0.25F, 6, 0.01F };
    static const float wild[] = { INFINITY, -INFINITY, NAN,  -0.0F, 1e30F, -1e30F,
                                  1e-30F,   1e-42F,    3e9F, -3e9F, 1e-5F, 3.4e38F,
                                  16777216, 0.1F,      3,    -7 };
    const int b = choose_byte(c);
    return b < 192 ? tame[b % 8] : wild[b % 16];
}

float choose_scale(choices *c)
{
    static const float scales[] = { 1, 2, 3, 0.5F, 1.5F, 0.3F, 1, 4 };
    const int b = choose_byte(c);
    return b < 224 ? scales[b % 8] : choose_float(c);
}
