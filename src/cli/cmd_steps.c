/* cmd_steps.c - `deconvviz steps`: one projection, stage by stage. */
#include "cli/rectified.h"
#include "cli/rows.h"
#include "cli/selected.h"
#include "studies/steps.h"

typedef struct steps_options {
    cli_network_options network;
    cli_list layers;
    const char *channels, *position;
    int rule, rectify, seed, maps;
    dv_figure_file figure;
    bool toy, json, csv, no_figure;
} steps_options;

#define AT(member) offsetof(steps_options, member)

static const cli_option options[] = {
    CLI_GROUP_ROW("The unit:"),
    { "layer", 'l', CLI_LAYERS, AT(layers), "LAYER",
      "number of a weight layer, or the exact name of a node or tensor (3)" },
    { "channel", 'c', CLI_TEXT, AT(channels), "CHANNEL", "from 0; or top:1, the strongest" },
    { "position", 'p', CLI_TEXT, AT(position), "max|Y,X|all",
      "where the channel is strongest, one place, or its whole map" },
    { "toy", 0, CLI_FLAG, AT(toy), NULL,
      "in place of an image and a network: one of 6x6 pixels whose every number can be followed by "
      "hand" },
    CLI_GROUP_ROW("The way back:"),
    CLI_RULE_ROWS(steps_options),
    CLI_GROUP_ROW("What is written:"),
    CLI_FIGURE_ROWS(steps_options),
    { "maps", 0, CLI_INT(1, DV_STEPS_MAPS), AT(maps), "N",
      "maps to show of each stage: those that carry most of the signal" },
    CLI_TABLE_ROWS(steps_options),
    CLI_NETWORK_ROWS(steps_options),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz steps -l 3 -c 12 -o steps.pdf img.jpg",
      "One unit there and back: convolution, ReLU, pooling with its switches, and each undone" },
    { "deconvviz steps --toy -o toy.svg", "The same by numbers that can be followed by hand" },
    { 0 },
};

static bool print(dv_steps *s, const steps_options *o, dv_error *err)
{
    dv_table t = dv_steps_table(s);
    const bool ok = cli_print_table(&t, o->json, o->csv, err);
    dv_table_free(&t);
    dv_steps_free(s);
    return ok;
}

static void tell_wrote(void *ctx, const char *path)
{
    const steps_options *o = ctx;
    if (!o->network.quiet)
        cli_say("wrote %s", path);
}

static bool open_unit(const steps_options *o, cli_network *n, cli_selected *s,
                      dv_steps_options *study, dv_error *err)
{
    const cli_list third = { 1, { "3" } };
    if (!dv_position_parse(o->position, &study->position, err) ||
        !cli_open_for(n, &o->network, NULL, o->layers.n ? &o->layers : &third, o->channels, s, err))
        return false;
    if (s->units.n_units != 1)
        return dv_fail(err, DV_BAD_USAGE, "steps takes one unit at a time, not %d",
                       s->units.n_units);
    study->units = &s->units;
    study->preprocess = n->prepare;
    study->pool = n->pool;
    return cli_network_takes_images(n, err) &&
           dv_position_check(n->model, &s->units, &study->position, err) &&
           cli_rectify_warn(n->model, s->units.n, s->units.layers, study->rule, study->rectify,
                            err);
}

static bool take_steps(const steps_options *o, const char *image, dv_steps_options *study,
                       dv_error *err)
{
    dv_steps steps = { .n = 0 };
    cli_network n = { 0 };
    cli_selected s = { .units = { .n = 0 } };
    const bool ok = open_unit(o, &n, &s, study, err) &&
                    dv_steps_of(n.model, image, study, &steps, err) && print(&steps, o, err);
    cli_selected_free(&s);
    cli_network_close(&n);
    return ok;
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    (void)n_args;
    const steps_options *o = opts;
    dv_steps steps = { .n = 0 };
    dv_steps_options study = { .rule = (dv_rule)o->rule,
                               .rectify = (dv_rectify)o->rectify,
                               .seed = (dv_seed)o->seed,
                               .exact = o->network.exact,
                               .figure = o->figure,
                               .maps = o->maps,
                               .watch = cli_watch };
    study.watch.ctx = (void *)(uintptr_t)o;
    study.watch.wrote = tell_wrote;
    if (o->no_figure)
        study.figure.path = NULL;
    if (!cli_rectify_check(o->rule, o->rectify, err))
        return false;
    if (!o->toy)
        return take_steps(o, args[0], &study, err);
    return dv_steps_toy(&study, &steps, err) && print(&steps, o, err);
}

const cli_command cmd_steps = {
    .name = "steps",
    .summary = "Show one projection stage by stage, there and back",
    .description =
        "Draws each tensor on the unit's path: its activation on the way there and, below, the "
        "signal on the way back, with the switches of max-pools. The table has a row for each: "
        "operator, shape, the part of it in the unit's field, range, norm, and the share that is "
        "not 0.",
    .arguments = { CLI_IMAGE, .least = 1, .most = 1, .instead = "toy" },
    .options = options,
    .examples = examples,
    .defaults = &(const steps_options){ .network = CLI_NETWORK_DEFAULTS,
                                        .channels = "top:1",
                                        .position = "max",
                                        .figure = { .path = "steps.png" },
                                        .maps = 4 },
    .options_size = sizeof(steps_options),
    .run = run,
};
