/* activation.c - finds the activations of a model.
 *
 * One that is written out is a product or quotient of two values that are both made of a third, x,
 * by operators on each element: x * Sigmoid(x). x is the nearest such value, found by going back
 * from the operands, the latest first, until one is left. What curve it is, two of its values tell.
 */
#include "graph/activation.h"

#include "graph/chain.h"
#include "kernel/isa.h"

#include <math.h>
#include <string.h>

enum {
    MAX_NODES = 24, /* that one is written out with: GELU by a tanh takes 9 */
    MAX_OPEN = 8,
    MAX_INPUTS = 3, /* of a node in it */
};

/* -- an operator on each element -------------------------------------------------------------- */

/* The node's call with data for its numbers. room: MAX_INPUTS of each. False: it is not on
 * elements, or has more constants than lone numbers. */
static bool element_call(const dv_model *m, int node, dv_call *c, dv_tensor *in, float *numbers)
{
    const dv_node *n = &m->nodes[node];
    *c = m->calls[node];
    if (n->n_in > MAX_INPUTS || n->n_out != 1 || !(n->op->function || n->op->binary))
        return false;
    for (int k = 0; k < n->n_in; k++) {
        in[k] = c->in[k];
        if (n->in[k] == DV_NO_VALUE)
            continue;
        if (dv_lone_number(m, n->in[k], &numbers[k]))
            in[k].data = &numbers[k];
        else if (m->values[n->in[k]].constant ||
                 !dv_shape_equal(&m->values[n->in[k]].shape, &m->values[n->out[0]].shape))
            return false;
    }
    c->in = in;
    return true;
}

typedef struct curve { /* an element of the node's output */
    bool binary;
    dv_function map;
    dv_binary combine;
    float a, b;
} curve;

static bool curve_of(const dv_call *c, curve *f)
{
    *f = (curve){ .binary = c->op->binary != NULL };
    return f->binary ? c->op->binary(c, &f->combine)
                     : c->op->function && c->op->function(c, &f->map, &f->a, &f->b);
}

static bool is_element(const dv_model *m, int node)
{
    dv_call c;
    dv_tensor in[MAX_INPUTS];
    float numbers[MAX_INPUTS];
    curve f;
    return element_call(m, node, &c, in, numbers) && curve_of(&c, &f);
}

/* -- what is written out ---------------------------------------------------------------------- */

typedef struct written {
    const dv_model *m;
    int n, nodes[MAX_NODES]; /* the last one first */
    int n_open, open[MAX_OPEN];
} written;

static bool open_input(written *w, int value)
{
    float number;
    if (value == DV_NO_VALUE || dv_lone_number(w->m, value, &number))
        return true;
    for (int i = 0; i < w->n_open; i++)
        if (w->open[i] == value)
            return true;
    if (w->n_open == MAX_OPEN)
        return false;
    w->open[w->n_open++] = value;
    return true;
}

static bool take(written *w, int node)
{
    const dv_node *n = &w->m->nodes[node];
    if (w->n == MAX_NODES || !is_element(w->m, node))
        return false;
    w->nodes[w->n++] = node;
    for (int k = 0; k < n->n_in; k++)
        if (!open_input(w, n->in[k]))
            return false;
    return true;
}

/* The producer of the latest open value, which is closed; -1: the input of the network is open. */
static int close_latest(written *w)
{
    int at = 0;
    for (int i = 1; i < w->n_open; i++)
        if (w->m->values[w->open[i]].producer > w->m->values[w->open[at]].producer)
            at = i;
    const int node = w->m->values[w->open[at]].producer;
    w->open[at] = w->open[--w->n_open];
    return node;
}

/* The names of curves that make an activation of what they are multiplied into, those that decide
 * first. */
static const struct {
    const char *op, *makes;
} bends[] = {
    { "Softplus", "Mish" },         { "Erf", "Gelu" },       { "Tanh", "Gelu" },
    { "HardSigmoid", "HardSwish" }, { "Clip", "HardSwish" }, { "Relu", "HardSwish" },
    { "Sigmoid", "Silu" },          { "Exp", "Silu" },
};

static const char *name_of(const written *w)
{
    for (size_t b = 0; b < sizeof bends / sizeof bends[0]; b++)
        for (int i = 1; i < w->n; i++)
            if (strcmp(w->m->nodes[w->nodes[i]].op->name, bends[b].op) == 0)
                return bends[b].makes;
    return NULL;
}

static bool is_product(const dv_model *m, int node)
{
    const char *op = m->nodes[node].op->name;
    return strcmp(op, "Mul") == 0 || strcmp(op, "Div") == 0;
}

/* Fills w with what the product `node` is written with. False: it is no activation. */
static bool spell(written *w, const dv_model *m, int node)
{
    *w = (written){ .m = m };
    if (!is_product(m, node) || !take(w, node) || w->n_open < 2)
        return false;
    while (w->n_open > 1) {
        const int next = close_latest(w);
        if (next < 0 || !take(w, next))
            return false;
    }
    return w->n_open == 1 && name_of(w) != NULL;
}

/* -- the curve -------------------------------------------------------------------------------- */

/* The place of a value among those of the nodes; n: x. */
static int place_of(const written *w, int value)
{
    int i = 0;
    while (i < w->n && w->m->nodes[w->nodes[i]].out[0] != value)
        i++;
    return i;
}

static int by_descent(const written *w, int below)
{
    int best = -1;
    for (int i = 0; i < w->n; i++)
        if (w->nodes[i] > below && (best < 0 || w->nodes[i] < w->nodes[best]))
            best = i;
    return best;
}

static float evaluate(const written *w, int at, const float *values)
{
    const dv_node *n = &w->m->nodes[w->nodes[at]];
    dv_call c;
    dv_tensor in[MAX_INPUTS];
    float x[MAX_INPUTS] = { 0 }, y = NAN;
    curve f;
    if (!element_call(w->m, w->nodes[at], &c, in, x) || !curve_of(&c, &f))
        return y;
    for (int k = 0; k < n->n_in; k++)
        if (n->in[k] != DV_NO_VALUE && !w->m->values[n->in[k]].constant)
            x[k] = values[place_of(w, n->in[k])];
    if (f.binary)
        dv_isa_best()->combine(f.combine, 1, &x[0], false, &x[1], false, &y);
    else
        dv_isa_best()->map(f.map, 1, &x[0], f.a, f.b, &y);
    return y;
}

/* f(x) / x of the whole. */
static double slope_at(const written *w, float x)
{
    float values[MAX_NODES + 1] = { 0 };
    values[w->n] = x;
    for (int i, node = -1; (i = by_descent(w, node)) >= 0; node = w->nodes[i])
        values[i] = evaluate(w, i, values);
    return (double)(values[0] / x);
}

/* The slope of a curve that rises as a line does; 0: it does not. */
static double rise_of(const written *w)
{
    const double near = slope_at(w, 16), far = slope_at(w, 32);
    return far > 0 && fabs(far - near) < 0.01 * far ? far : 0;
}

static void enter(dv_model *m, const written *w, const char *name, bool relu)
{
    dv_activation *a = &m->activations[m->n_activations];
    /* a PRelu's slopes, one a channel, are no lone number */
    const bool rises = strcmp(name, "PRelu") == 0 || rise_of(w) > 0;
    *a = (dv_activation){ name, w->nodes[0], w->open[0], relu, rises };
    for (int i = 0; i < w->n; i++)
        m->activation[w->nodes[i]] = m->n_activations;
    m->n_activations++;
}

/* A factor behind the product belongs to it where it makes the slope 1: the half of a GELU, the
 * sixth of a HardSwish. */
static bool spell_with_factor(written *w, const dv_model *m, int node)
{
    const dv_node *n = &m->nodes[node];
    float number;
    int product = DV_NO_VALUE;
    for (int k = 0; is_product(m, node) && k < 2; k++)
        if (dv_lone_number(m, n->in[1 - k], &number))
            product = n->in[k];
    if (product == DV_NO_VALUE || m->values[product].producer < 0 || !is_element(m, node) ||
        !spell(w, m, m->values[product].producer) || w->n == MAX_NODES ||
        fabs(rise_of(w) - 1) < 0.01)
        return false;
    memmove(w->nodes + 1, w->nodes, (size_t)w->n * sizeof *w->nodes);
    w->nodes[0] = node;
    w->n++;
    return fabs(rise_of(w) - 1) < 0.01;
}

/* -- all of them ------------------------------------------------------------------------------ */

/* An operator that is an activation, also those that the numbering of layers takes for functions.
 */
static bool is_activation(const dv_op *op)
{
    return op->activation || strcmp(op->name, "Softsign") == 0 ||
           strcmp(op->name, "ThresholdedRelu") == 0;
}

static bool follows_rule(const dv_model *m, int node)
{
    dv_function f;
    float a, b;
    const dv_call *c = &m->calls[node];
    return c->op->function && c->op->function(c, &f, &a, &b) && f == DV_MAP_CLAMP && a == 0;
}

static bool allocate(dv_model *m, dv_error *err)
{
    size_t room = 1;
    for (int i = 0; i < m->n_nodes; i++)
        room += is_activation(m->nodes[i].op) || is_product(m, i);
    m->activations = dv_arena_array(&m->arena, room, sizeof *m->activations, err);
    m->activation = dv_arena_array(&m->arena, (size_t)m->n_nodes + 1, sizeof *m->activation, err);
    for (int i = 0; m->activation && i < m->n_nodes; i++)
        m->activation[i] = -1;
    return m->activations && m->activation;
}

bool dv_find_activations(dv_model *m, dv_error *err)
{
    written w;
    if (!allocate(m, err))
        return false;
    for (int i = m->n_nodes - 1; i >= 0; i--) /* the largest of those inside each other */
        if (m->activation[i] < 0 && (spell_with_factor(&w, m, i) || spell(&w, m, i)))
            enter(m, &w, name_of(&w), false);
    for (int i = 0; i < m->n_nodes; i++) {
        const dv_node *n = &m->nodes[i];
        if (m->activation[i] >= 0 || !is_activation(n->op) || n->in[0] == DV_NO_VALUE ||
            m->values[n->in[0]].constant)
            continue;
        w = (written){ .m = m, .n = 1, .nodes = { i }, .n_open = 1, .open = { n->in[0] } };
        enter(m, &w, n->op->name, follows_rule(m, i));
    }
    return true;
}

const dv_activation *dv_activation_at(const dv_model *m, int node)
{
    const int i = m->activation[node];
    return i >= 0 && m->activations[i].node == node ? &m->activations[i] : NULL;
}

bool dv_inside_activation(const dv_model *m, int node)
{
    const int i = m->activation[node];
    return i >= 0 && m->activations[i].node != node;
}

const dv_activation *dv_activation_past(const dv_model *m, int node, dv_rule rule,
                                        dv_rectify rectify)
{
    const dv_activation *a =
        rectify == DV_RECTIFY_ALL && rule == DV_RULE_DECONVNET ? dv_activation_at(m, node) : NULL;
    return a && !a->relu && a->rises ? a : NULL;
}
