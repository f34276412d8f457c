/* json.h - cJSON with messages: each check fails with the place, the value and what is wanted. */
#ifndef DV_LOAD_JSON_H
#define DV_LOAD_JSON_H

#include "base/arena.h"

#include <cjson/cJSON.h>
#include <stdint.h>

/* The one JSON value that the text is. NULL with err set (the line and column of the trouble);
 * freed with cJSON_Delete. */
cJSON *dv_json_parse(const void *data, size_t size, dv_error *err) DV_MUST_CHECK;

/* cJSON_ParseWithLengthOpts in any locale; for those with messages of their own. */
cJSON *dv_json_tree(const void *data, size_t size, const char **end) DV_MUST_CHECK;

/* Member `key` of an object, or NULL. */
const cJSON *dv_json_get(const cJSON *object, const char *key);

/* Fails unless `object` is one and has no key twice and none that is not among `keys`, which end
 * with a NULL. `what` names it. */
bool dv_json_check_keys(const cJSON *object, const char *const *keys, const char *what,
                        dv_error *err) DV_MUST_CHECK;

/* The value of `item` (NULL: it is missing), which `what` names; fails when it is of another kind.
 * A text is copied to the arena. */
bool dv_json_text(const cJSON *item, const char *what, dv_arena *a, const char **v,
                  dv_error *err) DV_MUST_CHECK;
bool dv_json_int(const cJSON *item, const char *what, int64_t lo, int64_t hi, int64_t *v,
                 dv_error *err) DV_MUST_CHECK;
bool dv_json_float(const cJSON *item, const char *what, float *v, dv_error *err) DV_MUST_CHECK;

/* An array of at most `max` numbers; *n is how many. */
bool dv_json_ints(const cJSON *item, const char *what, int64_t lo, int64_t hi, int max, int64_t *v,
                  int *n, dv_error *err) DV_MUST_CHECK;
bool dv_json_floats(const cJSON *item, const char *what, int max, float *v, int *n,
                    dv_error *err) DV_MUST_CHECK;

/* Whether a number has no fraction and fits into 53 bits. */
bool dv_json_is_whole(const cJSON *item);

#endif
