/* invariance_figure.h - what the parts of the figure share. */
#ifndef DV_STUDIES_INVARIANCE_FIGURE_H
#define DV_STUDIES_INVARIANCE_FIGURE_H

#include "plot/figure.h"
#include "studies/invariance.h"

/* The points of one motion: those from `first` on. */
typedef struct dv_stretch {
    dv_motion motion;
    int first, n;
    double *x;              /* (n) amounts */
    double *y, *low, *high; /* (n) of the curve that is being drawn */
} dv_stretch;

typedef struct dv_invariance_drawing {
    dv_figure figure;
    const dv_invariance_study *study;
    const dv_invariance *r;
    dv_stretch stretches[DV_N_MOTIONS];
    double *room;    /* of theirs */
    float *heat;     /* (n_layers, n_points) of one heat map */
    dv_frame frame;  /* of the first image */
    double farthest; /* the largest mean that a heat map shows */
} dv_invariance_drawing;

/* Whether there is a curve of each image; else there are those of the means. */
bool dv_invariance_has_curves(const dv_invariance_drawing *d);

/* layer -1: the probability of the class. */
const dv_estimate *dv_invariance_estimate(const dv_invariance_drawing *d, int point, int layer);

/* From the least to the largest amount. The ticks are its own, of which there is room for
 * DV_STRETCH_TICKS. */
enum { DV_STRETCH_TICKS = 5 };
dv_axis dv_stretch_axis(const dv_invariance_drawing *d, const dv_stretch *s,
                        double ticks[DV_STRETCH_TICKS]);

/* invariance_rows.c: the first image, for views of it; the images, each in the colour of its
 * curves; and the row of a motion. */
bool dv_invariance_read_frame(dv_invariance_drawing *d, dv_error *err) DV_MUST_CHECK;
bool dv_invariance_add_images(dv_invariance_drawing *d, dv_error *err) DV_MUST_CHECK;
bool dv_invariance_add_motion(dv_invariance_drawing *d, const dv_stretch *s,
                              dv_error *err) DV_MUST_CHECK;

#endif
