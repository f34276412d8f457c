/* cmd_compare_rules.c - `deconvviz compare-rules`: units under the three rules, side by side. */
#include "cli/rows.h"
#include "cli/selected.h"
#include "studies/compare_rules.h"

#include <stdlib.h>

typedef struct compare_options {
    cli_network_options network;
    cli_list layers;
    const char *channels, *position, *out;
    int seed;
    bool json, csv;
} compare_options;

static const cli_option options[] = {
    CLI_GROUP_ROW("The units:"),
    CLI_UNIT_ROWS(compare_options),
    CLI_SEED_ROW(compare_options),
    CLI_GROUP_ROW("What is written:"),
    { "out", 'o', CLI_WRITES, offsetof(compare_options, out), "FILE.png",
      "a row for each unit, on one scale: the patch of the image, and its projections" },
    CLI_TABLE_ROWS(compare_options),
    CLI_NETWORK_ROWS(compare_options),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz compare-rules -l 5 -c top:4 -o rules.png img.jpg",
      "What each rule shows of the four strongest units" },
    { 0 },
};

static bool compare(const compare_options *o, const cli_network *n, const cli_selected *s,
                    const char *image, dv_compare_rules_options *study, dv_error *err)
{
    dv_compared_rules *results = calloc((size_t)s->units.n_units + 1, sizeof *results);
    if (!results)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d units", s->units.n_units);
    study->units = &s->units;
    study->preprocess = n->prepare;
    study->pool = n->pool;
    bool ok = dv_compare_rules(n->model, image, study, results, err);
    dv_table t = dv_compare_rules_table(ok ? s->units.n_units : 0, results);
    ok = ok && cli_print_table(&t, o->json, o->csv, err);
    dv_table_free(&t);
    free(results);
    return ok;
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    const compare_options *o = opts;
    dv_compare_rules_options study = { .seed = (dv_seed)o->seed,
                                       .exact = o->network.exact,
                                       .png = o->out };
    cli_network n = { 0 };
    cli_selected s = { .units = { .n = 0 } };
    bool ok = n_args == 1 && dv_position_parse(o->position, &study.position, err) &&
              cli_open_for(&n, &o->network, NULL, &o->layers, o->channels, &s, err) &&
              cli_network_takes_images(&n, err) &&
              dv_position_check(n.model, &s.units, &study.position, err) &&
              compare(o, &n, &s, args[0], &study, err);
    cli_selected_free(&s);
    cli_network_close(&n);
    return ok;
}

const cli_command cmd_compare_rules = {
    .name = "compare-rules",
    .summary = "Show units under every rule side by side, with correlations",
    .description = "The table has Pearson's correlation of each two projections of a unit, over "
                   "its receptive field.",
    .arguments = { CLI_IMAGE, .least = 1, .most = 1 },
    .options = options,
    .examples = examples,
    .defaults = &(const compare_options){ .network = CLI_NETWORK_DEFAULTS, .position = "max" },
    .options_size = sizeof(compare_options),
    .run = run,
};
