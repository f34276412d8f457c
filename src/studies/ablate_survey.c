/* ablate_survey.c - what the whole network makes of the images: which class is right, how strong
 * channels are, and the features that a probe is trained on. */
#include "deconvviz/image.h"
#include "run/pooling.h"
#include "run/scores.h"
#include "run/watch.h"
#include "studies/ablate_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct seen {
    dv_error error; /* code is not DV_OK: the image failed */
    int32_t target, rank;
    double *strength; /* of all silenced layers, one behind the other */
    float *features;  /* (n_values) */
} seen;

typedef struct survey {
    dv_ablating *a;
    dv_surveyed *s;
    bool probe_only; /* images that are for nothing else */
    size_t n_strength;
    seen *slots; /* (n_slots) */
} survey;

int32_t dv_rank_of(const float *score, int n, int32_t class_of)
{
    int32_t rank = 1;
    for (int i = 0; i < n; i++) {
        if (score[i] != score[i])
            return n;
        rank += i != class_of && dv_score_before(score, i, class_of);
    }
    return rank;
}

/* -- one image -------------------------------------------------------------------------------- */

static bool know_target(const dv_ablating *a, const char *path, const float *score, seen *to,
                        dv_error *err)
{
    if (a->r->labelled) {
        to->target = dv_truth_of(a->o->truth, path);
        if (to->target < 0 || to->target >= a->n_classes)
            return dv_fail(err, DV_BAD_DATA, "%s: its true class is none of the network's", path);
    } else {
        to->target = dv_score_best(score, (size_t)a->n_classes);
    }
    to->rank = dv_rank_of(score, a->n_classes, to->target);
    return true;
}

static void add_strengths(const dv_ablating *a, const dv_trace *t, double *to)
{
    for (int i = 0; i < a->n_silenced; i++) {
        const dv_silenced *s = &a->silenced[i];
        const float *v = dv_trace_tensor(t, s->tensor);
        for (int32_t c = 0; c < s->channels; c++, v += s->plane) {
            double sum = 0;
            for (size_t k = 0; k < s->plane; k++)
                sum += (double)v[k];
            *to++ = sum / (double)s->plane;
        }
    }
}

static void take_features(const dv_ablating *a, const dv_trace *t, float *to)
{
    dv_pool_map(&a->o->pooling, dv_tensor_shape(a->model, a->probe), dv_trace_tensor(t, a->probe),
                to);
}

bool dv_ablate_read(const dv_ablating *a, const char *path, float *input, dv_error *err)
{
    dv_image im;
    if (!dv_image_load(&im, path, err))
        return false;
    const bool ok = dv_prepare(&im, &a->o->preprocess, input, NULL, err);
    dv_image_free(&im);
    return ok || dv_fail_in(err, "%s", path);
}

/* Images from `task` on. Where memory runs out the run ends: another time there may be enough. */
static bool work(void *ctx, dv_worker *w, int64_t task, int n, const int *slots, dv_error *err)
{
    const survey *v = ctx;
    const dv_ablating *a = v->a;
    bool read[DV_TOGETHER], ok[DV_TOGETHER];
    dv_error why[DV_TOGETHER];
    for (int i = 0; i < n; i++)
        read[i] = ok[i] =
            dv_ablate_read(a, dv_list_path(v->s->images, (int32_t)task + i), w->inputs[i], &why[i]);
    dv_worker_forward(w, n, ok, why);
    for (int i = 0; i < n; i++) {
        seen *to = &v->slots[slots[i]];
        const dv_trace *t = w->traces[i];
        const char *path = dv_list_path(v->s->images, (int32_t)task + i);
        const float *score = dv_trace_tensor(t, a->output);
        if (read[i] && !ok[i])
            dv_fail_in(&why[i], "%s", path);
        ok[i] = ok[i] && know_target(a, path, score, to, &why[i]);
        to->error = (dv_error){ .code = DV_OK };
        if (!ok[i]) {
            to->error = why[i];
        } else {
            if (!v->probe_only)
                add_strengths(a, t, to->strength);
            if (to->features)
                take_features(a, t, to->features);
        }
        if (to->error.code == DV_NO_MEMORY) {
            *err = to->error;
            return false;
        }
    }
    return true;
}

static bool commit(void *ctx, int64_t task, int slot, dv_error *err)
{
    survey *v = ctx;
    dv_ablating *a = v->a;
    dv_surveyed *s = v->s;
    const seen *from = &v->slots[slot];
    dv_watch_progress(&a->o->watch, ++a->done, a->total);
    if (from->error.code != DV_OK) {
        if (s->images->count == 1) {
            *err = from->error;
            return false;
        }
        dv_watch_skipped(&a->o->watch, dv_list_path(s->images, (int32_t)task), from->error.message);
        return true;
    }
    s->which[s->n] = (int32_t)task;
    s->target[s->n] = from->target;
    s->rank[s->n] = from->rank;
    if (s->features)
        memcpy(s->features + (size_t)s->n * a->n_values, from->features,
               a->n_values * sizeof *s->features);
    s->n++;
    const double *strength = from->strength;
    for (int i = 0; !v->probe_only && i < a->n_silenced; i++)
        for (int32_t c = 0; c < a->silenced[i].channels; c++)
            a->silenced[i].strength[c] += *strength++;
    return true;
}

/* -- all of them ------------------------------------------------------------------------------ */

static bool make_slots(survey *v, dv_arena *arena, dv_error *err)
{
    const dv_ablating *a = v->a;
    const int n = a->crew.n_slots;
    for (int i = 0; i < a->n_silenced; i++)
        v->n_strength += (size_t)a->silenced[i].channels;
    v->slots = dv_arena_array(arena, (size_t)n, sizeof *v->slots, err);
    for (int i = 0; v->slots && i < n; i++) {
        v->slots[i].strength = dv_arena_array(arena, v->n_strength, sizeof(double), err);
        if (a->probe >= 0)
            v->slots[i].features = dv_arena_array(arena, a->n_values, sizeof(float), err);
        if (!v->slots[i].strength || (a->probe >= 0 && !v->slots[i].features))
            return false;
    }
    return v->slots != NULL;
}

static bool make_room(dv_ablating *a, dv_surveyed *s, dv_error *err)
{
    const size_t n = (size_t)s->images->count;
    return (s->which = dv_arena_array(&a->arena, n, sizeof *s->which, err)) &&
           (s->target = dv_arena_array(&a->arena, n, sizeof *s->target, err)) &&
           (s->rank = dv_arena_array(&a->arena, n, sizeof *s->rank, err)) &&
           (a->probe < 0 ||
            (s->features = dv_arena_array(&a->arena, n, a->n_values * sizeof *s->features, err)));
}

bool dv_ablate_survey(dv_ablating *a, dv_surveyed *s, dv_error *err)
{
    survey v = { .a = a, .s = s, .probe_only = s != &a->of };
    dv_arena arena = { 0 };
    const dv_tasks tasks = { .n = s->images->count,
                             .watch = &a->o->watch,
                             .what = "images",
                             .ctx = &v,
                             .work_together = work,
                             .commit = commit };
    bool ok =
        make_room(a, s, err) && make_slots(&v, &arena, err) && dv_crew_run(&a->crew, &tasks, err);
    dv_arena_release(&arena);
    return ok && (s->n > 0 || dv_fail(err, DV_BAD_DATA, "none of %d images could be used",
                                      (int)s->images->count));
}
