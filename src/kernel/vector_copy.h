/* vector_copy.h - moving floats about. */
#ifndef DV_KERNEL_VECTOR_COPY_H
#define DV_KERNEL_VECTOR_COPY_H

static void transpose(int rows, int columns, const float *from, size_t from_pitch, float *to,
                      size_t to_pitch)
{
    for (int x = 0; x < columns; x += LANES)
        for (int y = 0; y < rows; y += LANES) {
            vf r[LANES];
            UNROLL
            for (int i = 0; i < LANES; i++)
                r[i] = y + i < rows ? v_load(from + (size_t)(y + i) * from_pitch + x) : (vf){ 0 };
            v_transpose(r);
            UNROLL
            for (int i = 0; i < LANES; i++)
                v_store(to + (size_t)(x + i) * to_pitch + y, r[i]);
        }
}

/* Floats of a row that memcpy copies faster. */
enum { LONG_ROW = 256 };

static void copy_rows(int rows, int n, const float *from, ptrdiff_t pitch, float *to,
                      ptrdiff_t to_pitch)
{
    for (int y = 0; y < rows; y++, from += pitch, to += to_pitch) {
        int i = 0;
        if (n >= LONG_ROW) {
            memcpy(to, from, (size_t)n * sizeof *to);
            continue;
        }
        for (; i + LANES <= n; i += LANES)
            v_store(to + i, v_load(from + i));
        if (i < n)
            v_store_range(to + i, v_load_range(from + i, 0, n - i), 0, n - i);
    }
}

/* Up to `lanes` rows and columns. */
TEMPLATE void transpose_block(const bool whole, int rows, int columns, const float *from,
                              ptrdiff_t pitch, float *to, ptrdiff_t to_pitch)
{
    vf r[LANES];
    UNROLL
    for (int i = 0; i < LANES; i++)
        r[i] = whole      ? v_load(from + i * pitch)
               : i < rows ? v_load_range(from + i * pitch, 0, columns)
                          : (vf){ 0 };
    v_transpose(r);
    UNROLL
    for (int i = 0; i < LANES; i++)
        if (whole)
            v_store(to + i * to_pitch, r[i]);
        else if (i < columns)
            v_store_range(to + i * to_pitch, r[i], 0, rows);
}

static void copy_transposed(int rows, int columns, const float *from, ptrdiff_t pitch, float *to,
                            ptrdiff_t to_pitch)
{
    for (int x = 0; x < columns; x += LANES)
        for (int y = 0; y < rows; y += LANES) {
            const int w = columns - x < LANES ? columns - x : LANES;
            const int h = rows - y < LANES ? rows - y : LANES;
            const float *p = from + y * pitch + x;
            float *q = to + x * to_pitch + y;
            if (w == LANES && h == LANES)
                transpose_block(true, h, w, p, pitch, q, to_pitch);
            else
                transpose_block(false, h, w, p, pitch, q, to_pitch);
        }
}

static void finish(int n, const float *from, float scale, float shift, float lo, float hi,
                   float *to)
{
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
        const vf v = v_load(from + i) * v_set(scale) + v_set(shift);
        v_store(to + i, v_at_most(v_set(hi), v_at_least(v_set(lo), v)));
    }
    if (i == n)
        return;
    const vf v = v_load_range(from + i, 0, n - i) * v_set(scale) + v_set(shift);
    v_store_range(to + i, v_at_most(v_set(hi), v_at_least(v_set(lo), v)), 0, n - i);
}

static void stride_copy(int n, const float *from, int stride, float *to)
{
    int i = 0;
    if (stride == 1) {
        memcpy(to, from, (size_t)n * sizeof *to);
        return;
    }
    if (stride == 2) {
        for (; i + LANES < n; i += LANES)
            v_store(to + i, v_even(v_load(from + 2 * i), v_load(from + 2 * i + LANES)));
        const int left = 2 * (n - i) - 1; /* the last element may have no neighbour */
        const vf a = v_load_range(from + 2 * i, 0, left < LANES ? left : LANES);
        v_store_range(to + i, v_even(a, v_load_range(from + 2 * i + LANES, 0, left - LANES)), 0,
                      n - i);
        return;
    }
    if (stride == 4)
        for (; i + LANES < n; i += LANES) {
            const float *p = from + 4 * i;
            vf a = v_even(v_load(p), v_load(p + LANES));
            vf b = v_even(v_load(p + 2 * LANES), v_load(p + 3 * LANES));
            v_store(to + i, v_even(a, b));
        }
    for (; i < n; i++)
        to[i] = from[(size_t)i * (size_t)stride];
}

/* Of a row shorter than a vector, with stride 2 or 1. */
TEMPLATE vf load_row(const float *p, int stride, v_mask low, v_mask high)
{
    const vf a = v_load_masked(p, low);
    return stride == 1 ? a : v_even(a, v_load_masked(p + LANES, high));
}

TEMPLATE void copy_stride_rows(const int stride, int rows, int n, int lo, int hi, const float *from,
                               ptrdiff_t pitch, float *to)
{
    const int first = stride * lo, last = stride * (hi - 1) + 1;
    const v_mask low = v_mask_range(first < LANES ? first : LANES, last < LANES ? last : LANES);
    const v_mask high =
        v_mask_range(first > LANES ? first - LANES : 0, last > LANES ? last - LANES : 0);
    for (; rows * n >= LANES; rows--, from += pitch, to += n) /* the next row comes over it */
        v_store(to, load_row(from, stride, low, high));
    for (; rows > 0; rows--, from += pitch, to += n)
        v_store_range(to, load_row(from, stride, low, high), 0, n);
}

static void stride_rows(int rows, int n, int lo, int hi, const float *from, ptrdiff_t pitch,
                        int stride, float *to)
{
    if (hi <= lo)
        memset(to, 0, (size_t)rows * (size_t)n * sizeof *to);
    else if (stride == 1)
        copy_stride_rows(1, rows, n, lo, hi, from, pitch, to);
    else if (stride == 2)
        copy_stride_rows(2, rows, n, lo, hi, from, pitch, to);
    else
        for (; rows > 0; rows--, from += pitch, to += n)
            for (int i = 0; i < n; i++)
                to[i] = i >= lo && i < hi ? from[i * stride] : 0;
}

#endif
