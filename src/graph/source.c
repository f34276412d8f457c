#include "graph/source.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct mapped {
    char *path; /* NULL: lent */
    dv_file file;
    char sha256[DV_DIGEST_TEXT_MAX]; /* "" until asked for */
} mapped;

struct dv_source {
    pthread_mutex_t hashing; /* of the digests; taken before the other lock */
    pthread_mutex_t lock;    /* of what follows */
    int users;
    int n_files, max_files;
    mapped *files;
    char *weights;
    dv_weights_cache *cache;
};

dv_source *dv_source_new(const char *weights, dv_error *err)
{
    dv_source *s = calloc(1, sizeof *s);
    char *copy = weights ? strdup(weights) : NULL;
    if (!s || (weights && !copy)) {
        free(s);
        free(copy);
        dv_fail(err, DV_NO_MEMORY, "no memory for a model");
        return NULL;
    }
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->hashing, NULL);
    s->users = 1;
    s->weights = copy;
    s->cache = dv_weights_cache_new(err);
    if (!s->cache) {
        dv_source_release(s);
        return NULL;
    }
    return s;
}

dv_source *dv_source_retain(dv_source *s)
{
    pthread_mutex_lock(&s->lock);
    s->users++;
    pthread_mutex_unlock(&s->lock);
    return s;
}

void dv_source_release(dv_source *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    const int left = --s->users;
    pthread_mutex_unlock(&s->lock);
    if (left > 0)
        return;
    for (int i = 0; i < s->n_files; i++) {
        if (s->files[i].path)
            dv_file_unmap(&s->files[i].file);
        free(s->files[i].path);
    }
    free(s->files);
    free(s->weights);
    dv_weights_cache_free(s->cache);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->hashing);
    free(s);
}

const char *dv_source_weights(const dv_source *s)
{
    return s->weights;
}

dv_weights_cache *dv_source_cache(dv_source *s)
{
    return s->cache;
}

static bool room_for_one(dv_source *s, dv_error *err)
{
    if (s->n_files < s->max_files)
        return true;
    const int max = s->max_files ? 2 * s->max_files : 4;
    mapped *files = realloc(s->files, (size_t)max * sizeof *files);
    if (!files)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d files", max);
    s->files = files;
    s->max_files = max;
    return true;
}

static bool map_new(dv_source *s, const char *path, dv_file *f, dv_error *err)
{
    char *copy = room_for_one(s, err) ? strdup(path) : NULL;
    if (!copy)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a path");
    if (!dv_file_map(f, path, err)) {
        free(copy);
        return false;
    }
    s->files[s->n_files++] = (mapped){ .path = copy, .file = *f };
    return true;
}

bool dv_source_map(dv_source *s, const char *path, dv_file *f, dv_error *err)
{
    pthread_mutex_lock(&s->lock);
    int i = 0;
    while (i < s->n_files && !(s->files[i].path && strcmp(s->files[i].path, path) == 0))
        i++;
    bool ok = true;
    if (i < s->n_files)
        *f = s->files[i].file;
    else
        ok = map_new(s, path, f, err);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool dv_source_lend(dv_source *s, const dv_file *f, dv_error *err)
{
    pthread_mutex_lock(&s->lock);
    const bool ok = room_for_one(s, err);
    if (ok)
        s->files[s->n_files++] = (mapped){ .file = *f };
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool dv_source_holds(dv_source *s, const void *data)
{
    const uintptr_t at = (uintptr_t)data;
    bool holds = false;
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < s->n_files && !holds; i++) {
        const uintptr_t first = (uintptr_t)s->files[i].file.data;
        holds = at >= first && at - first < s->files[i].file.size;
    }
    pthread_mutex_unlock(&s->lock);
    return holds;
}

/* A stream, which cannot be read twice, by what is there of it. */
static bool hash(mapped *m, dv_error *err)
{
    if (m->path && !m->file.heap)
        return dv_sha256_file(m->path, m->sha256, err);
    dv_sha256(m->file.data, m->file.size, m->sha256);
    return true;
}

/* The other lock is not held while a file is read: traces run meanwhile. */
bool dv_source_sha256(dv_source *s, const dv_file *f, char sha256[DV_DIGEST_TEXT_MAX],
                      dv_error *err)
{
    int i = 0;
    pthread_mutex_lock(&s->hashing);
    pthread_mutex_lock(&s->lock);
    while (i < s->n_files && s->files[i].file.data != f->data)
        i++;
    assert(i < s->n_files);
    mapped m = s->files[i];
    pthread_mutex_unlock(&s->lock);
    const bool ok = m.sha256[0] || hash(&m, err);
    if (ok) {
        memcpy(sha256, m.sha256, sizeof m.sha256);
        pthread_mutex_lock(&s->lock);
        memcpy(s->files[i].sha256, m.sha256, sizeof m.sha256);
        pthread_mutex_unlock(&s->lock);
    }
    pthread_mutex_unlock(&s->hashing);
    return ok;
}

void dv_source_forget(dv_source *s, const void *data, size_t size)
{
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < s->n_files; i++)
        if (s->files[i].path)
            dv_file_forget(&s->files[i].file, data, size);
    pthread_mutex_unlock(&s->lock);
}
