/* probe_parts.h - rows of features, and what is done with classifiers on them. */
#ifndef DV_STUDIES_PROBE_PARTS_H
#define DV_STUDIES_PROBE_PARTS_H

#include "base/arena.h"
#include "base/file.h"
#include "deconvviz/probe.h"
#include "run/linear.h"

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

/* The values of a layer, to be trained on. */
static inline dv_linear_rows dv_probe_linear_rows(const dv_probe_rows *d, const dv_probe_layer *l)
{
    return (dv_linear_rows){ l->name, d->values ? d->values + l->first : NULL, d->width, l->count };
}

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
