/* hit_pictures.h - one hit as pictures: the part of the input that is shown of it, the patch there,
 * and what of it excites the unit. Sheets and atlases share them. */
#ifndef DV_ATLAS_HIT_PICTURES_H
#define DV_ATLAS_HIT_PICTURES_H

#include "deconvviz/draw.h"
#include "deconvviz/index.h"
#include "deconvviz/project.h"
#include "image/photo.h"

/* The part of an input of size (H,W) that is shown of a unit. */
bool dv_hit_rect(const dv_model *m, const int size[2], const dv_unit *u, dv_rect *r,
                 dv_error *err) DV_MUST_CHECK;

/* Fails when the unit's value is not that of the index, to within what rounding does. */
bool dv_hit_agrees(const dv_trace *t, const dv_unit *u, const char *layer, float value,
                   dv_error *err) DV_MUST_CHECK;

/* The patch of what the network saw, at most `side` large. */
bool dv_hit_patch(dv_image *out, const dv_image *seen, dv_rect r, int side,
                  dv_error *err) DV_MUST_CHECK;

/* A projection as it is shown at most `side` large: *shown, and the part of it; own: its memory,
 * to be freed by the caller, where it was made smaller, else NULL. */
bool dv_hit_reduce(dv_signal *shown, dv_rect *part, float **own, const dv_signal *s, dv_rect r,
                   int side, dv_error *err) DV_MUST_CHECK;

/* The image of a file of the index, which must not have changed, as the network's input. photo: see
 * dv_photo_open; its pixels are there. */
bool dv_hit_image(dv_photo *photo, const dv_index *x, const dv_index_file *f, const char *root,
                  float *input, dv_error *err) DV_MUST_CHECK;

#endif
