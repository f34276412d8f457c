/* cmd_filters.c - `deconvviz filters`: the filters of a first layer, of one network or of two. */
#include "base/guard.h"
#include "base/text.h"
#include "cli/rows.h"
#include "cli/selected.h"
#include "studies/filters.h"

#include <stdlib.h>
#include <string.h>

typedef struct filters_options {
    cli_network_options network;
    dv_figure_file figure;
    cli_list layers;
    const char *channels, *image;
    int sort, scale, rule, seed;
    double dead, dominating, duplicate;
    bool no_figure, summary, json, csv;
} filters_options;

#define AT(member) offsetof(filters_options, member)

static const cli_option options[] = {
    CLI_GROUP_ROW("The filters:"),
    { "layer", 'l', CLI_LAYERS, AT(layers), "LAYER",
      "another layer than the first: its filters projected through those below; a number, or the "
      "name of a node or tensor; needs --image" },
    CLI_CHANNELS_ROW(filters_options, CLI_TEXT, "; or top:9, the strongest on the image; with -l"),
    { "image", 'i', CLI_FILE, AT(image), "IMAGE",
      "by whose switches units are projected (discs that cover each other, with the edges and the "
      "spectrum of photographs)" },
    { "seed", 0, CLI_INT(0, INT32_MAX), AT(seed), "N", "of those discs (0)" },
    { "rule", 0, CLI_CHOICE, AT(rule), "deconvnet|gradient|guided",
      "through a ReLU: max(R,0), R where it was on, or both" },
    CLI_GROUP_ROW("What is told of them:"),
    { "sort", 0, CLI_CHOICE, AT(sort), "index|energy|frequency|hue|orientation",
      "their order; the grey, or those without a direction, by energy behind the others" },
    { "dead", 0, CLI_REAL(0, 1), AT(dead), "R",
      "RMS below R times the layer's median is dead (0.25)" },
    { "dominating", 0, CLI_REAL(1, 1000), AT(dominating), "R", "RMS above R times it (3)" },
    { "duplicate", 0, CLI_REAL(0, 1), AT(duplicate), "C",
      "|cosine| of two filters from which on they are alike (0.9)" },
    { "summary", 0, CLI_FLAG, AT(summary), NULL,
      "of the layer alone, no row for each filter; with --json and --csv a row for each network" },
    CLI_TABLE_ROWS(filters_options),
    CLI_GROUP_ROW("The figure:"),
    CLI_FIGURE_ROWS(filters_options),
    { "scale", 0, CLI_CHOICE, AT(scale), "each|all",
      "full colour is each filter's own largest weight, or that of all" },
    CLI_NETWORK_ROWS(filters_options),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz filters model.onnx", "The first layer, as a figure and a table" },
    { "deconvviz filters models/alexnet64.safetensors zfnet64 --summary",
      "Two networks side by side, and what sets them apart" },
    { "deconvviz filters --sort hue --scale all --csv zfnet64", "In colours, on one scale" },
    { "deconvviz filters -l 3 --image img.jpg -o layer3.pdf",
      "What the filters of the third layer are made of" },
    { 0 },
};

enum { MOST = 2 };

typedef struct work {
    const filters_options *o;
    int n;
    cli_network networks[MOST];
    cli_selected selected;
    dv_filters results[MOST];
} work;

static bool check_words(const filters_options *o, int n_args, dv_error *err)
{
    if (o->json && o->csv)
        return dv_fail(err, DV_BAD_USAGE, "--json or --csv: one of them is possible");
    if (o->layers.n > 1)
        return dv_fail(err, DV_BAD_USAGE, "--layer can be given once");
    if (o->channels && !o->layers.n)
        return dv_fail(err, DV_BAD_USAGE, "--channel goes with --layer");
    if (o->layers.n && !o->image)
        return dv_fail(err, DV_BAD_USAGE,
                       "--layer needs --image IMAGE, by whose switches it is projected");
    if (n_args > 1 && (o->layers.n || o->network.weights))
        return dv_fail(err, DV_BAD_USAGE, "--%s goes with one network, not two",
                       o->layers.n ? "layer" : "weights");
    return true;
}

/* One network; where a layer is named, at the size that suits it. */
static bool open_network(work *w, int i, const char *model, dv_error *err)
{
    const filters_options *o = w->o;
    cli_network_options words = o->network;
    words.model = model ? model : words.model;
    const bool ok = o->layers.n ? cli_open_for(&w->networks[i], &words, NULL, &o->layers,
                                               o->channels ? o->channels : "all", &w->selected, err)
                                : cli_network_open(&w->networks[i], &words, NULL, err);
    if (!ok || (o->image && !cli_network_takes_images(&w->networks[i], err)))
        return false;
    return !o->layers.n || w->selected.units.n == 1 ||
           dv_fail(err, DV_BAD_USAGE, "--layer takes one layer, not %d", w->selected.units.n);
}

static bool print_table(dv_table t, const filters_options *o, dv_error *err)
{
    const bool ok = cli_print_table(&t, o->json, o->csv, err);
    dv_table_free(&t);
    return ok;
}

/* For people: the numbers of the layers, and the verdicts. */
static bool print_layers(const work *w, dv_error *err)
{
    dv_text t = { 0 };
    if (!w->o->summary)
        dv_text_format(&t, "\n");
    dv_filters_print_layers(w->n, w->results, &t);
    for (int i = 0; i < w->n; i++) {
        char *verdict = dv_filters_verdict(&w->results[i].layer);
        dv_text_format(&t, "\n%s: %s\n", w->results[i].layer.network, verdict ? verdict : "");
        t.failed = t.failed || !verdict;
        free(verdict);
    }
    const bool ok = cli_print_text(&t, "the layers", err);
    free(t.data);
    return ok;
}

static bool print_tables(const work *w, dv_error *err)
{
    const filters_options *o = w->o;
    const bool people = !o->json && !o->csv;
    if (!o->summary && !print_table(dv_filters_table(w->n, w->results), o, err))
        return false;
    if (people)
        return print_layers(w, err);
    return !o->summary || print_table(dv_filters_layer_table(w->n, w->results), o, err);
}

static void say_wrote(void *ctx, const char *path)
{
    if (!((const work *)ctx)->o->network.quiet)
        cli_say("wrote %s", path);
}

static bool study(work *w, dv_error *err)
{
    const filters_options *o = w->o;
    dv_filters_network networks[MOST];
    dv_filters_options how = { .sort = (dv_filter_sort)o->sort,
                               .one_scale = o->scale == 1,
                               .dead = o->dead,
                               .dominating = o->dominating,
                               .duplicate = o->duplicate,
                               .selected = o->layers.n ? w->selected.units.layers : NULL,
                               .image = o->image,
                               .seed = (uint64_t)o->seed,
                               .rule = (dv_rule)o->rule,
                               .exact = o->network.exact,
                               .pool = w->networks[0].pool,
                               .figure = o->figure,
                               .watch = cli_watch };
    how.watch.ctx = w;
    how.watch.wrote = say_wrote;
    if (o->no_figure)
        how.figure.path = NULL;
    for (int i = 0; i < w->n; i++) {
        const cli_network *n = &w->networks[i];
        networks[i] = (dv_filters_network){ n->model, n->prepare, n->is_image };
        if (how.figure.path)
            cli_network_begin_hash(&w->networks[i]);
    }
    cli_progress_begin("units", !o->network.quiet);
    const bool ok = dv_filters_study(w->n, networks, &how, w->results, err);
    cli_progress_end();
    return ok;
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    work w = { .o = opts, .n = n_args > 1 ? MOST : 1 };
    bool ok = check_words(w.o, n_args, err) && (!w.o->image || dv_guard_add(w.o->image, err));
    for (int i = 0; ok && i < w.n; i++)
        ok = open_network(&w, i, n_args > i ? args[i] : NULL, err);
    ok = ok && study(&w, err) && print_tables(&w, err);
    cli_selected_free(&w.selected);
    for (int i = 0; i < w.n; i++) {
        dv_filters_free(&w.results[i]);
        cli_network_close(&w.networks[i]);
    }
    return ok;
}

const cli_command cmd_filters = {
    .name = "filters",
    .summary = "Show a first layer's filters, their frequencies and aliasing",
    .description =
        "The filters are the weights as they act: times the factor of a batch normalisation behind "
        "them. A second network is put beside the first.\n\n"
        "Of each filter: its root mean square; the energy (the share of the sum of squares) of its "
        "mean, and of low, middle and high frequencies, up to 1/6, to 1/3 and above, in cycles a "
        "pixel; that above the Nyquist limit of the layer's stride, which the sampled output takes "
        "for lower ones; the frequency it answers most, its bandwidth in octaves, the direction of "
        "its bars in degrees from the horizontal; how much of it is colour, and which; and the "
        "filter that is most like it, or like its opposite.\n\n"
        "Units of the second convolution are projected to see whether the grid on which the first "
        "layer samples the image shows in them (Zeiler & Fergus 2013, section 4.1).",
    .arguments = { CLI_MODELS, .most = 2, .instead = "model" },
    .options = options,
    .examples = examples,
    .defaults = &(const filters_options){ .network = CLI_NETWORK_DEFAULTS,
                                          .figure = { .path = "filters.png" },
                                          .dead = 0.25,
                                          .dominating = 3,
                                          .duplicate = 0.9 },
    .options_size = sizeof(filters_options),
    .run = run,
};
