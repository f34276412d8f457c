#include "graph/chain.h"

#include <string.h>

const dv_node *dv_producer(const dv_model *m, int value, const char *op)
{
    if (value == DV_NO_VALUE || m->values[value].producer < 0)
        return NULL;
    const dv_node *n = &m->nodes[m->values[value].producer];
    return strcmp(n->op->name, op) == 0 ? n : NULL;
}

bool dv_constant_operand(const dv_model *m, const dv_node *n, int *constant, int *other)
{
    for (int i = 0; i < 2; i++)
        if (m->values[n->in[i]].constant) {
            *constant = n->in[i];
            *other = n->in[1 - i];
            return true;
        }
    return false;
}

bool dv_lone_number(const dv_model *m, int value, float *number)
{
    const dv_value *v = &m->values[value];
    if (!v->constant || dv_shape_count(&v->shape) != 1)
        return false;
    *number = (float)dv_array_number(v->constant, 0);
    return true;
}

bool dv_remake_node(dv_model *m, dv_node *r, const char *op, dv_error *err)
{
    r->op = dv_op_find(op);
    r->params = dv_arena_alloc(&m->arena, r->op->params_size, err);
    dv_operand *operands = dv_arena_array(&m->arena, (size_t)r->n_in, sizeof *operands, err);
    if (!r->params || !operands)
        return false;
    dv_shape out;
    dv_node_spec s = dv_node_spec_of(m, r, operands);
    if (!dv_op_parse(r->op, &s, r->params, err) || !r->op->infer(&s, r->params, &out, err))
        return dv_fail_in(err, "node '%s' (%s)", dv_node_title(m, r), op);
    return true;
}
