/* text.h - text that grows, and the words of JSON. */
#ifndef DV_BASE_TEXT_H
#define DV_BASE_TEXT_H

#include "deconvviz/error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Starts out as { 0 }. What is added after memory ran out is lost; dv_text_ok tells. */
typedef struct dv_text {
    char *data; /* (size) and a NUL; NULL while empty; the caller frees it */
    size_t size, room;
    bool failed;
} dv_text;

void dv_text_add(dv_text *t, const void *bytes, size_t n);
void dv_text_format(dv_text *t, const char *fmt, ...) DV_PRINTF(2, 3);
void dv_text_vformat(dv_text *t, const char *fmt, va_list args) DV_PRINTF(2, 0);

/* A JSON string with its quotes. What is not UTF-8 becomes U+FFFD. */
void dv_text_string(dv_text *t, const char *s);

void dv_text_int(dv_text *t, int64_t v);

/* The fewest digits that give the same float32 again; "null" for what is not finite. */
void dv_text_float(dv_text *t, float v);

bool dv_text_ok(const dv_text *t, const char *what, dv_error *err) DV_MUST_CHECK;

bool dv_is_utf8(const char *s);

#endif
