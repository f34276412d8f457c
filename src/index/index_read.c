#include "base/file.h"
#include "base/json.h"
#include "index/index_build.h"
#include "index/sum.h"
#include "run/identity.h"
#include "run/preprocess.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* -- the head --------------------------------------------------------------------------------- */

static bool read_head(dv_index *x, const cJSON *doc, dv_error *err)
{
    const char *program;
    return dv_json_check_format(doc, "deconvviz index", 1, "not an index of deconvviz mine", err) &&
           dv_json_get_string(doc, "program", &program, err) &&
           (x->program = dv_index_keep(x, program, err)) &&
           (dv_identity_read(&x->model, dv_json_get(doc, "model"), x->arena, err) ||
            dv_fail_in(err, "model")) &&
           (dv_preprocess_read(&x->preprocess, dv_json_get(doc, "preprocess"), err) ||
            dv_fail_in(err, "preprocess"));
}

static bool read_options(dv_index *x, const cJSON *doc, dv_error *err)
{
    const cJSON *o = dv_json_get(doc, "options");
    return (dv_json_get_int(o, "k", 1, DV_INDEX_MAX_K, &x->k, err) &&
            dv_json_get_bool(o, "exact", &x->exact, err) &&
            dv_json_get_int(o, "per_image", 1, x->k, &x->per_image, err) &&
            (!dv_json_get(o, "sample") ||
             dv_json_get_int(o, "sample", 0, DV_INDEX_MAX_SAMPLE, &x->sample, err))) ||
           dv_fail_in(err, "options");
}

/* [number, text, text] of a list in ascending order of numbers. */
static bool read_row(const cJSON *row, const char *what, int32_t above, int32_t count,
                     int32_t *image, const char *text[2], dv_error *err)
{
    const cJSON *first = cJSON_IsArray(row) ? row->child : NULL;
    if (!first || cJSON_GetArraySize(row) != 3 || !cJSON_IsString(first->next) ||
        !cJSON_IsString(first->next->next))
        return dv_fail(err, DV_BAD_DATA, "%s: [number, text, text] needed", what);
    int64_t n = 0;
    if (!dv_json_int(first, what, above, (int64_t)count - 1, &n, err))
        return false;
    *image = (int32_t)n;
    text[0] = first->next->valuestring;
    text[1] = first->next->next->valuestring;
    return true;
}

static bool read_reasons(dv_index *x, const cJSON *o, int skipped, dv_error *err)
{
    const int expected = skipped < DV_INDEX_MAX_REASONS ? skipped : DV_INDEX_MAX_REASONS;
    const cJSON *reasons;
    int n;
    int32_t next = 0;
    if (!dv_json_get_list(o, "reasons", 0, INT_MAX, &reasons, &n, err))
        return false;
    if (n != expected)
        return dv_fail(err, DV_BAD_DATA, "\"reasons\" lists %d, of %d images skipped", n, skipped);
    for (const cJSON *row = reasons->child; row; row = row->next) {
        int32_t image = 0;
        const char *text[2] = { "", "" };
        if (!read_row(row, "\"reasons\"", next, x->count, &image, text, err) ||
            !dv_index_add_skip(x, image, text[0], text[1], err))
            return false;
        next = image + 1;
    }
    x->skipped = skipped;
    return true;
}

static bool read_images(dv_index *x, const cJSON *doc, dv_error *err)
{
    const cJSON *o = dv_json_get(doc, "images");
    int skipped;
    if (!dv_json_get_int(o, "count", 0, INT32_MAX, &x->count, err) ||
        !dv_json_get_digest(o, "list", x->list, err) ||
        !dv_json_get_int(o, "read", 0, x->count, &x->read, err) ||
        !dv_json_get_int(o, "skipped", 0, x->count - x->read, &skipped, err) ||
        !read_reasons(x, o, skipped, err))
        return dv_fail_in(err, "images");
    x->done = x->count;
    return !dv_json_get(doc, "done") || dv_json_get_int(doc, "done", 0, x->count, &x->done, err);
}

static bool read_have(dv_index *x, const cJSON *o, dv_error *err)
{
    const cJSON *have;
    int of, n;
    if (!dv_json_get_int(o, "of", 1, DV_INDEX_MAX_SHARDS, &of, err) ||
        !dv_json_get_list(o, "have", 0, INT_MAX, &have, &n, err) ||
        !dv_index_set_shards(x, of, err))
        return false;
    for (const cJSON *k = have->child; k; k = k->next) {
        int64_t shard = 0;
        if (!dv_json_int(k, "\"have\"", 1, of, &shard, err))
            return false;
        x->have[shard - 1] = true;
    }
    return true;
}

static bool read_shards(dv_index *x, const cJSON *doc, dv_error *err)
{
    const cJSON *o = dv_json_get(doc, "shards");
    return !o || read_have(x, o, err) || dv_fail_in(err, "shards");
}

/* -- the layers ------------------------------------------------------------------------------- */

static bool read_histogram(dv_index_unit *u, const cJSON *o, dv_error *err)
{
    static const char what[] = "\"histogram\"";
    const cJSON *list;
    int n;
    int64_t first = 0, sum = 0;
    if (!dv_json_get_list(o, "histogram", 0, 1 + DV_INDEX_BINS, &list, &n, err))
        return false;
    const cJSON *v = list->child;
    if (v && !dv_json_int(v, what, -DV_INDEX_BINS / 2, DV_INDEX_BINS / 2 - 1, &first, err))
        return false;
    int bin = (int)first + DV_INDEX_BINS / 2;
    for (v = v ? v->next : NULL; v; v = v->next, bin++) {
        int64_t images = 0;
        if (bin == DV_INDEX_BINS)
            return dv_fail(err, DV_BAD_DATA, "%s has too many bins: %d from bin %d on", what, n - 1,
                           (int)first);
        if (!dv_json_int(v, what, 0, u->active_images, &images, err))
            return false;
        u->histogram[bin] = (uint32_t)images;
        sum += images;
    }
    return sum == u->active_images ||
           dv_fail(err, DV_BAD_DATA, "%s counts %lld of %lld active images", what, (long long)sum,
                   (long long)u->active_images);
}

static bool read_hit(const dv_index *x, const dv_index_layer *l, const cJSON *row, dv_hit *h,
                     dv_error *err)
{
    if (!cJSON_IsArray(row) || cJSON_GetArraySize(row) != 4)
        return dv_fail(err, DV_BAD_DATA, "a hit is not [value, image, y, x]");
    const cJSON *v = row->child;
    int64_t image = 0, y = 0, c = 0;
    if (!dv_json_float(v, "a hit's value", &h->value, err) ||
        !dv_json_int(v->next, "a hit's image", 0, (int64_t)x->count - 1, &image, err) ||
        !dv_json_int(v->next->next, "a hit's y", 0, l->size[DV_Y] - 1, &y, err) ||
        !dv_json_int(v->next->next->next, "a hit's x", 0, l->size[DV_X] - 1, &c, err))
        return false;
    h->image = (int32_t)image;
    h->y = (int32_t)y;
    h->x = (int32_t)c;
    if (!(h->value > 0))
        return dv_fail(err, DV_BAD_DATA, "a hit's value is %.9g: it must be above 0",
                       (double)h->value);
    return dv_index_file_of(x, h->image) ||
           dv_fail(err, DV_BAD_DATA, "a hit's image is %d, not among the files", (int)h->image);
}

static bool read_hits(const dv_index *x, const dv_index_layer *l, dv_index_unit *u, const cJSON *o,
                      dv_error *err)
{
    const cJSON *list;
    int n;
    if (!dv_json_get_list(o, "hits", 0, x->k, &list, &n, err))
        return false;
    for (const cJSON *row = list->child; row; row = row->next) {
        dv_hit *h = &u->hits[u->n_hits];
        if (!read_hit(x, l, row, h, err))
            return false;
        if (u->n_hits > 0 && dv_hit_compare(h - 1, h) >= 0)
            return dv_fail(err, DV_BAD_DATA, "hits are not in order");
        u->n_hits++;
    }
    return true;
}

static bool read_sample(const dv_index *x, const dv_index_layer *l, dv_index_unit *u,
                        const cJSON *o, dv_error *err)
{
    const cJSON *list;
    int n;
    if (x->sample == 0)
        return true;
    if (!dv_json_get_list(o, "sample", 0, x->sample, &list, &n, err))
        return false;
    if (n != (u->active_images < x->sample ? u->active_images : x->sample))
        return dv_fail(err, DV_BAD_DATA, "\"sample\" lists %d of %lld active images", n,
                       (long long)u->active_images);
    for (const cJSON *row = list->child; row; row = row->next) {
        dv_hit h;
        if (!read_hit(x, l, row, &h, err))
            return false;
        if (u->n_sample > 0 &&
            dv_sample_rank(u->sample[u->n_sample - 1].image) >= dv_sample_rank(h.image))
            return dv_fail(err, DV_BAD_DATA, "\"sample\" is not in order");
        dv_sample_insert(u, x->sample, h);
    }
    return true;
}

static bool read_exact(const dv_index *x, const dv_index_layer *l, dv_index_unit *u, const cJSON *o,
                       dv_error *err)
{
    const int64_t values = (int64_t)x->read * l->size[DV_Y] * l->size[DV_X];
    const cJSON *exact;
    int n;
    if (!dv_json_get_list(o, "exact", 3, 3, &exact, &n, err))
        return false;
    const cJSON *counts = exact->child->next;
    if (!cJSON_IsString(exact->child) || !dv_sum_parse(u->sum, exact->child->valuestring))
        return dv_fail(err, DV_BAD_DATA, "\"exact\" is not [sum, images, positions]");
    return dv_json_int(counts, "\"exact\"", 0, x->read, &u->active_images, err) &&
           dv_json_int(counts->next, "\"exact\"", 0, values, &u->active_positions, err);
}

static bool read_unit(const dv_index *x, const dv_index_layer *l, int channel, const cJSON *o,
                      dv_error *err)
{
    dv_index_unit *u = &l->units[channel];
    int number;
    if (!dv_json_get_int(o, "channel", channel, channel, &number, err) ||
        !read_exact(x, l, u, o, err))
        return false;
    if (x->read == 0 && !cJSON_IsNull(dv_json_get(o, "max")))
        return dv_fail(err, DV_BAD_DATA, "\"max\" of no images is not null");
    if (x->read > 0 && !dv_json_float(dv_json_get(o, "max"), "\"max\"", &u->max, err))
        return false;
    return read_histogram(u, o, err) && read_hits(x, l, u, o, err) && read_sample(x, l, u, o, err);
}

/* All of a layer but its units. */
static bool read_layer(const cJSON *o, dv_index_layer *l, dv_error *err)
{
    int64_t dim[DV_MAX_RANK] = { 0 };
    int rank, n;
    const cJSON *units;
    if (!dv_json_get_string(o, "layer", &l->layer, err) ||
        !dv_json_get_string(o, "name", &l->name, err) ||
        !dv_json_get_string(o, "tensor", &l->tensor, err) ||
        !dv_json_ints(dv_json_get(o, "shape"), "\"shape\"", 1, DV_MAX_ELEMENTS, DV_MAX_RANK, dim,
                      &rank, err) ||
        !dv_shape_set(&l->shape, rank, dim, "\"shape\"", err))
        return false;
    const int channels = dv_box_whole(&l->shape).hi[DV_C];
    return dv_json_get_list(o, "units", channels, channels, &units, &n, err);
}

static bool read_layers(dv_index *x, const cJSON *doc, dv_error *err)
{
    const cJSON *list;
    int n, i = 0;
    if (!dv_json_get_list(doc, "layers", 0, INT_MAX, &list, &n, err))
        return false;
    dv_index_layer *layers = calloc((size_t)n + 1, sizeof *layers);
    if (!layers)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d layers", n);
    bool ok = true;
    for (const cJSON *o = list->child; o && ok; o = o->next, i++)
        ok = read_layer(o, &layers[i], err) || dv_fail_in(err, "layer %d of the list", i + 1);
    ok = ok && dv_index_begin(x, n, layers, err);
    free(layers);
    return ok;
}

static bool read_units(const dv_index *x, const cJSON *doc, dv_error *err)
{
    const cJSON *o = dv_json_get(doc, "layers")->child;
    for (int i = 0; i < x->n_layers; i++, o = o->next) {
        const dv_index_layer *l = &x->layers[i];
        const cJSON *unit = dv_json_get(o, "units")->child;
        for (int c = 0; c < l->size[DV_C]; c++, unit = unit->next)
            if (!read_unit(x, l, c, unit, err))
                return dv_fail_in(err, "layer %.60s, unit %d", l->layer, c);
    }
    return true;
}

static bool read_files(dv_index *x, const cJSON *doc, dv_error *err)
{
    const cJSON *list;
    int n;
    if (!dv_json_get_list(doc, "files", 0, INT_MAX - 1, &list, &n, err))
        return false;
    x->files = calloc((size_t)n + 1, sizeof *x->files); /* as many at once: adding may drop some */
    if (!x->files)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d files", n);
    x->max_files = n + 1;
    int32_t next = 0;
    for (const cJSON *row = list->child; row; row = row->next) {
        int32_t image = 0;
        const char *text[2] = { "", "" };
        if (!read_row(row, "\"files\"", next, x->count, &image, text, err))
            return false;
        if (!dv_json_is_digest(text[1]))
            return dv_fail(err, DV_BAD_DATA,
                           "\"files\" has \"%.64s\": 64 hexadecimal digits are needed", text[1]);
        if (!dv_index_add_file(x, image, text[0], text[1], err))
            return false;
        next = image + 1;
    }
    return true;
}

/* -- the document ----------------------------------------------------------------------------- */

static bool read_document(dv_index *x, const cJSON *doc, dv_error *err)
{
    return read_head(x, doc, err) && read_options(x, doc, err) && read_images(x, doc, err) &&
           read_layers(x, doc, err) && read_shards(x, doc, err) && read_files(x, doc, err) &&
           read_units(x, doc, err);
}

bool dv_index_parse(dv_index *x, const void *data, size_t size, const char *name, dv_error *err)
{
    *x = (dv_index){ 0 };
    cJSON *doc = dv_json_parse(data, size, DV_JSON_MAX_VALUES, err);
    bool ok = (doc && read_document(x, doc, err)) || dv_fail_in(err, "%s", name);
    cJSON_Delete(doc);
    if (!ok)
        dv_index_free(x);
    return ok;
}

bool dv_index_read(dv_index *x, const char *path, dv_error *err)
{
    *x = (dv_index){ 0 };
    dv_file f;
    if (!dv_file_read(&f, path, DV_FILE_MAX_READ, err))
        return false;
    bool ok = dv_index_parse(x, f.data, f.size, path, err);
    dv_file_unmap(&f);
    return ok;
}
