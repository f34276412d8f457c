#include "run/identity.h"

#include "graph/model.h"
#include "load/json.h"

#include <stdio.h>
#include <string.h>

static const char *keep(dv_arena *a, const char *text, dv_error *err)
{
    return dv_arena_text(a, text, strlen(text), err);
}

bool dv_identity_keep(dv_identity *to, const dv_identity *from, dv_arena *a, dv_error *err)
{
    dv_model_part *parts = dv_arena_array(a, (size_t)from->n_parts, sizeof *parts, err);
    for (int i = 0; parts && i < from->n_parts; i++) {
        parts[i] = from->parts[i];
        if (!(parts[i].role = keep(a, from->parts[i].role, err)) ||
            !(parts[i].name = keep(a, from->parts[i].name, err)))
            return false;
    }
    *to = *from;
    to->parts = parts;
    return parts && (to->name = keep(a, from->name, err)) && (to->path = keep(a, from->path, err));
}

void dv_text_identity(dv_text *t, const dv_identity *id)
{
    dv_text_format(t, "\"name\":");
    dv_text_string(t, id->name);
    dv_text_format(t, ",\"path\":");
    dv_text_string(t, id->path);
    dv_text_format(t, ",\"sha256\":\"%s\"", id->sha256);
    for (int i = 0; i < id->n_parts; i++) {
        dv_text_format(t, "%s{\"role\":", i ? ",\n " : ",\"parts\":[\n ");
        dv_text_string(t, id->parts[i].role);
        dv_text_format(t, ",\"name\":");
        dv_text_string(t, id->parts[i].name);
        dv_text_format(t, ",\"sha256\":\"%s\"}", id->parts[i].sha256);
    }
    if (id->n_parts)
        dv_text_add(t, "]", 1);
}

/* A name may hold what a file's name may: it is not for a message. */
static bool read_part(dv_model_part *p, const cJSON *o, dv_arena *a, dv_error *err)
{
    const cJSON *name = dv_json_get(o, "name");
    const char *sha256;
    if (!dv_json_text(dv_json_get(o, "role"), "role", a, &p->role, err) ||
        !dv_json_text(dv_json_get(o, "sha256"), "sha256", a, &sha256, err))
        return false;
    if (!cJSON_IsString(name))
        return dv_fail(err, DV_BAD_DATA, "name is not a text");
    if (strlen(sha256) != 64 || strspn(sha256, "0123456789abcdef") != 64)
        return dv_fail(err, DV_BAD_DATA, "sha256 is \"%.60s\": 64 hexadecimal digits are needed",
                       sha256);
    memcpy(p->sha256, sha256, sizeof p->sha256);
    return (p->name = keep(a, name->valuestring, err)) != NULL;
}

bool dv_identity_read_parts(dv_identity *id, const cJSON *object, dv_arena *a, dv_error *err)
{
    const cJSON *list = dv_json_get(object, "parts"), *o;
    char sha256[DV_DIGEST_TEXT_MAX];
    int n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0, i = 0;
    if (!list)
        return true;
    if (n == 0)
        return dv_fail(err, DV_BAD_DATA, "parts lists 0: 1 is needed at least");
    dv_model_part *parts = dv_arena_array(a, (size_t)n, sizeof *parts, err);
    if (!parts)
        return false;
    cJSON_ArrayForEach(o, list)
    {
        if (!read_part(&parts[i], o, a, err))
            return dv_fail_in(err, "part %d", i);
        i++;
    }
    id->n_parts = n;
    id->parts = parts;
    return dv_parts_digest(parts, n, sha256, err) &&
           (strcmp(sha256, id->sha256) == 0 ||
            dv_fail(err, DV_BAD_DATA, "sha256 is %.12s..., that of the parts is %.12s...",
                    id->sha256, sha256));
}

const char *dv_identity_differing(const dv_identity *a, const dv_identity *b,
                                  char text[DV_DIFFERING_MAX])
{
    text[0] = '\0';
    if (!a->n_parts || !b->n_parts)
        return text;
    int i = 0;
    while (i < a->n_parts && i < b->n_parts && strcmp(a->parts[i].role, b->parts[i].role) == 0 &&
           strcmp(a->parts[i].sha256, b->parts[i].sha256) == 0)
        i++;
    if (i < a->n_parts || i < b->n_parts)
        snprintf(text, DV_DIFFERING_MAX, ": other bytes in its %.40s",
                 (i < a->n_parts ? a : b)->parts[i].role);
    return text;
}
