#include "image/leaves.h"

#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DISCS = 20000, LEAST_RADIUS = 2 };

typedef struct disc {
    double x, y, radius;
    uint8_t rgb[3];
} disc;

/* Radii of density r^-3 from LEAST_RADIUS to a third of the shorter side. Colours are a grey level
 * with a smaller difference in each channel. */
static disc next_disc(dv_random *random, int width, int height)
{
    const double least = LEAST_RADIUS, most = fmax((width < height ? width : height) / 3.0, least);
    const double a = 1 / (least * least), b = 1 / (most * most);
    disc d = { .x = dv_random_real(random) * width, .y = dv_random_real(random) * height };
    d.radius = 1 / sqrt(a - dv_random_real(random) * (a - b));
    const double grey = dv_random_real(random) * 255;
    for (int c = 0; c < 3; c++) {
        const double v = grey + (dv_random_real(random) - 0.5) * 128;
        d.rgb[c] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
    return d;
}

/* Under what is there; covered: (height,width). Returns how many pixels it covers. */
static size_t lay(dv_image *im, bool *covered, const disc *d)
{
    const int y0 = (int)fmax(ceil(d->y - d->radius), 0);
    const int y1 = (int)fmin(floor(d->y + d->radius), im->height - 1);
    size_t n = 0;
    for (int y = y0; y <= y1; y++) {
        const double half = sqrt(fmax(d->radius * d->radius - (y - d->y) * (y - d->y), 0));
        const int x0 = (int)fmax(ceil(d->x - half), 0);
        const int x1 = (int)fmin(floor(d->x + half), im->width - 1);
        for (int x = x0; x <= x1; x++) {
            const size_t at = (size_t)y * (size_t)im->width + (size_t)x;
            if (covered[at])
                continue;
            covered[at] = true;
            memcpy(im->rgb + 3 * at, d->rgb, 3);
            n++;
        }
    }
    return n;
}

bool dv_image_leaves(dv_image *out, int width, int height, uint64_t seed, dv_error *err)
{
    const size_t n = (size_t)width * (size_t)height;
    bool *covered = calloc(n + 1, sizeof *covered);
    dv_image im = { width, height, malloc(3 * n + 1) };
    if (!covered || !im.rgb) {
        free(covered);
        free(im.rgb);
        return dv_fail(err, DV_NO_MEMORY, "no memory for a picture of %d x %d", width, height);
    }
    memset(im.rgb, 128, 3 * n);
    dv_random random = { .seed = seed };
    size_t left = n;
    for (int i = 0; i < MOST_DISCS && left > 0; i++) {
        const disc d = next_disc(&random, width, height);
        left -= lay(&im, covered, &d);
    }
    free(covered);
    *out = im;
    return true;
}
