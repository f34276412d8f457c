/* decimal.c - the digits of numbers.
 *
 * v = mantissa * 2^-shift. With the power of ten that brings nine digits in front of the point,
 * mantissa * power is a whole number of less than 128 bits for all but the largest and the smallest
 * numbers: roundings and distances are exact. */
#include "base/decimal.h"
#include "base/format.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST = 6, MOST = 9 }; /* digits */

/* By the library, for what is beyond the arithmetic below. */
static size_t put_plainly(float v, char *to)
{
    int n = 0;
    void *before = dv_locale_plain();
    for (int digits = LEAST; digits <= MOST; digits++) {
        n = snprintf(to, DV_DECIMAL_MAX, "%.*g", digits, (double)v);
        if (strtof(to, NULL) == v)
            break;
    }
    dv_locale_restore(before);
    return (size_t)n;
}

size_t dv_decimal_int(int64_t v, char to[DV_DECIMAL_MAX])
{
    char digits[DV_DECIMAL_MAX];
    uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    size_t at = sizeof digits;
    digits[--at] = '\0';
    do
        digits[--at] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (v < 0)
        digits[--at] = '-';
    memcpy(to, digits + at, sizeof digits - at);
    return sizeof digits - 1 - at;
}

#ifdef __SIZEOF_INT128__

__extension__ typedef unsigned __int128 wide;

static const uint32_t tens[] = { 1,      10,      100,      1000,      10000,
                                 100000, 1000000, 10000000, 100000000, 1000000000 };

typedef struct scaled {
    uint32_t mantissa;
    int shift, exponent;    /* of the first digit, a power of ten */
    wide one, power, value; /* 2^shift; value = mantissa * power, of nine digits by `one` */
} scaled;

static wide power_of_ten(int n)
{
    wide p = 1;
    for (; n > MOST; n -= MOST)
        p *= tens[MOST];
    return p * tens[n];
}

static void scale_to(scaled *s, int exponent)
{
    s->exponent = exponent;
    s->power = power_of_ten(MOST - 1 - exponent);
    s->value = s->mantissa * s->power;
}

/* False: too large or too small. */
static bool scale(float v, scaled *s)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    if (!(v >= 1e-18F && v < 1e7F)) /* value < 2^114, 0 < shift < 84 */
        return false;
    const int octave = (int)(bits >> 23) - 127;
    s->mantissa = (bits & 0x7fffff) | 0x800000;
    s->shift = 23 - octave;
    s->one = (wide)1 << s->shift;
    scale_to(s, (octave * 1233 - (octave < 0 ? 4095 : 0)) / 4096); /* log10(2), rounded down */
    if (s->value >= s->one * tens[MOST])
        scale_to(s, s->exponent + 1);
    return true;
}

/* value / (one * unit), rounded to nearest, to even between two. */
static uint32_t round_to(const scaled *s, uint32_t unit)
{
    const uint32_t whole = (uint32_t)(s->value >> s->shift), q = whole / unit;
    const wide rest = s->value - s->one * unit * q, twice = 2 * rest, one = s->one * unit;
    return q + (twice > one || (twice == one && q % 2 == 1));
}

/* Whether v is the float32 nearest to q * unit, or of the two nearest the even one. */
static bool is_nearest(const scaled *s, uint32_t q, uint32_t unit)
{
    const wide at = s->one * unit * q;
    const wide off = at > s->value ? at - s->value : s->value - at;
    const bool closer = s->mantissa == 0x800000 && at < s->value; /* the next one below is */
    const wide reach = off * (closer ? 4 : 2);
    return reach < s->power || (reach == s->power && s->mantissa % 2 == 0);
}

/* As %.*g puts digits * 10^(exponent - precision + 1), which has `precision` digits. */
static size_t put_digits(uint32_t digits, int precision, int exponent, char *to)
{
    char text[DV_DECIMAL_MAX];
    size_t at = 0;
    int n = (int)dv_decimal_int(digits, text);
    while (n > 1 && text[n - 1] == '0')
        n--;
    const bool powers = exponent < -4 || exponent >= precision;
    int point = powers ? 1 : exponent + 1; /* so many digits are in front of it */
    if (point <= 0)
        to[at++] = '0';
    for (int i = point < 0 ? point : 0; i < (n > point ? n : point); i++) {
        if (i == (point > 0 ? point : point < 0 ? point : 0))
            to[at++] = '.';
        to[at++] = i >= 0 && i < n ? text[i] : '0';
    }
    if (powers) {
        const unsigned size = (unsigned)abs(exponent);
        to[at++] = 'e';
        to[at++] = exponent < 0 ? '-' : '+';
        to[at++] = (char)('0' + size / 10);
        to[at++] = (char)('0' + size % 10);
    }
    to[at] = '\0';
    return at;
}

size_t dv_decimal_float(float v, char to[DV_DECIMAL_MAX])
{
    scaled s;
    const float size = fabsf(v);
    if (!scale(size, &s))
        return put_plainly(v, to);
    uint32_t digits = 0;
    int n = LEAST;
    for (; n <= MOST; n++) {
        digits = round_to(&s, tens[MOST - n]);
        if (n == MOST || is_nearest(&s, digits, tens[MOST - n]))
            break;
    }
    if (digits == tens[n]) { /* rounded up to the next power */
        digits /= 10;
        s.exponent++;
    }
    const size_t sign = v < 0;
    if (sign)
        to[0] = '-';
    return sign + put_digits(digits, n, s.exponent, to + sign);
}

#else

size_t dv_decimal_float(float v, char to[DV_DECIMAL_MAX])
{
    return put_plainly(v, to);
}

#endif
