#include "kernel/epilogue.h"

void dv_epilogue_apply(const dv_epilogue *ep, int channel, int channels, float *y, size_t pitch,
                       size_t n)
{
    if (!ep->scale && !ep->shift && ep->lo == -INFINITY && ep->hi == INFINITY)
        return;
    for (int c = 0; c < channels; c++) {
        const float scale = ep->scale ? ep->scale[channel + c] : 1;
        const float shift = ep->shift ? ep->shift[channel + c] : 0;
        float *row = y + (size_t)c * pitch;
        for (size_t i = 0; i < n; i++)
            row[i] = dv_clamp(row[i] * scale + shift, ep->lo, ep->hi);
    }
}
