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
    BLOCK_BYTES = 36 << 10, /* of the kernels that are summed before the next ones, about: they
                               stay in the L1 cache */
    BAND_BYTES = 24 << 10,  /* of the sums of a band, about: in the cache with them */
    ENOUGH_SUMS = 8,        /* vectors that are summed side by side and need not wait */
    LIST_PIXELS = 64,       /* in a task that lists what is not zero */
    SLACK = 16,             /* floats behind each row, for the last vector of a run */
};

typedef struct layout {
    int in, out; /* channels of a group */
    int chunk;   /* input channels together: a vector of them, or two, or all if they are few */
    int chunks;  /* of a group */
    int vectors; /* of a row of a kernel */
    int rows;    /* of a kernel that are summed at a time */
    int block;   /* output channels whose kernels are summed before the next ones */
    int blocks;  /* of a group */
    int room;    /* terms in a list */
    size_t row, kernel, chunk_floats, group_floats;
} layout;

static layout layout_of(const dv_conv *k)
{
    const dv_conv_shape *s = &k->s;
    const int lanes = k->isa->lanes, width = s->kernel[1];
    layout l = { .in = s->in_channels / s->group, .out = s->out_channels / s->group };
    l.chunk = l.in;
    if (l.in > lanes) {
        const int side = dv_least(s->kernel[0], DV_SUM_ROWS) * width;
        const int vectors = dv_ceil_div(l.in, lanes);
        l.chunk = lanes * dv_least(dv_greatest(ENOUGH_SUMS / side, 1), vectors);
    }
    l.chunks = dv_ceil_div(l.in, l.chunk);
    l.vectors = dv_ceil_div(width * l.chunk, lanes);
    l.rows = dv_least(k->isa->sum_vectors / l.vectors, dv_least(s->kernel[0], DV_SUM_ROWS));
    l.row = (size_t)l.vectors * (size_t)lanes;
    l.kernel = (size_t)s->kernel[0] * l.row;
    const size_t rows = (size_t)dv_greatest(l.rows, 1) * l.row;
    l.block = dv_greatest((int)(BLOCK_BYTES / (rows * sizeof(float))), 1);
    l.block = dv_least(l.block < lanes ? l.block : l.block / lanes * lanes, l.out);
    l.blocks = dv_ceil_div(l.out, l.block);
    l.room = l.out + lanes;
    l.chunk_floats = (size_t)l.out * l.kernel;
    l.group_floats = (size_t)l.chunks * l.chunk_floats;
    return l;
}

static bool fits(const dv_conv *k, dv_direction direction)
{
    const dv_conv_shape *s = &k->s;
    if (direction != DV_TRANSPOSED || s->dilation[0] != 1 || s->dilation[1] != 1)
        return false;
    const layout l = layout_of(k);
    return l.vectors <= DV_SUM_WIDTH && l.rows > 0 && l.chunk_floats < INT32_MAX / 2;
}

static dv_arrangement arrange(const dv_conv *k, dv_direction direction)
{
    (void)direction;
    const layout l = layout_of(k);
    return (dv_arrangement){ .bytes = l.group_floats * (size_t)k->s.group * sizeof(float),
                             .parts = k->s.group * l.chunks,
                             .variant = { l.chunk } };
}

/* A chunk of a group: (output channel, tap y, tap x, input channel), a row of a kernel rounded up
 * to vectors with zeros. */
static void pack(const dv_conv *k, dv_direction direction, int part, void *packed)
{
    (void)direction;
    const dv_conv_shape *s = &k->s;
    const layout l = layout_of(k);
    const int width = s->kernel[1], taps = s->kernel[0] * width;
    const int group = part / l.chunks, first = part % l.chunks * l.chunk;
    const int channels = dv_least(l.chunk, l.in - first);
    float *to = (float *)packed + (size_t)part * l.chunk_floats;
    for (int m = 0; m < l.out; m++) {
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
    return weights * fmax(1.2 * (double)nonzeros / kernels, 8) + (double)dv_box_count(out) +
           3 * (double)nonzeros + 2 * pixels * k->s.stride[0] * k->s.stride[1] * l.in;
}

/* What the box reaches on one axis, inside the map. */
static dv_range reach(const dv_conv_shape *s, int axis, const dv_box *out)
{
    const int lo = out->lo[DV_Y + axis] * s->stride[axis] - s->pad[axis];
    const int hi = (out->hi[DV_Y + axis] - 1) * s->stride[axis] - s->pad[axis] + s->kernel[axis];
    return dv_range_clip((dv_range){ lo, hi }, 0, s->in[axis]);
}

/* The sums of a band of rows of the map, for a chunk of its channels: (row, column, channel), all
 * columns that the box reaches, those beyond the map included. */
typedef struct band {
    int rows;     /* in a band */
    int left;     /* the first column */
    size_t pitch; /* floats of a row */
} band;

static band band_of(const dv_conv *k, const layout *l, const dv_box *out)
{
    const dv_conv_shape *s = &k->s;
    const int width = out->hi[DV_X] - out->lo[DV_X];
    const int columns = (width - 1) * s->stride[1] + s->kernel[1];
    band r = { .left = out->lo[DV_X] * s->stride[1] - s->pad[1] };
    r.pitch = (size_t)columns * (size_t)l->chunk + SLACK;
    r.rows = (int)(BAND_BYTES / (r.pitch * sizeof(float)));
    r.rows = dv_greatest(r.rows, 2 * s->kernel[0]);
    return r;
}

/* The nonzero values of each pixel of the box. */
typedef struct lists {
    int *ends;      /* (block + 1, pixel) how many lie before that block of output channels */
    dv_term *terms; /* (pixel, output channel) each with the place of its kernel among those of a
                       chunk */
} lists;

typedef struct job {
    const dv_conv *k;
    layout l;
    band s;
    const dv_signal *out, *in;
    const float *weight; /* of the group */
    int group;
    int width;  /* of the box */
    int pixels; /* of the box */
    lists lists;
    float *sums;            /* (worker, s.rows, s.pitch) */
    dv_range rows, columns; /* of the input, inside the map and what the box reaches */
} job;

static void list_pixels(void *ctx, int i, int worker)
{
    (void)worker;
    const job *j = ctx;
    const dv_box *box = &j->out->box;
    const int first = j->group * j->l.out, pixel = i * LIST_PIXELS;
    const int pixels = dv_least(j->pixels - pixel, LIST_PIXELS);
    const size_t bytes = (size_t)pixels * sizeof *j->lists.ends;
    int *n = j->lists.ends + pixel;
    memset(n, 0, bytes);
    for (int block = 0; block < j->l.blocks; block++) {
        n = memcpy(n + j->pixels, n, bytes);
        const int lo = first + block * j->l.block;
        const dv_range all = { lo, dv_least(lo + j->l.block, first + j->l.out) };
        const dv_range m = dv_range_clip(all, box->lo[DV_C], box->hi[DV_C]);
        if (m.lo < m.hi)
            j->k->isa->list_nonzeros(
                pixels, m.hi - m.lo,
                j->out->data + (size_t)(m.lo - box->lo[DV_C]) * (size_t)j->pixels + pixel,
                (size_t)j->pixels, (int32_t)((size_t)(m.lo - first) * j->l.kernel),
                (int32_t)j->l.kernel, j->l.room, n,
                j->lists.terms + (size_t)pixel * (size_t)j->l.room);
    }
}

/* What one block of output channels sends to rows [y0, y1) of one chunk of the input. */
static void sum_block(const job *j, int chunk, int block, int y0, int y1, float *to)
{
    const dv_conv_shape *s = &j->k->s;
    const dv_box *box = &j->out->box;
    const float *weight = j->weight + (size_t)chunk * j->l.chunk_floats;
    dv_sums row = { .n = j->width,
                    .room = j->l.room,
                    .step = (size_t)s->stride[1] * (size_t)j->l.chunk,
                    .pitch = j->s.pitch };
    for (int first = 0; first < s->kernel[0]; first += j->l.rows)
        for (int y = box->lo[DV_Y]; y < box->hi[DV_Y]; y++) {
            const int top = y * s->stride[0] - s->pad[0];
            const dv_range all = { first, dv_least(first + j->l.rows, s->kernel[0]) };
            const dv_range ty = dv_range_clip(all, y0 - top, y1 - top);
            if (ty.hi <= ty.lo)
                continue;
            const size_t pixel = (size_t)(y - box->lo[DV_Y]) * (size_t)j->width;
            row.from = j->lists.ends + (size_t)block * (size_t)j->pixels + pixel;
            row.to = row.from + j->pixels;
            row.terms = j->lists.terms + pixel * (size_t)j->l.room;
            row.w = weight + (size_t)ty.lo * j->l.row;
            row.y = to + (size_t)(top + ty.lo - y0) * j->s.pitch;
            j->k->isa->add_sums(ty.hi - ty.lo, j->l.vectors, &row);
        }
}

/* Adds the sums of rows [y0, y1), one chunk, to the input. */
static void move_sums(const job *j, int chunk, int y0, int y1, const float *from)
{
    const dv_box *box = &j->in->box;
    const int first = chunk * j->l.chunk, channels = dv_least(j->l.chunk, j->l.in - first);
    const size_t plane =
        (size_t)(box->hi[DV_Y] - box->lo[DV_Y]) * (size_t)(box->hi[DV_X] - box->lo[DV_X]);
    from += (size_t)(j->columns.lo - j->s.left) * (size_t)j->l.chunk;
    for (int y = y0; y < y1; y++, from += j->s.pitch)
        j->k->isa->add_transposed(j->columns.hi - j->columns.lo, channels, from, (size_t)j->l.chunk,
                                  dv_signal_at(j->in, j->group * j->l.in + first, y, j->columns.lo),
                                  plane);
}

static void sum_band(void *ctx, int i, int worker)
{
    const job *j = ctx;
    const int chunk = i % j->l.chunks, y0 = j->rows.lo + i / j->l.chunks * j->s.rows;
    const int y1 = dv_least(y0 + j->s.rows, j->rows.hi);
    float *sums = j->sums + (size_t)worker * (size_t)j->s.rows * j->s.pitch;
    memset(sums, 0, (size_t)(y1 - y0) * j->s.pitch * sizeof *sums);
    for (int block = 0; block < j->l.blocks; block++)
        sum_block(j, chunk, block, y0, y1, sums);
    move_sums(j, chunk, y0, y1, sums);
}

static size_t ends_size(const layout *l, const dv_box *out)
{
    return dv_aligned_size(pixels_of(out) * (size_t)(l->blocks + 1) * sizeof(int));
}

static size_t terms_size(const layout *l, const dv_box *out)
{
    return dv_aligned_size(pixels_of(out) * (size_t)l->room * sizeof(dv_term));
}

static size_t transposed_scratch(const dv_conv *k, const dv_box *out, int workers)
{
    const layout l = layout_of(k);
    const band s = band_of(k, &l, out);
    const size_t sums = dv_size_mul((size_t)s.rows * sizeof(float), s.pitch);
    return dv_size_add(ends_size(&l, out) + terms_size(&l, out),
                       dv_size_mul(sums, (size_t)workers));
}

static void transposed(const dv_conv *k, const void *packed, const dv_signal *out,
                       const dv_signal *in, void *scratch, dv_pool *pool)
{
    const dv_box *box = &out->box;
    job j = { .k = k, .l = layout_of(k), .out = out, .in = in };
    j.s = band_of(k, &j.l, box);
    j.width = box->hi[DV_X] - box->lo[DV_X];
    j.pixels = (int)pixels_of(box);
    j.rows = reach(&k->s, 0, box);
    j.columns = reach(&k->s, 1, box);
    if (j.rows.hi <= j.rows.lo || j.columns.hi <= j.columns.lo)
        return;
    char *at = scratch;
    j.lists.ends = (int *)(void *)at;
    j.lists.terms = (dv_term *)(void *)(at += ends_size(&j.l, box));
    j.sums = (float *)(void *)(at + terms_size(&j.l, box));
    const int bands = dv_ceil_div(j.rows.hi - j.rows.lo, j.s.rows);
    const int last = dv_ceil_div(box->hi[DV_C], j.l.out);
    for (j.group = box->lo[DV_C] / j.l.out; j.group < last; j.group++) {
        j.weight = (const float *)packed + (size_t)j.group * j.l.group_floats;
        dv_pool_run(pool, dv_ceil_div(j.pixels, LIST_PIXELS), list_pixels, &j);
        dv_pool_run(pool, bands * j.l.chunks, sum_band, &j);
    }
}

const dv_conv_method dv_conv_sparse = {
    .name = "sparse",
    .fits = fits,
    .cost = cost,
    .arrange = arrange,
    .pack = pack,
    .transposed_scratch = transposed_scratch,
    .transposed = transposed,
};
