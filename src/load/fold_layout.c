/* fold_layout.c - the rows that move numbers without changing them. */
#include "load/fold.h"

#include <string.h>

static const dv_array *input(const dv_fold *f, int i)
{
    return f->spec.in[i].constant;
}

static bool is_there(const dv_fold *f, int i)
{
    return dv_spec_has_input(&f->spec, i);
}

/* The input's data under another shape. */
static bool reshaped(dv_fold *f, int64_t rank, const int64_t *dim, dv_error *err)
{
    f->out = *input(f, 0);
    if (!dv_shape_set(&f->out.shape, rank, dim, "the result", err))
        return false;
    size_t n = dv_shape_count(&input(f, 0)->shape), made = dv_shape_count(&f->out.shape);
    if (n != made)
        return dv_fail(err, DV_BAD_DATA, "%zu elements become %zu", n, made);
    return true;
}

/* out[i] = in[offset + i's place by stride]. */
static bool strided(dv_fold *f, const dv_shape *shape, int64_t offset, const int64_t *stride,
                    dv_error *err)
{
    void *data;
    const dv_array *in = input(f, 0);
    if (!dv_fold_make(f, in->type, shape, &data, err))
        return false;
    size_t size = dv_dtype_size(in->type), n = dv_shape_count(shape);
    for (size_t i = 0; i < n; i++) {
        size_t at = (size_t)offset + dv_fold_walk(shape, i, stride);
        memcpy((char *)data + i * size, (const char *)in->data + at * size, size);
    }
    return true;
}

static bool identity(dv_fold *f, dv_error *err)
{
    (void)err;
    f->out = *input(f, 0);
    return true;
}

static bool reshape(dv_fold *f, dv_error *err)
{
    const dv_shape *in = &input(f, 0)->shape;
    int64_t dim[DV_MAX_RANK], allow_zero = 0, known = 1;
    int n = 0, open = -1;
    if (!(is_there(f, 1) ? dv_spec_input_ints(&f->spec, 1, DV_MAX_RANK, dim, &n, err)
                         : dv_spec_ints(&f->spec, "shape", DV_MAX_RANK, dim, &n, err)) ||
        !dv_spec_int(&f->spec, "allowzero", &allow_zero, err))
        return false;
    for (int i = 0; i < n; i++) {
        if (dim[i] == 0 && !allow_zero && i < in->rank)
            dim[i] = in->dim[i];
        if (dim[i] == -1 && open < 0)
            open = i;
        else if (dim[i] < 0 || dim[i] > DV_MAX_ELEMENTS / (known ? known : 1))
            return dv_fail(err, DV_BAD_DATA, "dimension %d would be %lld", i, (long long)dim[i]);
        else
            known *= dim[i];
    }
    if (open >= 0 && known)
        dim[open] = (int64_t)dv_shape_count(in) / known;
    return reshaped(f, n, dim, err);
}

static bool flatten(dv_fold *f, dv_error *err)
{
    const dv_shape *in = &input(f, 0)->shape;
    int64_t axis = 1, dim[2] = { 1, 1 };
    if (!dv_spec_int(&f->spec, "axis", &axis, err) ||
        (axis != in->rank && !dv_fold_axis(&axis, in->rank, err)))
        return false;
    for (int i = 0; i < in->rank; i++)
        dim[i >= axis] *= in->dim[i];
    return reshaped(f, 2, dim, err);
}

static bool squeeze(dv_fold *f, dv_error *err)
{
    const dv_shape *in = &input(f, 0)->shape;
    int64_t axes[DV_MAX_RANK], dim[DV_MAX_RANK];
    int n = -1, rank = 0;
    if (!dv_fold_axes(f, 1, in->rank, axes, &n, err))
        return false;
    for (int d = 0; d < in->rank; d++) {
        bool listed = n < 0 && in->dim[d] == 1;
        for (int k = 0; k < n; k++)
            listed |= axes[k] == d;
        if (listed && in->dim[d] != 1)
            return dv_fail(err, DV_BAD_DATA, "dimension %d is %d, not 1", d, (int)in->dim[d]);
        if (!listed)
            dim[rank++] = in->dim[d];
    }
    return reshaped(f, rank, dim, err);
}

static bool unsqueeze(dv_fold *f, dv_error *err)
{
    const dv_shape *in = &input(f, 0)->shape;
    int64_t axes[DV_MAX_RANK], dim[DV_MAX_RANK] = { 0 };
    int n = 0, from = 0;
    if (!(is_there(f, 1) ? dv_spec_input_ints(&f->spec, 1, DV_MAX_RANK, axes, &n, err)
                         : dv_spec_ints(&f->spec, "axes", DV_MAX_RANK, axes, &n, err)))
        return false;
    int rank = in->rank + n;
    if (rank > DV_MAX_RANK)
        return dv_fail(err, DV_UNSUPPORTED, "%d dimensions: %d at most", rank, DV_MAX_RANK);
    for (int k = 0; k < n; k++) {
        if (!dv_fold_axis(&axes[k], rank, err))
            return false;
        if (dim[axes[k]])
            return dv_fail(err, DV_BAD_DATA, "axis %lld is listed twice", (long long)axes[k]);
        dim[axes[k]] = 1;
    }
    for (int d = 0; d < rank; d++)
        if (!dim[d])
            dim[d] = in->dim[from++];
    return reshaped(f, rank, dim, err);
}

static bool transpose(dv_fold *f, dv_error *err)
{
    const dv_shape *in = &input(f, 0)->shape;
    int64_t perm[DV_MAX_RANK], own[DV_MAX_RANK], stride[DV_MAX_RANK];
    int n = in->rank;
    unsigned seen = 0;
    for (int d = 0; d < n; d++)
        perm[d] = n - 1 - d;
    if (!dv_spec_ints(&f->spec, "perm", DV_MAX_RANK, perm, &n, err))
        return false;
    dv_shape out = { .rank = in->rank };
    dv_fold_strides(in, in->rank, own);
    for (int d = 0; d < n && n == in->rank; d++) {
        if (!dv_fold_axis(&perm[d], in->rank, err))
            return false;
        seen |= 1u << perm[d];
        out.dim[d] = in->dim[perm[d]];
        stride[d] = own[perm[d]];
    }
    if (n != in->rank || seen != (1u << n) - 1)
        return dv_fail(err, DV_BAD_DATA, "perm is no order of %d dimensions", in->rank);
    return strided(f, &out, 0, stride, err);
}

static int64_t clamp(int64_t v, int64_t lo, int64_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* What a slice reads of its input. */
typedef struct cut {
    dv_shape shape;
    int64_t offset, stride[DV_MAX_RANK];
    unsigned axes; /* cut already */
} cut;

static bool cut_axis(cut *c, int64_t axis, int64_t start, int64_t end, int64_t step, dv_error *err)
{
    if (!dv_fold_axis(&axis, c->shape.rank, err))
        return false;
    int64_t n = c->shape.dim[axis];
    if (step == 0 || step < -INT32_MAX || step > INT32_MAX)
        return dv_fail(err, DV_BAD_DATA, "step is %lld", (long long)step);
    if (c->axes & 1u << axis)
        return dv_fail(err, DV_BAD_DATA, "axis %lld is listed twice", (long long)axis);
    c->axes |= 1u << axis;
    start += start < 0 ? n : 0;
    end += end < 0 ? n : 0;
    start = clamp(start, 0, step > 0 ? n : n - 1);
    end = clamp(end, step > 0 ? 0 : -1, n);
    int64_t count = step > 0 ? (end - start + step - 1) / step : (start - end - step - 1) / -step;
    c->shape.dim[axis] = (int32_t)(count > 0 ? count : 0);
    c->offset += count > 0 ? start * c->stride[axis] : 0;
    c->stride[axis] *= step;
    return true;
}

static bool slice(dv_fold *f, dv_error *err)
{
    static const char *const words[] = { "starts", "ends", "axes", "steps" };
    int64_t v[4][DV_MAX_RANK];
    int n[4] = { 0, 0, -1, -1 };
    for (int k = 0; k < 4; k++) {
        bool read = f->spec.n_in > 1
                        ? dv_spec_input_ints(&f->spec, k + 1, DV_MAX_RANK, v[k], &n[k], err)
                        : dv_spec_ints(&f->spec, words[k], DV_MAX_RANK, v[k], &n[k], err);
        if (!read)
            return false;
        if (k && n[k] >= 0 && n[k] != n[0])
            return dv_fail(err, DV_BAD_DATA, "%d %s and %d starts", n[k], words[k], n[0]);
    }
    cut c = { .shape = input(f, 0)->shape };
    dv_fold_strides(&c.shape, c.shape.rank, c.stride);
    for (int i = 0; i < n[0]; i++)
        if (!cut_axis(&c, n[2] < 0 ? i : v[2][i], v[0][i], v[1][i], n[3] < 0 ? 1 : v[3][i], err))
            return false;
    return strided(f, &c.shape, c.offset, c.stride, err);
}

static bool expand(dv_fold *f, dv_error *err)
{
    const dv_shape *in = &input(f, 0)->shape;
    int64_t dim[DV_MAX_RANK], stride[DV_MAX_RANK];
    int n = 0;
    if (!dv_spec_input_ints(&f->spec, 1, DV_MAX_RANK, dim, &n, err))
        return false;
    int rank = n > in->rank ? n : in->rank;
    for (int d = rank; d-- > 0;) {
        int own = d - (rank - in->rank), wanted = d - (rank - n);
        int64_t have = own < 0 ? 1 : in->dim[own], want = wanted < 0 ? 1 : dim[wanted];
        if (have != want && have != 1 && want != 1)
            return dv_fail(err, DV_BAD_DATA, "dimension %d is %lld and would be %lld", d,
                           (long long)have, (long long)want);
        dim[d] = have == 1 ? want : have;
    }
    dv_shape out;
    if (!dv_shape_set(&out, rank, dim, "the result", err))
        return false;
    dv_fold_strides(in, rank, stride);
    return strided(f, &out, 0, stride, err);
}

static bool tile(dv_fold *f, dv_error *err)
{
    const dv_array *in = input(f, 0);
    int64_t times[DV_MAX_RANK], dim[DV_MAX_RANK], stride[DV_MAX_RANK];
    int n = 0;
    if (!dv_spec_input_ints(&f->spec, 1, DV_MAX_RANK, times, &n, err))
        return false;
    if (n != in->shape.rank)
        return dv_fail(err, DV_BAD_DATA, "%d repeats for %d dimensions", n, in->shape.rank);
    for (int d = 0; d < n; d++) {
        if (times[d] < 0 || times[d] > DV_FOLD_MAX)
            return dv_fail(err, DV_BAD_DATA, "%lld repeats: 0 to %d are possible",
                           (long long)times[d], DV_FOLD_MAX);
        dim[d] = in->shape.dim[d] * times[d];
    }
    dv_shape out;
    void *data;
    if (!dv_shape_set(&out, n, dim, "the result", err) ||
        !dv_fold_make(f, in->type, &out, &data, err))
        return false;
    dv_fold_strides(&in->shape, n, stride);
    size_t size = dv_dtype_size(in->type), count = dv_shape_count(&out);
    for (size_t i = 0; i < count; i++) {
        size_t rest = i, at = 0;
        for (int d = n; d-- > 0; rest /= (size_t)out.dim[d])
            at += rest % (size_t)out.dim[d] % (size_t)in->shape.dim[d] * (size_t)stride[d];
        memcpy((char *)data + i * size, (const char *)in->data + at * size, size);
    }
    return true;
}

static size_t product(const dv_shape *s, int from, int to)
{
    size_t n = 1;
    for (int d = from; d < to; d++)
        n *= (size_t)s->dim[d];
    return n;
}

static bool concat(dv_fold *f, dv_error *err)
{
    const dv_array *first = input(f, 0);
    int64_t axis = 1, length = 0;
    if (!first)
        return dv_fail(err, DV_BAD_DATA, "input 0 is missing");
    int rank = first->shape.rank;
    if (!dv_spec_int(&f->spec, "axis", &axis, err) || !dv_fold_axis(&axis, rank, err))
        return false;
    for (int i = 0; i < f->spec.n_in; i++) {
        const dv_array *a = input(f, i);
        dv_shape like = a ? a->shape : (dv_shape){ .rank = -1 };
        length += like.rank == rank ? like.dim[axis] : 0;
        like.dim[axis] = first->shape.dim[axis];
        if (!a || a->type != first->type || !dv_shape_equal(&like, &first->shape))
            return dv_fail(err, DV_BAD_DATA, "input %d differs from input 0 in shape or type", i);
    }
    dv_shape out = first->shape;
    void *data;
    if (length > DV_FOLD_MAX)
        return dv_fail(err, DV_UNSUPPORTED, "%lld along the axis: %d at most", (long long)length,
                       DV_FOLD_MAX);
    out.dim[axis] = (int32_t)length;
    if (!dv_fold_make(f, first->type, &out, &data, err))
        return false;
    size_t size = dv_dtype_size(first->type), outer = product(&out, 0, (int)axis);
    size_t row = product(&out, (int)axis, rank) * size, at = 0;
    for (int i = 0; i < f->spec.n_in; i++) {
        const dv_array *a = input(f, i);
        size_t part = product(&a->shape, (int)axis, rank) * size;
        for (size_t o = 0; o < outer && part; o++)
            memcpy((char *)data + o * row + at, (const char *)a->data + o * part, part);
        at += part;
    }
    return true;
}

static bool gather(dv_fold *f, dv_error *err)
{
    const dv_array *in = input(f, 0), *which = input(f, 1);
    int64_t axis = 0, dim[2 * DV_MAX_RANK];
    int rank = 0;
    if (!dv_spec_int(&f->spec, "axis", &axis, err) || !dv_fold_axis(&axis, in->shape.rank, err))
        return false;
    for (int d = 0; d < axis; d++)
        dim[rank++] = in->shape.dim[d];
    for (int d = 0; d < which->shape.rank; d++)
        dim[rank++] = which->shape.dim[d];
    for (int d = (int)axis + 1; d < in->shape.rank; d++)
        dim[rank++] = in->shape.dim[d];
    dv_shape out;
    void *data;
    if (!dv_shape_set(&out, rank, dim, "the result", err) ||
        !dv_fold_make(f, in->type, &out, &data, err))
        return false;
    size_t part = product(&in->shape, (int)axis + 1, in->shape.rank) * dv_dtype_size(in->type);
    size_t outer = product(&in->shape, 0, (int)axis), n = dv_shape_count(&which->shape);
    int64_t length = in->shape.dim[axis];
    char *to = data;
    for (size_t o = 0; o < outer && part; o++)
        for (size_t i = 0; i < n; i++, to += part) {
            int64_t k = dv_array_int(which, i);
            if (k < -length || k >= length)
                return dv_fail(err, DV_BAD_DATA, "index %lld: %lld to %lld are possible",
                               (long long)k, (long long)-length, (long long)length - 1);
            k += k < 0 ? length : 0;
            memcpy(to, (const char *)in->data + (o * (size_t)length + (size_t)k) * part, part);
        }
    return true;
}

const dv_fold_op dv_fold_layout[] = {
    { "Concat", 1, -1, .run = concat },
    { "Expand", 2, 2, .run = expand },
    { "Flatten", 1, 1, DV_FOLD_ANY_SIZE, .run = flatten },
    { "Gather", 2, 2, .run = gather },
    { "Identity", 1, 1, DV_FOLD_ANY_SIZE, .run = identity },
    { "Reshape", 1, 2, DV_FOLD_ANY_SIZE, .run = reshape },
    { "Slice", 1, 5, .run = slice },
    { "Squeeze", 1, 2, DV_FOLD_ANY_SIZE, .run = squeeze },
    { "Tile", 2, 2, .run = tile, .inputs = DV_FOLD_WORDS("input", "repeats") },
    { "Transpose", 1, 1, .run = transpose },
    { "Unsqueeze", 1, 2, DV_FOLD_ANY_SIZE, .run = unsqueeze },
    { 0 },
};
