/* verify.c - recorded units projected again. */
#include "refs/verify.h"
#include "run/watch.h"

#include "image/photo.h"
#include "run/crew.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct verifying {
    const dv_references *refs;
    const dv_verify_options *o;
    dv_verified *results; /* (n_units) */
    int *tensors;         /* (n_units) of each unit's layer; -1: there is none */
    const dv_model *model;
    dv_crew crew;
    const dv_worker *worker; /* its only one */
} verifying;

static void fail_unit(dv_verified *v, const char *why)
{
    v->verdict = DV_FAILED;
    snprintf(v->reason, sizeof v->reason, "%s", why);
}

/* -- making ready ----------------------------------------------------------------------------- */

/* Finds the tensors; a unit that has none any more has failed. */
static void find_tensors(verifying *w, const dv_model *m)
{
    for (int i = 0; i < w->refs->n_units; i++) {
        const dv_reference_unit *u = &w->refs->units[i];
        dv_verified *v = &w->results[i];
        dv_error why = { 0 };
        *v = (dv_verified){ .unit = u, .image = &w->refs->images[u->image], .y = DV_ALL };
        w->tensors[i] = -1;
        if (!dv_model_find(m, u->layer, &w->tensors[i], &why)) {
            fail_unit(v, why.message);
            w->tensors[i] = -1;
            continue;
        }
        v->shape = *dv_tensor_shape(m, w->tensors[i]);
        if (u->channel < dv_box_whole(&v->shape).hi[DV_C])
            continue;
        char shape[DV_SHAPE_TEXT_MAX];
        snprintf(why.message, sizeof why.message, "the layer is %s now: there is no such channel",
                 dv_shape_text(&v->shape, shape));
        fail_unit(v, why.message);
        w->tensors[i] = -1;
    }
}

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static bool make_ready(verifying *w, const dv_model *m, dv_error *err)
{
    const int n_units = w->refs->n_units;
    w->tensors = calloc((size_t)n_units + 1, sizeof *w->tensors);
    int *keep = calloc((size_t)n_units + 1, sizeof *keep), n = 0;
    bool ok = w->tensors && keep;
    if (ok)
        find_tensors(w, m);
    else
        dv_fail(err, DV_NO_MEMORY, "no memory for %d units", n_units);
    for (int i = 0; ok && i < n_units; i++)
        if (w->tensors[i] >= 0)
            keep[n++] = w->tensors[i];
    qsort(keep ? keep : &n, (size_t)n, sizeof *keep, by_number);
    int distinct = 0;
    for (int i = 0; i < n; i++)
        if (i == 0 || keep[i] != keep[distinct - 1])
            keep[distinct++] = keep[i];
    const dv_request q = { .n_keep = distinct,
                           .keep = keep,
                           .rules = 1U << w->refs->rule,
                           .rectify = w->refs->rectify,
                           .exact = w->o->exact };
    const dv_crew_options c = { .request = &q, .pool = w->o->pool, .units = 1, .alone = true };
    ok = ok && dv_crew_hire(&w->crew, m, &c, err);
    w->model = m;
    w->worker = w->crew.workers;
    free(keep);
    return ok;
}

/* -- one unit --------------------------------------------------------------------------------- */

static bool write_picture(const verifying *w, const dv_verified *v, const dv_unit *u,
                          const dv_signal *then, const dv_signal *now, dv_error *err)
{
    dv_change_seen s = { .model = w->model,
                         .unit = u,
                         .refs = w->refs,
                         .result = v,
                         .then = then,
                         .now = now,
                         .bgr = w->o->preprocess.bgr };
    if (!dv_reference_rect(w->model, u, &w->o->preprocess, &s.rect, err) ||
        !dv_folder_make(w->o->pictures, err))
        return false;
    char name[300];
    snprintf(name, sizeof name, "%.*s.png", (int)strcspn(v->unit->array, "/"), v->unit->array);
    size_t n = strlen(name);
    if (n > 8 && strcmp(name + n - 8, ".npy.png") == 0)
        memcpy(name + n - 8, ".png", 5);
    char *path = dv_path_join(w->o->pictures, name, err);
    bool ok = path && dv_verify_draw(&s, path, err);
    if (ok)
        dv_watch_wrote(&w->o->watch, path);
    free(path);
    return ok;
}

/* Where the unit stands now; false: its place is gone, and v says so. */
static bool place_unit(const verifying *w, int i, dv_unit *u)
{
    dv_verified *v = &w->results[i];
    const dv_box map = dv_box_whole(&v->shape);
    *u = (dv_unit){ w->tensors[i], v->unit->channel, v->unit->y, v->unit->x };
    dv_unit strongest = *u;
    v->strongest = dv_strongest(w->worker->trace, &strongest);
    v->mean = dv_reference_statistics(w->worker->trace, w->model, u).mean;
    if (v->unit->at == DV_AT_STRONGEST) {
        v->y = strongest.y;
        v->x = strongest.x;
    }
    return u->y == DV_ALL || (u->y < map.hi[DV_Y] && u->x < map.hi[DV_X]);
}

/* False: nothing more can be done at all. A unit that cannot be compared has failed by itself. */
static bool verify_unit(const verifying *w, int i, dv_error *err)
{
    dv_verified *v = &w->results[i];
    dv_signal then, now;
    dv_unit u;
    dv_error why = { 0 };
    if (w->tensors[i] < 0)
        return true;
    if (!dv_reference_read_array(&then, w->o->folder, v->unit, &why)) {
        fail_unit(v, why.message);
        return true;
    }
    bool there = place_unit(w, i, &u), ok = true;
    if (!there) { /* the shape, which is another one, tells */
        v->difference = (dv_difference){ .relative = DV_RELATIVE_MAX };
        dv_verify_judge(v, w->o);
    } else if (!dv_project(w->worker->projectors[0], &u, w->refs->rule, w->refs->seed, &now,
                           &why)) {
        fail_unit(v, why.message);
    } else {
        v->value = dv_unit_value(w->worker->trace, &u);
        v->difference = dv_compare_signals(&then, &now);
        dv_verify_judge(v, w->o);
        if (w->o->pictures && (v->verdict == DV_CHANGED || v->verdict == DV_REGRESSED))
            ok = write_picture(w, v, &u, &then, &now, err);
    }
    free(then.data);
    return ok;
}

/* -- one image -------------------------------------------------------------------------------- */

/* Reads the image and runs the network on it. */
static bool run_image(const verifying *w, const dv_reference_image *i, dv_error *err)
{
    const dv_photo_known known = { i->sha256, "recorded" };
    dv_photo photo = { .file = { .data = NULL } };
    char *path = dv_reference_path(i->copied ? w->o->folder : w->o->root, i->file, err);
    bool ok = path && dv_photo_read(&photo, path, &known, &w->o->preprocess, w->worker->input, err);
    dv_photo_free(&photo);
    ok = ok &&
         (dv_trace_forward(w->worker->trace, w->worker->input, err) || dv_fail_in(err, "%s", path));
    free(path);
    return ok;
}

static bool goes_on(const verifying *w, int unit, dv_error *err)
{
    return dv_watch_goes_on(&w->o->watch, unit, w->refs->n_units, "units", err);
}

/* The units [first, end) of one image. */
static bool verify_image(const verifying *w, int first, int end, dv_error *err)
{
    dv_error why = { 0 };
    if (!goes_on(w, first, err))
        return false;
    bool has_run = run_image(w, w->results[first].image, &why);
    for (int i = first; i < end; i++) {
        if (!goes_on(w, i, err))
            return false;
        if (!has_run)
            fail_unit(&w->results[i], why.message);
        else if (!verify_unit(w, i, err))
            return false;
    }
    return true;
}

bool dv_references_verify(const dv_model *m, const dv_references *r, const dv_verify_options *o,
                          dv_verified *results, dv_error *err)
{
    verifying w = { .refs = r, .o = o, .results = results };
    bool ok = make_ready(&w, m, err);
    for (int first = 0, end; ok && first < r->n_units; first = end) {
        for (end = first; end < r->n_units && r->units[end].image == r->units[first].image;)
            end++;
        ok = verify_image(&w, first, end, err);
        if (ok)
            dv_watch_progress(&o->watch, r->units[first].image + 1, r->n_images);
    }
    dv_crew_dismiss(&w.crew);
    free(w.tensors);
    return ok;
}
