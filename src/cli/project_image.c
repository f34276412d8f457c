/* project_image.c - one image: a forward pass, then its units, each on any worker. */
#include "base/file.h"
#include "cli/projection.h"
#include "cli/unit_output.h"

#include <stdlib.h>
#include <string.h>

/* What becomes of one unit; filled by the worker that has it. */
typedef struct outcome {
    char *png, *npy; /* paths of what was written; NULL: nothing */
    dv_image tile;   /* of the sheet */
    dv_error err;
    bool projected, written;
} outcome;

typedef struct batch {
    cli_projecting *w;
    const cli_projection *job;
    cli_scene scene;
    const char *stem;
    cli_result *results; /* (n_units) */
    outcome *outcomes;   /* (n_units) */
    float common_scale;  /* 0: none */
    bool measure;        /* only the scales are wanted */
} batch;

/* -- one unit --------------------------------------------------------------------------------- */

static bool project_unit(const batch *b, cli_result *r, dv_projector *p, dv_error *err)
{
    const cli_projection *job = b->job;
    const dv_model *m = job->network->model;
    if (!dv_model_field(m, r->unit.tensor, dv_unit_box(m, &r->unit), &r->field, err) ||
        !dv_project(p, &r->unit, job->rule, job->seed, &r->signal, err))
        return dv_fail_in(err, "%s: layer %s channel %d", b->scene.image, r->layer,
                          (int)r->unit.channel);
    r->value = dv_unit_value(b->w->trace, &r->unit);
    r->own_scale = dv_signal_scale(&r->signal);
    r->scale = job->fixed_scale > 0  ? job->fixed_scale
               : b->common_scale > 0 ? b->common_scale
                                     : r->own_scale;
    return true;
}

/* The path of what is written of a unit to a place. */
static char *path_of(const batch *b, const cli_place *place, const cli_result *r,
                     const char *extension, dv_error *err)
{
    char what[DV_WORD_MAX + 16];
    snprintf(what, sizeof what, "%s-c%d", r->word, (int)r->unit.channel);
    char *path = cli_place_path(place, b->stem, what, extension);
    if (!path)
        dv_fail(err, DV_NO_MEMORY, "no memory for the name of a file");
    return path;
}

static bool write_unit(const batch *b, const cli_result *r, outcome *out)
{
    const cli_projection *job = b->job;
    if (job->sheet && !cli_draw_unit(&out->tile, &b->scene, r, &out->err))
        return false;
    if (job->png && !job->sheet) {
        out->png = path_of(b, &job->pictures, r, ".png", &out->err);
        if (!out->png || !cli_write_unit_png(out->png, &b->scene, r, &out->err))
            return false;
    }
    if (job->npy) {
        out->npy = path_of(b, &job->arrays, r, ".npy", &out->err);
        if (!out->npy || !cli_write_unit_npy(out->npy, &b->scene, r, &out->err))
            return false;
    }
    return true;
}

static void warn_of(batch *b, const cli_result *r, outcome *out)
{
    char text[256];
    if (cli_unit_warning(&b->scene, r, text))
        dv_fail(&out->err, DV_OK, "warning: %s: layer %s channel %d: %s", b->scene.image, r->layer,
                (int)r->unit.channel, text);
}

static void unit_task(void *ctx, int i, int worker)
{
    batch *b = ctx;
    outcome *out = &b->outcomes[i];
    cli_result *r = &b->results[i];
    out->projected = project_unit(b, r, b->w->projectors[worker], &out->err);
    if (!out->projected || b->measure)
        return;
    out->written = write_unit(b, r, out);
    if (out->written)
        warn_of(b, r, out);
    cli_projection_step(b->job, 1);
}

/* -- the sheet -------------------------------------------------------------------------------- */

/* Pixels on the longer side of a tile: small ones where there are many. */
static int tile_side(int n)
{
    return n <= 16 ? 176 : n <= 64 ? 112 : 72;
}

static void add_title(dv_text *t, const batch *b)
{
    const cli_projection *job = b->job;
    dv_text_format(t, "%s    %s    ", b->stem, dv_model_name(job->network->model));
    if (job->n_selections == 1)
        dv_text_format(t, "layer %s    ", job->selections[0].layer);
    dv_text_format(t, "%s", dv_rule_name(job->rule));
    float scale = job->fixed_scale > 0 ? job->fixed_scale : b->common_scale;
    if (scale > 0)
        dv_text_format(t, "    full colour %.3g", (double)scale);
}

/* Fills tiles; labels: all of them, one after the other, a NUL behind each. */
static void label_tiles(const batch *b, dv_tile *tiles, dv_text *labels)
{
    const cli_projection *job = b->job;
    for (int i = 0; i < job->n_units; i++) {
        cli_add_unit_label(labels, &b->scene, &b->results[i], job->n_selections > 1);
        dv_text_add(labels, "", 1);
    }
    const char *label = labels->data;
    for (int i = 0; i < job->n_units && !labels->failed; i++, label += strlen(label) + 1) {
        bool new_layer = i > 0 && b->results[i].layer != b->results[i - 1].layer;
        tiles[i] =
            (dv_tile){ .picture = b->outcomes[i].tile, .label = label, .new_row = new_layer };
    }
}

static bool draw_sheet(const batch *b, dv_image *picture, dv_error *err)
{
    int n = b->job->n_units;
    dv_tile *tiles = calloc((size_t)n, sizeof *tiles);
    if (!tiles)
        return dv_fail(err, DV_NO_MEMORY, "no memory for a sheet of %d units", n);
    dv_text title = { 0 }, labels = { 0 };
    add_title(&title, b);
    label_tiles(b, tiles, &labels);
    bool ok = dv_text_ok(&title, "a sheet", err) && dv_text_ok(&labels, "a sheet", err);
    if (ok) {
        const dv_sheet sheet = {
            .title = title.data, .gap = 12, .text_size = 10, .paper = DV_WHITE
        };
        ok = dv_draw_sheet(picture, &sheet, n, tiles, err);
    }
    free(tiles);
    free(title.data);
    free(labels.data);
    return ok;
}

/* The caller frees *path. */
static bool write_sheet(const batch *b, char **path, dv_error *err)
{
    const cli_projection *job = b->job;
    char what[DV_WORD_MAX + 16] = "sheet";
    if (job->n_selections == 1)
        snprintf(what, sizeof what, "%s-sheet", job->selections[0].word);
    *path = cli_place_path(&job->pictures, b->stem, what, ".png");
    dv_image picture;
    if (!*path)
        return dv_fail(err, DV_NO_MEMORY, "no memory for the name of a file");
    if (!draw_sheet(b, &picture, err))
        return false;
    bool ok = cli_write_sheet_png(*path, &b->scene, &picture, b->results, job->n_units, err);
    dv_image_free(&picture);
    return ok;
}

/* -- all units of an image -------------------------------------------------------------------- */

/* The units, in the order of the selections, into the results. */
static bool list_units(batch *b, dv_error *err)
{
    const cli_projection *job = b->job;
    dv_unit *units = calloc((size_t)job->n_units, sizeof *units);
    if (!units)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d units", job->n_units);
    bool ok = true;
    for (int i = 0, at = 0; ok && i < job->n_selections; i++) {
        const cli_selection *s = &job->selections[i];
        ok = cli_units(b->w->trace, job->network->model, s, &job->position, units, err);
        for (int k = 0; ok && k < s->n; k++, at++)
            b->results[at] = (cli_result){ .unit = units[k], .layer = s->layer, .word = s->word };
    }
    free(units);
    return ok;
}

static void add_line(const batch *b, const cli_result *r, const outcome *o, dv_text *out)
{
    const char *path = o->png ? o->png : o->npy ? o->npy : b->scene.image;
    dv_text_format(out, "%s  ", path);
    cli_add_unit_label(out, &b->scene, r, true);
    dv_text_format(out, "\n");
}

/* What is said of the units; sheet: the path of theirs, or NULL. all: else only of those that a
 * file was written of. */
static void tell(const batch *b, const char *sheet, bool all, cli_report *report)
{
    const cli_projection *job = b->job;
    for (int i = 0; i < job->n_units; i++) {
        const outcome *o = &b->outcomes[i];
        if (!all && !(o->written && (o->png || o->npy)))
            continue;
        if (o->err.message[0])
            dv_text_format(&report->warnings, "%s\n", o->err.message);
        if (job->json)
            cli_add_unit_json(&report->out, &b->scene, &b->results[i], sheet ? sheet : o->png,
                              o->npy);
        else if (!sheet)
            add_line(b, &b->results[i], o, &report->out);
    }
    if (sheet && !job->json)
        dv_text_format(&report->out, "%s  %d unit%s\n", sheet, job->n_units,
                       job->n_units == 1 ? "" : "s");
}

/* Whether it would be the same with the next image. */
static bool is_hopeless(const dv_error *err)
{
    return err->code == DV_IO || err->code == DV_NO_MEMORY || err->code == DV_BAD_USAGE;
}

/* The first unit that failed decides. */
static bool all_done(const batch *b, cli_report *report)
{
    for (int i = 0; i < b->job->n_units; i++) {
        const outcome *o = &b->outcomes[i];
        if (o->projected && (o->written || b->measure))
            continue;
        report->err = o->err;
        report->hopeless = o->projected && is_hopeless(&o->err);
        return false;
    }
    return true;
}

static bool measure_common_scale(batch *b, cli_report *report)
{
    b->measure = true;
    dv_pool_run(b->w->pool, b->job->n_units, unit_task, b);
    if (!all_done(b, report))
        return false;
    b->measure = false;
    float most = 0;
    for (int i = 0; i < b->job->n_units; i++)
        most = b->results[i].own_scale > most ? b->results[i].own_scale : most;
    b->common_scale = most;
    return true;
}

static bool project_units(batch *b, cli_report *report)
{
    const cli_projection *job = b->job;
    if (!list_units(b, &report->err) || (job->common_scale && !measure_common_scale(b, report)))
        return false;
    dv_pool_run(b->w->pool, job->n_units, unit_task, b);
    char *sheet = NULL;
    bool ok = all_done(b, report);
    if (ok && job->sheet) {
        ok = write_sheet(b, &sheet, &report->err);
        report->hopeless = !ok && is_hopeless(&report->err);
    }
    tell(b, ok ? sheet : NULL, ok, report);
    free(sheet);
    return ok && dv_text_ok(&report->out, "results", &report->err) &&
           dv_text_ok(&report->warnings, "warnings", &report->err);
}

/* What a picture needs beside the projection: the pixels, and who they and the model are. */
static bool identify(batch *b, char sha256[DV_DIGEST_TEXT_MAX], dv_error *err)
{
    cli_scene *s = &b->scene;
    s->image_sha256 = sha256;
    s->model_sha256 = dv_model_sha256(b->job->network->model, err);
    return s->model_sha256 && dv_sha256_file(s->image, sha256, err) &&
           dv_draw_input(&s->seen, b->w->input, &s->network->prepare, err);
}

static bool begin_image(batch *b, char sha256[DV_DIGEST_TEXT_MAX], dv_error *err)
{
    const char *path = b->scene.image;
    if (!cli_read_input(b->job->network, path, b->job->prepared, b->w->input, &b->scene.map, err))
        return false;
    if (!dv_trace_forward(b->w->trace, b->w->input, err))
        return dv_fail_in(err, "%s", path);
    return !b->job->png || identify(b, sha256, err);
}

void cli_project_image(cli_projecting *w, int32_t image, cli_report *report)
{
    const cli_projection *job = w->job;
    char sha256[DV_DIGEST_TEXT_MAX];
    size_t n = (size_t)job->n_units;
    batch b = { .w = w,
                .job = job,
                .scene = { .network = job->network,
                           .image = dv_list_path(&job->images, image),
                           .prepared = job->prepared,
                           .rule = job->rule,
                           .seed = job->seed,
                           .view = job->view,
                           .zoom = job->zoom,
                           .side = job->sheet ? tile_side(job->n_units) : 224 },
                .stem = job->stems[image],
                .results = calloc(n, sizeof *b.results),
                .outcomes = calloc(n, sizeof *b.outcomes) };
    if (!b.results || !b.outcomes)
        report->failed = !dv_fail(&report->err, DV_NO_MEMORY, "no memory for %zu units", n);
    else
        report->failed = !begin_image(&b, sha256, &report->err) || !project_units(&b, report);
    for (size_t i = 0; b.outcomes && i < n; i++) {
        free(b.outcomes[i].png);
        free(b.outcomes[i].npy);
        dv_image_free(&b.outcomes[i].tile);
    }
    free(b.results);
    free(b.outcomes);
    dv_image_free(&b.scene.seen);
}
