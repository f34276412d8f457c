/* watched.h - the way back, watched node by node. */
#ifndef DV_PROJECT_WATCHED_H
#define DV_PROJECT_WATCHED_H

#include "deconvviz/project.h"

typedef struct dv_stages {
    void *ctx;
    /* Called before the signal goes back through (or past) a node of the model, in reverse order:
     * outputs are those of the node, of which everything behind it has been added up; one without
     * data has no signal. aux: what the node remembers of the pass (switches), or NULL. Both are to
     * be read only, during the call. */
    void (*reached)(void *ctx, int node, const dv_signal *outputs, const void *aux);
} dv_stages;

/* dv_project with these calls; stages NULL: without. */
bool dv_project_watched(dv_projector *p, const dv_unit *u, dv_rule rule, dv_seed seed,
                        const dv_stages *stages, dv_signal *result, dv_error *err) DV_MUST_CHECK;

#endif
