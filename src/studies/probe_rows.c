/* probe_rows.c - what dv_features has written. */
#include "base/json.h"
#include "studies/features_file.h"
#include "studies/probe_parts.h"
#include "tensor/npy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LAYERS = 4096 };

static bool read_values(dv_probe_rows *d, dv_error *err)
{
    dv_array a;
    if (!dv_file_map(&d->npy, d->path, err))
        return false;
    if (!dv_npy_parse(&a, d->npy.data, d->npy.size, err))
        return dv_fail_in(err, "%s", d->path);
    d->values = dv_array_floats(&a);
    if (!d->values || a.shape.rank != 2 || a.shape.dim[0] < 1 || a.shape.dim[1] < 1)
        return dv_fail(err, DV_BAD_DATA, "%s: not float32 (images, values), as features are",
                       d->path);
    d->n = a.shape.dim[0];
    d->width = (size_t)a.shape.dim[1];
    return true;
}

/* -- images and classes ----------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The line's path and, behind a tab, its class. */
static bool take_line(dv_probe_rows *d, const char *line, size_t size, const char **class_of,
                      int32_t row, dv_error *err)
{
    const char *tab = memchr(line, '\t', size);
    const size_t path = tab ? (size_t)(tab - line) : size;
    *class_of = NULL;
    if (tab && size > path + 1 &&
        !(*class_of = dv_arena_text(&d->arena, tab + 1, size - path - 1, err)))
        return false;
    return (d->images[row] = dv_arena_text(&d->arena, line, path, err));
}

/* Numbers the classes. words: (n) of the rows, or NULL. */
static bool number_classes(dv_probe_rows *d, const char *const *words, dv_error *err)
{
    const char **all = dv_arena_array(&d->arena, (size_t)d->n, sizeof *all, err);
    int n = 0;
    if (!all)
        return false;
    for (int32_t i = 0; i < d->n; i++)
        if (words[i])
            all[n++] = words[i];
    qsort(all, (size_t)n, sizeof *all, by_text);
    for (int i = 0; i < n; i++)
        if (i == 0 || strcmp(all[i], all[d->n_classes - 1]) != 0)
            all[d->n_classes++] = all[i];
    d->classes = all;
    for (int32_t i = 0; i < d->n; i++) {
        const char **at =
            words[i] ? bsearch(&words[i], all, (size_t)d->n_classes, sizeof *all, by_text) : NULL;
        d->class_of[i] = at ? (int32_t)(at - all) : -1;
    }
    return true;
}

static bool read_lines(dv_probe_rows *d, const dv_file *f, dv_error *err)
{
    const char *at = (const char *)f->data, *end = at + f->size;
    const char **words = dv_arena_array(&d->arena, (size_t)d->n, sizeof *words, err);
    d->images = dv_arena_array(&d->arena, (size_t)d->n, sizeof *d->images, err);
    d->class_of = dv_arena_array(&d->arena, (size_t)d->n, sizeof *d->class_of, err);
    if (!words || !d->images || !d->class_of)
        return false;
    int64_t lines = 0;
    for (; at < end; lines++) {
        const char *eol = memchr(at, '\n', (size_t)(end - at));
        const size_t size = (size_t)((eol ? eol : end) - at);
        if (lines < d->n && !take_line(d, at, size, &words[lines], (int32_t)lines, err))
            return false;
        at += size + 1;
    }
    if (lines != d->n)
        return dv_fail(err, DV_BAD_DATA, "%s has %d rows, and the .txt beside it %lld lines",
                       d->path, (int)d->n, (long long)lines);
    return number_classes(d, words, err);
}

/* -- layers ----------------------------------------------------------------------------------- */

static bool wanted(const dv_probe_options *o, const char *name)
{
    for (int i = 0; i < o->n_layers; i++)
        if (strcmp(o->layers[i], name) == 0)
            return true;
    return o->n_layers == 0;
}

static bool take_layer(dv_probe_rows *d, const cJSON *item, const dv_probe_options *o,
                       dv_error *err)
{
    dv_probe_layer l = { 0 };
    int64_t first, count;
    if (!dv_json_get_text(item, "layer", &d->arena, &l.name, err) ||
        !dv_json_int(dv_json_get(item, "first"), "\"first\"", 0, INT32_MAX, &first, err) ||
        !dv_json_int(dv_json_get(item, "count"), "\"count\"", 1, INT32_MAX - 2, &count, err))
        return false;
    if ((uint64_t)first + (uint64_t)count > d->width)
        return dv_fail(err, DV_BAD_DATA, "layer %s has values %lld to %lld: there are %zu", l.name,
                       (long long)first, (long long)(first + count - 1), d->width);
    l.first = (size_t)first;
    l.count = (size_t)count;
    if (wanted(o, l.name))
        d->layers[d->n_layers++] = l;
    return true;
}

static bool take_about(dv_probe_rows *d, const cJSON *about, const dv_probe_options *o,
                       dv_error *err)
{
    const cJSON *list = NULL, *item = NULL;
    const cJSON *model = dv_json_get(about, "model");
    int n = 0;
    if (!dv_json_check_format(about, "deconvviz features", 1, "it says of no features", err) ||
        !dv_json_get_text(model, "name", &d->arena, &d->model, err) ||
        !dv_json_get_text(model, "sha256", &d->arena, &d->digest, err) ||
        !dv_json_get_list(about, "layers", 1, MOST_LAYERS, &list, &n, err) ||
        !(d->layers = dv_arena_array(&d->arena, (size_t)n, sizeof *d->layers, err)))
        return false;
    cJSON_ArrayForEach(item, list) if (!take_layer(d, item, o, err)) return false;
    return true;
}

static bool read_about(dv_probe_rows *d, const char *path, const dv_probe_options *o, dv_error *err)
{
    dv_file f = { 0 };
    if (!dv_file_exists(path)) {
        d->layers = dv_arena_array(&d->arena, 1, sizeof *d->layers, err);
        if (!d->layers)
            return false;
        if (wanted(o, "all"))
            d->layers[d->n_layers++] = (dv_probe_layer){ "all", 0, d->width };
        return true;
    }
    if (!dv_file_read(&f, path, DV_FILE_MAX_READ, err))
        return false;
    cJSON *about = dv_json_parse(f.data, f.size, DV_JSON_MAX_VALUES, err);
    dv_file_unmap(&f);
    const bool ok = about && take_about(d, about, o, err);
    cJSON_Delete(about);
    return ok || dv_fail_in(err, "%s", path);
}

static bool check_layers(const dv_probe_rows *d, const dv_probe_options *o, dv_error *err)
{
    for (int i = 0; i < o->n_layers; i++) {
        bool found = false;
        for (int k = 0; k < d->n_layers; k++)
            found = found || strcmp(d->layers[k].name, o->layers[i]) == 0;
        if (!found)
            return dv_fail(err, DV_BAD_USAGE, "%s has no layer '%s'", d->path, o->layers[i]);
    }
    for (int k = 0; k < d->n_layers; k++)
        for (int32_t i = 0; i < d->n; i++) {
            const float *v = dv_probe_row(d, &d->layers[k], i);
            for (size_t j = 0; j < d->layers[k].count; j++)
                if (!isfinite(v[j]))
                    return dv_fail(err, DV_BAD_DATA, "%s: row %d (%s) is not finite in layer %s",
                                   d->path, (int)i, d->images[i], d->layers[k].name);
        }
    return true;
}

/* -- all of it -------------------------------------------------------------------------------- */

bool dv_probe_rows_read(dv_probe_rows *d, const char *path, const dv_probe_options *o,
                        dv_error *err)
{
    dv_file f = { 0 };
    d->path = path;
    char *lines = dv_features_beside(path, ".txt", err);
    char *about = lines ? dv_features_beside(path, ".json", err) : NULL;
    const bool ok = about && read_values(d, err) &&
                    dv_file_read(&f, lines, DV_FILE_MAX_READ, err) && read_lines(d, &f, err) &&
                    read_about(d, about, o, err) && check_layers(d, o, err);
    dv_file_unmap(&f);
    free(lines);
    free(about);
    return ok;
}

void dv_probe_rows_free(dv_probe_rows *d)
{
    dv_file_unmap(&d->npy);
    dv_arena_release(&d->arena);
    *d = (dv_probe_rows){ 0 };
}
