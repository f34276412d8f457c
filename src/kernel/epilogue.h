/* epilogue.h - what is done to each output of a convolution or a matrix product while it is still
 * in a register: y = clamp(acc * scale[c] + shift[c], lo, hi), c the output channel.
 *
 * Bias is a shift; a folded batch normalisation a scale and a shift; ReLU is lo = 0. */
#ifndef DV_KERNEL_EPILOGUE_H
#define DV_KERNEL_EPILOGUE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct dv_epilogue {
    const float *scale;         /* (C); NULL: 1 */
    const float *shift;         /* (C); NULL: 0 */
    float lo, hi;               /* -INFINITY and INFINITY where there is no clamp */
    const struct dv_tail *tail; /* what is done behind it; NULL: nothing */
    bool plus; /* only of dv_epilogue_joined: what the tail adds is added before the clamp */
} dv_epilogue;

static const dv_epilogue dv_no_epilogue = { .lo = -INFINITY, .hi = INFINITY };

static inline bool dv_epilogue_clamps(const dv_epilogue *ep)
{
    return ep->lo > -INFINITY || ep->hi < INFINITY;
}

/* Whether it leaves outputs as they are. */
static inline bool dv_epilogue_is_none(const dv_epilogue *ep)
{
    return !ep->scale && !ep->shift && !dv_epilogue_clamps(ep) && !ep->tail;
}

/* The clamp of a value; a NaN stays one, so that it is found later. */
static inline float dv_clamp(float v, float lo, float hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* Applies it and its tail in place to rows of n values, one for each of `channels` channels from
 * `channel` on, `pitch` floats apart. */
void dv_epilogue_apply(const dv_epilogue *ep, int channel, int channels, float *y, size_t pitch,
                       size_t n);

#endif
