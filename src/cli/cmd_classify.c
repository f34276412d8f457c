/* cmd_classify.c - `deconvviz classify`: the best classes of images, and the error over a set. */
#include "cli/classify_print.h"
#include "cli/inputs.h"

#include <stdlib.h>

#define AT(member) offsetof(cli_classify_options, member)

/* clang-format off */
static const cli_option options[] = {
    CLI_GROUP_ROW("What is asked:"),
    { "crops", 0, CLI_CHOICE, AT(crops), "1|10",
      "views of an image that are averaged: its centre, or four corners, centre and their mirrors" },
    { "labels", 0, CLI_FILE, AT(labels), "FILE",
      "names of the classes, one a line (the model's own)" },
    { "labels-from", 0, CLI_FILE, AT(labels_from), "dirs|names|FILE",
      "also the top-1 and top-5 error. The true class of an image: its folder's name, its own up to "
      "'_', '-' or '.', or lines PATH CLASS; where CLASS is a label or its first word, or the "
      "class's number" },
    CLI_GROUP_ROW("What is printed:"),
    { "table", 0, CLI_CHOICE, AT(table), "images|classes|confusions|calibration",
      "the best classes of each image; or of --labels-from, how each class fares, which is taken for "
      "which, and how often the network is right when it is so sure" },
    { "top", 0, CLI_INT(0, DV_CLASSIFY_MOST), AT(top), "N", "classes of each image; 0: none" },
    { "json", 0, CLI_FLAG, AT(json), NULL,
      "one JSON object a line for each image, or row of the table, then one for all" },
    { "csv", 0, CLI_FLAG, AT(csv), NULL, "comma-separated values" },
    { "out", 'o', CLI_WRITES, AT(figure.path), "FILE",
      "a figure, .png, .svg or .pdf: confusions and calibration, by --labels-from" },
    CLI_FIGURE_SIZE_ROWS(cli_classify_options),
    CLI_GROUP_ROW("The networks:"),
    { "model", 'm', CLI_MODEL_LIST, AT(models), "MODEL",
      CLI_MODEL_HELP "; of several, each prepared its own way, probabilities are averaged" },
    CLI_WEIGHTS_ROW(cli_classify_options),
    CLI_INPUT_SIZE_ROW(cli_classify_options),
    CLI_PREPROCESS_ROWS(cli_classify_options),
    CLI_RUN_ROWS(cli_classify_options),
    { 0 },
};
/* clang-format on */

static const cli_example examples[] = {
    { "deconvviz classify img.jpg", "The five best classes" },
    { "deconvviz classify --top 0 --labels-from names photos",
      "Only the error over a folder whose file names begin with the class" },
    { "deconvviz classify --crops 10 --labels-from names --top 0 -o set.png photos",
      "A figure of which classes are taken for which, by ten views of each image" },
    { 0 },
};

/* -- the command ------------------------------------------------------------------------------ */

static bool classify(cli_classify *w, dv_error *err)
{
    const cli_classify_options *o = w->o;
    const dv_classify_options c = { .n_models = w->n,
                                    .models = w->classifiers,
                                    .crops = o->crops ? DV_CROPS : 1,
                                    .truth = &w->truth,
                                    .exact = o->network.exact,
                                    .pool = w->networks[0].pool,
                                    .ctx = w,
                                    .classified = cli_classify_tell,
                                    .watch = cli_watch };
    const dv_model *m = w->networks[0].model;
    const size_t classes = dv_shape_count(dv_tensor_shape(m, dv_model_output(m)));
    dv_classify_result r;
    w->tally.labels = &w->labels;
    if (!dv_tally_begin(&w->tally, (int)classes, err) || !cli_classify_begin(w, err))
        return false;
    cli_progress_begin("images", !o->network.quiet);
    bool ok = dv_classify_images(&w->images, &c, &r, err);
    cli_progress_end();
    return ok && cli_classify_end(w, &r, err) && cli_none_skipped("images", w->images.count, err);
}

/* Where a network has labels of its own, its outputs are the classes that are called the same. */
static bool match_labels(cli_classify *w, int i, dv_error *err)
{
    dv_labels own;
    const dv_model *m = w->networks[i].model;
    bool ok = dv_labels_read(&own, NULL, m, err);
    if (ok && own.n > 0 && w->labels.n > 0) {
        w->classes[i] = calloc((size_t)own.n, sizeof **w->classes);
        ok = w->classes[i] ? dv_labels_match(&own, &w->labels, w->classes[i], err) ||
                                 dv_fail_in(err, "%s", dv_model_name(m))
                           : dv_fail(err, DV_NO_MEMORY, "no memory for %d labels", own.n);
    }
    dv_labels_free(&own);
    return ok;
}

static bool open_network(cli_classify *w, int i, const char *path, dv_error *err)
{
    cli_network_options o = w->o->network;
    o.model = path;
    cli_network *n = &w->networks[i];
    w->n = i + 1;
    if (!cli_network_open(n, &o, NULL, err) || !cli_network_takes_images(n, err))
        return false;
    if (i == 0 ? !dv_labels_read(&w->labels, w->o->labels, n->model, err)
               : !match_labels(w, i, err))
        return false;
    w->classifiers[i] = (dv_classifier){ n->model, n->prepare, w->classes[i] };
    return true;
}

static bool open_networks(cli_classify *w, dv_error *err)
{
    const cli_list *models = &w->o->models;
    if (models->n > CLI_CLASSIFY_MODELS)
        return dv_fail(err, DV_BAD_USAGE, "--model can be given %d times", CLI_CLASSIFY_MODELS);
    if (models->n > 1 && w->o->network.weights)
        return dv_fail(err, DV_BAD_USAGE, "--weights goes with one --model");
    for (int i = 0; i == 0 || i < models->n; i++)
        if (!open_network(w, i, models->n > 0 ? models->text[i] : NULL, err))
            return false;
    return true;
}

static bool check_options(const cli_classify_options *o, dv_error *err)
{
    if (!o->labels_from && (o->table != TABLE_IMAGES || o->figure.path))
        return dv_fail(err, DV_BAD_USAGE, "%s needs the true classes: --labels-from",
                       o->figure.path ? "-o" : "--table");
    return !o->figure.path || dv_figure_check(&o->figure, err);
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    const cli_classify_options *o = opts;
    cli_classify w = { .o = o };
    bool ok = check_options(o, err) && open_networks(&w, err) &&
              dv_truth_read(&w.truth, o->labels_from, &w.labels, err) &&
              cli_inputs_labelled(&w.images, &w.truth, w.o->labels_from, n_args, args, err) &&
              classify(&w, err);
    dv_tally_free(&w.tally);
    dv_truth_free(&w.truth);
    dv_labels_free(&w.labels);
    for (int i = 0; i < w.n; i++) {
        cli_network_close(&w.networks[i]);
        free(w.classes[i]);
    }
    dv_list_free(&w.images);
    return ok;
}

const cli_command cmd_classify = {
    .name = "classify",
    .summary = "Name the best classes of images, or the error over a set",
    .description =
        "Prints the classes of the highest scores with their probabilities: those of the network's "
        "output, which gets a softmax where it has none.\n\n"
        "With --labels-from FILE the images may be left out: they are then those of its lines.",
    .arguments = { CLI_IMAGES, .least = 1, .instead = "labels-from", .both = true },
    .options = options,
    .examples = examples,
    .defaults = &(const cli_classify_options){ .network = CLI_NETWORK_DEFAULTS, .top = 5 },
    .options_size = sizeof(cli_classify_options),
    .run = run,
};
