/* What src/kernel/product.h promises. */
#include "kernel/isa.h"
#include "kernel/product.h"
#include "rounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD = 64 };

static uint32_t state = 5;

static uint32_t random_bits(void)
{
    state = state * 1664525u + 1013904223u;
    return state >> 8;
}

static int random_int(int lo, int hi) /* both included */
{
    return lo + (int)(random_bits() % (uint32_t)(hi - lo + 1));
}

static float *random_array(size_t n)
{
    float *a = malloc(n * sizeof *a);
    assert_non_null(a);
    for (size_t i = 0; i < n; i++)
        a[i] = (float)random_bits() / (float)(1 << 23) - 1;
    return a;
}

typedef struct product_case {
    dv_product p;
    bool trans_a, trans_b, add;
    float *a, *b, *before, *scale, *shift;
    size_t ldc;
    dv_epilogue ep;
} product_case;

static product_case random_case(int trial)
{
    product_case c = { .p = { random_int(1, trial % 4 ? 60 : 300), random_int(1, 100),
                              random_int(1, trial % 5 ? 90 : 1700), DV_FAST, NULL },
                       .trans_a = random_int(0, 1),
                       .trans_b = random_int(0, 1),
                       .add = random_int(0, 1) };
    c.p.precision = trial % 3 ? DV_FAST : DV_EXACT;
    c.ldc = (size_t)c.p.n + (size_t)random_int(0, 5);
    c.a = random_array((size_t)c.p.m * (size_t)c.p.k);
    c.b = random_array((size_t)c.p.k * (size_t)c.p.n);
    c.before = random_array((size_t)c.p.m * c.ldc + GUARD);
    c.scale = random_array((size_t)c.p.n);
    c.shift = random_array((size_t)c.p.n);
    c.ep = dv_no_epilogue;
    c.ep.scale = random_int(0, 1) ? c.scale : NULL;
    c.ep.shift = random_int(0, 1) ? c.shift : NULL;
    if (random_int(0, 1)) {
        c.ep.lo = -0.5F;
        c.ep.hi = 2;
    }
    return c;
}

static void free_case(product_case *c)
{
    free(c->a), free(c->b), free(c->before), free(c->scale), free(c->shift);
}

/* What the product makes of c->before, with as many threads; in panels or not. */
static float *result(const product_case *c, bool in_panels, int threads)
{
    dv_product p = c->p;
    dv_panels *panels = NULL;
    dv_pool *pool = dv_pool_new(threads, NULL);
    const dv_matrix a = dv_matrix_of(c->a, p.m, p.k, c->trans_a);
    const dv_matrix b = dv_matrix_of(c->b, p.k, p.n, c->trans_b);
    if (in_panels)
        p.panels = panels = dv_panels_new(p.k, p.n, b, NULL, pool, NULL);
    assert_true(pool && (panels || !in_panels));
    const size_t floats = (size_t)p.m * c->ldc + GUARD, bytes = dv_product_scratch(&p, threads);
    float *y = malloc(floats * sizeof *y);
    char *scratch = aligned_alloc(64, bytes + 64);
    assert_true(y && scratch);
    memcpy(y, c->before, floats * sizeof *y);
    memset(scratch, 0x7f, bytes + 64);
    dv_product_run(&p, a, in_panels ? (dv_matrix){ 0 } : b, &c->ep, c->add, y, c->ldc, scratch,
                   pool);
    for (int i = 0; i < 64; i++)
        assert_int_equal(scratch[bytes + (size_t)i], 0x7f);
    dv_panels_free(panels);
    dv_pool_free(pool);
    free(scratch);
    return y;
}

static double wanted(const product_case *c, int row, int column)
{
    const dv_product *p = &c->p;
    double sum = c->add ? (double)c->before[(size_t)row * c->ldc + (size_t)column] : 0;
    for (int t = 0; t < p->k; t++)
        sum += (double)c->a[c->trans_a ? t * p->m + row : row * p->k + t] *
               (double)c->b[c->trans_b ? column * p->k + t : t * p->n + column];
    sum = sum * (c->ep.scale ? (double)c->ep.scale[column] : 1) +
          (c->ep.shift ? (double)c->ep.shift[column] : 0);
    return fmin(fmax(sum, (double)c->ep.lo), (double)c->ep.hi);
}

static void product_is_the_definition(void **unused)
{
    (void)unused;
    for (int trial = 0; trial < rounds(60); trial++) {
        product_case c = random_case(trial);
        float *y = result(&c, trial % 2, 1);
        const double tolerance = 1e-6 * (4 + sqrt(c.p.k)); /* numbers below 1 in size, 6e-8 each */
        for (int row = 0; row < c.p.m; row++)
            for (int column = 0; column < (int)c.ldc; column++) {
                const size_t at = (size_t)row * c.ldc + (size_t)column;
                const double want = column < c.p.n ? wanted(&c, row, column) : (double)c.before[at];
                assert_float_equal(y[at], want, tolerance);
            }
        const size_t end = (size_t)c.p.m * c.ldc;
        assert_memory_equal(y + end, c.before + end, GUARD * sizeof *y);
        free(y);
        free_case(&c);
    }
}

static void same_bytes_for_any_number_of_threads_and_in_panels_or_not(void **unused)
{
    (void)unused;
    for (int trial = 0; trial < rounds(20); trial++) {
        product_case c = random_case(trial);
        float *y = result(&c, false, 1);
        for (int way = 0; way < 4; way++) {
            float *other = result(&c, way % 2, way < 2 ? 2 : 5);
            assert_memory_equal(y, other, ((size_t)c.p.m * c.ldc + GUARD) * sizeof *y);
            free(other);
        }
        free(y);
        free_case(&c);
    }
}

/* A sum is cut into blocks by its terms alone, so that rows more or fewer change none. */
static void same_bytes_of_a_row_among_any_number(void **unused)
{
    (void)unused;
    for (int trial = 0; trial < rounds(20); trial++) {
        product_case c = random_case(trial);
        c.trans_a = false;
        float *y = result(&c, true, 1);
        c.p.m = random_int(1, c.p.m);
        float *fewer = result(&c, true, 1);
        for (int row = 0; row < c.p.m; row++)
            assert_memory_equal(y + (size_t)row * c.ldc, fewer + (size_t)row * c.ldc,
                                c.ldc * sizeof *y);
        free(y), free(fewer);
        free_case(&c);
    }
}

static void nan_stays_in_its_row_and_column(void **unused)
{
    (void)unused;
    for (int trial = 0; trial < rounds(20); trial++) {
        product_case c = random_case(trial);
        c.trans_a = c.trans_b = false;
        const int row = random_int(0, c.p.m - 1), column = random_int(0, c.p.n - 1);
        c.a[row * c.p.k + random_int(0, c.p.k - 1)] = NAN;
        c.b[random_int(0, c.p.k - 1) * c.p.n + column] = NAN;
        float *y = result(&c, trial % 2, 1);
        for (int i = 0; i < c.p.m; i++)
            for (int j = 0; j < c.p.n; j++)
                assert_int_equal(isnan(y[(size_t)i * c.ldc + (size_t)j]), i == row || j == column);
        free(y);
        free_case(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(product_is_the_definition),
        cmocka_unit_test(same_bytes_for_any_number_of_threads_and_in_panels_or_not),
        cmocka_unit_test(same_bytes_of_a_row_among_any_number),
        cmocka_unit_test(nan_stays_in_its_row_and_column),
    };
    static const char *const sets[] = { "avx512", "avx2", "baseline" };
    int failures = 0;
    for (int i = 0; i < 3; i++) {
        failures += !dv_isa_limit(sets[i]);
        failures += cmocka_run_group_tests_name(sets[i], tests, NULL, NULL);
    }
    return failures;
}
