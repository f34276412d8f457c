#include "load/loader.h"
#include "load/name.h"
#include "load/onnx.h"

#include <string.h>

typedef struct dv_onnx_file {
    const char *location;
    dv_file file;
} dv_onnx_file;

/* Maps `location`, or finds it among those that are. */
static const dv_file *open_file(dv_onnx_store *s, const char *location, dv_error *err)
{
    for (int i = s->n_files; i-- > 0;)
        if (strcmp(s->files[i].location, location) == 0)
            return &s->files[i].file;
    if (s->n_files == s->max_files) {
        int more = s->max_files ? 2 * s->max_files : 8;
        dv_onnx_file *files = dv_arena_array(s->arena, (size_t)more, sizeof *files, err);
        if (!files)
            return NULL;
        if (s->n_files)
            memcpy(files, s->files, (size_t)s->n_files * sizeof *files);
        s->files = files;
        s->max_files = more;
    }
    const char *path = dv_path_in(s->arena, s->folder, location, err);
    if (!path)
        return NULL;
    dv_file f;
    if (!dv_file_map(&f, path, err) || !dv_model_own(s->model, f, err))
        return NULL;
    s->files[s->n_files] = (dv_onnx_file){ location, f };
    return &s->files[s->n_files++].file;
}

bool dv_onnx_external_data(dv_onnx_store *s, const dv_onnx_external *e, size_t bytes,
                           const void **data, dv_error *err)
{
    if (!e->location)
        return dv_fail(err, DV_BAD_DATA, "external data without a location");
    if (!s->folder)
        return dv_fail(err, DV_UNSUPPORTED, "external data ('%s') cannot be had here", e->location);
    if (!dv_name_check_inside(e->location, err))
        return false;
    if (e->has_length && e->length != bytes)
        return dv_fail(err, DV_BAD_DATA, "%llu bytes of external data: %zu are needed",
                       (unsigned long long)e->length, bytes);
    const dv_file *f = open_file(s, e->location, err);
    if (!f)
        return false;
    if (e->offset > f->size || bytes > f->size - e->offset)
        return dv_fail(err, DV_BAD_DATA, "bytes %llu to %llu of '%s', which has %zu",
                       (unsigned long long)e->offset, (unsigned long long)e->offset + bytes,
                       e->location, f->size);
    *data = f->data + e->offset;
    return true;
}
