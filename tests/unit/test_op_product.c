/* Gemm and MatMul against their definitions, all forms; their ways back. */
#include "op_harness.h"

#include <stdlib.h>
#include <string.h>

typedef struct form {
    int m, n, k;
    bool trans_a, trans_b;
    double alpha, beta;
    dv_shape bias; /* rank -1: none */
} form;

static op_case *build_gemm(const form *f)
{
    op_case *k = op_new("Gemm", 13);
    op_int(k, "transA", f->trans_a);
    op_int(k, "transB", f->trans_b);
    op_float(k, "alpha", f->alpha);
    op_float(k, "beta", f->beta);
    op_activation(k, f->trans_a ? op_shape(2, f->k, f->m) : op_shape(2, f->m, f->k));
    op_weight(k, f->trans_b ? op_shape(2, f->n, f->k) : op_shape(2, f->k, f->n), NULL);
    if (f->bias.rank >= 0)
        op_weight(k, f->bias, NULL);
    op_build(k);
    return k;
}

static float bias_at(const op_case *k, const form *f, int i, int j)
{
    if (f->bias.rank < 0)
        return 0;
    int rows = f->bias.rank == 2 ? f->bias.dim[0] : 1;
    int columns = f->bias.rank > 0 ? f->bias.dim[f->bias.rank - 1] : 1;
    return k->in[2].data[(rows == 1 ? 0 : i) * columns + (columns == 1 ? 0 : j)];
}

static void naive_gemm(const op_case *k, const form *f, float *y)
{
    const float *a = k->in[0].data, *b = k->in[1].data;
    for (int i = 0; i < f->m; i++)
        for (int j = 0; j < f->n; j++) {
            double sum = 0;
            for (int t = 0; t < f->k; t++)
                sum += (double)a[f->trans_a ? t * f->m + i : i * f->k + t] *
                       (double)b[f->trans_b ? j * f->k + t : t * f->n + j];
            *y++ = (float)(f->alpha * sum + f->beta * (double)bias_at(k, f, i, j));
        }
}

static form random_form(int trial)
{
    form f = { .m = trial % 2 ? 1 : op_random_int(2, 5),
               .n = op_random_int(1, 9),
               .k = op_random_int(1, 9),
               .trans_a = op_random_int(0, 1),
               .trans_b = op_random_int(0, 1),
               .alpha = op_random_int(0, 1) ? 1 : 0.5,
               .beta = op_random_int(0, 1) ? 1 : -2 };
    const dv_shape biases[] = { { .rank = -1 },       op_shape(0),         op_shape(1, f.n),
                                op_shape(1, 1),       op_shape(2, 1, f.n), op_shape(2, f.m, 1),
                                op_shape(2, f.m, f.n) };
    f.bias = biases[op_random_int(0, 6)];
    return f;
}

static void gemm_by_hand(void **state)
{
    (void)state;
    op_case *k = op_new("Gemm", 11);
    op_int(k, "transB", 1);
    op_activation(k, op_shape(2, 1, 3));
    op_weight(k, op_shape(2, 2, 3), (const float[]){ 1, 2, 3, 4, 5, 6 });
    op_weight(k, op_shape(1, 2), (const float[]){ 100, 200 });
    op_build(k);
    const float x[] = { 1, 0, -1 };
    memcpy(k->in[0].data, x, sizeof x);
    op_forward(k);
    op_expect_values(k, 0, 2, 98.0, 198.0);
    for (int rule = 0; rule < DV_N_RULES; rule++) /* no bias on the way back */
        op_expect_projection(k, (dv_rule)rule, (const float[]){ 10, -1 }, 3, 6.0, 15.0, 24.0);
    op_free(k);
}

static void gemm_equals_its_definition_in_every_form(void **state)
{
    (void)state;
    for (int trial = 0; trial < 200; trial++) {
        form f = random_form(trial);
        op_case *k = build_gemm(&f);
        float want[45];
        op_forward(k);
        naive_gemm(k, &f, want);
        op_expect(k, 0, 1e-5, want);
        k->spacing = 0.25f;
        op_check_adjoint(k, 1);
        op_free(k);
    }
}

static void gemm_applies_its_epilogue(void **state)
{
    (void)state;
    for (int trial = 0; trial < 60; trial++) {
        form f = random_form(trial);
        op_case *k = build_gemm(&f);
        float want[45], scale[9], shift[9];
        for (int j = 0; j < f.n; j++) {
            scale[j] = op_random();
            shift[j] = op_random();
        }
        op_forward(k);
        naive_gemm(k, &f, want);
        for (int i = 0; i < f.m * f.n; i++)
            want[i] = dv_clamp(want[i] * scale[i % f.n] + shift[i % f.n], -0.5f, 0.75f);
        k->op->release((void *)(uintptr_t)k->call.state);
        k->call.ep = (dv_epilogue){ .scale = scale, .shift = shift, .lo = -0.5f, .hi = 0.75f };
        void *made = NULL;
        const dv_use use = { .project = true, .precision = DV_EXACT }; /* as its scratch is for */
        assert_true(k->op->prepare(&k->call, &use, &made, NULL));
        k->call.state = made;
        op_forward(k);
        op_expect(k, 0, 1e-5, want);
        op_free(k);
    }
}

static void gemm_refuses_what_does_not_fit(void **state)
{
    (void)state;
    op_case *k = op_new("Gemm", 13);
    op_int(k, "transB", 1);
    op_activation(k, op_shape(2, 1, 4));
    op_weight(k, op_shape(2, 10, 5), NULL);
    op_refused(k, DV_BAD_DATA,
               "weight is (10,5), transposed: it takes 5 numbers, the input, (1,4), has 4");
    op_free(k);

    k = op_new("Gemm", 13);
    op_activation(k, op_shape(4, 1, 4, 1, 1));
    op_weight(k, op_shape(2, 4, 5), NULL);
    op_refused(k, DV_BAD_DATA, "the input is (1,4,1,1): 2 dimensions needed");
    op_free(k);

    k = op_new("Gemm", 13);
    op_activation(k, op_shape(2, 1, 4));
    op_weight(k, op_shape(2, 4, 5), NULL);
    op_weight(k, op_shape(1, 4), NULL);
    op_refused(k, DV_BAD_DATA, "bias is (4): it does not fit the output, (1,5)");
    op_free(k);

    k = op_new("Gemm", 13);
    op_activation(k, op_shape(2, 1, 4));
    op_activation(k, op_shape(2, 4, 5));
    op_refused(k, DV_UNSUPPORTED, "weight (input 1) is computed by the network");
    op_free(k);
}

/* -- MatMul ----------------------------------------------------------------------------------- */

static const struct {
    dv_shape a, b, y;
} products[] = {
    { { 2, { 1, 6 } }, { 2, { 6, 4 } }, { 2, { 1, 4 } } },
    { { 2, { 3, 5 } }, { 2, { 5, 4 } }, { 2, { 3, 4 } } },
    { { 3, { 1, 3, 5 } }, { 2, { 5, 2 } }, { 3, { 1, 3, 2 } } },
    { { 4, { 1, 2, 3, 5 } }, { 2, { 5, 2 } }, { 4, { 1, 2, 3, 2 } } },
    { { 4, { 1, 2, 3, 5 } }, { 4, { 1, 2, 5, 4 } }, { 4, { 1, 2, 3, 4 } } },
    { { 4, { 1, 2, 3, 5 } }, { 3, { 2, 5, 4 } }, { 4, { 1, 2, 3, 4 } } },
    { { 4, { 1, 1, 3, 5 } }, { 3, { 2, 5, 4 } }, { 4, { 1, 2, 3, 4 } } },
    { { 3, { 2, 3, 5 } }, { 4, { 1, 1, 5, 4 } }, { 4, { 1, 2, 3, 4 } } },
    { { 1, { 5 } }, { 2, { 5, 4 } }, { 1, { 4 } } },
    { { 2, { 3, 5 } }, { 1, { 5 } }, { 1, { 3 } } },
    { { 1, { 5 } }, { 1, { 5 } }, { 0, { 0 } } },
    { { 3, { 2, 3, 5 } }, { 1, { 5 } }, { 2, { 2, 3 } } },
    { { 1, { 5 } }, { 3, { 2, 5, 4 } }, { 2, { 2, 4 } } },
};

/* The matrix of `t` that belongs to element `at` of the output's batch, in numbers from its
 * start. */
static int matrix_at(const dv_shape *t, const dv_shape *batch, int at)
{
    int index = 0, step = 1;
    for (int k = batch->rank - 1; k >= 0; k--) {
        int own = k - (batch->rank - (t->rank - 2)), here = at % batch->dim[k];
        at /= batch->dim[k];
        if (own < 0)
            continue;
        index += (t->dim[own] == 1 ? 0 : here) * step;
        step *= t->dim[own];
    }
    return index;
}

static void naive_matmul(const op_case *k, float *y)
{
    dv_shape a = k->in[0].shape, b = k->in[1].shape, batch = { .rank = 0 };
    bool row = a.rank == 1, column = b.rank == 1;
    if (row)
        a = op_shape(2, 1, (int)a.dim[0]);
    if (column)
        b = op_shape(2, (int)b.dim[0], 1);
    int m = a.dim[a.rank - 2], n = b.dim[b.rank - 1], inner = a.dim[a.rank - 1], batches = 1;
    batch.rank = k->out[0].shape.rank - !row - !column;
    for (int i = 0; i < batch.rank; i++) {
        batch.dim[i] = k->out[0].shape.dim[i];
        batches *= batch.dim[i];
    }
    for (int at = 0; at < batches; at++) {
        const float *pa = k->in[0].data + matrix_at(&a, &batch, at) * m * inner;
        const float *pb = k->in[1].data + matrix_at(&b, &batch, at) * inner * n;
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++) {
                double sum = 0;
                for (int t = 0; t < inner; t++)
                    sum += (double)pa[i * inner + t] * (double)pb[t * n + j];
                *y++ = (float)sum;
            }
    }
}

static void matmul_equals_its_definition_in_every_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++)
        for (int constant = 0; constant < 3; constant++) {
            op_case *k = op_new("MatMul", 13);
            float want[64];
            constant == 1 ? op_weight(k, products[i].a, NULL) : op_activation(k, products[i].a);
            constant == 2 ? op_weight(k, products[i].b, NULL) : op_activation(k, products[i].b);
            op_build(k);
            op_expect_shape(k, 0, products[i].y);
            op_forward(k);
            naive_matmul(k, want);
            op_expect(k, 0, 1e-5, want);
            op_check_adjoint(k, 2);
            op_free(k);
        }
}

/* Batches are shared out whole, or, where they are few, each among all. */
static void matmul_has_the_same_bytes_for_any_number_of_threads(void **state)
{
    (void)state;
    for (int trial = 0; trial < 12; trial++) {
        op_case *k = op_new("MatMul", 13);
        const int batch = trial % 2 ? 3 : 12, constant = trial / 2 % 2;
        op_activation(k, op_shape(3, batch, 40 + trial, 70));
        constant ? op_weight(k, op_shape(2, 70, 50), NULL)
                 : op_activation(k, op_shape(3, batch, 70, 50));
        dv_pool *pool = k->pool = dv_pool_new(2 + trial % 3, NULL);
        assert_non_null(pool);
        op_build(k);
        op_forward(k);
        const size_t bytes = dv_shape_count(&k->out[0].shape) * sizeof(float);
        float *shared = malloc(bytes);
        assert_non_null(shared);
        memcpy(shared, k->out[0].data, bytes);
        k->call.pool = NULL;
        op_forward(k);
        assert_memory_equal(shared, k->out[0].data, bytes);
        dv_pool_free(pool);
        free(shared);
        op_free(k);
    }
}

static void matmul_refuses_what_does_not_fit(void **state)
{
    (void)state;
    op_case *k = op_new("MatMul", 13);
    op_activation(k, op_shape(2, 1, 4));
    op_weight(k, op_shape(2, 5, 3), NULL);
    op_refused(k, DV_BAD_DATA, "a product of (1,4) and (5,3): 4 numbers in a row, not 5");
    op_free(k);
    k = op_new("MatMul", 13);
    op_activation(k, op_shape(3, 2, 1, 4));
    op_activation(k, op_shape(3, 3, 4, 3));
    op_refused(k, DV_BAD_DATA, "does not fit");
    op_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gemm_by_hand),
        cmocka_unit_test(gemm_equals_its_definition_in_every_form),
        cmocka_unit_test(gemm_applies_its_epilogue),
        cmocka_unit_test(gemm_refuses_what_does_not_fit),
        cmocka_unit_test(matmul_equals_its_definition_in_every_form),
        cmocka_unit_test(matmul_has_the_same_bytes_for_any_number_of_threads),
        cmocka_unit_test(matmul_refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
