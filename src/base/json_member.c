/* json_member.c - members of an object that must be there. */
#include "base/json.h"

#include <stdio.h>
#include <string.h>

/* A key as messages name it. */
typedef struct quoted {
    char text[64];
} quoted;

static quoted quote(const char *key)
{
    quoted q;
    snprintf(q.text, sizeof q.text, "\"%.60s\"", key);
    return q;
}

bool dv_json_get_text(const cJSON *object, const char *key, dv_arena *a, const char **v,
                      dv_error *err)
{
    return dv_json_text(dv_json_get(object, key), quote(key).text, a, v, err);
}

bool dv_json_get_string(const cJSON *object, const char *key, const char **v, dv_error *err)
{
    const cJSON *item = dv_json_get(object, key);
    if (!cJSON_IsString(item))
        return dv_json_fail_kind(item, quote(key).text, "a text", err);
    *v = item->valuestring;
    return true;
}

bool dv_json_get_bool(const cJSON *object, const char *key, bool *v, dv_error *err)
{
    const cJSON *item = dv_json_get(object, key);
    if (!cJSON_IsBool(item))
        return dv_json_fail_kind(item, quote(key).text, "true or false", err);
    *v = cJSON_IsTrue(item);
    return true;
}

bool dv_json_get_int(const cJSON *object, const char *key, int lo, int hi, int *v, dv_error *err)
{
    int64_t wide;
    if (!dv_json_int(dv_json_get(object, key), quote(key).text, lo, hi, &wide, err))
        return false;
    *v = (int)wide;
    return true;
}

bool dv_json_get_float(const cJSON *object, const char *key, float lo, float hi, float *v,
                       dv_error *err)
{
    return dv_json_float(dv_json_get(object, key), quote(key).text, v, err) &&
           ((*v >= lo && *v <= hi) ||
            dv_fail(err, DV_BAD_DATA, "\"%s\" is %.9g: %g to %g are possible", key, (double)*v,
                    (double)lo, (double)hi));
}

static bool check_count(const char *key, int has, int n, dv_error *err)
{
    return has == n ||
           dv_fail(err, DV_BAD_DATA, "\"%s\" has %d numbers: %d are needed", key, has, n);
}

bool dv_json_get_ints(const cJSON *object, const char *key, int64_t lo, int64_t hi, int n,
                      int64_t *v, dv_error *err)
{
    int has = 0;
    return dv_json_ints(dv_json_get(object, key), quote(key).text, lo, hi, n, v, &has, err) &&
           check_count(key, has, n, err);
}

bool dv_json_get_floats(const cJSON *object, const char *key, int n, float *v, dv_error *err)
{
    int has = 0;
    return dv_json_floats(dv_json_get(object, key), quote(key).text, n, v, &has, err) &&
           check_count(key, has, n, err);
}

bool dv_json_get_choice(const cJSON *object, const char *key, const char *const *words, int *v,
                        dv_error *err)
{
    const char *text = "";
    if (!dv_json_get_string(object, key, &text, err))
        return false;
    for (*v = 0; words[*v]; ++*v)
        if (strcmp(words[*v], text) == 0)
            return true;
    return dv_fail(err, DV_BAD_DATA, "\"%s\" is \"%.60s\": \"%s\", \"%s\"%s are possible", key,
                   text, words[0], words[1], words[2] ? " …" : "");
}

bool dv_json_get_digest(const cJSON *object, const char *key, char v[DV_DIGEST_TEXT_MAX],
                        dv_error *err)
{
    const char *text = "";
    if (!dv_json_get_string(object, key, &text, err))
        return false;
    if (!dv_json_is_digest(text))
        return dv_fail(err, DV_BAD_DATA, "\"%s\" is \"%.64s\": 64 hexadecimal digits are needed",
                       key, text);
    memcpy(v, text, DV_DIGEST_TEXT_MAX);
    return true;
}

bool dv_json_get_list(const cJSON *object, const char *key, int lo, int hi, const cJSON **list,
                      int *n, dv_error *err)
{
    *list = dv_json_get(object, key);
    if (!cJSON_IsArray(*list))
        return dv_json_fail_kind(*list, quote(key).text, "a list", err);
    *n = cJSON_GetArraySize(*list);
    return (*n >= lo && *n <= hi) ||
           dv_fail(err, DV_BAD_DATA, "\"%s\" lists %d: %d to %d are possible", key, *n, lo, hi);
}
