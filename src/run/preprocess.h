/* preprocess.h - how images become a network's input, as JSON. */
#ifndef DV_RUN_PREPROCESS_H
#define DV_RUN_PREPROCESS_H

#include "base/text.h"
#include "deconvviz/image.h"

/* "resize":…,"size":[H,W],"channels":…,"scale":…,"mean":[C],"std":[C],"order":"rgb" - the members
 * of an object, without its braces. */
void dv_text_preprocess(dv_text *t, const dv_preprocess *p);

#endif
