#include "base/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *joined(dv_arena *a, const char *first, size_t n, const char *then, dv_error *err)
{
    size_t m = strlen(then);
    char *text = dv_arena_alloc(a, n + m + 1, err);
    if (text) {
        memcpy(text, first, n);
        memcpy(text + n, then, m + 1);
    }
    return text;
}

const char *dv_folder_of(dv_arena *a, const char *path, dv_error *err)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return ".";
    return joined(a, path, slash == path ? 1 : (size_t)(slash - path), "", err);
}

const char *dv_path_in(dv_arena *a, const char *folder, const char *name, dv_error *err)
{
    const char *begin = joined(a, folder, strlen(folder), "/", err);
    return begin ? joined(a, begin, strlen(begin), name, err) : NULL;
}

const char *dv_path_with(dv_arena *a, const char *path, const char *extension, dv_error *err)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    size_t n = dot && dot > name ? (size_t)(dot - path) : strlen(path);
    return joined(a, path, n, extension, err);
}

/* -- owned by the caller ---------------------------------------------------------------------- */

char *dv_path_join(const char *folder, const char *name, dv_error *err)
{
    size_t n = strlen(folder), m = strlen(name);
    char *path = malloc(n + m + 2);
    if (!path) {
        dv_fail(err, DV_NO_MEMORY, "no memory for a path");
        return NULL;
    }
    snprintf(path, n + m + 2, "%s%s%s", folder, n > 0 && folder[n - 1] != '/' ? "/" : "", name);
    return path;
}

char *dv_path_below(const char *root, const char *name, dv_error *err)
{
    const bool whole = name[0] == '/' || !root;
    return dv_path_join(whole ? "" : root, name, err);
}
