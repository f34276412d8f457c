/* ablate.h - what a network loses with a part of it: units silenced, layers left out, the fully
 * connected top replaced (Zeiler & Fergus 2013, table 3; here without training it again).
 *
 *     silenced  Channels of a layer are set to zero behind its activation, a growing share of them:
 *               in random orders (Morcos et al., "On the importance of single directions for
 *               generalization", 2018), the weakest first, as one prunes (by the sum of a filter's
 *               absolute weights: Li et al., "Pruning filters for efficient ConvNets", 2017; by the
 *               mean activation: Polyak & Wolf, "Channel-level acceleration of deep face
 *               representations", 2015), or the strongest first.
 *     skipped   The values of a layer become those of its input, where both have one shape; of
 *               several layers on end, or of a residual block, likewise (Veit, Wilber & Belongie,
 *               "Residual networks behave like ensembles of relatively shallow networks", 2016).
 *     probed    What stands behind a layer is replaced by a linear classifier on the layer's
 * values, pooled, as probe.h has it. */
#ifndef DV_ABLATE_H
#define DV_ABLATE_H

#include "deconvviz/api.h"
#include "deconvviz/classify.h"
#include "deconvviz/figure.h"
#include "deconvviz/list.h"
#include "deconvviz/model.h"
#include "deconvviz/pooling.h"
#include "deconvviz/watch.h"

DV_BEGIN

typedef enum dv_ablate_order {
    DV_ABLATE_RANDOM,
    DV_ABLATE_WEAKEST,
    DV_ABLATE_STRONGEST,
    DV_ABLATE_ORDERS,
} dv_ablate_order;

const char *dv_ablate_order_name(dv_ablate_order o);

/* How strong a channel is: its mean activation over the images, or the sum of the absolute weights
 * of its filter. */
typedef enum dv_ablate_strength {
    DV_ABLATE_BY_ACTIVATION,
    DV_ABLATE_BY_WEIGHTS,
} dv_ablate_strength;

enum {
    DV_ABLATE_SHARES_MAX = 32,
    DV_ABLATE_DRAWS_MAX = 100,
    DV_ABLATE_GROUP_MAX = 256, /* layers that are left out together */
    DV_ABLATE_SKIPS_MAX = 256, /* groups */
    DV_ABLATE_FOLDS_MAX = 20,
    DV_ABLATE_NO_PROBE = -1,
    DV_ABLATE_FIT_PROBE =
        -2, /* the last layer with positions, where there are five images a class */
};

/* Layers that are left out together, by their numbers, rising. Those on end count as one part
 * where its first input and its last output have one shape. */
typedef struct dv_ablate_group {
    int n;
    int layers[DV_ABLATE_GROUP_MAX]; /* (n) from 1 */
} dv_ablate_group;

typedef struct dv_ablate_options {
    int n_layers;
    const int *tensors;       /* (n_layers) whose channels are silenced; may be none */
    const char *const *names; /* (n_layers) as they were said */
    int n_shares;
    const double *shares; /* (n_shares) of the channels, rising, above 0 and at most 1; of a layer
                             as many as are nearest, at least one */
    bool orders[DV_ABLATE_ORDERS];
    dv_ablate_strength strength;
    int draws; /* random orders of a layer, at least 1 */
    uint64_t seed;
    bool units; /* each unit of the layers is silenced by itself */

    bool fit_skips; /* in place of `skips`: all that can be left out one by one; of up to four of
                       them each two, and all */
    int n_skips;
    const dv_ablate_group *skips; /* (n_skips) */

    int probe; /* the tensor, or DV_ABLATE_NO_PROBE, DV_ABLATE_FIT_PROBE */
    dv_pooling pooling;
    int folds; /* parts of the images, each classified by what was trained on the others; at least 2
                */
    const dv_list *probe_images; /* trained on in place of the other folds; NULL: none */

    int32_t images; /* at most so many are taken, evenly out of the list; 0: all */
    const dv_labels *labels;
    const dv_truth *truth;    /* NULL, or from nowhere: right is what the whole network says */
    bool time;                /* a pass is timed; then results are not the same each time */
    bool exact;               /* see dv_request */
    dv_preprocess preprocess; /* of the model's input size */
    struct dv_pool *pool;     /* NULL: one thread */
    dv_figure_file figure;
    dv_watch watch; /* on any thread; progress is in images, of which each is read twice */
} dv_ablate_options;

typedef enum dv_ablated_how {
    DV_ABLATED_WHOLE, /* the network as it is */
    DV_ABLATED_SILENCED,
    DV_ABLATED_SKIPPED,
    DV_ABLATED_PROBED,
} dv_ablated_how;

/* A share of the images, with its 95 % interval. */
typedef struct dv_ablated_share {
    double share, low, high;
} dv_ablated_share;

typedef struct dv_ablated {
    dv_ablated_how how;
    char *layers; /* "3", "4+5"; NULL: of the whole network */
    int layer;    /* silenced: which of the options'; else -1 */
    dv_ablate_order order;
    double share;  /* of the channels, as it was asked for */
    int32_t units; /* that are silenced, of … */
    int32_t channels;
    /* Right at the first guess, and among the first five. By Wilson's interval; of random orders
     * the mean over draws, with Student's t over them where there are several. */
    dv_ablated_share top1, top5;
    /* Of top1, against the whole network on the same images: see dv_change_interval; of random
     * orders likewise. */
    dv_ablated_share change;
    int64_t parameters;    /* of the weight layers that are left, silenced channels cut out of their
                              own and out of those that read them */
    int64_t multiply_adds; /* likewise, of one image */
    double milliseconds; /* a pass on one thread: the median of several; a NaN: it was not timed */
} dv_ablated;

enum { DV_ABLATED_CLASSES = 3 };

/* One unit silenced by itself. */
typedef struct dv_ablated_unit {
    int layer; /* which of the options' */
    int32_t channel;
    int32_t lost, won; /* images that are right without this alone, and with this alone */
    int n_classes;     /* that lose most … */
    int classes[DV_ABLATED_CLASSES];
    int32_t of_class[DV_ABLATED_CLASSES]; /* … so many images, less those that are won */
} dv_ablated_unit;

typedef struct dv_ablation {
    int32_t images;
    int n_classes;
    bool labelled; /* else right is what the whole network says */
    double chance; /* of top1 */
    int n;
    dv_ablated *parts; /* (n) the whole network first; silenced ones layer by layer, order by order,
                          share by share; then skipped, then probed */
    int n_units;
    dv_ablated_unit *units; /* (n_units) those that cost most first */
} dv_ablation;

/* Images that fail are left out and told to the watch; all of them, and it fails. Fails
 * (DV_BAD_USAGE) for a layer that cannot be skipped, naming both shapes. The figure: a panel for
 * each layer, accuracy against the share that is silenced, and what is left without layers. The
 * caller frees *r with dv_ablation_free, also after a failure. */
bool dv_ablate(const dv_model *m, const dv_list *images, const dv_ablate_options *o, dv_ablation *r,
               dv_error *err) DV_MUST_CHECK;
void dv_ablation_free(dv_ablation *r);

DV_END

#endif
