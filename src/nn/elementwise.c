#include "nn/elementwise.h"

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
