/* features_about.h - what features are of, as JSON. */
#ifndef DV_STUDIES_FEATURES_ABOUT_H
#define DV_STUDIES_FEATURES_ABOUT_H

#include "deconvviz/features.h"
#include "studies/features_file.h"

/* A layer's part of a row. */
typedef struct dv_features_layer {
    const char *layer; /* as -l takes it */
    int tensor;
    size_t first, count; /* values */
} dv_features_layer;

typedef struct dv_features_about {
    const dv_model *model;
    const dv_list *images;
    const dv_features_options *options;
    int n_layers;
    dv_features_layer *layers; /* (n_layers) */
    size_t values;
} dv_features_about;

/* All that is known before the first image, as one line: what has to be the same for a run to go
 * on. */
bool dv_features_head(dv_text *to, const dv_features_about *a, dv_error *err) DV_MUST_CHECK;

/* The same, and what became of the images. */
bool dv_features_describe(dv_text *to, const dv_features_about *a, const dv_features_file *f,
                          dv_error *err) DV_MUST_CHECK;

#endif
