/* columns.h - a fully connected layer on inputs of which many are zero, as they are behind a ReLU:
 * only the columns of W that meet something else are read. W is arranged for that in a copy of its
 * own (see weights_cache.h), made by the first product, which pays when many images follow each
 * other one by one. The same bytes as dv_gemv. */
#ifndef DV_KERNEL_COLUMNS_H
#define DV_KERNEL_COLUMNS_H

#include "deconvviz/error.h"
#include "deconvviz/pool.h"
#include "kernel/epilogue.h"
#include "kernel/weights_cache.h"

#include <stddef.h>

typedef struct dv_columns dv_columns;

/* *made, which the caller frees with dv_columns_free, from W (n,k), which must outlive it; NULL
 * where it is too large. cache: must outlive it too; NULL: one of its own. Fails when memory runs
 * out. */
bool dv_columns_new(int n, int k, const float *w, dv_weights_cache *cache, dv_columns **made,
                    dv_error *err) DV_MUST_CHECK;
void dv_columns_free(dv_columns *c); /* NULL is fine */

/* Bytes of scratch for a product by so many workers. */
size_t dv_columns_scratch(const dv_columns *c, int workers);

/* y (n) = epilogue(W * x (k)). A weight that is not finite times zero is not zero: where there is
 * one, all of W is read. */
void dv_columns_product(const dv_columns *c, const float *x, const dv_epilogue *ep, float *y,
                        void *scratch, dv_pool *pool);

#endif
