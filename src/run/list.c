#include "deconvviz/list.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { MAX_DEPTH = 64 }; /* of folders in a folder */

void dv_list_free(dv_list *l)
{
    free(l->text);
    free(l->at);
    *l = (dv_list){ 0 };
}

static bool make_room(dv_list *l, size_t bytes)
{
    if (l->count == l->max) {
        int32_t max = l->max < (INT32_MAX - 256) / 2 ? 2 * l->max + 256 : INT32_MAX;
        size_t *at = max > l->max ? realloc(l->at, (size_t)max * sizeof *at) : NULL;
        if (!at)
            return false;
        l->at = at;
        l->max = max;
    }
    if (l->room - l->size < bytes) {
        size_t room = 2 * l->room + bytes + 4096;
        char *text = realloc(l->text, room);
        if (!text)
            return false;
        l->text = text;
        l->room = room;
    }
    return true;
}

static bool add_path(dv_list *l, const char *path, size_t n, dv_error *err)
{
    if (!make_room(l, n + 1))
        return dv_fail(err, DV_NO_MEMORY, "no memory for a list of more than %d images",
                       (int)l->count);
    memcpy(l->text + l->size, path, n);
    l->text[l->size + n] = '\0';
    l->at[l->count++] = l->size;
    l->size += n + 1;
    return true;
}

const char *dv_list_path(const dv_list *l, int32_t i)
{
    return l->text + l->at[i];
}

/* -- folders ---------------------------------------------------------------------------------- */

/* What is still to be looked at, the next one last; and the folders that lead to it. */
typedef struct pending {
    char *path; /* owned */
    int depth;  /* of folders above it */
} pending;

typedef struct walk {
    pending *stack;
    size_t n, room;
    struct {
        dev_t dev;
        ino_t ino;
    } above[MAX_DEPTH];
} walk;

static bool push(walk *w, const char *folder, const char *name, int depth)
{
    if (w->n == w->room) {
        size_t room = 2 * w->room + 64;
        pending *grown = realloc(w->stack, room * sizeof *grown);
        if (!grown)
            return false;
        w->stack = grown;
        w->room = room;
    }
    size_t n = strlen(folder), m = strlen(name);
    bool slash = n > 0 && m > 0 && folder[n - 1] != '/';
    char *path = malloc(n + slash + m + 1);
    if (!path)
        return false;
    snprintf(path, n + slash + m + 1, "%s%s%s", folder, slash ? "/" : "", name);
    pending *p = &w->stack[w->n++];
    p->path = path;
    p->depth = depth;
    return true;
}

static bool is_image_name(const char *path)
{
    static const char *const endings[] = { "jpg", "jpeg", "png", "bmp", "gif",
                                           "tga", "psd",  "pnm", "ppm", "pgm" };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof endings[0]; i++)
        if (strcasecmp(dot + 1, endings[i]) == 0)
            return true;
    return false;
}

static int last_first(const void *a, const void *b)
{
    return strcmp(((const pending *)b)->path, ((const pending *)a)->path);
}

/* Puts the entries of a folder on the stack. False with errno set. */
static bool open_folder(walk *w, const char *path, int depth)
{
    DIR *dir = opendir(path);
    if (!dir)
        return false;
    size_t first = w->n;
    bool room = true;
    const struct dirent *e;
    while (room && (errno = 0, e = readdir(dir)))
        if (e->d_name[0] != '.')
            room = push(w, path, e->d_name, depth + 1);
    int problem = room ? errno : ENOMEM;
    closedir(dir);
    if (!problem && w->n > first)
        qsort(w->stack + first, w->n - first, sizeof *w->stack, last_first);
    errno = problem;
    return !problem;
}

static bool is_above(const walk *w, const struct stat *st, int depth)
{
    for (int i = 0; i < depth; i++)
        if (w->above[i].dev == st->st_dev && w->above[i].ino == st->st_ino)
            return true;
    return false;
}

static bool look_at(walk *w, dv_list *l, pending p, dv_error *err)
{
    struct stat st;
    bool there = stat(p.path, &st) == 0;
    if (!there || !S_ISDIR(st.st_mode)) {
        bool wanted = p.depth == 0 || is_image_name(p.path);
        return !wanted || add_path(l, p.path, strlen(p.path), err);
    }
    if (is_above(w, &st, p.depth))
        return true; /* a link back */
    if (p.depth < MAX_DEPTH) {
        w->above[p.depth].dev = st.st_dev;
        w->above[p.depth].ino = st.st_ino;
        if (open_folder(w, p.path, p.depth))
            return true;
        if (errno == ENOMEM)
            return dv_fail(err, DV_NO_MEMORY, "%s: no memory for its list of files", p.path);
    }
    return add_path(l, p.path, strlen(p.path), err);
}

bool dv_list_add(dv_list *l, const char *path, dv_error *err)
{
    walk w = { 0 };
    int32_t before = l->count;
    bool ok = push(&w, path, "", 0) || dv_fail(err, DV_NO_MEMORY, "%s: out of memory", path);
    while (ok && w.n > 0) {
        pending p = w.stack[--w.n];
        ok = look_at(&w, l, p, err);
        free(p.path);
    }
    for (size_t i = 0; i < w.n; i++)
        free(w.stack[i].path);
    free(w.stack);
    if (ok && l->count == before)
        return dv_fail(err, DV_BAD_USAGE, "%s: no images in this folder", path);
    return ok;
}

/* -- lists ------------------------------------------------------------------------------------ */

bool dv_list_add_lines(dv_list *l, const char *path, dv_error *err)
{
    dv_file f;
    if (!dv_file_read(&f, strcmp(path, "-") == 0 ? "/dev/stdin" : path, DV_FILE_MAX_READ, err))
        return false;
    bool ok = true;
    const char *at = (const char *)f.data, *end = at + f.size;
    while (ok && at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((newline ? newline : end) - at), kept = n;
        if (kept > 0 && at[kept - 1] == '\r')
            kept--;
        if (memchr(at, '\0', kept))
            ok = dv_fail(err, DV_BAD_DATA, "%s: not a list of paths: it holds a NUL", path);
        else if (kept > 0)
            ok = add_path(l, at, kept, err);
        at += n + (newline != NULL);
    }
    dv_file_unmap(&f);
    return ok;
}

void dv_list_digest(const dv_list *l, char digest[DV_DIGEST_TEXT_MAX])
{
    char block[DV_DIGEST_TEXT_MAX + 4096], own[DV_DIGEST_TEXT_MAX];
    for (int32_t i = 0; i < l->count; i++) {
        const char *path = dv_list_path(l, i);
        if (strlen(path) > 4000) { /* longer than the system takes: its own digest instead */
            dv_sha256(path, strlen(path), own);
            path = own;
        }
        int n = snprintf(block, sizeof block, "%s\n%s", digest, path);
        dv_sha256(block, (size_t)n, digest);
    }
}
