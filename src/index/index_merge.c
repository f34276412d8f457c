#include "base/arena.h"
#include "index/index_build.h"
#include "index/sum.h"

#include <stdlib.h>
#include <string.h>

static bool can_merge(const dv_index *a, const dv_index *b, dv_error *err)
{
    if (!dv_index_same_run(a, b, err))
        return false;
    if (a->count != b->count || strcmp(a->list, b->list) != 0)
        return dv_fail(err, DV_BAD_USAGE,
                       "another list of images: %d and %d images, or other names", (int)a->count,
                       (int)b->count);
    if (a->done != a->count || b->done != b->count)
        return dv_fail(err, DV_BAD_USAGE, "an unfinished index");
    if (dv_index_complete(a) || dv_index_complete(b))
        return dv_fail(err, DV_BAD_USAGE, "one of them holds all of the images already");
    if (a->shards != b->shards)
        return dv_fail(err, DV_BAD_USAGE, "shards of %d and of %d", a->shards, b->shards);
    for (int i = 0; i < a->shards; i++)
        if (a->have[i] && b->have[i])
            return dv_fail(err, DV_BAD_USAGE, "both hold shard %d of %d", i + 1, a->shards);
    return true;
}

static void merge_unit(dv_index_unit *to, const dv_index_unit *from, int k, int sample)
{
    to->max = from->max > to->max ? from->max : to->max;
    to->active_images += from->active_images;
    to->active_positions += from->active_positions;
    dv_sum_add_sum(to->sum, from->sum);
    for (int i = 0; i < DV_INDEX_BINS; i++)
        to->histogram[i] += from->histogram[i];
    for (int i = 0; i < from->n_hits; i++)
        dv_hit_insert(to, k, from->hits[i]);
    for (int i = 0; i < from->n_sample; i++)
        dv_sample_insert(to, sample, from->sample[i]);
}

/* Both lists of files into a third index, by image number. */
static bool merge_files(dv_index *to, const dv_index *a, const dv_index *b, dv_error *err)
{
    int n = a->n_files + b->n_files;
    to->files = calloc((size_t)n + 1, sizeof *to->files);
    if (!to->files)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d files", n);
    to->max_files = n + 1;
    for (int i = 0, j = 0; i < a->n_files || j < b->n_files;) {
        bool first = j == b->n_files || (i < a->n_files && a->files[i].image <= b->files[j].image);
        const dv_index_file *f = first ? &a->files[i++] : &b->files[j++];
        if (!dv_index_add_file(to, f->image, f->path, f->sha256, err))
            return false;
    }
    return true;
}

static bool merge_skips(dv_index *to, const dv_index *a, const dv_index *b, dv_error *err)
{
    for (int i = 0, j = 0; i < a->n_skips || j < b->n_skips;) {
        bool first = j == b->n_skips || (i < a->n_skips && a->skips[i].image <= b->skips[j].image);
        const dv_index_skip *s = first ? &a->skips[i++] : &b->skips[j++];
        if (!dv_index_add_skip(to, s->image, s->path, s->reason, err))
            return false;
    }
    return true;
}

/* Exchanges the files and skips of two indices. */
static void swap_lists(dv_index *a, dv_index *b)
{
    dv_index t = *a;
    a->files = b->files, a->n_files = b->n_files, a->max_files = b->max_files;
    a->skips = b->skips, a->n_skips = b->n_skips, a->max_skips = b->max_skips;
    b->files = t.files, b->n_files = t.n_files, b->max_files = t.max_files;
    b->skips = t.skips, b->n_skips = t.n_skips, b->max_skips = t.max_skips;
}

/* Of two texts the same one whatever their order. */
static bool merge_text(dv_index *to, const char **text, const char *other, int sign, dv_error *err)
{
    int order = strcmp(other, *text);
    if (sign > 0 ? order <= 0 : order >= 0)
        return true;
    const char *kept = dv_index_keep(to, other, err);
    if (kept)
        *text = kept;
    return kept != NULL;
}

/* Who the model is, as far as both know. */
static bool merge_model(dv_index *to, dv_identity *id, const dv_identity *from, dv_error *err)
{
    if (!from->n_parts) {
        id->n_parts = 0;
        memcpy(id->sha256, from->sha256, sizeof id->sha256);
    }
    dv_model_part *parts = dv_arena_array(to->arena, (size_t)id->n_parts, sizeof *parts, err);
    if (!parts)
        return false;
    for (int i = 0; i < id->n_parts && i < from->n_parts; i++) {
        parts[i] = id->parts[i];
        if (!merge_text(to, &parts[i].name, from->parts[i].name, -1, err))
            return false;
    }
    id->parts = parts;
    return merge_text(to, &id->path, from->path, -1, err) &&
           merge_text(to, &id->name, from->name, -1, err);
}

bool dv_index_merge(dv_index *to, const dv_index *from, dv_error *err)
{
    dv_index lists = { 0 };
    const char *program = to->program;
    dv_identity model = to->model;
    bool ok = can_merge(to, from, err) && merge_files(&lists, to, from, err) &&
              merge_skips(&lists, to, from, err) && merge_model(to, &model, &from->model, err) &&
              merge_text(to, &program, from->program, 1, err);
    if (ok) {
        to->model = model;
        to->program = program;
        to->read += from->read;
        to->skipped += from->skipped;
        for (int i = 0; i < to->shards; i++)
            to->have[i] |= from->have[i];
        for (int u = 0; u < to->n_units; u++)
            merge_unit(&to->units[u], &from->units[u], to->k, to->sample);
        swap_lists(to, &lists);
    }
    dv_index_free(&lists);
    return ok;
}
