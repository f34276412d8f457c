/* filters_patches.h - filters as patches: the weights of the first layer, and projections. */
#ifndef DV_STUDIES_FILTERS_PATCHES_H
#define DV_STUDIES_FILTERS_PATCHES_H

#include "studies/filters_measure.h"

/* The first layer. */
typedef struct dv_first_layer {
    const dv_layer *layer;
    int32_t stride[2]; /* (y,x) */
    bool normalised;   /* a batch normalisation is in the weights */
    double
        pixel[3]; /* what a grey level of 255 is multiplied with before it is an input, R, G, B */
    const dv_layer *second; /* the next convolution; NULL: there is none */
} dv_first_layer;

/* Its filters, as they act. Fails (DV_UNSUPPORTED) when it is no convolution of 1 or 3 channels.
 * The caller frees p->v, also after a failure. */
bool dv_patches_of_weights(dv_patches *p, dv_first_layer *first, const dv_filters_network *n,
                           dv_error *err) DV_MUST_CHECK;

/* Projections of the strongest unit of each channel that is selected, in patches as large as its
 * receptive field, or as the input where that is smaller. */
typedef struct dv_projected_patches {
    dv_patches patches;
    dv_unit *units;                        /* (n) */
    float *values;                         /* (n) */
    float *inside;                         /* (n) shares of the receptive fields in the input */
    char image_sha256[DV_DIGEST_TEXT_MAX]; /* "" of a made picture */
} dv_projected_patches;

/* dv_projected_patches_free frees it, also after a failure. */
bool dv_patches_projected(dv_projected_patches *p, const dv_filters_network *n,
                          const dv_selection *s, const dv_filters_options *o,
                          dv_error *err) DV_MUST_CHECK;
void dv_projected_patches_free(dv_projected_patches *p);

#endif
