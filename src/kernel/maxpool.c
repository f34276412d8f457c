#include "kernel/maxpool.h"

#include "kernel/isa.h"

#include <math.h>
#include <stdbool.h>

typedef struct maxpool_job {
    const dv_pool_shape *s;
    const dv_isa *isa;
    bool settle; /* by DV_TIES_ROUNDED */
    bool fetch;  /* see fetch_rows */
    bool whole;  /* planes by maxpool_rows */
    int rows[2]; /* of y, wanted */
    int lo, hi;  /* windows of a row that lie between the left and right edges */
    const float *x;
    float *y;
    int32_t *switches;
} maxpool_job;

/* The part of a window that lies in the plane: row ty from y0 on, column tx from x0 on. */
typedef struct part {
    int y0, x0, ty[2], tx[2];
} part;

static void cut_axis(int origin, int size, int kernel, int dilation, int *range)
{
    range[0] = origin < 0 ? (-origin + dilation - 1) / dilation : 0;
    const int behind = origin < size ? (size - 1 - origin) / dilation + 1 : 0;
    range[1] = behind < kernel ? behind : kernel;
}

static part cut(const dv_pool_shape *s, int oy, int ox)
{
    part w = { oy * s->stride[0] - s->pad[0], ox * s->stride[1] - s->pad[1], { 0 }, { 0 } };
    cut_axis(w.y0, s->in[0], s->kernel[0], s->dilation[0], w.ty);
    cut_axis(w.x0, s->in[1], s->kernel[1], s->dilation[1], w.tx);
    return w;
}

/* The index of the first maximum, or of the first NaN, of one window. */
static int32_t first_maximum(const dv_pool_shape *s, const float *plane, int oy, int ox)
{
    const part w = cut(s, oy, ox);
    int32_t best = -1;
    for (int ty = w.ty[0]; ty < w.ty[1]; ty++)
        for (int tx = w.tx[0]; tx < w.tx[1]; tx++) {
            const int32_t at = (w.y0 + ty * s->dilation[0]) * s->in[1] + w.x0 + tx * s->dilation[1];
            if (isnan(plane[at]))
                return at;
            if (best < 0 || plane[at] > plane[best])
                best = at;
        }
    return best;
}

int32_t dv_pool_settle(const dv_pool_shape *s, const float *plane, int oy, int ox, int32_t first)
{
    const part w = cut(s, oy, ox);
    const float most = plane[first], size = fabsf(most);
    const float near = most - size * DV_POOL_TIE, wide = most - size * DV_POOL_TIE_MANY;
    int count = 0;
    int32_t of_many = first, of_near = -1;
    for (int ty = w.ty[0]; ty < w.ty[1]; ty++)
        for (int tx = w.tx[0]; tx < w.tx[1]; tx++) {
            const int32_t at = (w.y0 + ty * s->dilation[0]) * s->in[1] + w.x0 + tx * s->dilation[1];
            if (plane[at] > wide && count++ == 0)
                of_many = at;
            if (plane[at] > near && of_near < 0)
                of_near = at;
        }
    return count >= DV_POOL_MANY ? of_many : of_near >= 0 ? of_near : first;
}

/* Windows [lo, hi) of row oy by the definition. */
static void plain_windows(const maxpool_job *job, const float *plane, int oy, int lo, int hi,
                          float *y, int32_t *switches)
{
    for (int ox = lo; ox < hi; ox++) {
        const int32_t at = first_maximum(job->s, plane, oy, ox);
        y[ox] = plane[at];
        if (switches)
            switches[ox] = job->settle ? dv_pool_settle(job->s, plane, oy, ox, at) : at;
    }
}

enum { LINE = 16, AHEAD = 1024, LARGE = 1 << 20 }; /* floats; LINE: in one of the cache */

/* Rows of the input, of the maxima and of the switches are more streams than the processor follows
 * by itself. Where the input is LARGE for a cache, what the windows below row oy will read is
 * fetched AHEAD of them. */
static void fetch_rows(const maxpool_job *job, int plane, int oy)
{
    const dv_pool_shape *s = job->s;
    const size_t width = (size_t)s->in[1], size = (size_t)s->in[0] * width;
    const size_t step = (size_t)s->stride[0] * width, from = (size_t)oy * step;
    const size_t to = from + step < size ? from + step : size; /* in the plane */
    const size_t ahead = (size_t)plane * size + AHEAD, end = (size_t)s->planes * size;
    for (size_t i = from; i < to && ahead + i < end; i += LINE)
        __builtin_prefetch(job->x + ahead + i);
}

static void pool_plane(void *ctx, int i, int worker)
{
    (void)worker;
    const maxpool_job *job = ctx;
    const dv_pool_shape *s = job->s;
    const size_t size = (size_t)s->in[0] * (size_t)s->in[1];
    const float *plane = job->x + (size_t)i * size;
    const size_t first = (size_t)i * (size_t)s->out[0] * (size_t)s->out[1];
    if (job->whole)
        job->isa->maxpool_rows(s, plane, job->rows[0], job->rows[1], job->y + first);
    for (int oy = job->rows[0]; !job->whole && oy < job->rows[1]; oy++) {
        float *y = job->y + first + (size_t)oy * (size_t)s->out[1];
        int32_t *switches = job->switches ? job->switches + (y - job->y) : NULL;
        if (job->fetch)
            fetch_rows(job, i, oy);
        plain_windows(job, plane, oy, 0, job->lo, y, switches);
        if (job->lo < job->hi)
            job->isa->maxpool_row(s, plane, oy, job->lo, job->hi, job->settle, y, switches);
        plain_windows(job, plane, oy, job->hi, s->out[1], y, switches);
    }
}

void dv_maxpool(const dv_pool_shape *s, const float *x, float *y, int32_t *switches, dv_pool *pool)
{
    dv_maxpool_rows(s, 0, s->out[0], x, y, switches, pool);
}

void dv_maxpool_rows(const dv_pool_shape *s, int lo, int hi, const float *x, float *y,
                     int32_t *switches, dv_pool *pool)
{
    maxpool_job job = { .s = s, .isa = dv_isa_best(), .x = x, .y = y, .switches = switches };
    job.rows[0] = lo;
    job.rows[1] = hi;
    job.settle =
        s->ties == DV_TIES_ROUNDED && (int64_t)s->kernel[0] * s->kernel[1] <= DV_POOL_TIE_WINDOW;
    job.fetch = switches && (int64_t)s->planes * s->in[0] * s->in[1] >= LARGE;
    job.whole = !switches && s->stride[1] <= 2 && s->dilation[0] == 1 && s->dilation[1] == 1 &&
                dv_pool_pitch(s) <= DV_POOL_ROOM;
    if (s->stride[1] <= 2 && s->dilation[0] == 1 && s->dilation[1] == 1) {
        const int room = s->in[1] + s->pad[1] - s->kernel[1];
        job.lo = (s->pad[1] + s->stride[1] - 1) / s->stride[1];
        job.hi = room < 0 ? 0 : room / s->stride[1] + 1;
        job.hi = job.hi < s->out[1] ? job.hi : s->out[1];
        job.lo = job.lo < job.hi ? job.lo : job.hi;
    }
    dv_pool_run(pool, s->planes, pool_plane, &job);
}
