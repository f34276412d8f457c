/* features.c - the pass over the images. */
#include "deconvviz/features.h"

#include "graph/plan.h"
#include "image/photo.h"
#include "run/crew.h"
#include "run/pooling.h"
#include "run/watch.h"
#include "studies/features_about.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct slot {
    float *row; /* (values) */
    bool skipped;
    dv_error error; /* why */
} slot;

typedef struct pass {
    const dv_features_about *about;
    const dv_features_options *o;
    dv_features_file *file;
    int32_t begun; /* images that were there before */
    int32_t total; /* of the shard */
    int n_slots;
    slot *slots; /* (n_slots) */
} pass;

/* The number in the list of an image of the shard. */
static int32_t image_of(const dv_features_options *o, int64_t task)
{
    return (int32_t)(o->shard - 1 + task * o->shards);
}

/* -- one image -------------------------------------------------------------------------------- */

static bool read_image(const pass *p, const char *path, float *input, dv_error *err)
{
    if (strpbrk(path, "\n\t"))
        return dv_fail(err, DV_UNSUPPORTED, "the name has a tab or ends a line");
    if (p->o->truth && p->o->truth->from != DV_TRUTH_NONE && dv_truth_of(p->o->truth, path) < 0)
        return dv_fail(err, DV_BAD_DATA, "its class is not said");
    dv_photo photo;
    const bool ok = dv_photo_read(&photo, path, NULL, &p->o->preprocess, input, err);
    dv_photo_free(&photo);
    return ok;
}

/* What an image's pass shows is pooled at once, while it is in the cache. */
typedef struct filler {
    const pass *p;
    float *row;
    int failed; /* the first layer whose activations are not finite, or n_layers */
} filler;

static bool all_finite(const float *v, size_t n)
{
    size_t k = 0;
    while (k < n && isfinite(v[k]))
        k++;
    return k == n;
}

static void fill_part(void *ctx, int tensor, const float *activations)
{
    filler *f = ctx;
    const pass *p = f->p;
    for (int i = 0; i < p->about->n_layers; i++) {
        const dv_features_layer *l = &p->about->layers[i];
        float *part = f->row + l->first;
        if (l->tensor != tensor)
            continue;
        dv_pool_map(&p->o->pooling, dv_tensor_shape(p->about->model, tensor), activations, part);
        if (!all_finite(part, l->count) && i < f->failed)
            f->failed = i;
        if (p->o->normalize)
            dv_normalize(part, l->count);
    }
}

static bool finite(const filler *f, dv_error *err)
{
    const dv_features_about *a = f->p->about;
    return f->failed == a->n_layers ||
           dv_fail(err, DV_BAD_DATA, "activations of layer %s are not finite",
                   a->layers[f->failed].layer);
}

/* Where memory runs out the run ends: another time there may be enough. */
static bool work(void *ctx, dv_worker *w, int64_t task, int n, const int *slots, dv_error *err)
{
    const pass *p = ctx;
    bool ok[DV_TOGETHER];
    dv_error errors[DV_TOGETHER];
    filler of[DV_TOGETHER];
    for (int i = 0; i < n; i++) {
        of[i] = (filler){ p, p->slots[slots[i]].row, p->about->n_layers };
        dv_trace_show(w->traces[i], fill_part, &of[i]);
        const int32_t image = image_of(p->o, p->begun + task + i);
        ok[i] = read_image(p, dv_list_path(p->about->images, image), w->inputs[i], &errors[i]);
    }
    dv_traces_forward(w->traces, (const float *const *)w->inputs, n, ok, errors);
    for (int i = 0; i < n; i++) {
        slot *s = &p->slots[slots[i]];
        s->skipped = !ok[i] || !finite(&of[i], &errors[i]);
        if (!s->skipped)
            continue;
        s->error = errors[i];
        if (s->error.code == DV_NO_MEMORY) {
            *err = s->error;
            return false;
        }
    }
    return true;
}

static bool commit(void *ctx, int64_t task, int slot_number, dv_error *err)
{
    pass *p = ctx;
    const slot *s = &p->slots[slot_number];
    const char *path = dv_list_path(p->about->images, image_of(p->o, p->begun + task));
    if (s->skipped) {
        const char *reason = dv_watch_reason(path, s->error.message);
        if (!dv_features_skip_image(p->file, reason, err))
            return false;
        dv_watch_skipped(&p->o->watch, path, reason);
    } else if (!dv_features_add(p->file, s->row, err)) {
        return false;
    }
    dv_watch_progress(&p->o->watch, p->file->images, p->total);
    return true;
}

/* -- all of them ------------------------------------------------------------------------------ */

static bool make_slots(pass *p, int n, dv_error *err)
{
    p->n_slots = n;
    p->slots = calloc((size_t)n, sizeof *p->slots);
    for (int i = 0; i < n; i++) {
        if (p->slots)
            p->slots[i].row = malloc((p->about->values + 1) * sizeof(float));
        if (!p->slots || !p->slots[i].row)
            return dv_fail(err, DV_NO_MEMORY, "no memory for %d images at a time", n);
    }
    return true;
}

static void free_slots(pass *p)
{
    for (int i = 0; p->slots && i < p->n_slots; i++)
        free(p->slots[i].row);
    free(p->slots);
}

static bool run_images(const dv_features_about *a, dv_features_file *f, int32_t total,
                       dv_error *err)
{
    const dv_features_options *o = a->options;
    pass p = { .about = a, .o = o, .file = f, .begun = f->images, .total = total };
    const int32_t left = total - f->images;
    const dv_request r = { .n_keep = o->n_tensors,
                           .keep = o->tensors,
                           .exact = o->exact,
                           .images = left,
                           .in_place = true,
                           .unchecked = true,
                           .in_passing = true };
    const dv_crew_options c = { .request = &r, .pool = o->pool, .tasks = left, .together = true };
    const dv_tasks tasks = { .n = left,
                             .watch = &o->watch,
                             .what = "images",
                             .ctx = &p,
                             .work_together = work,
                             .commit = commit };
    dv_crew crew;
    const bool ok = dv_crew_hire(&crew, a->model, &c, err) && make_slots(&p, crew.n_slots, err) &&
                    dv_crew_run(&crew, &tasks, err);
    free_slots(&p);
    dv_crew_dismiss(&crew);
    return ok;
}

/* A line a row. */
static void list_rows(dv_text *t, const dv_features_about *a, const dv_features_file *f)
{
    const dv_features_options *o = a->options;
    for (int32_t task = 0, skips = 0; task < f->images; task++) {
        if (skips < f->n_skips && f->skips[skips].task == task) {
            skips++;
            continue;
        }
        const char *path = dv_list_path(a->images, image_of(o, task));
        const int class = o->truth ? dv_truth_of(o->truth, path) : -1;
        dv_text_add(t, path, strlen(path));
        if (class >= 0 && class < o->truth->labels->n)
            dv_text_format(t, "\t%s", dv_label(o->truth->labels, class));
        else if (class >= 0)
            dv_text_format(t, "\t%d", class);
        dv_text_add(t, "\n", 1);
    }
}

static bool finish(const dv_features_about *a, dv_features_file *f, dv_error *err)
{
    dv_text rows = { 0 }, about = { 0 };
    list_rows(&rows, a, f);
    const bool ok = dv_text_ok(&rows, "the names of the rows", err) &&
                    dv_features_describe(&about, a, f, err) &&
                    dv_features_finish(f, &rows, &about, err);
    free(rows.data);
    free(about.data);
    if (ok)
        dv_watch_wrote(&a->options->watch, f->output);
    return ok;
}

/* -- the run ---------------------------------------------------------------------------------- */

static bool check_options(const dv_features_options *o, const dv_list *images, dv_error *err)
{
    if (o->n_tensors < 1)
        return dv_fail(err, DV_BAD_USAGE, "no layer");
    if (o->shards < 1 || o->shard < 1 || o->shard > o->shards)
        return dv_fail(err, DV_BAD_USAGE, "shard %d of %d: 1 to %d are possible", o->shard,
                       o->shards, o->shards);
    if (images->count < o->shard)
        return dv_fail(err, DV_BAD_USAGE, "no images: shard %d of %d of %d", o->shard, o->shards,
                       (int)images->count);
    return dv_preprocess_check(&o->preprocess, err);
}

/* What -l takes for a tensor: the number of its layer, where it has one. */
static const char *word_of(const dv_model *m, int tensor, char number[16])
{
    for (int i = 0; i < dv_model_n_layers(m); i++)
        if (dv_model_layer(m, i)->tensor == tensor) {
            snprintf(number, 16, "%d", dv_model_layer(m, i)->number);
            return number;
        }
    return dv_tensor_name(m, tensor);
}

/* numbers: (n_tensors) room for words. */
static bool lay_out(dv_features_about *a, char (*numbers)[16], dv_error *err)
{
    const dv_features_options *o = a->options;
    for (int i = 0; i < o->n_tensors; i++) {
        const dv_shape *s = dv_tensor_shape(a->model, o->tensors[i]);
        if (!s)
            return dv_fail(err, DV_BAD_USAGE, "tensor %d is none of the model's", o->tensors[i]);
        dv_features_layer *l = &a->layers[a->n_layers++];
        *l = (dv_features_layer){ .layer = word_of(a->model, o->tensors[i], numbers[i]),
                                  .tensor = o->tensors[i],
                                  .first = a->values,
                                  .count = dv_pooled_count(&o->pooling, s) };
        a->values += l->count;
        if (a->values > DV_MAX_ELEMENTS)
            return dv_fail(err, DV_BAD_USAGE, "%zu values of an image, at most %d", a->values,
                           DV_MAX_ELEMENTS);
    }
    return true;
}

bool dv_features(const dv_model *m, const dv_list *images, const dv_features_options *o,
                 dv_features_result *result, dv_error *err)
{
    dv_features_file f = { .rows_fd = -1, .journal_fd = -1 };
    dv_features_about a = { .model = m, .images = images, .options = o };
    *result = (dv_features_result){ 0 };
    if (!check_options(o, images, err))
        return false;
    char(*numbers)[16] = calloc((size_t)o->n_tensors, sizeof *numbers);
    a.layers = calloc((size_t)o->n_tensors, sizeof *a.layers);
    const int32_t total = (images->count - o->shard) / o->shards + 1;
    dv_text head = { 0 };
    bool ok = (numbers && a.layers) ||
              dv_fail(err, DV_NO_MEMORY, "no memory for %d layers", o->n_tensors);
    ok = ok && lay_out(&a, numbers, err) && dv_features_head(&head, &a, err) &&
         dv_features_open(&f, o->output, a.values, &head, err);
    result->resumed = f.images;
    ok = ok && run_images(&a, &f, total, err) && finish(&a, &f, err);
    result->rows = f.rows;
    result->skipped = f.n_skips;
    result->values = (int64_t)a.values;
    dv_features_close(&f);
    free(head.data);
    free(a.layers);
    free(numbers);
    return ok;
}
