/* vector_survey.h - what a run of numbers says: its largest, how many are positive, its sum. */
#ifndef DV_KERNEL_VECTOR_SURVEY_H
#define DV_KERNEL_VECTOR_SURVEY_H

/* Sums, as many whatever the width of a vector: the order of adding is that of these. */
enum { SURVEY_SUMS = 16, SURVEY_VECTORS = SURVEY_SUMS / LANES };

/* n is a multiple of SURVEY_SUMS, and not 0. */
static void survey_whole(int n, const float *v, dv_summary *s)
{
    vf max[SURVEY_VECTORS], sum[SURVEY_VECTORS];
    vi active[SURVEY_VECTORS];
    UNROLL
    for (int k = 0; k < SURVEY_VECTORS; k++) {
        max[k] = v_load(v + k * LANES);
        sum[k] = (vf){ 0 };
        active[k] = (vi){ 0 };
    }
    for (int i = 0; i < n; i += SURVEY_SUMS)
        UNROLL
    for (int k = 0; k < SURVEY_VECTORS; k++) {
        const vf x = v_load(v + i + k * LANES);
        max[k] = v_at_least(x, max[k]);
        active[k] += (vi)(x > 0); /* a true lane is -1 */
        sum[k] += x;
    }
    UNROLL
    for (int k = 1; k < SURVEY_VECTORS; k++) {
        max[0] = v_at_least(max[k], max[0]);
        active[0] += active[k];
    }
    float sums[SURVEY_SUMS], most[LANES];
    int32_t count[LANES];
    UNROLL
    for (int k = 0; k < SURVEY_VECTORS; k++)
        v_store(sums + k * LANES, sum[k]);
    v_store(most, max[0]);
    v_store_int(count, active[0]);
    for (int i = 0; i < SURVEY_SUMS; i++)
        s->sum += (double)sums[i];
    for (int i = 0; i < LANES; i++) {
        s->max = most[i] > s->max ? most[i] : s->max;
        s->active -= (uint32_t)count[i];
    }
}

static void survey(int n, const float *v, dv_summary *s)
{
    const int whole = n - n % SURVEY_SUMS;
    float sum = 0;
    *s = (dv_summary){ .max = -INFINITY };
    if (whole > 0)
        survey_whole(whole, v, s);
    for (int i = whole; i < n; i++) {
        s->max = v[i] > s->max ? v[i] : s->max;
        s->active += v[i] > 0;
        sum += v[i];
    }
    s->sum += (double)sum;
}

static int find(int n, const float *v, float value)
{
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
        const unsigned equal = v_nonzero((vf)(v_load(v + i) == value));
        if (equal)
            return i + __builtin_ctz(equal);
    }
    while (i < n && v[i] != value)
        i++;
    return i;
}

#endif
