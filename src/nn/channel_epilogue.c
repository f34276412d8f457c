#include "nn/channel_epilogue.h"

#include <stdlib.h>

bool dv_channel_epilogue_make(dv_channel_epilogue *e, const dv_epilogue *ep, const float *bias,
                              int32_t channels, dv_error *err)
{
    *e = (dv_channel_epilogue){ .ep = *ep };
    if (!bias)
        return true;
    if (!ep->scale && !ep->shift) {
        e->ep.shift = bias;
        return true;
    }
    e->shift = malloc((size_t)channels * sizeof *e->shift);
    if (!e->shift)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d channels", (int)channels);
    for (int32_t c = 0; c < channels; c++)
        e->shift[c] = bias[c] * (ep->scale ? ep->scale[c] : 1) + (ep->shift ? ep->shift[c] : 0);
    e->ep.shift = e->shift;
    return true;
}

void dv_channel_epilogue_free(dv_channel_epilogue *e)
{
    free(e->shift);
}

void dv_channel_epilogue_apply_part(const dv_epilogue *ep, const dv_tensor *t, size_t first,
                                    size_t count)
{
    if (dv_epilogue_is_none(ep))
        return;
    if (t->shape.rank < 2) { /* there are no channels */
        dv_epilogue_apply(ep, 0, 1, t->data + first, 0, count);
        return;
    }
    const size_t channels = (size_t)t->shape.dim[1];
    const size_t plane = dv_shape_count(&t->shape) / ((size_t)t->shape.dim[0] * channels);
    for (size_t at = first, end = first + count; at < end;) {
        const size_t channel = at / plane % channels;
        if (plane == 1) { /* as many channels as lie side by side */
            const size_t left = channels - channel, n = end - at < left ? end - at : left;
            dv_epilogue_apply(ep, (int)channel, (int)n, t->data + at, 1, 1);
            at += n;
            continue;
        }
        const size_t left = plane - at % plane, n = end - at < left ? end - at : left;
        dv_epilogue_apply(ep, (int)channel, 1, t->data + at, plane, n);
        at += n;
    }
}

void dv_channel_epilogue_apply(const dv_epilogue *ep, const dv_tensor *t)
{
    dv_channel_epilogue_apply_part(ep, t, 0, dv_shape_count(&t->shape));
}
