/* utf8.h - where one character ends. */
#ifndef DV_BASE_UTF8_H
#define DV_BASE_UTF8_H

#include <stddef.h>

/* The bytes, 1 to 4, of the character at `s`, which stands in text that ends in NUL; 0 where what
 * stands there is not UTF-8 (RFC 3629: nothing overlong, no surrogates). A NUL is a character of 1.
 */
size_t dv_utf8_length(const char *s);

#endif
