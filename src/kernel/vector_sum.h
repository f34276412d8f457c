/* vector_sum.h - sums of scaled kernels, lists of what is not zero: see conv_sparse.c. */
#ifndef DV_KERNEL_VECTOR_SUM_H
#define DV_KERNEL_VECTOR_SUM_H

enum { SUM_VECTORS = REGISTERS == 32 ? 24 : 12 };

/* sum (vectors) = the sum over i < n of value[i] * w[offset[i] + ...]. Few vectors would wait for
 * each other, so `unroll` terms at a time have sums of their own. */
TEMPLATE void sum_scaled(const int vectors, const int unroll, int n, const int32_t *offset,
                         const float *value, const float *w, float *to)
{
    vf sum[4][SUM_VECTORS];
    UNROLL
    for (int u = 0; u < unroll; u++)
        UNROLL_SUM
    for (int v = 0; v < vectors; v++)
        sum[u][v] = (vf){ 0 };
    int i = 0;
    for (; i + unroll <= n; i += unroll)
        UNROLL
    for (int u = 0; u < unroll; u++) {
        const float *row = w + offset[i + u];
        const vf r = v_set(value[i + u]);
        UNROLL_SUM
        for (int v = 0; v < vectors; v++)
            sum[u][v] = v_fma(r, v_load(row + v * LANES), sum[u][v]);
    }
    for (; i < n; i++)
        UNROLL_SUM
    for (int v = 0; v < vectors; v++)
        sum[0][v] = v_fma(v_set(value[i]), v_load(w + offset[i] + v * LANES), sum[0][v]);
    UNROLL_SUM
    for (int v = 0; v < vectors; v++) {
        UNROLL
        for (int u = 1; u < unroll; u++)
            sum[0][v] += sum[u][v];
        v_store(to + v * LANES, sum[0][v]);
    }
}

#define SUM_CASE(vectors)                                                                     \
    case vectors:                                                                             \
        sum_scaled(vectors, vectors < 3 ? 4 : vectors < 6 ? 2 : 1, n, offset, value, w, sum); \
        break

static void add_sum(int rows, int vectors, int n, const int32_t *offset, const float *value,
                    const float *w, float *y, size_t pitch)
{
    float sum[SUM_VECTORS * LANES];
    switch (rows * vectors) {
        SUM_CASE(1);
        SUM_CASE(2);
        SUM_CASE(3);
        SUM_CASE(4);
        SUM_CASE(5);
        SUM_CASE(6);
        SUM_CASE(7);
        SUM_CASE(8);
        SUM_CASE(9);
        SUM_CASE(10);
        SUM_CASE(11);
        SUM_CASE(12);
#if REGISTERS == 32
        SUM_CASE(13);
        SUM_CASE(14);
        SUM_CASE(15);
        SUM_CASE(16);
        SUM_CASE(17);
        SUM_CASE(18);
        SUM_CASE(19);
        SUM_CASE(20);
        SUM_CASE(21);
        SUM_CASE(22);
        SUM_CASE(23);
        SUM_CASE(24);
#endif
    default:
        return;
    }
    const float *from = sum;
    for (int r = 0; r < rows; r++, y += pitch)
        for (int v = 0; v < vectors; v++, from += LANES)
            v_store(y + v * LANES, v_load(y + v * LANES) + v_load(from));
}

static void list_nonzeros(int n, const float *from, int32_t offset, int room, int *count,
                          int32_t *offsets, float *values)
{
    for (int first = 0; first < n; first += LANES) {
        const int left = n - first;
        unsigned there = v_nonzero(v_load_range(from + first, 0, left < LANES ? left : LANES));
        for (; there; there &= there - 1) {
            const int i = first + __builtin_ctz(there);
            const size_t at = (size_t)i * (size_t)room + (size_t)count[i]++;
            offsets[at] = offset;
            values[at] = from[i];
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
