#include "nn/float_copy.h"

#include "kernel/isa.h"

#include <string.h>

/* Two axes are copied by one call, in the way that their steps allow; the others are loops. */
typedef struct plan {
    dv_shape n;
    dv_layout from, to;
    const float *in;
    float *out;
    enum {
        ROWS,       /* side by side in both */
        TRANSPOSED, /* side by side along `across` in `in`, along `along` in `out` */
        FILLED,     /* one number along a row */
        STEPS,      /* otherwise */
    } way;
    int along, across; /* axes; across -1: there is one axis */
    int part, parts;   /* the axis that is cut for the workers, and into how many parts */
} plan;

enum { PART_FLOATS = 1 << 14, SHORT = 16 };

/* The last axis but `along` with that step in `in`; any: whatever its step. -1: there is none. */
static int other_axis(const plan *p, ptrdiff_t step, bool any)
{
    for (int k = p->n.rank - 1; k >= 0; k--)
        if (k != p->along && (any || p->from.step[k] == step))
            return k;
    return -1;
}

static int longest_axis(const plan *p)
{
    int longest = p->n.rank - 1;
    for (int k = longest - 1; k >= 0; k--)
        if (p->n.dim[k] > p->n.dim[longest])
            longest = k;
    return longest;
}

static void choose_way(plan *p)
{
    p->along = p->n.rank - 1;
    const ptrdiff_t from = p->from.step[p->along], to = p->to.step[p->along];
    p->across = other_axis(p, 1, false);
    p->way = to != 1          ? STEPS
             : from == 1      ? ROWS
             : from == 0      ? FILLED
             : p->across >= 0 ? TRANSPOSED
                              : STEPS;
    if (p->way == STEPS && p->n.dim[p->along] < SHORT)
        p->along = longest_axis(p);
    if (p->way != TRANSPOSED)
        p->across = other_axis(p, 0, true);
}

static void choose_parts(plan *p, dv_pool *pool)
{
    const size_t count = dv_shape_count(&p->n);
    p->parts = 1;
    for (p->part = 0; p->part < p->n.rank - 1 && p->n.dim[p->part] == 1;)
        p->part++;
    if (dv_pool_size(pool) > 1 && count >= 2 * PART_FLOATS)
        p->parts = (int)(count / PART_FLOATS);
    if (p->parts > p->n.dim[p->part])
        p->parts = p->n.dim[p->part];
}

static void copy_steps(int n, const float *from, ptrdiff_t step, float *to, ptrdiff_t to_step)
{
    if (step == 0)
        for (int i = 0; i < n; i++)
            to[i * to_step] = *from;
    else
        for (int i = 0; i < n; i++)
            to[i * to_step] = from[i * step];
}

/* The two axes, from these elements on. */
static void copy_plane(const plan *p, const dv_isa *isa, const float *from, float *to)
{
    const int n = p->n.dim[p->along], rows = p->across < 0 ? 1 : p->n.dim[p->across];
    const ptrdiff_t step = p->from.step[p->along], to_step = p->to.step[p->along];
    const ptrdiff_t pitch = p->across < 0 ? 0 : p->from.step[p->across];
    const ptrdiff_t to_pitch = p->across < 0 ? 0 : p->to.step[p->across];
    if (p->way == ROWS)
        isa->copy_rows(rows, n, from, pitch, to, to_pitch);
    else if (p->way == TRANSPOSED)
        isa->copy_transposed(n, rows, from, step, to, to_pitch);
    else
        for (int i = 0; i < rows; i++)
            copy_steps(n, from + i * pitch, step, to + i * to_pitch,
                       p->way == FILLED ? 1 : to_step);
}

/* To the next element of the axes that are loops; false behind the last. */
static bool next(const plan *p, int32_t *index, const float **from, float **to)
{
    for (int k = p->n.rank - 1; k >= 0; k--) {
        if (k == p->along || k == p->across)
            continue;
        *from += p->from.step[k];
        *to += p->to.step[k];
        if (++index[k] < p->n.dim[k])
            return true;
        *from -= p->n.dim[k] * p->from.step[k];
        *to -= p->n.dim[k] * p->to.step[k];
        index[k] = 0;
    }
    return false;
}

static void copy_part(void *ctx, int i, int worker)
{
    (void)worker;
    plan p = *(const plan *)ctx;
    const dv_isa *isa = dv_isa_best();
    const int64_t size = p.n.dim[p.part];
    const int32_t lo = (int32_t)(size * i / p.parts), hi = (int32_t)(size * (i + 1) / p.parts);
    const float *from = p.in + p.from.at + lo * p.from.step[p.part];
    float *to = p.out + p.to.at + lo * p.to.step[p.part];
    int32_t index[DV_MAX_RANK] = { 0 };
    p.n.dim[p.part] = hi - lo;
    do
        copy_plane(&p, isa, from, to);
    while (next(&p, index, &from, &to));
}

void dv_float_copy(const dv_shape *n, const dv_layout *from, const dv_layout *to, const float *in,
                   float *out, dv_pool *pool)
{
    plan p = { .n = *n, .from = *from, .to = *to, .in = in, .out = out };
    choose_way(&p);
    if (p.way == ROWS && in + from->at == out + to->at) /* there already */
        return;
    choose_parts(&p, pool);
    dv_pool_run(pool, p.parts, copy_part, &p);
}
