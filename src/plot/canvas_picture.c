#include "image/resize.h"
#include "plot/canvas.h"
#include "plot/drawing_library.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int dv_canvas_pixels(const dv_canvas *c, double length)
{
    return (int)fmin(fmax(round(length / c->pixel), 1), DV_IMAGE_MAX_SIDE);
}

/* -- resampling ------------------------------------------------------------------------------- */

/* Each pixel of `out` is that of `from` which its centre lies in. */
static bool nearest(dv_image *out, const dv_image *from, int w, int h, dv_error *err)
{
    if (!dv_picture_new(out, w, h, DV_WHITE, err))
        return false;
    for (int y = 0; y < h; y++) {
        const size_t row = (size_t)((2 * (int64_t)y + 1) * from->height / (2 * (int64_t)h));
        uint8_t *to = out->rgb + (size_t)y * (size_t)w * 3;
        for (int x = 0; x < w; x++) {
            const size_t column = (size_t)((2 * (int64_t)x + 1) * from->width / (2 * (int64_t)w));
            memcpy(to + (size_t)x * 3, from->rgb + (row * (size_t)from->width + column) * 3, 3);
        }
    }
    return true;
}

static bool resized(dv_image *out, const dv_image *from, int w, int h, dv_error *err)
{
    if (!dv_picture_new(out, w, h, DV_WHITE, err))
        return false;
    const dv_part all = { .width = w, .height = h };
    if (dv_resize(from, w, h, all, out->rgb, err))
        return true;
    dv_image_free(out);
    return false;
}

/* Enlarged by splines to at least the size, then made to have it. */
static bool enlarged(dv_image *out, const dv_image *from, int w, int h, dv_error *err)
{
    const double factor = fmax((double)w / from->width, (double)h / from->height);
    dv_image large;
    if (!dv_picture_zoom(&large, from, (int)fmin(ceil(factor - 1e-9), 256), err))
        return false;
    const bool ok = resized(out, &large, w, h, err);
    dv_image_free(&large);
    return ok;
}

/* The least whole factor that makes so many pixels of it. */
static int whole_factor(int from, int to)
{
    return (to + from - 1) / from;
}

bool dv_canvas_fitted(dv_canvas *c, dv_area a, const dv_image *picture, bool squares, dv_image *out)
{
    int w = dv_canvas_pixels(c, a.w), h = dv_canvas_pixels(c, a.h);
    const bool small = picture->width <= DV_ZOOM_SQUARES && picture->height <= DV_ZOOM_SQUARES;
    const bool larger = w > picture->width || h > picture->height;
    bool ok;
    if (squares || (small && larger)) {
        /* Of a vector format the viewer has the pixels: there squares are all of one size. */
        if (c->vector) {
            w = picture->width * whole_factor(picture->width, w);
            h = picture->height * whole_factor(picture->height, h);
        }
        ok = nearest(out, picture, w, h, c->err);
    } else if (larger) {
        ok = enlarged(out, picture, w, h, c->err);
    } else {
        ok = resized(out, picture, w, h, c->err);
    }
    return dv_canvas_ok(c, ok);
}

/* -- onto the surface ------------------------------------------------------------------------- */

static cairo_surface_t *surface_of(dv_canvas *c, const dv_image *im)
{
    const dv_drawing_library *lib = c->lib;
    cairo_surface_t *s = lib->cairo_image_surface_create(CAIRO_FORMAT_RGB24, im->width, im->height);
    uint8_t *pixels = lib->cairo_image_surface_get_data(s);
    if (!pixels) {
        lib->cairo_surface_destroy(s);
        dv_canvas_ok(c, dv_fail(c->err, DV_NO_MEMORY, "no memory for a picture of %dx%d pixels",
                                im->width, im->height));
        return NULL;
    }
    const size_t stride = (size_t)lib->cairo_image_surface_get_stride(s);
    for (int y = 0; y < im->height; y++) {
        const uint8_t *from = im->rgb + (size_t)y * (size_t)im->width * 3;
        uint8_t *row = pixels + (size_t)y * stride;
        for (int x = 0; x < im->width; x++, from += 3) {
            const uint32_t pixel = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
            memcpy(row + (size_t)x * 4, &pixel, 4);
        }
    }
    lib->cairo_surface_mark_dirty(s);
    return s;
}

void dv_canvas_pixels_put(dv_canvas *c, dv_area a, const dv_image *picture)
{
    const dv_drawing_library *lib = c->lib;
    cairo_surface_t *s = c->failed ? NULL : surface_of(c, picture);
    if (!s)
        return;
    lib->cairo_save(c->cr);
    lib->cairo_translate(c->cr, a.x, a.y);
    lib->cairo_scale(c->cr, a.w / picture->width, a.h / picture->height);
    lib->cairo_set_source_surface(c->cr, s, 0, 0);
    lib->cairo_pattern_set_filter(lib->cairo_get_source(c->cr), CAIRO_FILTER_NEAREST);
    lib->cairo_rectangle(c->cr, 0, 0, picture->width, picture->height);
    lib->cairo_fill(c->cr);
    lib->cairo_restore(c->cr);
    lib->cairo_surface_destroy(s);
}

void dv_canvas_picture(dv_canvas *c, dv_area a, const dv_image *picture, bool squares)
{
    dv_image fitted = { 0 };
    if (c->failed || !dv_canvas_fitted(c, a, picture, squares, &fitted))
        return;
    dv_canvas_pixels_put(c, a, &fitted);
    dv_image_free(&fitted);
}
