/* steps_draw.h - the figures of a projection in stages. */
#ifndef DV_STUDIES_STEPS_DRAW_H
#define DV_STUDIES_STEPS_DRAW_H

#include "draw/provenance.h"
#include "studies/steps_walk.h"

/* Stages in bands, each with the way there above the way back; before them the image with the
 * unit's field, and the projection. seen: of dv_draw_input; field: not clipped. Writes
 * w->o->figure. */
bool dv_steps_draw(const dv_steps_walk *w, const dv_image *seen, const dv_box *field,
                   const dv_provenance *says, dv_error *err) DV_MUST_CHECK;

/* Every number of the toy network, in cells. */
bool dv_steps_draw_toy(const dv_steps_walk *w, const dv_provenance *says,
                       dv_error *err) DV_MUST_CHECK;

#endif
