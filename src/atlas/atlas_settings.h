/* atlas_settings.h - atlas.json: what an atlas was made with, beside the index, that decides its
 * pictures. */
#ifndef DV_ATLAS_ATLAS_SETTINGS_H
#define DV_ATLAS_ATLAS_SETTINGS_H

#include "atlas/atlas_work.h"
#include "base/text.h"

/* The document, as text; the caller frees it, also after a failure. */
bool dv_atlas_settings_text(const dv_atlas_work *w, dv_text *t, dv_error *err) DV_MUST_CHECK;

/* What it says of an atlas of the index: sets o's root, rectify, compared, samples_projected,
 * quality, context, n_picks and picks; all of that is in the arena. */
bool dv_atlas_settings_read(const char *folder, const dv_index *x, dv_atlas_options *o, dv_arena *a,
                            dv_error *err) DV_MUST_CHECK;
/* The same from memory. */
bool dv_atlas_settings_parse(const void *data, size_t size, const dv_index *x, dv_atlas_options *o,
                             dv_arena *a, dv_error *err) DV_MUST_CHECK;

#endif
