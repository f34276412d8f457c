/* cover.h - a part of an image covered, so that a network does not see it. */
#ifndef DV_IMAGE_COVER_H
#define DV_IMAGE_COVER_H

#include "deconvviz/image.h"

/* What is seen in its place. */
typedef enum dv_cover {
    DV_COVER_GREY, /* 128, as Zeiler & Fergus have it (2013, figure 7) */
    DV_COVER_MEAN, /* the mean colour of the image */
    DV_COVER_BLUR, /* the image itself without its detail: a twelfth of its shorter side is a
                      standard deviation */
    DV_N_COVERS,
} dv_cover;

/* The image as it would be seen covered everywhere, of the same size. The caller frees *out with
 * dv_image_free. Fails when memory runs out. */
bool dv_cover_all(dv_image *out, const dv_image *im, dv_cover cover, dv_error *err) DV_MUST_CHECK;

/* Shows `cover`, of the same size, in the box of the image whose first pixel is (x0,y0) and which
 * ends before (x1,y1); what of it lies outside the image is cut off. */
void dv_cover_box(dv_image *im, const dv_image *cover, int x0, int y0, int x1, int y1);

#endif
