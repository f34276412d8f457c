#include "kernel/winograd.h"

#include "kernel/conv_method.h"

enum {
    OWN_BLOCK_FLOATS = 1 << 17,    /* transformed input and products of a worker's own block */
    SHARED_BLOCK_FLOATS = 1 << 21, /* and of one that all work on, which read the weights once */
    OWN_WEIGHT_FLOATS = 1 << 14,   /* of a frequency, at most, for workers to have own blocks */
    FEW_BLOCKS = 6,                /* are shared, or some workers would have none */
    TASK_PLANES = 4,               /* transformed in one task of a shared block */
    TASK_PANELS = 4,               /* multiplied in one: side by side in memory */
    SPREAD = 16, /* floats between frequencies, off the powers of 2 that share cache sets */
};

/* How the map is cut into blocks of tiles, and where a block's numbers are.
 *
 * Transformed input is (frequency, group of tiles, depth, tile): what one product reads lies side
 * by side. Products are (frequency, vector of outputs, tile, output). */
typedef struct cut {
    int tile_rows, tile_columns;   /* of the whole map */
    int block_rows, block_columns; /* of a block */
    int blocks_down, blocks_across;
    bool shared;               /* one block at a time, its parts done by all workers; else each
                                  worker does a block of its own */
    int group, group_pitch;    /* tiles of one product, and the room for them */
    int outputs;               /* whole panels */
    size_t group_stride;       /* floats of a group */
    size_t v_stride, m_stride; /* floats of a frequency */
    size_t vector_stride;      /* floats of the products of one vector of outputs */
    size_t transform_floats;   /* scratch of an input transform */
    size_t block_floats;       /* transformed input and products of a block */
    size_t offset_floats;      /* the table of offsets */
} cut;

/* Blocks of at most `fit` tiles: whole rows, or parts of one. */
static void cut_blocks(cut *c, int fit)
{
    c->blocks_across = dv_ceil_div(c->tile_columns, fit);
    c->block_columns = dv_ceil_div(c->tile_columns, c->blocks_across);
    c->blocks_across = dv_ceil_div(c->tile_columns, c->block_columns);
    const int rows = dv_greatest(1, dv_least(fit / c->block_columns, c->tile_rows));
    c->blocks_down = dv_ceil_div(c->tile_rows, rows);
    c->block_rows = dv_ceil_div(c->tile_rows, c->blocks_down);
}

static size_t round_to_line(size_t floats)
{
    return (floats + 15) / 16 * 16;
}

static cut cut_map(const dv_winograd *w, int rows, int columns)
{
    cut c = { .tile_rows = dv_ceil_div(rows, w->size),
              .tile_columns = dv_ceil_div(columns, w->size),
              .outputs = w->panels * w->isa->narrow_panel };
    const int64_t tile_floats = ((int64_t)w->depth + c.outputs) * w->frequencies;
    const int pixels = w->isa->narrow_pixels;
    cut_blocks(&c, dv_greatest((int)(OWN_BLOCK_FLOATS / tile_floats), pixels));
    c.shared =
        c.blocks_down * c.blocks_across < FEW_BLOCKS || w->frequency_floats > OWN_WEIGHT_FLOATS;
    if (c.shared)
        cut_blocks(&c, dv_greatest((int)(SHARED_BLOCK_FLOATS / tile_floats), pixels));
    const int tiles = c.block_rows * c.block_columns;
    const int groups = dv_ceil_div(tiles, pixels);
    c.group = dv_ceil_div(tiles, groups);
    c.group_pitch = dv_round_up(pixels, w->isa->lanes);
    c.group_stride = (size_t)w->depth * (size_t)c.group_pitch;
    c.v_stride = c.group_stride * (size_t)groups + SPREAD;
    c.vector_stride = (size_t)tiles * (size_t)w->isa->lanes;
    c.m_stride = (size_t)tiles * (size_t)c.outputs + SPREAD;
    c.block_floats = round_to_line((c.v_stride + c.m_stride) * (size_t)w->frequencies);
    const dv_tiles t = { w->size, c.block_rows, c.block_columns, c.group };
    c.transform_floats = round_to_line(dv_winograd_scratch(&t));
    c.offset_floats = (size_t)dv_round_up(w->depth, 16);
    return c;
}

size_t dv_winograd_run_scratch(const dv_winograd *w, int rows, int columns, int workers)
{
    const cut c = cut_map(w, rows, columns);
    size_t floats = c.offset_floats + (size_t)workers * c.transform_floats;
    floats += c.block_floats * (size_t)(c.shared ? 1 : workers);
    return floats * sizeof(float);
}

typedef struct job {
    const dv_winograd *w;
    const dv_winograd_map *map;
    cut c;
    int depth;         /* of the channels that there are */
    int32_t *offset;   /* (depth) into a group */
    float *transforms; /* scratch of the input transform, one for each worker */
    float *blocks;     /* transformed input and products: one, or one for each worker */
    int block;         /* when shared */
} job;

/* The tiles of a block. */
static dv_tiles tiles_of(const job *j, int block)
{
    const int down = block / j->c.blocks_across, across = block % j->c.blocks_across;
    return (dv_tiles){
        .size = j->w->size,
        .rows = dv_least(j->c.block_rows, j->c.tile_rows - down * j->c.block_rows),
        .columns = dv_least(j->c.block_columns, j->c.tile_columns - across * j->c.block_columns),
        .group = j->c.group,
    };
}

/* The first output of a block on each axis. */
static int top_of(const job *j, int block)
{
    return block / j->c.blocks_across * j->c.block_rows * j->w->size;
}

static int left_of(const job *j, int block)
{
    return block % j->c.blocks_across * j->c.block_columns * j->w->size;
}

/* Part d % parts of channel d / parts. */
static void transform_plane(const job *j, int block, int d, float *v, float *scratch)
{
    const dv_winograd *w = j->w;
    const dv_tiles t = tiles_of(j, block);
    const int channel = d / w->parts, part = d % w->parts;
    const dv_taps *y = &w->part[0][part / w->n_parts[1]], *x = &w->part[1][part % w->n_parts[1]];
    const size_t planes = (size_t)(w->phases * w->phases);
    dv_plane from = j->map->x;
    from.data +=
        ((size_t)channel * planes + (size_t)(y->phase * w->phases + x->phase)) * j->map->x_plane;
    from.next = d + 1 < j->depth ? planes * j->map->x_plane : 0;
    w->isa->winograd_input(&t, &from, j->map->y0 + y->at + top_of(j, block),
                           j->map->x0 + x->at + left_of(j, block), scratch, v + j->offset[d],
                           j->c.v_stride, j->c.group_stride);
}

static void multiply_panel(const job *j, int block, int frequency, int panel, const float *v,
                           float *m)
{
    const dv_isa *isa = j->w->isa;
    const dv_tiles t = tiles_of(j, block);
    const int tiles = t.rows * t.columns, width = isa->narrow_panel;
    const float *a = j->map->u + (size_t)frequency * j->w->frequency_floats +
                     (size_t)panel * (size_t)width * (size_t)j->w->depth;
    /* The first two groups fetch the next panel, half of it each. */
    const float *next = a + (size_t)width * (size_t)j->w->depth;
    const int step = tiles > j->c.group ? width / 2 : width;
    v += (size_t)frequency * j->c.v_stride;
    m += (size_t)frequency * j->c.m_stride +
         (size_t)(width / isa->lanes * panel) * j->c.vector_stride;
    for (int first = 0, g = 0; first < tiles; first += j->c.group, g++, v += j->c.group_stride)
        isa->narrow(dv_least(j->c.group, tiles - first), j->depth, j->w->block, a, v, j->offset,
                    next + g % 2 * j->depth * step, step, m + (size_t)first * (size_t)isa->lanes,
                    (size_t)isa->lanes, j->c.vector_stride);
}

static void transform_outputs(const job *j, int block, int vector, const float *m)
{
    const dv_isa *isa = j->w->isa;
    const dv_tiles t = tiles_of(j, block);
    const int first = vector * isa->lanes;
    const dv_epilogue ep = dv_epilogue_from(&j->map->ep, first);
    dv_target y = j->map->y;
    const int top = top_of(j, block), left = left_of(j, block);
    y.data += (size_t)first * y.plane + (size_t)top * y.pitch + (size_t)left;
    y.rows -= top;
    y.columns -= left;
    isa->winograd_output(&t, dv_least(isa->lanes, j->w->outputs - first),
                         m + (size_t)vector * j->c.vector_stride, j->c.m_stride, &ep, &y);
}

static int output_vectors(const job *j)
{
    return dv_ceil_div(j->w->outputs, j->w->isa->lanes);
}

/* A block by one worker. */
static void run_block(void *ctx, int block, int worker)
{
    const job *j = ctx;
    float *v = j->blocks + (size_t)worker * j->c.block_floats;
    float *m = v + j->c.v_stride * (size_t)j->w->frequencies;
    float *transform = j->transforms + (size_t)worker * j->c.transform_floats;
    for (int d = 0; d < j->depth; d++)
        transform_plane(j, block, d, v, transform);
    for (int f = 0; f < j->w->frequencies; f++)
        for (int p = 0; p < j->w->panels; p++)
            multiply_panel(j, block, f, p, v, m);
    for (int vector = 0; vector < output_vectors(j); vector++)
        transform_outputs(j, block, vector, m);
}

/* The parts of one block by all workers. */
static void run_input(void *ctx, int i, int worker)
{
    const job *j = ctx;
    float *transform = j->transforms + (size_t)worker * j->c.transform_floats;
    const int last = dv_least((i + 1) * TASK_PLANES, j->depth);
    for (int d = i * TASK_PLANES; d < last; d++)
        transform_plane(j, j->block, d, j->blocks, transform);
}

static void run_product(void *ctx, int i, int worker)
{
    (void)worker;
    const job *j = ctx;
    float *m = j->blocks + j->c.v_stride * (size_t)j->w->frequencies;
    const int tasks = dv_ceil_div(j->w->panels, TASK_PANELS), first = i % tasks * TASK_PANELS;
    const int last = dv_least(first + TASK_PANELS, j->w->panels);
    for (int p = first; p < last; p++)
        multiply_panel(j, j->block, i / tasks, p, j->blocks, m);
}

static void run_output(void *ctx, int i, int worker)
{
    (void)worker;
    const job *j = ctx;
    transform_outputs(j, j->block, i, j->blocks + j->c.v_stride * (size_t)j->w->frequencies);
}

void dv_winograd_run(const dv_winograd *w, const dv_winograd_map *map, void *scratch, dv_pool *pool)
{
    job j = { .w = w, .map = map, .depth = map->channels * w->parts, .offset = scratch };
    j.c = cut_map(w, map->y.rows, map->y.columns);
    j.transforms = (float *)scratch + j.c.offset_floats;
    j.blocks = j.transforms + (size_t)dv_pool_size(pool) * j.c.transform_floats;
    for (int d = 0; d < j.depth; d++)
        j.offset[d] = d * j.c.group_pitch;
    const int blocks = j.c.blocks_down * j.c.blocks_across;
    if (!j.c.shared) {
        dv_pool_run(pool, blocks, run_block, &j);
        return;
    }
    const int products = w->frequencies * dv_ceil_div(w->panels, TASK_PANELS);
    for (j.block = 0; j.block < blocks; j.block++) {
        dv_pool_run(pool, dv_ceil_div(j.depth, TASK_PLANES), run_input, &j);
        dv_pool_run(pool, products, run_product, &j);
        dv_pool_run(pool, output_vectors(&j), run_output, &j);
    }
}
