/* op_gemm.c - a fully connected layer: Y (M,N) = alpha A B + beta C. ONNX Gemm-13 with weights that
 * are constant. */
#include "kernel/columns.h"
#include "kernel/gemm.h"
#include "kernel/product.h"
#include "nn/broadcast.h"
#include "nn/channel_epilogue.h"
#include "nn/piece.h"
#include "nn/weights.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct gemm {
    float alpha, beta;
    bool trans_a, trans_b;
} gemm;

/* Y is (m,n); k is summed over. */
typedef struct sizes {
    int32_t m, n, k;
} sizes;

static const dv_attr_row attrs[] = {
    { "alpha", DV_ATTR_FLOAT, DV_AT(gemm, alpha), .otherwise.f = 1 },
    { "beta", DV_ATTR_FLOAT, DV_AT(gemm, beta), .otherwise.f = 1 },
    { "transA", DV_ATTR_INT, DV_AT(gemm, trans_a) },
    { "transB", DV_ATTR_INT, DV_AT(gemm, trans_b) },
    { 0 },
};

static sizes sizes_of(const gemm *p, const dv_shape *a, const dv_shape *b)
{
    return (sizes){ .m = a->dim[p->trans_a], .n = b->dim[!p->trans_b], .k = a->dim[!p->trans_a] };
}

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const gemm *p = params;
    const dv_shape *a = &s->in[0].shape, *b = &s->in[1].shape;
    char ta[DV_SHAPE_TEXT_MAX], tb[DV_SHAPE_TEXT_MAX];
    if (a->rank != 2)
        return dv_fail(err, DV_BAD_DATA, "the input is %s: 2 dimensions needed",
                       dv_shape_text(a, ta));
    if (!dv_check_weights_rank(s, 1, "weight", 2, err))
        return false;
    sizes z = sizes_of(p, a, b);
    if (b->dim[p->trans_b] != z.k)
        return dv_fail(err, DV_BAD_DATA,
                       "weight is %s%s: it takes %d numbers, the input, %s%s, "
                       "has %d",
                       dv_shape_text(b, tb), p->trans_b ? ", transposed" : "",
                       (int)b->dim[p->trans_b], dv_shape_text(a, ta),
                       p->trans_a ? ", transposed" : "", (int)z.k);
    if (!dv_shape_set(out, 2, (const int64_t[]){ z.m, z.n }, "the output", err))
        return false;
    if (!dv_spec_has_input(s, 2))
        return true;
    const dv_shape *bias = &s->in[2].shape;
    bool fits = bias->rank <= 2;
    for (int k = 0; fits && k < bias->rank; k++)
        fits = bias->dim[k] == 1 || bias->dim[k] == out->dim[2 - bias->rank + k];
    if (!dv_check_weights(s, 2, "bias", err))
        return false;
    return fits || dv_fail(err, DV_BAD_DATA, "bias is %s: it does not fit the output, %s",
                           dv_shape_text(bias, ta), dv_shape_text(out, tb));
}

/* The bias is one number a column and stands as it is. */
static bool bias_is_plain(const dv_call *c)
{
    const gemm *p = c->params;
    return p->beta == 1 && dv_shape_count(&c->in[2].shape) == (size_t)c->out[0].shape.dim[1] &&
           (c->in[2].shape.rank == 1 || c->in[2].shape.dim[0] == 1);
}

static bool has_bias(const dv_call *c)
{
    return c->n_in > 2 && c->in[2].shape.rank >= 0;
}

/* Nothing is left to do behind the product but the epilogue. */
static bool is_plain(const dv_call *c)
{
    const gemm *p = c->params;
    return p->alpha == 1 && (!has_bias(c) || bias_is_plain(c));
}

/* One row of inputs on weights as they are usually stored: dv_gemv's. */
static bool is_vector(const dv_call *c)
{
    const gemm *p = c->params;
    return is_plain(c) && p->trans_b && c->out[0].shape.dim[0] == 1;
}

/* Several rows, which tiles are made of. */
static bool is_tiled(const dv_call *c)
{
    const gemm *p = c->params;
    return p->alpha == 1 && c->out[0].shape.dim[0] > 1;
}

typedef struct state {
    dv_channel_epilogue ep; /* with a plain bias in it */
    dv_columns *columns;    /* for images one by one; NULL: the weights as they stand */
    dv_product product;     /* with panels where it is tiled */
    dv_panels *panels;
} state;

static void release(void *made)
{
    state *st = made;
    dv_channel_epilogue_free(&st->ep);
    dv_columns_free(st->columns);
    dv_panels_free(st->panels);
    free(st);
}

static bool arrange(const dv_call *c, const dv_use *use, sizes z, state *st, dv_error *err)
{
    const gemm *p = c->params;
    const float *b = c->in[1].data;
    if (use->many && is_vector(c) && (uintptr_t)b % sizeof *b == 0)
        return dv_columns_new(z.n, z.k, b, use->cache, &st->columns, err);
    if (!is_tiled(c))
        return true;
    st->panels =
        dv_panels_new(z.k, z.n, dv_matrix_of(b, z.k, z.n, p->trans_b), use->cache, c->pool, err);
    st->product = (dv_product){ z.m, z.n, z.k, use->precision, st->panels };
    return st->panels != NULL;
}

static bool prepare(const dv_call *c, const dv_use *use, void **made, dv_error *err)
{
    state *st = calloc(1, sizeof *st);
    if (!st)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a product");
    const gemm *p = c->params;
    const sizes z = sizes_of(p, &c->in[0].shape, &c->in[1].shape);
    const float *bias = has_bias(c) && is_plain(c) ? c->in[2].data : NULL;
    if (!dv_channel_epilogue_make(&st->ep, &c->ep, bias, z.n, err) ||
        !arrange(c, use, z, st, err)) {
        release(st);
        return false;
    }
    *made = st;
    return true;
}

static size_t scratch_bytes(const dv_call *c)
{
    const state *st = c->state;
    const int workers = dv_pool_size(c->pool);
    return st->columns  ? dv_columns_scratch(st->columns, workers)
           : st->panels ? dv_product_scratch(&st->product, workers)
                        : 0;
}

/* y = beta C, what the product is added to. */
static void start_with_bias(const dv_call *c)
{
    const gemm *p = c->params;
    float *y = c->out[0].data;
    size_t n = dv_shape_count(&c->out[0].shape);
    memset(y, 0, n * sizeof *y);
    if (!has_bias(c))
        return;
    dv_piece v = dv_piece_broadcast(&c->in[2].shape, &c->out[0].shape);
    dv_piece_copy(&v, sizeof(float), c->in[2].data, c->out[0].data);
    for (size_t i = 0; i < n; i++)
        y[i] *= p->beta;
}

static void forward(const dv_call *c)
{
    const gemm *p = c->params;
    const state *st = c->state;
    dv_epilogue own = st->ep.ep;
    own.tail = c->ep.tail;
    const dv_epilogue *ep = &own;
    sizes z = sizes_of(p, &c->in[0].shape, &c->in[1].shape);
    const float *a = c->in[0].data, *b = c->in[1].data;
    float *y = c->out[0].data;
    bool plain = is_plain(c);
    if (is_vector(c)) {
        if (st->columns)
            dv_columns_product(st->columns, a, ep, y, c->scratch, c->pool);
        else
            dv_gemv(z.n, z.k, b, a, ep, y, c->pool);
        return;
    }
    if (!plain)
        start_with_bias(c);
    if (st->panels) {
        dv_product_run(&st->product, dv_matrix_of(a, z.m, z.k, p->trans_a), (dv_matrix){ 0 }, ep,
                       !plain, y, (size_t)z.n, c->scratch, c->pool);
        return;
    }
    if (plain && z.m == 1) {
        memset(y, 0, (size_t)z.n * sizeof *y);
        dv_gemv_transposed(z.k, z.n, b, a, y, c->pool);
    } else {
        dv_gemm(p->trans_a, p->trans_b, z.m, z.n, z.k, p->alpha, a, p->trans_a ? z.m : z.k, b,
                p->trans_b ? z.k : z.n, plain ? 0 : 1, y, z.n);
    }
    dv_channel_epilogue_apply(ep, &c->out[0]);
}

static void forward_many(const dv_call *const *c, int n)
{
    const float *a[DV_TOGETHER];
    float *y[DV_TOGETHER];
    dv_epilogue ep[DV_TOGETHER];
    if (!is_vector(c[0])) {
        for (int i = 0; i < n; i++)
            forward(c[i]);
        return;
    }
    const state *st = c[0]->state;
    const sizes z = sizes_of(c[0]->params, &c[0]->in[0].shape, &c[0]->in[1].shape);
    for (int i = 0; i < n; i++) {
        a[i] = c[i]->in[0].data;
        y[i] = c[i]->out[0].data;
        ep[i] = st->ep.ep;
        ep[i].tail = c[i]->ep.tail;
    }
    dv_gemv_many(z.n, z.k, c[0]->in[1].data, n, a, ep, y, c[0]->pool);
}

static bool reads_anywhere(const dv_call *c, int i)
{
    return i == 1 && is_vector(c);
}

/* One row: only the rows or columns of the weight that the signal's box names are read. */
static void project_row(const dv_call *c, sizes z, const dv_signal *out, float *g)
{
    const gemm *p = c->params;
    int32_t lo = out->box.lo[DV_C], n = out->box.hi[DV_C] - lo;
    if (p->trans_b && p->alpha == 1)
        dv_gemv_transposed(n, z.k, c->in[1].data + (size_t)lo * (size_t)z.k, out->data, g, c->pool);
    else
        dv_gemm(false, !p->trans_b, 1, z.k, n, p->alpha, out->data, n,
                c->in[1].data + (p->trans_b ? (size_t)lo * (size_t)z.k : (size_t)lo),
                p->trans_b ? z.k : z.n, 1, g, z.k);
}

static size_t project_scratch(const dv_call *c, const dv_signal *out)
{
    (void)out;
    return c->out[0].shape.dim[0] == 1 ? 0 : dv_shape_count(&c->out[0].shape) * sizeof(float);
}

static void project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    const gemm *p = c->params;
    if (!out[0].data || !in[0].data || dv_box_empty(&out[0].box))
        return;
    sizes z = sizes_of(p, &c->in[0].shape, &c->in[1].shape);
    float *g = in[0].data; /* all of A: the window is whole */
    if (z.m == 1) {
        project_row(c, z, &out[0], g);
        return;
    }
    float *r = c->scratch; /* (m,n) */
    const float *b = c->in[1].data;
    int32_t ldb = p->trans_b ? z.k : z.n;
    dv_signal_unpack(&c->out[0].shape, &out[0], r);
    if (p->trans_a)
        dv_gemm(p->trans_b, true, z.k, z.m, z.n, p->alpha, b, ldb, r, z.n, 1, g, z.m);
    else
        dv_gemm(false, !p->trans_b, z.m, z.k, z.n, p->alpha, r, z.n, b, ldb, 1, g, z.k);
}

const dv_op dv_op_gemm = {
    .name = "Gemm",
    .min_in = 2,
    .max_in = 3,
    .max_out = 1,
    .weight_layer = true,
    .inputs = { "A", "B", "C" },
    .params_size = sizeof(gemm),
    .attrs = attrs,
    .infer = infer,
    .prepare = prepare,
    .release = release,
    .scratch_bytes = scratch_bytes,
    .forward = forward,
    .forward_many = forward_many,
    .reads_anywhere = reads_anywhere,
    .takes_epilogue = true,
    .takes_tail = true,
    .window = dv_window_whole,
    .project = project,
    .project_scratch = project_scratch,
};
