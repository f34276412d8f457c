/* linear.h - linear classifiers of all classes, each class against the rest, on rows of features:
 * see probe.h for what they minimise. */
#ifndef DV_RUN_LINEAR_H
#define DV_RUN_LINEAR_H

#include "deconvviz/error.h"
#include "deconvviz/watch.h"

#include <stddef.h>
#include <stdint.h>

struct dv_pool;

/* Rows of one layer: value k of row i is values[i * stride + k]. */
typedef struct dv_linear_rows {
    const char *name; /* the layer's, for messages */
    const float *values;
    size_t stride, count; /* count: values of a row */
} dv_linear_rows;

/* Training rows, as liblinear takes them: 16 bytes a value. */
typedef struct dv_linear dv_linear;

#define DV_LINEAR_MAX_BYTES ((size_t)4 << 30)

/* rows: (n) numbers of training rows. scaled: each value less its mean over them, divided by its
 * deviation and by the square root of how many values there are; else as it is. Fails
 * (DV_UNSUPPORTED) when they take more than DV_LINEAR_MAX_BYTES. The caller frees it with
 * dv_linear_free. */
dv_linear *dv_linear_new(const dv_linear_rows *d, bool scaled, const int32_t *rows, int32_t n,
                         dv_error *err) DV_MUST_CHECK;
void dv_linear_free(dv_linear *p);

/* What of the training rows is of which class. */
typedef struct dv_targets {
    int n_classes;
    const int32_t *class_of;  /* (n), or */
    const signed char *signs; /* (n_classes, n) 1, -1, or 0 for what is left out */
    const signed char *fold;  /* (n) NULL: no row is held out */
    signed char held_out;     /* rows of this fold are */
} dv_targets;

signed char dv_target_sign(const dv_targets *t, int32_t n, int k, int32_t i);

typedef struct dv_training {
    bool logistic;       /* else the squared hinge loss */
    double c, tolerance; /* liblinear's C and eps */
    struct dv_pool *pool;
    const dv_watch *watch; /* asked whether it goes on, on any thread */
} dv_training;

/* With liblinear's own 0.01 an image in 500 is taken for another class than at the minimum. */
#define DV_LINEAR_TOLERANCE 1e-4

/* w: (n_classes, values + 1), the bias last; where training starts from, then its result. */
bool dv_linear_train(const dv_linear *p, const dv_targets *t, const dv_training *how, double *w,
                     dv_error *err) DV_MUST_CHECK;

/* The same weights for rows as they stand in the features. u: like w. */
void dv_linear_unscale(const dv_linear *p, int n_classes, const double *w, double *u);

/* rows: (n). To scores (n, n_classes), or to best (n), the class with the largest, of equal ones
 * the first; the other may be NULL. */
void dv_linear_apply(const dv_linear_rows *d, int n_classes, const double *u, const int32_t *rows,
                     int32_t n, struct dv_pool *pool, double *scores, int32_t *best);

#endif
