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

/* -- windows down and then along: their largest, or their mean --------------------------------- */

TEMPLATE vf pool_join(const bool mean, vf a, vf b)
{
    return mean ? a + b : f_larger(a, b);
}

TEMPLATE vf pool_some(const float *p, int left)
{
    return left == LANES ? v_load(p) : v_load_range(p, 0, left);
}

TEMPLATE void pool_keep(float *p, vf v, int left)
{
    if (left == LANES)
        v_store(p, v);
    else
        v_store_range(p, v, 0, left);
}

/* to (n) = the largest or the sum of `rows` numbers each, `pitch` apart from `from` on. */
TEMPLATE void pool_down(const bool mean, int n, int rows, const float *from, size_t pitch,
                        float *to)
{
    for (int x = 0; x < n; x += LANES) {
        const int left = n - x < LANES ? n - x : LANES;
        const float *p = from + x;
        vf v = pool_some(p, left);
        for (int k = 1; k < rows; k++) {
            p += pitch;
            v = pool_join(mean, v, pool_some(p, left));
        }
        pool_keep(to + x, v, left);
    }
}

/* to (n): to[x] = the largest or the sum of from[x * stride …] of s->kernel[1]; that over rows *
 * columns[x]. What a vector more would need may be read. */
TEMPLATE void pool_along(const bool mean, const int stride, const dv_pool_shape *s,
                         const float *from, float rows, const float *columns, float *to)
{
    for (int x = 0; x < s->out[1]; x += LANES) {
        const int left = s->out[1] - x < LANES ? s->out[1] - x : LANES;
        const float *p = from + x * stride;
        vf v = stride == 1 ? v_load(p) : v_even(v_load(p), v_load(p + LANES));
        for (int k = 1; k < s->kernel[1]; k++) {
            p++;
            v = pool_join(mean, v, stride == 1 ? v_load(p) : v_even(v_load(p), v_load(p + LANES)));
        }
        pool_keep(to + x, mean ? v / (v_set(rows) * pool_some(columns + x, left)) : v, left);
    }
}

/* The numbers that row `row` of the windows reads, joined down, to `to` (the map's width). */
TEMPLATE void pool_row_down(const bool mean, const dv_pool_shape *s, const float *plane, int row,
                            float *to)
{
    const size_t width = (size_t)s->in[1];
    const int first = row * s->stride[0] - s->pad[0], end = first + s->kernel[0];
    const int top = first < 0 ? 0 : first, bottom = end < s->in[0] ? end : s->in[0];
    if (top < bottom)
        pool_down(mean, s->in[1], bottom - top, plane + (size_t)top * width, width, to);
    else
        memset(to, 0, width * sizeof *to); /* a mean of nothing but padding */
}

/* Some rows down, then the same along, so that what is read there has been written long before. */
TEMPLATE void pool_rows(const bool mean, const dv_pool_shape *s, const float *plane, int lo, int hi,
                        const float *rows, const float *columns, float *y)
{
    const int pitch = dv_pool_pitch(s);
    int some = DV_POOL_ROOM / pitch;
    some = some < hi - lo ? some : hi - lo;
    float room[DV_POOL_ROOM];
    for (int i = 0; i < some * pitch; i++)
        room[i] = mean ? 0 : -INFINITY;
    for (int row = lo; row < hi; row += some) {
        const int end = row + some < hi ? row + some : hi;
        for (int i = row; i < end; i++)
            pool_row_down(mean, s, plane, i, room + (i - row) * pitch + s->pad[1]);
        for (int i = row; i < end; i++) {
            const float *from = room + (i - row) * pitch, count = mean ? rows[i] : 1;
            float *to = y + (size_t)i * (size_t)s->out[1];
            if (s->stride[1] == 1)
                pool_along(mean, 1, s, from, count, columns, to);
            else
                pool_along(mean, 2, s, from, count, columns, to);
        }
    }
}

static void maxpool_rows(const dv_pool_shape *s, const float *plane, int lo, int hi, float *y)
{
    static const float unread = 1;
    pool_rows(false, s, plane, lo, hi, &unread, &unread, y);
}

static void meanpool_rows(const dv_pool_shape *s, const float *plane, int lo, int hi,
                          const float *rows, const float *columns, float *y)
{
    pool_rows(true, s, plane, lo, hi, rows, columns, y);
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
