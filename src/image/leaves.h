/* leaves.h - a made picture that is, to filters, as photographs are. */
#ifndef DV_IMAGE_LEAVES_H
#define DV_IMAGE_LEAVES_H

#include "deconvviz/image.h"

/* Dead leaves: discs of random place and colour that cover each other, so many of radius r as go
 * with r^-3 (Lee, Mumford and Huang, "Occlusion models for natural images", 2001); edges, and power
 * that falls with 1/f^2, as photographs have. The same picture for the same size and seed. The
 * caller frees *out with dv_image_free. Fails when memory runs out. */
bool dv_image_leaves(dv_image *out, int width, int height, uint64_t seed,
                     dv_error *err) DV_MUST_CHECK;

#endif
