/* memory.c - where each activation lies in a trace: one that nobody needs any more gives its place
 * away. What is made and read between two steps that run together is in memory that all traces
 * share, for they pass there one after the other. */
#include "graph/places.h"
#include "graph/plan.h"
#include "nn/rearrange.h"

/* -- lifetimes -------------------------------------------------------------------------------- */

/* Views share one place, and what is joined lies in the place of the whole: that of the value at
 * the root of the chain. */
typedef struct lives {
    int *root;         /* (n_values) */
    int *first, *last; /* (n_values) of roots: the steps that make it first and read it last;
                          n_steps: kept */
    dv_place *offset;  /* (n_values) from the root's place */
} lives;

static void note_reading(const dv_plan *p, lives *l, int value, int step)
{
    if (value == DV_NO_VALUE || p->model->values[value].constant)
        return;
    int root = l->root[value];
    int until = p->kept[value] && !p->request.in_passing ? p->n_steps : step;
    if (until > l->last[root])
        l->last[root] = until;
    if (step < l->first[root])
        l->first[root] = step;
}

/* Whether no step runs together while the value lives. */
static bool lives_apart(const dv_plan *p, const lives *l, int root)
{
    int i = l->first[root];
    while (i <= l->last[root] && i < p->n_steps && !p->steps[i].together)
        i++;
    return i > l->last[root];
}

/* Where part k of what a step joins begins in the whole, in units; -1: not to be said so. */
static dv_place part_offset(const dv_plan *p, int step, int k)
{
    const int64_t at =
        dv_rearrange_part(&p->model->calls[p->steps[step].node], k) * (int)sizeof(float);
    return at < 0 || at % DV_PLACE_UNIT != 0 ? -1 : at / DV_PLACE_UNIT;
}

/* Where all parts lie side by side in another whole already, this one lies there too: a DenseNet
 * joins the features of a block anew for each of its layers. */
static void join_whole(const dv_plan *p, lives *l, int step)
{
    const dv_model *m = p->model;
    const dv_node *n = &m->nodes[p->steps[step].node];
    const int whole = p->steps[step].out, first = n->in[0];
    const int root = first == DV_NO_VALUE ? whole : l->root[first];
    size_t joined = 0;
    if (root == whole || l->root[whole] != whole)
        return;
    for (int k = 0; k < n->n_in; k++) {
        const int v = n->in[k];
        const dv_place at = part_offset(p, step, k);
        if (at < 0 || v == DV_NO_VALUE || l->root[v] != root ||
            l->offset[v] != l->offset[first] + at)
            return;
        joined += dv_shape_count(&m->values[v].shape);
    }
    if (joined != dv_shape_count(&m->values[whole].shape))
        return;
    l->root[whole] = root;
    l->offset[whole] = l->offset[first];
}

/* Inputs that are copied to a part of the output of a step are put there in the first place. The
 * last step comes first, so that wholes that are joined themselves have their root. */
static void join_parts(const dv_plan *p, lives *l)
{
    const dv_model *m = p->model;
    for (int i = p->n_steps - 1; i >= 0; i--) {
        const dv_node *n = &m->nodes[p->steps[i].node];
        const int whole = p->steps[i].out;
        for (int k = 0; n->op->piece && !p->steps[i].view && k < n->n_in; k++) {
            const int v = n->in[k];
            if (v == DV_NO_VALUE || m->values[v].constant || m->values[v].producer < 0 ||
                dv_rearrange_is_view(&m->calls[m->values[v].producer]) || l->root[v] != v)
                continue;
            const dv_place at = part_offset(p, i, k);
            if (at < 0)
                continue;
            l->root[v] = l->root[whole];
            l->offset[v] = l->offset[whole] + at;
        }
        if (n->op->piece && !p->steps[i].view)
            join_whole(p, l, i);
    }
}

static bool find_lives(dv_plan *p, lives *l, dv_error *err)
{
    const dv_model *m = p->model;
    l->root = dv_arena_array(&p->arena, 3 * (size_t)m->n_values, sizeof *l->root, err);
    l->offset = dv_arena_array(&p->arena, (size_t)m->n_values, sizeof *l->offset, err);
    if (!l->root || !l->offset)
        return false;
    l->last = l->root + m->n_values;
    l->first = l->last + m->n_values;
    for (int v = 0; v < m->n_values; v++) {
        l->root[v] = v;
        l->first[v] = p->n_steps;
    }
    join_parts(p, l);
    for (int i = 0; i < p->n_steps; i++)
        if (p->steps[i].view) {
            const int out = p->steps[i].out, in = m->nodes[p->steps[i].node].in[0];
            l->root[out] = l->root[in];
            l->offset[out] = l->offset[in];
        }
    for (int i = 0; i < p->n_steps; i++) {
        const dv_node *n = &m->nodes[p->steps[i].node];
        const dv_step_tail *tail = p->steps[i].tail;
        for (int k = 0; k < n->n_in; k++)
            note_reading(p, l, n->in[k], i);
        for (int k = 0; tail && k < tail->program.n_inputs; k++)
            note_reading(p, l, tail->values[k], i);
        for (int k = 0; k < n->n_out; k++)
            note_reading(p, l, k ? n->out[k] : p->steps[i].out, i);
    }
    note_reading(p, l, m->input, 0);
    return true;
}

/* The memory of a trace, and what is shared. */
typedef struct memories {
    dv_places own, shared;
} memories;

static dv_places *memory_of(const dv_plan *p, const lives *l, int root, memories *f)
{
    return lives_apart(p, l, root) ? &f->shared : &f->own;
}

/* Gives each output of a step a place, with all that it will be a part of. */
static void place_outputs(dv_plan *p, const lives *l, dv_step *s, memories *f)
{
    const dv_model *m = p->model;
    const dv_node *n = &m->nodes[s->node];
    for (int k = 0; k < n->n_out; k++) {
        const int v = k ? n->out[k] : s->out, root = l->root[v];
        if (p->places[root] == DV_NOWHERE && !s->view)
            p->places[root] = dv_places_take(
                memory_of(p, l, root, f),
                dv_place_units(dv_shape_count(&m->values[root].shape) * sizeof(float)));
        if (p->places[root] != DV_NOWHERE)
            p->places[v] = p->places[root] + l->offset[v];
    }
}

/* The aux of a node lasts as long as the trace: only a plan that projects has any. */
static void place_aux(dv_plan *p, dv_step *s, dv_places *f)
{
    const dv_op *op = p->model->nodes[s->node].op;
    size_t bytes = op->aux_bytes && p->request.rules ? op->aux_bytes(&p->model->calls[s->node]) : 0;
    if (bytes > 0)
        s->aux = dv_places_take(f, dv_place_units(bytes));
    p->aux[s->node] = s->aux;
}

/* Values whose last reader is a given step, as lists: first[step], then next[value]. */
static bool list_endings(dv_plan *p, const lives *l, int **first, int **next, dv_error *err)
{
    *first = dv_arena_array(&p->arena, (size_t)p->n_steps + 1, sizeof **first, err);
    *next = dv_arena_array(&p->arena, (size_t)p->model->n_values, sizeof **next, err);
    if (!*first || !*next)
        return false;
    for (int i = 0; i <= p->n_steps; i++)
        (*first)[i] = -1;
    for (int v = 0; v < p->model->n_values; v++) {
        if (l->root[v] != v)
            continue;
        (*next)[v] = (*first)[l->last[v]];
        (*first)[l->last[v]] = v;
    }
    return true;
}

/* Those that are shared lie behind the others. */
static void number_shared(dv_plan *p, const lives *l, const memories *f)
{
    p->n_units = f->own.end;
    p->n_shared = f->shared.end;
    for (int v = 0; v < p->model->n_values; v++)
        if (p->places[v] != DV_NOWHERE && lives_apart(p, l, l->root[v]))
            p->places[v] += f->own.end;
}

static bool place_all(dv_plan *p, memories *f, dv_error *err)
{
    const dv_model *m = p->model;
    lives l;
    int *first, *next;
    if (!find_lives(p, &l, err) || !list_endings(p, &l, &first, &next, err))
        return false;
    size_t input = dv_shape_count(&m->values[m->input].shape) * sizeof(float);
    if (l.last[m->input] ==
        p->n_steps) /* kept: copied, for the caller's need not outlive the pass */
        p->places[m->input] = dv_places_take(&f->own, dv_place_units(input));
    for (int i = 0; i < p->n_steps; i++) {
        place_outputs(p, &l, &p->steps[i], f);
        place_aux(p, &p->steps[i], &f->own);
        for (int v = first[i]; v >= 0; v = next[v]) {
            size_t bytes = dv_shape_count(&m->values[v].shape) * sizeof(float);
            if (p->places[v] != DV_NOWHERE &&
                !dv_places_give(memory_of(p, &l, v, f), p->places[v], dv_place_units(bytes), err))
                return false;
        }
    }
    number_shared(p, &l, f);
    return true;
}

bool dv_plan_places(dv_plan *p, dv_error *err)
{
    const dv_model *m = p->model;
    p->places = dv_arena_array(&p->arena, (size_t)m->n_values, sizeof *p->places, err);
    p->aux = dv_arena_array(&p->arena, (size_t)m->n_nodes, sizeof *p->aux, err);
    if (!p->places || !p->aux)
        return false;
    for (int v = 0; v < m->n_values; v++)
        p->places[v] = DV_NOWHERE;
    for (int i = 0; i < m->n_nodes; i++)
        p->aux[i] = DV_NOWHERE;
    memories f = { { 0 }, { 0 } };
    bool ok = place_all(p, &f, err);
    dv_places_release(&f.own);
    dv_places_release(&f.shared);
    return ok;
}
