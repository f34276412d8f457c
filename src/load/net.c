#include "load/net.h"

#include <string.h>

const char *dv_net_title(const dv_node_words *w)
{
    if (w->name && w->name[0])
        return w->name;
    return w->n_out && w->out[0] ? w->out[0] : "";
}

static bool add_node(dv_model *m, const dv_node_words *w, dv_fold_budget *budget, dv_error *err)
{
    if (strcmp(w->op, "If") == 0)
        return dv_net_add_if(m, w, budget, err);
    switch (dv_fold_node(m, w, budget, err)) {
    case DV_FOLD_DONE:
        return true;
    case DV_FOLD_NO:
        return dv_model_add_node(m, w, err);
    case DV_FOLD_FAILED:
        break;
    }
    return false;
}

bool dv_net_add_nodes(dv_model *m, const dv_node_words *nodes, int n, dv_fold_budget *budget,
                      dv_error *err)
{
    int *order = dv_arena_array(&m->arena, (size_t)n, sizeof *order, err);
    if (!order || !dv_net_order(m, nodes, n, order, err))
        return false;
    for (int i = 0; i < n; i++)
        if (!add_node(m, &nodes[order[i]], budget, err))
            return false;
    return true;
}
