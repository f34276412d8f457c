#include "deconvviz/draw.h"

enum { PAIR_GAP = 8 };

/* One axis of dv_view_rect. */
static void view_range(int32_t lo, int32_t hi, int size, int *from, int *to)
{
    bool whole = hi - lo >= size;
    *from = whole ? 0 : lo;
    *to = whole ? size : hi;
}

dv_rect dv_view_rect(dv_view view, dv_box field, const int size[2])
{
    dv_rect r = { 0, 0, size[1], size[0] };
    if (view == DV_VIEW_FULL || dv_box_empty(&field))
        return r;
    view_range(field.lo[DV_X], field.hi[DV_X], size[1], &r.x0, &r.x1);
    view_range(field.lo[DV_Y], field.hi[DV_Y], size[0], &r.y0, &r.y1);
    return r;
}

int dv_view_zoom(dv_rect r, int side)
{
    int w = r.x1 - r.x0, h = r.y1 - r.y0, longer = w > h ? w : h;
    int zoom = (side + longer / 2) / longer;
    return zoom < 1 ? 1 : zoom > 256 ? 256 : zoom;
}

/* Takes `picture` over, also when it fails. */
static bool enlarge(dv_image *picture, int factor, dv_error *err)
{
    if (factor == 1)
        return true;
    dv_image large;
    bool ok = dv_picture_zoom(&large, picture, factor, err);
    dv_image_free(picture);
    if (ok)
        *picture = large;
    return ok;
}

static bool side_by_side(dv_image *out, const dv_image *left, const dv_image *right, dv_error *err)
{
    if (!dv_picture_new(out, left->width + PAIR_GAP + right->width, left->height, DV_WHITE, err))
        return false;
    dv_draw_picture(out, 0, 0, left);
    dv_draw_picture(out, left->width + PAIR_GAP, 0, right);
    return true;
}

bool dv_draw_view(dv_image *out, const dv_image *seen, const dv_signal *s, dv_rect r,
                  const dv_look *look, dv_error *err)
{
    dv_image projection;
    if (!dv_draw_signal(&projection, s, r, look->scale, look->bgr, err) ||
        !enlarge(&projection, look->zoom, err))
        return false;
    if (look->view != DV_VIEW_PAIR) {
        *out = projection;
        return true;
    }
    dv_image patch;
    bool ok = dv_picture_crop(&patch, seen, r, err) && enlarge(&patch, look->zoom, err);
    if (ok) {
        ok = side_by_side(out, &patch, &projection, err);
        dv_image_free(&patch);
    }
    dv_image_free(&projection);
    return ok;
}
