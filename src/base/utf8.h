/* utf8.h - where one character ends, and how it is shown. */
#ifndef DV_BASE_UTF8_H
#define DV_BASE_UTF8_H

#include <stddef.h>

/* The bytes, 1 to 4, of the character at `s`, which stands in text that ends in NUL; 0 where what
 * stands there is not UTF-8 (RFC 3629: nothing overlong, no surrogates). A NUL is a character of 1.
 */
size_t dv_utf8_length(const char *s);

/* Writes to `to` what may go to a terminal for the character at `s`: itself, or where a terminal
 * would obey it rather than show it, or it is not UTF-8, an escape: \x1b, \u009b. Returns the bytes
 * at `s` that this stands for, at least 1. */
enum { DV_SHOWN_MAX = 8 };
size_t dv_utf8_show(const char *s, char to[DV_SHOWN_MAX]);

/* The columns of a terminal that a text takes which may go there: two for each wide character of
 * East Asia and each picture, none for a combining mark. */
int dv_utf8_width(const char *s);

#endif
