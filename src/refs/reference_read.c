/* reference_read.c - a manifest, which may come from anywhere: nothing in it is trusted. */
#include "load/json.h"
#include "load/name.h"
#include "refs/reference.h"
#include "run/identity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* JSON values in a document; one takes some 80 bytes. */
enum { MAX_VALUES = 60 * DV_REFERENCE_MAX_UNITS };

/* What is being filled, and what fails. */
typedef struct reader {
    dv_references *r;
    dv_error *err;
} reader;

static bool get_text(const reader *d, const cJSON *o, const char *key, const char **to)
{
    return dv_json_text(dv_json_get(o, key), key, d->r->arena, to, d->err);
}

static bool get_int(const reader *d, const cJSON *o, const char *key, int64_t lo, int64_t hi,
                    int *to)
{
    int64_t v;
    if (!dv_json_int(dv_json_get(o, key), key, lo, hi, &v, d->err))
        return false;
    *to = (int)v;
    return true;
}

static bool get_float(const reader *d, const cJSON *o, const char *key, float lo, float hi,
                      float *to)
{
    return dv_json_float(dv_json_get(o, key), key, to, d->err) &&
           ((*to >= lo && *to <= hi) ||
            dv_fail(d->err, DV_BAD_DATA, "%s is %.9g: %g to %g are possible", key, (double)*to,
                    (double)lo, (double)hi));
}

/* Exactly n numbers. */
static bool get_ints(const reader *d, const cJSON *o, const char *key, int64_t hi, int n,
                     int64_t *to)
{
    int has = 0;
    return dv_json_ints(dv_json_get(o, key), key, 0, hi, n, to, &has, d->err) &&
           (has == n ||
            dv_fail(d->err, DV_BAD_DATA, "%s has %d numbers: %d are needed", key, has, n));
}

static bool get_floats(const reader *d, const cJSON *o, const char *key, int n, float *to)
{
    int has = 0;
    return dv_json_floats(dv_json_get(o, key), key, n, to, &has, d->err) &&
           (has == n ||
            dv_fail(d->err, DV_BAD_DATA, "%s has %d numbers: %d are needed", key, has, n));
}

/* One of the words, which end with a NULL. */
static bool get_choice(const reader *d, const cJSON *o, const char *key, const char *const *words,
                       int *to)
{
    const char *text;
    if (!get_text(d, o, key, &text))
        return false;
    for (*to = 0; words[*to]; ++*to)
        if (strcmp(words[*to], text) == 0)
            return true;
    return dv_fail(d->err, DV_BAD_DATA, "%s is \"%.60s\": \"%s\", \"%s\"%s are possible", key, text,
                   words[0], words[1], words[2] ? " …" : "");
}

static bool get_digest(const reader *d, const cJSON *o, const char *key,
                       char to[DV_DIGEST_TEXT_MAX])
{
    const char *t;
    if (!get_text(d, o, key, &t))
        return false;
    if (strlen(t) != 64 || strspn(t, "0123456789abcdef") != 64)
        return dv_fail(d->err, DV_BAD_DATA, "%s is \"%.60s\": 64 hexadecimal digits are needed",
                       key, t);
    memcpy(to, t, DV_DIGEST_TEXT_MAX);
    return true;
}

/* A file in the folder of the references. */
static bool get_inside(const reader *d, const cJSON *o, const char *key, const char **to)
{
    return get_text(d, o, key, to) &&
           (dv_name_check_inside(*to, d->err) || dv_fail_in(d->err, "%s", key));
}

/* -- the head --------------------------------------------------------------------------------- */

static bool read_model(const reader *d, const cJSON *o)
{
    static const char *const keys[] = { "name", "path", "sha256", "parts", NULL };
    dv_identity *model = &d->r->model;
    return (dv_json_check_keys(o, keys, "it", d->err) && get_text(d, o, "name", &model->name) &&
            get_text(d, o, "path", &model->path) && get_digest(d, o, "sha256", model->sha256) &&
            dv_identity_read_parts(model, o, d->r->arena, d->err)) ||
           dv_fail_in(d->err, "model");
}

static bool read_preprocess_members(const reader *d, const cJSON *o)
{
    static const char *const keys[] = { "from", "resize", "size",  "channels", "scale",
                                        "mean", "std",    "order", NULL };
    static const char *const from[] = { "options", "model", NULL };
    static const char *const order[] = { "rgb", "bgr", NULL };
    dv_preprocess *p = &d->r->preprocess;
    int64_t size[2] = { 0 };
    int own, bgr;
    if (!dv_json_check_keys(o, keys, "it", d->err) || !get_choice(d, o, "from", from, &own) ||
        !get_choice(d, o, "order", order, &bgr) ||
        !get_int(d, o, "resize", 0, DV_IMAGE_MAX_SIDE, &p->resize) ||
        !get_ints(d, o, "size", DV_IMAGE_MAX_SIDE, 2, size) ||
        !get_int(d, o, "channels", 1, 3, &p->channels))
        return false;
    if (p->channels == 2)
        return dv_fail(d->err, DV_BAD_DATA, "channels is 2: 1 or 3 is needed");
    if (size[0] < 1 || size[1] < 1)
        return dv_fail(d->err, DV_BAD_DATA, "size has a 0");
    d->r->own_preprocess = own == 1;
    p->bgr = bgr == 1;
    p->size[0] = (int)size[0];
    p->size[1] = (int)size[1];
    if (!dv_json_float(dv_json_get(o, "scale"), "scale", &p->scale, d->err) ||
        !get_floats(d, o, "mean", p->channels, p->mean) ||
        !get_floats(d, o, "std", p->channels, p->std))
        return false;
    for (int i = 0; i < p->channels; i++)
        if (p->std[i] == 0)
            return dv_fail(d->err, DV_BAD_DATA, "std has a 0");
    return true;
}

static bool read_options(const reader *d, const cJSON *o)
{
    static const char *const keys[] = { "rule", "seed", NULL };
    static const char *const rules[] = { "deconvnet", "gradient", "guided", NULL };
    static const char *const seeds[] = { "value", "one", NULL };
    int rule, seed;
    if (!dv_json_check_keys(o, keys, "it", d->err) || !get_choice(d, o, "rule", rules, &rule) ||
        !get_choice(d, o, "seed", seeds, &seed))
        return dv_fail_in(d->err, "options");
    d->r->rule = (dv_rule)rule;
    d->r->seed = (dv_seed)seed;
    return true;
}

/* -- images and units ------------------------------------------------------------------------- */

static bool read_image(const reader *d, const cJSON *o, dv_reference_image *i)
{
    static const char *const keys[] = { "file", "sha256", "copied", NULL };
    if (!dv_json_check_keys(o, keys, "it", d->err) || !get_digest(d, o, "sha256", i->sha256))
        return false;
    if (!cJSON_IsBool(dv_json_get(o, "copied")))
        return dv_fail(d->err, DV_BAD_DATA, "copied is not true or false");
    i->copied = cJSON_IsTrue(dv_json_get(o, "copied"));
    return i->copied ? get_inside(d, o, "file", &i->file) : get_text(d, o, "file", &i->file);
}

static bool read_place(const reader *d, const cJSON *o, dv_reference_unit *u)
{
    static const char *const at[] = { "max", "given", "all", NULL };
    int64_t dim[DV_MAX_RANK] = { 0 }, position[2] = { DV_ALL, DV_ALL };
    int rank = 0, which, channel;
    if (!dv_json_ints(dv_json_get(o, "shape"), "shape", 1, DV_MAX_ELEMENTS, DV_MAX_RANK, dim, &rank,
                      d->err) ||
        !dv_shape_set(&u->shape, rank, dim, "shape", d->err) || !get_choice(d, o, "at", at, &which))
        return false;
    dv_box map = dv_box_whole(&u->shape);
    if (!get_int(d, o, "channel", 0, map.hi[DV_C] - 1, &channel))
        return false;
    if (which != DV_AT_ALL && !get_ints(d, o, "position", DV_MAX_ELEMENTS, 2, position))
        return false;
    if (position[0] >= map.hi[DV_Y] || position[1] >= map.hi[DV_X])
        return dv_fail(d->err, DV_BAD_DATA, "position is [%d,%d]: up to [%d,%d] are possible",
                       (int)position[0], (int)position[1], (int)map.hi[DV_Y] - 1,
                       (int)map.hi[DV_X] - 1);
    u->at = (dv_reference_at)which;
    u->channel = channel;
    u->y = (int32_t)position[0];
    u->x = (int32_t)position[1];
    return true;
}

static bool read_window(const reader *d, const cJSON *o, dv_reference_unit *u)
{
    const dv_preprocess *p = &d->r->preprocess;
    int64_t w[4];
    if (!get_ints(d, o, "window", DV_IMAGE_MAX_SIDE, 4, w))
        return false;
    if (w[0] > w[2] || w[1] > w[3] || w[2] > p->size[1] || w[3] > p->size[0])
        return dv_fail(d->err, DV_BAD_DATA,
                       "window is [%d,%d,%d,%d], of an input of %d x %d pixels", (int)w[0],
                       (int)w[1], (int)w[2], (int)w[3], p->size[1], p->size[0]);
    u->window = (dv_box){ { 0, (int32_t)w[1], (int32_t)w[0] },
                          { p->channels, (int32_t)w[3], (int32_t)w[2] } };
    int exponent;
    if (!get_float(d, o, "scale", 1e-38F, 3e38F, &u->scale))
        return false;
    return frexpf(u->scale, &exponent) == 0.5F ||
           dv_fail(d->err, DV_BAD_DATA, "scale is %.9g: a power of two is needed",
                   (double)u->scale);
}

static bool read_measures(const reader *d, const cJSON *o, dv_reference_unit *u)
{
    const float any = 3.4e38F, most = (float)DV_RELATIVE_MAX;
    return get_float(d, o, "value", -any, any, &u->value) &&
           get_float(d, o, "mean", -any, any, &u->mean) &&
           get_float(d, o, "active", 0, 1, &u->active) && get_float(d, o, "rms", 0, any, &u->rms) &&
           get_float(d, o, "norm", 0, any, &u->norm) &&
           get_float(d, o, "ambiguity", 0, most, &u->ambiguity) &&
           get_float(d, o, "sensitivity", 0, most, &u->sensitivity) &&
           get_float(d, o, "value_sensitivity", 0, most, &u->value_sensitivity);
}

static bool read_unit(const reader *d, const cJSON *o, int after, dv_reference_unit *u)
{
    static const char *const keys[] = { "image",
                                        "layer",
                                        "tensor",
                                        "shape",
                                        "channel",
                                        "at",
                                        "position",
                                        "value",
                                        "mean",
                                        "active",
                                        "rms",
                                        "window",
                                        "norm",
                                        "scale",
                                        "array",
                                        "picture",
                                        "ambiguity",
                                        "sensitivity",
                                        "value_sensitivity",
                                        NULL };
    if (!dv_json_check_keys(o, keys, "it", d->err) ||
        !get_int(d, o, "image", after, d->r->n_images - 1, &u->image) ||
        !get_text(d, o, "layer", &u->layer) || !get_text(d, o, "tensor", &u->tensor) ||
        !read_place(d, o, u) || !read_window(d, o, u) || !read_measures(d, o, u) ||
        !get_inside(d, o, "array", &u->array))
        return false;
    return cJSON_IsNull(dv_json_get(o, "picture")) || get_inside(d, o, "picture", &u->picture);
}

/* A list of lo to hi things. */
static bool check_list(const reader *d, const cJSON *list, const char *key, int hi, int *n)
{
    *n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
    return (*n >= 1 && *n <= hi) ||
           dv_fail(d->err, DV_BAD_DATA, "%s lists %d: 1 to %d are possible", key, *n, hi);
}

static bool read_lists(const reader *d, const cJSON *root)
{
    const cJSON *images = dv_json_get(root, "images"), *units = dv_json_get(root, "units"), *o;
    dv_references *r = d->r;
    int n_images, n_units, i = 0;
    if (!check_list(d, images, "images", DV_REFERENCE_MAX_IMAGES, &n_images) ||
        !check_list(d, units, "units", DV_REFERENCE_MAX_UNITS, &n_units) ||
        !dv_references_lists(r, n_images, n_units, d->err))
        return false;
    cJSON_ArrayForEach(o, images)
    {
        if (!read_image(d, o, &r->images[i]))
            return dv_fail_in(d->err, "image %d", i);
        i++;
    }
    i = 0;
    cJSON_ArrayForEach(o, units)
    {
        if (!read_unit(d, o, i ? r->units[i - 1].image : 0, &r->units[i]))
            return dv_fail_in(d->err, "unit %d", i);
        i++;
    }
    return true;
}

/* -- the document ----------------------------------------------------------------------------- */

static bool check_format(const cJSON *root, dv_error *err)
{
    static const char *const keys[] = { "format",  "version", "program", "model", "preprocess",
                                        "options", "images",  "units",   NULL };
    const cJSON *format = dv_json_get(root, "format"), *version = dv_json_get(root, "version");
    if (!cJSON_IsString(format) || strcmp(format->valuestring, "deconvviz references") != 0)
        return dv_fail(err, DV_BAD_DATA, "not a manifest of deconvviz record");
    if (!cJSON_IsNumber(version) || version->valuedouble != 1)
        return dv_fail(err, DV_UNSUPPORTED, "version is %.9g: this program reads version 1",
                       cJSON_IsNumber(version) ? version->valuedouble : 0);
    return dv_json_check_keys(root, keys, "it", err);
}

static bool read_document(dv_references *r, const cJSON *root, dv_error *err)
{
    reader d = { r, err };
    return check_format(root, err) && dv_references_begin(r, err) &&
           get_text(&d, root, "program", &r->program) &&
           read_model(&d, dv_json_get(root, "model")) &&
           (read_preprocess_members(&d, dv_json_get(root, "preprocess")) ||
            dv_fail_in(err, "preprocess")) &&
           read_options(&d, dv_json_get(root, "options")) && read_lists(&d, root);
}

static bool too_many_values(const char *text, size_t size)
{
    size_t n = 1;
    for (size_t i = 0; i < size; i++)
        n += text[i] == ',' || text[i] == '[' || text[i] == '{';
    return n > MAX_VALUES;
}

bool dv_references_parse(dv_references *r, const void *data, size_t size, const char *name,
                         dv_error *err)
{
    *r = (dv_references){ 0 };
    if (too_many_values(data, size))
        return dv_fail(err, DV_BAD_DATA, "%s: more than %d values", name, MAX_VALUES);
    cJSON *root = dv_json_parse(data, size, err);
    bool ok = (root && read_document(r, root, err)) || dv_fail_in(err, "%s", name);
    cJSON_Delete(root);
    if (!ok)
        dv_references_free(r);
    return ok;
}

bool dv_references_read(dv_references *r, const char *folder, dv_error *err)
{
    *r = (dv_references){ 0 };
    dv_file f;
    char *path = dv_joined(folder, DV_MANIFEST, err);
    bool ok = path && dv_file_read(&f, path, DV_FILE_MAX_READ, err);
    if (ok) {
        ok = dv_references_parse(r, f.data, f.size, path, err);
        dv_file_unmap(&f);
    }
    free(path);
    return ok;
}
