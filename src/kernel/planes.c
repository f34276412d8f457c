#include "kernel/planes.h"

#include <string.h>

enum { MOST_COLUMNS = 1 << 19 }; /* floats */

static bool phases_of(const dv_conv_shape *s, int axis, dv_phases *p)
{
    const int stride = s->stride[axis], dilation = s->dilation[axis];
    *p = (dv_phases){ .size = s->out[axis] + (s->kernel[axis] - 1) * dilation / stride };
    for (int tap = 0; tap < s->kernel[axis]; tap++) {
        const int remainder = tap * dilation % stride;
        if (tap > 0 && remainder == 0) /* from here on they repeat */
            break;
        if (p->count == DV_MAX_PHASES)
            return false;
        int i = p->count++;
        for (; i > 0 && p->first[i - 1] > remainder; i--)
            p->first[i] = p->first[i - 1];
        p->first[i] = remainder;
    }
    return true;
}

static int phase_index(const dv_phases *p, int remainder)
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

/* Rows of up to a vector each, in planes that the caches hold. */
static bool better_columns(const dv_conv *k, const dv_planes *p)
{
    const dv_conv_shape *s = &k->s;
    const int taps = s->kernel[0] * s->kernel[1];
    const size_t map = (size_t)s->out[0] * (size_t)s->out[1];
    return p->pitch != s->out[1] && s->out[1] <= k->isa->lanes &&
           dv_size_mul((size_t)s->in_channels * (size_t)taps, map) <= MOST_COLUMNS;
}

bool dv_planes_of(const dv_conv *k, dv_planes *p)
{
    const dv_conv_shape *s = &k->s;
    *p = (dv_planes){ .pointwise = is_pointwise(s) };
    if (!phases_of(s, 0, &p->y) || !phases_of(s, 1, &p->x))
        return false;
    p->pitch = p->x.size;
    p->plane = (size_t)p->y.size * (size_t)p->x.size;
    p->channel = p->y.count * p->x.count;
    p->columns = better_columns(k, p);
    if (p->columns) {
        p->pitch = s->out[1];
        p->plane = (size_t)s->out[0] * (size_t)s->out[1];
        p->channel = s->kernel[0] * s->kernel[1];
    }
    p->dense = p->pitch == s->out[1];
    const size_t planes = dv_size_mul((size_t)s->in_channels, (size_t)p->channel);
    return dv_size_mul(p->plane, planes) <= INT32_MAX / 8;
}

size_t dv_planes_size(const dv_conv_shape *s, const dv_planes *p)
{
    if (p->pointwise)
        return 0;
    const size_t planes = (size_t)s->in_channels * (size_t)p->channel;
    return dv_aligned_size(planes * p->plane * sizeof(float));
}

void dv_planes_offsets(const dv_conv_shape *s, const dv_planes *p, int32_t *offset)
{
    const int planes = s->in_channels / s->group * p->channel;
    for (int i = 0; p->columns && i < planes; i++)
        offset[i] = (int32_t)((size_t)i * p->plane);
    if (p->columns)
        return;
    for (int c = 0; c < s->in_channels / s->group; c++)
        for (int ty = 0; ty < s->kernel[0]; ty++)
            for (int tx = 0; tx < s->kernel[1]; tx++) {
                const int y = ty * s->dilation[0], x = tx * s->dilation[1];
                int plane = c * p->y.count + phase_index(&p->y, y % s->stride[0]);
                plane = plane * p->x.count + phase_index(&p->x, x % s->stride[1]);
                *offset++ = (int32_t)((size_t)plane * p->plane) + y / s->stride[0] * p->pitch +
                            x / s->stride[1];
            }
}

void dv_planes_weights(const dv_conv *k, int part, int panel, int panels, float *packed)
{
    const dv_conv_shape *s = &k->s;
    const int depth = s->in_channels / s->group * s->kernel[0] * s->kernel[1];
    const int channels = s->out_channels / s->group;
    const int group = part / panels, first = part % panels * panel;
    const float *from =
        k->weight + ((size_t)group * (size_t)channels + (size_t)first) * (size_t)depth;
    float *to = packed + (size_t)part * (size_t)panel * (size_t)depth;
    for (int c = 0; c < panel; c++)
        for (int t = 0; t < depth; t++)
            to[(size_t)t * (size_t)panel + (size_t)c] =
                first + c < channels ? from[(size_t)c * (size_t)depth + (size_t)t] : 0;
}

typedef struct job {
    const dv_conv *k;
    const dv_planes *p;
    const float *x;
    float *planes;
    dv_range rows; /* of the planes */
} job;

/* One phase of one channel: of each row every stride-th pixel, zeros outside. */
static void copy_plane(void *ctx, int i, int worker)
{
    (void)worker;
    const job *j = ctx;
    const dv_conv_shape *s = &j->k->s;
    const dv_planes *p = j->p;
    const int c = i / p->channel, py = i % p->channel / p->x.count, px = i % p->x.count;
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

/* All taps of one channel. */
static void copy_columns(void *ctx, int c, int worker)
{
    (void)worker;
    const job *j = ctx;
    const dv_conv_shape *s = &j->k->s;
    const dv_planes *p = j->p;
    const int stride = s->stride[0], width = s->out[1];
    const float *plane = j->x + (size_t)c * (size_t)s->in[0] * (size_t)s->in[1];
    float *to = j->planes + (size_t)c * (size_t)p->channel * p->plane;
    for (int i = 0; i < p->channel; i++, to += p->plane) {
        const int top = dv_tap_offset(s, 0, i / s->kernel[1]);
        const int left = dv_tap_offset(s, 1, i % s->kernel[1]);
        dv_range rows = dv_tap_range(stride, top, 0, s->in[0]);
        dv_range in = dv_range_clip(dv_tap_range(s->stride[1], left, 0, s->in[1]), 0, width);
        rows = dv_range_clip(rows, j->rows.lo, j->rows.hi);
        if (rows.hi <= rows.lo)
            rows.lo = rows.hi = j->rows.hi;
        const size_t first = (size_t)j->rows.lo * (size_t)width;
        memset(to + first, 0, (size_t)rows.lo * (size_t)width * sizeof *to - first * sizeof *to);
        j->k->isa->stride_rows(rows.hi - rows.lo, width, in.lo, in.hi,
                               plane + (ptrdiff_t)(rows.lo * stride + top) * s->in[1] + left,
                               (ptrdiff_t)stride * s->in[1], s->stride[1],
                               to + (size_t)rows.lo * (size_t)width);
        memset(to + (size_t)rows.hi * (size_t)width, 0,
               (size_t)(j->rows.hi - rows.hi) * (size_t)width * sizeof *to);
    }
}

const float *dv_planes_fill(const dv_conv *k, const dv_planes *p, dv_range outputs, const float *x,
                            float *room, dv_pool *pool)
{
    if (p->pointwise)
        return x;
    const dv_conv_shape *s = &k->s;
    if (p->columns) {
        job j = { k, p, x, room, outputs };
        dv_pool_run(pool, s->in_channels, copy_columns, &j);
        return room;
    }
    const int behind = (s->kernel[0] - 1) * s->dilation[0] / s->stride[0];
    job j = { k, p, x, room, { outputs.lo, outputs.hi + behind } };
    j.rows = dv_range_clip(j.rows, 0, p->y.size);
    dv_pool_run(pool, s->in_channels * p->channel, copy_plane, &j);
    return room;
}
