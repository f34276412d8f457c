#include "kernel/maxpool.h"

#include <math.h>
#include <stdbool.h>

typedef struct maxpool_job {
    const dv_pool_shape *s;
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

static void pool_plane(void *ctx, int i, int worker)
{
    (void)worker;
    const maxpool_job *job = ctx;
    const dv_pool_shape *s = job->s;
    const float *plane = job->x + (size_t)i * (size_t)s->in[0] * (size_t)s->in[1];
    const size_t first = (size_t)i * (size_t)s->out[0] * (size_t)s->out[1];
    float *y = job->y + first;
    int32_t *switches = job->switches ? job->switches + first : NULL;
    for (int oy = 0; oy < s->out[0]; oy++)
        for (int ox = 0; ox < s->out[1]; ox++) {
            const int32_t at = first_maximum(s, plane, oy, ox);
            const size_t to = (size_t)oy * (size_t)s->out[1] + (size_t)ox;
            y[to] = plane[at];
            if (switches)
                switches[to] = at;
        }
}

void dv_maxpool(const dv_pool_shape *s, const float *x, float *y, int32_t *switches, dv_pool *pool)
{
    maxpool_job job = { .s = s, .x = x, .y = y, .switches = switches };
    dv_pool_run(pool, s->planes, pool_plane, &job);
}
