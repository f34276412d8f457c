/* index_sample.c - a sample of each unit's active images that does not depend on the order in which
 * they come, nor on how they are shared out: those whose numbers are hashed to the smallest ranks
 * (bottom-k sampling; Cohen and Kaplan, "Summarizing data using bottom-k sketches", 2007). */
#include "base/random.h"
#include "index/index_build.h"

#include <stdlib.h>
#include <string.h>

enum { SEED = 2013 }; /* any number does; it must never change */

uint64_t dv_sample_rank(int32_t image)
{
    return dv_random_at(SEED, (uint64_t)image); /* which maps no two numbers to one */
}

void dv_sample_insert(dv_index_unit *u, int size, dv_hit h)
{
    const uint64_t rank = dv_sample_rank(h.image);
    if (!dv_sample_enters(u, rank))
        return;
    int at = 0, end = u->n_sample;
    while (at < end) {
        const int middle = (at + end) / 2;
        if (rank < dv_sample_rank(u->sample[middle].image))
            end = middle;
        else
            at = middle + 1;
    }
    if (u->n_sample < size)
        u->n_sample++;
    memmove(u->sample + at + 1, u->sample + at, (size_t)(u->n_sample - 1 - at) * sizeof *u->sample);
    u->sample[at] = h;
    if (u->n_sample == size)
        u->sample_end = dv_sample_rank(u->sample[size - 1].image);
}

static int by_value(const void *a, const void *b)
{
    return dv_hit_compare(a, b);
}

int dv_index_quantiles(const dv_index_unit *u, int n, dv_hit *hits)
{
    dv_hit sorted[DV_INDEX_MAX_SAMPLE];
    const int size = u->n_sample;
    if (size == 0)
        return 0;
    memcpy(sorted, u->sample, (size_t)size * sizeof *sorted);
    qsort(sorted, (size_t)size, sizeof *sorted, by_value);
    n = n < size ? n : size;
    for (int i = 0; i < n; i++)
        hits[i] = sorted[(2 * i + 1) * size / (2 * n)];
    return n;
}
