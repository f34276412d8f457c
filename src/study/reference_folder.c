#include "study/reference_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- what is there ---------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of all files that references consist of, sorted; the caller frees the list. */
static const char **list_own(const dv_references *r, size_t *n, dv_error *err)
{
    const char **own = calloc(2 * (size_t)r->n_units + (size_t)r->n_images + 1, sizeof *own);
    if (!own) {
        dv_fail(err, DV_NO_MEMORY, "no memory for %d names", r->n_units);
        return NULL;
    }
    *n = 0;
    own[(*n)++] = DV_MANIFEST;
    for (int i = 0; i < r->n_units; i++) {
        own[(*n)++] = r->units[i].array;
        if (r->units[i].picture)
            own[(*n)++] = r->units[i].picture;
    }
    for (int i = 0; i < r->n_images; i++)
        if (r->images[i].copied)
            own[(*n)++] = r->images[i].file;
    qsort(own, *n, sizeof *own, by_text);
    return own;
}

/* Whether `folder` holds nothing but what is in the list; below: "", or "images/". Without a list:
 * whether it is empty. */
static bool holds_only(const char *folder, const char *below, const char **own, size_t n,
                       dv_error *err)
{
    char *path = dv_joined(folder, below, err), name[600];
    DIR *d = path ? opendir(path) : NULL;
    bool ok = d != NULL;
    if (path && !d)
        dv_fail(err, DV_IO, "%s: %s", folder, strerror(errno));
    for (struct dirent *e; ok && (e = readdir(d));) {
        const char *key = name;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(name, sizeof name, "%s%s", below, e->d_name);
        if (own && !below[0] && strcmp(name, "images") == 0)
            ok = holds_only(folder, "images/", own, n, err);
        else if (!own || !bsearch(&key, own, n, sizeof *own, by_text))
            ok = dv_fail(err, DV_BAD_USAGE, "%s: holds '%s', which is not of references", folder,
                         name);
    }
    if (d)
        closedir(d);
    free(path);
    return ok;
}

bool dv_reference_folder_check(const char *folder, bool replace, dv_error *err)
{
    dv_references old;
    size_t n;
    if (!dv_folder_exists(folder))
        return !dv_file_exists(folder) ||
               dv_fail(err, DV_BAD_USAGE, "%s: is a file, a folder is needed", folder);
    if (holds_only(folder, "", NULL, 0, NULL))
        return true;
    char *manifest = dv_joined(folder, DV_MANIFEST, err);
    bool has_manifest = manifest && dv_file_exists(manifest);
    free(manifest);
    if (!replace || !has_manifest)
        return dv_fail(err, DV_BAD_USAGE, "%s: %s", folder,
                       has_manifest ? "holds references; --update replaces them"
                                    : "is not empty, and what it holds are not references");
    if (!dv_references_read(&old, folder, err))
        return false;
    const char **own = list_own(&old, &n, err);
    bool ok = own && holds_only(folder, "", own, n, err);
    free(own);
    dv_references_free(&old);
    return ok;
}

/* -- names ------------------------------------------------------------------------------------ */

static char safe(char c)
{
    const bool kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '.';
    if (kept)
        return c;
    return '_';
}

const char *dv_reference_name(dv_arena *a, const char *folder, const char *stem,
                              const char *extension, dv_error *err)
{
    char name[200] = "";
    for (int i = 1; i <= DV_REFERENCE_MAX_UNITS; i++) {
        size_t n = 0;
        for (; n < 150 && stem[n]; n++)
            name[n] = safe(stem[n]);
        if (name[0] == '.')
            name[0] = '_';
        if (i == 1)
            snprintf(name + n, sizeof name - n, "%s", extension);
        else
            snprintf(name + n, sizeof name - n, "~%d%s", i, extension);
        char *path = dv_joined(folder, name, err);
        bool taken = path && dv_file_exists(path);
        free(path);
        if (!path)
            return NULL;
        if (!taken)
            return dv_arena_text(a, name, strlen(name), err);
    }
    dv_fail(err, DV_UNSUPPORTED, "too many files are called '%.100s'", stem);
    return NULL;
}

const char *dv_reference_stem(const char *path, char to[64])
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    snprintf(to, 64, "%s", name);
    char *dot = strrchr(to, '.');
    if (dot && dot != to)
        *dot = '\0';
    return to;
}
