/* cmd_sheets.c - `deconvviz sheets`: an index as pictures. */
#include "cli/index_picks.h"
#include "cli/rectified.h"
#include "cli/rows.h"
#include "deconvviz/sheets.h"

typedef struct sheets_options {
    cli_network_options network;
    cli_list layers;
    const char *channels, *out, *root;
    int rule, rectify, seed, scale, hits, side;
    bool contact;
} sheets_options;

#define AT(member) offsetof(sheets_options, member)

static const cli_option options[] = {
    CLI_GROUP_ROW("The units:"),
    CLI_LAYERS_ROW(sheets_options, CLI_LAYERS, "; or all of those in the index (all)"),
    CLI_CHANNELS_ROW(sheets_options, CLI_TEXT, ""),
    { "hits", 'k', CLI_INT(1, DV_INDEX_MAX_K), AT(hits), "K", "hits to show of each unit" },
    { "root", 0, CLI_FOLDER, AT(root), "DIR", "where the relative paths in the index begin" },
    CLI_GROUP_ROW("The way back:"),
    CLI_RULE_ROWS(sheets_options),
    CLI_GROUP_ROW("What is written:"),
    { "out", 'o', CLI_NEEDED(FILLS), AT(out), "DIR", "the folder to write to" },
    { "contact", 0, CLI_FLAG, AT(contact), NULL, "only the contact sheet of each layer" },
    { "scale", 0, CLI_CHOICE, AT(scale), "tile|sheet",
      "the value of full colour: each projection's own, or one for all of a unit" },
    { "side", 0, CLI_INT(16, 512), AT(side), "N", "pixels of a patch on a unit's sheet" },
    CLI_GROUP_ROW("The network:"),
    CLI_MODEL_ROW(sheets_options,
                  "the model that was mined, where it is not at the path in the index"),
    CLI_WEIGHTS_ROW(sheets_options),
    CLI_GROUP_ROW("How it runs:"),
    CLI_THREADS_ROW(sheets_options, network.threads),
    CLI_QUIET_ROW(sheets_options, network.quiet),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz sheets index.json -o sheets -l 5 -c 12", "One unit, and its layer" },
    { "deconvviz sheets index.json -o sheets -c 0-15 --contact",
      "Only a picture a layer, of its first sixteen channels" },
    { 0 },
};

typedef struct work {
    const sheets_options *o;
    dv_index index;
    cli_network network;
    cli_picks picks;
} work;

static void tell_wrote(void *ctx, const char *path)
{
    (void)ctx;
    cli_print("%s\n", path);
}

static bool make_sheets(work *w, dv_sheets_options *s, dv_error *err)
{
    int missing = 0;
    s->rule = (dv_rule)w->o->rule;
    s->rectify = (dv_rectify)w->o->rectify;
    s->seed = (dv_seed)w->o->seed;
    s->common_scale = w->o->scale == 1;
    s->folder = w->o->out;
    s->root = w->o->root;
    s->n_picks = w->picks.n;
    s->picks = w->picks.picks;
    s->most = w->o->hits;
    s->side = w->o->side;
    s->contact_only = w->o->contact;
    s->pool = w->network.pool;
    s->watch = cli_watch;
    s->watch.wrote = tell_wrote;
    bool ok = cli_rectify_warn(w->network.model, w->picks.n, w->picks.selections, s->rule,
                               s->rectify, err);
    cli_progress_begin("projections", !w->o->network.quiet);
    ok = ok && dv_sheets(w->network.model, &w->index, s, &missing, err);
    cli_progress_end();
    if (!ok)
        return false;
    return missing == 0 ||
           dv_fail(err, DV_IO, "%d hits could not be shown: their images are gone or have changed",
                   missing);
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    work w = { .o = opts };
    dv_sheets_options s = { 0 };
    (void)n_args;
    bool ok =
        cli_rectify_check(w.o->rule, w.o->rectify, err) && dv_index_read(&w.index, args[0], err) &&
        cli_guard_images(&w.index, w.o->root, err) &&
        cli_network_of_index(&w.network, &w.o->network, &w.index, err) &&
        cli_picks_find(&w.picks, w.network.model, &w.index, &w.o->layers, w.o->channels, err) &&
        make_sheets(&w, &s, err);
    cli_picks_free(&w.picks);
    cli_network_close(&w.network);
    dv_index_free(&w.index);
    return ok;
}

const cli_command cmd_sheets = {
    .name = "sheets",
    .summary = "Show what was mined: the strongest patches, projected",
    .description =
        "Writes a sheet for each unit, its strongest images beside what of them excites it, and "
        "contact sheets for each layer, as in Figure 2 of the paper. Images are prepared as when "
        "they were mined.",
    .arguments = { CLI_INDEX, .least = 1, .most = 1 },
    .options = options,
    .examples = examples,
    .defaults =
        &(const sheets_options){
            .network = CLI_NETWORK_DEFAULTS, .channels = "all", .hits = 9, .side = 112 },
    .options_size = sizeof(sheets_options),
    .run = run,
};
