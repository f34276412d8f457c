/* vector_depthwise.h - planes under kernels, summed: the convolution of one channel, or of few.
 *
 * A tile of outputs, some rows of one or two vectors, stays in registers. Column of taps by column,
 * each row of the input is loaded once and added to all the outputs that see it, the weights of the
 * column being in registers too: of a 3x3 kernel and 7 rows, 9 loads and 3 broadcasts for 21
 * products; of two channels of output at a time, 9 and 6 for 42. Where a vector has
 * twice as many lanes as a row has outputs, it holds rows of two groups, or of two channels of
 * output where several are taken. Zeros around a plane are masks made once a column, and rows that
 * are not read. */
#ifndef DV_KERNEL_VECTOR_DEPTHWISE_H
#define DV_KERNEL_VECTOR_DEPTHWISE_H

enum {
    TAPS_ROWS = 7,  /* of a tile: what sizes of maps are multiples of, more often than not */
    TAPS_FEWER = 4, /* or these, so that few hang over */
    TAPS_VECTORS = REGISTERS == 32 ? 2 : 1,
    TAPS_OUTPUTS = REGISTERS == 32 ? 2 : 1, /* channels of a tile one vector wide */
    TAPS_MORE = REGISTERS == 32 ? 4 : 1,    /* and where rows are costly to read: with a stride */
    TAPS_WIDE = 64,                         /* outputs in a row, more of which come slowly */
    TAPS_LINE = 4,                          /* vectors of a tile of one row */
    TAPS_HEIGHT = 7,                        /* of a kernel, at most, for tiles of many rows */
    TAPS_SUMS = REGISTERS == 32 ? 16 : TAPS_ROWS
};

/* What a tile reads and writes; and the same of the groups behind the first. */
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
    bool narrow;    /* rows of outputs fill half a vector at most */
} taps_tile;

/* Where one group lies; a tile of two, or of two channels of output, each in half of the lanes, has
 * the second so many floats further on. */
typedef struct taps_group {
    const float *x, *weight;
    float *y;
    int channel; /* of outputs, the first */
    size_t x_twin, weight_twin, y_twin;
    int channel_twin;
} taps_group;

/* Floats of a group. */
TEMPLATE size_t taps_weights(const dv_filter *k)
{
    return (size_t)k->outputs * (size_t)k->planes * (size_t)k->kernel[0] * (size_t)k->kernel[1];
}

static taps_group taps_first(const dv_filter *k, int o, const taps_tile *t)
{
    const size_t taps = (size_t)k->kernel[0] * (size_t)k->kernel[1];
    return (taps_group){ .x = t->x,
                         .weight = k->weight + (size_t)o * (size_t)k->planes * taps,
                         .y = t->y,
                         .channel = o };
}

/* Makes it the group that is n further on. */
static void taps_next(const dv_filter *k, const taps_tile *t, int n, taps_group *g)
{
    g->x += (size_t)n * (size_t)k->planes * t->next;
    g->weight += (size_t)n * taps_weights(k);
    g->y += (size_t)n * (size_t)k->outputs * t->plane;
    g->channel += n * k->outputs;
}

/* The group behind it as its twin. */
static void taps_pair(const dv_filter *k, const taps_tile *t, bool there, taps_group *g)
{
    g->x_twin = there ? (size_t)k->planes * t->next : 0;
    g->weight_twin = there ? taps_weights(k) : 0;
    g->y_twin = there ? (size_t)k->outputs * t->plane : 0;
    g->channel_twin = there ? k->outputs : 0;
}

/* The channel of output behind it as its twin: of the same input. */
static void taps_pair_outputs(const dv_filter *k, const taps_tile *t, taps_group *g)
{
    g->x_twin = 0;
    g->weight_twin = taps_weights(k) / (size_t)k->outputs;
    g->y_twin = t->plane;
    g->channel_twin = 1;
}

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

/* The same of two rows, in half of the lanes each. */
LARGE_TEMPLATE vf taps_load_twin(const int stride, const float *p, const float *q,
                                 const v_mask mask[2])
{
    return stride == 1 ? v_load_halves(p, q, mask[0])
                       : v_even(v_load_masked(p, mask[0]), v_load_masked(q, mask[0]));
}

/* As taps_load; any stride. */
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

/* Of channel o in the first half of the lanes, and o + twin in the second. */
TEMPLATE taps_ending taps_end(const dv_epilogue *ep, int o, int twin)
{
    taps_ending e = { .scale = v_set(1), .shift = { 0 }, .lo = v_set(ep->lo), .hi = v_set(ep->hi) };
    if (ep->scale)
        e.scale = v_set_halves(ep->scale[o], ep->scale[o + twin]);
    if (ep->shift)
        e.shift = v_set_halves(ep->shift[o], ep->shift[o + twin]);
    return e;
}

TEMPLATE vf taps_finish(const taps_ending *e, vf sum)
{
    return v_at_most(e->hi, v_at_least(e->lo, v_fma(sum, e->scale, e->shift)));
}

/* A row of sums to its place; the mask is the last vector's. */
LARGE_TEMPLATE void taps_store(const int vectors, const taps_ending *e, bool add, v_mask mask,
                               bool full, const vf *sum, float *y)
{
    UNROLL
    for (int j = 0; j < vectors; j++, y += LANES) {
        const vf v = taps_finish(e, sum[j]);
        if (j < vectors - 1 || full)
            v_store(y, add ? v_load(y) + v : v);
        else
            v_store_masked(y, add ? v_load_masked(y, mask) + v : v, mask);
    }
}

/* Adds one plane, p being column 0 of it; `height` rows of taps; from output row to output row it
 * is `down` rows of those that are read. Channels of outputs have weights `w_plane` apart. */
LARGE_TEMPLATE void taps_add(const int height, const int down, const int stride, const int outputs,
                             const int rows, const int vectors, const bool edge, const bool twin,
                             const bool whole, const dv_filter *k, const taps_tile *t,
                             const taps_group *g, const float *p, const float *weight,
                             size_t w_plane, vf sum[TAPS_SUMS])
{
    int first = t->column;
    for (int tx = 0; tx < k->kernel[1]; tx++, weight++, first += k->dilation[1]) {
        vf w[TAPS_MORE][TAPS_HEIGHT];
        v_mask mask[TAPS_VECTORS][2];
        UNROLL
        for (int o = 0; o < outputs; o++)
            UNROLL
        for (int ty = 0; ty < height; ty++) {
            const float *at = weight + (size_t)o * w_plane + (size_t)(ty * k->kernel[1]);
            w[o][ty] = twin ? v_set_halves(*at, at[g->weight_twin]) : v_set(*at);
        }
        UNROLL
        for (int j = 0; edge && j < vectors; j++)
            taps_masks(stride, first + j * LANES * stride, t->columns, mask[j]);
        const float *row = p + first;
        UNROLL_SUM
        for (int i = 0; i < (rows - 1) * down + height; i++, row += t->step) {
            if (!whole && !(t->there >> i & 1))
                continue;
            UNROLL
            for (int j = 0; j < vectors; j++) {
                const vf x = twin ? taps_load_twin(stride, row, row + g->x_twin, mask[j])
                                  : taps_load(stride, edge, row + j * LANES * stride, mask[j]);
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

#if LANES == 16
/* The same of a square kernel of 3 or 5 with stride 2: rows are split once into what lies in even
 * and in odd columns, counted from that of the middle tap, and stay in registers; the other taps
 * see them moved by one lane. */
LARGE_TEMPLATE void taps_add_split(const int height, const int rows, const bool twin,
                                   const bool whole, const taps_tile *t, const taps_group *g,
                                   const float *p, const float *weight, vf sum[TAPS_SUMS])
{
    enum { MOST = (TAPS_FEWER - 1) * 2 + 5 };
    const int half = height / 2, n = (rows - 1) * 2 + height, first = t->column + half;
    const int width = (twin ? LANES / 2 : LANES) * 2;
    v_mask mask[2];
    taps_masks(2, first, t->columns, mask);
    vf split[2][MOST];
    const float *row = p + first;
    UNROLL_SUM
    for (int i = 0; i < n; i++, row += t->step) {
        split[0][i] = split[1][i] = (vf){ 0 };
        if (!whole && !(t->there >> i & 1))
            continue;
        const vf a = v_load_masked(row, mask[0]);
        const vf b =
            twin ? v_load_masked(row + g->x_twin, mask[0]) : v_load_masked(row + LANES, mask[1]);
        split[0][i] = v_even(a, b);
        split[1][i] = v_odd(a, b);
    }
    UNROLL
    for (int tx = 0; tx < height; tx++) {
        const int parity = (tx + half) % 2, moved = (tx - half - parity) / 2;
        const int beside = first + (moved < 0 ? parity - 2 : width);
        const bool inside = beside >= 0 && beside < t->columns;
        vf w[5];
        UNROLL
        for (int ty = 0; ty < height; ty++) {
            const float *at = weight + ty * height + tx;
            w[ty] = twin ? v_set_halves(*at, at[g->weight_twin]) : v_set(*at);
        }
        row = p + beside;
        UNROLL_SUM
        for (int i = 0; i < n; i++, row += t->step) {
            if (!whole && !(t->there >> i & 1))
                continue;
            vf x = split[parity][i];
            if (moved != 0) {
                vf edge = { 0 };
                if (inside)
                    edge = twin ? v_set_halves(*row, row[g->x_twin]) : v_set(*row);
                x = moved < 0 ? (twin ? v_before_halves(edge, x) : v_before(edge, x))
                              : (twin ? v_next_halves(x, edge) : v_next(x, edge));
            }
            UNROLL
            for (int ty = 0; ty < height; ty++) {
                const int r = (i - ty) / 2;
                if (i >= ty && (i - ty) % 2 == 0 && r < rows)
                    sum[r] = v_fma(w[ty], x, sum[r]);
            }
        }
    }
}
#endif

/* With plane c of `outputs` channels of outputs, a share of the weights of those that come next: of
 * many planes they are many lines, which nobody has read before. */
static void taps_fetch_weights(const dv_filter *k, int c, int outputs, const float *weight)
{
    enum { LINE = 16 };
    const size_t share = (size_t)outputs * (size_t)k->kernel[0] * (size_t)k->kernel[1];
    const float *next = weight + ((size_t)k->planes + (size_t)c) * share;
    for (size_t i = 0; k->planes > 1 && i < share; i += LINE)
        __builtin_prefetch(next + i, 0, 3);
}

/* Channels of outputs from o on, of all groups; twice as many where they are twins. */
LARGE_TEMPLATE void taps_rows(const int height, const int down, const int stride, const int outputs,
                              const int rows, const int vectors, const bool edge, const bool twin,
                              const bool whole, const bool split, const dv_filter *k, int o,
                              const taps_tile *t, const dv_epilogue *ep)
{
    const size_t taps = (size_t)k->kernel[0] * (size_t)k->kernel[1];
    const size_t weights = (size_t)k->planes * taps;
    const v_mask mask = v_mask_range(0, t->n - (vectors - 1) * LANES);
    const bool full = t->n >= vectors * LANES, add = t->add;
    const int n = t->rows, apart = twin && outputs > 1 ? 2 : 1; /* channels of output */
    const int together = twin && outputs == 1 ? 2 : 1;          /* groups */
    (void)split;
    taps_group g = taps_first(k, o, t);
    for (int left = k->groups; left > 0;) {
        if (apart > 1)
            taps_pair_outputs(k, t, &g);
        else if (twin) /* the last of an odd number is its own */
            taps_pair(k, t, left > 1, &g);
        const float *weight = g.weight, *p = g.x;
        vf sum[TAPS_SUMS];
        UNROLL_SUM
        for (int i = 0; i < outputs * rows * vectors; i++)
            sum[i] = (vf){ 0 };
        for (int c = 0; c < k->planes; c++, p += t->next, weight += taps) {
            taps_fetch_weights(k, c, outputs * apart, g.weight);
#if LANES == 16
            if (split)
                taps_add_split(height, rows, twin, whole, t, &g, p, weight, sum);
            else
#endif
                taps_add(height, down, stride, outputs, rows, vectors, edge, twin, whole, k, t, &g,
                         p, weight, (size_t)apart * weights, sum);
        }
        UNROLL
        for (int i = 0; i < outputs; i++) {
            const taps_ending ending = taps_end(ep, g.channel + i * apart, g.channel_twin);
            float *y = g.y + (size_t)(i * apart) * t->plane;
            UNROLL
            for (int r = 0; r < rows; r++, y += t->pitch)
                if ((whole || r < n) && twin)
                    v_store_halves(y, y + g.y_twin, taps_finish(&ending, sum[i * rows + r]), mask);
                else if (whole || r < n)
                    taps_store(vectors, &ending, add, mask, full, &sum[(i * rows + r) * vectors],
                               y);
        }
        left -= together;
        if (left > 0)
            taps_next(k, t, together, &g);
    }
}

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
                                 const bool split, const dv_filter *k, int o, const taps_tile *t,
                                 const dv_epilogue *ep)
{
#if LANES == 16 /* where masks cost nothing */
    const unsigned seen = ~0U >> (32 - ((rows - 1) * down + height));
    const bool twin =
        vectors == 1 && !t->add && (outputs > 1 ? t->narrow : k->groups > 1 && t->n <= LANES / 2);
    const bool whole = t->rows >= rows && (t->there & seen) == seen;
    if (twin)
        taps_rows(height, down, stride, outputs, rows, 1, true, true, false, split, k, o, t, ep);
    else if (whole)
        taps_rows(height, down, stride, outputs, rows, vectors, true, false, true, split, k, o, t,
                  ep);
    else
        taps_rows(height, down, stride, outputs, rows, vectors, true, false, false, split, k, o, t,
                  ep);
#else
    const int beyond = (k->kernel[1] - 1) * k->dilation[1] + vectors * LANES * stride;
    if (t->column < 0 || t->column + beyond > t->columns)
        taps_rows(height, down, stride, outputs, rows, vectors, true, false, false, false, k, o, t,
                  ep);
    else
        taps_rows(height, down, stride, outputs, rows, vectors, false, false, false, false, k, o, t,
                  ep);
    (void)split;
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
                              const int rows, const bool split, const dv_filter *k, int o,
                              taps_tile t, const dv_epilogue *ep)
{
    enum { WIDTH = TAPS_VECTORS * LANES };
    const bool fetch = t.n * stride > TAPS_WIDE && k->planes == 1 && !t.add;
    const taps_tile band = t;
    const int most = k->groups > 1 ? LANES + LANES / 2 : LANES; /* that other tiles take as well */
    for (; outputs == 1 && TAPS_VECTORS > 1 && !split && t.n > most;
         t.n -= WIDTH, t.column += WIDTH * stride, t.y += WIDTH) {
        if (fetch)
            taps_fetch(&band, height, rows, stride, band.n - t.n, WIDTH);
        taps_tile_at(height, down, stride, outputs, rows, TAPS_VECTORS, false, k, o, &t, ep);
    }
    for (; t.n > 0; t.n -= LANES, t.column += LANES * stride, t.y += LANES) {
        if (fetch)
            taps_fetch(&band, height, rows, stride, band.n - t.n, LANES);
        taps_tile_at(height, down, stride, outputs, rows, 1, split, k, o, &t, ep);
    }
}

/* Output rows that are `apart` see rows of the input that are `down` dilations apart; so those are
 * taken together. */
LARGE_TEMPLATE void taps_plane(const int height, const int down, const int stride,
                               const int outputs, const bool split, const dv_filter *k, int o,
                               const dv_plane *x, int every, int y0, int x0, const dv_epilogue *ep,
                               const dv_target *y)
{
    const int dilation = split ? 1 : k->dilation[0], apart = dilation;
    for (int r = 0; r < apart; r++)
        for (int row = r, rows; row < y->rows; row += rows * apart) {
            const int below = y->rows - row, top = y0 + row * k->stride[0];
            const int left = apart == 1 ? below : (below + apart - 1) / apart;
            const bool fewer = split || (outputs > 1 && outputs >= TAPS_MORE);
            rows = fewer ? TAPS_FEWER : taps_tile_rows(left);
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
            if (split || rows == TAPS_FEWER)
                taps_band(height, down, stride, outputs, TAPS_FEWER, split, k, o, t, ep);
            else
                taps_band(height, down, stride, outputs, TAPS_ROWS, false, k, o, t, ep);
        }
}

/* Kernels with so many rows, this stride along both axes, and so many outputs at a time. */
#define TAPS_CASE(height, stride, outputs, split)                                          \
    case height * 100 + stride * 10 + outputs + (split ? 1000 : 0):                        \
        taps_plane(height, stride, stride, outputs, split, k, o, x, every, y0, x0, ep, y); \
        break;

/* Of each group, the outputs from o on, as many as are taken together: no more than `most`. How
 * many those are. */
static int taps_outputs(const dv_filter *k, int o, int most, const dv_plane *x, int every, int y0,
                        int x0, const dv_epilogue *ep, const dv_target *y)
{
    const int stride = k->stride[0], height = k->kernel[0];
    /* Twins are the rule for narrow rows, where several outputs are taken. */
    const int twins = LANES == 16 && most > 1 && y->columns <= LANES / 2 && !y->add ? 2 : 1;
    const int taken = k->outputs - o >= most * twins ? most : 1;
    const int n = taken > 1 ? taken * twins : 1;
    const bool even = stride == k->stride[1], odd = stride == 1 || k->dilation[0] % 2;
    const bool tight = k->kernel[1] == height && k->dilation[0] == 1 && k->dilation[1] == 1;
    /* Kept in registers; of 5 rows they are too many, which pays where two groups share them. */
    const int narrow = height == 3 ? LANES : k->groups > 1 ? LANES / 2 : 0;
    const bool split =
        LANES == 16 && n == 1 && stride == 2 && height <= 5 && tight && y->columns <= narrow;
    const int which = even && odd && stride < 10 ? height * 100 + stride * 10 + taken : 0;
    switch (which + (split ? 1000 : 0)) {
        TAPS_CASE(3, 1, 1, false)
        TAPS_CASE(5, 1, 1, false)
        TAPS_CASE(7, 1, 1, false)
        TAPS_CASE(3, 2, 1, false)
        TAPS_CASE(5, 2, 1, false)
#if REGISTERS == 32
        TAPS_CASE(3, 1, 2, false)
        TAPS_CASE(3, 2, 4, false)
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
    const int tile = most >= TAPS_MORE ? TAPS_FEWER : TAPS_ROWS;
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
