#include "kernel/winograd.h"

#include "kernel/conv_method.h"
#include "kernel/tail.h"

enum {
    OWN_BLOCK_FLOATS = 1 << 17,    /* transformed input and products of a worker's own block */
    SHARED_BLOCK_FLOATS = 1 << 21, /* and of one that all work on, which read the weights once */
    OWN_WEIGHT_FLOATS = 1 << 13,   /* of a frequency, at most, for workers to have own blocks */
    FEW_WEIGHT_FLOATS = 1 << 12,   /* which one group of tiles may read; else two share them */
    CACHED_FLOATS = 1 << 18,       /* transformed input that stays in the L2 cache, or nearly */
    BLOCKS = 8,                    /* of a map, better, for workers to have own blocks */
    LEAST_BLOCKS = 6,              /* and at least */
    LEAST_PANELS = 3,              /* of each worker, to take whole panels */
    TASK_PLANES = 4,               /* transformed in one task of a shared block */
    TASK_PANELS = 4,               /* multiplied in one: side by side in memory */
    LINE = 16,                     /* floats of a cache line */
    SPREAD = 16, /* floats between frequencies, off the powers of 2 that share cache sets */
};

/* What a worker takes. The bytes are the same. */
typedef enum unit {
    BLOCK, /* a block of its own, all of it: large maps of few channels */
    PANEL, /* of a shared block, the products and outputs of a panel: those stay in its cache */
    PART,  /* of a shared block, one frequency of some panels: each weight is read once */
} unit;

/* How the map is cut into blocks of tiles, and where a block's numbers are.
 *
 * Transformed input is (frequency, group of tiles, depth, tile): what one product reads lies side
 * by side; or (frequency, depth, tile) where all tiles fill one line. Products are (frequency,
 * vector of outputs, tile, output). */
typedef struct cut {
    int tile_rows, tile_columns;   /* of the whole map */
    int block_rows, block_columns; /* of a block */
    int blocks_down, blocks_across;
    unit unit;
    int group;                 /* tiles of one product */
    int row, row_pitch;        /* tiles that lie side by side, a group or all; the room for them */
    int outputs;               /* whole panels */
    size_t group_stride;       /* floats from group to group */
    size_t v_stride, m_stride; /* floats of a frequency */
    size_t vector_stride;      /* floats of the products of one vector of outputs */
    size_t transform_floats;   /* scratch of an input transform */
    size_t v_floats, m_floats; /* of a block, or of a panel of it */
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

/* Appends the parts whose taps are three, or fewer, along y and along x. */
static void add_parts(dv_winograd *w, bool full_y, bool full_x)
{
    for (int y = 0; y < w->n_parts[0]; y++)
        for (int x = 0; x < w->n_parts[1]; x++)
            if ((w->taps[0][y].count == DV_WINOGRAD_TAPS) == full_y &&
                (w->taps[1][x].count == DV_WINOGRAD_TAPS) == full_x) {
                w->part[w->parts][0] = (uint8_t)y;
                w->part[w->parts++][1] = (uint8_t)x;
            }
}

void dv_winograd_order(dv_winograd *w)
{
    w->parts = 0;
    add_parts(w, true, false);
    const int first = w->parts;
    add_parts(w, true, true);
    const int end_y = w->parts;
    add_parts(w, false, true);
    const int end_x = w->parts;
    add_parts(w, false, false);
    for (int y = 0; y < 2; y++)
        for (int x = 0; x < 2; x++) {
            w->first[y][x] = x ? first : 0;
            w->end[y][x] = y ? end_y : x ? end_x : w->parts;
        }
}

bool dv_winograd_by_panels(const dv_winograd *w, int rows, int columns)
{
    const int64_t tiles = (int64_t)dv_ceil_div(rows, w->size) * dv_ceil_div(columns, w->size);
    return tiles * w->depth * w->frequencies <= CACHED_FLOATS;
}

void dv_winograd_arrange(dv_winograd *w, int rows, int columns, bool by_panels)
{
    w->panel = w->outputs <= w->isa->lanes ? w->isa->lanes : w->isa->narrow_panel;
    w->panels = dv_ceil_div(w->outputs, w->panel);
    w->small_map = dv_winograd_by_panels(w, rows, columns);
    const size_t one = (size_t)w->panel * (size_t)w->depth;
    w->panel_floats = by_panels ? one * (size_t)w->frequencies : one;
    w->frequency_floats = by_panels ? one : one * (size_t)w->panels;
    w->group_floats = one * (size_t)w->panels * (size_t)w->frequencies;
}

static cut cut_map(const dv_winograd *w, int rows, int columns, int workers)
{
    cut c = { .tile_rows = dv_ceil_div(rows, w->size),
              .tile_columns = dv_ceil_div(columns, w->size),
              .outputs = w->panels * w->panel };
    const int all = c.tile_rows * c.tile_columns, pixels = w->isa->narrow_pixels;
    const int64_t tile_floats = ((int64_t)w->depth + c.outputs) * w->frequencies;
    const int64_t weights = (int64_t)w->depth * c.outputs;
    const int own = dv_least((int)(OWN_BLOCK_FLOATS / tile_floats), dv_ceil_div(all, BLOCKS));
    cut_blocks(&c, dv_greatest(own, weights > FEW_WEIGHT_FLOATS ? 2 * pixels : pixels));
    if (weights > OWN_WEIGHT_FLOATS || c.blocks_down * c.blocks_across < LEAST_BLOCKS) {
        c.unit = w->small_map && w->panels >= LEAST_PANELS * workers ? PANEL : PART;
        cut_blocks(&c, dv_greatest((int)(SHARED_BLOCK_FLOATS / tile_floats), pixels));
    }
    const int tiles = c.block_rows * c.block_columns;
    const int groups = dv_ceil_div(tiles, pixels);
    c.group = dv_ceil_div(tiles, groups);
    const bool one_line = tiles <= LINE;
    c.row = one_line ? tiles : c.group;
    c.row_pitch = one_line ? LINE : dv_round_up(pixels, w->isa->lanes);
    const size_t row_floats = (size_t)w->depth * (size_t)c.row_pitch;
    c.group_stride = one_line ? (size_t)c.group : row_floats;
    c.v_stride = row_floats * (size_t)(one_line ? 1 : groups) + SPREAD;
    c.vector_stride = (size_t)tiles * (size_t)w->isa->lanes;
    c.m_stride = (size_t)tiles * (size_t)(c.unit == PANEL ? w->panel : c.outputs) + SPREAD;
    c.v_floats = round_to_line(c.v_stride * (size_t)w->frequencies);
    c.m_floats = round_to_line(c.m_stride * (size_t)w->frequencies);
    const dv_tiles t = { w->size, c.block_rows, c.block_columns, c.row };
    c.transform_floats = round_to_line(dv_winograd_scratch(&t));
    c.offset_floats = (size_t)dv_round_up(w->depth, 16);
    return c;
}

/* The same blocks, or narrower ones of no more tiles, over a part of the map that they were cut
 * for.
 */
static void fit_cut(cut *c, const dv_winograd *w, int rows, int columns)
{
    const int tiles = c->block_rows * c->block_columns;
    c->tile_rows = dv_ceil_div(rows, w->size);
    c->tile_columns = dv_ceil_div(columns, w->size);
    c->block_columns = dv_least(c->block_columns, c->tile_columns);
    c->block_rows = dv_least(tiles / c->block_columns, c->tile_rows);
    c->blocks_across = dv_ceil_div(c->tile_columns, c->block_columns);
    c->blocks_down = dv_ceil_div(c->tile_rows, c->block_rows);
}

size_t dv_winograd_run_scratch(const dv_winograd *w, int rows, int columns, int workers)
{
    const cut c = cut_map(w, rows, columns, workers);
    const size_t v = c.unit == BLOCK ? (size_t)workers : 1,
                 m = c.unit == PART ? 1 : (size_t)workers;
    const size_t transforms = (size_t)workers * c.transform_floats;
    return (c.offset_floats + transforms + v * c.v_floats + m * c.m_floats) * sizeof(float);
}

typedef struct job {
    const dv_winograd *w;
    const dv_winograd_map *map;
    cut c;
    int depth;         /* of the channels that there are */
    int32_t *offset;   /* (depth) into a group */
    float *transforms; /* scratch of the input transform, one for each worker */
    float *v, *m;      /* transformed input and products: one, or one for each worker */
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
        .group = j->c.row,
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

static void transform_plane(const job *j, int block, int d, float *v, float *scratch)
{
    const dv_winograd *w = j->w;
    const dv_tiles t = tiles_of(j, block);
    const int channel = dv_winograd_channel(w, d);
    const uint8_t *part = w->part[dv_winograd_part(w, d)];
    const dv_taps *y = &w->taps[0][part[0]], *x = &w->taps[1][part[1]];
    const size_t planes = (size_t)(w->phases * w->phases);
    dv_plane from = j->map->x;
    from.data +=
        ((size_t)channel * planes + (size_t)(y->phase * w->phases + x->phase)) * j->map->x_plane;
    from.next = d + 1 < j->depth ? planes * j->map->x_plane : 0;
    w->isa->winograd_input(&t, &from, j->map->y0 + y->at + top_of(j, block),
                           j->map->x0 + x->at + left_of(j, block), scratch, v + j->offset[d],
                           j->c.v_stride, j->c.group_stride);
}

/* m: the products of the panel; next: floats from its weights to those that are read then. */
static void multiply_panel(const job *j, int block, int frequency, int panel, size_t next,
                           const float *v, float *m)
{
    const dv_isa *isa = j->w->isa;
    const dv_tiles t = tiles_of(j, block);
    const int tiles = t.rows * t.columns, width = j->w->panel;
    const float *a =
        j->map->u + (size_t)frequency * j->w->frequency_floats + (size_t)panel * j->w->panel_floats;
    /* The first two groups fetch the next weights, half of them each. */
    const int step = tiles > j->c.group ? width / 2 : width;
    const int n = j->w->size + 2, last_y = frequency / n == n - 1, last_x = frequency % n == n - 1;
    const int from = j->w->by_parts ? j->w->first[last_y][last_x] * j->w->channels : 0;
    const int end = j->w->by_parts ? j->w->end[last_y][last_x] * j->w->channels : j->depth;
    v += (size_t)frequency * j->c.v_stride;
    m += (size_t)frequency * j->c.m_stride;
    a += (size_t)from * (size_t)width;
    for (int d = from; d == from || d < end;
         d += j->w->block, a += (ptrdiff_t)j->w->block * width) {
        const int terms = dv_least(j->w->block, end - d);
        const float *b = v;
        for (int first = 0, g = 0; first < tiles; first += j->c.group, g++, b += j->c.group_stride)
            isa->narrow(width, dv_least(j->c.group, tiles - first), terms, d > from, a, b,
                        j->offset + d, a + next + g % 2 * terms * step, step,
                        m + (size_t)first * (size_t)isa->lanes, (size_t)isa->lanes,
                        j->c.vector_stride);
    }
}

/* m: the products of this vector of outputs. */
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
    const int channels = dv_least(isa->lanes, j->w->outputs - first);
    isa->winograd_output(&t, channels, m, j->c.m_stride, &ep, &y);
    for (int c = 0; ep.tail && c < channels; c++)
        dv_tail_run_rows(ep.tail, y.data + (size_t)c * y.plane, y.pitch,
                         dv_least(t.rows * t.size, y.rows),
                         (size_t)dv_least(t.columns * t.size, y.columns));
}

static int output_vectors(const job *j)
{
    return dv_ceil_div(j->w->outputs, j->w->isa->lanes);
}

/* Floats of the products of a panel. */
static size_t panel_products(const job *j)
{
    return (size_t)(j->w->panel / j->w->isa->lanes) * j->c.vector_stride;
}

/* A block by one worker. */
static void run_block(void *ctx, int block, int worker)
{
    const job *j = ctx;
    float *v = j->v + (size_t)worker * j->c.v_floats, *m = j->m + (size_t)worker * j->c.m_floats;
    float *transform = j->transforms + (size_t)worker * j->c.transform_floats;
    for (int d = 0; d < j->depth; d++)
        transform_plane(j, block, d, v, transform);
    for (int f = 0; f < j->w->frequencies; f++)
        for (int p = 0; p < j->w->panels; p++)
            multiply_panel(j, block, f, p, j->w->panel_floats, v,
                           m + (size_t)p * panel_products(j));
    for (int vector = 0; vector < output_vectors(j); vector++)
        transform_outputs(j, block, vector, m + (size_t)vector * j->c.vector_stride);
}

/* The input of a shared block. */
static void run_input(void *ctx, int i, int worker)
{
    const job *j = ctx;
    float *transform = j->transforms + (size_t)worker * j->c.transform_floats;
    const int last = dv_least((i + 1) * TASK_PLANES, j->depth);
    for (int d = i * TASK_PLANES; d < last; d++)
        transform_plane(j, j->block, d, j->v, transform);
}

static void run_panel(void *ctx, int panel, int worker)
{
    const job *j = ctx;
    float *m = j->m + (size_t)worker * j->c.m_floats;
    for (int f = 0; f < j->w->frequencies; f++)
        multiply_panel(j, j->block, f, panel, j->w->frequency_floats, j->v, m);
    const int vectors = j->w->panel / j->w->isa->lanes;
    const int last = dv_least((panel + 1) * vectors, output_vectors(j));
    for (int vector = panel * vectors; vector < last; vector++, m += j->c.vector_stride)
        transform_outputs(j, j->block, vector, m);
}

static void run_product(void *ctx, int i, int worker)
{
    (void)worker;
    const job *j = ctx;
    const int tasks = dv_ceil_div(j->w->panels, TASK_PANELS), first = i % tasks * TASK_PANELS;
    const int last = dv_least(first + TASK_PANELS, j->w->panels);
    for (int p = first; p < last; p++)
        multiply_panel(j, j->block, i / tasks, p, j->w->panel_floats, j->v,
                       j->m + (size_t)p * panel_products(j));
}

static void run_output(void *ctx, int vector, int worker)
{
    (void)worker;
    const job *j = ctx;
    transform_outputs(j, j->block, vector, j->m + (size_t)vector * j->c.vector_stride);
}

static void run_shared(job *j, dv_pool *pool)
{
    dv_pool_run(pool, dv_ceil_div(j->depth, TASK_PLANES), run_input, j);
    if (j->c.unit == PANEL) {
        dv_pool_run(pool, j->w->panels, run_panel, j);
        return;
    }
    const int tasks = dv_ceil_div(j->w->panels, TASK_PANELS);
    dv_pool_run(pool, j->w->frequencies * tasks, run_product, j);
    dv_pool_run(pool, output_vectors(j), run_output, j);
}

void dv_winograd_run(const dv_winograd *w, const dv_winograd_map *map, void *scratch, dv_pool *pool)
{
    const int workers = dv_pool_size(pool);
    job j = { .w = w, .map = map, .depth = map->channels * w->parts, .offset = scratch };
    j.c = cut_map(w, map->rows, map->columns, workers);
    if (map->y.rows < map->rows || map->y.columns < map->columns)
        fit_cut(&j.c, w, map->y.rows, map->y.columns);
    j.transforms = (float *)scratch + j.c.offset_floats;
    j.v = j.transforms + (size_t)workers * j.c.transform_floats;
    j.m = j.v + (j.c.unit == BLOCK ? (size_t)workers : 1) * j.c.v_floats;
    for (int d = 0; d < j.depth; d++)
        j.offset[d] = d * j.c.row_pitch;
    const int blocks = j.c.blocks_down * j.c.blocks_across;
    if (j.c.unit == BLOCK)
        dv_pool_run(pool, blocks, run_block, &j);
    for (j.block = 0; j.c.unit != BLOCK && j.block < blocks; j.block++)
        run_shared(&j, pool);
}
