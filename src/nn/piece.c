#include "nn/piece.h"

#include "nn/float_copy.h"

#include <string.h>

/* A run of fewer elements than this is not worth its turn of the loops around it. */
enum { SHORT_RUN = 16 };

dv_piece dv_piece_identity(const dv_shape *in, const dv_shape *out)
{
    dv_piece p = { .in = *in, .out = *out, .axis = { -1 } };
    if (out->rank == 0)
        p.out = (dv_shape){ 1, { 1 } };
    for (int k = 0; k < p.out.rank; k++) {
        p.axis[k] = k < in->rank ? k : -1;
        p.step[k] = 1;
        p.hi[k] = p.out.dim[k];
    }
    return p;
}

dv_piece dv_piece_broadcast(const dv_shape *in, const dv_shape *out)
{
    dv_piece p = dv_piece_identity(in, out);
    for (int k = 0; k < p.out.rank; k++) {
        int a = k - (p.out.rank - in->rank);
        p.axis[k] = a < 0 || in->dim[a] == 1 ? -1 : a;
    }
    return p;
}

/* The input's layout by output indices. */
static dv_layout seen(const dv_piece *p, dv_layout in)
{
    dv_layout l = { .at = 0 };
    if (p->fill)
        return l;
    l.at = dv_layout_at(&in, p->origin, p->in.rank);
    for (int k = 0; k < p->out.rank; k++)
        l.step[k] = p->axis[k] < 0 ? 0 : p->step[k] * in.step[p->axis[k]];
    return l;
}

/* -- loops ------------------------------------------------------------------------------------ */

/* The elements of a piece in some ranges of the output, as the fewest loops there are:
 *     loops l;
 *     for (bool more = loops_over(…, &l); more; more = next(&l))
 *         … l.length elements from l.in.at and l.out.at on, in the steps l.in_step, l.out_step …
 */
typedef struct loops {
    dv_shape n; /* rank 1 or more */
    dv_layout in, out;
    ptrdiff_t length, in_step, out_step;
    int32_t index[DV_MAX_RANK];
} loops;

/* Makes the longest loop the innermost where that one is short: the order does not matter. */
static void lengthen_runs(loops *l)
{
    const int last = l->n.rank - 1;
    int longest = last;
    for (int k = last - 1; k >= 0 && l->n.dim[last] < SHORT_RUN; k--)
        if (l->n.dim[k] > l->n.dim[longest])
            longest = k;
    const loops was = *l;
    l->n.dim[last] = was.n.dim[longest];
    l->in.step[last] = was.in.step[longest];
    l->out.step[last] = was.out.step[longest];
    l->n.dim[longest] = was.n.dim[last];
    l->in.step[longest] = was.in.step[last];
    l->out.step[longest] = was.out.step[last];
}

/* in: as `seen` gives it. False: there are no elements. */
static bool span(const dv_piece *p, const dv_ranges *r, dv_layout in, dv_layout out, loops *l)
{
    *l = (loops){ .n = p->out, .in = in, .out = out };
    for (int k = 0; k < l->n.rank; k++) {
        int32_t lo = r->lo[k] > p->lo[k] ? r->lo[k] : p->lo[k];
        int32_t hi = r->hi[k] < p->hi[k] ? r->hi[k] : p->hi[k];
        if (hi <= lo)
            return false;
        l->n.dim[k] = hi - lo;
        l->in.at += lo * in.step[k];
        l->out.at += lo * out.step[k];
    }
    dv_merge_axes(&l->n, 2, (dv_layout *[]){ &l->in, &l->out });
    return true;
}

static bool loops_over(const dv_piece *p, const dv_ranges *r, dv_layout in, dv_layout out, loops *l)
{
    if (!span(p, r, in, out, l))
        return false;
    lengthen_runs(l);
    const int last = l->n.rank - 1;
    l->length = l->n.dim[last];
    l->in_step = l->in.step[last];
    l->out_step = l->out.step[last];
    return true;
}

static bool next(loops *l)
{
    for (int k = l->n.rank - 2; k >= 0; k--) {
        l->in.at += l->in.step[k];
        l->out.at += l->out.step[k];
        if (++l->index[k] < l->n.dim[k])
            return true;
        l->in.at -= l->n.dim[k] * l->in.step[k];
        l->out.at -= l->n.dim[k] * l->out.step[k];
        l->index[k] = 0;
    }
    return false;
}

static dv_ranges all_of(const dv_shape *s)
{
    dv_ranges r = { { 0 }, { 0 } };
    for (int k = 0; k < s->rank; k++)
        r.hi[k] = s->dim[k];
    return r;
}

/* Whether a box of the output is ranges of its axes and no less: planes, seen as several axes, may
 * be some of one and some of the next. */
static bool is_ranges(const dv_piece *p, const dv_box *whole, const dv_box *box, dv_ranges *r)
{
    size_t n = 1;
    *r = dv_ranges_seen(&p->out, whole, box);
    for (int k = 0; k < p->out.rank; k++)
        n *= (size_t)(r->hi[k] - r->lo[k]);
    return n == dv_box_count(box);
}

/* Of dense numbers, those in the ranges. */
static dv_layout layout_of_ranges(const dv_shape *s, const dv_ranges *r)
{
    dv_layout l = { .at = 0 };
    ptrdiff_t step = 1;
    for (int k = s->rank - 1; k >= 0; k--) {
        l.step[k] = step;
        l.at -= r->lo[k] * step;
        step *= r->hi[k] - r->lo[k];
    }
    return l;
}

/* The smallest box that holds what the piece has of a box of the output. */
static dv_box own_part(const dv_piece *p, const dv_box *whole, dv_box box)
{
    dv_ranges r = { { 0 }, { 0 } };
    for (int k = 0; k < p->out.rank; k++) {
        r.lo[k] = p->lo[k];
        r.hi[k] = p->hi[k];
    }
    return dv_box_intersect(box, dv_box_seen(&p->out, whole, &r));
}

/* Cuts a run of the output to what the piece says; false when nothing is left. */
static bool clip_run(const dv_piece *p, dv_run *r, int32_t *skip)
{
    for (int k = 0; k < r->last; k++)
        if (r->index[k] < p->lo[k] || r->index[k] >= p->hi[k])
            return false;
    int32_t first = r->index[r->last], end = first + r->n;
    int32_t lo = first > p->lo[r->last] ? first : p->lo[r->last];
    int32_t hi = end < p->hi[r->last] ? end : p->hi[r->last];
    *skip = lo - first;
    r->index[r->last] = lo;
    r->n = hi - lo;
    return r->n > 0;
}

/* -- forward ---------------------------------------------------------------------------------- */

bool dv_piece_is_run(const dv_piece *p, ptrdiff_t *from, ptrdiff_t *to, size_t *n)
{
    loops l;
    const dv_ranges all = all_of(&p->out);
    if (p->fill ||
        !loops_over(p, &all, seen(p, dv_layout_whole(&p->in)), dv_layout_whole(&p->out), &l) ||
        l.n.rank > 1 || (l.length > 1 && (l.in_step != 1 || l.out_step != 1)))
        return false;
    *from = l.in.at;
    *to = l.out.at;
    *n = (size_t)l.length;
    return true;
}

/* Elements may lie at any address: memcpy of one is a plain move. */
#define COPY_STEPS(size)                                                     \
    for (ptrdiff_t i = 0; i < n; i++)                                        \
        memcpy(to + i * to_step * (size), from + i * step * (size), (size)); \
    break

static void copy_steps(char *restrict to, ptrdiff_t to_step, const char *restrict from,
                       ptrdiff_t step, ptrdiff_t n, size_t size)
{
    switch (size) {
    case 1:
        COPY_STEPS(1);
    case 2:
        COPY_STEPS(2);
    case 4:
        COPY_STEPS(4);
    default:
        COPY_STEPS(8);
    }
}

static void copy_run(char *to, ptrdiff_t to_step, const char *from, ptrdiff_t step, ptrdiff_t n,
                     size_t size)
{
    if (step != 1 || to_step != 1)
        copy_steps(to, to_step, from, step, n, size);
    else if (to != from)
        memcpy(to, from, (size_t)n * size);
}

static void copy_floats(const dv_piece *p, const dv_ranges *r, const float *in, float *out,
                        dv_pool *pool)
{
    loops l;
    if (span(p, r, seen(p, dv_layout_whole(&p->in)), dv_layout_whole(&p->out), &l))
        dv_float_copy(&l.n, &l.in, &l.out, in, out, pool);
}

static void copy_ranges(const dv_piece *p, const dv_ranges *r, size_t size, const char *in,
                        char *out)
{
    const ptrdiff_t bytes = (ptrdiff_t)size;
    const dv_layout from = seen(p, dv_layout_whole(&p->in)), to = dv_layout_whole(&p->out);
    loops l;
    for (bool more = loops_over(p, r, from, to, &l); more; more = next(&l))
        copy_run(out + l.out.at * bytes, l.out_step, in + l.in.at * bytes, l.in_step, l.length,
                 size);
}

void dv_piece_copy(const dv_piece *p, size_t size, const void *in, void *out)
{
    const dv_ranges all = all_of(&p->out);
    copy_ranges(p, &all, size, in, out);
}

void dv_piece_copy_box(const dv_piece *p, const dv_box *whole, dv_box box, const float *in,
                       float *out, dv_pool *pool)
{
    dv_ranges ranges;
    box = own_part(p, whole, box);
    if (dv_box_empty(&box))
        return;
    if (is_ranges(p, whole, &box, &ranges)) {
        copy_floats(p, &ranges, in, out, pool);
        return;
    }
    const dv_layout from = seen(p, dv_layout_whole(&p->in)), to = dv_layout_whole(&p->out);
    dv_run r = dv_run_seen(&p->out, whole, box);
    int32_t skip;
    while (dv_run_next(&r))
        if (clip_run(p, &r, &skip))
            copy_run((char *)(out + dv_layout_at(&to, r.index, r.rank)), 1,
                     (const char *)(in + dv_layout_at(&from, r.index, r.rank)), from.step[r.last],
                     r.n, sizeof *out);
}

/* -- back ------------------------------------------------------------------------------------- */

static void add(float *to, ptrdiff_t step, const float *from, ptrdiff_t from_step, ptrdiff_t n)
{
    if (step == 1 && from_step == 1) {
        for (ptrdiff_t i = 0; i < n; i++)
            to[i] += from[i];
    } else if (step == 0) {
        double sum = 0;
        for (ptrdiff_t i = 0; i < n; i++)
            sum += (double)from[i * from_step];
        *to += (float)sum;
    } else {
        for (ptrdiff_t i = 0; i < n; i++)
            to[i * step] += from[i * from_step];
    }
}

/* What lies in a part of the signal's box; the signal lies as `from` says. */
static void add_part(const dv_piece *p, const dv_layout *to, dv_layout from, const dv_box *whole,
                     dv_box part, const dv_signal *out, const dv_signal *in)
{
    int32_t skip;
    dv_run r = dv_run_seen(&p->out, whole, part);
    while (dv_run_next(&r))
        if (clip_run(p, &r, &skip))
            add(in->data + dv_layout_at(to, r.index, r.rank), to->step[r.last],
                out->data + dv_layout_at(&from, r.index, r.rank), from.step[r.last], r.n);
}

/* All of a signal that has no layout by these axes. */
static void add_runs(const dv_piece *p, const dv_layout *to, const dv_box *whole,
                     const dv_signal *out, const dv_signal *in)
{
    const float *from = out->data;
    dv_run r = dv_run_seen(&p->out, whole, out->box);
    while (dv_run_next(&r)) {
        const float *run = from;
        int32_t skip = 0;
        from += r.n; /* the signal is dense */
        if (clip_run(p, &r, &skip))
            add(in->data + dv_layout_at(to, r.index, r.rank), to->step[r.last], run + skip, 1, r.n);
    }
}

void dv_piece_project(const dv_piece *p, const dv_shape *in_shape, const dv_shape *out_shape,
                      const dv_signal *out, const dv_signal *in)
{
    if (!out->data || !in->data || p->fill)
        return;
    const dv_box in_whole = dv_box_whole(in_shape), out_whole = dv_box_whole(out_shape);
    const dv_layout to = seen(p, dv_layout_seen(&p->in, &in_whole, &in->box));
    dv_ranges ranges;
    if (is_ranges(p, &out_whole, &out->box, &ranges)) {
        loops l;
        for (bool more = loops_over(p, &ranges, to, layout_of_ranges(&p->out, &ranges), &l); more;
             more = next(&l))
            add(in->data + l.in.at, l.in_step, out->data + l.out.at, l.out_step, l.length);
        return;
    }
    const dv_box part = own_part(p, &out_whole, out->box);
    dv_planes planes;
    if (dv_planes_seen(&p->out, &out_whole, &planes))
        add_part(p, &to, dv_layout_seen(&p->out, &out_whole, &out->box), &out_whole, part, out, in);
    else if (!dv_box_empty(&part))
        add_runs(p, &to, &out_whole, out, in);
}

dv_box dv_piece_window(const dv_piece *p, const dv_shape *in_shape, const dv_shape *out_shape,
                       dv_box box)
{
    const dv_box in_whole = dv_box_whole(in_shape), out_whole = dv_box_whole(out_shape);
    dv_ranges out = dv_ranges_seen(&p->out, &out_whole, &box), in;
    for (int a = 0; a < p->in.rank; a++) {
        in.lo[a] = p->origin[a];
        in.hi[a] = p->origin[a] + 1;
    }
    for (int k = 0; k < p->out.rank; k++) {
        if (p->lo[k] > 0 && out.lo[k] < p->lo[k])
            out.lo[k] = p->lo[k];
        if (p->hi[k] < p->out.dim[k] && out.hi[k] > p->hi[k])
            out.hi[k] = p->hi[k];
        int a = p->axis[k];
        if (out.hi[k] <= out.lo[k])
            return (dv_box){ .hi = { 0 } };
        if (a < 0)
            continue;
        int64_t first = (int64_t)out.lo[k] * p->step[k];
        int64_t last = (int64_t)(out.hi[k] - 1) * p->step[k];
        in.lo[a] = dv_coordinate(in.lo[a] + (first < last ? first : last));
        in.hi[a] = dv_coordinate(in.hi[a] + (first < last ? last : first));
    }
    return dv_box_seen(&p->in, &in_whole, &in);
}

/* Cuts [*lo, *hi) to the i whose step * i lies in [first, last]; they are not negative. */
static void cut_range(int64_t first, int64_t last, int64_t step, int32_t *lo, int32_t *hi)
{
    int64_t from = step < 0 ? -last : first, to = step < 0 ? -first : last;
    step = step < 0 ? -step : step;
    int64_t begin = from > 0 ? (from + step - 1) / step : 0, end = to < 0 ? 0 : to / step + 1;
    *lo = begin > *lo ? dv_coordinate(begin) : *lo;
    *hi = end < *hi ? dv_coordinate(end) : *hi;
}

dv_box dv_piece_reach(const dv_piece *p, const dv_shape *in_shape, const dv_shape *out_shape,
                      dv_box box)
{
    const dv_box in_whole = dv_box_whole(in_shape), out_whole = dv_box_whole(out_shape);
    const dv_ranges in = dv_ranges_seen(&p->in, &in_whole, &box);
    dv_ranges out;
    unsigned moving = 0; /* axes of the input */
    for (int k = 0; k < p->out.rank; k++) {
        int a = p->axis[k];
        out.lo[k] = p->lo[k];
        out.hi[k] = p->hi[k];
        if (a < 0)
            continue;
        moving |= 1u << a;
        cut_range((int64_t)in.lo[a] - p->origin[a], (int64_t)in.hi[a] - 1 - p->origin[a],
                  p->step[k], &out.lo[k], &out.hi[k]);
    }
    bool seen_at_all = !p->fill;
    for (int a = 0; a < p->in.rank; a++)
        if (!(moving >> a & 1))
            seen_at_all &= p->origin[a] >= in.lo[a] && p->origin[a] < in.hi[a];
    return seen_at_all ? dv_box_seen(&p->out, &out_whole, &out) : (dv_box){ .hi = { 0 } };
}
