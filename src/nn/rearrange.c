#include "nn/rearrange.h"

void dv_rearrange(const dv_call *c)
{
    dv_piece p;
    for (int o = 0; o < c->n_out; o++) {
        const dv_box whole = dv_box_whole(&c->out[o].shape), box = dv_wanted(c, o);
        for (int i = 0; i < c->n_in; i++)
            for (int k = 0; !dv_box_empty(&box) && c->op->piece(c, i, o, k, &p); k++)
                dv_piece_copy_box(&p, &whole, box,
                                  p.fill ? c->op->filling(c, DV_F32) : c->in[i].data,
                                  c->out[o].data, c->pool);
    }
}

bool dv_rearrange_array(const dv_call *c, int i, int o, dv_dtype type, const void *from, void *to)
{
    dv_piece p;
    for (int k = 0; c->op->piece(c, i, o, k, &p); k++) {
        const void *data = p.fill ? c->op->filling(c, type) : from;
        if (!data)
            return false;
        dv_piece_copy(&p, dv_dtype_size(type), data, to);
    }
    return true;
}

dv_box dv_rearrange_reach(const dv_call *c, int i, int o, dv_box in)
{
    dv_piece p;
    dv_box out = { .hi = { 0 } };
    for (int k = 0; !dv_box_empty(&in) && c->op->piece(c, i, o, k, &p); k++)
        out = dv_box_hull(out, dv_piece_reach(&p, &c->in[i].shape, &c->out[o].shape, in));
    return out;
}

dv_box dv_rearrange_window(const dv_call *c, int i, int o, dv_box out)
{
    dv_piece p;
    dv_box in = { .hi = { 0 } };
    for (int k = 0; !dv_box_empty(&out) && c->op->piece(c, i, o, k, &p); k++)
        in = dv_box_hull(in, dv_piece_window(&p, &c->in[i].shape, &c->out[o].shape, out));
    return in;
}

void dv_rearrange_project(const dv_call *c, const dv_signal *out, const dv_signal *in)
{
    dv_piece p;
    for (int o = 0; o < c->n_out; o++)
        for (int i = 0; i < c->n_in; i++)
            for (int k = 0; out[o].data && in[i].data && c->op->piece(c, i, o, k, &p); k++)
                dv_piece_project(&p, &c->in[i].shape, &c->out[o].shape, &out[o], &in[i]);
}

bool dv_rearrange_reads(const dv_call *c, int i)
{
    dv_piece p;
    return c->op->piece(c, i, 0, 0, &p);
}

int64_t dv_rearrange_part(const dv_call *c, int i)
{
    dv_piece p;
    ptrdiff_t from, to;
    size_t n;
    for (int k = 0; c->op->piece(c, i, 0, k, &p); k++)
        if (dv_piece_is_run(&p, &from, &to, &n) && n == dv_shape_count(&c->in[i].shape))
            return to;
    return -1;
}

bool dv_rearrange_is_view(const dv_call *c)
{
    return c->op->piece && dv_shape_count(&c->in[0].shape) == dv_shape_count(&c->out[0].shape) &&
           dv_rearrange_part(c, 0) == 0;
}
