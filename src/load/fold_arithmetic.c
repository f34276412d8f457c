/* fold_arithmetic.c - the rows that compute. Floats are computed as double, all others as int64. */
#include "load/fold.h"

#include "load/onnx_type.h"

#include <assert.h>
#include <math.h>
#include <string.h>

typedef struct number {
    double real;
    int64_t whole;
} number;

/* `real` for float arrays, `whole` for all others; NULL: not for them. */
typedef struct function {
    double (*real)(double a, double b);
    int64_t (*whole)(int64_t a, int64_t b);
    bool truth; /* gives bool */
} function;

static number load(const dv_array *a, size_t i, bool as_float)
{
    if (as_float)
        return (number){ .real = dv_array_number(a, i) };
    return (number){ .whole = dv_array_int(a, i) };
}

static void store(dv_dtype type, void *data, size_t i, number n)
{
    switch (type) {
    case DV_F32:
        ((float *)data)[i] = (float)n.real;
        break;
    case DV_F64:
        ((double *)data)[i] = n.real;
        break;
    case DV_F16:
        ((uint16_t *)data)[i] = dv_half_from_float((float)n.real);
        break;
    case DV_I64:
        ((int64_t *)data)[i] = n.whole;
        break;
    case DV_I32:
        ((int32_t *)data)[i] = (int32_t)n.whole;
        break;
    case DV_I16:
        ((int16_t *)data)[i] = (int16_t)n.whole;
        break;
    case DV_I8:
        ((int8_t *)data)[i] = (int8_t)n.whole;
        break;
    case DV_U8:
    case DV_BOOL:
        ((uint8_t *)data)[i] = (uint8_t)n.whole;
        break;
    case DV_BF16: /* never asked for: see made_of */
        break;
    }
}

/* The type that results of type `t` are kept in. */
static dv_dtype made_of(dv_dtype t)
{
    return t == DV_BF16 ? DV_F32 : t;
}

static const dv_array *input(const dv_fold *f, int i)
{
    return f->spec.in[i].constant;
}

static number apply(const function *how, bool is_float, number a, number b)
{
    number n = { 0 };
    assert(is_float ? how->real != NULL : how->whole != NULL); /* see check_type */
    if (!is_float)
        n.whole = how->whole(a.whole, b.whole);
    else if (how->truth)
        n.whole = how->real(a.real, b.real) != 0;
    else
        n.real = how->real(a.real, b.real);
    return n;
}

static bool check_type(const function *how, dv_dtype t, dv_error *err)
{
    if (dv_dtype_is_float(t) ? how->real != NULL : how->whole != NULL)
        return true;
    return dv_fail(err, DV_UNSUPPORTED, "not for %s", dv_dtype_name(t));
}

/* The shape that arrays are repeated to: numpy's broadcasting. */
static bool widen(dv_shape *s, const dv_shape *by, dv_error *err)
{
    int rank = s->rank > by->rank ? s->rank : by->rank;
    int64_t dim[DV_MAX_RANK];
    for (int d = 0; d < rank; d++) {
        int i = d - (rank - s->rank), k = d - (rank - by->rank);
        int32_t a = i < 0 ? 1 : s->dim[i], b = k < 0 ? 1 : by->dim[k];
        if (a != b && a != 1 && b != 1)
            return dv_fail(err, DV_BAD_DATA, "dimensions of %d and %d do not go together", (int)a,
                           (int)b);
        dim[d] = a == 1 ? b : a;
    }
    return dv_shape_set(s, rank, dim, "the result", err);
}

/* The broadcast shape of all inputs. */
static bool together(const dv_fold *f, dv_shape *shape, dv_error *err)
{
    *shape = (dv_shape){ .rank = 0 };
    for (int i = 0; i < f->spec.n_in; i++)
        if (!widen(shape, &input(f, i)->shape, err))
            return false;
    return true;
}

/* What input k has at the i-th place of the broadcast shape. */
static number element(const dv_fold *f, int k, const dv_shape *shape, size_t i, bool as_float)
{
    int64_t stride[DV_MAX_RANK];
    dv_fold_strides(&input(f, k)->shape, shape->rank, stride);
    return load(input(f, k), dv_fold_walk(shape, i, stride), as_float);
}

/* Two inputs, or any number taken together from the left (Min, Max, Sum). */
static bool combine(dv_fold *f, const function *how, dv_error *err)
{
    dv_shape shape;
    void *data;
    if (!together(f, &shape, err) || !check_type(how, input(f, 0)->type, err))
        return false;
    bool is_float = dv_dtype_is_float(input(f, 0)->type);
    dv_dtype type = how->truth ? DV_BOOL : made_of(input(f, 0)->type);
    if (!dv_fold_make(f, type, &shape, &data, err))
        return false;
    size_t n = dv_shape_count(&shape);
    for (size_t i = 0; i < n; i++) {
        number v = element(f, 0, &shape, i, is_float);
        for (int k = 1; k < f->spec.n_in; k++)
            v = apply(how, is_float, v, element(f, k, &shape, i, is_float));
        store(type, data, i, v);
    }
    return true;
}

static bool binary(dv_fold *f, dv_error *err)
{
    return combine(f, f->how, err);
}

/* A division of integers by zero, or by what becomes zero as an integer, is no number to go on
 * with. */
static bool divide(dv_fold *f, dv_error *err)
{
    const dv_array *by = input(f, 1);
    size_t n = dv_shape_count(&by->shape);
    for (size_t i = 0; i < n && !dv_dtype_is_float(input(f, 0)->type); i++)
        if (dv_array_int(by, i) == 0)
            return dv_fail(err, DV_BAD_DATA, "a division by zero");
    return combine(f, f->how, err);
}

static bool unary(dv_fold *f, dv_error *err)
{
    const function *how = f->how;
    const dv_array *a = input(f, 0);
    void *data;
    dv_dtype type = made_of(a->type);
    bool is_float = dv_dtype_is_float(type);
    if (!check_type(how, a->type, err) || !dv_fold_make(f, type, &a->shape, &data, err))
        return false;
    size_t n = dv_shape_count(&a->shape);
    for (size_t i = 0; i < n; i++)
        store(type, data, i, apply(how, is_float, load(a, i, is_float), (number){ 0 }));
    return true;
}

static bool where(dv_fold *f, dv_error *err)
{
    dv_shape shape;
    void *data;
    if (!together(f, &shape, err))
        return false;
    dv_dtype type = made_of(input(f, 1)->type);
    if (!dv_fold_make(f, type, &shape, &data, err))
        return false;
    size_t n = dv_shape_count(&shape);
    for (size_t i = 0; i < n; i++) {
        bool first = element(f, 0, &shape, i, true).real != 0;
        store(type, data, i, element(f, first ? 1 : 2, &shape, i, dv_dtype_is_float(type)));
    }
    return true;
}

/* A float out of range for int64 becomes its nearest bound. */
static number converted(const dv_array *a, size_t i, dv_dtype to)
{
    number n = { .real = dv_array_number(a, i), .whole = dv_array_int(a, i) };
    if (to == DV_BOOL)
        n.whole = n.real != 0;
    return n;
}

static bool cast(dv_fold *f, dv_error *err)
{
    const dv_array *a = input(f, 0);
    int64_t to = 0;
    dv_dtype type;
    void *data;
    if (!dv_spec_int(&f->spec, "to", &to, err) || !dv_onnx_type(to, &type, err))
        return false;
    if (type == a->type) {
        f->out = *a;
        return true;
    }
    type = made_of(type);
    if (!dv_fold_make(f, type, &a->shape, &data, err))
        return false;
    size_t n = dv_shape_count(&a->shape);
    for (size_t i = 0; i < n; i++)
        store(type, data, i, converted(a, i, type));
    return true;
}

/* The axes that a reduction runs over, as bits; all where none is listed. */
static bool reduced_axes(const dv_fold *f, int rank, unsigned *bits, dv_error *err)
{
    int64_t axes[DV_MAX_RANK], noop = 0;
    int n = 0;
    if (!dv_fold_axes(f, 1, rank, axes, &n, err) ||
        !dv_spec_int(&f->spec, "noop_with_empty_axes", &noop, err))
        return false;
    *bits = n || noop ? 0 : (1u << rank) - 1;
    for (int i = 0; i < n; i++)
        *bits |= 1u << axes[i];
    return true;
}

/* Row-major strides of the result, 0 along the axes in `bits`. */
static void reduced_strides(const dv_shape *in, unsigned bits, int64_t *stride)
{
    int64_t step = 1;
    for (int d = in->rank; d-- > 0;) {
        bool gone = bits & 1u << d;
        stride[d] = gone ? 0 : step;
        step *= gone ? 1 : in->dim[d];
    }
}

static bool reduce(dv_fold *f, dv_error *err)
{
    const function *how = f->how;
    const dv_array *a = input(f, 0);
    int64_t keep = 1, stride[DV_MAX_RANK];
    unsigned bits;
    void *data;
    if (!reduced_axes(f, a->shape.rank, &bits, err) ||
        !dv_spec_int(&f->spec, "keepdims", &keep, err) || !check_type(how, a->type, err))
        return false;
    dv_shape out = { .rank = 0 };
    for (int d = 0; d < a->shape.rank; d++)
        if (keep || !(bits & 1u << d))
            out.dim[out.rank++] = bits & 1u << d ? 1 : a->shape.dim[d];
    reduced_strides(&a->shape, bits, stride);
    size_t n = dv_shape_count(&a->shape), n_out = dv_shape_count(&out);
    if (n == 0)
        return dv_fail(err, DV_UNSUPPORTED, "it has no elements to reduce");
    struct {
        number value;
        bool begun;
    } *sums = dv_arena_array(f->arena, n_out, sizeof *sums, err);
    dv_dtype type = made_of(a->type);
    bool is_float = dv_dtype_is_float(type);
    if (!sums || !dv_fold_make(f, type, &out, &data, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        size_t at = dv_fold_walk(&a->shape, i, stride);
        number v = load(a, i, is_float);
        sums[at].value = sums[at].begun ? apply(how, is_float, sums[at].value, v) : v;
        sums[at].begun = true;
    }
    for (size_t i = 0; i < n_out; i++)
        store(type, data, i, sums[i].value);
    return true;
}

/* On integers arithmetic wraps around, as two's complement does: x and y are a and b, unsigned. */
#define WHOLE(name, expression)                       \
    static int64_t name##_whole(int64_t a, int64_t b) \
    {                                                 \
        uint64_t x = (uint64_t)a, y = (uint64_t)b;    \
        (void)x, (void)y;                             \
        return (int64_t)(expression);                 \
    }
#define REAL(name, expression)                    \
    static double name##_real(double a, double b) \
    {                                             \
        (void)b;                                  \
        return (expression);                      \
    }
#define BOTH(name, expression) WHOLE(name, expression) REAL(name, expression)

WHOLE(sum, x + y)
REAL(sum, a + b)
WHOLE(difference, x - y)
REAL(difference, a - b)
WHOLE(product, (x * y))
REAL(product, (a * b))
WHOLE(quotient, b == -1 ? 0 - x : (uint64_t)(a / b))
REAL(quotient, a / b)
WHOLE(remainder, b == -1 ? 0 : a % b)
REAL(remainder, fmod(a, b))
WHOLE(modulo, b == -1 ? 0 : a % b && (a % b < 0) != (b < 0) ? a % b + b : a % b)
REAL(power, pow(a, b))
BOTH(smaller, a < b ? a : b)
BOTH(larger, a > b ? a : b)
BOTH(equal, a == b)
BOTH(less, a < b)
BOTH(less_equal, a <= b)
BOTH(greater, a > b)
BOTH(greater_equal, a >= b)
WHOLE(and, a &&b)
WHOLE(or, a || b)
WHOLE(xor, !a != !b)
WHOLE(not, !a)
WHOLE(negative, 0 - x)
REAL(negative, -a)
WHOLE(magnitude, a < 0 ? 0 - x : x)
REAL(magnitude, fabs(a))
REAL(floor, floor(a))
REAL(ceil, ceil(a))
REAL(round, rint(a))
REAL(root, sqrt(a))

static int64_t power_whole(int64_t a, int64_t b)
{
    uint64_t v = 1, x = (uint64_t)a;
    if (b < 0)
        return a == 1 ? 1 : a == -1 ? (b % 2 ? -1 : 1) : 0;
    for (; b; b /= 2, x *= x)
        v *= b % 2 ? x : 1;
    return (int64_t)v;
}

static bool mod(dv_fold *f, dv_error *err)
{
    static const function truncated = { remainder_real, remainder_whole, false };
    static const function floored = { NULL, modulo_whole, false };
    int64_t truncate = 0;
    if (!dv_spec_int(&f->spec, "fmod", &truncate, err))
        return false;
    f->how = truncate ? &truncated : &floored;
    return divide(f, err);
}

#define HOW(real, whole)   (&(const function){ real, whole, false })
#define TRUTH(real, whole) (&(const function){ real, whole, true })

static const char *const reduce_attrs[] = { "axes", "keepdims", "noop_with_empty_axes", NULL };

const dv_fold_op dv_fold_arithmetic[] = {
    { "Abs", 1, 1, .run = unary, .how = HOW(magnitude_real, magnitude_whole) },
    { "Add", 2, 2, .run = binary, .how = HOW(sum_real, sum_whole) },
    { "And", 2, 2, .run = binary, .how = TRUTH(NULL, and_whole) },
    { "Cast", 1, 1, .run = cast },
    { "Ceil", 1, 1, .run = unary, .how = HOW(ceil_real, NULL) },
    { "Div", 2, 2, .run = divide, .how = HOW(quotient_real, quotient_whole) },
    { "Equal", 2, 2, .run = binary, .how = TRUTH(equal_real, equal_whole) },
    { "Floor", 1, 1, .run = unary, .how = HOW(floor_real, NULL) },
    { "Greater", 2, 2, .run = binary, .how = TRUTH(greater_real, greater_whole) },
    { "GreaterOrEqual", 2, 2, .run = binary,
      .how = TRUTH(greater_equal_real, greater_equal_whole) },
    { "Less", 2, 2, .run = binary, .how = TRUTH(less_real, less_whole) },
    { "LessOrEqual", 2, 2, .run = binary, .how = TRUTH(less_equal_real, less_equal_whole) },
    { "Max", 1, -1, .run = binary, .how = HOW(larger_real, larger_whole) },
    { "Min", 1, -1, .run = binary, .how = HOW(smaller_real, smaller_whole) },
    { "Mod", 2, 2, .run = mod, .attrs = DV_FOLD_WORDS("fmod") },
    { "Mul", 2, 2, .run = binary, .how = HOW(product_real, product_whole) },
    { "Neg", 1, 1, .run = unary, .how = HOW(negative_real, negative_whole) },
    { "Not", 1, 1, .run = unary, .how = HOW(NULL, not_whole) },
    { "Or", 2, 2, .run = binary, .how = TRUTH(NULL, or_whole) },
    { "Pow", 2, 2, .run = binary, .how = HOW(power_real, power_whole) },
    { "ReduceMax", 1, 2, .run = reduce, .how = HOW(larger_real, larger_whole),
      .attrs = reduce_attrs },
    { "ReduceMin", 1, 2, .run = reduce, .how = HOW(smaller_real, smaller_whole),
      .attrs = reduce_attrs },
    { "ReduceProd", 1, 2, .run = reduce, .how = HOW(product_real, product_whole),
      .attrs = reduce_attrs },
    { "ReduceSum", 1, 2, .run = reduce, .how = HOW(sum_real, sum_whole) },
    { "Round", 1, 1, .run = unary, .how = HOW(round_real, NULL) },
    { "Sqrt", 1, 1, .run = unary, .how = HOW(root_real, NULL) },
    { "Sub", 2, 2, .run = binary, .how = HOW(difference_real, difference_whole) },
    { "Sum", 1, -1, .run = binary, .how = HOW(sum_real, sum_whole) },
    { "Where", 3, 3, .run = where },
    { "Xor", 2, 2, .run = binary, .how = TRUTH(NULL, xor_whole) },
    { 0 },
};
