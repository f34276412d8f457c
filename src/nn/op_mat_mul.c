/* op_mat_mul.c - matrix products as numpy.matmul: the last two axes are matrices, those before are
 * broadcast; of one axis, a row on the left and a column on the right. */
#include "kernel/gemm.h"
#include "nn/broadcast.h"

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

static void forward(const dv_call *c)
{
    product p = product_of(c);
    const size_t size_a = (size_t)p.m * (size_t)p.k, size_b = (size_t)p.k * (size_t)p.n;
    float *y = c->out[0].data;
    dv_run r = dv_run_over(&p.batch, dv_box_whole(&p.batch));
    while (dv_run_next(&r))
        for (int32_t i = 0; i < r.n; i++, y += (size_t)p.m * (size_t)p.n) {
            ptrdiff_t at_a = dv_layout_at(&p.a, r.index, r.rank) + i * p.a.step[r.last];
            ptrdiff_t at_b = dv_layout_at(&p.b, r.index, r.rank) + i * p.b.step[r.last];
            const float *a = c->in[0].data + (size_t)at_a * size_a;
            const float *b = c->in[1].data + (size_t)at_b * size_b;
            if (p.m == 1) {
                memset(y, 0, (size_t)p.n * sizeof *y);
                dv_gemv_transposed(p.k, p.n, b, a, y, c->pool);
            } else {
                dv_gemm(false, false, p.m, p.n, p.k, 1, a, p.k, b, p.n, 0, y, p.n);
            }
        }
}

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
    dv_run r = dv_run_over(&p.batch, dv_box_whole(&p.batch));
    while (dv_run_next(&r))
        for (int32_t i = 0; i < r.n; i++, v += (size_t)p.m * (size_t)p.n) {
            size_t at_a =
                size_a * (size_t)(dv_layout_at(&p.a, r.index, r.rank) + i * p.a.step[r.last]);
            size_t at_b =
                size_b * (size_t)(dv_layout_at(&p.b, r.index, r.rank) + i * p.b.step[r.last]);
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
    .forward = forward,
    .window = dv_window_whole,
    .project = project,
    .project_scratch = project_scratch,
    .keeps = { DV_KEEP_IN, DV_KEEP_IN, DV_KEEP_IN },
};
