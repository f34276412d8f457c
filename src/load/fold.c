#include "load/fold.h"

#include "load/net.h"

#include <string.h>

bool dv_fold_make(dv_fold *f, dv_dtype type, const dv_shape *s, void **data, dv_error *err)
{
    size_t n = dv_shape_count(s);
    if (n > f->most)
        return dv_fail(err, DV_UNSUPPORTED, "a constant of %zu elements: %zu at most", n, f->most);
    *data = dv_arena_array(f->arena, n, dv_dtype_size(type), err);
    f->out = (dv_array){ type, *s, *data };
    return *data != NULL;
}

size_t dv_fold_walk(const dv_shape *shape, size_t i, const int64_t *stride)
{
    int64_t at = 0;
    for (int d = shape->rank; d-- > 0;) {
        size_t n = (size_t)shape->dim[d];
        at += (int64_t)(i % n) * stride[d];
        i /= n;
    }
    return (size_t)at;
}

void dv_fold_strides(const dv_shape *s, int rank, int64_t *stride)
{
    int64_t step = 1;
    for (int d = rank; d-- > 0;) {
        int own = d - (rank - s->rank);
        stride[d] = own < 0 || s->dim[own] == 1 ? 0 : step;
        if (own >= 0)
            step *= s->dim[own];
    }
}

bool dv_fold_axis(int64_t *axis, int rank, dv_error *err)
{
    if (*axis < -rank || *axis >= rank)
        return dv_fail(err, DV_BAD_DATA, "axis is %lld: %d to %d are possible", (long long)*axis,
                       -rank, rank - 1);
    *axis += *axis < 0 ? rank : 0;
    return true;
}

bool dv_fold_axes(const dv_fold *f, int i, int rank, int64_t *axes, int *n, dv_error *err)
{
    bool read = dv_spec_has_input(&f->spec, i)
                    ? dv_spec_input_ints(&f->spec, i, DV_MAX_RANK, axes, n, err)
                    : dv_spec_ints(&f->spec, "axes", DV_MAX_RANK, axes, n, err);
    if (!read)
        return false;
    for (int k = 0; k < *n; k++)
        if (!dv_fold_axis(&axes[k], rank, err))
            return false;
    return true;
}

const dv_fold_op *dv_fold_find(const char *name)
{
    const dv_fold_op *const tables[] = { dv_fold_arithmetic, dv_fold_scatter, dv_fold_source };
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (const dv_fold_op *row = tables[t]; row->name; row++)
            if (strcmp(row->name, name) == 0)
                return row;
    return NULL;
}

/* What a node reads: nothing, constants only, and how large they are. */
typedef struct sources {
    bool known, constant, small;
    int n;
    dv_operand *operands;
} sources;

static bool look_at_inputs(dv_model *m, const dv_node_words *w, sources *s, dv_error *err)
{
    s->known = s->constant = s->small = true;
    s->n = 0;
    s->operands = dv_arena_array(&m->arena, (size_t)w->n_in, sizeof *s->operands, err);
    if (!s->operands)
        return false;
    for (int i = 0; i < w->n_in; i++) {
        s->operands[i].shape.rank = -1;
        if (!w->in[i] || !w->in[i][0])
            continue;
        int id = dv_model_value(m, w->in[i]);
        s->known &= id != DV_NO_VALUE;
        if (id == DV_NO_VALUE)
            continue;
        const dv_value *v = &m->values[id];
        s->operands[i] = (dv_operand){ v->shape, v->constant };
        s->known &= v->shape.rank >= 0;
        s->constant &= v->constant != NULL;
        s->small &= dv_shape_count(&v->shape) <= DV_FOLD_MAX;
        s->n = i + 1;
    }
    return true;
}

static bool fits(const dv_fold_op *row, const dv_node_words *w, const sources *s)
{
    return row && w->n_out == 1 && s->known &&
           (row->flags & DV_FOLD_SHAPE_ONLY || (s->constant && s->small));
}

/* Whether the node only moves constants. */
static bool rearranges(const dv_fold_op *row, const dv_op *op, const dv_node_words *w,
                       const sources *s)
{
    return !row && op && op->piece && s->n && s->known && s->constant && w->n_out > 0;
}

static bool check_inputs(const sources *s, int min_in, int max_in, dv_error *err)
{
    if (s->n < min_in || (max_in >= 0 && s->n > max_in))
        return dv_fail(err, DV_BAD_DATA, "%d inputs: %d to %d are needed", s->n, min_in,
                       max_in < 0 ? DV_MAX_VALUES : max_in);
    for (int i = 0; i < (max_in < 0 ? s->n : min_in); i++)
        if (s->operands[i].shape.rank < 0)
            return dv_fail(err, DV_BAD_DATA, "input %d is missing", i);
    return true;
}

/* By a row of the tables, or by the pieces of an operator. */
static bool run(dv_model *m, const dv_fold_op *row, const dv_op *op, const dv_node_words *w,
                const sources *s, dv_array *out, dv_error *err)
{
    dv_fold f = { .arena = &m->arena,
                  .spec = { w->opset, w->n_attrs, w->attrs, s->n, s->operands, w->n_out },
                  .most = DV_FOLD_MAX,
                  .how = row ? row->how : NULL };
    if (!check_inputs(s, row ? row->min_in : op->min_in, row ? row->max_in : op->max_in, err))
        return false;
    if (!row)
        return dv_fold_rearrange(&f, op, out, err);
    if (!row->run(&f, err))
        return false;
    *out = f.out;
    return true;
}

/* Whether the array is one of the inputs, under another shape perhaps. */
static bool is_input(const dv_array *a, const sources *s)
{
    for (int i = 0; i < s->n; i++)
        if (s->operands[i].constant && s->operands[i].constant->data == a->data)
            return true;
    return false;
}

/* Adds output k to the model, unless it has no name. */
static bool add_result(dv_model *m, const dv_node_words *w, int k, const dv_array *result,
                       const sources *s, dv_fold_budget *budget, dv_error *err)
{
    size_t n = is_input(result, s) ? 0 : dv_shape_count(&result->shape);
    if (n > budget->elements)
        return dv_fail(err, DV_UNSUPPORTED,
                       "node '%s' (%s): more than %d numbers to compute from constants",
                       dv_net_title(w), w->op, DV_FOLD_BUDGET);
    budget->elements -= n;
    return !w->out[k] || !w->out[k][0] || dv_model_add_constant(m, w->out[k], result, err);
}

/* The node without the last outputs that have no name, or that its operator cannot give. */
static dv_node_words trimmed(dv_node_words w, const dv_op *op)
{
    if (op && op->max_out >= 0 && w.n_out > op->max_out)
        w.n_out = op->max_out;
    while (w.n_out > 0 && (!w.out[w.n_out - 1] || !w.out[w.n_out - 1][0]))
        w.n_out--;
    return w;
}

dv_folded dv_fold_node(dv_model *m, const dv_node_words *words, dv_fold_budget *budget,
                       dv_error *err)
{
    const dv_op *op = dv_op_find(words->op);
    const dv_node_words named = trimmed(*words, op), *w = &named;
    sources s;
    const dv_fold_op *row = dv_fold_find(w->op);
    if (!look_at_inputs(m, w, &s, err))
        return DV_FOLD_FAILED;
    bool has_row = fits(row, w, &s), moves = rearranges(row, op, w, &s);
    if (!has_row && !moves && !(s.n && s.known && s.constant && w->n_out == 1 && op))
        return DV_FOLD_NO;
    dv_array *results = dv_arena_array(&m->arena, (size_t)w->n_out, sizeof *results, err);
    if (!results)
        return DV_FOLD_FAILED;
    if (has_row || moves) {
        if (!run(m, has_row ? row : NULL, op, w, &s, results, err)) {
            dv_fail_in(err, "node '%s' (%s)", dv_net_title(w), w->op);
            return DV_FOLD_FAILED;
        }
    } else if (!dv_model_evaluate(m, w, budget->elements, results, err)) {
        return DV_FOLD_FAILED;
    }
    for (int k = 0; k < w->n_out; k++)
        if (!add_result(m, w, k, &results[k], &s, budget, err))
            return DV_FOLD_FAILED;
    for (int k = w->n_out; k < words->n_out; k++)
        if (words->out[k] && words->out[k][0] && !dv_model_add_missing(m, words->out[k], err))
            return DV_FOLD_FAILED;
    return DV_FOLD_DONE;
}
