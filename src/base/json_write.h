/* json_write.h - JSON that is written, to a text that grows: commas, quotes and nesting are its own
 * care, and every number has a point in any locale. */
#ifndef DV_BASE_JSON_WRITE_H
#define DV_BASE_JSON_WRITE_H

#include "base/text.h"

#include <stdint.h>

enum { DV_JSON_MAX_DEPTH = 16 };

/* Starts out as { .to = text }. */
typedef struct dv_json {
    dv_text *to;
    bool behind;                   /* a value: the next one is behind a comma */
    const char *space;             /* goes before the next value; NULL: nothing */
    char close[DV_JSON_MAX_DEPTH]; /* (depth) the brackets that are open */
    int depth;
} dv_json;

/* All of these write one value: a member under `key` where an object is open, else, with NULL, an
 * element of the list that is open, or a value of its own. */

/* Open until dv_json_end. */
void dv_json_object(dv_json *w, const char *key);
void dv_json_list(dv_json *w, const char *key);
void dv_json_end(dv_json *w);

void dv_json_put_null(dv_json *w, const char *key);
void dv_json_put_bool(dv_json *w, const char *key, bool v);
void dv_json_put_text(dv_json *w, const char *key, const char *v); /* NULL: null */
void dv_json_put_int(dv_json *w, const char *key, int64_t v);

/* The fewest digits that give the same float32 again; null where it is not finite. */
void dv_json_put_float(dv_json *w, const char *key, float v);

/* With `digits` digits in all (as %g), or behind the point (as %f). */
void dv_json_put_short(dv_json *w, const char *key, double v, int digits);
void dv_json_put_fixed(dv_json *w, const char *key, double v, int digits);

/* Lists: v (n). */
void dv_json_put_ints(dv_json *w, const char *key, const int32_t *v, int n);
void dv_json_put_floats(dv_json *w, const char *key, const float *v, int n);

/* Layout: before the next value, behind its comma. `space` must last until then. */
void dv_json_space(dv_json *w, const char *space);

/* Ends a line; the next value is one of its own. Nothing may be open. */
void dv_json_line(dv_json *w);

#endif
