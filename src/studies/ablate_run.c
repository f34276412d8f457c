/* ablate_run.c - all that is done to a network, image by image: a pass up to the output, then again
 * and again what is above the part that was changed. */
#include "run/watch.h"
#include "studies/ablate_parts.h"

#include <stdlib.h>
#include <string.h>

enum { FIVE = 5, RIGHT1 = 1, RIGHT5 = 2 };

typedef struct batch {
    dv_ablating *a;
    dv_worker *w;
    int n;
    int32_t image;               /* the first of them, of those that were surveyed */
    float *saved;                /* (n, saved_values) */
    uint8_t *marks[DV_TOGETHER]; /* (n) (n_marks) each */
} batch;

typedef struct run {
    dv_ablating *a;
    uint8_t **slots; /* (n_slots) (n_marks) each */
} run;

/* -- silencing and passing by ----------------------------------------------------------------- */

static void judge(const batch *b, int mark)
{
    const dv_ablating *a = b->a;
    for (int i = 0; i < b->n; i++) {
        const int32_t rank = dv_rank_of(dv_trace_tensor(b->w->traces[i], a->output), a->n_classes,
                                        a->of.target[b->image + i]);
        b->marks[i][mark] = (uint8_t)((rank == 1 ? RIGHT1 : 0) | (rank <= FIVE ? RIGHT5 : 0));
    }
}

/* The values of a tensor, in all traces: kept at `at` of what is saved of each, or put back. */
static void save(const batch *b, int tensor, size_t at)
{
    const size_t n = dv_shape_count(dv_tensor_shape(b->a->model, tensor));
    for (int i = 0; i < b->n; i++)
        memcpy(b->saved + (size_t)i * b->a->saved_values + at,
               dv_trace_tensor(b->w->traces[i], tensor), n * sizeof(float));
}

static void put_back(const batch *b, int tensor, size_t at)
{
    const size_t n = dv_shape_count(dv_tensor_shape(b->a->model, tensor));
    for (int i = 0; i < b->n; i++)
        memcpy(dv_trace_values(b->w->traces[i], tensor),
               b->saved + (size_t)i * b->a->saved_values + at, n * sizeof(float));
}

static void silence(const batch *b, const dv_silenced *s, const int32_t *channels, int32_t n)
{
    for (int i = 0; i < b->n; i++) {
        float *v = dv_trace_values(b->w->traces[i], s->tensor);
        for (int32_t c = 0; c < n; c++)
            memset(v + (size_t)channels[c] * s->plane, 0, s->plane * sizeof *v);
    }
}

static void rerun(const batch *b, const dv_rerun *behind)
{
    dv_traces_rerun(behind, b->w->traces, b->n);
}

/* What is silenced first stays so as the share grows. */
static void silence_shares(const batch *b, const dv_silenced *s)
{
    const dv_ablate_options *o = b->a->o;
    for (int k = 0; k < s->n_orders; k++) {
        const int32_t *order = s->orders + (size_t)k * (size_t)s->channels;
        int32_t gone = 0;
        if (k > 0)
            put_back(b, s->tensor, 0);
        for (int i = 0; i < o->n_shares; i++) {
            silence(b, s, order + gone, s->counts[i] - gone);
            gone = s->counts[i];
            rerun(b, &s->behind);
            judge(b, s->first + k * o->n_shares + i);
        }
    }
}

static void silence_units(const batch *b, const dv_silenced *s)
{
    for (int32_t c = 0; b->a->o->units && c < s->channels; c++) {
        put_back(b, s->tensor, 0);
        silence(b, s, &c, 1);
        rerun(b, &s->behind);
        judge(b, s->first_unit + c);
    }
}

static void silence_layer(const batch *b, const dv_silenced *s)
{
    save(b, s->tensor, 0);
    silence_shares(b, s);
    silence_units(b, s);
    put_back(b, s->tensor, 0);
    rerun(b, &s->behind);
}

static void pass_by(const batch *b, const dv_skip *s, int mark)
{
    const dv_model *m = b->a->model;
    size_t at = 0;
    for (int k = 0; k < s->n; k++) {
        save(b, s->detours[k].to, at);
        at += dv_shape_count(dv_tensor_shape(m, s->detours[k].to));
    }
    for (int k = 0; k < s->n; k++) {
        const dv_detour *d = &s->detours[k];
        const size_t bytes = dv_shape_count(dv_tensor_shape(m, d->to)) * sizeof(float);
        for (int i = 0; i < b->n; i++)
            memcpy(dv_trace_values(b->w->traces[i], d->to),
                   dv_trace_tensor(b->w->traces[i], d->from), bytes);
        rerun(b, &s->behind[k]);
    }
    judge(b, mark);
    at = 0;
    for (int k = 0; k < s->n; k++) {
        put_back(b, s->detours[k].to, at);
        at += dv_shape_count(dv_tensor_shape(m, s->detours[k].to));
        rerun(b, &s->behind[k]);
    }
}

/* -- images ----------------------------------------------------------------------------------- */

/* What could be read before, and now cannot, ends the run. */
static bool work(void *ctx, dv_worker *w, int64_t task, int n, const int *slots, dv_error *err)
{
    const run *r = ctx;
    dv_ablating *a = r->a;
    batch b = {
        .a = a, .w = w, .n = n, .image = (int32_t)task, .saved = a->saved[w - a->crew.workers]
    };
    bool ok[DV_TOGETHER];
    dv_error why[DV_TOGETHER];
    for (int i = 0; i < n; i++) {
        b.marks[i] = r->slots[slots[i]];
        ok[i] = true;
        const char *path = dv_list_path(a->of.images, a->of.which[b.image + i]);
        if (!dv_ablate_read(a, path, w->inputs[i], err))
            return false;
    }
    dv_worker_forward(w, n, ok, why);
    for (int i = 0; i < n; i++)
        if (!ok[i]) {
            *err = why[i];
            return false;
        }
    for (int i = 0; i < a->n_silenced; i++) {
        if (!dv_watch_goes_on(&a->o->watch, task, a->of.n, "images", err))
            return false;
        silence_layer(&b, &a->silenced[i]);
    }
    for (int i = 0; i < a->n_skips; i++)
        pass_by(&b, &a->skips[i], a->first_skip + i);
    return true;
}

static bool commit(void *ctx, int64_t task, int slot, dv_error *err)
{
    const run *r = ctx;
    dv_ablating *a = r->a;
    const uint8_t *marks = r->slots[slot];
    const bool before = a->of.rank[task] == 1;
    const int first_unit = a->n_marks - a->n_units;
    (void)err;
    for (int i = 0; i < a->n_marks; i++) {
        const bool now = marks[i] & RIGHT1;
        a->right1[i] += now;
        a->right5[i] += (marks[i] & RIGHT5) != 0;
        a->lost[i] += before && !now;
        a->won[i] += !before && now;
        if (i >= first_unit)
            a->by_class[(size_t)(i - first_unit) * (size_t)a->n_classes +
                        (size_t)a->of.target[task]] += (int)before - (int)now;
    }
    dv_watch_progress(&a->o->watch, ++a->done, a->total);
    return true;
}

static bool make_room(dv_ablating *a, run *r, dv_arena *arena, dv_error *err)
{
    const size_t marks = (size_t)a->n_marks;
    const int slots = a->crew.n_slots, workers = a->crew.n_workers;
    for (int i = 0; i < a->n_silenced; i++) {
        const size_t n = (size_t)a->silenced[i].channels * a->silenced[i].plane;
        a->saved_values = n > a->saved_values ? n : a->saved_values;
    }
    for (int i = 0; i < a->n_skips; i++)
        if (a->skips[i].values > a->saved_values)
            a->saved_values = a->skips[i].values;
    r->slots = dv_arena_array(arena, (size_t)slots, sizeof *r->slots, err);
    a->saved = dv_arena_array(arena, (size_t)workers, sizeof *a->saved, err);
    for (int i = 0; r->slots && i < slots; i++)
        if (!(r->slots[i] = dv_arena_alloc(arena, marks, err)))
            return false;
    for (int i = 0; a->saved && i < workers; i++)
        if (!(a->saved[i] = dv_arena_array(arena, a->saved_values,
                                           (size_t)a->crew.together * sizeof(float), err)))
            return false;
    return r->slots && a->saved &&
           (a->right1 = dv_arena_array(&a->arena, marks, sizeof(int32_t), err)) &&
           (a->right5 = dv_arena_array(&a->arena, marks, sizeof(int32_t), err)) &&
           (a->lost = dv_arena_array(&a->arena, marks, sizeof(int32_t), err)) &&
           (a->won = dv_arena_array(&a->arena, marks, sizeof(int32_t), err)) &&
           (a->by_class = dv_arena_array(&a->arena, (size_t)a->n_units * (size_t)a->n_classes,
                                         sizeof(int32_t), err));
}

bool dv_ablate_run(dv_ablating *a, dv_error *err)
{
    run r = { .a = a };
    dv_arena arena = { 0 };
    const dv_tasks tasks = { .n = a->of.n,
                             .watch = &a->o->watch,
                             .what = "images",
                             .ctx = &r,
                             .work_together = work,
                             .commit = commit };
    const bool ok = make_room(a, &r, &arena, err) && dv_crew_run(&a->crew, &tasks, err);
    dv_arena_release(&arena);
    a->saved = NULL;
    return ok;
}
