/* project_image.c - one image: a forward pass, then its units, each on any worker. */
#include "run/project_image.h"

#include "base/file.h"
#include "base/word.h"
#include "image/photo.h"
#include "run/input.h"
#include "run/outputs.h"
#include "run/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What becomes of one unit; filled by the worker that has it. */
typedef struct outcome {
    char *png, *npy; /* paths of what was written; NULL: nothing */
    char *warning;
    dv_image tile; /* of the sheet */
    dv_error err;
    bool projected, written;
} outcome;

typedef struct batch {
    dv_projecting *job;
    const dv_projections_options *o;
    const dv_worker *w;
    dv_scene scene;
    const char *stem;
    int n_units;
    dv_result *results; /* (n_units) */
    outcome *outcomes;  /* (n_units) */
    float common_scale; /* 0: none */
    bool measure;       /* only the scales are wanted */
} batch;

static void step(const batch *b, int units)
{
    const int64_t done = atomic_fetch_add(&b->job->stepped, units) + units;
    dv_watch_progress(&b->o->watch, done, (int64_t)b->job->images->count * b->n_units);
}

/* -- one unit --------------------------------------------------------------------------------- */

static bool project_unit(const batch *b, dv_result *r, dv_projector *p, dv_error *err)
{
    const dv_model *m = b->job->model;
    const int64_t total = (int64_t)b->job->images->count * b->n_units;
    if (!dv_watch_goes_on(&b->o->watch, atomic_load(&b->job->stepped), total, "units", err))
        return false;
    if (!dv_model_field(m, r->unit.tensor, dv_unit_box(m, &r->unit), &r->field, err) ||
        !dv_project(p, &r->unit, b->o->rule, b->o->seed, &r->signal, err))
        return dv_fail_in(err, "%s: layer %s channel %d", b->scene.image, r->layer,
                          (int)r->unit.channel);
    r->value = dv_unit_value(b->w->trace, &r->unit);
    r->own_scale = dv_signal_scale(&r->signal);
    r->scale = b->o->fixed_scale > 0 ? b->o->fixed_scale
               : b->common_scale > 0 ? b->common_scale
                                     : r->own_scale;
    return true;
}

/* The path of what is written of a unit to a place. */
static char *path_of(const batch *b, const dv_place *place, const dv_result *r,
                     const char *extension, dv_error *err)
{
    char what[DV_WORD_MAX + 16];
    snprintf(what, sizeof what, "%s-c%d", r->word, (int)r->unit.channel);
    char *path = dv_place_path(place, b->stem, what, extension);
    if (!path)
        dv_fail(err, DV_NO_MEMORY, "no memory for the name of a file");
    return path;
}

static bool write_unit(const batch *b, const dv_result *r, outcome *out)
{
    const dv_projections_options *o = b->o;
    if (o->sheet && !dv_scene_draw(&out->tile, &b->scene, r, &out->err))
        return false;
    if (o->pictures && !o->sheet) {
        out->png = path_of(b, &o->place, r, ".png", &out->err);
        if (!out->png || !dv_scene_write_png(out->png, &b->scene, r, &out->err))
            return false;
    }
    if (o->arrays) {
        out->npy = path_of(b, &o->array_place, r, ".npy", &out->err);
        if (!out->npy || !dv_scene_write_npy(out->npy, &b->scene, r, &out->err))
            return false;
    }
    return true;
}

static bool warn(const batch *b, const dv_result *r, outcome *out)
{
    char text[DV_WARNING_MAX];
    if (!dv_scene_warning(&b->scene, r, text))
        return true;
    out->warning = strdup(text);
    return out->warning || dv_fail(&out->err, DV_NO_MEMORY, "no memory for a warning");
}

static void unit_task(void *ctx, int i, int worker)
{
    batch *b = ctx;
    outcome *out = &b->outcomes[i];
    dv_result *r = &b->results[i];
    out->projected = project_unit(b, r, b->w->projectors[worker], &out->err);
    if (!out->projected || b->measure)
        return;
    out->written = write_unit(b, r, out) && warn(b, r, out);
    step(b, 1);
}

/* By the threads inside the worker, or one after the other. */
static void run_units(batch *b)
{
    dv_pool_run(b->w->pool, b->n_units, unit_task, b);
}

/* -- the sheet -------------------------------------------------------------------------------- */

/* Pixels on the longer side of a tile: small ones where there are many. */
static int tile_side(int n)
{
    return n <= 16 ? 176 : n <= 64 ? 112 : 72;
}

static void add_title(dv_text *t, const batch *b)
{
    const dv_selections *units = b->o->units;
    dv_text_format(t, "%s    %s    ", b->stem, dv_model_name(b->job->model));
    if (units->n == 1)
        dv_text_format(t, "layer %s    ", units->layers[0].layer);
    dv_text_format(t, "%s", dv_rule_title(b->o->rule, b->o->rectify));
    float scale = b->o->fixed_scale > 0 ? b->o->fixed_scale : b->common_scale;
    if (scale > 0)
        dv_text_format(t, "    full colour %.3g", (double)scale);
}

/* Fills tiles; labels: all of them, one after the other, a NUL behind each. */
static void label_tiles(const batch *b, dv_tile *tiles, dv_text *labels)
{
    for (int i = 0; i < b->n_units; i++) {
        const dv_result *r = &b->results[i];
        dv_text_unit(labels, b->job->model, b->o->units->n > 1 ? r->layer : NULL, &r->unit,
                     r->value);
        dv_text_add(labels, "", 1);
    }
    const char *label = labels->data;
    for (int i = 0; i < b->n_units && !labels->failed; i++, label += strlen(label) + 1) {
        bool new_layer = i > 0 && b->results[i].layer != b->results[i - 1].layer;
        tiles[i] =
            (dv_tile){ .picture = b->outcomes[i].tile, .label = label, .new_row = new_layer };
    }
}

static bool draw_sheet(const batch *b, dv_image *picture, dv_error *err)
{
    dv_tile *tiles = calloc((size_t)b->n_units, sizeof *tiles);
    if (!tiles)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a sheet of %d units", b->n_units);
    dv_text title = { 0 }, labels = { 0 };
    add_title(&title, b);
    label_tiles(b, tiles, &labels);
    bool ok = dv_text_ok(&title, "a sheet", err) && dv_text_ok(&labels, "a sheet", err);
    if (ok) {
        const dv_sheet sheet = {
            .title = title.data, .gap = 12, .text_size = 10, .paper = DV_WHITE
        };
        ok = dv_draw_sheet(picture, &sheet, b->n_units, tiles, err);
    }
    free(tiles);
    free(title.data);
    free(labels.data);
    return ok;
}

/* The caller frees *path. */
static bool write_sheet(const batch *b, char **path, dv_error *err)
{
    const dv_selections *units = b->o->units;
    char what[DV_WORD_MAX + 16] = "sheet";
    if (units->n == 1)
        snprintf(what, sizeof what, "%s-sheet", units->layers[0].word);
    *path = dv_place_path(&b->o->place, b->stem, what, ".png");
    dv_image picture;
    if (!*path)
        return dv_fail(err, DV_NO_MEMORY, "no memory for the name of a file");
    if (!draw_sheet(b, &picture, err))
        return false;
    bool ok = dv_scene_write_sheet(*path, &b->scene, &picture, b->results, b->n_units, err);
    dv_image_free(&picture);
    return ok;
}

/* -- all units of an image -------------------------------------------------------------------- */

/* The units, in the order of the selections, into the results. */
static bool list_units(const batch *b, dv_error *err)
{
    dv_unit *units = calloc((size_t)b->n_units, sizeof *units);
    if (!units)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d units", b->n_units);
    bool ok = true;
    for (int i = 0, at = 0; ok && i < b->o->units->n; i++) {
        const dv_selection *s = &b->o->units->layers[i];
        ok = dv_select_units(b->w->trace, b->job->model, s, &b->o->position, units, err);
        for (int k = 0; ok && k < s->n; k++, at++)
            b->results[at] = (dv_result){ .unit = units[k], .layer = s->layer, .word = s->word };
    }
    free(units);
    return ok;
}

/* Whether it would be the same with the next image. */
static bool is_hopeless(const dv_error *err)
{
    return err->code == DV_IO || err->code == DV_NO_MEMORY || err->code == DV_BAD_USAGE;
}

/* The first unit that failed decides. */
static bool all_done(const batch *b, dv_project_report *report)
{
    for (int i = 0; i < b->n_units; i++) {
        const outcome *o = &b->outcomes[i];
        if (o->projected && (o->written || b->measure))
            continue;
        report->error = o->err;
        report->hopeless = o->err.code == DV_CANCELLED || (o->projected && is_hopeless(&o->err));
        return false;
    }
    return true;
}

static bool measure_common_scale(batch *b, dv_project_report *report)
{
    b->measure = true;
    run_units(b);
    if (!all_done(b, report))
        return false;
    b->measure = false;
    for (int i = 0; i < b->n_units; i++)
        if (b->results[i].own_scale > b->common_scale)
            b->common_scale = b->results[i].own_scale;
    return true;
}

/* Hands a text over to the report, which has room for it. */
static const char *give(dv_project_report *report, char **text)
{
    char *given = *text;
    *text = NULL;
    report->texts[report->n_texts++] = given;
    return given;
}

/* Moves what is to be told to the report: all units, or those that a file was written of. */
static void tell_units(const batch *b, bool all, dv_project_report *report)
{
    for (int i = 0; i < b->n_units; i++) {
        outcome *o = &b->outcomes[i];
        const dv_result *r = &b->results[i];
        if (!all && !(o->written && (o->png || o->npy)))
            continue;
        report->units[report->image.n++] = (dv_projected){ .unit = r->unit,
                                                           .layer = r->layer,
                                                           .value = r->value,
                                                           .scale = r->scale,
                                                           .field = r->field,
                                                           .png = give(report, &o->png),
                                                           .npy = give(report, &o->npy),
                                                           .warning = give(report, &o->warning) };
    }
}

static bool project_units(batch *b, dv_project_report *report)
{
    if (!list_units(b, &report->error) || (b->o->common_scale && !measure_common_scale(b, report)))
        return false;
    run_units(b);
    bool ok = all_done(b, report);
    if (ok && b->o->sheet) {
        char *sheet = NULL;
        ok = write_sheet(b, &sheet, &report->error);
        report->hopeless = !ok && is_hopeless(&report->error);
        const char *path = give(report, &sheet);
        report->image.sheet = ok ? path : NULL;
    }
    tell_units(b, ok, report);
    return ok;
}

/* The input, and what a picture needs beside: the pixels, and who they and the model are. */
static bool read_image(batch *b, char sha256[DV_DIGEST_TEXT_MAX], dv_image_map *map, dv_error *err)
{
    dv_scene *s = &b->scene;
    if (b->o->prepared)
        return dv_input_read(b->job->model, s->image, b->w->input, err) &&
               (!b->o->pictures || dv_sha256_file(s->image, sha256, err));
    dv_photo photo;
    const bool ok = dv_photo_read(&photo, s->image, NULL, s->preprocess, b->w->input, err);
    memcpy(sha256, photo.sha256, sizeof photo.sha256);
    *map = photo.map;
    dv_photo_free(&photo);
    return ok;
}

static bool begin_image(batch *b, char sha256[DV_DIGEST_TEXT_MAX], dv_image_map *map, dv_error *err)
{
    dv_scene *s = &b->scene;
    if (!read_image(b, sha256, map, err))
        return false;
    if (!dv_trace_forward(b->w->trace, b->w->input, err))
        return dv_fail_in(err, "%s", s->image);
    if (!b->o->pictures)
        return true;
    s->image_sha256 = sha256;
    s->model_sha256 = dv_model_sha256(s->model, err);
    return s->model_sha256 && dv_draw_input(&s->seen, b->w->input, s->preprocess, err);
}

void dv_project_image(dv_projecting *p, const dv_worker *w, int32_t image, dv_project_report *r)
{
    const dv_projections_options *o = p->options;
    const size_t n = (size_t)o->units->n_units;
    const char *path = dv_list_path(p->images, image);
    char sha256[DV_DIGEST_TEXT_MAX];
    batch b = { .job = p,
                .o = o,
                .w = w,
                .scene = { .model = p->model,
                           .preprocess = &o->preprocess,
                           .image = path,
                           .rule = o->rule,
                           .rectify = o->rectify,
                           .seed = o->seed,
                           .view = o->view,
                           .zoom = o->zoom,
                           .side = o->sheet ? tile_side((int)n) : 224 },
                .stem = p->stems[image],
                .n_units = (int)n,
                .results = calloc(n + 1, sizeof *b.results),
                .outcomes = calloc(n + 1, sizeof *b.outcomes) };
    *r = (dv_project_report){ .units = calloc(n + 1, sizeof *r->units),
                              .texts = calloc(3 * n + 1, sizeof *r->texts) };
    r->image = (dv_projected_image){ .path = path, .units = r->units };
    if (!o->prepared)
        r->image.map = &r->map;
    if (!b.results || !b.outcomes || !r->units || !r->texts)
        r->failed = !dv_fail(&r->error, DV_NO_MEMORY, "no memory for %zu units", n);
    else
        r->failed = !begin_image(&b, sha256, &r->map, &r->error) || !project_units(&b, r);
    if (r->failed && r->error.code == DV_NO_MEMORY)
        r->hopeless = true;
    for (size_t i = 0; b.outcomes && i < n; i++) {
        free(b.outcomes[i].png);
        free(b.outcomes[i].npy);
        free(b.outcomes[i].warning);
        dv_image_free(&b.outcomes[i].tile);
    }
    free(b.results);
    free(b.outcomes);
    dv_image_free(&b.scene.seen);
    if (r->failed)
        step(&b, b.n_units);
}

void dv_project_report_free(dv_project_report *r)
{
    for (int i = 0; i < r->n_texts; i++)
        free(r->texts[i]);
    free(r->texts);
    free(r->units);
    *r = (dv_project_report){ .units = NULL };
}
