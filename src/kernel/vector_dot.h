/* vector_dot.h - rows of a matrix times one vector. */
#ifndef DV_KERNEL_VECTOR_DOT_H
#define DV_KERNEL_VECTOR_DOT_H

/* Rows at a time: streams that the memory feeds side by side. Into the L2 cache 2 KB ahead: into
 * the L1 cache, few lines can be under way at a time, and the hardware alone stops at every page.
 */
enum { DOT_ROWS = REGISTERS == 32 ? 8 : 4, DOT_AHEAD = 512 };

static float sum_lanes(vf v)
{
    float part[LANES];
    v_store(part, v);
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++)
            part[i] += part[i + width];
    return part[0];
}

TEMPLATE void dot_some(const int rows, int k, const float *w, const float *x, float *y)
{
    vf sum[DOT_ROWS][2];
    UNROLL
    for (int r = 0; r < rows; r++)
        sum[r][0] = sum[r][1] = (vf){ 0 };
    int i = 0;
    for (; i + 2 * LANES <= k; i += 2 * LANES)
        UNROLL
    for (int r = 0; r < rows; r++) {
        const float *p = w + (size_t)r * (size_t)k + i;
        __builtin_prefetch(p + DOT_AHEAD, 0, 2);
        __builtin_prefetch(p + DOT_AHEAD + LANES, 0, 2);
        sum[r][0] = v_fma(v_load(p), v_load(x + i), sum[r][0]);
        sum[r][1] = v_fma(v_load(p + LANES), v_load(x + i + LANES), sum[r][1]);
    }
    for (; i < k; i += LANES) {
        const int left = k - i < LANES ? k - i : LANES;
        const vf v = v_load_range(x + i, 0, left);
        UNROLL
        for (int r = 0; r < rows; r++)
            sum[r][0] = v_fma(v_load_range(w + (size_t)r * (size_t)k + i, 0, left), v, sum[r][0]);
    }
    UNROLL
    for (int r = 0; r < rows; r++)
        y[r] = sum_lanes(sum[r][0] + sum[r][1]);
}

static void dot_rows(int rows, int k, const float *w, const float *x, float *y)
{
    int r = 0;
    for (; r + DOT_ROWS <= rows; r += DOT_ROWS)
        dot_some(DOT_ROWS, k, w + (size_t)r * (size_t)k, x, y + r);
    for (; r < rows; r++)
        dot_some(1, k, w + (size_t)r * (size_t)k, x, y + r);
}

TEMPLATE void add_some(const int rows, int n, const dv_term *t, const float *w, float *y)
{
    const float *row[4], *next[4];
    vf a[4];
    UNROLL
    for (int r = 0; r < rows; r++) {
        row[r] = w + t[r].offset;
        next[r] = w + t[r + rows].offset;
        a[r] = v_set(t[r].value);
    }
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
        vf sum = v_load(y + i);
        UNROLL
        for (int r = 0; r < rows; r++) {
            __builtin_prefetch(next[r] + i, 0, 2);
            sum = v_fma(a[r], v_load(row[r] + i), sum);
        }
        v_store(y + i, sum);
    }
    if (i == n)
        return;
    vf sum = v_load_range(y + i, 0, n - i);
    UNROLL
    for (int r = 0; r < rows; r++)
        sum = v_fma(a[r], v_load_range(row[r] + i, 0, n - i), sum);
    v_store_range(y + i, sum, 0, n - i);
}

static void add_rows(int n, int terms, const dv_term *t, const float *w, float *y)
{
    int i = 0;
    for (; i + 4 <= terms; i += 4)
        add_some(4, n, t + i, w, y);
    for (; i < terms; i++)
        add_some(1, n, t + i, w, y);
}

#endif
