/* ablate_time.c - how long a pass takes without a part. */
#include "base/statistics.h"
#include "run/watch.h"
#include "studies/ablate_parts.h"

#include <stdlib.h>
#include <time.h>

enum { PASSES = 25 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* The steps that are left of a pass. */
static bool find_steps(const dv_ablating *a, const dv_ablated *part, int skip, dv_rerun *r,
                       dv_error *err)
{
    const dv_skip *s = part->how == DV_ABLATED_SKIPPED ? &a->skips[skip] : NULL;
    const int wanted = part->how == DV_ABLATED_PROBED ? a->probe : a->output;
    return dv_rerun_without(r, a->crew.plan, wanted, s ? s->n : 0, s ? s->detours : NULL, err);
}

/* One part after the other, again and again, so that what else the machine does is shared. ms: (n,
 * PASSES). */
static bool run_passes(const dv_ablating *a, dv_trace *t, const dv_rerun *passes, int n, double *ms,
                       dv_error *err)
{
    for (int k = 0; k < PASSES; k++) {
        if (!dv_watch_goes_on(&a->o->watch, k, PASSES, "timed passes", err))
            return false;
        for (int i = 0; i < n; i++) {
            const double begin = now();
            dv_traces_rerun(&passes[i], &t, 1);
            ms[i * PASSES + k] = now() - begin;
        }
    }
    return true;
}

static bool first_pass(const dv_ablating *a, dv_trace *t, float *input, dv_error *err)
{
    const char *path = dv_list_path(a->of.images, a->of.which[0]);
    return dv_ablate_read(a, path, input, err) && dv_trace_forward(t, input, err);
}

bool dv_ablate_time(dv_ablating *a, dv_error *err)
{
    dv_ablation *r = a->r;
    const size_t most = (size_t)r->n;
    dv_rerun *passes = calloc(most, sizeof *passes);
    int *of = calloc(most, sizeof *of), n = 0;
    double *ms = calloc(most * PASSES, sizeof *ms);
    float *input = malloc(
        (dv_shape_count(dv_tensor_shape(a->model, dv_model_input(a->model))) + 1) * sizeof *input);
    dv_trace *t = dv_trace_new(a->crew.plan, NULL, err);
    bool ok = t && ((passes && of && ms && input) ||
                    dv_fail(err, DV_NO_MEMORY, "no memory to time %d passes", r->n));
    ok = ok && first_pass(a, t, input, err);
    for (int i = 0, skip = 0; ok && i < r->n; i++) {
        const dv_ablated *part = &r->parts[i];
        if (part->how == DV_ABLATED_SILENCED)
            continue;
        of[n] = i;
        ok = find_steps(a, part, skip, &passes[n++], err);
        skip += part->how == DV_ABLATED_SKIPPED;
    }
    ok = ok && run_passes(a, t, passes, n, ms, err);
    for (int i = 0; ok && i < n; i++)
        r->parts[of[i]].milliseconds = dv_quantile(ms + (size_t)i * PASSES, PASSES, 0.5);
    for (int i = 0; passes && i < n; i++)
        dv_rerun_free(&passes[i]);
    dv_trace_free(t);
    free(passes);
    free(of);
    free(ms);
    free(input);
    return ok;
}
