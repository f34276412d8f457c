/* behind.c - how many weight layers the rounding of a node goes through before it is seen. */
#include "graph/model.h"

bool dv_count_behind(dv_model *m, dv_error *err)
{
    int *behind = dv_arena_array(&m->arena, (size_t)m->n_values, sizeof *behind, err); /* zeros */
    if (!behind)
        return false;
    for (int i = m->n_nodes - 1; i >= 0; i--) {
        dv_node *n = &m->nodes[i];
        for (int k = 0; k < n->n_out; k++)
            if (n->out[k] != DV_NO_VALUE && n->behind < behind[n->out[k]])
                n->behind = behind[n->out[k]];
        const int before = n->behind + dv_is_weight_layer(m, n);
        for (int k = 0; k < n->n_in; k++)
            if (n->in[k] != DV_NO_VALUE && behind[n->in[k]] < before)
                behind[n->in[k]] = before;
    }
    return true;
}
