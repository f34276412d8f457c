/* probe.h - what linear classifiers make of features: how well the classes of images can be told
 * from the activations of each layer (Zeiler & Fergus 2013, tables 4, 5 and 7).
 *
 * One classifier a class, that class against the rest, by liblinear (Fan et al. 2008), which is
 * opened when it is needed. With L2-regularised objectives and without chance:
 *
 *     svm       w.w / 2 + C sum max(0, 1 - y w.x)^2
 *     logistic  w.w / 2 + C sum log(1 + exp(-y w.x))
 *
 * The bias is the weight of one more value, 1, and regularised like the others. */
#ifndef DV_PROBE_H
#define DV_PROBE_H

#include "deconvviz/api.h"
#include "deconvviz/error.h"
#include "deconvviz/figure.h"
#include "deconvviz/watch.h"

#include <stdint.h>

DV_BEGIN

typedef enum dv_probe_classifier { DV_PROBE_SVM, DV_PROBE_LOGISTIC } dv_probe_classifier;

/* What is done to a layer's values v before. Of the training images alone are their mean m and
 * deviation s; n is how many values there are, so that rows are about as long in every layer and C
 * means the same. */
typedef enum dv_probe_scaling {
    DV_PROBE_DEVIATION, /* (v - m) / s / sqrt(n); 0 where s is 0 */
    DV_PROBE_NONE,
} dv_probe_scaling;

enum { DV_PROBE_COUNTS_MAX = 16, DV_PROBE_SPLITS_MAX = 1000, DV_PROBE_FOLDS_MAX = 100 };

/* C is the best of these where it is chosen: they are tried upwards until one is worse than the one
 * before. */
enum { DV_PROBE_N_C = 5 };
extern const double dv_probe_c[DV_PROBE_N_C]; /* 0.01, 0.1, 1, 10, 100 */

typedef struct dv_probe_options {
    dv_probe_classifier classifier;
    dv_probe_scaling scaling;
    int n_layers;
    const char *const *layers; /* (n_layers) names out of FEATURES.json; none: all */
    int n_counts;
    const int *counts; /* (n_counts) training images of each class, rising; none: up to three of
                          2, 5, 10, 15, 30, 45, 60, 100 …, at most three quarters of what the
                          smallest class has, or else half of it */
    int test;          /* at most so many test images of a class; 0: all that are left */
    int splits;        /* 1 to DV_PROBE_SPLITS_MAX */
    uint64_t seed;
    double c;        /* 0: chosen by cross-validation inside of the training images */
    int folds;       /* of it, 2 to DV_PROBE_FOLDS_MAX */
    const char *voc; /* a folder of Pascal VOC's layout that says classes and sets; NULL: the
                        classes are those of FEATURES.txt, and sets are drawn */
    const char *voc_train, *voc_test; /* its sets, such as "train" and "val" */
    struct dv_pool *pool;             /* NULL: one thread */
    dv_figure_file figure; /* accuracy against training images, and layer by layer; of VOC the
                              average precision of each class */
    dv_watch watch; /* on the calling thread; progress is in classifiers of a layer, all classes
                       together */
} dv_probe_options;

/* Of a sample of splits. NaNs of the deviation and of the 95 % interval (Student's t) where there
 * is one split alone. */
typedef struct dv_probe_mean {
    double mean, deviation, low, high;
} dv_probe_mean;

/* One layer, with so many training images of each class. */
typedef struct dv_probe_accuracy {
    int layer, count;
    dv_probe_mean by_class; /* the mean over classes of the share that is right of each */
    dv_probe_mean overall;  /* the share of all test images that is right */
    float *c;               /* (splits) */
} dv_probe_accuracy;

/* One layer and one class of VOC. */
typedef struct dv_probe_precision {
    int layer, class_of; /* class_of -1: the mean over all */
    int32_t train, test; /* positives */
    double area;         /* average precision: the area under the interpolated curve of precision
                            against recall (VOC from 2010 on) */
    double eleven;       /* the mean of that curve at recalls 0, 0.1 … 1 (VOC until 2009) */
    float c;
} dv_probe_precision;

typedef struct dv_probe {
    int n_layers, n_classes, n_counts, splits;
    char **layers, **classes; /* (n_layers), (n_classes) */
    int counts[DV_PROBE_COUNTS_MAX];
    int32_t test_images; /* of a split */
    double chance;       /* accuracy of a guess; of VOC the mean AP of one, about */
    bool voc;
    int n_accuracies;
    dv_probe_accuracy *accuracies; /* (n_layers, n_counts) unless voc */
    int n_precisions;
    dv_probe_precision *precisions; /* (n_layers, n_classes + 1) the mean last, if voc */
} dv_probe;

/* features: FEATURES.npy of dv_features; FEATURES.txt beside it has the classes. Without a
 * FEATURES.json beside it, which names the layers, all values are one, "all". Test images are those
 * behind the training images of the largest count, so that they are the same for all counts of a
 * split. An image of VOC that is no row of the features is an error; difficult ones (0) are left
 * out. The caller frees *r with dv_probe_free, also after a failure. */
bool dv_probe_run(const char *features, const dv_probe_options *o, dv_probe *r,
                  dv_error *err) DV_MUST_CHECK;
void dv_probe_free(dv_probe *r);

/* Average precisions of a ranking: scores (n), and signs (n): 1, -1, or 0 for what is left out. Of
 * equal scores the first stands first. NaNs where nothing is positive. False: no memory. */
bool dv_average_precision(const double *scores, const signed char *signs, int32_t n, double *area,
                          double *eleven, dv_error *err) DV_MUST_CHECK;

DV_END

#endif
