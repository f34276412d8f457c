/* vector_depthwise.h - planes under kernels, summed: the convolution of one channel, or of few.
 * Which tiles cover the outputs, and in which order. */
#ifndef DV_KERNEL_VECTOR_DEPTHWISE_H
#define DV_KERNEL_VECTOR_DEPTHWISE_H

#include "kernel/vector_taps.h"

enum {
    TAPS_WIDE = 64, /* numbers in a row, more of which come slowly */
    TAPS_LINE = 4,  /* vectors of a tile of one row */
};

/* One row of one channel under any kernel; y0 is the row that the first tap sees. */
static void taps_line(const dv_filter *k, int group, int o, const dv_plane *x, int every, int y0,
                      const taps_tile *t, const dv_epilogue *ep)
{
    const int stride = k->stride[1], taps = k->kernel[0] * k->kernel[1];
    taps_group g = taps_first(k, o, t);
    taps_next(k, t, group, &g);
    vf sum[TAPS_LINE] = { { 0 } };
    for (int i = 0; i < k->planes * taps; i++) {
        const int ty = i % taps / k->kernel[1], tx = i % k->kernel[1];
        const int row = y0 + ty * k->dilation[0], first = t->column + tx * k->dilation[1];
        if (row < 0 || row >= x->rows || row % every)
            continue;
        const float *p = g.x + (size_t)(i / taps) * x->next + (size_t)row * x->pitch + first;
        const vf w = v_set(g.weight[i]);
        UNROLL
        for (int j = 0; j < TAPS_LINE; j++) {
            const int at = j * LANES * stride;
            sum[j] = v_fma(w, taps_gather(stride, p + at, first + at, x->columns), sum[j]);
        }
    }
    const taps_ending ending = taps_end(ep, g.channel, 0);
    UNROLL
    for (int j = 0; j < TAPS_LINE; j++) {
        const int left = t->n - j * LANES;
        taps_store(1, &ending, t->add, v_mask_range(0, left), left >= LANES, &sum[j],
                   g.y + (ptrdiff_t)j * LANES);
    }
}

static void taps_lines(const dv_filter *k, int group, int o, const dv_plane *x, int every, int y0,
                       int x0, const dv_epilogue *ep, const dv_target *y)
{
    enum { WIDTH = TAPS_LINE * LANES };
    for (int r = 0; r < y->rows; r++)
        for (int c = 0; c < y->columns; c += WIDTH) {
            const taps_tile t = { .x = x->data,
                                  .next = x->next,
                                  .column = x0 + c * k->stride[1],
                                  .y = y->data + (size_t)o * y->plane + (size_t)r * y->pitch + c,
                                  .plane = y->plane,
                                  .n = y->columns - c,
                                  .add = y->add };
            taps_line(k, group, o, x, every, y0 + r * k->stride[0], &t, ep);
        }
}

/* Rows of the next tile of so many outputs, of `left` that there are. */
TEMPLATE int taps_tile_rows(int outputs, int left)
{
    if (outputs > TAPS_MORE)
        return TAPS_LEAST;
    if (outputs > 1 && outputs >= TAPS_MORE)
        return TAPS_FEWER;
    return left <= TAPS_FEWER || (left <= 16 && left % TAPS_FEWER == 0) ? TAPS_FEWER : TAPS_ROWS;
}

/* A bit for each of n rows from `row` on, `step` apart, that is read. */
static unsigned taps_there(const dv_plane *x, int every, int row, int step, int n)
{
    unsigned there = 0;
    if (every == 1 && step == 1) {
        const int lo = row < 0 ? -row : 0, hi = x->rows - row < n ? x->rows - row : n;
        return lo < hi ? (~0U << lo) & (~0U >> (32 - hi)) : 0;
    }
    for (int i = 0; i < n; i++, row += step)
        there |= (unsigned)(row >= 0 && row < x->rows && row % every == 0) << i;
    return there;
}

LARGE_TEMPLATE void taps_tile_at(const int height, const int down, const int stride,
                                 const int outputs, const int rows, const int vectors,
                                 const bool strided, const dv_filter *k, int o, const taps_tile *t,
                                 const dv_epilogue *ep)
{
#if LANES == 16 /* where masks cost nothing */
    const unsigned seen = ~0U >> (32 - ((rows - 1) * down + height));
    const bool twin =
        vectors == 1 && !t->add && (outputs > 1 ? t->narrow : k->groups > 1 && t->n <= LANES / 2);
    const bool whole = t->rows >= rows && (t->there & seen) == seen;
    if (twin)
        taps_rows(height, down, stride, outputs, rows, 1, true, true, false, strided, k, o, t, ep);
    else if (whole)
        taps_rows(height, down, stride, outputs, rows, vectors, true, false, true, strided, k, o, t,
                  ep);
    else
        taps_rows(height, down, stride, outputs, rows, vectors, true, false, false, strided, k, o,
                  t, ep);
#else
    const int beyond = (k->kernel[1] - 1) * k->dilation[1] + vectors * LANES * stride;
    if (t->column < 0 || t->column + beyond > t->columns)
        taps_rows(height, down, stride, outputs, rows, vectors, true, false, false, false, k, o, t,
                  ep);
    else
        taps_rows(height, down, stride, outputs, rows, vectors, false, false, false, false, k, o, t,
                  ep);
    (void)strided;
#endif
}

/* While columns [at, at + n) of the outputs of a band are computed, fetches as large a part of the
 * rows below, which are read and written next. What tiles touch is no stream that the machine
 * foresees; this is. */
static void taps_fetch(const taps_tile *band, int height, int rows, int stride, int at, int n)
{
    enum { LINE = 64 };
    const char *x = (const char *)(band->x + band->step * (size_t)(height + (rows - 1) * stride));
    const char *y = (const char *)(band->y + band->pitch * (size_t)rows);
    const size_t x_bytes = band->step * (size_t)(rows * stride) * sizeof(float);
    const size_t y_bytes = band->pitch * (size_t)rows * sizeof(float);
    const size_t lo = (size_t)at, hi = (size_t)(at + n), all = (size_t)band->n;
    for (size_t i = x_bytes * lo / all; i < x_bytes * hi / all; i += LINE)
        __builtin_prefetch(x + i, 0, 3);
    for (size_t i = y_bytes * lo / all; i < y_bytes * hi / all; i += LINE)
        __builtin_prefetch(y + i, 1, 3);
}

/* The tiles of some rows, t being the first. */
LARGE_TEMPLATE void taps_band(const int height, const int down, const int stride, const int outputs,
                              const int rows, const bool strided, const dv_filter *k, int o,
                              taps_tile t, const dv_epilogue *ep)
{
    enum { WIDTH = TAPS_VECTORS * LANES };
    const bool fetch = t.n * stride > TAPS_WIDE && k->planes == 1 && !t.add;
    const taps_tile band = t;
    const int most = k->groups > 1 ? LANES + LANES / 2 : LANES; /* that other tiles take as well */
    for (; outputs == 1 && TAPS_VECTORS > 1 && t.n > most;
         t.n -= WIDTH, t.column += WIDTH * stride, t.y += WIDTH) {
        if (fetch)
            taps_fetch(&band, height, rows, stride, band.n - t.n, WIDTH);
        taps_tile_at(height, down, stride, outputs, rows, TAPS_VECTORS, strided, k, o, &t, ep);
    }
    for (; t.n > 0; t.n -= LANES, t.column += LANES * stride, t.y += LANES) {
        if (fetch)
            taps_fetch(&band, height, rows, stride, band.n - t.n, LANES);
        taps_tile_at(height, down, stride, outputs, rows, 1, strided, k, o, &t, ep);
    }
}

/* Output rows that are `apart` see rows of the input that are `down` dilations apart; so those are
 * taken together. */
LARGE_TEMPLATE void taps_plane(const int height, const int down, const int stride,
                               const int outputs, const bool strided, const dv_filter *k, int o,
                               const dv_plane *x, int every, int y0, int x0, const dv_epilogue *ep,
                               const dv_target *y)
{
    const int dilation = strided ? 1 : k->dilation[0], apart = dilation;
    for (int r = 0; r < apart; r++)
        for (int row = r, rows; row < y->rows; row += rows * apart) {
            const int below = y->rows - row, top = y0 + row * k->stride[0];
            const int left = apart == 1 ? below : (below + apart - 1) / apart;
            rows = taps_tile_rows(outputs, left);
            const taps_tile t = { .x = x->data + (ptrdiff_t)top * (ptrdiff_t)x->pitch,
                                  .next = x->next,
                                  .step = (size_t)dilation * x->pitch,
                                  .there = taps_there(x, every, top, dilation,
                                                      (rows - 1) * down + height),
                                  .column = x0,
                                  .columns = x->columns,
                                  .y = y->data + (size_t)o * y->plane + (size_t)row * y->pitch,
                                  .plane = y->plane,
                                  .pitch = (size_t)apart * y->pitch,
                                  .rows = left,
                                  .n = y->columns,
                                  .add = y->add,
                                  .narrow = y->columns <= LANES / 2 };
            if (outputs > TAPS_MORE)
                taps_band(height, down, stride, outputs, TAPS_LEAST, false, k, o, t, ep);
            else if (rows == TAPS_FEWER)
                taps_band(height, down, stride, outputs, TAPS_FEWER, strided, k, o, t, ep);
            else
                taps_band(height, down, stride, outputs, TAPS_ROWS, strided, k, o, t, ep);
        }
}

/* Kernels with so many rows, this stride along both axes, and so many outputs at a time. */
#define TAPS_CASE(height, stride, outputs, strided)                                          \
    case height * 100 + stride * 10 + outputs + (strided ? 1000 : 0):                        \
        taps_plane(height, stride, stride, outputs, strided, k, o, x, every, y0, x0, ep, y); \
        break;

/* Twins are the rule for narrow rows, where several outputs are taken. */
static int taps_twins(int most, const dv_target *y)
{
    return LANES == 16 && most > 1 && y->columns <= LANES / 2 && !y->add ? 2 : 1;
}

/* Of the outputs from o on as many are summed together: 1, `most`, or with a stride TAPS_MOST. */
static int taps_taken(const dv_filter *k, int o, int most, const dv_target *y)
{
    const int left = k->outputs - o, twins = taps_twins(most, y);
    if (most == TAPS_MORE && twins == 1 && left >= TAPS_MOST)
        return TAPS_MOST;
    return left >= most * twins ? most : 1;
}

/* Of each group, the outputs from o on that are taken together, or as twins. How many those are. */
static int taps_outputs(const dv_filter *k, int o, int most, const dv_plane *x, int every, int y0,
                        int x0, const dv_epilogue *ep, const dv_target *y)
{
    const int stride = k->stride[0], height = k->kernel[0];
    const int taken = taps_taken(k, o, most, y), n = taken > 1 ? taken * taps_twins(most, y) : 1;
    const bool even = stride == k->stride[1], odd = stride == 1 || k->dilation[0] % 2;
    const bool tight = k->kernel[1] == height && k->dilation[0] == 1 && k->dilation[1] == 1;
    /* Which sums in another order: so only where outputs are never taken together. */
    const bool strided =
        LANES == 16 && (most == 1 || k->outputs < most) && stride == 2 && height <= 5 && tight;
    const int which = even && odd && stride < 10 ? height * 100 + stride * 10 + taken : 0;
    switch (which + (strided ? 1000 : 0)) {
        TAPS_CASE(3, 1, 1, false)
        TAPS_CASE(5, 1, 1, false)
        TAPS_CASE(7, 1, 1, false)
        TAPS_CASE(3, 2, 1, false)
        TAPS_CASE(5, 2, 1, false)
#if REGISTERS == 32
        TAPS_CASE(3, 1, 2, false)
        TAPS_CASE(3, 2, 4, false)
        TAPS_CASE(3, 2, 8, false)
#endif
#if LANES == 16
        TAPS_CASE(3, 2, 1, true)
        TAPS_CASE(5, 2, 1, true)
#endif
    default:
        for (int g = 0; g < k->groups; g++)
            for (int i = o; i < o + n; i++)
                taps_lines(k, g, i, x, every, y0, x0, ep, y);
        break;
    }
    return n;
}

/* Rows of outputs whose input stays in the L1 cache until all channels of outputs have seen it: all
 * of them, where it is read once. A multiple of the rows of a tile. */
static int taps_band_rows(const dv_filter *k, int most, const dv_plane *x, const dv_target *y)
{
    enum { CACHED = 8192 }; /* numbers */
    if (k->planes == 1 || k->outputs <= most || k->dilation[0] > 1)
        return y->rows;
    const int tile = taps_tile_rows(taps_taken(k, 0, most, y), y->rows);
    const int64_t row = (int64_t)k->planes * k->stride[0] * x->columns;
    const int64_t fit = CACHED / row / tile;
    return fit > 1 ? (int)fit * tile : tile;
}

static void depthwise(const dv_filter *k, const dv_plane *x, int every, int y0, int x0,
                      const dv_epilogue *ep, const dv_target *y)
{
    const int most = k->kernel[0] != 3 ? 1 : k->stride[0] == 1 ? TAPS_OUTPUTS : TAPS_MORE;
    const int rows = taps_band_rows(k, most, x, y);
    dv_target band = *y;
    for (int r = 0; r < y->rows; r += rows, band.data += (size_t)rows * y->pitch) {
        band.rows = y->rows - r < rows ? y->rows - r : rows;
        for (int o = 0; o < k->outputs;)
            o += taps_outputs(k, o, most, x, every, y0 + r * k->stride[0], x0, ep, &band);
    }
}

#endif
