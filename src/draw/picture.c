#include "deconvviz/draw.h"

#include <stdlib.h>
#include <string.h>

bool dv_picture_new(dv_image *out, int width, int height, dv_rgb color, dv_error *err)
{
    if (width < 1 || height < 1 || (int64_t)width * height > DV_IMAGE_MAX_PIXELS)
        return dv_fail(err, DV_BAD_USAGE, "a picture of %dx%d pixels: at most %d million", width,
                       height, DV_IMAGE_MAX_PIXELS / 1000000);
    uint8_t *rgb = malloc((size_t)width * (size_t)height * 3);
    if (!rgb)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a picture of %dx%d pixels", width, height);
    *out = (dv_image){ .width = width, .height = height, .rgb = rgb };
    dv_draw_fill(out, (dv_rect){ 0, 0, width, height }, color);
    return true;
}

static int clamp(int v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

static uint8_t *pixel(const dv_image *im, int x, int y)
{
    return im->rgb + ((size_t)y * (size_t)im->width + (size_t)x) * 3;
}

void dv_draw_fill(dv_image *to, dv_rect r, dv_rgb color)
{
    int x0 = clamp(r.x0, 0, to->width), x1 = clamp(r.x1, x0, to->width);
    int y0 = clamp(r.y0, 0, to->height), y1 = clamp(r.y1, y0, to->height);
    for (int y = y0; y < y1; y++) {
        uint8_t *p = pixel(to, x0, y);
        for (int x = x0; x < x1; x++, p += 3) {
            p[0] = color.r;
            p[1] = color.g;
            p[2] = color.b;
        }
    }
}

void dv_draw_picture(dv_image *to, int x, int y, const dv_image *from)
{
    int64_t right = (int64_t)x + from->width, below = (int64_t)y + from->height;
    int x0 = clamp(x, 0, to->width), x1 = right < to->width ? (int)right : to->width;
    int y0 = clamp(y, 0, to->height), y1 = below < to->height ? (int)below : to->height;
    for (int row = y0; row < y1 && x0 < x1; row++)
        memcpy(pixel(to, x0, row), pixel(from, x0 - x, row - y), (size_t)(x1 - x0) * 3);
}

bool dv_picture_crop(dv_image *out, const dv_image *from, dv_rect r, dv_error *err)
{
    if (!dv_picture_new(out, r.x1 - r.x0, r.y1 - r.y0, DV_GREY, err))
        return false;
    dv_draw_picture(out, -r.x0, -r.y0, from);
    return true;
}
