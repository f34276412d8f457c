#include "load/fold.h"

#include "load/net.h"

#include <string.h>

bool dv_fold_make(dv_fold *f, dv_dtype type, const dv_shape *s, void **data, dv_error *err)
{
    size_t n = dv_shape_count(s);
    if (n > DV_FOLD_MAX)
        return dv_fail(err, DV_UNSUPPORTED, "a constant of %zu elements: %d at most", n,
                       DV_FOLD_MAX);
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
    const dv_fold_op *const tables[] = { dv_fold_arithmetic, dv_fold_layout, dv_fold_source };
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
    return row && w->n_out == 1 && s->known && (s->constant || (row->flags & DV_FOLD_SHAPE_ONLY)) &&
           (s->small || (row->flags & (DV_FOLD_SHAPE_ONLY | DV_FOLD_ANY_SIZE)));
}

static bool run_row(dv_model *m, const dv_fold_op *row, const dv_node_words *w, const sources *s,
                    dv_array *out, dv_error *err)
{
    dv_fold f = { .arena = &m->arena,
                  .spec = { w->opset, w->n_attrs, w->attrs, s->n, s->operands, 1 },
                  .how = row->how };
    if (s->n < row->min_in || (row->max_in >= 0 && s->n > row->max_in))
        return dv_fail(err, DV_BAD_DATA, "%d inputs: %d to %d are needed", s->n, row->min_in,
                       row->max_in < 0 ? DV_MAX_VALUES : row->max_in);
    for (int i = 0; i < row->min_in; i++)
        if (s->operands[i].shape.rank < 0)
            return dv_fail(err, DV_BAD_DATA, "input %d is missing", i);
    if (!row->run(&f, err))
        return false;
    *out = f.out;
    return true;
}

dv_folded dv_fold_node(dv_model *m, const dv_node_words *w, dv_fold_budget *budget, dv_error *err)
{
    sources s;
    dv_array result;
    const dv_fold_op *row = dv_fold_find(w->op);
    if (!look_at_inputs(m, w, &s, err))
        return DV_FOLD_FAILED;
    if (fits(row, w, &s)) {
        if (!run_row(m, row, w, &s, &result, err)) {
            dv_fail_in(err, "node '%s' (%s)", dv_net_title(w), w->op);
            return DV_FOLD_FAILED;
        }
    } else if (s.n && s.known && s.constant && w->n_out == 1 && dv_op_find(w->op)) {
        if (!dv_model_evaluate(m, w, budget->elements, &result, err))
            return DV_FOLD_FAILED;
    } else {
        return DV_FOLD_NO;
    }
    size_t n = row && (row->flags & DV_FOLD_ANY_SIZE) ? 0 : dv_shape_count(&result.shape);
    if (n > budget->elements) {
        dv_fail(err, DV_UNSUPPORTED,
                "node '%s' (%s): more than %d numbers to compute from constants", dv_net_title(w),
                w->op, DV_FOLD_BUDGET);
        return DV_FOLD_FAILED;
    }
    budget->elements -= n;
    dv_array *a = dv_arena_alloc(&m->arena, sizeof *a, err);
    if (!a)
        return DV_FOLD_FAILED;
    *a = result;
    return dv_model_add_constant(m, w->out[0], a, err) ? DV_FOLD_DONE : DV_FOLD_FAILED;
}
