/* field.h - boxes on the way back: which part of each tensor a box of another depends on. */
#ifndef DV_GRAPH_FIELD_H
#define DV_GRAPH_FIELD_H

#include "graph/model.h"

/* boxes: one for each value of the model (m->n_values), all zeroed but for the seed's. Walks the
 * nodes in reverse from the producer of `tensor` and joins into the box of each activation what
 * the boxes behind it need; with `clip`, within the tensor. Constants keep empty boxes. */
void dv_boxes_back(const dv_model *m, int tensor, bool clip, dv_box *boxes);

#endif
