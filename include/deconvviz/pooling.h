/* pooling.h - a layer's map made a few values of each channel. */
#ifndef DV_POOLING_H
#define DV_POOLING_H

#include "deconvviz/api.h"
#include "deconvviz/error.h"

DV_BEGIN

/* What becomes of a layer's map (C,Y,X); of one without positions all are the same. */
typedef struct dv_pooling {
    enum {
        DV_POOLING_MAX,  /* C values: the largest of each channel */
        DV_POOLING_MEAN, /* C values */
        DV_POOLING_NONE, /* C * Y * X */
        DV_POOLING_GRID, /* C * side * side means: of rows from floor(i Y / side) to
                            ceil((i + 1) Y / side), and of columns likewise */
    } by;
    int side;
} dv_pooling;

enum { DV_POOLING_MAX_SIDE = 64 };

/* "max", "mean", "none" or "grid:K". */
bool dv_pooling_parse(const char *text, dv_pooling *p, dv_error *err) DV_MUST_CHECK;

DV_END

#endif
