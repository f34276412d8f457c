/* ablate_skips.c - which parts of a network can be passed by. */
#include "studies/ablate_parts.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* -- parts with one way in and one way out ---------------------------------------------------- */

/* The values that follow from one, node by node: where all ways meet again, the part between has
 * one way out. */
typedef struct sweep {
    const dv_model *m;
    int *readers;   /* (n_values) how many inputs of nodes read it; the output one more */
    int *layers;    /* (n_values) how many layers it is the tensor of */
    bool *reached;  /* (n_values) */
    int *number;    /* (n_nodes) of the weight layer that it is; 0: it is none */
    int from, next; /* the value; the node to be looked at next */
    int open;       /* reads of reached values that are still to come */
    int n, ended;   /* layers that were met, and those whose own tensor was */
    int met[DV_ABLATE_GROUP_MAX]; /* (n) their numbers */
} sweep;

static bool sweep_new(sweep *w, const dv_model *m, dv_error *err)
{
    const size_t n = (size_t)m->n_values + 1;
    *w = (sweep){ .m = m,
                  .readers = calloc(n, sizeof *w->readers),
                  .layers = calloc(n, sizeof *w->layers),
                  .reached = calloc(n, sizeof *w->reached),
                  .number = calloc((size_t)m->n_nodes + 1, sizeof *w->number) };
    if (!w->readers || !w->layers || !w->reached || !w->number)
        return dv_fail(err, DV_NO_MEMORY, "no memory to look for layers to skip");
    for (int i = 0; i < m->n_nodes; i++)
        for (int k = 0; k < m->nodes[i].n_in; k++)
            if (m->nodes[i].in[k] != DV_NO_VALUE)
                w->readers[m->nodes[i].in[k]]++;
    w->readers[m->output]++;
    for (int i = 0, n_layers = 0; i < m->n_nodes; i++)
        w->number[i] = dv_is_weight_layer(m, &m->nodes[i]) ? ++n_layers : 0;
    for (int i = 0; i < m->n_layers; i++)
        w->layers[m->layers[i].tensor]++;
    return true;
}

static void sweep_free(sweep *w)
{
    free(w->readers);
    free(w->layers);
    free(w->reached);
    free(w->number);
}

static void sweep_begin(sweep *w, int from)
{
    memset(w->reached, 0, (size_t)w->m->n_values * sizeof *w->reached);
    w->from = from;
    w->reached[from] = true;
    w->open = w->readers[from];
    w->next = w->m->values[from].producer + 1;
    w->n = w->ended = 0;
}

static bool take_node(sweep *w, const dv_node *n)
{
    int reads = 0;
    for (int k = 0; k < n->n_in; k++)
        reads += n->in[k] != DV_NO_VALUE && w->reached[n->in[k]];
    if (reads == 0)
        return false;
    w->open -= reads;
    const int number = w->number[n - w->m->nodes];
    if (number > 0 && w->n < DV_ABLATE_GROUP_MAX)
        w->met[w->n] = number;
    w->n += number > 0;
    for (int k = 0; k < n->n_out; k++) {
        w->reached[n->out[k]] = true;
        w->open += w->readers[n->out[k]];
        w->ended += w->layers[n->out[k]];
    }
    return true;
}

/* The next value that all ways from the first go through, behind a layer at least, and behind the
 * activations of all that were met; -1: there is none. */
static int sweep_next(sweep *w)
{
    while (w->next < w->m->n_nodes) {
        const dv_node *n = &w->m->nodes[w->next++];
        if (take_node(w, n) && n->n_out == 1 && w->open == w->readers[n->out[0]] && w->n > 0 &&
            w->n <= DV_ABLATE_GROUP_MAX && w->ended == w->n)
            return n->out[0];
    }
    return -1;
}

/* Past an activation that alone reads it, as behind the sum of a residual block. */
static int behind_activation(const sweep *w, int value)
{
    const dv_model *m = w->m;
    for (int i = m->values[value].producer + 1; w->readers[value] == 1 && i < m->n_nodes; i++)
        if (m->nodes[i].n_in > 0 && m->nodes[i].in[0] == value)
            return m->nodes[i].op->activation ? m->nodes[i].out[0] : value;
    return value;
}

static bool fits(const dv_model *m, int from, int to)
{
    return to != m->output && dv_shape_equal(&m->values[from].shape, &m->values[to].shape);
}

/* -- groups ----------------------------------------------------------------------------------- */

static bool is_prefix(const sweep *w, const int *layers, int n)
{
    return w->n <= n && memcmp(w->met, layers, (size_t)w->n * sizeof *layers) == 0;
}

/* The longest part that begins with the first of n layers and has no others; how many it has, 0:
 * there is none. */
static int longest(sweep *w, const int *layers, int n, dv_detour *d)
{
    const dv_model *m = w->m;
    const int in = dv_layer_node(m, layers[0] - 1)->in[0];
    const int own = m->layers[layers[0] - 1].tensor;
    int taken = 0;
    if (fits(m, in, own)) {
        *d = (dv_detour){ in, own };
        taken = 1;
    }
    sweep_begin(w, in);
    for (int to; (to = sweep_next(w)) >= 0 && is_prefix(w, layers, n);) {
        to = behind_activation(w, to);
        if (w->n > taken && fits(m, in, to)) {
            *d = (dv_detour){ in, to };
            taken = w->n;
        }
    }
    return taken;
}

static bool name_group(const dv_ablate_group *g, dv_skip *s, dv_arena *a, dv_error *err)
{
    dv_text t = { 0 };
    for (int i = 0; i < g->n;) {
        int end = i; /* of numbers on end, from three on as "3-5" */
        while (end + 1 < g->n && g->layers[end + 1] == g->layers[end] + 1)
            end++;
        if (end - i < 2)
            end = i;
        dv_text_format(&t, end > i ? "%s%d-%d" : "%s%d", i ? "+" : "", g->layers[i],
                       g->layers[end]);
        i = end + 1;
    }
    const bool ok = dv_text_ok(&t, "the name of a group", err);
    s->name = ok ? dv_arena_text(a, t.data, t.size, err) : NULL;
    free(t.data);
    return s->name != NULL;
}

static bool fail_shape(const dv_model *m, int layer, dv_error *err)
{
    const dv_layer *l = &m->layers[layer - 1];
    char in[DV_SHAPE_TEXT_MAX], out[DV_SHAPE_TEXT_MAX];
    const int from = dv_layer_node(m, layer - 1)->in[0];
    if (l->tensor == m->output)
        return dv_fail(err, DV_BAD_USAGE, "layer %d (%s) gives the output: it cannot be skipped",
                       layer, l->name);
    return dv_fail(err, DV_BAD_USAGE,
                   "layer %d (%s) makes %s of %s: it can be skipped only with others that lead "
                   "back to that shape",
                   layer, l->name, dv_shape_text(&m->values[l->tensor].shape, out),
                   dv_shape_text(&m->values[from].shape, in));
}

bool dv_skip_find(const dv_model *m, const dv_ablate_group *g, dv_skip *s, dv_arena *a,
                  dv_error *err)
{
    sweep w;
    *s = (dv_skip){ .group = *g };
    bool ok = sweep_new(&w, m, err) && name_group(g, s, a, err);
    ok = ok && (s->detours = dv_arena_array(a, (size_t)g->n, sizeof *s->detours, err)) &&
         (s->behind = dv_arena_array(a, (size_t)g->n, sizeof *s->behind, err));
    for (int i = 0; ok && i < g->n;) {
        const int number = g->layers[i];
        if (number < 1 || number > m->n_layers || (i > 0 && number <= g->layers[i - 1])) {
            ok = dv_fail(err, DV_BAD_USAGE,
                         "layer %d to skip: the network has weight layers 1 to %d, "
                         "and they must rise",
                         number, m->n_layers);
            break;
        }
        const int taken = longest(&w, g->layers + i, g->n - i, &s->detours[s->n]);
        ok = taken > 0 || fail_shape(m, number, err);
        if (ok)
            s->values += dv_shape_count(&m->values[s->detours[s->n++].to].shape);
        i += taken;
    }
    sweep_free(&w);
    return ok;
}

/* -- those that fit --------------------------------------------------------------------------- */

static void add_group(dv_ablate_group *groups, int *n, int n_layers, const int *layers)
{
    bool there = false;
    for (int i = 0; i < *n; i++)
        there = there || (groups[i].n == n_layers &&
                          memcmp(groups[i].layers, layers, (size_t)n_layers * sizeof *layers) == 0);
    if (there || *n >= DV_ABLATE_SKIPS_MAX)
        return;
    groups[*n].n = n_layers;
    memcpy(groups[(*n)++].layers, layers, (size_t)n_layers * sizeof *layers);
}

/* A layer by itself; and, where that is not possible or its input goes another way too, the
 * smallest part that begins with it. */
static void add_from(sweep *w, int layer, dv_ablate_group *groups, int *n)
{
    const dv_model *m = w->m;
    const int in = dv_layer_node(m, layer - 1)->in[0];
    const bool alone = fits(m, in, m->layers[layer - 1].tensor);
    if (alone)
        add_group(groups, n, 1, &layer);
    if (alone && w->readers[in] == 1)
        return;
    sweep_begin(w, in);
    for (int to; (to = sweep_next(w)) >= 0 && w->met[0] == layer;)
        if (fits(m, in, behind_activation(w, to)) && w->n > 1) {
            add_group(groups, n, w->n, w->met);
            return;
        }
}

static bool overlap(const dv_ablate_group *a, const dv_ablate_group *b)
{
    for (int i = 0; i < a->n; i++)
        for (int k = 0; k < b->n; k++)
            if (a->layers[i] == b->layers[k])
                return true;
    return false;
}

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Of groups that share no layer, the union; does nothing where they do. */
static void add_union(dv_ablate_group *groups, int *n, int first, int behind)
{
    dv_ablate_group all = { 0 };
    for (int i = first; i < behind; i++) {
        for (int k = 0; k < i; k++)
            if (k >= first && overlap(&groups[i], &groups[k]))
                return;
        if (all.n + groups[i].n > DV_ABLATE_GROUP_MAX)
            return;
        memcpy(all.layers + all.n, groups[i].layers, (size_t)groups[i].n * sizeof(int));
        all.n += groups[i].n;
    }
    qsort(all.layers, (size_t)all.n, sizeof(int), by_number);
    add_group(groups, n, all.n, all.layers);
}

bool dv_skips_fit(const dv_model *m, dv_ablate_group *groups, int *n, dv_error *err)
{
    enum { FEW = 4 };
    sweep w;
    *n = 0;
    const bool ok = sweep_new(&w, m, err);
    for (int layer = 1; ok && layer <= m->n_layers; layer++)
        add_from(&w, layer, groups, n);
    sweep_free(&w);
    const int singles = *n;
    for (int i = 0; singles <= FEW && i < singles; i++)
        for (int k = i + 1; k < singles; k++) {
            dv_ablate_group two[3] = { groups[i], groups[k] };
            int added = 2;
            add_union(two, &added, 0, 2);
            if (added == 3)
                add_group(groups, n, two[2].n, two[2].layers);
        }
    if (singles > 2 && singles <= FEW)
        add_union(groups, n, 0, singles);
    return ok;
}
