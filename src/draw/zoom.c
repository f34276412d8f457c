/* zoom.c - pictures enlarged by whole numbers, in integer arithmetic: a flat area stays as it is
 * to the last bit, so that zero is still 128. */
#include "deconvviz/draw.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_FACTOR = 256, ONE_BITS = 12, ONE = 1 << ONE_BITS, TAPS = 4 };

/* For each of the `factor` places inside a pixel: weights of the TAPS pixels from `first` on,
 * counted from the pixel itself, that add up to ONE. */
typedef struct taps {
    int first;
    int weight[TAPS];
} taps;

static void squares(int factor, taps *t)
{
    for (int i = 0; i < factor; i++)
        t[i] = (taps){ .first = 0, .weight = { ONE } };
}

/* The Catmull-Rom spline through pixel centres. */
static void splines(int factor, taps *t)
{
    for (int i = 0; i < factor; i++) {
        double at = (i + 0.5) / factor - 0.5; /* from the centre of the pixel */
        t[i].first = at < 0 ? -2 : -1;
        double u = at < 0 ? at + 1 : at;
        double w[TAPS] = { ((2 - u) * u - 1) * u / 2, ((3 * u - 5) * u * u + 2) / 2,
                           ((4 - 3 * u) * u + 1) * u / 2, (u - 1) * u * u / 2 };
        int sum = 0;
        for (int k = 0; k < TAPS; k++)
            sum += t[i].weight[k] = (int)lrint(w[k] * ONE);
        t[i].weight[at < 0 ? 2 : 1] += ONE - sum;
    }
}

static uint8_t blend(const taps *t, const uint8_t *const from[TAPS], size_t at)
{
    int sum = ONE / 2;
    for (int k = 0; k < TAPS; k++)
        sum += t->weight[k] * from[k][at];
    /* A negative sum shifted right is the compiler's affair. */
    return sum < 0 ? 0 : sum >> ONE_BITS > 255 ? 255 : (uint8_t)(sum >> ONE_BITS);
}

/* Where tap k of place i reads: pixels past the edge repeat the one at the edge. */
static int source(const taps *t, int i, int k, int n)
{
    int at = i + t->first + k;
    return at < 0 ? 0 : at >= n ? n - 1 : at;
}

static void widen(uint8_t *to, const uint8_t *row, int width, int factor, const taps *t)
{
    for (int x = 0; x < width; x++)
        for (int f = 0; f < factor; f++, to += 3) {
            const uint8_t *from[TAPS];
            for (int k = 0; k < TAPS; k++)
                from[k] = row + (size_t)source(&t[f], x, k, width) * 3;
            for (size_t c = 0; c < 3; c++)
                to[c] = blend(&t[f], from, c);
        }
}

bool dv_picture_zoom(dv_image *out, const dv_image *from, int factor, dv_error *err)
{
    if (factor < 1 || factor > MAX_FACTOR)
        return dv_fail(err, DV_BAD_USAGE, "a zoom of %d: 1 to %d", factor, MAX_FACTOR);
    int w = from->width, h = from->height;
    if ((int64_t)w * factor > INT32_MAX || (int64_t)h * factor > INT32_MAX)
        return dv_fail(err, DV_UNSUPPORTED, "a picture of %dx%d enlarged %d times is too large", w,
                       h, factor);
    dv_image wide, tall;
    if (!dv_picture_new(&tall, w * factor, h * factor, DV_GREY, err))
        return false;
    if (!dv_picture_new(&wide, w * factor, h, DV_GREY, err)) {
        dv_image_free(&tall);
        return false;
    }
    taps t[MAX_FACTOR];
    (w <= DV_ZOOM_SQUARES && h <= DV_ZOOM_SQUARES ? squares : splines)(factor, t);

    size_t stride = (size_t)w * (size_t)factor * 3;
    for (int y = 0; y < h; y++)
        widen(wide.rgb + (size_t)y * stride, from->rgb + (size_t)y * (size_t)w * 3, w, factor, t);
    for (int y = 0; y < h * factor; y++) {
        const taps *place = &t[y % factor];
        const uint8_t *rows[TAPS];
        for (int k = 0; k < TAPS; k++)
            rows[k] = wide.rgb + (size_t)source(place, y / factor, k, h) * stride;
        for (size_t i = 0; i < stride; i++)
            tall.rgb[(size_t)y * stride + i] = blend(place, rows, i);
    }
    dv_image_free(&wide);
    *out = tall;
    return true;
}
