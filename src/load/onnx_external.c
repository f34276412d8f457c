#include "base/name.h"
#include "base/path.h"
#include "load/loader.h"
#include "load/onnx.h"

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
    dv_file f;
    const char *path = dv_path_in(s->arena, s->folder, e->location, err);
    if (!path || !dv_source_map(s->model->source, path, &f, err) ||
        !dv_model_add_part(s->model, DV_PART_EXTERNAL, path, &f, err))
        return false;
    if (e->offset > f.size || bytes > f.size - e->offset)
        return dv_fail(err, DV_BAD_DATA, "bytes %llu to %llu of '%s', which has %zu",
                       (unsigned long long)e->offset, (unsigned long long)e->offset + bytes,
                       e->location, f.size);
    *data = f.data + e->offset;
    return true;
}
