/* transform.h - what a network sees of an image that was turned, made larger or smaller, and moved.
 *
 * The view is a part of an image that may have more around it: what a transform brings in from
 * there is seen, and only what lies beyond the image is filled. */
#ifndef DV_IMAGE_TRANSFORM_H
#define DV_IMAGE_TRANSFORM_H

#include "deconvviz/image.h"
#include "image/resize.h"

/* Of what is seen, about the centre of the view: first its size, then its angle, then its place. */
typedef struct dv_transform {
    double shift[2]; /* (y,x) in pixels, downwards and to the right */
    double scale;    /* 2: twice as large */
    double degrees;  /* counter-clockwise */
} dv_transform;

/* Scales that are possible. */
#define DV_TRANSFORM_SMALLEST 0.05
#define DV_TRANSFORM_LARGEST  20.0

/* The transform that does nothing. */
static inline dv_transform dv_transform_none(void)
{
    return (dv_transform){ .scale = 1 };
}

/* Writes what is seen to `to`, (view.height, view.width, 3), and returns the share of its pixels
 * that the image does not reach. Bilinear; where it shrinks, by a triangle as wide as a pixel
 * becomes, so that nothing is skipped. Shifts by whole pixels copy them, and so do right angles
 * where the sides of the view are both even or both odd. The view lies inside the image. */
double dv_transform_view(const dv_image *im, dv_part view, const dv_transform *t, dv_fill fill,
                         uint8_t *to);

/* How many pixels beyond a view of that size it may read, at most. */
int dv_transform_reach(const dv_transform *t, int width, int height);

#endif
