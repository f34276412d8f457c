/* reference_read.c - a manifest, which may come from anywhere: nothing in it is trusted. */
#include "base/json.h"
#include "base/name.h"
#include "refs/reference.h"
#include "run/identity.h"
#include "run/preprocess.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* JSON values in a document; one takes some 80 bytes. */
enum { MAX_VALUES = 60 * DV_REFERENCE_MAX_UNITS };

/* A file in the folder of the references. */
static bool get_inside(dv_references *r, const cJSON *o, const char *key, const char **to,
                       dv_error *err)
{
    return dv_json_get_text(o, key, r->arena, to, err) &&
           (dv_name_check_inside(*to, err) || dv_fail_in(err, "\"%s\"", key));
}

/* -- the head --------------------------------------------------------------------------------- */

static bool read_model(dv_references *r, const cJSON *o, dv_error *err)
{
    static const char *const keys[] = { "name", "path", "sha256", "parts", NULL };
    return (dv_json_check_keys(o, keys, "it", err) &&
            dv_identity_read(&r->model, o, r->arena, err)) ||
           dv_fail_in(err, "model");
}

static bool read_preprocess(dv_references *r, const cJSON *o, dv_error *err)
{
    static const char *const keys[] = { "from", "resize", "size",  "channels", "scale",
                                        "mean", "std",    "order", NULL };
    static const char *const from[] = { "options", "model", NULL };
    int own = 0;
    bool ok = dv_json_check_keys(o, keys, "it", err) &&
              dv_json_get_choice(o, "from", from, &own, err) &&
              dv_preprocess_read(&r->preprocess, o, err);
    r->own_preprocess = own == 1;
    return ok || dv_fail_in(err, "preprocess");
}

static bool read_options(dv_references *r, const cJSON *o, dv_error *err)
{
    static const char *const keys[] = { "rule", "seed", "rectify", NULL };
    static const char *const rules[] = { "deconvnet", "gradient", "guided", NULL };
    static const char *const seeds[] = { "value", "one", NULL };
    static const char *const places[] = { "relu", "all", NULL };
    int rule, seed, rectify = DV_RECTIFY_RELU;
    if (!dv_json_check_keys(o, keys, "it", err) ||
        !dv_json_get_choice(o, "rule", rules, &rule, err) ||
        !dv_json_get_choice(o, "seed", seeds, &seed, err) ||
        (dv_json_get(o, "rectify") && !dv_json_get_choice(o, "rectify", places, &rectify, err)))
        return dv_fail_in(err, "options");
    r->rule = (dv_rule)rule;
    r->seed = (dv_seed)seed;
    r->rectify = (dv_rectify)rectify;
    return true;
}

/* -- images and units ------------------------------------------------------------------------- */

static bool read_image(dv_references *r, const cJSON *o, dv_reference_image *i, dv_error *err)
{
    static const char *const keys[] = { "file", "sha256", "copied", NULL };
    if (!dv_json_check_keys(o, keys, "it", err) ||
        !dv_json_get_digest(o, "sha256", i->sha256, err) ||
        !dv_json_get_bool(o, "copied", &i->copied, err))
        return false;
    return i->copied ? get_inside(r, o, "file", &i->file, err)
                     : dv_json_get_text(o, "file", r->arena, &i->file, err);
}

static bool read_place(const cJSON *o, dv_reference_unit *u, dv_error *err)
{
    static const char *const at[] = { "max", "given", "all", NULL };
    int64_t dim[DV_MAX_RANK] = { 0 }, position[2] = { DV_ALL, DV_ALL };
    int rank = 0, which, channel;
    if (!dv_json_ints(dv_json_get(o, "shape"), "\"shape\"", 1, DV_MAX_ELEMENTS, DV_MAX_RANK, dim,
                      &rank, err) ||
        !dv_shape_set(&u->shape, rank, dim, "\"shape\"", err) ||
        !dv_json_get_choice(o, "at", at, &which, err))
        return false;
    dv_box map = dv_box_whole(&u->shape);
    if (!dv_json_get_int(o, "channel", 0, map.hi[DV_C] - 1, &channel, err))
        return false;
    if (which != DV_AT_ALL &&
        !dv_json_get_ints(o, "position", 0, DV_MAX_ELEMENTS, 2, position, err))
        return false;
    if (position[0] >= map.hi[DV_Y] || position[1] >= map.hi[DV_X])
        return dv_fail(err, DV_BAD_DATA, "\"position\" is [%d,%d]: up to [%d,%d] are possible",
                       (int)position[0], (int)position[1], (int)map.hi[DV_Y] - 1,
                       (int)map.hi[DV_X] - 1);
    u->at = (dv_reference_at)which;
    u->channel = channel;
    u->y = (int32_t)position[0];
    u->x = (int32_t)position[1];
    return true;
}

static bool read_window(const dv_preprocess *p, const cJSON *o, dv_reference_unit *u, dv_error *err)
{
    int64_t w[4];
    if (!dv_json_get_ints(o, "window", 0, DV_IMAGE_MAX_SIDE, 4, w, err))
        return false;
    if (w[0] > w[2] || w[1] > w[3] || w[2] > p->size[1] || w[3] > p->size[0])
        return dv_fail(err, DV_BAD_DATA,
                       "\"window\" is [%d,%d,%d,%d], of an input of %d x %d pixels", (int)w[0],
                       (int)w[1], (int)w[2], (int)w[3], p->size[1], p->size[0]);
    u->window = (dv_box){ { 0, (int32_t)w[1], (int32_t)w[0] },
                          { p->channels, (int32_t)w[3], (int32_t)w[2] } };
    int exponent;
    if (!dv_json_get_float(o, "scale", 1e-38F, 3e38F, &u->scale, err))
        return false;
    return frexpf(u->scale, &exponent) == 0.5F ||
           dv_fail(err, DV_BAD_DATA, "\"scale\" is %.9g: a power of two is needed",
                   (double)u->scale);
}

static bool read_measures(const cJSON *o, dv_reference_unit *u, dv_error *err)
{
    const float any = 3.4e38F, most = (float)DV_RELATIVE_MAX;
    return dv_json_get_float(o, "value", -any, any, &u->value, err) &&
           dv_json_get_float(o, "mean", -any, any, &u->mean, err) &&
           dv_json_get_float(o, "active", 0, 1, &u->active, err) &&
           dv_json_get_float(o, "rms", 0, any, &u->rms, err) &&
           dv_json_get_float(o, "norm", 0, any, &u->norm, err) &&
           dv_json_get_float(o, "ambiguity", 0, most, &u->ambiguity, err) &&
           dv_json_get_float(o, "sensitivity", 0, most, &u->sensitivity, err) &&
           dv_json_get_float(o, "value_sensitivity", 0, most, &u->value_sensitivity, err);
}

static bool read_unit(dv_references *r, const cJSON *o, int after, dv_reference_unit *u,
                      dv_error *err)
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
    if (!dv_json_check_keys(o, keys, "it", err) ||
        !dv_json_get_int(o, "image", after, r->n_images - 1, &u->image, err) ||
        !dv_json_get_text(o, "layer", r->arena, &u->layer, err) ||
        !dv_json_get_text(o, "tensor", r->arena, &u->tensor, err) || !read_place(o, u, err) ||
        !read_window(&r->preprocess, o, u, err) || !read_measures(o, u, err) ||
        !get_inside(r, o, "array", &u->array, err))
        return false;
    return cJSON_IsNull(dv_json_get(o, "picture")) || get_inside(r, o, "picture", &u->picture, err);
}

static bool read_lists(dv_references *r, const cJSON *root, dv_error *err)
{
    const cJSON *images, *units, *o;
    int n_images, n_units, i = 0;
    if (!dv_json_get_list(root, "images", 1, DV_REFERENCE_MAX_IMAGES, &images, &n_images, err) ||
        !dv_json_get_list(root, "units", 1, DV_REFERENCE_MAX_UNITS, &units, &n_units, err) ||
        !dv_references_lists(r, n_images, n_units, err))
        return false;
    cJSON_ArrayForEach(o, images)
    {
        if (!read_image(r, o, &r->images[i], err))
            return dv_fail_in(err, "image %d", i);
        i++;
    }
    i = 0;
    cJSON_ArrayForEach(o, units)
    {
        if (!read_unit(r, o, i ? r->units[i - 1].image : 0, &r->units[i], err))
            return dv_fail_in(err, "unit %d", i);
        i++;
    }
    return true;
}

/* -- the document ----------------------------------------------------------------------------- */

static bool read_document(dv_references *r, const cJSON *root, dv_error *err)
{
    static const char *const keys[] = { "format",  "version", "program", "model", "preprocess",
                                        "options", "images",  "units",   NULL };
    return dv_json_check_format(root, "deconvviz references", 1,
                                "not a manifest of deconvviz record", err) &&
           dv_json_check_keys(root, keys, "it", err) && dv_references_begin(r, err) &&
           dv_json_get_text(root, "program", r->arena, &r->program, err) &&
           read_model(r, dv_json_get(root, "model"), err) &&
           read_preprocess(r, dv_json_get(root, "preprocess"), err) &&
           read_options(r, dv_json_get(root, "options"), err) && read_lists(r, root, err);
}

bool dv_references_parse(dv_references *r, const void *data, size_t size, const char *name,
                         dv_error *err)
{
    *r = (dv_references){ 0 };
    cJSON *root = dv_json_parse(data, size, MAX_VALUES, err);
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
    char *path = dv_path_join(folder, DV_MANIFEST, err);
    bool ok = path && dv_file_read(&f, path, DV_FILE_MAX_READ, err);
    if (ok) {
        ok = dv_references_parse(r, f.data, f.size, path, err);
        dv_file_unmap(&f);
    }
    free(path);
    return ok;
}
