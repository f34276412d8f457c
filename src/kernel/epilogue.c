#include "kernel/epilogue.h"

#include "kernel/isa.h"
#include "kernel/tail.h"

static void finish_rows(const dv_epilogue *ep, int channel, int channels, float *y, size_t pitch,
                        size_t n)
{
    const dv_isa *isa = dv_isa_best();
    for (int c = 0; c < channels; c++, y += pitch) {
        const float scale = ep->scale ? ep->scale[channel + c] : 1;
        const float shift = ep->shift ? ep->shift[channel + c] : 0;
        if (n == 1) /* the same, without a call for one number */
            *y = dv_clamp(*y * scale + shift, ep->lo, ep->hi);
        else
            isa->finish((int)n, y, scale, shift, ep->lo, ep->hi, y);
    }
}

void dv_epilogue_apply(const dv_epilogue *ep, int channel, int channels, float *y, size_t pitch,
                       size_t n)
{
    if (ep->scale || ep->shift || dv_epilogue_clamps(ep))
        finish_rows(ep, channel, channels, y, pitch, n);
    if (ep->tail)
        dv_tail_run_rows(ep->tail, y, pitch, channels, n);
}
