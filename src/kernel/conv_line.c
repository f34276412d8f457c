/* Convolution by kernels that are one column, or one row, of seven taps or so, by Winograd's
 * minimal filtering along it, F(3, 4): of seven taps, for three outputs, twelve multiplications
 * instead of twenty-one.
 *
 * The taps are cut into parts of four. Each of six frequencies is a product of weights with (part
 * of a channel, pixel): the pixels are those of all tiles, three rows each, side by side. Of
 * kernels that are a row, each plane is transposed on its way in and back on its way out. */
#include "kernel/conv_method.h"
#include "kernel/tail.h"

#include <string.h>

enum {
    OUTPUTS = 3,      /* of a tile, and a window of so many of its */
    TAPS = 4,         /* taps, */
    FREQUENCIES = 6,  /* which are */
    LEAST_DEPTH = 64, /* terms of a sum: below it the transforms cost more than they save */
    LEAST_OUTPUTS = 16,
    LEAST_GAIN = 160, /* per cent: multiplications of the definition for ours */
    TASK_PLANES = 4,  /* transformed in one task */
    MAX_PITCH = 1 << 16,
};

typedef struct plan {
    int axis;          /* along which the kernel lies */
    int parts, depth;  /* of a kernel; of all channels: the terms of a sum */
    int tiles, across; /* of the whole map; pixels of a tile: the other axis */
    int pitch;         /* room for all pixels */
    int panel, panels; /* outputs in a panel */
} plan;

static void make_plan(const dv_conv *k, plan *p)
{
    const dv_conv_shape *s = &k->s;
    *p = (plan){ .axis = s->kernel[0] == 1, .panel = k->isa->wide_rows };
    p->parts = dv_ceil_div(s->kernel[p->axis], TAPS);
    p->depth = p->parts * s->in_channels;
    p->tiles = dv_ceil_div(s->out[p->axis], OUTPUTS);
    p->across = s->out[!p->axis];
    p->pitch = dv_round_up(p->tiles * p->across, k->isa->lanes);
    p->panels = dv_ceil_div(s->out_channels, p->panel);
}

static bool fits(const dv_conv *k, dv_direction direction)
{
    const dv_conv_shape *s = &k->s;
    const int axis = s->kernel[0] == 1;
    if (direction != DV_FORWARD || k->precision == DV_EXACT || s->group != 1 ||
        s->kernel[!axis] != 1 || s->pad[!axis] != 0 || s->out[!axis] != s->in[!axis])
        return false;
    for (int a = 0; a < 2; a++)
        if (s->stride[a] != 1 || s->dilation[a] != 1)
            return false;
    const int64_t pixels = (int64_t)dv_ceil_div(s->out[axis], OUTPUTS) * s->out[!axis];
    if (pixels > MAX_PITCH)
        return false;
    plan p;
    make_plan(k, &p);
    const int64_t ours = (int64_t)p.pitch * FREQUENCIES * p.parts;
    const int64_t all = (int64_t)s->out[0] * s->out[1] * s->kernel[axis];
    return 100 * all >= LEAST_GAIN * ours && p.depth >= LEAST_DEPTH &&
           (int64_t)p.depth * p.pitch <= INT32_MAX && s->out_channels >= LEAST_OUTPUTS;
}

/* -- weights ---------------------------------------------------------------------------------- */

/* (panel, frequency, depth, output) */
static size_t panel_floats(const plan *p)
{
    return (size_t)p->panel * (size_t)p->depth * FREQUENCIES;
}

static dv_arrangement arrange(const dv_conv *k, dv_direction direction)
{
    (void)direction;
    plan p;
    make_plan(k, &p);
    return (dv_arrangement){ .bytes = panel_floats(&p) * (size_t)p.panels * sizeof(float),
                             .parts = p.panels };
}

/* u: a kernel g of up to four taps at each of the points 0, 5/8, -5/8, 3/2, -3/2, over the product
 * of its distances from the others; and its last tap. */
static void transform_kernel(const double g[TAPS], double u[FREQUENCIES])
{
    const double a = 0.625, b = 1.5, aa = a * a, bb = b * b;
    const double by_a = 0.5 / (aa * (aa - bb)), by_b = 0.5 / (bb * (bb - aa));
    const double even_a = g[0] + g[2] * aa, odd_a = (g[1] + g[3] * aa) * a;
    const double even_b = g[0] + g[2] * bb, odd_b = (g[1] + g[3] * bb) * b;
    u[0] = g[0] / (aa * bb);
    u[1] = (even_a + odd_a) * by_a;
    u[2] = (even_a - odd_a) * by_a;
    u[3] = (even_b + odd_b) * by_b;
    u[4] = (even_b - odd_b) * by_b;
    u[5] = g[3];
}

static void pack(const dv_conv *k, dv_direction direction, int part, void *packed)
{
    (void)direction;
    const dv_conv_shape *s = &k->s;
    plan p;
    make_plan(k, &p);
    const int taps = s->kernel[p.axis];
    float *to = (float *)packed + (size_t)part * panel_floats(&p);
    for (int d = 0; d < p.depth; d++)
        for (int i = 0; i < p.panel; i++) {
            const int o = part * p.panel + i, channel = d / p.parts, first = d % p.parts * TAPS;
            double g[TAPS] = { 0 }, u[FREQUENCIES];
            for (int t = 0; t < TAPS && first + t < taps && o < s->out_channels; t++)
                g[t] = (double)k->weight[((size_t)o * s->in_channels + channel) * taps + first + t];
            transform_kernel(g, u);
            for (int f = 0; f < FREQUENCIES; f++)
                to[((size_t)f * p.depth + d) * p.panel + i] = (float)u[f];
        }
}

/* -- forward ---------------------------------------------------------------------------------- */

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
    for (int d = 0; d < p.depth; d++)
        ((int32_t *)table)[d] = d * p.pitch;
}

typedef struct job {
    const dv_conv *k;
    plan p;
    const float *weight;
    const dv_epilogue *ep;
    const float *x; /* of the image */
    float *y;
    dv_range tiles;  /* that are wanted */
    float *v;        /* (frequency, depth, pitch) */
    size_t v_stride; /* floats of a frequency */
    char *scratch;   /* of a worker: products of a panel (frequency, panel, pitch), and a plane */
    size_t scratch_size;
} job;

static size_t transformed_size(const plan *p)
{
    return dv_aligned_size((size_t)FREQUENCIES * (size_t)p->depth * (size_t)p->pitch *
                           sizeof(float));
}

static size_t products_floats(const plan *p)
{
    return (size_t)FREQUENCIES * (size_t)p->panel * (size_t)p->pitch;
}

static size_t worker_size(const dv_conv *k, const plan *p)
{
    const size_t in = (size_t)k->s.in[0] * (size_t)k->s.in[1];
    const size_t out = (size_t)k->s.out[0] * (size_t)k->s.out[1];
    return dv_aligned_size((products_floats(p) + (in > out ? in : out)) * sizeof(float));
}

static size_t forward_scratch(const dv_conv *k, int workers)
{
    plan p;
    make_plan(k, &p);
    return transformed_size(&p) + worker_size(k, &p) * (size_t)workers;
}

static float *products_of(const job *j, int worker)
{
    return (float *)(void *)(j->scratch + (size_t)worker * j->scratch_size);
}

static float *plane_of(const job *j, int worker)
{
    return products_of(j, worker) + products_floats(&j->p);
}

/* All parts of some channels. */
static void run_input(void *ctx, int i, int worker)
{
    const job *j = ctx;
    const dv_conv_shape *s = &j->k->s;
    const plan *p = &j->p;
    const int last = dv_least((i + 1) * TASK_PLANES, s->in_channels), along = s->in[p->axis];
    dv_plane x = { .pitch = (size_t)p->across, .rows = along, .columns = p->across };
    for (int c = i * TASK_PLANES; c < last; c++) {
        x.data = j->x + (size_t)c * (size_t)along * (size_t)p->across;
        if (p->axis == 1) {
            float *turned = plane_of(j, worker);
            j->k->isa->copy_transposed(p->across, along, x.data, along, turned, p->across);
            x.data = turned;
        }
        for (int part = 0; part < p->parts; part++)
            j->k->isa->line_input(&x, j->tiles.lo * OUTPUTS + part * TAPS - s->pad[p->axis],
                                  j->tiles.hi - j->tiles.lo,
                                  j->v + ((size_t)c * (size_t)p->parts + (size_t)part) *
                                             (size_t)p->pitch,
                                  j->v_stride);
    }
}

/* An output channel from its products; y: where its map begins. */
static void store_channel(const job *j, int channel, const float *products, int worker)
{
    const dv_conv_shape *s = &j->k->s;
    const plan *p = &j->p;
    const dv_epilogue *ep = j->ep;
    const int first = j->tiles.lo * OUTPUTS, tiles = j->tiles.hi - j->tiles.lo;
    const int rows = dv_least(s->out[p->axis] - first, tiles * OUTPUTS);
    float *map = j->y + (size_t)channel * (size_t)s->out[0] * (size_t)s->out[1];
    dv_target y = { .data = p->axis == 1 ? plane_of(j, worker) : map + (ptrdiff_t)first * p->across,
                    .pitch = (size_t)p->across,
                    .rows = rows,
                    .columns = p->across };
    j->k->isa->line_output(tiles, products, (size_t)p->panel * (size_t)p->pitch,
                           ep->scale ? ep->scale[channel] : 1, ep->shift ? ep->shift[channel] : 0,
                           ep->lo, ep->hi, &y);
    if (p->axis == 1)
        j->k->isa->copy_transposed(rows, p->across, y.data, p->across, map + first, s->out[1]);
    if (ep->tail && p->axis == 1)
        dv_tail_run_rows(ep->tail, map + first, (size_t)s->out[1], p->across, (size_t)rows);
    else if (ep->tail)
        dv_tail_run(ep->tail, y.data, (size_t)rows * y.pitch);
}

static void run_panel(void *ctx, int panel, int worker)
{
    const job *j = ctx;
    const plan *p = &j->p;
    const int first = panel * p->panel, rows = dv_least(j->k->s.out_channels - first, p->panel);
    const int pixels = (j->tiles.hi - j->tiles.lo) * p->across;
    const float *a = j->weight + (size_t)panel * panel_floats(p);
    float *products = products_of(j, worker);
    for (int f = 0; f < FREQUENCIES; f++)
        j->k->isa->wide(
            rows, pixels, p->depth, p->depth, a + (size_t)f * (size_t)p->depth * (size_t)p->panel,
            j->v + (size_t)f * j->v_stride, j->k->table, &dv_no_epilogue,
            products + (size_t)f * (size_t)p->panel * (size_t)p->pitch, (size_t)p->pitch);
    for (int i = 0; i < rows; i++)
        store_channel(j, first + i, products + (size_t)i * (size_t)p->pitch, worker);
}

static dv_range tiles_of(dv_range outputs)
{
    return (dv_range){ outputs.lo / OUTPUTS, dv_ceil_div(outputs.hi, OUTPUTS) };
}

static dv_range *range_along(dv_region *r, int axis)
{
    return axis == 0 ? &r->rows : &r->columns;
}

static void forward(const dv_conv *k, const void *packed, const float *x, const dv_epilogue *ep,
                    const dv_region *region, float *y, void *scratch, dv_pool *pool)
{
    const dv_conv_shape *s = &k->s;
    job j = { .k = k, .weight = packed, .ep = ep, .v = scratch };
    make_plan(k, &j.p);
    dv_region wanted = *region;
    j.tiles = tiles_of(*range_along(&wanted, j.p.axis));
    j.v_stride = (size_t)j.p.depth * (size_t)j.p.pitch;
    j.scratch = (char *)scratch + transformed_size(&j.p);
    j.scratch_size = worker_size(k, &j.p);
    for (int n = 0; n < s->batch; n++) {
        j.x = x + (size_t)n * (size_t)s->in_channels * (size_t)s->in[0] * (size_t)s->in[1];
        j.y = y + (size_t)n * (size_t)s->out_channels * (size_t)s->out[0] * (size_t)s->out[1];
        dv_pool_run(pool, dv_ceil_div(s->in_channels, TASK_PLANES), run_input, &j);
        dv_pool_run(pool, j.p.panels, run_panel, &j);
    }
}

/* Whole tiles; a last part of fewer taps reads as many inputs as the others, times zero. */
static void widen(const dv_conv *k, dv_region *r)
{
    plan p;
    make_plan(k, &p);
    dv_range *along = range_along(r, p.axis);
    const int missing = p.parts * TAPS - k->s.kernel[p.axis];
    const dv_range tiles = tiles_of((dv_range){ dv_greatest(along->lo - missing, 0), along->hi });
    along->lo = tiles.lo * OUTPUTS;
    along->hi = dv_least(tiles.hi * OUTPUTS, k->s.out[p.axis]);
}

const dv_conv_method dv_conv_line = {
    .name = "line",
    .fits = fits,
    .arrange = arrange,
    .pack = pack,
    .table_size = table_size,
    .fill_table = fill_table,
    .forward_scratch = forward_scratch,
    .forward = forward,
    .uneven = true,
    .widen = widen,
};
