/* layers.c - which nodes are the weight layers, which tensor stands for each, and how a user's
 * words find one. */
#include "base/spelling.h"
#include "graph/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool dv_is_weight_layer(const dv_model *m, const dv_node *n)
{
    return n->op->weight_layer && m->values[n->in[1]].constant && !m->values[n->in[0]].constant;
}

/* The number of elements of a weight layer's constants. */
static size_t weights_of(const dv_model *m, const dv_node *n)
{
    size_t count = 0;
    for (int i = 1; i < n->n_in; i++)
        if (n->in[i] != DV_NO_VALUE && m->values[n->in[i]].constant)
            count += dv_shape_count(&m->values[n->in[i]].shape);
    return count;
}

/* For each value, how many nodes read it and one of them (the last). */
typedef struct readers {
    int *n, *last;
} readers;

/* x * sigmoid(x), as exporters write SiLU: the product's node, or -1. */
static int silu(const dv_model *m, readers r, int value)
{
    const dv_node *mul = &m->nodes[r.last[value]];
    if (r.n[value] != 2 || strcmp(mul->op->name, "Mul") != 0)
        return -1;
    int gate = mul->in[0] == value ? mul->in[1] : mul->in[0];
    int from = m->values[gate].producer;
    bool gated = from >= 0 && m->nodes[from].in[0] == value && m->nodes[from].op->activation;
    return gated ? r.last[value] : -1;
}

/* Whether n only adds a constant: the bias of a MatMul, say. */
static bool adds_constant(const dv_model *m, const dv_node *n)
{
    return strcmp(n->op->name, "Add") == 0 &&
           (m->values[n->in[0]].constant || m->values[n->in[1]].constant);
}

/* From the output of a weight layer on, past bias, batch normalisation and one activation. */
static int behind_activation(const dv_model *m, readers r, int value)
{
    for (;;) {
        int gate = silu(m, r, value);
        if (gate >= 0)
            return m->nodes[gate].out[0];
        if (r.n[value] != 1)
            return value;
        const dv_node *next = &m->nodes[r.last[value]];
        if (next->in[0] != value && !adds_constant(m, next))
            return value;
        if (next->op->activation)
            return next->out[0];
        if (!next->op->normalisation && !adds_constant(m, next))
            return value;
        value = next->out[0];
    }
}

bool dv_number_layers(dv_model *m, dv_error *err)
{
    int *counts = dv_arena_array(&m->arena, 2 * (size_t)m->n_values, sizeof *counts, err);
    m->layers = dv_arena_array(&m->arena, (size_t)m->n_nodes, sizeof *m->layers, err);
    if (!counts || !m->layers)
        return false;
    readers r = { counts, counts + m->n_values };
    for (int i = 0; i < m->n_nodes; i++)
        for (int k = 0; k < m->nodes[i].n_in; k++) {
            int v = m->nodes[i].in[k];
            if (v != DV_NO_VALUE) {
                r.n[v]++;
                r.last[v] = i;
            }
        }
    for (int i = 0; i < m->n_nodes; i++) {
        const dv_node *n = &m->nodes[i];
        if (!dv_is_weight_layer(m, n))
            continue;
        m->layers[m->n_layers] = (dv_layer){ .number = m->n_layers + 1,
                                             .name = dv_node_title(m, n),
                                             .op = n->op->name,
                                             .tensor = behind_activation(m, r, n->out[0]),
                                             .parameters = weights_of(m, n) };
        m->n_layers++;
    }
    return true;
}

/* -- finding by words ------------------------------------------------------------------------- */

enum { N_NEAR = 3 };

typedef struct near_names {
    int n, distance[N_NEAR];
    const char *name[N_NEAR];
} near_names;

static void consider(near_names *near, const char *wanted, const char *name)
{
    if (!name[0])
        return;
    int d = strstr(name, wanted) ? 0 : dv_spelling_distance(wanted, name);
    if (d > 2 + (int)strlen(wanted) / 2)
        return;
    for (int i = 0; i < near->n; i++)
        if (strcmp(near->name[i], name) == 0)
            return;
    int at = near->n < N_NEAR ? near->n++ : N_NEAR;
    for (; at > 0 && near->distance[at - 1] > d; at--)
        if (at < N_NEAR) {
            near->distance[at] = near->distance[at - 1];
            near->name[at] = near->name[at - 1];
        }
    if (at < N_NEAR) {
        near->distance[at] = d;
        near->name[at] = name;
    }
}

static bool fail_not_found(const dv_model *m, const char *text, dv_error *err)
{
    near_names near = { 0 };
    for (int i = 0; i < m->n_nodes; i++) {
        consider(&near, text, m->nodes[i].name);
        consider(&near, text, m->values[m->nodes[i].out[0]].name);
    }
    char list[256] = "";
    for (int i = 0; i < near.n; i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s'%.60s'", i ? ", " : "; near: ", near.name[i]);
    }
    return dv_fail(err, DV_BAD_USAGE,
                   "no layer, node or tensor '%s' (layers are 1 to %d, see `deconvviz layers`)%s",
                   text, m->n_layers, list);
}

static bool is_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits < 10 && !text[digits];
}

bool dv_model_find(const dv_model *m, const char *text, int *tensor, dv_error *err)
{
    int named = dv_model_value(m, text);
    for (int i = 0; i < m->n_nodes && named < 0; i++)
        if (strcmp(m->nodes[i].name, text) == 0)
            named = m->nodes[i].out[0];
    if (is_number(text)) {
        long number = strtol(text, NULL, 10);
        if (number >= 1 && number <= m->n_layers) {
            *tensor = m->layers[number - 1].tensor;
            return true;
        }
        if (named < 0)
            return dv_fail(err, DV_BAD_USAGE, "layer %ld: the network has weight layers 1 to %d",
                           number, m->n_layers);
    }
    if (named < 0)
        return fail_not_found(m, text, err);
    const dv_value *v = &m->values[named];
    if (v->unfit)
        return dv_fail(err, DV_BAD_USAGE,
                       "'%s' does not fit an input of this size, only the network's own", text);
    if (v->constant || v->shape.rank < 0)
        return dv_fail(err, DV_BAD_USAGE, "'%s' is a constant, not an activation", text);
    *tensor = named;
    return true;
}
