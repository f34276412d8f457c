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

/* Windows [x, x + n) of row oy, n <= LANES. */
TEMPLATE void pool_windows(const int stride, const bool partial, const dv_pool_shape *s,
                           const float *plane, int oy, int x, int n, float *y, int32_t *switches)
{
    const int width = s->in[1], column = x * stride - s->pad[1];
    int top = oy * s->stride[0] - s->pad[0], bottom = top + s->kernel[0];
    if (top < 0)
        top = 0;
    if (bottom > s->in[0])
        bottom = s->in[0];
    const vi lane = v_lane() * stride;
    vf best = v_set(-INFINITY);
    vi where = lane + v_set_int(top * width + column);
    for (int row = top; row < bottom; row++)
        for (int tx = 0; tx < s->kernel[1]; tx++) {
            const int at = row * width + column + tx;
            const vf v = pool_load(stride, partial, plane + at, width - column - tx);
            v_take_larger(v, lane + v_set_int(at), &best, &where);
        }
    if (partial) {
        v_store_range(y + x, best, 0, n);
        if (switches)
            v_store_int_range(switches + x, where, 0, n);
    } else {
        v_store(y + x, best);
        if (switches)
            v_store_int(switches + x, where);
    }
}

TEMPLATE void pool_row(const int stride, const dv_pool_shape *s, const float *plane, int oy, int lo,
                       int hi, float *y, int32_t *switches)
{
    /* A full vector of pairs reads one float more than its windows, hence the room for one. */
    const int beyond = s->in[1] + s->pad[1] - (s->kernel[1] - 1) - stride * LANES;
    const int room = beyond < 0 ? 0 : beyond / stride + 1;
    int x = lo;
    for (; x < room && x + LANES <= hi; x += LANES)
        pool_windows(stride, false, s, plane, oy, x, LANES, y, switches);
    for (; x < hi; x += LANES)
        pool_windows(stride, true, s, plane, oy, x, hi - x < LANES ? hi - x : LANES, y, switches);
}

static void maxpool_row(const dv_pool_shape *s, const float *plane, int oy, int lo, int hi,
                        float *y, int32_t *switches)
{
    if (s->stride[1] == 1)
        pool_row(1, s, plane, oy, lo, hi, y, switches);
    else
        pool_row(2, s, plane, oy, lo, hi, y, switches);
}

#endif
