/* Convolution from strips of pixels that are copied to where the L2 cache holds them.
 *
 * As conv_direct.c, a sum over (channel, tap) through a table of offsets. But rows of a map lie
 * kilobytes apart, and at any place in a cache line: a block of pixels and terms is copied into
 * strips of as many pixels as the inner product takes, which all panels of weights then meet. A few
 * pixels that are left behind the last strip meet vectors of channels instead. For maps whose
 * pixels fill vectors when their rows are joined. */
#include "kernel/conv_method.h"
#include "kernel/planes.h"
#include "kernel/tail.h"

enum {
    BLOCK_FLOATS = 1 << 16, /* in strips: they stay in the L2 cache */
    BLOCK_TERMS = 512,      /* at least, or all: fewer only make outputs go to and fro */
    LEAST_FILL = 90,        /* per cent of vectors of pixels in use, to be worth having */
    LINE = 16,              /* floats of a line of the cache */
    LARGE_MAP = 3 << 17,    /* floats of the input that */
    LEAST_PANELS = 8,       /* share what is fetched ahead */
    NEXT_PANELS = 6,        /* that fetch some of the next block */
    TASKS = 8,              /* for each worker, about */
    TASK_PANELS = 4,        /* in one, at least */
    FEW_PANELS = 8,         /* for each worker */
};

typedef struct plan {
    dv_planes planes;
    int panel, panels; /* output channels in a panel; panels of a group */
    int depth;         /* terms of the sum */
    int width;         /* pixels of a strip */
} plan;

/* Of n pixels, those behind the strips that are computed one by one: few, and there are others. */
static int rest_of(const dv_conv *k, int n)
{
    const int width = k->isa->wide_pixels, left = n % width;
    return n > width && left <= DV_REST_PIXELS ? left : 0;
}

/* Per cent of the lanes that hold one of n pixels. */
static int fill(const dv_conv *k, int n)
{
    const int in_vectors = n - rest_of(k, n);
    return (int)((int64_t)100 * in_vectors / dv_round_up(in_vectors, k->isa->lanes));
}

static bool make_plan(const dv_conv *k, plan *p)
{
    const dv_conv_shape *s = &k->s;
    if (!dv_planes_of(k, &p->planes))
        return false;
    p->depth = s->in_channels / s->group * s->kernel[0] * s->kernel[1];
    p->panel = k->isa->wide_rows;
    p->panels = dv_ceil_div(s->out_channels / s->group, p->panel);
    p->width = k->isa->wide_pixels;
    return true;
}

/* Where rows begin within a line of the cache, two lines are read for each vector of pixels; and a
 * map that the L2 cache does not hold must be fetched ahead. */
static bool better(const plan *p)
{
    const size_t map = (size_t)p->depth * p->planes.plane;
    return p->planes.plane % LINE != 0 || (map > LARGE_MAP && p->panels >= LEAST_PANELS) ||
           (!p->planes.pointwise && !p->planes.columns);
}

static bool fits(const dv_conv *k, dv_direction direction)
{
    const dv_conv_shape *s = &k->s;
    plan p;
    if (direction != DV_FORWARD || k->precision == DV_EXACT || !make_plan(k, &p))
        return false;
    const int64_t pixels = (int64_t)s->out[0] * s->out[1];
    return p.planes.dense && pixels <= INT32_MAX / 8 && fill(k, (int)pixels) >= LEAST_FILL &&
           better(&p) && (int64_t)p.depth * p.panel <= INT32_MAX;
}

static dv_arrangement arrange(const dv_conv *k, dv_direction direction)
{
    (void)direction;
    plan p;
    make_plan(k, &p);
    const size_t floats = (size_t)k->s.group * (size_t)p.panels * (size_t)p.panel * (size_t)p.depth;
    return (dv_arrangement){ .bytes = floats * sizeof(float), .parts = k->s.group * p.panels };
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
    const float *x;       /* the planes of the image */
    float *y;             /* of the image */
    int row, column;      /* the first output wanted */
    int runs, length;     /* of outputs side by side: one for all rows, or one a row */
    int rest;             /* the last so many pixels of the one run are no strip */
    int together, strips; /* runs of a block; strips of a run in it */
    int blocks, chunks;   /* tasks: of pixels, times of panels */
    int terms;            /* that are summed from one filling of the strips */
    char *scratch;
    size_t scratch_size; /* of one worker */
} job;

/* The most that a worker has in strips, of a map of so many pixels. */
static size_t most_floats(const plan *p, int pixels)
{
    const size_t least = (size_t)dv_least(p->depth, BLOCK_TERMS) * (size_t)p->width;
    const size_t all = (size_t)p->depth * (size_t)dv_round_up(pixels, p->width);
    const size_t fit = least > BLOCK_FLOATS ? least : BLOCK_FLOATS;
    return all < fit ? all : fit;
}

static size_t strips_size(const dv_conv *k, const plan *p)
{
    return dv_aligned_size(most_floats(p, k->s.out[0] * k->s.out[1]) * sizeof(float));
}

static size_t forward_scratch(const dv_conv *k, int workers)
{
    plan p;
    make_plan(k, &p);
    return dv_planes_size(&k->s, &p.planes) + strips_size(k, &p) * (size_t)workers;
}

/* What one task has in strips: pixels [first, first + n) of each of some runs, terms [t, t + k);
 * and so many pixels behind them, packed behind the strips. */
typedef struct block {
    dv_range runs;
    int first, n, rest;
    int group, t, k;
    float *packed;
} block;

static block block_of(const job *j, int group, int i)
{
    const int in_strips = j->length - j->rest, width = j->strips * j->p.width;
    const int across = dv_ceil_div(in_strips, width);
    block b = { .group = group, .first = i % across * width };
    b.n = dv_least(width, in_strips - b.first);
    b.rest = b.first + b.n == in_strips ? j->rest : 0;
    b.runs.lo = i / across * j->together;
    b.runs.hi = dv_least(b.runs.lo + j->together, j->runs);
    return b;
}

/* The input of the first pixel of a run under term 0. */
static const float *input_of(const job *j, const block *b, int run)
{
    const dv_conv_shape *s = &j->k->s;
    const dv_planes *planes = &j->p.planes;
    const size_t in_group = (size_t)(s->in_channels / s->group) * (size_t)planes->channel;
    return j->x + (size_t)b->group * in_group * planes->plane +
           (size_t)(j->row + run) * (size_t)planes->pitch + (size_t)(j->column + b->first);
}

/* The first panels of a task fetch the next block, or the next terms of this: each of every strip
 * and term one vector in three. Of the map itself: planes come from the cache. */
static void fetch_next(const job *j, const block *b, int panel, dv_strips *st)
{
    const size_t plane = j->p.planes.plane;
    const bool more_terms = b->t + b->k < j->p.depth,
               more_pixels = b->first + b->n + b->rest < j->length;
    if (!j->p.planes.pointwise || panel >= NEXT_PANELS || (!more_terms && !more_pixels))
        return;
    st->next = st->b + (more_terms ? (size_t)(b->t + b->k) * plane : (size_t)b->n);
    st->next += (size_t)(panel % 3) * (size_t)j->k->isa->lanes;
    st->next_step = plane;
}

/* The first output of channel c of the group, in a run. */
static float *output_of(const job *j, const block *b, int c, int run)
{
    const dv_conv_shape *s = &j->k->s;
    const size_t map = (size_t)s->out[0] * (size_t)s->out[1];
    return j->y + (size_t)(b->group * (s->out_channels / s->group) + c) * map +
           (size_t)(j->row + run) * (size_t)s->out[1] + (size_t)(j->column + b->first);
}

/* What `panels` panels have in common. *ep: room for their epilogue. */
static dv_strips panels_at(const job *j, const block *b, int panel, int panels, dv_epilogue *ep)
{
    const dv_conv_shape *s = &j->k->s;
    const plan *p = &j->p;
    const int channels = s->out_channels / s->group, first = panel * p->panel;
    const size_t part = (size_t)b->group * (size_t)p->panels + (size_t)panel;
    *ep = b->t + b->k == p->depth ? dv_epilogue_from(j->ep, b->group * channels + first)
                                  : dv_no_epilogue;
    return (dv_strips){ .rows = dv_least(channels - first, panels * p->panel),
                        .k = b->k,
                        .a =
                            j->weight + (part * (size_t)p->depth + (size_t)b->t) * (size_t)p->panel,
                        .add = b->t > 0,
                        .ep = ep,
                        .ldc = (size_t)s->out[0] * (size_t)s->out[1] };
}

/* The `nth` panel of a task; the first fills the strips. */
static void run_panel(const job *j, const block *b, int panel, int nth)
{
    const plan *p = &j->p;
    dv_epilogue ep;
    dv_strips st = panels_at(j, b, panel, 1, &ep);
    st.n = b->n;
    st.offset = nth == 0 ? j->offset + b->t : NULL;
    st.packed = b->packed;
    for (int r = b->runs.lo; r < b->runs.hi; r++) {
        st.b = input_of(j, b, r);
        st.c = output_of(j, b, panel * p->panel, r);
        st.next = st.a;
        fetch_next(j, b, nth, &st);
        j->k->isa->strips(&st);
        st.packed += (size_t)j->strips * (size_t)p->width * (size_t)b->k;
    }
}

static float *rest_packed(const job *j, const block *b)
{
    return b->packed + (size_t)dv_round_up(b->n, j->p.width) * (size_t)b->k;
}

static void fill_rest(const job *j, const block *b)
{
    const float *x = input_of(j, b, b->runs.lo) + b->n;
    const int32_t *offset = j->offset + b->t;
    float *to = rest_packed(j, b);
    for (int t = 0; t < b->k; t++, to += DV_REST_PIXELS)
        for (int i = 0; i < b->rest; i++)
            to[i] = x[offset[t] + i];
}

/* The rest of some panels, whose weights are in the cache by then. */
static void run_rest(const job *j, const block *b, int panel, int panels)
{
    const plan *p = &j->p;
    dv_epilogue ep;
    dv_strips st = panels_at(j, b, panel, panels, &ep);
    st.n = b->rest;
    st.packed = rest_packed(j, b);
    st.c = output_of(j, b, panel * p->panel, b->runs.lo) + b->n;
    j->k->isa->rest(&st, (size_t)p->depth * (size_t)p->panel);
}

static void run_tail(const job *j, const block *b, int panel, int panels)
{
    dv_epilogue ep;
    const dv_strips st = panels_at(j, b, panel, panels, &ep);
    for (int r = b->runs.lo; ep.tail && !ep.plus && r < b->runs.hi; r++)
        dv_tail_run_rows(ep.tail, output_of(j, b, panel * j->p.panel, r), st.ldc, st.rows,
                         (size_t)b->n + (size_t)b->rest);
}

/* Panels from the `nth` of a task on. */
static void run_panels(const job *j, const block *b, int panel, int panels, int nth)
{
    for (int i = 0; i < panels; i++)
        run_panel(j, b, panel + i, nth + i);
    if (b->rest)
        run_rest(j, b, panel, panels);
    run_tail(j, b, panel, panels);
}

static void run_task(void *ctx, int i, int worker)
{
    const job *j = ctx;
    const plan *p = &j->p;
    const int chunk = i % j->chunks, group = i / j->chunks / j->blocks;
    const int lo = (int)((int64_t)p->panels * chunk / j->chunks);
    const int hi = (int)((int64_t)p->panels * (chunk + 1) / j->chunks);
    block b = block_of(j, group, i / j->chunks % j->blocks);
    const int together = b.rest ? j->k->isa->narrow_panel / p->panel : 1; /* panels of a `rest` */
    b.packed = (float *)(void *)(j->scratch + (size_t)worker * j->scratch_size);
    for (b.t = 0; b.t < p->depth; b.t += j->terms) {
        b.k = dv_least(j->terms, p->depth - b.t);
        if (b.rest)
            fill_rest(j, &b);
        for (int panel = lo; panel < hi; panel += together)
            run_panels(j, &b, panel, dv_least(together, hi - panel), panel - lo);
    }
}

/* What is to be run over: all columns of the rows wanted, or the columns of the region in each of
 * its rows where they are few. */
static void set_region(job *j, const dv_region *r, int workers)
{
    const dv_conv_shape *s = &j->k->s;
    const plan *p = &j->p;
    const int columns = r->columns.hi - r->columns.lo, rows = r->rows.hi - r->rows.lo;
    const bool few = 2 * columns < s->out[1] && columns + j->k->isa->lanes < s->out[1];
    const size_t most = most_floats(p, s->out[0] * s->out[1]);
    j->row = r->rows.lo;
    j->column = few ? r->columns.lo : 0;
    j->runs = few ? rows : 1;
    j->length = few ? columns : rows * s->out[1];
    j->rest = few ? 0 : rest_of(j->k, j->length);
    const int strips = dv_ceil_div(j->length - j->rest, p->width); /* of a run */
    const int fit = (int)(most / (size_t)(dv_least(p->depth, BLOCK_TERMS) * p->width));
    int across = dv_ceil_div(strips, dv_greatest(fit, 1));
    if (p->panels < FEW_PANELS * workers) /* no chunks of them for all: rather blocks */
        across = dv_least(dv_round_up(across, workers), strips);
    j->strips = dv_ceil_div(strips, across);
    j->together = few ? dv_least(dv_greatest(fit / j->strips, 1), rows) : 1;
    j->blocks = dv_ceil_div(strips, j->strips) * dv_ceil_div(j->runs, j->together);
    const int wide = j->strips * j->together * p->width + (j->rest ? DV_REST_PIXELS : 0);
    const int deep = (int)(most / (size_t)wide);
    j->terms = dv_ceil_div(p->depth, dv_ceil_div(p->depth, dv_greatest(deep, 1)));
    const int wanted = workers == 1 ? 1 : dv_ceil_div(TASKS * workers, j->blocks);
    const int chunks = dv_least(wanted, p->panels / TASK_PANELS);
    j->chunks = chunks > workers ? chunks / workers * workers : dv_greatest(chunks, 1);
}

static void forward(const dv_conv *k, const void *packed, const float *x, const dv_epilogue *ep,
                    const dv_region *region, float *y, void *scratch, dv_pool *pool)
{
    const dv_conv_shape *s = &k->s;
    const dv_epilogue joined = dv_epilogue_joined(*ep);
    job j = { .k = k, .ep = &joined, .weight = packed, .offset = k->table };
    make_plan(k, &j.p);
    j.scratch = (char *)scratch + dv_planes_size(s, &j.p.planes);
    j.scratch_size = strips_size(k, &j.p);
    set_region(&j, region, dv_pool_size(pool));
    for (int n = 0; n < s->batch; n++) {
        j.x = dv_planes_fill(k, &j.p.planes, region->rows,
                             x + (size_t)n * (size_t)s->in_channels * (size_t)s->in[0] *
                                     (size_t)s->in[1],
                             scratch, pool);
        j.y = y + (size_t)n * (size_t)s->out_channels * (size_t)s->out[0] * (size_t)s->out[1];
        dv_pool_run(pool, s->group * j.chunks * j.blocks, run_task, &j);
    }
}

const dv_conv_method dv_conv_strips = {
    .name = "strips",
    .fits = fits,
    .arrange = arrange,
    .pack = pack,
    .table_size = table_size,
    .fill_table = fill_table,
    .forward_scratch = forward_scratch,
    .forward = forward,
};
