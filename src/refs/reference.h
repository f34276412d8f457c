/* reference.h - what recording and comparing share. */
#ifndef DV_REFS_REFERENCE_H
#define DV_REFS_REFERENCE_H

#include "base/arena.h"
#include "base/file.h"
#include "base/path.h"
#include "deconvviz/draw.h"
#include "deconvviz/reference.h"

#define DV_MANIFEST "manifest.json"

/* Allocates r->arena; and, from it, the lists. */
bool dv_references_begin(dv_references *r, dv_error *err) DV_MUST_CHECK;
bool dv_references_lists(dv_references *r, int n_images, int n_units, dv_error *err) DV_MUST_CHECK;

const char *dv_seed_name(dv_seed seed);               /* "value", "one" */
const char *dv_reference_at_name(dv_reference_at at); /* "max", "given", "all" */

/* Where an image is: `file`, from root (may be NULL) on where it is relative; what is not there is
 * looked for in root by its name alone. The caller frees it. */
char *dv_reference_path(const char *root, const char *file, dv_error *err) DV_MUST_CHECK;

/* -- measures --------------------------------------------------------------------------------- */

/* What of a channel is recorded beside its projection. */
typedef struct dv_channel_statistics {
    float mean, active, rms;
} dv_channel_statistics;

dv_channel_statistics dv_reference_statistics(const dv_trace *t, const dv_model *m,
                                              const dv_unit *u);

/* How far a unit's value is from the recorded one, over the larger of that and the rms of its
 * tensor; at most DV_RELATIVE_MAX. */
double dv_value_change(const dv_reference_unit *r, float value);

/* The part of the input that is shown of a unit. */
bool dv_reference_rect(const dv_model *m, const dv_unit *u, const dv_preprocess *p, dv_rect *r,
                       dv_error *err) DV_MUST_CHECK;

/* -- arrays ----------------------------------------------------------------------------------- */

/* Writes a projection, whose largest magnitude `scale` is of, as halves; reads it again as floats
 * that the caller frees. Fails where the file's shape is not that of the window. */
bool dv_reference_write_array(const char *path, const dv_signal *s, float scale,
                              dv_error *err) DV_MUST_CHECK;
bool dv_reference_read_array(dv_signal *s, const char *folder, const dv_reference_unit *u,
                             dv_error *err) DV_MUST_CHECK;

/* The power of two that brings the largest magnitude to [0.5, 1); 1 for a signal that is 0. */
float dv_reference_scale(const dv_signal *s);

#endif
