#include "plot/colors.h"

#include <math.h>

dv_rgb dv_color_curve(int i)
{
    static const dv_rgb colors[7] = { { 0, 114, 178 }, { 213, 94, 0 },   { 0, 158, 115 },
                                      { 230, 159, 0 }, { 86, 180, 233 }, { 204, 121, 167 },
                                      { 34, 34, 34 } };
    return colors[i % 7];
}

dv_rgb dv_color_class(int i)
{
    static const dv_rgb colors[DV_N_CLASS_COLORS] = {
        { 63, 144, 218 }, { 255, 169, 14 }, { 189, 31, 1 },    { 148, 164, 162 }, { 131, 45, 182 },
        { 169, 107, 89 }, { 231, 99, 0 },   { 185, 172, 112 }, { 113, 117, 129 }, { 146, 218, 221 }
    };
    return colors[i % DV_N_CLASS_COLORS];
}

static uint8_t between(uint8_t a, uint8_t b, double part)
{
    return (uint8_t)lrint(a + (b - a) * part);
}

dv_rgb dv_color_mixed(dv_rgb under, dv_rgb over, double opacity)
{
    return (dv_rgb){ between(under.r, over.r, opacity), between(under.g, over.g, opacity),
                     between(under.b, over.b, opacity) };
}

/* v from 0 to 1 along n colours. */
static dv_rgb along(const dv_rgb *colors, int n, double v)
{
    const double at = fmin(fmax(v, 0), 1) * (n - 1);
    const int i = at < n - 1 ? (int)at : n - 2;
    return dv_color_mixed(colors[i], colors[i + 1], at - i);
}

dv_rgb dv_color_sequential(double v)
{
    static const dv_rgb colors[16] = {
        { 68, 1, 84 },    { 72, 26, 108 },  { 71, 47, 125 },  { 65, 68, 135 },
        { 57, 86, 140 },  { 49, 104, 142 }, { 42, 120, 142 }, { 35, 136, 142 },
        { 31, 152, 139 }, { 34, 168, 132 }, { 53, 183, 121 }, { 84, 197, 104 },
        { 122, 209, 81 }, { 165, 219, 54 }, { 210, 226, 27 }, { 253, 231, 37 },
    };
    return along(colors, 16, v);
}

dv_rgb dv_color_diverging(double v)
{
    static const dv_rgb colors[11] = {
        { 5, 48, 97 },     { 33, 102, 172 },  { 67, 147, 195 },  { 146, 197, 222 },
        { 209, 229, 240 }, { 255, 255, 255 }, { 253, 219, 199 }, { 244, 165, 130 },
        { 214, 96, 77 },   { 178, 24, 43 },   { 103, 0, 31 },
    };
    return along(colors, 11, (v + 1) / 2);
}

static double linear(uint8_t c)
{
    const double v = c / 255.0;
    return v <= 0.03928 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

dv_rgb dv_color_ink_on(dv_rgb ground)
{
    const double luminance =
        0.2126 * linear(ground.r) + 0.7152 * linear(ground.g) + 0.0722 * linear(ground.b);
    return luminance > 0.2 ? DV_INK : DV_WHITE;
}
