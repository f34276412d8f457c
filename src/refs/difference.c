#include "deconvviz/reference.h"

#include <math.h>

static float value_at(const dv_signal *s, int32_t c, int32_t y, int32_t x)
{
    const dv_box *b = &s->box;
    bool inside = c >= b->lo[DV_C] && c < b->hi[DV_C] && y >= b->lo[DV_Y] && y < b->hi[DV_Y] &&
                  x >= b->lo[DV_X] && x < b->hi[DV_X];
    return inside && s->data ? *dv_signal_at(s, c, y, x) : 0;
}

dv_difference dv_compare_signals(const dv_signal *a, const dv_signal *b)
{
    const dv_box all = dv_box_hull(a->box, b->box);
    double aa = 0, bb = 0, ab = 0, dd = 0;
    for (int32_t c = all.lo[DV_C]; c < all.hi[DV_C]; c++)
        for (int32_t y = all.lo[DV_Y]; y < all.hi[DV_Y]; y++)
            for (int32_t x = all.lo[DV_X]; x < all.hi[DV_X]; x++) {
                double p = (double)value_at(a, c, y, x), q = (double)value_at(b, c, y, x);
                aa += p * p;
                bb += q * q;
                ab += p * q;
                dd += (p - q) * (p - q);
            }
    dv_difference d = { .norm = { sqrt(aa), sqrt(bb) } };
    d.relative = aa > 0 ? fmin(sqrt(dd / aa), DV_RELATIVE_MAX) : bb > 0 ? DV_RELATIVE_MAX : 0;
    d.cosine = aa > 0 && bb > 0 ? ab / (d.norm[0] * d.norm[1]) : aa > 0 || bb > 0 ? 0 : 1;
    return d;
}
