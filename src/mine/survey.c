#include "mine/survey.h"
#include "index/index_build.h"
#include "kernel/isa.h"

#include <math.h>
#include <stdlib.h>

/* Maps are read once, in blocks that lie in the first-level cache; a block is read again only when
 * its largest value is among the map's best so far. */
enum { BLOCK = 1024 };

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
    const dv_isa *isa = dv_isa_best();
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
            dv_summary block;
            isa->survey((int)length, maps + at, &block);
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
            const int i = isa->find((int)length, maps + best_at, best[0].value);
            best[0].at = (int32_t)best_at + (i < (int)length ? i : (int)length - 1);
        }
        s->sum[first + c] = (float)sum;
        s->active[first + c] = active;
        s->bin[first + c] = best[0].value > 0 ? (uint8_t)dv_index_bin(best[0].value) : DV_NO_BIN;
        finite = finite && isfinite((float)sum) && isfinite(best[0].value);
    }
    return finite;
}
