/* evolve.c - the study of a training: what is kept of each checkpoint, and what is made of it. */
#include "studies/evolve.h"

#include "base/text.h"
#include "deconvviz/draw.h"
#include "run/watch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_SEEN = 256 << 20 /* bytes of images that are kept */ };

/* -- files ------------------------------------------------------------------------------------ */

dv_file_state dv_file_state_of(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return (dv_file_state){ .there = false };
    return (dv_file_state){ .there = true, .size = (int64_t)st.st_size, .written = st.st_mtim };
}

bool dv_file_state_equal(const dv_file_state *a, const dv_file_state *b)
{
    return a->there == b->there && a->size == b->size && a->written.tv_sec == b->written.tv_sec &&
           a->written.tv_nsec == b->written.tv_nsec;
}

dv_model *dv_checkpoint_open(const char *network, const char *path, const int size[2],
                             dv_error *err)
{
    const dv_load_options o = { .weights = network ? path : NULL, .size = { size[0], size[1] } };
    dv_model *m = dv_model_open(network ? network : path, &o, err);
    if (!m && err && !strstr(err->message, path))
        (void)dv_fail_in(err, "%s", path);
    return m;
}

/* -- a checkpoint's model --------------------------------------------------------------------- */

static bool same_shape(const char *path, const char *layer, const dv_shape *a, const dv_shape *b,
                       dv_error *err)
{
    char one[DV_SHAPE_TEXT_MAX], other[DV_SHAPE_TEXT_MAX];
    return dv_shape_equal(a, b) ||
           dv_fail(err, DV_BAD_DATA, "%s: does not fit: layer %s gives %s, %s in the last", path,
                   layer, dv_shape_text(a, one), dv_shape_text(b, other));
}

static bool same_layers(const dv_model *m, const dv_model *base, const char *path, dv_error *err)
{
    const int n = dv_model_n_layers(m), wanted = dv_model_n_layers(base);
    if (n != wanted)
        return dv_fail(err, DV_BAD_DATA,
                       "%s: does not fit: a network of %d weight layers, %d in the last", path, n,
                       wanted);
    for (int i = 0; i < n; i++) {
        const dv_layer *a = dv_model_layer(m, i), *b = dv_model_layer(base, i);
        if (!same_shape(path, b->name, dv_tensor_shape(m, a->tensor),
                        dv_tensor_shape(base, b->tensor), err))
            return false;
    }
    return same_shape(path, "0, the input,", dv_tensor_shape(m, dv_model_input(m)),
                      dv_tensor_shape(base, dv_model_input(base)), err);
}

bool dv_evolver_tensors(const dv_evolver *e, const dv_model *m, int *tensors, dv_error *err)
{
    for (int i = 0; i < e->n_layers; i++) {
        const dv_selection *s = e->layers[i].selection;
        if (!dv_model_find(m, s->layer, &tensors[i], err) ||
            !same_shape(dv_model_path(m), s->layer, dv_tensor_shape(m, tensors[i]),
                        dv_tensor_shape(e->model, s->tensor), err))
            return false;
    }
    return true;
}

dv_model *dv_evolver_open(const dv_evolver *e, const char *path, dv_error *err)
{
    const int *in = dv_tensor_shape(e->model, dv_model_input(e->model))->dim;
    dv_model *m = dv_checkpoint_open(e->o.network, path, (const int[2]){ in[2], in[3] }, err);
    int *tensors = calloc((size_t)e->n_layers + 1, sizeof *tensors);
    bool ok = m && (tensors || dv_fail(err, DV_NO_MEMORY, "no memory for layers")) &&
              same_layers(m, e->model, path, err) && dv_evolver_tensors(e, m, tensors, err);
    free(tensors);
    if (ok)
        return m;
    dv_model_free(m);
    return NULL;
}

/* -- images ----------------------------------------------------------------------------------- */

static bool see(const dv_evolver *e, int32_t image, dv_image *seen, dv_error *err)
{
    const char *path = dv_list_path(e->o.images, image);
    dv_image im;
    if (!dv_image_load(&im, path, err))
        return false;
    const bool ok = dv_prepare_view(&im, &e->o.preprocess, seen, err);
    dv_image_free(&im);
    return ok || dv_fail_in(err, "%s", path);
}

bool dv_evolver_read(dv_evolver *e, int32_t image, float *input, dv_image *seen, dv_error *err)
{
    dv_preprocess as_it_is = e->o.preprocess;
    dv_image now = e->seen[image];
    as_it_is.resize = 0;
    if (!now.rgb && !see(e, image, &now, err))
        return false;
    if (e->keeps_seen)
        e->seen[image] = now;
    bool ok = dv_prepare(&now, &as_it_is, input, NULL, err);
    if (ok && seen)
        ok = dv_picture_crop(seen, &now, (dv_rect){ 0, 0, now.width, now.height }, err);
    if (!e->keeps_seen)
        dv_image_free(&now);
    return ok;
}

/* -- an evolver ------------------------------------------------------------------------------- */

/* "layer 5 (conv5)", "pool5". */
static char *title_of(const dv_model *m, const dv_selection *s)
{
    dv_text t = { 0 };
    const dv_layer *l;
    for (int i = 0; (l = dv_model_layer(m, i)) && l->tensor != s->tensor; i++)
        ;
    if (l)
        dv_text_format(&t, "layer %d (%s)", l->number, l->name);
    else
        dv_text_format(&t, "%s", s->layer);
    if (!t.failed)
        return t.data;
    free(t.data);
    return NULL;
}

static bool begin(dv_evolver *e, dv_error *err)
{
    const dv_selections *s = e->o.units;
    const size_t images = (size_t)e->o.images->count;
    const int *size = e->o.preprocess.size;
    e->keeps_seen = (double)size[0] * size[1] * 3 * (double)images <= MOST_SEEN;
    e->layers = calloc((size_t)s->n + 1, sizeof *e->layers);
    e->unreadable = calloc(images + 1, sizeof *e->unreadable);
    e->seen = calloc(images + 1, sizeof *e->seen);
    if (!e->layers || !e->unreadable || !e->seen)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %zu images", images);
    for (int i = 0; i < s->n; i++) {
        dv_evolver_layer *l = &e->layers[e->n_layers++];
        *l =
            (dv_evolver_layer){ .selection = &s->layers[i],
                                .map = dv_box_whole(dv_tensor_shape(e->model, s->layers[i].tensor)),
                                .first = e->n_channels,
                                .title = title_of(e->model, &s->layers[i]) };
        if (!l->title)
            return dv_fail(err, DV_NO_MEMORY, "no memory for layers");
        e->n_channels += l->map.hi[DV_C];
    }
    return true;
}

dv_evolver *dv_evolver_new(const dv_model *m, const dv_evolve_options *o, dv_error *err)
{
    dv_evolver *e = calloc(1, sizeof *e);
    if (!e) {
        dv_fail(err, DV_NO_MEMORY, "no memory for a study");
        return NULL;
    }
    e->model = m;
    e->o = *o;
    if (begin(e, err))
        return e;
    dv_evolver_free(e);
    return NULL;
}

void dv_evolver_free(dv_evolver *e)
{
    if (!e)
        return;
    for (int i = 0; i < e->n_layers; i++)
        free(e->layers[i].title);
    for (int i = 0; e->seen && i < e->o.images->count; i++)
        dv_image_free(&e->seen[i]);
    for (int i = 0; i < e->n; i++) {
        free(e->surveyed[i].path);
        free(e->surveyed[i].hits);
    }
    free(e->surveyed);
    free(e->layers);
    free(e->unreadable);
    free(e->seen);
    free(e);
}

/* -- surveys ---------------------------------------------------------------------------------- */

/* What is known of a checkpoint as it is now; NULL: nothing. */
static dv_surveyed *known(const dv_evolver *e, const char *path)
{
    const dv_file_state now = dv_file_state_of(path);
    for (int i = 0; i < e->n; i++)
        if (strcmp(e->surveyed[i].path, path) == 0 &&
            dv_file_state_equal(&e->surveyed[i].state, &now))
            return &e->surveyed[i];
    return NULL;
}

/* Room for one that is not known as it is now: that of the file as it was, or a new one. */
static dv_surveyed *place_for(dv_evolver *e, const char *path, dv_error *err)
{
    for (int i = 0; i < e->n; i++)
        if (strcmp(e->surveyed[i].path, path) == 0)
            return &e->surveyed[i];
    if (e->n == e->room) {
        const int room = 2 * e->room + 16;
        dv_surveyed *grown = realloc(e->surveyed, (size_t)room * sizeof *grown);
        if (grown) {
            e->surveyed = grown;
            e->room = room;
        }
    }
    char *copy = e->n < e->room ? strdup(path) : NULL;
    dv_evolved_hit *hits = copy ? calloc((size_t)e->n_channels + 1, sizeof *hits) : NULL;
    if (!hits) {
        free(copy);
        dv_fail(err, DV_NO_MEMORY, "no memory for %d channels", e->n_channels);
        return NULL;
    }
    e->surveyed[e->n] = (dv_surveyed){ .path = copy, .hits = hits };
    return &e->surveyed[e->n++];
}

static bool survey(dv_evolver *e, const dv_checkpoint *c, dv_error *err)
{
    dv_surveyed *s = place_for(e, c->path, err);
    dv_error why;
    if (!s)
        return false;
    s->state.there = false; /* until it is surveyed */
    const dv_file_state now = dv_file_state_of(c->path);
    dv_model *m = dv_evolver_open(e, c->path, &why);
    s->fits = m != NULL;
    if (!m && (!c->found || why.code == DV_NO_MEMORY)) {
        if (err)
            *err = why;
        return false;
    }
    if (!m)
        dv_watch_skipped(&e->o.watch, c->path, why.message);
    const bool ok = !m || dv_evolver_survey(e, m, c->path, s->hits, err);
    dv_model_free(m);
    if (ok)
        s->state = now;
    return ok;
}

/* One that does not fit is passed over where it was found, and fails again where it is named. */
static bool is_settled(const dv_evolver *e, const dv_checkpoint *c)
{
    const dv_surveyed *s = known(e, c->path);
    return s && (s->fits || c->found);
}

static bool survey_all(dv_evolver *e, const dv_checkpoints *c, dv_error *err)
{
    e->done = e->total = 0;
    for (int i = 0; i < c->n; i++)
        e->total += is_settled(e, &c->list[i]) ? 0 : e->o.images->count;
    for (int i = 0; i < c->n; i++)
        if (!is_settled(e, &c->list[i]) && !survey(e, &c->list[i], err))
            return false;
    return true;
}

/* -- a result --------------------------------------------------------------------------------- */

static bool add_fitting(dv_evolution_work *w, const dv_checkpoint *c, const dv_evolved_hit *hits,
                        dv_error *err)
{
    dv_checkpoints *to = &w->r->memory->checkpoints;
    char *path = strdup(c->path);
    if (!path)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a path");
    w->hits[to->n] = hits;
    to->list[to->n++] = (dv_checkpoint){ .path = path, .found = c->found };
    return true;
}

/* Those that fit, with titles that tell them from each other. */
static bool list_fitting(dv_evolution_work *w, const dv_checkpoints *c, dv_error *err)
{
    dv_checkpoints *to = &w->r->memory->checkpoints;
    to->list = calloc((size_t)c->n + 1, sizeof *to->list);
    w->hits = dv_arena_array(w->arena, (size_t)c->n, sizeof *w->hits, err);
    if (!to->list)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d checkpoints", c->n);
    for (int i = 0; w->hits && i < c->n; i++) {
        const dv_surveyed *s = known(w->e, c->list[i].path);
        if (s && s->fits && !add_fitting(w, &c->list[i], s->hits, err))
            return false;
    }
    if (!w->hits || !dv_checkpoints_name(to, err))
        return false;
    w->r->n = to->n;
    w->r->checkpoints = to->list;
    w->r->word = to->word;
    return to->n > 0 || dv_fail(err, DV_BAD_DATA, "none of %d checkpoints fits the network", c->n);
}

static bool look_at(dv_evolution_work *w, int i, const dv_model *last, dv_error *err)
{
    dv_evolver *e = w->e;
    const char *path = w->r->checkpoints[i].path;
    if (!dv_watch_goes_on(&e->o.watch, i, w->r->n, "checkpoints", err))
        return false;
    dv_model *m = i < w->r->n - 1 ? dv_evolver_open(e, path, err) : NULL;
    if (!m && i < w->r->n - 1)
        return false;
    const bool ok = dv_evolution_compare(w, i, m ? m : last, last, err) &&
                    (dv_evolution_project(w, i, m ? m : last, err) || dv_fail_in(err, "%s", path));
    dv_model_free(m);
    return ok;
}

/* The last one first: the others are compared with it. */
static bool look_at_all(dv_evolution_work *w, dv_error *err)
{
    const int n = w->r->n;
    dv_model *last = dv_evolver_open(w->e, w->r->checkpoints[n - 1].path, err);
    const char *sha256 = last ? dv_model_sha256(last, err) : NULL;
    bool ok = sha256 != NULL;
    if (ok)
        memcpy(w->model_sha256, sha256, sizeof w->model_sha256);
    for (int i = n; ok && i-- > 0;)
        ok = look_at(w, i, last, err);
    dv_model_free(last);
    if (ok)
        dv_evolution_conclude(w);
    return ok;
}

static void free_work(dv_evolution_work *w)
{
    for (int i = 0; w->last && i < w->r->n_units; i++)
        free(w->last[i].data);
    for (int i = 0; w->pictures && w->patches && i < w->r->n_units * w->r->n; i++) {
        dv_image_free(&w->pictures[i]);
        dv_image_free(&w->patches[i]);
    }
}

void dv_evolution_free(dv_evolution *e)
{
    if (e->memory) {
        dv_checkpoints_free(&e->memory->checkpoints);
        dv_arena_release(&e->memory->arena);
        free(e->memory);
    }
    *e = (dv_evolution){ .n = 0 };
}

bool dv_evolver_run(dv_evolver *e, const dv_checkpoints *c, dv_evolution *result, dv_error *err)
{
    *result = (dv_evolution){ .threshold = e->o.threshold };
    result->memory = calloc(1, sizeof *result->memory);
    if (!result->memory)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a result");
    dv_evolution_work w = { .e = e, .r = result, .arena = &result->memory->arena };
    const bool ok = dv_figure_check(&e->o.figure, err) && survey_all(e, c, err) &&
                    list_fitting(&w, c, err) && dv_evolution_count(&w, err) &&
                    look_at_all(&w, err) && dv_evolution_draw(&w, err) &&
                    dv_evolution_animate(&w, err);
    free_work(&w);
    if (!ok)
        dv_evolution_free(result);
    return ok;
}

/* -- which one the others are judged by ------------------------------------------------------- */

int dv_checkpoints_last(const dv_checkpoints *c, const char *network, const int size[2],
                        dv_error *err)
{
    for (int i = c->n; i-- > 0;) {
        dv_error why = { .code = DV_OK };
        dv_model *m = dv_checkpoint_open(network, c->list[i].path, size, &why);
        dv_model_free(m);
        if (m)
            return i;
        if (err)
            *err = why;
        if (!c->list[i].found || why.code == DV_NO_MEMORY)
            return -1;
    }
    if (c->n == 0)
        dv_fail(err, DV_BAD_DATA, "there are no checkpoints");
    return -1;
}
