/* activation.h - where the activations of a model are: an operator of that kind, or a few that are
 * written out for one. */
#ifndef DV_GRAPH_ACTIVATION_H
#define DV_GRAPH_ACTIVATION_H

#include "graph/model.h"

typedef struct dv_activation {
    const char *name; /* see dv_activation_kind */
    int node;         /* its last: output 0 of it is f(x) */
    int x;            /* the value that it is of */
    bool relu;        /* follows the rule by itself: Relu, Clip from 0 */
    bool rises;       /* f(x) goes with x for large x; else it is bounded */
} dv_activation;

/* A step of dv_model_finish: fills m->activations and m->activation. Needs m->calls. */
bool dv_find_activations(dv_model *m, dv_error *err) DV_MUST_CHECK;

/* The activation that a node ends; NULL: none. */
const dv_activation *dv_activation_at(const dv_model *m, int node);

/* Whether a node is one of those that an activation is written out with, but not its last. */
bool dv_inside_activation(const dv_model *m, int node);

/* The activation that a node ends and that R does not go back through but past, with max(R, 0):
 * see dv_rectify. NULL: R goes through the node. */
const dv_activation *dv_activation_past(const dv_model *m, int node, dv_rule rule,
                                        dv_rectify rectify);

#endif
