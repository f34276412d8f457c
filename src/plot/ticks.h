/* ticks.h - from values to places along an axis, and the numbers that stand there. */
#ifndef DV_PLOT_TICKS_H
#define DV_PLOT_TICKS_H

#include "base/arena.h"
#include "plot/figure.h"

/* min may be the larger; both are positive where it is log, and never equal. */
typedef struct dv_axis_range {
    double min, max;
    bool log;
} dv_axis_range;

/* What an axis runs over, given the least and the greatest of the data (lo > hi: there are none):
 * its own limits, or those of the data and a little beyond. */
dv_axis_range dv_axis_range_of(const dv_axis *axis, double lo, double hi, bool beyond);

/* 0 at min, 1 at max. */
double dv_axis_at(const dv_axis_range *r, double v);

typedef struct dv_tick {
    double at;        /* in the range */
    const char *text; /* NULL: a small one */
    bool hidden;      /* there is no room for its text */
} dv_tick;

typedef struct dv_ticks {
    int n, n_named;
    int exponent;  /* texts are in units of 10 to this */
    dv_tick *tick; /* (n) */
} dv_ticks;

/* Ticks at 1, 2 or 5 times a power of ten, at most `most` of them with texts (at least 2); or those
 * that the axis names, where it does. In the arena. */
bool dv_ticks_make(dv_ticks *t, const dv_axis *axis, const dv_axis_range *r, int most, dv_arena *a,
                   dv_error *err) DV_MUST_CHECK;

enum { DV_NUMBER_MAX = 40 };

/* A number as it stands in a figure, with a minus sign proper: `decimals` behind the point, or of
 * so many digits where it is negative. */
void dv_number_text(char to[DV_NUMBER_MAX], double v, int decimals);

/* "10" with a raised exponent. */
void dv_power_text(char to[DV_NUMBER_MAX], int exponent);

#endif
