/* Convolution straight from the input, without a column matrix.
 *
 * A convolution of one pixel is a sum over (channel, tap), each of them the input shifted by a
 * constant; so a table of offsets leads the inner products of isa.h through the input itself. A 1x1
 * convolution reads the map as it stands. Otherwise the map is first copied into planes, one for
 * each remainder of y and x by the stride, with the padding around: within such a plane the pixels
 * that one tap sees lie side by side. */
#include "kernel/conv_method.h"
#include "kernel/tail.h"

#include <string.h>

enum {
    BLOCK_FLOATS = 1 << 16, /* of input under one block of pixels: stays in the L2 cache */
    TASK_FLOPS = 1 << 19,   /* of one task, about: 5 us on a fast core */
    LEAST_FILL = 90,        /* per cent of vectors of pixels in use, to be worth having */
    NARROW_DEPTH = 256,     /* terms that make up for turning channels in vectors into rows */
};

enum { MAX_PHASES = 8 };

/* How one axis of the map falls into planes. */
typedef struct phases {
    int count;             /* remainders by the stride that some tap has */
    int size;              /* of each plane on this axis */
    int first[MAX_PHASES]; /* the remainders, ascending */
} phases;

typedef struct plan {
    bool pointwise;
    bool wide;    /* pixels in vectors; else channels */
    bool by_rows; /* each row of pixels by itself; else runs over the gap between rows too */
    phases y, x;
    size_t plane;    /* floats of a plane */
    int pitch;       /* of pixels from row to row */
    int panel;       /* output channels in a panel */
    int panels;      /* of one group */
    int depth;       /* terms of the sum */
    int sum_block;   /* and those that are summed by themselves */
    int pixels;      /* of the whole map, gaps included */
    int block;       /* pixels in a task */
    int task_panels; /* panels in a task */
} plan;

static bool phases_of(const dv_conv_shape *s, int axis, phases *p)
{
    const int stride = s->stride[axis], dilation = s->dilation[axis];
    *p = (phases){ .size = s->out[axis] + (s->kernel[axis] - 1) * dilation / stride };
    for (int tap = 0; tap < s->kernel[axis]; tap++) {
        const int remainder = tap * dilation % stride;
        if (tap > 0 && remainder == 0) /* from here on they repeat */
            break;
        if (p->count == MAX_PHASES)
            return false;
        int i = p->count++;
        for (; i > 0 && p->first[i - 1] > remainder; i--)
            p->first[i] = p->first[i - 1];
        p->first[i] = remainder;
    }
    return true;
}

static int phase_index(const phases *p, int remainder)
{
    int i = 0;
    while (p->first[i] != remainder)
        i++;
    return i;
}

static bool is_pointwise(const dv_conv_shape *s)
{
    for (int a = 0; a < 2; a++)
        if (s->kernel[a] != 1 || s->stride[a] != 1 || s->pad[a] != 0 || s->in[a] != s->out[a])
            return false;
    return true;
}

/* Per cent of the lanes that hold one of n pixels. */
static int fill(int n, int lanes)
{
    return (int)((int64_t)100 * n / dv_round_up(n, lanes));
}

/* Fills what depends on the geometry alone. False: too large for the offsets, or for a number of
 * tasks. */
static bool make_plan(const dv_conv *k, plan *p)
{
    const dv_conv_shape *s = &k->s;
    const int channels = s->in_channels / s->group, out_channels = s->out_channels / s->group;
    *p = (plan){ .pointwise = is_pointwise(s) };
    p->depth = channels * s->kernel[0] * s->kernel[1];
    if (!phases_of(s, 0, &p->y) || !phases_of(s, 1, &p->x))
        return false;
    p->pitch = p->x.size;
    p->plane = (size_t)p->y.size * (size_t)p->x.size;
    const size_t planes = dv_size_mul((size_t)s->in_channels, (size_t)(p->y.count * p->x.count));
    if (dv_size_mul(p->plane, planes) > INT32_MAX / 8)
        return false;
    p->pixels = (s->out[0] - 1) * p->pitch + s->out[1];
    const bool full_rows = !p->pointwise && fill(s->out[1], k->isa->lanes) >= LEAST_FILL;
    const bool full_map = fill(p->pixels, k->isa->lanes) >= LEAST_FILL;
    p->wide = full_rows || (full_map && (p->pointwise || p->depth < NARROW_DEPTH));
    p->by_rows = full_rows || (!p->pointwise && !p->wide);
    p->sum_block = p->wide ? dv_sum_block(k, p->depth) : dv_narrow_block(k, p->depth);
    p->panel = p->wide ? k->isa->wide_rows : k->isa->narrow_panel;
    p->panels = dv_ceil_div(out_channels, p->panel);

    const int unit = p->by_rows ? p->pitch : p->wide ? 3 * k->isa->lanes : k->isa->narrow_pixels;
    const int reads = channels * p->y.count * p->x.count;
    p->block = dv_greatest(BLOCK_FLOATS / reads / unit, 1) * unit;
    if (!p->by_rows && p->block >= p->pixels)
        p->block = p->pixels;
    const int64_t flops = (int64_t)2 * p->depth * p->panel * dv_least(p->block, p->pixels);
    p->task_panels = dv_least((int)(TASK_FLOPS / flops) + 1, p->panels);
    const int64_t blocks = dv_ceil_div(p->pixels, p->block), panels = (int64_t)s->group * p->panels;
    return blocks * panels <= INT32_MAX && (int64_t)p->depth * p->panel <= INT32_MAX;
}

static bool fits(const dv_conv *k, dv_direction direction)
{
    plan p;
    return direction == DV_FORWARD && make_plan(k, &p);
}

static size_t weight_floats(const dv_conv *k, const plan *p)
{
    return (size_t)k->s.group * (size_t)p->panels * (size_t)p->panel * (size_t)p->depth;
}

static dv_arrangement arrange(const dv_conv *k, dv_direction direction)
{
    (void)direction;
    plan p;
    make_plan(k, &p);
    return (dv_arrangement){ .bytes = weight_floats(k, &p) * sizeof(float),
                             .parts = k->s.group * p.panels,
                             .variant = { p.panel } };
}

/* A panel: (depth, channel of the panel), zeros behind the last channel. */
static void pack(const dv_conv *k, dv_direction direction, int part, void *packed)
{
    (void)direction;
    plan p;
    make_plan(k, &p);
    const int depth = p.depth, panel = p.panel, channels = k->s.out_channels / k->s.group;
    const int group = part / p.panels, first = part % p.panels * panel;
    const float *from = k->weight + ((size_t)group * channels + first) * depth;
    float *to = (float *)packed + (size_t)part * (size_t)panel * (size_t)depth;
    for (int c = 0; c < panel; c++)
        for (int t = 0; t < depth; t++)
            to[t * panel + c] = first + c < channels ? from[(size_t)c * depth + t] : 0;
}

static size_t table_size(const dv_conv *k)
{
    plan p;
    make_plan(k, &p);
    return (size_t)p.depth * sizeof(int32_t);
}

/* The offsets (depth) into the planes. */
static void fill_table(const dv_conv *k, void *table)
{
    const dv_conv_shape *s = &k->s;
    plan p;
    make_plan(k, &p);
    int32_t *offset = table;
    for (int c = 0; c < s->in_channels / s->group; c++)
        for (int ty = 0; ty < s->kernel[0]; ty++)
            for (int tx = 0; tx < s->kernel[1]; tx++) {
                const int y = ty * s->dilation[0], x = tx * s->dilation[1];
                int plane = c * p.y.count + phase_index(&p.y, y % s->stride[0]);
                plane = plane * p.x.count + phase_index(&p.x, x % s->stride[1]);
                *offset++ = (int32_t)((size_t)plane * p.plane) + y / s->stride[0] * p.pitch +
                            x / s->stride[1];
            }
}

typedef struct job {
    const dv_conv *k;
    plan p;
    const float *weight;
    const int32_t *offset;
    const dv_epilogue *ep;
    const float *x;     /* of the image */
    float *planes;      /* its copy, unless pointwise */
    float *y;           /* of the image */
    int first, run;     /* of the pixels wanted: where they begin, and how many lie side by side */
    int runs, together; /* one a row, or one for all rows; and of how many a task takes a block */
    dv_range rows;      /* of the planes, that they read */
    int blocks, chunks; /* of the pixels of a run, of panels */
    char *scratch;
    size_t scratch_size; /* of one worker */
} job;

/* One phase of one channel: of each row every stride-th pixel, zeros outside. */
static void copy_plane(void *ctx, int i, int worker)
{
    (void)worker;
    const job *j = ctx;
    const dv_conv_shape *s = &j->k->s;
    const plan *p = &j->p;
    const int count = p->y.count * p->x.count, c = i / count;
    const int py = i % count / p->x.count, px = i % p->x.count;
    const float *plane = j->x + (size_t)c * (size_t)s->in[0] * (size_t)s->in[1];
    const int width = p->x.size, stride = s->stride[1], offset = p->x.first[px] - s->pad[1];
    dv_range in = dv_range_clip(dv_tap_range(stride, offset, 0, s->in[1]), 0, width);
    if (in.hi <= in.lo)
        in.lo = in.hi = width;
    float *to = j->planes + (size_t)i * p->plane;
    to += (size_t)j->rows.lo * (size_t)p->pitch;
    for (int r = j->rows.lo; r < j->rows.hi; r++, to += p->pitch) {
        const int y = r * s->stride[0] + p->y.first[py] - s->pad[0];
        const bool inside = y >= 0 && y < s->in[0];
        const int lo = inside ? in.lo : width, hi = inside ? in.hi : width;
        for (int x = 0; x < lo; x++)
            to[x] = 0;
        if (lo < hi)
            j->k->isa->stride_copy(hi - lo, plane + (ptrdiff_t)y * s->in[1] + lo * stride + offset,
                                   stride, to + lo);
        for (int x = hi; x < width; x++)
            to[x] = 0;
    }
}

/* Pixels from `at` on in its row that are no gap, before `end`. */
static int left_in_row(const job *j, int at, int end)
{
    return dv_least(j->k->s.out[1] - at % j->p.pitch, end - at);
}

/* Pixels from `at` on without a gap, before `end`. */
static int left_without_gap(const job *j, int at, int end)
{
    return j->p.pitch == j->k->s.out[1] ? end - at : left_in_row(j, at, end);
}

/* tile (rows, n), ld apart: sums of pixels [first, first + n), gaps between rows included; what is
 * no gap goes to y after the epilogue. */
static void store_tile(const job *j, int channel, int rows, int first, int n, const float *tile,
                       int ld)
{
    const dv_conv_shape *s = &j->k->s;
    const int width = s->out[1], pitch = j->p.pitch;
    const size_t plane = (size_t)s->out[0] * (size_t)width;
    for (int i = 0; i < rows; i++) {
        const float scale = j->ep->scale ? j->ep->scale[channel + i] : 1;
        const float shift = j->ep->shift ? j->ep->shift[channel + i] : 0;
        const float *from = tile + (size_t)i * (size_t)ld;
        float *y = j->y + (size_t)(channel + i) * plane;
        for (int at = first, count; at < first + n; at += count + pitch - width) {
            count = left_without_gap(j, at, first + n);
            if (count > 0)
                j->k->isa->finish(count, from + (at - first), scale, shift, j->ep->lo, j->ep->hi,
                                  y + (size_t)(at / pitch) * (size_t)width + at % pitch);
        }
    }
}

/* One panel of weights on pixels [first, first + n), from x, the input of the group. */
static void wide_panel(const job *j, const float *a, int channel, int rows, const float *x,
                       int first, int n, float *tile)
{
    const dv_conv_shape *s = &j->k->s;
    const plan *p = &j->p;
    const size_t plane = (size_t)s->out[0] * (size_t)s->out[1];
    float *y = j->y + (size_t)channel * plane;
    const dv_epilogue ep = dv_epilogue_from(j->ep, channel);
    if (p->pointwise) {
        j->k->isa->wide(rows, n, p->depth, p->sum_block, a, x + first, j->offset, &ep, y + first,
                        plane);
    } else if (p->by_rows) {
        for (int at = first; at < first + n; at += p->pitch - at % p->pitch)
            j->k->isa->wide(rows, left_in_row(j, at, first + n), p->depth, p->sum_block, a, x + at,
                            j->offset, &ep,
                            y + (size_t)(at / p->pitch) * (size_t)s->out[1] + at % p->pitch, plane);
    } else {
        j->k->isa->wide(rows, n, p->depth, p->sum_block, a, x + first, j->offset, &dv_no_epilogue,
                        tile, (size_t)n);
        store_tile(j, channel, rows, first, n, tile, n);
    }
}

/* Pixels from `at` on that are summed together, before `end`. */
static int run_length(const job *j, int at, int end)
{
    return j->p.by_rows ? left_in_row(j, at, end) : end - at;
}

static int next_run(const job *j, int at, int end)
{
    return j->p.by_rows ? at + j->p.pitch - at % j->p.pitch : end;
}

/* What is fetched meanwhile: the same terms of the next panel, a share with each product. */
typedef struct ahead {
    const float *next;
    int left, step; /* shares, and the floats of a term in one */
} ahead;

/* sums (n, panel): those of `terms` terms from `t` on are added to those before. */
static void narrow_run(const job *j, const float *a, int t, int terms, const float *x, int n,
                       ahead *f, float *sums)
{
    const dv_isa *isa = j->k->isa;
    const size_t panel = (size_t)isa->narrow_panel;
    const int groups = dv_ceil_div(n, isa->narrow_pixels);
    for (int g = 0, at = 0; g < groups; g++) {
        const int count = dv_ceil_div(n - at, groups - g);
        const bool fetch = f->left-- > 0;
        isa->narrow(count, terms, t > 0, a, x + at, j->offset + t, fetch ? f->next : a,
                    fetch ? f->step : 0, sums + (size_t)at * panel, panel, (size_t)isa->lanes);
        f->next += (size_t)terms * (size_t)f->step;
        at += count;
    }
}

/* A block of weights stays in the L1 cache for all pixels. */
static void narrow_panel(const job *j, const float *a, int channel, int rows, const float *x,
                         int first, int n, float *tile)
{
    const dv_isa *isa = j->k->isa;
    const plan *p = &j->p;
    const int end = first + n, ld = dv_round_up(n, isa->lanes);
    const int shares = dv_ceil_div(n, isa->narrow_pixels);
    const size_t panel = (size_t)isa->narrow_panel;
    float *sums = tile + panel * (size_t)ld;
    for (int t = 0; t < p->depth; t += p->sum_block, a += (size_t)p->sum_block * panel) {
        const int terms = dv_least(p->sum_block, p->depth - t);
        ahead f = { a + (size_t)p->depth * panel, shares, dv_ceil_div(isa->narrow_panel, shares) };
        for (int at = first; at < end; at = next_run(j, at, end))
            narrow_run(j, a, t, terms, x + at, run_length(j, at, end), &f,
                       sums + (size_t)(at - first) * panel);
    }
    isa->transpose(n, isa->narrow_panel, sums, panel, tile, (size_t)ld);
    store_tile(j, channel, rows, first, n, tile, ld);
}

/* Where the outputs of the pixels before `at` end. */
static size_t outputs_before(const job *j, int at)
{
    const int width = j->k->s.out[1];
    return (size_t)(at / j->p.pitch) * (size_t)width + (size_t)dv_least(at % j->p.pitch, width);
}

/* What is done behind the epilogue of pixels [first, first + n). */
static void run_tail(const job *j, int channel, int rows, int first, int n)
{
    const size_t plane = (size_t)j->k->s.out[0] * (size_t)j->k->s.out[1];
    const size_t lo = outputs_before(j, first), hi = outputs_before(j, first + n);
    for (int i = 0; i < rows; i++)
        dv_tail_run(j->ep->tail, j->y + (size_t)(channel + i) * plane + lo, hi - lo);
}

static void run_block(void *ctx, int i, int worker)
{
    const job *j = ctx;
    const dv_conv_shape *s = &j->k->s;
    const plan *p = &j->p;
    const int blocks = dv_ceil_div(j->runs, j->together) * j->blocks;
    const int group = i / (j->chunks * blocks), chunk = i % j->chunks;
    const int block = i / j->chunks % blocks; /* stays in the cache for all panels */
    const int skipped = block % j->blocks * p->block, n = dv_least(p->block, j->run - skipped);
    const int run = block / j->blocks * j->together;
    const int end = dv_least(run + j->together, j->runs);
    const int channels = s->out_channels / s->group;
    const size_t in_group =
        (size_t)(s->in_channels / s->group) * (size_t)(p->y.count * p->x.count) * p->plane;
    const float *x = (p->pointwise ? j->x : j->planes) + (size_t)group * in_group;
    float *tile = (float *)(void *)(j->scratch + (size_t)worker * j->scratch_size);
    const int last = dv_least((chunk + 1) * p->task_panels, p->panels);
    for (int panel = chunk * p->task_panels; panel < last; panel++) {
        const float *a = j->weight + ((size_t)group * (size_t)p->panels + (size_t)panel) *
                                         (size_t)p->depth * (size_t)p->panel;
        const int rows = dv_least(channels - panel * p->panel, p->panel);
        const int channel = group * channels + panel * p->panel;
        for (int r = run; r < end; r++) {
            const int first = j->first + r * p->pitch + skipped;
            (p->wide ? wide_panel : narrow_panel)(j, a, channel, rows, x, first, n, tile);
            if (j->ep->tail)
                run_tail(j, channel, rows, first, n);
        }
    }
}

static size_t tile_size(const dv_conv *k, const plan *p)
{
    if (p->pointwise && p->wide)
        return 0;
    const size_t n = (size_t)dv_least(p->block, p->pixels) + (size_t)k->isa->lanes;
    return dv_aligned_size((p->wide ? 1 : 2) * n * (size_t)p->panel * sizeof(float));
}

static size_t planes_size(const dv_conv *k, const plan *p)
{
    if (p->pointwise)
        return 0;
    const size_t planes = (size_t)k->s.in_channels * (size_t)(p->y.count * p->x.count);
    return dv_aligned_size(planes * p->plane * sizeof(float));
}

static size_t forward_scratch(const dv_conv *k, int workers)
{
    plan p;
    make_plan(k, &p);
    return planes_size(k, &p) + tile_size(k, &p) * (size_t)workers;
}

/* What is to be run over: whole rows, gaps included, or the columns of the region in each of its
 * rows where they are few. */
static void set_region(job *j, const dv_region *r)
{
    const dv_conv_shape *s = &j->k->s;
    const int columns = r->columns.hi - r->columns.lo, rows = r->rows.hi - r->rows.lo;
    const int behind = (s->kernel[0] - 1) * s->dilation[0] / s->stride[0];
    j->rows = dv_range_clip((dv_range){ r->rows.lo, r->rows.hi + behind }, 0, j->p.y.size);
    j->first = r->rows.lo * j->p.pitch;
    j->run = (rows - 1) * j->p.pitch + s->out[1];
    j->runs = j->together = 1;
    if (2 * columns < s->out[1] && columns + j->k->isa->lanes < s->out[1]) {
        j->first += r->columns.lo;
        j->run = columns;
        j->runs = rows;
        j->together = dv_greatest(j->p.block / columns, 1);
    }
    j->blocks = dv_ceil_div(j->run, j->p.block);
    j->chunks = dv_ceil_div(j->p.panels, j->p.task_panels);
}

static void forward(const dv_conv *k, const void *packed, const float *x, const dv_epilogue *ep,
                    const dv_region *region, float *y, void *scratch, dv_pool *pool)
{
    const dv_conv_shape *s = &k->s;
    job j = { .k = k, .ep = ep, .weight = packed, .planes = scratch, .offset = k->table };
    make_plan(k, &j.p);
    j.scratch = (char *)scratch + planes_size(k, &j.p);
    j.scratch_size = tile_size(k, &j.p);
    set_region(&j, region);
    for (int n = 0; n < s->batch; n++) {
        j.x = x + (size_t)n * (size_t)s->in_channels * (size_t)s->in[0] * (size_t)s->in[1];
        j.y = y + (size_t)n * (size_t)s->out_channels * (size_t)s->out[0] * (size_t)s->out[1];
        if (!j.p.pointwise)
            dv_pool_run(pool, s->in_channels * j.p.y.count * j.p.x.count, copy_plane, &j);
        dv_pool_run(pool, s->group * j.chunks * dv_ceil_div(j.runs, j.together) * j.blocks,
                    run_block, &j);
    }
}

const dv_conv_method dv_conv_direct = {
    .name = "direct",
    .fits = fits,
    .arrange = arrange,
    .pack = pack,
    .table_size = table_size,
    .fill_table = fill_table,
    .forward_scratch = forward_scratch,
    .forward = forward,
};
