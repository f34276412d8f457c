/* resize.h - Pillow's bilinear resampling, bit for bit. */
#ifndef DV_IMAGE_RESIZE_H
#define DV_IMAGE_RESIZE_H

#include "deconvviz/image.h"

/* A part of an image, in pixels. */
typedef struct dv_part {
    int x, y, width, height;
} dv_part;

/* Resizes `im` to (height, width) and writes the part of the result to `to`,
 * (part.height, part.width, 3); nothing outside the part is computed. The part must lie inside.
 * Fails when memory runs out. */
bool dv_resize(const dv_image *im, int width, int height, dv_part part, uint8_t *to,
               dv_error *err) DV_MUST_CHECK;

#endif
