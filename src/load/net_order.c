#include "load/net.h"

#include <stdlib.h>
#include <string.h>

typedef struct producer {
    const char *name;
    int node;
} producer;

typedef struct step {
    int node, next; /* the input to look at next */
} step;

typedef struct sorter {
    const dv_model *m;
    const dv_node_words *nodes;
    size_t n_producers;
    producer *producers; /* by name */
    char *state;         /* of each node: NEW, OPEN (on the stack), DONE */
    step *stack;
    int depth;
    int *order, n_done;
} sorter;

enum { NEW, OPEN, DONE };

static int by_name(const void *a, const void *b)
{
    return strcmp(((const producer *)a)->name, ((const producer *)b)->name);
}

static bool list_producers(sorter *s, int n, dv_arena *arena, dv_error *err)
{
    size_t n_out = 0;
    for (int i = 0; i < n; i++)
        n_out += (size_t)s->nodes[i].n_out;
    s->producers = dv_arena_array(arena, n_out, sizeof *s->producers, err);
    if (!s->producers)
        return false;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < s->nodes[i].n_out; k++)
            if (s->nodes[i].out[k] && s->nodes[i].out[k][0])
                s->producers[s->n_producers++] = (producer){ s->nodes[i].out[k], i };
    qsort(s->producers, s->n_producers, sizeof *s->producers, by_name);
    for (size_t i = 1; i < s->n_producers; i++) {
        const producer *a = &s->producers[i - 1], *b = &s->producers[i];
        if (strcmp(a->name, b->name) == 0)
            return dv_fail(err, DV_BAD_DATA,
                           "tensor '%s' is the output of two nodes, '%s' and '%s'", a->name,
                           dv_net_title(&s->nodes[a->node]), dv_net_title(&s->nodes[b->node]));
    }
    return true;
}

/* The node that must come before node w because of its input `name`; -1: none need to. */
static bool find_producer(const sorter *s, const dv_node_words *w, const char *name, int *node,
                          dv_error *err)
{
    *node = -1;
    if (!name || !name[0] || dv_model_value(s->m, name) != DV_NO_VALUE)
        return true;
    producer key = { name, 0 };
    const producer *p = bsearch(&key, s->producers, s->n_producers, sizeof *s->producers, by_name);
    if (!p)
        return dv_fail(err, DV_BAD_DATA, "node '%s' (%s): its input '%s' is nowhere defined",
                       dv_net_title(w), w->op, name);
    *node = p->node;
    return true;
}

static void push(sorter *s, int node)
{
    s->state[node] = OPEN;
    s->stack[s->depth++] = (step){ node, 0 };
}

/* Puts a node behind all that it reads. Depth first, so that nodes which are in order stay so. */
static bool place(sorter *s, int node, dv_error *err)
{
    push(s, node);
    while (s->depth) {
        step *top = &s->stack[s->depth - 1];
        const dv_node_words *w = &s->nodes[top->node];
        if (top->next == w->n_in) {
            s->state[top->node] = DONE;
            s->order[s->n_done++] = top->node;
            s->depth--;
            continue;
        }
        int before;
        if (!find_producer(s, w, w->in[top->next++], &before, err))
            return false;
        if (before < 0 || s->state[before] == DONE)
            continue;
        if (s->state[before] == OPEN)
            return dv_fail(err, DV_BAD_DATA, "node '%s' (%s) is part of a cycle",
                           dv_net_title(&s->nodes[before]), s->nodes[before].op);
        push(s, before);
    }
    return true;
}

bool dv_net_order(dv_model *m, const dv_node_words *nodes, int n, int *order, dv_error *err)
{
    sorter s = { .m = m, .nodes = nodes };
    s.order = order;
    s.state = dv_arena_alloc(&m->arena, (size_t)n, err);
    s.stack = dv_arena_array(&m->arena, (size_t)n, sizeof *s.stack, err);
    if (!s.state || !s.stack || !list_producers(&s, n, &m->arena, err))
        return false;
    for (int i = 0; i < n; i++)
        if (s.state[i] == NEW && !place(&s, i, err))
            return false;
    return true;
}
