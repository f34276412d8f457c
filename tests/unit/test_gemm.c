/* What src/kernel/gemm.h promises. */
#include "kernel/columns.h"
#include "kernel/gemm.h"
#include "kernel/isa.h"
#include "rounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uint32_t state = 3;

static float random_value(void)
{
    state = state * 1664525u + 1013904223u;
    return (float)(state >> 8) / (float)(1 << 23) - 1;
}

static int random_int(int lo, int hi) /* both included */
{
    state = state * 1664525u + 1013904223u;
    return lo + (int)((state >> 8) % (uint32_t)(hi - lo + 1));
}

static float *random_array(size_t n)
{
    float *a = malloc(n * sizeof *a);
    assert_non_null(a);
    for (size_t i = 0; i < n; i++)
        a[i] = random_value();
    return a;
}

static void gemm_is_row_major(void **unused)
{
    (void)unused;
    for (int i = 0; i < rounds(60); i++) {
        bool ta = random_int(0, 1), tb = random_int(0, 1);
        int m = random_int(1, 20), n = random_int(1, 20), k = random_int(1, 40);
        int lda = (ta ? m : k) + random_int(0, 3), ldb = (tb ? k : n) + random_int(0, 3);
        int ldc = n + random_int(0, 3);
        float *a = random_array((size_t)lda * (ta ? k : m));
        float *b = random_array((size_t)ldb * (tb ? n : k)), *c = random_array((size_t)ldc * m);
        float *got = malloc((size_t)ldc * m * sizeof *got);
        assert_non_null(got);
        memcpy(got, c, (size_t)ldc * m * sizeof *got);
        dv_gemm(ta, tb, m, n, k, 2, a, lda, b, ldb, 0.5F, got, ldc);
        for (int y = 0; y < m; y++)
            for (int x = 0; x < ldc; x++) {
                double want = (double)c[y * ldc + x];
                if (x < n) {
                    want *= 0.5;
                    for (int j = 0; j < k; j++)
                        want += 2 * (double)(ta ? a[j * lda + y] : a[y * lda + j]) *
                                (double)(tb ? b[x * ldb + j] : b[j * ldb + x]);
                }
                assert_float_equal(got[y * ldc + x], want, 2e-5);
            }
        free(a), free(b), free(c), free(got);
    }
}

static void gemv_is_the_definition(void **unused)
{
    (void)unused;
    for (int i = 0; i < rounds(60); i++) {
        int n = random_int(1, 150), k = random_int(1, i % 3 ? 70 : 3000);
        float *w = random_array((size_t)n * k), *x = random_array((size_t)k);
        float *shift = random_array((size_t)n), *y = random_array((size_t)n);
        dv_epilogue ep = { .shift = shift, .lo = i % 2 ? 0 : -INFINITY, .hi = INFINITY };
        dv_gemv(n, k, w, x, &ep, y, NULL);
        for (int r = 0; r < n; r++) {
            double want = (double)shift[r];
            for (int j = 0; j < k; j++)
                want += (double)w[(size_t)r * k + j] * (double)x[j];
            if (i % 2 && want < 0)
                want = 0;
            assert_float_equal(y[r], want, 1e-4);
        }
        free(w), free(x), free(shift), free(y);
    }
}

/* Rows with a zero factor are not read: a NaN there leaves no trace. */
static void gemv_transposed_adds_and_skips_zeros(void **unused)
{
    (void)unused;
    for (int i = 0; i < rounds(60); i++) {
        int n = random_int(1, 50), k = random_int(1, i % 3 ? 70 : 3000);
        float *w = random_array((size_t)n * k), *r = random_array((size_t)n);
        float *before = random_array((size_t)k), *y = malloc((size_t)k * sizeof *y);
        assert_non_null(y);
        memcpy(y, before, (size_t)k * sizeof *y);
        for (int row = 0; row < n; row++)
            if (random_int(0, 2) == 0) {
                r[row] = 0;
                w[(size_t)row * k] = NAN;
            }
        dv_gemv_transposed(n, k, w, r, y, NULL);
        for (int j = 0; j < k; j++) {
            double want = (double)before[j];
            for (int row = 0; row < n; row++)
                if (r[row] != 0)
                    want += (double)w[(size_t)row * k + j] * (double)r[row];
            assert_float_equal(y[j], want, 1e-4);
        }
        free(w), free(r), free(before), free(y);
    }
}

static void same_bytes_for_any_number_of_threads(void **unused)
{
    (void)unused;
    int n = 203, k = 2500;
    float *w = random_array((size_t)n * k), *x = random_array((size_t)k);
    float *r = random_array((size_t)n);
    float *y1 = malloc((size_t)n * sizeof *y1), *y2 = malloc((size_t)n * sizeof *y2);
    float *b1 = calloc((size_t)k, sizeof *b1), *b2 = malloc((size_t)k * sizeof *b2);
    assert_true(y1 && y2 && b1 && b2);
    dv_gemv(n, k, w, x, &dv_no_epilogue, y1, NULL);
    dv_gemv_transposed(n, k, w, r, b1, NULL);
    for (int threads = 2; threads < 8; threads += 2) {
        dv_pool *pool = dv_pool_new(threads, NULL);
        assert_non_null(pool);
        dv_gemv(n, k, w, x, &dv_no_epilogue, y2, pool);
        assert_memory_equal(y1, y2, (size_t)n * sizeof *y1);
        memset(b2, 0, (size_t)k * sizeof *b2);
        dv_gemv_transposed(n, k, w, r, b2, pool);
        assert_memory_equal(b1, b2, (size_t)k * sizeof *b1);
        dv_pool_free(pool);
    }
    free(w), free(x), free(r), free(y1), free(y2), free(b1), free(b2);
}

static dv_columns *columns_of(int n, int k, const float *w)
{
    dv_columns *c;
    assert_true(dv_columns_new(n, k, w, NULL, &c, NULL));
    return c;
}

static void columns_are_gemv_to_the_byte(void **unused)
{
    (void)unused;
    for (int i = 0; i < rounds(80); i++) {
        int n = random_int(1, i % 4 ? 150 : 2500), k = random_int(1, i % 3 ? 70 : 700);
        float *w = random_array((size_t)n * k), *x = random_array((size_t)k);
        float *shift = random_array((size_t)n);
        float *y = malloc((size_t)n * sizeof *y), *got = malloc((size_t)n * sizeof *got);
        dv_pool *pool = dv_pool_new(1 + i % 3, NULL);
        assert_true(y && got && pool);
        for (int j = 0; j < k; j++)
            if (random_int(0, i % 5) != 0)
                x[j] = random_int(0, 1) ? 0.0F : -0.0F;
        dv_epilogue ep = { .shift = shift, .lo = i % 2 ? 0 : -INFINITY, .hi = INFINITY };
        dv_gemv(n, k, w, x, &ep, y, NULL);
        dv_columns *c = columns_of(n, k, w);
        assert_non_null(c);
        void *scratch = aligned_alloc(64, dv_columns_scratch(c, dv_pool_size(pool)) / 64 * 64 + 64);
        assert_non_null(scratch);
        dv_columns_product(c, x, &ep, got, scratch, pool);
        assert_memory_equal(y, got, (size_t)n * sizeof *y);
        dv_columns_free(c);
        dv_pool_free(pool);
        free(w), free(x), free(shift), free(y), free(got), free(scratch);
    }
}

/* Zero times infinity is no zero, so that such weights must be read. */
static void columns_read_weights_that_are_not_finite(void **unused)
{
    (void)unused;
    const float special[] = { INFINITY, -INFINITY, NAN };
    for (int i = 0; i < rounds(30); i++) {
        int n = random_int(1, 150), k = random_int(1, 70);
        float *w = random_array((size_t)n * k), *x = calloc((size_t)k, sizeof *x), y[150];
        const int bad = random_int(0, n * k - 1);
        w[bad] = special[i % 3];
        dv_columns *c = columns_of(n, k, w);
        void *scratch = aligned_alloc(64, dv_columns_scratch(c, 1) / 64 * 64 + 64);
        assert_true(x && c && scratch);
        dv_columns_product(c, x, &dv_no_epilogue, y, scratch, NULL);
        for (int row = 0; row < n; row++)
            assert_true(isnan(y[row]) == (row == bad / k));
        dv_columns_free(c);
        free(w), free(x), free(scratch);
    }
}

/* Behind any number of bytes, as in a file. */
static void weights_may_lie_anywhere(void **unused)
{
    (void)unused;
    for (int i = 0; i < rounds(40); i++) {
        const int n = random_int(1, 60), k = random_int(1, i % 3 ? 70 : 1200);
        const size_t bytes = (size_t)n * (size_t)k * sizeof(float);
        float *w = random_array((size_t)n * (size_t)k), *x = random_array((size_t)k);
        float want[60], y[60], many[60];
        char *room = malloc(bytes + 3); /* aligned, as all from malloc */
        assert_non_null(room);
        dv_gemv(n, k, w, x, &dv_no_epilogue, want, NULL);
        for (int shift = 1; shift < 4; shift++) {
            char *moved = room + shift;
            memcpy(moved, w, bytes);
            dv_gemv(n, k, (const void *)moved, x, &dv_no_epilogue, y, NULL);
            assert_memory_equal(y, want, (size_t)n * sizeof *y);
            dv_gemv_many(n, k, (const void *)moved, 1, (const float *[]){ x }, &dv_no_epilogue,
                         (float *[]){ many }, NULL);
            assert_memory_equal(many, want, (size_t)n * sizeof *y);
        }
        free(w), free(x), free(room);
    }
}

/* As many terms as fill no vector, one part or several, behind whichever alignment. */
static void many_vectors_are_gemv_to_the_byte(void **unused)
{
    (void)unused;
    enum { MOST = DV_DOT_VECTORS + 3 };
    for (int i = 0; i < rounds(80); i++) {
        int n = random_int(1, i % 4 ? 150 : 900), k = random_int(1, i % 3 ? 70 : 2500);
        int vectors = random_int(1, MOST), ahead = random_int(0, 3);
        float *w = random_array((size_t)n * k), *shift = random_array((size_t)n);
        float *x = random_array((size_t)MOST * (k + ahead));
        float *y = malloc((size_t)n * sizeof *y), *got = malloc((size_t)MOST * n * sizeof *got);
        dv_pool *pool = dv_pool_new(1 + i % 3, NULL);
        const float *from[MOST];
        float *to[MOST];
        dv_epilogue ep[MOST];
        assert_true(y && got && pool);
        for (int v = 0; v < vectors; v++) {
            from[v] = x + (size_t)v * (k + ahead);
            to[v] = got + (size_t)v * n;
            ep[v] = (dv_epilogue){ .shift = shift, .lo = v % 2 ? 0 : -INFINITY, .hi = INFINITY };
        }
        dv_gemv_many(n, k, w, vectors, from, ep, to, pool);
        for (int v = 0; v < vectors; v++) {
            dv_gemv(n, k, w, from[v], &ep[v], y, NULL);
            assert_memory_equal(y, to[v], (size_t)n * sizeof *y);
        }
        dv_pool_free(pool);
        free(w), free(shift), free(x), free(y), free(got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gemm_is_row_major),
        cmocka_unit_test(gemv_is_the_definition),
        cmocka_unit_test(gemv_transposed_adds_and_skips_zeros),
        cmocka_unit_test(same_bytes_for_any_number_of_threads),
        cmocka_unit_test(weights_may_lie_anywhere),
        cmocka_unit_test(many_vectors_are_gemv_to_the_byte),
        cmocka_unit_test(columns_are_gemv_to_the_byte),
        cmocka_unit_test(columns_read_weights_that_are_not_finite),
    };
    static const char *const sets[] = { "avx512", "avx2", "baseline" };
    int failures = 0;
    for (int i = 0; i < 3; i++) {
        failures += !dv_isa_limit(sets[i]);
        failures += cmocka_run_group_tests_name(sets[i], tests, NULL, NULL);
    }
    return failures;
}
