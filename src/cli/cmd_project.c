/* cmd_project.c - `deconvviz project`: units of a network back in pixel space. */
#include "cli/inputs.h"
#include "cli/rectified.h"
#include "cli/rows.h"
#include "cli/selected.h"
#include "cli/unit_json.h"
#include "run/input.h"
#include "run/outputs.h"
#include "run/scene.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct project_options {
    cli_network_options network;
    cli_list layers;
    const char *channels, *position, *out, *npy, *scale, *input;
    int rule, rectify, seed, view, zoom;
    bool no_png, sheet, json;
} project_options;

#define AT(member) offsetof(project_options, member)

static const cli_option options[] = {
    CLI_GROUP_ROW("The units:"),
    CLI_UNIT_ROWS(project_options),
    { "input", 0, CLI_FILE, AT(input), "X.npy",
      "a prepared float32 tensor (1,C,H,W) in place of images" },
    CLI_GROUP_ROW("The way back:"),
    CLI_RULE_ROWS(project_options),
    CLI_GROUP_ROW("What is written:"),
    { "out", 'o', CLI_PLACE, AT(out), "PATH",
      "folder for the pictures, or the file where there is one; else IMAGE-LAYER-cCHANNEL.png in "
      "the current folder" },
    { "npy", 0, CLI_PLACE, AT(npy), "PATH",
      "also the raw float32 projections (C,H,W): a folder, or the file" },
    { "no-png", 0, CLI_FLAG, AT(no_png), NULL, "no picture" },
    { "json", 0, CLI_FLAG, AT(json), NULL, "one JSON object a line for each unit" },
    CLI_GROUP_ROW("The picture:"),
    { "view", 0, CLI_CHOICE, AT(view), "pair|crop|full",
      "patch of the image and projection, cut to the receptive field; the projection alone, so "
      "cut; "
      "or on the whole input, 1:1" },
    { "zoom", 0, CLI_INT(0, 256), AT(zoom), "N", "times a pixel is enlarged (as suits the eye)" },
    { "scale", 0, CLI_TEXT, AT(scale), "tile|sheet|abs:V",
      "the value of full colour: each picture's own, one for all of an image, or V" },
    { "sheet", 0, CLI_FLAG, AT(sheet), NULL, "all units of an image on one labelled sheet" },
    CLI_NETWORK_ROWS(project_options),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz --layer 5 --channel 12 img.jpg", "One unit of the built-in network, as a PNG" },
    { "deconvviz -m model.onnx -l 5 -c top:9 --sheet img.jpg",
      "The nine strongest channels of a layer, as one sheet" },
    { "deconvviz -l 1-3,5 -c 0-15 --no-png --npy arrays photos",
      "Sixteen channels of each of four layers, of every image in a folder, as arrays" },
    { 0 },
};

typedef struct work {
    const project_options *o;
    cli_network network;
    cli_selected selected;
    dv_list images;
    dv_projections_options job;
} work;

/* -- what is said ----------------------------------------------------------------------------- */

static void add_lines(dv_text *out, const work *w, const dv_projected_image *image)
{
    for (int i = 0; i < image->n && !image->sheet; i++) {
        const dv_projected *u = &image->units[i];
        dv_text_format(out, "%s  ", u->png ? u->png : u->npy ? u->npy : image->path);
        dv_text_unit(out, w->network.model, u->layer, &u->unit, u->value);
        dv_text_format(out, "\n");
    }
    if (image->sheet)
        dv_text_format(out, "%s  %d unit%s\n", image->sheet, image->n, image->n == 1 ? "" : "s");
}

/* One image: warnings, then lines or JSON. */
static bool tell(void *ctx, const dv_projected_image *image, dv_error *err)
{
    const work *w = ctx;
    dv_text out = { 0 };
    for (int i = 0; i < image->n; i++)
        if (image->units[i].warning)
            cli_say("warning: %s: layer %s channel %d: %s", image->path, image->units[i].layer,
                    (int)image->units[i].unit.channel, image->units[i].warning);
    if (w->o->json)
        for (int i = 0; i < image->n; i++)
            cli_add_unit_json(&out, w->network.model, &w->job, image, &image->units[i]);
    else
        add_lines(&out, w, image);
    bool ok = dv_text_ok(&out, "results", err) &&
              (out.size == 0 || cli_print_text(&out, "results", err)) &&
              (fflush(stdout) == 0 ||
               dv_fail(err, DV_IO, "cannot write to standard output: %s", strerror(errno)));
    free(out.data);
    if (image->failed)
        cli_skip(image->failed);
    return ok;
}

/* -- words ------------------------------------------------------------------------------------ */

static bool parse_scale(dv_projections_options *job, const char *text, dv_error *err)
{
    double v = 0;
    job->common_scale = strcmp(text, "sheet") == 0;
    if (job->common_scale || strcmp(text, "tile") == 0)
        return true;
    if (strncmp(text, "abs:", 4) != 0)
        return dv_fail(err, DV_BAD_USAGE, "--scale takes tile|sheet|abs:V, not '%s'", text);
    const cli_range range = { 0, 1e30, false };
    if (!cli_read_numbers(text + 4, "--scale abs:", range, 1, &v, err))
        return false;
    job->fixed_scale = (float)v;
    return job->fixed_scale > 0 ||
           dv_fail(err, DV_BAD_USAGE, "--scale abs: takes a number above 0, not '%s'", text + 4);
}

static bool parse_words(work *w, dv_error *err)
{
    const project_options *o = w->o;
    if (o->no_png && (o->sheet || o->out))
        return dv_fail(err, DV_BAD_USAGE, "--no-png and %s cannot be meant together",
                       o->sheet ? "--sheet" : "--out");
    w->job = (dv_projections_options){ .rule = (dv_rule)o->rule,
                                       .rectify = (dv_rectify)o->rectify,
                                       .seed = (dv_seed)o->seed,
                                       .exact = o->network.exact,
                                       .prepared = o->input != NULL,
                                       .pictures = !o->no_png,
                                       .sheet = o->sheet,
                                       .arrays = o->npy != NULL,
                                       .view = (dv_view)o->view,
                                       .zoom = o->zoom,
                                       .ctx = w,
                                       .projected = tell,
                                       .watch = cli_watch };
    return cli_rectify_check(o->rule, o->rectify, err) && parse_scale(&w->job, o->scale, err) &&
           dv_position_parse(o->position, &w->job.position, err);
}

static bool list_images(work *w, int n_args, char **args, dv_error *err)
{
    if (w->o->input && !dv_list_add(&w->images, w->o->input, err))
        return false;
    for (int i = 0; i < n_args; i++)
        if (!dv_list_add(&w->images, args[i], err))
            return false;
    return cli_inputs_images(&w->images, err);
}

/* -- making ready ----------------------------------------------------------------------------- */

/* At the size of --input where that is given. */
static bool open_network(work *w, dv_error *err)
{
    const project_options *o = w->o;
    int size[2];
    if (o->input && !dv_input_size(o->input, size, err))
        return false;
    if (!cli_open_for(&w->network, &o->network, o->input ? size : NULL, &o->layers, o->channels,
                      &w->selected, err) ||
        (!o->input && !cli_network_takes_images(&w->network, err)))
        return false;
    w->job.units = &w->selected.units;
    w->job.preprocess = w->network.prepare;
    w->job.pool = w->network.pool;
    return dv_position_check(w->network.model, &w->selected.units, &w->job.position, err) &&
           cli_rectify_warn(w->network.model, w->selected.units.n, w->selected.units.layers,
                            w->job.rule, w->job.rectify, err);
}

static bool settle_outputs(work *w, dv_error *err)
{
    const project_options *o = w->o;
    dv_projections_options *job = &w->job;
    const int64_t n_units = (int64_t)w->images.count * w->selected.units.n_units;
    const int64_t n_pictures = job->sheet ? w->images.count : n_units;
    if (job->pictures && !w->network.is_image) {
        char text[DV_SHAPE_TEXT_MAX];
        const dv_model *m = w->network.model;
        return dv_fail(err, DV_BAD_USAGE,
                       "the network's input is %s, which has no picture: use --no-png --npy PATH",
                       dv_shape_text(dv_tensor_shape(m, dv_model_input(m)), text));
    }
    return dv_place_settle(&job->place, "--out", o->out, ".png", n_pictures, err) &&
           dv_place_settle(&job->array_place, "--npy", o->npy, ".npy", n_units, err);
}

static bool project(work *w, dv_error *err)
{
    if (w->job.pictures)
        cli_network_begin_hash(&w->network);
    cli_progress_begin("units", !w->o->network.quiet);
    bool ok = dv_project_images(w->network.model, &w->images, &w->job, err);
    cli_progress_end();
    return ok && cli_none_skipped("images", w->images.count, err);
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    work w = { .o = opts };
    bool ok = parse_words(&w, err) && list_images(&w, n_args, args, err) && open_network(&w, err) &&
              settle_outputs(&w, err) && project(&w, err);
    cli_selected_free(&w.selected);
    cli_network_close(&w.network);
    dv_list_free(&w.images);
    return ok;
}

const cli_command cmd_project = {
    .name = "project",
    .summary = "Project units back to pixel space (the default command)",
    .description =
        "Runs the network forward on each image, keeps one activation of the layer at a time, and "
        "takes it back through the network to pixel space: what in the image excites the unit.\n\n"
        "The picture shows the projection, by itself or beside the patch of the image that the "
        "unit "
        "sees. Zero is grey; full colour is the largest value. What was projected, and the scale, "
        "stand in the text chunks of the PNG.",
    .arguments = { CLI_IMAGES, .least = 1, .instead = "input" },
    .options = options,
    .examples = examples,
    .defaults = &(const project_options){ .network = CLI_NETWORK_DEFAULTS,
                                          .position = "max",
                                          .scale = "tile" },
    .options_size = sizeof(project_options),
    .run = run,
};
