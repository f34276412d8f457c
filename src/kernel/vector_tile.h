/* vector_tile.h - the inner product of a matrix product: a tile of C from slivers of A and B. */
#ifndef DV_KERNEL_VECTOR_TILE_H
#define DV_KERNEL_VECTOR_TILE_H

enum { TILE_PITCH = (NARROW_PIXELS + LANES - 1) / LANES * LANES };

/* Two vectors of C's columns, and what is to be done to each row of them. */
typedef struct tile_columns {
    int left[2]; /* columns that there are */
    vf scale[2], shift[2], lo, hi;
} tile_columns;

TEMPLATE tile_columns tile_columns_of(const dv_tile *t)
{
    const dv_epilogue *ep = t->ep;
    tile_columns v = { .lo = v_set(ep->lo), .hi = v_set(ep->hi) };
    UNROLL
    for (int j = 0; j < 2; j++) {
        v.left[j] = t->columns - j * LANES < LANES ? t->columns - j * LANES : LANES;
        v.scale[j] = ep->scale ? v_load_range(ep->scale + j * LANES, 0, v.left[j]) : v_set(1);
        v.shift[j] = ep->shift ? v_load_range(ep->shift + j * LANES, 0, v.left[j]) : (vf){ 0 };
    }
    return v;
}

/* n rows of a tile that has all of its columns. */
TEMPLATE void tile_store(const int n, const dv_tile *t, vf sum[][2])
{
    const tile_columns v = tile_columns_of(t);
    UNROLL
    for (int i = 0; i < n; i++)
        UNROLL
    for (int j = 0; j < 2; j++) {
        float *to = t->c + (size_t)i * t->ldc + j * LANES;
        const vf y = t->add ? sum[i][j] + v_load(to) : sum[i][j];
        v_store(to, v_at_most(v.hi, v_at_least(v.lo, v_fma(y, v.scale[j], v.shift[j]))));
    }
}

/* The same where columns are missing, for any number of rows; sum (rows, 2 * LANES). */
static void tile_store_edge(const dv_tile *t, const float *sum)
{
    const tile_columns v = tile_columns_of(t);
    for (int i = 0; i < t->rows; i++)
        for (int j = 0; j < 2; j++, sum += LANES) {
            float *to = t->c + (size_t)i * t->ldc + j * LANES;
            vf y = v_load(sum);
            if (t->add)
                y += v_load_range(to, 0, v.left[j]);
            y = v_at_most(v.hi, v_at_least(v.lo, v_fma(y, v.scale[j], v.shift[j])));
            v_store_range(to, y, 0, v.left[j]);
        }
}

TEMPLATE void tile_rows(const int n, const dv_tile *t)
{
    vf sum[NARROW_PIXELS][2];
    const float *a = t->a, *b = t->b, *next = t->next;
    const int next_step = t->next_step;
    UNROLL
    for (int i = 0; i < n; i++)
        sum[i][0] = sum[i][1] = (vf){ 0 };
    for (int k = t->k; k > 0; k--, a += TILE_PITCH, b += 2 * LANES, next += next_step) {
        const vf w0 = v_load(b), w1 = v_load(b + LANES);
        __builtin_prefetch(next, 0, 2);
        __builtin_prefetch(next + LANES, 0, 2);
        UNROLL
        for (int i = 0; i < n; i++) {
            const vf x = v_set(a[i]);
            sum[i][0] = v_fma(x, w0, sum[i][0]);
            sum[i][1] = v_fma(x, w1, sum[i][1]);
        }
    }
    if (t->columns == 2 * LANES) {
        tile_store(n, t, sum);
        return;
    }
    float sums[NARROW_PIXELS * 2 * LANES];
    UNROLL
    for (int i = 0; i < n; i++) {
        v_store(sums + (ptrdiff_t)i * 2 * LANES, sum[i][0]);
        v_store(sums + (ptrdiff_t)i * 2 * LANES + LANES, sum[i][1]);
    }
    tile_store_edge(t, sums);
}

#define TILE_CASE(n)     \
    case n:              \
        tile_rows(n, t); \
        break

static void tile(const dv_tile *t)
{
    switch (t->rows) {
        TILE_CASE(1);
        TILE_CASE(2);
        TILE_CASE(3);
        TILE_CASE(4);
        TILE_CASE(5);
        TILE_CASE(6);
#if REGISTERS == 32
        TILE_CASE(7);
        TILE_CASE(8);
        TILE_CASE(9);
        TILE_CASE(10);
        TILE_CASE(11);
        TILE_CASE(12);
        TILE_CASE(13);
        TILE_CASE(14);
#endif
    default:
        break;
    }
}

#endif
