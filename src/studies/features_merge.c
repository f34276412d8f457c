/* features_merge.c - the features of all shards as those of one run. */
#include "deconvviz/features.h"

#include "base/file.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/locked.h"
#include "studies/features_file.h"
#include "tensor/npy.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_SHARDS = 1024 };

typedef struct shard {
    const char *path;
    int number;
    int32_t rows, values;
    dv_file texts, npy; /* npy is mapped */
    size_t header;      /* bytes of it before the rows */
    const char *line;   /* of texts that comes next */
    int32_t row;        /* likewise */
    cJSON *about;
    const cJSON *skip; /* likewise, of its list; NULL: none is left */
} shard;

typedef struct merger {
    int n;
    shard *shards;          /* (n) */
    shard **by_number;      /* (n) */
    int32_t count;          /* images of the list */
    dv_text texts, skipped; /* of the result: its lines, and the elements of a list */
} merger;

/* -- reading ---------------------------------------------------------------------------------- */

static bool read_beside(dv_file *f, const char *path, const char *extension, dv_error *err)
{
    char *name = dv_features_beside(path, extension, err);
    const bool ok = name && dv_file_read(f, name, DV_FILE_MAX_READ, err);
    free(name);
    return ok;
}

static bool read_about(shard *s, int n, int32_t *count, dv_error *err)
{
    dv_file f = { 0 };
    int64_t part[2], npy[2], images;
    const cJSON *list = NULL;
    int skips;
    if (!read_beside(&f, s->path, ".json", err))
        return false;
    s->about = dv_json_parse(f.data, f.size, DV_JSON_MAX_VALUES, err);
    dv_file_unmap(&f);
    if (!s->about ||
        !dv_json_check_format(s->about, "deconvviz features", 1,
                              "what is beside it says of no "
                              "features",
                              err) ||
        !dv_json_get_ints(s->about, "shard", 1, MOST_SHARDS, 2, part, err) ||
        !dv_json_get_ints(s->about, "npy", 0, INT32_MAX, 2, npy, err) ||
        !dv_json_int(dv_json_get(dv_json_get(s->about, "images"), "count"), "\"count\"", 0,
                     INT32_MAX, &images, err) ||
        !dv_json_get_list(s->about, "skipped", 0, INT32_MAX, &list, &skips, err))
        return dv_fail_in(err, "%s", s->path);
    if (part[1] != n)
        return dv_fail(err, DV_BAD_USAGE, "%s is shard %d of %d, and %d are given", s->path,
                       (int)part[0], (int)part[1], n);
    s->number = (int)part[0];
    s->rows = (int32_t)npy[0];
    s->values = (int32_t)npy[1];
    s->skip = list->child;
    *count = (int32_t)images;
    return true;
}

/* Rows that are what the description says. */
static bool map_rows(shard *s, dv_error *err)
{
    char header[DV_NPY_HEADER_MAX];
    const dv_shape shape = { 2, { s->rows, s->values } };
    s->header = dv_npy_header(&shape, header);
    const size_t bytes = (size_t)s->rows * (size_t)s->values * sizeof(float);
    return dv_file_map(&s->npy, s->path, err) &&
           ((s->npy.size == s->header + bytes && memcmp(s->npy.data, header, s->header) == 0) ||
            dv_fail(err, DV_BAD_DATA, "%s: not the %d rows of %d values that its .json says",
                    s->path, (int)s->rows, (int)s->values));
}

static bool read_shard(merger *g, int i, const char *path, dv_error *err)
{
    static const char *const own[] = { "shard", "npy", "skipped", "program", NULL };
    shard *s = &g->shards[i];
    int32_t count = 0;
    s->path = path;
    if (!read_about(s, g->n, &count, err) || !map_rows(s, err) ||
        !read_beside(&s->texts, path, ".txt", err))
        return false;
    s->line = (const char *)s->texts.data;
    if (s->number < 1 || s->number > g->n || g->by_number[s->number - 1])
        return dv_fail(err, DV_BAD_USAGE, "%s: shard %d is given twice, or is none of %d", path,
                       s->number, g->n);
    g->by_number[s->number - 1] = s;
    const char *what = i > 0 ? dv_features_differing(g->shards[0].about, s->about, own) : NULL;
    if (what)
        return dv_fail(err, DV_BAD_USAGE, "%s and %s are of different runs: other \"%s\"",
                       g->shards[0].path, path, what);
    g->count = count;
    return true;
}

/* -- putting together ------------------------------------------------------------------------- */

/* A value as the program writes it; `each`: before the elements of a list. */
static void write_value(dv_json *w, const char *key, const cJSON *v, const char *each)
{
    if (cJSON_IsString(v)) {
        dv_json_put_text(w, key, v->valuestring);
    } else if (cJSON_IsBool(v)) {
        dv_json_put_bool(w, key, cJSON_IsTrue(v));
    } else if (cJSON_IsNumber(v) && dv_json_is_whole(v)) {
        dv_json_put_int(w, key, (int64_t)v->valuedouble);
    } else if (cJSON_IsNumber(v)) {
        dv_json_put_float(w, key, (float)v->valuedouble);
    } else if (cJSON_IsObject(v) || cJSON_IsArray(v)) {
        if (key && strcmp(key, "parts") == 0)
            each = "\n "; /* as dv_identity_write has them */
        (cJSON_IsObject(v) ? dv_json_object : dv_json_list)(w, key);
        for (const cJSON *child = v->child; child && w->depth < DV_JSON_MAX_DEPTH;
             child = child->next) {
            dv_json_space(w, each);
            write_value(w, child->string, child, NULL);
        }
        dv_json_end(w);
    } else {
        dv_json_put_null(w, key);
    }
}

/* Whether the shard has no row of an image; then it is listed. */
static bool take_skip(merger *g, shard *s, int32_t image)
{
    const cJSON *number = s->skip ? s->skip->child : NULL;
    if (!cJSON_IsNumber(number) || number->valuedouble != (double)image)
        return false;
    dv_json w = { .to = &g->skipped, .behind = g->skipped.size > 0, .space = "\n" };
    write_value(&w, NULL, s->skip, NULL);
    s->skip = s->skip->next;
    return true;
}

static bool take_row(merger *g, shard *s, int fd, int64_t *at, dv_error *err)
{
    const size_t row = (size_t)s->values * sizeof(float);
    const char *end = (const char *)s->texts.data + s->texts.size;
    const char *eol = memchr(s->line, '\n', (size_t)(end - s->line));
    if (!eol || s->row == s->rows)
        return dv_fail(err, DV_BAD_DATA, "%s: fewer rows than images", s->path);
    dv_text_add(&g->texts, s->line, (size_t)(eol + 1 - s->line));
    const int problem = dv_write_at(fd, s->npy.data + s->header + (size_t)s->row * row, row, *at);
    s->line = eol + 1;
    s->row++;
    *at += (int64_t)row;
    return !problem || dv_fail(err, dv_file_code(problem), "cannot write: %s", strerror(problem));
}

static bool merge_rows(merger *g, dv_features_file *f, dv_error *err)
{
    int64_t at = (int64_t)g->shards[0].header;
    for (int32_t image = 0; image < g->count; image++) {
        shard *s = g->by_number[image % g->n];
        if (take_skip(g, s, image))
            continue;
        if (!take_row(g, s, f->rows_fd, &at, err))
            return false;
        f->rows++;
    }
    return true;
}

/* The description of the first shard, made that of all; "skipped" is its last member. */
static bool describe(const merger *g, int32_t rows, dv_text *to, dv_error *err)
{
    static const char *const first_line[] = { "format", "version", "program", NULL };
    const cJSON *member = NULL;
    dv_json w = { .to = to };
    dv_json_object(&w, NULL);
    cJSON_ArrayForEach(member, g->shards[0].about)
    {
        const char *key = member->string;
        bool first = false;
        for (int i = 0; first_line[i]; i++)
            first = first || strcmp(key, first_line[i]) == 0;
        dv_json_space(&w, first ? NULL : "\n");
        if (strcmp(key, "shard") == 0) {
            dv_json_put_ints(&w, key, (const int32_t[]){ 1, 1 }, 2);
        } else if (strcmp(key, "npy") == 0) {
            dv_json_put_ints(&w, key, (const int32_t[]){ rows, g->shards[0].values }, 2);
        } else if (strcmp(key, "skipped") == 0) {
            dv_json_list(&w, key);
            dv_text_add(to, g->skipped.data, g->skipped.size);
            dv_json_end(&w);
        } else {
            write_value(&w, key, member, strcmp(key, "layers") == 0 ? "\n" : NULL);
        }
    }
    dv_json_end(&w);
    dv_json_line(&w);
    return dv_text_ok(to, "what features are of", err);
}

static bool merge(merger *g, const char *const *paths, const char *output,
                  dv_features_result *result, dv_error *err)
{
    dv_features_file f = { .rows_fd = -1, .journal_fd = -1 };
    dv_text about = { 0 };
    for (int i = 0; i < g->n; i++)
        if (!read_shard(g, i, paths[i], err))
            return false;
    const size_t values = (size_t)g->shards[0].values;
    const bool ok = dv_features_open(&f, output, values, NULL, err) && merge_rows(g, &f, err) &&
                    dv_text_ok(&g->texts, "the names of the rows", err) &&
                    dv_text_ok(&g->skipped, "what was skipped", err) &&
                    describe(g, f.rows, &about, err) &&
                    dv_features_finish(&f, &g->texts, &about, err);
    *result = (dv_features_result){ .rows = f.rows,
                                    .skipped = g->count - f.rows,
                                    .values = (int64_t)values };
    dv_features_close(&f);
    free(about.data);
    return ok;
}

bool dv_features_merge(int n, const char *const *shards, const char *output,
                       dv_features_result *result, dv_error *err)
{
    if (n < 1 || n > MOST_SHARDS)
        return dv_fail(err, DV_BAD_USAGE, "%d shards: 1 to %d are possible", n, MOST_SHARDS);
    merger g = { .n = n,
                 .shards = calloc((size_t)n, sizeof *g.shards),
                 .by_number = calloc((size_t)n, sizeof *g.by_number) };
    const bool ok = g.shards && g.by_number
                        ? merge(&g, shards, output, result, err)
                        : dv_fail(err, DV_NO_MEMORY, "no memory for %d shards", n);
    for (int i = 0; g.shards && i < n; i++) {
        dv_file_unmap(&g.shards[i].texts);
        dv_file_unmap(&g.shards[i].npy);
        cJSON_Delete(g.shards[i].about);
    }
    free(g.shards);
    free(g.by_number);
    free(g.texts.data);
    free(g.skipped.data);
    return ok;
}
