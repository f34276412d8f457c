/* cmd_compare_rules.c - `deconvviz compare-rules`: units under the three rules, side by side. */
#include "cli/inputs.h"
#include "cli/rectified.h"
#include "cli/rows.h"
#include "cli/selected.h"
#include "studies/compare_rules.h"

#include <stdlib.h>

typedef struct compare_options {
    cli_network_options network;
    cli_list layers;
    const char *channels, *position;
    int rectify, seed, scale;
    dv_figure_file figure;
    bool no_figure, summary, json, csv;
} compare_options;

#define AT(member) offsetof(compare_options, member)

static const cli_option options[] = {
    CLI_GROUP_ROW("The units:"),
    CLI_LAYERS_ROW(compare_options, CLI_LAYERS, "; or all (all)"),
    CLI_CHANNELS_ROW(compare_options, CLI_TEXT, "; or top:9, the strongest on each image"),
    { "position", 'p', CLI_TEXT, AT(position), "max|Y,X|all",
      "where the channel is strongest, one place, or its whole map" },
    CLI_GROUP_ROW("The way back:"),
    CLI_RECTIFY_ROW(compare_options),
    CLI_SEED_ROW(compare_options),
    CLI_GROUP_ROW("What is written:"),
    CLI_FIGURE_ROWS(compare_options),
    { "scale", 0, CLI_CHOICE, AT(scale), "unit|tile",
      "the value of full colour: one for all projections of a unit, or each its own" },
    { "summary", 0, CLI_FLAG, AT(summary), NULL,
      "a row for each layer in place of each unit: mean correlations, and half of their 95 % "
      "intervals" },
    CLI_TABLE_ROWS(compare_options),
    CLI_NETWORK_ROWS(compare_options),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz compare-rules -l 5 -c top:4 -o rules.png img.jpg",
      "What each rule shows of the four strongest units" },
    { "deconvviz compare-rules -l all -c top:8 --summary -o rules.pdf photos",
      "How much the rules agree, layer by layer, over the images of a folder" },
    { 0 },
};

typedef struct work {
    const compare_options *o;
    cli_network network;
    cli_selected selected;
    dv_list images;
    dv_compare_rules_options study;
} work;

static void tell_wrote(void *ctx, const char *path)
{
    const work *w = ctx;
    if (!w->o->network.quiet)
        cli_say("wrote %s", path);
}

static void tell_skipped(void *ctx, const char *path, const char *reason)
{
    (void)ctx;
    dv_error failed;
    dv_fail(&failed, DV_IO, "%s: %s", path, reason);
    cli_skip(&failed);
}

static bool print_summary(const work *w, const dv_compared_rules *results, dv_error *err)
{
    const int n = w->selected.units.n;
    dv_compared_layer *layers = calloc((size_t)n + 1, sizeof *layers);
    if (!layers)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d layers", n);
    dv_compare_rules_layers(&w->selected.units, w->images.count, results, layers);
    dv_table t = dv_compare_rules_summary(n, layers);
    const bool ok = cli_print_table(&t, w->o->json, w->o->csv, err);
    dv_table_free(&t);
    free(layers);
    return ok;
}

static bool print_units(const work *w, const dv_compared_rules *results, dv_error *err)
{
    dv_table t = dv_compare_rules_table((int64_t)w->images.count * w->selected.units.n_units,
                                        results, w->images.count > 1);
    const bool ok = cli_print_table(&t, w->o->json, w->o->csv, err);
    dv_table_free(&t);
    return ok;
}

static bool compare(work *w, dv_error *err)
{
    const size_t n = (size_t)w->images.count * (size_t)w->selected.units.n_units;
    dv_compared_rules *results = calloc(n + 1, sizeof *results);
    if (!results)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %zu units", n);
    w->study.units = &w->selected.units;
    w->study.preprocess = w->network.prepare;
    w->study.pool = w->network.pool;
    cli_progress_begin("images", !w->o->network.quiet);
    bool ok = dv_compare_rules(w->network.model, &w->images, &w->study, results, err);
    cli_progress_end();
    ok = ok && (w->o->summary ? print_summary : print_units)(w, results, err);
    free(results);
    return ok && cli_none_skipped("images", w->images.count, err);
}

static bool open_units(work *w, dv_error *err)
{
    const compare_options *o = w->o;
    const cli_list all = { 1, { "all" } };
    const dv_selections *units = &w->selected.units;
    return dv_position_parse(o->position, &w->study.position, err) &&
           cli_open_for(&w->network, &o->network, NULL, o->layers.n ? &o->layers : &all,
                        o->channels, &w->selected, err) &&
           cli_network_takes_images(&w->network, err) &&
           dv_position_check(w->network.model, units, &w->study.position, err) &&
           cli_rectify_warn(w->network.model, units->n, units->layers, DV_RULE_DECONVNET,
                            w->study.rectify, err);
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    work w = { .o = opts };
    const compare_options *o = w.o;
    w.study = (dv_compare_rules_options){ .rectify = (dv_rectify)o->rectify,
                                          .seed = (dv_seed)o->seed,
                                          .exact = o->network.exact,
                                          .figure = o->figure,
                                          .own_scales = o->scale == 1,
                                          .watch = cli_watch };
    w.study.watch.ctx = &w;
    w.study.watch.wrote = tell_wrote;
    w.study.watch.skipped = tell_skipped;
    if (o->no_figure)
        w.study.figure.path = NULL;
    bool ok = true;
    for (int i = 0; ok && i < n_args; i++)
        ok = dv_list_add(&w.images, args[i], err);
    ok = ok && cli_inputs_images(&w.images, err) && open_units(&w, err) && compare(&w, err);
    cli_selected_free(&w.selected);
    cli_network_close(&w.network);
    dv_list_free(&w.images);
    return ok;
}

const cli_command cmd_compare_rules = {
    .name = "compare-rules",
    .summary = "Show units under every rule side by side, with correlations",
    .description =
        "The table has Pearson's correlation of each two projections of a unit, over its receptive "
        "field; the figure the units of the first image, and the means of each layer.\n\n"
        "Units of one image have much in common: over several images, a layer's interval is that "
        "of the images' means.",
    .arguments = { CLI_IMAGES, .least = 1 },
    .options = options,
    .examples = examples,
    .defaults = &(const compare_options){ .network = CLI_NETWORK_DEFAULTS,
                                          .channels = "top:1",
                                          .position = "max",
                                          .figure = { .path = "compare-rules.png" } },
    .options_size = sizeof(compare_options),
    .run = run,
};
