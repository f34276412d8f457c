/* correspond_study.h - the parts of a study of correspondence: what is covered of each image, what
 * that does to the signs of a layer, what comes of it. */
#ifndef DV_STUDIES_CORRESPOND_STUDY_H
#define DV_STUDIES_CORRESPOND_STUDY_H

#include "deconvviz/correspond.h"
#include "run/crew.h"

typedef struct dv_sign_layer {
    int tensor;
    size_t size;     /* its elements */
    size_t words;    /* of its signs */
    uint64_t *signs; /* (images, boxes, words) of the change: owned */
} dv_sign_layer;

/* What is known of an image before it is covered. */
typedef struct dv_seen_image {
    int width, height;
    dv_rect seen; /* the pixels that become the network's input */
} dv_seen_image;

/* The boxes of an image are its parts, and behind them those that the parts are held against:
 * number p + n_parts * (1 + r) in repeat r for part p. */
typedef struct dv_covering {
    const dv_model *model;
    const dv_correspond_options *o;
    int n_images, n_parts, n_boxes;
    dv_seen_image *images; /* (n_images) */
    dv_sign_layer *layers; /* (o->n_layers) */
    int n_shown;           /* the first images, and … */
    dv_image *shown;       /* (n_shown, n_parts + 2) … how the network sees them: as they are,
                              without each part, without the box of dv_covering_example. Pixels are
                              owned */
} dv_covering;

/* Reads all images, whose parts must be there and seen. dv_covering_end frees it, also after a
 * failure. */
bool dv_covering_begin(dv_covering *c, const dv_model *m, const dv_correspond_options *o,
                       dv_error *err) DV_MUST_CHECK;
void dv_covering_end(dv_covering *c);

/* Covers each box of each image and takes the signs of what changes. */
bool dv_covering_run(dv_covering *c, dv_error *err) DV_MUST_CHECK;

dv_rect dv_covering_box(const dv_covering *c, int image, int box);
int dv_covering_example(const dv_covering *c, int image);

/* results: of one layer, (n_parts + 1). */
bool dv_correspond_measure(const dv_covering *c, int layer, dv_correspondence *results,
                           dv_error *err) DV_MUST_CHECK;

/* results: (n_layers, n_parts + 1). */
bool dv_correspond_draw(const dv_covering *c, const dv_correspondence *results,
                        dv_error *err) DV_MUST_CHECK;

#endif
