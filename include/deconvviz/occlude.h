/* occlude.h - what a network makes of an image of which a part is covered: a square that is slid
 * over it (Zeiler & Fergus 2013, section 4.2 and figure 7), or random masks (Petsiuk, Das and
 * Saenko, "RISE", 2018). */
#ifndef DV_OCCLUDE_H
#define DV_OCCLUDE_H

#include "deconvviz/api.h"
#include "deconvviz/classify.h"
#include "deconvviz/draw.h"
#include "deconvviz/figure.h"
#include "deconvviz/list.h"
#include "deconvviz/project.h"
#include "deconvviz/projections.h"
#include "deconvviz/watch.h"

DV_BEGIN

/* What is seen where the image is covered: 128 of 255, as the paper has it; the mean colour of the
 * image; the image without its detail. */
typedef enum dv_occlude_fill {
    DV_OCCLUDE_GREY,
    DV_OCCLUDE_MEAN,
    DV_OCCLUDE_BLUR,
} dv_occlude_fill;

/* -- what is found of an image ---------------------------------------------------------------- */

/* With the square at one position. */
typedef struct dv_occluded_at {
    int32_t y, x;      /* the pixel of the network's input that it is centred on */
    dv_rect square;    /* what it covers of the input */
    double activation; /* of the map: the sum of its values */
    float probability; /* of the class; a NaN where there are none */
    int best;          /* the most probable class; -1: there are none */
    double energy;     /* what it covers of the map's projection: the share of the squares of its
                          values; a NaN where the projection is 0 everywhere */
} dv_occluded_at;

/* The image as it is. */
typedef struct dv_occluded_none {
    double activation;
    float probability;
    int best;
} dv_occluded_none;

/* Other images whose projections stand beside its own, at most. */
enum { DV_OCCLUDE_SHOWN = 3 };

typedef struct dv_occluded {
    const char *path;
    const char *figure; /* that was written; NULL: none */
    int n_shown;        /* other images on it, those on which the map's sum is largest … */
    const char *shown[DV_OCCLUDE_SHOWN]; /* … that one first */
    const char *layer;                   /* as it was said, or its number */
    dv_unit unit;                        /* of the projection: in the map */
    int of_class;                        /* whose probability is told; -1: there are no classes */
    dv_occluded_none none;
    int rows, columns;
    const dv_occluded_at *at; /* (rows, columns) */

    /* Where activation and probability are least, in `at`. */
    int least_activation, least_probability;
    double lost; /* share of positions where another class is the most probable */

    /* Of the paper's claim, that the map falls where the square covers what its projection shows:
     * Pearson's correlation of energy and loss of activation over all positions; and, for what
     * comes of both being in the middle alone, the same with the projection turned upside down (by
     * 180 degrees). Shares of the activation lost: where the square covers most of the projection,
     * and in the mean. NaN where nothing varies. */
    double agreement, agreement_turned;
    double loss_there, loss_mean;

    const float *saliency; /* (H,W) of the input: the mean probability of the class over the masks,
                              each weighted by how much it shows there; NULL: no masks */
    double halves; /* Pearson's correlation of the saliencies of the even and of the odd masks */
    const dv_error *failed; /* NULL: it did not; else the rest says nothing */
} dv_occluded;

/* -- how -------------------------------------------------------------------------------------- */

typedef struct dv_occlude_options {
    const char *layer; /* NULL: that of dv_occlude_layer */
    int32_t channel;   /* -1: the one with the largest sum on the image as it is */
    bool strongest;    /* the projection is that of its strongest unit, not of the whole map */
    int square, step;  /* pixels of the input; 0: a fifth and a fourteenth of its shorter side */
    dv_occlude_fill fill;
    bool no_classes; /* runs only what the layer needs */
    bool plain;      /* a whole pass for every position: the same results */
    int masks;       /* 0: none */
    uint64_t seed;   /* of the masks */

    const dv_list *others;   /* the three on which the map's sum is largest are shown beside; NULL:
                                the other images; may be empty */
    const dv_labels *labels; /* for the figure; NULL: classes are told by their numbers */
    const dv_truth *truth;   /* an image whose class it does not know fails; NULL: the predicted */
    int of_class;            /* -1: that of `truth` */

    bool exact;               /* see dv_request */
    dv_preprocess preprocess; /* of the model's input size */
    struct dv_pool *pool;     /* NULL: one thread */

    const char *ending;    /* of figures: ".png", ".svg" or ".pdf"; NULL: none */
    dv_place place;        /* where they go: IMAGE-occlude in a folder */
    dv_figure_file figure; /* their size; its path is not read */

    /* Called for each image in the order of the list; what it is given ends with the call. False,
     * with err set: the run ends. */
    void *ctx;
    bool (*occluded)(void *ctx, const dv_occluded *o, dv_error *err);
    dv_watch watch; /* on any thread; progress is in passes; others that fail are skipped */
} dv_occlude_options;

/* The layer that is looked at where none is named: the last convolution, but for the one that gives
 * the classes where there is another. NULL: there is none. */
const dv_layer *dv_occlude_layer(const dv_model *m);

/* Positions of the square along a side of the input: as many, evenly apart, as make steps of at
 * most `step` pixels, each in the middle of its part of the side. */
int dv_occlude_positions(int side, int step);

/* An image that fails is left out, and told as such; where it is the only one, or what failed would
 * fail again with the next one (no memory, a figure that cannot be written), the call fails. */
bool dv_occlude_images(const dv_model *m, const dv_list *images, const dv_occlude_options *o,
                       dv_error *err) DV_MUST_CHECK;

DV_END

#endif
