/* decimal.h - numbers in the fewest decimal digits, faster than printf and with the same bytes. */
#ifndef DV_BASE_DECIMAL_H
#define DV_BASE_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

enum { DV_DECIMAL_MAX = 32 };

/* The first of %.6g, %.7g, %.8g and %.9g of the C locale that gives the same finite float32 again.
 * Returns how many characters are in front of the NUL. */
size_t dv_decimal_float(float v, char to[DV_DECIMAL_MAX]);

size_t dv_decimal_int(int64_t v, char to[DV_DECIMAL_MAX]);

#endif
