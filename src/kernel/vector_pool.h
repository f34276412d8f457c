/* vector_pool.h - max-pooling, `lanes` windows at a time. */
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

TEMPLATE void pool_row_recorded(const int stride, const bool settle, const dv_pool_shape *s,
                                const float *plane, int oy, int lo, int hi, float *y,
                                int32_t *switches)
{
    if (settle)
        pool_row(stride, true, true, s, plane, oy, lo, hi, y, switches);
    else
        pool_row(stride, true, false, s, plane, oy, lo, hi, y, switches);
}

/* to (n) = the largest of `rows` numbers each, `pitch` apart from `from` on. */
TEMPLATE void pool_down(int n, int rows, const float *from, size_t pitch, float *to)
{
    for (int x = 0; x < n; x += LANES) {
        const int left = n - x < LANES ? n - x : LANES;
        const float *p = from + x;
        vf best = left == LANES ? v_load(p) : v_load_range(p, 0, left);
        for (int k = 1; k < rows; k++) {
            p += pitch;
            best = f_larger(best, left == LANES ? v_load(p) : v_load_range(p, 0, left));
        }
        v_store_range(to + x, best, 0, left);
    }
}

/* to (n): to[x] = the largest of from[x * stride …] of `columns`; what a vector more would need may
 * be read. */
TEMPLATE void pool_along(const int stride, int n, int columns, const float *from, float *to)
{
    for (int x = 0; x < n; x += LANES) {
        const float *p = from + x * stride;
        vf best = stride == 1 ? v_load(p) : v_even(v_load(p), v_load(p + LANES));
        for (int k = 1; k < columns; k++) {
            p++;
            best = f_larger(best, stride == 1 ? v_load(p) : v_even(v_load(p), v_load(p + LANES)));
        }
        if (n - x >= LANES)
            v_store(to + x, best);
        else
            v_store_range(to + x, best, 0, n - x);
    }
}

/* Some rows down, then the same along, so that what is read there has been written long before. */
static void maxpool_rows(const dv_pool_shape *s, const float *plane, int lo, int hi, float *y)
{
    const int pitch = dv_pool_pitch(s), columns = s->kernel[1], n = s->out[1];
    const size_t width = (size_t)s->in[1];
    int some = DV_POOL_ROOM / pitch;
    some = some < hi - lo ? some : hi - lo;
    float room[DV_POOL_ROOM];
    for (int i = 0; i < some * pitch; i++)
        room[i] = -INFINITY;
    for (int row = lo; row < hi; row += some) {
        const int rows = hi - row < some ? hi - row : some;
        for (int i = 0; i < rows; i++) {
            const int first = (row + i) * s->stride[0] - s->pad[0], top = first < 0 ? 0 : first;
            const int end = first + s->kernel[0], bottom = end < s->in[0] ? end : s->in[0];
            pool_down(s->in[1], bottom - top, plane + (size_t)top * width, width,
                      room + i * pitch + s->pad[1]);
        }
        for (int i = 0; i < rows; i++) {
            float *to = y + (size_t)(row + i) * (size_t)n;
            if (s->stride[1] == 1)
                pool_along(1, n, columns, room + i * pitch, to);
            else
                pool_along(2, n, columns, room + i * pitch, to);
        }
    }
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
    else
        pool_row(2, false, false, s, plane, oy, lo, hi, y, NULL);
}

#endif
