#include "base/file.h"
#include "index/index_build.h"
#include "index/sum.h"
#include "load/json.h"
#include "run/identity.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_VALUES = 40 * 1000 * 1000 }; /* JSON values in a document; one takes some 80 bytes */

/* Where the reader is; what fails is put in front of a message. */
typedef struct place {
    char text[128];
    dv_error *err;
} place;

static bool bad(const place *p, const char *what)
{
    return dv_fail(p->err, DV_BAD_DATA, "%s%s", p->text, what);
}

static const cJSON *member(const place *p, const cJSON *object, const char *key)
{
    const cJSON *m = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!m)
        dv_fail(p->err, DV_BAD_DATA, "%s'%s' is missing", p->text, key);
    return m;
}

static const char *get_text(const place *p, const cJSON *object, const char *key)
{
    const cJSON *m = member(p, object, key);
    if (m && !cJSON_IsString(m))
        dv_fail(p->err, DV_BAD_DATA, "%s'%s' is not a text", p->text, key);
    return m && cJSON_IsString(m) ? m->valuestring : NULL;
}

static const cJSON *get_array(const place *p, const cJSON *object, const char *key)
{
    const cJSON *m = member(p, object, key);
    if (m && !cJSON_IsArray(m))
        dv_fail(p->err, DV_BAD_DATA, "%s'%s' is not a list", p->text, key);
    return m && cJSON_IsArray(m) ? m : NULL;
}

static bool whole(const place *p, const cJSON *n, const char *what, int64_t lo, int64_t hi,
                  int64_t *to)
{
    if (!cJSON_IsNumber(n))
        return dv_fail(p->err, DV_BAD_DATA, "%s%s is not a number", p->text, what);
    double v = n->valuedouble;
    if (!(v >= (double)lo && v <= (double)hi) || v != floor(v))
        return dv_fail(p->err, DV_BAD_DATA, "%s%s is %.9g: a whole number from %lld to %lld needed",
                       p->text, what, v, (long long)lo, (long long)hi);
    *to = (int64_t)v;
    return true;
}

static bool get_int(const place *p, const cJSON *object, const char *key, int lo, int hi, int *to)
{
    const cJSON *m = member(p, object, key);
    int64_t v = 0;
    if (!m || !whole(p, m, key, lo, hi, &v))
        return false;
    *to = (int)v;
    return true;
}

static bool real(const place *p, const cJSON *n, const char *what, float *to)
{
    if (!cJSON_IsNumber(n) || !isfinite((float)n->valuedouble))
        return dv_fail(p->err, DV_BAD_DATA, "%s%s is not a number", p->text, what);
    *to = (float)n->valuedouble;
    return true;
}

static bool get_digest(const place *p, const cJSON *object, const char *key,
                       char to[DV_DIGEST_TEXT_MAX])
{
    const char *t = get_text(p, object, key);
    if (!t)
        return false;
    if (strlen(t) != 64 || strspn(t, "0123456789abcdef") != 64)
        return dv_fail(p->err, DV_BAD_DATA, "%s'%s' is not a SHA-256", p->text, key);
    memcpy(to, t, DV_DIGEST_TEXT_MAX);
    return true;
}

/* -- the head --------------------------------------------------------------------------------- */

static bool read_format(const place *p, dv_index *x, const cJSON *doc)
{
    const cJSON *format = cJSON_GetObjectItemCaseSensitive(doc, "format");
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(doc, "version");
    if (!cJSON_IsString(format) || strcmp(format->valuestring, "deconvviz index") != 0)
        return bad(p, "not an index of deconvviz mine");
    if (!cJSON_IsNumber(version) || version->valuedouble != 1)
        return dv_fail(p->err, DV_UNSUPPORTED,
                       "%san index of version %.9g: this program reads version 1", p->text,
                       cJSON_IsNumber(version) ? version->valuedouble : 0);
    const char *program = get_text(p, doc, "program");
    return program && (x->program = dv_index_keep(x, program, p->err));
}

static bool read_model(const place *p, dv_index *x, const cJSON *doc)
{
    const cJSON *model = member(p, doc, "model");
    const char *name = model ? get_text(p, model, "name") : NULL;
    const char *path = name ? get_text(p, model, "path") : NULL;
    return path && get_digest(p, model, "sha256", x->model.sha256) &&
           (x->model.name = dv_index_keep(x, name, p->err)) &&
           (x->model.path = dv_index_keep(x, path, p->err)) &&
           (dv_identity_read_parts(&x->model, model, x->arena, p->err) ||
            dv_fail_in(p->err, "model"));
}

static bool read_floats(const place *p, const cJSON *object, const char *key, int n, float *to)
{
    const cJSON *list = get_array(p, object, key);
    if (!list)
        return false;
    if (cJSON_GetArraySize(list) != n)
        return dv_fail(p->err, DV_BAD_DATA, "%s'%s' does not have %d numbers", p->text, key, n);
    const cJSON *v = list->child;
    for (int i = 0; i < n; i++, v = v->next)
        if (!real(p, v, key, &to[i]))
            return false;
    return true;
}

static bool read_preprocess(const place *p, dv_preprocess *to, const cJSON *doc)
{
    const cJSON *o = member(p, doc, "preprocess");
    const char *order = o ? get_text(p, o, "order") : NULL;
    float size[2] = { 0 };
    const cJSON *scale = order ? member(p, o, "scale") : NULL;
    if (!scale || !real(p, scale, "scale", &to->scale) ||
        !get_int(p, o, "resize", 0, DV_IMAGE_MAX_SIDE, &to->resize) ||
        !get_int(p, o, "channels", 1, 3, &to->channels) || !read_floats(p, o, "size", 2, size) ||
        !read_floats(p, o, "mean", to->channels, to->mean) ||
        !read_floats(p, o, "std", to->channels, to->std))
        return false;
    for (int i = 0; i < 2; i++) {
        if (!(size[i] >= 1 && size[i] <= DV_IMAGE_MAX_SIDE) || size[i] != floorf(size[i]))
            return bad(p, "'size' is out of range");
        to->size[i] = (int)size[i];
    }
    for (int i = 0; i < to->channels; i++)
        if (to->std[i] == 0)
            return bad(p, "'std' is 0");
    to->bgr = strcmp(order, "bgr") == 0;
    return to->channels != 2 || bad(p, "'channels' is 2: 1 or 3 needed");
}

static bool read_options(const place *p, dv_index *x, const cJSON *doc)
{
    const cJSON *o = member(p, doc, "options");
    const cJSON *exact = o ? member(p, o, "exact") : NULL;
    if (!exact || !get_int(p, o, "k", 1, DV_INDEX_MAX_K, &x->k))
        return false;
    x->exact = cJSON_IsTrue(exact);
    return get_int(p, o, "per_image", 1, x->k, &x->per_image);
}

/* [number, text, text] of a list in ascending order of numbers. */
static bool read_row(const place *p, const cJSON *row, const char *what, int32_t above,
                     int32_t count, int32_t *image, const char *text[2])
{
    const cJSON *first = cJSON_IsArray(row) ? row->child : NULL;
    if (!first || cJSON_GetArraySize(row) != 3 || !cJSON_IsString(first->next) ||
        !cJSON_IsString(first->next->next))
        return dv_fail(p->err, DV_BAD_DATA, "%s%s: [number, text, text] needed", p->text, what);
    int64_t n = 0;
    if (!whole(p, first, what, above, (int64_t)count - 1, &n))
        return false;
    *image = (int32_t)n;
    text[0] = first->next->valuestring;
    text[1] = first->next->next->valuestring;
    return true;
}

static bool read_images(const place *p, dv_index *x, const cJSON *doc)
{
    const cJSON *o = member(p, doc, "images");
    const cJSON *reasons = o ? get_array(p, o, "reasons") : NULL;
    int skipped;
    if (!reasons || !get_int(p, o, "count", 0, INT32_MAX, &x->count) ||
        !get_digest(p, o, "list", x->list) || !get_int(p, o, "read", 0, x->count, &x->read) ||
        !get_int(p, o, "skipped", 0, x->count - x->read, &skipped))
        return false;
    int expected = skipped < DV_INDEX_MAX_REASONS ? skipped : DV_INDEX_MAX_REASONS;
    if (cJSON_GetArraySize(reasons) != expected)
        return bad(p, "'reasons' does not fit 'skipped'");
    int32_t next = 0;
    for (const cJSON *row = reasons->child; row; row = row->next) {
        int32_t image = 0;
        const char *text[2] = { "", "" };
        if (!read_row(p, row, "reasons", next, x->count, &image, text) ||
            !dv_index_add_skip(x, image, text[0], text[1], p->err))
            return false;
        next = image + 1;
    }
    x->skipped = skipped;
    const cJSON *done = cJSON_GetObjectItemCaseSensitive(doc, "done");
    x->done = x->count;
    return !done || get_int(p, doc, "done", 0, x->count, &x->done);
}

static bool read_shards(const place *p, dv_index *x, const cJSON *doc)
{
    const cJSON *o = cJSON_GetObjectItemCaseSensitive(doc, "shards");
    if (!o)
        return true;
    const cJSON *have = get_array(p, o, "have");
    int of;
    if (!have || !get_int(p, o, "of", 1, DV_INDEX_MAX_SHARDS, &of) ||
        !dv_index_set_shards(x, of, p->err))
        return false;
    for (const cJSON *k = have->child; k; k = k->next) {
        int64_t shard = 0;
        if (!whole(p, k, "have", 1, of, &shard))
            return false;
        x->have[shard - 1] = true;
    }
    return true;
}

/* -- the layers ------------------------------------------------------------------------------- */

static bool read_histogram(const place *p, dv_index_unit *u, const cJSON *o)
{
    const cJSON *list = get_array(p, o, "histogram");
    if (!list)
        return false;
    int64_t first = 0, sum = 0;
    const cJSON *v = list->child;
    if (v && !whole(p, v, "histogram", -DV_INDEX_BINS / 2, DV_INDEX_BINS / 2 - 1, &first))
        return false;
    int bin = (int)first + DV_INDEX_BINS / 2;
    for (v = v ? v->next : NULL; v; v = v->next, bin++) {
        int64_t n = 0;
        if (bin == DV_INDEX_BINS)
            return bad(p, "'histogram' has too many bins");
        if (!whole(p, v, "histogram", 0, u->active_images, &n))
            return false;
        u->histogram[bin] = (uint32_t)n;
        sum += n;
    }
    return sum == u->active_images || bad(p, "'histogram' does not count the active images");
}

static bool read_hit(const place *p, const dv_index *x, const dv_index_layer *l, const cJSON *row,
                     dv_hit *h)
{
    if (!cJSON_IsArray(row) || cJSON_GetArraySize(row) != 4)
        return bad(p, "a hit is not [value, image, y, x]");
    const cJSON *v = row->child;
    int64_t image = 0, y = 0, c = 0;
    if (!real(p, v, "a hit's value", &h->value) ||
        !whole(p, v->next, "a hit's image", 0, (int64_t)x->count - 1, &image) ||
        !whole(p, v->next->next, "a hit's y", 0, l->size[DV_Y] - 1, &y) ||
        !whole(p, v->next->next->next, "a hit's x", 0, l->size[DV_X] - 1, &c))
        return false;
    h->image = (int32_t)image;
    h->y = (int32_t)y;
    h->x = (int32_t)c;
    if (!(h->value > 0))
        return bad(p, "a hit's value is not above 0");
    return dv_index_file_of(x, h->image) || bad(p, "a hit's image is not among the files");
}

static bool read_hits(const place *p, const dv_index *x, const dv_index_layer *l, dv_index_unit *u,
                      const cJSON *o)
{
    const cJSON *list = get_array(p, o, "hits");
    if (!list)
        return false;
    for (const cJSON *row = list->child; row; row = row->next) {
        if (u->n_hits == x->k)
            return bad(p, "more hits than k");
        dv_hit *h = &u->hits[u->n_hits];
        if (!read_hit(p, x, l, row, h))
            return false;
        if (u->n_hits > 0 && dv_hit_compare(h - 1, h) >= 0)
            return bad(p, "hits are not in order");
        u->n_hits++;
    }
    return true;
}

static bool read_unit(place *p, const dv_index *x, const dv_index_layer *l, int channel,
                      const cJSON *o)
{
    snprintf(p->text, sizeof p->text, "layer %.60s, unit %d: ", l->layer, channel);
    dv_index_unit *u = &l->units[channel];
    int64_t values = (int64_t)x->read * l->size[DV_Y] * l->size[DV_X];
    int number;
    if (!cJSON_IsObject(o))
        return bad(p, "not an object");
    const cJSON *exact = get_array(p, o, "exact"), *max = member(p, o, "max");
    if (!exact || !max || !get_int(p, o, "channel", channel, channel, &number))
        return false;
    if (cJSON_GetArraySize(exact) != 3 || !cJSON_IsString(exact->child) ||
        !dv_sum_parse(u->sum, exact->child->valuestring))
        return bad(p, "'exact' is not [sum, images, positions]");
    const cJSON *counts = exact->child->next;
    if (!whole(p, counts, "exact", 0, x->read, &u->active_images) ||
        !whole(p, counts->next, "exact", 0, values, &u->active_positions))
        return false;
    if (x->read == 0 && !cJSON_IsNull(max))
        return bad(p, "'max' of no images is not null");
    if (x->read > 0 && !real(p, max, "max", &u->max))
        return false;
    return read_histogram(p, u, o) && read_hits(p, x, l, u, o);
}

/* All of a layer but its units. */
static bool read_layer(const place *p, const cJSON *o, dv_index_layer *l)
{
    const cJSON *shape = get_array(p, o, "shape");
    l->layer = shape ? get_text(p, o, "layer") : NULL;
    l->name = l->layer ? get_text(p, o, "name") : NULL;
    l->tensor = l->name ? get_text(p, o, "tensor") : NULL;
    if (!l->tensor)
        return false;
    int rank = cJSON_GetArraySize(shape);
    int64_t dim[DV_MAX_RANK] = { 0 };
    const cJSON *d = shape->child;
    for (int i = 0; i < rank && i < DV_MAX_RANK; i++, d = d->next)
        if (!whole(p, d, "shape", 1, DV_MAX_ELEMENTS, &dim[i]))
            return false;
    if (!dv_shape_set(&l->shape, rank, dim, "shape", p->err))
        return dv_fail_in(p->err, "layer %.60s", l->layer);
    const cJSON *units = get_array(p, o, "units");
    if (!units)
        return false;
    return cJSON_GetArraySize(units) == dv_box_whole(&l->shape).hi[DV_C] ||
           dv_fail(p->err, DV_BAD_DATA, "layer %.60s: 'units' does not have one for each channel",
                   l->layer);
}

static bool read_layers(place *p, dv_index *x, const cJSON *doc)
{
    const cJSON *list = get_array(p, doc, "layers");
    int n = list ? cJSON_GetArraySize(list) : 0, i = 0;
    if (!list)
        return false;
    dv_index_layer *layers = calloc((size_t)n + 1, sizeof *layers);
    if (!layers)
        return dv_fail(p->err, DV_NO_MEMORY, "no memory for %d layers", n);
    bool ok = true;
    for (const cJSON *o = list->child; o && ok; o = o->next, i++) {
        snprintf(p->text, sizeof p->text, "layer %d of the list: ", i + 1);
        ok = read_layer(p, o, &layers[i]);
    }
    ok = ok && dv_index_begin(x, n, layers, p->err);
    free(layers);
    return ok;
}

static bool read_units(place *p, const dv_index *x, const cJSON *doc)
{
    const cJSON *o = cJSON_GetObjectItemCaseSensitive(doc, "layers")->child;
    for (int i = 0; i < x->n_layers; i++, o = o->next) {
        const cJSON *unit = cJSON_GetObjectItemCaseSensitive(o, "units")->child;
        for (int c = 0; c < x->layers[i].size[DV_C]; c++, unit = unit->next)
            if (!read_unit(p, x, &x->layers[i], c, unit))
                return false;
    }
    return true;
}

static bool read_files(const place *p, dv_index *x, const cJSON *doc)
{
    const cJSON *list = get_array(p, doc, "files");
    if (!list)
        return false;
    int n = cJSON_GetArraySize(list);
    x->files = calloc((size_t)n + 1, sizeof *x->files); /* as many at once: adding may drop some */
    if (!x->files)
        return dv_fail(p->err, DV_NO_MEMORY, "no memory for %d files", n);
    x->max_files = n + 1;
    int32_t next = 0;
    for (const cJSON *row = list->child; row; row = row->next) {
        int32_t image = 0;
        const char *text[2] = { "", "" };
        if (!read_row(p, row, "files", next, x->count, &image, text))
            return false;
        if (strlen(text[1]) != 64 || strspn(text[1], "0123456789abcdef") != 64)
            return bad(p, "files: not a SHA-256");
        if (!dv_index_add_file(x, image, text[0], text[1], p->err))
            return false;
        next = image + 1;
    }
    return true;
}

/* -- the document ----------------------------------------------------------------------------- */

static bool read_document(dv_index *x, const cJSON *doc, dv_error *err)
{
    place p = { .err = err };
    if (!cJSON_IsObject(doc))
        return bad(&p, "not an index of deconvviz mine");
    return read_format(&p, x, doc) && read_model(&p, x, doc) &&
           read_preprocess(&p, &x->preprocess, doc) && read_options(&p, x, doc) &&
           read_images(&p, x, doc) && read_layers(&p, x, doc) && (p.text[0] = '\0', true) &&
           read_shards(&p, x, doc) && read_files(&p, x, doc) && read_units(&p, x, doc);
}

static bool too_many_values(const char *text, size_t size)
{
    size_t n = 1;
    for (size_t i = 0; i < size; i++)
        n += text[i] == ',' || text[i] == '[' || text[i] == '{';
    return n > MAX_VALUES;
}

bool dv_index_parse(dv_index *x, const void *data, size_t size, const char *name, dv_error *err)
{
    *x = (dv_index){ 0 };
    if (too_many_values(data, size))
        return dv_fail(err, DV_BAD_DATA, "%s: more than %d values", name, MAX_VALUES);
    const char *end = NULL;
    cJSON *doc = dv_json_tree(data, size, &end);
    bool ok = doc != NULL;
    if (!ok)
        dv_fail(err, DV_BAD_DATA, "%s: not JSON, from byte %zu on", name,
                end ? (size_t)(end - (const char *)data) : 0);
    else if (!read_document(x, doc, err))
        ok = dv_fail_in(err, "%s", name);
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
