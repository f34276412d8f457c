/* Convolution with one input channel in each group: nothing to multiply as matrices, so each plane
 * is summed by itself. Planes are often small, and a task is as many of them as are worth one. */
#include "kernel/conv_method.h"
#include "kernel/tail.h"

enum { TASK_TERMS = 1 << 18 }; /* of one task, about: some microseconds */

static bool fits(const dv_conv *k, dv_direction direction)
{
    (void)direction;
    return k->s.group > 1 && k->s.in_channels == k->s.group;
}

/* Planes in a task: of `size` outputs, each of which is read and written as well. */
static int planes_in_task(const dv_conv_shape *s, double size)
{
    const double terms = size * ((double)s->kernel[0] * s->kernel[1] + 8);
    return terms < TASK_TERMS ? (int)(TASK_TERMS / terms) : 1;
}

typedef struct forward_job {
    const dv_conv *k;
    const float *x;
    const dv_epilogue *ep;
    const dv_region *region;
    float *y;
    int planes, together; /* all, and those of a task */
} forward_job;

static void forward_plane(const forward_job *job, int i)
{
    const dv_conv_shape *s = &job->k->s;
    const dv_region *r = job->region;
    const int m = i % s->out_channels, image = i / s->out_channels;
    const int c = m / (s->out_channels / s->group);
    const size_t in_plane = (size_t)s->in[0] * (size_t)s->in[1], pitch = (size_t)s->out[1];
    const dv_plane x = { .data = job->x + ((size_t)image * s->in_channels + c) * in_plane,
                         .pitch = (size_t)s->in[1],
                         .rows = s->in[0],
                         .columns = s->in[1] };
    const dv_filter taps = { .kernel = { s->kernel[0], s->kernel[1] },
                             .stride = { s->stride[0], s->stride[1] },
                             .dilation = { s->dilation[0], s->dilation[1] },
                             .weight = job->k->weight + (size_t)m * s->kernel[0] * s->kernel[1] };
    const dv_target y = { .data = job->y + (size_t)i * (size_t)s->out[0] * pitch +
                                  (size_t)r->rows.lo * pitch + r->columns.lo,
                          .pitch = pitch,
                          .rows = r->rows.hi - r->rows.lo,
                          .columns = r->columns.hi - r->columns.lo };
    const dv_epilogue ep = dv_epilogue_from(job->ep, m);
    job->k->isa->depthwise(&taps, &x, 1, r->rows.lo * s->stride[0] - s->pad[0],
                           r->columns.lo * s->stride[1] - s->pad[1], &ep, &y);
    if (ep.tail)
        dv_tail_run_rows(ep.tail, y.data, pitch, y.rows, (size_t)y.columns);
}

static void forward_task(void *ctx, int i, int worker)
{
    (void)worker;
    const forward_job *job = ctx;
    const int end = dv_least((i + 1) * job->together, job->planes);
    for (int plane = i * job->together; plane < end; plane++)
        forward_plane(job, plane);
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
    const double rows = region->rows.hi - region->rows.lo;
    job.planes = k->s.batch * k->s.out_channels;
    job.together = planes_in_task(&k->s, rows * (region->columns.hi - region->columns.lo));
    dv_pool_run(pool, dv_ceil_div(job.planes, job.together), forward_task, &job);
}

typedef struct transposed_job {
    const dv_conv *k;
    const dv_signal *out, *in;
    dv_range rows, columns; /* of the input, inside the map and the box */
    int first;              /* input channel */
} transposed_job;

/* Adds what row oy of output channel m sends to input channel c. */
static void send_row(const transposed_job *job, int c, int m, int oy)
{
    const dv_conv_shape *s = &job->k->s;
    const dv_box *box = &job->out->box;
    const int stride = s->stride[1];
    const float *weight = job->k->weight + (size_t)m * s->kernel[0] * s->kernel[1];
    const float *from = dv_signal_at(job->out, m, oy, box->lo[DV_X]) - box->lo[DV_X];
    for (int ty = 0; ty < s->kernel[0]; ty++) {
        const int iy = oy * s->stride[0] + dv_tap_offset(s, 0, ty);
        if (iy < job->rows.lo || iy >= job->rows.hi)
            continue;
        float *to = dv_signal_at(job->in, c, iy, job->columns.lo) - job->columns.lo;
        for (int tx = 0; tx < s->kernel[1]; tx++) {
            const int offset = dv_tap_offset(s, 1, tx);
            const float w = weight[ty * s->kernel[1] + tx];
            dv_range r = dv_tap_range(stride, offset, job->columns.lo, job->columns.hi);
            r = dv_range_clip(r, box->lo[DV_X], box->hi[DV_X]);
            if (stride == 1)
                for (int o = r.lo; o < r.hi; o++)
                    to[o + offset] += w * from[o];
            else
                for (int o = r.lo; o < r.hi; o++)
                    to[o * stride + offset] += w * from[o];
        }
    }
}

static void transposed_plane(void *ctx, int i, int worker)
{
    (void)worker;
    const transposed_job *job = ctx;
    const dv_conv_shape *s = &job->k->s;
    const dv_box *box = &job->out->box;
    const int c = job->first + i, multiple = s->out_channels / s->group;
    dv_range m = { c * multiple, (c + 1) * multiple };
    m = dv_range_clip(m, box->lo[DV_C], box->hi[DV_C]);
    for (int o = m.lo; o < m.hi; o++)
        for (int oy = box->lo[DV_Y]; oy < box->hi[DV_Y]; oy++)
            send_row(job, c, o, oy);
}

static size_t transposed_scratch(const dv_conv *k, const dv_box *out, int workers)
{
    (void)k;
    (void)out;
    (void)workers;
    return 0;
}

static void transposed(const dv_conv *k, const void *packed, const dv_signal *out,
                       const dv_signal *in, void *scratch, dv_pool *pool)
{
    (void)packed, (void)scratch;
    const dv_conv_shape *s = &k->s;
    const int multiple = s->out_channels / s->group;
    transposed_job job = { .k = k, .out = out, .in = in };
    job.rows = dv_range_clip((dv_range){ in->box.lo[DV_Y], in->box.hi[DV_Y] }, 0, s->in[0]);
    job.columns = dv_range_clip((dv_range){ in->box.lo[DV_X], in->box.hi[DV_X] }, 0, s->in[1]);
    job.first = out->box.lo[DV_C] / multiple;
    int last = dv_ceil_div(out->box.hi[DV_C], multiple);
    if (job.rows.lo < job.rows.hi && job.columns.lo < job.columns.hi)
        dv_pool_run(pool, last - job.first, transposed_plane, &job);
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
