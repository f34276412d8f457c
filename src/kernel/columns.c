#include "kernel/columns.h"

#include "kernel/gemm.h"
#include "kernel/isa.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE = 1024,      /* outputs in a task: rows of 4 KB, so that gaps cost the memory nothing; */
    SMALL_PIECE = 512, /* and if there are few */
    MAX_CLASSES = 32,  /* sums of a dot product */
};

/* A dot product keeps 2 * lanes sums, and input i goes to number i % (2 * lanes); behind the last
 * whole round, to number i % lanes. So that the bytes are the same, these classes of inputs are
 * summed by themselves here too. */
struct dv_columns {
    const dv_isa *isa;
    int n, k;
    int pitch; /* floats of a row, n rounded up */
    int piece; /* outputs in a task */
    dv_weights_cache *own;
    const float *w;    /* (n, k) */
    dv_packed *packed; /* (k, pitch) W transposed, then a number for each block; the cache's */
};

/* Four lines of a row of outputs, to fill whole lines of W and of its transpose. */
enum { BLOCK = 64 };

static int blocks_of(const dv_columns *c)
{
    return c->pitch / BLOCK;
}

static size_t data_floats(const dv_columns *c)
{
    return (size_t)c->k * (size_t)c->pitch;
}

/* A block of outputs, all inputs. Behind W stands a 1 for each block that is finite, else a 0. */
static void arrange_block(const void *ctx, int i, void *data)
{
    const dv_columns *c = ctx;
    const int lanes = c->isa->lanes, first = i * BLOCK;
    const int rows = c->n - first < BLOCK ? c->n - first : BLOCK;
    const int whole = c->k / lanes * lanes;
    const float *w = c->w + (size_t)first * (size_t)c->k;
    float *to = (float *)data + first;
    for (int k = 0; k < whole; k += lanes)
        c->isa->transpose(rows, lanes, w + k, (size_t)c->k, to + (size_t)k * (size_t)c->pitch,
                          (size_t)c->pitch);
    uint32_t special = 0;
    for (int o = 0; o < rows; o++, w += c->k) {
        for (int k = whole; k < c->k; k++)
            to[(size_t)k * (size_t)c->pitch + o] = w[k];
        for (int k = 0; k < c->k; k++) {
            uint32_t bits;
            memcpy(&bits, w + k, sizeof bits);
            special |= (bits & 0x7f800000) == 0x7f800000;
        }
    }
    ((float *)data)[data_floats(c) + (size_t)i] = !special;
}

static bool reserve(dv_columns *c, dv_weights_cache *cache, dv_error *err)
{
    static const char maker; /* its address stands for arrange_block */
    if (!cache && !(cache = c->own = dv_weights_cache_new(err)))
        return false;
    const dv_packed_key key = { c->w, &maker, { c->isa->lanes, c->n, c->k } };
    const size_t bytes = (data_floats(c) + (size_t)blocks_of(c)) * sizeof(float);
    c->packed = dv_weights_cache_get(cache, &key, bytes, err);
    return c->packed != NULL;
}

/* W transposed; NULL where a weight is not finite. */
static const float *arranged(const dv_columns *c, dv_pool *pool)
{
    const float *data =
        dv_packed_data(c->packed, &(dv_packing){ blocks_of(c), arrange_block, c }, pool);
    for (int i = 0; i < blocks_of(c); i++)
        if (data[data_floats(c) + (size_t)i] == 0)
            return NULL;
    return data;
}

bool dv_columns_new(int n, int k, const float *w, dv_weights_cache *cache, dv_columns **made,
                    dv_error *err)
{
    *made = NULL;
    const int pitch = (n + BLOCK - 1) / BLOCK * BLOCK;
    if ((int64_t)pitch * k > INT32_MAX) /* a term's offset */
        return true;
    dv_columns *c = calloc(1, sizeof *c);
    if (!c)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d x %d weights", n, k);
    *c = (dv_columns){ .isa = dv_isa_best(), .n = n, .k = k, .pitch = pitch, .w = w };
    c->piece = n < 2 * PIECE ? SMALL_PIECE : PIECE;
    if (!reserve(c, cache, err)) {
        dv_columns_free(c);
        return false;
    }
    *made = c;
    return true;
}

void dv_columns_free(dv_columns *c)
{
    if (c)
        dv_weights_cache_free(c->own);
    free(c);
}

typedef struct product_job {
    const dv_columns *c;
    const float *data;
    const dv_epilogue *ep;
    float *y;
    int32_t ends[MAX_CLASSES + 1]; /* terms before each class */
    const dv_term *terms;
    float *sums; /* (worker, class, piece) */
} product_job;

static size_t sums_of_worker(const dv_columns *c)
{
    return 2 * (size_t)c->isa->lanes * (size_t)c->piece;
}

static void product_piece(void *ctx, int i, int worker)
{
    const product_job *job = ctx;
    const dv_columns *c = job->c;
    const int first = i * c->piece, n = c->n - first < c->piece ? c->n - first : c->piece;
    float *sums = job->sums + (size_t)worker * sums_of_worker(c);
    for (int q = 0; q < 2 * c->isa->lanes; q++) {
        float *to = sums + (ptrdiff_t)q * c->piece;
        memset(to, 0, (size_t)n * sizeof *to);
        c->isa->add_rows(n, job->ends[q + 1] - job->ends[q], job->terms + job->ends[q],
                         job->data + first, to);
    }
    for (int width = c->isa->lanes; width > 0; width /= 2) /* as dot_rows adds up its lanes */
        for (int q = 0; q < width; q++)
            for (int o = 0; o < n; o++)
                sums[q * c->piece + o] += sums[(q + width) * c->piece + o];
    memcpy(job->y + first, sums, (size_t)n * sizeof *sums);
    dv_epilogue_apply(job->ep, first, n, job->y + first, 1, 1);
}

/* Appends inputs i, i + step … before `end` that are not zero. */
static int list_inputs(const dv_columns *c, const float *x, int i, int step, int end, int n,
                       dv_term *to)
{
    for (; i < end; i += step) {
        to[n] = (dv_term){ i * c->pitch, x[i] };
        n += x[i] != 0;
    }
    return n;
}

static size_t terms_size(const dv_columns *c)
{
    return ((size_t)c->k + DV_ROWS_AHEAD) * sizeof(dv_term) / 64 * 64 + 64;
}

size_t dv_columns_scratch(const dv_columns *c, int workers)
{
    return terms_size(c) + (size_t)workers * sums_of_worker(c) * sizeof(float);
}

void dv_columns_product(const dv_columns *c, const float *x, const dv_epilogue *ep, float *y,
                        void *scratch, dv_pool *pool)
{
    const int lanes = c->isa->lanes, whole = c->k - c->k % (2 * lanes);
    dv_term *terms = scratch;
    product_job job = { .c = c, .data = arranged(c, pool), .ep = ep, .y = y, .terms = terms };
    if (!job.data) {
        dv_gemv(c->n, c->k, c->w, x, ep, y, pool);
        return;
    }
    job.sums = (float *)(void *)((char *)scratch + terms_size(c));
    int n = 0;
    for (int q = 0; q < 2 * lanes; q++) {
        job.ends[q] = n;
        n = list_inputs(c, x, q, 2 * lanes, whole, n, terms);
        if (q < lanes)
            n = list_inputs(c, x, whole + q, lanes, c->k, n, terms);
    }
    job.ends[2 * lanes] = n;
    memset(terms + n, 0, DV_ROWS_AHEAD * sizeof *terms);
    dv_pool_run(pool, (c->n + c->piece - 1) / c->piece, product_piece, &job);
}
