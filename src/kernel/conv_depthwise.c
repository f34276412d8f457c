/* Convolution with one input channel in each group, or with few: not enough to multiply as
 * matrices, so planes are summed as they lie in memory. They are often small, and a task is as many
 * of them as are worth one. */
#include "kernel/conv_method.h"
#include "kernel/tail.h"

#include <string.h>

enum {
    TASK_TERMS = 1 << 18, /* of one task, about: some microseconds */
    TOGETHER = 8,         /* outputs of a group that are computed together */
    MANY = 4,             /* outputs of a group, which fill vectors without those of another */
    CACHED = 4096,        /* numbers read and written by groups that are: small maps */
    ENOUGH = 16,          /* channels of a group, from which on Winograd's transforms pay, */
    SMALL_MAP = 8,        /* but on maps up to this */
};

static bool fits(const dv_conv *k, dv_direction direction)
{
    (void)direction;
    return k->s.group > 1 && k->s.in_channels == k->s.group;
}

static bool better_by_winograd(const dv_conv *k)
{
    const dv_conv_shape *s = &k->s;
    return s->in_channels / s->group >= ENOUGH && s->out_channels / s->group >= ENOUGH &&
           (s->out[0] > SMALL_MAP || s->out[1] > SMALL_MAP) && dv_conv_winograd.fits(k, DV_FORWARD);
}

/* Where the other ways leave half of the lanes of a panel of channels empty, and more than one
 * output comes from one reading of the input or the input is read without gaps. Sums are of one
 * pass. */
static bool fits_grouped(const dv_conv *k, dv_direction direction)
{
    const dv_conv_shape *s = &k->s;
    const int kernel = s->kernel[0], stride = s->stride[0], few = k->isa->narrow_panel / 2;
    return direction == DV_FORWARD && k->precision != DV_EXACT && s->group > 1 &&
           s->in_channels / s->group <= few && s->out_channels / s->group <= few &&
           stride == s->stride[1] && s->dilation[0] == 1 && !better_by_winograd(k) &&
           (stride == 1 ? kernel == 3 || kernel == 5 || kernel == 7
                        : stride == 2 && kernel == 3 && k->isa->outputs_by_2 > 1);
}

/* Of what takes as long as a sum of `terms` terms for each of `size` numbers, in a task. */
static int in_task(double size, double terms)
{
    const double all = size * (terms + 8); /* they are written as well, and others read */
    return all < TASK_TERMS ? (int)(TASK_TERMS / all) : 1;
}

typedef struct forward_job {
    const dv_conv *k;
    const float *x;
    const dv_epilogue *ep;
    const dv_region *region;
    float *y;
    int parts;       /* of a group: TOGETHER outputs or fewer */
    int n, together; /* parts of all groups and images, and those of a task */
    int groups;      /* that are computed together, where they have one part */
} forward_job;

static void run_tail(const dv_tail *tail, const dv_target *y, int channels)
{
    const size_t size = (size_t)y->rows * (size_t)y->columns;
    if (size == y->plane) /* fewer runs */
        dv_tail_run(tail, y->data, size * (size_t)channels);
    else
        for (int c = 0; c < channels; c++)
            dv_tail_run_rows(tail, y->data + (size_t)c * y->plane, y->pitch, y->rows,
                             (size_t)y->columns);
}

/* Of part i as many as `most` that can be computed together with it. How many those are. */
static int forward_parts(const forward_job *job, int i, int most)
{
    const dv_conv_shape *s = &job->k->s;
    const dv_region *r = job->region;
    const int in = s->in_channels / s->group, out = s->out_channels / s->group;
    const int first = i % job->parts * TOGETHER, group = i / job->parts; /* of all images */
    const int left = s->group - group % s->group;
    const int groups = job->parts > 1 ? 1 : dv_least(dv_least(left, most), job->groups);
    const int m = group % s->group * out + first;
    const size_t in_plane = (size_t)s->in[0] * (size_t)s->in[1], pitch = (size_t)s->out[1];
    const size_t plane = (size_t)s->out[0] * pitch, taps = (size_t)s->kernel[0] * s->kernel[1];
    const dv_plane x = { .data = job->x + (size_t)group * (size_t)in * in_plane,
                         .pitch = (size_t)s->in[1],
                         .rows = s->in[0],
                         .columns = s->in[1],
                         .next = in_plane };
    const dv_filter filter = { .groups = groups,
                               .outputs = dv_least(out - first, TOGETHER),
                               .planes = in,
                               .kernel = { s->kernel[0], s->kernel[1] },
                               .stride = { s->stride[0], s->stride[1] },
                               .dilation = { s->dilation[0], s->dilation[1] },
                               .weight = job->k->weight + (size_t)m * (size_t)in * taps };
    const dv_target y = { .data = job->y + ((size_t)group * (size_t)out + first) * plane +
                                  (size_t)r->rows.lo * pitch + r->columns.lo,
                          .plane = plane,
                          .pitch = pitch,
                          .rows = r->rows.hi - r->rows.lo,
                          .columns = r->columns.hi - r->columns.lo };
    const dv_epilogue ep = dv_epilogue_from(job->ep, m);
    job->k->isa->depthwise(&filter, &x, 1, r->rows.lo * s->stride[0] - s->pad[0],
                           r->columns.lo * s->stride[1] - s->pad[1], &ep, &y);
    if (ep.tail)
        run_tail(ep.tail, &y, groups * filter.outputs);
    return groups;
}

static void forward_task(void *ctx, int i, int worker)
{
    (void)worker;
    const forward_job *job = ctx;
    const int end = dv_least((i + 1) * job->together, job->n);
    for (int part = i * job->together; part < end;)
        part += forward_parts(job, part, end - part);
}

static size_t forward_scratch(const dv_conv *k, int workers)
{
    (void)k;
    (void)workers;
    return 0;
}

static void forward(const dv_conv *k, const void *packed, const float *x, const dv_epilogue *ep,
                    const dv_region *region, float *y, void *scratch, dv_pool *pool)
{
    (void)packed, (void)scratch;
    forward_job job = { .k = k, .x = x, .ep = ep, .region = region, .y = y };
    const dv_conv_shape *s = &k->s;
    const int in = s->in_channels / s->group, out = s->out_channels / s->group;
    const double rows = region->rows.hi - region->rows.lo;
    const double outputs =
        rows * (region->columns.hi - region->columns.lo) * dv_least(out, TOGETHER);
    job.parts = dv_ceil_div(out, TOGETHER);
    job.n = s->batch * s->group * job.parts;
    const double read = (double)in * s->in[0] * s->in[1];
    job.together = dv_task_share(job.n, in_task(outputs, (double)in * s->kernel[0] * s->kernel[1]),
                                 dv_pool_size(pool));
    job.groups = (int)(CACHED / (outputs + read)) / 2 * 2; /* a vector may be of two */
    job.groups = out < MANY ? dv_greatest(job.groups, 1) : 1;
    dv_pool_run(pool, dv_ceil_div(job.n, job.together), forward_task, &job);
}

typedef struct transposed_job {
    const dv_conv *k;
    const dv_signal *out, *in;
    dv_range rows, columns; /* of the input, inside the map: what the signal reaches */
    int first, last;        /* input channels */
    int together;           /* of them, in a task */
    bool spread;            /* the signal is copied, with zeros between its values */
    int pitch;              /* of the copy */
    char *scratch;
    size_t scratch_size; /* of one worker */
} transposed_job;

/* The inputs on one axis that the outputs [lo, hi) reach. */
static dv_range reached(const dv_conv_shape *s, int axis, int lo, int hi)
{
    const int stride = s->stride[axis];
    const dv_range r = { lo * stride + dv_tap_offset(s, axis, 0),
                         (hi - 1) * stride + dv_tap_offset(s, axis, s->kernel[axis] - 1) + 1 };
    return dv_range_clip(r, 0, s->in[axis]);
}

static bool is_spread(const dv_conv_shape *s)
{
    return s->stride[0] > 1 || s->stride[1] > 1;
}

/* Floats from row to row of a signal with zeros between its values, where rows of nothing but zeros
 * take no place. */
static int spread_pitch(const dv_conv_shape *s, const dv_box *box)
{
    const int width = (box->hi[DV_X] - box->lo[DV_X] - 1) * s->stride[1] + 1;
    return dv_ceil_div(width, s->stride[0]);
}

/* Of a worker: a kernel, and a plane of the signal, spread. */
static size_t worker_scratch(const dv_conv_shape *s, const dv_box *box)
{
    const size_t taps = (size_t)s->kernel[0] * (size_t)s->kernel[1];
    const size_t rows = (size_t)(box->hi[DV_Y] - box->lo[DV_Y]) * (size_t)s->stride[0];
    const size_t plane = is_spread(s) ? rows * (size_t)spread_pitch(s, box) : 0;
    return dv_aligned_size(taps * sizeof(float)) + dv_aligned_size(plane * sizeof(float));
}

/* The plane of output channel m. */
static dv_plane spread_plane(const transposed_job *job, int m, float *to)
{
    const dv_conv_shape *s = &job->k->s;
    const dv_box *box = &job->out->box;
    const int rows = box->hi[DV_Y] - box->lo[DV_Y], columns = box->hi[DV_X] - box->lo[DV_X];
    const int stride = s->stride[1], width = (columns - 1) * stride + 1;
    const float *from = dv_signal_at(job->out, m, box->lo[DV_Y], box->lo[DV_X]);
    const dv_plane plane = { .data = job->spread ? to : from,
                             .pitch = job->spread ? (size_t)job->pitch : (size_t)columns,
                             .rows = (rows - 1) * s->stride[0] + 1,
                             .columns = width };
    for (int r = 0; job->spread && r < rows; r++, from += columns) {
        float *row = to + (size_t)r * (size_t)s->stride[0] * plane.pitch;
        memset(row, 0, (size_t)width * sizeof *row);
        for (int i = 0; i < columns; i++)
            row[(size_t)i * (size_t)stride] = from[i];
    }
    return plane;
}

/* What one input channel gets: its signals, spread, under the kernels turned about. */
static void transposed_plane(const transposed_job *job, int c, float *kernel)
{
    const dv_conv_shape *s = &job->k->s;
    const dv_box *box = &job->out->box;
    const int multiple = s->out_channels / s->group, taps = s->kernel[0] * s->kernel[1];
    const dv_range all = { c * multiple, (c + 1) * multiple };
    const dv_range m = dv_range_clip(all, box->lo[DV_C], box->hi[DV_C]);
    float *plane = kernel + dv_aligned_size((size_t)taps * sizeof(float)) / sizeof(float);
    const dv_filter turned = { .groups = 1,
                               .outputs = 1,
                               .planes = 1,
                               .kernel = { s->kernel[0], s->kernel[1] },
                               .stride = { 1, 1 },
                               .dilation = { s->dilation[0], s->dilation[1] },
                               .weight = kernel };
    const dv_target to = { .data = dv_signal_at(job->in, c, job->rows.lo, job->columns.lo),
                           .pitch = (size_t)(job->in->box.hi[DV_X] - job->in->box.lo[DV_X]),
                           .rows = job->rows.hi - job->rows.lo,
                           .columns = job->columns.hi - job->columns.lo,
                           .add = true };
    for (int o = m.lo; o < m.hi; o++) {
        const float *weight = job->k->weight + (size_t)o * (size_t)taps;
        for (int i = 0; i < taps; i++)
            kernel[i] = weight[taps - 1 - i];
        const dv_plane x = spread_plane(job, o, plane);
        const int last_y = box->lo[DV_Y] * s->stride[0] + dv_tap_offset(s, 0, s->kernel[0] - 1);
        const int last_x = box->lo[DV_X] * s->stride[1] + dv_tap_offset(s, 1, s->kernel[1] - 1);
        job->k->isa->depthwise(&turned, &x, s->stride[0], job->rows.lo - last_y,
                               job->columns.lo - last_x, &dv_no_epilogue, &to);
    }
}

static void transposed_task(void *ctx, int i, int worker)
{
    const transposed_job *job = ctx;
    char *scratch = job->scratch + (size_t)worker * job->scratch_size;
    const int first = job->first + i * job->together;
    const int end = dv_least(first + job->together, job->last);
    for (int c = first; c < end; c++)
        transposed_plane(job, c, (float *)(void *)scratch);
}

static size_t transposed_scratch(const dv_conv *k, const dv_box *out, int workers)
{
    return worker_scratch(&k->s, out) * (size_t)workers;
}

static void transposed(const dv_conv *k, const void *packed, const dv_signal *out,
                       const dv_signal *in, void *scratch, dv_pool *pool)
{
    (void)packed;
    const dv_conv_shape *s = &k->s;
    const dv_box *box = &out->box;
    const int multiple = s->out_channels / s->group;
    transposed_job job = { .k = k,
                           .out = out,
                           .in = in,
                           .rows = reached(s, 0, box->lo[DV_Y], box->hi[DV_Y]),
                           .columns = reached(s, 1, box->lo[DV_X], box->hi[DV_X]),
                           .first = box->lo[DV_C] / multiple,
                           .last = dv_ceil_div(box->hi[DV_C], multiple),
                           .spread = is_spread(s),
                           .pitch = spread_pitch(s, box),
                           .scratch = scratch,
                           .scratch_size = worker_scratch(s, box) };
    const double rows = job.rows.hi - job.rows.lo, columns = job.columns.hi - job.columns.lo;
    if (rows <= 0 || columns <= 0)
        return;
    const int n = job.last - job.first;
    job.together =
        dv_task_share(n, in_task(rows * columns * multiple, (double)s->kernel[0] * s->kernel[1]),
                      dv_pool_size(pool));
    dv_pool_run(pool, dv_ceil_div(n, job.together), transposed_task, &job);
}

/* Always the least. */
static double cost(const dv_conv *k, const dv_box *out, size_t nonzeros)
{
    (void)k, (void)out, (void)nonzeros;
    return 0;
}

const dv_conv_method dv_conv_depthwise = {
    .name = "depthwise",
    .fits = fits,
    .cost = cost,
    .forward_scratch = forward_scratch,
    .forward = forward,
    .transposed_scratch = transposed_scratch,
    .transposed = transposed,
};

const dv_conv_method dv_conv_grouped = {
    .name = "grouped",
    .fits = fits_grouped,
    .forward_scratch = forward_scratch,
    .forward = forward,
};
