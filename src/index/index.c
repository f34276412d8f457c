#include "base/arena.h"
#include "index/index_build.h"
#include "run/identity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void dv_index_free(dv_index *x)
{
    for (int i = 0; i < x->n_files; i++)
        free(x->files[i].path);
    for (int i = 0; i < x->n_skips; i++) {
        free(x->skips[i].path);
        free(x->skips[i].reason);
    }
    free(x->files);
    free(x->skips);
    free(x->have);
    if (x->arena)
        dv_arena_release(x->arena);
    free(x->arena);
    *x = (dv_index){ 0 };
}

static bool make_arena(dv_index *x, dv_error *err)
{
    if (!x->arena)
        x->arena = calloc(1, sizeof *x->arena);
    return x->arena || dv_fail(err, DV_NO_MEMORY, "no memory for an index");
}

const char *dv_index_keep(dv_index *x, const char *text, dv_error *err)
{
    return make_arena(x, err) ? dv_arena_text(x->arena, text, strlen(text), err) : NULL;
}

bool dv_index_set_shards(dv_index *x, int shards, dv_error *err)
{
    bool *have = calloc((size_t)shards, sizeof *have);
    if (!have)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d shards", shards);
    free(x->have);
    x->have = have;
    x->shards = shards;
    return true;
}

static bool copy_layers(dv_index *x, int n_layers, const dv_index_layer *layers, dv_error *err)
{
    int64_t n_units = 0;
    x->n_layers = n_layers;
    x->layers = dv_arena_array(x->arena, (size_t)n_layers, sizeof *x->layers, err);
    for (int i = 0; x->layers && i < n_layers; i++) {
        dv_index_layer *l = &x->layers[i];
        *l = layers[i];
        l->layer = dv_index_keep(x, layers[i].layer, err);
        l->name = l->layer ? dv_index_keep(x, layers[i].name, err) : NULL;
        l->tensor = l->name ? dv_index_keep(x, layers[i].tensor, err) : NULL;
        if (!l->tensor)
            return false;
        dv_box whole = dv_box_whole(&l->shape);
        memcpy(l->size, whole.hi, sizeof l->size);
        n_units += l->size[DV_C];
    }
    if (n_units > DV_INDEX_MAX_UNITS)
        return dv_fail(err, DV_BAD_USAGE, "the layers have %lld units: at most %d are possible",
                       (long long)n_units, DV_INDEX_MAX_UNITS);
    if (n_units * x->k > DV_INDEX_MAX_HITS)
        return dv_fail(err, DV_BAD_USAGE,
                       "%d hits for each of %lld units: at most %d in all are possible", x->k,
                       (long long)n_units, DV_INDEX_MAX_HITS);
    if (n_units * x->sample > DV_INDEX_MAX_SAMPLES)
        return dv_fail(err, DV_BAD_USAGE,
                       "a sample of %d for each of %lld units: at most %d in all are possible",
                       x->sample, (long long)n_units, DV_INDEX_MAX_SAMPLES);
    x->n_units = (int)n_units;
    return x->layers != NULL;
}

bool dv_index_begin(dv_index *x, int n_layers, const dv_index_layer *layers, dv_error *err)
{
    if (!make_arena(x, err) || !copy_layers(x, n_layers, layers, err) ||
        !dv_index_set_shards(x, 1, err))
        return false;
    x->have[0] = true;
    size_t n_units = (size_t)x->n_units, k = (size_t)x->k, sample = (size_t)x->sample;
    x->units = dv_arena_array(x->arena, n_units, sizeof *x->units, err);
    dv_hit *hits = x->units ? dv_arena_array(x->arena, n_units * k, sizeof *hits, err) : NULL;
    dv_hit *samples = hits ? dv_arena_array(x->arena, n_units * sample, sizeof *hits, err) : NULL;
    if (!samples)
        return false;
    for (size_t u = 0; u < n_units; u++) {
        x->units[u].hits = hits + u * k;
        x->units[u].sample = samples + u * sample;
        x->units[u].sample_end = sample > 0 ? UINT64_MAX : 0;
        x->units[u].max = -INFINITY;
    }
    dv_index_unit *units = x->units;
    for (int i = 0; i < n_layers; units += x->layers[i++].size[DV_C])
        x->layers[i].units = units;
    return true;
}

/* -- hits ------------------------------------------------------------------------------------- */

int dv_hit_compare(const dv_hit *a, const dv_hit *b)
{
    if (a->value != b->value)
        return a->value > b->value ? -1 : 1;
    if (a->image != b->image)
        return a->image < b->image ? -1 : 1;
    if (a->y != b->y)
        return a->y < b->y ? -1 : 1;
    return (a->x > b->x) - (a->x < b->x);
}

bool dv_hit_enters(const dv_index_unit *u, int k, const dv_hit *h)
{
    return h->value > 0 && (u->n_hits < k || dv_hit_compare(h, &u->hits[k - 1]) < 0);
}

void dv_hit_insert(dv_index_unit *u, int k, dv_hit h)
{
    if (!dv_hit_enters(u, k, &h))
        return;
    int i = u->n_hits < k ? u->n_hits++ : k - 1;
    for (; i > 0 && dv_hit_compare(&h, &u->hits[i - 1]) < 0; i--)
        u->hits[i] = u->hits[i - 1];
    u->hits[i] = h;
}

int dv_index_bin(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    int bin = (int)(bits >> 22) - 2 * 127 + DV_INDEX_BINS / 2; /* exponent, and half an octave */
    return bin < 0 ? 0 : bin < DV_INDEX_BINS ? bin : DV_INDEX_BINS - 1;
}

/* -- files ------------------------------------------------------------------------------------ */

static char *copy_text(const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = malloc(n);
    return copy ? memcpy(copy, text, n) : NULL;
}

bool dv_index_add_file(dv_index *x, int32_t image, const char *path, const char *sha256,
                       dv_error *err)
{
    /* At least as many again as there were after the last clearing, so that it pays. */
    if (x->n_files == x->max_files) {
        if (!dv_index_drop_files(x, err))
            return false;
        int64_t room = 2 * (int64_t)x->n_files + 1024;
        dv_index_file *grown = realloc(x->files, (size_t)room * sizeof *grown);
        if (!grown)
            return dv_fail(err, DV_NO_MEMORY, "no memory for %lld files", (long long)room);
        x->files = grown;
        x->max_files = (int32_t)room;
    }
    dv_index_file *f = &x->files[x->n_files];
    f->image = image;
    f->path = copy_text(path);
    memcpy(f->sha256, sha256, sizeof f->sha256);
    if (!f->path)
        return dv_fail(err, DV_NO_MEMORY, "%s: out of memory", path);
    x->n_files++;
    return true;
}

bool dv_index_add_skip(dv_index *x, int32_t image, const char *path, const char *reason,
                       dv_error *err)
{
    x->skipped++;
    if (x->n_skips == DV_INDEX_MAX_REASONS)
        return true;
    if (x->n_skips == x->max_skips) {
        int room = 2 * x->max_skips + 16;
        dv_index_skip *grown = realloc(x->skips, (size_t)room * sizeof *grown);
        if (!grown)
            return dv_fail(err, DV_NO_MEMORY, "no memory for %d reasons", room);
        x->skips = grown;
        x->max_skips = room;
    }
    dv_index_skip *s = &x->skips[x->n_skips];
    *s = (dv_index_skip){ image, copy_text(path), copy_text(reason) };
    if (!s->path || !s->reason) {
        free(s->path);
        free(s->reason);
        return dv_fail(err, DV_NO_MEMORY, "%s: out of memory", path);
    }
    x->n_skips++;
    return true;
}

/* Where the image is among the files, or where it would be. */
static int place_of(const dv_index *x, int32_t image)
{
    int lo = 0, hi = x->n_files;
    while (lo < hi) {
        int mid = lo + (hi - lo) / 2;
        if (x->files[mid].image < image)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

const dv_index_file *dv_index_file_of(const dv_index *x, int32_t image)
{
    int i = place_of(x, image);
    return i < x->n_files && x->files[i].image == image ? &x->files[i] : NULL;
}

static void mark_named(const dv_index *x, const dv_hit *hits, int n, bool *named)
{
    for (int h = 0; h < n; h++) {
        const int i = place_of(x, hits[h].image);
        if (i < x->n_files)
            named[i] = true;
    }
}

bool dv_index_drop_files(dv_index *x, dv_error *err)
{
    if (x->n_files == 0)
        return true;
    bool *named = calloc((size_t)x->n_files, sizeof *named);
    if (!named)
        return dv_fail(err, DV_NO_MEMORY, "no memory to look through %d files", x->n_files);
    for (int u = 0; u < x->n_units; u++) {
        mark_named(x, x->units[u].hits, x->units[u].n_hits, named);
        mark_named(x, x->units[u].sample, x->units[u].n_sample, named);
    }
    int n = 0;
    for (int i = 0; i < x->n_files; i++)
        if (named[i])
            x->files[n++] = x->files[i];
        else
            free(x->files[i].path);
    x->n_files = n;
    free(named);
    return true;
}

/* -- questions -------------------------------------------------------------------------------- */

bool dv_index_complete(const dv_index *x)
{
    for (int i = 0; i < x->shards; i++)
        if (!x->have[i])
            return false;
    return x->done == x->count;
}

const dv_index_layer *dv_index_find(const dv_index *x, const char *text)
{
    for (int i = 0; i < x->n_layers; i++)
        if (strcmp(x->layers[i].layer, text) == 0)
            return &x->layers[i];
    for (int i = 0; i < x->n_layers; i++)
        if (strcmp(x->layers[i].name, text) == 0 || strcmp(x->layers[i].tensor, text) == 0)
            return &x->layers[i];
    return NULL;
}

static bool same_floats(const float *a, const float *b, int n)
{
    for (int i = 0; i < n; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

static bool same_preprocess(const dv_preprocess *a, const dv_preprocess *b)
{
    return a->resize == b->resize && a->size[0] == b->size[0] && a->size[1] == b->size[1] &&
           a->channels == b->channels && a->scale == b->scale && a->bgr == b->bgr &&
           same_floats(a->mean, b->mean, a->channels) && same_floats(a->std, b->std, a->channels);
}

static bool differs(dv_error *err, const char *what, long long a, long long b)
{
    return dv_fail(err, DV_BAD_USAGE, "another %s: %lld and %lld", what, a, b);
}

static bool same_layers(const dv_index *a, const dv_index *b, dv_error *err)
{
    if (a->n_layers != b->n_layers)
        return differs(err, "number of layers", a->n_layers, b->n_layers);
    for (int i = 0; i < a->n_layers; i++) {
        const dv_index_layer *l = &a->layers[i], *m = &b->layers[i];
        if (strcmp(l->tensor, m->tensor) != 0 || strcmp(l->layer, m->layer) != 0)
            return dv_fail(err, DV_BAD_USAGE, "other layers: '%s' and '%s'", l->layer, m->layer);
        if (!dv_shape_equal(&l->shape, &m->shape)) {
            char s[DV_SHAPE_TEXT_MAX], t[DV_SHAPE_TEXT_MAX];
            return dv_fail(err, DV_BAD_USAGE, "another shape of layer %s: %s and %s", l->layer,
                           dv_shape_text(&l->shape, s), dv_shape_text(&m->shape, t));
        }
    }
    return true;
}

bool dv_index_same_run(const dv_index *a, const dv_index *b, dv_error *err)
{
    char part[DV_DIFFERING_MAX];
    if (!dv_identity_equal(&a->model, &b->model))
        return dv_fail(err, DV_BAD_USAGE, "another model: %s (SHA-256 %.12s…) and %s (%.12s…)%s",
                       a->model.path, a->model.sha256, b->model.path, b->model.sha256,
                       dv_identity_differing(&a->model, &b->model, part));
    if (!same_preprocess(&a->preprocess, &b->preprocess))
        return dv_fail(err, DV_BAD_USAGE,
                       "another preprocessing: input %dx%d and %dx%d, or mean, std, scale, order "
                       "or resize differ",
                       a->preprocess.size[0], a->preprocess.size[1], b->preprocess.size[0],
                       b->preprocess.size[1]);
    if (a->k != b->k)
        return differs(err, "number of hits (-k)", a->k, b->k);
    if (a->per_image != b->per_image)
        return differs(err, "number of hits an image (--per-image)", a->per_image, b->per_image);
    if (a->sample != b->sample)
        return differs(err, "size of samples (--sample)", a->sample, b->sample);
    if (a->exact != b->exact)
        return dv_fail(err, DV_BAD_USAGE, "another choice of kernels (--exact): %s and %s",
                       a->exact ? "exact" : "fast", b->exact ? "exact" : "fast");
    return same_layers(a, b, err);
}

double dv_index_bin_begin(int i)
{
    const int half_octaves = i - DV_INDEX_BINS / 2;
    const int octave = half_octaves >= 0 ? half_octaves / 2 : -((1 - half_octaves) / 2);
    return ldexp(i % 2 ? 1.5 : 1, octave);
}
