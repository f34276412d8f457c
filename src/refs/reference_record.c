/* reference_record.c - units of images to a folder of references. */
#include "base/folder.h"
#include "base/name.h"
#include "base/text.h"
#include "base/word.h"
#include "deconvviz/draw.h"
#include "deconvviz/version.h"
#include "draw/provenance.h"
#include "image/photo.h"
#include "refs/reference_folder.h"
#include "run/crew.h"
#include "run/identity.h"
#include "run/watch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDING_PASSES = 24, HALVES_PASSES = 6, SIDE = 224 };

typedef struct recording {
    const dv_record_options *o;
    const dv_list *images;
    const char *root;
    dv_references refs;
    int n_images, n_units; /* so far */
    char *folder;          /* where all is written first */
    const dv_model *model;
    dv_crew crew;
    const dv_worker *worker;  /* its only one */
    dv_reference_pick *picks; /* (max_picks) of the image at hand */
    dv_signal *signals;       /* (max_picks) their projections; data is owned */
    int n_picks;
} recording;

/* -- making ready ----------------------------------------------------------------------------- */

static const char *keep(recording *w, const char *text, dv_error *err)
{
    return dv_arena_text(w->refs.arena, text, strlen(text), err);
}

static bool begin_manifest(recording *w, const dv_model *m, dv_error *err)
{
    const dv_record_options *o = w->o;
    dv_references *r = &w->refs;
    int64_t most = (int64_t)w->images->count * o->max_picks;
    if (w->images->count > DV_REFERENCE_MAX_IMAGES || most > DV_REFERENCE_MAX_UNITS)
        return dv_fail(err, DV_BAD_USAGE, "%d images and %lld units: at most %d and %d",
                       (int)w->images->count, (long long)most, DV_REFERENCE_MAX_IMAGES,
                       DV_REFERENCE_MAX_UNITS);
    dv_identity model;
    if (!dv_model_identity(m, &model, err) || !dv_references_begin(r, err) ||
        !dv_references_lists(r, w->images->count, (int)most, err))
        return false;
    r->preprocess = o->preprocess;
    r->own_preprocess = o->own_preprocess;
    r->rule = o->rule;
    r->rectify = o->rectify;
    r->seed = o->seed;
    return (r->program = keep(w, DV_VERSION, err)) &&
           dv_identity_keep(&r->model, &model, r->arena, err);
}

static bool make_ready(recording *w, const dv_model *m, dv_error *err)
{
    const dv_record_options *o = w->o;
    const dv_request q = { .n_keep = o->n_tensors,
                           .keep = o->tensors,
                           .rules = 1U << o->rule,
                           .rectify = o->rectify,
                           .exact = true,
                           .noise = true };
    const dv_crew_options c = { .request = &q, .pool = o->pool, .units = 1, .alone = true };
    w->model = m;
    w->picks = calloc((size_t)o->max_picks + 1, sizeof *w->picks);
    w->signals = calloc((size_t)o->max_picks + 1, sizeof *w->signals);
    if (!w->picks || !w->signals)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d units", o->max_picks);
    return dv_preprocess_check(&o->preprocess, err) && begin_manifest(w, m, err) &&
           dv_crew_hire(&w->crew, m, &c, err) && (w->worker = w->crew.workers) &&
           (w->folder = dv_folder_beside(o->folder, err));
}

static void forget_signals(recording *w)
{
    for (int i = 0; i < w->n_picks; i++) {
        free(w->signals[i].data);
        w->signals[i].data = NULL; /* the next image may not come so far */
    }
    w->n_picks = 0;
}

static void release(recording *w)
{
    forget_signals(w);
    if (w->folder)
        dv_folder_discard(w->folder);
    free(w->folder);
    free(w->picks);
    free(w->signals);
    dv_crew_dismiss(&w->crew);
    dv_references_free(&w->refs);
}

/* -- measuring -------------------------------------------------------------------------------- */

/* A copy of the projection, the empty one standing at the input's corner. */
static bool copy_signal(const recording *w, dv_signal *to, const dv_signal *from, dv_error *err)
{
    size_t n = dv_box_count(&from->box);
    *to = (dv_signal){ from->box, malloc((n + 1) * sizeof *to->data) };
    if (!to->data)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a projection of %zu values", n);
    if (n > 0)
        memcpy(to->data, from->data, n * sizeof *to->data);
    else
        to->box = (dv_box){ .hi = { w->o->preprocess.channels, 0, 0 } };
    return true;
}

/* The projections as they are, and all that is recorded of the units but their files. */
static bool project_plain(recording *w, int image, dv_error *err)
{
    if (!w->o->pick(w->o->ctx, image, w->worker->trace, w->picks, &w->n_picks, err))
        return false;
    for (int i = 0; i < w->n_picks; i++) {
        const dv_unit *u = &w->picks[i].unit;
        dv_signal now;
        if (!dv_project(w->worker->projectors[0], u, w->o->rule, w->o->seed, &now, err) ||
            !copy_signal(w, &w->signals[i], &now, err))
            return false;
        const dv_model *m = w->model;
        const dv_channel_statistics s = dv_reference_statistics(w->worker->trace, m, u);
        dv_reference_unit *r = &w->refs.units[w->n_units + i];
        *r = (dv_reference_unit){ .image = image,
                                  .layer = keep(w, w->picks[i].layer, err),
                                  .tensor = keep(w, dv_tensor_name(m, u->tensor), err),
                                  .shape = *dv_tensor_shape(m, u->tensor),
                                  .channel = u->channel,
                                  .y = u->y,
                                  .x = u->x,
                                  .at = u->y == DV_ALL ? DV_AT_ALL : w->picks[i].at,
                                  .value = dv_unit_value(w->worker->trace, u),
                                  .mean = s.mean,
                                  .active = s.active,
                                  .rms = s.rms,
                                  .window = w->signals[i].box,
                                  .norm = (float)dv_compare_signals(&now, &now).norm[0],
                                  .scale = dv_reference_scale(&w->signals[i]) };
        if (!r->layer || !r->tensor)
            return false;
    }
    return true;
}

static bool goes_on(const recording *w, dv_error *err)
{
    return dv_watch_goes_on(&w->o->watch, w->n_images, w->images->count, "images", err);
}

/* Raises *worst to how far a pass with noise moves each projection, and *value to its value. */
static bool disturb(recording *w, float amount, uint64_t seed, bool halves, dv_error *err)
{
    bool ok = goes_on(w, err) && dv_trace_set_noise(w->worker->trace, amount, seed, err) &&
              dv_trace_forward(w->worker->trace, w->worker->input, err);
    for (int i = 0; ok && i < w->n_picks; i++) {
        const dv_unit *u = &w->picks[i].unit;
        dv_reference_unit *r = &w->refs.units[w->n_units + i];
        dv_signal now;
        ok = dv_project(w->worker->projectors[0], u, w->o->rule, w->o->seed, &now, err);
        if (!ok)
            break;
        float *worst = halves ? &r->sensitivity : &r->ambiguity;
        *worst = fmaxf(*worst, (float)dv_compare_signals(&w->signals[i], &now).relative);
        if (halves)
            r->value_sensitivity =
                fmaxf(r->value_sensitivity,
                      (float)dv_value_change(r, dv_unit_value(w->worker->trace, u)));
    }
    return dv_trace_set_noise(w->worker->trace, 0, 0, ok ? err : NULL) && ok;
}

static bool measure_ambiguity(recording *w, dv_error *err)
{
    for (uint64_t pass = 0; pass < ROUNDING_PASSES; pass++)
        if (!disturb(w, 1e-6F, pass << 32, false, err))
            return false;
    for (uint64_t pass = 0; pass < HALVES_PASSES; pass++)
        if (!disturb(w, 3e-4F, (pass + ROUNDING_PASSES) << 32, true, err))
            return false;
    return true;
}

/* -- writing ---------------------------------------------------------------------------------- */

static bool write_picture(const recording *w, const char *path, const dv_image *seen, int i,
                          dv_error *err)
{
    const dv_reference_unit *r = &w->refs.units[w->n_units + i];
    const dv_preprocess *p = &w->o->preprocess;
    dv_rect rect;
    if (!dv_reference_rect(w->model, &w->picks[i].unit, p, &rect, err))
        return false;
    dv_look look = { .view = DV_VIEW_PAIR,
                     .zoom = dv_view_zoom(rect, SIDE),
                     .scale = dv_signal_scale(&w->signals[i]),
                     .bgr = p->bgr };
    const dv_reference_image *image = &w->refs.images[r->image];
    const dv_provenance says = { .model = w->refs.model.name,
                                 .model_sha256 = w->refs.model.sha256,
                                 .image = image->file,
                                 .image_sha256 = image->sha256,
                                 .rule = dv_rule_name(w->o->rule),
                                 .rectify = w->o->rectify,
                                 .seed = dv_seed_name(w->o->seed),
                                 .layer = r->layer,
                                 .tensor = r->tensor,
                                 .unit = &w->picks[i].unit,
                                 .shape = &r->shape,
                                 .value = r->value,
                                 .scale = look.scale };
    dv_image picture;
    if (!dv_draw_view(&picture, seen, &w->signals[i], rect, &look, err))
        return false;
    bool ok = dv_picture_write(path, &picture, &says, err);
    dv_image_free(&picture);
    return ok;
}

/* The array and the picture of unit i of the image at hand. */
static bool write_unit(recording *w, const dv_image *seen, int i, dv_error *err)
{
    dv_reference_unit *r = &w->refs.units[w->n_units + i];
    char image[DV_REFERENCE_STEM_MAX], layer[61], stem[200];
    const char *extension;
    if (!dv_reference_stem(dv_list_path(w->images, r->image), image, &extension, err))
        return false;
    snprintf(stem, sizeof stem, "%s-%s-c%d", image, dv_word(r->layer, layer, sizeof layer),
             (int)r->channel);
    r->array = dv_reference_name(w->refs.arena, w->folder, stem, ".npy", err);
    char *path = r->array ? dv_path_join(w->folder, r->array, err) : NULL;
    bool ok = path && dv_reference_write_array(path, &w->signals[i], r->scale, err);
    free(path);
    if (!ok || !w->o->pictures)
        return ok;
    r->picture = dv_reference_name(w->refs.arena, w->folder, stem, ".png", err);
    path = r->picture ? dv_path_join(w->folder, r->picture, err) : NULL;
    ok = path && write_picture(w, path, seen, i, err);
    free(path);
    return ok;
}

/* The image's entry; a copy of its bytes where that is wanted. */
static bool write_image(recording *w, int number, const dv_photo *photo, dv_error *err)
{
    const char *given = dv_list_path(w->images, number), *extension;
    dv_reference_image *i = &w->refs.images[number];
    i->copied = w->o->copy;
    memcpy(i->sha256, photo->sha256, sizeof i->sha256);
    if (!i->copied) {
        i->file = keep(w, given, err);
        return i->file &&
               (dv_name_check(given, strlen(given), "its name", err) ||
                dv_fail_in(err, "%s", given)) &&
               (dv_is_utf8(given) ||
                dv_fail(err, DV_UNSUPPORTED, "%s: its name is not UTF-8; --copy keeps it", given));
    }
    char stem[DV_REFERENCE_STEM_MAX], *folder = dv_path_join(w->folder, "images", err);
    bool ok =
        folder && dv_folder_make(folder, err) && dv_reference_stem(given, stem, &extension, err);
    const char *file = ok ? dv_reference_name(w->refs.arena, folder, stem, extension, err) : NULL;
    char *path = file ? dv_path_join(folder, file, err) : NULL;
    ok = path && dv_file_write(path, photo->file.data, photo->file.size, err);
    free(path);
    if (ok) {
        char inside[256];
        snprintf(inside, sizeof inside, "images/%s", file);
        i->file = keep(w, inside, err);
    }
    free(folder);
    return ok && i->file;
}

static bool record_image(recording *w, int image, dv_error *err)
{
    const dv_preprocess *p = &w->o->preprocess;
    dv_photo photo = { .file = { .data = NULL } };
    dv_image seen = { 0 };
    char *path = dv_reference_path(w->root, dv_list_path(w->images, image), err);
    bool ok = path && dv_photo_read(&photo, path, NULL, p, w->worker->input, err) &&
              write_image(w, image, &photo, err);
    dv_photo_free(&photo);
    ok = ok &&
         (dv_trace_forward(w->worker->trace, w->worker->input, err) ||
          dv_fail_in(err, "%s", path)) &&
         project_plain(w, image, err) && measure_ambiguity(w, err) &&
         (!w->o->pictures || dv_draw_input(&seen, w->worker->input, p, err));
    for (int i = 0; ok && i < w->n_picks; i++) {
        ok = write_unit(w, &seen, i, err);
        if (ok && w->o->recorded)
            w->o->recorded(w->o->ctx, &w->refs.units[w->n_units + i], &w->refs.images[image]);
    }
    w->n_units += w->n_picks;
    forget_signals(w);
    dv_image_free(&seen);
    free(path);
    return ok;
}

static bool write_manifest(recording *w, dv_error *err)
{
    size_t size;
    w->refs.n_units = w->n_units;
    char *path = dv_path_join(w->folder, DV_MANIFEST, err);
    char *text = path ? dv_references_text(&w->refs, &size, err) : NULL;
    bool ok = text && dv_file_write(path, text, size, err);
    free(text);
    free(path);
    return ok;
}

bool dv_references_record(const dv_model *m, const dv_list *images, const char *root,
                          const dv_record_options *o, dv_error *err)
{
    recording w = { .o = o, .images = images, .root = root };
    bool ok =
        dv_reference_folder_check(o->folder, o->replace, o->copy, err) && make_ready(&w, m, err);
    while (ok && w.n_images < images->count && (ok = record_image(&w, w.n_images, err)))
        dv_watch_progress(&o->watch, ++w.n_images, images->count);
    bool placed = false;
    ok = ok && write_manifest(&w, err) && goes_on(&w, err) &&
         dv_reference_folder_replace(w.folder, o->folder, o->replace, &placed, err);
    if (placed) {
        free(w.folder); /* it has another name now, and this one may have been given to another */
        w.folder = NULL;
    }
    release(&w);
    if (ok)
        dv_watch_wrote(&o->watch, o->folder);
    return ok;
}
