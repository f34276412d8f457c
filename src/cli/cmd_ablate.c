/* cmd_ablate.c - `deconvviz ablate`: what a network loses with a part of it. */
#include "cli/inputs.h"
#include "cli/layer_list.h"
#include "cli/rows.h"
#include "studies/ablate.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_LAYERS = 8 }; /* that are silenced where none are named */

typedef struct ablate_options {
    cli_network_options network;
    cli_list layers, skips;
    const char *share, *order, *probe, *pool, *probe_images, *labels, *labels_from;
    int by, draws, seed, folds, images, table, top;
    dv_figure_file figure;
    bool time, no_figure, json, csv;
} ablate_options;

enum { TABLE_CHANGES, TABLE_SILENCED, TABLE_UNITS };

#define AT(member) offsetof(ablate_options, member)

static const cli_option options[] = {
    CLI_GROUP_ROW("Units that are silenced:"),
    CLI_LAYERS_ROW(
        ablate_options, CLI_LAYERS,
        "; or all, or none; the last is left out (all; of many, eight spread over them)"),
    { "share", 0, CLI_TEXT, AT(share), "S,S,...", "of a layer's units, rising, at most 1" },
    { "order", 0, CLI_TEXT, AT(order), "random,weakest,strongest",
      "which go first: some of these" },
    { "by", 0, CLI_CHOICE, AT(by), "activation|weights",
      "what is weak or strong: the mean activation over the images, or the sum of a filter's "
      "absolute weights" },
    { "draws", 0, CLI_INT(1, DV_ABLATE_DRAWS_MAX), AT(draws), "N", "random orders" },
    { "seed", 0, CLI_INT(0, INT32_MAX), AT(seed), "N", "of them, and of the folds" },
    CLI_GROUP_ROW("Layers that are left out:"),
    { "skip", 0, CLI_LAYERS, AT(skips), "LAYERS",
      "those together, by their numbers, as in 4,5,7: what comes out is what came in; may be "
      "repeated; or none (all that have one shape before and behind: one by one, and where they "
      "are few each two and all)" },
    { "probe", 0, CLI_LAYER, AT(probe), "LAYER",
      "a linear classifier on this layer in place of what is behind; or none (the last layer with "
      "positions, where there are five images of a class)" },
    { "pool", 0, CLI_TEXT, AT(pool), "max|mean|none|grid:K", "what it takes of each channel" },
    { "folds", 0, CLI_INT(2, DV_ABLATE_FOLDS_MAX), AT(folds), "N",
      "parts of the images, each told by a classifier trained on the others" },
    { "probe-images", 0, CLI_FILE, AT(probe_images), "FOLDER",
      "images to train it on in place of those" },
    CLI_GROUP_ROW("The images:"),
    { "labels", 0, CLI_FILE, AT(labels), "FILE",
      "names of the classes, one a line (the model's own)" },
    { "labels-from", 0, CLI_FILE, AT(labels_from), "dirs|names|FILE",
      "the true class of an image: its folder's name, its own up to '_', '-' or '.', or lines PATH "
      "CLASS (none: right is what the whole network says)" },
    { "images", 0, CLI_INT(0, INT32_MAX), AT(images), "N",
      "at most so many, evenly out of them all; 0: all" },
    CLI_GROUP_ROW("What is written:"),
    CLI_FIGURE_ROWS(ablate_options),
    { "table", 0, CLI_CHOICE, AT(table), "changes|silenced|units",
      "the network without each part, half of each layer silenced among them; every share; or "
      "single units, by what the network loses without them" },
    { "top", 0, CLI_INT(1, INT32_MAX), AT(top), "N", "units of that table" },
    { "time", 0, CLI_FLAG, AT(time), NULL,
      "also how long a pass takes on one thread: the table is then another each time" },
    CLI_TABLE_ROWS(ablate_options),
    CLI_NETWORK_ROWS(ablate_options),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz ablate --labels-from dirs val", "What the built-in network loses, as ablate.png" },
    { "deconvviz ablate -l none --skip 4 --skip 7 --skip 4,7 --labels-from dirs val",
      "As in the paper's table 3: two layers left out, one by one and together" },
    { "deconvviz ablate -l 5 --table units --labels-from dirs val",
      "The units of layer 5 that cost most, and the classes that need them" },
    { 0 },
};

typedef struct work {
    const ablate_options *o;
    cli_network network;
    dv_labels labels;
    dv_truth truth;
    dv_list images, probe_images;
    cli_layer_list names;
    const char *spread[MOST_LAYERS];
    char numbers[MOST_LAYERS][16];
    int tensors[CLI_LIST_MAX];
    double shares[DV_ABLATE_SHARES_MAX];
    dv_ablate_group *groups; /* (DV_ABLATE_SKIPS_MAX) */
    dv_ablate_options study;
    dv_ablation result;
} work;

/* -- words ------------------------------------------------------------------------------------ */

static bool is_word(const cli_list *l, const char *word)
{
    return l->n == 1 && strcmp(l->text[0], word) == 0;
}

/* All layers but the last; of many some, evenly spread, both ends among them. */
static void spread_layers(work *w)
{
    const dv_model *m = w->network.model;
    const int all = dv_model_n_layers(m) - 1, n = all < MOST_LAYERS ? all : MOST_LAYERS;
    for (int i = 0; i < n; i++) {
        const int layer = n > 1 ? i * (all - 1) / (n - 1) : 0;
        snprintf(w->numbers[i], sizeof w->numbers[i], "%d", layer + 1);
        w->spread[i] = w->numbers[i];
        w->tensors[i] = dv_model_layer(m, layer)->tensor;
    }
    w->study.names = w->spread;
    w->study.n_layers = n > 0 ? n : 0;
}

static bool find_layers(work *w, dv_error *err)
{
    const cli_list *layers = &w->o->layers;
    w->study.tensors = w->tensors;
    if (layers->n == 0)
        spread_layers(w);
    if (layers->n == 0 || is_word(layers, "none"))
        return true;
    if (!cli_layers_of(w->network.model, layers, &w->names, err))
        return false;
    for (int i = 0; i < w->names.n; i++)
        if (!dv_model_find(w->network.model, w->names.text[i], &w->tensors[i], err))
            return false;
    w->study.names = w->names.text;
    w->study.n_layers = w->names.n - is_word(layers, "all"); /* the last gives the classes */
    return true;
}

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static bool find_group(const work *w, const char *word, dv_ablate_group *g, dv_error *err)
{
    const dv_model *m = w->network.model;
    const cli_list words = { 1, { word } };
    cli_layer_list layers;
    if (!cli_layers_of(m, &words, &layers, err))
        return false;
    for (int i = 0; i < layers.n; i++) {
        int tensor, number = 0;
        if (!dv_model_find(m, layers.text[i], &tensor, err))
            return false;
        while (number < dv_model_n_layers(m) && dv_model_layer(m, number)->tensor != tensor)
            number++;
        if (number == dv_model_n_layers(m))
            return dv_fail(err, DV_BAD_USAGE, "--skip %s: it is no weight layer", layers.text[i]);
        g->layers[g->n++] = number + 1;
    }
    qsort(g->layers, (size_t)g->n, sizeof *g->layers, by_number);
    return true;
}

static bool find_skips(work *w, dv_error *err)
{
    const cli_list *skips = &w->o->skips;
    w->study.fit_skips = skips->n == 0;
    if (skips->n == 0 || is_word(skips, "none"))
        return true;
    w->groups = calloc((size_t)skips->n, sizeof *w->groups);
    if (!w->groups)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d groups of layers", skips->n);
    for (int i = 0; i < skips->n; i++)
        if (!find_group(w, skips->text[i], &w->groups[i], err))
            return false;
    w->study.skips = w->groups;
    w->study.n_skips = skips->n;
    return true;
}

static bool find_probe(work *w, dv_error *err)
{
    const char *probe = w->o->probe;
    w->study.probe = probe ? DV_ABLATE_NO_PROBE : DV_ABLATE_FIT_PROBE;
    if (!dv_pooling_parse(w->o->pool, &w->study.pooling, err))
        return dv_fail_in(err, "--pool");
    return !probe || strcmp(probe, "none") == 0 ||
           dv_model_find(w->network.model, probe, &w->study.probe, err);
}

static bool read_orders(work *w, dv_error *err)
{
    for (const char *at = w->o->order; *at;) {
        const size_t n = strcspn(at, ",");
        int k = 0;
        while (k < DV_ABLATE_ORDERS &&
               (strlen(dv_ablate_order_name((dv_ablate_order)k)) != n ||
                memcmp(at, dv_ablate_order_name((dv_ablate_order)k), n) != 0))
            k++;
        if (k == DV_ABLATE_ORDERS)
            return dv_fail(err, DV_BAD_USAGE,
                           "--order takes some of random,weakest,strongest, not '%.*s'", (int)n,
                           at);
        w->study.orders[k] = true;
        at += n + (at[n] == ',');
    }
    return true;
}

static bool read_shares(work *w, dv_error *err)
{
    static const cli_range range = { 0, 1, false };
    w->study.n_shares =
        cli_read_numbers(w->o->share, "--share", range, DV_ABLATE_SHARES_MAX, w->shares, err);
    w->study.shares = w->shares;
    return w->study.n_shares > 0;
}

static bool check_words(const ablate_options *o, dv_error *err)
{
    if (o->json && o->csv)
        return dv_fail(err, DV_BAD_USAGE, "--json or --csv: one of them is possible");
    return !o->probe_images || o->labels_from ||
           dv_fail(err, DV_BAD_USAGE, "--probe-images needs the true classes: --labels-from");
}

/* -- the command ------------------------------------------------------------------------------ */

static void tell_wrote(void *ctx, const char *path)
{
    if (!((const work *)ctx)->o->network.quiet)
        cli_say("wrote %s", path);
}

static void tell_skipped(void *ctx, const char *path, const char *reason)
{
    dv_error failed;
    (void)ctx;
    dv_fail(&failed, DV_IO, "%s: %s", path, reason);
    cli_skip(&failed);
}

static bool open_all(work *w, int n_args, char **args, dv_error *err)
{
    const ablate_options *o = w->o;
    return check_words(o, err) && read_shares(w, err) && read_orders(w, err) &&
           cli_network_open(&w->network, &o->network, NULL, err) &&
           cli_network_takes_images(&w->network, err) &&
           dv_labels_read(&w->labels, o->labels, w->network.model, err) &&
           dv_truth_read(&w->truth, o->labels_from, &w->labels, err) &&
           cli_inputs_labelled(&w->images, &w->truth, o->labels_from, n_args, args, err) &&
           (!o->probe_images || dv_list_add(&w->probe_images, o->probe_images, err)) &&
           cli_inputs_images(&w->probe_images, err) && find_layers(w, err) && find_skips(w, err) &&
           find_probe(w, err);
}

static bool print(const work *w, dv_error *err)
{
    const ablate_options *o = w->o;
    dv_table t = o->table == TABLE_UNITS      ? dv_ablation_units(&w->result, &w->study, o->top)
                 : o->table == TABLE_SILENCED ? dv_ablation_silenced(&w->result)
                                              : dv_ablation_changes(&w->result);
    const bool ok = cli_print_table(&t, o->json, o->csv, err);
    dv_table_free(&t);
    return ok;
}

static bool ablate(work *w, dv_error *err)
{
    const ablate_options *o = w->o;
    dv_ablate_options *s = &w->study;
    s->strength = (dv_ablate_strength)o->by;
    s->draws = o->draws;
    s->seed = (uint64_t)o->seed;
    s->units = o->table == TABLE_UNITS;
    s->folds = o->folds;
    s->probe_images = o->probe_images ? &w->probe_images : NULL;
    s->images = o->images;
    s->labels = &w->labels;
    s->truth = &w->truth;
    s->time = o->time;
    s->exact = o->network.exact;
    s->preprocess = w->network.prepare;
    s->pool = w->network.pool;
    s->figure = o->figure;
    s->watch = cli_watch;
    s->watch.ctx = w;
    s->watch.wrote = tell_wrote;
    s->watch.skipped = tell_skipped;
    if (o->no_figure)
        s->figure.path = NULL;
    else
        cli_network_begin_hash(&w->network);
    if (o->images > 0 && o->images < w->images.count && !o->network.quiet)
        cli_say("%d of %d images are taken, evenly (--images)", o->images, (int)w->images.count);
    cli_progress_begin("images", !o->network.quiet);
    const bool ok = dv_ablate(w->network.model, &w->images, s, &w->result, err);
    cli_progress_end();
    return ok && print(w, err) &&
           cli_none_skipped("images", w->images.count + w->probe_images.count, err);
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    work w = { .o = opts };
    const bool ok = open_all(&w, n_args, args, err) && ablate(&w, err);
    dv_ablation_free(&w.result);
    free(w.groups);
    dv_truth_free(&w.truth);
    dv_labels_free(&w.labels);
    cli_network_close(&w.network);
    dv_list_free(&w.images);
    dv_list_free(&w.probe_images);
    return ok;
}

const cli_command cmd_ablate = {
    .name = "ablate",
    .summary = "Take parts of a network away, and see what each has brought",
    .description =
        "Silences a growing share of each layer's units, leaves layers out, and puts a linear "
        "classifier in the place of the fully connected top, as Zeiler & Fergus do to learn what "
        "each part brings (2013, table 3); but nothing is trained again.\n\n"
        "A silenced unit's map is set to zero behind the activation. A layer that is left out "
        "gives "
        "what it gets: possible where both have one shape, for several on end where the first "
        "input and the last output have, such as a residual block. Parameters and multiply-adds "
        "are those of the weight layers that are left; silenced units are cut out of their own "
        "layer and of those that read them.\n\n"
        "Intervals are of 95 %: over images Wilson's, over random orders by Student's t; of "
        "changes on the same images, Bonett and Price's.",
    .arguments = { CLI_IMAGES, .least = 1, .instead = "labels-from", .both = true },
    .options = options,
    .examples = examples,
    .defaults = &(const ablate_options){ .network = CLI_NETWORK_DEFAULTS,
                                         .share = "0.1,0.25,0.4,0.6,0.8",
                                         .order = "random,weakest,strongest",
                                         .pool = "mean",
                                         .draws = 5,
                                         .seed = 1,
                                         .folds = 5,
                                         .images = 500,
                                         .top = 20,
                                         .figure = { .path = "ablate.png" } },
    .options_size = sizeof(ablate_options),
    .run = run,
};
