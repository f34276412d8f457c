#include "image/photo.h"

#include <string.h>

bool dv_photo_open(dv_photo *photo, const char *path, const dv_photo_known *known, dv_error *err)
{
    *photo = (dv_photo){ .map = { .scale = { 1, 1 } } };
    dv_file *f = &photo->file;
    if (!dv_file_read(f, path, DV_FILE_MAX_READ, err))
        return false;
    dv_sha256(f->data, f->size, photo->sha256);
    if (known && strcmp(photo->sha256, known->sha256) != 0)
        return dv_fail(err, DV_BAD_DATA, "%s: has changed since it was %s", path, known->since);
    return dv_image_decode(&photo->image, f->data, f->size, path, err);
}

bool dv_photo_read(dv_photo *photo, const char *path, const dv_photo_known *known,
                   const dv_preprocess *p, float *input, dv_error *err)
{
    const bool ok =
        dv_photo_open(photo, path, known, err) &&
        (dv_prepare(&photo->image, p, input, &photo->map, err) || dv_fail_in(err, "%s", path));
    dv_image_free(&photo->image);
    return ok;
}

void dv_photo_free(dv_photo *photo)
{
    dv_file_unmap(&photo->file);
    dv_image_free(&photo->image);
    *photo = (dv_photo){ .map = { .scale = { 1, 1 } } };
}
