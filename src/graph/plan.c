/* plan.c - what a request needs: which nodes run, which activations stay, which weights are read.
 */
#include "graph/plan.h"

#include "base/size.h"
#include "graph/activation.h"

#include <stdlib.h>
#include <string.h>

static bool check_request(const dv_model *m, const dv_request *r, dv_error *err)
{
    if (r->n_keep < 0 || (r->n_keep > 0 && !r->keep))
        return dv_fail(err, DV_BAD_USAGE, "a plan for %d tensors", r->n_keep);
    for (int i = 0; i < r->n_keep; i++) {
        const int v = r->keep[i];
        if (v < 0 || v >= m->n_values)
            return dv_fail(err, DV_BAD_USAGE, "a plan for tensor %d: the network has 0 to %d", v,
                           m->n_values - 1);
        if (m->values[v].constant || m->values[v].shape.rank < 0)
            return dv_fail(err, DV_BAD_USAGE, "a plan for '%s', which is no activation",
                           m->values[v].name);
    }
    if (r->rules >> DV_N_RULES)
        return dv_fail(err, DV_BAD_USAGE, "a plan for rules %#x: there are %d", r->rules,
                       DV_N_RULES);
    if ((unsigned)r->rectify >= DV_N_RECTIFY)
        return dv_fail(err, DV_BAD_USAGE, "a plan that rectifies by way %d: there are %d",
                       (int)r->rectify, DV_N_RECTIFY);
    return true;
}

static bool copy_request(dv_plan *p, const dv_request *r, dv_error *err)
{
    int *keep = dv_arena_array(&p->arena, (size_t)r->n_keep, sizeof *keep, err);
    if (!keep)
        return false;
    if (r->n_keep > 0)
        memcpy(keep, r->keep, (size_t)r->n_keep * sizeof *keep);
    p->request = *r;
    p->request.keep = keep;
    return true;
}

/* What the way back through a node reads. Inside of an activation that is rectified as a whole it
 * is the derivative. */
static unsigned keeps_of(const dv_plan *p, int node)
{
    const dv_op *op = p->model->nodes[node].op;
    unsigned keeps = 0;
    for (int rule = 0; rule < DV_N_RULES; rule++)
        if (p->request.rules >> rule & 1)
            keeps |= op->keeps[rule];
    if (p->request.rules && p->request.rectify == DV_RECTIFY_ALL &&
        dv_inside_activation(p->model, node))
        keeps |= op->keeps[DV_RULE_GRADIENT];
    return keeps;
}

/* Marks the nodes that the wanted tensors depend on, and what must be kept of each. */
static void mark_needed(dv_plan *p, bool *wanted)
{
    const dv_model *m = p->model;
    for (int i = 0; i < p->request.n_keep; i++)
        wanted[p->request.keep[i]] = p->kept[p->request.keep[i]] = true;
    for (int i = m->n_nodes - 1; i >= 0; i--) {
        const dv_node *n = &m->nodes[i];
        for (int k = 0; k < n->n_out; k++)
            p->needed[i] |= wanted[n->out[k]];
        if (!p->needed[i])
            continue;
        const unsigned keeps = keeps_of(p, i);
        for (int k = 0; k < n->n_in; k++)
            if (n->in[k] != DV_NO_VALUE && !m->values[n->in[k]].constant) {
                wanted[n->in[k]] = true;
                p->kept[n->in[k]] |= (keeps & DV_KEEP_IN) != 0;
            }
        for (int k = 0; k < n->n_out; k++)
            p->kept[n->out[k]] |= (keeps & DV_KEEP_OUT) != 0;
    }
}

enum { PIECE = 1 << 16 }; /* numbers that are converted in one task */

static void convert_piece(const void *ctx, int i, void *data)
{
    const dv_array *from = ctx;
    const size_t first = (size_t)i * PIECE, left = dv_shape_count(&from->shape) - first;
    dv_array_copy_floats(from, first, left < PIECE ? left : PIECE, (float *)data + first);
}

/* Whether all that read a constant do so wherever it stands. */
static bool stays_in_place(const dv_plan *p, int value)
{
    const dv_model *m = p->model;
    bool stays =
        p->request.in_place && !p->request.rules && m->values[value].constant->type == DV_F32;
    for (int i = 0; stays && i < m->n_nodes; i++)
        for (int k = 0; p->needed[i] && k < m->nodes[i].n_in; k++) {
            const dv_op *op = m->nodes[i].op;
            stays &= m->nodes[i].in[k] != value ||
                     (op->reads_anywhere && op->reads_anywhere(&m->calls[i], k));
        }
    return stays;
}

/* float32 data of a constant: mapped where it stands so in the file, else a copy that all plans
 * share. NULL with err set when memory runs out. */
static const float *floats_of(const dv_plan *p, int value, dv_pool *pool, dv_error *err)
{
    static const char maker; /* its address stands for convert_piece */
    const dv_model *m = p->model;
    const dv_array *a = m->values[value].constant;
    const float *mapped = stays_in_place(p, value) ? a->data : dv_array_floats(a);
    if (mapped)
        return mapped;
    const size_t count = dv_shape_count(&a->shape); /* less than 2^31 */
    const dv_packed_key key = { a->data, &maker, { (int32_t)a->type, (int32_t)count } };
    dv_packed *copy =
        dv_weights_cache_get(dv_model_cache(m, value), &key, count * sizeof(float), err);
    if (!copy) {
        dv_fail_in(err, "tensor '%s'", m->values[value].name);
        return NULL;
    }
    const dv_packing how = { (int)((count + PIECE - 1) / PIECE), convert_piece, a };
    const float *data = dv_packed_data(copy, &how, pool);
    dv_model_forget(m, value);
    return data;
}

/* Of each constant that a needed node reads. */
static bool convert_constants(dv_plan *p, dv_pool *pool, dv_error *err)
{
    const dv_model *m = p->model;
    p->constants = dv_arena_array(&p->arena, (size_t)m->n_values, sizeof *p->constants, err);
    if (!p->constants)
        return false;
    for (int i = 0; i < m->n_nodes; i++)
        for (int k = 0; p->needed[i] && k < m->nodes[i].n_in; k++) {
            const int v = m->nodes[i].in[k];
            if (v == DV_NO_VALUE || !m->values[v].constant || p->constants[v])
                continue;
            p->constants[v] = floats_of(p, v, pool, err);
            if (!p->constants[v])
                return false;
        }
    return true;
}

static size_t step_scratch(const dv_plan *p, const dv_step *s, dv_pool *pool)
{
    const dv_op *op = p->model->nodes[s->node].op;
    if (!op->scratch_bytes || s->view)
        return 0;
    dv_call c = p->model->calls[s->node];
    c.state = s->state;
    c.ep = s->ep;
    c.pool = pool;
    return op->scratch_bytes(&c);
}

size_t dv_plan_scratch(const dv_plan *p, dv_pool *pool)
{
    size_t most = 0;
    for (int i = 0; i < p->n_steps; i++) {
        const size_t bytes = step_scratch(p, &p->steps[i], pool);
        most = bytes > most ? bytes : most;
    }
    return most;
}

/* All that is computed stays, and the input; nodes were fused before as in any plan. */
static void keep_all(dv_plan *p)
{
    const dv_model *m = p->model;
    p->kept[m->input] = true;
    for (int i = 0; i < p->n_steps; i++) {
        const dv_node *n = &m->nodes[p->steps[i].node];
        p->kept[p->steps[i].out] = true;
        for (int k = 1; k < n->n_out; k++)
            p->kept[n->out[k]] = true;
    }
}

bool dv_check_scratch(size_t bytes, dv_error *err)
{
    return bytes <= DV_MAX_SCRATCH ||
           dv_fail(err, DV_NO_MEMORY, "%zu bytes of scratch are needed: at most %zu are possible",
                   bytes, DV_MAX_SCRATCH);
}

static bool check_steps(const dv_plan *p, dv_pool *pool, dv_error *err)
{
    for (int i = 0; i < p->n_steps; i++) {
        const dv_node *n = &p->model->nodes[p->steps[i].node];
        if (!dv_check_scratch(step_scratch(p, &p->steps[i], pool), err))
            return dv_fail_in(err, "node '%s' (%s)", dv_node_title(p->model, n), n->op->name);
    }
    return true;
}

static bool make(dv_plan *p, const dv_request *r, dv_pool *pool, dv_error *err)
{
    const dv_model *m = p->model;
    const dv_shape *in = &m->values[m->input].shape;
    if (!check_request(m, r, err))
        return false;
    if (r->rules && in->rank > 0 && in->dim[0] != 1)
        return dv_fail(err, DV_UNSUPPORTED, "the input is a batch of %d: projecting needs 1",
                       (int)in->dim[0]);
    bool *wanted = dv_arena_array(&p->arena, (size_t)m->n_values, sizeof *wanted, err);
    p->needed = dv_arena_array(&p->arena, (size_t)m->n_nodes, sizeof *p->needed, err);
    p->kept = dv_arena_array(&p->arena, (size_t)m->n_values, sizeof *p->kept, err);
    if (!wanted || !p->needed || !p->kept || !copy_request(p, r, err))
        return false;
    mark_needed(p, wanted);
    if (r->boxes && r->noise)
        return dv_fail(err, DV_BAD_USAGE, "a plan for boxes, and for noise: one of them");
    if (r->in_passing && (r->boxes || r->rules))
        return dv_fail(err, DV_BAD_USAGE, "a plan for %s whose activations are gone",
                       r->boxes ? "boxes" : "rules");
    if (!convert_constants(p, pool, err) || !dv_plan_steps(p, pool, err) ||
        !check_steps(p, pool, err))
        return false;
    dv_plan_mark_together(p);
    if (r->boxes)
        keep_all(p);
    return dv_plan_places(p, err);
}

dv_plan *dv_plan_new(const dv_model *m, const dv_request *r, dv_pool *pool, dv_error *err)
{
    if (!m || !r) {
        dv_fail(err, DV_BAD_USAGE, "a plan without a %s", m ? "request" : "model");
        return NULL;
    }
    dv_plan *p = calloc(1, sizeof *p);
    if (!p) {
        dv_fail(err, DV_NO_MEMORY, "no memory for a plan");
        return NULL;
    }
    p->model = m;
    if (!make(p, r, pool, err)) {
        dv_plan_free(p);
        return NULL;
    }
    return p;
}

void dv_plan_free(dv_plan *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->n_steps; i++) {
        const dv_op *op = p->model->nodes[p->steps[i].node].op;
        if (op->release && p->steps[i].state)
            op->release(p->steps[i].state);
    }
    dv_arena_release(&p->arena);
    free(p);
}

const dv_model *dv_plan_model(const dv_plan *p)
{
    return p->model;
}

size_t dv_plan_trace_bytes(const dv_plan *p, dv_pool *pool)
{
    return dv_size_add((size_t)(p->n_units + p->n_shared) * DV_PLACE_UNIT,
                       dv_plan_scratch(p, pool));
}
