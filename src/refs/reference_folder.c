#include "refs/reference_folder.h"

#include "base/folder.h"
#include "base/guard.h"
#include "base/temporary.h"
#include "base/word.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
    char *path = dv_path_join(folder, below, err), name[600];
    DIR *d = path ? opendir(path) : NULL;
    bool ok = d != NULL;
    if (path && !d)
        dv_fail(err, dv_file_code(errno), "%s: %s", folder, strerror(errno));
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

static bool find_manifest(const char *folder, bool *has, dv_error *err)
{
    char *manifest = dv_path_join(folder, DV_MANIFEST, err);
    const bool ok = manifest != NULL;
    *has = ok && dv_file_exists(manifest);
    free(manifest);
    return ok;
}

/* The copies of images go with the references that they are of. */
static bool spares_inputs(const dv_references *r, const char *folder, dv_error *err)
{
    bool ok = true;
    for (int i = 0; ok && i < r->n_images; i++) {
        char *path = r->images[i].copied ? dv_path_join(folder, r->images[i].file, err) : NULL;
        ok = !r->images[i].copied || (path && dv_guard_allows(path, err));
        free(path);
    }
    return ok;
}

bool dv_reference_folder_check(const char *folder, bool replace, bool copy, dv_error *err)
{
    dv_references old;
    dv_error why;
    size_t n;
    bool has;
    if (!dv_folder_exists(folder))
        return !dv_file_exists(folder) ||
               dv_fail(err, DV_BAD_USAGE, "%s: is a file, a folder is needed", folder);
    if (holds_only(folder, "", NULL, 0, &why))
        return true;
    if (why.code == DV_NO_MEMORY)
        return dv_fail(err, why.code, "%s", why.message);
    if (!find_manifest(folder, &has, err))
        return false;
    if (!replace || !has)
        return dv_fail(err, DV_BAD_USAGE, "%s: %s", folder,
                       has ? "holds references; --update replaces them"
                           : "is not empty, and what it holds are not references");
    if (!dv_references_read(&old, folder, err))
        return false;
    const char **own = list_own(&old, &n, err);
    bool ok =
        own && holds_only(folder, "", own, n, err) && (copy || spares_inputs(&old, folder, err));
    free(own);
    dv_references_free(&old);
    return ok;
}

/* -- the place -------------------------------------------------------------------------------- */

/* Removes what the manifest in a folder lists, where there is one, and the manifest. */
static bool remove_own(const char *folder, dv_error *err)
{
    dv_references r;
    dv_error why;
    size_t n = 0;
    if (!dv_references_read(&r, folder, &why))
        return why.code != DV_NO_MEMORY || dv_fail(err, why.code, "%s", why.message);
    const char **own = list_own(&r, &n, err);
    bool ok = own != NULL;
    for (size_t i = 0; ok && i < n; i++) {
        char *path = dv_path_join(folder, own[i], err);
        ok = path != NULL;
        if (path)
            unlink(path);
        free(path);
    }
    free(own);
    dv_references_free(&r);
    return ok;
}

static bool move_rest(const char *from, const char *to, dv_error *err);

/* Moves one file or folder; one of folders that both hold "images" moves what is in it. */
static bool move_one(const char *from, const char *to, const char *name, dv_error *err)
{
    char *old = dv_path_join(from, name, err), *new = old ? dv_path_join(to, name, err) : NULL;
    struct stat st;
    bool ok = new != NULL;
    if (ok && strcmp(name, "images") == 0 && rmdir(old) == 0)
        ; /* it was empty */
    else if (ok && lstat(new, &st) != 0)
        ok = rename(old, new) == 0 ||
             dv_fail(err, dv_file_code(errno), "%s: %s", new, strerror(errno));
    else if (ok && strcmp(name, "images") == 0 && S_ISDIR(st.st_mode))
        ok = move_rest(old, new, err);
    else if (ok)
        ok = dv_fail(err, DV_IO, "%s came while it was written, and has the name of another", old);
    free(old);
    free(new);
    return ok;
}

/* Moves all that a folder holds to another, and removes it. */
static bool move_rest(const char *from, const char *to, dv_error *err)
{
    bool ok = true;
    DIR *d = opendir(from);
    if (!d)
        return dv_fail(err, dv_file_code(errno), "%s: %s", from, strerror(errno));
    for (struct dirent *e; ok && (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            ok = move_one(from, to, e->d_name, err);
    closedir(d);
    return ok &&
           (rmdir(from) == 0 || dv_fail(err, dv_file_code(errno), "%s: %s", from, strerror(errno)));
}

/* Swaps them, and takes out of the old one what is not of references. */
static bool replace_whole(const char *from, const char *folder, bool *placed, dv_error *err)
{
    if (!dv_folder_swap(from, folder, err))
        return false;
    *placed = true;
    if (!dv_folder_exists(from))
        return true;
    return (remove_own(from, err) || dv_fail_in(err, "%s is left over", from)) &&
           move_rest(from, folder, err);
}

bool dv_reference_folder_replace(const char *from, const char *folder, bool replace, bool *placed,
                                 dv_error *err)
{
    bool has = false;
    *placed = false;
    if (!replace && !find_manifest(folder, &has, err))
        return false;
    if (has)
        return dv_fail(err, DV_BAD_USAGE, "%s: holds references now; --update replaces them",
                       folder);
    if (!dv_folder_sync(from, folder, err))
        return false;
    dv_temporary_hold_end(); /* what others put into it would be lost with the old one */
    bool ok = replace_whole(from, folder, placed, err);
    dv_temporary_let_end();
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
        char *path = dv_path_join(folder, name, err);
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
