/* atlas_against.c - two networks in one atlas: the same images to both, and data/against.js. */
#include "atlas/atlas_against.h"
#include "atlas/atlas_data.h"
#include "graph/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Images that the two are compared by: what is said of them holds to 0.04 with 512. Fewer where
 * there are so many units that their responses would take more than 256 MB. */
enum { MOST_IMAGES = 512, LEAST_IMAGES = 3 };
static const double MOST_RESPONSES = 64e6;

bool dv_atlas_other_options(dv_atlas_work *w, dv_atlas_options *o, dv_error *err)
{
    const dv_atlas_against *a = w->options->against;
    const dv_index *x = a->index;
    const bool same = dv_atlas_same_layers(w, x);
    const int n = same ? w->n_layers : x->n_layers;
    dv_sheets_pick *picks = dv_arena_array(&w->arena, (size_t)n, sizeof *picks, err);
    for (int i = 0; picks && i < n; i++) {
        const dv_atlas_layer *own = &w->layers[i];
        const dv_index_layer *l = same ? dv_index_find(x, own->mined->layer) : &x->layers[i];
        int32_t *all =
            same ? NULL : dv_arena_array(&w->arena, (size_t)l->size[DV_C], sizeof *all, err);
        if (!same && !all)
            return false;
        for (int32_t c = 0; all && c < l->size[DV_C]; c++)
            all[c] = c;
        picks[i] = (dv_sheets_pick){ l, all ? l->size[DV_C] : own->n, all ? all : own->channels };
    }
    *o = *w->options;
    o->n_picks = n;
    o->picks = picks;
    o->command = NULL;
    o->projects = a->projects;
    o->against = NULL;
    o->mined_there = false;
    return picks != NULL;
}

/* -- the same images -------------------------------------------------------------------------- */

static int by_sha256(const void *a, const void *b)
{
    const dv_common_image *i = a, *j = b;
    return strcmp(i->file->sha256, j->file->sha256);
}

/* Those of both, each once, in the order of their digests, which is as good as a lot. */
static dv_common_image *list_images(const dv_atlas_work *w, const dv_atlas_work *other, int *n,
                                    dv_error *err)
{
    const dv_index *x[2] = { w->index, other->index };
    dv_common_image *images =
        malloc(((size_t)x[0]->n_files + (size_t)x[1]->n_files + 1) * sizeof *images);
    size_t all = 0;
    if (!images) {
        dv_fail(err, DV_NO_MEMORY, "no memory for a list of images");
        return NULL;
    }
    for (int k = 0; k < 2; k++)
        for (int32_t i = 0; i < x[k]->n_files; i++)
            images[all++] = (dv_common_image){ .file = &x[k]->files[i] };
    qsort(images, all, sizeof *images, by_sha256);
    const double room = MOST_RESPONSES / (w->n_units + other->n_units + 1);
    *n = 0;
    for (size_t i = 0; i < all && *n < MOST_IMAGES && *n < room; i++)
        if (*n == 0 || by_sha256(&images[i], &images[*n - 1]) != 0)
            images[(*n)++] = images[i];
    return images;
}

/* Leaves the responses to those images that both networks could read. */
static bool keep_common(dv_responses *r, const dv_common_image *images, dv_error *err)
{
    int n = 0;
    for (int i = 0; i < r->n; i++)
        n += !images[i].unread;
    if (n < LEAST_IMAGES)
        return dv_fail(err, DV_BAD_DATA,
                       "%d images can be read that both networks may be compared by: %d are needed",
                       n, LEAST_IMAGES);
    for (int u = 0; u < r->work->n_units; u++) {
        float *to = r->values + (size_t)u * (size_t)n;
        const float *from = dv_response(r, u);
        for (int i = 0; i < r->n; i++)
            if (!images[i].unread)
                *to++ = from[i];
    }
    r->n = n;
    return true;
}

static bool respond(dv_responses *a, dv_responses *b, dv_error *err)
{
    int n;
    dv_common_image *images = list_images(a->work, b->work, &n, err);
    const bool ok = images && dv_atlas_respond(a, images, n, err) &&
                    dv_atlas_respond(b, images, n, err) && keep_common(a, images, err) &&
                    keep_common(b, images, err);
    free(images);
    return ok;
}

/* -- what is said of it ----------------------------------------------------------------------- */

typedef struct comparison {
    dv_atlas_work *work;
    const dv_atlas_work *other;
    dv_responses a, b;
    dv_atlas_pairs pairs;
    bool by_number;
} comparison;

static void put_fact(dv_json *w, const char *key, const char *value)
{
    dv_json_list(w, NULL);
    dv_json_put_text(w, NULL, key);
    dv_json_put_text(w, NULL, value);
    dv_json_end(w);
}

/* What a network is called beside the other one: where both have one name, as the file of its
 * weights, which then differs. */
static void put_name(dv_json *w, const char *key, const dv_index *x, const dv_index *beside)
{
    const char *name = x->model.name;
    const bool same = strcmp(name, beside->model.name) == 0;
    for (int i = 0; same && i < x->model.n_parts; i++)
        if (strcmp(x->model.parts[i].role, DV_PART_WEIGHTS) == 0)
            name = x->model.parts[i].name;
    dv_text t = { 0 };
    const char *dot = name == x->model.name ? NULL : strrchr(name, '.');
    dv_text_add(&t, name, dot && dot > name ? (size_t)(dot - name) : strlen(name));
    dv_json_put_text(w, key, t.data ? t.data : "");
    w->to->failed = w->to->failed || t.failed;
    free(t.data);
}

static void put_facts(dv_json *w, const comparison *c)
{
    char images[40];
    snprintf(images, sizeof images, "%d", c->a.n);
    dv_json_list(w, "facts");
    put_fact(w, "Layers",
             dv_atlas_same_layers(c->work, c->other->index)
                 ? "those of the same name"
                 : "those whose responses are most alike by linear CKA (Kornblith et al. 2019)");
    put_fact(w, "Units",
             c->by_number ? "those of the same number"
                          : "to each the one whose responses correlate most (Li et al. 2016)");
    put_fact(w, "Change",
             "1 less the correlation of the strongest responses to the same images; "
             "1 where there is none");
    put_fact(w, "Images compared", images);
    dv_json_end(w);
}

static bool put_layer(dv_json *w, const dv_atlas_data *d, const comparison *c, int layer,
                      dv_error *err)
{
    const dv_atlas_layer *l = &c->work->layers[layer];
    char file[2][48];
    dv_data_column match = { .key = "match", .file = file[0], .n = l->n, .step = 1, .place = true };
    dv_data_column change = { .key = "change", .file = file[1], .n = l->n, .step = 1 };
    match.values = c->pairs.unit + l->first;
    change.values = c->pairs.change + l->first;
    snprintf(file[0], sizeof file[0], "against-%d-match.js", layer);
    snprintf(file[1], sizeof file[1], "against-%d-change.js", layer);
    dv_json_space(w, "\n");
    dv_json_object(w, NULL);
    dv_json_put_int(w, "layer", layer);
    dv_json_put_int(w, "other", c->pairs.layer[layer]);
    dv_json_put_text(w, "by", c->by_number ? "number" : "responses");
    const bool ok = dv_data_put_column(w, d, &match, err) && dv_data_put_column(w, d, &change, err);
    dv_json_end(w);
    return ok;
}

static bool write(const comparison *c, dv_error *err)
{
    const dv_atlas_data d = { .work = c->work };
    dv_data_file f;
    dv_data_begin(&f);
    dv_json *w = &f.json;
    bool ok = true;
    dv_json_object(w, NULL);
    put_name(w, "title", c->other->index, c->work->index);
    put_name(w, "own", c->work->index, c->other->index);
    put_facts(w, c);
    dv_json_list(w, "layers");
    for (int i = 0; ok && i < c->work->n_layers; i++)
        ok = c->pairs.layer[i] < 0 || put_layer(w, &d, c, i, err);
    dv_json_end(w);
    dv_json_end(w);
    return dv_data_end(&d, &f, ok, "against.js", err);
}

static void report(const comparison *c)
{
    dv_atlas_result *r = c->work->result;
    double sum = 0;
    int known = 0;
    r->most = -1;
    for (int i = 0; i < c->work->n_layers; i++) {
        const dv_atlas_layer *l = &c->work->layers[i];
        double own = 0;
        int n = 0;
        for (int u = l->first; u < l->first + l->n; u++) {
            r->n_matched += !isnan(c->pairs.unit[u]);
            n += !isnan(c->pairs.change[u]);
            own += isnan(c->pairs.change[u]) ? 0 : c->pairs.change[u];
        }
        sum += own;
        known += n;
        if (n > 0 && own / n > r->most) {
            r->most = own / n;
            r->changed = l->mined->layer;
        }
    }
    r->change = known > 0 ? sum / known : (double)NAN;
}

bool dv_atlas_compare(dv_atlas_work *w, const dv_atlas_work *other, dv_error *err)
{
    const dv_atlas_match match = w->options->against->match;
    const size_t n = (size_t)w->n_units;
    comparison c = { .work = w, .other = other, .a = { .work = w }, .b = { .work = other } };
    c.by_number = match == DV_MATCH_NUMBER ||
                  (match == DV_MATCH_FITTING && dv_atlas_same_layers(w, other->index));
    c.pairs.layer = dv_arena_array(&w->arena, (size_t)w->n_layers, sizeof *c.pairs.layer, err);
    c.pairs.unit = c.pairs.layer ? dv_arena_array(&w->arena, n, sizeof(double), err) : NULL;
    c.pairs.change = c.pairs.unit ? dv_arena_array(&w->arena, n, sizeof(double), err) : NULL;
    const bool ok = c.pairs.change && respond(&c.a, &c.b, err) &&
                    dv_atlas_pair(&c.pairs, &c.a, &c.b, c.by_number, err) && write(&c, err);
    if (ok)
        report(&c);
    free(c.a.values);
    free(c.b.values);
    return ok;
}
