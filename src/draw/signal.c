/* signal.c - signed maps and network inputs as colours. */
#include "deconvviz/draw.h"

#include <math.h>
#include <string.h>

/* -- scale ------------------------------------------------------------------------------------ */

enum { DIGIT_BITS = 8, N_DIGITS = 1 << DIGIT_BITS };

static uint32_t magnitude_bits(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits & 0x7fffffff;
}

/* Magnitudes of floats are ordered as their bits are: the value of a rank is found digit by digit,
 * from the highest, by counting; exact and without memory. */
float dv_signal_scale(const dv_signal *s)
{
    size_t n = dv_box_count(&s->box), n_nonzero = 0;
    for (size_t i = 0; i < n; i++)
        n_nonzero += magnitude_bits(s->data[i]) != 0;
    if (n_nonzero == 0)
        return 0;
    size_t above = n_nonzero / 200; /* so many may be larger than the 99.5th percentile */
    uint32_t prefix = 0, mask = 0;
    for (int shift = 32 - DIGIT_BITS; shift >= 0; shift -= DIGIT_BITS) {
        size_t count[N_DIGITS] = { 0 };
        for (size_t i = 0; i < n; i++) {
            uint32_t bits = magnitude_bits(s->data[i]);
            if (bits != 0 && (bits & mask) == prefix)
                count[bits >> shift & (N_DIGITS - 1)]++;
        }
        uint32_t digit = N_DIGITS - 1;
        while (count[digit] <= above)
            above -= count[digit--];
        prefix |= digit << shift;
        mask |= (uint32_t)(N_DIGITS - 1) << shift;
    }
    float scale;
    memcpy(&scale, &prefix, sizeof scale);
    return scale;
}

/* -- colour ----------------------------------------------------------------------------------- */

static uint8_t shade(float v, float scale)
{
    float t = fabsf(v) / scale;
    int step = (int)lroundf((t < 1 ? t : 1) * 127);
    return (uint8_t)(v < 0 ? 128 - step : 128 + step);
}

bool dv_signal_flat(const dv_signal *s, float scale)
{
    size_t n = dv_box_count(&s->box);
    for (size_t i = 0; i < n && scale > 0; i++)
        if (shade(s->data[i], scale) != 128)
            return false;
    return true;
}

bool dv_draw_signal(dv_image *out, const dv_signal *s, dv_rect r, float scale, bool bgr,
                    dv_error *err)
{
    const dv_box *b = &s->box;
    int channels = b->hi[DV_C] - b->lo[DV_C];
    if (!dv_box_empty(b) && (b->lo[DV_C] != 0 || (channels != 1 && channels != 3)))
        return dv_fail(err, DV_UNSUPPORTED, "an input of %d channels has no picture: 1 or 3",
                       b->hi[DV_C]);
    if (!dv_picture_new(out, r.x1 - r.x0, r.y1 - r.y0, DV_GREY, err))
        return false;
    if (dv_box_empty(b) || !(scale > 0))
        return true;
    dv_box shown = { { 0, r.y0, r.x0 }, { channels, r.y1, r.x1 } };
    shown = dv_box_intersect(shown, *b);
    for (int y = shown.lo[DV_Y]; y < shown.hi[DV_Y]; y++) {
        uint8_t *row = out->rgb + (size_t)(y - r.y0) * (size_t)out->width * 3;
        for (int x = shown.lo[DV_X]; x < shown.hi[DV_X]; x++)
            for (int c = 0; c < 3; c++) {
                int from = channels == 1 ? 0 : bgr ? 2 - c : c;
                row[(x - r.x0) * 3 + c] = shade(*dv_signal_at(s, from, y, x), scale);
            }
    }
    return true;
}

static uint8_t byte_of(float v)
{
    return v <= 0 ? 0 : v >= 255 ? 255 : (uint8_t)lroundf(v);
}

bool dv_draw_input(dv_image *out, const float *input, const dv_preprocess *p, dv_error *err)
{
    if (p->channels != 1 && p->channels != 3)
        return dv_fail(err, DV_UNSUPPORTED, "an input of %d channels has no picture: 1 or 3",
                       p->channels);
    if (!dv_picture_new(out, p->size[1], p->size[0], DV_GREY, err))
        return false;
    size_t plane = (size_t)p->size[0] * (size_t)p->size[1];
    for (int c = 0; c < 3; c++) {
        int from = p->channels == 1 ? 0 : p->bgr ? 2 - c : c;
        const float *v = input + (size_t)from * plane;
        for (size_t i = 0; i < plane; i++)
            out->rgb[i * 3 + (size_t)c] = byte_of((v[i] * p->std[from] + p->mean[from]) / p->scale);
    }
    return true;
}
