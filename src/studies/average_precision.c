/* average_precision.c - of a ranking, by both rules of Pascal VOC. */
#include "deconvviz/probe.h"

#include <math.h>
#include <stdlib.h>

typedef struct ranked {
    double score;
    int32_t at;
    signed char sign;
} ranked;

static int by_rank(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

/* precision: (hits) at each hit, made the largest from there on: the interpolated curve. */
static void interpolate(double *precision, int32_t hits)
{
    for (int32_t i = hits - 1; i > 0; i--)
        precision[i - 1] = fmax(precision[i - 1], precision[i]);
}

bool dv_average_precision(const double *scores, const signed char *signs, int32_t n, double *area,
                          double *eleven, dv_error *err)
{
    ranked *r = malloc(((size_t)n + 1) * sizeof *r);
    double *precision = malloc(((size_t)n + 1) * sizeof *precision);
    int32_t m = 0, hits = 0;
    const bool ok = r && precision;
    *area = *eleven = (double)NAN;
    for (int32_t i = 0; ok && i < n; i++)
        if (signs[i] != 0)
            r[m++] = (ranked){ scores[i], i, signs[i] };
    if (ok)
        qsort(r, (size_t)m, sizeof *r, by_rank);
    for (int32_t i = 0; ok && i < m; i++)
        if (r[i].sign > 0) {
            hits++;
            precision[hits - 1] = (double)hits / (i + 1);
        }
    if (ok && hits > 0) {
        interpolate(precision, hits);
        *area = *eleven = 0;
        for (int32_t i = 0; i < hits; i++)
            *area += precision[i];
        for (int t = 0; t <= 10; t++) /* the first hit whose recall, (i + 1) / hits, is t / 10 */
            *eleven += precision[t == 0 ? 0 : (t * (int64_t)hits + 9) / 10 - 1];
        *area /= hits;
        *eleven /= 11;
    }
    free(r);
    free(precision);
    return ok || dv_fail(err, DV_NO_MEMORY, "no memory to rank %d images", (int)n);
}
