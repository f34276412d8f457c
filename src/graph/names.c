#include "graph/names.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct entry {
    const char *name; /* NULL: free */
    int number;
} entry;

struct dv_names {
    size_t n, size; /* size is a power of two, at most half full */
    entry *entries;
};

/* FNV-1a. */
static size_t hash(const char *name)
{
    uint64_t h = 14695981039346656037u;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 1099511628211u;
    return (size_t)(h ^ h >> 32);
}

/* Where `name` is, or the free place where it would be. */
static entry *place(const dv_names *t, const char *name)
{
    size_t i = hash(name) & (t->size - 1);
    while (t->entries[i].name && strcmp(t->entries[i].name, name) != 0)
        i = (i + 1) & (t->size - 1);
    return &t->entries[i];
}

dv_names *dv_names_new(dv_error *err)
{
    dv_names *t = calloc(1, sizeof *t);
    if (t) {
        t->size = 256;
        t->entries = calloc(t->size, sizeof *t->entries);
    }
    if (!t || !t->entries) {
        free(t);
        dv_fail(err, DV_NO_MEMORY, "no memory for a table of names");
        return NULL;
    }
    return t;
}

void dv_names_free(dv_names *t)
{
    if (t)
        free(t->entries);
    free(t);
}

int dv_names_find(const dv_names *t, const char *name)
{
    const entry *e = place(t, name);
    return e->name ? e->number : -1;
}

static bool grow(dv_names *t, dv_error *err)
{
    dv_names bigger = { .n = t->n, .size = t->size * 2 };
    bigger.entries = calloc(bigger.size, sizeof *bigger.entries);
    if (!bigger.entries)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %zu names", bigger.size);
    for (size_t i = 0; i < t->size; i++)
        if (t->entries[i].name)
            *place(&bigger, t->entries[i].name) = t->entries[i];
    free(t->entries);
    *t = bigger;
    return true;
}

bool dv_names_add(dv_names *t, const char *name, int number, dv_error *err)
{
    if (2 * (t->n + 1) > t->size && !grow(t, err))
        return false;
    *place(t, name) = (entry){ name, number };
    t->n++;
    return true;
}
