#include "base/statistics.h"

#include <math.h>
#include <stdlib.h>

void dv_sample_add(dv_sample *s, double v)
{
    const double before = v - s->mean;
    s->n++;
    s->mean += before / (double)s->n;
    s->squares += before * (v - s->mean);
}

double dv_sample_deviation(const dv_sample *s)
{
    return s->n < 2 ? (double)NAN : sqrt(s->squares / (double)(s->n - 1));
}

double dv_sample_error(const dv_sample *s)
{
    return dv_student_95(s->n - 1) * dv_sample_deviation(s) / sqrt((double)s->n);
}

double dv_student_95(int64_t freedom)
{
    static const double least[] = { 12.706204736, 4.302652730, 3.182446305, 2.776445105,
                                    2.570581836,  2.446911851, 2.364624252, 2.306004135,
                                    2.262157163,  2.228138852 };
    const double z = 1.959963984540054, n = (double)freedom;
    if (freedom < 1)
        return (double)NAN;
    if (freedom <= (int64_t)(sizeof least / sizeof least[0]))
        return least[freedom - 1];
    /* The expansion of Cornish and Fisher, right to 2e-4 from here on. */
    const double z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
    return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n) +
           (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n);
}

void dv_proportion_interval(double p, double n, double interval[2])
{
    const double z = 1.959963984540054;
    if (!(n > 0)) {
        interval[0] = 0;
        interval[1] = 1;
        return;
    }
    const double zz = z * z / n;
    const double middle = (p + zz / 2) / (1 + zz);
    const double half = z * sqrt(p * (1 - p) / n + zz / (4 * n)) / (1 + zz);
    interval[0] = p <= 0 ? 0 : middle - half;
    interval[1] = p >= 1 ? 1 : middle + half;
}

void dv_share_interval(int64_t hits, int64_t n, double interval[2])
{
    dv_proportion_interval(n > 0 ? (double)hits / (double)n : 0, (double)n, interval);
}

void dv_change_interval(int64_t won, int64_t lost, int64_t n, double interval[2])
{
    const double z = 1.959963984540054, of = (double)n + 2;
    const double p = ((double)won + 1) / of, q = ((double)lost + 1) / of;
    const double half = z * sqrt((p + q - (p - q) * (p - q)) / of);
    interval[0] = fmax(-1, p - q - half);
    interval[1] = fmin(1, p - q + half);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double dv_quantile(double *v, size_t n, double q)
{
    if (n == 0)
        return (double)NAN;
    qsort(v, n, sizeof *v, by_value);
    const double at = q * (double)(n - 1);
    const size_t below = (size_t)at;
    if (below + 1 >= n)
        return v[n - 1];
    return v[below] + (at - (double)below) * (v[below + 1] - v[below]);
}

double dv_correlation(const float *a, const float *b, size_t n)
{
    double mean_a = 0, mean_b = 0, aa = 0, bb = 0, ab = 0;
    for (size_t i = 0; i < n; i++) {
        mean_a += (double)a[i] / (double)n;
        mean_b += (double)b[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        const double p = (double)a[i] - mean_a, q = (double)b[i] - mean_b;
        aa += p * p;
        bb += q * q;
        ab += p * q;
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : (double)NAN;
}

/* In eight sums, so that it is quick. */
double dv_distance(const float *a, const float *b, size_t n)
{
    enum { SUMS = 8 };
    double sums[SUMS] = { 0 }, total = 0;
    size_t i = 0;
    for (; b && i + SUMS <= n; i += SUMS)
        for (size_t k = 0; k < SUMS; k++) {
            const double d = (double)a[i + k] - (double)b[i + k];
            sums[k] += d * d;
        }
    for (; i < n; i++) {
        const double d = (double)a[i] - (b ? (double)b[i] : 0);
        sums[i % SUMS] += d * d;
    }
    for (size_t k = 0; k < SUMS; k++)
        total += sums[k];
    return sqrt(total);
}
