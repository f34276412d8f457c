/* vector_rest.h - the pixels that are left behind the strips of a map, too few to fill a vector:
 * vectors of channels meet them one by one, from the weights of `strips` as they lie. */
#ifndef DV_KERNEL_VECTOR_REST_H
#define DV_KERNEL_VECTOR_REST_H

#include "kernel/vector_tile.h"

enum { REST_PANELS = WIDE_ROWS < 2 * LANES ? 2 * LANES / WIDE_ROWS : 1 };

/* One term's weights of vector j of the channels. */
TEMPLATE vf rest_weights(const int j, const float *const a[REST_PANELS])
{
    if (WIDE_ROWS == LANES / 2)
        return v_load_halves(a[2 * j % REST_PANELS], a[(2 * j + 1) % REST_PANELS],
                             v_mask_range(0, LANES / 2));
    return REST_PANELS > 1 ? v_load(a[j % REST_PANELS]) : v_load(a[0] + j * LANES);
}

/* c[row * ldc] of LANES rows, of which `left` are there. */
TEMPLATE vf rest_load(const float *c, size_t ldc, int left)
{
    vf v = { 0 };
    for (int i = 0; i < LANES && i < left; i++)
        v[i] = c[(size_t)i * ldc];
    return v;
}

TEMPLATE void rest_store(vf v, float *c, size_t ldc, int left)
{
    for (int i = 0; i < LANES && i < left; i++)
        c[(size_t)i * ldc] = v[i];
}

TEMPLATE void rest_pixels(const int n, const dv_strips *s, size_t panel)
{
    const tile_columns v = tile_columns_of(&(dv_tile){ .columns = s->rows, .ep = s->ep });
    const float *a[REST_PANELS], *p = s->packed;
    const float *met = s->ep->plus ? dv_tail_met(s->ep->tail, s->c) : NULL;
    vf sum[DV_REST_PIXELS][2];
    UNROLL
    for (int i = 0; i < REST_PANELS; i++) /* the first stands for those that are not there */
        a[i] = s->a + (i * WIDE_ROWS < s->rows ? (size_t)i * panel : 0);
    UNROLL
    for (int i = 0; i < n; i++)
        UNROLL
    for (int j = 0; j < 2; j++)
        sum[i][j] =
            s->add ? rest_load(s->c + i + (size_t)(j * LANES) * s->ldc, s->ldc, s->rows - j * LANES)
                   : (vf){ 0 };
    for (int t = 0; t < s->k; t++, p += DV_REST_PIXELS) {
        const vf w0 = rest_weights(0, a), w1 = rest_weights(1, a);
        UNROLL
        for (int i = 0; i < REST_PANELS; i++) {
            __builtin_prefetch(a[i] + AHEAD);
            a[i] += WIDE_ROWS;
        }
        UNROLL
        for (int i = 0; i < n; i++) {
            const vf x = v_set(p[i]);
            sum[i][0] = v_fma(x, w0, sum[i][0]);
            sum[i][1] = v_fma(x, w1, sum[i][1]);
        }
    }
    UNROLL
    for (int i = 0; i < n; i++)
        UNROLL
    for (int j = 0; j < 2; j++) {
        const size_t at = (size_t)i + (size_t)(j * LANES) * s->ldc;
        vf y = v_fma(sum[i][j], v.scale[j], v.shift[j]);
        if (met)
            y += rest_load(met + at, s->ldc, s->rows - j * LANES);
        y = v_at_most(v.hi, v_at_least(v.lo, y));
        rest_store(y, s->c + at, s->ldc, s->rows - j * LANES);
    }
}

static void rest(const dv_strips *s, size_t panel)
{
    switch (s->n) {
    case 1:
        rest_pixels(1, s, panel);
        break;
    case 2:
        rest_pixels(2, s, panel);
        break;
    case 3:
        rest_pixels(3, s, panel);
        break;
    default:
        rest_pixels(DV_REST_PIXELS, s, panel);
        break;
    }
}

#endif
