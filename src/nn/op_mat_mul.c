/* op_mat_mul.c - matrix products as numpy.matmul: the last two axes are matrices, those before are
 * broadcast; of one axis, a row on the left and a column on the right. */
#include "kernel/gemm.h"
#include "kernel/product.h"
#include "nn/broadcast.h"

#include <stdlib.h>
#include <string.h>

/* The product as matrices: Y (m,n) = A (m,k) B (k,n), once for each element of `batch`. */
typedef struct product {
    int32_t m, n, k;
    dv_shape batch;
    dv_layout a, b; /* of the matrices, by index in batch; steps in matrices */
} product;

/* The axes before the last two. */
static dv_shape leading(const dv_shape *s)
{
    dv_shape l = { .rank = s->rank > 2 ? s->rank - 2 : 0 };
    for (int k = 0; k < l.rank; k++)
        l.dim[k] = s->dim[k];
    return l;
}

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const dv_shape *a = &s->in[0].shape, *b = &s->in[1].shape;
    char ta[DV_SHAPE_TEXT_MAX], tb[DV_SHAPE_TEXT_MAX];
    if (a->rank < 1 || b->rank < 1)
        return dv_fail(err, DV_BAD_DATA, "a product of %s and %s: at least 1 dimension needed",
                       dv_shape_text(a, ta), dv_shape_text(b, tb));
    int32_t k = a->dim[a->rank - 1];
    if (b->dim[b->rank > 1 ? b->rank - 2 : 0] != k)
        return dv_fail(err, DV_BAD_DATA, "a product of %s and %s: %d numbers in a row, not %d",
                       dv_shape_text(a, ta), dv_shape_text(b, tb), (int)k,
                       (int)b->dim[b->rank > 1 ? b->rank - 2 : 0]);
    dv_operand batches[2] = { { leading(a), NULL }, { leading(b), NULL } };
    dv_node_spec spec = { .n_in = 2, .in = batches };
    dv_shape batch;
    if (!dv_infer_broadcast(&spec, params, &batch, err))
        return false;
    int64_t dim[DV_MAX_RANK];
    int rank = batch.rank;
    for (int i = 0; i < rank; i++)
        dim[i] = batch.dim[i];
    if (a->rank > 1)
        dim[rank++] = a->dim[a->rank - 2];
    if (b->rank > 1)
        dim[rank++] = b->dim[b->rank - 1];
    return dv_shape_set(out, rank, dim, "the output", err);
}

static product product_of(const dv_call *c)
{
    const dv_shape *a = &c->in[0].shape, *b = &c->in[1].shape, *y = &c->out[0].shape;
    dv_shape la = leading(a), lb = leading(b);
    int matrix_axes = (a->rank > 1) + (b->rank > 1);
    product p = { .m = a->rank > 1 ? a->dim[a->rank - 2] : 1,
                  .n = b->rank > 1 ? b->dim[b->rank - 1] : 1,
                  .k = a->dim[a->rank - 1] };
    p.batch.rank = y->rank - matrix_axes;
    for (int i = 0; i < p.batch.rank; i++)
        p.batch.dim[i] = y->dim[i];
    if (dv_shape_count(&lb) == 1) { /* one B for all: one tall A */
        p.m *= (int32_t)dv_shape_count(&p.batch);
        p.batch = (dv_shape){ .rank = 0 };
        return p;
    }
    p.a = dv_layout_broadcast(&la, dv_layout_whole(&la), &p.batch);
    p.b = dv_layout_broadcast(&lb, dv_layout_whole(&lb), &p.batch);
    return p;
}

/* Where in a tensor the matrix begins that belongs to element i of the batch. */
static size_t matrix_at(const product *p, const dv_layout *l, int i, size_t size)
{
    ptrdiff_t at = l->at;
    for (int k = p->batch.rank - 1; k >= 0; k--) {
        at += i % p->batch.dim[k] * l->step[k];
        i /= p->batch.dim[k];
    }
    return (size_t)at * size;
}

/* -- forward ---------------------------------------------------------------------------------- */

/* A single row or column has no use for tiles. */
static bool is_vector(const product *p)
{
    return p->m == 1 || p->n == 1;
}

typedef struct state {
    dv_precision precision;
    dv_panels *panels; /* of B where it is constant and one for all; else NULL */
} state;

static void release(void *made)
{
    state *st = made;
    dv_panels_free(st->panels);
    free(st);
}

static bool prepare(const dv_call *c, const dv_use *use, void **made, dv_error *err)
{
    const product p = product_of(c);
    state *st = calloc(1, sizeof *st);
    if (!st)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a product");
    st->precision = use->precision;
    if (c->in[1].data && !is_vector(&p) && p.batch.rank == 0) {
        const dv_matrix b = dv_matrix_of(c->in[1].data, p.k, p.n, false);
        st->panels = dv_panels_new(p.k, p.n, b, use->cache, c->pool, err);
        if (!st->panels) {
            release(st);
            return false;
        }
    }
    *made = st;
    return true;
}

static dv_product kernel_of(const dv_call *c, const product *p)
{
    const state *st = c->state;
    return (dv_product){ p->m, p->n, p->k, st->precision, st->panels };
}

static size_t scratch_bytes(const dv_call *c)
{
    const product p = product_of(c);
    const dv_product k = kernel_of(c, &p);
    return is_vector(&p) ? 0 : dv_product_scratch(&k, dv_pool_size(c->pool));
}

/* Matrix i of the batch. */
static void multiply(const dv_call *c, const product *p, int i, void *scratch, dv_pool *pool)
{
    const size_t n = (size_t)p->n, size_y = (size_t)p->m * n;
    const float *a = c->in[0].data + matrix_at(p, &p->a, i, (size_t)p->m * (size_t)p->k);
    const float *b = c->in[1].data + matrix_at(p, &p->b, i, (size_t)p->k * n);
    float *y = c->out[0].data + (size_t)i * size_y;
    if (p->m == 1) {
        memset(y, 0, n * sizeof *y);
        dv_gemv_transposed(p->k, p->n, b, a, y, pool);
        dv_epilogue_apply(&c->ep, 0, p->n, y, 1, 1);
    } else if (p->n == 1) {
        dv_gemv(p->m, p->k, a, b, &dv_no_epilogue, y, pool);
        dv_epilogue_apply(&c->ep, 0, 1, y, size_y, size_y);
    } else {
        const dv_product k = kernel_of(c, p);
        dv_product_run(&k, dv_matrix_of(a, p->m, p->k, false), dv_matrix_of(b, p->k, p->n, false),
                       &c->ep, false, y, n, scratch, pool);
    }
}

typedef struct job {
    const dv_call *c;
    product p;
    size_t scratch_size; /* of one worker */
} job;

static void multiply_alone(void *ctx, int i, int worker)
{
    const job *j = ctx;
    multiply(j->c, &j->p, i, (char *)j->c->scratch + (size_t)worker * j->scratch_size, NULL);
}

static void forward(const dv_call *c)
{
    job j = { .c = c, .p = product_of(c) };
    const int batch = (int)dv_shape_count(&j.p.batch), workers = dv_pool_size(c->pool);
    j.scratch_size = scratch_bytes(c) / (size_t)workers;
    if (batch >= 2 * workers)
        dv_pool_run(c->pool, batch, multiply_alone, &j);
    else
        for (int i = 0; i < batch; i++)
            multiply(c, &j.p, i, c->scratch, c->pool);
}

/* -- the way back ----------------------------------------------------------------------------- */

static size_t project_scratch(const dv_call *c, const dv_signal *out)
{
    (void)out;
    return dv_shape_count(&c->out[0].shape) * sizeof(float);
}

/* Windows are whole, so that the inputs' signals are matrices as they stand. */
static void project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    if (!out[0].data)
        return;
    product p = product_of(c);
    const size_t size_a = (size_t)p.m * (size_t)p.k, size_b = (size_t)p.k * (size_t)p.n;
    const float *v = c->scratch;
    dv_signal_unpack(&c->out[0].shape, &out[0], c->scratch);
    const int batch = (int)dv_shape_count(&p.batch);
    for (int i = 0; i < batch; i++, v += (size_t)p.m * (size_t)p.n) {
        const size_t at_a = matrix_at(&p, &p.a, i, size_a), at_b = matrix_at(&p, &p.b, i, size_b);
        if (in[0].data)
            dv_gemm(false, true, p.m, p.k, p.n, 1, v, p.n, c->in[1].data + at_b, p.n, 1,
                    in[0].data + at_a, p.k);
        if (in[1].data)
            dv_gemm(true, false, p.k, p.n, p.m, 1, c->in[0].data + at_a, p.k, v, p.n, 1,
                    in[1].data + at_b, p.n);
    }
}

const dv_op dv_op_mat_mul = {
    .name = "MatMul",
    .min_in = 2,
    .max_in = 2,
    .max_out = 1,
    .weight_layer = true,
    .inputs = { "A", "B" },
    .infer = infer,
    .prepare = prepare,
    .release = release,
    .scratch_bytes = scratch_bytes,
    .forward = forward,
    .takes_tail = true,
    .window = dv_window_whole,
    .project = project,
    .project_scratch = project_scratch,
    .keeps = { DV_KEEP_IN, DV_KEEP_IN, DV_KEEP_IN },
};
