/* steps_walk.c - the way back, with what is to be seen of each stage copied as it is reached. */
#include "studies/steps_walk.h"

#include "base/text.h"
#include "graph/activation.h"
#include "project/watched.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BACK_READERS = 3 /* that are named */ };

typedef struct walking {
    dv_steps_walk *w;
    const dv_trace *trace;
    const dv_unit *unit;
    int *stage_of;    /* (n_values) the stage, counted from the unit back; -1 */
    const void **aux; /* (n_nodes) of those that were reached */
    bool *reached;    /* (n_nodes) */
    int n, room;      /* stages so far; all that there can be */
    dv_error *err;
    bool failed;
} walking;

void dv_steps_free(dv_steps *s)
{
    if (s->arena)
        dv_arena_release(s->arena);
    free(s->arena);
    *s = (dv_steps){ .n = 0 };
}

char *dv_steps_say(dv_steps *s, dv_error *err, const char *fmt, ...)
{
    dv_text t = { 0 };
    va_list args;
    va_start(args, fmt);
    dv_text_vformat(&t, fmt, args);
    va_end(args);
    char *copy =
        dv_text_ok(&t, "a text", err) ? dv_arena_text(s->arena, t.data, t.size, err) : NULL;
    free(t.data);
    return copy;
}

int dv_steps_keep(const dv_model *m, int tensor, int *keep)
{
    int n = 0;
    for (int v = 0; v < m->n_values; v++)
        keep[v] = v == tensor;
    for (int i = m->values[tensor].producer; i >= 0; i--) {
        const dv_node *node = &m->nodes[i];
        bool needed = false;
        for (int k = 0; k < node->n_out; k++)
            needed |= node->out[k] != DV_NO_VALUE && keep[node->out[k]];
        for (int k = 0; needed && k < node->n_in; k++)
            if (node->in[k] != DV_NO_VALUE && !m->values[node->in[k]].constant)
                keep[node->in[k]] = 1;
    }
    for (int v = 0; v < m->n_values; v++)
        if (keep[v])
            keep[n++] = v;
    return n;
}

/* -- one stage -------------------------------------------------------------------------------- */

static void add_value(dv_stage_numbers *n, float v, size_t *count)
{
    n->min = *count ? fminf(n->min, v) : v;
    n->max = *count ? fmaxf(n->max, v) : v;
    n->norm += (double)v * (double)v;
    n->nonzero += v != 0;
    ++*count;
}

/* The numbers of a signal in a box that its own one holds. */
static dv_stage_numbers numbers_of(const dv_signal *s, const dv_box *b)
{
    dv_stage_numbers n = { 0 };
    size_t count = 0;
    for (int32_t c = b->lo[DV_C]; c < b->hi[DV_C]; c++)
        for (int32_t y = b->lo[DV_Y]; y < b->hi[DV_Y]; y++)
            for (int32_t x = b->lo[DV_X]; x < b->hi[DV_X]; x++)
                add_value(&n, *dv_signal_at(s, c, y, x), &count);
    n.norm = sqrt(n.norm);
    n.nonzero /= (double)(count ? count : 1);
    return n;
}

static double energy(const dv_signal *s, int32_t c)
{
    double sum = 0;
    for (int32_t y = s->box.lo[DV_Y]; y < s->box.hi[DV_Y]; y++)
        for (int32_t x = s->box.lo[DV_X]; x < s->box.hi[DV_X]; x++) {
            const double v = (double)*dv_signal_at(s, c, y, x);
            sum += v * v;
        }
    return sum;
}

/* The n channels with most of R, the strongest first; of equal ones the first. */
static void choose(dv_stage_maps *m, const dv_signal *r, int most)
{
    double strength[DV_STEPS_MAPS];
    for (int32_t c = r->box.lo[DV_C]; c < r->box.hi[DV_C]; c++) {
        const double e = energy(r, c);
        int at = m->n;
        while (at > 0 && strength[at - 1] < e)
            at--;
        if (at == most)
            continue;
        m->n += m->n < most;
        for (int i = m->n - 1; i > at; i--) {
            strength[i] = strength[i - 1];
            m->channels[i] = m->channels[i - 1];
        }
        strength[at] = e;
        m->channels[at] = c;
    }
}

/* R is 0 outside its box. */
static void copy_maps(const dv_stage_maps *m, const dv_signal *s, float *to)
{
    const dv_box *b = &m->view, *has = &s->box;
    for (int i = 0; i < m->n; i++)
        for (int32_t y = b->lo[DV_Y]; y < b->hi[DV_Y]; y++)
            for (int32_t x = b->lo[DV_X]; x < b->hi[DV_X]; x++)
                *to++ = y >= has->lo[DV_Y] && y < has->hi[DV_Y] && x >= has->lo[DV_X] &&
                                x < has->hi[DV_X]
                            ? *dv_signal_at(s, m->channels[i], y, x)
                            : 0;
}

static void copy_vector(const dv_stage_maps *m, const dv_signal *s, float *to)
{
    const dv_box *b = &m->view;
    const int32_t n = b->hi[DV_C] - b->lo[DV_C];
    for (int32_t i = 0; i < m->rows * m->columns; i++)
        to[i] = i < n ? *dv_signal_at(s, b->lo[DV_C] + i, b->lo[DV_Y], b->lo[DV_X]) : NAN;
}

static bool copy_stage(walking *k, dv_stage_maps *m, const dv_signal *there, const dv_signal *r)
{
    const dv_box whole = there->box;
    dv_box *b = &m->view;
    *b = r->box;
    const int32_t channels = b->hi[DV_C] - b->lo[DV_C];
    const bool place = b->hi[DV_Y] - b->lo[DV_Y] == 1 && b->hi[DV_X] - b->lo[DV_X] == 1;
    m->vector = place && channels > 1;
    for (int axis = DV_Y; place && !m->vector && axis <= DV_X; axis++) {
        b->lo[axis] = 0;
        b->hi[axis] = whole.hi[axis];
    }
    m->rows = b->hi[DV_Y] - b->lo[DV_Y];
    m->columns = b->hi[DV_X] - b->lo[DV_X];
    if (m->vector) {
        m->n = 1;
        m->columns = (int)ceil(sqrt((double)channels));
        m->rows = (channels + m->columns - 1) / m->columns;
    } else {
        choose(m, r, k->w->o->maps);
    }
    const size_t count = (size_t)m->n * (size_t)m->rows * (size_t)m->columns;
    m->there = dv_arena_array(k->w->steps->arena, count, sizeof(float), k->err);
    m->signal = dv_arena_array(k->w->steps->arena, count, sizeof(float), k->err);
    if (!m->there || !m->signal)
        return false;
    (m->vector ? copy_vector : copy_maps)(m, there, m->there);
    (m->vector ? copy_vector : copy_maps)(m, r, m->signal);
    return true;
}

static bool add_stage(walking *k, int value, const dv_signal *r)
{
    const dv_model *model = k->w->model;
    const dv_value *v = &model->values[value];
    const dv_signal there = { dv_box_whole(&v->shape),
                              (float *)(uintptr_t)dv_trace_tensor(k->trace, value) };
    if (k->stage_of[value] >= 0 || k->n == k->room || !there.data)
        return true;
    dv_stage *s = &k->w->steps->stages[k->n];
    dv_stage_maps *m = &k->w->maps[k->n];
    *s = (dv_stage){ .shape = v->shape,
                     .box = r->box,
                     .there = numbers_of(&there, &r->box),
                     .signal = numbers_of(r, &r->box) };
    *m = (dv_stage_maps){ .value = value, .pool = -1 };
    k->stage_of[value] = k->n++;
    return copy_stage(k, m, &there, r);
}

static void reached(void *ctx, int node, const dv_signal *outputs, const void *aux)
{
    walking *k = ctx;
    const dv_node *n = &k->w->model->nodes[node];
    k->reached[node] = true;
    k->aux[node] = aux;
    for (int i = 0; i < n->n_out && !k->failed; i++)
        if (outputs[i].data)
            k->failed = !add_stage(k, n->out[i], &outputs[i]);
}

/* -- words ------------------------------------------------------------------------------------ */

/* What the way back through a node is called. */
static const char *word_of(const walking *k, int node)
{
    static const struct {
        const char *op, *word;
    } words[] = {
        { "Conv", "filter" },        { "ConvTranspose", "filter" },
        { "Gemm", "filter" },        { "MatMul", "filter" },
        { "MaxPool", "unpool" },     { "GlobalMaxPool", "unpool" },
        { "AveragePool", "spread" }, { "GlobalAveragePool", "spread" },
        { "ReduceMean", "spread" },  { "BatchNormalization", "scale" },
        { "Add", "copy" },           { "Sum", "copy" },
        { "Identity", "copy" },      { "Dropout", "copy" },
        { "Concat", "slice" },       { "Flatten", "reshape" },
        { "Reshape", "reshape" },
    };
    const dv_steps_options *o = k->w->o;
    const dv_activation *a = dv_activation_at(k->w->model, node);
    const char *op = k->w->model->nodes[node].op->name;
    if (a && (a->relu || o->rectify == DV_RECTIFY_ALL) && o->rule != DV_RULE_GRADIENT) {
        const bool slope = o->rule == DV_RULE_GUIDED || !(a->relu || a->rises);
        return !slope ? "rectify" : a->relu ? "rectify, mask" : "rectify, slope";
    }
    if (a && a->relu)
        return "mask";
    if (strcmp(op, "LRN") == 0 && o->rule == DV_RULE_DECONVNET)
        return "pass";
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i].op, op) == 0)
            return words[i].word;
    return "slope";
}

/* Whether R of a value comes through (or past) a node that was reached. */
static bool brings_back(const walking *k, int node, int value)
{
    if (!k->reached[node])
        return false;
    const dv_activation *past =
        dv_activation_past(k->w->model, node, k->w->o->rule, k->w->o->rectify);
    if (past)
        return past->x == value;
    const dv_node *n = &k->w->model->nodes[node];
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i] == value)
            return true;
    return false;
}

static bool name_way_back(const walking *k, int value, dv_stage *s)
{
    const dv_model *m = k->w->model;
    dv_text t = { 0 };
    int n = 0;
    for (int i = 0; i < m->n_nodes; i++) {
        if (!brings_back(k, i, value))
            continue;
        if (n < BACK_READERS)
            dv_text_format(&t, "%s%s %s", n ? " + " : "", word_of(k, i),
                           dv_node_title(m, &m->nodes[i]));
        n++;
    }
    if (n > BACK_READERS)
        dv_text_format(&t, " + %d more", n - BACK_READERS);
    if (value == k->unit->tensor)
        dv_text_format(&t, "seed");
    if (dv_text_ok(&t, "a text", k->err))
        s->back = dv_arena_text(k->w->steps->arena, t.data ? t.data : "", t.size, k->err);
    free(t.data);
    return s->back != NULL;
}

static bool name_stage(const walking *k, int value, dv_stage *s)
{
    const dv_model *m = k->w->model;
    dv_steps *steps = k->w->steps;
    const int producer = m->values[value].producer;
    const dv_node *n = producer >= 0 ? &m->nodes[producer] : NULL;
    const dv_activation *a = n ? dv_activation_at(m, producer) : NULL;
    s->tensor = dv_steps_say(steps, k->err, "%s", m->values[value].name);
    s->op = dv_steps_say(steps, k->err, "%s", !n ? "input" : a ? a->name : n->op->name);
    s->node = n ? dv_steps_say(steps, k->err, "%s", dv_node_title(m, n)) : NULL;
    return s->tensor && s->op && (s->node || !n) && name_way_back(k, value, s);
}

/* -- switches --------------------------------------------------------------------------------- */

/* Marks the switches of a max-pool, whose output's field is `out`, in the maps of its input. */
static bool mark_switches(const walking *k, int node, const dv_box *out, const dv_stage *s,
                          dv_stage_maps *m)
{
    const dv_shape *to = &k->w->model->values[k->w->model->nodes[node].out[0]].shape;
    const dv_box all = dv_box_whole(to), map = dv_box_whole(&s->shape);
    const int32_t *switches = k->aux[node], width = map.hi[DV_X];
    if (!m->switches)
        m->switches =
            dv_arena_array(k->w->steps->arena, (size_t)m->n * (size_t)m->rows * (size_t)m->columns,
                           sizeof(bool), k->err);
    for (int i = 0; m->switches && i < m->n; i++)
        for (int32_t y = out->lo[DV_Y]; y < out->hi[DV_Y]; y++)
            for (int32_t x = out->lo[DV_X]; x < out->hi[DV_X]; x++) {
                const int32_t at =
                    switches[((size_t)m->channels[i] * (size_t)all.hi[DV_Y] + (size_t)y) *
                                 (size_t)all.hi[DV_X] +
                             (size_t)x];
                const int32_t row = at / width - m->view.lo[DV_Y],
                              column = at % width - m->view.lo[DV_X];
                if (row >= 0 && row < m->rows && column >= 0 && column < m->columns)
                    m->switches[((size_t)i * (size_t)m->rows + (size_t)row) * (size_t)m->columns +
                                (size_t)column] = true;
            }
    return m->switches != NULL;
}

static bool find_switches(const walking *k)
{
    const dv_model *model = k->w->model;
    for (int i = 0; i < model->n_nodes; i++) {
        const dv_node *n = &model->nodes[i];
        if (!k->reached[i] || !k->aux[i] || strcmp(n->op->name, "MaxPool") != 0)
            continue;
        const int from = k->stage_of[n->in[0]], to = k->stage_of[n->out[0]];
        if (from < 0 || to < 0 || k->w->maps[from].vector)
            continue;
        k->w->maps[from].pool = k->n - 1 - to;
        if (!mark_switches(k, i, &k->w->steps->stages[to].box, &k->w->steps->stages[from],
                           &k->w->maps[from]))
            return false;
    }
    return true;
}

/* -- all of them ------------------------------------------------------------------------------ */

/* They were found from the unit back. */
static void turn_round(dv_steps_walk *w)
{
    for (int i = 0; i < w->steps->n / 2; i++) {
        const int other = w->steps->n - 1 - i;
        const dv_stage stage = w->steps->stages[i];
        const dv_stage_maps maps = w->maps[i];
        w->steps->stages[i] = w->steps->stages[other];
        w->steps->stages[other] = stage;
        w->maps[i] = w->maps[other];
        w->maps[other] = maps;
    }
}

static bool finish(walking *k)
{
    dv_steps_walk *w = k->w;
    for (int i = 0; i < k->n; i++)
        if (!name_stage(k, w->maps[i].value, &w->steps->stages[i]))
            return false;
    if (!find_switches(k))
        return false;
    w->steps->n = k->n;
    turn_round(w);
    return true;
}

static bool walk(walking *k, dv_projector *p)
{
    dv_steps_walk *w = k->w;
    const dv_stages stages = { k, reached };
    if (!dv_project_watched(p, k->unit, w->o->rule, w->o->seed, &stages, &w->result, k->err))
        return false;
    if (k->failed)
        return false;
    if (w->result.data && !add_stage(k, w->model->input, &w->result))
        return false;
    return finish(k);
}

bool dv_steps_walk_back(dv_steps_walk *w, const dv_trace *t, dv_projector *p, const dv_unit *u,
                        dv_error *err)
{
    const dv_model *m = w->model;
    walking k = { .w = w, .trace = t, .unit = u, .room = m->n_values, .err = err };
    dv_steps *s = w->steps;
    *s = (dv_steps){ .unit = *u, .value = dv_unit_value(t, u) };
    s->arena = calloc(1, sizeof *s->arena);
    if (!s->arena)
        return dv_fail(err, DV_NO_MEMORY, "no memory for the stages");
    const size_t values = (size_t)m->n_values + 1, nodes = (size_t)m->n_nodes + 1;
    s->stages = dv_arena_array(s->arena, values, sizeof *s->stages, err);
    w->maps = dv_arena_array(s->arena, values, sizeof *w->maps, err);
    k.stage_of = dv_arena_array(s->arena, values, sizeof *k.stage_of, err);
    k.aux = dv_arena_array(s->arena, nodes, sizeof *k.aux, err);
    k.reached = dv_arena_array(s->arena, nodes, sizeof *k.reached, err);
    if (!s->stages || !w->maps || !k.stage_of || !k.aux || !k.reached)
        return false;
    for (int v = 0; v < m->n_values; v++)
        k.stage_of[v] = -1;
    return walk(&k, p);
}
