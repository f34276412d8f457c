#include "image/cover.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNELS = 3, SIDES_OF_BLUR = 12 };

static void fill(dv_image *im, const uint8_t color[CHANNELS])
{
    for (size_t i = 0, n = (size_t)im->width * (size_t)im->height; i < n; i++)
        memcpy(&im->rgb[CHANNELS * i], color, CHANNELS);
}

static void mean_of(const dv_image *im, uint8_t mean[CHANNELS])
{
    const size_t n = (size_t)im->width * (size_t)im->height;
    uint64_t sum[CHANNELS] = { 0 };
    for (size_t i = 0; i < CHANNELS * n; i++)
        sum[i % CHANNELS] += im->rgb[i];
    for (int c = 0; c < CHANNELS; c++)
        mean[c] = (uint8_t)((sum[c] + n / 2) / n);
}

/* One line of n pixels, `step` bytes apart, weighted by a bell around each; edges go on as they
 * end. */
static void blur_line(const uint8_t *from, size_t step, int n, const float *bell, int reach,
                      uint8_t *to)
{
    for (int i = 0; i < n; i++)
        for (int c = 0; c < CHANNELS; c++) {
            float sum = 0;
            for (int k = -reach; k <= reach; k++) {
                const int at = i + k < 0 ? 0 : i + k >= n ? n - 1 : i + k;
                sum += bell[reach + k] * (float)from[(size_t)at * step + (size_t)c];
            }
            to[CHANNELS * i + c] = (uint8_t)(sum + 0.5F);
        }
}

/* Along x into `out`, then along y in place. */
static bool blur(dv_image *out, const dv_image *im, dv_error *err)
{
    const int w = im->width, h = im->height, shorter = w < h ? w : h;
    const double deviation = fmax(1, (double)shorter / SIDES_OF_BLUR);
    const int reach = (int)ceil(3 * deviation);
    const size_t longest = CHANNELS * (size_t)(w > h ? w : h);
    float *bell = malloc((2 * (size_t)reach + 1) * sizeof *bell);
    uint8_t *line = malloc(longest);
    double sum = 0;
    if (!bell || !line) {
        free(bell);
        free(line);
        return dv_fail(err, DV_NO_MEMORY, "no memory to blur an image of %dx%d pixels", w, h);
    }
    for (int k = -reach; k <= reach; k++)
        sum += exp(-k * k / (2 * deviation * deviation));
    for (int k = -reach; k <= reach; k++)
        bell[reach + k] = (float)(exp(-k * k / (2 * deviation * deviation)) / sum);
    const size_t row = CHANNELS * (size_t)w;
    for (int y = 0; y < h; y++)
        blur_line(im->rgb + row * (size_t)y, CHANNELS, w, bell, reach, out->rgb + row * (size_t)y);
    for (int x = 0; x < w; x++) {
        uint8_t *column = out->rgb + CHANNELS * (size_t)x;
        blur_line(column, row, h, bell, reach, line);
        for (int y = 0; y < h; y++)
            memcpy(column + row * (size_t)y, line + CHANNELS * y, CHANNELS);
    }
    free(bell);
    free(line);
    return true;
}

bool dv_cover_all(dv_image *out, const dv_image *im, dv_cover cover, dv_error *err)
{
    const size_t bytes = CHANNELS * (size_t)im->width * (size_t)im->height;
    uint8_t color[CHANNELS] = { 128, 128, 128 };
    dv_image made = { im->width, im->height, malloc(bytes) };
    if (!made.rgb)
        return dv_fail(err, DV_NO_MEMORY, "no memory for an image of %dx%d pixels", im->width,
                       im->height);
    if (cover == DV_COVER_BLUR && !blur(&made, im, err)) {
        dv_image_free(&made);
        return false;
    }
    if (cover == DV_COVER_MEAN)
        mean_of(im, color);
    if (cover != DV_COVER_BLUR)
        fill(&made, color);
    *out = made;
    return true;
}

static int within(int v, int max)
{
    return v < 0 ? 0 : v > max ? max : v;
}

void dv_cover_box(dv_image *im, const dv_image *cover, int x0, int y0, int x1, int y1)
{
    x0 = within(x0, im->width);
    x1 = within(x1, im->width);
    for (int y = within(y0, im->height); y < within(y1, im->height) && x0 < x1; y++) {
        const size_t at = CHANNELS * ((size_t)y * (size_t)im->width + (size_t)x0);
        memcpy(im->rgb + at, cover->rgb + at, CHANNELS * (size_t)(x1 - x0));
    }
}
