#include "index/sum.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    LIMB_BITS = 32,
    LOWEST = -160,                           /* exponent of limb 0 */
    N_DIGITS = DV_SUM_LIMBS * LIMB_BITS / 4, /* hexadecimal */
    FLOAT_LOWEST = -149,                     /* exponent of the last bit of a subnormal */
};

/* Brings limb `i` and those above it back into 32 bits, but for the last, which holds the sign. */
static void carry(int64_t *sum, int i)
{
    for (; i < DV_SUM_LIMBS - 1; i++) {
        int64_t low = sum[i] & 0xffffffff;
        sum[i + 1] += (sum[i] - low) / ((int64_t)1 << LIMB_BITS);
        sum[i] = low;
    }
}

void dv_sum_add(int64_t sum[DV_SUM_LIMBS], float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    uint32_t exponent = bits >> 23 & 0xff;
    uint64_t mantissa = bits & 0x7fffff;
    if (exponent > 0)
        mantissa |= 0x800000;
    unsigned at = (unsigned)(FLOAT_LOWEST - LOWEST) + (exponent > 0 ? exponent - 1 : 0);
    unsigned limb = at / LIMB_BITS;
    uint64_t wide = mantissa << at % LIMB_BITS;
    int64_t sign = bits >> 31 ? -1 : 1;
    sum[limb] += sign * (int64_t)(wide & 0xffffffff);
    sum[limb + 1] += sign * (int64_t)(wide >> LIMB_BITS);
    const int64_t most = (int64_t)1 << 62;
    if (sum[limb] > most || sum[limb] < -most || sum[limb + 1] > most || sum[limb + 1] < -most)
        carry(sum, (int)limb);
}

void dv_sum_add_sum(int64_t sum[DV_SUM_LIMBS], const int64_t more[DV_SUM_LIMBS])
{
    int64_t other[DV_SUM_LIMBS];
    memcpy(other, more, sizeof other);
    carry(other, 0);
    carry(sum, 0);
    for (int i = 0; i < DV_SUM_LIMBS; i++)
        sum[i] += other[i];
}

/* The magnitude in limbs of 32 bits; returns whether the sum is negative. */
static bool magnitude(const int64_t *sum, int64_t limbs[DV_SUM_LIMBS])
{
    memcpy(limbs, sum, DV_SUM_LIMBS * sizeof *limbs);
    carry(limbs, 0);
    bool negative = limbs[DV_SUM_LIMBS - 1] < 0;
    for (int i = 0; negative && i < DV_SUM_LIMBS; i++)
        limbs[i] = -limbs[i];
    carry(limbs, 0);
    return negative;
}

double dv_sum_value(const int64_t sum[DV_SUM_LIMBS])
{
    int64_t limbs[DV_SUM_LIMBS];
    bool negative = magnitude(sum, limbs);
    double value = 0;
    for (int i = DV_SUM_LIMBS - 1; i >= 0; i--)
        value = value * 0x1p32 + (double)limbs[i];
    value = ldexp(value, LOWEST);
    return negative ? -value : value;
}

const char *dv_sum_text(const int64_t sum[DV_SUM_LIMBS], char text[DV_SUM_TEXT_MAX])
{
    int64_t limbs[DV_SUM_LIMBS];
    bool negative = magnitude(sum, limbs);
    char digits[N_DIGITS + 1];
    for (int i = 0; i < N_DIGITS; i++)
        digits[i] = "0123456789abcdef"[limbs[DV_SUM_LIMBS - 1 - i / 8] >> (28 - i % 8 * 4) & 15];
    digits[N_DIGITS] = '\0';
    int end = N_DIGITS, zeros = (int)strspn(digits, "0");
    if (zeros == N_DIGITS) {
        snprintf(text, DV_SUM_TEXT_MAX, "0");
        return text;
    }
    while (digits[end - 1] == '0')
        end--;
    snprintf(text, DV_SUM_TEXT_MAX, "%s0x%.*sp%d", negative ? "-" : "", end - zeros, digits + zeros,
             LOWEST + 4 * (N_DIGITS - end));
    return text;
}

bool dv_sum_parse(int64_t sum[DV_SUM_LIMBS], const char *text)
{
    memset(sum, 0, DV_SUM_LIMBS * sizeof *sum);
    if (strcmp(text, "0") == 0)
        return true;
    int64_t sign = *text == '-' ? -1 : 1;
    const char *digits = text + (sign < 0 ? 3 : 2);
    if (strncmp(text + (sign < 0), "0x", 2) != 0)
        return false;
    int n = (int)strspn(digits, "0123456789abcdef"), exponent, used = 0;
    if (n < 1 || n > N_DIGITS || sscanf(digits + n, "p%4d%n", &exponent, &used) != 1)
        return false;
    int at = (exponent - LOWEST) / 4;
    if (exponent < LOWEST || at + n > N_DIGITS)
        return false;
    for (int i = n - 1; i >= 0; i--, at++) {
        int digit = digits[i] <= '9' ? digits[i] - '0' : digits[i] - 'a' + 10;
        sum[at / 8] += sign * ((int64_t)digit << 4 * (at % 8));
    }
    char again[DV_SUM_TEXT_MAX]; /* whatever is not the one text of a sum is refused */
    return strcmp(dv_sum_text(sum, again), text) == 0;
}
