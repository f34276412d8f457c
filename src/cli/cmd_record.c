/* cmd_record.c - `deconvviz record`: projections to hold a model, a library or a machine to. */
#include "base/text.h"
#include "cli/inputs.h"
#include "cli/rectified.h"
#include "cli/rows.h"
#include "cli/selected.h"
#include "deconvviz/reference.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct record_options {
    cli_network_options network;
    cli_list layers;
    const char *channels, *position, *out;
    int rule, rectify, seed;
    bool copy, no_png, update;
} record_options;

#define AT(member) offsetof(record_options, member)

static const cli_option options[] = {
    CLI_GROUP_ROW("The units:"),
    CLI_UNIT_ROWS(record_options),
    CLI_GROUP_ROW("The way back:"),
    CLI_RULE_ROWS(record_options),
    CLI_GROUP_ROW("What is written:"),
    { "out", 'o', CLI_NEEDED(FILLS), AT(out), "REFS",
      "the folder of references: manifest.json, and for each unit its projection as float16 .npy "
      "and as a picture" },
    { "copy", 0, CLI_FLAG, AT(copy), NULL, "copy the images into it" },
    { "no-png", 0, CLI_FLAG, AT(no_png), NULL, "no pictures" },
    { "update", 0, CLI_FLAG, AT(update), NULL, "replace the references that are there" },
    CLI_MODEL_ROWS(record_options),
    CLI_PREPROCESS_ROWS(record_options),
    CLI_GROUP_ROW("How it runs (with the kernels of the smallest rounding error):"),
    CLI_THREADS_ROW(record_options, network.threads),
    CLI_QUIET_ROW(record_options, network.quiet),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz record -l 5 -c top:9 --copy -o refs img.jpg",
      "Projections to hold a model to, with the image beside them" },
    { 0 },
};

typedef struct work {
    const record_options *o;
    cli_network network;
    cli_selected selected;
    dv_position position;
    dv_list images;
    int n_units, n_loose; /* recorded, and those of them that say little */
    dv_text lines;        /* to be printed once all is in place */
} work;

/* -- what is asked for ------------------------------------------------------------------------ */

static bool pick_units(void *ctx, int32_t image, const dv_trace *t, dv_reference_pick *picks,
                       int *n, dv_error *err)
{
    const work *w = ctx;
    (void)image;
    dv_unit *units = calloc((size_t)w->selected.units.n_units + 1, sizeof *units);
    if (!units)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d units", w->selected.units.n_units);
    bool ok = true;
    *n = 0;
    for (int i = 0; ok && i < w->selected.units.n; i++) {
        const dv_selection *s = &w->selected.units.layers[i];
        ok = dv_select_units(t, w->network.model, s, &w->position, units, err);
        for (int k = 0; ok && k < s->n; k++)
            picks[(*n)++] =
                (dv_reference_pick){ s->layer, units[k],
                                     w->position.strongest ? DV_AT_STRONGEST : DV_AT_GIVEN };
    }
    free(units);
    return ok;
}

static bool check_network(const work *w, dv_error *err)
{
    return cli_network_takes_images(&w->network, err) &&
           dv_position_check(w->network.model, &w->selected.units, &w->position, err) &&
           cli_rectify_warn(w->network.model, w->selected.units.n, w->selected.units.layers,
                            (dv_rule)w->o->rule, (dv_rectify)w->o->rectify, err);
}

/* -- what is said ----------------------------------------------------------------------------- */

static void tell(void *ctx, const dv_reference_unit *u, const dv_reference_image *image)
{
    work *w = ctx;
    double allowed = dv_reference_allowed(u, dv_default_tolerance);
    char at[32] = "";
    w->n_units++;
    if (u->at != DV_AT_ALL && u->shape.rank >= 3)
        snprintf(at, sizeof at, " (%d,%d)", (int)u->y, (int)u->x);
    size_t n = strlen(w->o->out);
    while (n > 1 && w->o->out[n - 1] == '/')
        n--;
    dv_text_format(&w->lines, "%.*s/%s  %s%s c%d%s %.3g, may change by %.2g\n", (int)n, w->o->out,
                   u->array, isdigit((unsigned char)u->layer[0]) ? "layer " : "", u->layer,
                   (int)u->channel, at, (double)u->value, allowed);
    if (u->norm == 0)
        cli_say("layer %s channel %d of %s: its projection is 0 everywhere: only its activation "
                "will be compared",
                u->layer, (int)u->channel, image->file);
    w->n_loose += u->norm > 0 && allowed > 0.5;
}

static bool record(work *w, dv_error *err)
{
    const record_options *o = w->o;
    int tensors[CLI_LIST_MAX];
    for (int i = 0; i < w->selected.units.n; i++)
        tensors[i] = w->selected.units.layers[i].tensor;
    const dv_record_options r = { .folder = o->out,
                                  .replace = o->update,
                                  .copy = o->copy,
                                  .pictures = !o->no_png,
                                  .preprocess = w->network.prepare,
                                  .own_preprocess = cli_network_prepares_own(&w->network),
                                  .rule = (dv_rule)o->rule,
                                  .rectify = (dv_rectify)o->rectify,
                                  .seed = (dv_seed)o->seed,
                                  .n_tensors = w->selected.units.n,
                                  .tensors = tensors,
                                  .pool = w->network.pool,
                                  .ctx = w,
                                  .max_picks = w->selected.units.n_units,
                                  .pick = pick_units,
                                  .recorded = tell,
                                  .watch = cli_watch };
    cli_progress_begin("images", !o->network.quiet);
    bool ok = dv_references_record(w->network.model, &w->images, NULL, &r, err);
    cli_progress_end();
    ok = ok && cli_print_text(&w->lines, "the units", err);
    if (ok && w->n_loose > 0)
        cli_say("%d of the %d projections hang on near-ties so much that they may change by half "
                "and more: other units would tell more",
                w->n_loose, w->n_units);
    return ok;
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    work w = { .o = opts };
    const record_options *o = w.o;
    bool ok = cli_rectify_check(o->rule, o->rectify, err) &&
              dv_position_parse(o->position, &w.position, err);
    for (int i = 0; ok && i < n_args; i++)
        ok = dv_list_add(&w.images, args[i], err);
    ok = ok && cli_inputs_images(&w.images, err) &&
         cli_open_for(&w.network, &o->network, NULL, &o->layers, o->channels, &w.selected, err) &&
         check_network(&w, err) && record(&w, err);
    free(w.lines.data);
    cli_selected_free(&w.selected);
    cli_network_close(&w.network);
    dv_list_free(&w.images);
    return ok;
}

const cli_command cmd_record = {
    .name = "record",
    .summary = "Record reference projections, for verify to compare with later",
    .description =
        "Writes a folder to be committed beside a model. Each projection is measured for how much "
        "rounding, and weights in float16, move it; 'deconvviz verify' allows it that much.",
    .arguments = { CLI_IMAGES, .least = 1 },
    .options = options,
    .examples = examples,
    .defaults = &(const record_options){ .network = CLI_NETWORK_DEFAULTS, .position = "max" },
    .options_size = sizeof(record_options),
    .run = run,
};
