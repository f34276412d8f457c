#include "op_harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD = 16 }; /* floats before and behind an array that must stay as they are */

static uint32_t random_state = 12345;

static uint32_t random_bits(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

int op_random_int(int lo, int hi)
{
    return lo + (int)(random_bits() % (uint32_t)(hi - lo + 1));
}

float op_random(void)
{
    return (float)random_bits() / (float)(1 << 23) - 1;
}

dv_shape op_shape(int rank, ...)
{
    dv_shape s = { .rank = rank };
    va_list args;
    va_start(args, rank);
    for (int i = 0; i < rank; i++)
        s.dim[i] = va_arg(args, int);
    va_end(args);
    return s;
}

/* -- building --------------------------------------------------------------------------------- */

static void *own(op_case *k, size_t bytes)
{
    assert_true(k->n_owned < (int)(sizeof k->owned / sizeof k->owned[0]));
    void *p = aligned_alloc(64, (bytes + 64) / 64 * 64);
    assert_non_null(p);
    k->owned[k->n_owned++] = p;
    return p;
}

op_case *op_new(const char *name, int opset)
{
    op_case *k = calloc(1, sizeof *k);
    assert_non_null(k);
    k->op = dv_op_find(name);
    assert_non_null(k->op);
    k->spec = (dv_node_spec){ .opset = opset, .attrs = k->attrs, .in = k->operands, .n_out = 1 };
    k->spacing = 1.0f / 128;
    return k;
}

void op_free(op_case *k)
{
    if (k->call.state)
        k->op->release((void *)(uintptr_t)k->call.state);
    for (int i = 0; i < k->n_owned; i++)
        free(k->owned[i]);
    free(k);
}

static dv_attr *attr(op_case *k, const char *name, dv_attr_kind kind)
{
    assert_true(k->spec.n_attrs < OP_MAX_ATTRS);
    dv_attr *a = &k->attrs[k->spec.n_attrs++];
    a->name = name;
    a->kind = kind;
    return a;
}

void op_int(op_case *k, const char *name, int64_t v)
{
    attr(k, name, DV_ATTR_INT)->v.i = v;
}

void op_float(op_case *k, const char *name, double v)
{
    attr(k, name, DV_ATTR_FLOAT)->v.f = (float)v;
}

void op_text(op_case *k, const char *name, const char *v)
{
    attr(k, name, DV_ATTR_TEXT)->v.text = v;
}

void op_ints_of(op_case *k, const char *name, int n, const int64_t *v)
{
    int64_t *copy = own(k, (size_t)n * sizeof *copy);
    memcpy(copy, v, (size_t)n * sizeof *copy);
    dv_attr *a = attr(k, name, DV_ATTR_INTS);
    a->n = n;
    a->v.ints = copy;
}

void op_ints(op_case *k, const char *name, int n, ...)
{
    int64_t v[32];
    va_list args;
    va_start(args, n);
    for (int i = 0; i < n; i++)
        v[i] = va_arg(args, int);
    va_end(args);
    op_ints_of(k, name, n, v);
}

static dv_operand *operand(op_case *k, dv_shape s, float *data)
{
    assert_true(k->spec.n_in < OP_MAX_INPUTS);
    k->in[k->spec.n_in] = (dv_tensor){ s, data };
    dv_operand *o = &k->operands[k->spec.n_in++];
    *o = (dv_operand){ .shape = s };
    return o;
}

static float *numbers(op_case *k, dv_shape s, const float *data)
{
    size_t n = dv_shape_count(&s);
    float *to = own(k, n * sizeof *to);
    for (size_t i = 0; i < n; i++)
        to[i] = data ? data[i] : op_random();
    return to;
}

float *op_activation(op_case *k, dv_shape s)
{
    float *to = numbers(k, s, NULL);
    operand(k, s, to);
    return to;
}

static void constant(op_case *k, dv_array a, float *data)
{
    dv_array *kept = &k->arrays[k->spec.n_in];
    *kept = a;
    operand(k, a.shape, data)->constant = kept;
}

float *op_weight(op_case *k, dv_shape s, const float *data)
{
    float *to = numbers(k, s, data);
    constant(k, (dv_array){ DV_F32, s, to }, to);
    return to;
}

void op_input_ints_of(op_case *k, int n, const int64_t *v)
{
    int64_t *copy = own(k, (size_t)n * sizeof *copy);
    float *floats = own(k, (size_t)n * sizeof *floats);
    for (int i = 0; i < n; i++) {
        copy[i] = v[i];
        floats[i] = (float)v[i];
    }
    constant(k, (dv_array){ DV_I64, { 1, { n } }, copy }, floats);
}

void op_input_ints(op_case *k, int n, ...)
{
    int64_t v[32];
    va_list args;
    va_start(args, n);
    for (int i = 0; i < n; i++)
        v[i] = va_arg(args, int);
    va_end(args);
    op_input_ints_of(k, n, v);
}

void op_absent(op_case *k)
{
    operand(k, (dv_shape){ .rank = -1 }, NULL);
}

void op_outputs(op_case *k, int n)
{
    assert_true(n <= OP_MAX_OUTPUTS);
    k->spec.n_out = n;
}

void op_spread_input(op_case *k, int i, float gap)
{
    int n = (int)dv_shape_count(&k->in[i].shape);
    float *x = k->in[i].data;
    for (int j = 0; j < n; j++)
        x[j] = ((float)(j - n / 2) + 0.5f) * gap;
    for (int j = n - 1; j > 0; j--) {
        int at = op_random_int(0, j);
        float swap = x[j];
        x[j] = x[at];
        x[at] = swap;
    }
}

/* -- running ---------------------------------------------------------------------------------- */

static bool understand(op_case *k, dv_shape *shapes, dv_error *err)
{
    void *params = own(k, k->op->params_size);
    memset(params, 0, k->op->params_size);
    k->call.params = params;
    assert_true(k->spec.n_in >= k->op->min_in);
    assert_true(k->op->max_in < 0 || k->spec.n_in <= k->op->max_in);
    return dv_op_parse(k->op, &k->spec, params, err) && k->op->infer(&k->spec, params, shapes, err);
}

void op_build(op_case *k)
{
    dv_error err = { 0 };
    dv_shape shapes[OP_MAX_OUTPUTS] = { { 0 } };
    if (!understand(k, shapes, &err))
        fail_msg("%s: %s", k->op->name, err.message);
    for (int o = 0; o < k->spec.n_out; o++)
        k->out[o].shape = shapes[o];
}

void op_refused(op_case *k, dv_code code, const char *words)
{
    dv_error err = { 0 };
    dv_shape shapes[OP_MAX_OUTPUTS] = { { 0 } };
    if (understand(k, shapes, &err))
        fail_msg("%s was not refused: '%s'", k->op->name, words);
    if (err.code != code || !strstr(err.message, words) || strchr(err.message, '\n'))
        fail_msg("%s: code %d, '%s' where %d, '%s' is wanted", k->op->name, (int)err.code,
                 err.message, (int)code, words);
}

bool op_taken(op_case *k)
{
    dv_error err = { 0 };
    dv_shape shapes[OP_MAX_OUTPUTS] = { { 0 } };
    if (!understand(k, shapes, &err)) {
        if (err.code == DV_OK || !err.message[0] || strchr(err.message, '\n'))
            fail_msg("%s: code %d, '%s' is no refusal", k->op->name, (int)err.code, err.message);
        return false;
    }
    for (int o = 0; o < k->spec.n_out; o++) {
        double n = 1;
        for (int d = 0; d < shapes[o].rank; d++)
            n *= shapes[o].dim[d];
        if (n < 1 || n > DV_MAX_ELEMENTS) /* no activation can have this shape */
            return false;
        k->out[o].shape = shapes[o];
    }
    return true;
}

static void *poisoned(op_case *k, size_t bytes)
{
    void *p = own(k, bytes);
    memset(p, 0xff, bytes); /* floats: NaN */
    return p;
}

/* Copies tensors without their activations' data. */
static void without_data(const op_case *k, dv_tensor *in, dv_tensor *out)
{
    memcpy(in, k->in, sizeof k->in);
    memcpy(out, k->out, sizeof k->out);
    for (int i = 0; i < k->spec.n_in; i++)
        if (!k->operands[i].constant)
            in[i].data = NULL;
    for (int o = 0; o < k->spec.n_out; o++)
        out[o].data = NULL;
}

enum { MOST_ELEMENTS = 20000, MOST_READS = 1 << 20, MOST_SCRATCH = 1 << 24 }; /* of a test */

static bool make(op_case *k, dv_error *err)
{
    dv_tensor in[OP_MAX_INPUTS], out[OP_MAX_OUTPUTS];
    void *state = NULL;
    without_data(k, in, out);
    dv_call *c = &k->call;
    c->op = k->op;
    c->n_in = k->spec.n_in;
    c->n_out = k->spec.n_out;
    c->in = in;
    c->out = out;
    c->pool = k->pool;
    c->ep = dv_no_epilogue;
    const dv_use use = { .project = true, .precision = DV_EXACT };
    if (k->op->prepare && !k->op->prepare(c, &use, &state, err))
        return false;
    c->state = state;
    if (k->op->aux_bytes)
        c->aux = own(k, k->op->aux_bytes(c));
    const size_t scratch = k->op->scratch_bytes ? k->op->scratch_bytes(c) : 0;
    c->scratch = scratch <= MOST_SCRATCH ? poisoned(k, scratch) : NULL;
    for (int o = 0; o < c->n_out; o++)
        k->out[o].data = own(k, dv_shape_count(&k->out[o].shape) * sizeof(float));
    c->in = k->in;
    c->out = k->out;
    return true;
}

/* About how many numbers are read to make output o. */
static double reads(const op_case *k, int o)
{
    const dv_box whole = dv_box_whole(&k->out[o].shape);
    double n = 0;
    dv_box middle;
    for (int a = 0; a < 3; a++) {
        middle.lo[a] = whole.hi[a] / 2;
        middle.hi[a] = middle.lo[a] + 1;
    }
    for (int i = 0; i < k->spec.n_in; i++) {
        const dv_box in =
            dv_box_intersect(k->op->window(&k->call, i, o, middle), dv_box_whole(&k->in[i].shape));
        n += (double)dv_box_count(&in);
    }
    return n * (double)dv_shape_count(&k->out[o].shape);
}

bool op_made(op_case *k)
{
    dv_error err = { 0 };
    dv_signal whole[OP_MAX_OUTPUTS];
    k->call = (dv_call){ .op = k->op, .params = k->call.params, .in = k->in, .out = k->out };
    k->call.n_in = k->spec.n_in;
    k->call.n_out = k->spec.n_out;
    for (int o = 0; o < k->spec.n_out; o++) {
        if (dv_shape_count(&k->out[o].shape) > MOST_ELEMENTS || reads(k, o) > MOST_READS)
            return false;
        whole[o] = (dv_signal){ .box = dv_box_whole(&k->out[o].shape) };
    }
    if (!make(k, &err)) {
        if (err.code == DV_OK || !err.message[0] || strchr(err.message, '\n'))
            fail_msg("%s: code %d, '%s' is no refusal", k->op->name, (int)err.code, err.message);
        return false;
    }
    return k->call.scratch &&
           (!k->op->project_scratch || k->op->project_scratch(&k->call, whole) <= MOST_SCRATCH);
}

void op_forward(op_case *k)
{
    dv_error err = { 0 };
    if (!k->out[0].data && !make(k, &err))
        fail_msg("%s: %s", k->op->name, err.message);
    assert_non_null(k->call.scratch);
    for (int o = 0; o < k->spec.n_out; o++)
        memset(k->out[o].data, 0xff, dv_shape_count(&k->out[o].shape) * sizeof(float));
    k->op->forward(&k->call);
    op_check_many(k);
}

void op_expect_shape(op_case *k, int o, dv_shape s)
{
    char got[DV_SHAPE_TEXT_MAX], want[DV_SHAPE_TEXT_MAX];
    assert_string_equal(dv_shape_text(&k->out[o].shape, got), dv_shape_text(&s, want));
}

void op_expect(op_case *k, int o, double tolerance, const float *want)
{
    for (size_t i = 0, n = dv_shape_count(&k->out[o].shape); i < n; i++) {
        double w = (double)want[i], got = (double)k->out[o].data[i];
        if (!(fabs(got - w) <= tolerance * (1 + fabs(w))))
            fail_msg("%s: output %d, element %zu is %.9g, not %.9g", k->op->name, o, i, got, w);
    }
}

void op_expect_values(op_case *k, int o, int n, ...)
{
    float want[256];
    va_list args;
    assert_int_equal(n, dv_shape_count(&k->out[o].shape));
    va_start(args, n);
    for (int i = 0; i < n; i++)
        want[i] = (float)va_arg(args, double);
    va_end(args);
    op_expect(k, o, 1e-6, want);
}

/* -- the way back ----------------------------------------------------------------------------- */

/* The call as project sees it: with nothing but what the operator says it keeps. */
static dv_call call_back(op_case *k, dv_rule rule, dv_tensor *in, dv_tensor *out)
{
    dv_call c = k->call;
    without_data(k, in, out);
    for (int i = 0; i < c.n_in; i++)
        if (k->op->keeps[rule] & DV_KEEP_IN)
            in[i].data = k->in[i].data;
    for (int o = 0; o < c.n_out; o++)
        if (k->op->keeps[rule] & DV_KEEP_OUT)
            out[o].data = k->out[o].data;
    c.in = in;
    c.out = out;
    c.rule = rule;
    return c;
}

static void run_back(op_case *k, dv_rule rule, const dv_signal *out, const dv_signal *in)
{
    dv_tensor tin[OP_MAX_INPUTS], tout[OP_MAX_OUTPUTS];
    dv_call c = call_back(k, rule, tin, tout);
    dv_signal boxes[OP_MAX_OUTPUTS];
    for (int o = 0; o < c.n_out; o++)
        boxes[o] = (dv_signal){ .box = out[o].box };
    size_t bytes = k->op->project_scratch ? k->op->project_scratch(&c, boxes) : 0;
    c.scratch = aligned_alloc(64, (bytes + 64) / 64 * 64);
    assert_non_null(c.scratch);
    memset(c.scratch, 0xff, bytes);
    k->op->project(&c, out, in);
    free(c.scratch);
}

void op_project(op_case *k, dv_rule rule, const float *const *out, int i, float *in)
{
    dv_signal to[OP_MAX_INPUTS] = { { { { 0 }, { 0 } }, NULL } }, from[OP_MAX_OUTPUTS];
    for (int o = 0; o < k->spec.n_out; o++)
        from[o] = (dv_signal){ dv_box_whole(&k->out[o].shape), (float *)(uintptr_t)out[o] };
    to[i] = (dv_signal){ dv_box_whole(&k->in[i].shape), in };
    memset(in, 0, dv_shape_count(&k->in[i].shape) * sizeof *in);
    run_back(k, rule, from, to);
}

void op_expect_projection(op_case *k, dv_rule rule, const float *out, int n, ...)
{
    float got[256];
    va_list args;
    assert_int_equal(n, dv_shape_count(&k->in[0].shape));
    op_project(k, rule, &out, 0, got);
    va_start(args, n);
    for (int i = 0; i < n; i++) {
        double want = va_arg(args, double);
        if (!(fabs((double)got[i] - want) <= 1e-6 * (1 + fabs(want))))
            fail_msg("%s, %s: element %d comes back as %.9g, not %.9g", k->op->name,
                     dv_rule_name(rule), i, (double)got[i], want);
    }
    va_end(args);
}

static dv_box random_box(dv_box whole)
{
    dv_box b;
    bool all = op_random_int(0, 3) == 0;
    for (int a = 0; a < 3; a++) {
        b.lo[a] = all ? 0 : op_random_int(0, whole.hi[a] - 1);
        b.hi[a] = all ? whole.hi[a] : op_random_int(b.lo[a] + 1, whole.hi[a]);
    }
    return b;
}

static dv_box enlarged(dv_box b, dv_box whole)
{
    if (dv_box_empty(&b))
        return random_box(whole);
    for (int a = 0; a < 3; a++) {
        b.lo[a] -= op_random_int(0, 2);
        b.hi[a] += op_random_int(0, 2);
    }
    return dv_box_intersect(b, whole);
}

/* A signal of random numbers with a guard on both sides. */
static dv_signal random_signal(dv_box b)
{
    size_t n = dv_box_count(&b) + 2 * GUARD;
    float *data = malloc(n * sizeof *data);
    assert_non_null(data);
    for (size_t i = 0; i < n; i++)
        data[i] = op_random();
    return (dv_signal){ b, data + GUARD };
}

static void free_signal(dv_signal s)
{
    if (s.data)
        free(s.data - GUARD);
}

/* The sum over all elements of the box of s times the whole array a. */
static double dot_signal(const dv_signal *s, const dv_shape *shape, const double *a)
{
    dv_box w = dv_box_whole(shape);
    double sum = 0;
    for (int32_t c = s->box.lo[DV_C]; c < s->box.hi[DV_C]; c++)
        for (int32_t y = s->box.lo[DV_Y]; y < s->box.hi[DV_Y]; y++)
            for (int32_t x = s->box.lo[DV_X]; x < s->box.hi[DV_X]; x++)
                sum += (double)*dv_signal_at(s, c, y, x) *
                       a[((size_t)c * (size_t)w.hi[DV_Y] + (size_t)y) * (size_t)w.hi[DV_X] +
                         (size_t)x];
    return sum;
}

static double *doubles(size_t n)
{
    double *p = calloc(n + 1, sizeof *p);
    assert_non_null(p);
    return p;
}

/* jv[o] = J v by central differences along v of input i, in the sizes of the outputs. */
static void differences(op_case *k, int i, const double *v, double **jv)
{
    size_t n = dv_shape_count(&k->in[i].shape);
    float *x = k->in[i].data, *was = malloc(n * sizeof *was);
    assert_non_null(was);
    memcpy(was, x, n * sizeof *was);
    for (int sign = 1; sign >= -1; sign -= 2) {
        for (size_t j = 0; j < n; j++)
            x[j] = was[j] + (float)sign * k->spacing * (float)v[j];
        op_forward(k);
        for (int o = 0; o < k->spec.n_out; o++)
            for (size_t j = 0; j < dv_shape_count(&k->out[o].shape); j++)
                jv[o][j] += sign * (double)k->out[o].data[j] / (2 * (double)k->spacing);
    }
    memcpy(x, was, n * sizeof *was);
    free(was);
    op_forward(k);
}

static void check_guards(const op_case *k, const dv_signal *s, const float *before)
{
    size_t n = dv_box_count(&s->box);
    if (memcmp(s->data - GUARD, before, GUARD * sizeof(float)) != 0 ||
        memcmp(s->data + n, before + GUARD + n, GUARD * sizeof(float)) != 0)
        fail_msg("%s: project wrote outside its box", k->op->name);
}

static dv_box window_of(op_case *k, dv_rule rule, int i, const dv_signal *out)
{
    dv_tensor tin[OP_MAX_INPUTS], tout[OP_MAX_OUTPUTS];
    dv_call c = call_back(k, rule, tin, tout);
    dv_box whole = dv_box_whole(&k->in[i].shape), in = { .hi = { 0 } };
    for (int o = 0; o < k->spec.n_out; o++)
        if (out[o].data)
            in = dv_box_hull(in, dv_box_intersect(k->op->window(&c, i, o, out[o].box), whole));
    return in;
}

/* One rule, one set of signals, all activations at once. */
static void check_once(op_case *k, dv_rule rule)
{
    dv_signal out[OP_MAX_OUTPUTS], in[OP_MAX_INPUTS] = { { { { 0 }, { 0 } }, NULL } };
    float *before[OP_MAX_INPUTS] = { NULL };
    int first = op_random_int(0, k->spec.n_out - 1); /* has a signal whatever happens */
    for (int o = 0; o < k->spec.n_out; o++) {
        out[o] = (dv_signal){ .box = { .hi = { 0 } } };
        if (o == first || op_random_int(0, 1))
            out[o] = random_signal(random_box(dv_box_whole(&k->out[o].shape)));
    }
    for (int i = 0; i < k->spec.n_in; i++) {
        if (k->operands[i].constant || k->in[i].shape.rank < 0)
            continue;
        in[i] = random_signal(enlarged(window_of(k, rule, i, out), dv_box_whole(&k->in[i].shape)));
        size_t n = (dv_box_count(&in[i].box) + 2 * GUARD) * sizeof(float);
        before[i] = malloc(n);
        assert_non_null(before[i]);
        memcpy(before[i], in[i].data - GUARD, n);
    }
    run_back(k, rule, out, in);
    for (int i = 0; i < k->spec.n_in; i++) {
        if (!in[i].data)
            continue;
        check_guards(k, &in[i], before[i]);
        size_t n = dv_shape_count(&k->in[i].shape);
        double *v = doubles(n), *jv[OP_MAX_OUTPUTS], forward = 0, size = 1e-3;
        for (size_t j = 0; j < n; j++)
            v[j] = (double)op_random();
        for (int o = 0; o < k->spec.n_out; o++)
            jv[o] = doubles(dv_shape_count(&k->out[o].shape));
        differences(k, i, v, jv);
        for (int o = 0; o < k->spec.n_out; o++) {
            if (out[o].data)
                forward += dot_signal(&out[o], &k->out[o].shape, jv[o]);
            for (size_t j = 0; out[o].data && j < dv_shape_count(&k->out[o].shape); j++)
                size += jv[o][j] * jv[o][j];
            free(jv[o]);
        }
        for (size_t j = 0; j < dv_box_count(&in[i].box); j++)
            in[i].data[j] -= before[i][GUARD + j];
        double back = dot_signal(&in[i], &k->in[i].shape, v);
        if (!(fabs(forward - back) <= 2e-3 * sqrt(size))) /* rounding over 2 * spacing */
            fail_msg("%s, %s: <Jv,r> is %.9g, <v,project(r)> %.9g for input %d", k->op->name,
                     dv_rule_name(rule), forward, back, i);
        free(v);
        free(before[i]);
        free_signal(in[i]);
    }
    for (int o = 0; o < k->spec.n_out; o++)
        free_signal(out[o]);
}

/* The elements of a box of output o, in order; the caller frees them. */
static float *copy_box(const op_case *k, int o, dv_box b)
{
    dv_signal all = { dv_box_whole(&k->out[o].shape), k->out[o].data };
    float *copy = malloc((dv_box_count(&b) + 1) * sizeof *copy), *to = copy;
    assert_non_null(copy);
    for (int32_t c = b.lo[DV_C]; c < b.hi[DV_C]; c++)
        for (int32_t y = b.lo[DV_Y]; y < b.hi[DV_Y]; y++)
            for (int32_t x = b.lo[DV_X]; x < b.hi[DV_X]; x++)
                *to++ = *dv_signal_at(&all, c, y, x);
    return copy;
}

/* Gives every element of input i outside the box the number of another. */
static void mix_outside(op_case *k, int i, dv_box b)
{
    const dv_box whole = dv_box_whole(&k->in[i].shape);
    dv_signal all = { whole, k->in[i].data };
    const int last = (int)dv_shape_count(&k->in[i].shape) - 1;
    for (int32_t c = 0; c < whole.hi[DV_C]; c++)
        for (int32_t y = 0; y < whole.hi[DV_Y]; y++)
            for (int32_t x = 0; x < whole.hi[DV_X]; x++)
                if (!dv_box_contains(b, (dv_box){ { c, y, x }, { c + 1, y + 1, x + 1 } }))
                    *dv_signal_at(&all, c, y, x) = k->in[i].data[op_random_int(0, last)];
}

/* What lies outside the window of a box of an output does not change what is in the box. */
static void check_window(op_case *k)
{
    const int o = op_random_int(0, k->spec.n_out - 1);
    const dv_box b = random_box(dv_box_whole(&k->out[o].shape));
    for (int i = 0; i < k->spec.n_in; i++) {
        if (k->operands[i].constant || k->in[i].shape.rank < 0)
            continue;
        const size_t bytes = dv_shape_count(&k->in[i].shape) * sizeof(float);
        float *before = malloc(bytes), *want = copy_box(k, o, b);
        assert_non_null(before);
        memcpy(before, k->in[i].data, bytes);
        mix_outside(k, i, k->op->window(&k->call, i, o, b));
        op_forward(k);
        float *got = copy_box(k, o, b);
        for (size_t j = 0; j < dv_box_count(&b); j++)
            if (!(fabsf(got[j] - want[j]) <= 1e-5f * (1 + fabsf(want[j])))) /* tiles share sums */
                fail_msg("%s: element %zu of a box depends on what lies outside its window of "
                         "input %d",
                         k->op->name, j, i);
        memcpy(k->in[i].data, before, bytes);
        op_forward(k);
        free(before);
        free(want);
        free(got);
    }
}

void op_check_adjoint_of(op_case *k, int trials, unsigned rules)
{
    op_check_boxes(k, trials);
    op_forward(k);
    for (int t = 0; t < trials; t++) {
        check_window(k);
        for (int rule = 0; rule < DV_N_RULES; rule++)
            if (rules >> rule & 1)
                check_once(k, (dv_rule)rule);
    }
}

void op_check_adjoint(op_case *k, int trials)
{
    op_check_adjoint_of(k, trials, (1u << DV_N_RULES) - 1);
}
