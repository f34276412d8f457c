/* Convolution with 3 x 3 kernels and stride 1 by Winograd's minimal filtering: a quarter of the
 * multiplications (F(4x4)), less than half for small maps (F(2x2)).
 *
 * Tiles of the input are transformed, each of the 36 (16) frequencies is a matrix product over the
 * channels, and the products are transformed to tiles of the output. The transposed convolution is
 * a convolution of the signal, zero outside its box, with the kernels turned by 180 degrees and
 * input and output channels exchanged. */
#include "kernel/conv_method.h"

enum {
    LEAST_DEPTH = 8, /* channels in: below it the transforms cost more than they save */
    LEAST_OUTPUTS = 8,
    LEAST_MAP = 3,                 /* rows and columns of the output */
    LEAST_BOX = 5,                 /* of a signal on the way back: below it the product is faster */
    SMALL_MAP = 8,                 /* up to here F(2x2) wastes less */
    OWN_BLOCK_FLOATS = 1 << 18,    /* transformed input and products of a worker's own block */
    SHARED_BLOCK_FLOATS = 1 << 22, /* and of one that all work on, which read the weights once */
    OWN_WEIGHT_FLOATS = 1 << 14, /* of a frequency, at most, for workers to have their own blocks */
    FEW_BLOCKS = 6,              /* are shared, or some workers would have none */
    TASK_CHANNELS = 4,           /* transformed in one task of a shared block */
    SPREAD = 16, /* floats between frequencies, off the powers of 2 that share cache sets */
};

typedef struct layer {
    int size;                              /* m of F(m x m, 3 x 3) */
    int frequencies;                       /* (m + 2)^2 */
    int depth, outputs;                    /* channels of one group */
    int panels;                            /* of outputs */
    size_t group_floats, frequency_floats; /* of packed weights */
} layer;

static layer layer_of(const dv_conv *k, dv_direction direction)
{
    const dv_conv_shape *s = &k->s;
    const bool small = s->out[0] <= SMALL_MAP && s->out[1] <= SMALL_MAP;
    layer l = { .size = small && direction == DV_FORWARD ? 2 : 4 };
    const int in = s->in_channels / s->group, out = s->out_channels / s->group;
    l.frequencies = (l.size + 2) * (l.size + 2);
    l.depth = direction == DV_FORWARD ? in : out;
    l.outputs = direction == DV_FORWARD ? out : in;
    l.panels = dv_ceil_div(l.outputs, k->isa->narrow_panel);
    l.frequency_floats = (size_t)l.panels * (size_t)k->isa->narrow_panel * (size_t)l.depth;
    l.group_floats = l.frequency_floats * (size_t)l.frequencies;
    return l;
}

static bool fits(const dv_conv *k, dv_direction direction)
{
    const dv_conv_shape *s = &k->s;
    for (int a = 0; a < 2; a++)
        if (s->kernel[a] != 3 || s->stride[a] != 1 || s->dilation[a] != 1 || s->out[a] < LEAST_MAP)
            return false;
    const layer l = layer_of(k, direction);
    return !k->exact && l.depth >= LEAST_DEPTH && l.outputs >= LEAST_OUTPUTS;
}

static bool worth(const dv_conv *k, const dv_box *out)
{
    const int depth = out->hi[DV_C] - out->lo[DV_C];
    return depth >= LEAST_DEPTH * k->s.group && out->hi[DV_Y] - out->lo[DV_Y] >= LEAST_BOX &&
           out->hi[DV_X] - out->lo[DV_X] >= LEAST_BOX;
}

static size_t packed_size(const dv_conv *k, dv_direction direction)
{
    return layer_of(k, direction).group_floats * (size_t)k->s.group * sizeof(float);
}

/* g (9, lanes): the kernels of outputs [first, first + lanes) on channel d, as the direction needs
 * them; zero behind the last output. */
static void collect(const dv_conv *k, dv_direction direction, const layer *l, int group, int first,
                    int d, float *g)
{
    const int lanes = k->isa->lanes;
    const int in = k->s.in_channels / k->s.group, out = k->s.out_channels / k->s.group;
    for (int lane = 0; lane < lanes; lane++) {
        const int o = first + lane;
        const int m = direction == DV_FORWARD ? o : d, c = direction == DV_FORWARD ? d : o;
        const float *w = k->weight + (((size_t)group * out + m) * in + c) * 9;
        for (int tap = 0; tap < 9; tap++)
            g[tap * lanes + lane] =
                o >= l->outputs ? 0 : w[direction == DV_FORWARD ? tap : 8 - tap];
    }
}

/* (group, frequency, panel, depth, channel of the panel) */
static void pack(const dv_conv *k, dv_direction direction, void *packed)
{
    enum { MAX_LANES = 16 };
    const layer l = layer_of(k, direction);
    const int lanes = k->isa->lanes, panel = k->isa->narrow_panel;
    float g[9 * MAX_LANES];
    for (int group = 0; group < k->s.group; group++)
        for (int first = 0; first < l.panels * panel; first += lanes)
            for (int d = 0; d < l.depth; d++) {
                collect(k, direction, &l, group, first, d, g);
                float *u = (float *)packed + (size_t)group * l.group_floats;
                u += ((size_t)(first / panel) * l.depth + d) * panel + first % panel;
                k->isa->winograd_weight(l.size, g, u, l.frequency_floats);
            }
}

/* How the map is cut into blocks of tile rows, and where a block's numbers are. */
typedef struct cut {
    int tile_rows, tile_columns; /* of the whole map */
    int block_rows, blocks;
    bool shared;               /* one block at a time, its parts done by all workers; else each
                                  worker does a block of its own */
    int tiles, pitch;          /* of a block; rounded up to lanes */
    size_t v_stride, m_stride; /* floats of a frequency */
    size_t transform_floats;   /* scratch of an input transform */
    size_t block_floats;       /* transformed input and products of a block */
    size_t offset_floats;      /* the table of offsets */
} cut;

static cut cut_map(const dv_conv *k, const layer *l, int rows, int columns)
{
    cut c = { .tile_rows = dv_ceil_div(rows, l->size),
              .tile_columns = dv_ceil_div(columns, l->size) };
    const int panel_outputs = l->panels * k->isa->narrow_panel;
    const int64_t row_floats =
        (int64_t)c.tile_columns * (l->depth + panel_outputs) * l->frequencies;
    c.block_rows = dv_greatest(1, dv_least((int)(OWN_BLOCK_FLOATS / row_floats), c.tile_rows));
    c.blocks = dv_ceil_div(c.tile_rows, c.block_rows);
    c.shared = c.blocks < FEW_BLOCKS || l->frequency_floats > OWN_WEIGHT_FLOATS;
    if (c.shared) {
        c.block_rows =
            dv_greatest(1, dv_least((int)(SHARED_BLOCK_FLOATS / row_floats), c.tile_rows));
        c.blocks = dv_ceil_div(c.tile_rows, c.block_rows);
    }
    c.block_rows = dv_ceil_div(c.tile_rows, c.blocks);
    c.tiles = c.block_rows * c.tile_columns;
    c.pitch = dv_round_up(c.tiles, k->isa->lanes);
    c.v_stride = (size_t)l->depth * (size_t)c.pitch + SPREAD;
    c.m_stride = (size_t)c.tiles * (size_t)panel_outputs + SPREAD;
    c.block_floats = ((c.v_stride + c.m_stride) * (size_t)l->frequencies + 15) / 16 * 16;
    const dv_tiles t = { l->size, c.block_rows, c.tile_columns };
    c.transform_floats = (dv_winograd_scratch(&t) + 15) / 16 * 16;
    c.offset_floats = (size_t)dv_round_up(l->depth, 16);
    return c;
}

static size_t scratch_size(const cut *c, int workers)
{
    size_t floats = c->offset_floats + (size_t)workers * c->transform_floats;
    floats += c->block_floats * (size_t)(c->shared ? 1 : workers);
    return floats * sizeof(float);
}

typedef struct job {
    const dv_conv *k;
    const dv_isa *isa;
    layer l;
    cut c;
    const float *u;    /* weights of the group, from the first channel of the signal */
    int depth;         /* channels of the signal in this group */
    dv_plane x;        /* the first of them */
    size_t x_plane;    /* floats from one to the next */
    int y0, x0;        /* where in them the first output's first tap lies */
    dv_epilogue ep;    /* from the group's first output */
    dv_target y;       /* of the group's first output */
    int32_t *offset;   /* (depth) into a frequency of the transformed input */
    float *transforms; /* scratch of the input transform, one for each worker */
    float *blocks;     /* transformed input and products: one, or one for each worker */
    int block;         /* when shared */
} job;

static int rows_of_block(const job *j, int block)
{
    return dv_least(j->c.block_rows, j->c.tile_rows - block * j->c.block_rows);
}

static void transform_channel(const job *j, int block, int channel, float *v, float *scratch)
{
    const dv_tiles t = { j->l.size, rows_of_block(j, block), j->c.tile_columns };
    dv_plane x = j->x;
    x.data += (size_t)channel * j->x_plane;
    j->isa->winograd_input(&t, &x, j->y0 + block * j->c.block_rows * t.size, j->x0, scratch,
                           v + j->offset[channel], j->c.v_stride);
}

static void multiply_panel(const job *j, int block, int frequency, int panel, const float *v,
                           float *m)
{
    const int width = j->isa->narrow_panel, ld = j->l.panels * width;
    const int tiles = rows_of_block(j, block) * j->c.tile_columns;
    const int groups = dv_ceil_div(tiles, j->isa->narrow_pixels);
    const float *a = j->u + (size_t)frequency * j->l.frequency_floats +
                     (size_t)panel * (size_t)width * (size_t)j->l.depth;
    const int step = groups > 1 ? width / 2 : width;
    const float *next = a + (size_t)width * (size_t)j->l.depth;
    v += (size_t)frequency * j->c.v_stride;
    m += (size_t)frequency * j->c.m_stride + (size_t)panel * (size_t)width;
    for (int g = 0, at = 0; g < groups; g++) {
        const int n = dv_ceil_div(tiles - at, groups - g);
        j->isa->narrow(n, j->depth, a, v + at, j->offset, next + g % 2 * j->depth * step, step,
                       m + (size_t)at * (size_t)ld, (size_t)ld);
        at += n;
    }
}

static void transform_outputs(const job *j, int block, int first, const float *m)
{
    const dv_tiles t = { j->l.size, rows_of_block(j, block), j->c.tile_columns };
    const int channels = dv_least(j->isa->lanes, j->l.outputs - first);
    const dv_epilogue ep = dv_epilogue_from(&j->ep, first);
    const int row = block * j->c.block_rows * t.size;
    dv_target y = j->y;
    y.data += (size_t)first * y.plane + (size_t)row * y.pitch;
    y.rows -= row;
    j->isa->winograd_output(&t, channels, m + first, j->c.m_stride,
                            (size_t)(j->l.panels * j->isa->narrow_panel), &ep, &y);
}

/* A block by one worker. */
static void run_block(void *ctx, int block, int worker)
{
    const job *j = ctx;
    float *v = j->blocks + (size_t)worker * j->c.block_floats;
    float *m = v + j->c.v_stride * (size_t)j->l.frequencies;
    float *transform = j->transforms + (size_t)worker * j->c.transform_floats;
    for (int d = 0; d < j->depth; d++)
        transform_channel(j, block, d, v, transform);
    for (int f = 0; f < j->l.frequencies; f++)
        for (int p = 0; p < j->l.panels; p++)
            multiply_panel(j, block, f, p, v, m);
    for (int first = 0; first < j->l.outputs; first += j->isa->lanes)
        transform_outputs(j, block, first, m);
}

/* The parts of one block by all workers. */
static void run_input(void *ctx, int i, int worker)
{
    const job *j = ctx;
    float *transform = j->transforms + (size_t)worker * j->c.transform_floats;
    const int last = dv_least((i + 1) * TASK_CHANNELS, j->depth);
    for (int d = i * TASK_CHANNELS; d < last; d++)
        transform_channel(j, j->block, d, j->blocks, transform);
}

static void run_product(void *ctx, int i, int worker)
{
    (void)worker;
    const job *j = ctx;
    float *m = j->blocks + j->c.v_stride * (size_t)j->l.frequencies;
    multiply_panel(j, j->block, i / j->l.panels, i % j->l.panels, j->blocks, m);
}

static void run_output(void *ctx, int i, int worker)
{
    (void)worker;
    const job *j = ctx;
    const float *m = j->blocks + j->c.v_stride * (size_t)j->l.frequencies;
    transform_outputs(j, j->block, i * j->isa->lanes, m);
}

/* One group of one image; x, u, ep and y of the job are its. */
static void run_group(job *j, dv_pool *pool)
{
    if (!j->c.shared) {
        dv_pool_run(pool, j->c.blocks, run_block, j);
        return;
    }
    for (j->block = 0; j->block < j->c.blocks; j->block++) {
        dv_pool_run(pool, dv_ceil_div(j->depth, TASK_CHANNELS), run_input, j);
        dv_pool_run(pool, j->l.frequencies * j->l.panels, run_product, j);
        dv_pool_run(pool, dv_ceil_div(j->l.outputs, j->isa->lanes), run_output, j);
    }
}

static job new_job(const dv_conv *k, dv_direction direction, int rows, int columns, void *scratch,
                   dv_pool *pool)
{
    job j = { .k = k, .isa = k->isa, .l = layer_of(k, direction), .offset = scratch };
    j.c = cut_map(k, &j.l, rows, columns);
    j.transforms = (float *)scratch + j.c.offset_floats;
    j.blocks = j.transforms + (size_t)dv_pool_size(pool) * j.c.transform_floats;
    for (int d = 0; d < j.l.depth; d++)
        j.offset[d] = d * j.c.pitch;
    return j;
}

static size_t forward_scratch(const dv_conv *k, int workers)
{
    const layer l = layer_of(k, DV_FORWARD);
    const cut c = cut_map(k, &l, k->s.out[0], k->s.out[1]);
    return scratch_size(&c, workers);
}

static void forward(const dv_conv *k, const float *x, const dv_epilogue *ep, float *y,
                    void *scratch, dv_pool *pool)
{
    const dv_conv_shape *s = &k->s;
    job j = new_job(k, DV_FORWARD, s->out[0], s->out[1], scratch, pool);
    j.depth = j.l.depth;
    j.x = (dv_plane){ .pitch = (size_t)s->in[1], .rows = s->in[0], .columns = s->in[1] };
    j.x_plane = (size_t)s->in[0] * (size_t)s->in[1];
    j.y0 = -s->pad[0];
    j.x0 = -s->pad[1];
    j.y = (dv_target){ .pitch = (size_t)s->out[1], .rows = s->out[0], .columns = s->out[1] };
    j.y.plane = (size_t)s->out[0] * (size_t)s->out[1];
    for (int i = 0; i < s->batch * s->group; i++) {
        const int group = i % s->group;
        j.u = (const float *)k->packed[DV_FORWARD].data + (size_t)group * j.l.group_floats;
        j.x.data = x + (size_t)i * (size_t)j.l.depth * j.x_plane;
        j.y.data = y + (size_t)i * (size_t)j.l.outputs * j.y.plane;
        j.ep = dv_epilogue_from(ep, group * j.l.outputs);
        run_group(&j, pool);
    }
}

/* What a box reaches on one axis, inside the map. */
static dv_range reach(const dv_conv_shape *s, int axis, const dv_box *out)
{
    dv_range r = { out->lo[DV_Y + axis] - s->pad[axis], out->hi[DV_Y + axis] + 2 - s->pad[axis] };
    return dv_range_clip(r, 0, s->in[axis]);
}

static size_t transposed_scratch(const dv_conv *k, const dv_box *out, int workers)
{
    const layer l = layer_of(k, DV_TRANSPOSED);
    const dv_range rows = reach(&k->s, 0, out), columns = reach(&k->s, 1, out);
    if (rows.hi <= rows.lo || columns.hi <= columns.lo)
        return 0;
    const cut c = cut_map(k, &l, rows.hi - rows.lo, columns.hi - columns.lo);
    return scratch_size(&c, workers);
}

static void transposed(const dv_conv *k, const dv_signal *out, const dv_signal *in, void *scratch,
                       dv_pool *pool)
{
    const dv_conv_shape *s = &k->s;
    const dv_box *box = &out->box;
    const dv_range rows = reach(s, 0, box), columns = reach(s, 1, box);
    if (rows.hi <= rows.lo || columns.hi <= columns.lo)
        return;
    job j = new_job(k, DV_TRANSPOSED, rows.hi - rows.lo, columns.hi - columns.lo, scratch, pool);
    j.x.rows = box->hi[DV_Y] - box->lo[DV_Y];
    j.x.columns = box->hi[DV_X] - box->lo[DV_X];
    j.x.pitch = (size_t)j.x.columns;
    j.x_plane = (size_t)j.x.rows * j.x.pitch;
    j.y0 = rows.lo + s->pad[0] - 2 - box->lo[DV_Y];
    j.x0 = columns.lo + s->pad[1] - 2 - box->lo[DV_X];
    j.ep = dv_no_epilogue;
    j.y = (dv_target){ .rows = rows.hi - rows.lo, .columns = columns.hi - columns.lo, .add = true };
    j.y.pitch = (size_t)(in->box.hi[DV_X] - in->box.lo[DV_X]);
    j.y.plane = (size_t)(in->box.hi[DV_Y] - in->box.lo[DV_Y]) * j.y.pitch;
    for (int group = 0; group < s->group; group++) {
        dv_range m = { group * j.l.depth, (group + 1) * j.l.depth };
        m = dv_range_clip(m, box->lo[DV_C], box->hi[DV_C]);
        j.depth = m.hi - m.lo;
        if (j.depth <= 0)
            continue;
        j.u = (const float *)k->packed[DV_TRANSPOSED].data + (size_t)group * j.l.group_floats +
              (size_t)(m.lo - group * j.l.depth) * (size_t)k->isa->narrow_panel;
        j.x.data = dv_signal_at(out, m.lo, box->lo[DV_Y], box->lo[DV_X]);
        j.y.data = dv_signal_at(in, group * j.l.outputs, rows.lo, columns.lo);
        run_group(&j, pool);
    }
}

const dv_conv_method dv_conv_winograd = {
    .name = "winograd",
    .fits = fits,
    .worth = worth,
    .packed_size = packed_size,
    .pack = pack,
    .forward_scratch = forward_scratch,
    .forward = forward,
    .transposed_scratch = transposed_scratch,
    .transposed = transposed,
};
