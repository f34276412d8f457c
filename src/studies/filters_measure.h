/* filters_measure.h - what can be told of one patch: where its energy lies in frequency, direction
 * and colour. */
#ifndef DV_STUDIES_FILTERS_MEASURE_H
#define DV_STUDIES_FILTERS_MEASURE_H

#include "base/fourier.h"
#include "deconvviz/filters.h"

/* Patches of one shape. */
typedef struct dv_patches {
    int n, channels, height, width; /* channels: 3, in the order R, G, B, or 1 */
    int weights;                    /* of a patch, without the zeros between dilated ones */
    float *v;                       /* (n, channels, height, width) owned */
} dv_patches;

static inline size_t dv_patch_size(const dv_patches *p)
{
    return (size_t)p->channels * (size_t)p->height * (size_t)p->width;
}

/* Room for measuring patches one after the other; one for each thread. */
typedef struct dv_measure {
    const dv_patches *patches;
    int32_t stride[2]; /* of the first layer (y,x) */
    dv_fourier fourier;
    double *power;  /* (n,n) of the patch */
    double *detail; /* (n,n) of the patch without the means of its channels */
    int peak;       /* where power is largest */
} dv_measure;

/* dv_measure_free frees it, also after a failure. */
bool dv_measure_new(dv_measure *m, const dv_patches *p, const int32_t stride[2],
                    dv_error *err) DV_MUST_CHECK;
void dv_measure_free(dv_measure *m);

/* Fills what the patch i alone decides of f, and its share of energy in each ring. */
void dv_measure_filter(dv_measure *m, int i, dv_filter *f, double ring[DV_FILTER_RINGS]);

/* The power of a patch at the frequencies (a/stride[0], b/stride[1]) of the sampling grid, but not
 * at 0, over that at places 3/8 of the way to the next on all sides; a geometric mean over all of
 * them. A NaN where the stride is 1 along both axes, or the patch is 0. */
double dv_measure_grid(const dv_patches *p, int i, const int32_t stride[2]);

/* The shares of white noise in the rings, and above the Nyquist limits of the stride. */
void dv_measure_noise(const dv_measure *m, double ring[DV_FILTER_RINGS], double *above);

#endif
