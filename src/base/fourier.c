#include "base/fourier.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool dv_fourier_new(dv_fourier *f, int n, dv_error *err)
{
    const double turn = -2 * acos(-1.0) / n;
    *f = (dv_fourier){ .n = n,
                       .circle = malloc((size_t)n * sizeof(double)),
                       .plane = malloc((size_t)n * (size_t)n * 2 * sizeof(double)),
                       .column = malloc((size_t)n * 2 * sizeof(double)) };
    if (!f->circle || !f->plane || !f->column)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a spectrum of %d x %d", n, n);
    for (int k = 0; k < n / 2; k++) {
        f->circle[2 * k] = cos(turn * k);
        f->circle[2 * k + 1] = sin(turn * k);
    }
    return true;
}

void dv_fourier_free(dv_fourier *f)
{
    free(f->circle);
    free(f->plane);
    free(f->column);
    *f = (dv_fourier){ .n = 0 };
}

/* v: (n,2), each element to the place whose number has its bits in the opposite order. */
static void reverse(double *v, int n)
{
    for (int i = 0, k = 0; i < n; i++) {
        for (int part = 0; part < 2 && i < k; part++) {
            const double swapped = v[2 * i + part];
            v[2 * i + part] = v[2 * k + part];
            v[2 * k + part] = swapped;
        }
        int bit = n / 2;
        for (; bit > 0 && (k & bit); bit /= 2)
            k ^= bit;
        k |= bit;
    }
}

/* In place (Cooley and Tukey 1965): v (n,2). */
static void transform(const dv_fourier *f, double *v)
{
    const int n = f->n;
    reverse(v, n);
    for (int half = 1; half < n; half *= 2)
        for (int at = 0; at < n; at += 2 * half)
            for (int k = 0; k < half; k++) {
                const double *w = &f->circle[2 * k * (n / (2 * half))];
                double *a = &v[2 * (at + k)], *b = a + 2 * (size_t)half;
                const double re = b[0] * w[0] - b[1] * w[1], im = b[0] * w[1] + b[1] * w[0];
                b[0] = a[0] - re;
                b[1] = a[1] - im;
                a[0] += re;
                a[1] += im;
            }
}

void dv_fourier_power(dv_fourier *f, const float *map, int h, int w, double level, double *power)
{
    const size_t n = (size_t)f->n;
    memset(f->plane, 0, n * n * 2 * sizeof(double));
    for (int y = 0; y < h; y++) {
        double *row = f->plane + (size_t)y * n * 2;
        for (int x = 0; x < w; x++)
            row[2 * x] = (double)map[(size_t)y * (size_t)w + (size_t)x] - level;
        transform(f, row);
    }
    for (size_t u = 0; u < n; u++) {
        for (size_t y = 0; y < n; y++)
            memcpy(&f->column[2 * y], &f->plane[(y * n + u) * 2], 2 * sizeof(double));
        transform(f, f->column);
        for (size_t v = 0; v < n; v++)
            power[v * n + u] +=
                f->column[2 * v] * f->column[2 * v] + f->column[2 * v + 1] * f->column[2 * v + 1];
    }
}
