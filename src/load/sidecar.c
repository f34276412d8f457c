#include "load/sidecar.h"

#include "base/json.h"
#include "base/name.h"
#include "base/path.h"
#include "load/builtin.h"
#include "load/loader.h"

#include <string.h>

enum { MAX_LABELS = 1000000, MAX_SIDE = DV_IMAGE_MAX_SIDE };

/* -- preprocess ------------------------------------------------------------------------------- */

/* resize is said for the input's own size and keeps its proportion to it. */
static int scaled(int64_t resize, const int from[2], const int to[2])
{
    int a = from[0] < from[1] ? from[0] : from[1], b = to[0] < to[1] ? to[0] : to[1];
    return a == b ? (int)resize : (int)((resize * b + a / 2) / a);
}

/* The size that the file speaks of: *own, or when that is not known (0) what "size" says. */
static bool read_size(const cJSON *item, int own[2], dv_error *err)
{
    int64_t v[2] = { 0 };
    int n = 1;
    if (!item)
        return true;
    if (cJSON_IsArray(item) ? !dv_json_ints(item, "\"size\"", 1, MAX_SIDE, 2, v, &n, err)
                            : !dv_json_int(item, "\"size\"", 1, MAX_SIDE, v, err))
        return false;
    if (n == 0)
        return dv_fail(err, DV_BAD_DATA, "\"size\" is an empty list: [H,W] is needed");
    if (own[0] && (v[0] != own[0] || v[n - 1] != own[1]))
        return dv_fail(err, DV_BAD_DATA, "\"size\" is %lldx%lld: the network's input is %dx%d",
                       (long long)v[0], (long long)v[n - 1], own[0], own[1]);
    own[0] = (int)v[0];
    own[1] = (int)v[n - 1];
    return true;
}

static bool read_channels(const cJSON *item, const char *what, int channels, float *v,
                          dv_error *err)
{
    int n = channels;
    if (item && !dv_json_floats(item, what, 3, v, &n, err))
        return false;
    if (n != channels)
        return dv_fail(err, DV_BAD_DATA, "%s has %d elements: %d channels need one each", what, n,
                       channels);
    return true;
}

static bool read_order(const cJSON *item, dv_preprocess *p, dv_error *err)
{
    if (!item)
        return true;
    const char *order = cJSON_IsString(item) ? item->valuestring : "";
    p->bgr = strcmp(order, "bgr") == 0;
    if (!p->bgr && strcmp(order, "rgb") != 0)
        return dv_fail(err, DV_BAD_DATA, "\"order\" is \"%.20s\": \"rgb\" or \"bgr\" is needed",
                       order);
    return true;
}

static bool read_fields(const cJSON *item, dv_preprocess *p, const int own_size[2], dv_error *err)
{
    static const char *const keys[] = { "resize", "size", "scale", "mean", "std", "order", NULL };
    const cJSON *resize = dv_json_get(item, "resize"), *scale = dv_json_get(item, "scale");
    int64_t side = 0;
    int own[2] = { own_size[0], own_size[1] };
    if (!dv_preprocess_named(p, "unit") || !dv_json_check_keys(item, keys, "it", err) ||
        (resize && !dv_json_int(resize, "\"resize\"", 0, MAX_SIDE, &side, err)) ||
        !read_size(dv_json_get(item, "size"), own, err) ||
        (scale && !dv_json_float(scale, "\"scale\"", &p->scale, err)) ||
        !read_channels(dv_json_get(item, "mean"), "\"mean\"", p->channels, p->mean, err) ||
        !read_channels(dv_json_get(item, "std"), "\"std\"", p->channels, p->std, err) ||
        !read_order(dv_json_get(item, "order"), p, err))
        return false;
    if (resize)
        p->resize = scaled(side, own[0] ? own : p->size, p->size);
    for (int c = 0; c < p->channels; c++)
        if (p->std[c] == 0)
            return dv_fail(err, DV_BAD_DATA, "\"std\" of channel %d is 0", c);
    return true;
}

static bool read_preprocess(dv_model *m, const cJSON *item, const int own[2], dv_error *err)
{
    const dv_shape *s = dv_tensor_shape(m, m->input);
    dv_preprocess *p = dv_arena_alloc(&m->arena, sizeof *p, err);
    if (!p)
        return false;
    if (s->rank != 4 || (s->dim[1] != 1 && s->dim[1] != 3)) {
        char text[DV_SHAPE_TEXT_MAX];
        return dv_fail(err, DV_BAD_DATA, "for an input of %s: (1,3,H,W) or (1,1,H,W) is needed",
                       dv_shape_text(s, text));
    }
    *p = (dv_preprocess){ .size = { s->dim[2], s->dim[3] }, .channels = s->dim[1] };
    m->preprocess = p;
    if (!cJSON_IsString(item))
        return read_fields(item, p, own, err);
    if (!dv_preprocess_named(p, item->valuestring))
        return dv_fail(err, DV_BAD_DATA,
                       "\"%.40s\" is unknown: imagenet, caffe, unit and none are known",
                       item->valuestring);
    return true;
}

/* -- labels ----------------------------------------------------------------------------------- */

static bool label_list(dv_model *m, const cJSON *list, dv_error *err)
{
    int n = cJSON_GetArraySize(list), i = 0;
    const char **labels = dv_arena_array(&m->arena, (size_t)n, sizeof *labels, err);
    const cJSON *item;
    if (!labels)
        return false;
    cJSON_ArrayForEach(item, list)
    {
        if (!dv_json_text(item, "a label", &m->arena, &labels[i++], err))
            return false;
    }
    m->labels = labels;
    m->n_labels = n;
    return true;
}

/* A copy of a line; a tab, as between a WordNet id and a name, becomes a blank. */
static bool label_line(dv_arena *a, const char *line, size_t n, const char **label, dv_error *err)
{
    char *text = dv_arena_text(a, line, n, err);
    if (!text)
        return false;
    for (size_t i = 0; i < n; i++)
        if (text[i] == '\t')
            text[i] = ' ';
    *label = text;
    return dv_name_check(text, n, "a label", err);
}

/* One a line; an empty line is a label too, but not behind the last newline. */
static bool label_lines(dv_model *m, const char *text, size_t size, dv_error *err)
{
    int n = 0, line = 0;
    for (size_t i = 0; i < size; i++)
        n += n < MAX_LABELS + 1 && (text[i] == '\n' || i + 1 == size);
    if (n > MAX_LABELS)
        return dv_fail(err, DV_BAD_DATA, "more than %d lines", MAX_LABELS);
    const char **labels = dv_arena_array(&m->arena, (size_t)n, sizeof *labels, err);
    if (!labels)
        return false;
    for (const char *at = text, *end = text + size; at < end; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline ? newline : end) - at);
        const char *next = newline ? newline + 1 : end;
        length -= length && at[length - 1] == '\r';
        if (!label_line(&m->arena, at, length, &labels[line], err))
            return dv_fail_in(err, "line %d", line + 1);
        at = next;
    }
    m->labels = labels;
    m->n_labels = n;
    return true;
}

static bool label_file(dv_model *m, const char *name, const char *folder, dv_error *err)
{
    dv_file linked = dv_builtin_file(name);
    if (!folder && linked.data)
        return label_lines(m, (const char *)linked.data, linked.size, err);
    if (!folder)
        return dv_fail(err, DV_UNSUPPORTED, "the file '%s' cannot be had here", name);
    const char *path = dv_path_in(&m->arena, folder, name, err);
    dv_file f;
    if (!path || !dv_name_check_inside(name, err) || !dv_file_read(&f, path, DV_FILE_MAX_READ, err))
        return false;
    bool ok = label_lines(m, (const char *)f.data, f.size, err) || dv_fail_in(err, "%s", path);
    dv_file_unmap(&f);
    return ok;
}

bool dv_sidecar_apply(dv_model *m, const cJSON *object, const char *folder, const int own_size[2],
                      dv_error *err)
{
    const cJSON *preprocess = dv_json_get(object, "preprocess");
    const cJSON *labels = dv_json_get(object, "labels");
    if (preprocess && !read_preprocess(m, preprocess, own_size, err))
        return dv_fail_in(err, "\"preprocess\"");
    if (!labels)
        return true;
    const char *name;
    bool ok = cJSON_IsArray(labels) ? label_list(m, labels, err)
                                    : dv_json_text(labels, "it", &m->arena, &name, err) &&
                                          label_file(m, name, folder, err);
    return ok || dv_fail_in(err, "\"labels\"");
}

static bool read_beside(dv_model *m, const dv_file *f, dv_error *err)
{
    static const char *const keys[] = { "preprocess", "labels", NULL };
    static const int unknown[2] = { 0, 0 };
    const char *folder = dv_folder_of(&m->arena, m->path, err);
    cJSON *root = folder ? dv_json_parse(f->data, f->size, DV_JSON_MAX_VALUES, err) : NULL;
    if (!root)
        return false;
    bool ok = (dv_json_get(root, "format") || dv_json_check_keys(root, keys, "it", err)) &&
              dv_sidecar_apply(m, root, folder, unknown, err);
    cJSON_Delete(root);
    return ok;
}

bool dv_sidecar_find(dv_model *m, dv_error *err)
{
    const char *path = dv_path_with(&m->arena, m->path, ".json", err);
    dv_file f;
    if (!path)
        return false;
    if (strcmp(path, m->path) == 0 || !dv_file_exists(path))
        return true;
    if (!dv_source_map(m->source, path, &f, err))
        return false;
    if (!read_beside(m, &f, err))
        return dv_fail_in(err, "%s", path);
    return !m->preprocess || dv_model_add_part(m, DV_PART_SIDECAR, path, &f, err);
}
