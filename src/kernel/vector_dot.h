/* vector_dot.h - rows of a matrix times one vector, or several. */
#ifndef DV_KERNEL_VECTOR_DOT_H
#define DV_KERNEL_VECTOR_DOT_H

/* Long rows several at a time: the vector is read once for all of them, and they are streams that
 * the memory feeds side by side. Short ones one by one, as they lie in memory. Into the L2 cache 2
 * KB ahead, 4 of a lone stream: into the L1 cache, few lines can be under way at a time, and the
 * hardware alone stops at every page. */
enum {
    DOT_ROWS = REGISTERS == 32 ? 8 : 4,
    DOT_AHEAD = 512,
    DOT_SHORT = 1536, /* terms */
    DOT_AHEAD_ALONE = 1024,
};

TEMPLATE void dot_some(const int rows, int k, const float *w, const float *x, float *y)
{
    vf sum[DOT_ROWS][2];
    const int ahead = rows > 1 ? DOT_AHEAD : DOT_AHEAD_ALONE;
    UNROLL
    for (int r = 0; r < rows; r++)
        sum[r][0] = sum[r][1] = (vf){ 0 };
    int i = 0;
    for (; i + 2 * LANES <= k; i += 2 * LANES)
        UNROLL
    for (int r = 0; r < rows; r++) {
        const float *p = w + (size_t)r * (size_t)k + i;
        __builtin_prefetch(p + ahead, 0, 2);
        __builtin_prefetch(p + ahead + LANES, 0, 2);
        sum[r][0] = v_fma(v_load_anywhere(p), v_load(x + i), sum[r][0]);
        sum[r][1] = v_fma(v_load_anywhere(p + LANES), v_load(x + i + LANES), sum[r][1]);
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
        y[r] = v_sum(sum[r][0] + sum[r][1]);
}

static void dot_rows(int rows, int k, const float *w, const float *x, float *y)
{
    int r = 0;
    for (; k > DOT_SHORT && r + DOT_ROWS <= rows; r += DOT_ROWS)
        dot_some(DOT_ROWS, k, w + (size_t)r * (size_t)k, x, y + r);
    for (; r < rows; r++)
        dot_some(1, k, w + (size_t)r * (size_t)k, x, y + r);
}

/* -- several vectors --------------------------------------------------------------------------
 * In groups, so many rows and vectors at a time as their sums fit in registers, first those of the
 * even vectors of terms, then the others. Terms come in parts that stay in the L1 cache for all of
 * that, while what comes next is fetched: each row comes from memory once. */

enum {
    MANY_ROWS = REGISTERS == 32 ? 6 : 3,
    MANY_VECTORS = 4,
    MANY_GROUPS = DV_DOT_VECTORS / MANY_VECTORS,
    MANY_FETCHED = 3, /* rows of what comes next, for each group: by two all, where there are two */
    MANY_TERMS = 512,
};

typedef struct many_sums {
    vf sum[MANY_ROWS][MANY_VECTORS];
} many_sums;

/* Every other vector of `terms` terms, from x on in the vectors; some rows of what lies from `next`
 * on are fetched meanwhile. */
TEMPLATE void many_part(const int rows, const int vectors, int terms, size_t pitch, const float *w,
                        const float *const *x, ptrdiff_t from, const float *next, many_sums *sums)
{
    vf sum[MANY_ROWS][MANY_VECTORS];
    UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
    for (int v = 0; v < vectors; v++)
        sum[r][v] = sums->sum[r][v];
    for (int i = 0; i < terms; i += 2 * LANES) {
        vf b[MANY_VECTORS];
        UNROLL
        for (int r = 0; r < (rows < MANY_FETCHED ? rows : MANY_FETCHED); r++)
            __builtin_prefetch(next + (size_t)r * pitch + i, 0, 2);
        UNROLL
        for (int v = 0; v < vectors; v++)
            b[v] = v_load(x[v] + from + i);
        UNROLL
        for (int r = 0; r < rows; r++) {
            const vf a = v_load_anywhere(w + (size_t)r * pitch + i);
            UNROLL
            for (int v = 0; v < vectors; v++)
                sum[r][v] = v_fma(a, b[v], sum[r][v]);
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
    for (int v = 0; v < vectors; v++)
        sums->sum[r][v] = sum[r][v];
}

/* What is left from term `from` on, and the results. */
static void many_end(int rows, int vectors, int k, const float *w, const float *const *x, int from,
                     many_sums *sums, float *const *y)
{
    for (int i = from; i < k; i += LANES) {
        const int left = k - i < LANES ? k - i : LANES;
        for (int v = 0; v < vectors; v++) {
            const vf b = v_load_range(x[v] + i, 0, left);
            for (int r = 0; r < rows; r++)
                sums->sum[r][v] =
                    v_fma(v_load_range(w + (size_t)r * (size_t)k + i, 0, left), b, sums->sum[r][v]);
        }
    }
    for (int v = 0; v < vectors; v++)
        for (int r = 0; r < rows; r++)
            y[v][r] = v_sum(sums[0].sum[r][v] + sums[1].sum[r][v]);
}

TEMPLATE void many_some(const int rows, int k, const float *w, int n, const float *const *x,
                        float *const *y)
{
    const int whole = k - k % (2 * LANES), groups = (n + MANY_VECTORS - 1) / MANY_VECTORS;
    const size_t pitch = (size_t)k;
    many_sums sums[MANY_GROUPS][2] = { 0 }; /* (group, even or odd) */
    for (int from = 0; from < whole; from += MANY_TERMS) {
        const int terms = whole - from < MANY_TERMS ? whole - from : MANY_TERMS;
        const float *part = w + from;
        const float *next = from + terms < whole ? part + terms : w + (size_t)rows * pitch;
        for (int i = 0; i < 2 * groups; i++) {
            const int group = i / 2, odd = i % 2 * LANES;
            const int first = n * group / groups, vectors = n * (group + 1) / groups - first;
            const int fetched = group * MANY_FETCHED < rows ? group * MANY_FETCHED : 0;
            const float *ahead = next + odd + (size_t)fetched * pitch;
            const float *const *of = x + first;
            many_sums *to = &sums[group][i % 2];
            if (vectors == 1)
                many_part(rows, 1, terms, pitch, part + odd, of, from + odd, ahead, to);
            else if (vectors == 2)
                many_part(rows, 2, terms, pitch, part + odd, of, from + odd, ahead, to);
            else if (vectors == 3)
                many_part(rows, 3, terms, pitch, part + odd, of, from + odd, ahead, to);
            else if (vectors == 4)
                many_part(rows, 4, terms, pitch, part + odd, of, from + odd, ahead, to);
        }
    }
    for (int group = 0; group < groups; group++) {
        const int first = n * group / groups, end = n * (group + 1) / groups;
        many_end(rows, end - first, k, w, x + first, whole, sums[group], y + first);
    }
}

static void dot_rows_many(int rows, int k, const float *w, int n, const float *const *x,
                          float *const *y)
{
    float *at[DV_DOT_VECTORS];
    memcpy(at, y, (size_t)n * sizeof *at);
    for (int r = 0, taken; r < rows; r += taken, w += (size_t)taken * (size_t)k) {
        taken = r + MANY_ROWS <= rows ? MANY_ROWS : 1;
        if (taken == MANY_ROWS)
            many_some(MANY_ROWS, k, w, n, x, at);
        else
            many_some(1, k, w, n, x, at);
        for (int v = 0; v < n; v++)
            at[v] += taken;
    }
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
