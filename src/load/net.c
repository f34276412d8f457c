#include "load/net.h"

#include "load/fold.h"

const char *dv_net_title(const dv_node_words *w)
{
    if (w->name && w->name[0])
        return w->name;
    return w->n_out && w->out[0] ? w->out[0] : "";
}

bool dv_net_add_nodes(dv_model *m, const dv_node_words *nodes, int n, dv_error *err)
{
    int *order = dv_arena_array(&m->arena, (size_t)n, sizeof *order, err);
    if (!order || !dv_net_order(m, nodes, n, order, err))
        return false;
    dv_fold_budget budget = { DV_FOLD_BUDGET };
    for (int i = 0; i < n; i++) {
        const dv_node_words *w = &nodes[order[i]];
        switch (dv_fold_node(m, w, &budget, err)) {
        case DV_FOLD_FAILED:
            return false;
        case DV_FOLD_DONE:
            break;
        case DV_FOLD_NO:
            if (!dv_model_add_node(m, w, err))
                return false;
        }
    }
    return true;
}
