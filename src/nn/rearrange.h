/* rearrange.h - the operator whose one output is one view of its first input: an operator says how
 * its view comes about, the rest is the same for all. */
#ifndef DV_NN_REARRANGE_H
#define DV_NN_REARRANGE_H

#include "nn/view.h"

/* Defines forward, window and project of an operator from its
 *     static dv_view view_of(const dv_call *c);
 */
#define DV_REARRANGE(view_of)                                                        \
    static void forward(const dv_call *c)                                            \
    {                                                                                \
        dv_view v = view_of(c);                                                      \
        dv_view_forward(&v, &c->in[0], &c->out[0]);                                  \
    }                                                                                \
    static dv_box window(const dv_call *c, int i, int o, dv_box out)                 \
    {                                                                                \
        (void)i, (void)o;                                                            \
        dv_view v = view_of(c);                                                      \
        return dv_rearrange_window(&v, c, out);                                      \
    }                                                                                \
    static void project(const dv_call *c, const dv_signal *out, const dv_signal *in) \
    {                                                                                \
        dv_view v = view_of(c);                                                      \
        dv_view_project(&v, &c->in[0].shape, &c->out[0].shape, &out[0], &in[0]);     \
    }

static inline dv_box dv_rearrange_window(const dv_view *v, const dv_call *c, dv_box out)
{
    if (dv_box_empty(&out))
        return out;
    dv_ranges r = dv_ranges_of(&c->out[0].shape, &out);
    return dv_view_window(v, &c->in[0].shape, &c->out[0].shape, &r);
}

#endif
