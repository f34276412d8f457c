/* format.h - numbers with a point, whatever locale the program has set that the library is in. All
 * that JSON, PNG texts and messages are made of is written this way. */
#ifndef DV_BASE_FORMAT_H
#define DV_BASE_FORMAT_H

#include "deconvviz/error.h"

#include <stdarg.h>
#include <stddef.h>

/* snprintf and vsnprintf in the C locale. */
int dv_format(char *to, size_t room, const char *fmt, ...) DV_PRINTF(3, 4);
int dv_vformat(char *to, size_t room, const char *fmt, va_list args) DV_PRINTF(3, 0);

/* Gives this thread the C locale, for what reads numbers; and its own again, which the first one
 * returned. */
void *dv_locale_plain(void);
void dv_locale_restore(void *before);

#endif
