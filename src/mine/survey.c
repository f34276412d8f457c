#include "mine/survey.h"
#include "index/index_build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

/* Maps are read once, in blocks that lie in the first-level cache; a block is read again only when
 * its largest value is among the map's best so far. Vectors of four floats are what every x86-64
 * and ARM64 has; the order of summing is that of STRIPES of them, whatever the machine. */
enum { LANES = 4, STRIPES = 4, STEP = LANES * STRIPES, BLOCK = 1024 };

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t mask __attribute__((vector_size(LANES * sizeof(float))));

typedef struct summary {
    float max;
    double sum;
    uint32_t active;
} summary;

bool dv_survey_new(dv_survey *s, int n_units, int per_image, dv_error *err)
{
    size_t n = (size_t)n_units;
    *s = (dv_survey){ .n_units = n_units, .per_image = per_image };
    s->sum = calloc(n + 1, sizeof *s->sum);
    s->active = calloc(n + 1, sizeof *s->active);
    s->bin = calloc(n + 1, sizeof *s->bin);
    s->peaks = calloc(n * (size_t)per_image + 1, sizeof *s->peaks);
    if (s->sum && s->active && s->bin && s->peaks)
        return true;
    dv_survey_free(s);
    return dv_fail(err, DV_NO_MEMORY, "no memory to survey %d units", n_units);
}

void dv_survey_free(dv_survey *s)
{
    free(s->sum);
    free(s->active);
    free(s->bin);
    free(s->peaks);
    *s = (dv_survey){ 0 };
}

static void add_rest(summary *to, const float *v, size_t n)
{
    float sum = 0;
    for (size_t i = 0; i < n; i++) {
        to->max = v[i] > to->max ? v[i] : to->max;
        to->active += v[i] > 0;
        sum += v[i];
    }
    to->sum += (double)sum;
}

/* a > b ? a : b */
static inline lanes larger(lanes a, lanes b)
{
#if defined(__SSE__)
    return _mm_max_ps(a, b);
#else
    mask m = a > b;
    return (lanes)(((mask)a & m) | ((mask)b & ~m));
#endif
}

/* n <= BLOCK. */
static summary summarise(const float *v, size_t n)
{
    summary s = { .max = -INFINITY };
    size_t whole = n / STEP * STEP;
    if (whole > 0) {
        lanes max[STRIPES], sum[STRIPES] = { { 0 } };
        mask active[STRIPES] = { { 0 } };
        memcpy(max, v, sizeof max);
        for (size_t i = 0; i < whole; i += STEP)
            for (size_t k = 0; k < STRIPES; k++) {
                lanes x;
                memcpy(&x, v + i + k * LANES, sizeof x);
                max[k] = larger(x, max[k]);
                active[k] += x > 0; /* a true lane is -1 */
                sum[k] += x;
            }
        for (int k = 0; k < STRIPES; k++)
            for (int l = 0; l < LANES; l++) {
                s.max = max[k][l] > s.max ? max[k][l] : s.max;
                s.active += (uint32_t)-active[k][l];
                s.sum += (double)sum[k][l];
            }
    }
    add_rest(&s, v + whole, n - whole);
    return s;
}

/* The first of n values that is `value`, which is there. */
static int32_t find_first(const float *v, size_t n, float value)
{
    size_t i = 0;
    for (; i + STEP <= n; i += STEP) {
        lanes x[STRIPES];
        mask m = { 0 };
        int64_t half[2];
        memcpy(x, v + i, sizeof x);
        for (int k = 0; k < STRIPES; k++)
            m |= x[k] == value;
        memcpy(half, &m, sizeof half);
        if (half[0] | half[1])
            break;
    }
    while (i + 1 < n && v[i] != value)
        i++;
    return (int32_t)i;
}

/* Puts the values of a block that begins at `at` into the list of the best. */
static void take_peaks(dv_peak *best, int room, const float *v, size_t n, int32_t at)
{
    for (size_t i = 0; i < n; i++) {
        if (!(v[i] > best[room - 1].value))
            continue;
        int p = room - 1;
        for (; p > 0 && v[i] > best[p - 1].value; p--)
            best[p] = best[p - 1];
        best[p] = (dv_peak){ v[i], at + (int32_t)i };
    }
}

bool dv_survey_maps(dv_survey *s, int first, int channels, const float *maps, size_t n)
{
    bool finite = true;
    for (int c = 0; c < channels; c++, maps += n) {
        dv_peak *best = s->peaks + (size_t)(first + c) * (size_t)s->per_image;
        for (int p = 0; p < s->per_image; p++)
            best[p] = (dv_peak){ -INFINITY, 0 };
        double sum = 0;
        uint32_t active = 0;
        size_t best_at = 0;
        for (size_t at = 0; at < n; at += BLOCK) {
            size_t length = n - at < BLOCK ? n - at : BLOCK;
            summary block = summarise(maps + at, length);
            sum += block.sum;
            active += block.active;
            if (!(block.max > best[s->per_image - 1].value))
                continue;
            best_at = at;
            if (s->per_image > 1)
                take_peaks(best, s->per_image, maps + at, length, (int32_t)at);
            else
                best[0].value = block.max;
        }
        if (s->per_image == 1) {
            size_t length = n - best_at < BLOCK ? n - best_at : BLOCK;
            best[0].at = (int32_t)best_at + find_first(maps + best_at, length, best[0].value);
        }
        s->sum[first + c] = (float)sum;
        s->active[first + c] = active;
        s->bin[first + c] = best[0].value > 0 ? (uint8_t)dv_index_bin(best[0].value) : DV_NO_BIN;
        finite = finite && isfinite((float)sum) && isfinite(best[0].value);
    }
    return finite;
}
