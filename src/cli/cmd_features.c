/* cmd_features.c - `deconvviz features`: activations of many images as one array. */
#include "base/text.h"
#include "cli/inputs.h"
#include "cli/layer_list.h"
#include "cli/rows.h"
#include "cli/shard.h"
#include "cli/signals.h"
#include "deconvviz/features.h"

#include <stdlib.h>

typedef struct features_options {
    cli_network_options network;
    cli_list layers;
    const char *pool, *list, *labels_from, *shard, *out;
    bool normalize;
} features_options;

#define AT(member) offsetof(features_options, member)

static const cli_option options[] = {
    CLI_GROUP_ROW("Which features:"),
    CLI_LAYERS_ROW(features_options, CLI_LAYERS, " (the last but one)"),
    { "pool", 0, CLI_TEXT, AT(pool), "max|mean|none|grid:K",
      "of each channel's map: its largest value, its mean, all of it, or K by K means" },
    { "normalize", 0, CLI_FLAG, AT(normalize), NULL,
      "the values of each layer to a Euclidean length of 1" },
    CLI_GROUP_ROW("Of which images:"),
    { "list", 0, CLI_FILE, AT(list), "FILE", "images, a path a line; - for standard input" },
    { "labels-from", 0, CLI_FILE, AT(labels_from), "dirs|names|FILE",
      "also their classes: the name of the folder, the image's own up to '_', '-' or '.', or lines "
      "PATH CLASS; any word is a class" },
    CLI_SHARD_ROW(features_options),
    CLI_GROUP_ROW("What is written:"),
    { "out", 'o', CLI_NEEDED(WRITES), AT(out), "FEATURES.npy",
      "float32 (images, values); beside it .txt has the images and their classes, a line a row, "
      "and .json what it is of" },
    CLI_NETWORK_ROWS(features_options),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz features -l 5,7 -o features.npy photos",
      "Each channel's largest value in two layers, for every photograph" },
    { "deconvviz features -l 5 --pool grid:3 --labels-from names -o f.npy photos",
      "Means over 3 by 3 parts of layer 5, with the classes" },
    { 0 },
};

typedef struct work {
    const features_options *o;
    cli_network network;
    dv_list images;
    dv_labels labels;
    dv_truth truth;
    int n_tensors, tensors[CLI_LIST_MAX];
} work;

static bool list_images(work *w, int n_args, char **args, dv_error *err)
{
    return cli_inputs_list(&w->images, w->o->list, n_args, args, err) &&
           (!w->o->labels_from ||
            (dv_labels_collect(&w->labels, w->o->labels_from, &w->images, err) &&
             dv_truth_read(&w->truth, w->o->labels_from, &w->labels, err)));
}

static bool find_layers(work *w, dv_error *err)
{
    const dv_model *m = w->network.model;
    cli_layer_list layers;
    if (!cli_layers_of(m, &w->o->layers, &layers, err))
        return false;
    for (int i = 0; i < layers.n; i++)
        if (!dv_model_find(m, layers.text[i], &w->tensors[w->n_tensors++], err))
            return false;
    if (layers.n == 0) {
        const int n = dv_model_n_layers(m);
        if (n == 0)
            return dv_fail(err, DV_BAD_USAGE, "%s has no layer with weights: -l NAME is needed",
                           dv_model_name(m));
        w->tensors[w->n_tensors++] = dv_model_layer(m, n > 1 ? n - 2 : 0)->tensor;
    }
    return true;
}

static bool write_features(work *w, dv_error *err)
{
    const features_options *o = w->o;
    dv_features_options f = { .n_tensors = w->n_tensors,
                              .tensors = w->tensors,
                              .normalize = o->normalize,
                              .preprocess = w->network.prepare,
                              .truth = o->labels_from ? &w->truth : NULL,
                              .exact = o->network.exact,
                              .pool = w->network.pool,
                              .output = o->out,
                              .watch = cli_watch };
    if (!dv_pooling_parse(o->pool, &f.pooling, err))
        return dv_fail_in(err, "--pool");
    if (!cli_shard_parse(o->shard, &f.shard, &f.shards, err) ||
        !cli_network_takes_images(&w->network, err))
        return false;
    cli_progress_begin("images", !o->network.quiet);
    dv_features_result r;
    const bool ok = dv_features(w->network.model, &w->images, &f, &r, err);
    cli_progress_end();
    if (!ok)
        return false;
    if (r.resumed > 0 && !o->network.quiet)
        cli_say("%d images were there from a run that did not finish", (int)r.resumed);
    cli_print("%s: %d images of %d values\n", o->out, (int)r.rows, (int)r.values);
    return r.skipped == 0 || dv_fail(err, DV_IO, "%d of %d images were left out", (int)r.skipped,
                                     (int)(r.rows + r.skipped));
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    work w = { .o = opts };
    dv_text journal = { 0 };
    dv_text_format(&journal, "%s.journal", w.o->out);
    cli_signals_keep(journal.data);
    const bool ok = list_images(&w, n_args, args, err) &&
                    cli_network_open(&w.network, &w.o->network, NULL, err) &&
                    find_layers(&w, err) && write_features(&w, err);
    cli_signals_keep(NULL);
    free(journal.data);
    dv_truth_free(&w.truth);
    dv_labels_free(&w.labels);
    cli_network_close(&w.network);
    dv_list_free(&w.images);
    return ok;
}

const cli_command cmd_features = {
    .name = "features",
    .summary = "Write activations of many images as one array",
    .description =
        "For a classifier of one's own: NumPy reads the rows, 'deconvviz probe' trains on them.\n\n"
        "A run that was stopped goes on from where it was when it is started again; shards are put "
        "together by 'deconvviz merge'. Memory does not grow with the images.",
    .arguments = { CLI_IMAGES, .least = 1, .instead = "list", .both = true },
    .options = options,
    .examples = examples,
    .defaults = &(const features_options){ .network = CLI_NETWORK_DEFAULTS, .pool = "max" },
    .options_size = sizeof(features_options),
    .run = run,
};
