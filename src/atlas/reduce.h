/* reduce.h - signals made smaller for the eye. */
#ifndef DV_ATLAS_REDUCE_H
#define DV_ATLAS_REDUCE_H

#include "deconvviz/draw.h"

/* The size of a picture of r when its longer side is `side`; r's own where it is not larger. */
void dv_reduced_size(dv_rect r, int side, int *width, int *height);

/* The part `r` of a signal, zero outside its box, averaged over areas to (C,height,width). Signs
 * cancel where they alternate, as they do in a picture that is made smaller; the scale of what is
 * left is found anew. out->data is the caller's to free; NULL for a signal that is zero. */
bool dv_reduce_signal(dv_signal *out, const dv_signal *s, dv_rect r, int width, int height,
                      dv_error *err) DV_MUST_CHECK;

#endif
