/* tail.c - which operators are computed behind another, run by run, while its outputs are in the
 * cache: those that make each element of their output from the same element of their inputs, where
 * nobody else wants what lies between. */
#include "graph/plan.h"
#include "nn/broadcast.h"

#include <string.h>

enum { LOOK_AHEAD = 48 }; /* nodes behind the first one: a chain is exported in one place */

/* A value that the tail has made so far. */
typedef struct member {
    int value, reads; /* by nodes of the tail */
    dv_tail_place place;
} member;

typedef struct growth {
    dv_plan *p;
    const dv_readers *readers;
    const dv_step *step;
    dv_step_tail tail;
    int n;
    member members[DV_TAIL_STEPS + 1]; /* the first is the output of the step itself */
} growth;

static member *member_of(growth *g, int value)
{
    for (int i = 0; i < g->n; i++)
        if (g->members[i].value == value)
            return &g->members[i];
    return NULL;
}

static bool reads_a_member(growth *g, const dv_node *n)
{
    for (int k = 0; k < n->n_in; k++)
        if (member_of(g, n->in[k]))
            return true;
    return false;
}

/* Whether a value lies in the trace or is a constant when the step runs. */
static bool is_there(const growth *g, int value)
{
    const dv_model *m = g->p->model;
    if (m->values[value].constant)
        return true;
    if (m->values[value].producer >= g->step->node)
        return false;
    while (m->values[value].producer >= 0) { /* a view of the network's input is not in the trace */
        const int from = m->values[value].producer;
        if (!dv_plan_is_view(m, from))
            return true;
        value = m->nodes[from].in[0];
    }
    return false;
}

/* The place where a step of the tail reads a value. False: nowhere. */
static bool read_from(growth *g, int value, const dv_shape *shape, dv_tail_place *place)
{
    dv_tail *t = &g->tail.program;
    const dv_model *m = g->p->model;
    member *own = member_of(g, value);
    if (own) {
        own->reads++;
        *place = own->place;
        return true;
    }
    if (value == DV_NO_VALUE || t->n_inputs == DV_TAIL_INPUTS || !is_there(g, value))
        return false;
    const dv_shape *from = &m->values[value].shape;
    dv_layout l = dv_layout_broadcast(from, dv_layout_whole(from), shape);
    dv_shape merged = *shape;
    dv_merge_axes(&merged, 1, (dv_layout *[]){ &l });
    dv_tail_input *in = &t->inputs[t->n_inputs];
    *in = (dv_tail_input){ .rank = merged.rank };
    for (int k = 0; k < merged.rank; k++) {
        in->size[k] = (size_t)merged.dim[k];
        in->step[k] = (size_t)l.step[k];
    }
    g->tail.values[t->n_inputs] = value;
    *place = (dv_tail_place){ DV_TAIL_INPUT, t->n_inputs++ };
    return true;
}

/* Readers of a member that are not in the tail, or at least somebody who asked for it. */
static bool is_wanted(const growth *g, const member *m)
{
    return g->p->kept[m->value] || m->reads < g->readers->n[m->value];
}

/* An array that holds nothing that is still wanted. False: there is none. */
static bool free_array(const growth *g, dv_tail_place *place)
{
    for (int i = 0; i < DV_TAIL_ARRAYS; i++) {
        bool used = false;
        for (int k = 0; k < g->n; k++) {
            const member *m = &g->members[k];
            used |= m->place.kind == DV_TAIL_ARRAY && m->place.i == i && is_wanted(g, m);
        }
        if (!used) {
            *place = (dv_tail_place){ DV_TAIL_ARRAY, i };
            return true;
        }
    }
    return false;
}

/* How a node computes an element. False: otherwise. */
static bool element_of(const dv_plan *p, const dv_node *n, const dv_call *c, dv_element *e)
{
    if (p->request.rules && n->op->aux_bytes && n->op->aux_bytes(c) > 0)
        return false;
    e->binary = n->op->binary && n->op->binary(c, &e->combine);
    return e->binary || (n->op->function && n->op->function(c, &e->map, &e->a, &e->b));
}

/* Appends a node. False: it cannot be computed so, or there is no room. */
static bool append(growth *g, int node, dv_error *err, bool *failed)
{
    const dv_model *m = g->p->model;
    const dv_node *n = &m->nodes[node];
    const dv_shape *shape = &m->values[g->step->out].shape;
    dv_tail *t = &g->tail.program;
    dv_call c;
    if (n->n_out != 1 || t->n_steps == DV_TAIL_STEPS ||
        !dv_shape_equal(&m->values[n->out[0]].shape, shape))
        return false;
    if (!dv_plan_call(g->p, node, &c, err)) {
        *failed = true;
        return false;
    }
    dv_tail_step *s = &t->steps[t->n_steps];
    *s = (dv_tail_step){ 0 };
    if (!element_of(g->p, n, &c, &s->element))
        return false;
    for (int k = 0; k < (s->element.binary ? 2 : 1); k++)
        if (!read_from(g, n->in[k], shape, &s->in[k]))
            return false;
    if (!free_array(g, &s->out))
        return false;
    g->members[g->n++] = (member){ n->out[0], 0, s->out };
    g->tail.nodes[g->tail.n_nodes++] = node;
    t->n_steps++;
    return true;
}

/* Whether nobody else wants anything but the last member. */
static bool is_closed(const growth *g)
{
    for (int i = 0; i < g->n - 1; i++)
        if (is_wanted(g, &g->members[i]))
            return false;
    return true;
}

/* Keeps the longest tail that leaves nothing open; what is behind it in *g is worth nothing. */
static bool grow(growth *g, const bool *done, dv_step_tail *best, dv_error *err)
{
    const dv_model *m = g->p->model;
    const int end = g->step->node + LOOK_AHEAD;
    bool failed = false;
    for (int i = g->step->node + 1; i < m->n_nodes && i < end; i++) {
        if (!g->p->needed[i] || done[i] || !reads_a_member(g, &m->nodes[i]))
            continue;
        if (!append(g, i, err, &failed))
            return !failed;
        if (is_closed(g)) {
            g->members[g->n - 1].place.kind = DV_TAIL_OUTPUT;
            g->tail.program.steps[g->tail.program.n_steps - 1].out.kind = DV_TAIL_OUTPUT;
            *best = g->tail;
        }
        if (g->p->kept[g->members[g->n - 1].value])
            break;
    }
    return true;
}

static bool same_place(dv_tail_place a, dv_tail_place b)
{
    return a.kind == b.kind && a.i == b.i;
}

/* Whether a step from the first on reads what lies in a place before them. */
static bool is_read(const dv_tail *t, int first, dv_tail_place place)
{
    for (int i = first; i < t->n_steps; i++) {
        const dv_tail_step *s = &t->steps[i];
        if (same_place(s->in[0], place) || (s->element.binary && same_place(s->in[1], place)))
            return true;
        if (same_place(s->out, place))
            return false;
    }
    return false;
}

/* Whether step i + 1 multiplies the sigmoid of step i into what it is of. */
static bool is_silu(const dv_tail *t, int i)
{
    const dv_tail_step *s = &t->steps[i], *next = s + 1;
    if (s->element.binary || s->element.map != DV_MAP_SIGMOID || s->in[0].kind == DV_TAIL_INPUT ||
        !next->element.binary || next->element.combine != DV_COMBINE_MUL)
        return false;
    for (int k = 0; k < 2; k++)
        if (same_place(next->in[k], s->in[0]) && same_place(next->in[1 - k], s->out))
            return same_place(next->out, s->out) || !is_read(t, i + 2, s->out);
    return false;
}

/* x sigmoid(x) in one step, with the same bytes. */
static void join_steps(dv_tail *t)
{
    for (int i = 0; i + 1 < t->n_steps; i++)
        if (is_silu(t, i)) {
            t->steps[i].element.map = DV_MAP_SILU;
            t->steps[i].out = t->steps[i + 1].out;
            t->n_steps--;
            memmove(&t->steps[i + 1], &t->steps[i + 2],
                    (size_t)(t->n_steps - i - 1) * sizeof *t->steps);
        }
}

bool dv_plan_tail(dv_plan *p, const dv_readers *r, dv_step *s, bool *done, dv_error *err)
{
    const dv_model *m = p->model;
    dv_step_tail best = { .program = { 0 } };
    if (!m->nodes[s->node].op->takes_tail || s->view || p->request.noise || p->kept[s->out] ||
        m->values[s->out].shape.rank < 1)
        return true;
    growth g = { .p = p, .readers = r, .step = s, .n = 1 };
    g.members[0] = (member){ s->out, 0, { DV_TAIL_OUTPUT, 0 } };
    g.tail.program.isa = dv_isa_best();
    if (!grow(&g, done, &best, err))
        return false;
    const int n = best.n_nodes;
    if (n == 0)
        return true;
    join_steps(&best.program);
    s->tail = dv_arena_array(&p->arena, 1, sizeof *s->tail, err);
    if (!s->tail)
        return false;
    *s->tail = best;
    for (int i = 0; i < n; i++)
        done[best.nodes[i]] = true;
    s->out = m->nodes[best.nodes[n - 1]].out[0];
    return true;
}
