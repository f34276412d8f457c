/* name.h - texts out of files that end in messages and in pictures. */
#ifndef DV_BASE_NAME_H
#define DV_BASE_NAME_H

#include "deconvviz/error.h"

#include <stddef.h>

enum { DV_NAME_MAX = 4096 }; /* bytes */

/* Fails when the text is longer than DV_NAME_MAX or holds a control character. */
bool dv_name_check(const char *text, size_t n, const char *what, dv_error *err) DV_MUST_CHECK;

/* Fails when `name`, a file that another file refers to, is not inside the folder of the latter:
 * empty, absolute, or with a part "..". */
bool dv_name_check_inside(const char *name, dv_error *err) DV_MUST_CHECK;

#endif
