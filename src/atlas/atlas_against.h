/* atlas_against.h - two networks beside each other: what their units answer to the same images, and
 * which of them belong together by that. */
#ifndef DV_ATLAS_ATLAS_AGAINST_H
#define DV_ATLAS_ATLAS_AGAINST_H

#include "atlas/atlas_work.h"

/* -- responses -------------------------------------------------------------------------------- */

/* An image of one index or the other. */
typedef struct dv_common_image {
    const dv_index_file *file;
    bool unread; /* by one of the networks: gone, changed, or no number comes out */
} dv_common_image;

/* The largest value of each unit in each image. */
typedef struct dv_responses {
    const dv_atlas_work *work;
    int n;         /* images */
    float *values; /* (units of the work, n) */
} dv_responses;

/* Fills r->values: (units of r->work, n of images), and notes the images that it cannot read. */
bool dv_atlas_respond(dv_responses *r, dv_common_image *images, int n, dv_error *err) DV_MUST_CHECK;

/* The responses of unit i of the work. */
static inline const float *dv_response(const dv_responses *r, int i)
{
    return r->values + (size_t)i * (size_t)r->n;
}

/* -- pairs ------------------------------------------------------------------------------------ */

/* What belongs to the units of a work in the other's. */
typedef struct dv_atlas_pairs {
    int32_t *layer; /* (layers) the other's; -1: none */
    double *unit;   /* (units) place in that layer; a NaN: none */
    double *change; /* (units) 1 - the correlation of the responses, which is not taken below 0; a
                       NaN: not known, for neither of the two ever answers */
} dv_atlas_pairs;

/* Whether b has all layers of a, with as many channels. */
bool dv_atlas_same_layers(const dv_atlas_work *a, const dv_index *b);

/* Finds layers, units and changes; by_number: see dv_atlas_match. */
bool dv_atlas_pair(dv_atlas_pairs *p, const dv_responses *a, const dv_responses *b, bool by_number,
                   dv_error *err) DV_MUST_CHECK;

/* -- the run ---------------------------------------------------------------------------------- */

/* The options that the other network's atlas is made with; in the work's arena. */
bool dv_atlas_other_options(dv_atlas_work *w, dv_atlas_options *o, dv_error *err) DV_MUST_CHECK;

/* Compares the two, and writes data/against.js of the first. */
bool dv_atlas_compare(dv_atlas_work *w, const dv_atlas_work *other, dv_error *err) DV_MUST_CHECK;

#endif
