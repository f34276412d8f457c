#include "graph/channel_factors.h"

#include <math.h>
#include <string.h>

/* The node that alone reads what `n` gives; NULL: there are several, or none. */
static const dv_node *only_reader(const dv_model *m, const dv_node *n)
{
    const dv_node *reader = NULL;
    for (int i = 0; i < m->n_nodes; i++)
        for (int k = 0; k < m->nodes[i].n_in; k++)
            if (m->nodes[i].in[k] == n->out[0]) {
                if (reader)
                    return NULL;
                reader = &m->nodes[i];
            }
    return reader;
}

bool dv_channel_factors(const dv_model *m, const dv_node *n, int channels, double *factors,
                        bool *normalised, dv_error *err)
{
    enum { GAMMA = 1, VAR = 4, BATCH_INPUTS = 8 };
    const dv_node *next = only_reader(m, n);
    dv_operand operands[BATCH_INPUTS];
    *normalised = next && strcmp(next->op->name, "BatchNormalization") == 0 &&
                  next->in[0] == n->out[0] && m->values[next->in[GAMMA]].constant &&
                  m->values[next->in[VAR]].constant;
    for (int i = 0; i < channels; i++)
        factors[i] = 1;
    if (!*normalised)
        return true;
    float epsilon = 1e-5F;
    const dv_node_spec spec = dv_node_spec_of(m, next, operands);
    if (!dv_spec_float(&spec, "epsilon", &epsilon, err))
        return false;
    for (int i = 0; i < channels; i++)
        factors[i] =
            dv_array_number(m->values[next->in[GAMMA]].constant, (size_t)i) /
            sqrt(dv_array_number(m->values[next->in[VAR]].constant, (size_t)i) + (double)epsilon);
    return true;
}
