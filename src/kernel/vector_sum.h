/* vector_sum.h - sums of scaled kernels, lists of what is not zero: see conv_sparse.c. */
#ifndef DV_KERNEL_VECTOR_SUM_H
#define DV_KERNEL_VECTOR_SUM_H

enum { SUM_VECTORS = REGISTERS == 32 ? 24 : 12 };

/* Of one pixel: y (rows, vectors), rows `pitch` apart, += the sum of n scaled kernels. Few vectors
 * would wait for each other, so `unroll` terms at a time have sums of their own. */
TEMPLATE void sum_scaled(const int rows, const int vectors, const int unroll, int n,
                         const dv_term *t, const float *w, size_t w_pitch, float *y, size_t y_pitch)
{
    vf sum[4][DV_SUM_ROWS][DV_SUM_WIDTH];
    UNROLL
    for (int u = 0; u < unroll; u++)
        UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
    for (int v = 0; v < vectors; v++)
        sum[u][r][v] = (vf){ 0 };
    int i = 0;
    for (; i + unroll <= n; i += unroll)
        UNROLL
    for (int u = 0; u < unroll; u++) {
        const float *kernel = w + t[i + u].offset;
        const vf a = v_set(t[i + u].value);
        UNROLL
        for (int r = 0; r < rows; r++)
            UNROLL
        for (int v = 0; v < vectors; v++)
            sum[u][r][v] = v_fma(a, v_load(kernel + r * w_pitch + v * LANES), sum[u][r][v]);
    }
    for (; i < n; i++)
        UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
    for (int v = 0; v < vectors; v++)
        sum[0][r][v] = v_fma(v_set(t[i].value), v_load(w + t[i].offset + r * w_pitch + v * LANES),
                             sum[0][r][v]);
    UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
    for (int v = 0; v < vectors; v++) {
        UNROLL
        for (int u = 1; u < unroll; u++)
            sum[0][r][v] += sum[u][r][v];
        float *to = y + r * y_pitch + v * LANES;
        v_store(to, v_load(to) + sum[0][r][v]);
    }
}

TEMPLATE void sum_pixels(const int rows, const int vectors, const dv_sums *s)
{
    const int all = rows * vectors, unroll = all < 3 ? 4 : all < 6 ? 2 : 1;
    for (int x = 0; x < s->n; x++) {
        const size_t at = (size_t)x * (size_t)s->room + (size_t)s->from[x];
        if (s->from[x] < s->to[x])
            sum_scaled(rows, vectors, unroll, s->to[x] - s->from[x], s->terms + at, s->w,
                       (size_t)vectors * LANES, s->y + (size_t)x * s->step, s->pitch);
    }
}

#define SUM_CASE(rows, vectors)       \
    case rows * 100 + vectors:        \
        sum_pixels(rows, vectors, s); \
        break;

/* As many rows at a time as registers allow. */
#define SUM_CASES_1(vectors) SUM_CASE(1, vectors)
#define SUM_CASES_2(vectors) SUM_CASE(2, vectors) SUM_CASES_1(vectors)
#define SUM_CASES_3(vectors) SUM_CASE(3, vectors) SUM_CASES_2(vectors)

static void add_sums(int rows, int vectors, const dv_sums *s)
{
    switch (rows * 100 + vectors) {
        SUM_CASES_3(1)
        SUM_CASES_3(2)
        SUM_CASES_3(3)
        SUM_CASES_3(4)
        SUM_CASES_2(5)
        SUM_CASES_2(6)
        SUM_CASES_1(7)
        SUM_CASES_1(8)
        SUM_CASES_1(9)
        SUM_CASES_1(10)
        SUM_CASES_1(11)
        SUM_CASES_1(12)
#if REGISTERS == 32
        SUM_CASE(3, 5)
        SUM_CASE(3, 6)
        SUM_CASE(3, 7)
        SUM_CASE(3, 8)
        SUM_CASE(2, 7)
        SUM_CASE(2, 8)
        SUM_CASE(2, 9)
        SUM_CASE(2, 10)
        SUM_CASE(2, 11)
        SUM_CASE(2, 12)
#endif
    default:
        break;
    }
}

static void list_nonzeros(int n, int channels, const float *from, size_t plane, int32_t first,
                          int32_t step, int room, int *count, dv_term *terms)
{
    vi tag = { 0 };
    for (int i = 0; i < LANES; i++)
        tag[i] = first + i * step;
    for (int c = 0; c < channels; c += LANES, tag += LANES * step)
        for (int x = 0; x < n; x += LANES) {
            const int left = n - x < LANES ? n - x : LANES;
            vf r[LANES];
            UNROLL
            for (int i = 0; i < LANES; i++)
                r[i] = c + i < channels ? v_load_range(from + (c + i) * plane + x, 0, left)
                                        : (vf){ 0 };
            v_transpose(r);
            for (int i = 0; i < left; i++) {
                dv_term *to = terms + (size_t)(x + i) * (size_t)room + count[x + i];
                count[x + i] += v_list_nonzeros(r[i], tag, (float *)(void *)to);
            }
        }
}

static void add_transposed(int n, int channels, const float *from, size_t from_pitch, float *to,
                           size_t plane)
{
    int c = 0;
    for (; c + LANES <= channels; c += LANES)
        for (int x = 0; x < n; x += LANES) {
            const int left = n - x < LANES ? n - x : LANES;
            vf r[LANES];
            UNROLL
            for (int i = 0; i < LANES; i++)
                r[i] = i < left ? v_load(from + (size_t)(x + i) * from_pitch + c) : (vf){ 0 };
            v_transpose(r);
            UNROLL
            for (int i = 0; i < LANES; i++) {
                float *at = to + (size_t)(c + i) * plane + x;
                v_store_range(at, v_load_range(at, 0, left) + r[i], 0, left);
            }
        }
    for (; c < channels; c++)
        for (int x = 0; x < n; x++)
            to[(size_t)c * plane + x] += from[(size_t)x * from_pitch + c];
}

#endif
