/* verify.h - between comparing and drawing. */
#ifndef DV_REFS_VERIFY_H
#define DV_REFS_VERIFY_H

#include "refs/reference.h"

/* A unit that changed, as it was and as it is. */
typedef struct dv_change_seen {
    const dv_model *model; /* of now */
    const dv_unit *unit;
    const dv_references *refs;
    const dv_verified *result;
    const dv_signal *then, *now;
    dv_rect rect; /* of the input, to be shown */
    bool bgr;
} dv_change_seen;

/* Writes recorded, now and the difference, side by side, to `path`. */
bool dv_verify_draw(const dv_change_seen *s, const char *path, dv_error *err) DV_MUST_CHECK;

/* Sets the verdict, the reason and the badness of a unit that was compared. */
void dv_verify_judge(dv_verified *v, const dv_verify_options *o);

#endif
