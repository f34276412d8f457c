#include "study/reference_folder.h"

#include "base/word.h"

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

const char *dv_reference_name(dv_arena *a, const char *folder, const char *stem,
                              const char *extension, dv_error *err)
{
    char name[200];
    for (int i = 1; i <= DV_REFERENCE_MAX_UNITS; i++) {
        if (i == 1)
            snprintf(name, sizeof name, "%.150s%s", stem, extension);
        else
            snprintf(name, sizeof name, "%.150s~%d%s", stem, i, extension);
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

/* A word that was made before is taken for what it is: references that are recorded anew from their
 * own copies keep their names. */
static void make_word(const char *name, char to[DV_REFERENCE_STEM_MAX])
{
    if (strlen(name) < DV_REFERENCE_STEM_MAX && dv_is_word(name))
        snprintf(to, DV_REFERENCE_STEM_MAX, "%s", name);
    else
        dv_word(name, to, DV_REFERENCE_STEM_MAX);
}

/* Whether it is one of a few letters and digits. */
static bool is_extension(const char *dot)
{
    size_t n = strlen(dot + 1);
    return n > 0 && n < 7 && !strchr(dot, '~') && dv_is_word(dot + 1);
}

const char *dv_reference_stem(const char *path, char to[DV_REFERENCE_STEM_MAX],
                              const char **extension, dv_error *err)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    bool split = dot && dot != name && is_extension(dot);
    char *stem = strndup(name, split ? (size_t)(dot - name) : strlen(name));
    *extension = split ? dot : "";
    if (!stem) {
        dv_fail(err, DV_NO_MEMORY, "no memory for a name");
        return NULL;
    }
    make_word(stem, to);
    free(stem);
    return to;
}
