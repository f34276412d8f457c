/* fourier.h - the discrete Fourier transform of a plane whose sides are one power of two. */
#ifndef DV_BASE_FOURIER_H
#define DV_BASE_FOURIER_H

#include "deconvviz/error.h"

#include <stddef.h>

/* Starts out as { 0 }. For one thread at a time. */
typedef struct dv_fourier {
    int n;          /* of a side */
    double *circle; /* (n/2, 2) exp(-2 pi i k / n) */
    double *plane;  /* (n, n, 2) */
    double *column; /* (n, 2) */
} dv_fourier;

/* n: a power of two, at most 4096. Fails when memory runs out. dv_fourier_free frees it, also after
 * a failure. */
bool dv_fourier_new(dv_fourier *f, int n, dv_error *err) DV_MUST_CHECK;
void dv_fourier_free(dv_fourier *f);

/* Adds |X(v,u)|^2 to power: (n,n), where X(v,u) is the sum over y and x of (map(y,x) - level) *
 * exp(-2 pi i (v y + u x) / n). map: (h,w), neither above n; zero beyond. Rows and columns from n/2
 * on stand for the frequencies (k - n) / n. */
void dv_fourier_power(dv_fourier *f, const float *map, int h, int w, double level, double *power);

/* The frequency of row or column k, in cycles a sample: from -1/2 to below 1/2. */
static inline double dv_fourier_frequency(int k, int n)
{
    return (double)(k < n / 2 ? k : k - n) / n;
}

#endif
