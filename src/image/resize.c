#include "image/resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The method is that of Pillow's Resample.c, since networks are trained on what it makes: a
 * triangle filter, widened by the factor when shrinking; columns first, then rows, each rounded to
 * 8 bits; weights with 22 bits behind the point, so that a sum of 255 times them fits in 32 bits.
 */
enum { PRECISION = 32 - 8 - 2 };

/* What one result pixel is made of: source pixels [first, first + n). */
struct window {
    int first, n;
};

/* Of neighbouring result pixels along one axis. */
struct filter {
    struct window *windows; /* (count) */
    uint32_t *weights;      /* (count, most) */
    int most;               /* the longest window there can be */
};

static double triangle(double x)
{
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

static void filter_free(struct filter *f)
{
    free(f->windows);
    free(f->weights);
}

/* For the result pixels [from, from + count) when `in` pixels become `out`. The doubles go through
 * the very steps of Pillow, so that they round alike. */
static bool filter_make(struct filter *f, int in, int out, int from, int count, dv_error *err)
{
    double scale = (double)in / out, stretch = scale < 1 ? 1 : scale, step = 1 / stretch;
    f->most = (int)ceil(stretch) * 2 + 1;
    f->windows = malloc((size_t)count * sizeof *f->windows);
    f->weights = malloc((size_t)count * f->most * sizeof *f->weights);
    double *exact = malloc((size_t)f->most * sizeof *exact);
    bool ok = f->windows && f->weights && exact;
    for (int i = 0; ok && i < count; i++) {
        double centre = (from + i + 0.5) * scale, sum = 0;
        int first = (int)(centre - stretch + 0.5), end = (int)(centre + stretch + 0.5);
        first = first < 0 ? 0 : first;
        end = end > in ? in : end;
        for (int k = 0; k < end - first; k++)
            sum += exact[k] = triangle((k + first - centre + 0.5) * step);
        for (int k = 0; k < end - first; k++)
            f->weights[(size_t)i * f->most + k] =
                (uint32_t)(0.5 + exact[k] / sum * (1 << PRECISION));
        f->windows[i] = (struct window){ first, end - first };
    }
    free(exact);
    return ok || dv_fail(err, DV_NO_MEMORY, "out of memory for resizing");
}

static uint8_t rounded(uint32_t sum)
{
    sum >>= PRECISION;
    return (uint8_t)(sum < 255 ? sum : 255);
}

/* One source row to `count` result pixels. */
static void resize_row(const struct filter *f, int count, const uint8_t *row, uint8_t *to)
{
    for (int i = 0; i < count; i++, to += 3) {
        const uint8_t *from = row + 3 * (ptrdiff_t)f->windows[i].first;
        const uint32_t *weights = f->weights + (size_t)i * f->most;
        uint32_t r = 1 << (PRECISION - 1), g = r, b = r;
        for (int k = 0; k < f->windows[i].n; k++, from += 3) {
            r += weights[k] * from[0];
            g += weights[k] * from[1];
            b += weights[k] * from[2];
        }
        to[0] = rounded(r);
        to[1] = rounded(g);
        to[2] = rounded(b);
    }
}

/* `n` rows of `bytes` bytes to one, in strips whose sums stay in the nearest cache. */
static void mix_rows(const uint32_t *weights, int n, const uint8_t *rows, size_t bytes, uint8_t *to)
{
    enum { STRIP = 512 };
    for (size_t at = 0; at < bytes; at += STRIP) {
        uint32_t sums[STRIP];
        size_t width = bytes - at < STRIP ? bytes - at : STRIP;
        for (size_t i = 0; i < width; i++)
            sums[i] = 1 << (PRECISION - 1);
        for (int k = 0; k < n; k++) {
            const uint8_t *row = rows + k * bytes + at;
            for (size_t i = 0; i < width; i++)
                sums[i] += weights[k] * row[i];
        }
        for (size_t i = 0; i < width; i++)
            to[at + i] = rounded(sums[i]);
    }
}

bool dv_resize(const dv_image *im, int width, int height, dv_part part, uint8_t *to, dv_error *err)
{
    struct filter columns = { 0 }, rows = { 0 };
    uint8_t *between = NULL; /* (rows that are read, part.width, 3) */
    size_t bytes = (size_t)part.width * 3;
    bool ok = filter_make(&columns, im->width, width, part.x, part.width, err) &&
              filter_make(&rows, im->height, height, part.y, part.height, err);
    int first = 0, n = 0;
    if (ok) {
        const struct window *last = &rows.windows[part.height - 1];
        first = rows.windows[0].first;
        n = last->first + last->n - first;
        between = malloc((size_t)n * bytes);
        ok = between || dv_fail(err, DV_NO_MEMORY, "out of memory for resizing");
    }
    for (int y = 0; ok && y < n; y++)
        resize_row(&columns, part.width, im->rgb + (size_t)(first + y) * im->width * 3,
                   between + y * bytes);
    for (int y = 0; ok && y < part.height; y++) {
        struct window w = rows.windows[y];
        mix_rows(rows.weights + (size_t)y * rows.most, w.n,
                 between + (size_t)(w.first - first) * bytes, bytes, to + y * bytes);
    }
    free(between);
    filter_free(&columns);
    filter_free(&rows);
    return ok;
}
