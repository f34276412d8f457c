/* net.h - nodes in words, in any order, become nodes of a model. */
#ifndef DV_LOAD_NET_H
#define DV_LOAD_NET_H

#include "graph/model.h"
#include "load/fold.h"

/* Sorts the nodes so that each comes behind what it reads (the order of the file, where that will
 * do), computes those that read constants only, puts the branch that is taken in the place of an
 * If and simpler nodes in that of an Einsum, and adds the others. The model has its input and its
 * constants already. Fails when a name is nowhere or twice defined, or on a cycle. */
bool dv_net_add_nodes(dv_model *m, const dv_node_words *nodes, int n, dv_fold_budget *budget,
                      dv_error *err) DV_MUST_CHECK;

/* What a node is called in messages: its name, or its first output. */
const char *dv_net_title(const dv_node_words *w);

/* order: (n) numbers of nodes. */
bool dv_net_order(dv_model *m, const dv_node_words *nodes, int n, int *order,
                  dv_error *err) DV_MUST_CHECK;

/* What is known of an operator by its name, from nn's table, from folding's, and of those that are
 * taken apart here: whether there is one, whether it has an attribute, and which of its inputs ONNX
 * calls so (from 1 on; 0: none). */
bool dv_net_knows(const char *op);
bool dv_net_knows_attr(const char *op, const char *name);
int dv_net_input_called(const char *op, const char *name);

/* A branch of an If: a graph that also reads names of the graph around it. */
typedef struct dv_branch {
    int n_nodes, n_constants, n_out, n_outer;
    const dv_node_words *nodes;        /* (n_nodes) */
    const char *const *constant_names; /* (n_constants) */
    const dv_array *constants;         /* (n_constants) */
    const char *const *out;            /* (n_out) */
    const char *const *outer;          /* (n_outer) names that it reads from outside */
} dv_branch;

/* An If whose condition is a constant: the nodes of its branch. Fails for any other. */
bool dv_net_add_if(dv_model *m, const dv_node_words *w, dv_fold_budget *budget,
                   dv_error *err) DV_MUST_CHECK;

/* An Einsum of one or two operands: nodes that compute it. Fails where a label stands twice in one
 * operand. */
bool dv_net_add_einsum(dv_model *m, const dv_node_words *w, dv_fold_budget *budget,
                       dv_error *err) DV_MUST_CHECK;

#endif
