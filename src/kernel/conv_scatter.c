/* The transposed convolution by its definition: each value of the signal sends its kernel, scaled,
 * to the input. That is the first step back from one unit, and straight from the weights as they
 * stand: to arrange them all for one kernel would take a thousand times as long. */
#include "kernel/conv_method.h"

typedef struct job {
    const dv_conv *k;
    const dv_signal *out, *in;
    int first; /* channel of the input */
} job;

/* Adds one value at (y,x), whose kernel is w (kh,kw), to channel c. */
static void add_kernel(const job *j, int c, int y, int x, float value, const float *w)
{
    const dv_conv_shape *s = &j->k->s;
    for (int ty = 0; ty < s->kernel[0]; ty++) {
        const int iy = y * s->stride[0] + dv_tap_offset(s, 0, ty);
        if (iy < 0 || iy >= s->in[0])
            continue;
        const int left = j->in->box.lo[DV_X];
        float *row = dv_signal_at(j->in, c, iy, left);
        for (int tx = 0; tx < s->kernel[1]; tx++) {
            const int ix = x * s->stride[1] + dv_tap_offset(s, 1, tx);
            if (ix >= 0 && ix < s->in[1])
                row[ix - left] += value * w[ty * s->kernel[1] + tx];
        }
    }
}

/* What one channel of the input gets. */
static void scatter_channel(void *ctx, int i, int worker)
{
    (void)worker;
    const job *j = ctx;
    const dv_conv_shape *s = &j->k->s;
    const dv_box *box = &j->out->box;
    const int c = j->first + i;
    const int in = s->in_channels / s->group, out = s->out_channels / s->group, group = c / in;
    const size_t taps = (size_t)s->kernel[0] * (size_t)s->kernel[1];
    const dv_range all = { group * out, (group + 1) * out };
    const dv_range m = dv_range_clip(all, box->lo[DV_C], box->hi[DV_C]);
    for (int o = m.lo; o < m.hi; o++) {
        const float *w = j->k->weight + ((size_t)o * (size_t)in + (size_t)(c % in)) * taps;
        for (int y = box->lo[DV_Y]; y < box->hi[DV_Y]; y++) {
            const float *row = dv_signal_at(j->out, o, y, box->lo[DV_X]);
            for (int x = box->lo[DV_X]; x < box->hi[DV_X]; x++)
                if (row[x - box->lo[DV_X]] != 0)
                    add_kernel(j, c, y, x, row[x - box->lo[DV_X]], w);
        }
    }
}

static size_t scratch(const dv_conv *k, const dv_box *out, int workers)
{
    (void)k, (void)out, (void)workers;
    return 0;
}

static void transposed(const dv_conv *k, const void *packed, const dv_signal *out,
                       const dv_signal *in, void *scratch, dv_pool *pool)
{
    (void)packed, (void)scratch;
    const dv_conv_shape *s = &k->s;
    const int group_in = s->in_channels / s->group, group_out = s->out_channels / s->group;
    const int first = out->box.lo[DV_C] / group_out * group_in;
    const int last = dv_ceil_div(out->box.hi[DV_C], group_out) * group_in;
    job j = { .k = k, .out = out, .in = in, .first = first };
    dv_pool_run(pool, last - first, scatter_channel, &j);
}

static bool fits(const dv_conv *k, dv_direction direction)
{
    (void)k;
    return direction == DV_TRANSPOSED;
}

static double cost(const dv_conv *k, const dv_box *out, size_t nonzeros)
{
    (void)k, (void)out;
    return nonzeros == 1 ? 0 : HUGE_VAL;
}

const dv_conv_method dv_conv_scatter = {
    .name = "scatter",
    .fits = fits,
    .cost = cost,
    .transposed_scratch = scratch,
    .transposed = transposed,
};
