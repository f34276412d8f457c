/* ranking.h - the few units that come first. */
#ifndef DV_SERVE_RANKING_H
#define DV_SERVE_RANKING_H

#include "serve/sights.h"

typedef struct dv_ranked {
    const dv_served_layer *layer;
    dv_unit unit;
    float value;
    double rank, then; /* the larger rank comes first; of equal ones the larger `then` */
} dv_ranked;

/* Starts out with `most` alone, up to DV_ASKED_MOST. */
typedef struct dv_ranking {
    int most, n;
    dv_ranked best[DV_ASKED_MOST]; /* (n) */
} dv_ranking;

/* Of equal ones the one that was added first stays before the other. */
void dv_ranking_add(dv_ranking *r, dv_ranked v);

#endif
