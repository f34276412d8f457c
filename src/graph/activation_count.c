/* activation_count.c - which activations are on the way back. */
#include "deconvviz/activation.h"
#include "graph/activation.h"

#include <stdlib.h>
#include <string.h>

static void count(dv_activations *a, const dv_activation *one)
{
    int k = 0;
    a->n++;
    if (one->relu)
        return;
    a->n_other++;
    while (k < a->n_kinds && strcmp(a->kinds[k].name, one->name) != 0)
        k++;
    if (k == DV_ACTIVATION_KINDS)
        return;
    if (k == a->n_kinds)
        a->kinds[a->n_kinds++] = (dv_activation_kind){ .name = one->name };
    a->kinds[k].n++;
}

/* Marks the nodes that marked values depend on. */
static void mark_back(const dv_model *m, bool *value, bool *node)
{
    for (int i = m->n_nodes - 1; i >= 0; i--) {
        const dv_node *n = &m->nodes[i];
        for (int k = 0; k < n->n_out; k++)
            node[i] |= n->out[k] != DV_NO_VALUE && value[n->out[k]];
        for (int k = 0; node[i] && k < n->n_in; k++)
            if (n->in[k] != DV_NO_VALUE)
                value[n->in[k]] = true;
    }
}

bool dv_model_activations(const dv_model *m, int n, const int *tensors, dv_activations *a,
                          dv_error *err)
{
    *a = (dv_activations){ 0 };
    bool *value = calloc((size_t)m->n_values + 1, sizeof *value);
    bool *node = calloc((size_t)m->n_nodes + 1, sizeof *node);
    bool ok = (value && node) || dv_fail(err, DV_NO_MEMORY, "no memory to count activations");
    for (int i = 0; ok && i < n; i++) {
        ok = (tensors[i] >= 0 && tensors[i] < m->n_values) ||
             dv_fail(err, DV_BAD_USAGE, "the activations behind tensor %d: the network has 0 to %d",
                     tensors[i], m->n_values - 1);
        if (ok)
            value[tensors[i]] = true;
    }
    if (ok)
        mark_back(m, value, node);
    for (int i = 0; ok && i < m->n_nodes; i++) {
        const dv_activation *one = node[i] ? dv_activation_at(m, i) : NULL;
        if (one)
            count(a, one);
    }
    free(value);
    free(node);
    return ok;
}
