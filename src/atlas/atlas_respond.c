/* atlas_respond.c - what the units of an atlas answer to images that need not be of its index. */
#include "atlas/atlas_against.h"
#include "atlas/hit_pictures.h"
#include "run/crew.h"
#include "run/pooling.h"

#include <stdlib.h>

/* What one image says. */
typedef struct slot {
    float *values; /* (units) */
    float *layer;  /* (most channels of a layer) */
    bool unread;
} slot;

typedef struct pass {
    dv_responses *responses;
    dv_common_image *images;
    int n_slots;
    slot *slots; /* (n_slots) */
} pass;

static void pick_units(const dv_atlas_work *w, const dv_trace *t, const slot *s)
{
    const dv_pooling largest = { .by = DV_POOLING_MAX };
    for (int i = 0; i < w->n_layers; i++) {
        const dv_atlas_layer *l = &w->layers[i];
        dv_pool_map(&largest, &l->mined->shape, dv_trace_tensor(t, l->tensor), s->layer);
        for (int32_t u = 0; u < l->n; u++)
            s->values[l->first + u] = s->layer[l->channels[u]];
    }
}

static bool work(void *ctx, dv_worker *worker, int64_t task, int number, dv_error *err)
{
    const pass *p = ctx;
    const dv_atlas_work *w = p->responses->work;
    const dv_common_image *image = &p->images[task];
    slot *s = &p->slots[number];
    dv_error why = { 0 };
    s->unread = image->unread;
    if (s->unread)
        return true;
    dv_photo photo;
    s->unread = !dv_hit_image(&photo, w->index, image->file, w->options->root, worker->input, &why);
    dv_photo_free(&photo);
    s->unread = s->unread || !dv_trace_forward(worker->trace, worker->input, &why);
    if (!s->unread)
        pick_units(w, worker->trace, s);
    else if (why.code == DV_NO_MEMORY)
        return dv_fail(err, DV_NO_MEMORY, "%s", why.message);
    return true;
}

static bool commit(void *ctx, int64_t task, int number, dv_error *err)
{
    (void)err;
    const pass *p = ctx;
    const slot *s = &p->slots[number];
    dv_responses *r = p->responses;
    p->images[task].unread = s->unread;
    for (int u = 0; !s->unread && u < r->work->n_units; u++)
        r->values[(size_t)u * (size_t)r->n + (size_t)task] = s->values[u];
    return true;
}

static bool make_slots(pass *p, int n, dv_error *err)
{
    const dv_atlas_work *w = p->responses->work;
    int32_t most = 0;
    for (int i = 0; i < w->n_layers; i++)
        most = w->layers[i].mined->size[DV_C] > most ? w->layers[i].mined->size[DV_C] : most;
    p->slots = calloc((size_t)n, sizeof *p->slots);
    p->n_slots = p->slots ? n : 0;
    bool ok = p->slots != NULL;
    for (int i = 0; ok && i < n; i++) {
        p->slots[i].values = malloc(((size_t)w->n_units + 1) * sizeof(float));
        p->slots[i].layer = malloc(((size_t)most + 1) * sizeof(float));
        ok = p->slots[i].values && p->slots[i].layer;
    }
    return ok || dv_fail(err, DV_NO_MEMORY, "no memory for %d images at a time", n);
}

static void free_slots(pass *p)
{
    for (int i = 0; i < p->n_slots; i++) {
        free(p->slots[i].values);
        free(p->slots[i].layer);
    }
    free(p->slots);
}

bool dv_atlas_respond(dv_responses *r, dv_common_image *images, int n, dv_error *err)
{
    const dv_atlas_work *w = r->work;
    pass p = { .responses = r, .images = images };
    dv_crew crew = { .n_workers = 0 };
    int *keep = calloc((size_t)w->n_layers + 1, sizeof *keep);
    r->n = n;
    r->values = calloc((size_t)w->n_units * (size_t)n + 1, sizeof *r->values);
    bool ok = (keep && r->values) ||
              dv_fail(err, DV_NO_MEMORY, "no memory for %d responses of %d", n, w->n_units);
    for (int i = 0; ok && i < w->n_layers; i++)
        keep[i] = w->layers[i].tensor;
    const dv_request request = {
        .n_keep = w->n_layers, .keep = keep, .exact = w->index->exact, .images = n
    };
    const dv_crew_options o = { .request = &request, .pool = w->options->pool, .tasks = n };
    const dv_tasks tasks = { .n = n,
                             .watch = &w->options->watch,
                             .what = "images",
                             .ctx = &p,
                             .work = work,
                             .commit = commit };
    ok = ok && dv_crew_hire(&crew, w->model, &o, err) && make_slots(&p, crew.n_slots, err) &&
         dv_crew_run(&crew, &tasks, err);
    free_slots(&p);
    dv_crew_dismiss(&crew);
    free(keep);
    return ok;
}
