#include "studies/filters_measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_SIDE = 64, RINGS_A_CYCLE = 24 };

static const double SQRT3_2 = 0.86602540378443864676;

static double degrees(double radians)
{
    return radians * 180 / acos(-1.0);
}

/* In [0, whole). */
static double wrap(double v, double whole)
{
    v = fmod(v, whole);
    v = v < 0 ? v + whole : v;
    return v < whole ? v : 0;
}

bool dv_measure_new(dv_measure *m, const dv_patches *p, const int32_t stride[2], dv_error *err)
{
    const int side = p->height > p->width ? p->height : p->width;
    int n = LEAST_SIDE;
    while (n < side)
        n *= 2;
    *m = (dv_measure){ .patches = p, .stride = { stride[0], stride[1] } };
    m->power = malloc((size_t)n * (size_t)n * sizeof *m->power);
    m->detail = malloc((size_t)n * (size_t)n * sizeof *m->detail);
    if (!m->power || !m->detail)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a spectrum of %d x %d", n, n);
    return dv_fourier_new(&m->fourier, n, err);
}

void dv_measure_free(dv_measure *m)
{
    dv_fourier_free(&m->fourier);
    free(m->power);
    free(m->detail);
    *m = (dv_measure){ .patches = NULL };
}

/* -- energy ----------------------------------------------------------------------------------- */

/* power and detail of patch i; returns its energy, and that of its means. */
static double transform(dv_measure *m, int i, double *means)
{
    const dv_patches *p = m->patches;
    const size_t plane = (size_t)p->height * (size_t)p->width, n = (size_t)m->fourier.n;
    const float *v = p->v + (size_t)i * dv_patch_size(p);
    double energy = 0;
    *means = 0;
    memset(m->power, 0, n * n * sizeof *m->power);
    memset(m->detail, 0, n * n * sizeof *m->detail);
    for (int c = 0; c < p->channels; c++, v += plane) {
        double sum = 0;
        for (size_t k = 0; k < plane; k++) {
            sum += (double)v[k];
            energy += (double)v[k] * (double)v[k];
        }
        *means += sum * sum / (double)plane;
        dv_fourier_power(&m->fourier, v, p->height, p->width, 0, m->power);
        dv_fourier_power(&m->fourier, v, p->height, p->width, sum / (double)plane, m->detail);
    }
    return energy;
}

/* -- frequency -------------------------------------------------------------------------------- */

static int ring_of(double u, double v)
{
    const int ring = (int)(RINGS_A_CYCLE * sqrt(u * u + v * v));
    return ring < DV_FILTER_RINGS ? ring : DV_FILTER_RINGS - 1;
}

static bool is_above(const dv_measure *m, double u, double v)
{
    return fabs(v) * 2 * m->stride[0] > 1 || fabs(u) * 2 * m->stride[1] > 1;
}

static void measure_frequencies(dv_measure *m, double energy, dv_filter *f,
                                double ring[DV_FILTER_RINGS])
{
    const int n = m->fourier.n;
    const double whole = energy * n * n;
    double above = 0, photo = 0, photo_above = 0;
    m->peak = 0;
    for (int k = 0; k < n * n; k++) {
        const double u = dv_fourier_frequency(k % n, n), v = dv_fourier_frequency(k / n, n);
        const double squared = fmax(u * u + v * v, 1.0 / n / n);
        const bool beyond = is_above(m, u, v);
        const int at = ring_of(u, v), third = at / DV_FILTER_THIRD;
        ring[at] += m->power[k] / whole;
        *(third == 0 ? &f->low : third == 1 ? &f->mid : &f->high) += m->detail[k] / whole;
        above += beyond ? m->power[k] : 0;
        photo += m->power[k] / squared;
        photo_above += beyond ? m->power[k] / squared : 0;
        if (m->power[k] > m->power[m->peak] * (1 + 1e-9)) /* of two that rounding parts the first */
            m->peak = k;
    }
    f->above = above / whole;
    f->above_photo = photo_above / photo;
    f->frequency =
        hypot(dv_fourier_frequency(m->peak % n, n), dv_fourier_frequency(m->peak / n, n));
}

/* -- direction -------------------------------------------------------------------------------- */

/* By the mean of the doubled angles of all frequencies but 0. v grows downwards in the patch, and
 * bars stand across the direction in which they follow each other. */
static void measure_direction(const dv_measure *m, double energy, dv_filter *f)
{
    const int n = m->fourier.n;
    double re = 0, im = 0, sum = 0;
    for (int k = 1; k < n * n; k++) {
        const double u = dv_fourier_frequency(k % n, n), v = dv_fourier_frequency(k / n, n);
        const double squared = u * u + v * v;
        re += m->detail[k] * (u * u - v * v) / squared;
        im += m->detail[k] * 2 * u * v / squared;
        sum += m->detail[k];
    }
    const bool any = sum > 1e-9 * energy * n * n;
    f->selectivity = any ? sqrt(re * re + im * im) / sum : (double)NAN;
    f->orientation = any ? wrap(90 - degrees(atan2(im, re)) / 2, 180) : (double)NAN;
}

/* |X|^2 of patch i at any frequency, cycles a pixel, summed over the channels. */
static double power_at(const dv_patches *p, int i, double u, double v)
{
    const double turn = -2 * acos(-1.0);
    const double xr = cos(turn * u), xi = sin(turn * u);
    const float *at = p->v + (size_t)i * dv_patch_size(p);
    double power = 0;
    for (int c = 0; c < p->channels; c++) {
        double re = 0, im = 0;
        for (int y = 0; y < p->height; y++, at += p->width) {
            double row_re = 0, row_im = 0; /* of the row, by Horner from its end */
            for (int x = p->width - 1; x >= 0; x--) {
                const double was = row_re;
                row_re = was * xr - row_im * xi + (double)at[x];
                row_im = was * xi + row_im * xr;
            }
            const double yr = cos(turn * v * y), yi = sin(turn * v * y);
            re += row_re * yr - row_im * yi;
            im += row_re * yi + row_im * yr;
        }
        power += re * re + im * im;
    }
    return power;
}

/* Where the power along the ray through (u,v), of length 1, falls to half of `top`, from the peak
 * on by steps; between two steps on the line between them. A NaN: nowhere before 0, or where the
 * frequencies of the grid end. */
static double find_half(const dv_patches *p, int i, double u, double v, double peak, double top,
                        double step)
{
    const double end = 0.5 / fmax(fabs(u), fabs(v));
    double before = top;
    for (double at = peak + step; at > 0 && at < end; at += step) {
        const double now = power_at(p, i, u * at, v * at);
        if (now <= top / 2)
            return at - step * (top / 2 - now) / (before - now);
        before = now;
    }
    return (double)NAN;
}

static void measure_bandwidth(const dv_measure *m, int i, dv_filter *f)
{
    const int n = m->fourier.n;
    const double top = m->power[m->peak], step = 0.25 / n;
    f->bandwidth = (double)NAN;
    if (!(f->frequency > 0))
        return;
    const double u = dv_fourier_frequency(m->peak % n, n) / f->frequency;
    const double v = dv_fourier_frequency(m->peak / n, n) / f->frequency;
    const double low = find_half(m->patches, i, u, v, f->frequency, top, -step);
    if (!isnan(low))
        f->bandwidth = log2(find_half(m->patches, i, u, v, f->frequency, top, step) / low);
}

/* -- colour ----------------------------------------------------------------------------------- */

/* The plane of colours: across grey, red along x. */
typedef struct color {
    double x, y;
} color;

static color color_of(double r, double g, double b)
{
    return (color){ r - (g + b) / 2, SQRT3_2 * (g - b) };
}

/* The main axis of the colours, towards the end that is the stronger. */
static double hue_of(const float *v, size_t plane)
{
    double xx = 0, xy = 0, yy = 0, side = 0;
    for (size_t k = 0; k < plane; k++) {
        const color c = color_of((double)v[k], (double)v[plane + k], (double)v[2 * plane + k]);
        xx += c.x * c.x;
        xy += c.x * c.y;
        yy += c.y * c.y;
    }
    const double axis = atan2(2 * xy, xx - yy) / 2;
    for (size_t k = 0; k < plane; k++) {
        const color c = color_of((double)v[k], (double)v[plane + k], (double)v[2 * plane + k]);
        const double along = c.x * cos(axis) + c.y * sin(axis);
        side += along * fabs(along);
    }
    return wrap(degrees(axis) + (side < 0 ? 180 : 0), 360);
}

static void measure_color(const dv_patches *p, int i, double energy, dv_filter *f)
{
    const size_t plane = (size_t)p->height * (size_t)p->width;
    const float *v = p->v + (size_t)i * dv_patch_size(p);
    double grey = 0;
    f->chromatic = f->hue = (double)NAN;
    if (p->channels != 3 || !(energy > 0))
        return;
    for (size_t k = 0; k < plane; k++) {
        const double sum = (double)v[k] + (double)v[plane + k] + (double)v[2 * plane + k];
        grey += sum * sum / 3;
    }
    f->chromatic = fmax(1 - grey / energy, 0);
    f->colored = f->chromatic > 0.5;
    if (f->chromatic > 1e-9)
        f->hue = hue_of(v, plane);
}

/* -- all of it -------------------------------------------------------------------------------- */

void dv_measure_filter(dv_measure *m, int i, dv_filter *f, double ring[DV_FILTER_RINGS])
{
    double means;
    const double energy = transform(m, i, &means);
    memset(ring, 0, DV_FILTER_RINGS * sizeof *ring);
    f->rms = sqrt(energy / m->patches->weights);
    measure_color(m->patches, i, energy, f);
    f->low = f->mid = f->high = 0;
    if (energy > 0) {
        f->mean = means / energy;
        measure_frequencies(m, energy, f, ring);
        measure_direction(m, energy, f);
        measure_bandwidth(m, i, f);
        return;
    }
    f->mean = f->low = f->mid = f->high = f->above = f->above_photo = (double)NAN;
    f->frequency = f->bandwidth = f->orientation = f->selectivity = (double)NAN;
}

double dv_measure_grid(const dv_patches *p, int i, const int32_t stride[2])
{
    const double away = 3.0 / 8; /* no multiple of what a pooling by 2 or 3 repeats with */
    double sum = 0;
    int n = 0;
    for (int b = 0; b < stride[0]; b++)
        for (int a = b ? 0 : 1; a < stride[1]; a++) {
            const double here = power_at(p, i, (double)a / stride[1], (double)b / stride[0]);
            double around = 0;
            int m = 0;
            for (int dy = -1; dy <= 1; dy++)
                for (int dx = -1; dx <= 1; dx++) {
                    if ((dx == 0 && dy == 0) || (dx && stride[1] == 1) || (dy && stride[0] == 1))
                        continue;
                    around += log(
                        power_at(p, i, (a + dx * away) / stride[1], (b + dy * away) / stride[0]));
                    m++;
                }
            sum += log(here) - around / m;
            n++;
        }
    return n && isfinite(sum) ? exp(sum / n) : (double)NAN;
}

void dv_measure_noise(const dv_measure *m, double ring[DV_FILTER_RINGS], double *above)
{
    const int n = m->fourier.n;
    memset(ring, 0, DV_FILTER_RINGS * sizeof *ring);
    *above = 0;
    for (int k = 0; k < n * n; k++) {
        const double u = dv_fourier_frequency(k % n, n), v = dv_fourier_frequency(k / n, n);
        ring[ring_of(u, v)] += 1.0 / n / n;
        *above += is_above(m, u, v) ? 1.0 / n / n : 0;
    }
}
