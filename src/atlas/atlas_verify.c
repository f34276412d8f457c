/* atlas_verify.c - pictures of an atlas made again: a small atlas of some of its units, in a folder
 * that is temporary, whose files are held against those that are there. */
#include "atlas/atlas_settings.h"
#include "atlas/mined_model.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/path.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOME_GROUPS = 4 /* of DV_GRID_UNITS units that share a grid */ };

static const double near_enough = 2;

typedef struct verifying {
    const dv_atlas_verify_options *options;
    dv_atlas_options atlas, some; /* all of it; the units that are made again */
    dv_atlas_work all, again;
    int *layer_of; /* (again.n_layers) which of all's */
    dv_atlas_verified *result;
    dv_atlas_result counted[2];
} verifying;

const char *dv_picture_verdict_name(dv_picture_verdict v)
{
    static const char *const names[DV_N_PICTURE_VERDICTS] = {
        [DV_PICTURE_SAME] = "same",
        [DV_PICTURE_NEAR] = "near",
        [DV_PICTURE_CHANGED] = "changed",
        [DV_PICTURE_MISSING] = "missing",
    };
    return names[v];
}

bool dv_is_atlas(const char *folder)
{
    char *path = dv_path_join(folder, "atlas.json", NULL);
    const bool is = path && dv_file_exists(path);
    free(path);
    return is;
}

void dv_atlas_verified_free(dv_atlas_verified *v)
{
    for (int i = 0; i < v->n; i++)
        free(v->pictures[i].path);
    free(v->pictures);
    *v = (dv_atlas_verified){ 0 };
}

/* -- one picture ------------------------------------------------------------------------------ */

static bool note(dv_atlas_verified *r, const char *path, dv_picture_verdict verdict, double mean,
                 double most, dv_error *err)
{
    r->count[verdict]++;
    if (verdict == DV_PICTURE_SAME)
        return true;
    if ((r->n & (r->n - 1)) == 0) { /* room for twice as many */
        const size_t room = r->n ? 2 * (size_t)r->n : 1;
        dv_verified_picture *grown = realloc(r->pictures, room * sizeof *grown);
        if (!grown)
            return dv_fail(err, DV_NO_MEMORY, "no memory for %zu pictures", room);
        r->pictures = grown;
    }
    dv_verified_picture *p = &r->pictures[r->n];
    *p = (dv_verified_picture){ strdup(path), verdict, mean, most };
    r->n += p->path != NULL;
    return p->path || dv_fail(err, DV_NO_MEMORY, "%s: out of memory", path);
}

static void measure(const dv_image *a, const dv_image *b, double *mean, double *most)
{
    const size_t n = (size_t)a->width * (size_t)a->height * 3;
    double sum = 0;
    *most = 0;
    for (size_t i = 0; i < n; i++) {
        const int d = abs(a->rgb[i] - b->rgb[i]);
        sum += d;
        *most = d > *most ? d : *most;
    }
    *mean = sum / (double)n;
}

/* What is at `path` of the atlas, and what it should be. */
static bool compare(const verifying *v, const char *path, const void *made, size_t size,
                    dv_error *err)
{
    dv_file there;
    dv_image a = { 0 }, b = { 0 };
    double mean = (double)NAN, most = (double)NAN;
    dv_picture_verdict verdict = DV_PICTURE_MISSING;
    dv_error why = { 0 };
    char *full = dv_path_join(v->options->folder, path, err);
    if (!full)
        return false;
    const bool read = dv_file_read(&there, full, DV_FILE_MAX_READ, &why);
    free(full);
    if (read && there.size == size && memcmp(there.data, made, size) == 0) {
        verdict = DV_PICTURE_SAME;
    } else if (read && dv_image_decode(&a, there.data, there.size, path, &why) &&
               dv_image_decode(&b, made, size, path, &why)) {
        verdict = DV_PICTURE_CHANGED;
        if (a.width == b.width && a.height == b.height)
            measure(&a, &b, &mean, &most);
        if (mean <= near_enough)
            verdict = DV_PICTURE_NEAR;
    }
    dv_image_free(&a);
    dv_image_free(&b);
    if (read)
        dv_file_unmap(&there);
    if (why.code == DV_NO_MEMORY) {
        if (err)
            *err = why;
        return false;
    }
    return note(v->result, path, verdict, mean, most, err);
}

/* -- all of them ------------------------------------------------------------------------------ */

/* Whether all columns of a unit could be made. */
static bool is_shown(const dv_atlas_unit *u)
{
    for (int i = 0; i < u->n_hits + u->n_samples; i++)
        if (!u->columns[i].shown)
            return false;
    return true;
}

/* The place of a unit in the atlas's layer. */
static int place_of(const verifying *v, const dv_atlas_unit *u)
{
    return v->all.layers[v->layer_of[u->layer]].place[u->channel];
}

static bool verify_grids(const verifying *v, const dv_spool *s, int layer, int first, dv_error *err)
{
    const dv_atlas_layer *l = &v->again.layers[layer];
    const int group = place_of(v, &v->again.units[l->first + first]) / DV_GRID_UNITS;
    bool ok = true;
    for (int i = first; i < l->n && i < first + DV_GRID_UNITS; i++)
        if (!is_shown(&v->again.units[l->first + i]))
            return true;
    for (int patch = 0; ok && patch < 2; patch++) {
        char path[80];
        dv_jpeg made;
        snprintf(path, sizeof path, "pictures/layer-%d/%s-%d.jpg", v->layer_of[layer],
                 patch ? "patches" : "grid", group);
        ok = dv_atlas_grid(&v->again, s, layer, first, patch, &made, err);
        if (ok) {
            ok = compare(v, path, made.data, made.size, err);
            free(made.data);
        }
    }
    return ok;
}

static bool verify_unit(const verifying *v, const dv_spool *s, int unit, dv_error *err)
{
    const dv_atlas_unit *u = &v->again.units[unit];
    char path[80];
    dv_jpeg made;
    v->result->n_units++;
    if (!is_shown(u)) {
        v->result->not_shown++;
        return true;
    }
    snprintf(path, sizeof path, "pictures/layer-%d/units-%d.jpg", v->layer_of[u->layer],
             place_of(v, u));
    if (!dv_atlas_sheet(&v->again, s, unit, &made, err))
        return false;
    const bool ok = compare(v, path, made.data, made.size, err);
    free(made.data);
    return ok;
}

static bool verify_photo(const verifying *v, int image, dv_error *err)
{
    const int place = dv_atlas_image_of(&v->all, v->again.images[image].image);
    char path[80];
    dv_file made;
    if (!v->again.images[image].there)
        return true;
    snprintf(path, sizeof path, "photos/%d/%d.jpg", place / 1000, place);
    char *here = dv_atlas_path(&v->again, err, "photos/%d/%d.jpg", image / 1000, image);
    bool ok = here && dv_file_read(&made, here, DV_FILE_MAX_READ, err);
    free(here);
    if (ok) {
        ok = compare(v, path, made.data, made.size, err);
        dv_file_unmap(&made);
    }
    return ok;
}

static bool verify_pictures(const verifying *v, const dv_spool *s, dv_error *err)
{
    bool ok = true;
    for (int i = 0; ok && i < v->again.n_layers; i++) {
        const dv_atlas_layer *l = &v->again.layers[i];
        for (int u = 0; ok && u < l->n; u++)
            ok = verify_unit(v, s, l->first + u, err) &&
                 (u % DV_GRID_UNITS || verify_grids(v, s, i, u, err));
    }
    for (int i = 0; ok && v->some.context && i < v->again.n_images; i++)
        ok = verify_photo(v, i, err);
    return ok;
}

/* -- which units ------------------------------------------------------------------------------ */

/* Whether group g of n, counted over all layers, is one of those that are made again. */
static bool is_chosen(const verifying *v, int g, int n)
{
    if (v->options->all || n <= SOME_GROUPS)
        return true;
    for (int i = 0; i < SOME_GROUPS; i++)
        if (g == (2 * i + 1) * n / (2 * SOME_GROUPS))
            return true;
    return false;
}

static int groups_of(const dv_atlas_layer *l)
{
    return (l->n + DV_GRID_UNITS - 1) / DV_GRID_UNITS;
}

/* The channels of a layer's chosen groups, of which the first is number `from` of n. */
static bool choose(verifying *v, const dv_atlas_layer *l, int from, int n, dv_sheets_pick *pick,
                   dv_error *err)
{
    int32_t *channels = dv_arena_array(&v->all.arena, (size_t)l->n, sizeof *channels, err);
    *pick = (dv_sheets_pick){ .layer = l->mined, .channels = channels };
    for (int i = 0; channels && i < l->n; i++)
        if (is_chosen(v, from + i / DV_GRID_UNITS, n))
            channels[pick->n++] = l->channels[i];
    return channels != NULL;
}

static bool choose_units(verifying *v, dv_error *err)
{
    const dv_atlas_work *w = &v->all;
    int n = 0, from = 0;
    for (int i = 0; i < w->n_layers; i++)
        n += groups_of(&w->layers[i]);
    dv_sheets_pick *picks = dv_arena_array(&v->all.arena, (size_t)w->n_layers, sizeof *picks, err);
    v->layer_of = dv_arena_array(&v->all.arena, (size_t)w->n_layers, sizeof *v->layer_of, err);
    if (!picks || !v->layer_of)
        return false;
    v->some = v->atlas;
    v->some.picks = picks;
    v->some.n_picks = 0;
    for (int i = 0; i < w->n_layers; from += groups_of(&w->layers[i++])) {
        dv_sheets_pick *pick = &picks[v->some.n_picks];
        if (!choose(v, &w->layers[i], from, n, pick, err))
            return false;
        if (pick->n > 0)
            v->layer_of[v->some.n_picks++] = i; /* both in the order of the network */
    }
    return true;
}

static bool make_again(verifying *v, dv_error *err)
{
    int done = 0;
    dv_spool *s = dv_spool_open(&v->again, "verify", &done, err);
    const bool ok = s && dv_atlas_pictures(&v->again, s, done, err) && verify_pictures(v, s, err);
    dv_spool_close(s);
    return ok;
}

bool dv_atlas_verify(const dv_model *m, const dv_index *x, const dv_atlas_verify_options *o,
                     dv_atlas_verified *result, dv_error *err)
{
    verifying v = { .options = o, .result = result };
    *result = (dv_atlas_verified){ 0 };
    v.all = (dv_atlas_work){
        .model = m, .index = x, .options = &v.atlas, .folder = o->folder, .result = &v.counted[0]
    };
    bool ok = dv_mined_model(m, x, err) &&
              dv_atlas_settings_read(o->folder, x, &v.atlas, &v.all.arena, err);
    v.atlas.root = o->root ? o->root : v.atlas.root;
    v.atlas.pool = o->pool;
    v.atlas.watch = o->watch;
    ok = ok && dv_atlas_list(&v.all, err) && choose_units(&v, err);
    char *name = ok ? dv_path_join(o->scratch, "deconvviz-verify", err) : NULL;
    char *folder = name ? dv_folder_beside(name, err) : NULL;
    if (folder) {
        v.again = (dv_atlas_work){
            .model = m, .index = x, .options = &v.some, .folder = folder, .result = &v.counted[1]
        };
        ok = dv_atlas_list(&v.again, err) && make_again(&v, err);
        dv_folder_discard(folder);
        dv_atlas_release(&v.again);
    }
    ok = ok && folder;
    free(folder);
    free(name);
    dv_atlas_release(&v.all);
    return ok;
}
