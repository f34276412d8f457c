/* op_layer_normalization.c - the numbers of all axes from `axis` on, a row, to mean 0 and variance
 * 1, then times scale plus bias, which are as a row is or broadcast to one. ONNX
 * LayerNormalization-17. */
#include "kernel/isa.h"
#include "nn/axes.h"
#include "nn/broadcast.h"
#include "nn/walk.h"
#include "nn/weights.h"

#include <math.h>

typedef struct layer_normalization {
    int64_t axis;
    float epsilon;
} layer_normalization;

enum { X, SCALE, BIAS };

static const dv_attr_row attrs[] = {
    { "axis", DV_ATTR_INT, DV_AT(layer_normalization, axis), .otherwise.i = -1 },
    { "epsilon", DV_ATTR_FLOAT, DV_AT(layer_normalization, epsilon), .otherwise.f = 1e-5f },
    { "stash_type", DV_ATTR_INT, .need = DV_ATTR_FIXED, .otherwise.i = 1 }, /* float32 */
    { 0 },
};

static dv_shape row_shape(const dv_shape *x, int axis)
{
    dv_shape row = { .rank = x->rank - axis };
    for (int k = 0; k < row.rank; k++)
        row.dim[k] = x->dim[axis + k];
    return row;
}

static bool check_row_weights(const dv_node_spec *s, int i, const char *name, const dv_shape *row,
                              dv_error *err)
{
    char text[DV_SHAPE_TEXT_MAX], needed[DV_SHAPE_TEXT_MAX];
    if (!dv_check_weights(s, i, name, err))
        return false;
    const dv_shape *w = &s->in[i].shape;
    for (int k = 1; k <= w->rank; k++) {
        const int32_t n = w->dim[w->rank - k];
        if (n != 1 && (k > row->rank || n != row->dim[row->rank - k]))
            return dv_fail(err, DV_BAD_DATA, "%s is %s: %s, or what broadcasts to it, is needed",
                           name, dv_shape_text(w, text), dv_shape_text(row, needed));
    }
    return true;
}

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const layer_normalization *p = params;
    const dv_shape *x = &s->in[X].shape;
    int axis;
    if (!dv_axis_fit(p->axis, x->rank, &axis, err))
        return false;
    const dv_shape row = row_shape(x, axis);
    return check_row_weights(s, SCALE, "scale", &row, err) &&
           (!dv_spec_has_input(s, BIAS) || check_row_weights(s, BIAS, "bias", &row, err)) &&
           dv_infer_same_shape(s, params, out, err);
}

/* -- rows ------------------------------------------------------------------------------------- */

static int axis_of(const dv_call *c)
{
    const layer_normalization *p = c->params;
    return dv_axis_at(p->axis, c->in[X].shape.rank);
}

/* The rows that a box has a part of, as ranges that may hold others too. */
static dv_ranges rows_in(const dv_call *c, const dv_box *b)
{
    const dv_shape *s = &c->in[X].shape;
    dv_ranges r = dv_ranges_of(s, b);
    for (int k = axis_of(c); k < s->rank; k++) {
        r.lo[k] = 0;
        r.hi[k] = s->dim[k];
    }
    return r;
}

static dv_box window(const dv_call *c, int i, int o, dv_box out)
{
    (void)i, (void)o;
    if (dv_box_empty(&out))
        return out;
    const dv_ranges r = rows_in(c, &out);
    return dv_box_of_ranges(&c->in[X].shape, &r);
}

static size_t row_length(const dv_call *c)
{
    const dv_shape row = row_shape(&c->in[X].shape, axis_of(c));
    return dv_shape_count(&row);
}

/* Whether scale or bias is there with a number for each of a row. */
static bool is_row(const dv_call *c, int i)
{
    return i < c->n_in && c->in[i].shape.rank >= 0 &&
           dv_shape_count(&c->in[i].shape) == row_length(c);
}

/* Scale or bias as a row: its own data, or what is written to `room` (n). */
static const float *weights_row(const dv_call *c, int i, float *room)
{
    if (is_row(c, i))
        return c->in[i].data;
    const dv_shape row = row_shape(&c->in[X].shape, axis_of(c));
    const bool there = i < c->n_in && c->in[i].shape.rank >= 0;
    dv_layout from = { 0 };
    if (there)
        from = dv_layout_broadcast(&c->in[i].shape, dv_layout_whole(&c->in[i].shape), &row);
    float *to = room;
    dv_run r = dv_run_over(&row, dv_box_whole(&row));
    for (; dv_run_next(&r); to += r.n)
        for (int32_t k = 0; k < r.n; k++)
            to[k] =
                there ? c->in[i].data[dv_layout_at(&from, r.index, r.rank) + k * from.step[r.last]]
                      : 0;
    return room;
}

/* What the workers share. */
typedef struct job {
    const dv_call *c;
    size_t n;                  /* numbers in a row */
    const float *scale, *bias; /* (n) */
    dv_ranges rows;
    int32_t n_rows, part; /* how many in all, and in a part */
    dv_layout whole;
    const dv_signal *out, *in;
    dv_layout from, to; /* of the two */
} job;

enum { PART_FLOATS = 1 << 14 };

static job job_of(const dv_call *c, const dv_box *b)
{
    job j = { .c = c, .n = row_length(c), .rows = rows_in(c, b), .n_rows = 1, .part = 1 };
    for (int k = 0; k < axis_of(c); k++)
        j.n_rows *= j.rows.hi[k] - j.rows.lo[k];
    if (j.n < PART_FLOATS)
        j.part = (int32_t)(PART_FLOATS / j.n);
    j.whole = dv_layout_whole(&c->in[X].shape);
    return j;
}

static void run_parts(job *j, void (*task)(void *ctx, int i, int worker))
{
    dv_pool_run(j->c->pool, (j->n_rows + j->part - 1) / j->part, task, j);
}

/* Of the rows of part i, the one behind the last. */
static int32_t end_of_part(const job *j, int i)
{
    return j->n_rows - i * j->part > j->part ? (i + 1) * j->part : j->n_rows;
}

static dv_ranges row_at(const job *j, int32_t i)
{
    dv_ranges r = j->rows;
    for (int k = axis_of(j->c) - 1; k >= 0; k--) {
        const int32_t size = r.hi[k] - r.lo[k];
        r.lo[k] += i % size;
        r.hi[k] = r.lo[k] + 1;
        i /= size;
    }
    return r;
}

/* Where row i begins in x. */
static size_t row_start(const job *j, int32_t i)
{
    const dv_shape *s = &j->c->in[X].shape;
    if ((size_t)j->n_rows * j->n == dv_shape_count(s)) /* of all of them */
        return (size_t)i * j->n;
    return (size_t)dv_layout_at(&j->whole, row_at(j, i).lo, s->rank);
}

/* -- forward ---------------------------------------------------------------------------------- */

static dv_normal statistics_of(const float *x, size_t n, float epsilon)
{
    const dv_isa *isa = dv_isa_best();
    const double mean = isa->sum((int)n, x) / (double)n;
    const double variance = isa->sum_squares((int)n, x, mean) / (double)n;
    dv_normal s = { .mean = (float)mean, .inverse = (float)(1 / sqrt(variance + (double)epsilon)) };
    s.rest = (float)(mean - (double)s.mean);
    return s;
}

static inline float normalised(float x, dv_normal s)
{
    return ((x - s.mean) - s.rest) * s.inverse;
}

static void forward_part(void *ctx, int i, int worker)
{
    (void)worker;
    const job *j = ctx;
    const layer_normalization *p = j->c->params;
    const dv_isa *isa = dv_isa_best();
    for (int32_t row = i * j->part, end = end_of_part(j, i); row < end; row++) {
        const size_t at = row_start(j, row);
        const float *x = j->c->in[X].data + at;
        float *y = j->c->out[0].data + at;
        const dv_normal s = statistics_of(x, j->n, p->epsilon);
        isa->normalise((int)j->n, x, &s, j->scale, j->bias, y);
    }
}

static size_t scratch_bytes(const dv_call *c)
{
    return (size_t)(!is_row(c, SCALE) + !is_row(c, BIAS)) * row_length(c) * sizeof(float);
}

static void forward(const dv_call *c)
{
    const dv_box wanted = dv_wanted(c, 0);
    if (dv_box_empty(&wanted))
        return;
    job j = job_of(c, &wanted);
    float *room = c->scratch;
    j.scale = weights_row(c, SCALE, room);
    j.bias = weights_row(c, BIAS, j.scale == room ? room + j.n : room);
    run_parts(&j, forward_part);
}

/* -- the way back ----------------------------------------------------------------------------- */

/* One chain of additions would wait for itself. */
enum { CHAINS = 8 };

static double sum_of(const double *part)
{
    double sum = 0;
    for (int k = 0; k < CHAINS; k++)
        sum += part[k];
    return sum;
}

/* With g = R scale and z the normalised row: R' = (g - mean of g - z mean of g z) / deviation.
 * The first of the three, and the sums for the others, of up to CHAINS numbers. */
static inline __attribute__((always_inline)) void
add_own(int n, const float *restrict r, const float *restrict scale, const float *restrict x,
        dv_normal s, float *restrict in, double *sum, double *product)
{
    for (int k = 0; k < n; k++) {
        const float g = r[k] * scale[k];
        in[k] += g * s.inverse;
        sum[k] += (double)g;
        product[k] += (double)(g * normalised(x[k], s));
    }
}

static void project_part(void *ctx, int i, int worker)
{
    (void)worker;
    const job *j = ctx;
    const dv_shape *shape = &j->c->in[X].shape;
    const layer_normalization *p = j->c->params;
    for (int32_t row = i * j->part, end = end_of_part(j, i); row < end; row++) {
        const dv_ranges all = row_at(j, row);
        const float *x = j->c->in[X].data + dv_layout_at(&j->whole, all.lo, shape->rank);
        float *in = j->in->data + dv_layout_at(&j->to, all.lo, shape->rank); /* dense, as x is */
        const dv_normal s = statistics_of(x, j->n, p->epsilon);
        double sum[CHAINS] = { 0 }, product[CHAINS] = { 0 };
        dv_run r = dv_run_over(shape, dv_box_intersect(dv_box_of_ranges(shape, &all), j->out->box));
        while (dv_run_next(&r)) {
            const float *from = j->out->data + dv_layout_at(&j->from, r.index, r.rank);
            ptrdiff_t at = j->c->in[X].data + dv_layout_at(&j->whole, r.index, r.rank) - x;
            for (; r.n >= CHAINS; r.n -= CHAINS, at += CHAINS, from += CHAINS)
                add_own(CHAINS, from, j->scale + at, x + at, s, in + at, sum, product);
            add_own(r.n, from, j->scale + at, x + at, s, in + at, sum, product);
        }
        const float mean = (float)(sum_of(sum) / (double)j->n) * s.inverse;
        const float slope = (float)(sum_of(product) / (double)j->n) * s.inverse;
        for (size_t k = 0; k < j->n; k++)
            in[k] -= mean + slope * normalised(x[k], s);
    }
}

static size_t project_scratch(const dv_call *c, const dv_signal *out)
{
    (void)out;
    return is_row(c, SCALE) ? 0 : row_length(c) * sizeof(float);
}

static void project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    if (!out[0].data || !in[0].data || dv_box_empty(&out[0].box))
        return;
    job j = job_of(c, &out[0].box);
    j.scale = weights_row(c, SCALE, c->scratch);
    j.out = &out[0];
    j.in = &in[0];
    j.from = dv_layout_box(&c->in[X].shape, &out[0].box);
    j.to = dv_layout_box(&c->in[X].shape, &in[0].box);
    run_parts(&j, project_part);
}

const dv_op dv_op_layer_normalization = {
    .name = "LayerNormalization",
    .min_in = 2,
    .max_in = 3,
    .max_out = 1,
    .inputs = { "X", "Scale", "B" },
    .params_size = sizeof(layer_normalization),
    .attrs = attrs,
    .infer = infer,
    .scratch_bytes = scratch_bytes,
    .forward = forward,
    .reach = window,
    .window = window,
    .project = project,
    .project_scratch = project_scratch,
    .keeps = { DV_KEEP_IN, DV_KEEP_IN, DV_KEEP_IN },
};
