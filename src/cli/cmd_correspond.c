/* cmd_correspond.c - `deconvviz correspond`: how alike features change when the same part of
 * several images is covered. */
#include "cli/inputs.h"
#include "cli/layer_list.h"
#include "cli/rows.h"
#include "deconvviz/correspond.h"
#include "studies/correspond.h"

#include <stdlib.h>

typedef struct correspond_options {
    cli_network_options network;
    cli_list layers;
    const char *root;
    int fill, against, repeats, resamples, seed, shown;
    dv_figure_file figure;
    bool no_figure, json, csv;
} correspond_options;

#define AT(member) offsetof(correspond_options, member)

static const cli_option options[] = {
    CLI_GROUP_ROW("What is covered, and what is looked at:"),
    { "root", 0, CLI_FOLDER, AT(root), "FOLDER",
      "what the images' paths are below (the folder of PARTS.json)" },
    { "fill", 0, CLI_CHOICE, AT(fill), "grey|mean|blur",
      "what is seen in place of a part: 128 of 255, the image's mean colour, or the image without "
      "its detail" },
    CLI_LAYERS_ROW(correspond_options, CLI_LAYERS,
                   " (the last convolution, and the last layer without a map, before the classes)"),
    CLI_GROUP_ROW("What the parts are held against:"),
    { "against", 0, CLI_CHOICE, AT(against), "random|places",
      "boxes of their sizes anywhere, or where the same part of another image is" },
    { "repeats", 0, CLI_INT(1, DV_CORRESPOND_MAX_REPEATS), AT(repeats), "N",
      "of those boxes, for each part of each image" },
    { "resamples", 0, CLI_INT(1, 1000000), AT(resamples), "N", "of the images, for the intervals" },
    { "seed", 0, CLI_INT(0, INT32_MAX), AT(seed), "N", "of both (0)" },
    CLI_GROUP_ROW("What is written:"),
    CLI_FIGURE_ROWS(correspond_options),
    { "rows", 0, CLI_INT(0, 50), AT(shown), "N", "images in the figure" },
    CLI_TABLE_ROWS(correspond_options),
    CLI_NETWORK_ROWS(correspond_options),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz correspond parts.json",
      "The last hidden layers of the built-in network: figure and table" },
    { "deconvviz correspond -m model.onnx -l 1-7 -o layers.pdf parts.json",
      "From layer to layer, as curves" },
    { 0 },
};

typedef struct work {
    const correspond_options *o;
    cli_network network;
    dv_parts parts;
    cli_layer_list named;
    char usual[2][DV_CORRESPOND_WORD];
    const char *layers[CLI_LIST_MAX];
    int n_layers;
} work;

static bool find_layers(work *w, dv_error *err)
{
    if (!cli_layers_of(w->network.model, &w->o->layers, &w->named, err))
        return false;
    w->n_layers = w->named.n;
    for (int i = 0; i < w->n_layers; i++)
        w->layers[i] = w->named.text[i];
    if (w->n_layers > 0)
        return true;
    w->n_layers = dv_correspond_layers(w->network.model, w->usual);
    for (int i = 0; i < w->n_layers; i++)
        w->layers[i] = w->usual[i];
    return w->n_layers > 0 || dv_fail(err, DV_BAD_USAGE,
                                      "the network has no layers: name a tensor "
                                      "by -l");
}

static bool correspond(work *w, dv_error *err)
{
    const correspond_options *o = w->o;
    dv_correspond_options study = { .parts = &w->parts,
                                    .n_layers = w->n_layers,
                                    .layers = w->layers,
                                    .fill = (dv_part_fill)o->fill,
                                    .against = (dv_part_against)o->against,
                                    .repeats = o->repeats,
                                    .resamples = o->resamples,
                                    .seed = (uint64_t)o->seed,
                                    .exact = o->network.exact,
                                    .preprocess = w->network.prepare,
                                    .pool = w->network.pool,
                                    .figure = o->figure,
                                    .shown = o->shown,
                                    .watch = cli_watch };
    if (o->no_figure)
        study.figure.path = NULL;
    const size_t n = (size_t)w->n_layers * ((size_t)w->parts.n_parts + 1);
    dv_correspondence *results = calloc(n, sizeof *results);
    if (!results)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d layers", w->n_layers);
    cli_progress_begin("images", !o->network.quiet);
    bool ok = dv_correspond(w->network.model, &study, results, err);
    cli_progress_end();
    if (ok) {
        dv_table t = dv_correspond_table(&study, results);
        ok = cli_print_table(&t, o->json, o->csv, err);
        dv_table_free(&t);
    }
    if (ok && study.figure.path && !o->network.quiet)
        cli_say("wrote %s", study.figure.path);
    free(results);
    return ok;
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    const correspond_options *o = opts;
    work w = { .o = o };
    bool ok = n_args == 1 && dv_parts_read(&w.parts, args[0], o->root, err) &&
              cli_inputs_images(&w.parts.images, err) &&
              (o->no_figure || dv_figure_check(&o->figure, err)) &&
              cli_network_open(&w.network, &o->network, NULL, err) &&
              cli_network_takes_images(&w.network, err) && find_layers(&w, err) &&
              correspond(&w, err);
    cli_network_close(&w.network);
    dv_parts_free(&w.parts);
    return ok;
}

const cli_command cmd_correspond = {
    .name = "correspond",
    .summary = "Compare what covering a part of many images does to features",
    .description =
        "Covers one part of each image, an eye, and looks at the signs of the change of a layer's "
        "features: the share of features whose signs differ between two images, mean over all "
        "pairs. Where that is lower than for boxes of the same sizes elsewhere, the network treats "
        "the part alike in all images (Zeiler & Fergus 2013, section 4.3).\n\n"
        "PARTS.json is a list of {\"image\": PATH, \"parts\": {NAME: [x0,y0,x1,y1], ...}}, or "
        "{\"format\": \"deconvviz-parts\", \"version\": 1, \"note\": TEXT, \"images\": that list}. "
        "Boxes are in pixels of the image, x1 and y1 just outside; every image has the same "
        "parts.\n\n"
        "Signs are -1, 0 and 1: a feature that changes in one image alone differs. As that grows "
        "with "
        "the share of features that change, the table also has the agreement beyond chance, "
        "Cohen's "
        "kappa, which is higher where parts are treated alike. Behind the scores are standard "
        "deviations over the pairs, and the difference with its 95 % interval by a bootstrap over "
        "the images; last the shares of features that change, without the part and without the "
        "other boxes. --json and --csv have more numbers.",
    .arguments = { CLI_PARTS, .least = 1, .most = 1 },
    .options = options,
    .examples = examples,
    .defaults = &(const correspond_options){ .network = CLI_NETWORK_DEFAULTS,
                                             .repeats = 10,
                                             .resamples = 2000,
                                             .shown = 5,
                                             .figure = { .path = "correspond.png" } },
    .options_size = sizeof(correspond_options),
    .run = run,
};
