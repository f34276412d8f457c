#include "base/large.h"
#include "graph/noise.h"
#include "graph/plan.h"
#include "nn/rearrange.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void *at(const dv_trace *t, dv_place place)
{
    const dv_place own = t->plan->n_units;
    if (place == DV_NOWHERE)
        return NULL;
    return place < own ? t->memory + (size_t)place * DV_PLACE_UNIT
                       : t->shared + (size_t)(place - own) * DV_PLACE_UNIT;
}

/* Points a tensor of a forward call at its data. The input stays NULL: it is known only later. */
static float *data_of(const dv_trace *t, int value)
{
    if (value == DV_NO_VALUE)
        return NULL;
    const dv_plan *p = t->plan;
    if (p->model->values[value].constant) /* constants are only read */
        return (float *)(uintptr_t)p->constants[value];
    return at(t, p->places[value]);
}

/* Copies call `node` of the model to *c with tensors of its own, taken from *room. */
static void copy_call(const dv_model *m, int node, dv_call *c, dv_tensor **room)
{
    *c = m->calls[node];
    memcpy(*room, c->in, (size_t)c->n_in * sizeof **room);
    c->in = *room;
    *room += c->n_in;
    memcpy(*room, c->out, (size_t)c->n_out * sizeof **room);
    c->out = *room;
    *room += c->n_out;
}

/* A copy of a step's tail that knows where the data lies. */
static const dv_tail *make_tail(dv_trace *t, const dv_step *s, dv_tail *tail)
{
    *tail = s->tail->program;
    for (int i = 0; i < tail->n_inputs; i++)
        tail->inputs[i].data = data_of(t, s->tail->values[i]);
    tail->outputs = data_of(t, s->out);
    return tail;
}

static void make_forward(dv_trace *t, int step, dv_tensor **room, dv_tail **tails)
{
    const dv_plan *p = t->plan;
    const dv_step *s = &p->steps[step];
    const dv_node *n = &p->model->nodes[s->node];
    dv_tensor *tensors = *room;
    dv_call *c = &t->forward[step];
    copy_call(p->model, s->node, c, room);
    for (int i = 0; i < n->n_in; i++)
        tensors[i].data = data_of(t, n->in[i]);
    for (int i = 0; i < n->n_out; i++)
        c->out[i].data = data_of(t, i ? n->out[i] : s->out);
    c->state = s->state;
    c->even = s->even;
    c->ep = s->ep;
    if (s->tail)
        c->ep.tail = make_tail(t, s, (*tails)++);
    c->aux = at(t, s->aux);
    c->scratch = t->scratch;
    c->pool = t->pool;
}

static void make_back(dv_trace *t, int node, dv_tensor **room)
{
    const dv_plan *p = t->plan;
    const dv_node *n = &p->model->nodes[node];
    dv_tensor *tensors = *room;
    dv_call *c = &t->back[node];
    copy_call(p->model, node, c, room);
    for (int i = 0; i < n->n_in + n->n_out; i++) {
        int v = i < n->n_in ? n->in[i] : n->out[i - n->n_in];
        bool there = v != DV_NO_VALUE && (p->kept[v] || p->model->values[v].constant);
        tensors[i].data = there ? data_of(t, v) : NULL;
    }
    c->state = p->states[node];
    c->aux = at(t, p->aux[node]);
}

static int most_outputs(const dv_model *m)
{
    int most = 0;
    for (int i = 0; i < m->n_nodes; i++)
        most = m->nodes[i].n_out > most ? m->nodes[i].n_out : most;
    return most;
}

static size_t count_tails(const dv_plan *p)
{
    size_t n = 0;
    for (int i = 0; i < p->n_steps; i++)
        n += p->steps[i].tail != NULL;
    return n;
}

static bool make(dv_trace *t, const dv_trace *beside, dv_error *err)
{
    const dv_plan *p = t->plan;
    const dv_model *m = p->model;
    size_t n_tensors = 1;
    for (int i = 0; i < m->n_nodes; i++)
        if (p->needed[i])
            n_tensors += 2 * (size_t)(m->nodes[i].n_in + m->nodes[i].n_out);
    t->memory = dv_large_alloc((size_t)p->n_units * DV_PLACE_UNIT);
    t->beside = beside != NULL;
    t->shared = beside ? beside->shared : dv_large_alloc((size_t)p->n_shared * DV_PLACE_UNIT);
    t->scratch = beside ? beside->scratch : dv_large_alloc(dv_plan_scratch(p, t->pool));
    t->tensors = calloc(n_tensors, sizeof *t->tensors);
    t->forward = calloc((size_t)p->n_steps + 1, sizeof *t->forward);
    t->tails = calloc(count_tails(p) + 1, sizeof *t->tails);
    t->back = calloc((size_t)m->n_nodes + 1, sizeof *t->back);
    if (p->request.boxes) {
        t->changed = calloc((size_t)m->n_values, sizeof *t->changed);
        t->boxes = calloc((size_t)most_outputs(m) + 1, sizeof *t->boxes);
    }
    if (!t->memory || !t->shared || !t->scratch || !t->tensors || !t->forward || !t->tails ||
        !t->back || (p->request.boxes && (!t->changed || !t->boxes)))
        return dv_fail(err, DV_NO_MEMORY, "no memory for a forward pass: %zu bytes",
                       dv_plan_trace_bytes(p, t->pool));
    dv_tensor *room = t->tensors;
    dv_tail *tails = t->tails;
    for (int i = 0; i < p->n_steps; i++)
        make_forward(t, i, &room, &tails);
    for (int i = 0; i < m->n_nodes; i++)
        if (p->needed[i])
            make_back(t, i, &room);
    return true;
}

static dv_trace *new_trace(const dv_plan *p, dv_pool *pool, const dv_trace *beside, dv_error *err)
{
    dv_trace *t = calloc(1, sizeof *t);
    if (!t) {
        dv_fail(err, DV_NO_MEMORY, "no memory for a trace");
        return NULL;
    }
    t->plan = p;
    t->pool = pool;
    if (!make(t, beside, err)) {
        dv_trace_free(t);
        return NULL;
    }
    return t;
}

dv_trace *dv_trace_new(const dv_plan *p, dv_pool *pool, dv_error *err)
{
    if (!p) {
        dv_fail(err, DV_BAD_USAGE, "a trace without a plan");
        return NULL;
    }
    return new_trace(p, pool, NULL, err);
}

dv_trace *dv_trace_new_beside(const dv_trace *first, dv_error *err)
{
    return new_trace(first->plan, first->pool, first, err);
}

void dv_trace_free(dv_trace *t)
{
    if (!t)
        return;
    free(t->memory);
    if (!t->beside) {
        free(t->shared);
        free(t->scratch);
    }
    free(t->tensors);
    free(t->forward);
    free(t->tails);
    free(t->back);
    free(t->changed);
    free(t->boxes);
    free(t);
}

bool dv_trace_set_noise(dv_trace *t, float amount, uint64_t seed, dv_error *err)
{
    if (!t->plan->request.noise && amount != 0)
        return dv_fail(err, DV_BAD_USAGE, "noise for a plan that was not made for it");
    t->noise = amount;
    t->noise_seed = seed;
    return true;
}

const float *dv_trace_tensor(const dv_trace *t, int tensor)
{
    if (tensor < 0 || tensor >= t->plan->model->n_values)
        return NULL;
    const dv_plan *p = t->plan;
    return p->kept[tensor] && !p->request.in_passing ? at(t, p->places[tensor]) : NULL;
}

void dv_trace_show(dv_trace *t, dv_viewer *viewer, void *ctx)
{
    t->viewer = viewer;
    t->viewer_ctx = ctx;
}

/* -- running ---------------------------------------------------------------------------------- */

/* The input's data, seen through views of it too, is the caller's memory when it is not kept. */
static float *input_data(const dv_trace *t, int value)
{
    const dv_plan *p = t->plan;
    for (int i = p->model->values[value].producer; i >= 0; i = p->model->values[value].producer) {
        if (!dv_rearrange_is_view(&p->model->calls[i]))
            return NULL;
        value = p->model->nodes[i].in[0];
    }
    return value == p->model->input ? (float *)(uintptr_t)t->input : NULL; /* only read */
}

dv_call dv_trace_begin_step(const dv_trace *t, int step, const dv_box *boxes)
{
    const dv_plan *p = t->plan;
    const dv_node *n = &p->model->nodes[p->steps[step].node];
    dv_call c = t->forward[step];
    c.boxes = boxes;
    c.even &= t->noise == 0;
    dv_tensor *in = (dv_tensor *)(uintptr_t)c.in; /* of this trace */
    for (int i = 0; i < n->n_in; i++) {
        int v = n->in[i];
        if (v != DV_NO_VALUE && !p->model->values[v].constant && p->places[v] == DV_NOWHERE)
            in[i].data = input_data(t, v);
    }
    return c;
}

static bool has_nan(const float *x, size_t n)
{
    int found = 0;
    for (size_t i = 0; i < n; i++)
        found |= x[i] != x[i];
    return found;
}

static void show(dv_trace *t, int value)
{
    const dv_plan *p = t->plan;
    if (!p->request.in_passing || !p->kept[value])
        return;
    const float *data = at(t, p->places[value]);
    data = data ? data : input_data(t, value);
    if (!p->request.unchecked && has_nan(data, dv_shape_count(&p->model->values[value].shape)))
        t->nan = true;
    else if (t->viewer)
        t->viewer(t->viewer_ctx, value, data);
}

static void show_outputs(dv_trace *t, const dv_step *s)
{
    const dv_node *n = &t->plan->model->nodes[s->node];
    for (int i = 0; i < n->n_out; i++)
        if (n->out[i] != DV_NO_VALUE)
            show(t, i ? n->out[i] : s->out);
}

void dv_trace_end_step(dv_trace *t, int step, const dv_call *c)
{
    const dv_model *m = t->plan->model;
    if (t->noise > 0 && dv_is_weight_layer(m, &m->nodes[t->plan->steps[step].node]))
        dv_disturb(c->out[0].data, dv_shape_count(&c->out[0].shape), t->noise,
                   t->noise_seed + (uint64_t)step);
    show_outputs(t, &t->plan->steps[step]);
}

void dv_trace_run_step(dv_trace *t, int step, const dv_box *boxes)
{
    if (t->plan->steps[step].view) {
        show_outputs(t, &t->plan->steps[step]);
        return;
    }
    const dv_call c = dv_trace_begin_step(t, step, boxes);
    c.op->forward(&c);
    dv_trace_end_step(t, step, &c);
}

/* The input of a pass; a copy of it where it is kept, itself or through a view. */
static void take_input(dv_trace *t, const float *input)
{
    const dv_model *m = t->plan->model;
    float *kept = at(t, t->plan->places[m->input]);
    t->input = input;
    if (kept)
        memcpy(kept, input, dv_shape_count(&m->values[m->input].shape) * sizeof *kept);
}

/* Runs the pass again with every activation kept, to name the first node that makes a NaN. */
static bool fail_at_nan(const dv_trace *t, dv_error *err)
{
    const dv_plan *p = t->plan;
    const dv_model *m = p->model;
    if (has_nan(t->input, dv_shape_count(&m->values[m->input].shape)))
        return dv_fail(err, DV_BAD_DATA, "the input holds a NaN");
    int *all = calloc((size_t)m->n_values + 1, sizeof *all), n = 0;
    for (int v = 0; all && v < m->n_values; v++)
        if (m->values[v].producer >= 0 && p->needed[m->values[v].producer] &&
            m->values[v].shape.rank >= 0)
            all[n++] = v;
    dv_request every = { .n_keep = n, .keep = all, .exact = p->request.exact };
    dv_plan *plan = all ? dv_plan_new(m, &every, NULL, err) : NULL;
    dv_trace *again = plan ? dv_trace_new(plan, NULL, err) : NULL;
    bool named = false;
    if (again)
        take_input(again, t->input);
    for (int i = 0; again && i < plan->n_steps && !named; i++) {
        if (plan->steps[i].view)
            continue;
        dv_trace_run_step(again, i, NULL);
        int v = plan->steps[i].out;
        named = has_nan(at(again, plan->places[v]), dv_shape_count(&m->values[v].shape));
        if (named) {
            const dv_node *node = &m->nodes[plan->steps[i].node];
            dv_fail(err, DV_BAD_DATA, "the activations become NaN in node '%s' (%s)",
                    dv_node_title(m, node), node->op->name);
        }
    }
    if (!named)
        dv_fail(err, DV_BAD_DATA, "the activations hold a NaN");
    dv_trace_free(again);
    dv_plan_free(plan);
    free(all);
    return false;
}

/* Whether what was asked for may be read: it holds no NaN. */
static bool check_kept(const dv_trace *t, dv_error *err)
{
    const dv_plan *p = t->plan;
    if (p->request.in_passing)
        return !t->nan || fail_at_nan(t, err);
    for (int i = 0; i < p->request.n_keep && !p->request.unchecked; i++) {
        const int v = p->request.keep[i];
        if (has_nan(at(t, p->places[v]), dv_shape_count(&p->model->values[v].shape)))
            return fail_at_nan(t, err);
    }
    return true;
}

void dv_trace_begin(dv_trace *t, const float *input)
{
    t->passed = t->nan = false;
    take_input(t, input);
    show(t, t->plan->model->input);
}

bool dv_trace_end(dv_trace *t, dv_error *err)
{
    const dv_model *m = t->plan->model;
    for (int v = 0; t->changed && v < m->n_values; v++)
        t->changed[v] = dv_box_whole(&m->values[v].shape);
    t->passed = check_kept(t, err);
    return t->passed;
}

bool dv_trace_forward(dv_trace *t, const float *input, dv_error *err)
{
    const dv_plan *p = t->plan;
    t->passed = false;
    if (!input)
        return dv_fail(err, DV_BAD_USAGE, "a pass without an input");
    dv_trace_begin(t, input);
    for (int i = 0; i < p->n_steps; i++)
        dv_trace_run_step(t, i, NULL);
    return dv_trace_end(t, err);
}

/* -- inside a box ----------------------------------------------------------------------------- */

/* The part of the input that has changed, to where it is kept. */
static void copy_input(dv_trace *t, const float *input, dv_box box)
{
    const dv_model *m = t->plan->model;
    const dv_box whole = dv_box_whole(&m->values[m->input].shape);
    const dv_signal to = { whole, at(t, t->plan->places[m->input]) };
    const size_t n = (size_t)(box.hi[DV_X] - box.lo[DV_X]);
    for (int32_t c = box.lo[DV_C]; c < box.hi[DV_C]; c++)
        for (int32_t y = box.lo[DV_Y]; y < box.hi[DV_Y]; y++) {
            float *row = dv_signal_at(&to, c, y, box.lo[DV_X]);
            memcpy(row, input + (row - to.data), n * sizeof *row);
        }
}

/* What the changed inputs of a node reach of output o. */
static dv_box reach_output(const dv_trace *t, int node, const dv_call *c, int o)
{
    const dv_model *m = t->plan->model;
    const dv_node *n = &m->nodes[node];
    const dv_box whole = dv_box_whole(&m->calls[node].out[o].shape);
    dv_box reached = { .hi = { 0 } };
    for (int i = 0; i < n->n_in; i++) {
        if (n->in[i] == DV_NO_VALUE || dv_box_empty(&t->changed[n->in[i]]))
            continue;
        const dv_box in = t->changed[n->in[i]];
        const dv_box out = n->op->reach ? n->op->reach(c, i, o, in) : whole;
        reached = dv_box_hull(reached, dv_box_intersect(out, whole));
    }
    return reached;
}

/* What the changed inputs of a step reach of each output. False: nothing. */
static bool reach_outputs(dv_trace *t, int step, dv_box *boxes)
{
    const dv_model *m = t->plan->model;
    const dv_step *s = &t->plan->steps[step];
    bool any = false;
    for (int o = 0; o < m->nodes[s->node].n_out; o++) {
        boxes[o] = reach_output(t, s->node, &t->forward[step], o);
        /* What a step makes for its tail has not changed before it ran: nothing says so of it. */
        for (int i = 0; o == 0 && s->tail && i < s->tail->n_nodes; i++) {
            const int node = s->tail->nodes[i];
            boxes[0] = dv_box_hull(boxes[0], reach_output(t, node, &m->calls[node], 0));
        }
        any |= !dv_box_empty(&boxes[o]);
    }
    return any;
}

static void forward_changed(dv_trace *t)
{
    const dv_plan *p = t->plan;
    dv_box *boxes = t->boxes;
    for (int i = 0; i < p->n_steps; i++) {
        const dv_step *s = &p->steps[i];
        const dv_node *n = &p->model->nodes[s->node];
        if (!reach_outputs(t, i, boxes))
            continue;
        dv_trace_run_step(t, i, boxes);
        for (int o = 0; o < n->n_out; o++)
            t->changed[o ? n->out[o] : s->out] = boxes[o];
    }
}

bool dv_trace_forward_box(dv_trace *t, const float *input, dv_box changed, dv_error *err)
{
    const dv_model *m = t->plan->model;
    if (!t->changed || !input)
        return dv_fail(err, DV_BAD_USAGE,
                       !input ? "a pass without an input"
                              : "a pass inside a box by a plan that was not made for it");
    if (!t->passed)
        return dv_fail(err, DV_BAD_USAGE, "a pass inside a box needs a whole one before");
    const dv_box box = dv_box_intersect(changed, dv_box_whole(&m->values[m->input].shape));
    memset(t->changed, 0, (size_t)m->n_values * sizeof *t->changed);
    t->input = input;
    if (dv_box_empty(&box))
        return true;
    t->changed[m->input] = box;
    copy_input(t, input, box);
    forward_changed(t);
    t->passed = check_kept(t, err);
    return t->passed;
}

dv_box dv_trace_box(const dv_trace *t, int tensor)
{
    return t->changed ? t->changed[tensor] : dv_box_whole(&t->plan->model->values[tensor].shape);
}
