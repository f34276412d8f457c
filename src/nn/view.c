#include "nn/view.h"

#include <string.h>

dv_view dv_view_identity(const dv_shape *out)
{
    dv_view v = { .origin = { 0 } };
    for (int k = 0; k < out->rank; k++) {
        v.axis[k] = k;
        v.step[k] = 1;
        v.hi[k] = out->dim[k];
    }
    return v;
}

dv_view dv_view_broadcast(const dv_shape *in, const dv_shape *out)
{
    dv_view v = dv_view_identity(out);
    for (int k = 0; k < out->rank; k++) {
        int a = k - (out->rank - in->rank);
        v.axis[k] = a < 0 || in->dim[a] == 1 ? -1 : a;
    }
    return v;
}

/* The input's layout by output indices. */
static dv_layout seen(const dv_view *v, dv_layout in, int in_rank, int out_rank)
{
    dv_layout l = { .at = dv_layout_at(&in, v->origin, in_rank) };
    for (int k = 0; k < out_rank; k++)
        l.step[k] = v->axis[k] < 0 ? 0 : v->step[k] * in.step[v->axis[k]];
    return l;
}

static void copy(float *restrict to, ptrdiff_t to_step, const float *restrict from, ptrdiff_t step,
                 size_t n)
{
    if (step == 1 && to_step == 1)
        memcpy(to, from, n * sizeof *to);
    else
        for (size_t i = 0; i < n; i++)
            to[(ptrdiff_t)i * to_step] = from[(ptrdiff_t)i * step];
}

void dv_view_forward(const dv_view *v, const dv_tensor *in, const dv_tensor *out)
{
    dv_layout from = seen(v, dv_layout_whole(&in->shape), in->shape.rank, out->shape.rank);
    dv_layout to = dv_layout_whole(&out->shape);
    dv_shape said = out->shape; /* the part of out that is written */
    for (int k = 0; k < said.rank; k++) {
        said.dim[k] = v->hi[k] - v->lo[k];
        if (said.dim[k] <= 0)
            return;
        from.at += v->lo[k] * from.step[k];
        to.at += v->lo[k] * to.step[k];
    }
    dv_merge_axes(&said, 2, (dv_layout *[]){ &from, &to });
    dv_run r = dv_run_over(&said, dv_box_whole(&said));
    while (dv_run_next(&r))
        copy(out->data + dv_layout_at(&to, r.index, r.rank), to.step[r.last],
             in->data + dv_layout_at(&from, r.index, r.rank), from.step[r.last], (size_t)r.n);
}

static void add(float *to, ptrdiff_t step, const float *from, size_t n)
{
    if (step == 1) {
        for (size_t i = 0; i < n; i++)
            to[i] += from[i];
    } else if (step == 0) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += (double)from[i];
        *to += (float)sum;
    } else {
        for (size_t i = 0; i < n; i++)
            to[(ptrdiff_t)i * step] += from[i];
    }
}

/* Cuts a run to what the view says; false when nothing is left. */
static bool clip_run(const dv_view *v, dv_run *r, int32_t *skip)
{
    for (int k = 0; k < r->last; k++)
        if (r->index[k] < v->lo[k] || r->index[k] >= v->hi[k])
            return false;
    int32_t first = r->index[r->last], end = first + r->n;
    int32_t lo = first > v->lo[r->last] ? first : v->lo[r->last];
    int32_t hi = end < v->hi[r->last] ? end : v->hi[r->last];
    *skip = lo - first;
    r->index[r->last] = lo;
    r->n = hi - lo;
    return r->n > 0;
}

void dv_view_project(const dv_view *v, const dv_shape *in_shape, const dv_shape *out_shape,
                     const dv_signal *out, const dv_signal *in)
{
    if (!out->data || !in->data)
        return;
    dv_layout to = seen(v, dv_layout_box(in_shape, &in->box), in_shape->rank, out_shape->rank);
    const float *from = out->data;
    dv_run r = dv_run_over(out_shape, out->box);
    while (dv_run_next(&r)) {
        const float *run = from;
        int32_t skip = 0;
        from += r.n; /* the signal is dense */
        if (out_shape->rank == 0 || clip_run(v, &r, &skip))
            add(in->data + dv_layout_at(&to, r.index, r.rank), to.step[r.last], run + skip,
                (size_t)r.n);
    }
}

dv_box dv_view_window(const dv_view *v, const dv_shape *in_shape, const dv_shape *out_shape,
                      const dv_ranges *out)
{
    dv_ranges in;
    for (int a = 0; a < in_shape->rank; a++) {
        in.lo[a] = v->origin[a];
        in.hi[a] = v->origin[a] + 1;
    }
    for (int k = 0; k < out_shape->rank; k++) {
        int a = v->axis[k];
        if (out->hi[k] <= out->lo[k])
            return (dv_box){ .hi = { 0 } };
        if (a < 0)
            continue;
        int64_t first = (int64_t)out->lo[k] * v->step[k];
        int64_t last = (int64_t)(out->hi[k] - 1) * v->step[k];
        in.lo[a] = dv_coordinate(in.lo[a] + (first < last ? first : last));
        in.hi[a] = dv_coordinate(in.hi[a] + (first < last ? last : first));
    }
    return dv_box_of_ranges(in_shape, &in);
}
