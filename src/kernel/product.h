/* product.h - products of matrices, C (m,n) = epilogue(A (m,k) B (k,n)), by the inner product of
 * isa.h.
 *
 * The terms of each sum are cut into blocks by k and the precision alone, so that the bytes are the
 * same for any number of threads and wherever B was arranged. Safe to call from many threads. */
#ifndef DV_KERNEL_PRODUCT_H
#define DV_KERNEL_PRODUCT_H

#include "deconvviz/pool.h"
#include "kernel/epilogue.h"
#include "kernel/precision.h"
#include "kernel/weights_cache.h"

#include <stdbool.h>
#include <stddef.h>

/* Element (i,j) is data[i * row + j * column]; one of the steps is 1. */
typedef struct dv_matrix {
    const float *data;
    size_t row, column;
} dv_matrix;

/* The matrix that lies in rows of `columns` numbers, or, transposed, in columns of `rows`. */
static inline dv_matrix dv_matrix_of(const float *data, int rows, int columns, bool transposed)
{
    return transposed ? (dv_matrix){ data, 1, (size_t)rows }
                      : (dv_matrix){ data, (size_t)columns, 1 };
}

/* B in the order in which it is read. */
typedef struct dv_panels dv_panels;

/* Of constant B (k,n), which must outlive it, and the cache, which must outlive it too; NULL: one
 * of its own. NULL with err set when memory runs out. The caller frees it with dv_panels_free. */
dv_panels *dv_panels_new(int k, int n, dv_matrix b, dv_weights_cache *cache, dv_pool *pool,
                         dv_error *err) DV_MUST_CHECK;
void dv_panels_free(dv_panels *p); /* NULL is fine */

typedef struct dv_product {
    int m, n, k;
    dv_precision precision;
    const dv_panels *panels; /* of B; NULL: it is arranged anew for each product */
} dv_product;

/* Bytes of scratch for a product by so many workers. */
size_t dv_product_scratch(const dv_product *p, int workers);

/* c (m,n), rows ldc apart, = epilogue(A B), or, `add`, epilogue(c + A B); the epilogue's channels
 * are the columns. b is not read where there are panels. scratch: aligned to 64. */
void dv_product_run(const dv_product *p, dv_matrix a, dv_matrix b, const dv_epilogue *ep, bool add,
                    float *c, size_t ldc, void *scratch, dv_pool *pool);

#endif
