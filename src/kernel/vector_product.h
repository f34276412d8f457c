/* vector_product.h - the two inner products that every fast convolution here is made of.
 *
 * Both read the input through a table of offsets, one for each term of the sum, so that a 1x1
 * convolution, a direct one and one frequency of Winograd's are the same loop. `wide` holds
 * vectors of pixels and broadcasts weights: for many pixels; `strips` is the same of pixels that
 * are packed. `narrow` holds vectors of output channels and broadcasts pixels: for an exact, small
 * number of them. */
#ifndef DV_KERNEL_VECTOR_PRODUCT_H
#define DV_KERNEL_VECTOR_PRODUCT_H

#include "kernel/tail.h"

enum {
    WIDE_ROWS = REGISTERS == 32 ? 8 : 4,
    WIDE_VECTORS = 3,
    NARROW_PIXELS = REGISTERS == 32 ? 14 : 6,
    AHEAD = 512, /* floats of weights that `wide` fetches ahead */
};

/* Where the pixels of a strip come from. */
typedef enum strip_source {
    STRIP_LOOSE,  /* from the input */
    STRIP_FILLED, /* from the input, and copied to `packed` */
    STRIP_PACKED  /* from there */
} strip_source;

/* The lines of what is added to `rows` rows of `vectors` vectors of outputs. */
TEMPLATE void fetch_met(const int vectors, int rows, const float *met, size_t pitch)
{
    for (int i = 0; i < rows; i++, met += pitch)
        for (int j = 0; j <= vectors; j++)
            __builtin_prefetch(met + (ptrdiff_t)j * LANES);
}

/* n is in the last of `vectors` vectors of pixels when `partial`. `next` is fetched meanwhile, a
 * line with each term, but while strips are filled. */
TEMPLATE void wide_strip(const int vectors, const bool partial, const strip_source source, int n,
                         int rows, int k, const float *a, const float *b, const int32_t *offset,
                         float *packed, const float *next, size_t next_step, bool add,
                         const dv_epilogue *ep, float *c, size_t ldc)
{
    vf sum[WIDE_ROWS][WIDE_VECTORS];
    const float *met = ep->plus ? dv_tail_met(ep->tail, c) : NULL;
    if (met)
        fetch_met(vectors, rows, met, ldc);
    UNROLL
    for (int i = 0; i < WIDE_ROWS; i++)
        UNROLL
    for (int j = 0; j < vectors; j++)
        sum[i][j] = (vf){ 0 };
    if (source != STRIP_LOOSE && add)
        UNROLL
    for (int i = 0; i < WIDE_ROWS; i++) {
        if (i >= rows)
            break;
        UNROLL
        for (int j = 0; j < vectors; j++)
            sum[i][j] = partial && j == vectors - 1
                            ? v_load_range(c + (size_t)i * ldc + j * LANES, 0, n)
                            : v_load(c + (size_t)i * ldc + j * LANES);
    }
    for (int t = 0; t < k; t++, a += WIDE_ROWS) {
        const float *p = source == STRIP_PACKED ? packed : b + offset[t];
        vf x[WIDE_VECTORS];
        UNROLL
        for (int j = 0; j < vectors; j++)
            x[j] = source != STRIP_PACKED && partial && j == vectors - 1
                       ? v_load_range(p + j * LANES, 0, n)
                       : v_load(p + j * LANES);
        if (source == STRIP_LOOSE)
            UNROLL
        for (int j = 0; j < vectors; j++)
            __builtin_prefetch(p + (WIDE_VECTORS + j) * LANES);
        if (source == STRIP_FILLED)
            UNROLL
        for (int j = 0; j < vectors; j++)
            v_store(packed + j * LANES, x[j]);
        __builtin_prefetch(a + AHEAD);
        if (source != STRIP_FILLED)
            __builtin_prefetch(next, 0, 2);
        if (source != STRIP_LOOSE)
            packed += WIDE_VECTORS * LANES;
        next += next_step;
        UNROLL
        for (int i = 0; i < WIDE_ROWS; i++) {
            const vf w = v_set(a[i]);
            UNROLL
            for (int j = 0; j < vectors; j++)
                sum[i][j] = v_fma(w, x[j], sum[i][j]);
        }
    }
    const vf lo = v_set(ep->lo), hi = v_set(ep->hi);
    UNROLL
    for (int i = 0; i < WIDE_ROWS; i++) {
        if (i >= rows)
            break;
        const vf scale = v_set(ep->scale ? ep->scale[i] : 1);
        const vf shift = v_set(ep->shift ? ep->shift[i] : 0);
        UNROLL
        for (int j = 0; j < vectors; j++) {
            const bool part = partial && j == vectors - 1;
            const size_t at = (size_t)i * ldc + (size_t)j * LANES;
            vf y = v_fma(sum[i][j], scale, shift);
            if (met)
                y += part ? v_load_range(met + at, 0, n) : v_load(met + at);
            y = v_at_most(hi, v_at_least(lo, y));
            if (source == STRIP_LOOSE)
                __builtin_prefetch(c + at + WIDE_VECTORS * LANES, 1, 3);
            if (part)
                v_store_range(c + at, y, 0, n);
            else
                v_store(c + at, y);
        }
    }
}

/* All of the terms in one block. Each of the first strips fetches one row of what the tail adds to
 * the outputs, a share with each term. */
static void wide_block(int rows, int n, int k, const float *a, const float *b,
                       const int32_t *offset, const dv_epilogue *ep, float *c, size_t ldc)
{
    const float *met = ep->tail && !ep->plus ? dv_tail_met(ep->tail, c) : NULL;
    const size_t share = met ? (size_t)((n + k - 1) / k) : 0;
    for (int i = 0; n >= WIDE_VECTORS * LANES; n -= WIDE_VECTORS * LANES, i++) {
        const bool fetch = met && i < rows;
        wide_strip(WIDE_VECTORS, false, STRIP_LOOSE, 0, rows, k, a, b, offset, NULL,
                   fetch ? met + (size_t)i * ldc : a, fetch ? share : 0, false, ep, c, ldc);
        b += WIDE_VECTORS * LANES;
        c += WIDE_VECTORS * LANES;
    }
    if (n > 2 * LANES)
        wide_strip(3, true, STRIP_LOOSE, n - 2 * LANES, rows, k, a, b, offset, NULL, a, 0, false,
                   ep, c, ldc);
    else if (n > LANES)
        wide_strip(2, true, STRIP_LOOSE, n - LANES, rows, k, a, b, offset, NULL, a, 0, false, ep, c,
                   ldc);
    else if (n > 0)
        wide_strip(1, true, STRIP_LOOSE, n, rows, k, a, b, offset, NULL, a, 0, false, ep, c, ldc);
}

static void wide(int rows, int n, int k, int block, const float *a, const float *b,
                 const int32_t *offset, const dv_epilogue *ep, float *c, size_t ldc)
{
    enum { WIDTH = WIDE_VECTORS * LANES };
    if (k <= block) {
        wide_block(rows, n, k, a, b, offset, ep, c, ldc);
        return;
    }
    for (int at = 0; at < n; at += WIDTH) {
        float sum[WIDE_ROWS * WIDTH], more[WIDE_ROWS * WIDTH];
        const int pixels = n - at < WIDTH ? n - at : WIDTH;
        for (int t = 0; t < k; t += block) {
            wide_block(rows, pixels, k - t < block ? k - t : block, a + (ptrdiff_t)t * WIDE_ROWS,
                       b + at, offset + t, &dv_no_epilogue, t > 0 ? more : sum, WIDTH);
            for (int i = 0; t > 0 && i < rows * WIDTH; i++)
                sum[i] += more[i];
        }
        for (int i = 0; i < rows; i++)
            finish(pixels, sum + (ptrdiff_t)i * WIDTH, ep->scale ? ep->scale[i] : 1,
                   ep->shift ? ep->shift[i] : 0, ep->lo, ep->hi, c + (size_t)i * ldc + at);
    }
}

/* Strip `i` of s, of which n pixels are there. */
TEMPLATE void strip(const int vectors, const bool partial, const strip_source source,
                    const dv_strips *s, int i, int n)
{
    const ptrdiff_t at = (ptrdiff_t)i * WIDE_VECTORS * LANES;
    wide_strip(vectors, partial, source, n - (vectors - 1) * LANES, s->rows, s->k, s->a, s->b + at,
               s->offset, s->packed + at * s->k, s->next + at, s->next_step, s->add, s->ep,
               s->c + at, s->ldc);
}

TEMPLATE void strips_from(const strip_source source, const dv_strips *s)
{
    enum { WIDTH = WIDE_VECTORS * LANES };
    for (int i = 0, n = s->n; n > 0; i++, n -= WIDTH)
        if (n >= WIDTH)
            strip(3, false, source, s, i, WIDTH);
        else if (n > 2 * LANES)
            strip(3, true, source, s, i, n);
        else if (n > LANES)
            strip(2, true, source, s, i, n);
        else
            strip(1, true, source, s, i, n);
}

static void strips(const dv_strips *s)
{
    if (s->offset)
        strips_from(STRIP_FILLED, s);
    else
        strips_from(STRIP_PACKED, s);
}

TEMPLATE void narrow_group(const int vectors, const int n, int k, bool add, const float *a,
                           const float *b, const int32_t *offset, const float *next, int next_step,
                           float *c, size_t ldc, size_t half)
{
    vf sum[NARROW_PIXELS][2];
    UNROLL
    for (int i = 0; i < n; i++)
        UNROLL
    for (int j = 0; j < vectors; j++)
        sum[i][j] = (vf){ 0 };
    for (int t = 0; t < k; t++, a += vectors * LANES, next += next_step) {
        const float *p = b + offset[t];
        vf w[2];
        UNROLL
        for (int j = 0; j < vectors; j++)
            w[j] = v_load(a + j * LANES);
        __builtin_prefetch(next, 0, 2);
        if (next_step > LANES)
            __builtin_prefetch(next + LANES, 0, 2);
        UNROLL
        for (int i = 0; i < n; i++) {
            const vf x = v_set(p[i]);
            UNROLL
            for (int j = 0; j < vectors; j++)
                sum[i][j] = v_fma(x, w[j], sum[i][j]);
        }
    }
    if (add)
        UNROLL
    for (int i = 0; i < n; i++)
        UNROLL
    for (int j = 0; j < vectors; j++)
        sum[i][j] += v_load(c + (size_t)i * ldc + j * half);
    UNROLL
    for (int i = 0; i < n; i++)
        UNROLL
    for (int j = 0; j < vectors; j++)
        v_store(c + (size_t)i * ldc + j * half, sum[i][j]);
}

#define NARROW_CASE(n)                                                               \
    case n:                                                                          \
        if (panel == LANES)                                                          \
            narrow_group(1, n, k, add, a, b, offset, next, next_step, c, ldc, half); \
        else                                                                         \
            narrow_group(2, n, k, add, a, b, offset, next, next_step, c, ldc, half); \
        break

static void narrow(int panel, int n, int k, bool add, const float *a, const float *b,
                   const int32_t *offset, const float *next, int next_step, float *c, size_t ldc,
                   size_t half)
{
    switch (n) {
        NARROW_CASE(1);
        NARROW_CASE(2);
        NARROW_CASE(3);
        NARROW_CASE(4);
        NARROW_CASE(5);
        NARROW_CASE(6);
#if REGISTERS == 32
        NARROW_CASE(7);
        NARROW_CASE(8);
        NARROW_CASE(9);
        NARROW_CASE(10);
        NARROW_CASE(11);
        NARROW_CASE(12);
        NARROW_CASE(13);
        NARROW_CASE(14);
#endif
    default:
        break;
    }
}

#endif
