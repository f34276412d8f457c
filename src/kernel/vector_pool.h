/* vector_pool.h - a row of max-pooling, `lanes` windows at a time. */
#ifndef DV_KERNEL_VECTOR_POOL_H
#define DV_KERNEL_VECTOR_POOL_H

/* p[lane * stride], of which `left` floats may be read; the lanes behind them are zero. */
TEMPLATE vf pool_load(const int stride, const bool partial, const float *p, int left)
{
    if (stride == 1)
        return partial ? v_load_range(p, 0, left < LANES ? left : LANES) : v_load(p);
    if (!partial)
        return v_even(v_load(p), v_load(p + LANES));
    const int more = left - LANES;
    return v_even(v_load_range(p, 0, left < LANES ? left : LANES),
                  v_load_range(p + LANES, 0, more < LANES ? more : LANES));
}

/* For each of the n windows from x on whose second value is near its largest one. */
TEMPLATE void settle_ties(const dv_pool_shape *s, const float *plane, int oy, int x, int n, vf best,
                          vf second, int32_t *switches)
{
    const vf size = v_at_least(best, -best);
    const vi near = second > best - size * v_set(DV_POOL_TIE_MANY);
    unsigned lanes = v_nonzero((vf)(near & (vi)v_set(1)));
    for (int i = 0; i < n && lanes >> i; i++)
        if (lanes >> i & 1)
            switches[x + i] = dv_pool_settle(s, plane, oy, x + i, switches[x + i]);
}

/* Windows [x, x + n) of row oy, n <= LANES; switches are recorded or NULL. */
TEMPLATE void pool_windows(const int stride, const bool partial, const bool record,
                           const bool settle, const dv_pool_shape *s, const float *plane, int oy,
                           int x, int n, float *y, int32_t *switches)
{
    const int width = s->in[1], column = x * stride - s->pad[1];
    int top = oy * s->stride[0] - s->pad[0], bottom = top + s->kernel[0];
    if (top < 0)
        top = 0;
    if (bottom > s->in[0])
        bottom = s->in[0];
    const vi lane = v_lane() * stride;
    vf best = v_set(-INFINITY), second = best;
    vi where = lane + v_set_int(top * width + column);
    for (int row = top; row < bottom; row++)
        for (int tx = 0; tx < s->kernel[1]; tx++) {
            const int at = row * width + column + tx;
            const vf v = pool_load(stride, partial, plane + at, width - column - tx);
            if (settle)
                second = v_at_least(second, v_at_most(best, v));
            v_take_larger(v, lane + v_set_int(at), &best, &where);
        }
    if (partial)
        v_store_range(y + x, best, 0, n);
    else
        v_store(y + x, best);
    if (record && partial)
        v_store_int_range(&switches[x], where, 0, n);
    else if (record)
        v_store_int(&switches[x], where);
    if (settle)
        settle_ties(s, plane, oy, x, n, best, second, switches);
}

TEMPLATE void pool_row(const int stride, const bool record, const bool settle,
                       const dv_pool_shape *s, const float *plane, int oy, int lo, int hi, float *y,
                       int32_t *switches)
{
    /* A full vector of pairs reads one float more than its windows, hence the room for one. */
    const int beyond = s->in[1] + s->pad[1] - (s->kernel[1] - 1) - stride * LANES;
    const int room = beyond < 0 ? 0 : beyond / stride + 1;
    int x = lo;
    for (; x < room && x + LANES <= hi; x += LANES)
        pool_windows(stride, false, record, settle, s, plane, oy, x, LANES, y, switches);
    for (; x < hi; x += LANES)
        pool_windows(stride, true, record, settle, s, plane, oy, x, hi - x < LANES ? hi - x : LANES,
                     y, switches);
}

/* `lanes` windows of 2 or 3 columns, two columns apart, by columns first: p is the first pixel of
 * the first, `left` the pixels from there on when `partial`. The sum of all pixels is added to
 * *all, to be a NaN if one of them is; then the maxima are not to be trusted. Of zeros of both
 * signs it is not the first that counts. */
TEMPLATE vf pool_columns(const int columns, const bool partial, const float *p, int left,
                         size_t width, int rows, vf *all)
{
    const int left_a = left < LANES ? left : LANES, left_b = left - left_a;
    vf a = v_set(-INFINITY), b = a, sum = { 0 };
    float c = -INFINITY, sum_c = 0;
    for (int row = 0; row < rows; row++, p += width) {
        const vf in_a = partial ? v_load_range(p, 0, left_a) : v_load(p);
        const vf in_b = partial ? v_load_range(p + LANES, 0, left_b) : v_load(p + LANES);
        a = v_at_least(in_a, a);
        b = v_at_least(in_b, b);
        sum += in_a + in_b;
        if (columns == 3 && !partial) {
            c = p[2 * LANES] > c ? p[2 * LANES] : c;
            sum_c += p[2 * LANES];
        }
    }
    *all += sum + v_set(sum_c);
    const vf even = v_even(a, b), pairs = v_at_least(v_odd(a, b), even);
    return columns == 3 ? v_at_least(v_next(even, v_set(c)), pairs) : pairs;
}

/* Windows [lo, hi), where there are more than `lanes` the last ones twice. False: a pixel may be a
 * NaN. */
TEMPLATE bool pool_row_of_pairs(const int columns, const dv_pool_shape *s, const float *plane,
                                int oy, int lo, int hi, float *y)
{
    const size_t width = (size_t)s->in[1];
    const int first = oy * s->stride[0] - s->pad[0], top = first < 0 ? 0 : first;
    const int end = first + s->kernel[0] < s->in[0] ? first + s->kernel[0] : s->in[0];
    const float *row = plane + (size_t)top * width - s->pad[1];
    vf all = { 0 };
    if (hi - lo < LANES) {
        const int left = s->in[1] + s->pad[1] - 2 * lo;
        v_store_range(
            y + lo,
            pool_columns(columns, true, row + 2 * (ptrdiff_t)lo, left, width, end - top, &all), 0,
            hi - lo);
    }
    for (int x = lo; hi - lo >= LANES && x < hi; x += LANES) {
        const int at = x + LANES <= hi ? x : hi - LANES;
        v_store(y + at,
                pool_columns(columns, false, row + 2 * (ptrdiff_t)at, 0, width, end - top, &all));
    }
    const float sum = sum_lanes(all);
    return sum == sum;
}

TEMPLATE void pool_row_recorded(const int stride, const bool settle, const dv_pool_shape *s,
                                const float *plane, int oy, int lo, int hi, float *y,
                                int32_t *switches)
{
    if (settle)
        pool_row(stride, true, true, s, plane, oy, lo, hi, y, switches);
    else
        pool_row(stride, true, false, s, plane, oy, lo, hi, y, switches);
}

static void maxpool_row(const dv_pool_shape *s, const float *plane, int oy, int lo, int hi,
                        bool settle, float *y, int32_t *switches)
{
    if (s->stride[1] == 1 && switches)
        pool_row_recorded(1, settle, s, plane, oy, lo, hi, y, switches);
    else if (s->stride[1] == 1)
        pool_row(1, false, false, s, plane, oy, lo, hi, y, NULL);
    else if (switches)
        pool_row_recorded(2, settle, s, plane, oy, lo, hi, y, switches);
    else if (s->kernel[1] == 2 && hi - lo >= LANES && pool_row_of_pairs(2, s, plane, oy, lo, hi, y))
        return;
    else if (s->kernel[1] == 3 && pool_row_of_pairs(3, s, plane, oy, lo, hi, y))
        return;
    else
        pool_row(2, false, false, s, plane, oy, lo, hi, y, NULL);
}

#endif
