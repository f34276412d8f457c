/* frame.h - a photograph as large as it is when a network's view is cut from it, with what lies
 * around the view. */
#ifndef DV_IMAGE_FRAME_H
#define DV_IMAGE_FRAME_H

#include "deconvviz/image.h"
#include "image/resize.h"

typedef struct dv_frame {
    dv_image image;
    dv_part view; /* in it: of the preprocessing's size */
} dv_frame;

/* At most `margin` pixels are kept on each side of the view, less where the photograph ends. The
 * caller frees *f with dv_frame_free, also after a failure. Fails as dv_prepare does. */
bool dv_frame_make(dv_frame *f, const dv_image *im, const dv_preprocess *p, int margin,
                   dv_error *err) DV_MUST_CHECK;
void dv_frame_free(dv_frame *f);

/* Pixels rgb (size[0], size[1], 3) of the preprocessing's size to numbers (channels, size[0],
 * size[1]). */
void dv_pixels_prepare(const uint8_t *rgb, const dv_preprocess *p, float *to);

#endif
