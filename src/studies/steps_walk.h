/* steps_walk.h - a projection that is remembered stage by stage, for what draws it. */
#ifndef DV_STUDIES_STEPS_WALK_H
#define DV_STUDIES_STEPS_WALK_H

#include "base/arena.h"
#include "deconvviz/steps.h"
#include "graph/model.h"

/* The values of a stage that are drawn: the channels that carry most of R; of a tensor that is no
 * map all channels, as one map in rows. */
typedef struct dv_stage_maps {
    int value; /* the tensor's number */
    int n, rows, columns;
    bool vector;
    dv_box view; /* what is drawn: the field; where that is a single place, the whole map */
    int32_t channels[DV_STEPS_MAPS]; /* (n) */
    float *there, *signal;           /* (n, rows, columns) NaN: nothing is there */
    bool *switches; /* (n, rows, columns) where a max-pool that reads it took its maxima; NULL */
    int pool;       /* the stage that this max-pool makes; -1 */
} dv_stage_maps;

typedef struct dv_steps_walk {
    const dv_model *model;
    const dv_steps_options *o;
    dv_steps *steps;
    dv_stage_maps *maps; /* (steps->n) in the steps' arena */
    dv_signal result;    /* of the projector */
} dv_steps_walk;

/* A plan's request for all that is on the way to a tensor: keep (m->n_values) is filled. */
int dv_steps_keep(const dv_model *m, int tensor, int *keep);

/* After a forward pass: fills *w->steps and w->maps. On failure the steps' arena is to be freed all
 * the same. */
bool dv_steps_walk_back(dv_steps_walk *w, const dv_trace *t, dv_projector *p, const dv_unit *u,
                        dv_error *err) DV_MUST_CHECK;

/* A text in the arena of the steps; NULL with err set. */
char *dv_steps_say(dv_steps *s, dv_error *err, const char *fmt, ...) DV_PRINTF(3, 4) DV_MUST_CHECK;

#endif
