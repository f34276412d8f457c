#include "run/identity.h"

#include "base/json.h"
#include "graph/model.h"

#include <limits.h>
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

void dv_identity_write(dv_json *w, const dv_identity *id)
{
    dv_json_put_text(w, "name", id->name);
    dv_json_put_text(w, "path", id->path);
    dv_json_put_text(w, "sha256", id->sha256);
    if (id->n_parts == 0)
        return;
    dv_json_list(w, "parts");
    for (int i = 0; i < id->n_parts; i++) {
        dv_json_space(w, "\n ");
        dv_json_object(w, NULL);
        dv_json_put_text(w, "role", id->parts[i].role);
        dv_json_put_text(w, "name", id->parts[i].name);
        dv_json_put_text(w, "sha256", id->parts[i].sha256);
        dv_json_end(w);
    }
    dv_json_end(w);
}

/* A name may hold what a file's name may: it is not for a message. */
static bool read_part(dv_model_part *p, const cJSON *o, dv_arena *a, dv_error *err)
{
    const char *name;
    return dv_json_get_text(o, "role", a, &p->role, err) &&
           dv_json_get_digest(o, "sha256", p->sha256, err) &&
           dv_json_get_string(o, "name", &name, err) && (p->name = keep(a, name, err)) != NULL;
}

static bool read_parts(dv_identity *id, const cJSON *object, dv_arena *a, dv_error *err)
{
    const cJSON *list, *o;
    char sha256[DV_DIGEST_TEXT_MAX];
    int n, i = 0;
    if (!dv_json_get(object, "parts"))
        return true;
    if (!dv_json_get_list(object, "parts", 1, INT_MAX, &list, &n, err))
        return false;
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

bool dv_identity_read(dv_identity *id, const cJSON *object, dv_arena *a, dv_error *err)
{
    const char *name, *path;
    return dv_json_get_string(object, "name", &name, err) &&
           dv_json_get_string(object, "path", &path, err) &&
           dv_json_get_digest(object, "sha256", id->sha256, err) &&
           (id->name = keep(a, name, err)) && (id->path = keep(a, path, err)) &&
           read_parts(id, object, a, err);
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
