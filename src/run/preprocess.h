/* preprocess.h - how images become a network's input, as JSON. */
#ifndef DV_RUN_PREPROCESS_H
#define DV_RUN_PREPROCESS_H

#include "base/json_write.h"
#include "deconvviz/image.h"

struct cJSON;

/* "resize":…,"size":[H,W],"channels":…,"scale":…,"mean":[C],"std":[C],"order":"rgb" - as members of
 * the object that is open. */
void dv_preprocess_write(dv_json *w, const dv_preprocess *p);

/* Reads them out of that object; all must be there. */
bool dv_preprocess_read(dv_preprocess *p, const struct cJSON *object, dv_error *err) DV_MUST_CHECK;

#endif
