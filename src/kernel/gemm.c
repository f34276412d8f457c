#include "kernel/gemm.h"

#include "kernel/isa.h"

#include <cblas.h>
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

enum {
    GEMV_ROWS = 32,      /* rows of W in one task */
    MANY_ROWS = 48,      /* and in one with several vectors */
    GEMV_COLUMNS = 1024, /* columns of W in one task of the transposed product */
};

/* -- OpenBLAS ---------------------------------------------------------------------------------
 * It is opened when the first product needs it: its 36 MB are mapped and its threads started (they
 * spin for 25 ms each time) for nothing in a run that does without. */

typedef void sgemm(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, int m,
                   int n, int k, float alpha, const float *a, int lda, const float *b, int ldb,
                   float beta, float *c, int ldc);

/* Where there is no OpenBLAS: the definition. */
static void plain_sgemm(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb,
                        int m, int n, int k, float alpha, const float *a, int lda, const float *b,
                        int ldb, float beta, float *c, int ldc)
{
    (void)order;
    ptrdiff_t a_row = ta == CblasTrans ? 1 : lda, a_column = ta == CblasTrans ? lda : 1;
    ptrdiff_t b_row = tb == CblasTrans ? 1 : ldb, b_column = tb == CblasTrans ? ldb : 1;
    for (int i = 0; i < m; i++) {
        float *to = c + (ptrdiff_t)i * ldc;
        for (int j = 0; j < n; j++)
            to[j] = beta == 0 ? 0 : beta * to[j];
        for (int l = 0; l < k; l++) {
            float factor = alpha * a[i * a_row + l * a_column];
            for (int j = 0; j < n; j++)
                to[j] += factor * b[l * b_row + j * b_column];
        }
    }
}

static pthread_once_t blas_once = PTHREAD_ONCE_INIT;
static sgemm *blas_sgemm = plain_sgemm;

/* Threads are ours alone: one pool for the whole program. */
static void blas_setup(void)
{
    void *blas = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    void (*set_threads)(int) = NULL;
    sgemm *found = NULL;
    if (blas) { /* POSIX has it that a pointer from dlsym may be taken for a function's */
        *(void **)&set_threads = dlsym(blas, "openblas_set_num_threads");
        *(void **)&found = dlsym(blas, "cblas_sgemm");
    }
    if (set_threads)
        set_threads(1);
    if (found)
        blas_sgemm = found;
}

void dv_gemm(bool trans_a, bool trans_b, int m, int n, int k, float alpha, const float *a, int lda,
             const float *b, int ldb, float beta, float *c, int ldc)
{
    pthread_once(&blas_once, blas_setup);
    blas_sgemm(CblasRowMajor, trans_a ? CblasTrans : CblasNoTrans,
               trans_b ? CblasTrans : CblasNoTrans, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

typedef struct gemv_job {
    const dv_isa *isa;
    int n, k;
    const float *w, *x;
    const dv_epilogue *ep;
    float *y;
} gemv_job;

static void gemv_rows(void *ctx, int i, int worker)
{
    (void)worker;
    const gemv_job *job = ctx;
    int first = i * GEMV_ROWS;
    int last = job->n - first < GEMV_ROWS ? job->n : first + GEMV_ROWS;
    job->isa->dot_rows(last - first, job->k, job->w + (size_t)first * (size_t)job->k, job->x,
                       job->y + first);
    dv_epilogue_apply(job->ep, first, last - first, job->y + first, 1, 1);
}

void dv_gemv(int n, int k, const float *w, const float *x, const dv_epilogue *ep, float *y,
             dv_pool *pool)
{
    gemv_job job = { .isa = dv_isa_best(), .n = n, .k = k, .w = w, .x = x, .ep = ep, .y = y };
    dv_pool_run(pool, (n + GEMV_ROWS - 1) / GEMV_ROWS, gemv_rows, &job);
}

typedef struct gemv_many_job {
    const dv_isa *isa;
    int n, k, vectors;
    const float *w;
    const float *const *x;
    const dv_epilogue *ep;
    float *const *y;
} gemv_many_job;

static void gemv_many_rows(void *ctx, int i, int worker)
{
    (void)worker;
    const gemv_many_job *job = ctx;
    const int first = i * MANY_ROWS;
    const int rows = job->n - first < MANY_ROWS ? job->n - first : MANY_ROWS;
    float *y[DV_DOT_VECTORS];
    for (int v = 0; v < job->vectors; v++)
        y[v] = job->y[v] + first;
    job->isa->dot_rows_many(rows, job->k, job->w + (size_t)first * (size_t)job->k, job->vectors,
                            job->x, y);
    for (int v = 0; v < job->vectors; v++)
        dv_epilogue_apply(&job->ep[v], first, rows, y[v], 1, 1);
}

void dv_gemv_many(int n, int k, const float *w, int vectors, const float *const *x,
                  const dv_epilogue *ep, float *const *y, dv_pool *pool)
{
    for (int v = 0; v < vectors; v += DV_DOT_VECTORS) {
        gemv_many_job job = { .isa = dv_isa_best(), .n = n, .k = k, .w = w };
        job.vectors = vectors - v < DV_DOT_VECTORS ? vectors - v : DV_DOT_VECTORS;
        job.x = x + v;
        job.ep = ep + v;
        job.y = y + v;
        dv_pool_run(pool, (n + MANY_ROWS - 1) / MANY_ROWS, gemv_many_rows, &job);
    }
}

typedef struct gemv_transposed_job {
    const dv_isa *isa;
    int n, k;
    const float *w, *r;
    float *y;
} gemv_transposed_job;

static void gemv_transposed_columns(void *ctx, int i, int worker)
{
    (void)worker;
    enum { TERMS = 256 };
    const gemv_transposed_job *job = ctx;
    const int first = i * GEMV_COLUMNS;
    const int columns = job->k - first < GEMV_COLUMNS ? job->k - first : GEMV_COLUMNS;
    const int fit = INT32_MAX / job->k, rows = fit < TERMS ? fit : TERMS;
    dv_term terms[TERMS + DV_ROWS_AHEAD];
    for (int row = 0; row < job->n; row += rows) {
        int n = 0;
        for (int j = 0; j < rows && row + j < job->n; j++)
            if (job->r[row + j] != 0)
                terms[n++] = (dv_term){ j * job->k, job->r[row + j] };
        memset(terms + n, 0, DV_ROWS_AHEAD * sizeof *terms);
        job->isa->add_rows(columns, n, terms, job->w + (size_t)row * (size_t)job->k + first,
                           job->y + first);
    }
}

void dv_gemv_transposed(int n, int k, const float *w, const float *r, float *y, dv_pool *pool)
{
    gemv_transposed_job job = { .isa = dv_isa_best(), .n = n, .k = k, .w = w, .r = r, .y = y };
    dv_pool_run(pool, (k + GEMV_COLUMNS - 1) / GEMV_COLUMNS, gemv_transposed_columns, &job);
}
