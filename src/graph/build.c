/* build.c - how a loader puts a model together, node by node. */
#include "graph/activation.h"
#include "graph/model.h"
#include "graph/names.h"
#include "graph/plan.h"

#include <stdlib.h>
#include <string.h>

/* Makes room for one more element of `size` bytes; *list may move. */
static bool room_for_one(void *list, int n, int *max, int limit, size_t size, const char *what,
                         dv_error *err)
{
    if (n < *max)
        return true;
    if (n >= limit)
        return dv_fail(err, DV_UNSUPPORTED, "more than %d %s", limit, what);
    int bigger = *max ? *max * 2 : 64;
    void **at = list;
    void *moved = realloc(*at, (size_t)bigger * size);
    if (!moved)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d %s", bigger, what);
    *at = moved;
    *max = bigger;
    return true;
}

bool dv_model_add_part(dv_model *m, const char *role, const char *path, const dv_file *f,
                       dv_error *err)
{
    for (int i = 0; i < m->n_parts; i++)
        if (m->part_files[i].data == f->data && strcmp(m->parts[i].role, role) == 0)
            return true;
    if (!room_for_one(&m->parts, m->n_parts, &m->max_parts, DV_MAX_VALUES, sizeof *m->parts,
                      "files", err) ||
        !room_for_one(&m->part_files, m->n_parts, &m->max_part_files, DV_MAX_VALUES,
                      sizeof *m->part_files, "files", err))
        return false;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    name = dv_arena_text(&m->arena, name, strlen(name), err);
    if (!name)
        return false;
    m->parts[m->n_parts] = (dv_model_part){ .role = role, .name = name };
    m->part_files[m->n_parts++] = *f;
    return true;
}

static bool add_value(dv_model *m, dv_value v, int *id, dv_error *err)
{
    if (dv_names_find(m->names, v.name) >= 0)
        return dv_fail(err, DV_BAD_DATA, "two tensors are called '%s'", v.name);
    if (!room_for_one(&m->values, m->n_values, &m->max_values, DV_MAX_VALUES, sizeof *m->values,
                      "tensors", err) ||
        !dv_names_add(m->names, v.name, m->n_values, err))
        return false;
    *id = m->n_values;
    m->values[m->n_values++] = v;
    return true;
}

/* A shape that memory can be planned for: each dimension at least 1, the product bounded. */
static bool check_activation(const char *what, const dv_shape *s, dv_error *err)
{
    int64_t n = 1;
    for (int i = 0; i < s->rank; i++) {
        char text[DV_SHAPE_TEXT_MAX];
        if (s->dim[i] < 1 || s->dim[i] > DV_MAX_ELEMENTS / n)
            return dv_fail(err, DV_UNSUPPORTED, "%s would be %s: 1 to %d elements are supported",
                           what, dv_shape_text(s, text), DV_MAX_ELEMENTS);
        n *= s->dim[i];
    }
    return true;
}

bool dv_model_add_input(dv_model *m, const char *name, const dv_shape *s, dv_error *err)
{
    if (m->input != DV_NO_VALUE)
        return dv_fail(err, DV_UNSUPPORTED, "two inputs, '%s' and '%s': one is supported",
                       m->values[m->input].name, name);
    if (!check_activation("the input", s, err))
        return false;
    return add_value(m, (dv_value){ name, *s, NULL, -1, false }, &m->input, err);
}

bool dv_model_add_constant(dv_model *m, const char *name, const dv_array *a, dv_error *err)
{
    int id;
    return add_value(m, (dv_value){ name, a->shape, a, -1, false }, &id, err);
}

bool dv_model_add_missing(dv_model *m, const char *name, dv_error *err)
{
    int id;
    return add_value(m, (dv_value){ name, { .rank = -1 }, NULL, -1, false }, &id, err);
}

/* The number of names up to the last that is not empty. */
static int n_present(int n, const char *const *names)
{
    while (n > 0 && (!names[n - 1] || !names[n - 1][0]))
        n--;
    return n;
}

/* The value cannot be had: a further output of a node, or of one that has been folded. */
static bool fail_missing(const dv_model *m, const dv_value *v, dv_error *err)
{
    return dv_fail(err, DV_UNSUPPORTED,
                   "its input '%s' is a further output of a node that is supported with %d only",
                   v->name, v->producer < 0 ? 1 : m->nodes[v->producer].op->max_out);
}

/* Looks up the operator and the inputs of a node in words. */
static bool resolve(dv_model *m, const dv_node_words *w, dv_node *n, dv_error *err)
{
    *n = (dv_node){ .name = w->name ? w->name : "",
                    .op = dv_op_find(w->op),
                    .n_in = n_present(w->n_in, w->in),
                    .n_out = n_present(w->n_out, w->out),
                    .opset = w->opset,
                    .n_attrs = w->n_attrs,
                    .attrs = w->attrs };
    if (!n->op)
        return dv_fail(err, DV_UNSUPPORTED, "this operator is not supported");
    if (n->n_in < n->op->min_in || (n->op->max_in >= 0 && n->n_in > n->op->max_in))
        return dv_fail(err, DV_BAD_DATA, "%d inputs: %d to %d are needed", n->n_in, n->op->min_in,
                       n->op->max_in < 0 ? DV_MAX_VALUES : n->op->max_in);
    if (n->n_out < 1)
        return dv_fail(err, DV_BAD_DATA, "it has no output");
    n->in = dv_arena_array(&m->arena, (size_t)n->n_in, sizeof *n->in, err);
    n->out = dv_arena_array(&m->arena, (size_t)n->n_out, sizeof *n->out, err);
    if (!n->in || !n->out)
        return false;
    for (int i = 0; i < n->n_in; i++) {
        n->in[i] = DV_NO_VALUE;
        if (w->in[i] && w->in[i][0]) {
            n->in[i] = dv_names_find(m->names, w->in[i]);
            if (n->in[i] < 0)
                return dv_fail(err, DV_BAD_DATA, "its input '%s' is nowhere defined", w->in[i]);
            const dv_value *v = &m->values[n->in[i]];
            if (v->shape.rank < 0 && !v->unfit)
                return fail_missing(m, v, err);
        } else if (i < n->op->min_in || n->op->max_in < 0) {
            return dv_fail(err, DV_BAD_DATA, "input %d is missing", i);
        }
    }
    return true;
}

/* A constant may hold nothing at all, of which an operator that computes knows nothing. */
static bool check_not_empty(const dv_model *m, const dv_node *n, dv_error *err)
{
    const dv_value *v = n->n_in > 0 && n->in[0] != DV_NO_VALUE ? &m->values[n->in[0]] : NULL;
    char text[DV_SHAPE_TEXT_MAX];
    return !v || !v->constant || n->op->piece || dv_shape_count(&v->shape) > 0 ||
           dv_fail(err, DV_UNSUPPORTED, "its input '%s' is %s, which is empty", v->name,
                   dv_shape_text(&v->shape, text));
}

/* Parses the node's attributes and infers its outputs' shapes. */
static bool understand(dv_model *m, dv_node *n, dv_shape *shapes, int n_shapes, dv_error *err)
{
    dv_operand *operands = dv_arena_array(&m->arena, (size_t)n->n_in, sizeof *operands, err);
    n->params = dv_arena_alloc(&m->arena, n->op->params_size, err);
    if (!operands || !n->params)
        return false;
    if (!check_not_empty(m, n, err))
        return false;
    dv_node_spec spec = dv_node_spec_of(m, n, operands);
    spec.n_out = n_shapes;
    if (!dv_op_parse(n->op, &spec, n->params, err) || !n->op->infer(&spec, n->params, shapes, err))
        return false;
    for (int i = 0; i < n_shapes; i++)
        if (!check_activation("its output", &shapes[i], err))
            return false;
    return true;
}

/* The outputs that the operator can produce; those behind them may be named, but not used. */
static int n_produced(const dv_node *n)
{
    return n->op->max_out >= 0 && n->op->max_out < n->n_out ? n->op->max_out : n->n_out;
}

static bool reads_unfit(const dv_model *m, const dv_node *n)
{
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i] != DV_NO_VALUE && m->values[n->in[i]].unfit)
            return true;
    return false;
}

bool dv_model_leave_out(dv_model *m, const dv_node_words *w, dv_error *err)
{
    for (int i = 0; i < w->n_out; i++) {
        int id;
        dv_value v = { w->out[i], { .rank = -1 }, NULL, -1, .unfit = true };
        if (w->out[i] && w->out[i][0] && !add_value(m, v, &id, err))
            return false;
    }
    return true;
}

static bool append(dv_model *m, const dv_node_words *w, dv_error *err)
{
    dv_node n;
    if (!resolve(m, w, &n, err))
        return false;
    if (reads_unfit(m, &n))
        return dv_model_leave_out(m, w, err);
    int n_shapes = n_produced(&n);
    dv_shape *shapes = dv_arena_array(&m->arena, (size_t)n_shapes, sizeof *shapes, err);
    if (!shapes)
        return false;
    if (!understand(m, &n, shapes, n_shapes, err))
        return m->resized && (!err || err->code != DV_NO_MEMORY) && dv_model_leave_out(m, w, err);
    if (!room_for_one(&m->nodes, m->n_nodes, &m->max_nodes, DV_MAX_NODES, sizeof *m->nodes, "nodes",
                      err))
        return false;
    for (int i = 0; i < n.n_out; i++) {
        n.out[i] = DV_NO_VALUE;
        if (!w->out[i] || !w->out[i][0])
            continue;
        dv_value v = { w->out[i], { .rank = -1 }, NULL, m->n_nodes, false };
        if (i < n_shapes)
            v.shape = shapes[i];
        if (!add_value(m, v, &n.out[i], err))
            return false;
    }
    n.n_out = n_shapes;
    m->nodes[m->n_nodes++] = n;
    return true;
}

/* Puts the node in front of a message from below; returns false. */
static bool fail_in_node(const dv_node_words *w, dv_error *err)
{
    const char *title = w->name && w->name[0] ? w->name : w->n_out && w->out[0] ? w->out[0] : "";
    return dv_fail_in(err, "node '%s' (%s)", title, w->op);
}

bool dv_model_add_node(dv_model *m, const dv_node_words *w, dv_error *err)
{
    return append(m, w, err) || fail_in_node(w, err);
}

/* The inputs of a node that are all constants, as float32: in (n->n_in). */
static bool constant_inputs(dv_model *m, const dv_node *n, dv_tensor *in, dv_error *err)
{
    for (int i = 0; i < n->n_in; i++) {
        in[i] = (dv_tensor){ .shape.rank = -1 };
        if (n->in[i] == DV_NO_VALUE)
            continue;
        const dv_value *v = &m->values[n->in[i]];
        if (!v->constant)
            return dv_fail(err, DV_UNSUPPORTED, "its input '%s' is no constant", v->name);
        in[i] = (dv_tensor){ v->shape, (float *)(uintptr_t)dv_array_floats(v->constant) };
        if (in[i].data) /* it is only read */
            continue;
        size_t count = dv_shape_count(&v->shape);
        in[i].data = dv_arena_array(&m->arena, count, sizeof *in[i].data, err);
        if (!in[i].data)
            return false;
        dv_array_copy_floats(v->constant, 0, count, in[i].data);
    }
    return true;
}

/* prepare, scratch and forward of a call whose tensors have data. */
static bool run(dv_model *m, const dv_op *op, dv_call *c, dv_error *err)
{
    void *state = NULL;
    const dv_use once = { .precision = DV_EXACT };
    if (op->prepare && !op->prepare(c, &once, &state, err))
        return false;
    c->state = state;
    size_t scratch = op->scratch_bytes ? op->scratch_bytes(c) : 0;
    c->scratch = dv_check_scratch(scratch, err) ? dv_arena_alloc(&m->arena, scratch, err) : NULL;
    if (c->scratch)
        op->forward(c);
    if (op->release)
        op->release(state);
    return c->scratch != NULL;
}

/* Runs one node whose inputs are all constants. */
static bool evaluate(dv_model *m, const dv_node_words *w, size_t limit, dv_array *out,
                     dv_error *err)
{
    dv_node n;
    dv_shape shape;
    if (!resolve(m, w, &n, err) || !understand(m, &n, &shape, 1, err))
        return false;
    if (dv_shape_count(&shape) > limit)
        return dv_fail(err, DV_UNSUPPORTED, "%zu numbers to compute from constants: at most %zu",
                       dv_shape_count(&shape), limit);
    dv_tensor *in = dv_arena_array(&m->arena, (size_t)n.n_in, sizeof *in, err);
    float *result = dv_arena_array(&m->arena, dv_shape_count(&shape), sizeof *result, err);
    if (!in || !result || !constant_inputs(m, &n, in, err))
        return false;
    dv_tensor to = { shape, result };
    dv_call c = { .op = n.op,
                  .params = n.params,
                  .n_in = n.n_in,
                  .n_out = 1,
                  .in = in,
                  .out = &to,
                  .ep = dv_no_epilogue };
    *out = (dv_array){ DV_F32, shape, result };
    return run(m, n.op, &c, err);
}

bool dv_model_evaluate(dv_model *m, const dv_node_words *w, size_t limit, dv_array *out,
                       dv_error *err)
{
    return evaluate(m, w, limit, out, err) || fail_in_node(w, err);
}

/* The calls hold what every plan and every walk back needs of the nodes: params and shapes. */
static bool make_calls(dv_model *m, dv_error *err)
{
    m->calls = dv_arena_array(&m->arena, (size_t)m->n_nodes, sizeof *m->calls, err);
    if (!m->calls)
        return false;
    for (int i = 0; i < m->n_nodes; i++) {
        const dv_node *n = &m->nodes[i];
        dv_tensor *t = dv_arena_array(&m->arena, (size_t)(n->n_in + n->n_out), sizeof *t, err);
        if (!t)
            return false;
        for (int k = 0; k < n->n_in + n->n_out; k++) {
            int v = k < n->n_in ? n->in[k] : n->out[k - n->n_in];
            t[k].shape.rank = -1;
            if (v != DV_NO_VALUE)
                t[k].shape = m->values[v].shape;
            else if (k >= n->n_in)
                return dv_fail(err, DV_UNSUPPORTED, "node '%s': its output %d has no name",
                               dv_node_title(m, n), k - n->n_in);
        }
        m->calls[i] = (dv_call){ .op = n->op,
                                 .params = n->params,
                                 .n_in = n->n_in,
                                 .n_out = n->n_out,
                                 .in = t,
                                 .out = t + n->n_in,
                                 .ep = dv_no_epilogue };
    }
    return true;
}

bool dv_model_finish(dv_model *m, const char *output, dv_error *err)
{
    if (m->input == DV_NO_VALUE)
        return dv_fail(err, DV_UNSUPPORTED, "the network has no input");
    m->output = output ? dv_names_find(m->names, output) : DV_NO_VALUE;
    if (m->output < 0)
        return dv_fail(err, DV_BAD_DATA, "the output '%s' is nowhere defined",
                       output ? output : "");
    if (m->values[m->output].unfit) {
        if (m->n_nodes == 0)
            return dv_fail(err, DV_BAD_USAGE, "no layer fits an input of this size");
        m->output = m->nodes[m->n_nodes - 1].out[0];
    }
    if (m->values[m->output].constant)
        return dv_fail(err, DV_UNSUPPORTED, "the output '%s' is a constant", output);
    return dv_recognise_lrn(m, err) && dv_recognise_layer_norm(m, err) &&
           dv_recognise_gelu(m, err) && dv_recognise_padded_pool(m, err) && make_calls(m, err) &&
           dv_number_layers(m, err) && dv_find_activations(m, err) && dv_count_behind(m, err);
}
