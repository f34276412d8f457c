#include "nn/walk.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* -- axes and boxes --------------------------------------------------------------------------- */

static dv_planes own_planes(const dv_shape *s)
{
    int x = s->rank >= 3 ? s->rank - 1 : s->rank;
    return (dv_planes){ s->rank >= 4 ? x - 1 : x, x };
}

/* The first of the axes before `end` that are of size n together; -1: there are none such. */
static int axes_of_size(const dv_shape *s, int end, int32_t n)
{
    int64_t size = 1;
    while (end > 0 && size < n)
        size *= s->dim[--end];
    return size == n ? end : -1;
}

bool dv_planes_seen(const dv_shape *seen, const dv_box *whole, dv_planes *p)
{
    *p = own_planes(seen);
    if (dv_box_equal(dv_box_whole(seen), *whole))
        return true;
    p->x = axes_of_size(seen, seen->rank, whole->hi[DV_X]);
    p->y = p->x < 0 ? -1 : axes_of_size(seen, p->x, whole->hi[DV_Y]);
    return p->y >= 0;
}

/* Sets the steps of the axes [from, to), the last of which moves by `step`. */
static void set_steps(const dv_shape *s, int from, int to, ptrdiff_t step, dv_layout *l)
{
    for (int k = to - 1; k >= from; k--) {
        l->step[k] = step;
        step *= s->dim[k];
    }
}

static dv_layout layout(const dv_shape *s, dv_planes p, const dv_box *b)
{
    dv_layout l = { 0 };
    ptrdiff_t h = b->hi[DV_Y] - b->lo[DV_Y], w = b->hi[DV_X] - b->lo[DV_X];
    l.at = -((b->lo[DV_C] * h + b->lo[DV_Y]) * w + b->lo[DV_X]);
    set_steps(s, p.x, s->rank, 1, &l);
    set_steps(s, p.y, p.x, w, &l);
    set_steps(s, 0, p.y, h * w, &l);
    return l;
}

dv_layout dv_layout_box(const dv_shape *s, const dv_box *b)
{
    return layout(s, own_planes(s), b);
}

dv_layout dv_layout_whole(const dv_shape *s)
{
    dv_box whole = dv_box_whole(s);
    return dv_layout_box(s, &whole);
}

dv_layout dv_layout_seen(const dv_shape *seen, const dv_box *whole, const dv_box *b)
{
    dv_planes p;
    const bool fits = dv_planes_seen(seen, whole, &p);
    assert(fits);
    (void)fits;
    return layout(seen, p, b);
}

static int32_t floor_quotient(int32_t a, int32_t b)
{
    return a >= 0 ? a / b : -((b - 1 - a) / b);
}

/* The smallest ranges of the axes [from, to) that hold the numbers [lo, hi) of all of them, counted
 * in row-major order; beyond the tensor the first axis goes on. */
static void part_ranges(const dv_shape *s, int from, int to, int32_t lo, int32_t hi, dv_ranges *r)
{
    int32_t inner = 1, last = hi - 1;
    for (int k = from + 1; k < to; k++)
        inner *= s->dim[k];
    bool same = true; /* so far, first and last number agree */
    for (int k = from; k < to; k++) {
        int32_t a = floor_quotient(lo, inner), b = floor_quotient(last, inner);
        r->lo[k] = same ? a : 0;
        r->hi[k] = same ? b + 1 : s->dim[k];
        same = same && a == b;
        lo -= a * inner;
        last -= b * inner;
        inner /= k + 1 < to ? s->dim[k + 1] : 1;
    }
}

static dv_ranges ranges(const dv_shape *s, dv_planes p, dv_box b, int32_t planes)
{
    dv_ranges r = { { 0 }, { 0 } };
    b.lo[DV_C] = b.lo[DV_C] < 0 ? 0 : b.lo[DV_C];
    b.hi[DV_C] = b.hi[DV_C] > planes ? planes : b.hi[DV_C];
    if (dv_box_empty(&b)) /* outside of the tensor: the ranges stay empty */
        return r;
    part_ranges(s, 0, p.y, b.lo[DV_C], b.hi[DV_C], &r);
    part_ranges(s, p.y, p.x, b.lo[DV_Y], b.hi[DV_Y], &r);
    part_ranges(s, p.x, s->rank, b.lo[DV_X], b.hi[DV_X], &r);
    return r;
}

dv_ranges dv_ranges_of(const dv_shape *s, const dv_box *b)
{
    return ranges(s, own_planes(s), *b, dv_box_whole(s).hi[DV_C]);
}

/* The number of the element of a tensor, of which `whole` is all. */
static int32_t element(const dv_box *whole, int32_t c, int32_t y, int32_t x)
{
    return (c * whole->hi[DV_Y] + y) * whole->hi[DV_X] + x;
}

dv_ranges dv_ranges_seen(const dv_shape *seen, const dv_box *whole, const dv_box *b)
{
    dv_planes p;
    dv_ranges r = { { 0 }, { 0 } };
    if (dv_planes_seen(seen, whole, &p))
        return ranges(seen, p, *b, whole->hi[DV_C]);
    const dv_box in = dv_box_intersect(*b, *whole);
    if (!dv_box_empty(&in))
        part_ranges(seen, 0, seen->rank, element(whole, in.lo[DV_C], in.lo[DV_Y], in.lo[DV_X]),
                    element(whole, in.hi[DV_C] - 1, in.hi[DV_Y] - 1, in.hi[DV_X] - 1) + 1, &r);
    return r;
}

/* The first and the last number in the ranges of the axes [from, to), as part_ranges counts. */
static void join_ranges(const dv_shape *s, int from, int to, const dv_ranges *r, int32_t *lo,
                        int32_t *hi)
{
    const int64_t least = INT32_MIN / 2; /* see dv_coordinate */
    int64_t first = 0, last = 0;
    for (int k = from; k < to; k++) {
        first = first * s->dim[k] + r->lo[k];
        last = last * s->dim[k] + r->hi[k] - 1;
    }
    *lo = (int32_t)(first < least ? least : first > INT32_MAX ? INT32_MAX : first);
    *hi = (int32_t)(last < least ? least : last >= INT32_MAX ? INT32_MAX : last + 1);
}

static dv_box box_of(const dv_shape *s, dv_planes p, dv_ranges r)
{
    dv_box b = { .hi = { 1, 1, 1 } };
    for (int k = 0; k < s->rank; k++) {
        if (k < p.y) {
            r.lo[k] = r.lo[k] < 0 ? 0 : r.lo[k];
            r.hi[k] = r.hi[k] > s->dim[k] ? s->dim[k] : r.hi[k];
        }
        if (r.hi[k] <= r.lo[k])
            return (dv_box){ .hi = { 0 } };
    }
    join_ranges(s, 0, p.y, &r, &b.lo[DV_C], &b.hi[DV_C]);
    join_ranges(s, p.y, p.x, &r, &b.lo[DV_Y], &b.hi[DV_Y]);
    join_ranges(s, p.x, s->rank, &r, &b.lo[DV_X], &b.hi[DV_X]);
    return b;
}

dv_box dv_box_of_ranges(const dv_shape *s, const dv_ranges *r)
{
    return box_of(s, own_planes(s), *r);
}

dv_box dv_box_seen(const dv_shape *seen, const dv_box *whole, const dv_ranges *r)
{
    dv_planes p;
    if (dv_planes_seen(seen, whole, &p))
        return box_of(seen, p, *r);
    const dv_shape all = { 3, { whole->hi[DV_C], whole->hi[DV_Y], whole->hi[DV_X] } };
    dv_box list = box_of(seen, (dv_planes){ seen->rank, seen->rank }, *r); /* C counts elements */
    dv_ranges in;
    if (dv_box_empty(&list))
        return list;
    part_ranges(&all, 0, 3, list.lo[DV_C], list.hi[DV_C], &in);
    return (dv_box){ { in.lo[0], in.lo[1], in.lo[2] }, { in.hi[0], in.hi[1], in.hi[2] } };
}

/* -- runs ------------------------------------------------------------------------------------- */

/* Moves the cursor on by so many elements. */
static void advance(dv_run *r, int32_t by)
{
    r->cursor[r->last] += by;
    for (int k = r->last; k > 0 && r->cursor[k] >= r->shape.dim[k]; k--) {
        int32_t carry = r->cursor[k] / r->shape.dim[k];
        r->cursor[k] -= carry * r->shape.dim[k];
        r->cursor[k - 1] += carry;
    }
}

dv_run dv_run_seen(const dv_shape *seen, const dv_box *whole, dv_box box)
{
    const int32_t w = box.hi[DV_X] - box.lo[DV_X], h = box.hi[DV_Y] - box.lo[DV_Y];
    dv_run r = { .shape = *seen, .row = w, .rows = h, .planes = box.hi[DV_C] - box.lo[DV_C] };
    if (seen->rank == 0)
        r.shape = (dv_shape){ 1, { 1 } };
    r.rank = r.shape.rank;
    r.last = r.rank - 1;
    if (dv_box_empty(&box)) {
        r.planes = 0;
        return r;
    }
    r.row_gap = whole->hi[DV_X] - w;
    r.plane_gap = (whole->hi[DV_Y] - h) * whole->hi[DV_X];
    if (r.row_gap == 0) { /* rows lie side by side, and planes perhaps */
        r.row *= r.rows;
        r.rows = 1;
        if (r.plane_gap == 0) {
            r.row *= r.planes;
            r.planes = 1;
        }
    }
    r.left = r.row;
    r.rows_left = r.rows;
    advance(&r, element(whole, box.lo[DV_C], box.lo[DV_Y], box.lo[DV_X]));
    return r;
}

dv_run dv_run_over(const dv_shape *s, dv_box box)
{
    const dv_box whole = dv_box_whole(s);
    return dv_run_seen(s, &whole, box);
}

/* To the next row of the box; false behind the last. */
static bool next_row(dv_run *r)
{
    int32_t gap = r->row_gap;
    if (--r->rows_left == 0) {
        if (--r->planes == 0)
            return false;
        gap += r->plane_gap;
        r->rows_left = r->rows;
    }
    r->left = r->row;
    advance(r, gap);
    return true;
}

bool dv_run_next(dv_run *r)
{
    if (r->planes == 0 || (r->left == 0 && !next_row(r)))
        return false;
    memcpy(r->index, r->cursor, sizeof r->index);
    int32_t length = r->shape.dim[r->last] - r->cursor[r->last];
    r->n = length < r->left ? length : r->left;
    r->left -= r->n;
    advance(r, r->n);
    return true;
}

/* -- the rest --------------------------------------------------------------------------------- */

static void drop_axis(dv_shape *s, int n, dv_layout *const *layouts, int axis)
{
    for (int k = axis; k + 1 < s->rank; k++) {
        s->dim[k] = s->dim[k + 1];
        for (int i = 0; i < n; i++)
            layouts[i]->step[k] = layouts[i]->step[k + 1];
    }
    s->rank--;
}

void dv_merge_axes(dv_shape *s, int n, dv_layout *const *layouts)
{
    for (int k = s->rank - 1; k >= 0 && s->rank > 1; k--)
        if (s->dim[k] == 1)
            drop_axis(s, n, layouts, k);
    for (int k = s->rank - 2; k >= 0; k--) {
        bool same = true;
        for (int i = 0; i < n; i++)
            same &= layouts[i]->step[k] == layouts[i]->step[k + 1] * s->dim[k + 1];
        if (!same)
            continue;
        s->dim[k + 1] *= s->dim[k];
        drop_axis(s, n, layouts, k);
    }
}

void dv_signal_unpack(const dv_shape *s, const dv_signal *from, float *to)
{
    dv_layout whole = dv_layout_whole(s);
    const float *data = from->data;
    memset(to, 0, dv_shape_count(s) * sizeof *to);
    dv_run r = dv_run_over(s, from->box);
    for (; dv_run_next(&r); data += r.n)
        memcpy(to + dv_layout_at(&whole, r.index, r.rank), data, (size_t)r.n * sizeof *to);
}
