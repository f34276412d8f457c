/* cmd_mine.c - `deconvviz mine`: the strongest activations of every unit over many images. */
#include "base/text.h"
#include "cli/inputs.h"
#include "cli/layer_list.h"
#include "cli/rows.h"
#include "cli/shard.h"
#include "cli/signals.h"
#include "deconvviz/mine.h"

#include <stdlib.h>

typedef struct mine_options {
    cli_network_options network;
    cli_list layers;
    const char *list, *shard, *out;
    int k, per_image, sample;
    bool append;
} mine_options;

static const cli_option options[] = {
    CLI_GROUP_ROW("What is mined:"),
    CLI_LAYERS_ROW(mine_options, CLI_LAYERS, "; or all (all)"),
    { "hits", 'k', CLI_INT(1, DV_INDEX_MAX_K), offsetof(mine_options, k), "K",
      "hits to keep for each unit" },
    { "per-image", 0, CLI_INT(1, DV_INDEX_MAX_K), offsetof(mine_options, per_image), "N",
      "how many of them one image may give" },
    { "sample", 0, CLI_INT(0, DV_INDEX_MAX_SAMPLE), offsetof(mine_options, sample), "N",
      "of all images that excite a unit, so many drawn by lot, for 'deconvviz atlas' to show what "
      "excites it less; 0: none (32; with --append as before)" },
    { "list", 0, CLI_FILE, offsetof(mine_options, list), "FILE",
      "images, a path a line; - for standard input" },
    CLI_SHARD_ROW(mine_options),
    CLI_GROUP_ROW("What is written:"),
    { "out", 'o', CLI_NEEDED(WRITES), offsetof(mine_options, out), "INDEX",
      "the index to write (JSON)" },
    { "append", 0, CLI_FLAG, offsetof(mine_options, append), NULL,
      "add the images to the index that is there" },
    CLI_NETWORK_ROWS(mine_options),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz mine -o index.json photos", "The nine images that excite each unit most" },
    { "deconvviz mine -l 5 --shard 1/2 -o shard-1.json photos",
      "Half of them, for one layer; another machine does the other half" },
    { 0 },
};

typedef struct work {
    const mine_options *o;
    cli_network network;
    dv_list images;
    int n_tensors, tensors[CLI_LIST_MAX];
} work;

static bool mine(work *w, dv_error *err)
{
    const mine_options *o = w->o;
    dv_mine_options m = { .n_tensors = w->n_tensors,
                          .tensors = w->tensors,
                          .preprocess = w->network.prepare,
                          .k = o->k,
                          .per_image = o->per_image,
                          .sample = o->sample < 0 ? DV_MINE_SAMPLE : o->sample,
                          .sample_as_there = o->sample < 0,
                          .exact = o->network.exact,
                          .append = o->append,
                          .pool = w->network.pool,
                          .output = o->out,
                          .watch = cli_watch };
    if (!cli_shard_parse(o->shard, &m.shard, &m.shards, err) ||
        !cli_network_takes_images(&w->network, err))
        return false;
    cli_progress_begin("images", !o->network.quiet);
    dv_mine_result r;
    bool ok = dv_mine(w->network.model, &m, &w->images, &r, err);
    cli_progress_end();
    if (!ok)
        return false;
    if (r.resumed > 0 && !o->network.quiet)
        cli_say("%d images were there from a run that did not finish", (int)r.resumed);
    cli_print("%s: %d images, %d layers, %d units, %d of them never active\n", o->out, (int)r.read,
              r.n_layers, r.n_units, r.n_dead);
    return r.skipped == 0 || dv_fail(err, DV_IO, "%d of %d images could not be read (see %s)",
                                     (int)r.skipped, (int)(r.read + r.skipped), o->out);
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    work w = { .o = opts };
    dv_text journal = { 0 };
    dv_text_format(&journal, "%s.journal", w.o->out);
    cli_signals_keep(journal.data);
    bool ok = cli_inputs_list(&w.images, w.o->list, n_args, args, err) &&
              cli_network_open(&w.network, &w.o->network, NULL, err) &&
              cli_tensors_to_mine(w.network.model, &w.o->layers, w.tensors, &w.n_tensors, err) &&
              mine(&w, err);
    cli_signals_keep(NULL);
    free(journal.data);
    cli_network_close(&w.network);
    dv_list_free(&w.images);
    return ok;
}

const cli_command cmd_mine = {
    .name = "mine",
    .summary = "Find the images that excite each unit most",
    .description =
        "Writes an index: for each channel of the layers its strongest activations over all "
        "images, and where they are. 'deconvviz sheets' shows them.\n\n"
        "A run that was stopped goes on from where it was when it is started again. Memory does "
        "not "
        "grow with the images.",
    .arguments = { CLI_IMAGES, .least = 1, .instead = "list", .both = true },
    .options = options,
    .examples = examples,
    .defaults =
        &(const mine_options){
            .network = CLI_NETWORK_DEFAULTS, .k = 9, .per_image = 1, .sample = -1 },
    .options_size = sizeof(mine_options),
    .run = run,
};
