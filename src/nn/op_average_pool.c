/* op_average_pool.c - the mean of each window, over what lies in the map or, with
 * count_include_pad, in the pads too; the rim that ceil_mode adds never counts. ONNX
 * AveragePool-11, one to three dimensions. */
#include "kernel/isa.h"
#include "nn/sliding.h"
#include "nn/walk.h"

#include <string.h>

typedef struct average_pool {
    dv_sliding sliding; /* first, as its rows have it */
    bool count_pads;
} average_pool;

static const dv_attr_row attrs[] = {
    DV_POOL_ROWS,
    { "count_include_pad", DV_ATTR_INT, DV_AT(average_pool, count_pads) },
    { 0 },
};

static bool infer(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    const average_pool *p = params;
    const dv_shape *x = &s->in[0].shape;
    dv_slide slide[DV_MAP_AXES];
    return dv_sliding_fit(&p->sliding, x, p->sliding.kernel, DV_MAP_AXES, slide, err) &&
           (p->count_pads || dv_sliding_reaches(slide, err)) &&
           dv_sliding_shape(x, x->dim[1], slide, out, err);
}

static void slides(const dv_call *c, dv_slide slide[DV_MAP_AXES])
{
    const average_pool *p = c->params;
    dv_sliding_at(&p->sliding, &c->in[0].shape, p->sliding.kernel, slide);
}

/* Rounded up; a division for nothing would be most of the work. */
static int64_t ceil_div(int64_t a, int64_t b)
{
    return b == 1 ? a : (a + b - 1) / b;
}

/* The taps [*first, *end) of output o that read within [lo, hi). */
static void taps(const dv_slide *s, int32_t o, int64_t lo, int64_t hi, int32_t *first, int32_t *end)
{
    int64_t start = (int64_t)o * s->stride - s->pad_lo;
    int64_t a = start < lo ? ceil_div(lo - start, s->dilation) : 0;
    int64_t b = hi > start ? ceil_div(hi - start, s->dilation) : 0;
    *first = (int32_t)(a < s->kernel ? a : s->kernel);
    *end = (int32_t)(b < s->kernel ? b : s->kernel);
    if (*end < *first)
        *end = *first;
}

/* How many taps of output o count on one axis. */
static int32_t counted(const dv_slide *s, int32_t o, bool count_pads)
{
    int32_t first, end;
    int64_t in = s->in;
    taps(s, o, count_pads ? -(int64_t)s->pad_lo : 0, count_pads ? in + s->pad_hi : in, &first,
         &end);
    return end - first;
}

/* The outputs in [lo, hi) whose tap t lies in the map: [*first, *end). Their inputs are at
 * o * stride + *offset. */
static void outputs_of_tap(const dv_slide *s, int32_t t, int32_t lo, int32_t hi, int32_t *first,
                           int32_t *end, int64_t *offset)
{
    *offset = (int64_t)t * s->dilation - s->pad_lo;
    int64_t a = *offset < 0 ? ceil_div(-*offset, s->stride) : 0;
    int64_t b = s->in > *offset ? ceil_div(s->in - *offset, s->stride) : 0;
    *first = (int32_t)(a > lo ? a : lo);
    *end = (int32_t)(b < hi ? b : hi);
}

typedef struct job {
    const dv_call *c;
    dv_slide slide[DV_MAP_AXES];
    bool count_pads;
    float *columns; /* (width of the output) how many taps count */
    float *rows;    /* (height of the output) */
    float *sums;    /* (workers, width of the input) */
    bool flat;      /* by meanpool_rows */
    dv_pool_shape map;
} job;

/* sum (width of the input) = the sum of the rows that the outputs (od, oy) read. */
static void sum_rows(const job *j, const float *plane, int32_t od, int32_t oy, float *restrict sum)
{
    const dv_slide *d = &j->slide[DV_DEPTH], *h = &j->slide[DV_HEIGHT];
    const int32_t n = j->slide[DV_WIDTH].in;
    int32_t d0, d1, y0, y1;
    taps(d, od, 0, d->in, &d0, &d1);
    taps(h, oy, 0, h->in, &y0, &y1);
    for (int32_t i = 0; i < n; i++)
        sum[i] = 0;
    for (int32_t td = d0; td < d1; td++)
        for (int32_t ty = y0; ty < y1; ty++) {
            ptrdiff_t id = (ptrdiff_t)od * d->stride + (ptrdiff_t)td * d->dilation - d->pad_lo;
            ptrdiff_t iy = (ptrdiff_t)oy * h->stride + (ptrdiff_t)ty * h->dilation - h->pad_lo;
            const float *row = plane + (id * h->in + iy) * n;
            for (int32_t i = 0; i < n; i++)
                sum[i] += row[i];
        }
}

static void pool_row(const job *j, const float *plane, int32_t od, int32_t oy, float *sum,
                     float *restrict y)
{
    const dv_slide *w = &j->slide[DV_WIDTH];
    sum_rows(j, plane, od, oy, sum);
    for (int32_t o = 0; o < w->out; o++)
        y[o] = 0;
    for (int32_t t = 0; t < w->kernel; t++) {
        int32_t first, end;
        int64_t offset;
        outputs_of_tap(w, t, 0, w->out, &first, &end, &offset);
        if (w->stride == 1)
            for (int32_t o = first; o < end; o++)
                y[o] += sum[o + offset];
        else
            for (int32_t o = first; o < end; o++)
                y[o] += sum[o * (int64_t)w->stride + offset];
    }
    const float rows = (float)counted(&j->slide[DV_DEPTH], od, j->count_pads) * j->rows[oy];
    for (int32_t o = 0; o < w->out; o++)
        y[o] /= rows * j->columns[o];
}

static void pool_plane(void *ctx, int i, int worker)
{
    const job *j = ctx;
    const dv_slide *d = &j->slide[DV_DEPTH], *h = &j->slide[DV_HEIGHT], *w = &j->slide[DV_WIDTH];
    const float *plane =
        j->c->in[0].data + (size_t)i * (size_t)d->in * (size_t)h->in * (size_t)w->in;
    float *y = j->c->out[0].data + (size_t)i * (size_t)d->out * (size_t)h->out * (size_t)w->out;
    float *sum = j->sums + (size_t)worker * (size_t)w->in;
    const dv_box wanted = dv_wanted(j->c, 0);
    if (j->flat) {
        dv_isa_best()->meanpool_rows(&j->map, plane, wanted.lo[DV_Y], wanted.hi[DV_Y], j->rows,
                                     j->columns, y);
        return;
    }
    for (int32_t od = 0; od < d->out; od++)
        for (int32_t oy = wanted.lo[DV_Y]; oy < wanted.hi[DV_Y]; oy++)
            pool_row(j, plane, od, oy, sum,
                     y + ((size_t)od * (size_t)h->out + (size_t)oy) * (size_t)w->out);
}

static size_t scratch_bytes(const dv_call *c)
{
    const dv_box in = dv_box_whole(&c->in[0].shape), out = dv_box_whole(&c->out[0].shape);
    const size_t sums = (size_t)in.hi[DV_X] * (size_t)dv_pool_size(c->pool);
    return ((size_t)out.hi[DV_X] + (size_t)out.hi[DV_Y] + sums) * sizeof(float);
}

/* Sets j->map; j->flat, whether meanpool_rows can do it. */
static void find_map(job *j)
{
    dv_pool_shape *s = &j->map;
    const dv_slide *d = &j->slide[DV_DEPTH];
    bool dense = true;
    for (int i = 0; i < 2; i++) {
        const dv_slide *a = &j->slide[DV_HEIGHT + i];
        s->in[i] = a->in;
        s->out[i] = a->out;
        s->kernel[i] = a->kernel;
        s->stride[i] = a->stride;
        s->pad[i] = a->pad_lo;
        dense &= a->dilation == 1;
    }
    j->flat = d->in == 1 && d->kernel == 1 && d->out == 1 && dense && s->stride[1] <= 2 &&
              dv_pool_pitch(s) <= DV_POOL_ROOM;
}

/* As an AdaptiveAvgPool2d to the size that the map has is exported. */
static bool is_identity(const dv_slide slide[DV_MAP_AXES])
{
    for (int a = 0; a < DV_MAP_AXES; a++)
        if (slide[a].kernel != 1 || slide[a].stride != 1 || slide[a].pad_lo || slide[a].pad_hi)
            return false;
    return true;
}

static void forward(const dv_call *c)
{
    const average_pool *p = c->params;
    job j = { .c = c, .count_pads = p->count_pads, .columns = c->scratch };
    slides(c, j.slide);
    if (is_identity(j.slide)) {
        memcpy(c->out[0].data, c->in[0].data,
               dv_shape_count(&c->in[0].shape) * sizeof *c->in[0].data);
        return;
    }
    const dv_slide *h = &j.slide[DV_HEIGHT], *w = &j.slide[DV_WIDTH];
    j.rows = j.columns + w->out;
    j.sums = j.rows + h->out;
    for (int32_t o = 0; o < w->out; o++)
        j.columns[o] = (float)counted(w, o, j.count_pads);
    for (int32_t o = 0; o < h->out; o++)
        j.rows[o] = (float)counted(h, o, j.count_pads);
    find_map(&j);
    dv_pool_run(c->pool, c->in[0].shape.dim[0] * c->in[0].shape.dim[1], pool_plane, &j);
}

/* A box counts depth among the channels, where padding has no place: windows that hold nothing else
 * are an empty box. It lies where it would be, so that windows move along with the output. */
static dv_box no_depth(const dv_slide *depth, int32_t first, bool behind)
{
    const int32_t at = (first / depth->out + behind) * depth->in;
    return (dv_box){ { at, 0, 0 }, { at, 0, 0 } };
}

static dv_box window(const dv_call *c, int i, int o, dv_box out)
{
    (void)i, (void)o;
    if (dv_box_empty(&out))
        return out;
    const dv_shape *in = &c->in[0].shape;
    dv_slide slide[DV_MAP_AXES];
    slides(c, slide);
    dv_ranges r = dv_ranges_of(&c->out[0].shape, &out);
    for (int k = 2; k < in->rank; k++)
        dv_slide_window(&slide[DV_MAP_AXES - in->rank + k], &r.lo[k], &r.hi[k]);
    if (in->rank == 5 && (r.hi[2] <= 0 || r.lo[2] >= in->dim[2]))
        return no_depth(&slide[DV_DEPTH], out.lo[DV_C], r.hi[2] > 0);
    return dv_box_of_ranges(in, &r);
}

/* Adds v (a row of outputs from `lo` on) to the inputs of one row of the map, which starts at
 * column `left`. */
static void spread_row(const dv_slide *s, const float *restrict v, int32_t lo, int32_t hi,
                       float *restrict g, int32_t left)
{
    for (int32_t t = 0; t < s->kernel; t++) {
        int32_t first, end;
        int64_t offset;
        outputs_of_tap(s, t, lo, hi, &first, &end, &offset);
        for (int32_t o = first; o < end; o++)
            g[o * (ptrdiff_t)s->stride + offset - left] += v[o - lo];
    }
}

static size_t project_scratch(const dv_call *c, const dv_signal *out)
{
    (void)c;
    return (size_t)(out[0].box.hi[DV_X] - out[0].box.lo[DV_X]) * sizeof(float);
}

static void project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    if (!out[0].data || !in[0].data || dv_reads_padding(c, out[0].box))
        return;
    const average_pool *p = c->params;
    dv_slide slide[DV_MAP_AXES];
    slides(c, slide);
    const dv_slide *d = &slide[DV_DEPTH], *h = &slide[DV_HEIGHT], *w = &slide[DV_WIDTH];
    const dv_box *b = &out[0].box;
    const float *r = out[0].data;
    float *v = c->scratch;
    int32_t n = b->hi[DV_X] - b->lo[DV_X];
    for (int32_t k = b->lo[DV_C]; k < b->hi[DV_C]; k++)
        for (int32_t oy = b->lo[DV_Y]; oy < b->hi[DV_Y]; oy++, r += n) {
            int32_t plane = k / d->out, od = k % d->out, d0, d1, y0, y1;
            taps(d, od, 0, d->in, &d0, &d1);
            taps(h, oy, 0, h->in, &y0, &y1);
            const float rows =
                (float)counted(d, od, p->count_pads) * (float)counted(h, oy, p->count_pads);
            for (int32_t i = 0; i < n; i++)
                v[i] = r[i] / (rows * (float)counted(w, b->lo[DV_X] + i, p->count_pads));
            for (int32_t td = d0; td < d1; td++)
                for (int32_t ty = y0; ty < y1; ty++) {
                    int32_t id = od * d->stride + td * d->dilation - d->pad_lo;
                    int32_t iy = oy * h->stride + ty * h->dilation - h->pad_lo;
                    spread_row(w, v, b->lo[DV_X], b->hi[DV_X],
                               dv_signal_at(&in[0], plane * d->in + id, iy, in[0].box.lo[DV_X]),
                               in[0].box.lo[DV_X]);
                }
        }
}

const dv_op dv_op_average_pool = {
    .name = "AveragePool",
    .min_in = 1,
    .max_in = 1,
    .max_out = 1,
    .params_size = sizeof(average_pool),
    .attrs = attrs,
    .parse = dv_sliding_parse,
    .infer = infer,
    .scratch_bytes = scratch_bytes,
    .forward = forward,
    .reach = dv_reach_along,
    .window = window,
    .project = project,
    .project_scratch = project_scratch,
};
