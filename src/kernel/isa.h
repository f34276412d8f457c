/* isa.h - the inner loops, compiled once for each instruction set, chosen when the program runs.
 *
 * The sources are the vector_*.h files; isa_avx512.c, isa_avx2.c and isa_baseline.c compile them,
 * the last for what every x86-64 has, or for NEON. */
#ifndef DV_KERNEL_ISA_H
#define DV_KERNEL_ISA_H

#include "kernel/epilogue.h"
#include "kernel/function.h"
#include "kernel/maxpool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A block of Winograd tiles: `rows` rows of `columns` tiles, numbered in row-major order. */
typedef struct dv_tiles {
    int size; /* m of F(m x m, 3 x 3): 4 or 2 */
    int rows, columns;
    int group; /* so many lie side by side */
} dv_tiles;

/* One plane, with zeros around it. */
typedef struct dv_plane {
    const float *data;
    size_t pitch;      /* floats from row to row */
    int rows, columns; /* what there is; outside is zero */
    size_t next;       /* floats to the plane that comes next, to fetch meanwhile; 0: none */
} dv_plane;

/* Where the outputs of a block of tiles go. */
typedef struct dv_target {
    float *data;         /* of the first channel and tile */
    size_t plane, pitch; /* floats from channel to channel, and from row to row */
    int rows, columns;   /* left from there on; tiles may hang over */
    bool add;            /* to what is there already */
} dv_target;

/* Kernels of some planes that are summed, and how they slide; of some groups, each with planes and
 * outputs of its own. Axis 0 is y, 1 is x. */
typedef struct dv_filter {
    int groups, outputs, planes;
    int kernel[2], stride[2], dilation[2];
    const float *weight; /* (groups,outputs,planes,kh,kw) */
} dv_filter;

/* A value and the place, in floats, of what it multiplies. */
typedef struct dv_term {
    int32_t offset;
    float value;
} dv_term;

/* Sums of scaled kernels for a row of n pixels: what lies from y + x * step on, rows `pitch` apart,
 * gets the sum over from[x] <= i < to[x] of the value of terms[x * room + i] times the rows of
 * vectors that lie side by side from w + its offset on. */
typedef struct dv_sums {
    int n, room;
    const int *from, *to;
    const dv_term *terms;
    const float *w;
    float *y;
    size_t step, pitch;
} dv_sums;

/* A tile of the product of A and B: c (rows, columns), ldc apart, = ep(the sum over k of a[k][row]
 * * b[k][column]), or, `add`, of c and that sum. */
typedef struct dv_tile {
    int rows, columns, k; /* up to narrow_pixels and narrow_panel */
    const float *a;       /* (k, tile_pitch) */
    const float *b;       /* (k, narrow_panel) */
    const float *next;    /* fetched into the L2 cache meanwhile, next_step floats for each k */
    int next_step;
    bool add;
    const dv_epilogue *ep; /* of the columns, from the tile's first on */
    float *c;
    size_t ldc;
} dv_tile;

/* The product of `wide` with its input in strips, packed (strip, k, wide_pixels). */
typedef struct dv_strips {
    int rows, n, k;        /* as of `wide` */
    const float *a;        /* (k, wide_rows) */
    const float *b;        /* the input, where there are offsets: */
    const int32_t *offset; /* from there the strips are filled meanwhile. NULL: they are full */
    float *packed;
    const float *next; /* fetched into the L2 cache meanwhile: for each k a line of every strip, */
    size_t next_step;  /* so many floats apart */
    bool add;          /* to what is in c */
    const dv_epilogue *ep; /* from the first row on */
    float *c;              /* (rows, n), ldc apart */
    size_t ldc;
} dv_strips;

enum { DV_REST_PIXELS = 4 }; /* the most of `rest` */

/* Of a row of numbers: (x - mean - rest) * inverse is normalised. */
typedef struct dv_normal {
    float mean, rest; /* which is missing to the mean */
    float inverse;    /* 1 / standard deviation */
} dv_normal;

/* Of a run of numbers. */
typedef struct dv_summary {
    float max;       /* -INFINITY where none is larger */
    uint32_t active; /* > 0 */
    double sum;
} dv_summary;

enum { DV_ROWS_AHEAD = 4 }; /* see add_rows */

enum { DV_DOT_VECTORS = 16 }; /* the most of dot_rows_many */

enum { DV_SUM_ROWS = 3, DV_SUM_WIDTH = 12 }; /* the most rows, and vectors of a row */

typedef struct dv_isa {
    const char *name;
    int lanes;         /* floats in a vector */
    int wide_rows;     /* output channels in a panel of `wide` */
    int wide_pixels;   /* in a strip of it */
    int narrow_panel;  /* and of `narrow` */
    int narrow_pixels; /* the most that `narrow` takes */
    int tile_pitch;    /* those of `tile`, rounded up to lanes */
    int sum_vectors;   /* and `add_sums` */
    int outputs_by_2;  /* that `depthwise` sums from one reading, with stride 2 */

    /* c (rows, n), ldc apart, = ep(sum over k of a[k][row] * b[offset[k] + pixel]), with
     * a (k, wide_rows), rows <= wide_rows, and ep's arrays starting at the panel's first row. Each
     * `block` terms are summed by themselves: the sum of short sums rounds less. */
    void (*wide)(int rows, int n, int k, int block, const float *a, const float *b,
                 const int32_t *offset, const dv_epilogue *ep, float *c, size_t ldc);

    /* See dv_strips. */
    void (*strips)(const dv_strips *s);

    /* The same for n <= DV_REST_PIXELS, which are packed (k, DV_REST_PIXELS), and the rows of
     * several panels of weights, `panel` floats apart: rows <= narrow_panel. */
    void (*rest)(const dv_strips *s, size_t panel);

    /* The sum over k of b[offset[k] + pixel] * a[k][channel], a (k, panel), panel being lanes or
     * narrow_panel, and n <= narrow_pixels, as one or two vectors of channels for each pixel: to
     * c + pixel * ldc, and `half` floats further on, or added to what is there. What lies from
     * `next` on is fetched into the L2 cache meanwhile, next_step floats for each k. */
    void (*narrow)(int panel, int n, int k, bool add, const float *a, const float *b,
                   const int32_t *offset, const float *next, int next_step, float *c, size_t ldc,
                   size_t half);

    /* See dv_tile. */
    void (*tile)(const dv_tile *t);

    /* to (columns, rows), `to_pitch` apart, = from (rows, columns) transposed; columns is a
     * multiple of lanes, and `to` has room for rows rounded up to lanes. */
    void (*transpose)(int rows, int columns, const float *from, size_t from_pitch, float *to,
                      size_t to_pitch);

    /* to (rows, n) = from, rows `pitch` and `to_pitch` apart; and to (columns, rows) = from (rows,
     * columns) transposed, of any sizes. */
    void (*copy_rows)(int rows, int n, const float *from, ptrdiff_t pitch, float *to,
                      ptrdiff_t to_pitch);
    void (*copy_transposed)(int rows, int columns, const float *from, ptrdiff_t pitch, float *to,
                            ptrdiff_t to_pitch);

    /* to[i] = clamp(from[i] * scale + shift). */
    void (*finish)(int n, const float *from, float scale, float shift, float lo, float hi,
                   float *to);

    /* y[i] = f(x[i]), where f has parameters by a and b. y may be x; so in `combine`, where it may
     * be an argument that is no single number. */
    void (*map)(dv_function f, int n, const float *x, float a, float b, float *y);

    /* y[i] = f(a[i], b[i]); a_one, b_one: of that there is one number for all. */
    void (*combine)(dv_binary f, int n, const float *a, bool a_one, const float *b, bool b_one,
                    float *y);

    /* The sum of n numbers, the sum of the squares of x[i] - mean, and the largest, n > 0. */
    double (*sum)(int n, const float *x);
    double (*sum_squares)(int n, const float *x, double mean);
    float (*largest)(int n, const float *x);

    /* y[i] = x[i] normalised * scale[i] + bias[i] */
    void (*normalise)(int n, const float *x, const dv_normal *m, const float *scale,
                      const float *bias, float *y);

    /* to[i] = from[i * stride] */
    void (*stride_copy)(int n, const float *from, int stride, float *to);

    /* to (rows, n), n <= lanes: from[i * stride] of rows `pitch` floats apart where lo <= i < hi,
     * and zeros. */
    void (*stride_rows)(int rows, int n, int lo, int hi, const float *from, ptrdiff_t pitch,
                        int stride, float *to);

    /* v[frequency * v_stride + tile / group * group_stride + tile % group] = the transform of the
     * tiles of one plane, the first of which begins at (y0,x0) of it. Groups are rounded up to
     * lanes. scratch: dv_winograd_scratch floats. */
    void (*winograd_input)(const dv_tiles *t, const dv_plane *x, int y0, int x0, float *scratch,
                           float *v, size_t v_stride, size_t group_stride);

    /* The outputs of `channels` (at most lanes) channels from products
     * m[frequency * m_stride + tile * lanes + channel]; ep's arrays start at the first. */
    void (*winograd_output)(const dv_tiles *t, int channels, const float *m, size_t m_stride,
                            const dv_epilogue *ep, const dv_target *y);

    /* u[frequency * u_stride + lane] = the transform of `lanes` kernels of 3 x 3,
     * g (9, lanes). size as in dv_tiles. */
    void (*winograd_weight)(int size, const float *g, float *u, size_t u_stride);

    /* The same along y alone, of F(3, 4): v[frequency * v_stride + tile * x->columns + column] =
     * the transform of six rows of x, which begin at y0 + tile * 3. */
    void (*line_input)(const dv_plane *x, int y0, int tiles, float *v, size_t v_stride);

    /* y = clamp(the three rows of outputs of each tile, from products
     * m[frequency * m_stride + tile * y->columns + column], * scale + shift). */
    void (*line_output)(int tiles, const float *m, size_t m_stride, float scale, float shift,
                        float lo, float hi, const dv_target *y);

    /* Windows [lo, hi) of row oy of one plane, to y[window] and, unless NULL, switches[window].
     * None hangs over the left or right edge; the dilation is 1, the stride along x is 1 or 2.
     * settle: switches by dv_pool_settle. */
    void (*maxpool_row)(const dv_pool_shape *s, const float *plane, int oy, int lo, int hi,
                        bool settle, float *y, int32_t *switches);

    /* y (groups, outputs, rows, columns) = ep(the sums of the taps of all planes of a group, x
     * being the first and x->next between them; those of the next group come behind them); output
     * (i, j) has its first tap at (y0 + i * stride, x0 + j * stride). ep's arrays start at the
     * first output. Of x, rows but every `every`th are zeros and not read. */
    void (*depthwise)(const dv_filter *k, const dv_plane *x, int every, int y0, int x0,
                      const dv_epilogue *ep, const dv_target *y);

    /* Rows [lo, hi) of the windows of one plane, to the same rows of y. The dilation is 1, the
     * stride along x is 1 or 2, dv_pool_pitch at most DV_POOL_ROOM. Of zeros of both signs any may
     * count. */
    void (*maxpool_rows)(const dv_pool_shape *s, const float *plane, int lo, int hi, float *y);

    /* The same with the sum of each window over rows[its row] * columns[its column]. */
    void (*meanpool_rows)(const dv_pool_shape *s, const float *plane, int lo, int hi,
                          const float *rows, const float *columns, float *y);

    /* y (rows) = w (rows, k) * x (k); w may lie at any address. */
    void (*dot_rows)(int rows, int k, const float *w, const float *x, float *y);

    /* y[i] (rows) = w (rows, k) * x[i] (k) for n vectors, w being read once, from any
     * address; to the bytes of dot_rows. */
    void (*dot_rows_many)(int rows, int k, const float *w, int n, const float *const *x,
                          float *const *y);

    /* y (n) += for one term after the other its value times the row of n that begins at w + its
     * offset. DV_ROWS_AHEAD terms behind the last are read, and their rows fetched ahead. */
    void (*add_rows)(int n, int terms, const dv_term *t, const float *w, float *y);

    /* What n numbers say. The sum is that of 16 sums, of every 16th number each, and of the sum of
     * those that are left, whatever the machine. */
    void (*survey)(int n, const float *v, dv_summary *s);

    /* The first i for which v[i] == value; n where there is none. */
    int (*find)(int n, const float *v, float value);

    /* See dv_sums and DV_SUM_…; rows * vectors <= sum_vectors. */
    void (*add_sums)(int rows, int vectors, const dv_sums *s);

    /* Appends what is not zero at each pixel x of `channels` planes of n pixels, `plane` floats
     * apart, to the list at terms + x * room, which holds count[x] terms so far: of channel c with
     * the offset `first` + c * step. Writes up to `lanes` terms more than it counts. */
    void (*list_nonzeros)(int n, int channels, const float *from, size_t plane, int32_t first,
                          int32_t step, int room, int *count, dv_term *terms);

    /* to[c * plane + x] += from[x * from_pitch + c], x < n, c < channels. */
    void (*add_transposed)(int n, int channels, const float *from, size_t from_pitch, float *to,
                           size_t plane);
} dv_isa;

/* The best that this machine has, up to what dv_isa_limit says. */
const dv_isa *dv_isa_best(void);

/* From now on none better than `name` ("avx512", "avx2", "baseline"; NULL: no limit). False, and
 * nothing changes, where there is none of that name. For the whole process, and not while anything
 * is computed: for a program's first steps, and for tests. */
bool dv_isa_limit(const char *name);

/* Floats of scratch that winograd_input needs. */
static inline size_t dv_winograd_scratch(const dv_tiles *t)
{
    return (size_t)(t->size + 2) * 2 *
           ((size_t)t->rows * (size_t)t->columns * (size_t)t->size + 256);
}

#endif
