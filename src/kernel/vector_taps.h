/* vector_taps.h - a tile of the outputs of planes under kernels.
 *
 * A tile of outputs, some rows of one or two vectors, stays in registers. Column of taps by column,
 * each row of the input is loaded once and added to all the outputs that see it, the weights of the
 * column being in registers too: of a 3x3 kernel and 7 rows, 9 loads and 3 broadcasts for 21
 * products; of two channels of output at a time, 9 and 6 for 42. Where a vector has twice as many
 * lanes as a row has outputs, it holds rows of two groups, or of two channels of output where
 * several are taken. Zeros around a plane are masks made once a column, and rows that are not read.
 */
#ifndef DV_KERNEL_VECTOR_TAPS_H
#define DV_KERNEL_VECTOR_TAPS_H

enum {
    TAPS_ROWS = 7,  /* of a tile: what sizes of maps are multiples of, more often than not */
    TAPS_FEWER = 4, /* or these, so that few hang over */
    TAPS_VECTORS = REGISTERS == 32 ? 2 : 1,
    TAPS_OUTPUTS = REGISTERS == 32 ? 2 : 1, /* channels of a tile one vector wide */
    TAPS_MORE = REGISTERS == 32 ? 4 : 1,    /* and where rows are costly to read: with a stride */
    TAPS_MOST = REGISTERS == 32 ? 8 : 1,    /* or so many, of tiles of TAPS_LEAST rows */
    TAPS_LEAST = 3,
    TAPS_HEIGHT = 7, /* of a kernel, at most, for tiles of many rows */
    TAPS_SUMS = REGISTERS == 32 ? TAPS_MOST * TAPS_LEAST : TAPS_ROWS
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

/* The same for so many outputs that registers hold little but their sums: the rows of the input
 * come as outputs see them, weights one by one, for each row of outputs again; tiles are one vector
 * wide.
 */
LARGE_TEMPLATE void taps_add_many(const int height, const int down, const int stride,
                                  const int outputs, const int rows, const bool edge,
                                  const bool whole, const dv_filter *k, const taps_tile *t,
                                  const float *p, const float *weight, size_t w_plane,
                                  vf sum[TAPS_SUMS])
{
    enum { MOST = (TAPS_LEAST - 1) * 2 + 3 };
    int first = t->column;
    for (int tx = 0; tx < k->kernel[1]; tx++, weight++, first += k->dilation[1]) {
        vf x[MOST];
        v_mask mask[2];
        if (edge)
            taps_masks(stride, first, t->columns, mask);
        const float *row = p + first, *column = weight;
        UNROLL
        for (int r = 0; r < rows; r++) {
            UNROLL
            for (int i = r ? (r - 1) * down + height : 0; i < r * down + height;
                 i++, row += t->step)
                x[i] = whole || t->there >> i & 1 ? taps_load(stride, edge, row, mask) : (vf){ 0 };
            ONE_POINTER(column);
            const float *w = column;
            UNROLL
            for (int ty = 0; ty < height; ty++, w += k->kernel[1]) {
                const float *at = w;
                UNROLL
                for (int o = 0; o < outputs; o++, at += w_plane)
                    sum[o * rows + r] = v_fma(v_set(*at), x[r * down + ty], sum[o * rows + r]);
            }
        }
    }
}

#if LANES == 16
/* The same of a square kernel of 3 or 5 with stride 2, row by row: the first two columns of taps
 * see what lies in even and in odd columns, the others those moved by a lane. */
LARGE_TEMPLATE void taps_add_strided(const int height, const int rows, const int vectors,
                                     const bool twin, const bool whole, const taps_tile *t,
                                     const taps_group *g, const float *p, const float *weight,
                                     vf sum[TAPS_SUMS])
{
    enum { MOST = 5 };
    const int width = twin ? LANES : LANES * 2, end = t->column + vectors * width;
    vf w[MOST * MOST];
    v_mask mask[TAPS_VECTORS][2], beside[MOST];
    UNROLL
    for (int i = 0; i < height * height; i++)
        w[i] =
            twin ? v_set_halves(weight[i], weight[(size_t)i + g->weight_twin]) : v_set(weight[i]);
    UNROLL
    for (int j = 0; j < vectors; j++)
        taps_masks(2, t->column + j * width, t->columns, mask[j]);
    UNROLL
    for (int tx = 2; tx < height; tx++)
        beside[tx] = v_mask_range(0, end + tx - 2 >= 0 && end + tx - 2 < t->columns);
    const float *row = p + t->column;
    UNROLL_SUM
    for (int i = 0; i < (rows - 1) * 2 + height; i++, row += t->step) {
        if (!whole && !(t->there >> i & 1))
            continue;
        vf x[MOST][TAPS_VECTORS];
        UNROLL
        for (int j = 0; j < vectors; j++) {
            const vf a = v_load_masked(row + j * width, mask[j][0]);
            const vf b = twin ? v_load_masked(row + g->x_twin, mask[0][0])
                              : v_load_masked(row + j * width + LANES, mask[j][1]);
            x[0][j] = v_even(a, b);
            x[1][j] = v_odd(a, b);
        }
        UNROLL
        for (int tx = 2; tx < height; tx++) {
            const float *q = row + vectors * width + tx - 2;
            vf next = v_load_masked(q, beside[tx]);
            if (twin)
                next = v_halves(next, v_load_masked(q + g->x_twin, beside[tx]));
            UNROLL
            for (int j = vectors - 1; j >= 0; j--) {
                x[tx][j] = twin ? v_next_halves(x[tx - 2][j], next) : v_next(x[tx - 2][j], next);
                next = x[tx - 2][j];
            }
        }
        UNROLL
        for (int tx = 0; tx < height; tx++)
            UNROLL
        for (int ty = 0; ty < height; ty++) {
            const int r = (i - ty) / 2;
            if (i < ty || (i - ty) % 2 != 0 || r >= rows)
                continue;
            UNROLL
            for (int j = 0; j < vectors; j++)
                sum[r * vectors + j] = v_fma(w[ty * height + tx], x[tx][j], sum[r * vectors + j]);
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
                              const bool whole, const bool strided, const dv_filter *k, int o,
                              const taps_tile *t, const dv_epilogue *ep)
{
    const size_t taps = (size_t)k->kernel[0] * (size_t)k->kernel[1];
    const size_t weights = (size_t)k->planes * taps;
    const v_mask mask = v_mask_range(0, t->n - (vectors - 1) * LANES);
    const bool full = t->n >= vectors * LANES, add = t->add;
    const int n = t->rows, apart = twin && outputs > 1 ? 2 : 1; /* channels of output */
    const int together = twin && outputs == 1 ? 2 : 1;          /* groups */
    (void)strided;
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
            if (outputs > TAPS_MORE) {
                taps_add_many(height, down, stride, outputs, rows, edge, whole, k, t, p, weight,
                              (size_t)apart * weights, sum);
                continue;
            }
#if LANES == 16
            if (strided)
                taps_add_strided(height, rows, vectors, twin, whole, t, &g, p, weight, sum);
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

#endif
