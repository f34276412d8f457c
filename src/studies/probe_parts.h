/* probe_parts.h - rows of features, classifiers on them, and what is done with both. */
#ifndef DV_STUDIES_PROBE_PARTS_H
#define DV_STUDIES_PROBE_PARTS_H

#include "base/arena.h"
#include "base/file.h"
#include "deconvviz/probe.h"

/* -- rows ------------------------------------------------------------------------------------- */

typedef struct dv_probe_layer {
    const char *name;
    size_t first, count; /* values of a row */
} dv_probe_layer;

typedef struct dv_probe_rows {
    const char *path;
    dv_file npy;         /* mapped */
    const float *values; /* (n, width) */
    int32_t n;
    size_t width;
    const char **images; /* (n) their paths */
    int32_t *class_of;   /* (n) -1: none is said */
    int n_classes;
    const char **classes; /* (n_classes) in the order of their bytes */
    int n_layers;
    dv_probe_layer *layers;     /* (n_layers) those that are wanted */
    const char *model, *digest; /* of FEATURES.json; NULL: there is none */
    dv_arena arena;
} dv_probe_rows;

/* Reads FEATURES.txt and .json, and looks at every value: NaNs fail with their image and layer. The
 * caller frees it with dv_probe_rows_free, also after a failure. */
bool dv_probe_rows_read(dv_probe_rows *d, const char *path, const dv_probe_options *o,
                        dv_error *err) DV_MUST_CHECK;
void dv_probe_rows_free(dv_probe_rows *d);

static inline const float *dv_probe_row(const dv_probe_rows *d, const dv_probe_layer *l, int32_t i)
{
    return d->values + (size_t)i * d->width + l->first;
}

/* -- classifiers of all classes, each against the rest ---------------------------------------- */

/* Training rows of one layer, as liblinear takes them: 16 bytes a value. */
typedef struct dv_linear dv_linear;

/* rows: (n) numbers of training rows. Fails (DV_UNSUPPORTED) when they take more than
 * DV_LINEAR_MAX_BYTES. The caller frees it with dv_linear_free. */
#define DV_LINEAR_MAX_BYTES ((size_t)4 << 30)
dv_linear *dv_linear_new(const dv_probe_rows *d, const dv_probe_layer *l, dv_probe_scaling scaling,
                         const int32_t *rows, int32_t n, dv_error *err) DV_MUST_CHECK;
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
    dv_probe_classifier classifier;
    double c, tolerance; /* liblinear's eps */
    struct dv_pool *pool;
    const dv_watch *watch; /* asked whether it goes on, on any thread */
} dv_training;

/* With liblinear's own 0.01 an image in 500 is taken for another class than at the minimum. */
#define DV_PROBE_TOLERANCE 1e-4

/* w: (n_classes, values + 1), the bias last; where training starts from, then its result. */
bool dv_linear_train(const dv_linear *p, const dv_targets *t, const dv_training *how, double *w,
                     dv_error *err) DV_MUST_CHECK;

/* The same weights for rows as they stand in the features. u: like w. */
void dv_linear_unscale(const dv_linear *p, int n_classes, const double *w, double *u);

/* rows: (n). To scores (n, n_classes), or to best (n), the class with the largest, of equal ones
 * the first; the other may be NULL. */
void dv_linear_apply(const dv_probe_rows *d, const dv_probe_layer *l, int n_classes,
                     const double *u, const int32_t *rows, int32_t n, struct dv_pool *pool,
                     double *scores, int32_t *best);

/* -- the two kinds of study ------------------------------------------------------------------- */

typedef struct dv_probing {
    const dv_probe_rows *d;
    const dv_probe_options *o;
    dv_probe *r;
    int64_t done, total; /* classifiers of all classes */
} dv_probing;

bool dv_probing_step(dv_probing *p, dv_error *err) DV_MUST_CHECK;

/* Chooses C by `folds` parts of the training rows; quality tells how good classifiers u are for the
 * rows that targets.held_out is. */
typedef struct dv_choosing {
    const dv_linear *linear;
    const dv_probe_layer *layer;
    dv_targets targets; /* with the folds */
    int folds;
    double *u;     /* (n_classes, values + 1) scratch */
    double *start; /* likewise: the result, classifiers of the best C to start from */
    void *ctx;
    bool (*quality)(void *ctx, const struct dv_choosing *c, double *quality, dv_error *err);
} dv_choosing;

bool dv_probe_choose(dv_probing *p, dv_choosing *c, double *best, dv_error *err) DV_MUST_CHECK;

bool dv_probe_splits(dv_probing *p, dv_error *err) DV_MUST_CHECK;
bool dv_probe_voc(dv_probing *p, dv_error *err) DV_MUST_CHECK;

/* Of a layer. Fails (DV_UNSUPPORTED) where the classifiers of all classes and folds would take more
 * than DV_LINEAR_MAX_BYTES. */
bool dv_probe_most_values(const dv_probe_rows *d, int n_classes, int folds, size_t *values,
                          dv_error *err) DV_MUST_CHECK;

/* Copies names for the result. */
bool dv_probe_name(char ***to, int n, const char *const *names, dv_error *err) DV_MUST_CHECK;

bool dv_probe_draw(const dv_probing *p, dv_error *err) DV_MUST_CHECK;

#endif
