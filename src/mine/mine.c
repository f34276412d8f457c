/* mine.c - what stands around the pass over the images: the empty index, the one to append to, the
 * journal of an unfinished run. */
#include "deconvviz/mine.h"
#include "base/file.h"
#include "base/guard.h"
#include "deconvviz/version.h"
#include "mine/mine_images.h"
#include "run/identity.h"
#include "run/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* -- the empty index -------------------------------------------------------------------------- */

/* What -l takes for a tensor, and the name of its node. number: room for its text. */
static void name_layer(const dv_model *m, int tensor, char number[16], dv_index_layer *l)
{
    l->tensor = l->layer = l->name = dv_tensor_name(m, tensor);
    l->shape = *dv_tensor_shape(m, tensor);
    for (int i = 0; i < dv_model_n_layers(m); i++) {
        const dv_layer *layer = dv_model_layer(m, i);
        if (layer->tensor != tensor)
            continue;
        snprintf(number, 16, "%d", layer->number);
        l->layer = number;
        l->name = layer->name;
        return;
    }
}

/* The tensors to mine, each once, in the order in which they were named. Returns how many. */
static int choose_tensors(const dv_model *m, const dv_mine_options *o, int *tensors)
{
    int n = 0, from = o->n_tensors ? o->n_tensors : dv_model_n_layers(m);
    for (int i = 0; i < from; i++) {
        int t = o->n_tensors ? o->tensors[i] : dv_model_layer(m, i)->tensor, k = 0;
        while (k < n && tensors[k] != t)
            k++;
        if (k == n)
            tensors[n++] = t;
    }
    return n;
}

static bool check_input(const dv_model *m, const dv_preprocess *p, dv_error *err)
{
    const dv_shape *s = dv_tensor_shape(m, dv_model_input(m));
    const dv_shape prepared = { 4, { 1, p->channels, p->size[0], p->size[1] } };
    char a[DV_SHAPE_TEXT_MAX], b[DV_SHAPE_TEXT_MAX];
    if (!dv_shape_equal(s, &prepared))
        return dv_fail(err, DV_BAD_USAGE, "the network's input is %s, prepared images are %s",
                       dv_shape_text(s, a), dv_shape_text(&prepared, b));
    return dv_preprocess_check(p, err);
}

static bool begin(dv_index *x, const dv_model *m, const dv_mine_options *o, int n,
                  const int *tensors, dv_error *err)
{
    dv_identity model;
    dv_index_layer *layers = calloc((size_t)n + 1, sizeof *layers);
    char(*numbers)[16] = calloc((size_t)n + 1, sizeof *numbers);
    bool ok = dv_model_identity(m, &model, err) && check_input(m, &o->preprocess, err);
    if (ok && (!layers || !numbers))
        ok = dv_fail(err, DV_NO_MEMORY, "no memory for %d layers", n);
    for (int i = 0; ok && i < n; i++)
        name_layer(m, tensors[i], numbers[i], &layers[i]);
    if (ok) {
        x->preprocess = o->preprocess;
        x->k = o->k;
        x->per_image = o->per_image;
        x->sample = o->sample;
        x->exact = o->exact;
        memset(x->list, '0', sizeof x->list - 1);
        ok = dv_index_begin(x, n, layers, err) &&
             (x->program = dv_index_keep(x, DV_VERSION, err)) &&
             dv_identity_keep(&x->model, &model, x->arena, err) &&
             dv_index_set_shards(x, o->shards, err);
    }
    if (ok)
        x->have[o->shard - 1] = true;
    free(layers);
    free(numbers);
    return ok;
}

/* -- appending -------------------------------------------------------------------------------- */

/* Puts the finished index that is there in the place of the empty one. */
static bool take_finished(dv_index *x, const dv_mine_options *o, dv_error *err)
{
    dv_index old;
    if (!dv_index_read(&old, o->output, err))
        return false;
    dv_guard_remove(o->output);
    if (o->sample_as_there)
        x->sample = old.sample;
    bool ok = dv_index_same_run(&old, x, err) || dv_fail_in(err, "%s was mined with", o->output);
    if (ok && !dv_index_complete(&old))
        ok = dv_fail(err, DV_BAD_USAGE, "%s does not hold all shards: merge them first", o->output);
    if (ok)
        ok = (old.program = dv_index_keep(&old, DV_VERSION, err)) != NULL;
    dv_index *to_free = ok ? x : &old;
    dv_index_free(to_free);
    if (ok)
        *x = old;
    return ok;
}

static bool add_list(dv_index *x, const dv_list *list, dv_error *err)
{
    if (list->count > INT32_MAX - x->count)
        return dv_fail(err, DV_BAD_USAGE, "more than %d images", INT32_MAX);
    dv_list_digest(list, x->list);
    x->done = x->count;
    x->count += list->count;
    return true;
}

/* -- resuming --------------------------------------------------------------------------------- */

static bool same_list(const dv_index *journal, const dv_index *x, dv_error *err)
{
    if (journal->shards != x->shards)
        return dv_fail(err, DV_BAD_USAGE, "another number of shards: %d and %d", journal->shards,
                       x->shards);
    for (int i = 0; i < x->shards; i++)
        if (journal->have[i] != x->have[i])
            return dv_fail(err, DV_BAD_USAGE, "another shard of %d", x->shards);
    if (strcmp(journal->program, x->program) != 0)
        return dv_fail(err, DV_BAD_USAGE, "another version: %s and %s", journal->program,
                       x->program);
    if (journal->count != x->count)
        return dv_fail(err, DV_BAD_USAGE, "another list of images: %d and %d of them",
                       (int)journal->count, (int)x->count);
    return strcmp(journal->list, x->list) == 0 ||
           dv_fail(err, DV_BAD_USAGE, "another list of %d images: other names, or another order",
                   (int)x->count);
}

/* Takes up the run that the journal is of, or begins one. The list's first image has the number
 * `first`. */
static bool take_journal(dv_index *x, dv_journal *j, const dv_mine_options *o, const dv_list *list,
                         int32_t first, dv_error *err)
{
    if (dv_journal_is_empty(j))
        return dv_journal_restart(j, x, err);
    dv_index unfinished;
    dv_error why;
    if (!dv_journal_base(j, &unfinished, err))
        return false;
    bool ok = dv_index_same_run(&unfinished, x, &why) && same_list(&unfinished, x, &why);
    if (!ok)
        dv_fail(err, why.code,
                "%s.journal is of an unfinished run with %s (finish it as it began, or remove it)",
                o->output, why.message);
    ok = ok && dv_journal_replay(j, &unfinished, list, first, err);
    dv_index_free(ok ? x : &unfinished);
    if (ok)
        *x = unfinished;
    return ok;
}

/* Whether the index that is there already holds the run that the journal is of: the process ended
 * between writing the one and removing the other. */
static bool is_written(dv_journal *j, const dv_index *old)
{
    dv_index unfinished;
    if (dv_journal_is_empty(j) || !dv_journal_base(j, &unfinished, NULL))
        return false;
    bool same = dv_index_same_run(&unfinished, old, NULL) && unfinished.count == old->count &&
                strcmp(unfinished.list, old->list) == 0;
    dv_index_free(&unfinished);
    return same;
}

/* -- the run ---------------------------------------------------------------------------------- */

static bool check_options(const dv_mine_options *o, const dv_list *list, dv_error *err)
{
    if (o->k < 1 || o->k > DV_INDEX_MAX_K)
        return dv_fail(err, DV_BAD_USAGE, "%d hits a unit: 1 to %d are possible", o->k,
                       DV_INDEX_MAX_K);
    if (o->per_image < 1 || o->per_image > o->k)
        return dv_fail(err, DV_BAD_USAGE,
                       "%d hits an image: 1 to %d, the hits a unit, are possible", o->per_image,
                       o->k);
    if (o->sample < 0 || o->sample > DV_INDEX_MAX_SAMPLE)
        return dv_fail(err, DV_BAD_USAGE, "a sample of %d: 0 to %d are possible", o->sample,
                       DV_INDEX_MAX_SAMPLE);
    if (o->shards < 1 || o->shards > DV_INDEX_MAX_SHARDS || o->shard < 1 || o->shard > o->shards)
        return dv_fail(err, DV_BAD_USAGE, "shard %d of %d: 1 of 1 to %d of %d are possible",
                       o->shard, o->shards, DV_INDEX_MAX_SHARDS, DV_INDEX_MAX_SHARDS);
    if (o->append && o->shards > 1)
        return dv_fail(err, DV_BAD_USAGE, "a shard cannot be appended: merge them, then append");
    return list->count > 0 || dv_fail(err, DV_BAD_USAGE, "no images");
}

/* NULL without an error: what is written to is not a regular file, and gets no journal. */
static bool open_journal(dv_journal **j, const dv_mine_options *o, dv_error *err)
{
    struct stat st;
    *j = NULL;
    if (stat(o->output, &st) == 0 && !S_ISREG(st.st_mode))
        return !S_ISDIR(st.st_mode) ||
               dv_fail(err, DV_IO, "%s: cannot write: it is a folder", o->output);
    size_t n = strlen(o->output) + sizeof ".journal";
    char *path = malloc(n);
    if (!path)
        return dv_fail(err, DV_NO_MEMORY, "%s: out of memory", o->output);
    snprintf(path, n, "%s.journal", o->output);
    *j = dv_journal_open(path, o->journal_limit ? o->journal_limit : DV_JOURNAL_LIMIT, err);
    free(path);
    return *j != NULL;
}

/* The journal goes only when the index is safely on the disk. */
static bool write_index(dv_index *x, dv_journal *j, const dv_mine_options *o, dv_error *err)
{
    if (!dv_index_write(x, o->output, err))
        return false;
    if (j)
        dv_journal_remove(j);
    dv_watch_wrote(&o->watch, o->output);
    return true;
}

static void report(const dv_index *x, dv_mine_result *r)
{
    r->read = x->read;
    r->skipped = x->skipped;
    r->n_layers = x->n_layers;
    r->n_units = x->n_units;
    for (int u = 0; u < x->n_units; u++)
        r->n_dead += x->units[u].active_images == 0;
}

static bool mine(dv_index *x, const dv_model *m, const dv_mine_options *o, const int *tensors,
                 const dv_list *list, dv_journal *j, dv_mine_result *result, dv_error *err)
{
    if (o->append && !take_finished(x, o, err))
        return false;
    if (o->append && j && is_written(j, x)) {
        dv_journal_remove(j);
        result->resumed = list->count;
        return true;
    }
    int32_t first = x->count;
    if (!add_list(x, list, err) || (j && !take_journal(x, j, o, list, first, err)))
        return false;
    result->resumed = x->done - first;
    return dv_mine_images(m, o, list, first, tensors, x, j, err) && write_index(x, j, o, err);
}

bool dv_mine(const dv_model *m, const dv_mine_options *o, const dv_list *list,
             dv_mine_result *result, dv_error *err)
{
    *result = (dv_mine_result){ 0 };
    if (!check_options(o, list, err))
        return false;
    int most = o->n_tensors ? o->n_tensors : dv_model_n_layers(m);
    int *tensors = calloc((size_t)most + 1, sizeof *tensors);
    if (!tensors)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d layers", most);
    int n = choose_tensors(m, o, tensors);
    dv_index x = { 0 };
    dv_journal *j = NULL;
    if (!o->append) /* which may have nothing to do */
        dv_mine_ahead(m, o, n, tensors, list->count / o->shards);
    bool ok = begin(&x, m, o, n, tensors, err) && open_journal(&j, o, err) &&
              mine(&x, m, o, tensors, list, j, result, err);
    if (ok)
        report(&x, result);
    dv_journal_close(j);
    dv_index_free(&x);
    free(tensors);
    return ok;
}

bool dv_mine_is_done(const dv_model *m, const dv_mine_options *o, const dv_list *list, bool *there,
                     dv_error *err)
{
    *there = false;
    if (!check_options(o, list, err))
        return false;
    const int most = o->n_tensors ? o->n_tensors : dv_model_n_layers(m);
    int *tensors = calloc((size_t)most + 1, sizeof *tensors);
    if (!tensors)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d layers", most);
    dv_index x = { 0 }, old = { 0 };
    const int n = choose_tensors(m, o, tensors);
    const bool ok = begin(&x, m, o, n, tensors, err) && add_list(&x, list, err);
    if (ok && dv_file_exists(o->output) && dv_index_read(&old, o->output, NULL))
        *there = dv_index_same_run(&old, &x, NULL) && dv_index_complete(&old) &&
                 old.count == x.count && strcmp(old.list, x.list) == 0 &&
                 strcmp(old.program, x.program) == 0;
    if (!*there)
        dv_guard_remove(o->output); /* which will be written */
    dv_index_free(&x);
    dv_index_free(&old);
    free(tensors);
    return ok;
}
