/* evolve_survey.c - the strongest activation of every channel over the images, at one checkpoint.
 */
#include "studies/evolve.h"

#include "graph/plan.h"
#include "kernel/isa.h"
#include "run/crew.h"
#include "run/watch.h"

#include <math.h>
#include <stdlib.h>

/* What one image says. */
typedef struct slot {
    bool skipped;         /* cannot be read: error says why */
    dv_evolved_hit *hits; /* (n_channels) */
    dv_error error;
} slot;

typedef struct pass {
    dv_evolver *e;
    const char *path;
    const int *tensors; /* (n_layers) */
    dv_evolved_hit *best;
    int n_slots;
    slot *slots; /* (n_slots) */
} pass;

/* The first maximum in row-major order of each channel. */
static void survey_image(const pass *p, const dv_trace *t, int32_t image, dv_evolved_hit *hits)
{
    const dv_isa *isa = dv_isa_best();
    for (int i = 0; i < p->e->n_layers; i++) {
        const dv_evolver_layer *l = &p->e->layers[i];
        const int width = l->map.hi[DV_X], n = l->map.hi[DV_Y] * width;
        const float *map = dv_trace_tensor(t, p->tensors[i]);
        for (int c = 0; c < l->map.hi[DV_C]; c++, map += n) {
            dv_summary s;
            isa->survey(n, map, &s);
            const int at = isa->find(n, map, s.max);
            hits[l->first + c] =
                (dv_evolved_hit){ s.max, image, at < n ? at / width : 0, at < n ? at % width : 0 };
        }
    }
}

/* Images from `task` on. One that cannot be read is left out for good; what the network makes of
 * one that can is the checkpoint's trouble, and the run's end. */
static bool work(void *ctx, dv_worker *w, int64_t task, int n, const int *slots, dv_error *err)
{
    const pass *p = ctx;
    bool ok[DV_TOGETHER], read[DV_TOGETHER];
    dv_error errors[DV_TOGETHER];
    for (int i = 0; i < n; i++) {
        slot *s = &p->slots[slots[i]];
        read[i] = !p->e->unreadable[task + i] &&
                  dv_evolver_read(p->e, (int32_t)(task + i), w->inputs[i], NULL, &s->error);
        ok[i] = read[i];
        s->skipped = !read[i];
    }
    dv_traces_forward(w->traces, (const float *const *)w->inputs, n, ok, errors);
    for (int i = 0; i < n; i++) {
        if (read[i] && !ok[i]) {
            if (err)
                *err = errors[i];
            return dv_fail_in(err, "%s: %s", p->path,
                              dv_list_path(p->e->o.images, (int32_t)(task + i)));
        }
        if (ok[i])
            survey_image(p, w->traces[i], (int32_t)(task + i), p->slots[slots[i]].hits);
    }
    return true;
}

static bool commit(void *ctx, int64_t task, int slot_number, dv_error *err)
{
    const pass *p = ctx;
    dv_evolver *e = p->e;
    slot *s = &p->slots[slot_number];
    for (int c = 0; !s->skipped && c < e->n_channels; c++)
        if (s->hits[c].value > p->best[c].value)
            p->best[c] = s->hits[c];
    if (s->skipped && !e->unreadable[task]) {
        if (s->error.code == DV_NO_MEMORY) {
            if (err)
                *err = s->error;
            return false;
        }
        e->unreadable[task] = true;
        dv_watch_skipped(&e->o.watch, dv_list_path(e->o.images, (int32_t)task), s->error.message);
    }
    dv_watch_progress(&e->o.watch, ++e->done, e->total);
    return true;
}

static bool make_slots(pass *p, dv_error *err)
{
    const size_t n = (size_t)p->e->n_channels;
    p->slots = calloc((size_t)p->n_slots, sizeof *p->slots);
    for (int i = 0; p->slots && i < p->n_slots; i++)
        p->slots[i].hits = calloc(n + 1, sizeof *p->slots[i].hits);
    for (int i = 0; i < p->n_slots; i++)
        if (!p->slots || !p->slots[i].hits)
            return dv_fail(err, DV_NO_MEMORY, "no memory for %d images at a time", p->n_slots);
    return true;
}

static void free_slots(pass *p)
{
    for (int i = 0; p->slots && i < p->n_slots; i++)
        free(p->slots[i].hits);
    free(p->slots);
}

/* One image at least was read. */
static bool check_read(const dv_evolver *e, dv_error *err)
{
    for (int32_t i = 0; i < e->o.images->count; i++)
        if (!e->unreadable[i])
            return true;
    return dv_fail(err, DV_BAD_DATA, "none of %d images could be read", (int)e->o.images->count);
}

bool dv_evolver_survey(dv_evolver *e, const dv_model *m, const char *path, dv_evolved_hit *hits,
                       dv_error *err)
{
    const int32_t n = e->o.images->count;
    int *tensors = calloc((size_t)e->n_layers + 1, sizeof *tensors);
    if (!tensors)
        return dv_fail(err, DV_NO_MEMORY, "no memory for layers");
    for (int c = 0; c < e->n_channels; c++)
        hits[c] = (dv_evolved_hit){ .value = -INFINITY };
    pass p = { .e = e, .path = path, .tensors = tensors, .best = hits };
    const dv_request r = {
        .n_keep = e->n_layers, .keep = tensors, .exact = e->o.exact, .images = n
    };
    const dv_crew_options c = { .request = &r, .pool = e->o.pool, .tasks = n, .together = true };
    const dv_tasks tasks = { .n = n,
                             .watch = &e->o.watch,
                             .what = "images",
                             .ctx = &p,
                             .work_together = work,
                             .commit = commit };
    dv_crew crew = { .n_workers = 0 };
    bool ok = dv_evolver_tensors(e, m, tensors, err) && dv_crew_hire(&crew, m, &c, err);
    p.n_slots = crew.n_slots;
    ok = ok && make_slots(&p, err) && dv_crew_run(&crew, &tasks, err) && check_read(e, err);
    free_slots(&p);
    dv_crew_dismiss(&crew);
    free(tensors);
    return ok;
}
