/* net_if.c - If: exporters leave one where a shape decides, and the shape is known here. */
#include "load/net.h"

#include <string.h>

static const dv_branch *find_branch(const dv_node_words *w, const char *name)
{
    for (int i = 0; i < w->n_attrs; i++)
        if (strcmp(w->attrs[i].name, name) == 0 && w->attrs[i].kind == DV_ATTR_BRANCH)
            return w->attrs[i].v.branch;
    return NULL;
}

static bool choose(const dv_model *m, const dv_node_words *w, const dv_branch **b, dv_error *err)
{
    int id = w->n_in && w->in[0] ? dv_model_value(m, w->in[0]) : DV_NO_VALUE;
    if (id == DV_NO_VALUE)
        return dv_fail(err, DV_BAD_DATA, "it has no condition");
    const dv_array *condition = m->values[id].constant;
    if (!condition)
        return dv_fail(err, DV_UNSUPPORTED,
                       "its condition '%s' depends on the image: only constant ones are supported",
                       w->in[0]);
    if (dv_shape_count(&condition->shape) != 1)
        return dv_fail(err, DV_BAD_DATA, "its condition '%s' is not one value", w->in[0]);
    const char *name = dv_array_number(condition, 0) != 0 ? "then_branch" : "else_branch";
    *b = find_branch(w, name);
    if (!*b)
        return dv_fail(err, DV_BAD_DATA, "it has no attribute '%s', a graph", name);
    if ((*b)->n_out < w->n_out)
        return dv_fail(err, DV_BAD_DATA, "its %s has %d outputs: %d are needed", name, (*b)->n_out,
                       w->n_out);
    return true;
}

/* The branch's nodes, and behind them one for each output of the If that hands the value out. */
static bool list_nodes(dv_model *m, const dv_node_words *w, const dv_branch *b,
                       dv_node_words **nodes, dv_error *err)
{
    dv_node_words *list =
        dv_arena_array(&m->arena, (size_t)b->n_nodes + (size_t)w->n_out, sizeof *list, err);
    if (!list)
        return false;
    if (b->n_nodes)
        memcpy(list, b->nodes, (size_t)b->n_nodes * sizeof *list);
    for (int k = 0; k < w->n_out; k++)
        list[b->n_nodes + k] = (dv_node_words){ .name = dv_net_title(w),
                                                .op = "Identity",
                                                .opset = w->opset,
                                                .n_in = 1,
                                                .n_out = 1,
                                                .in = &b->out[k],
                                                .out = &w->out[k] };
    *nodes = list;
    return true;
}

bool dv_net_add_if(dv_model *m, const dv_node_words *w, dv_fold_budget *budget, dv_error *err)
{
    const dv_branch *b = NULL;
    dv_node_words *nodes = NULL;
    bool ok = choose(m, w, &b, err) && list_nodes(m, w, b, &nodes, err);
    for (int i = 0; ok && i < b->n_constants; i++)
        ok = dv_model_add_constant(m, b->constant_names[i], &b->constants[i], err);
    ok = ok && dv_net_add_nodes(m, nodes, b->n_nodes + w->n_out, budget, err);
    return ok || dv_fail_in(err, "node '%s' (If)", dv_net_title(w));
}
