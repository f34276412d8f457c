/* show_hits.c - from hits to pictures: the images are read once each, run as far as the deepest of
 * the units, and projected from all the units that they are hits of. */
#include "atlas/reduce.h"
#include "atlas/shown.h"
#include "base/file.h"
#include "deconvviz/pool.h"
#include "image/resize.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct worker {
    dv_trace *trace;
    dv_projector *projector;
    float *input;
} worker;

/* A hit, and whose it is. */
typedef struct job {
    const dv_shown_unit *unit;
    dv_shown *shown;
} job;

typedef struct pass {
    dv_showing *showing;
    dv_plan *plan;
    int n_workers;
    worker *workers;
    int n_jobs, n_images;
    job *jobs;        /* by image */
    int *first;       /* (n_images + 1) job of each image */
    dv_error *errors; /* (n_images) of those that could not be shown: code is not DV_OK */
    bool measure;     /* only the scales */
} pass;

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

/* The part of the input that is shown of a unit. */
static bool rect_of_unit(const dv_showing *s, const dv_unit *u, dv_rect *r, dv_error *err)
{
    dv_box field;
    if (!dv_model_field(s->model, u->tensor, dv_unit_box(s->model, u), &field, err))
        return false;
    *r = dv_view_rect(DV_VIEW_CROP, field, s->index->preprocess.size);
    return true;
}

/* The patch of what the network saw, at most `side` large. */
static bool cut_patch(dv_image *out, const dv_image *seen, dv_rect r, int side, dv_error *err)
{
    int w, h;
    dv_image whole;
    dv_reduced_size(r, side, &w, &h);
    if (!dv_picture_crop(&whole, seen, r, err))
        return false;
    if (w == whole.width && h == whole.height) {
        *out = whole;
        return true;
    }
    bool ok = dv_picture_new(out, w, h, DV_GREY, err) &&
              dv_resize(&whole, w, h, (dv_part){ 0, 0, w, h }, out->rgb, err);
    dv_image_free(&whole);
    return ok;
}

/* Finds a projection's scale where that is asked for, and draws it, at most `side` large. */
static bool draw_projection(dv_image *out, float *scale, const pass *p, const dv_signal *signal,
                            dv_rect r, int side, dv_error *err)
{
    const dv_showing *s = p->showing;
    int w, h;
    dv_signal reduced = { .data = NULL };
    dv_reduced_size(r, side, &w, &h);
    bool whole = w == r.x1 - r.x0 && h == r.y1 - r.y0;
    if (!whole && !dv_reduce_signal(&reduced, signal, r, w, h, err))
        return false;
    const dv_signal *shown = whole ? signal : &reduced;
    if (p->measure || !s->options->common_scale)
        *scale = dv_signal_scale(shown);
    dv_rect all = { 0, 0, w, h };
    bool ok = p->measure ||
              dv_draw_signal(out, shown, whole ? r : all, *scale, s->index->preprocess.bgr, err);
    free(reduced.data);
    return ok;
}

bool dv_shown_bytes(const dv_showing *s, int tensor, int64_t *bytes, dv_error *err)
{
    dv_unit u = { .tensor = tensor };
    dv_rect r;
    if (!rect_of_unit(s, &u, &r, err))
        return false;
    int64_t side = s->options->side, w = r.x1 - r.x0, h = r.y1 - r.y0;
    const int64_t cell = DV_CELL_SIDE;
    *bytes = 6 * (w < side ? w : side) * (h < side ? h : side) + 3 * cell * cell;
    return true;
}

static bool show(const pass *p, const worker *w, const dv_image *seen, const job *j, dv_error *err)
{
    const dv_showing *s = p->showing;
    const dv_sheets_options *o = s->options;
    const dv_hit *h = j->shown->hit;
    dv_unit u = { j->unit->tensor, j->unit->channel, h->y, h->x };
    float value = dv_unit_value(w->trace, &u);
    if (!(fabsf(value - h->value) <= 1e-2F * h->value))
        return dv_fail(err, DV_BAD_DATA, "layer %s channel %d is %.6g here, %.6g in the index",
                       j->unit->layer->layer, (int)u.channel, (double)value, (double)h->value);
    dv_signal signal;
    dv_rect r;
    if (!dv_project(w->projector, &u, o->rule, o->seed, &signal, err) ||
        !rect_of_unit(s, &u, &r, err))
        return false;
    for (int i = 0; i < DV_N_SIZES; i++)
        if (!draw_projection(&j->shown->projection[i], &j->shown->scale[i], p, &signal, r,
                             i == DV_IN_CELL ? DV_CELL_SIDE : o->side, err))
            return false;
    return p->measure || cut_patch(&j->shown->patch, seen, r, o->side, err);
}

/* -- one image -------------------------------------------------------------------------------- */

static char *path_of(const dv_showing *s, const dv_index_file *f, dv_error *err)
{
    const char *root = f->path[0] == '/' ? NULL : s->options->root;
    size_t n = strlen(f->path) + (root ? strlen(root) : 0) + 2;
    char *path = malloc(n);
    if (path)
        snprintf(path, n, "%s%s%s", root ? root : "", root ? "/" : "", f->path);
    else
        dv_fail(err, DV_NO_MEMORY, "no memory for a path");
    return path;
}

static bool read_image(const dv_showing *s, const dv_index_file *f, float *input, dv_error *err)
{
    char sha256[DV_DIGEST_TEXT_MAX], *path = path_of(s, f, err);
    dv_file file = { 0 };
    dv_image im = { 0 };
    bool ok = path && dv_file_read(&file, path, DV_FILE_MAX_READ, err);
    if (ok) {
        dv_sha256(file.data, file.size, sha256);
        ok = strcmp(sha256, f->sha256) == 0 ||
             dv_fail(err, DV_BAD_DATA, "%s: has changed since it was mined", path);
    }
    ok = ok && dv_image_decode(&im, file.data, file.size, path, err) &&
         dv_prepare(&im, &s->index->preprocess, input, NULL, err);
    dv_image_free(&im);
    dv_file_unmap(&file);
    free(path);
    return ok;
}

static bool show_image(const pass *p, const worker *w, int image, dv_error *err)
{
    const dv_showing *s = p->showing;
    const job *first = &p->jobs[p->first[image]], *end = &p->jobs[p->first[image + 1]];
    const dv_index_file *f = dv_index_file_of(s->index, first->shown->hit->image);
    dv_image seen;
    if (!read_image(s, f, w->input, err) || !dv_trace_forward(w->trace, w->input, err) ||
        !dv_draw_input(&seen, w->input, &s->index->preprocess, err))
        return false;
    bool ok = true;
    for (const job *j = first; ok && j < end; j++)
        ok = show(p, w, &seen, j, err);
    dv_image_free(&seen);
    return ok;
}

static void show_task(void *ctx, int i, int number)
{
    pass *p = ctx;
    if (show_image(p, &p->workers[number], i, &p->errors[i]))
        p->errors[i].code = DV_OK;
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
    p->errors = calloc(n + 1, sizeof *p->errors);
    if (!p->jobs || !p->first || !p->errors)
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

static bool make_plan(pass *p, int n_units, const dv_shown_unit *units, dv_error *err)
{
    const dv_showing *s = p->showing;
    int *keep = calloc((size_t)n_units + 1, sizeof *keep), n = 0;
    if (!keep)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d units", n_units);
    for (int u = 0; u < n_units; u++)
        if (u == 0 || units[u].tensor != units[u - 1].tensor)
            keep[n++] = units[u].tensor;
    dv_request r = {
        .n_keep = n, .keep = keep, .rules = 1U << s->options->rule, .exact = s->index->exact
    };
    p->plan = dv_plan_new(s->model, &r, s->options->pool, err);
    free(keep);
    return p->plan != NULL;
}

static bool make_workers(pass *p, dv_error *err)
{
    const dv_model *m = p->showing->model;
    size_t values = dv_shape_count(dv_tensor_shape(m, dv_model_input(m)));
    p->workers = calloc((size_t)p->n_workers, sizeof *p->workers);
    if (!p->workers)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d workers", p->n_workers);
    for (int i = 0; i < p->n_workers; i++) {
        worker *w = &p->workers[i];
        w->input = malloc(values * sizeof *w->input);
        if (!w->input)
            return dv_fail(err, DV_NO_MEMORY, "no memory for the input");
        w->trace = dv_trace_new(p->plan, NULL, err);
        w->projector = w->trace ? dv_projector_new(w->trace, NULL, err) : NULL;
        if (!w->projector)
            return false;
    }
    return true;
}

static void release(pass *p)
{
    for (int i = 0; p->workers && i < p->n_workers; i++) {
        dv_projector_free(p->workers[i].projector);
        dv_trace_free(p->workers[i].trace);
        free(p->workers[i].input);
    }
    free(p->workers);
    dv_plan_free(p->plan);
    free(p->jobs);
    free(p->first);
    free(p->errors);
}

/* Runs some images at a time, so that progress can be told in between. */
static void run(pass *p)
{
    const dv_sheets_options *o = p->showing->options;
    int at_a_time = 8 * p->n_workers;
    pass part = *p;
    for (int i = 0; i < p->n_images; i += at_a_time) {
        int n = p->n_images - i < at_a_time ? p->n_images - i : at_a_time;
        part.first = p->first + i;
        part.errors = p->errors + i;
        dv_pool_run(o->pool, n, show_task, &part);
        p->showing->done += p->first[i + n] - p->first[i];
        if (o->progress)
            o->progress(o->ctx, p->showing->done, p->showing->total);
    }
}

/* Tells of the images that could not be shown. False: memory ran out. */
static bool check_errors(pass *p, dv_error *err)
{
    dv_showing *s = p->showing;
    for (int i = 0; i < p->n_images; i++) {
        if (p->errors[i].code == DV_OK)
            continue;
        if (p->errors[i].code == DV_NO_MEMORY) {
            if (err)
                *err = p->errors[i];
            return false;
        }
        for (int j = p->first[i]; j < p->first[i + 1]; j++) {
            free_pictures(p->jobs[j].shown);
            memset(p->jobs[j].shown->scale, 0, sizeof p->jobs[j].shown->scale);
        }
        if (p->measure)
            continue;
        const dv_index_file *f = dv_index_file_of(s->index, p->jobs[p->first[i]].shown->hit->image);
        const char *reason = p->errors[i].message;
        s->missing += p->first[i + 1] - p->first[i];
        if (s->options->failed)
            s->options->failed(s->options->ctx, f->path, reason);
    }
    return true;
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
    pass p = { .showing = s, .n_workers = dv_pool_size(s->options->pool) };
    bool ok = list_jobs(&p, n_units, units, err) && make_plan(&p, n_units, units, err) &&
              make_workers(&p, err);
    for (int measure = s->options->common_scale; ok && measure >= 0; measure--) {
        p.measure = measure;
        run(&p);
        ok = check_errors(&p, err);
        if (measure)
            make_scales_common(n_units, units);
    }
    release(&p);
    for (int u = 0; !ok && u < n_units; u++)
        dv_shown_free(&units[u]);
    return ok;
}
