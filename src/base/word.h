/* word.h - any name as a part of a file's name. */
#ifndef DV_BASE_WORD_H
#define DV_BASE_WORD_H

#include <stdbool.h>
#include <stddef.h>

enum { DV_WORD_MAX = 128, DV_WORD_MIN = 16 }; /* what suits, and the least room, with the NUL */

/* Whether a name can stand in a file's name as it is: letters, digits, '.', '-', '_' and '~', the
 * first of them no '.'. What dv_word gives can. */
bool dv_is_word(const char *name);

/* The name itself where it is a word without '~' and has room. Else '_' stands for what is not
 * allowed, the end is cut off, and "~" with eight digits of the whole name's SHA-256 goes behind
 * it: different names are different words. Writes at most size - 1 bytes; size: at least
 * DV_WORD_MIN. Returns `to`. */
const char *dv_word(const char *name, char *to, size_t size);

/* The same, always with the digits. */
const char *dv_word_marked(const char *name, char *to, size_t size);

#endif
