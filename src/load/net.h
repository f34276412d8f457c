/* net.h - nodes in words, in any order, become nodes of a model. */
#ifndef DV_LOAD_NET_H
#define DV_LOAD_NET_H

#include "graph/model.h"

/* Sorts the nodes so that each comes behind what it reads (the order of the file, where that will
 * do), computes those that read constants only, and adds the others. The model has its input and
 * its constants already. Fails when a name is nowhere or twice defined, or on a cycle. */
bool dv_net_add_nodes(dv_model *m, const dv_node_words *nodes, int n, dv_error *err) DV_MUST_CHECK;

/* What a node is called in messages: its name, or its first output. */
const char *dv_net_title(const dv_node_words *w);

/* order: (n) numbers of nodes. */
bool dv_net_order(dv_model *m, const dv_node_words *nodes, int n, int *order,
                  dv_error *err) DV_MUST_CHECK;

#endif
