#include "kernel/epilogue.h"

#include "kernel/tail.h"

void dv_epilogue_apply(const dv_epilogue *ep, int channel, int channels, float *y, size_t pitch,
                       size_t n)
{
    const bool plain = !ep->scale && !ep->shift && ep->lo == -INFINITY && ep->hi == INFINITY;
    for (int c = 0; c < channels; c++) {
        const float scale = ep->scale ? ep->scale[channel + c] : 1;
        const float shift = ep->shift ? ep->shift[channel + c] : 0;
        float *row = y + (size_t)c * pitch;
        for (size_t i = 0; !plain && i < n; i++)
            row[i] = dv_clamp(row[i] * scale + shift, ep->lo, ep->hi);
    }
    if (ep->tail)
        dv_tail_run_rows(ep->tail, y, pitch, channels, n);
}
