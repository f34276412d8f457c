/* mine_images.c - the pass over the images. */
#include "mine/mine_images.h"
#include "base/text.h"
#include "graph/plan.h"
#include "image/photo.h"
#include "run/crew.h"
#include "run/watch.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct slot {
    bool skipped; /* error says why */
    char sha256[DV_DIGEST_TEXT_MAX];
    dv_survey survey;
    dv_error error;
} slot;

typedef struct pass {
    const dv_mine_options *options;
    const dv_list *list;
    int32_t first; /* number of the list's first image */
    int64_t image; /* number of the first that is visited */
    const int *tensors;
    dv_index *index;
    dv_journal *journal;
    dv_change *changes, *sampled; /* room for those of one image */
    int n_slots;
    slot *slots;         /* (n_slots) */
    int32_t done, total; /* images of this call, those out of the journal included */
} pass;

/* The number of an image, counted over those that are visited. */
static int32_t image_of(const pass *p, int64_t task)
{
    return (int32_t)(p->image + task * p->options->shards);
}

/* -- one image -------------------------------------------------------------------------------- */

/* What an image's pass shows is surveyed at once, while it is in the cache. */
typedef struct surveyor {
    const pass *p;
    dv_survey *survey;
    int failed; /* the first layer whose activations are not finite, or n_layers */
} surveyor;

static void survey_tensor(void *ctx, int tensor, const float *activations)
{
    surveyor *s = ctx;
    const dv_index *x = s->p->index;
    int i = 0;
    while (s->p->tensors[i] != tensor)
        i++;
    const dv_index_layer *l = &x->layers[i];
    const size_t plane = (size_t)l->size[DV_Y] * (size_t)l->size[DV_X];
    if (!dv_survey_maps(s->survey, (int)(l->units - x->units), l->size[DV_C], activations, plane) &&
        i < s->failed)
        s->failed = i;
}

static bool finite(const surveyor *s, dv_error *err)
{
    const dv_index *x = s->p->index;
    return s->failed == x->n_layers ||
           dv_fail(err, DV_BAD_DATA, "activations of layer %s are not finite",
                   x->layers[s->failed].layer);
}

static bool read_image(const pass *p, int64_t task, float *input, slot *s, dv_error *err)
{
    const char *path = dv_list_path(p->list, image_of(p, task) - p->first);
    if (!dv_is_utf8(path))
        return dv_fail(err, DV_UNSUPPORTED, "the name is not UTF-8, which an index needs");
    dv_photo photo;
    const bool ok = dv_photo_read(&photo, path, NULL, &p->options->preprocess, input, err);
    memcpy(s->sha256, photo.sha256, sizeof s->sha256);
    dv_photo_free(&photo);
    return ok;
}

/* Images from `task` on. Where memory runs out the run ends: another time there may be enough. */
static bool work(void *ctx, dv_worker *w, int64_t task, int n, const int *slots, dv_error *err)
{
    const pass *p = ctx;
    bool ok[DV_TOGETHER];
    dv_error errors[DV_TOGETHER];
    surveyor of[DV_TOGETHER];
    for (int i = 0; i < n; i++) {
        slot *s = &p->slots[slots[i]];
        of[i] = (surveyor){ p, &s->survey, p->index->n_layers };
        dv_trace_show(w->traces[i], survey_tensor, &of[i]);
        ok[i] = read_image(p, task + i, w->inputs[i], s, &errors[i]);
    }
    dv_traces_forward(w->traces, (const float *const *)w->inputs, n, ok, errors);
    for (int i = 0; i < n; i++) {
        slot *s = &p->slots[slots[i]];
        s->skipped = !ok[i] || !finite(&of[i], &errors[i]);
        if (s->skipped)
            s->error = errors[i];
        if (s->skipped && s->error.code == DV_NO_MEMORY) {
            *err = s->error;
            return false;
        }
    }
    return true;
}

/* -- commits ---------------------------------------------------------------------------------- */

static bool commit(void *ctx, int64_t task, int slot_number, dv_error *err)
{
    pass *p = ctx;
    const slot *s = &p->slots[slot_number];
    const int32_t image = image_of(p, task);
    const char *path = dv_list_path(p->list, image - p->first);
    dv_record r = { .image = image, .path = path };
    if (s->skipped) {
        r.reason = dv_watch_reason(path, s->error.message);
    } else {
        r.sha256 = s->sha256;
        r.n_units = p->index->n_units;
        r.sum = s->survey.sum;
        r.active = s->survey.active;
        r.bin = s->survey.bin;
        r.changes = p->changes;
        r.n_changes = dv_record_changes(p->index, image, &s->survey, p->changes);
        r.sampled = p->sampled;
        r.n_sampled = dv_record_sampled(p->index, image, &s->survey, p->sampled);
    }
    if ((p->journal && !dv_journal_write(p->journal, &r, err)) ||
        !dv_record_apply(p->index, &r, err) ||
        (p->journal && dv_journal_is_long(p->journal) &&
         !dv_journal_restart(p->journal, p->index, err)))
        return false;
    if (r.reason)
        dv_watch_skipped(&p->options->watch, path, r.reason);
    dv_watch_progress(&p->options->watch, ++p->done, p->total);
    return true;
}

/* -- the pass --------------------------------------------------------------------------------- */

static bool make_slots(pass *p, dv_error *err)
{
    const dv_index *x = p->index;
    p->slots = calloc((size_t)p->n_slots, sizeof *p->slots);
    p->changes = calloc((size_t)x->n_units * (size_t)x->per_image + 1, sizeof *p->changes);
    p->sampled = calloc((size_t)x->n_units + 1, sizeof *p->sampled);
    if (!p->slots || !p->changes || !p->sampled)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d images at a time", p->n_slots);
    for (int i = 0; i < p->n_slots; i++)
        if (!dv_survey_new(&p->slots[i].survey, x->n_units, x->per_image, err))
            return false;
    return true;
}

static void free_slots(pass *p)
{
    for (int i = 0; p->slots && i < p->n_slots; i++)
        dv_survey_free(&p->slots[i].survey);
    free(p->slots);
    free(p->changes);
    free(p->sampled);
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

static dv_request request_for(const dv_mine_options *o, int n, const int *tensors, int64_t images)
{
    return (dv_request){ .n_keep = n,
                         .keep = tensors,
                         .exact = o->exact,
                         .images = images,
                         .in_place = true,
                         .unchecked = true,
                         .in_passing = true };
}

static void *hash(void *model)
{
    return dv_model_sha256(model, NULL) ? model : NULL;
}

/* A plan leaves arranged weights behind it. */
void dv_mine_ahead(const dv_model *m, const dv_mine_options *o, int n, const int *tensors,
                   int64_t images)
{
    const dv_request r = request_for(o, n, tensors, images);
    pthread_t hashing;
    if (dv_pool_size(o->pool) < 2 ||
        pthread_create(&hashing, NULL, hash, (dv_model *)(uintptr_t)m) != 0)
        return;
    dv_plan_free(dv_plan_new(m, &r, o->pool, NULL));
    pthread_join(hashing, NULL);
}

bool dv_mine_images(const dv_model *m, const dv_mine_options *o, const dv_list *list, int32_t first,
                    const int *tensors, dv_index *x, dv_journal *j, dv_error *err)
{
    pass p = { .options = o,
               .list = list,
               .first = first,
               .image = first_of_shard(x->done, o->shard, o->shards),
               .tensors = tensors,
               .index = x,
               .journal = j };
    const int32_t left = count_of_shard(x->done, x->count, o->shard, o->shards);
    p.total = count_of_shard(first, x->count, o->shard, o->shards);
    p.done = p.total - left;
    const dv_request r = request_for(o, x->n_layers, tensors, left);
    const dv_crew_options c = { .request = &r, .pool = o->pool, .tasks = left, .together = true };
    const dv_tasks tasks = { .n = left,
                             .watch = &o->watch,
                             .what = "images",
                             .ctx = &p,
                             .work_together = work,
                             .commit = commit };
    dv_crew crew;
    bool ok = dv_crew_hire(&crew, m, &c, err);
    p.n_slots = crew.n_slots;
    ok = ok && make_slots(&p, err) && dv_crew_run(&crew, &tasks, err);
    free_slots(&p);
    dv_crew_dismiss(&crew);
    if (ok)
        x->done = x->count;
    return ok;
}
