/* chain.h - what recognises chains of operators that exporters write out for one. */
#ifndef DV_GRAPH_CHAIN_H
#define DV_GRAPH_CHAIN_H

#include "graph/model.h"

/* The node that computes `value` if it is an `op`, else NULL. */
const dv_node *dv_producer(const dv_model *m, int value, const char *op);

/* Of a binary node with a constant on one side: the constant, and the other side. */
bool dv_constant_operand(const dv_model *m, const dv_node *n, int *constant, int *other);

/* The number that a constant holds, if it is one alone. */
bool dv_lone_number(const dv_model *m, int value, float *number);

/* Makes of *r, a copy of a node with other inputs and attributes, one of operator `op`. Fails where
 * parse or infer do. */
bool dv_remake_node(dv_model *m, dv_node *r, const char *op, dv_error *err) DV_MUST_CHECK;

#endif
