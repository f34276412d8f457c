#include "deconvviz/classify.h"

#include "graph/plan.h"
#include "run/crew.h"
#include "run/scores.h"
#include "run/watch.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIVE = 5,
    CHUNK = 512, /* images between two networks: what is known of them stays in memory */
};

typedef struct answer {
    dv_classified is;
    dv_error error;
    double *sum;  /* (classes) of probabilities, over views and networks */
    float *score; /* (classes) of one network and view alone; then what is ranked */
} answer;

typedef struct pass {
    const dv_list *images;
    const dv_classify_options *options;
    size_t classes;
    int views;       /* of an image: 1 or DV_CROPS */
    int32_t begun;   /* images before this chunk */
    int model;       /* whose turn it is */
    answer *answers; /* (CHUNK) */
    dv_classify_result *result;
} pass;

static bool is_last(const pass *p)
{
    return p->model + 1 == p->options->n_models;
}

/* One view by one network: what it says needs no average. */
static bool is_alone(const pass *p)
{
    return p->views == 1 && p->options->n_models == 1;
}

/* -- one image -------------------------------------------------------------------------------- */

static void rank(const float *score, size_t n, dv_classified *c)
{
    c->n = n < DV_CLASSIFY_MOST ? (int)n : DV_CLASSIFY_MOST;
    for (int i = 0, held = 0; i < (int)n; i++) {
        int at = held < c->n ? held++ : c->n;
        for (; at > 0 && dv_score_before(score, i, c->best[at - 1]); at--)
            if (at < c->n)
                c->best[at] = c->best[at - 1];
        if (at < c->n)
            c->best[at] = i;
    }
    const dv_score_sum sum = dv_score_add_up(score, n);
    for (int k = 0; k < c->n; k++)
        c->probability[k] = (float)dv_score_probability(&sum, score[c->best[k]]);
    c->rank = 1;
    for (int i = 0; i < (int)n && c->truth >= 0; i++)
        c->rank += i != c->truth && dv_score_before(score, i, c->truth);
}

/* Ranks what views and networks say together. */
static void judge(const pass *p, answer *a)
{
    const double n = (double)p->views * p->options->n_models;
    for (size_t i = 0; i < p->classes && !is_alone(p); i++)
        a->score[i] = (float)(a->sum[i] / n);
    rank(a->score, p->classes, &a->is);
}

/* Takes in what the network of this turn says of one view. */
static void add_up(const pass *p, const float *score, answer *a)
{
    const int *classes = p->options->models[p->model].classes;
    if (is_alone(p)) {
        for (size_t i = 0; i < p->classes; i++)
            a->score[classes ? classes[i] : (int)i] = score[i];
        return;
    }
    const dv_score_sum sum = dv_score_add_up(score, p->classes);
    for (size_t i = 0; i < p->classes; i++)
        a->sum[classes ? classes[i] : (int)i] += dv_score_probability(&sum, score[i]);
}

static bool know_truth(const pass *p, dv_classified *c, dv_error *err)
{
    const dv_truth *t = p->options->truth;
    if (!t || t->from == DV_TRUTH_NONE)
        return true;
    c->truth = dv_truth_of(t, c->path);
    return (c->truth >= 0 && (size_t)c->truth < p->classes) ||
           dv_fail(err, DV_BAD_DATA, "%s: its true class is none of the network's", c->path);
}

static void fail(answer *a, const dv_error *why)
{
    a->error = *why;
    a->is.failed = &a->error;
}

/* -- views, as many at once as go forward together -------------------------------------------- */

typedef struct batch {
    const pass *pass;
    dv_worker *worker;
    int n;
    answer *of[DV_TOGETHER]; /* (n) whose views they are */
    bool ok[DV_TOGETHER];
    dv_error errors[DV_TOGETHER];
} batch;

static void run_batch(batch *b)
{
    const pass *p = b->pass;
    dv_worker *w = b->worker;
    const int output = dv_model_output(p->options->models[p->model].model);
    dv_traces_forward(w->traces, (const float *const *)w->inputs, b->n, b->ok, b->errors);
    for (int i = 0; i < b->n; i++) {
        answer *a = b->of[i];
        if (b->ok[i]) {
            add_up(p, dv_trace_tensor(w->traces[i], output), a);
        } else if (!a->is.failed) {
            fail(a, &b->errors[i]);
            dv_fail_in(&a->error, "%s", a->is.path);
        }
    }
    b->n = 0;
}

static bool add_view(batch *b, const dv_image *im, int view, answer *a, dv_error *err)
{
    const dv_preprocess *p = &b->pass->options->models[b->pass->model].preprocess;
    const int crop = b->pass->views == 1 ? DV_CROP_CENTRE : view;
    if (!dv_prepare_crop(im, p, crop, b->worker->inputs[b->n], err))
        return dv_fail_in(err, "%s", a->is.path);
    b->ok[b->n] = true;
    b->of[b->n++] = a;
    if (b->n == b->worker->n_traces)
        run_batch(b);
    return true;
}

static bool add_image(batch *b, answer *a, dv_error *err)
{
    dv_image im;
    bool ok = true;
    if (!dv_image_load(&im, a->is.path, err))
        return false;
    for (int view = 0; ok && view < b->pass->views; view++)
        ok = add_view(b, &im, view, a, err);
    dv_image_free(&im);
    return ok;
}

/* An image is asked for by each network; the first one begins its answer. */
static bool begin(const pass *p, answer *a, int32_t image, dv_error *err)
{
    if (p->model > 0)
        return !a->is.failed;
    a->is = (dv_classified){ .path = dv_list_path(p->images, image), .truth = -1 };
    memset(a->sum, 0, p->classes * sizeof *a->sum);
    if (know_truth(p, &a->is, err))
        return true;
    fail(a, err);
    return false;
}

/* Images from `task` of the chunk on. Where memory runs out the run ends: another time there may be
 * enough. */
static bool work(void *ctx, dv_worker *w, int64_t task, int n, const int *slots, dv_error *err)
{
    const pass *p = ctx;
    batch b = { .pass = p, .worker = w };
    (void)slots;
    if (!dv_watch_goes_on(&p->options->watch, p->begun + task, p->images->count, "images", err))
        return false;
    for (int i = 0; i < n; i++) {
        answer *a = &p->answers[task + i];
        dv_error why;
        if (begin(p, a, p->begun + (int32_t)task + i, &why) && !add_image(&b, a, &why))
            fail(a, &why);
    }
    run_batch(&b);
    for (int i = 0; i < n; i++) {
        answer *a = &p->answers[task + i];
        if (a->is.failed && a->error.code == DV_NO_MEMORY) {
            *err = a->error;
            return false;
        }
        if (!a->is.failed && is_last(p))
            judge(p, a);
    }
    return true;
}

/* -- all of them ------------------------------------------------------------------------------ */

static bool commit(void *ctx, int64_t task, int slot, dv_error *err)
{
    pass *p = ctx;
    const dv_classify_options *o = p->options;
    const answer *a = &p->answers[task];
    (void)slot;
    if (a->is.failed && p->images->count == 1) {
        *err = a->error;
        return false;
    }
    if (!is_last(p))
        return true;
    if (!a->is.failed && a->is.truth >= 0) {
        p->result->counted++;
        p->result->right1 += a->is.rank == 1;
        p->result->right5 += a->is.rank <= FIVE;
    }
    if (o->classified && !o->classified(o->ctx, &a->is, err))
        return false;
    dv_watch_progress(&o->watch, p->begun + task + 1, p->images->count);
    return true;
}

static bool run_chunk(pass *p, dv_crew *crews, int32_t n, dv_error *err)
{
    const dv_tasks tasks = {
        .n = n, .what = "images", .ctx = p, .work_together = work, .commit = commit
    };
    for (p->model = 0; p->model < p->options->n_models; p->model++)
        if (!dv_crew_run(&crews[p->model], &tasks, err))
            return false;
    return true;
}

static bool hire(dv_crew *crews, const pass *p, dv_error *err)
{
    const dv_classify_options *o = p->options;
    for (int i = 0; i < o->n_models; i++) {
        const int output = dv_model_output(o->models[i].model);
        const dv_request r = { .n_keep = 1,
                               .keep = &output,
                               .exact = o->exact,
                               .images = (int64_t)p->images->count * p->views };
        const dv_crew_options c = {
            .request = &r, .pool = o->pool, .tasks = p->images->count, .together = true
        };
        if (!dv_crew_hire(&crews[i], o->models[i].model, &c, err))
            return false;
    }
    return true;
}

static bool make_answers(pass *p, dv_error *err)
{
    const int32_t n = p->images->count < CHUNK ? p->images->count : CHUNK;
    p->answers = calloc((size_t)n + 1, sizeof *p->answers);
    for (int32_t i = 0; p->answers && i < n; i++) {
        p->answers[i].sum = calloc(p->classes + 1, sizeof(double));
        p->answers[i].score = calloc(p->classes + 1, sizeof(float));
        if (!p->answers[i].sum || !p->answers[i].score)
            return dv_fail(err, DV_NO_MEMORY, "no memory for %d images at a time", (int)n);
    }
    return p->answers || dv_fail(err, DV_NO_MEMORY, "no memory for %d images at a time", (int)n);
}

static void free_answers(pass *p)
{
    for (int32_t i = 0; p->answers && i < CHUNK && i < p->images->count; i++) {
        free(p->answers[i].sum);
        free(p->answers[i].score);
    }
    free(p->answers);
}

static size_t count_classes(const dv_model *m)
{
    return dv_shape_count(dv_tensor_shape(m, dv_model_output(m)));
}

static bool check(const dv_classify_options *o, dv_error *err)
{
    if (o->n_models < 1)
        return dv_fail(err, DV_BAD_USAGE, "no network");
    for (int i = 1; i < o->n_models; i++) {
        const size_t a = count_classes(o->models[0].model), b = count_classes(o->models[i].model);
        if (a != b)
            return dv_fail(err, DV_BAD_USAGE, "%s has %zu classes, %s has %zu",
                           dv_model_name(o->models[0].model), a, dv_model_name(o->models[i].model),
                           b);
    }
    return o->crops <= 1 || o->crops == DV_CROPS ||
           dv_fail(err, DV_BAD_USAGE, "%d crops: 1 and %d are possible", o->crops, DV_CROPS);
}

bool dv_classify_images(const dv_list *images, const dv_classify_options *o,
                        dv_classify_result *result, dv_error *err)
{
    *result = (dv_classify_result){ 0 };
    if (!check(o, err))
        return false;
    pass p = { .images = images,
               .options = o,
               .classes = count_classes(o->models[0].model),
               .views = o->crops == DV_CROPS ? DV_CROPS : 1,
               .result = result };
    dv_crew *crews = calloc((size_t)o->n_models, sizeof *crews);
    bool ok = (crews || dv_fail(err, DV_NO_MEMORY, "no memory for %d networks", o->n_models)) &&
              hire(crews, &p, err) && make_answers(&p, err);
    for (; ok && p.begun < images->count; p.begun += CHUNK) {
        const int32_t left = images->count - p.begun;
        ok = run_chunk(&p, crews, left < CHUNK ? left : CHUNK, err);
    }
    for (int i = 0; crews && i < o->n_models; i++)
        dv_crew_dismiss(&crews[i]);
    free(crews);
    free_answers(&p);
    return ok;
}
