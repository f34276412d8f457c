/* cmd_sheets.c - `deconvviz sheets`: an index as pictures. */
#include "base/guard.h"
#include "base/path.h"
#include "cli/layer_list.h"
#include "cli/rectified.h"
#include "cli/rows.h"
#include "deconvviz/select.h"
#include "deconvviz/sheets.h"

#include <stdlib.h>
#include <string.h>

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
    int n_picks;
    dv_selection *selections; /* (n_picks) */
    dv_sheets_pick *picks;    /* (n_picks) */
} work;

static void tell_wrote(void *ctx, const char *path)
{
    (void)ctx;
    cli_print("%s\n", path);
}

/* The images, which are read as their turn comes. */
static bool guard_images(const work *w, dv_error *err)
{
    bool ok = true;
    for (int32_t i = 0; ok && i < w->index.n_files; i++) {
        char *path = dv_path_below(w->o->root, w->index.files[i].path, err);
        ok = path && dv_guard_add(path, err);
        free(path);
    }
    return ok;
}

static bool open_network(work *w, dv_error *err)
{
    cli_network_options o = w->o->network;
    if (!o.model)
        o.model = w->index.model.path;
    o.quiet = true; /* the preprocessing is the index's */
    o.resize = -1;
    return cli_network_open(&w->network, &o, w->index.preprocess.size, err);
}

static bool pick_layer(work *w, const dv_index_layer *l, dv_error *err)
{
    for (int i = 0; i < w->n_picks; i++)
        if (w->picks[i].layer == l)
            return true;
    dv_selection *s = &w->selections[w->n_picks];
    if (!dv_select(w->network.model, l->layer, w->o->channels, s, err))
        return false;
    w->picks[w->n_picks++] = (dv_sheets_pick){ l, s->n, s->channel };
    return s->channel ||
           dv_fail(err, DV_BAD_USAGE, "--channel '%s': 12, 0-15, 3,7,9 or all", w->o->channels);
}

static bool is_in_index(const void *index, const char *text)
{
    return dv_index_find(index, text) != NULL;
}

/* Each once, by whatever name; the index's where no layer, or all, is named. */
static bool pick_layers(work *w, dv_error *err)
{
    cli_layer_list named;
    if (!cli_layers_expand(&w->o->layers, is_in_index, &w->index, &named, err))
        return false;
    bool all = named.n == 0;
    for (int i = 0; i < named.n; i++)
        all |= strcmp(named.text[i], "all") == 0;
    int n = all ? w->index.n_layers : named.n;
    w->selections = calloc((size_t)n + 1, sizeof *w->selections);
    w->picks = calloc((size_t)n + 1, sizeof *w->picks);
    if (!w->selections || !w->picks)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d layers", n);
    for (int i = 0; i < n; i++) {
        const dv_index_layer *l =
            all ? &w->index.layers[i] : dv_index_find(&w->index, named.text[i]);
        if (!l)
            return dv_fail(err, DV_BAD_USAGE, "layer '%s' was not mined", named.text[i]);
        if (!pick_layer(w, l, err))
            return false;
    }
    return true;
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
    s->n_picks = w->n_picks;
    s->picks = w->picks;
    s->most = w->o->hits;
    s->side = w->o->side;
    s->contact_only = w->o->contact;
    s->pool = w->network.pool;
    s->watch = cli_watch;
    s->watch.wrote = tell_wrote;
    bool ok =
        cli_rectify_warn(w->network.model, w->n_picks, w->selections, s->rule, s->rectify, err);
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
    bool ok = cli_rectify_check(w.o->rule, w.o->rectify, err) &&
              dv_index_read(&w.index, args[0], err) && guard_images(&w, err) &&
              open_network(&w, err) && pick_layers(&w, err) && make_sheets(&w, &s, err);
    for (int i = 0; i < w.n_picks; i++)
        dv_selection_free(&w.selections[i]);
    free(w.selections);
    free(w.picks);
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
