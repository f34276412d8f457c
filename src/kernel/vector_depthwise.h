/* vector_depthwise.h - planes under kernels, summed: the convolution of one channel, or of few.
 *
 * A tile of outputs, some rows of one or two vectors, stays in registers. Column of taps by column,
 * each row of the input is loaded once and added to all the outputs that see it, the weights of the
 * column being in registers too: of a 3x3 kernel and 7 rows, 9 loads and 3 broadcasts for 21
 * products; of two channels of output at a time, 9 and 6 for 42. Zeros around a plane are masks
 * made once a column, and rows that are not read. */
#ifndef DV_KERNEL_VECTOR_DEPTHWISE_H
#define DV_KERNEL_VECTOR_DEPTHWISE_H

enum {
    TAPS_ROWS = 7,  /* of a tile: what sizes of maps are multiples of, more often than not */
    TAPS_FEWER = 4, /* or these, so that few hang over */
    TAPS_VECTORS = REGISTERS == 32 ? 2 : 1,
    TAPS_OUTPUTS = REGISTERS == 32 ? 2 : 1, /* channels of a tile one vector wide */
    TAPS_MORE = REGISTERS == 32 ? 4 : 1,    /* and where rows are costly to read: with a stride */
    TAPS_LINE = 4,                          /* vectors of a tile of one row */
    TAPS_HEIGHT = 7,                        /* of a kernel, at most, for tiles of many rows */
    TAPS_SUMS = REGISTERS == 32 ? 16 : TAPS_ROWS
};

/* What a tile reads and writes. */
typedef struct taps_tile {
    const float *x; /* column 0 of the row that the first tap of the first output sees */
    size_t next;    /* floats to the next plane */
    size_t step;    /* and from row to row of taps */
    unsigned there; /* a bit for each row: it is read */
    int column;     /* that the first tap of the first output sees */
    int columns;    /* of x */
    float *y;       /* the first output */
    size_t plane;   /* floats from channel to channel of them */
    size_t pitch;   /* and from row to row */
    int rows, n;    /* of them */
    bool add;       /* to what is there already */
} taps_tile;

/* The lanes for which 0 <= first + lane * stride < columns, of each vector that is read. */
LARGE_TEMPLATE void taps_masks(const int stride, int first, int columns, v_mask mask[2])
{
    UNROLL
    for (int i = 0; i < stride; i++)
        mask[i] = v_mask_range(-first - i * LANES, columns - first - i * LANES);
}

/* p[lane * stride]; zero where `edge` and not in the mask. */
LARGE_TEMPLATE vf taps_load(const int stride, const bool edge, const float *p, const v_mask mask[2])
{
    const vf a = edge ? v_load_masked(p, mask[0]) : v_load(p);
    if (stride == 1)
        return a;
    return v_even(a, edge ? v_load_masked(p + LANES, mask[1]) : v_load(p + LANES));
}

/* As both; any stride. */
LARGE_TEMPLATE vf taps_gather(int stride, const float *p, int first, int columns)
{
    v_mask mask[2];
    if (stride <= 2) {
        taps_masks(2, first, columns, mask);
        return stride == 1 ? v_load_masked(p, mask[0]) : taps_load(2, true, p, mask);
    }
    vf v = { 0 };
    for (int i = 0; i < LANES; i++, first += stride)
        if (first >= 0 && first < columns)
            v[i] = p[(ptrdiff_t)i * stride];
    return v;
}

/* What is done to the sums of a channel. */
typedef struct taps_ending {
    vf scale, shift, lo, hi;
} taps_ending;

TEMPLATE taps_ending taps_end(const dv_epilogue *ep, int o)
{
    return (taps_ending){ .scale = v_set(ep->scale ? ep->scale[o] : 1),
                          .shift = v_set(ep->shift ? ep->shift[o] : 0),
                          .lo = v_set(ep->lo),
                          .hi = v_set(ep->hi) };
}

/* A row of sums to its place; the mask is the last vector's. */
LARGE_TEMPLATE void taps_store(const int vectors, const taps_ending *e, bool add, v_mask mask,
                               bool full, const vf *sum, float *y)
{
    UNROLL
    for (int j = 0; j < vectors; j++, y += LANES) {
        vf v = v_at_most(e->hi, v_at_least(e->lo, v_fma(sum[j], e->scale, e->shift)));
        if (j < vectors - 1 || full)
            v_store(y, add ? v_load(y) + v : v);
        else
            v_store_masked(y, add ? v_load_masked(y, mask) + v : v, mask);
    }
}

/* Adds one plane, p being column 0 of it; `height` rows of taps; from output row to output row it
 * is `down` rows of those that are read. Channels of outputs have weights `w_plane` apart. */
LARGE_TEMPLATE void taps_add(const int height, const int down, const int stride, const int outputs,
                             const int rows, const int vectors, const bool edge, const dv_filter *k,
                             const taps_tile *t, const float *p, const float *weight,
                             size_t w_plane, vf sum[TAPS_SUMS])
{
    int first = t->column;
    for (int tx = 0; tx < k->kernel[1]; tx++, weight++, first += k->dilation[1]) {
        vf w[TAPS_MORE][TAPS_HEIGHT];
        v_mask mask[TAPS_VECTORS][2];
        UNROLL
        for (int o = 0; o < outputs; o++)
            UNROLL
        for (int ty = 0; ty < height; ty++)
            w[o][ty] = v_set(weight[(size_t)o * w_plane + (size_t)(ty * k->kernel[1])]);
        UNROLL
        for (int j = 0; edge && j < vectors; j++)
            taps_masks(stride, first + j * LANES * stride, t->columns, mask[j]);
        const float *row = p + first;
        UNROLL_SUM
        for (int i = 0; i < (rows - 1) * down + height; i++, row += t->step) {
            if (!(t->there >> i & 1))
                continue;
            UNROLL
            for (int j = 0; j < vectors; j++) {
                const vf x = taps_load(stride, edge, row + j * LANES * stride, mask[j]);
                UNROLL
                for (int ty = 0; ty < height; ty++) {
                    const int r = (i - ty) / down;
                    if (i < ty || (i - ty) % down != 0 || r >= rows)
                        continue;
                    UNROLL
                    for (int o = 0; o < outputs; o++) {
                        vf *to = &sum[(o * rows + r) * vectors + j];
                        *to = v_fma(w[o][ty], x, *to);
                    }
                }
            }
        }
    }
}

/* Channels of outputs from o on. */
LARGE_TEMPLATE void taps_rows(const int height, const int down, const int stride, const int outputs,
                              const int rows, const int vectors, const bool edge,
                              const dv_filter *k, int o, const taps_tile *t, const dv_epilogue *ep)
{
    const size_t taps = (size_t)k->kernel[0] * (size_t)k->kernel[1];
    const size_t weights = (size_t)k->planes * taps;
    const float *weight = k->weight + (size_t)o * weights, *p = t->x;
    vf sum[TAPS_SUMS];
    UNROLL_SUM
    for (int i = 0; i < outputs * rows * vectors; i++)
        sum[i] = (vf){ 0 };
    for (int c = 0; c < k->planes; c++, p += t->next, weight += taps)
        taps_add(height, down, stride, outputs, rows, vectors, edge, k, t, p, weight, weights, sum);
    const v_mask mask = v_mask_range(0, t->n - (vectors - 1) * LANES);
    const bool full = t->n >= vectors * LANES, add = t->add;
    const int n = t->rows;
    UNROLL
    for (int i = 0; i < outputs; i++) {
        const taps_ending ending = taps_end(ep, o + i);
        float *y = t->y + (size_t)i * t->plane;
        UNROLL
        for (int r = 0; r < rows; r++, y += t->pitch)
            if (r < n)
                taps_store(vectors, &ending, add, mask, full, &sum[(i * rows + r) * vectors], y);
    }
}

/* One row of one channel under any kernel; y0 is the row that the first tap sees. */
static void taps_line(const dv_filter *k, int o, const dv_plane *x, int every, int y0,
                      const taps_tile *t, const dv_epilogue *ep)
{
    const int stride = k->stride[1], taps = k->kernel[0] * k->kernel[1];
    const float *weight = k->weight + (size_t)o * (size_t)k->planes * (size_t)taps;
    vf sum[TAPS_LINE] = { { 0 } };
    for (int i = 0; i < k->planes * taps; i++) {
        const int ty = i % taps / k->kernel[1], tx = i % k->kernel[1];
        const int row = y0 + ty * k->dilation[0], first = t->column + tx * k->dilation[1];
        if (row < 0 || row >= x->rows || row % every)
            continue;
        const float *p = x->data + (size_t)(i / taps) * x->next + (size_t)row * x->pitch + first;
        const vf w = v_set(weight[i]);
        UNROLL
        for (int j = 0; j < TAPS_LINE; j++) {
            const int at = j * LANES * stride;
            sum[j] = v_fma(w, taps_gather(stride, p + at, first + at, x->columns), sum[j]);
        }
    }
    const taps_ending ending = taps_end(ep, o);
    UNROLL
    for (int j = 0; j < TAPS_LINE; j++) {
        const int left = t->n - j * LANES;
        taps_store(1, &ending, t->add, v_mask_range(0, left), left >= LANES, &sum[j],
                   t->y + (ptrdiff_t)j * LANES);
    }
}

static void taps_lines(const dv_filter *k, int o, const dv_plane *x, int every, int y0, int x0,
                       const dv_epilogue *ep, const dv_target *y)
{
    enum { WIDTH = TAPS_LINE * LANES };
    for (int r = 0; r < y->rows; r++)
        for (int c = 0; c < y->columns; c += WIDTH) {
            const taps_tile t = { .column = x0 + c * k->stride[1],
                                  .y = y->data + (size_t)o * y->plane + (size_t)r * y->pitch + c,
                                  .n = y->columns - c,
                                  .add = y->add };
            taps_line(k, o, x, every, y0 + r * k->stride[0], &t, ep);
        }
}

/* Rows of the next tile, of `left` that there are. */
static int taps_tile_rows(int left)
{
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
                                 const dv_filter *k, int o, const taps_tile *t,
                                 const dv_epilogue *ep)
{
    const int beyond = (k->kernel[1] - 1) * k->dilation[1] + vectors * LANES * stride;
    if (LANES == 16 || t->column < 0 || t->column + beyond > t->columns)
        taps_rows(height, down, stride, outputs, rows, vectors, true, k, o, t, ep);
    else
        taps_rows(height, down, stride, outputs, rows, vectors, false, k, o, t, ep);
}

/* The tiles of some rows, t being the first. */
LARGE_TEMPLATE void taps_band(const int height, const int down, const int stride, const int outputs,
                              const int rows, const dv_filter *k, int o, taps_tile t,
                              const dv_epilogue *ep)
{
    enum { WIDTH = TAPS_VECTORS * LANES };
    for (; outputs == 1 && TAPS_VECTORS > 1 && t.n > LANES;
         t.n -= WIDTH, t.column += WIDTH * stride, t.y += WIDTH)
        taps_tile_at(height, down, stride, outputs, rows, TAPS_VECTORS, k, o, &t, ep);
    for (; t.n > 0; t.n -= LANES, t.column += LANES * stride, t.y += LANES)
        taps_tile_at(height, down, stride, outputs, rows, 1, k, o, &t, ep);
}

/* Output rows that are `apart` see rows of the input that are `down` dilations apart; so those are
 * taken together. */
LARGE_TEMPLATE void taps_plane(const int height, const int down, const int stride,
                               const int outputs, const dv_filter *k, int o, const dv_plane *x,
                               int every, int y0, int x0, const dv_epilogue *ep, const dv_target *y)
{
    const int dilation = k->dilation[0], apart = dilation;
    for (int r = 0; r < apart; r++)
        for (int row = r, rows; row < y->rows; row += rows * apart) {
            const int left = (y->rows - row + apart - 1) / apart, top = y0 + row * k->stride[0];
            rows = outputs > 1 && outputs >= TAPS_MORE ? TAPS_FEWER : taps_tile_rows(left);
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
                                  .add = y->add };
            if (rows == TAPS_FEWER)
                taps_band(height, down, stride, outputs, TAPS_FEWER, k, o, t, ep);
            else
                taps_band(height, down, stride, outputs, TAPS_ROWS, k, o, t, ep);
        }
}

/* Kernels with so many rows, this stride along both axes, and so many outputs at a time. */
#define TAPS_CASE(height, stride, outputs)                                          \
    case height * 100 + stride * 10 + outputs:                                      \
        taps_plane(height, stride, stride, outputs, k, o, x, every, y0, x0, ep, y); \
        break;

static void depthwise(const dv_filter *k, const dv_plane *x, int every, int y0, int x0,
                      const dv_epilogue *ep, const dv_target *y)
{
    const int stride = k->stride[0], height = k->kernel[0];
    const int most = height != 3 ? 1 : stride == 1 ? TAPS_OUTPUTS : TAPS_MORE;
    const bool tiles = stride == k->stride[1] && (stride == 1 || k->dilation[0] % 2);
    for (int o = 0, n; o < k->outputs; o += n) {
        n = k->outputs - o >= most ? most : 1;
        switch (tiles && stride < 10 ? height * 100 + stride * 10 + n : 0) {
            TAPS_CASE(3, 1, 1)
            TAPS_CASE(5, 1, 1)
            TAPS_CASE(7, 1, 1)
            TAPS_CASE(3, 2, 1)
            TAPS_CASE(5, 2, 1)
#if REGISTERS == 32
            TAPS_CASE(3, 1, 2)
            TAPS_CASE(3, 2, 4)
#endif
        default:
            for (int i = o; i < o + n; i++)
                taps_lines(k, i, x, every, y0, x0, ep, y);
            break;
        }
    }
}

#endif
