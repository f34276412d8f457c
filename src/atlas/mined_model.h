/* mined_model.h - whether a model is the one that an index is of. */
#ifndef DV_ATLAS_MINED_MODEL_H
#define DV_ATLAS_MINED_MODEL_H

#include "deconvviz/index.h"

/* Fails (DV_BAD_USAGE) with what differs, or when shards are missing. */
bool dv_mined_model(const dv_model *m, const dv_index *x, dv_error *err) DV_MUST_CHECK;

#endif
