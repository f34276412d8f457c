#include "run/outputs.h"

#include "base/file.h"
#include "base/word.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* -- places ----------------------------------------------------------------------------------- */

static bool ends_in(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n > m && strcasecmp(text + n - m, end) == 0;
}

bool dv_place_settle(dv_place *p, const char *option, const char *text, const char *extension,
                     int64_t n_outputs, dv_error *err)
{
    *p = (dv_place){ .folder = "" };
    if (!text)
        return true;
    bool folder = ends_in(text, "/") || dv_folder_exists(text);
    if (!folder && (ends_in(text, extension) || dv_file_exists(text))) {
        p->file = text;
        return n_outputs == 1 || dv_fail(err, DV_BAD_USAGE,
                                         "%s %s is a file, and there are %lld of them: "
                                         "a folder is needed",
                                         option, text, (long long)n_outputs);
    }
    p->folder = text;
    return dv_folder_make(text, err) || dv_fail_in(err, "%s", option);
}

char *dv_place_path(const dv_place *p, const char *stem, const char *what, const char *extension)
{
    if (p->file)
        return strdup(p->file);
    char cut[NAME_MAX + 1];
    const size_t behind = 1 + strlen(what) + strlen(extension);
    if (strlen(stem) + behind > NAME_MAX && behind + DV_WORD_MIN <= NAME_MAX)
        stem = dv_word_marked(stem, cut, NAME_MAX - behind + 1);
    const char *slash =
        p->folder[0] && !ends_in(p->folder, "/") && strcmp(p->folder, "/") != 0 ? "/" : "";
    size_t n = strlen(p->folder) + strlen(stem) + behind + 2;
    char *path = malloc(n);
    if (path)
        snprintf(path, n, "%s%s%s-%s%s", p->folder, slash, stem, what, extension);
    return path;
}

/* -- stems ------------------------------------------------------------------------------------ */

/* An image among the others, while their stems are told apart. */
typedef struct named {
    const char *path;
    char *stem; /* owned */
    int32_t image;
} named;

static int by_stem(const void *a, const void *b)
{
    const named *p = a, *q = b;
    int order = strcmp(p->stem, q->stem);
    return order ? order : strcmp(p->path, q->path);
}

/* Of the last part of a path, up to its last dot. */
static char *short_stem(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    return strndup(name, dot && dot != name ? (size_t)(dot - name) : strlen(name));
}

/* The path as given, '/' replaced, "./" and '/' at its beginning left out. */
static char *long_stem(const char *path)
{
    while (*path == '/' || (path[0] == '.' && path[1] == '/'))
        path++;
    char *stem = strdup(path);
    for (char *c = stem; c && *c; c++)
        if (*c == '/')
            *c = '_';
    return stem;
}

/* The number of names from i on that have the same stem; *same_path: all by the same path. */
static int32_t run_length(const named *names, int32_t count, int32_t i, bool *same_path)
{
    int32_t n = 1;
    *same_path = true;
    for (; i + n < count && strcmp(names[i].stem, names[i + n].stem) == 0; n++)
        *same_path &= strcmp(names[i].path, names[i + n].path) == 0;
    return n;
}

/* The same, marked: no two paths have that in common. */
static char *marked_stem(const char *path)
{
    char word[DV_WORD_MAX];
    return strdup(dv_word_marked(path, word, sizeof word));
}

/* Gives names that different paths share another stem, and sorts them again. */
static bool rename_shared(named *names, int32_t count, char *(*stem_of)(const char *path))
{
    bool same_path;
    for (int32_t i = 0, n; i < count; i += n) {
        n = run_length(names, count, i, &same_path);
        for (int32_t k = i; k < i + n && !same_path; k++) {
            free(names[k].stem);
            names[k].stem = stem_of(names[k].path);
            if (!names[k].stem)
                return false;
        }
    }
    qsort(names, (size_t)count, sizeof *names, by_stem);
    return true;
}

static bool are_distinct(const named *names, int32_t count, dv_error *err)
{
    bool same_path;
    for (int32_t i = 0, n; i < count; i += n) {
        n = run_length(names, count, i, &same_path);
        if (!same_path)
            return dv_fail(err, DV_BAD_USAGE, "%s and %s would write to the same files",
                           names[i].path, names[i + n - 1].path);
    }
    return true;
}

/* Fills names; false: no memory. */
static bool name_images(named *names, const dv_list *images)
{
    for (int32_t i = 0; i < images->count; i++) {
        names[i] = (named){ .path = dv_list_path(images, i), .image = i };
        names[i].stem = short_stem(names[i].path);
        if (!names[i].stem)
            return false;
    }
    qsort(names, (size_t)images->count, sizeof *names, by_stem);
    return rename_shared(names, images->count, long_stem) &&
           rename_shared(names, images->count, marked_stem);
}

char **dv_stems(const dv_list *images, dv_error *err)
{
    named *names = calloc((size_t)images->count + 1, sizeof *names);
    char **stems = calloc((size_t)images->count + 1, sizeof *stems);
    bool ok = names && stems && name_images(names, images);
    if (!ok)
        dv_fail(err, DV_NO_MEMORY, "no memory for the names of %d images", (int)images->count);
    ok = ok && are_distinct(names, images->count, err);
    for (int32_t i = 0; names && i < images->count; i++)
        if (ok)
            stems[names[i].image] = names[i].stem;
        else
            free(names[i].stem);
    free(names);
    if (!ok) {
        free(stems);
        return NULL;
    }
    return stems;
}

void dv_stems_free(char **stems, const dv_list *images)
{
    for (int32_t i = 0; stems && i < images->count; i++)
        free(stems[i]);
    free(stems);
}
