/* exponential.h - e^x in arithmetic that the compiler turns into vectors of any width: the same
 * numbers on every machine, within 2 units in the last place. */
#ifndef DV_NN_EXPONENTIAL_H
#define DV_NN_EXPONENTIAL_H

#include <stdint.h>
#include <string.h>

static inline __attribute__((always_inline)) uint32_t dv_bits_of(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static inline __attribute__((always_inline)) float dv_float_of(uint32_t bits)
{
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* For x beyond +-87, about where a float ends, the value at 87; NaN for a NaN. Both are done in
 * whole numbers: of a comparison of floats the compiler makes a branch, and then no vectors. */
static inline __attribute__((always_inline)) float dv_exp(float x)
{
    const uint32_t sign = dv_bits_of(x) & 0x80000000u;
    const int32_t size = (int32_t)(dv_bits_of(x) ^ sign), most = (int32_t)dv_bits_of(87);
    const uint32_t nan = 0x7fc00000u & -(uint32_t)(size > 0x7f800000);
    const float v = dv_float_of((uint32_t)(size < most ? size : most) | sign);

    const float magic = 12582912; /* 1.5 * 2^23: what is added to it is rounded to a whole number */
    const float shifted = v * 1.44269504f + magic, n = shifted - magic;
    const float r = (v - n * 0.693359375f) + n * 2.12194440e-4f; /* v - n ln 2, in two parts */
    float p = 1.f / 5040;
    p = p * r + 1.f / 720;
    p = p * r + 1.f / 120;
    p = p * r + 1.f / 24;
    p = p * r + 1.f / 6;
    p = p * r + 0.5f;
    p = p * r + 1;
    p = p * r + 1;
    p *= dv_float_of((dv_bits_of(shifted) + 127) << 23); /* 2^n: shifted's last bits are n */
    return dv_float_of(dv_bits_of(p) | nan);
}

#endif
