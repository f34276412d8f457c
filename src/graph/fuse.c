/* fuse.c - from the nodes that are needed to the steps that run: a batch normalisation or a ReLU
 * behind a convolution is done in its epilogue when nobody asks for the value between. (For what
 * else is done behind it, see tail.c.) */
#include "graph/plan.h"
#include "nn/rearrange.h"

enum {
    MOST_BEHIND = 32, /* layers behind a convolution that may round as it likes */
    MANY_IMAGES = 64, /* pay for weights that are arranged a second time */
};

static bool count_readers(dv_plan *p, dv_readers *r, dv_error *err)
{
    const dv_model *m = p->model;
    r->n = dv_arena_array(&p->arena, 2 * (size_t)m->n_values, sizeof *r->n, err);
    if (!r->n)
        return false;
    r->last = r->n + m->n_values;
    for (int i = 0; i < m->n_nodes; i++)
        for (int k = 0; p->needed[i] && k < m->nodes[i].n_in; k++)
            if (m->nodes[i].in[k] != DV_NO_VALUE) {
                r->n[m->nodes[i].in[k]]++;
                r->last[m->nodes[i].in[k]] = i;
            }
    return true;
}

/* The node that may be fused behind `value`, or -1. */
static int fusable(const dv_plan *p, const dv_readers *r, int value)
{
    if (p->kept[value] || r->n[value] != 1)
        return -1;
    const dv_node *next = &p->model->nodes[r->last[value]];
    return next->op->fuse && next->in[0] == value ? r->last[value] : -1;
}

bool dv_plan_call(dv_plan *p, int node, dv_call *c, dv_error *err)
{
    const dv_node *n = &p->model->nodes[node];
    *c = p->model->calls[node];
    dv_tensor *in = dv_arena_array(&p->arena, (size_t)n->n_in, sizeof *in, err);
    if (!in)
        return false;
    for (int i = 0; i < n->n_in; i++) {
        in[i] = c->in[i];
        if (n->in[i] != DV_NO_VALUE) /* constants are only read */
            in[i].data = (float *)(uintptr_t)p->constants[n->in[i]];
    }
    c->in = in;
    return true;
}

/* Fuses as many followers onto the step as will go; those are marked in `done`. */
static bool fuse_followers(dv_plan *p, const dv_readers *r, dv_step *s, bool *done, dv_error *err)
{
    const dv_model *m = p->model;
    const dv_shape *shape = &m->values[s->out].shape;
    int next = fusable(p, r, s->out);
    if (p->request.noise) /* it is added between them */
        return true;
    if (!m->nodes[s->node].op->takes_epilogue || next < 0 || shape->rank < 2)
        return true;
    int channels = shape->dim[1];
    float *scale = dv_arena_array(&p->arena, 2 * (size_t)channels, sizeof *scale, err);
    if (!scale)
        return false;
    float *shift = scale + channels;
    for (int i = 0; i < channels; i++)
        scale[i] = 1;
    while (next >= 0) {
        dv_call c;
        if (!dv_plan_call(p, next, &c, err))
            return false;
        if (!m->nodes[next].op->fuse(&c, &s->ep, scale, shift, channels))
            break;
        done[next] = true;
        s->out = m->nodes[next].out[0];
        next = fusable(p, r, s->out);
    }
    bool scaled = false, shifted = false;
    for (int i = 0; i < channels; i++) {
        scaled |= scale[i] != 1;
        shifted |= shift[i] != 0;
    }
    s->ep.scale = scaled ? scale : NULL;
    s->ep.shift = shifted ? shift : NULL;
    return true;
}

/* Every further layer multiplies the rounding of those before it: in ResNet-50 with random weights
 * 1e-6 in the first layers becomes 1e-4 in the last. So the first layers of deep networks round
 * less. (Counted in the model, not in the plan: a layer has the same bytes whatever is asked of
 * those behind it.) */
static dv_precision precision(const dv_plan *p, const dv_node *n)
{
    return p->request.exact ? DV_EXACT : n->behind > MOST_BEHIND ? DV_CAREFUL : DV_FAST;
}

/* Lets the operator make what it needs once. */
static bool prepare(dv_plan *p, dv_step *s, dv_pool *pool, dv_error *err)
{
    const dv_node *n = &p->model->nodes[s->node];
    const dv_op *op = n->op;
    if (!op->prepare || s->view)
        return true;
    dv_call c;
    if (!dv_plan_call(p, s->node, &c, err))
        return false;
    c.ep = s->ep;
    c.pool = pool;
    /* Input 1 is the weight, of every operator that has one. */
    const dv_use use = { .cache = dv_model_cache(p->model, n->n_in > 1 ? n->in[1] : DV_NO_VALUE),
                         .project = p->request.rules != 0,
                         .many = p->request.images >= MANY_IMAGES,
                         .precision = precision(p, n) };
    if (!op->prepare(&c, &use, &s->state, err))
        return dv_fail_in(err, "node '%s'", dv_node_title(p->model, n));
    for (int i = 0; use.many && i < n->n_in; i++) /* what was arranged is not read again */
        dv_model_forget(p->model, n->in[i]);
    p->states[s->node] = s->state;
    return true;
}

/* Finds out whether what the step reads was rounded alike everywhere, and what it makes is. uneven:
 * (n_values) */
static void follow_rounding(const dv_plan *p, dv_step *s, bool *uneven)
{
    const dv_node *n = &p->model->nodes[s->node];
    dv_call c = p->model->calls[s->node];
    c.state = s->state;
    bool even = true;
    for (int i = 0; i < n->n_in; i++)
        even &= n->in[i] == DV_NO_VALUE || !uneven[n->in[i]];
    s->even = even || p->request.exact;
    even &= s->view || (n->op->even ? n->op->even(&c) : !n->op->weight_layer);
    for (int i = 0; s->tail && i < s->tail->program.n_inputs; i++)
        even &= !uneven[s->tail->values[i]];
    uneven[s->out] = !even;
    for (int i = 0; i < n->n_out; i++)
        if (n->out[i] != DV_NO_VALUE)
            uneven[n->out[i]] = !even;
}

/* A constant has no place among the activations for others to share. */
bool dv_plan_is_view(const dv_model *m, int node)
{
    const int in = m->nodes[node].in[0];
    return in != DV_NO_VALUE && !m->values[in].constant && dv_rearrange_is_view(&m->calls[node]);
}

bool dv_plan_steps(dv_plan *p, dv_pool *pool, dv_error *err)
{
    const dv_model *m = p->model;
    dv_readers r;
    bool *done = dv_arena_array(&p->arena, (size_t)m->n_nodes, sizeof *done, err);
    bool *uneven = dv_arena_array(&p->arena, (size_t)m->n_values, sizeof *uneven, err);
    p->steps = dv_arena_array(&p->arena, (size_t)m->n_nodes, sizeof *p->steps, err);
    p->states = dv_arena_array(&p->arena, (size_t)m->n_nodes, sizeof *p->states, err);
    if (!done || !uneven || !p->steps || !p->states || !count_readers(p, &r, err))
        return false;
    for (int i = 0; i < m->n_nodes; i++) {
        if (!p->needed[i] || done[i])
            continue;
        dv_step *s = &p->steps[p->n_steps++];
        *s = (dv_step){ .node = i,
                        .out = m->nodes[i].out[0],
                        .view = dv_plan_is_view(m, i),
                        .ep = dv_no_epilogue,
                        .aux = DV_NOWHERE };
        if (!fuse_followers(p, &r, s, done, err) || !dv_plan_tail(p, &r, s, done, err) ||
            !prepare(p, s, pool, err))
            return false;
        follow_rounding(p, s, uneven);
    }
    return true;
}
