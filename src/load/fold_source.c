/* fold_source.c - the rows that make numbers out of attributes, of shapes, of a few scalars. */
#include "load/fold.h"

#include <math.h>
#include <string.h>

static bool shape(dv_fold *f, dv_error *err)
{
    const dv_shape *in = &f->spec.in[0].shape;
    int64_t start = 0, end = in->rank;
    if (!dv_spec_int(&f->spec, "start", &start, err) || !dv_spec_int(&f->spec, "end", &end, err))
        return false;
    start += start < 0 ? in->rank : 0;
    end += end < 0 ? in->rank : 0;
    start = start < 0 ? 0 : start;
    end = end > in->rank ? in->rank : end;
    dv_shape out = { 1, { (int32_t)(end > start ? end - start : 0) } };
    void *data;
    if (!dv_fold_make(f, DV_I64, &out, &data, err))
        return false;
    for (int i = 0; i < out.dim[0]; i++)
        ((int64_t *)data)[i] = in->dim[start + i];
    return true;
}

static bool size(dv_fold *f, dv_error *err)
{
    void *data;
    if (!dv_fold_make(f, DV_I64, &(dv_shape){ .rank = 0 }, &data, err))
        return false;
    *(int64_t *)data = (int64_t)dv_shape_count(&f->spec.in[0].shape);
    return true;
}

static const dv_attr *find_attr(const dv_fold *f, const char *name)
{
    for (int i = 0; i < f->spec.n_attrs; i++)
        if (strcmp(f->spec.attrs[i].name, name) == 0)
            return &f->spec.attrs[i];
    return NULL;
}

static bool constant_of_shape(dv_fold *f, dv_error *err)
{
    int64_t dim[DV_MAX_RANK];
    int n = 0;
    const dv_attr *value = find_attr(f, "value");
    static const float zero = 0;
    const dv_array none = { DV_F32, { .rank = 0 }, &zero };
    const dv_array *a = value && value->kind == DV_ATTR_ARRAY ? value->v.array : &none;
    if (dv_shape_count(&a->shape) != 1)
        return dv_fail(err, DV_BAD_DATA, "the value has %zu elements, not one",
                       dv_shape_count(&a->shape));
    dv_shape out;
    void *data;
    if (!dv_spec_input_ints(&f->spec, 0, DV_MAX_RANK, dim, &n, err) ||
        !dv_shape_set(&out, n, dim, "the result", err) ||
        !dv_fold_make(f, a->type, &out, &data, err))
        return false;
    size_t bytes = dv_dtype_size(a->type), count = dv_shape_count(&out);
    for (size_t i = 0; i < count; i++)
        memcpy((char *)data + i * bytes, a->data, bytes);
    return true;
}

static const char *const constant_attrs[] = { "value",       "value_int",    "value_ints",
                                              "value_float", "value_floats", NULL };

static bool constant(dv_fold *f, dv_error *err)
{
    const dv_attr *a = NULL;
    for (int i = 0; constant_attrs[i] && !a; i++)
        a = find_attr(f, constant_attrs[i]);
    if (!a)
        return dv_fail(err, DV_UNSUPPORTED,
                       "it has neither value, value_int(s) nor value_float(s)");
    switch (a->kind) {
    case DV_ATTR_ARRAY:
        f->out = *a->v.array;
        return true;
    case DV_ATTR_INT:
        f->out = (dv_array){ DV_I64, { .rank = 0 }, &a->v.i };
        return true;
    case DV_ATTR_FLOAT:
        f->out = (dv_array){ DV_F32, { .rank = 0 }, &a->v.f };
        return true;
    case DV_ATTR_INTS:
        f->out = (dv_array){ DV_I64, { 1, { a->n } }, a->v.ints };
        return true;
    case DV_ATTR_FLOATS:
        f->out = (dv_array){ DV_F32, { 1, { a->n } }, a->v.floats };
        return true;
    case DV_ATTR_TEXT:
    case DV_ATTR_BRANCH:
        break;
    }
    return dv_fail(err, DV_UNSUPPORTED, "its value is no number");
}

static bool range(dv_fold *f, dv_error *err)
{
    const dv_operand *in = f->spec.in;
    for (int i = 0; i < 3; i++)
        if (dv_shape_count(&in[i].shape) != 1)
            return dv_fail(err, DV_BAD_DATA, "input %d is not one number", i);
    double start = dv_array_number(in[0].constant, 0);
    double limit = dv_array_number(in[1].constant, 0);
    double delta = dv_array_number(in[2].constant, 0), n = ceil((limit - start) / delta);
    if (!(fabs(start) <= 0x1p52) || !(fabs(limit) <= 0x1p52) || !(n <= DV_FOLD_MAX))
        return dv_fail(err, DV_UNSUPPORTED, "from %g to %g by %g: %d numbers at most", start, limit,
                       delta, DV_FOLD_MAX);
    dv_shape out = { 1, { n > 0 ? (int32_t)n : 0 } };
    bool whole = !dv_dtype_is_float(in[0].constant->type);
    void *data;
    if (!dv_fold_make(f, whole ? DV_I64 : DV_F32, &out, &data, err))
        return false;
    for (int i = 0; i < out.dim[0]; i++) {
        if (whole)
            ((int64_t *)data)[i] = (int64_t)(start + i * delta);
        else
            ((float *)data)[i] = (float)(start + i * delta);
    }
    return true;
}

const dv_fold_op dv_fold_source[] = {
    { "Constant", 0, 0, .run = constant, .attrs = constant_attrs },
    { "ConstantOfShape", 1, 1, .run = constant_of_shape, .attrs = DV_FOLD_WORDS("value") },
    { "Range", 3, 3, .run = range },
    { "Shape", 1, 1, DV_FOLD_SHAPE_ONLY, .run = shape, .attrs = DV_FOLD_WORDS("start", "end") },
    { "Size", 1, 1, DV_FOLD_SHAPE_ONLY, .run = size },
    { 0 },
};
