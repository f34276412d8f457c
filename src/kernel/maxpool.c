#include "kernel/maxpool.h"

#include "kernel/isa.h"

#include <math.h>
#include <stdbool.h>

typedef struct maxpool_job {
    const dv_pool_shape *s;
    const dv_isa *isa;
    int lo, hi; /* windows of a row that lie between the left and right edges */
    const float *x;
    float *y;
    int32_t *switches;
} maxpool_job;

/* The index of the first maximum, or of the first NaN, of one window. */
static int32_t first_maximum(const dv_pool_shape *s, const float *plane, int oy, int ox)
{
    const int y0 = oy * s->stride[0] - s->pad[0], x0 = ox * s->stride[1] - s->pad[1];
    int32_t best = -1;
    for (int ty = 0; ty < s->kernel[0]; ty++) {
        const int y = y0 + ty * s->dilation[0];
        if (y < 0 || y >= s->in[0])
            continue;
        for (int tx = 0; tx < s->kernel[1]; tx++) {
            const int x = x0 + tx * s->dilation[1];
            if (x < 0 || x >= s->in[1])
                continue;
            const int32_t at = y * s->in[1] + x;
            if (isnan(plane[at]))
                return at;
            if (best < 0 || plane[at] > plane[best])
                best = at;
        }
    }
    return best;
}

/* Windows [lo, hi) of row oy by the definition. */
static void plain_windows(const dv_pool_shape *s, const float *plane, int oy, int lo, int hi,
                          float *y, int32_t *switches)
{
    for (int ox = lo; ox < hi; ox++) {
        const int32_t at = first_maximum(s, plane, oy, ox);
        y[ox] = plane[at];
        if (switches)
            switches[ox] = at;
    }
}

static void pool_plane(void *ctx, int i, int worker)
{
    (void)worker;
    const maxpool_job *job = ctx;
    const dv_pool_shape *s = job->s;
    const float *plane = job->x + (size_t)i * (size_t)s->in[0] * (size_t)s->in[1];
    const size_t first = (size_t)i * (size_t)s->out[0] * (size_t)s->out[1];
    for (int oy = 0; oy < s->out[0]; oy++) {
        float *y = job->y + first + (size_t)oy * (size_t)s->out[1];
        int32_t *switches = job->switches ? job->switches + (y - job->y) : NULL;
        plain_windows(s, plane, oy, 0, job->lo, y, switches);
        if (job->lo < job->hi)
            job->isa->maxpool_row(s, plane, oy, job->lo, job->hi, y, switches);
        plain_windows(s, plane, oy, job->hi, s->out[1], y, switches);
    }
}

void dv_maxpool(const dv_pool_shape *s, const float *x, float *y, int32_t *switches, dv_pool *pool)
{
    maxpool_job job = { .s = s, .isa = dv_isa_best(), .x = x, .y = y, .switches = switches };
    if (s->stride[1] <= 2 && s->dilation[0] == 1 && s->dilation[1] == 1) {
        const int room = s->in[1] + s->pad[1] - s->kernel[1];
        job.lo = (s->pad[1] + s->stride[1] - 1) / s->stride[1];
        job.hi = room < 0 ? 0 : room / s->stride[1] + 1;
        job.hi = job.hi < s->out[1] ? job.hi : s->out[1];
        job.lo = job.lo < job.hi ? job.lo : job.hi;
    }
    dv_pool_run(pool, s->planes, pool_plane, &job);
}
