/* parts.c - the files that a model is made of, and the digest that stands for all of them. */
#include "graph/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool dv_parts_digest(const dv_model_part *parts, int n, char sha256[DV_DIGEST_TEXT_MAX],
                     dv_error *err)
{
    if (n == 1) { /* as sha256sum says it */
        memcpy(sha256, parts[0].sha256, DV_DIGEST_TEXT_MAX);
        return true;
    }
    size_t size = 1, used = 0;
    for (int i = 0; i < n; i++)
        size += strlen(parts[i].role) + DV_DIGEST_TEXT_MAX + 1;
    char *lines = malloc(size);
    if (!lines)
        return dv_fail(err, DV_NO_MEMORY, "no memory for the SHA-256 of %d files", n);
    for (int i = 0; i < n; i++)
        used +=
            (size_t)snprintf(lines + used, size - used, "%s %s\n", parts[i].role, parts[i].sha256);
    dv_sha256(lines, used, sha256);
    free(lines);
    return true;
}

static bool hash_parts(dv_model *m, dv_error *err)
{
    if (m->sha256[0])
        return true;
    if (m->n_parts == 0)
        return dv_fail(err, DV_BAD_USAGE, "%s: was not read from a file: it has no SHA-256",
                       m->name);
    for (int i = 0; i < m->n_parts; i++)
        if (!dv_source_sha256(m->source, &m->part_files[i], m->parts[i].sha256, err))
            return false;
    return dv_parts_digest(m->parts, m->n_parts, m->sha256, err);
}

const char *dv_model_sha256(const dv_model *model, dv_error *err)
{
    dv_model *m = (dv_model *)(uintptr_t)model; /* a cache */
    pthread_mutex_lock(&m->hashing);
    bool ok = hash_parts(m, err);
    pthread_mutex_unlock(&m->hashing);
    return ok ? m->sha256 : NULL;
}

bool dv_model_identity(const dv_model *m, dv_identity *id, dv_error *err)
{
    const char *sha256 = dv_model_sha256(m, err);
    if (!sha256)
        return false;
    *id = (dv_identity){ m->name, m->path, "", m->n_parts, m->parts };
    memcpy(id->sha256, sha256, sizeof id->sha256);
    return true;
}

/* What an older version, which knew of one file alone, took for the model's SHA-256. */
static const char *old_digest(const dv_identity *id)
{
    for (int i = 0; i < id->n_parts; i++)
        if (strcmp(id->parts[i].role, DV_PART_WEIGHTS) == 0)
            return id->parts[i].sha256;
    return id->n_parts ? id->parts[0].sha256 : id->sha256;
}

bool dv_identity_equal(const dv_identity *a, const dv_identity *b)
{
    if (!a->n_parts != !b->n_parts)
        return strcmp(old_digest(a), old_digest(b)) == 0;
    return strcmp(a->sha256, b->sha256) == 0;
}
