/* Convolution by Winograd's minimal filtering: for 3 x 3 kernels and stride 1 a quarter of the
 * multiplications (F(4x4)), less than half for small maps (F(2x2)).
 *
 * Larger kernels are sums of 3 x 3 ones on the same input, shifted. With a stride, each remainder
 * of the coordinates by it is a plane of its own, on which the taps of that remainder are a kernel
 * with stride 1. The transposed convolution is a convolution of the signal, zero outside its box,
 * with the kernels turned by 180 degrees and input and output channels exchanged. */
#include "kernel/conv_method.h"
#include "kernel/winograd.h"

#include <math.h>

enum {
    TAPS = DV_WINOGRAD_TAPS,
    LEAST_DEPTH = 8,      /* terms of a sum: below it the transforms cost more than they save */
    MOST_DEPTH = 1 << 24, /* so that offsets are 32 bits */
    LEAST_OUTPUTS = 8,
    LEAST_MAP = 3,  /* rows and columns of the output */
    SMALL_MAP = 8,  /* up to here F(2x2) wastes less */
    LEAST_GAIN = 2, /* multiplications, those of the definition for one of ours */
};

static int floor_div(int a, int b)
{
    return a >= 0 ? a / b : -((b - 1 - a) / b);
}

/* Cuts the taps of one axis into parts. False: too many. */
static bool split_axis(const dv_conv_shape *s, int axis, dv_direction direction, dv_winograd *w)
{
    const int taps = s->kernel[axis], stride = s->stride[axis];
    const int pad = direction == DV_FORWARD ? s->pad[axis] : taps - 1 - s->pad[axis];
    for (int remainder = 0; remainder < dv_least(stride, taps); remainder++)
        for (int first = remainder; first < taps; first += TAPS * stride) {
            if (w->n_parts[axis] == DV_WINOGRAD_MAX_PARTS)
                return false;
            const int at = floor_div(first - pad, stride);
            w->taps[axis][w->n_parts[axis]++] =
                (dv_taps){ .first = first,
                           .count = dv_least(TAPS, dv_ceil_div(taps - first, stride)),
                           .phase = first - pad - at * stride,
                           .at = at };
        }
    return true;
}

static bool describe(const dv_conv *k, dv_direction direction, dv_winograd *w)
{
    const dv_conv_shape *s = &k->s;
    const bool small = s->out[0] <= SMALL_MAP && s->out[1] <= SMALL_MAP;
    const int in = s->in_channels / s->group, out = s->out_channels / s->group;
    *w = (dv_winograd){ .isa = k->isa, .phases = s->stride[0] };
    if (s->stride[0] != s->stride[1] || !split_axis(s, 0, direction, w) ||
        !split_axis(s, 1, direction, w))
        return false;
    w->size = direction == DV_FORWARD && (small || k->precision == DV_CAREFUL) ? 2 : 4;
    w->frequencies = (w->size + 2) * (w->size + 2);
    w->channels = direction == DV_FORWARD ? in : out;
    w->outputs = direction == DV_FORWARD ? out : in;
    w->by_parts = direction == DV_FORWARD; /* the way back may begin at any channel */
    dv_winograd_order(w);
    if ((int64_t)w->channels * w->parts > MOST_DEPTH)
        return false;
    w->depth = w->channels * w->parts;
    w->block = dv_narrow_block(k, w->depth);
    const int *map = direction == DV_FORWARD ? s->out : s->in;
    const bool panels = k->order[direction] == DV_ANY_ORDER
                            ? dv_winograd_by_panels(w, map[0], map[1])
                            : k->order[direction];
    dv_winograd_arrange(w, map[0], map[1], panels);
    return true;
}

static bool fits(const dv_conv *k, dv_direction direction)
{
    const dv_conv_shape *s = &k->s;
    dv_winograd w;
    for (int a = 0; a < 2; a++)
        if (s->dilation[a] != 1 || s->out[a] < LEAST_MAP ||
            (direction == DV_TRANSPOSED && s->stride[a] != 1))
            return false;
    if (k->precision == DV_EXACT || !describe(k, direction, &w))
        return false;
    const int ours = w.parts * w.frequencies / (w.size * w.size); /* for one output */
    return s->kernel[0] * s->kernel[1] >= LEAST_GAIN * ours && w.depth >= LEAST_DEPTH &&
           w.outputs >= LEAST_OUTPUTS;
}

/* What a box reaches on one axis, inside the map. */
static dv_range reach(const dv_conv_shape *s, int axis, const dv_box *out)
{
    const int lo = out->lo[DV_Y + axis] - s->pad[axis];
    const int hi = out->hi[DV_Y + axis] - s->pad[axis] + s->kernel[axis] - 1;
    return dv_range_clip((dv_range){ lo, hi }, 0, s->in[axis]);
}

/* Products, or the reading of their weights from memory if that takes longer; and the transforms
 * of a tile. */
static double cost(const dv_conv *k, const dv_box *out, size_t nonzeros)
{
    (void)nonzeros;
    dv_winograd w;
    const dv_range rows = reach(&k->s, 0, out), columns = reach(&k->s, 1, out);
    describe(k, DV_TRANSPOSED, &w);
    const double tiles = (double)dv_ceil_div(rows.hi - rows.lo, w.size) *
                         dv_ceil_div(columns.hi - columns.lo, w.size);
    const double vectors = 1.0 / k->isa->lanes, channels = out->hi[DV_C] - out->lo[DV_C];
    const double weights = channels * w.parts * w.outputs * w.frequencies * vectors;
    return weights * fmax(1.1 * tiles, 8) +
           tiles * vectors * (400 * channels * w.parts + 300.0 * w.outputs * k->s.group);
}

/* Vectors of outputs of a group. */
static int vectors_of(const dv_winograd *w)
{
    return w->panels * w->panel / w->isa->lanes;
}

static dv_arrangement arrange(const dv_conv *k, dv_direction direction)
{
    dv_winograd w;
    describe(k, direction, &w);
    return (dv_arrangement){ .bytes = w.group_floats * (size_t)k->s.group * sizeof(float),
                             .parts = k->s.group * vectors_of(&w),
                             .variant = { w.size, k->s.stride[0] },
                             .orders = 2,
                             .order = w.panel_floats > w.frequency_floats };
}

/* g (9, lanes): the kernels of outputs [first, first + lanes) in term d, as the direction needs
 * them; zero behind the last tap and the last output. */
static void collect(const dv_conv *k, dv_direction direction, const dv_winograd *w, int group,
                    int first, int d, float *g)
{
    const dv_conv_shape *s = &k->s;
    const int lanes = k->isa->lanes, taps = s->kernel[0] * s->kernel[1];
    const int in = s->in_channels / s->group, out = s->out_channels / s->group;
    const int channel = dv_winograd_channel(w, d);
    const uint8_t *part = w->part[dv_winograd_part(w, d)];
    const dv_taps *y = &w->taps[0][part[0]], *x = &w->taps[1][part[1]];
    for (int i = 0; i < TAPS * TAPS; i++) {
        const int ty = y->first + i / TAPS * s->stride[0], tx = x->first + i % TAPS * s->stride[1];
        const bool there = i / TAPS < y->count && i % TAPS < x->count;
        const int tap = ty * s->kernel[1] + tx;
        for (int lane = 0; lane < lanes; lane++) {
            const int o = first + lane;
            const int m = direction == DV_FORWARD ? o : channel;
            const int c = direction == DV_FORWARD ? channel : o;
            const size_t kernel = ((size_t)group * out + m) * in + c;
            g[i * lanes + lane] =
                !there || o >= w->outputs
                    ? 0
                    : k->weight[kernel * taps + (direction == DV_FORWARD ? tap : taps - 1 - tap)];
        }
    }
}

/* The weights of one vector of outputs. */
static void pack(const dv_conv *k, dv_direction direction, int part, void *packed)
{
    enum { MAX_LANES = 16 };
    const dv_isa *isa = k->isa;
    dv_winograd w;
    describe(k, direction, &w);
    const int panel = w.panel;
    const int group = part / vectors_of(&w), first = part % vectors_of(&w) * isa->lanes;
    float g[TAPS * TAPS * MAX_LANES];
    float *u = (float *)packed + (size_t)group * w.group_floats +
               (size_t)(first / panel) * w.panel_floats + (size_t)(first % panel);
    for (int d = 0; d < w.depth; d++, u += panel) {
        collect(k, direction, &w, group, first, d, g);
        isa->winograd_weight(w.size, g, u, w.frequency_floats);
    }
}

/* -- forward ---------------------------------------------------------------------------------- */

/* The planes that the parts see: the map's own, or one for each remainder by the stride. */
static dv_plane phase_plane(const dv_conv_shape *s)
{
    const int rows = dv_ceil_div(s->in[0], s->stride[0]);
    const int columns = dv_ceil_div(s->in[1], s->stride[1]);
    return (dv_plane){ .pitch = (size_t)columns, .rows = rows, .columns = columns };
}

static size_t phases_size(const dv_conv_shape *s)
{
    const dv_plane p = phase_plane(s);
    const int stride = s->stride[0];
    return stride == 1 ? 0
                       : dv_aligned_size((size_t)s->in_channels * (size_t)(stride * stride) *
                                         (size_t)p.rows * p.pitch * sizeof(float));
}

typedef struct split_job {
    const dv_conv *k;
    const float *x;
    float *planes;
    dv_range rows; /* of the planes */
} split_job;

/* One phase of one channel; where the map ends before it, zeros. */
static void split_plane(void *ctx, int i, int worker)
{
    (void)worker;
    const split_job *job = ctx;
    const dv_conv_shape *s = &job->k->s;
    const dv_plane p = phase_plane(s);
    const int stride = s->stride[0], c = i / (stride * stride), phase = i % (stride * stride);
    const int left = phase % stride;
    const float *x = job->x + (size_t)c * (size_t)s->in[0] * (size_t)s->in[1];
    float *to = job->planes + ((size_t)i * (size_t)p.rows + (size_t)job->rows.lo) * p.pitch;
    for (int row = job->rows.lo; row < job->rows.hi; row++, to += p.pitch) {
        const int y = row * stride + phase / stride;
        const int n = y < s->in[0] ? dv_ceil_div(s->in[1] - left, stride) : 0;
        if (n > 0)
            job->k->isa->stride_copy(n, x + (size_t)y * (size_t)s->in[1] + left, stride, to);
        for (int column = n; column < p.columns; column++)
            to[column] = 0;
    }
}

static size_t forward_scratch(const dv_conv *k, int workers)
{
    dv_winograd w;
    describe(k, DV_FORWARD, &w);
    return phases_size(&k->s) + dv_winograd_run_scratch(&w, k->s.out[0], k->s.out[1], workers);
}

/* Whole tiles of the map. */
static dv_range round_to_tiles(dv_range r, int size, int map)
{
    return (dv_range){ r.lo / size * size, dv_least(dv_round_up(r.hi, size), map) };
}

/* A part with less than three taps reads as many inputs as one with three, times zero. */
static void widen(const dv_conv *k, dv_region *r)
{
    const dv_conv_shape *s = &k->s;
    dv_winograd w;
    describe(k, DV_FORWARD, &w);
    const dv_range rows = { dv_greatest(r->rows.lo - (TAPS - 1), 0), r->rows.hi };
    const dv_range columns = { dv_greatest(r->columns.lo - (TAPS - 1), 0), r->columns.hi };
    r->rows = round_to_tiles(rows, w.size, s->out[0]);
    r->columns = round_to_tiles(columns, w.size, s->out[1]);
}

/* The rows of the planes that these rows of outputs see. */
static dv_range rows_seen(const dv_winograd *w, dv_range rows, int planes)
{
    dv_range r = rows;
    for (int i = 0; i < w->n_parts[0]; i++) {
        r.lo = dv_least(r.lo, rows.lo + w->taps[0][i].at);
        r.hi = dv_greatest(r.hi, rows.hi + w->taps[0][i].at + TAPS - 1);
    }
    return dv_range_clip(r, 0, planes);
}

static void forward(const dv_conv *k, const void *packed, const float *x, const dv_epilogue *ep,
                    const dv_region *region, float *y, void *scratch, dv_pool *pool)
{
    const dv_conv_shape *s = &k->s;
    dv_winograd w;
    describe(k, DV_FORWARD, &w);
    const dv_range rows = round_to_tiles(region->rows, w.size, s->out[0]);
    const dv_range columns = round_to_tiles(region->columns, w.size, s->out[1]);
    dv_winograd_map map = {
        .channels = w.channels, .x = phase_plane(s), .y0 = rows.lo, .x0 = columns.lo
    };
    map.x_plane = (size_t)map.x.rows * map.x.pitch;
    map.y = (dv_target){ .pitch = (size_t)s->out[1],
                         .rows = rows.hi - rows.lo,
                         .columns = columns.hi - columns.lo };
    map.y.plane = (size_t)s->out[0] * (size_t)s->out[1];
    map.rows = s->out[0];
    map.columns = s->out[1];
    y += (size_t)rows.lo * map.y.pitch + (size_t)columns.lo;
    float *planes = scratch;
    void *rest = (char *)scratch + phases_size(s);
    for (int i = 0; i < s->batch * s->group; i++) {
        const int group = i % s->group, image = i / s->group;
        const float *from = x + (size_t)image * s->in_channels * (size_t)s->in[0] * s->in[1];
        if (s->stride[0] > 1 && group == 0) {
            split_job job = { k, from, planes, rows_seen(&w, rows, map.x.rows) };
            dv_pool_run(pool, s->in_channels * w.phases * w.phases, split_plane, &job);
        }
        if (s->stride[0] > 1)
            from = planes;
        map.x.data = from + (size_t)(group * w.channels * w.phases * w.phases) * map.x_plane;
        map.u = (const float *)packed + (size_t)group * w.group_floats;
        map.y.data = y + (size_t)i * (size_t)w.outputs * map.y.plane;
        map.ep = dv_epilogue_from(ep, group * w.outputs);
        dv_winograd_run(&w, &map, rest, pool);
    }
}

/* -- transposed ------------------------------------------------------------------------------- */

static size_t transposed_scratch(const dv_conv *k, const dv_box *out, int workers)
{
    dv_winograd w;
    const dv_range rows = reach(&k->s, 0, out), columns = reach(&k->s, 1, out);
    if (rows.hi <= rows.lo || columns.hi <= columns.lo)
        return 0;
    describe(k, DV_TRANSPOSED, &w);
    return dv_winograd_run_scratch(&w, rows.hi - rows.lo, columns.hi - columns.lo, workers);
}

static void transposed(const dv_conv *k, const void *packed, const dv_signal *out,
                       const dv_signal *in, void *scratch, dv_pool *pool)
{
    const dv_conv_shape *s = &k->s;
    const dv_box *box = &out->box;
    const dv_range rows = reach(s, 0, box), columns = reach(s, 1, box);
    if (rows.hi <= rows.lo || columns.hi <= columns.lo)
        return;
    dv_winograd w;
    describe(k, DV_TRANSPOSED, &w);
    dv_winograd_map map = { .y0 = rows.lo - box->lo[DV_Y], .x0 = columns.lo - box->lo[DV_X] };
    map.x.rows = box->hi[DV_Y] - box->lo[DV_Y];
    map.x.columns = box->hi[DV_X] - box->lo[DV_X];
    map.x.pitch = (size_t)map.x.columns;
    map.x_plane = (size_t)map.x.rows * map.x.pitch;
    map.ep = dv_no_epilogue;
    map.y = (dv_target){ .rows = rows.hi - rows.lo, .columns = columns.hi - columns.lo };
    map.rows = map.y.rows;
    map.columns = map.y.columns;
    map.y.add = true;
    map.y.pitch = (size_t)(in->box.hi[DV_X] - in->box.lo[DV_X]);
    map.y.plane = (size_t)(in->box.hi[DV_Y] - in->box.lo[DV_Y]) * map.y.pitch;
    for (int group = 0; group < s->group; group++) {
        dv_range m = { group * w.channels, (group + 1) * w.channels };
        m = dv_range_clip(m, box->lo[DV_C], box->hi[DV_C]);
        map.channels = m.hi - m.lo;
        if (map.channels <= 0)
            continue;
        const size_t skipped = (size_t)(m.lo - group * w.channels) * (size_t)w.parts;
        map.u = (const float *)packed + (size_t)group * w.group_floats + skipped * (size_t)w.panel;
        map.x.data = dv_signal_at(out, m.lo, box->lo[DV_Y], box->lo[DV_X]);
        map.y.data = dv_signal_at(in, group * w.outputs, rows.lo, columns.lo);
        dv_winograd_run(&w, &map, scratch, pool);
    }
}

const dv_conv_method dv_conv_winograd = {
    .name = "winograd",
    .fits = fits,
    .cost = cost,
    .arrange = arrange,
    .pack = pack,
    .forward_scratch = forward_scratch,
    .forward = forward,
    .uneven = true,
    .widen = widen,
    .transposed_scratch = transposed_scratch,
    .transposed = transposed,
};
