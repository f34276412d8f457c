#include "deconvviz/classify.h"

#include "graph/plan.h"
#include "image/photo.h"
#include "run/crew.h"
#include "run/scores.h"
#include "run/watch.h"

#include <math.h>
#include <stdlib.h>

enum { FIVE = 5 };

typedef struct answer {
    dv_classified is;
    dv_error error;
} answer;

typedef struct pass {
    const dv_model *model;
    const dv_classify_options *options;
    const dv_list *images;
    answer *answers; /* (n_slots) */
    dv_classify_result *result;
} pass;

/* -- one image -------------------------------------------------------------------------------- */

/* Whether class a comes before class b: the higher score, of equal ones the smaller number. */
static bool is_before(const float *score, int a, int b)
{
    float difference = score[a] - score[b];
    return difference > 0 || (difference == 0 && a < b);
}

static void rank(const float *score, size_t n, dv_classified *c)
{
    c->n = n < DV_CLASSIFY_MOST ? (int)n : DV_CLASSIFY_MOST;
    for (int i = 0, held = 0; i < (int)n; i++) {
        int at = held < c->n ? held++ : c->n;
        for (; at > 0 && is_before(score, i, c->best[at - 1]); at--)
            if (at < c->n)
                c->best[at] = c->best[at - 1];
        if (at < c->n)
            c->best[at] = i;
    }
    double most = (double)score[c->best[0]], total = 0;
    for (size_t i = 0; i < n; i++)
        total += exp((double)score[i] - most);
    bool as_they_are = dv_scores_are_probabilities(score, n);
    for (int k = 0; k < c->n; k++) {
        double s = (double)score[c->best[k]];
        c->probability[k] = (float)(as_they_are ? s : exp(s - most) / total);
    }
    c->rank = 1;
    for (int i = 0; i < (int)n && c->truth >= 0; i++)
        c->rank += i != c->truth && is_before(score, i, c->truth);
}

static size_t count_classes(const pass *p)
{
    return dv_shape_count(dv_tensor_shape(p->model, dv_model_output(p->model)));
}

static bool read_image(const pass *p, dv_classified *c, float *input, dv_error *err)
{
    const dv_classify_options *o = p->options;
    if (o->truth && o->truth->from != DV_TRUTH_NONE) {
        c->truth = dv_truth_of(o->truth, c->path);
        if (c->truth < 0 || (size_t)c->truth >= count_classes(p))
            return dv_fail(err, DV_BAD_DATA, "%s: its true class is none of the network's",
                           c->path);
    }
    dv_photo photo;
    const bool ok = dv_photo_read(&photo, c->path, NULL, &o->preprocess, input, err);
    dv_photo_free(&photo);
    return ok;
}

/* -- all of them ------------------------------------------------------------------------------ */

/* What the pass made of an image that was read. */
static bool judge(const pass *p, const dv_trace *t, bool ok, answer *a)
{
    if (!ok)
        return dv_fail_in(&a->error, "%s", a->is.path);
    rank(dv_trace_tensor(t, dv_model_output(p->model)), count_classes(p), &a->is);
    return true;
}

/* Images from `image` on. Where memory runs out the run ends: another time there may be enough. */
static bool work(void *ctx, dv_worker *w, int64_t image, int n, const int *slots, dv_error *err)
{
    const pass *p = ctx;
    bool read[DV_TOGETHER], ok[DV_TOGETHER];
    dv_error errors[DV_TOGETHER];
    for (int i = 0; i < n; i++) {
        answer *a = &p->answers[slots[i]];
        a->is = (dv_classified){ .path = dv_list_path(p->images, (int32_t)image + i), .truth = -1 };
        ok[i] = read[i] = read_image(p, &a->is, w->inputs[i], &errors[i]);
    }
    dv_traces_forward(w->traces, (const float *const *)w->inputs, n, ok, errors);
    for (int i = 0; i < n; i++) {
        answer *a = &p->answers[slots[i]];
        a->error = errors[i];
        a->is.failed = read[i] && judge(p, w->traces[i], ok[i], a) ? NULL : &a->error;
        if (a->is.failed && a->error.code == DV_NO_MEMORY) {
            *err = a->error;
            return false;
        }
    }
    return true;
}

static bool commit(void *ctx, int64_t image, int slot, dv_error *err)
{
    pass *p = ctx;
    const dv_classify_options *o = p->options;
    const answer *a = &p->answers[slot];
    if (a->is.failed && p->images->count == 1) {
        *err = a->error;
        return false;
    }
    if (!a->is.failed && a->is.truth >= 0) {
        p->result->counted++;
        p->result->right1 += a->is.rank == 1;
        p->result->right5 += a->is.rank <= FIVE;
    }
    if (o->classified && !o->classified(o->ctx, &a->is, err))
        return false;
    dv_watch_progress(&o->watch, image + 1, p->images->count);
    return true;
}

bool dv_classify_images(const dv_model *m, const dv_list *images, const dv_classify_options *o,
                        dv_classify_result *result, dv_error *err)
{
    const int output = dv_model_output(m);
    const dv_request r = {
        .n_keep = 1, .keep = &output, .exact = o->exact, .images = images->count
    };
    const dv_crew_options c = {
        .request = &r, .pool = o->pool, .tasks = images->count, .together = true
    };
    pass p = { .model = m, .options = o, .images = images, .result = result };
    const dv_tasks tasks = { .n = images->count,
                             .watch = &o->watch,
                             .what = "images",
                             .ctx = &p,
                             .work_together = work,
                             .commit = commit };
    dv_crew crew;
    *result = (dv_classify_result){ 0 };
    bool ok = dv_crew_hire(&crew, m, &c, err);
    p.answers = ok ? calloc((size_t)crew.n_slots, sizeof *p.answers) : NULL;
    if (ok && !p.answers)
        ok = dv_fail(err, DV_NO_MEMORY, "no memory for %d images at a time", crew.n_slots);
    ok = ok && dv_crew_run(&crew, &tasks, err);
    dv_crew_dismiss(&crew);
    free(p.answers);
    return ok;
}
