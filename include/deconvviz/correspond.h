/* correspond.h - whether a network relates the same parts of different images to each other: how
 * alike its features change when that part is covered in each (Zeiler & Fergus 2013, section 4.3,
 * figure 8 and table 1). */
#ifndef DV_CORRESPOND_H
#define DV_CORRESPOND_H

#include "deconvviz/api.h"
#include "deconvviz/draw.h"
#include "deconvviz/figure.h"
#include "deconvviz/image.h"
#include "deconvviz/list.h"
#include "deconvviz/model.h"
#include "deconvviz/watch.h"

DV_BEGIN

/* -- images and their parts ------------------------------------------------------------------- */

enum {
    DV_PARTS_MAX = 16,
    DV_PARTS_NAME_MAX = 60, /* bytes */
    DV_PARTS_MIN_IMAGES = 2,
    DV_PARTS_MAX_IMAGES = 500
};

/* From a JSON file:
 *
 *     {
 *       "format": "deconvviz-parts",
 *       "version": 1,
 *       "note": "any text, for people; may be left out",
 *       "images": [
 *         {"image": "beagle.jpg", "parts": {"left eye": [84,34,114,56], "nose": [136,48,176,80]}},
 *         ...
 *       ]
 *     }
 *
 * or that list alone. "image" is a path, below a root or beside the JSON file unless it begins with
 * '/'. A part is a box [x0,y0,x1,y1] in pixels of the image as it is shown (upright), half-open:
 * 0 <= x0 < x1 <= width. Every image has the same parts, at most DV_PARTS_MAX. Other keys are
 * refused. Boxes are held against the size of an image when it is read. */
typedef struct dv_parts {
    char *path; /* of the file */
    char sha256[DV_DIGEST_TEXT_MAX];
    dv_list images; /* paths that can be opened */
    int n_parts;
    char **names;   /* (n_parts) in the order of the first image */
    dv_rect *boxes; /* (images.count, n_parts) */
} dv_parts;

/* root: what the images' paths are below; NULL: the folder of the file. Fails with the path, the
 * number of the image and what is wrong there. The caller frees it with dv_parts_free, also after a
 * failure. */
bool dv_parts_read(dv_parts *p, const char *path, const char *root, dv_error *err) DV_MUST_CHECK;
void dv_parts_free(dv_parts *p);

/* -- how -------------------------------------------------------------------------------------- */

/* What is seen where a part is covered: 128 of 255, as the paper has it; the mean colour of the
 * image; the image without its detail. */
typedef enum dv_part_fill {
    DV_PART_GREY,
    DV_PART_MEAN,
    DV_PART_BLUR,
} dv_part_fill;

/* What the parts are held against: boxes of the same sizes, one for each part of each image,
 * somewhere in what the network sees of that image; or where the same part of another image of the
 * set is, so that only the place is right and not what is there. */
typedef enum dv_part_against {
    DV_AGAINST_RANDOM,
    DV_AGAINST_PLACES,
} dv_part_against;

enum { DV_CORRESPOND_MAX_REPEATS = 1000 };

typedef struct dv_correspond_options {
    const dv_parts *parts;
    int n_layers;              /* at least 1 */
    const char *const *layers; /* (n_layers) as dv_model_find takes them */
    dv_part_fill fill;
    dv_part_against against;
    int repeats;   /* of those boxes: 1 to DV_CORRESPOND_MAX_REPEATS */
    int resamples; /* of the images, for the intervals: at least 1 */
    uint64_t seed; /* of both */

    bool exact;               /* see dv_request */
    dv_preprocess preprocess; /* of the model's input size */
    struct dv_pool *pool;     /* NULL: one thread */

    dv_figure_file figure; /* path NULL: none */
    int shown;             /* images in it, at most */
    dv_watch watch;        /* on any thread; progress is in images */
} dv_correspond_options;

/* The layers where none is named, as words for dv_model_find: the last convolution and the last
 * layer without a map, the one that gives the classes left out; the network's output where that
 * leaves no layer without a map. words: what holds the texts. Returns how many there are. */
enum { DV_CORRESPOND_WORD = 128 };
int dv_correspond_layers(const dv_model *m, char words[2][DV_CORRESPOND_WORD]);

/* -- what is found ---------------------------------------------------------------------------- */

/* Up to this share of the largest |x_i| of a layer a change is none. */
#define DV_SIGN_LEAST 1e-5F

/* Of n images i, x_i the features of a layer, and x~_i those with the part covered: how alike the
 * signs of eps_i = x_i - x~_i are from image to image, mean over all pairs of images.
 *
 * DV_SIGN_CHANGE is the paper's
 *
 *     Delta = 1 / (n (n-1)) * sum over i != j of H(sign(eps_i), sign(eps_j)),
 *
 * where H is the Hamming distance as a share of the layer's elements, and sign is one of -1, 0 and
 * 1: a feature that changes in one image and stays in the other differs, as one does that grows in
 * one and falls in the other. A change that may be one of rounding is none: a convolution by tiles
 * moves features by some that the part does not reach. So Delta is 0 when all change alike, and 1
 * at most. The paper gives the sum alone; but the numbers of its table, 0.067 to 0.107 for five
 * images, can be no sum of whole differences, and suit such a mean of features behind a ReLU: most
 * are 0 with and without the part, and 0 against 0 agrees. Were only opposite signs to count they
 * would be ten times smaller (see `opposite`); of features before the ReLU, which all change, about
 * a half.
 *
 * For the same reason Delta grows with the share of features that change at all, whichever they
 * are. DV_SIGN_AGREEMENT takes that out: Cohen's kappa, 1 - H / E, where E is the H of two images
 * whose signs are as frequent as theirs and fall on any features ("A coefficient of agreement for
 * nominal scales", 1960). 1: all change alike; 0: as by chance. */
typedef enum dv_sign_measure {
    DV_SIGN_CHANGE,
    DV_SIGN_AGREEMENT,
    DV_N_SIGN_MEASURES,
} dv_sign_measure;

typedef struct dv_sign_score {
    double mean;
    double deviation;   /* standard, of all pairs of images (and all repeats) */
    double interval[2]; /* 95 % of the mean */
} dv_sign_score;

/* Intervals are percentiles of a bootstrap over the images (Efron 1979): as many are drawn with
 * replacement, and pairs of an image with itself are left out; the boxes that a part is held
 * against are drawn together with their image. They are NaN with fewer than three images. */
typedef struct dv_sign_scores {
    dv_sign_score part;    /* covered */
    dv_sign_score against; /* what it is held against: boxes of its size */
    double difference;     /* of the means; where parts correspond it is below 0 for the change and
                              above 0 for the agreement */
    double interval[2];    /* 95 % */
} dv_sign_scores;

/* Of features, mean over the images or their pairs. */
typedef struct dv_sign_shares {
    double changed;  /* the share that changes */
    double opposite; /* that which has opposite signs in two images */
} dv_sign_shares;

/* A part in a layer. */
typedef struct dv_correspondence {
    int layer; /* of the options */
    int part;  /* that of dv_parts; n_parts: all of them in the mean */
    dv_sign_scores measures[DV_N_SIGN_MEASURES];
    dv_sign_shares covered, against;
} dv_correspondence;

/* results: (n_layers, n_parts + 1), layer by layer. Fails with the image: one that cannot be read,
 * is smaller than one of its boxes, or loses a part when it is prepared. The figure is written
 * whole or not at all. */
bool dv_correspond(const dv_model *m, const dv_correspond_options *o, dv_correspondence *results,
                   dv_error *err) DV_MUST_CHECK;

DV_END

#endif
