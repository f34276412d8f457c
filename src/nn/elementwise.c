#include "nn/elementwise.h"

#include "kernel/isa.h"
#include "nn/walk.h"

bool dv_infer_same_shape(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err)
{
    (void)params, (void)err;
    out[0] = s->in[0].shape;
    return true;
}

dv_box dv_window_same(const dv_call *c, int i, int o, dv_box out)
{
    (void)c, (void)i, (void)o;
    return out;
}

dv_box dv_window_whole(const dv_call *c, int i, int o, dv_box out)
{
    (void)o;
    return dv_box_empty(&out) ? out : dv_box_whole(&c->in[i].shape);
}

dv_box dv_reach_same(const dv_call *c, int i, int o, dv_box in)
{
    (void)c, (void)i, (void)o;
    return in;
}

/* The window of one plane, row or column of the output. */
static dv_box window_at(const dv_call *c, int i, int o, dv_box out, int axis, int32_t at)
{
    out.lo[axis] = at;
    out.hi[axis] = at + 1;
    return c->op->window(c, i, o, out);
}

/* The first index on an axis whose window ends behind `at`, or (begins) begins there or behind. */
static int32_t first_past(const dv_call *c, int i, int o, dv_box out, int axis, int32_t at,
                          bool begins)
{
    int32_t lo = 0, hi = out.hi[axis];
    while (lo < hi) {
        const int32_t mid = lo + (hi - lo) / 2;
        const dv_box w = window_at(c, i, o, out, axis, mid);
        if (begins ? w.lo[axis] >= at : w.hi[axis] > at)
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

dv_box dv_reach_along(const dv_call *c, int i, int o, dv_box in)
{
    const dv_box whole = dv_box_whole(&c->out[o].shape);
    dv_box out = whole;
    for (int axis = DV_C; axis <= DV_X; axis++) {
        out.lo[axis] = first_past(c, i, o, whole, axis, in.lo[axis], false);
        out.hi[axis] = first_past(c, i, o, whole, axis, in.hi[axis], true);
    }
    return out;
}

dv_box dv_wanted(const dv_call *c, int o)
{
    return c->boxes ? c->boxes[o] : dv_box_whole(&c->out[o].shape);
}

enum { STRETCH = 16384 }; /* elements in one part, about */

/* Planes of a part of a box. */
static int32_t planes_of_part(const dv_box *b)
{
    const size_t plane = (size_t)(b->hi[DV_Y] - b->lo[DV_Y]) * (size_t)(b->hi[DV_X] - b->lo[DV_X]);
    return plane > 0 && plane < STRETCH ? (int32_t)(STRETCH / plane) : 1;
}

int dv_stretch_parts(const dv_call *c)
{
    if (!c->boxes)
        return (int)((dv_shape_count(&c->out[0].shape) + STRETCH - 1) / STRETCH);
    const dv_box *b = &c->boxes[0];
    return dv_box_empty(b) ? 0 : dv_box_parts(b, planes_of_part(b));
}

dv_stretch dv_stretch_of(const dv_call *c, int part)
{
    if (!c->boxes) {
        const size_t at = (size_t)part * STRETCH, left = dv_shape_count(&c->out[0].shape) - at;
        return (
            dv_stretch){ .at = at, .n = left < STRETCH ? left : STRETCH, .rows = 1, .planes = 1 };
    }
    const dv_box whole = dv_box_whole(&c->out[0].shape),
                 b = dv_box_part(c->boxes[0], planes_of_part(&c->boxes[0]), part);
    dv_stretch s = { .pitch = (size_t)whole.hi[DV_X], .rows = b.hi[DV_Y] - b.lo[DV_Y] };
    s.plane = (size_t)whole.hi[DV_Y] * s.pitch;
    s.planes = b.hi[DV_C] - b.lo[DV_C];
    s.n = (size_t)(b.hi[DV_X] - b.lo[DV_X]);
    s.at = (size_t)b.lo[DV_C] * s.plane + (size_t)b.lo[DV_Y] * s.pitch + (size_t)b.lo[DV_X];
    return s;
}

void dv_stretch_next(dv_stretch *s)
{
    if (++s->y < s->rows) {
        s->at += s->pitch;
    } else if (--s->planes > 0) {
        s->at += s->plane - (size_t)(s->rows - 1) * s->pitch;
        s->y = 0;
    } else {
        s->n = 0;
    }
}

static void function_part(void *ctx, int i, int worker)
{
    (void)worker;
    const dv_call *c = ctx;
    const dv_isa *isa = dv_isa_best();
    dv_function f = DV_N_FUNCTIONS;
    float a = 0, b = 0;
    c->op->function(c, &f, &a, &b);
    for (dv_stretch s = dv_stretch_of(c, i); s.n > 0; dv_stretch_next(&s))
        isa->map(f, (int)s.n, c->in[0].data + s.at, a, b, c->out[0].data + s.at);
}

void dv_forward_function(const dv_call *c)
{
    dv_call call = *c;
    dv_pool_run(c->pool, dv_stretch_parts(c), function_part, &call);
}

/* Whether the two boxes are all of the tensor on an axis. */
static bool all_of_axis(const dv_rows *r, int axis)
{
    return r->from.box.lo[axis] == 0 && r->from.box.hi[axis] == r->whole[axis] &&
           r->to.box.lo[axis] == 0 && r->to.box.hi[axis] == r->whole[axis];
}

dv_rows dv_rows_of(const dv_shape *s, const dv_signal *out, const dv_signal *in)
{
    dv_box whole = dv_box_whole(s);
    dv_rows r = { .from = *out, .to = *in, .axes = 1 };
    for (int i = 0; i < 3; i++)
        r.whole[i] = whole.hi[i];
    if (all_of_axis(&r, DV_X))
        r.axes = all_of_axis(&r, DV_Y) ? 3 : 2;
    r.c = out->box.lo[DV_C];
    r.y = out->box.lo[DV_Y];
    if (!out->data || !in->data || dv_box_empty(&out->box))
        r.c = out->box.hi[DV_C];
    return r;
}

bool dv_rows_next(dv_rows *r)
{
    const dv_box *b = &r->from.box;
    if (r->c >= b->hi[DV_C])
        return false;
    r->out = dv_signal_at(&r->from, r->c, r->y, b->lo[DV_X]);
    r->in = dv_signal_at(&r->to, r->c, r->y, b->lo[DV_X]);
    r->at = ((size_t)r->c * (size_t)r->whole[DV_Y] + (size_t)r->y) * (size_t)r->whole[DV_X] +
            (size_t)b->lo[DV_X];
    r->n = (size_t)(b->hi[DV_X] - b->lo[DV_X]);
    if (r->axes == 1 && r->y + 1 < b->hi[DV_Y]) {
        r->y++;
        return true;
    }
    if (r->axes > 1)
        r->n *= (size_t)(b->hi[DV_Y] - b->lo[DV_Y]);
    r->y = b->lo[DV_Y];
    r->c++;
    if (r->axes == 3) {
        r->n *= (size_t)(b->hi[DV_C] - b->lo[DV_C]);
        r->c = b->hi[DV_C];
    }
    return true;
}

void dv_back_run(const dv_call *c, const dv_signal *out, const dv_signal *in,
                 void (*part)(void *ctx, int i, int worker))
{
    if (!out->data || !in->data || dv_box_empty(&out->box))
        return;
    dv_back b = { c, out, in, planes_of_part(&out->box) };
    dv_pool_run(c->pool, dv_box_parts(&out->box, b.planes), part, &b);
}

dv_rows dv_back_rows(const dv_back *b, int part)
{
    const dv_signal out = dv_signal_part(b->out, b->planes, part);
    return dv_rows_of(&b->c->out[0].shape, &out, b->in);
}

static void rectify_part(void *ctx, int i, int worker)
{
    (void)worker;
    dv_rows r = dv_back_rows(ctx, i);
    while (dv_rows_next(&r))
        for (size_t k = 0; k < r.n; k++)
            r.in[k] += r.out[k] > 0 ? r.out[k] : 0;
}

void dv_add_rectified(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    dv_back_run(c, out, in, rectify_part);
}

void dv_add_signal(const dv_shape *s, const dv_signal *out, const dv_signal *in)
{
    dv_rows r = dv_rows_of(s, out, in);
    while (dv_rows_next(&r))
        for (size_t i = 0; i < r.n; i++)
            r.in[i] += r.out[i];
}

void dv_fuse_clamp(dv_epilogue *ep, float lo, float hi)
{
    ep->lo = dv_clamp(ep->lo, lo, hi);
    ep->hi = dv_clamp(ep->hi, lo, hi);
}
