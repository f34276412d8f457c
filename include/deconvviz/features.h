/* features.h - activations of many images as one array, to train a classifier of one's own on.
 *
 * Three files stand beside each other:
 *
 *     FEATURES.npy    float32 (N, values): a row an image, in the order of the list, those left out
 *                     that cannot be read; in a row layer after layer
 *     FEATURES.txt    a line a row: the image's path and, behind a tab, its class where that is
 * known FEATURES.json   what they are of: the model, how images were prepared, which values are of
 *                     which layer, what was left out
 *
 * They have the same bytes for any number of threads. Memory does not grow with the number of
 * images, but for their list. */
#ifndef DV_FEATURES_H
#define DV_FEATURES_H

#include "deconvviz/api.h"
#include "deconvviz/classify.h"
#include "deconvviz/list.h"
#include "deconvviz/model.h"
#include "deconvviz/pooling.h"
#include "deconvviz/watch.h"

DV_BEGIN

typedef struct dv_features_options {
    int n_tensors;
    const int *tensors; /* (n_tensors) whose activations are wanted, each once */
    dv_pooling pooling;
    bool normalize; /* the values of each layer to a Euclidean length of 1 (of zeros: 0) */
    dv_preprocess preprocess; /* of the model's input size */
    const dv_truth *truth;    /* classes of the images; NULL: none are written. An image whose class
                                 it does not know is left out */
    bool exact;               /* see dv_request */
    int shard, shards;        /* every shards-th image from the shard-th on; 1 <= shard <= shards */
    struct dv_pool *pool;     /* NULL: one thread */
    const char *output;       /* FEATURES.npy */
    dv_watch watch;           /* on any thread; progress is in images of this call */
} dv_features_options;

typedef struct dv_features_result {
    int32_t rows, skipped;
    int32_t resumed; /* images taken over from a run that did not finish */
    int64_t values;  /* of a row */
} dv_features_result;

/* Until all is there the rows stand in FEATURES.npy.unfinished, and what is in them in
 * FEATURES.npy.journal: a run that was stopped goes on from them when it is started again, to the
 * same bytes. Fails (DV_BAD_USAGE) when they are of another run, saying what differs. An image that
 * cannot be read is left out and told to the watch. */
bool dv_features(const dv_model *m, const dv_list *images, const dv_features_options *o,
                 dv_features_result *result, dv_error *err) DV_MUST_CHECK;

/* Puts the features of all shards, in any order, together to those that one run would have written.
 * shards: (n) their .npy files. */
bool dv_features_merge(int n, const char *const *shards, const char *output,
                       dv_features_result *result, dv_error *err) DV_MUST_CHECK;

DV_END

#endif
