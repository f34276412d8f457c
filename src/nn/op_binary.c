/* op_binary.c - arithmetic on two tensors with broadcasting: Add, Sub, Mul, Div, Pow, PRelu.
 *
 * One row a function: how dv_isa computes it, and its derivatives by both arguments, as expressions
 * in a and b. The rows expand to loops of their own, so that each is compiled as if written out. */
#include "kernel/isa.h"
#include "nn/broadcast.h"
#include "nn/channel_epilogue.h"
#include "nn/weights.h"

#include <math.h>

typedef float function(float a, float b);

#define INLINE static inline __attribute__((always_inline))

/* What all parts of a forward pass know: the axes that stay apart, and where the tensors lie. */
typedef struct parts {
    const dv_call *c;
    dv_shape shape;
    dv_layout a, b, y;
    dv_box wanted;
    int32_t planes; /* of a part */
} parts;

enum { PART_FLOATS = 1 << 14 };

/* Axes are merged where all is wanted: a box has its own. */
static parts parts_of(const dv_call *c)
{
    parts p = { .c = c, .shape = c->out[0].shape };
    p.a = dv_layout_broadcast(&c->in[0].shape, dv_layout_whole(&c->in[0].shape), &p.shape);
    p.b = dv_layout_broadcast(&c->in[1].shape, dv_layout_whole(&c->in[1].shape), &p.shape);
    p.y = dv_layout_whole(&p.shape);
    if (!c->boxes)
        dv_merge_axes(&p.shape, 3, (dv_layout *[]){ &p.a, &p.b, &p.y });
    p.wanted = c->boxes ? c->boxes[0] : dv_box_whole(&p.shape);
    const size_t plane = (size_t)(p.wanted.hi[DV_Y] - p.wanted.lo[DV_Y]) *
                         (size_t)(p.wanted.hi[DV_X] - p.wanted.lo[DV_X]);
    p.planes = plane > 0 && plane < PART_FLOATS ? (int32_t)(PART_FLOATS / plane) : 1;
    return p;
}

/* y = f(a, b) along one run of n; a step of 0 repeats the one value. */
typedef void run_function(const dv_isa *isa, dv_binary f, int n, const float *a, ptrdiff_t sa,
                          const float *b, ptrdiff_t sb, float *y);

static void combine_run(const dv_isa *isa, dv_binary f, int n, const float *a, ptrdiff_t sa,
                        const float *b, ptrdiff_t sb, float *y)
{
    isa->combine(f, n, a, sa == 0, b, sb == 0, y);
}

INLINE void apply(const parts *p, int i, run_function *run, dv_binary f)
{
    const dv_call *c = p->c;
    const dv_isa *isa = dv_isa_best();
    dv_run r = dv_run_over(&p->shape, dv_box_part(p->wanted, p->planes, i));
    while (dv_run_next(&r)) {
        const ptrdiff_t at = dv_layout_at(&p->y, r.index, r.rank);
        run(isa, f, r.n, c->in[0].data + dv_layout_at(&p->a, r.index, r.rank), p->a.step[r.last],
            c->in[1].data + dv_layout_at(&p->b, r.index, r.rank), p->b.step[r.last],
            c->out[0].data + at);
        dv_channel_epilogue_apply_part(&c->ep, &c->out[0], (size_t)at, (size_t)r.n);
    }
}

/* An argument's values on the way back; 0 where nobody kept them, because nobody reads them. */
typedef struct values {
    const float *data;
    dv_layout layout;
} values;

static values values_of(const dv_call *c, int i)
{
    static const float nothing = 0;
    const dv_tensor *t = &c->in[i];
    values v = { .data = &nothing };
    if (t->data) {
        v.data = t->data;
        v.layout = dv_layout_broadcast(&t->shape, dv_layout_whole(&t->shape), &c->out[0].shape);
    }
    return v;
}

/* in[i] += out * d(a, b), summed over the axes along which in[i] was repeated. */
INLINE void apply_back(const dv_call *c, const dv_signal *out, const dv_signal *in, int i,
                       function *d)
{
    if (!out->data || !in[i].data)
        return;
    const dv_shape *shape = &c->out[0].shape, *mine = &c->in[i].shape;
    values a = values_of(c, 0), b = values_of(c, 1);
    dv_layout to = dv_layout_broadcast(mine, dv_layout_box(mine, &in[i].box), shape);
    const float *from = out->data;
    dv_run r = dv_run_over(shape, out->box);
    const ptrdiff_t sa = a.layout.step[r.last], sb = b.layout.step[r.last];
    for (; dv_run_next(&r); from += r.n) {
        const float *pa = a.data + dv_layout_at(&a.layout, r.index, r.rank);
        const float *pb = b.data + dv_layout_at(&b.layout, r.index, r.rank);
        float *g = in[i].data + dv_layout_at(&to, r.index, r.rank);
        if (to.step[r.last] == 1) {
            for (int32_t k = 0; k < r.n; k++)
                g[k] += from[k] * d(pa[k * sa], pb[k * sb]);
        } else {
            double sum = 0;
            for (int32_t k = 0; k < r.n; k++)
                sum += (double)(from[k] * d(pa[k * sa], pb[k * sb]));
            *g += (float)sum;
        }
    }
}

/* Pow: the exponents that networks use are worth their own arithmetic. */
static bool power_function(float exponent, dv_function *f)
{
    *f = exponent == 2 ? DV_MAP_SQUARE : DV_MAP_SQRT;
    return exponent == 2 || exponent == 0.5f;
}

INLINE float power(float a, float b)
{
    return b == 2 ? a * a : b == 1 ? a : b == 0.5f ? sqrtf(a) : powf(a, b);
}

/* By the exponent: 0 at a = 0, as the limit from above is for b > 0. */
INLINE float power_by_exponent(float a, float b)
{
    return a > 0 ? power(a, b) * logf(a) : 0;
}

#define FUNCTION(NAME, EXPRESSION)      \
    INLINE float NAME(float a, float b) \
    {                                   \
        (void)a, (void)b;               \
        return EXPRESSION;              \
    }

static void power_run(const dv_isa *isa, dv_binary unused, int n, const float *a, ptrdiff_t sa,
                      const float *b, ptrdiff_t sb, float *y)
{
    (void)unused;
    dv_function f;
    if (sa && !sb && power_function(*b, &f)) {
        isa->map(f, n, a, 0, 0, y);
        return;
    }
    for (int i = 0; i < n; i++)
        y[i] = power(a[i * sa], b[i * sb]);
}

#define BINARY_OP(NAME, ONNX_NAME, RUN, VALUE, BY_A, BY_B, KEEP, EPILOGUE, A, B, ...)       \
    FUNCTION(NAME##_by_a, BY_A)                                                             \
    FUNCTION(NAME##_by_b, BY_B)                                                             \
    static void NAME##_part(void *ctx, int i, int worker)                                   \
    {                                                                                       \
        (void)worker;                                                                       \
        apply(ctx, i, RUN, VALUE);                                                          \
    }                                                                                       \
    static void NAME##_forward(const dv_call *c)                                            \
    {                                                                                       \
        parts p = parts_of(c);                                                              \
        dv_pool_run(c->pool, dv_box_parts(&p.wanted, p.planes), NAME##_part, &p);           \
    }                                                                                       \
    static void NAME##_project(const dv_call *c, const dv_signal *out, const dv_signal *in) \
    {                                                                                       \
        apply_back(c, out, in, 0, NAME##_by_a);                                             \
        apply_back(c, out, in, 1, NAME##_by_b);                                             \
    }                                                                                       \
    const dv_op dv_op_##NAME = {                                                            \
        .name = (ONNX_NAME),                                                                \
        .min_in = 2,                                                                        \
        .max_in = 2,                                                                        \
        .max_out = 1,                                                                       \
        .inputs = { (A), (B) },                                                             \
        .infer = dv_infer_broadcast,                                                        \
        .forward = NAME##_forward,                                                          \
        __VA_ARGS__,                                                                        \
        .reach = dv_reach_broadcast,                                                        \
        .takes_epilogue = (EPILOGUE),                                                       \
        .takes_tail = true,                                                                 \
        .window = dv_window_broadcast,                                                      \
        .project = NAME##_project,                                                          \
        .keeps = { (KEEP), (KEEP), (KEEP) },                                                \
    };

#define SAYS(NAME, VALUE)                                   \
    static bool NAME##_says(const dv_call *c, dv_binary *f) \
    {                                                       \
        (void)c;                                            \
        *f = (VALUE);                                       \
        return true;                                        \
    }

SAYS(add, DV_COMBINE_ADD)
SAYS(sub, DV_COMBINE_SUB)
SAYS(mul, DV_COMBINE_MUL)
SAYS(div, DV_COMBINE_DIV)

/* Of a constant exponent, one for all. */
static bool pow_says(const dv_call *c, dv_function *f, float *a, float *b)
{
    *a = *b = 0;
    return c->in[1].data && dv_shape_count(&c->in[1].shape) == 1 &&
           dv_shape_count(&c->in[0].shape) == dv_shape_count(&c->out[0].shape) &&
           power_function(*c->in[1].data, f);
}

BINARY_OP(add, "Add", combine_run, DV_COMBINE_ADD, 1, 1, DV_KEEP_NOTHING, true, "A", "B",
          .binary = add_says)
BINARY_OP(sub, "Sub", combine_run, DV_COMBINE_SUB, 1, -1, DV_KEEP_NOTHING, true, "A", "B",
          .binary = sub_says)
BINARY_OP(mul, "Mul", combine_run, DV_COMBINE_MUL, b, a, DV_KEEP_IN, false, "A", "B",
          .binary = mul_says)
BINARY_OP(div, "Div", combine_run, DV_COMBINE_DIV, 1 / b, -a / (b * b), DV_KEEP_IN, false, "A", "B",
          .binary = div_says)
BINARY_OP(pow, "Pow", power_run, DV_N_BINARIES, (b * power(a, b - 1)), power_by_exponent(a, b),
          DV_KEEP_IN, false, "X", "Y", .function = pow_says)

/* PRelu: a slope for x <= 0, constant, that broadcasts to x; a list of one number a channel is
 * taken as such, whatever the last axis is. */

static dv_shape slope_shape(const dv_shape *x, const dv_shape *slope)
{
    dv_shape s = *slope;
    if (s.rank == 1 && x->rank > 2 && s.dim[0] == x->dim[1]) {
        s.rank = x->rank - 1;
        for (int k = 1; k < s.rank; k++)
            s.dim[k] = 1;
    }
    return s;
}

static bool prelu_infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    char a[DV_SHAPE_TEXT_MAX], b[DV_SHAPE_TEXT_MAX];
    if (!dv_check_weights(s, 1, "slope", err))
        return false;
    dv_operand in[2] = { s->in[0], s->in[1] };
    in[1].shape = slope_shape(&in[0].shape, &in[1].shape);
    dv_node_spec spec = *s;
    spec.in = in;
    if (!dv_infer_broadcast(&spec, params, out, err))
        return false;
    return dv_shape_equal(out, &in[0].shape) ||
           dv_fail(err, DV_BAD_DATA, "slope is %s: it does not fit the input, %s",
                   dv_shape_text(&s->in[1].shape, a), dv_shape_text(&in[0].shape, b));
}

FUNCTION(prelu_by_a, a > 0 ? 1 : b)

/* The call with the slope's shape in broadcasting form. in: room for two tensors. */
static dv_call with_slope(const dv_call *c, dv_tensor *in)
{
    dv_call call = *c;
    in[0] = c->in[0];
    in[1] = c->in[1];
    in[1].shape = slope_shape(&in[0].shape, &in[1].shape);
    call.in = in;
    return call;
}

/* Where the slope has its broadcasting form already. */
static bool prelu_says(const dv_call *c, dv_binary *f)
{
    const dv_shape slope = slope_shape(&c->in[0].shape, &c->in[1].shape);
    *f = DV_COMBINE_PRELU;
    return dv_shape_equal(&slope, &c->in[1].shape);
}

static void prelu_part(void *ctx, int i, int worker)
{
    (void)worker;
    apply(ctx, i, combine_run, DV_COMBINE_PRELU);
}

static void prelu_forward(const dv_call *c)
{
    dv_tensor in[2];
    dv_call call = with_slope(c, in);
    parts p = parts_of(&call);
    dv_pool_run(c->pool, dv_box_parts(&p.wanted, p.planes), prelu_part, &p);
}

static void prelu_project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    dv_tensor tensors[2];
    dv_call call = with_slope(c, tensors);
    apply_back(&call, out, in, 0, prelu_by_a);
}

const dv_op dv_op_prelu = {
    .name = "PRelu",
    .min_in = 2,
    .max_in = 2,
    .max_out = 1,
    .activation = true,
    .inputs = { "X", "slope" },
    .infer = prelu_infer,
    .forward = prelu_forward,
    .binary = prelu_says,
    .reach = dv_reach_same,
    .window = dv_window_same,
    .project = prelu_project,
    .keeps = { DV_KEEP_IN, DV_KEEP_IN, DV_KEEP_IN },
};
