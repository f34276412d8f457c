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
TEMPLATE void settle_ties(const dv_pool_shape *s, const float *plane, int oy, int x, int n,
                          float tie, vf best, vf second, int32_t *switches)
{
    const vf limit = v_at_least(best - v_set(tie), best * v_set(DV_POOL_TIE_PART));
    const vi near = second > limit;
    unsigned lanes = v_nonzero((vf)(near & (vi)v_set(1)));
    for (int i = 0; i < n && lanes >> i; i++)
        if (lanes >> i & 1)
            switches[x + i] = dv_pool_settle(s, plane, oy, x + i, tie, switches[x + i]);
}

/* Windows [x, x + n) of row oy, n <= LANES; switches are recorded or NULL. */
TEMPLATE void pool_windows(const int stride, const bool partial, const bool record,
                           const dv_pool_shape *s, const float *plane, int oy, int x, int n,
                           float tie, float *y, int32_t *switches)
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
            if (record)
                second = v_at_least(second, v_at_most(best, v));
            v_take_larger(v, lane + v_set_int(at), &best, &where);
        }
    if (partial) {
        v_store_range(y + x, best, 0, n);
        if (record)
            v_store_int_range(switches + x, where, 0, n);
    } else {
        v_store(y + x, best);
        if (record)
            v_store_int(switches + x, where);
    }
    if (record)
        settle_ties(s, plane, oy, x, n, tie, best, second, switches);
}

TEMPLATE void pool_row(const int stride, const bool record, const dv_pool_shape *s,
                       const float *plane, int oy, int lo, int hi, float tie, float *y,
                       int32_t *switches)
{
    /* A full vector of pairs reads one float more than its windows, hence the room for one. */
    const int beyond = s->in[1] + s->pad[1] - (s->kernel[1] - 1) - stride * LANES;
    const int room = beyond < 0 ? 0 : beyond / stride + 1;
    int x = lo;
    for (; x < room && x + LANES <= hi; x += LANES)
        pool_windows(stride, false, record, s, plane, oy, x, LANES, tie, y, switches);
    for (; x < hi; x += LANES)
        pool_windows(stride, true, record, s, plane, oy, x, hi - x < LANES ? hi - x : LANES, tie, y,
                     switches);
}

static void maxpool_row(const dv_pool_shape *s, const float *plane, int oy, int lo, int hi,
                        float tie, float *y, int32_t *switches)
{
    if (s->stride[1] == 1 && switches)
        pool_row(1, true, s, plane, oy, lo, hi, tie, y, switches);
    else if (s->stride[1] == 1)
        pool_row(1, false, s, plane, oy, lo, hi, tie, y, NULL);
    else if (switches)
        pool_row(2, true, s, plane, oy, lo, hi, tie, y, switches);
    else
        pool_row(2, false, s, plane, oy, lo, hi, tie, y, NULL);
}

/* The largest of n values, none of which is a NaN; -INFINITY for none. */
static float largest(size_t n, const float *x)
{
    vf most[4] = { v_set(-INFINITY), v_set(-INFINITY), v_set(-INFINITY), v_set(-INFINITY) };
    size_t i = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        for (int k = 0; k < 4; k++)
            most[k] = v_at_least(most[k], v_load(x + i + k * LANES));
    vf all = v_at_least(v_at_least(most[0], most[1]), v_at_least(most[2], most[3]));
    float result = -INFINITY;
    for (int k = 0; k < LANES; k++)
        result = all[k] > result ? all[k] : result;
    for (; i < n; i++)
        result = x[i] > result ? x[i] : result;
    return result;
}

#endif
