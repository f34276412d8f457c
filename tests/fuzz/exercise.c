#include "exercise.h"

#include "deconvviz/project.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_NUMBERS = 1 << 16,  /* of all tensors together */
    MOST_BYTES = 16 << 20,   /* of a trace */
    MOST_PRODUCTS = 1 << 21, /* about, of a pass */
    MOST_KEPT = 2,
};

/* -- what is expected ------------------------------------------------------------------------- */

static void wrong(const char *what)
{
    fprintf(stderr, "exercise: %s\n", what);
    abort();
}

void exercise_failure(const dv_error *err)
{
    if (err->code == DV_OK || !err->message[0] || strchr(err->message, '\n'))
        wrong("a failure without a line of its own");
}

/* Both succeed, or both fail with a line. */
static bool same_end(bool a, const dv_error *a_err, bool b, const dv_error *b_err)
{
    if (!a)
        exercise_failure(a_err);
    if (!b)
        exercise_failure(b_err);
    if (a != b) {
        fprintf(stderr, "%s\n", a ? b_err->message : a_err->message);
        wrong("one way fails, the other does not");
    }
    return a;
}

static uint32_t random_bits(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

static int32_t random_below(uint32_t *state, int32_t n)
{
    return (int32_t)(random_bits(state) % (uint32_t)n);
}

/* -- what a model would take ------------------------------------------------------------------ */

static bool is_small(const dv_model *m)
{
    size_t n = 0;
    for (int i = 0; i < m->n_values && n < MOST_NUMBERS; i++)
        n += m->values[i].shape.rank < 0 ? 0 : dv_shape_count(&m->values[i].shape);
    return n < MOST_NUMBERS;
}

/* What an element in the middle of an output reads. */
static double reads(const dv_call *c, int o)
{
    const dv_box whole = dv_box_whole(&c->out[o].shape);
    double n = 1;
    dv_box one;
    for (int a = 0; a < 3; a++) {
        one.lo[a] = whole.hi[a] / 2;
        one.hi[a] = one.lo[a] + 1;
    }
    for (int i = 0; i < c->n_in; i++)
        if (c->in[i].shape.rank >= 0) {
            const dv_box in = c->op->window(c, i, o, one);
            double product = 1;
            for (int a = 0; a < 3; a++)
                product *= fmax((double)in.hi[a] - (double)in.lo[a], 0);
            n += product;
        }
    return n;
}

static bool is_quick(const dv_model *m)
{
    double n = 0;
    for (int i = 0; i < m->n_nodes; i++)
        for (int o = 0; o < m->calls[i].n_out; o++)
            n += reads(&m->calls[i], o) * (double)dv_shape_count(&m->calls[i].out[o].shape);
    return n < MOST_PRODUCTS;
}

/* -- passes ----------------------------------------------------------------------------------- */

/* The same pass made in two ways: whole by the calling thread alone; and, for the other, inside
 * boxes, perhaps with more threads. */
typedef struct pair {
    const dv_model *m;
    uint32_t random;
    int n_kept, kept[MOST_KEPT];
    dv_request request;
    dv_plan *plans[2];
    dv_trace *whole, *inside;
    size_t n;
    float *input;
} pair;

static dv_pool *some_pool(uint32_t *random)
{
    static dv_pool *pool;
    if (random_below(random, 64))
        return NULL;
    return pool ? pool : (pool = dv_pool_new(2, NULL));
}

static void choose_tensors(pair *p)
{
    const dv_model *m = p->m;
    p->kept[p->n_kept++] = m->output;
    const int v = random_below(&p->random, m->n_values);
    if (!m->values[v].constant && m->values[v].shape.rank >= 0)
        p->kept[p->n_kept++] = v;
}

/* False: it is refused, or too much for here. */
static bool make_plans(pair *p)
{
    const dv_shape *in = dv_tensor_shape(p->m, dv_model_input(p->m));
    const bool many = in->rank > 0 && in->dim[0] != 1;
    dv_error err[2] = { { 0 }, { 0 } };
    dv_pool *pool = some_pool(&p->random);
    p->request = (dv_request){ .n_keep = p->n_kept,
                               .keep = p->kept,
                               .rules = many ? 0 : (1U << DV_N_RULES) - 1,
                               .exact = random_below(&p->random, 2),
                               .images = random_below(&p->random, 2) ? 1000 : 0 };
    p->plans[0] = dv_plan_new(p->m, &p->request, NULL, &err[0]);
    p->request.boxes = true;
    p->plans[1] = dv_plan_new(p->m, &p->request, pool, &err[1]);
    if (!same_end(p->plans[0], &err[0], p->plans[1], &err[1]))
        return false;
    for (int i = 0; i < 2; i++)
        if (dv_plan_trace_bytes(p->plans[i], pool) > MOST_BYTES)
            return false;
    if (!is_small(p->m) || !is_quick(p->m))
        return false;
    p->whole = dv_trace_new(p->plans[0], NULL, &err[0]);
    p->inside = dv_trace_new(p->plans[1], pool, &err[1]);
    return same_end(p->whole, &err[0], p->inside, &err[1]);
}

static float some_number(uint32_t *random)
{
    return (float)random_bits(random) / (float)(1 << 23) - 1;
}

static void check_same_tensors(const pair *p)
{
    for (int i = 0; i < p->n_kept; i++) {
        const size_t bytes = dv_shape_count(dv_tensor_shape(p->m, p->kept[i])) * sizeof(float);
        if (memcmp(dv_trace_tensor(p->whole, p->kept[i]), dv_trace_tensor(p->inside, p->kept[i]),
                   bytes) != 0) {
            fprintf(stderr, "'%s'\n", dv_tensor_name(p->m, p->kept[i]));
            wrong("a pass inside boxes differs from a whole one");
        }
    }
}

static void check_same_signals(const dv_signal *a, const dv_signal *b)
{
    if (!dv_box_equal(a->box, b->box) ||
        (a->data && memcmp(a->data, b->data, dv_box_count(&a->box) * sizeof(float)) != 0))
        wrong("a projection through a pass inside boxes differs from one through a whole one");
}

/* A signal lies inside the receptive field; it has all channels of the input. */
static void check_field(const pair *p, const dv_unit *u, const dv_signal *s)
{
    const dv_box whole = dv_box_whole(dv_tensor_shape(p->m, dv_model_input(p->m)));
    dv_box field;
    if (!dv_model_field(p->m, u->tensor, dv_unit_box(p->m, u), &field, NULL))
        wrong("no receptive field");
    field.lo[DV_C] = whole.lo[DV_C];
    field.hi[DV_C] = whole.hi[DV_C];
    if (!dv_box_empty(&s->box) && !dv_box_contains(dv_box_intersect(field, whole), s->box))
        wrong("a projection leaves the receptive field");
}

/* One unit of each tensor by every rule, through both traces. */
static void project(pair *p)
{
    dv_projector *a = dv_projector_new(p->whole, NULL, NULL);
    dv_projector *b = dv_projector_new(p->inside, some_pool(&p->random), NULL);
    for (int i = 0; a && b && i < p->n_kept && p->request.rules; i++) {
        const dv_box box = dv_box_whole(dv_tensor_shape(p->m, p->kept[i]));
        dv_unit u = { p->kept[i], random_below(&p->random, box.hi[DV_C]), DV_ALL, DV_ALL };
        const dv_seed seed = random_below(&p->random, 4) ? DV_SEED_ONE : DV_SEED_VALUE;
        if (random_below(&p->random, 4))
            (void)dv_strongest(p->whole, &u);
        for (int rule = 0; rule < DV_N_RULES; rule++) {
            dv_error err[2] = { { 0 }, { 0 } };
            dv_signal s, t;
            const bool first = dv_project(a, &u, (dv_rule)rule, seed, &s, &err[0]);
            const bool second = dv_project(b, &u, (dv_rule)rule, seed, &t, &err[1]);
            if (!same_end(first, &err[0], second, &err[1]))
                continue;
            check_same_signals(&s, &t);
            check_field(p, &u, &s);
        }
    }
    dv_projector_free(a);
    dv_projector_free(b);
}

static dv_box change_input(pair *p)
{
    const dv_box whole = dv_box_whole(dv_tensor_shape(p->m, dv_model_input(p->m)));
    const dv_signal x = { whole, p->input };
    dv_box box;
    for (int a = 0; a < 3; a++) {
        box.lo[a] = random_below(&p->random, whole.hi[a]);
        box.hi[a] = box.lo[a] + 1 + random_below(&p->random, whole.hi[a] - box.lo[a]);
    }
    for (int32_t c = box.lo[0]; c < box.hi[0]; c++)
        for (int32_t y = box.lo[1]; y < box.hi[1]; y++)
            for (int32_t i = box.lo[2]; i < box.hi[2]; i++)
                *dv_signal_at(&x, c, y, i) = some_number(&p->random);
    return box;
}

/* Outside the receptive field of a unit nothing moves it; kernels that are not exact share sums. */
static void check_outside(pair *p)
{
    const int input = dv_model_input(p->m);
    const dv_box whole = dv_box_whole(dv_tensor_shape(p->m, input)),
                 map = dv_box_whole(dv_tensor_shape(p->m, p->m->output));
    const dv_signal x = { whole, p->input };
    dv_unit u = { p->m->output, 0, 0, 0 };
    dv_box field;
    u.channel = random_below(&p->random, map.hi[DV_C]);
    u.y = random_below(&p->random, map.hi[DV_Y]);
    u.x = random_below(&p->random, map.hi[DV_X]);
    const float before = dv_unit_value(p->whole, &u);
    if (!dv_model_field(p->m, u.tensor, dv_unit_box(p->m, &u), &field, NULL))
        wrong("no receptive field");
    for (int32_t c = 0; c < whole.hi[0]; c++)
        for (int32_t y = 0; y < whole.hi[1]; y++)
            for (int32_t i = 0; i < whole.hi[2]; i++)
                if (!dv_box_contains(field, (dv_box){ { c, y, i }, { c + 1, y + 1, i + 1 } }))
                    *dv_signal_at(&x, c, y, i) = some_number(&p->random);
    if (!dv_trace_forward(p->whole, p->input, NULL))
        return;
    const float now = dv_unit_value(p->whole, &u);
    if (isfinite(before) && !(fabsf(now - before) <= 1e-5F * (1 + fabsf(before))))
        wrong("a unit moves with what lies outside its receptive field");
}

static void run(pair *p)
{
    dv_error err[2] = { { 0 }, { 0 } };
    p->n = dv_shape_count(dv_tensor_shape(p->m, dv_model_input(p->m)));
    p->input = malloc(p->n * sizeof *p->input);
    for (size_t i = 0; p->input && i < p->n; i++)
        p->input[i] = some_number(&p->random);
    bool ok = p->input != NULL;
    for (int pass = 0; ok && pass < 3; pass++) {
        bool inside;
        if (pass > 0) {
            const dv_box box = change_input(p);
            inside = dv_trace_forward_box(p->inside, p->input, box, &err[1]);
        } else {
            inside = dv_trace_forward(p->inside, p->input, &err[1]);
        }
        const bool whole = dv_trace_forward(p->whole, p->input, &err[0]);
        ok = same_end(whole, &err[0], inside, &err[1]);
        if (ok)
            check_same_tensors(p);
        if (ok && pass < 2)
            project(p);
    }
    if (ok && p->request.exact)
        check_outside(p);
    free(p->input);
}

void exercise_model(const dv_model *m, uint32_t seed)
{
    pair p = { .m = m, .random = seed };
    int32_t stride[2];
    dv_box field;
    dv_error err = { 0 };
    if (!dv_model_stride(m, m->output, stride, &err) ||
        !dv_model_field(m, m->output, dv_box_whole(dv_tensor_shape(m, m->output)), &field, &err))
        exercise_failure(&err);
    choose_tensors(&p);
    if (make_plans(&p))
        run(&p);
    dv_trace_free(p.whole);
    dv_trace_free(p.inside);
    dv_plan_free(p.plans[0]);
    dv_plan_free(p.plans[1]);
}
