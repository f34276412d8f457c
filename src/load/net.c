#include "load/net.h"

#include <string.h>

const char *dv_net_title(const dv_node_words *w)
{
    if (w->name && w->name[0])
        return w->name;
    return w->n_out && w->out[0] ? w->out[0] : "";
}

/* Operators in whose place other nodes are put. */
static const struct taken_apart {
    const char *name;
    const char *attrs[3]; /* ended by NULL */
    bool (*add)(dv_model *m, const dv_node_words *w, dv_fold_budget *budget, dv_error *err);
} taken_apart[] = {
    { "Einsum", { "equation" }, dv_net_add_einsum },
    { "If", { "then_branch", "else_branch" }, dv_net_add_if },
};

static const struct taken_apart *find_taken_apart(const char *op)
{
    for (size_t i = 0; i < sizeof taken_apart / sizeof taken_apart[0]; i++)
        if (strcmp(taken_apart[i].name, op) == 0)
            return &taken_apart[i];
    return NULL;
}

/* The place of `name` in a list that NULL ends; -1: it is not there, or there is no list. */
static int place_in(const char *const *list, const char *name)
{
    for (int i = 0; list && list[i]; i++)
        if (strcmp(list[i], name) == 0)
            return i;
    return -1;
}

bool dv_net_knows(const char *op)
{
    return dv_op_find(op) || dv_fold_find(op) || find_taken_apart(op);
}

bool dv_net_knows_attr(const char *op, const char *name)
{
    const dv_op *o = dv_op_find(op);
    const dv_fold_op *f = dv_fold_find(op);
    const struct taken_apart *t = find_taken_apart(op);
    return (o && dv_op_attr(o, name)) || (f && place_in(f->attrs, name) >= 0) ||
           (t && place_in(t->attrs, name) >= 0);
}

int dv_net_input_called(const char *op, const char *name)
{
    const dv_op *o = dv_op_find(op);
    const dv_fold_op *f = dv_fold_find(op);
    int i = place_in(o ? o->inputs : f ? f->inputs : NULL, name);
    return i > 0 ? i : 0;
}

/* What no table has, nobody reads. */
static bool warn_of_attrs(dv_model *m, const dv_node_words *w, dv_error *err)
{
    for (int i = 0; i < w->n_attrs; i++)
        if (!dv_net_knows_attr(w->op, w->attrs[i].name) &&
            !dv_model_warn(
                m, err, "node '%.100s' (%.40s): attribute '%.60s' is not known and has no effect",
                dv_net_title(w), w->op, w->attrs[i].name))
            return false;
    return true;
}

static bool add_node(dv_model *m, const dv_node_words *w, dv_fold_budget *budget, dv_error *err)
{
    const struct taken_apart *t = find_taken_apart(w->op);
    if (!warn_of_attrs(m, w, err))
        return false;
    if (t)
        return t->add(m, w, budget, err);
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
