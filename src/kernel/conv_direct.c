/* Convolution straight from the input, or from planes in which the pixels that one tap sees lie
 * side by side (planes.h): a convolution of one pixel is a sum over (channel, tap), each of them
 * the input shifted by a constant; so a table of offsets leads the inner products of isa.h through
 * it. */
#include "kernel/conv_method.h"
#include "kernel/planes.h"
#include "kernel/tail.h"

enum {
    BLOCK_FLOATS = 1 << 16, /* of input under one block of pixels: stays in the L2 cache */
    SMALL_FLOATS = 1 << 18, /* and of a map that is one block, so that weights are read once */
    FAR_TASKS = 8,          /* that all read an input larger than a block */
    TASK_FLOPS = 1 << 19,   /* of one task, about: 5 us on a fast core */
    LEAST_FILL = 90,        /* per cent of vectors of pixels in use, to be worth having */
    NARROW_DEPTH = 256,     /* terms that make up for turning channels in vectors into rows */
};

typedef struct plan {
    dv_planes planes;
    bool wide;       /* pixels in vectors; else channels */
    bool by_rows;    /* each row of pixels by itself; else runs over the gap between rows too */
    int panel;       /* output channels in a panel */
    int panels;      /* of one group */
    int depth;       /* terms of the sum */
    int sum_block;   /* and those that are summed by themselves */
    int pixels;      /* of the whole map, gaps included */
    int block;       /* pixels in a task */
    int task_panels; /* panels in a task */
} plan;

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
    *p = (plan){ .depth = channels * s->kernel[0] * s->kernel[1] };
    if (!dv_planes_of(k, &p->planes))
        return false;
    const bool dense = p->planes.dense;
    p->pixels = (s->out[0] - 1) * p->planes.pitch + s->out[1];
    const bool full_rows = !dense && fill(s->out[1], k->isa->lanes) >= LEAST_FILL;
    const bool full_map = fill(p->pixels, k->isa->lanes) >= LEAST_FILL;
    p->wide = full_rows || (full_map && (dense || p->depth < NARROW_DEPTH));
    p->by_rows = full_rows || (!dense && !p->wide);
    p->sum_block = p->wide ? dv_sum_block(k, p->depth) : dv_narrow_block(k, p->depth);
    p->panel = p->wide ? k->isa->wide_rows : k->isa->narrow_panel;
    p->panels = dv_ceil_div(out_channels, p->panel);

    const int unit = p->by_rows ? p->planes.pitch
                     : p->wide  ? 3 * k->isa->lanes
                                : k->isa->narrow_pixels;
    const int reads = channels * p->planes.channel;
    p->block = dv_greatest(BLOCK_FLOATS / reads / unit, 1) * unit;
    if (!p->wide && (int64_t)reads * p->pixels <= SMALL_FLOATS)
        p->block = dv_greatest(p->block, dv_round_up(p->pixels, unit));
    if (!p->by_rows && p->block >= p->pixels)
        p->block = p->pixels;
    const int64_t flops = (int64_t)2 * p->depth * p->panel * dv_least(p->block, p->pixels);
    const bool far = !p->wide && (int64_t)reads * dv_least(p->block, p->pixels) > BLOCK_FLOATS;
    p->task_panels = dv_least((int)(TASK_FLOPS / flops) + 1, p->panels);
    if (far)
        p->task_panels = dv_greatest(p->task_panels, p->panels / FAR_TASKS);
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

static void pack(const dv_conv *k, dv_direction direction, int part, void *packed)
{
    (void)direction;
    plan p;
    make_plan(k, &p);
    dv_planes_weights(k, part, p.panel, p.panels, packed);
}

static size_t table_size(const dv_conv *k)
{
    plan p;
    make_plan(k, &p);
    return (size_t)p.depth * sizeof(int32_t);
}

static void fill_table(const dv_conv *k, void *table)
{
    plan p;
    make_plan(k, &p);
    dv_planes_offsets(&k->s, &p.planes, table);
}

typedef struct job {
    const dv_conv *k;
    plan p;
    const float *weight;
    const int32_t *offset;
    const dv_epilogue *ep;
    const float *x;     /* the planes of the image */
    float *y;           /* of the image */
    int first, run;     /* of the pixels wanted: where they begin, and how many lie side by side */
    int runs, together; /* one a row, or one for all rows; and of how many a task takes a block */
    int blocks, chunks; /* of the pixels of a run, of panels */
    char *scratch;
    size_t scratch_size; /* of one worker */
} job;

/* Pixels from `at` on in its row that are no gap, before `end`. */
static int left_in_row(const job *j, int at, int end)
{
    return dv_least(j->k->s.out[1] - at % j->p.planes.pitch, end - at);
}

/* Pixels from `at` on without a gap, before `end`. */
static int left_without_gap(const job *j, int at, int end)
{
    return j->p.planes.pitch == j->k->s.out[1] ? end - at : left_in_row(j, at, end);
}

/* tile (rows, n), ld apart: sums of pixels [first, first + n), gaps between rows included; what is
 * no gap goes to y after the epilogue. */
static void store_tile(const job *j, int channel, int rows, int first, int n, const float *tile,
                       int ld)
{
    const dv_conv_shape *s = &j->k->s;
    const int width = s->out[1], pitch = j->p.planes.pitch;
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
    if (p->planes.dense) {
        j->k->isa->wide(rows, n, p->depth, p->sum_block, a, x + first, j->offset, &ep, y + first,
                        plane);
    } else if (p->by_rows) {
        for (int at = first; at < first + n; at += p->planes.pitch - at % p->planes.pitch)
            j->k->isa->wide(
                rows, left_in_row(j, at, first + n), p->depth, p->sum_block, a, x + at, j->offset,
                &ep, y + (size_t)(at / p->planes.pitch) * (size_t)s->out[1] + at % p->planes.pitch,
                plane);
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
    return j->p.by_rows ? at + j->p.planes.pitch - at % j->p.planes.pitch : end;
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
        isa->narrow(isa->narrow_panel, count, terms, t > 0, a, x + at, j->offset + t,
                    fetch ? f->next : a, fetch ? f->step : 0, sums + (size_t)at * panel, panel,
                    (size_t)isa->lanes);
        f->next += (size_t)terms * (size_t)f->step;
        at += count;
    }
}

/* sums (n, panel): those of a block of terms from `t` on, whose weights stay in the L1 cache for
 * all pixels, are added to those before. next: the weights that are read then. */
static void narrow_block(const job *j, const float *a, int t, const float *next, const float *x,
                         int first, int n, float *sums)
{
    const dv_isa *isa = j->k->isa;
    const int end = first + n, shares = dv_ceil_div(n, isa->narrow_pixels);
    const int terms = dv_least(j->p.sum_block, j->p.depth - t);
    ahead f = { next, shares, dv_ceil_div(isa->narrow_panel, shares) };
    for (int at = first; at < end; at = next_run(j, at, end))
        narrow_run(j, a, t, terms, x + at, run_length(j, at, end), &f,
                   sums + (size_t)(at - first) * (size_t)isa->narrow_panel);
}

/* Where the outputs of the pixels before `at` end. */
static size_t outputs_before(const job *j, int at)
{
    const int width = j->k->s.out[1];
    return (size_t)(at / j->p.planes.pitch) * (size_t)width +
           (size_t)dv_least(at % j->p.planes.pitch, width);
}

/* What is done behind the epilogue of pixels [first, first + n). */
static void run_tail(const job *j, int channel, int rows, int first, int n)
{
    const size_t plane = (size_t)j->k->s.out[0] * (size_t)j->k->s.out[1];
    const size_t lo = outputs_before(j, first), hi = outputs_before(j, first + n);
    dv_tail_run_rows(j->ep->tail, j->y + (size_t)channel * plane + lo, plane, rows, hi - lo);
}

/* Panels of a group and the pixels that one task computes of them. */
typedef struct block {
    int group, lo, hi;
    const float *x; /* of the group */
    int first, n;
    float *tile; /* (panel, n rounded up to lanes); */
    float *sums; /* of each panel, (n, panel) */
} block;

static const float *weights_of(const job *j, const block *b, int panel)
{
    const plan *p = &j->p;
    return j->weight + ((size_t)b->group * (size_t)p->panels + (size_t)panel) * (size_t)p->depth *
                           (size_t)p->panel;
}

static int channel_of(const job *j, const block *b, int panel)
{
    return b->group * (j->k->s.out_channels / j->k->s.group) + panel * j->p.panel;
}

static int rows_of(const job *j, int panel)
{
    return dv_least(j->k->s.out_channels / j->k->s.group - panel * j->p.panel, j->p.panel);
}

/* A block of terms of the input stays in the cache for all panels of the task. */
static void sum_narrow(const job *j, const block *b)
{
    const size_t width = (size_t)j->p.panel, all = (size_t)b->n * width;
    for (int t = 0; t < j->p.depth; t += j->p.sum_block)
        for (int panel = b->lo; panel < b->hi; panel++) {
            const bool turn = panel + 1 == b->hi && b->hi - b->lo > 1; /* to the next terms */
            const int next = turn ? b->lo : panel + 1, next_t = turn ? t + j->p.sum_block : t;
            narrow_block(j, weights_of(j, b, panel) + (size_t)t * width, t,
                         weights_of(j, b, next) + (size_t)next_t * width, b->x, b->first, b->n,
                         b->sums + (size_t)(panel - b->lo) * all);
        }
}

static void run_panels(const job *j, const block *b)
{
    const dv_isa *isa = j->k->isa;
    const size_t ld = (size_t)dv_round_up(b->n, isa->lanes), width = (size_t)j->p.panel;
    if (!j->p.wide)
        sum_narrow(j, b);
    for (int panel = b->lo; panel < b->hi; panel++) {
        const int channel = channel_of(j, b, panel), rows = rows_of(j, panel);
        if (j->p.wide) {
            wide_panel(j, weights_of(j, b, panel), channel, rows, b->x, b->first, b->n, b->tile);
        } else {
            const float *sums = b->sums + (size_t)(panel - b->lo) * (size_t)b->n * width;
            isa->transpose(b->n, j->p.panel, sums, width, b->tile, ld);
            store_tile(j, channel, rows, b->first, b->n, b->tile, (int)ld);
        }
        if (j->ep->tail && !j->ep->plus)
            run_tail(j, channel, rows, b->first, b->n);
    }
}

static void run_block(void *ctx, int i, int worker)
{
    const job *j = ctx;
    const dv_conv_shape *s = &j->k->s;
    const plan *p = &j->p;
    const int blocks = dv_ceil_div(j->runs, j->together) * j->blocks, chunk = i % j->chunks;
    const int at = i / j->chunks % blocks; /* stays in the cache for all panels */
    const int skipped = at % j->blocks * p->block, run = at / j->blocks * j->together;
    const int end = dv_least(run + j->together, j->runs);
    const size_t in_group =
        (size_t)(s->in_channels / s->group) * (size_t)p->planes.channel * p->planes.plane;
    block b = { .group = i / (j->chunks * blocks), .lo = chunk * p->task_panels };
    b.hi = dv_least(b.lo + p->task_panels, p->panels);
    b.x = j->x + (size_t)b.group * in_group;
    b.n = dv_least(p->block, j->run - skipped);
    b.tile = (float *)(void *)(j->scratch + (size_t)worker * j->scratch_size);
    b.sums = b.tile + (size_t)dv_round_up(b.n, j->k->isa->lanes) * (size_t)p->panel;
    for (int r = run; r < end; r++) {
        b.first = j->first + r * p->planes.pitch + skipped;
        run_panels(j, &b);
    }
}

static size_t tile_size(const dv_conv *k, const plan *p)
{
    if (p->planes.dense && p->wide)
        return 0;
    const size_t n = (size_t)dv_least(p->block, p->pixels) + (size_t)k->isa->lanes;
    const size_t arrays = p->wide ? 1 : 1 + (size_t)p->task_panels;
    return dv_aligned_size(arrays * n * (size_t)p->panel * sizeof(float));
}

static size_t forward_scratch(const dv_conv *k, int workers)
{
    plan p;
    make_plan(k, &p);
    return dv_planes_size(&k->s, &p.planes) + tile_size(k, &p) * (size_t)workers;
}

/* What is to be run over: whole rows, gaps included, or the columns of the region in each of its
 * rows where they are few. */
static void set_region(job *j, const dv_region *r)
{
    const dv_conv_shape *s = &j->k->s;
    const int columns = r->columns.hi - r->columns.lo, rows = r->rows.hi - r->rows.lo;
    j->first = r->rows.lo * j->p.planes.pitch;
    j->run = (rows - 1) * j->p.planes.pitch + s->out[1];
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

/* Whether outputs go from the sums to where they belong. */
static bool ends_in_registers(const plan *p)
{
    return p->wide && p->depth <= p->sum_block && (p->planes.dense || p->by_rows);
}

static void forward(const dv_conv *k, const void *packed, const float *x, const dv_epilogue *ep,
                    const dv_region *region, float *y, void *scratch, dv_pool *pool)
{
    const dv_conv_shape *s = &k->s;
    job j = { .k = k, .weight = packed, .offset = k->table };
    make_plan(k, &j.p);
    const dv_epilogue joined = ends_in_registers(&j.p) ? dv_epilogue_joined(*ep) : *ep;
    j.ep = &joined;
    j.scratch = (char *)scratch + dv_planes_size(s, &j.p.planes);
    j.scratch_size = tile_size(k, &j.p);
    set_region(&j, region);
    for (int n = 0; n < s->batch; n++) {
        const size_t map = (size_t)s->in[0] * (size_t)s->in[1];
        j.x = dv_planes_fill(k, &j.p.planes, region->rows,
                             x + (size_t)n * (size_t)s->in_channels * map, scratch, pool);
        j.y = y + (size_t)n * (size_t)s->out_channels * (size_t)s->out[0] * (size_t)s->out[1];
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
