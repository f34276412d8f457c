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

/* d[j][tile] = pixel tile * m + j of p (m), j < count, for `lanes` tiles. */
TEMPLATE void split_tiles(const int m, const vf *p, const int count, vf *d)
{
    if (m == 2) {
        d[0] = v_even(p[0], p[1]);
        d[1] = v_odd(p[0], p[1]);
        return;
    }
    const vf even_low = v_even(p[0], p[1]), even_high = v_even(p[2], p[3]);
    const vf odd_low = v_odd(p[0], p[1]), odd_high = v_odd(p[2], p[3]);
    d[0] = v_even(even_low, even_high);
    d[1] = v_even(odd_low, odd_high);
    if (count > 2) {
        d[2] = v_odd(even_low, even_high);
        d[3] = v_odd(odd_low, odd_high);
    }
}

/* o = the transform along y of `lanes` columns, from (top,left) of the plane on. */
TEMPLATE void transform_column(const int m, const dv_plane *x, int top, int left, vf *o)
{
    const int n = m + 2;
    const v_mask inside =
        v_mask_range(-left, x->columns - left < LANES ? x->columns - left : LANES);
    const float *p = x->data + (ptrdiff_t)top * (ptrdiff_t)x->pitch + left;
    vf d[WINOGRAD_MAX];
    const bool whole = top >= 0 && top + n <= x->rows;
    UNROLL
    for (int i = 0; i < n; i++, p += x->pitch) {
        __builtin_prefetch(p + x->next);
        if (whole || (top + i >= 0 && top + i < x->rows))
            d[i] = v_load_masked(p, inside);
        else
            d[i] = (vf){ 0 };
    }
    transform_input(m, d, o);
}

/* Groups of fewer than `lanes` tiles that lie in one row: a tile's last two columns are the first
 * ones of the next lane, so that all stays in registers. */
TEMPLATE void transform_rows(const int m, const dv_tiles *t, const dv_plane *x, int y0, int x0,
                             float *v, size_t v_stride, size_t group_stride)
{
    const int n = m + 2;
    for (int row = 0; row < t->rows; row++)
        for (int column = 0; column < t->columns; column += t->group, v += group_stride) {
            vf half[WINOGRAD_MAX][4], o[WINOGRAD_MAX];
            float *to = v;
            UNROLL
            for (int k = 0; k < m; k++) {
                transform_column(m, x, y0 + row * m, x0 + column * m + k * LANES, o);
                UNROLL
                for (int i = 0; i < n; i++)
                    half[i][k] = o[i];
            }
            UNROLL
            for (int i = 0; i < n; i++) {
                vf d[WINOGRAD_MAX];
                split_tiles(m, half[i], m, d);
                d[m] = v_next(d[0], d[0]);
                d[m + 1] = v_next(d[1], d[1]);
                transform_input(m, d, o);
                UNROLL
                for (int j = 0; j < n; j++, to += v_stride) {
                    ONE_POINTER(to);
                    v_store(to, o[j]);
                }
            }
        }
}

/* Other groups. The columns of all tile rows are transformed along y first, `lanes` neighbours at a
 * time, into `straight` (m + 2 arrays of all tiles, m floats each) and `ahead`, the same m floats
 * later: a tile's last two columns are the next one's first two, but not at the end of a row. */
TEMPLATE void transform_columns(const int m, const dv_tiles *t, const dv_plane *x, int y0, int x0,
                                float *straight, float *ahead, size_t pitch)
{
    const int n = m + 2, width = t->columns * m;
    for (int row = 0; row < t->rows; row++)
        for (int at = 0; at < width + 2; at += LANES) {
            vf o[WINOGRAD_MAX];
            transform_column(m, x, y0 + row * m, x0 + at, o);
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

TEMPLATE void transform_planes(const int m, const dv_tiles *t, const dv_plane *x, int y0, int x0,
                               float *scratch, float *v, size_t v_stride, size_t group_stride)
{
    if (t->group < LANES && t->columns % t->group == 0) {
        transform_rows(m, t, x, y0, x0, v, v_stride, group_stride);
        return;
    }
    const int n = m + 2, tiles = t->rows * t->columns;
    const size_t pitch = (size_t)tiles * (size_t)m + 128;
    float *straight = scratch + 64, *ahead = straight + (size_t)n * pitch + 64;
    transform_columns(m, t, x, y0, x0, straight, ahead, pitch);
    for (int first = 0; first < tiles; first += t->group, v += group_stride)
        for (int lane = 0; lane < t->group; lane += LANES) {
            const float *from = straight + (size_t)(first + lane) * (size_t)m;
            const float *behind = ahead + (size_t)(first + lane) * (size_t)m;
            float *to = v + lane;
            UNROLL
            for (int i = 0; i < n; i++, from += pitch, behind += pitch) {
                vf p[4], d[WINOGRAD_MAX], o[WINOGRAD_MAX];
                ONE_POINTER(from);
                ONE_POINTER(behind);
                UNROLL
                for (int k = 0; k < m; k++)
                    p[k] = v_load(from + k * LANES);
                split_tiles(m, p, m, d);
                UNROLL
                for (int k = 0; k < m; k++)
                    p[k] = v_load(behind + k * LANES);
                split_tiles(m, p, 2, d + m);
                transform_input(m, d, o);
                UNROLL
                for (int j = 0; j < n; j++, to += v_stride) {
                    ONE_POINTER(to);
                    v_store(to, o[j]);
                }
            }
        }
}

static void winograd_input(const dv_tiles *t, const dv_plane *x, int y0, int x0, float *scratch,
                           float *v, size_t v_stride, size_t group_stride)
{
    if (t->size == 4)
        transform_planes(4, t, x, y0, x0, scratch, v, v_stride, group_stride);
    else
        transform_planes(2, t, x, y0, x0, scratch, v, v_stride, group_stride);
}

/* The m x m outputs of `lanes` channels of one tile. */
TEMPLATE void tile_outputs(const int m, const float *product, size_t m_stride, vf y[4][4])
{
    const int n = m + 2;
    vf half[4][WINOGRAD_MAX];
    UNROLL
    for (int j = 0; j < n; j++, product += m_stride) {
        vf d[WINOGRAD_MAX], o[4];
        const float *p = product;
        UNROLL
        for (int i = 0; i < n; i++, p += (size_t)n * m_stride) {
            ONE_POINTER(p);
            d[i] = v_load(p);
        }
        transform_output(m, d, o);
        UNROLL
        for (int i = 0; i < m; i++)
            half[i][j] = o[i];
    }
    UNROLL
    for (int i = 0; i < m; i++)
        transform_output(m, half[i], y[i]);
}

/* `lanes` neighbouring pixels of a row, r (pixel, channel), of which n are there, to rows `plane`
 * floats apart. */
TEMPLATE void store_pixels(const vf *r, int n, int channels, float *to, size_t plane, bool add)
{
    vf row[LANES];
    UNROLL
    for (int i = 0; i < LANES; i++)
        row[i] = r[i];
    v_transpose(row);
    UNROLL
    for (int i = 0; i < LANES; i++, to += plane) {
        if (i >= channels)
            return;
        if (n >= LANES)
            v_store(to, add ? v_load(to) + row[i] : row[i]);
        else
            v_store_range(to, add ? v_load_range(to, 0, n) + row[i] : row[i], 0, n);
    }
}

/* As many tiles of a row at a time as have `lanes` pixels side by side. */
TEMPLATE void transform_products(const int m, const dv_tiles *t, int channels, const float *product,
                                 size_t m_stride, const dv_epilogue *ep, const dv_target *to)
{
    const vf lo = v_set(ep->lo), hi = v_set(ep->hi);
    const vf scale = ep->scale ? v_load_range(ep->scale, 0, channels) : v_set(1);
    const vf shift = ep->shift ? v_load_range(ep->shift, 0, channels) : (vf){ 0 };
    vf pixels[4][LANES] = { { { 0 } } };
    for (int row = 0; row < t->rows; row++)
        for (int column = 0; column < t->columns; column += LANES / m) {
            const int left = t->columns - column, tiles = left < LANES / m ? left : LANES / m;
            for (int tile = 0; tile < tiles; tile++, product += LANES) {
                vf y[4][4];
                tile_outputs(m, product, m_stride, y);
                UNROLL
                for (int i = 0; i < m; i++)
                    UNROLL
                for (int j = 0; j < m; j++)
                    pixels[i][tile * m + j] =
                        v_at_most(hi, v_at_least(lo, v_fma(y[i][j], scale, shift)));
            }
            const int rows = to->rows - row * m < m ? to->rows - row * m : m;
            const int room = to->columns - column * m;
            const int n = room < tiles * m ? room : tiles * m;
            float *at = to->data + (size_t)(row * m) * to->pitch + (size_t)(column * m);
            for (int i = 0; i < rows; i++, at += to->pitch)
                store_pixels(pixels[i], n, channels, at, to->plane, to->add);
        }
}

static void winograd_output(const dv_tiles *t, int channels, const float *m, size_t m_stride,
                            const dv_epilogue *ep, const dv_target *y)
{
    if (t->size == 4)
        transform_products(4, t, channels, m, m_stride, ep, y);
    else
        transform_products(2, t, channels, m, m_stride, ep, y);
}

typedef double vd __attribute__((vector_size(LANES * 8)));

/* G g: o (m + 2) from g (3). The row of a finite point p is (1, p, p^2) over the product of p - q,
 * q the other finite points; the last is (0, 0, 1). */
TEMPLATE void transform_weight(const int m, const vd *g, vd *o)
{
    if (m == 2) {
        const vd even = (g[0] + g[2]) * 0.5, odd = g[1] * 0.5;
        o[0] = -g[0];
        o[1] = even + odd;
        o[2] = even - odd;
        o[3] = g[2];
        return;
    }
    const double a = (double)point_a, b = (double)point_b, aa = a * a, bb = b * b;
    const vd even_a = (g[0] + g[2] * aa) * (0.5 / (aa * (aa - bb)));
    const vd even_b = (g[0] + g[2] * bb) * (0.5 / (bb * (bb - aa)));
    const vd odd_a = g[1] * (0.5 / (a * (aa - bb))), odd_b = g[1] * (0.5 / (b * (bb - aa)));
    o[0] = g[0] * (1 / (aa * bb));
    o[1] = even_a + odd_a;
    o[2] = even_a - odd_a;
    o[3] = even_b + odd_b;
    o[4] = even_b - odd_b;
    o[5] = g[2];
}

/* In double: the error of the weights would be that of every output. */
TEMPLATE void transform_kernels(const int m, const float *g, float *u, size_t u_stride)
{
    const int n = m + 2;
    vd half[3][WINOGRAD_MAX]; /* (column, row of the transform) */
    for (int x = 0; x < 3; x++) {
        vd column[3];
        for (int y = 0; y < 3; y++)
            column[y] = __builtin_convertvector(v_load(g + (y * 3 + x) * LANES), vd);
        transform_weight(m, column, half[x]);
    }
    for (int i = 0; i < n; i++) {
        const vd row[3] = { half[0][i], half[1][i], half[2][i] };
        vd o[WINOGRAD_MAX];
        transform_weight(m, row, o);
        for (int j = 0; j < n; j++)
            v_store(u + (size_t)(i * n + j) * u_stride, __builtin_convertvector(o[j], vf));
    }
}

static void winograd_weight(int size, const float *g, float *u, size_t u_stride)
{
    if (size == 4)
        transform_kernels(4, g, u, u_stride);
    else
        transform_kernels(2, g, u, u_stride);
}

#endif
