/* correspond_parts.c - images and the boxes of their parts, out of a JSON file. */
#include "base/file.h"
#include "base/json.h"
#include "base/name.h"
#include "base/path.h"
#include "deconvviz/correspond.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CORNERS = 4,
    VALUES_OF_IMAGE = 4 + DV_PARTS_MAX * (CORNERS + 2),
    MAX_VALUES = 16 + DV_PARTS_MAX_IMAGES * VALUES_OF_IMAGE
};

static const char format[] = "deconvviz-parts";

void dv_parts_free(dv_parts *p)
{
    for (int i = 0; p->names && i < p->n_parts; i++)
        free(p->names[i]);
    free(p->names);
    free(p->boxes);
    free(p->path);
    dv_list_free(&p->images);
    *p = (dv_parts){ .path = NULL };
}

/* -- one image -------------------------------------------------------------------------------- */

static bool read_box(const cJSON *item, const char *name, dv_rect *box, dv_error *err)
{
    int64_t v[CORNERS];
    int n = 0;
    char what[80];
    snprintf(what, sizeof what, "\"%.60s\"", name);
    if (!dv_json_ints(item, what, 0, DV_IMAGE_MAX_SIDE, CORNERS, v, &n, err))
        return false;
    if (n != CORNERS)
        return dv_fail(err, DV_BAD_DATA, "%s has %d numbers: a box is [x0,y0,x1,y1]", what, n);
    if (v[0] >= v[2] || v[1] >= v[3])
        return dv_fail(err, DV_BAD_DATA, "%s is [%d,%d,%d,%d]: x0 < x1 and y0 < y1 are needed",
                       what, (int)v[0], (int)v[1], (int)v[2], (int)v[3]);
    *box = (dv_rect){ (int)v[0], (int)v[1], (int)v[2], (int)v[3] };
    return true;
}

static bool read_boxes(const dv_parts *p, const cJSON *object, dv_rect *boxes, dv_error *err)
{
    const char *keys[DV_PARTS_MAX + 1] = { NULL };
    for (int k = 0; k < p->n_parts; k++)
        keys[k] = p->names[k];
    if (!dv_json_check_keys(object, keys, "\"parts\"", err))
        return false;
    for (int k = 0; k < p->n_parts; k++) {
        const cJSON *item = dv_json_get(object, p->names[k]);
        if (!item)
            return dv_fail(err, DV_BAD_DATA, "part \"%.60s\" is missing, which the first image has",
                           p->names[k]);
        if (!read_box(item, p->names[k], &boxes[k], err))
            return false;
    }
    return true;
}

static bool add_image(dv_parts *p, const char *root, const char *name, dv_error *err)
{
    if (name[0] == '\0')
        return dv_fail(err, DV_BAD_DATA, "\"image\" is empty: a path is needed");
    char *path = dv_path_below(root, name, err);
    bool ok = path != NULL;
    if (ok && dv_folder_exists(path))
        ok = dv_fail(err, DV_BAD_DATA, "%s is a folder: an image is needed", path);
    ok = ok && dv_list_add(&p->images, path, err);
    free(path);
    return ok;
}

static bool read_image(dv_parts *p, const char *root, const cJSON *item, dv_rect *boxes,
                       dv_error *err)
{
    static const char *const keys[] = { "image", "parts", NULL };
    const char *name;
    return dv_json_check_keys(item, keys, "it", err) &&
           dv_json_get_string(item, "image", &name, err) &&
           read_boxes(p, dv_json_get(item, "parts"), boxes, err) && add_image(p, root, name, err);
}

/* -- all of them ------------------------------------------------------------------------------ */

/* Those of the first image. Names suit messages. */
static bool read_names(dv_parts *p, const cJSON *object, dv_error *err)
{
    const int n = cJSON_GetArraySize(object);
    if (!cJSON_IsObject(object))
        return dv_json_fail_kind(object, "\"parts\"", "an object", err);
    if (n < 1 || n > DV_PARTS_MAX)
        return dv_fail(err, DV_BAD_DATA, "\"parts\" has %d: 1 to %d are possible", n, DV_PARTS_MAX);
    p->names = calloc((size_t)n, sizeof *p->names);
    if (!p->names)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d names", n);
    const cJSON *item;
    cJSON_ArrayForEach(item, object)
    {
        const size_t length = strlen(item->string);
        if (length == 0)
            return dv_fail(err, DV_BAD_DATA, "a part has an empty name");
        if (length > DV_PARTS_NAME_MAX)
            return dv_fail(err, DV_BAD_DATA, "the name of a part has %zu bytes: %d at most", length,
                           DV_PARTS_NAME_MAX);
        if (!dv_name_check(item->string, length, "the name of a part", err))
            return false;
        p->names[p->n_parts] = strdup(item->string);
        if (!p->names[p->n_parts])
            return dv_fail(err, DV_NO_MEMORY, "no memory for %d names", n);
        p->n_parts++;
    }
    return true;
}

static bool read_list(dv_parts *p, const char *root, const cJSON *list, dv_error *err)
{
    const int n = cJSON_GetArraySize(list);
    const cJSON *item;
    int i = 0;
    if (n < DV_PARTS_MIN_IMAGES || n > DV_PARTS_MAX_IMAGES)
        return dv_fail(err, DV_BAD_DATA, "%d images: %d to %d are possible", n, DV_PARTS_MIN_IMAGES,
                       DV_PARTS_MAX_IMAGES);
    cJSON_ArrayForEach(item, list)
    {
        bool ok = i > 0 || read_names(p, dv_json_get(item, "parts"), err);
        if (ok && i == 0) {
            p->boxes = calloc((size_t)n * (size_t)p->n_parts, sizeof *p->boxes);
            ok = p->boxes || dv_fail(err, DV_NO_MEMORY, "no memory for the boxes of %d images", n);
        }
        ok = ok && read_image(p, root, item, &p->boxes[i * p->n_parts], err);
        if (!ok)
            return dv_fail_in(err, "image %d of %d", i + 1, n);
        i++;
    }
    return true;
}

static bool read_document(dv_parts *p, const char *root, const cJSON *document, dv_error *err)
{
    static const char *const keys[] = { "format", "version", "note", "images", NULL };
    const cJSON *list = document, *note = dv_json_get(document, "note");
    if (cJSON_IsArray(document))
        return read_list(p, root, document, err);
    if (!dv_json_check_format(document, format, 1,
                              "not a list of images, nor a deconvviz-parts "
                              "document",
                              err) ||
        !dv_json_check_keys(document, keys, "it", err))
        return false;
    if (note && !cJSON_IsString(note))
        return dv_json_fail_kind(note, "\"note\"", "a text", err);
    list = dv_json_get(document, "images");
    if (!cJSON_IsArray(list))
        return dv_json_fail_kind(list, "\"images\"", "a list", err);
    return read_list(p, root, list, err);
}

static bool parse(dv_parts *p, const dv_file *f, const char *root, dv_error *err)
{
    cJSON *document = dv_json_parse(f->data, f->size, MAX_VALUES, err);
    const bool ok = document && read_document(p, root, document, err);
    cJSON_Delete(document);
    return ok;
}

bool dv_parts_read(dv_parts *p, const char *path, const char *root, dv_error *err)
{
    dv_file f = { .data = NULL };
    dv_arena a = { 0 };
    *p = (dv_parts){ .path = strdup(path) };
    bool ok = p->path || dv_fail(err, DV_NO_MEMORY, "no memory for a path");
    ok = ok && dv_file_read(&f, path, DV_FILE_MAX_READ, err);
    if (ok) {
        dv_sha256(f.data, f.size, p->sha256);
        if (!root)
            root = strchr(path, '/') ? dv_folder_of(&a, path, err) : "";
        ok = (root && parse(p, &f, root, err)) || dv_fail_in(err, "%s", path);
    }
    dv_file_unmap(&f);
    dv_arena_release(&a);
    return ok;
}
