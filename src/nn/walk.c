#include "nn/walk.h"

#include <stdint.h>
#include <string.h>

/* How many leading axes a box counts into its C. */
static int n_plane_axes(const dv_shape *s)
{
    return s->rank >= 4 ? s->rank - 2 : s->rank == 3 ? 2 : s->rank;
}

dv_layout dv_layout_box(const dv_shape *s, const dv_box *b)
{
    dv_layout l = { 0 };
    ptrdiff_t h = b->hi[DV_Y] - b->lo[DV_Y], w = b->hi[DV_X] - b->lo[DV_X];
    int planes = n_plane_axes(s);
    l.at = -((b->lo[DV_C] * h + b->lo[DV_Y]) * w + b->lo[DV_X]);
    if (s->rank >= 3)
        l.step[s->rank - 1] = 1;
    if (s->rank >= 4)
        l.step[s->rank - 2] = w;
    ptrdiff_t step = h * w;
    for (int k = planes - 1; k >= 0; k--) {
        l.step[k] = step;
        step *= s->dim[k];
    }
    return l;
}

dv_layout dv_layout_whole(const dv_shape *s)
{
    dv_box whole = dv_box_whole(s);
    return dv_layout_box(s, &whole);
}

dv_run dv_run_over(const dv_shape *s, dv_box box)
{
    dv_run r = { .shape = *s, .box = box };
    if (s->rank == 0)
        r.shape = (dv_shape){ 1, { 1 } };
    r.rank = r.shape.rank;
    r.last = r.rank - 1;
    r.plane = box.lo[DV_C] - 1;
    r.row = box.hi[DV_Y] - 1;
    if (r.rank <= 2)
        r.plane++;
    if (dv_box_empty(&box))
        r.plane = box.hi[DV_C];
    return r;
}

/* Sets the leading indices to those of plane c. */
static void split_plane(dv_run *r, int32_t c)
{
    int planes = r->rank >= 4 ? r->rank - 2 : 2;
    for (int k = planes - 1; k > 0; k--) {
        r->index[k] = c % r->shape.dim[k];
        c /= r->shape.dim[k];
    }
    r->index[0] = c;
}

bool dv_run_next(dv_run *r)
{
    if (r->rank <= 2) { /* all one list of elements */
        int32_t left = r->box.hi[DV_C] - r->plane;
        if (left <= 0)
            return false;
        int32_t length = r->shape.dim[r->last], at = r->plane % length;
        r->n = left < length - at ? left : length - at;
        r->index[0] = r->plane / length;
        r->index[r->last] = at;
        r->plane += r->n;
        return true;
    }
    if (r->plane >= r->box.lo[DV_C] && r->row + 1 < r->box.hi[DV_Y]) {
        r->row++;
    } else {
        if (r->plane + 1 >= r->box.hi[DV_C])
            return false;
        r->plane++;
        r->row = r->box.lo[DV_Y];
        split_plane(r, r->plane);
    }
    if (r->rank >= 4)
        r->index[r->rank - 2] = r->row;
    r->index[r->last] = r->box.lo[DV_X];
    r->n = r->box.hi[DV_X] - r->box.lo[DV_X];
    return true;
}

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

/* The ranges of n leading axes that hold the planes [lo, hi). */
static void plane_ranges(const dv_shape *s, int n, int32_t lo, int32_t hi, dv_ranges *r)
{
    int32_t inner = 1;
    for (int k = 0; k < n; k++)
        inner *= s->dim[k];
    lo = lo < 0 ? 0 : lo;
    hi = hi > inner ? inner : hi;
    if (hi <= lo) /* outside of the tensor: the ranges stay empty */
        return;
    bool same = true; /* so far, first and last plane agree */
    for (int k = 0; k < n; k++) {
        inner /= s->dim[k];
        r->lo[k] = same ? lo / inner % s->dim[k] : 0;
        r->hi[k] = same ? (hi - 1) / inner % s->dim[k] + 1 : s->dim[k];
        same = same && r->hi[k] - r->lo[k] == 1;
    }
}

dv_ranges dv_ranges_of(const dv_shape *s, const dv_box *b)
{
    dv_ranges r = { { 0 }, { 0 } };
    plane_ranges(s, n_plane_axes(s), b->lo[DV_C], b->hi[DV_C], &r);
    if (s->rank >= 3) {
        r.lo[s->rank - 1] = b->lo[DV_X];
        r.hi[s->rank - 1] = b->hi[DV_X];
    }
    if (s->rank >= 4) {
        r.lo[s->rank - 2] = b->lo[DV_Y];
        r.hi[s->rank - 2] = b->hi[DV_Y];
    }
    return r;
}

dv_box dv_box_of_ranges(const dv_shape *s, const dv_ranges *r)
{
    dv_box b = { .hi = { 1, 1, 1 } };
    for (int k = 0; k < s->rank; k++)
        if (r->hi[k] <= r->lo[k])
            return (dv_box){ .hi = { 0 } };
    int32_t first = 0, last = 0;
    for (int k = 0; k < n_plane_axes(s); k++) {
        int32_t lo = r->lo[k] < 0 ? 0 : r->lo[k], hi = r->hi[k];
        hi = hi > s->dim[k] ? s->dim[k] : hi;
        if (hi <= lo)
            return (dv_box){ .hi = { 0 } };
        first = first * s->dim[k] + lo;
        last = last * s->dim[k] + hi - 1;
    }
    b.lo[DV_C] = first;
    b.hi[DV_C] = last + 1;
    if (s->rank >= 3) {
        b.lo[DV_X] = r->lo[s->rank - 1];
        b.hi[DV_X] = r->hi[s->rank - 1];
    }
    if (s->rank >= 4) {
        b.lo[DV_Y] = r->lo[s->rank - 2];
        b.hi[DV_Y] = r->hi[s->rank - 2];
    }
    return b;
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
