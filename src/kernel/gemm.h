/* gemm.h - dense matrix products: OpenBLAS where it is good, own loops for single vectors. */
#ifndef DV_KERNEL_GEMM_H
#define DV_KERNEL_GEMM_H

#include "deconvviz/pool.h"
#include "kernel/epilogue.h"

#include <stdbool.h>
#include <stddef.h>

/* C (m,n) = alpha * op(A) (m,k) * op(B) (k,n) + beta * C, row-major with leading dimensions. */
void dv_gemm(bool trans_a, bool trans_b, int m, int n, int k, float alpha, const float *a, int lda,
             const float *b, int ldb, float beta, float *c, int ldc);

/* y (n) = epilogue(W (n,k) * x (k)): a fully connected layer on one image, rows shared among the
 * workers; bound by reading W once. W may lie at any address. */
void dv_gemv(int n, int k, const float *w, const float *x, const dv_epilogue *ep, float *y,
             dv_pool *pool);

/* The same for several vectors: y[i] (n) = ep[i] of W (n,k) * x[i] (k), to the bytes of one by one.
 * W, at any address, is read once for every DV_DOT_VECTORS of them. */
void dv_gemv_many(int n, int k, const float *w, int vectors, const float *const *x,
                  const dv_epilogue *ep, float *const *y, dv_pool *pool);

/* y (k) += sum over rows i in [0, n) of r[i] * W[i]; rows with r[i] == 0 are not read. */
void dv_gemv_transposed(int n, int k, const float *w, const float *r, float *y, dv_pool *pool);

#endif
