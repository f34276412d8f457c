/* net_einsum.c - Einsum becomes ReduceSum, Transpose, Reshape and MatMul or Mul: shapes are known
 * here. */
#include "load/einsum.h"
#include "load/net.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_STEPS = 9, /* three for each operand, the product, two behind it */
    MAX_SUFFIX = 16,
};

typedef struct operand {
    const char *name;
    dv_labels axes;
    dv_shape shape; /* of axes.at, until it is reshaped */
} operand;

/* One of the nodes that do it; lives as long as the model. */
typedef struct step {
    const char *in[2], *out;
    dv_attr attrs[2];
    int64_t ints[DV_MAX_RANK];
} step;

typedef struct einsum {
    dv_model *m;
    const dv_node_words *w;
    dv_einsum eq;
    operand in[2]; /* (eq.n_in) what has become of the operands */
    int n_nodes;
    dv_node_words nodes[MAX_STEPS];
    step *steps; /* (MAX_STEPS) */
} einsum;

/* Those of l that are in s, in order. */
static dv_labels those_in(const dv_labels *l, dv_label_set s)
{
    dv_labels some = { 0 };
    for (int k = 0; k < l->n; k++)
        if (s & dv_label_bit(l->at[k]))
            some.at[some.n++] = l->at[k];
    return some;
}

static dv_labels joined(dv_labels a, dv_labels b)
{
    for (int k = 0; k < b.n && a.n < DV_MAX_RANK; k++)
        a.at[a.n++] = b.at[k];
    return a;
}

/* -- the nodes -------------------------------------------------------------------------------- */

/* Appends a node whose result takes the place of o. other: its second input; attr: its attribute, a
 * list of n; NULL: none. */
static bool add(einsum *e, const char *op, operand *o, const char *other, const char *attr, int n,
                const int64_t *ints, dv_error *err)
{
    step *s = &e->steps[e->n_nodes];
    const int n_attrs = !attr ? 0 : strcmp(op, "ReduceSum") == 0 ? 2 : 1;
    size_t room = strlen(e->w->out[0]) + MAX_SUFFIX;
    char *name = dv_arena_alloc(&e->m->arena, room, err);
    if (!name)
        return false;
    snprintf(name, room, "%s.part%d", e->w->out[0], e->n_nodes);
    *s = (step){ .in = { o->name, other }, .out = name };
    for (int k = 0; k < n; k++)
        s->ints[k] = ints[k];
    s->attrs[0] = (dv_attr){ .name = attr, .kind = DV_ATTR_INTS, .n = n, .v.ints = s->ints };
    s->attrs[1] = (dv_attr){ .name = "keepdims", .kind = DV_ATTR_INT }; /* of ReduceSum: 0 */
    e->nodes[e->n_nodes++] = (dv_node_words){ .name = "",
                                              .op = op,
                                              .opset = e->w->opset,
                                              .n_attrs = n_attrs,
                                              .attrs = s->attrs,
                                              .n_in = other ? 2 : 1,
                                              .n_out = 1,
                                              .in = s->in,
                                              .out = &s->out };
    o->name = name;
    return true;
}

/* Sums over the axes whose labels are not in `keep`. */
static bool sum_out(einsum *e, operand *o, dv_label_set keep, dv_error *err)
{
    int64_t axes[DV_MAX_RANK];
    int n = 0;
    dv_shape shape = { 0 };
    for (int k = 0; k < o->axes.n; k++) {
        if (keep & dv_label_bit(o->axes.at[k]))
            shape.dim[shape.rank++] = o->shape.dim[k];
        else
            axes[n++] = k;
    }
    o->axes = those_in(&o->axes, keep);
    o->shape = shape;
    return n == 0 || add(e, "ReduceSum", o, NULL, "axes", n, axes, err);
}

/* Brings the axes into this order, which holds the same labels. */
static bool arrange(einsum *e, operand *o, const dv_labels *order, dv_error *err)
{
    int64_t perm[DV_MAX_RANK];
    bool moved = false;
    dv_shape shape = { .rank = order->n };
    for (int k = 0; k < order->n; k++) {
        int from = 0;
        while (o->axes.at[from] != order->at[k])
            from++;
        perm[k] = from;
        shape.dim[k] = o->shape.dim[from];
        moved |= from != k;
    }
    o->axes = *order;
    o->shape = shape;
    return !moved || add(e, "Transpose", o, NULL, "perm", order->n, perm, err);
}

static bool reshape(einsum *e, operand *o, const dv_shape *s, dv_error *err)
{
    int64_t dim[DV_MAX_RANK];
    for (int k = 0; k < s->rank; k++)
        dim[k] = s->dim[k];
    if (dv_shape_equal(s, &o->shape))
        return true;
    o->shape = *s;
    return add(e, "Reshape", o, NULL, "shape", s->rank, dim, err);
}

/* -- the product ------------------------------------------------------------------------------ */

static void append_sizes(const einsum *e, const dv_labels *l, dv_shape *s)
{
    for (int k = 0; k < l->n; k++)
        s->dim[s->rank++] = e->eq.size[l->at[k]];
}

static void append_product(const einsum *e, const dv_labels *l, dv_shape *s)
{
    int32_t n = 1; /* bounded by the elements of an operand */
    for (int k = 0; k < l->n; k++)
        n *= e->eq.size[l->at[k]];
    s->dim[s->rank++] = n;
}

/* Nothing is summed: each operand with an axis of 1 where it lacks one of the output. */
static bool multiply(einsum *e, operand *o, dv_error *err)
{
    for (int i = 0; i < 2; i++) {
        dv_label_set have = dv_label_set_of(&o[i].axes);
        dv_labels order = those_in(&e->eq.out, have);
        dv_shape s = { .rank = e->eq.out.n };
        for (int k = 0; k < e->eq.out.n; k++)
            s.dim[k] = have & dv_label_bit(e->eq.out.at[k]) ? e->eq.size[e->eq.out.at[k]] : 1;
        if (!arrange(e, &o[i], &order, err) || !reshape(e, &o[i], &s, err))
            return false;
    }
    return add(e, "Mul", &o[0], o[1].name, NULL, 0, NULL, err);
}

/* (batch, rows, summed) times (batch, summed, columns), where `summed` and `columns` become one
 * axis each. Rows become one if there is a batch; else they stay, so that a layer with weights
 * gives what a MatMul gives. */
static bool contract(einsum *e, operand *o, dv_error *err)
{
    dv_label_set a = dv_label_set_of(&o[0].axes), b = dv_label_set_of(&o[1].axes),
                 out = dv_label_set_of(&e->eq.out);
    const dv_labels batch = those_in(&e->eq.out, a & b), rows = those_in(&e->eq.out, a & ~b),
                    columns = those_in(&e->eq.out, b & ~a), summed = those_in(&o[0].axes, b & ~out);
    const dv_labels left = joined(joined(batch, rows), summed),
                    right = joined(joined(batch, summed), columns),
                    result = joined(joined(batch, rows), columns);
    dv_shape lead = { 0 }, sides[2], product, whole = { 0 };
    if (batch.n + 2 > DV_MAX_RANK)
        append_product(e, &batch, &lead);
    else
        append_sizes(e, &batch, &lead);
    sides[0] = sides[1] = lead;
    if (batch.n)
        append_product(e, &rows, &sides[0]);
    else
        append_sizes(e, &rows, &sides[0]);
    product = sides[0];
    append_product(e, &summed, &sides[0]);
    append_product(e, &summed, &sides[1]);
    append_product(e, &columns, &sides[1]);
    append_product(e, &columns, &product);
    append_sizes(e, &result, &whole);
    if (!arrange(e, &o[0], &left, err) || !reshape(e, &o[0], &sides[0], err) ||
        !arrange(e, &o[1], &right, err) || !reshape(e, &o[1], &sides[1], err) ||
        !add(e, "MatMul", &o[0], o[1].name, NULL, 0, NULL, err))
        return false;
    o[0].shape = product;
    o[0].axes = result;
    return reshape(e, &o[0], &whole, err) && arrange(e, &o[0], &e->eq.out, err);
}

/* The labels by which an operand is not merely repeated along an axis of the other. */
static dv_label_set own_labels(const einsum *e, const operand *o)
{
    dv_label_set s = 0;
    for (int k = 0; k < o->axes.n; k++)
        if (o->shape.dim[k] == e->eq.size[o->axes.at[k]])
            s |= dv_label_bit(o->axes.at[k]);
    return s;
}

static bool is_constant(const einsum *e, const operand *o)
{
    return e->m->values[dv_model_value(e->m, o->name)].constant != NULL;
}

static bool list_nodes(einsum *e, dv_error *err)
{
    operand *o = e->in;
    const bool two = e->eq.n_in == 2;
    if (two && is_constant(e, &o[0]) && !is_constant(e, &o[1])) { /* MatMul has weights second */
        operand first = o[0];
        o[0] = o[1];
        o[1] = first;
    }
    dv_label_set a = own_labels(e, &o[0]), b = own_labels(e, &o[1]),
                 out = dv_label_set_of(&e->eq.out);
    if (!sum_out(e, &o[0], a & (b | out), err) || !sum_out(e, &o[1], b & (a | out), err))
        return false;
    if (!two)
        return arrange(e, &o[0], &e->eq.out, err);
    return a & b & ~out ? contract(e, o, err) : multiply(e, o, err);
}

/* -- the node --------------------------------------------------------------------------------- */

static bool find_operands(einsum *e, bool *unfit, dv_error *err)
{
    e->eq.n_in = e->w->n_in;
    if (e->eq.n_in < 1 || e->eq.n_in > 2)
        return dv_fail(err, DV_UNSUPPORTED, "%d operands: 1 or 2 are supported", e->eq.n_in);
    for (int i = 0; i < e->eq.n_in; i++) {
        const char *name = e->w->in[i];
        int id = name && name[0] ? dv_model_value(e->m, name) : DV_NO_VALUE;
        if (id == DV_NO_VALUE)
            return dv_fail(err, DV_BAD_DATA, "operand %d is missing", i);
        const dv_value *v = &e->m->values[id];
        *unfit |= v->unfit;
        if (v->shape.rank < 0 && !v->unfit)
            return dv_fail(err, DV_UNSUPPORTED, "operand %d, '%s', is not computed here", i, name);
        e->eq.shape[i] = v->shape;
        e->in[i].name = name;
    }
    return true;
}

static bool understand(einsum *e, dv_error *err)
{
    const dv_node_spec spec = { .n_attrs = e->w->n_attrs, .attrs = e->w->attrs };
    const char *equation = NULL;
    if (!dv_spec_text(&spec, "equation", &equation, err))
        return false;
    if (!equation)
        return dv_fail(err, DV_BAD_DATA, "it has no equation");
    if (!dv_einsum_read(&e->eq, equation, err))
        return false;
    for (int i = 0; i < e->eq.n_in; i++) {
        e->in[i].axes = e->eq.in[i];
        e->in[i].shape = e->eq.shape[i];
    }
    return true;
}

/* The last node stands for the Einsum, under its name. */
static bool add_nodes(einsum *e, dv_fold_budget *budget, dv_error *err)
{
    e->steps = dv_arena_array(&e->m->arena, MAX_STEPS, sizeof *e->steps, err);
    if (!e->steps || !list_nodes(e, err) ||
        (e->n_nodes == 0 && !add(e, "Identity", &e->in[0], NULL, NULL, 0, NULL, err)))
        return false;
    e->nodes[e->n_nodes - 1].name = e->w->name;
    e->steps[e->n_nodes - 1].out = e->w->out[0];
    return dv_net_add_nodes(e->m, e->nodes, e->n_nodes, budget, err);
}

bool dv_net_add_einsum(dv_model *m, const dv_node_words *w, dv_fold_budget *budget, dv_error *err)
{
    einsum e = { .m = m, .w = w };
    bool unfit = false, ok = w->n_out > 0 && w->out[0] && w->out[0][0];
    if (!ok)
        dv_fail(err, DV_BAD_DATA, "it has no output");
    ok = ok && find_operands(&e, &unfit, err);
    if (ok && unfit)
        return dv_model_leave_out(m, w, err);
    ok = ok && understand(&e, err);
    if (!ok && m->resized)
        return dv_model_leave_out(m, w, err);
    ok = ok && add_nodes(&e, budget, err);
    return ok || dv_fail_in(err, "node '%s' (Einsum)", dv_net_title(w));
}
