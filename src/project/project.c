/* project.c - the walk back. First the boxes alone: which part of each tensor the unit depends on,
 * where its signal will lie, how much scratch is needed. Then the numbers, node by node in reverse,
 * each adding to what its inputs get. */
#include "project/watched.h"

#include "graph/activation.h"
#include "graph/field.h"
#include "graph/plan.h"
#include "nn/elementwise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct dv_projector {
    const dv_trace *trace;
    dv_pool *pool;
    dv_rule rule;       /* of this walk */
    dv_places places;   /* of this walk's signals */
    dv_box *boxes;      /* (n_values) clipped; empty: no signal passes */
    dv_place *at;       /* (n_values) */
    bool *begun;        /* (n_values) zeroed, or holding what was added so far */
    int most;           /* inputs or outputs of a node */
    dv_signal *signals; /* (2 * most) of the node at hand: outputs, then inputs */
    uint8_t *memory, *scratch;
    size_t memory_bytes, scratch_bytes; /* allocated */
};

static const dv_model *model_of(const dv_projector *p)
{
    return p->trace->plan->model;
}

/* The inputs that the signal of node i goes back to. */
static dv_way_back way_of(const dv_projector *p, int i)
{
    return dv_way_of(model_of(p), i, p->rule, p->trace->plan->request.rectify);
}

dv_projector *dv_projector_new(const dv_trace *t, dv_pool *pool, dv_error *err)
{
    if (!t) {
        dv_fail(err, DV_BAD_USAGE, "a projector without a trace");
        return NULL;
    }
    const dv_model *m = t->plan->model;
    dv_projector *p = calloc(1, sizeof *p);
    if (p) {
        p->trace = t;
        p->pool = pool;
        p->most = 1;
        for (int i = 0; i < m->n_nodes; i++) {
            p->most = m->nodes[i].n_in > p->most ? m->nodes[i].n_in : p->most;
            p->most = m->nodes[i].n_out > p->most ? m->nodes[i].n_out : p->most;
        }
        p->boxes = calloc((size_t)m->n_values, sizeof *p->boxes);
        p->at = calloc((size_t)m->n_values, sizeof *p->at);
        p->begun = calloc((size_t)m->n_values, sizeof *p->begun);
        p->signals = calloc(2 * (size_t)p->most, sizeof *p->signals);
    }
    if (!p || !p->boxes || !p->at || !p->begun || !p->signals) {
        dv_projector_free(p);
        dv_fail(err, DV_NO_MEMORY, "no memory for a projector");
        return NULL;
    }
    return p;
}

void dv_projector_free(dv_projector *p)
{
    if (!p)
        return;
    dv_places_release(&p->places);
    free(p->boxes);
    free(p->at);
    free(p->begun);
    free(p->signals);
    free(p->memory);
    free(p->scratch);
    free(p);
}

/* Behind a depthwise convolution it would be of some channels of the input: it has all of them, so
 * that it has the colours of a picture. */
static void take_all_channels(const dv_model *m, dv_box *in)
{
    const dv_box whole = dv_box_whole(&m->values[m->input].shape);
    if (dv_box_empty(in))
        return;
    in->lo[DV_C] = whole.lo[DV_C];
    in->hi[DV_C] = whole.hi[DV_C];
}

/* -- the boxes -------------------------------------------------------------------------------- */

static dv_place units_of(const dv_projector *p, int value)
{
    return dv_place_units(dv_box_count(&p->boxes[value]) * sizeof(float));
}

static bool has_signal(const dv_projector *p, int value)
{
    return value != DV_NO_VALUE && !dv_box_empty(&p->boxes[value]);
}

static bool any_output_has_signal(const dv_projector *p, const dv_node *n)
{
    for (int k = 0; k < n->n_out; k++)
        if (has_signal(p, n->out[k]))
            return true;
    return false;
}

static void take_place(dv_projector *p, int value)
{
    if (p->at[value] == DV_NOWHERE)
        p->at[value] = dv_places_take(&p->places, units_of(p, value));
}

/* The signals of a node: its outputs' first, then its inputs'. With `memory`, the data too. */
static void gather_signals(dv_projector *p, const dv_node *n, const dv_way_back *w,
                           const uint8_t *memory)
{
    for (int k = 0; k < n->n_out + w->n_in; k++) {
        int v = k < n->n_out ? n->out[k] : w->in[k - n->n_out];
        dv_signal *s = &p->signals[k < n->n_out ? k : p->most + k - n->n_out];
        *s = (dv_signal){ 0 };
        if (!has_signal(p, v))
            continue;
        s->box = p->boxes[v];
        if (memory)
            s->data = (float *)(void *)(p->memory + (size_t)p->at[v] * DV_PLACE_UNIT);
    }
}

/* Whether input 0 of a node takes the place of output 0, which nobody reads after it. */
static bool is_in_place(const dv_projector *p, const dv_node *n, const dv_way_back *w)
{
    return n->op->in_place && !w->past && n->in[0] != DV_NO_VALUE &&
           p->at[n->in[0]] != DV_NOWHERE && p->at[n->in[0]] == p->at[n->out[0]];
}

static void take_places(dv_projector *p, const dv_node *n, const dv_way_back *w)
{
    const int in = n->in[0], out = n->out[0];
    if (n->op->in_place && !w->past && has_signal(p, in) && p->at[in] == DV_NOWHERE &&
        dv_box_equal(p->boxes[in], p->boxes[out]))
        p->at[in] = p->at[out];
    for (int k = 0; k < w->n_in; k++)
        if (has_signal(p, w->in[k]))
            take_place(p, w->in[k]);
}

/* Gives every signal its place, in the order of the walk, and finds the largest scratch. */
static bool place_signals(dv_projector *p, int tensor, size_t *scratch, dv_error *err)
{
    const dv_model *m = model_of(p);
    dv_places_clear(&p->places);
    for (int v = 0; v < m->n_values; v++)
        p->at[v] = DV_NOWHERE;
    take_place(p, tensor);
    *scratch = 0;
    for (int i = m->values[tensor].producer; i >= 0; i--) {
        const dv_node *n = &m->nodes[i];
        if (!any_output_has_signal(p, n))
            continue;
        const dv_way_back w = way_of(p, i);
        take_places(p, n, &w);
        if (n->op->project_scratch && !w.past) {
            dv_call c = p->trace->back[i];
            c.pool = p->pool;
            gather_signals(p, n, &w, NULL);
            size_t bytes = n->op->project_scratch(&c, p->signals);
            if (!dv_check_scratch(bytes, err))
                return dv_fail_in(err, "node '%s' (%s)", dv_node_title(m, n), n->op->name);
            *scratch = bytes > *scratch ? bytes : *scratch;
        }
        for (int k = is_in_place(p, n, &w) ? 1 : 0; k < n->n_out; k++)
            if (has_signal(p, n->out[k]) &&
                !dv_places_give(&p->places, p->at[n->out[k]], units_of(p, n->out[k]), err))
                return false;
    }
    return true;
}

/* *block holds at least `bytes` afterwards; its content is lost. */
static bool make_room(uint8_t **block, size_t *has, size_t bytes, dv_error *err)
{
    if (*block && *has >= bytes)
        return true;
    free(*block);
    *has = 0;
    *block = aligned_alloc(DV_PLACE_UNIT, (bytes / DV_PLACE_UNIT + 1) * DV_PLACE_UNIT);
    if (!*block)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a projection: %zu bytes", bytes);
    *has = bytes;
    return true;
}

/* -- the numbers ------------------------------------------------------------------------------ */

static void write_seed(const dv_projector *p, const dv_unit *u, dv_seed seed, dv_signal s)
{
    dv_box whole = dv_box_whole(&model_of(p)->values[u->tensor].shape);
    dv_signal all = { whole, (float *)(uintptr_t)dv_trace_tensor(p->trace, u->tensor) };
    const float *from = dv_signal_at(&all, u->channel, s.box.lo[DV_Y], s.box.lo[DV_X]);
    const dv_box box = dv_unit_box(model_of(p), u);
    size_t n = dv_box_count(&box); /* one value, or a whole plane */
    float *to = dv_signal_at(&s, u->channel, s.box.lo[DV_Y], s.box.lo[DV_X]);
    memset(s.data, 0, dv_box_count(&s.box) * sizeof *s.data); /* of the input all channels */
    for (size_t i = 0; i < n; i++)
        to[i] = seed == DV_SEED_VALUE ? from[i] : from[i] != 0 || n == 1 ? 1.0F : 0.0F;
}

static void begin_inputs(dv_projector *p, const dv_node *n, const dv_way_back *w)
{
    for (int k = 0; k < w->n_in; k++) {
        int v = w->in[k];
        if (!has_signal(p, v) || p->begun[v])
            continue;
        dv_signal *s = &p->signals[p->most + k];
        if (k > 0 || !is_in_place(p, n, w))
            memset(s->data, 0, dv_box_count(&s->box) * sizeof *s->data);
        p->begun[v] = true;
    }
}

static void rectify(const dv_signal *s)
{
    for (size_t i = 0, n = dv_box_count(&s->box); i < n; i++)
        s->data[i] = s->data[i] > 0 ? s->data[i] : 0;
}

/* One node, whose signals are gathered. */
static void step_back(dv_projector *p, int i, const dv_way_back *w)
{
    const dv_model *m = model_of(p);
    const bool extended =
        p->rule != DV_RULE_GRADIENT && p->trace->plan->request.rectify == DV_RECTIFY_ALL;
    const dv_activation *ends = extended ? dv_activation_at(m, i) : NULL;
    dv_call c = p->trace->back[i];
    c.rule = extended && dv_inside_activation(m, i) ? DV_RULE_GRADIENT : p->rule;
    c.pool = p->pool;
    c.scratch = p->scratch;
    if (w->past) {
        dv_add_rectified(&c, p->signals, p->signals + p->most);
        return;
    }
    if (ends && !ends->relu) /* nobody reads R of the output after this */
        rectify(&p->signals[0]);
    m->nodes[i].op->project(&c, p->signals, p->signals + p->most);
}

static void walk_back(dv_projector *p, int tensor, const dv_stages *stages)
{
    const dv_model *m = model_of(p);
    memset(p->begun, 0, (size_t)m->n_values * sizeof *p->begun);
    p->begun[tensor] = true;
    for (int i = m->values[tensor].producer; i >= 0; i--) {
        const dv_node *n = &m->nodes[i];
        if (!any_output_has_signal(p, n))
            continue;
        const dv_way_back w = way_of(p, i);
        gather_signals(p, n, &w, p->memory);
        if (stages)
            stages->reached(stages->ctx, i, p->signals, p->trace->back[i].aux);
        begin_inputs(p, n, &w);
        step_back(p, i, &w);
    }
}

static bool all_finite(const dv_signal *s)
{
    bool finite = true;
    for (size_t i = 0, n = dv_box_count(&s->box); i < n; i++)
        finite &= isfinite(s->data[i]) != 0;
    return finite;
}

static bool check_unit(const dv_projector *p, const dv_unit *u, dv_rule rule, dv_error *err)
{
    const dv_model *m = model_of(p);
    const dv_plan *plan = p->trace->plan;
    const dv_box box = dv_unit_box(m, u);
    char shape[DV_SHAPE_TEXT_MAX];
    if (!dv_trace_tensor(p->trace, u->tensor))
        return dv_fail(err, DV_BAD_USAGE, "a unit of tensor %d, which the plan does not keep",
                       u->tensor);
    if (dv_box_empty(&box))
        return dv_fail(err, DV_BAD_USAGE, "channel %d at (%d,%d) of '%s', which is %s",
                       (int)u->channel, (int)u->y, (int)u->x, m->values[u->tensor].name,
                       dv_shape_text(&m->values[u->tensor].shape, shape));
    if ((unsigned)rule >= DV_N_RULES || !(plan->request.rules >> rule & 1))
        return dv_fail(err, DV_BAD_USAGE, "rule %d, for which the plan was not made", (int)rule);
    return p->trace->passed || dv_fail(err, DV_BAD_USAGE, "a projection without a pass before");
}

bool dv_project(dv_projector *p, const dv_unit *u, dv_rule rule, dv_seed seed, dv_signal *result,
                dv_error *err)
{
    return dv_project_watched(p, u, rule, seed, NULL, result, err);
}

bool dv_project_watched(dv_projector *p, const dv_unit *u, dv_rule rule, dv_seed seed,
                        const dv_stages *stages, dv_signal *result, dv_error *err)
{
    const dv_model *m = model_of(p);
    if (!check_unit(p, u, rule, err))
        return false;
    memset(p->boxes, 0, (size_t)m->n_values * sizeof *p->boxes);
    p->boxes[u->tensor] = dv_unit_box(model_of(p), u);
    p->rule = rule;
    dv_boxes_back(m, u->tensor, true, rule, p->trace->plan->request.rectify, p->boxes);
    take_all_channels(m, &p->boxes[m->input]);
    size_t scratch;
    if (!place_signals(p, u->tensor, &scratch, err) ||
        !make_room(&p->memory, &p->memory_bytes, (size_t)p->places.end * DV_PLACE_UNIT, err) ||
        !make_room(&p->scratch, &p->scratch_bytes, scratch, err))
        return false;
    dv_signal start = { p->boxes[u->tensor],
                        (float *)(void *)(p->memory + (size_t)p->at[u->tensor] * DV_PLACE_UNIT) };
    write_seed(p, u, seed, start);
    walk_back(p, u->tensor, stages);
    *result = (dv_signal){ .box = p->boxes[m->input] };
    if (dv_box_empty(&result->box)) {
        result->box = (dv_box){ { 0 }, { 0 } };
        return true;
    }
    result->data = (float *)(void *)(p->memory + (size_t)p->at[m->input] * DV_PLACE_UNIT);
    if (!all_finite(result))
        return dv_fail(err, DV_BAD_DATA, "the projection of '%s' channel %d is not finite",
                       m->values[u->tensor].name, (int)u->channel);
    return true;
}
