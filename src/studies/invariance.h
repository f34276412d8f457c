/* invariance.h - the parts of the study of invariance: what is measured, the run over the images,
 * tables and figure. */
#ifndef DV_STUDIES_INVARIANCE_H
#define DV_STUDIES_INVARIANCE_H

#include "base/statistics.h"
#include "deconvviz/invariance.h"
#include "image/frame.h"
#include "image/transform.h"
#include "report/table.h"
#include "run/crew.h"

/* -- the run, invariance_run.c ---------------------------------------------------------------- */

/* What is known of an image once all its views are done. Arrays are of the study's points and
 * layers. */
typedef struct dv_measured {
    dv_invariance_image is;
    double *norm, *distance, *probability, *uncovered;
    int *predicted;
    int64_t same; /* pairs */
} dv_measured;

/* What all images are measured by, and what they come to. */
typedef struct dv_invariance_study {
    const dv_model *model;
    const dv_list *images;
    const dv_invariance_options *o;
    dv_invariance *result;
    size_t n_classes;

    dv_sample *distance, *normalised;   /* (n_points, n_layers) */
    dv_sample *probability, *uncovered; /* (n_points) */
    int64_t *same;                      /* (n_points) */
    dv_sample before, same_pairs;       /* same_pairs: their share in each image */

    int n_kept;
    dv_measured kept[DV_INVARIANCE_CURVES]; /* (n_kept) the first ones */
} dv_invariance_study;

/* What a point does to a view. */
dv_transform dv_invariance_transform(const dv_invariance_options *o, const dv_invariance_point *p);

/* Room for n_points and n_layers. dv_measured_free, also after a failure. */
bool dv_measured_make(dv_measured *m, const dv_invariance *r, dv_error *err) DV_MUST_CHECK;
void dv_measured_free(dv_measured *m);

bool dv_invariance_run(dv_invariance_study *s, dv_error *err) DV_MUST_CHECK;

/* -- one image at a time, invariance_view.c --------------------------------------------------- */

/* The image that a worker is at, and the worker. */
typedef struct dv_desk {
    int32_t image; /* -1: none yet */
    bool ok;
    dv_error error; /* why not */
    dv_frame frame;
    uint8_t *rgb;    /* of one view */
    float *features; /* of the untransformed view, layer by layer */
    double *norm;    /* (n_layers) of them */
    int class, predicted;
    double probability;
} dv_desk;

/* What comes of one view, or of a pair. */
typedef struct dv_viewed {
    double *distance; /* (n_layers) */
    double probability, uncovered;
    int predicted;
    bool same;    /* of a pair */
    double apart; /* its two places, in pixels */
} dv_viewed;

/* The layers whose features are kept: all, or none where there are only pairs. */
int dv_invariance_kept_layers(const dv_invariance_study *s);

/* Values of a layer. */
size_t dv_invariance_count(const dv_invariance_study *s, int layer);

/* Reads image d->image with `margin` pixels around its view, and sees it untransformed. */
bool dv_invariance_open(const dv_invariance_study *s, dv_worker *w, dv_desk *d, int margin,
                        dv_error *err) DV_MUST_CHECK;

/* Sees it transformed, by a point or at the two places of a pair; those of an image depend on its
 * number in the list, and on nothing else but the seed. */
bool dv_invariance_see_point(const dv_invariance_study *s, dv_worker *w, dv_desk *d, int point,
                             dv_viewed *to, dv_error *err) DV_MUST_CHECK;
bool dv_invariance_see_pair(const dv_invariance_study *s, dv_worker *w, dv_desk *d, int pair,
                            dv_viewed *to, dv_error *err) DV_MUST_CHECK;

/* -- what comes of it ------------------------------------------------------------------------- */

/* For programs: a row of an image for each point and chosen layer; rows of the whole set. All have
 * the same columns. The caller frees the table. */
dv_table dv_invariance_image_table(const dv_invariance *r, const dv_invariance_image *image);
dv_table dv_invariance_set_table(const dv_invariance *r);

/* For people: how each motion changes the chosen layers. */
dv_table dv_invariance_trend_table(const dv_invariance *r);

/* invariance_figure.c: writes it to o->figure. */
bool dv_invariance_draw(const dv_invariance_study *s, dv_error *err) DV_MUST_CHECK;

#endif
