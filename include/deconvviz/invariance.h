/* invariance.h - what of a network's answer stays when images are moved, scaled and turned: how far
 * the features of each layer go (Zeiler & Fergus 2013, figure 5), what becomes of the probability
 * of the class, and whether two shifts of an image get the same class. */
#ifndef DV_INVARIANCE_H
#define DV_INVARIANCE_H

#include "deconvviz/api.h"
#include "deconvviz/classify.h"
#include "deconvviz/figure.h"
#include "deconvviz/select.h"
#include "deconvviz/watch.h"

DV_BEGIN

/* -- what is done to the images --------------------------------------------------------------- */

typedef enum dv_motion {
    DV_MOTION_TRANSLATION, /* in pixels of the network's input, downwards or to the right */
    DV_MOTION_SCALE,       /* 2: twice as large */
    DV_MOTION_ROTATION,    /* in degrees, counter-clockwise */
    DV_N_MOTIONS,
} dv_motion;

const char *dv_motion_name(dv_motion m); /* "translation", "scale", "rotation" */

/* n amounts at even steps, both ends among them. n 0: this is not done. */
typedef struct dv_amounts {
    double min, max;
    int n;
} dv_amounts;

enum { DV_AMOUNTS_MAX = 1000 };

/* For an input of size (H,W): shifts by a quarter of it both ways, in whole pixels; scales from 0.6
 * to 1.8; a full turn by 15 degrees. */
dv_amounts dv_amounts_default(dv_motion m, const int size[2], bool along_x);

/* Fails (DV_BAD_USAGE) with the number that makes no sense: shifts that leave nothing of an input
 * of that size, scales below 0.05 or above 20, more than two turns, more than DV_AMOUNTS_MAX. */
bool dv_amounts_check(const dv_amounts *a, dv_motion m, const int size[2], bool along_x,
                      dv_error *err) DV_MUST_CHECK;

/* -- what is measured ------------------------------------------------------------------------- */

/* Of which distances are told: each weight layer, then others that were named, then the output
 * unless it is one of those. */
typedef struct dv_invariance_layer {
    char name[DV_LAYER_WORD_MAX]; /* the number of a weight layer, what was said, or "output" */
    int tensor;
    bool chosen; /* to be told of each image, and drawn */
} dv_invariance_layer;

/* One transform, of all images. */
typedef struct dv_invariance_point {
    dv_motion motion;
    double amount;
} dv_invariance_point;

/* What became of one image. Points and layers are those of the dv_invariance. */
typedef struct dv_invariance_image {
    const char *path;
    int class_of;              /* whose probabilities these are */
    int predicted_before;      /* on the untransformed image */
    double before;             /* the probability there */
    const double *norm;        /* (n_layers) L2, of the untransformed features */
    const double *distance;    /* (n_points, n_layers) L2, of the transformed ones from those */
    const double *probability; /* (n_points) */
    const int *predicted;      /* (n_points) classes */
    const double *uncovered; /* (n_points) share of the input that the photograph does not reach */
} dv_invariance_image;

/* A mean over the images, and its 95 % interval (Student's t); of a share Wilson's. NaNs where
 * there are too few. */
typedef struct dv_estimate {
    int64_t n;
    double mean, low, high;
} dv_estimate;

/* Pairs of shifts by so many pixels from each other, and how many had the same class. */
typedef struct dv_consistency_bin {
    double min, max; /* min <= distance < max */
    int64_t pairs, same;
} dv_consistency_bin;

/* Shift consistency as Zhang ("Making convolutional networks shift-invariant again", 2019) has it:
 * an image is seen at two random places, each up to a fourteenth of the input's shorter side from
 * the middle in either direction: of 224 pixels that is any of 32 x 32 places, which the usual 256
 * hold without an edge. */
typedef struct dv_consistency {
    int64_t pairs, same;
    dv_estimate share; /* n: as many independent pairs as these are worth, since those of one image
                          are alike */
    int range;         /* places in each direction */
    int n_bins;
    dv_consistency_bin bins[8]; /* (n_bins) */
} dv_consistency;

dv_estimate dv_consistency_share(const dv_consistency_bin *b);

typedef struct dv_invariance {
    int n_layers;
    dv_invariance_layer *layers; /* (n_layers) */
    int low, high;               /* the first and the last that are chosen */
    int n_points;
    dv_invariance_point *points; /* (n_points) by motion, then by amount */

    int images, right;  /* right: of those the class predicted before was the true one */
    bool labelled;      /* the classes are the true ones; else those predicted before */
    dv_estimate before; /* probability of the class in untransformed images */
    dv_estimate *distance, *normalised; /* (n_points, n_layers) normalised: by the norm before */
    dv_estimate *probability;           /* (n_points) */
    dv_estimate *same;                  /* (n_points) share with the class predicted before */
    double *uncovered;                  /* (n_points) mean */
    dv_consistency consistency;
} dv_invariance;

/* How a layer goes along with a motion, from the means over the images. */
typedef struct dv_trend {
    double step, first; /* the smallest amount that does something, and the normalised distance
                           there: of both directions the mean */
    double most;        /* the largest */
    double linear;      /* Pearson's correlation of distance and amount: |shift|, |log scale|, angle
                           to upright */
} dv_trend;

dv_trend dv_invariance_trend(const dv_invariance *r, dv_motion m, int layer);

/* -- the study -------------------------------------------------------------------------------- */

typedef struct dv_invariance_options {
    dv_preprocess preprocess;         /* of the model's input size */
    dv_amounts amounts[DV_N_MOTIONS]; /* checked */
    bool along_x;                     /* shifts, else along y */
    dv_fill fill;
    int n_layers;
    const char *const *layers; /* (n_layers) as dv_model_find takes them; none: the first, and the
                                  last without positions but the output, else the output */
    int pairs;                 /* of shifts of each image, for consistency */
    uint64_t seed;             /* of their places */
    const dv_truth *truth;     /* an image whose class it does not know fails; NULL, or from
                                  nowhere: the class that is predicted before */
    bool exact;                /* see dv_request */
    struct dv_pool *pool;      /* NULL: one thread */
    dv_figure_file figure;     /* curves of each image, where they are at most DV_INVARIANCE_CURVES,
                                  else the means; all layers as heat maps */
    /* Called for each image in the order of the list, on any thread; what it is given ends with the
     * call. False, with err set: the run ends. May be NULL. */
    void *ctx;
    bool (*measured)(void *ctx, const dv_invariance *points, const dv_invariance_image *image,
                     dv_error *err);
    dv_watch watch; /* on any thread; progress is in views */
} dv_invariance_options;

enum { DV_INVARIANCE_CURVES = 6 };

/* Transforms are of what the network sees: of the photograph as it is resized before the centre is
 * cut, so that amounts are in pixels of the input and what lies around the cut comes in. An image
 * that fails is left out and told by watch.skipped; where it is the only one, or none is left, the
 * call fails. The caller frees *r with dv_invariance_free, also after a failure. */
bool dv_invariance_measure(const dv_model *m, const dv_list *images, const dv_invariance_options *o,
                           dv_invariance *r, dv_error *err) DV_MUST_CHECK;
void dv_invariance_free(dv_invariance *r);

DV_END

#endif
