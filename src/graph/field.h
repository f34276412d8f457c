/* field.h - boxes on the way back: which part of each tensor a box of another depends on. */
#ifndef DV_GRAPH_FIELD_H
#define DV_GRAPH_FIELD_H

#include "deconvviz/rule.h"
#include "graph/model.h"

/* The inputs that a signal goes back to from a node, by a rule: the node's own, or what an
 * activation is of that it goes past. */
typedef struct dv_way_back {
    int n_in;
    const int *in;                    /* (n_in) values or DV_NO_VALUE */
    const struct dv_activation *past; /* NULL: through the node */
} dv_way_back;

dv_way_back dv_way_of(const dv_model *m, int node, dv_rule rule, dv_rectify rectify);

/* boxes: one for each value of the model (m->n_values), all zeroed but for the seed's. Walks the
 * nodes in reverse from the producer of `tensor`, on the way of a rule, and joins into the box of
 * each activation what the boxes behind it need; with `clip`, within the tensor. Constants keep
 * empty boxes. */
void dv_boxes_back(const dv_model *m, int tensor, bool clip, dv_rule rule, dv_rectify rectify,
                   dv_box *boxes);

#endif
