/* The transposed convolution of a signal that is mostly zeros, as it is behind unpooling and
 * rectification, and at first, when it is one unit: each value of it sends its kernel, scaled, to
 * the input, and zeros send nothing.
 *
 * The input is summed in another layout, channels last, so that a row of a kernel (tap, channel) is
 * a run of vectors that lies side by side in it. All values of one output pixel are added up in
 * registers before they go there. */
#include "kernel/conv_method.h"

#include <math.h>
#include <string.h>

enum {
    CHUNK_FLOATS = 160 << 10, /* of the kernels of a chunk, about: they stay in the L2 cache */
    BAND_CELLS = 1 << 13,     /* output channels times pixels in one task */
    SLACK = 16,               /* floats behind each row, for the last vector of a run */
};

typedef struct layout {
    int in, out; /* channels of a group */
    int chunk;   /* input channels together, so that the sums of kernel rows fit the registers */
    int chunks;  /* of a group */
    int vectors; /* of a row of a kernel */
    int rows;    /* of a kernel that are summed at a time */
    size_t row, kernel, chunk_floats, group_floats;
} layout;

static layout layout_of(const dv_conv *k)
{
    const dv_conv_shape *s = &k->s;
    const int lanes = k->isa->lanes, width = s->kernel[1], most = k->isa->sum_vectors * lanes;
    layout l = { .in = s->in_channels / s->group, .out = s->out_channels / s->group };
    const int by_cache = (int)(CHUNK_FLOATS / ((int64_t)l.out * s->kernel[0] * width * lanes));
    const int by_registers = (int)(most / ((int64_t)s->kernel[0] * width * lanes));
    l.chunk = l.in;
    if ((int64_t)width * l.in > most || l.in > 4 * lanes) {
        const int vectors = dv_greatest(dv_least(by_registers, by_cache), 1);
        l.chunks = dv_ceil_div(l.in, vectors * lanes);
        l.chunk = dv_round_up(dv_ceil_div(l.in, l.chunks), lanes);
    }
    l.chunks = dv_ceil_div(l.in, l.chunk);
    l.vectors = dv_ceil_div(width * l.chunk, lanes);
    l.rows = dv_least(k->isa->sum_vectors / l.vectors, s->kernel[0]);
    l.row = (size_t)l.vectors * (size_t)lanes;
    l.kernel = (size_t)s->kernel[0] * l.row;
    l.chunk_floats = (size_t)l.out * l.kernel;
    l.group_floats = (size_t)l.chunks * l.chunk_floats;
    return l;
}

static bool fits(const dv_conv *k, dv_direction direction)
{
    const dv_conv_shape *s = &k->s;
    return direction == DV_TRANSPOSED && s->dilation[0] == 1 && s->dilation[1] == 1 &&
           s->kernel[1] <= k->isa->sum_vectors && layout_of(k).chunk_floats < INT32_MAX;
}

static size_t packed_size(const dv_conv *k, dv_direction direction)
{
    (void)direction;
    return layout_of(k).group_floats * (size_t)k->s.group * sizeof(float);
}

/* (group, chunk, output channel, tap y, tap x, input channel), a row of a kernel rounded up to
 * vectors with zeros. */
static void pack(const dv_conv *k, dv_direction direction, void *packed)
{
    (void)direction;
    const dv_conv_shape *s = &k->s;
    const layout l = layout_of(k);
    const int width = s->kernel[1], taps = s->kernel[0] * width;
    float *to = packed;
    for (int i = 0; i < s->group * l.chunks * l.out; i++) {
        const int m = i % l.out, first = i / l.out % l.chunks * l.chunk;
        const int group = i / l.out / l.chunks, channels = dv_least(l.chunk, l.in - first);
        const float *from = k->weight + ((size_t)(group * l.out + m) * l.in + first) * taps;
        for (int ty = 0; ty < s->kernel[0]; ty++, to += l.row) {
            memset(to, 0, l.row * sizeof *to);
            for (int c = 0; c < channels; c++)
                for (int tx = 0; tx < width; tx++)
                    to[tx * l.chunk + c] = from[c * taps + ty * width + tx];
        }
    }
}

static size_t pixels_of(const dv_box *out)
{
    return (size_t)(out->hi[DV_Y] - out->lo[DV_Y]) * (size_t)(out->hi[DV_X] - out->lo[DV_X]);
}

/* Sums, or the reading of their weights from memory if that takes longer; reading the signal, and
 * moving the result. */
static double cost(const dv_conv *k, const dv_box *out, size_t nonzeros)
{
    const layout l = layout_of(k);
    const double pixels = (double)pixels_of(out);
    const double kernels = fmin((double)nonzeros, out->hi[DV_C] - out->lo[DV_C]);
    const double weights = kernels * l.chunks * k->s.kernel[0] * (l.vectors + 0.5);
    return weights * fmax(1.3 * (double)nonzeros / kernels, 8) + (double)dv_box_count(out) +
           3 * (double)nonzeros + 2 * pixels * k->s.stride[0] * k->s.stride[1] * l.in;
}

/* Where the sums lie: (chunk, row, column, channel of the chunk), all that the box reaches, what
 * lies beyond the map included. */
typedef struct sums {
    int rows, columns;
    size_t pitch, chunk; /* floats of a row, of a chunk */
} sums;

static sums sums_of(const dv_conv_shape *s, const layout *l, const dv_box *out)
{
    sums r = {
        .rows = (out->hi[DV_Y] - out->lo[DV_Y] - 1) * s->stride[0] + s->kernel[0],
        .columns = (out->hi[DV_X] - out->lo[DV_X] - 1) * s->stride[1] + s->kernel[1],
    };
    r.pitch = (size_t)r.columns * (size_t)l->chunk + SLACK;
    r.chunk = r.pitch * (size_t)r.rows;
    return r;
}

/* Rows of the signal in a task. Bands two apart send nothing to the same place. */
static int band_rows(const dv_conv *k, const dv_box *out)
{
    const dv_conv_shape *s = &k->s;
    const int width = out->hi[DV_X] - out->lo[DV_X];
    const int64_t cells = (int64_t)width * (s->out_channels / s->group);
    return dv_greatest((int)(BAND_CELLS / cells), dv_ceil_div(s->kernel[0], s->stride[0]));
}

/* The nonzero values of each pixel of the box. */
typedef struct lists {
    int *n;          /* (pixel) */
    int32_t *kernel; /* (pixel, output channel) floats from the first kernel to theirs */
    float *value;    /* (pixel, output channel) */
} lists;

typedef struct job {
    const dv_conv *k;
    layout l;
    sums s;
    const dv_signal *out, *in;
    const float *weight; /* of the group */
    int group;
    int width;        /* of the box */
    int band, parity; /* rows of a band; whether the even or the odd ones are at work */
    float *sums;
    lists lists;
    dv_range rows, columns; /* of the input, inside the map and what the box reaches */
} job;

static void list_row(void *ctx, int i, int worker)
{
    (void)worker;
    const job *j = ctx;
    const dv_box *box = &j->out->box;
    const int first = j->group * j->l.out;
    const dv_range m =
        dv_range_clip((dv_range){ first, first + j->l.out }, box->lo[DV_C], box->hi[DV_C]);
    const size_t pixel = (size_t)i * (size_t)j->width, at = pixel * (size_t)j->l.out;
    memset(j->lists.n + pixel, 0, (size_t)j->width * sizeof *j->lists.n);
    for (int c = m.lo; c < m.hi; c++)
        j->k->isa->list_nonzeros(j->width,
                                 dv_signal_at(j->out, c, box->lo[DV_Y] + i, box->lo[DV_X]),
                                 (int32_t)((size_t)(c - first) * j->l.kernel), j->l.out,
                                 j->lists.n + pixel, j->lists.kernel + at, j->lists.value + at);
}

static void sum_band(void *ctx, int i, int worker)
{
    (void)worker;
    const job *j = ctx;
    const dv_conv_shape *s = &j->k->s;
    const int chunk = i % j->l.chunks, height = j->out->box.hi[DV_Y] - j->out->box.lo[DV_Y];
    const int y0 = (2 * (i / j->l.chunks) + j->parity) * j->band;
    const int y1 = dv_least(y0 + j->band, height);
    const float *weight = j->weight + (size_t)chunk * j->l.chunk_floats;
    for (int y = y0; y < y1; y++)
        for (int x = 0; x < j->width; x++) {
            const size_t pixel = (size_t)y * (size_t)j->width + (size_t)x;
            const size_t at = pixel * (size_t)j->l.out;
            float *to = j->sums + (size_t)chunk * j->s.chunk +
                        (size_t)(y * s->stride[0]) * j->s.pitch +
                        (size_t)(x * s->stride[1]) * (size_t)j->l.chunk;
            for (int ty = 0; j->lists.n[pixel] && ty < s->kernel[0]; ty += j->l.rows)
                j->k->isa->add_sum(dv_least(j->l.rows, s->kernel[0] - ty), j->l.vectors,
                                   j->lists.n[pixel], j->lists.kernel + at, j->lists.value + at,
                                   weight + (size_t)ty * j->l.row, to + (size_t)ty * j->s.pitch,
                                   j->s.pitch);
        }
}

/* Adds the sums of one row of the map to the input. */
static void move_row(void *ctx, int i, int worker)
{
    (void)worker;
    const job *j = ctx;
    const dv_conv_shape *s = &j->k->s;
    const dv_box *box = &j->out->box;
    const int y = j->rows.lo + i, top = box->lo[DV_Y] * s->stride[0] - s->pad[0];
    const int left = box->lo[DV_X] * s->stride[1] - s->pad[1];
    const int n = j->columns.hi - j->columns.lo;
    for (int chunk = 0; chunk < j->l.chunks; chunk++) {
        const int first = chunk * j->l.chunk;
        const float *from = j->sums + (size_t)chunk * j->s.chunk + (size_t)(y - top) * j->s.pitch +
                            (size_t)(j->columns.lo - left) * (size_t)j->l.chunk;
        float *to = dv_signal_at(j->in, j->group * j->l.in + first, y, j->columns.lo);
        const size_t plane = (size_t)(j->in->box.hi[DV_Y] - j->in->box.lo[DV_Y]) *
                             (size_t)(j->in->box.hi[DV_X] - j->in->box.lo[DV_X]);
        j->k->isa->add_transposed(n, dv_least(j->l.chunk, j->l.in - first), from,
                                  (size_t)j->l.chunk, to, plane);
    }
}

static size_t sums_size(const dv_conv *k, const dv_box *out)
{
    const layout l = layout_of(k);
    return dv_aligned_size(sums_of(&k->s, &l, out).chunk * (size_t)l.chunks * sizeof(float));
}

static size_t counts_size(const dv_box *out)
{
    return dv_aligned_size(pixels_of(out) * sizeof(int));
}

static size_t values_size(const dv_conv *k, const dv_box *out)
{
    const size_t channels = (size_t)(k->s.out_channels / k->s.group);
    return dv_aligned_size(pixels_of(out) * channels * sizeof(float));
}

static size_t transposed_scratch(const dv_conv *k, const dv_box *out, int workers)
{
    (void)workers;
    return sums_size(k, out) + counts_size(out) + 2 * values_size(k, out);
}

/* What the box reaches on one axis, inside the map. */
static dv_range reach(const dv_conv_shape *s, int axis, const dv_box *out)
{
    const int lo = out->lo[DV_Y + axis] * s->stride[axis] - s->pad[axis];
    const int hi = (out->hi[DV_Y + axis] - 1) * s->stride[axis] - s->pad[axis] + s->kernel[axis];
    return dv_range_clip((dv_range){ lo, hi }, 0, s->in[axis]);
}

static void transposed(const dv_conv *k, const void *packed, const dv_signal *out,
                       const dv_signal *in, void *scratch, dv_pool *pool)
{
    job j = { .k = k, .l = layout_of(k), .out = out, .in = in, .sums = scratch };
    j.s = sums_of(&k->s, &j.l, &out->box);
    j.width = out->box.hi[DV_X] - out->box.lo[DV_X];
    j.band = band_rows(k, &out->box);
    char *rest = (char *)scratch + sums_size(k, &out->box);
    j.lists.n = (int *)(void *)rest;
    j.lists.kernel = (int32_t *)(void *)(rest + counts_size(&out->box));
    j.lists.value = (float *)(void *)(rest + counts_size(&out->box) + values_size(k, &out->box));
    j.rows = reach(&k->s, 0, &out->box);
    j.columns = reach(&k->s, 1, &out->box);
    if (j.rows.hi <= j.rows.lo || j.columns.hi <= j.columns.lo)
        return;
    const int height = out->box.hi[DV_Y] - out->box.lo[DV_Y];
    const int bands = dv_ceil_div(height, j.band);
    const int last = dv_ceil_div(out->box.hi[DV_C], j.l.out);
    for (j.group = out->box.lo[DV_C] / j.l.out; j.group < last; j.group++) {
        j.weight = (const float *)packed + (size_t)j.group * j.l.group_floats;
        memset(j.sums, 0, j.s.chunk * (size_t)j.l.chunks * sizeof *j.sums);
        dv_pool_run(pool, height, list_row, &j);
        for (j.parity = 0; j.parity < 2; j.parity++)
            dv_pool_run(pool, (bands + 1 - j.parity) / 2 * j.l.chunks, sum_band, &j);
        dv_pool_run(pool, j.rows.hi - j.rows.lo, move_row, &j);
    }
}

const dv_conv_method dv_conv_sparse = {
    .name = "sparse",
    .fits = fits,
    .cost = cost,
    .packed_size = packed_size,
    .pack = pack,
    .transposed_scratch = transposed_scratch,
    .transposed = transposed,
};
