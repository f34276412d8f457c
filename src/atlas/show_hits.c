/* show_hits.c - from hits to pictures: the images are read once each, run as far as the deepest of
 * the units, and projected from all the units that they are hits of. */
#include "atlas/hit_pictures.h"
#include "atlas/shown.h"
#include "run/crew.h"
#include "run/watch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A hit, and whose it is. */
typedef struct job {
    const dv_shown_unit *unit;
    dv_shown *shown;
} job;

typedef struct pass {
    dv_showing *showing;
    int n_jobs, n_images;
    job *jobs;        /* by image */
    int *first;       /* (n_images + 1) job of each image */
    dv_error *errors; /* (n_slots) of images that could not be shown: code is not DV_OK */
    bool measure;     /* only the scales */
} pass;

bool dv_showing_goes_on(const dv_showing *s, dv_error *err)
{
    return dv_watch_goes_on(&s->options->watch, s->done, s->total, "hits", err);
}

static void free_pictures(dv_shown *s)
{
    dv_image_free(&s->patch);
    for (int i = 0; i < DV_N_SIZES; i++)
        dv_image_free(&s->projection[i]);
}

void dv_shown_free(dv_shown_unit *u)
{
    for (int i = 0; i < u->n; i++)
        free_pictures(&u->shown[i]);
}

/* -- one hit ---------------------------------------------------------------------------------- */

/* Finds a projection's scale where that is asked for, and draws it, at most `side` large. */
static bool draw_projection(dv_image *out, float *scale, const pass *p, const dv_signal *signal,
                            dv_rect r, int side, dv_error *err)
{
    const dv_showing *s = p->showing;
    dv_signal shown;
    dv_rect part;
    float *own;
    if (!dv_hit_reduce(&shown, &part, &own, signal, r, side, err))
        return false;
    if (p->measure || !s->options->common_scale)
        *scale = dv_signal_scale(&shown);
    const bool ok =
        p->measure || dv_draw_signal(out, &shown, part, *scale, s->index->preprocess.bgr, err);
    free(own);
    return ok;
}

bool dv_shown_bytes(const dv_showing *s, int tensor, int64_t *bytes, dv_error *err)
{
    dv_unit u = { .tensor = tensor };
    dv_rect r;
    if (!dv_hit_rect(s->model, s->index->preprocess.size, &u, &r, err))
        return false;
    int64_t side = s->options->side, w = r.x1 - r.x0, h = r.y1 - r.y0;
    const int64_t cell = DV_CELL_SIDE;
    *bytes = 6 * (w < side ? w : side) * (h < side ? h : side) + 3 * cell * cell;
    return true;
}

static bool show(const pass *p, const dv_worker *w, const dv_image *seen, const job *j,
                 dv_error *err)
{
    const dv_showing *s = p->showing;
    const dv_sheets_options *o = s->options;
    const dv_hit *h = j->shown->hit;
    dv_unit u = { j->unit->tensor, j->unit->channel, h->y, h->x };
    if (!dv_hit_agrees(w->trace, &u, j->unit->layer->layer, h->value, err))
        return false;
    dv_signal signal;
    dv_rect r;
    if (!dv_project(w->projectors[0], &u, o->rule, o->seed, &signal, err) ||
        !dv_hit_rect(s->model, s->index->preprocess.size, &u, &r, err))
        return false;
    for (int i = 0; i < DV_N_SIZES; i++)
        if (!draw_projection(&j->shown->projection[i], &j->shown->scale[i], p, &signal, r,
                             i == DV_IN_CELL ? DV_CELL_SIDE : o->side, err))
            return false;
    return p->measure || dv_hit_patch(&j->shown->patch, seen, r, o->side, err);
}

/* -- one image -------------------------------------------------------------------------------- */

static bool show_image(const pass *p, const dv_worker *w, int image, dv_error *err)
{
    const dv_showing *s = p->showing;
    const job *first = &p->jobs[p->first[image]], *end = &p->jobs[p->first[image + 1]];
    const dv_index_file *f = dv_index_file_of(s->index, first->shown->hit->image);
    dv_image seen;
    dv_photo photo;
    const bool read = dv_hit_image(&photo, s->index, f, s->options->root, w->input, err);
    dv_photo_free(&photo);
    if (!read || !dv_trace_forward(w->trace, w->input, err) ||
        !dv_draw_input(&seen, w->input, &s->index->preprocess, err))
        return false;
    bool ok = true;
    for (const job *j = first; ok && j < end; j++)
        ok = show(p, w, &seen, j, err);
    dv_image_free(&seen);
    return ok;
}

/* Where memory runs out all ends; else what an image fails by is told with the rest. */
static bool work(void *ctx, dv_worker *w, int64_t image, int slot, dv_error *err)
{
    const pass *p = ctx;
    dv_error *why = &p->errors[slot];
    if (show_image(p, w, (int)image, why))
        why->code = DV_OK;
    else if (why->code == DV_NO_MEMORY)
        *err = *why;
    return why->code != DV_NO_MEMORY;
}

/* The hits of an image that could not be shown. */
static void miss(const pass *p, int image, const char *reason)
{
    dv_showing *s = p->showing;
    const job *first = &p->jobs[p->first[image]], *end = &p->jobs[p->first[image + 1]];
    for (const job *j = first; j < end; j++) {
        free_pictures(j->shown);
        memset(j->shown->scale, 0, sizeof j->shown->scale);
    }
    if (p->measure)
        return;
    s->missing += (int)(end - first);
    dv_watch_skipped(&s->options->watch, dv_index_file_of(s->index, first->shown->hit->image)->path,
                     reason);
}

static bool commit(void *ctx, int64_t image, int slot, dv_error *err)
{
    const pass *p = ctx;
    const dv_sheets_options *o = p->showing->options;
    (void)err;
    if (p->errors[slot].code != DV_OK)
        miss(p, (int)image, p->errors[slot].message);
    p->showing->done += p->first[image + 1] - p->first[image];
    dv_watch_progress(&o->watch, p->showing->done, p->showing->total);
    return true;
}

/* -- all of them ------------------------------------------------------------------------------ */

static int by_image(const void *a, const void *b)
{
    const job *j = a, *k = b;
    const dv_hit *g = j->shown->hit, *h = k->shown->hit;
    if (g->image != h->image)
        return g->image < h->image ? -1 : 1;
    return (j->shown > k->shown) - (j->shown < k->shown);
}

static bool list_jobs(pass *p, int n_units, const dv_shown_unit *units, dv_error *err)
{
    size_t n = 0;
    for (int u = 0; u < n_units; u++)
        n += (size_t)units[u].n;
    p->jobs = calloc(n + 1, sizeof *p->jobs);
    p->first = calloc(n + 1, sizeof *p->first);
    if (!p->jobs || !p->first)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %zu hits", n);
    for (int u = 0; u < n_units; u++)
        for (int i = 0; i < units[u].n; i++)
            p->jobs[p->n_jobs++] = (job){ &units[u], &units[u].shown[i] };
    qsort(p->jobs, n, sizeof *p->jobs, by_image);
    for (int i = 0; i < p->n_jobs; i++)
        if (i == 0 || p->jobs[i].shown->hit->image != p->jobs[i - 1].shown->hit->image)
            p->first[p->n_images++] = i;
    p->first[p->n_images] = p->n_jobs;
    return true;
}

/* Workers, and a place in each slot for what goes wrong. */
static bool hire(pass *p, dv_crew *crew, int n_units, const dv_shown_unit *units, dv_error *err)
{
    const dv_showing *s = p->showing;
    int *keep = calloc((size_t)n_units + 1, sizeof *keep), n = 0;
    if (!keep)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d units", n_units);
    for (int u = 0; u < n_units; u++)
        if (u == 0 || units[u].tensor != units[u - 1].tensor)
            keep[n++] = units[u].tensor;
    const dv_request r = { .n_keep = n,
                           .keep = keep,
                           .rules = 1U << s->options->rule,
                           .rectify = s->options->rectify,
                           .exact = s->index->exact };
    const dv_crew_options o = {
        .request = &r, .pool = s->options->pool, .tasks = p->n_images, .units = 1
    };
    bool ok = dv_crew_hire(crew, s->model, &o, err);
    free(keep);
    p->errors = ok ? calloc((size_t)crew->n_slots, sizeof *p->errors) : NULL;
    return ok && (p->errors ||
                  dv_fail(err, DV_NO_MEMORY, "no memory for %d images at a time", crew->n_slots));
}

static void make_scales_common(int n_units, dv_shown_unit *units)
{
    for (int u = 0; u < n_units; u++)
        for (int size = 0; size < DV_N_SIZES; size++) {
            float most = 0;
            for (int i = 0; i < units[u].n; i++)
                most = fmaxf(most, units[u].shown[i].scale[size]);
            for (int i = 0; i < units[u].n; i++)
                units[u].shown[i].scale[size] = most;
        }
}

bool dv_show_hits(dv_showing *s, int n_units, dv_shown_unit *units, dv_error *err)
{
    pass p = { .showing = s };
    dv_crew crew = { .n_workers = 0 };
    bool ok = list_jobs(&p, n_units, units, err) && hire(&p, &crew, n_units, units, err);
    const dv_tasks tasks = { .n = p.n_images,
                             .watch = &s->options->watch,
                             .what = "images",
                             .ctx = &p,
                             .work = work,
                             .commit = commit };
    for (int measure = s->options->common_scale; ok && measure >= 0; measure--) {
        p.measure = measure;
        ok = dv_crew_run(&crew, &tasks, err);
        if (measure)
            make_scales_common(n_units, units);
    }
    dv_crew_dismiss(&crew);
    free(p.jobs);
    free(p.first);
    free(p.errors);
    for (int u = 0; !ok && u < n_units; u++)
        dv_shown_free(&units[u]);
    return ok;
}
