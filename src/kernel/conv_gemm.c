/* Convolution as a matrix product with OpenBLAS, for every geometry: the reference that the other
 * methods are compared with, and what is used where none of them is known to be better.
 *
 * Forward: the inputs under each output pixel are copied into the columns of a matrix (im2col), a
 * block of pixels at a time so that it stays in the cache. Transposed: the product with the
 * transposed weights gives what each output pixel sends to each tap, and every input pixel gathers
 * its sum from there (col2im). */
#include "kernel/conv_method.h"
#include "kernel/gemm.h"

#include <string.h>

enum {
    FORWARD_FLOATS = 1 << 16,    /* columns of one block, forward */
    TRANSPOSED_FLOATS = 1 << 15, /* and transposed */
    LEAST_PIXELS = 64,           /* of a block, however deep its columns are */
    TILE_CHANNELS = 16,          /* aimed at when a transposed tile is cut into rows */
};

static int depth(const dv_conv_shape *s)
{
    return s->in_channels / s->group * s->kernel[0] * s->kernel[1];
}

/* Whether the input is its own column matrix. */
static bool is_pointwise(const dv_conv_shape *s)
{
    for (int a = 0; a < 2; a++)
        if (s->kernel[a] != 1 || s->stride[a] != 1 || s->pad[a] != 0 || s->in[a] != s->out[a])
            return false;
    return true;
}

static int block_pixels(const dv_conv_shape *s)
{
    int pixels = s->out[0] * s->out[1];
    int fit = FORWARD_FLOATS / depth(s) / LEAST_PIXELS * LEAST_PIXELS;
    if (fit < LEAST_PIXELS)
        fit = LEAST_PIXELS;
    return fit < pixels ? fit : pixels;
}

/* One row of the column matrix: what tap (ty,tx) of an input plane sees from output pixels
 * [first, first + n). */
static void column_row(const dv_conv_shape *s, const float *plane, int ty, int tx, int first, int n,
                       float *to)
{
    const int width = s->out[1], stride = s->stride[1], offset = dv_tap_offset(s, 1, tx);
    const dv_range valid = dv_range_clip(dv_tap_range(stride, offset, 0, s->in[1]), 0, width);
    for (int y = first / width, x = first % width; n > 0; y++, x = 0) {
        const int end = width - x < n ? width : x + n;
        const int iy = y * s->stride[0] + dv_tap_offset(s, 0, ty);
        dv_range r = dv_range_clip(valid, x, end);
        if (iy < 0 || iy >= s->in[0] || r.hi <= r.lo)
            r.lo = r.hi = end;
        memset(to, 0, (size_t)(r.lo - x) * sizeof *to);
        memset(to + (r.hi - x), 0, (size_t)(end - r.hi) * sizeof *to);
        if (r.lo < r.hi) {
            const float *from = plane + (size_t)iy * (size_t)s->in[1];
            if (stride == 1)
                memcpy(to + (r.lo - x), from + r.lo + offset, (size_t)(r.hi - r.lo) * sizeof *to);
            else
                for (int o = r.lo; o < r.hi; o++)
                    to[o - x] = from[o * stride + offset];
        }
        to += end - x;
        n -= end - x;
    }
}

/* columns (C/group * kh * kw, n) from the planes of one group. */
static void im2col(const dv_conv_shape *s, const float *planes, int first, int n, float *columns)
{
    const size_t plane = (size_t)s->in[0] * (size_t)s->in[1];
    for (int c = 0; c < s->in_channels / s->group; c++)
        for (int ty = 0; ty < s->kernel[0]; ty++)
            for (int tx = 0; tx < s->kernel[1]; tx++, columns += n)
                column_row(s, planes + (size_t)c * plane, ty, tx, first, n, columns);
}

typedef struct forward_job {
    const dv_conv *k;
    const float *x;
    const dv_epilogue *ep;
    float *y;
    char *scratch;
    size_t scratch_size; /* of one worker */
    int pixels;          /* of a block */
    int first, blocks;   /* of those that the region touches */
} forward_job;

static void forward_block(void *ctx, int i, int worker)
{
    const forward_job *job = ctx;
    const dv_conv_shape *s = &job->k->s;
    const int block = job->first + i % job->blocks;
    const size_t group = (size_t)(i / job->blocks % s->group);
    const size_t image = (size_t)(i / job->blocks / s->group);
    const size_t in_plane = (size_t)s->in[0] * (size_t)s->in[1];
    const size_t out_plane = (size_t)s->out[0] * (size_t)s->out[1];
    const int in_channels = s->in_channels / s->group, out_channels = s->out_channels / s->group;
    const int first = block * job->pixels, k = depth(s);
    const int n = (int)out_plane - first < job->pixels ? (int)out_plane - first : job->pixels;

    const float *x = job->x + (image * s->in_channels + group * in_channels) * in_plane;
    float *y = job->y + (image * s->out_channels + group * out_channels) * out_plane + first;
    const float *columns = x + first;
    int ld = (int)in_plane;
    if (!is_pointwise(s)) {
        float *to = (float *)(void *)(job->scratch + (size_t)worker * job->scratch_size);
        im2col(s, x, first, n, to);
        columns = to;
        ld = n;
    }
    dv_gemm(false, false, out_channels, n, k, 1, job->k->weight + group * out_channels * k, k,
            columns, ld, 0, y, (int)out_plane);
    dv_epilogue_apply(job->ep, (int)group * out_channels, out_channels, y, out_plane, (size_t)n);
}

static size_t forward_worker_scratch(const dv_conv_shape *s)
{
    if (is_pointwise(s))
        return 0;
    return dv_aligned_size((size_t)depth(s) * (size_t)block_pixels(s) * sizeof(float));
}

static size_t forward_scratch(const dv_conv *k, int workers)
{
    return forward_worker_scratch(&k->s) * (size_t)workers;
}

/* Whole blocks: a product of another shape may round otherwise. */
static void forward(const dv_conv *k, const void *packed, const float *x, const dv_epilogue *ep,
                    const dv_region *region, float *y, void *scratch, dv_pool *pool)
{
    (void)packed;
    forward_job job = { .k = k, .x = x, .ep = ep, .y = y, .scratch = scratch };
    job.scratch_size = forward_worker_scratch(&k->s);
    job.pixels = block_pixels(&k->s);
    job.first = region->rows.lo * k->s.out[1] / job.pixels;
    job.blocks = dv_ceil_div(region->rows.hi * k->s.out[1], job.pixels) - job.first;
    dv_pool_run(pool, k->s.batch * k->s.group * job.blocks, forward_block, &job);
}

/* How the transposed product is cut: tiles of `channels` input channels by `rows` input rows. */
typedef struct tiling {
    int channels, rows;
    size_t floats; /* of the columns of one tile */
} tiling;

static int clamp_int(int v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

static tiling transposed_tiling(const dv_conv_shape *s, const dv_box *out)
{
    const int taps = s->kernel[0] * s->kernel[1];
    const int height = out->hi[DV_Y] - out->lo[DV_Y], width = out->hi[DV_X] - out->lo[DV_X];
    const int channels = s->in_channels / s->group;
    const int64_t row = (int64_t)taps * width;
    const int fit = (int)(TRANSPOSED_FLOATS / (row * dv_least(channels, TILE_CHANNELS)));
    const int out_rows = clamp_int(fit, 1, height);
    const int reach = (s->kernel[0] - 1) * s->dilation[0] / s->stride[0] + 2;
    const int tile_rows = dv_least(out_rows + reach, height);
    tiling t = { .rows = out_rows * s->stride[0] };
    t.channels = clamp_int((int)(TRANSPOSED_FLOATS / (row * tile_rows)), 1, channels);
    if (out_rows == height)
        t.rows = s->in[0];
    t.floats = dv_size_mul((size_t)t.channels, (size_t)(row * tile_rows));
    return t;
}

typedef struct transposed_job {
    const dv_conv *k;
    const dv_signal *out, *in;
    char *scratch;
    size_t scratch_size;
    tiling tiling;
    dv_range groups, rows, columns; /* of the input, inside the map and the box */
    int channel_tiles, row_tiles;
} transposed_job;

/* Adds to row y of input channel c what its taps hold: columns (kh, kw, rows, width) of out.box. */
static void gather_row(const transposed_job *job, int c, int y, dv_range rows, const float *columns)
{
    const dv_conv_shape *s = &job->k->s;
    const dv_box *box = &job->out->box;
    const int width = box->hi[DV_X] - box->lo[DV_X], stride = s->stride[1];
    const size_t plane = (size_t)(rows.hi - rows.lo) * (size_t)width;
    float *to = dv_signal_at(job->in, c, y, job->columns.lo) - job->columns.lo;
    for (int ty = 0; ty < s->kernel[0]; ty++) {
        const int from = y - dv_tap_offset(s, 0, ty);
        const int oy = from / s->stride[0];
        if (from % s->stride[0] != 0 || oy < rows.lo || oy >= rows.hi)
            continue;
        for (int tx = 0; tx < s->kernel[1]; tx++) {
            const int offset = dv_tap_offset(s, 1, tx);
            dv_range r = dv_tap_range(stride, offset, job->columns.lo, job->columns.hi);
            r = dv_range_clip(r, box->lo[DV_X], box->hi[DV_X]);
            const float *values = columns + (size_t)(ty * s->kernel[1] + tx) * plane +
                                  (size_t)(oy - rows.lo) * (size_t)width;
            for (int ox = r.lo; ox < r.hi; ox++)
                to[ox * stride + offset] += values[ox - box->lo[DV_X]];
        }
    }
}

static void transposed_tile(void *ctx, int i, int worker)
{
    const transposed_job *job = ctx;
    const dv_conv_shape *s = &job->k->s;
    const dv_box *box = &job->out->box;
    const int in_channels = s->in_channels / s->group, out_channels = s->out_channels / s->group;
    const int taps = s->kernel[0] * s->kernel[1];
    const int group = job->groups.lo + i / (job->channel_tiles * job->row_tiles);
    const int c0 = i / job->row_tiles % job->channel_tiles * job->tiling.channels;
    const int c1 = dv_least(c0 + job->tiling.channels, in_channels);
    const int y0 = job->rows.lo + i % job->row_tiles * job->tiling.rows;
    const int y1 = dv_least(y0 + job->tiling.rows, job->rows.hi);

    /* Output rows that reach the tile, and the group's channels that the signal has. */
    dv_range rows = { dv_tap_range(s->stride[0], dv_tap_offset(s, 0, s->kernel[0] - 1), y0, y1).lo,
                      dv_tap_range(s->stride[0], dv_tap_offset(s, 0, 0), y0, y1).hi };
    rows = dv_range_clip(rows, box->lo[DV_Y], box->hi[DV_Y]);
    dv_range m = { group * out_channels, (group + 1) * out_channels };
    m = dv_range_clip(m, box->lo[DV_C], box->hi[DV_C]);
    if (rows.hi <= rows.lo || m.hi <= m.lo)
        return;

    const int n = (rows.hi - rows.lo) * (box->hi[DV_X] - box->lo[DV_X]);
    const int plane = (box->hi[DV_Y] - box->lo[DV_Y]) * (box->hi[DV_X] - box->lo[DV_X]);
    float *columns = (float *)(void *)(job->scratch + (size_t)worker * job->scratch_size);
    dv_gemm(true, false, (c1 - c0) * taps, n, m.hi - m.lo, 1,
            job->k->weight + (size_t)m.lo * (size_t)depth(s) + (size_t)c0 * (size_t)taps, depth(s),
            dv_signal_at(job->out, m.lo, rows.lo, box->lo[DV_X]), plane, 0, columns, n);
    for (int c = c0; c < c1; c++)
        for (int y = y0; y < y1; y++)
            gather_row(job, group * in_channels + c, y, rows,
                       columns + (size_t)(c - c0) * (size_t)taps * (size_t)n);
}

static size_t worker_scratch(const tiling *t)
{
    return dv_aligned_size(dv_size_mul(t->floats, sizeof(float)));
}

static size_t transposed_scratch(const dv_conv *k, const dv_box *out, int workers)
{
    const tiling t = transposed_tiling(&k->s, out);
    return dv_size_mul(worker_scratch(&t), (size_t)workers);
}

static void transposed(const dv_conv *k, const void *packed, const dv_signal *out,
                       const dv_signal *in, void *scratch, dv_pool *pool)
{
    (void)packed;
    const dv_conv_shape *s = &k->s;
    const int out_channels = s->out_channels / s->group;
    transposed_job job = { .k = k, .out = out, .in = in, .scratch = scratch };
    job.tiling = transposed_tiling(s, &out->box);
    job.scratch_size = worker_scratch(&job.tiling);
    job.groups.lo = out->box.lo[DV_C] / out_channels;
    job.groups.hi = dv_ceil_div(out->box.hi[DV_C], out_channels);
    job.rows = dv_range_clip((dv_range){ in->box.lo[DV_Y], in->box.hi[DV_Y] }, 0, s->in[0]);
    job.columns = dv_range_clip((dv_range){ in->box.lo[DV_X], in->box.hi[DV_X] }, 0, s->in[1]);
    if (job.rows.hi <= job.rows.lo || job.columns.hi <= job.columns.lo)
        return;
    job.channel_tiles = dv_ceil_div(s->in_channels / s->group, job.tiling.channels);
    job.row_tiles = dv_ceil_div(job.rows.hi - job.rows.lo, job.tiling.rows);
    dv_pool_run(pool, (job.groups.hi - job.groups.lo) * job.channel_tiles * job.row_tiles,
                transposed_tile, &job);
}

static bool fits(const dv_conv *k, dv_direction direction)
{
    (void)k;
    (void)direction;
    return true;
}

/* The product, and gathering from the columns; what others do as well they had better do, for
 * OpenBLAS takes milliseconds to open. */
static double cost(const dv_conv *k, const dv_box *out, size_t nonzeros)
{
    (void)nonzeros;
    const double pixels = (double)(out->hi[DV_Y] - out->lo[DV_Y]) * (out->hi[DV_X] - out->lo[DV_X]);
    return (2 * (double)dv_box_count(out) / k->isa->lanes + 2 * pixels) * depth(&k->s);
}

const dv_conv_method dv_conv_gemm = {
    .name = "gemm",
    .fits = fits,
    .cost = cost,
    .forward_scratch = forward_scratch,
    .forward = forward,
    .uneven = true, /* for all that is known of OpenBLAS */
    .transposed_scratch = transposed_scratch,
    .transposed = transposed,
};
