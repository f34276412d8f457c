#include "base/json.h"

#include "base/format.h"
#include "base/name.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* 2^53: up to here every whole number is a double. */
#define WHOLE_MAX 9007199254740992.0

static cJSON *fail_at(const char *text, const char *at, const char *what, dv_error *err)
{
    int line = 1, column = 1;
    for (const char *p = text; p < at; p++) {
        line += *p == '\n';
        column = *p == '\n' ? 1 : column + 1;
    }
    dv_fail(err, DV_BAD_DATA, "line %d, column %d: %s", line, column, what);
    return NULL;
}

static bool has_more(const char *text, size_t size, size_t most)
{
    size_t n = 1;
    for (size_t i = 0; i < size; i++)
        n += text[i] == ',' || text[i] == '[' || text[i] == '{';
    return n > most;
}

cJSON *dv_json_parse(const void *data, size_t size, size_t most, dv_error *err)
{
    const char *text = data, *end = text;
    if (has_more(text, size, most)) {
        dv_fail(err, DV_BAD_DATA, "more than %zu values", most);
        return NULL;
    }
    void *before = dv_locale_plain();
    errno = 0;
    cJSON *root = cJSON_ParseWithLengthOpts(text, size, &end, false);
    const bool scarce = !root && errno == ENOMEM; /* cJSON does not say */
    dv_locale_restore(before);
    if (scarce)
        dv_fail(err, DV_NO_MEMORY, "no memory for %zu bytes of JSON", size);
    if (scarce)
        return NULL;
    if (!root)
        return fail_at(text, end ? end : text, "this is not JSON (truncated?)", err);
    while (end < text + size && (*end == ' ' || *end == '\n' || *end == '\r' || *end == '\t'))
        end++;
    if (end < text + size) {
        cJSON_Delete(root);
        return fail_at(text, end, "more text behind the end of the JSON value", err);
    }
    return root;
}

const cJSON *dv_json_get(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

bool dv_json_check_keys(const cJSON *object, const char *const *keys, const char *what,
                        dv_error *err)
{
    if (!cJSON_IsObject(object))
        return dv_fail(err, DV_BAD_DATA, "%s is not an object: {…} is needed", what);
    const cJSON *item;
    cJSON_ArrayForEach(item, object)
    {
        const char *const *known = keys;
        while (*known && strcmp(*known, item->string) != 0)
            known++;
        if (!*known)
            return dv_fail(err, DV_BAD_DATA, "%s: unknown key \"%.60s\"", what, item->string);
        if (dv_json_get(object, item->string) != item)
            return dv_fail(err, DV_BAD_DATA, "%s: \"%s\" is there twice", what, item->string);
    }
    return true;
}

bool dv_json_check_format(const cJSON *document, const char *format, int version, const char *other,
                          dv_error *err)
{
    const cJSON *f = dv_json_get(document, "format"), *v = dv_json_get(document, "version");
    if (!cJSON_IsString(f) || strcmp(f->valuestring, format) != 0)
        return dv_fail(err, DV_BAD_DATA, "%s", other);
    if (!cJSON_IsNumber(v) || v->valuedouble != version)
        return dv_fail(err, DV_UNSUPPORTED, "\"version\" is %.9g: this program reads version %d",
                       cJSON_IsNumber(v) ? v->valuedouble : 0, version);
    return true;
}

/* -- values ----------------------------------------------------------------------------------- */

bool dv_json_fail_kind(const cJSON *item, const char *what, const char *wanted, dv_error *err)
{
    if (!item)
        return dv_fail(err, DV_BAD_DATA, "%s is missing: %s is needed", what, wanted);
    if (cJSON_IsNumber(item))
        return dv_fail(err, DV_BAD_DATA, "%s is %.10g: %s is needed", what, item->valuedouble,
                       wanted);
    if (cJSON_IsString(item))
        return dv_fail(err, DV_BAD_DATA, "%s is \"%.60s\": %s is needed", what, item->valuestring,
                       wanted);
    return dv_fail(err, DV_BAD_DATA, "%s is %s: %s is needed", what,
                   cJSON_IsArray(item)    ? "a list"
                   : cJSON_IsObject(item) ? "an object"
                   : cJSON_IsNull(item)   ? "null"
                                          : "true or false",
                   wanted);
}

bool dv_json_text(const cJSON *item, const char *what, dv_arena *a, const char **v, dv_error *err)
{
    if (!cJSON_IsString(item))
        return dv_json_fail_kind(item, what, "a text", err);
    size_t n = strlen(item->valuestring);
    if (!dv_name_check(item->valuestring, n, what, err))
        return false;
    *v = dv_arena_text(a, item->valuestring, n, err);
    return *v != NULL;
}

bool dv_json_is_whole(const cJSON *item)
{
    return cJSON_IsNumber(item) && fabs(item->valuedouble) <= WHOLE_MAX &&
           item->valuedouble == floor(item->valuedouble);
}

bool dv_json_int(const cJSON *item, const char *what, int64_t lo, int64_t hi, int64_t *v,
                 dv_error *err)
{
    if (!dv_json_is_whole(item) || (int64_t)item->valuedouble < lo ||
        (int64_t)item->valuedouble > hi) {
        char wanted[80];
        snprintf(wanted, sizeof wanted, "a whole number from %lld to %lld", (long long)lo,
                 (long long)hi);
        return dv_json_fail_kind(item, what, wanted, err);
    }
    *v = (int64_t)item->valuedouble;
    return true;
}

bool dv_json_float(const cJSON *item, const char *what, float *v, dv_error *err)
{
    if (!cJSON_IsNumber(item) || !isfinite((float)item->valuedouble))
        return dv_json_fail_kind(item, what, "a number", err);
    *v = (float)item->valuedouble;
    return true;
}

bool dv_json_is_digest(const char *text)
{
    const size_t n = DV_DIGEST_TEXT_MAX - 1;
    return strlen(text) == n && strspn(text, "0123456789abcdef") == n;
}

static bool check_list(const cJSON *item, const char *what, int max, dv_error *err)
{
    if (!cJSON_IsArray(item))
        return dv_json_fail_kind(item, what, "a list of numbers", err);
    int n = cJSON_GetArraySize(item);
    if (n > max)
        return dv_fail(err, DV_BAD_DATA, "%s has %d elements: %d at most", what, n, max);
    return true;
}

bool dv_json_ints(const cJSON *item, const char *what, int64_t lo, int64_t hi, int max, int64_t *v,
                  int *n, dv_error *err)
{
    if (!check_list(item, what, max, err))
        return false;
    const cJSON *one;
    *n = 0;
    cJSON_ArrayForEach(one, item)
    {
        if (!dv_json_int(one, what, lo, hi, &v[*n], err))
            return false;
        ++*n;
    }
    return true;
}

bool dv_json_floats(const cJSON *item, const char *what, int max, float *v, int *n, dv_error *err)
{
    if (!check_list(item, what, max, err))
        return false;
    const cJSON *one;
    *n = 0;
    cJSON_ArrayForEach(one, item)
    {
        if (!dv_json_float(one, what, &v[*n], err))
            return false;
        ++*n;
    }
    return true;
}
