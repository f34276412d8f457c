#include "case.h"

#include "deconvviz/trace.h"
#include "load/onnx.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TENSORS = 64 };

/* What ONNX's backend tests ask for: |got - want| <= ATOL + RTOL |want|. */
#define RTOL 1e-3
#define ATOL 1e-7

/* Kernels that trade rounding for speed are as good, but not next to zero. */
#define FAST_ATOL 1e-5

typedef struct tensors {
    int n, n_names;
    dv_array arrays[MAX_TENSORS];
    const char
        *names[MAX_TENSORS]; /* as the graph calls them; more than n where some get no data */
} tensors;

typedef struct run {
    const char *path;
    char *why;
    size_t room;
    dv_arena arena; /* of the tensors */
    int n_files;
    dv_file files[2 * MAX_TENSORS + 1];
    dv_file model;
    tensors in, out;
} run;

static suite_result say(run *r, suite_result result, const char *fmt, ...) DV_PRINTF(3, 4);

static suite_result say(run *r, suite_result result, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(r->why, r->room, fmt, args);
    va_end(args);
    return result;
}

/* -- files ------------------------------------------------------------------------------------ */

static bool map(run *r, const char *path, dv_file *f)
{
    if (!dv_file_map(f, path, NULL))
        return false;
    r->files[r->n_files++] = *f;
    return true;
}

/* input_0.pb, input_1.pb … of a data set. */
static bool read_tensors(run *r, int set, const char *kind, tensors *to, dv_error *err)
{
    for (to->n = 0; to->n < to->n_names; to->n++) {
        char path[4096];
        const char *name;
        dv_file f;
        snprintf(path, sizeof path, "%s/test_data_set_%d/%s_%d.pb", r->path, set, kind, to->n);
        if (!map(r, path, &f))
            return true;
        if (!dv_onnx_read_tensor(&r->arena, f.data, f.size, &name, &to->arrays[to->n], err))
            return dv_fail_in(err, "%s %d", kind, to->n);
    }
    return true;
}

/* -- what the graph calls its inputs and outputs ---------------------------------------------- */

static bool find_graph(run *r, dv_pb *graph, dv_error *err)
{
    dv_pb m = { r->model.data, r->model.data + r->model.size, r->model.data };
    dv_pb_field f;
    while (dv_pb_more(&m)) {
        if (!dv_pb_next(&m, &f, err))
            return false;
        if (f.number == 7)
            return dv_pb_message(&f, "graph", graph, err);
    }
    return dv_fail(err, DV_BAD_DATA, "no graph");
}

/* Whether the graph has an initializer called so. */
static bool is_initializer(run *r, dv_pb graph, const char *name)
{
    dv_pb_field f, inside;
    while (dv_pb_more(&graph) && dv_pb_next(&graph, &f, NULL)) {
        if (f.number != 5)
            continue;
        const char *own = "";
        for (dv_pb t = f.bytes; dv_pb_more(&t) && dv_pb_next(&t, &inside, NULL);)
            if (inside.number == 8 && !dv_pb_text(&inside, "name", &r->arena, &own, NULL))
                return false;
        if (strcmp(own, name) == 0)
            return true;
    }
    return false;
}

static bool read_names(run *r, dv_error *err)
{
    dv_pb graph;
    r->in.n_names = r->out.n_names = 0;
    if (!find_graph(r, &graph, err))
        return false;
    for (dv_pb m = graph; dv_pb_more(&m);) {
        dv_pb_field f;
        dv_onnx_value v;
        if (!dv_pb_next(&m, &f, err))
            return false;
        tensors *to = f.number == 11 ? &r->in : &r->out;
        if (f.number != 11 && f.number != 12)
            continue;
        if (!dv_onnx_read_value(&r->arena, f.bytes, &v, err))
            return false;
        if (v.type == 0)
            return dv_fail(err, DV_UNSUPPORTED, "'%s' is not a tensor", v.name);
        if (to->n_names < MAX_TENSORS && !is_initializer(r, graph, v.name))
            to->names[to->n_names++] = v.name;
    }
    return true;
}

/* -- comparing -------------------------------------------------------------------------------- */

static bool is_near(double got, double want, double atol)
{
    if (isnan(want) || isinf(want))
        return isnan(want) ? isnan(got) : got == want;
    return fabs(got - want) <= atol + RTOL * fabs(want);
}

/* `got` holds numbers of another type, perhaps: float32 for what is double in the test. */
static bool equal(run *r, int output, const dv_array *got, double atol)
{
    const dv_array *want = &r->out.arrays[output];
    char a[DV_SHAPE_TEXT_MAX], b[DV_SHAPE_TEXT_MAX];
    if (!dv_shape_equal(&got->shape, &want->shape)) {
        say(r, SUITE_FAIL, "output '%s' is %s instead of %s", r->out.names[output],
            dv_shape_text(&got->shape, a), dv_shape_text(&want->shape, b));
        return false;
    }
    size_t n = dv_shape_count(&want->shape);
    for (size_t i = 0; i < n; i++) {
        double x = dv_array_number(got, i), y = dv_array_number(want, i);
        if (!is_near(x, y, dv_dtype_is_float(want->type) ? atol : 0)) {
            say(r, SUITE_FAIL, "output '%s': element %zu is %.9g instead of %.9g",
                r->out.names[output], i, x, y);
            return false;
        }
    }
    return true;
}

/* Whether a forward pass here, in finite float32, can give these outputs at all. */
static bool is_possible(run *r)
{
    for (int i = 0; i < r->out.n; i++) {
        const dv_array *a = &r->out.arrays[i];
        size_t n = dv_dtype_is_float(a->type) ? dv_shape_count(&a->shape) : 0;
        for (size_t k = 0; k < n; k++)
            if (!(fabs(dv_array_number(a, k)) <= (double)FLT_MAX)) {
                say(r, SUITE_SKIP, "output '%s' holds %g: activations are finite float32 numbers",
                    r->out.names[i], dv_array_number(a, k));
                return false;
            }
    }
    return true;
}

/* -- running ---------------------------------------------------------------------------------- */

/* The network with input `fed` as its activation (-1: none) and all others constant. */
static dv_model *build(run *r, int fed, dv_error *err)
{
    dv_onnx_bound bound[MAX_TENSORS];
    dv_onnx_request q = { .bound = bound, .oldest = 1, .constants_only = fed < 0 };
    for (int i = 0; i < r->in.n; i++)
        if (i != fed)
            bound[q.n_bound++] = (dv_onnx_bound){ r->in.names[i], &r->in.arrays[i] };
    if (fed >= 0)
        q.shape = &r->in.arrays[fed].shape;
    dv_model *m = dv_model_new(r->path, NULL, err);
    if (m && !dv_onnx_build(m, r->model.data, r->model.size, &q, err)) {
        dv_model_free(m);
        return NULL;
    }
    return m;
}

/* Ids of the outputs; those that no operator here computes are DV_NO_VALUE. False: the first is
 * such a one. */
static bool find_outputs(const run *r, const dv_model *m, int *ids)
{
    for (int i = 0; i < r->out.n; i++) {
        ids[i] = dv_model_value(m, r->out.names[i]);
        if (ids[i] != DV_NO_VALUE && m->values[ids[i]].shape.rank < 0)
            ids[i] = DV_NO_VALUE;
    }
    return r->out.n && ids[0] != DV_NO_VALUE;
}

/* A remark where a pass says nothing of some output. */
static suite_result passed(run *r, const int *ids)
{
    for (int i = 0; i < r->out.n; i++)
        if (ids[i] == DV_NO_VALUE)
            return say(r, SUITE_PASS, "but output '%s' (%s) is not computed", r->out.names[i],
                       dv_dtype_name(r->out.arrays[i].type));
    r->why[0] = '\0';
    return SUITE_PASS;
}

/* Every output from constants alone; SUITE_SKIP where that cannot be. */
static suite_result run_folded(run *r, dv_error *err)
{
    int ids[MAX_TENSORS] = { DV_NO_VALUE };
    dv_model *m = build(r, -1, err);
    if (!m)
        return say(r, SUITE_SKIP, "%s", err->message);
    suite_result result = say(r, SUITE_SKIP, "its output is not computed");
    if (find_outputs(r, m, ids)) {
        result = passed(r, ids);
        for (int i = 0; i < r->out.n && result == SUITE_PASS; i++) {
            const dv_array *a = ids[i] == DV_NO_VALUE ? NULL : m->values[ids[i]].constant;
            if (!a)
                result = say(r, SUITE_SKIP, "it is not a matter of constants");
            else if (!equal(r, i, a, ATOL))
                result = SUITE_FAIL;
        }
    }
    dv_model_free(m);
    return result;
}

/* Compares the activations of a trace, and constants among the outputs. */
static suite_result compare(run *r, const dv_model *m, const dv_trace *t, const int *ids,
                            double atol)
{
    for (int i = 0; i < r->out.n; i++) {
        if (ids[i] == DV_NO_VALUE)
            continue;
        const dv_value *v = &m->values[ids[i]];
        dv_array got = { DV_F32, v->shape, v->constant ? NULL : dv_trace_tensor(t, ids[i]) };
        if (!equal(r, i, v->constant ? v->constant : &got, atol))
            return SUITE_FAIL;
    }
    return passed(r, ids);
}

static suite_result run_traced(run *r, const dv_model *m, const int *ids, const dv_array *fed,
                               bool exact)
{
    int keep[MAX_TENSORS], n_keep = 0;
    dv_error err = { 0 };
    for (int i = 0; i < r->out.n; i++)
        if (ids[i] != DV_NO_VALUE && !m->values[ids[i]].constant)
            keep[n_keep++] = ids[i];
    dv_request q = { .n_keep = n_keep, .keep = keep, .exact = exact };
    size_t n = dv_shape_count(&fed->shape);
    float *x = malloc((n + 1) * sizeof *x);
    dv_plan *plan = x ? dv_plan_new(m, &q, NULL, &err) : NULL;
    dv_trace *t = plan ? dv_trace_new(plan, NULL, &err) : NULL;
    suite_result result;
    if (t)
        dv_array_copy_floats(fed, 0, n, x);
    if (!t || !dv_trace_forward(t, x, &err))
        result = say(r, SUITE_FAIL, "%s", err.message);
    else
        result = compare(r, m, t, ids, exact ? ATOL : FAST_ATOL);
    dv_trace_free(t);
    dv_plan_free(plan);
    free(x);
    return result;
}

/* With input `fed` as the activation. */
static suite_result run_fed(run *r, int fed, dv_error *err)
{
    int ids[MAX_TENSORS] = { DV_NO_VALUE };
    dv_model *m = is_possible(r) ? build(r, fed, err) : NULL;
    if (!m)
        return err->message[0] ? say(r, SUITE_SKIP, "%s", err->message) : SUITE_SKIP;
    suite_result result = say(r, SUITE_SKIP, "its output is not computed");
    if (find_outputs(r, m, ids))
        result = run_traced(r, m, ids, &r->in.arrays[fed], true);
    if (result == SUITE_PASS)
        result = run_traced(r, m, ids, &r->in.arrays[fed], false);
    dv_model_free(m);
    return result;
}

/* Each float input as the activation until one will do, and all of them constant. A valid model
 * that is called malformed is a failure, not something unsupported. */
static suite_result run_every_way(run *r)
{
    dv_error err = { 0 }, first = { 0 };
    suite_result fed = SUITE_SKIP;
    char why[600] = "";
    for (int i = 0; i < r->in.n && fed == SUITE_SKIP; i++) {
        if (!dv_dtype_is_float(r->in.arrays[i].type))
            continue;
        fed = run_fed(r, i, &err);
        if (!first.message[0])
            first = err;
    }
    if (fed == SUITE_SKIP && first.code == DV_BAD_DATA)
        return say(r, SUITE_FAIL, "%s", first.message);
    if (fed == SUITE_FAIL)
        return fed;
    snprintf(why, sizeof why, "%s", first.message[0] ? first.message : r->why);
    suite_result folded = run_folded(r, &err);
    if (folded == SUITE_FAIL)
        return folded;
    if (fed == SUITE_PASS)
        return say(r, fed, "%s", "");
    if (folded == SUITE_PASS)
        return say(r, folded, "as constants");
    return why[0] ? say(r, folded, "%s", why) : folded;
}

suite_result suite_run(const char *path, char *why, size_t room)
{
    run r = { .path = path, .why = why, .room = room };
    char model[4096];
    snprintf(model, sizeof model, "%s/model.onnx", path);
    suite_result result = SUITE_SKIP;
    int set = 0;
    for (bool more = true; more; set++) {
        dv_error err = { 0 };
        r.n_files = 0;
        if (!map(&r, model, &r.model))
            result = say(&r, SUITE_FAIL, "no model.onnx");
        else if (!read_names(&r, &err) || !read_tensors(&r, set, "input", &r.in, &err) ||
                 !read_tensors(&r, set, "output", &r.out, &err))
            result = say(&r, SUITE_SKIP, "%s", err.message);
        else if (r.out.n)
            result = run_every_way(&r);
        else if (set == 0)
            result = say(&r, SUITE_SKIP, "it has no data");
        more = r.out.n && result == SUITE_PASS;
        for (int i = 0; i < r.n_files; i++)
            dv_file_unmap(&r.files[i]);
        dv_arena_release(&r.arena);
    }
    return result;
}
