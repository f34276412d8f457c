#include "atlas/hit_pictures.h"
#include "atlas/reduce.h"
#include "base/path.h"
#include "image/resize.h"

#include <math.h>
#include <stdlib.h>

bool dv_hit_rect(const dv_model *m, const int size[2], const dv_unit *u, dv_rect *r, dv_error *err)
{
    dv_box field;
    if (!dv_model_field(m, u->tensor, dv_unit_box(m, u), &field, err))
        return false;
    *r = dv_view_rect(DV_VIEW_CROP, field, size);
    return true;
}

bool dv_hit_agrees(const dv_trace *t, const dv_unit *u, const char *layer, float value,
                   dv_error *err)
{
    const float here = dv_unit_value(t, u);
    return fabsf(here - value) <= 1e-2F * value ||
           dv_fail(err, DV_BAD_DATA, "layer %s channel %d is %.6g here, %.6g in the index", layer,
                   (int)u->channel, (double)here, (double)value);
}

bool dv_hit_patch(dv_image *out, const dv_image *seen, dv_rect r, int side, dv_error *err)
{
    int w, h;
    dv_image whole;
    dv_reduced_size(r, side, &w, &h);
    if (!dv_picture_crop(&whole, seen, r, err))
        return false;
    if (w == whole.width && h == whole.height) {
        *out = whole;
        return true;
    }
    bool ok = dv_picture_new(out, w, h, DV_GREY, err) &&
              dv_resize(&whole, w, h, (dv_part){ 0, 0, w, h }, out->rgb, err);
    dv_image_free(&whole);
    return ok;
}

bool dv_hit_reduce(dv_signal *shown, dv_rect *part, float **own, const dv_signal *s, dv_rect r,
                   int side, dv_error *err)
{
    int w, h;
    dv_reduced_size(r, side, &w, &h);
    *own = NULL;
    *shown = *s;
    *part = r;
    if (w == r.x1 - r.x0 && h == r.y1 - r.y0)
        return true;
    if (!dv_reduce_signal(shown, s, r, w, h, err))
        return false;
    *own = shown->data;
    *part = (dv_rect){ 0, 0, w, h };
    return true;
}

bool dv_hit_image(dv_photo *photo, const dv_index *x, const dv_index_file *f, const char *root,
                  float *input, dv_error *err)
{
    const dv_photo_known known = { f->sha256, "mined" };
    *photo = (dv_photo){ .file = { .data = NULL } };
    char *path = dv_path_below(root, f->path, err);
    const bool ok = path && dv_photo_open(photo, path, &known, err) &&
                    (dv_prepare(&photo->image, &x->preprocess, input, &photo->map, err) ||
                     dv_fail_in(err, "%s", path));
    free(path);
    return ok;
}
