/* json.h - JSON that is read, by cJSON, with messages: each check fails with the name, what stands
 * there, and what is wanted. */
#ifndef DV_BASE_JSON_H
#define DV_BASE_JSON_H

#include "base/arena.h"
#include "deconvviz/digest.h"

#include <cjson/cJSON.h>
#include <stdint.h>

/* The most values of a document that has no limit of its own; cJSON takes some 80 bytes for one. */
enum { DV_JSON_MAX_VALUES = 40 * 1000 * 1000 };

/* The one JSON value that the text is, in any locale. NULL with err set (the line and column of the
 * trouble; or the text may have more than `most` values); freed with cJSON_Delete. */
cJSON *dv_json_parse(const void *data, size_t size, size_t most, dv_error *err) DV_MUST_CHECK;

/* Member `key` of an object, or NULL. */
const cJSON *dv_json_get(const cJSON *object, const char *key);

/* Fails unless `object` is one and has no key twice and none that is not among `keys`, which end
 * with a NULL. `what` names it. */
bool dv_json_check_keys(const cJSON *object, const char *const *keys, const char *what,
                        dv_error *err) DV_MUST_CHECK;

/* Fails unless the document says of itself that it has this format, with the message `other`, and
 * this version. */
bool dv_json_check_format(const cJSON *document, const char *format, int version, const char *other,
                          dv_error *err) DV_MUST_CHECK;

/* -- values -----------------------------------------------------------------------------------
 * That of `item` (NULL: it is missing), which `what` names. A text is copied to the arena, and
 * refused where it does not suit a message (see dv_name_check). */

bool dv_json_text(const cJSON *item, const char *what, dv_arena *a, const char **v,
                  dv_error *err) DV_MUST_CHECK;
bool dv_json_int(const cJSON *item, const char *what, int64_t lo, int64_t hi, int64_t *v,
                 dv_error *err) DV_MUST_CHECK;
bool dv_json_float(const cJSON *item, const char *what, float *v, dv_error *err) DV_MUST_CHECK;

/* A list of at most `max` numbers; *n is how many. */
bool dv_json_ints(const cJSON *item, const char *what, int64_t lo, int64_t hi, int max, int64_t *v,
                  int *n, dv_error *err) DV_MUST_CHECK;
bool dv_json_floats(const cJSON *item, const char *what, int max, float *v, int *n,
                    dv_error *err) DV_MUST_CHECK;

/* Whether a number has no fraction and fits into 53 bits. */
bool dv_json_is_whole(const cJSON *item);

/* Whether a text is a SHA-256 as the program writes it. */
bool dv_json_is_digest(const char *text);

/* Fails with what stands in place of what was wanted, "a list of texts". */
bool dv_json_fail_kind(const cJSON *item, const char *what, const char *wanted, dv_error *err);

/* -- members ----------------------------------------------------------------------------------
 * Those of an object that must be there, by their key. */

bool dv_json_get_text(const cJSON *object, const char *key, dv_arena *a, const char **v,
                      dv_error *err) DV_MUST_CHECK;
/* Any text, as it stands in the document: names of files, which are not for a message. */
bool dv_json_get_string(const cJSON *object, const char *key, const char **v,
                        dv_error *err) DV_MUST_CHECK;
bool dv_json_get_bool(const cJSON *object, const char *key, bool *v, dv_error *err) DV_MUST_CHECK;
bool dv_json_get_int(const cJSON *object, const char *key, int lo, int hi, int *v,
                     dv_error *err) DV_MUST_CHECK;
bool dv_json_get_float(const cJSON *object, const char *key, float lo, float hi, float *v,
                       dv_error *err) DV_MUST_CHECK;

/* Exactly n numbers: v (n). */
bool dv_json_get_ints(const cJSON *object, const char *key, int64_t lo, int64_t hi, int n,
                      int64_t *v, dv_error *err) DV_MUST_CHECK;
bool dv_json_get_floats(const cJSON *object, const char *key, int n, float *v,
                        dv_error *err) DV_MUST_CHECK;

/* Which of the words, which end with a NULL. */
bool dv_json_get_choice(const cJSON *object, const char *key, const char *const *words, int *v,
                        dv_error *err) DV_MUST_CHECK;

bool dv_json_get_digest(const cJSON *object, const char *key, char v[DV_DIGEST_TEXT_MAX],
                        dv_error *err) DV_MUST_CHECK;

/* A list of lo to hi elements; *n is how many. */
bool dv_json_get_list(const cJSON *object, const char *key, int lo, int hi, const cJSON **list,
                      int *n, dv_error *err) DV_MUST_CHECK;

#endif
