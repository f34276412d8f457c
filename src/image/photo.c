#include "image/photo.h"

#include <string.h>

bool dv_photo_read(dv_photo *photo, const char *path, const dv_photo_known *known,
                   const dv_preprocess *p, float *input, dv_error *err)
{
    *photo = (dv_photo){ .map = { .scale = { 1, 1 } } };
    dv_file *f = &photo->file;
    dv_image im = { 0 };
    if (!dv_file_read(f, path, DV_FILE_MAX_READ, err))
        return false;
    dv_sha256(f->data, f->size, photo->sha256);
    if (known && strcmp(photo->sha256, known->sha256) != 0)
        return dv_fail(err, DV_BAD_DATA, "%s: has changed since it was %s", path, known->since);
    const bool ok = dv_image_decode(&im, f->data, f->size, path, err) &&
                    (dv_prepare(&im, p, input, &photo->map, err) || dv_fail_in(err, "%s", path));
    dv_image_free(&im);
    return ok;
}

void dv_photo_free(dv_photo *photo)
{
    dv_file_unmap(&photo->file);
    *photo = (dv_photo){ .map = { .scale = { 1, 1 } } };
}
