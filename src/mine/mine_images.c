/* mine_images.c - the pass over the images.
 *
 * Each image has a ticket; a worker takes the next one and writes what it finds into the slot that
 * goes with it. Slots are a ring: a worker that is too far ahead of the slowest waits. Whoever
 * finishes the image that is next to be committed commits it and those behind it that are ready. */
#include "mine/mine_images.h"
#include "base/file.h"
#include "base/text.h"
#include "deconvviz/pool.h"
#include "deconvviz/trace.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_PER_WORKER = 4 };

typedef struct slot {
    int32_t image;
    bool ready;
    bool skipped; /* error says why */
    char sha256[DV_DIGEST_TEXT_MAX];
    dv_survey survey;
    dv_error error;
} slot;

typedef struct worker {
    dv_trace *trace;
    float *input;
} worker;

typedef struct pass {
    const dv_model *model;
    const dv_mine_options *options;
    const dv_list *list;
    int32_t first; /* number of the list's first image */
    const int *tensors;
    dv_index *index;
    dv_journal *journal;
    dv_plan *plan;
    dv_change *changes; /* room for those of one image */
    int n_workers, n_slots;
    worker *workers;
    slot *slots;
    dv_mine_progress progress;

    pthread_mutex_t lock; /* for what follows, and for slots' ready */
    pthread_cond_t moved; /* a slot has become free, or the pass stops */
    int32_t image;        /* the next to be taken */
    int64_t taken, done;  /* tickets: taken by workers, committed */
    bool committing;      /* by some worker; the index and the journal are its own meanwhile */
    bool stop;
    dv_error error; /* why */
} pass;

/* -- one image -------------------------------------------------------------------------------- */

static bool survey_tensors(const pass *p, const dv_trace *t, dv_survey *s, dv_error *err)
{
    const dv_index *x = p->index;
    for (int i = 0; i < x->n_layers; i++) {
        const dv_index_layer *l = &x->layers[i];
        size_t plane = (size_t)l->size[DV_Y] * (size_t)l->size[DV_X];
        if (!dv_survey_maps(s, (int)(l->units - x->units), l->size[DV_C],
                            dv_trace_tensor(t, p->tensors[i]), plane))
            return dv_fail(err, DV_BAD_DATA, "activations of layer %s are not finite", l->layer);
    }
    return true;
}

static bool look_at_image(const pass *p, const worker *w, const char *path, slot *s, dv_error *err)
{
    if (!dv_is_utf8(path))
        return dv_fail(err, DV_UNSUPPORTED, "the name is not UTF-8, which an index needs");
    dv_file f;
    if (!dv_file_read(&f, path, DV_FILE_MAX_READ, err))
        return false;
    dv_sha256(f.data, f.size, s->sha256);
    dv_image im;
    bool ok = dv_image_decode(&im, f.data, f.size, path, err);
    dv_file_unmap(&f);
    if (!ok)
        return false;
    ok = dv_prepare(&im, &p->options->preprocess, w->input, NULL, err);
    dv_image_free(&im);
    return ok && dv_trace_forward(w->trace, w->input, err) &&
           survey_tensors(p, w->trace, &s->survey, err);
}

/* The message without the path that it may begin with, which the index has beside it. */
static const char *reason_of(const slot *s, const char *path)
{
    size_t n = strlen(path);
    const char *message = s->error.message;
    bool named = strncmp(message, path, n) == 0 && strncmp(message + n, ": ", 2) == 0;
    return named ? message + n + 2 : message;
}

/* -- commits ---------------------------------------------------------------------------------- */

static bool commit(pass *p, slot *s, dv_error *err)
{
    const dv_mine_options *o = p->options;
    const char *path = dv_list_path(p->list, s->image - p->first);
    dv_record r = { .image = s->image, .path = path };
    if (s->skipped) {
        r.reason = reason_of(s, path);
    } else {
        r.sha256 = s->sha256;
        r.n_units = p->index->n_units;
        r.sum = s->survey.sum;
        r.active = s->survey.active;
        r.bin = s->survey.bin;
        r.changes = p->changes;
        r.n_changes = dv_record_changes(p->index, s->image, &s->survey, p->changes);
    }
    if ((p->journal && !dv_journal_write(p->journal, &r, err)) ||
        !dv_record_apply(p->index, &r, err) ||
        (p->journal && dv_journal_is_long(p->journal) &&
         !dv_journal_restart(p->journal, p->index, err)))
        return false;
    p->progress.done++;
    if (r.reason && o->skipped)
        o->skipped(o->ctx, path, r.reason);
    if (o->progress)
        o->progress(o->ctx, &p->progress);
    return true;
}

/* Called with the lock held. */
static void stop(pass *p, const dv_error *why)
{
    if (!p->stop)
        p->error = *why;
    p->stop = true;
    pthread_cond_broadcast(&p->moved);
}

/* Commits what is ready, unless somebody is at it. Called with the lock held. */
static void commit_ready(pass *p)
{
    if (p->committing)
        return;
    p->committing = true;
    for (;;) {
        slot *s = &p->slots[p->done % p->n_slots];
        if (p->stop || !s->ready)
            break;
        pthread_mutex_unlock(&p->lock);
        dv_error err;
        bool ok = commit(p, s, &err);
        pthread_mutex_lock(&p->lock);
        if (!ok) {
            stop(p, &err);
            break;
        }
        s->ready = false;
        p->done++;
        pthread_cond_broadcast(&p->moved);
    }
    p->committing = false;
}

/* -- workers ---------------------------------------------------------------------------------- */

/* A slot for the next image; NULL: there is none, or the pass stops. Called with the lock held. */
static slot *take_image(pass *p)
{
    while (!p->stop && p->image < p->index->count && p->taken - p->done >= p->n_slots)
        pthread_cond_wait(&p->moved, &p->lock);
    if (p->stop || p->image >= p->index->count)
        return NULL;
    slot *s = &p->slots[p->taken++ % p->n_slots];
    s->image = p->image;
    p->image = p->index->count - p->image > p->options->shards ? p->image + p->options->shards
                                                               : p->index->count;
    return s;
}

static void work(void *ctx, int i, int unused)
{
    (void)unused;
    pass *p = ctx;
    pthread_mutex_lock(&p->lock);
    for (slot *s; (s = take_image(p));) {
        pthread_mutex_unlock(&p->lock);
        const char *path = dv_list_path(p->list, s->image - p->first);
        s->skipped = !look_at_image(p, &p->workers[i], path, s, &s->error);
        pthread_mutex_lock(&p->lock);
        if (s->skipped && s->error.code == DV_NO_MEMORY) {
            stop(p, &s->error); /* another time there may be enough */
            break;
        }
        s->ready = true;
        commit_ready(p);
    }
    pthread_mutex_unlock(&p->lock);
}

static bool make_workers(pass *p, dv_error *err)
{
    const dv_shape *in = dv_tensor_shape(p->model, dv_model_input(p->model));
    size_t values = dv_shape_count(in);
    int n = p->n_workers, n_slots = p->n_slots;
    p->workers = calloc((size_t)n, sizeof *p->workers);
    p->slots = calloc((size_t)n_slots, sizeof *p->slots);
    p->changes =
        calloc((size_t)p->index->n_units * (size_t)p->index->per_image + 1, sizeof *p->changes);
    bool ok = p->workers && p->slots && p->changes;
    for (int i = 0; ok && i < n; i++) {
        p->workers[i].input = malloc(values * sizeof *p->workers[i].input);
        if (!p->workers[i].input)
            ok = false;
        else if (!(p->workers[i].trace = dv_trace_new(p->plan, NULL, err)))
            return false;
    }
    for (int i = 0; ok && i < n_slots; i++)
        if (!dv_survey_new(&p->slots[i].survey, p->index->n_units, p->index->per_image, err))
            return false;
    return ok || dv_fail(err, DV_NO_MEMORY, "no memory for %d workers", n);
}

static void free_workers(pass *p)
{
    for (int i = 0; p->workers && i < p->n_workers; i++) {
        dv_trace_free(p->workers[i].trace);
        free(p->workers[i].input);
    }
    for (int i = 0; p->slots && i < p->n_slots; i++)
        dv_survey_free(&p->slots[i].survey);
    free(p->workers);
    free(p->slots);
    free(p->changes);
}

/* The first image of shard k of n whose number is at least `from`. */
static int64_t first_of_shard(int64_t from, int k, int n)
{
    return from + (k - 1 - from % n + n) % n;
}

static int32_t count_of_shard(int64_t from, int64_t end, int k, int n)
{
    int64_t first = first_of_shard(from, k, n);
    return first < end ? (int32_t)((end - 1 - first) / n + 1) : 0;
}

static bool run(pass *p, dv_error *err)
{
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->moved, NULL);
    dv_pool_run(p->options->pool, p->n_workers, work, p);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->moved);
    if (p->stop && err)
        *err = p->error;
    return !p->stop;
}

bool dv_mine_images(const dv_model *m, const dv_mine_options *o, const dv_list *list, int32_t first,
                    const int *tensors, dv_index *x, dv_journal *j, dv_error *err)
{
    pass p = { .model = m,
               .options = o,
               .list = list,
               .first = first,
               .tensors = tensors,
               .index = x,
               .journal = j,
               .n_workers = dv_pool_size(o->pool),
               .n_slots = dv_pool_size(o->pool) * SLOTS_PER_WORKER };
    p.progress.total = count_of_shard(first, x->count, o->shard, o->shards);
    p.progress.resumed = p.progress.total - count_of_shard(x->done, x->count, o->shard, o->shards);
    p.progress.done = p.progress.resumed;
    int64_t image = first_of_shard(x->done, o->shard, o->shards);
    p.image = image < x->count ? (int32_t)image : x->count;
    dv_request r = { .n_keep = x->n_layers,
                     .keep = tensors,
                     .exact = o->exact,
                     .images = p.progress.total - p.progress.done,
                     .unchecked = true };
    p.plan = dv_plan_new(m, &r, o->pool, err);
    bool ok = p.plan && make_workers(&p, err) && run(&p, err);
    free_workers(&p);
    dv_plan_free(p.plan);
    if (ok)
        x->done = x->count;
    return ok;
}
