/* vector_depthwise.h - one plane under one kernel: the convolution of a channel by itself.
 *
 * A tile of outputs, some rows of one or two vectors, stays in registers. Column of taps by column,
 * each row of the input is loaded once and added to all the outputs that see it, the weights of the
 * column being in registers too: of a 3x3 kernel and 7 rows, 9 loads and 3 broadcasts for 21
 * products. Zeros around the plane are masks made once a column, and rows that are not read. */
#ifndef DV_KERNEL_VECTOR_DEPTHWISE_H
#define DV_KERNEL_VECTOR_DEPTHWISE_H

enum {
    TAPS_ROWS = 7,  /* of a tile: what sizes of maps are multiples of, more often than not */
    TAPS_FEWER = 4, /* or these, so that few hang over */
    TAPS_VECTORS = REGISTERS == 32 ? 2 : 1,
    TAPS_LINE = 4,  /* vectors of a tile of one row */
    TAPS_HEIGHT = 7 /* of a kernel, at most, for tiles of many rows */
};

/* What a tile reads and writes. */
typedef struct taps_tile {
    const float *x; /* column 0 of the row that the first tap of the first output sees */
    size_t step;    /* floats from row to row of taps */
    unsigned there; /* a bit for each row: it is read */
    int column;     /* that the first tap of the first output sees */
    int columns;    /* of x */
    float *y;       /* the first output */
    size_t pitch;   /* floats from row to row of them */
    int rows, n;    /* of them */
    bool add;       /* to what is there already */
} taps_tile;

/* The lanes for which 0 <= first + lane * stride < columns, of each vector that is read. */
TEMPLATE void taps_masks(const int stride, int first, int columns, v_mask mask[2])
{
    UNROLL
    for (int i = 0; i < stride; i++)
        mask[i] = v_mask_range(-first - i * LANES, columns - first - i * LANES);
}

/* p[lane * stride]; zero where `edge` and not in the mask. */
TEMPLATE vf taps_load(const int stride, const bool edge, const float *p, const v_mask mask[2])
{
    const vf a = edge ? v_load_masked(p, mask[0]) : v_load(p);
    if (stride == 1)
        return a;
    return v_even(a, edge ? v_load_masked(p + LANES, mask[1]) : v_load(p + LANES));
}

/* As both; any stride. */
TEMPLATE vf taps_gather(int stride, const float *p, int first, int columns)
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

/* A row of sums to its place. */
TEMPLATE void taps_finish(const int vectors, const taps_tile *t, const dv_epilogue *ep,
                          const vf *sum, float *y)
{
    const vf lo = v_set(ep->lo), hi = v_set(ep->hi);
    const vf scale = v_set(ep->scale ? *ep->scale : 1), shift = v_set(ep->shift ? *ep->shift : 0);
    UNROLL
    for (int j = 0; j < vectors; j++, y += LANES) {
        vf v = v_at_most(hi, v_at_least(lo, v_fma(sum[j], scale, shift)));
        const v_mask mask = v_mask_range(0, t->n - j * LANES);
        const bool full = t->n >= (j + 1) * LANES;
        if (t->add)
            v += v_load_masked(y, mask);
        if (full)
            v_store(y, v);
        else
            v_store_masked(y, v, mask);
    }
}

/* `height` rows of taps; from output row to output row it is `down` rows of those that are read. */
TEMPLATE void taps_rows(const int height, const int down, const int stride, const int rows,
                        const int vectors, const bool edge, const dv_filter *k, const taps_tile *t,
                        const dv_epilogue *ep)
{
    vf sum[TAPS_ROWS][TAPS_VECTORS];
    UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
    for (int j = 0; j < vectors; j++)
        sum[r][j] = (vf){ 0 };
    int first = t->column;
    for (int tx = 0; tx < k->kernel[1]; tx++, first += k->dilation[1]) {
        vf w[TAPS_HEIGHT];
        v_mask mask[TAPS_VECTORS][2];
        UNROLL
        for (int ty = 0; ty < height; ty++)
            w[ty] = v_set(k->weight[ty * k->kernel[1] + tx]);
        UNROLL
        for (int j = 0; edge && j < vectors; j++)
            taps_masks(stride, first + j * LANES * stride, t->columns, mask[j]);
        const float *p = t->x + first;
        UNROLL_SUM
        for (int i = 0; i < (rows - 1) * down + height; i++, p += t->step) {
            if (!(t->there >> i & 1))
                continue;
            UNROLL
            for (int j = 0; j < vectors; j++) {
                const vf x = taps_load(stride, edge, p + j * LANES * stride, mask[j]);
                UNROLL
                for (int ty = 0; ty < height; ty++)
                    if (i >= ty && (i - ty) % down == 0 && (i - ty) / down < rows)
                        sum[(i - ty) / down][j] = v_fma(w[ty], x, sum[(i - ty) / down][j]);
            }
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++)
        if (r < t->rows)
            taps_finish(vectors, t, ep, sum[r], t->y + (size_t)r * t->pitch);
}

/* One row of outputs under any kernel; y0 is the row that the first tap sees. */
static void taps_line(const dv_filter *k, const dv_plane *x, int every, int y0, const taps_tile *t,
                      const dv_epilogue *ep)
{
    const int stride = k->stride[1];
    vf sum[TAPS_LINE] = { { 0 } };
    for (int tx = 0; tx < k->kernel[1]; tx++)
        for (int ty = 0; ty < k->kernel[0]; ty++) {
            const int row = y0 + ty * k->dilation[0];
            if (row < 0 || row >= x->rows || row % every)
                continue;
            const int first = t->column + tx * k->dilation[1];
            const float *p = x->data + (size_t)row * x->pitch + first;
            const vf w = v_set(k->weight[ty * k->kernel[1] + tx]);
            UNROLL
            for (int j = 0; j < TAPS_LINE; j++) {
                const int at = j * LANES * stride;
                sum[j] = v_fma(w, taps_gather(stride, p + at, first + at, x->columns), sum[j]);
            }
        }
    taps_finish(TAPS_LINE, t, ep, sum, t->y);
}

static void taps_lines(const dv_filter *k, const dv_plane *x, int every, int y0, int x0,
                       const dv_epilogue *ep, const dv_target *y)
{
    enum { WIDTH = TAPS_LINE * LANES };
    for (int r = 0; r < y->rows; r++)
        for (int c = 0; c < y->columns; c += WIDTH) {
            const taps_tile t = { .column = x0 + c * k->stride[1],
                                  .y = y->data + (size_t)r * y->pitch + c,
                                  .n = y->columns - c,
                                  .add = y->add };
            taps_line(k, x, every, y0 + r * k->stride[0], &t, ep);
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
    for (int i = 0; i < n; i++, row += step)
        there |= (unsigned)(row >= 0 && row < x->rows && (every == 1 || row % every == 0)) << i;
    return there;
}

TEMPLATE void taps_tile_at(const int height, const int down, const int stride, const int rows,
                           const int vectors, const dv_filter *k, const taps_tile *t,
                           const dv_epilogue *ep)
{
    const int beyond = (k->kernel[1] - 1) * k->dilation[1] + vectors * LANES * stride;
    if (LANES == 16 || t->column < 0 || t->column + beyond > t->columns)
        taps_rows(height, down, stride, rows, vectors, true, k, t, ep);
    else
        taps_rows(height, down, stride, rows, vectors, false, k, t, ep);
}

/* The tiles of some rows, *t being the first. */
TEMPLATE void taps_band(const int height, const int down, const int stride, const int rows,
                        const dv_filter *k, taps_tile *t, const dv_epilogue *ep)
{
    enum { WIDTH = TAPS_VECTORS * LANES };
    for (; t->n > LANES && TAPS_VECTORS > 1;
         t->n -= WIDTH, t->column += WIDTH * stride, t->y += WIDTH)
        taps_tile_at(height, down, stride, rows, TAPS_VECTORS, k, t, ep);
    for (; t->n > 0; t->n -= LANES, t->column += LANES * stride, t->y += LANES)
        taps_tile_at(height, down, stride, rows, 1, k, t, ep);
}

/* Output rows that are `apart` see rows of the input that are `down` dilations apart; so those are
 * taken together. */
TEMPLATE void taps_plane(const int height, const int down, const int stride, const dv_filter *k,
                         const dv_plane *x, int every, int y0, int x0, const dv_epilogue *ep,
                         const dv_target *y)
{
    const int dilation = k->dilation[0], apart = down * dilation / k->stride[0];
    for (int r = 0; r < apart; r++)
        for (int row = r, rows; row < y->rows; row += rows * apart) {
            const int left = (y->rows - row + apart - 1) / apart, top = y0 + row * k->stride[0];
            rows = taps_tile_rows(left);
            taps_tile t = { .x = x->data + (ptrdiff_t)top * (ptrdiff_t)x->pitch,
                            .step = (size_t)dilation * x->pitch,
                            .column = x0,
                            .columns = x->columns,
                            .y = y->data + (size_t)row * y->pitch,
                            .pitch = (size_t)apart * y->pitch,
                            .rows = left,
                            .n = y->columns,
                            .add = y->add };
            t.there = taps_there(x, every, top, dilation, (rows - 1) * down + height);
            if (rows == TAPS_FEWER)
                taps_band(height, down, stride, TAPS_FEWER, k, &t, ep);
            else
                taps_band(height, down, stride, TAPS_ROWS, k, &t, ep);
        }
}

#define TAPS_CASE(height)                                         \
    case height:                                                  \
        if (down == 1 && stride == 1)                             \
            taps_plane(height, 1, 1, k, x, every, y0, x0, ep, y); \
        else if (down == 2 && stride == 2)                        \
            taps_plane(height, 2, 2, k, x, every, y0, x0, ep, y); \
        else                                                      \
            taps_lines(k, x, every, y0, x0, ep, y);               \
        break;

static void depthwise(const dv_filter *k, const dv_plane *x, int every, int y0, int x0,
                      const dv_epilogue *ep, const dv_target *y)
{
    const int stride = k->stride[1];
    const int down = k->stride[0] == 1 ? 1 : k->stride[0] == 2 && k->dilation[0] % 2 ? 2 : 0;
    switch (k->kernel[0]) {
        TAPS_CASE(3)
        TAPS_CASE(5)
        TAPS_CASE(7)
    default:
        taps_lines(k, x, every, y0, x0, ep, y);
        break;
    }
}

#endif
