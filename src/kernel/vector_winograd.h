/* vector_winograd.h - the transforms of Winograd's minimal filtering, F(m x m, 3 x 3), m = 4 or 2.
 *
 * Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015). The interpolation
 * points are 0, +-5/8, +-3/2 and infinity for m = 4, and 0, +-1 and infinity for m = 2; the usual
 * 0, +-1, +-2 has three times their rounding error. Measured, 64 to 512 channels, relative L2:
 * 5.5e-7 to 1.8e-6 for m = 4, 2.5e-7 to 6.3e-7 for m = 2. All points are exact in float32. */
#ifndef DV_KERNEL_VECTOR_WINOGRAD_H
#define DV_KERNEL_VECTOR_WINOGRAD_H

enum { WINOGRAD_MAX = 6 }; /* m + 2 */

static const float point_a = 0.625F, point_b = 1.5F; /* of m = 4 */

/* B^T d: o (m + 2) from d (m + 2). */
TEMPLATE void transform_input(const int m, const vf *d, vf *o)
{
    if (m == 2) {
        o[0] = d[2] - d[0];
        o[1] = d[2] + d[1];
        o[2] = d[2] - d[1];
        o[3] = d[3] - d[1];
        return;
    }
    const vf a = v_set(point_a), b = v_set(point_b);
    const vf aa = v_set(point_a * point_a), bb = v_set(point_b * point_b);
    const vf sum = v_set(point_a * point_a + point_b * point_b);
    const vf product = v_set(point_a * point_a * point_b * point_b);
    const vf even_a = v_fnma(bb, d[2], d[4]), odd_a = v_fnma(bb, d[1], d[3]);
    const vf even_b = v_fnma(aa, d[2], d[4]), odd_b = v_fnma(aa, d[1], d[3]);
    o[0] = v_fma(product, d[0], v_fnma(sum, d[2], d[4]));
    o[1] = v_fma(a, odd_a, even_a);
    o[2] = v_fnma(a, odd_a, even_a);
    o[3] = v_fma(b, odd_b, even_b);
    o[4] = v_fnma(b, odd_b, even_b);
    o[5] = v_fma(product, d[1], v_fnma(sum, d[3], d[5]));
}

/* A^T d: o (m) from d (m + 2). */
TEMPLATE void transform_output(const int m, const vf *d, vf *o)
{
    if (m == 2) {
        o[0] = d[0] + (d[1] + d[2]);
        o[1] = (d[1] - d[2]) + d[3];
        return;
    }
    const float a = point_a, b = point_b;
    const vf plus_a = d[1] + d[2], minus_a = d[1] - d[2];
    const vf plus_b = d[3] + d[4], minus_b = d[3] - d[4];
    o[0] = d[0] + (plus_a + plus_b);
    o[1] = v_fma(v_set(a), minus_a, v_set(b) * minus_b);
    o[2] = v_fma(v_set(a * a), plus_a, v_set(b * b) * plus_b);
    o[3] = v_fma(v_set(a * a * a), minus_a, v_fma(v_set(b * b * b), minus_b, d[5]));
}

/* d[j][tile] = p[tile * m + j], j < count, for `lanes` tiles. */
TEMPLATE void split_tiles(const int m, const float *p, const int count, vf *d)
{
    if (m == 2) {
        d[0] = v_even(v_load(p), v_load(p + LANES));
        d[1] = v_odd(v_load(p), v_load(p + LANES));
        return;
    }
    const vf a = v_load(p), b = v_load(p + LANES);
    const vf c = v_load(p + 2 * LANES), e = v_load(p + 3 * LANES);
    const vf even_low = v_even(a, b), even_high = v_even(c, e);
    const vf odd_low = v_odd(a, b), odd_high = v_odd(c, e);
    d[0] = v_even(even_low, even_high);
    d[1] = v_even(odd_low, odd_high);
    if (count > 2) {
        d[2] = v_odd(even_low, even_high);
        d[3] = v_odd(odd_low, odd_high);
    }
}

/* The columns of all tile rows are transformed along y first, `lanes` neighbours at a time, into
 * `straight` (m + 2 arrays of all tiles, m floats each) and `ahead`, the same m floats later: a
 * tile's last two columns are the next one's first two, but not at the end of a row. */
TEMPLATE void transform_columns(const int m, const dv_tiles *t, const dv_plane *x, int y0, int x0,
                                float *straight, float *ahead, size_t pitch)
{
    const int n = m + 2, width = t->columns * m;
    for (int row = 0; row < t->rows; row++) {
        const int top = y0 + row * m;
        const bool inside = top >= 0 && top + n <= x->rows;
        const float *line = x->data + (ptrdiff_t)top * (ptrdiff_t)x->pitch + x0;
        for (int at = 0; at < width + 2; at += LANES) {
            const int left = x0 + at;
            const int lo = left < 0 ? -left : 0;
            const int hi = x->columns - left < LANES ? x->columns - left : LANES;
            const bool whole = inside && lo == 0 && hi == LANES;
            vf d[WINOGRAD_MAX], o[WINOGRAD_MAX];
            UNROLL
            for (int i = 0; i < n; i++) {
                const float *p = line + (ptrdiff_t)i * (ptrdiff_t)x->pitch + at;
                if (whole)
                    d[i] = v_load(p);
                else if (top + i < 0 || top + i >= x->rows)
                    d[i] = (vf){ 0 };
                else
                    d[i] = v_load_range(p, lo, hi);
            }
            transform_input(m, d, o);
            const size_t to = (size_t)row * (size_t)width + (size_t)at;
            UNROLL
            for (int i = 0; i < n; i++) {
                v_store(straight + (size_t)i * pitch + to, o[i]);
                if (at > 0)
                    v_store(ahead + (size_t)i * pitch + to - m, o[i]);
                else
                    v_store_range(ahead + (size_t)i * pitch + to - m, o[i], m, LANES);
            }
        }
    }
}

TEMPLATE void transform_planes(const int m, const dv_tiles *t, const dv_plane *x, int y0, int x0,
                               float *scratch, float *v, size_t v_stride)
{
    const int n = m + 2;
    const size_t tiles = (size_t)t->rows * (size_t)t->columns;
    const size_t pitch = tiles * (size_t)m + 128;
    float *straight = scratch + 64, *ahead = straight + (size_t)n * pitch + 64;
    transform_columns(m, t, x, y0, x0, straight, ahead, pitch);
    for (size_t tile = 0; tile < tiles; tile += LANES)
        UNROLL
    for (int i = 0; i < n; i++) {
        vf d[WINOGRAD_MAX], o[WINOGRAD_MAX];
        split_tiles(m, straight + (size_t)i * pitch + tile * (size_t)m, m, d);
        split_tiles(m, ahead + (size_t)i * pitch + tile * (size_t)m, 2, d + m);
        transform_input(m, d, o);
        UNROLL
        for (int j = 0; j < n; j++)
            v_store(v + (size_t)(i * n + j) * v_stride + tile, o[j]);
    }
}

static void winograd_input(const dv_tiles *t, const dv_plane *x, int y0, int x0, float *scratch,
                           float *v, size_t v_stride)
{
    if (t->size == 4)
        transform_planes(4, t, x, y0, x0, scratch, v, v_stride);
    else
        transform_planes(2, t, x, y0, x0, scratch, v, v_stride);
}

/* The m x m outputs of `lanes` channels of one tile. */
TEMPLATE void tile_outputs(const int m, const float *product, size_t m_stride, vf y[4][4])
{
    const int n = m + 2;
    vf half[4][WINOGRAD_MAX];
    UNROLL
    for (int j = 0; j < n; j++) {
        vf d[WINOGRAD_MAX], o[4];
        UNROLL
        for (int i = 0; i < n; i++)
            d[i] = v_load(product + (size_t)(i * n + j) * m_stride);
        transform_output(m, d, o);
        UNROLL
        for (int i = 0; i < m; i++)
            half[i][j] = o[i];
    }
    UNROLL
    for (int i = 0; i < m; i++)
        transform_output(m, half[i], y[i]);
}

typedef float quad __attribute__((vector_size(16)));
typedef float quad_unaligned __attribute__((vector_size(16), aligned(4), may_alias));

TEMPLATE void put_quad(float *to, quad v, bool add)
{
    if (add)
        v += *(const quad_unaligned *)to;
    *(quad_unaligned *)to = v;
}

/* Four neighbouring outputs of each channel, r (4 pixels, lanes), to rows `plane` floats apart. */
TEMPLATE void store_quads(const vf r[4], int channels, float *to, size_t plane, const bool add)
{
    const vf even_low = v_zip_front(r[0], r[2]), odd_low = v_zip_front(r[1], r[3]);
    const vf even_high = v_zip_back(r[0], r[2]), odd_high = v_zip_back(r[1], r[3]);
    const vf z[4] = { v_zip_front(even_low, odd_low), v_zip_back(even_low, odd_low),
                      v_zip_front(even_high, odd_high), v_zip_back(even_high, odd_high) };
    UNROLL
    for (int i = 0; i < LANES; i++) {
        if (i >= channels)
            return;
        const vf from = z[i / (LANES / 4)];
        quad q;
        switch (i % (LANES / 4)) {
#if LANES == 16
        case 3:
            q = __builtin_shufflevector(from, from, 12, 13, 14, 15);
            break;
        case 2:
            q = __builtin_shufflevector(from, from, 8, 9, 10, 11);
            break;
#endif
#if LANES >= 8
        case 1:
            q = __builtin_shufflevector(from, from, 4, 5, 6, 7);
            break;
#endif
        default:
            q = __builtin_shufflevector(from, from, 0, 1, 2, 3);
        }
        put_quad(to + (size_t)i * plane, q, add);
    }
}

/* The same for tiles that hang over the edge, and for m = 2. */
static __attribute__((noinline)) void store_some(const vf *r, int columns, int channels, float *to,
                                                 size_t plane, bool add)
{
    float lanes[4][LANES];
    for (int j = 0; j < columns; j++)
        v_store(lanes[j], r[j]);
    for (int i = 0; i < channels; i++, to += plane)
        for (int j = 0; j < columns; j++)
            to[j] = add ? to[j] + lanes[j][i] : lanes[j][i];
}

TEMPLATE void transform_products(const int m, const dv_tiles *t, int channels, const float *product,
                                 size_t m_stride, size_t tile_stride, const dv_epilogue *ep,
                                 const dv_target *to)
{
    const vf lo = v_set(ep->lo), hi = v_set(ep->hi);
    const vf scale = ep->scale ? v_load_range(ep->scale, 0, channels) : v_set(1);
    const vf shift = ep->shift ? v_load_range(ep->shift, 0, channels) : (vf){ 0 };
    for (int row = 0; row < t->rows; row++)
        for (int column = 0; column < t->columns; column++, product += tile_stride) {
            vf y[4][4];
            tile_outputs(m, product, m_stride, y);
            const int rows = to->rows - row * m < m ? to->rows - row * m : m;
            const int columns = to->columns - column * m < m ? to->columns - column * m : m;
            float *at = to->data + (size_t)(row * m) * to->pitch + (size_t)(column * m);
            UNROLL
            for (int i = 0; i < m; i++) {
                if (i >= rows)
                    break;
                UNROLL
                for (int j = 0; j < m; j++)
                    y[i][j] = v_at_most(hi, v_at_least(lo, v_fma(y[i][j], scale, shift)));
                if (m < 4 || columns < 4)
                    store_some(y[i], columns, channels, at, to->plane, to->add);
                else if (to->add)
                    store_quads(y[i], channels, at, to->plane, true);
                else
                    store_quads(y[i], channels, at, to->plane, false);
                at += to->pitch;
            }
        }
}

static void winograd_output(const dv_tiles *t, int channels, const float *m, size_t m_stride,
                            size_t tile_stride, const dv_epilogue *ep, const dv_target *y)
{
    if (t->size == 4)
        transform_products(4, t, channels, m, m_stride, tile_stride, ep, y);
    else
        transform_products(2, t, channels, m, m_stride, tile_stride, ep, y);
}

/* G: the row of a finite point p is (1, p, p^2) over the product of p - q, q the other finite
 * points; the last is (0, 0, 1). Gives the number of rows. */
static int weight_rows(int size, double rows[WINOGRAD_MAX][3])
{
    static const double points_4[] = { 0, 0.625, -0.625, 1.5, -1.5 }, points_2[] = { 0, 1, -1 };
    const double *point = size == 4 ? points_4 : points_2;
    const int n = size + 1;
    for (int i = 0; i < n; i++) {
        double product = 1;
        for (int j = 0; j < n; j++)
            if (j != i)
                product *= point[i] - point[j];
        for (int power = 0; power < 3; power++)
            rows[i][power] = (power == 0   ? 1
                              : power == 1 ? point[i]
                                           : point[i] * point[i]) /
                             product;
    }
    rows[n][0] = rows[n][1] = 0;
    rows[n][2] = 1;
    return n + 1;
}

/* In double: the error of the weights would be that of every output. */
static void winograd_weight(int size, const float *g, float *u, size_t u_stride)
{
    double rows[WINOGRAD_MAX][3];
    const int n = weight_rows(size, rows);
    for (int i = 0; i < n; i++) {
        double half[3][LANES];
        for (int x = 0; x < 3; x++)
            for (int l = 0; l < LANES; l++)
                half[x][l] = rows[i][0] * (double)g[x * LANES + l] +
                             rows[i][1] * (double)g[(3 + x) * LANES + l] +
                             rows[i][2] * (double)g[(6 + x) * LANES + l];
        for (int j = 0; j < n; j++)
            for (int l = 0; l < LANES; l++)
                u[(size_t)(i * n + j) * u_stride + (size_t)l] =
                    (float)(rows[j][0] * half[0][l] + rows[j][1] * half[1][l] +
                            rows[j][2] * half[2][l]);
    }
}

#endif
