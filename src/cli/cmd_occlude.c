/* cmd_occlude.c - `deconvviz occlude`: what a network makes of an image that is covered in part. */
#include "base/file.h"
#include "base/statistics.h"
#include "cli/inputs.h"
#include "cli/rows.h"
#include "run/outputs.h"
#include "run/scores.h"
#include "studies/occlude.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct occlude_options {
    cli_network_options network;
    const char *layer, *labels, *labels_from, *class_word, *others, *out;
    dv_figure_file figure;
    int channel, of_map, square, step, fill, masks, seed, format, rows;
    bool plain, no_classes, no_figure, json, csv;
} occlude_options;

#define AT(member) offsetof(occlude_options, member)

static const cli_option options[] = {
    CLI_GROUP_ROW("The square:"),
    { "square", 0, CLI_INT(1, DV_IMAGE_MAX_SIDE), AT(square), "N",
      "its side in pixels of the network's input (a fifth of its shorter side)" },
    { "step", 0, CLI_INT(1, DV_IMAGE_MAX_SIDE), AT(step), "N",
      "pixels from one position to the next, at most (a fourteenth: 16 of 224)" },
    { "fill", 0, CLI_CHOICE, AT(fill), "grey|mean|blur",
      "what is seen there: 128 of 255, the image's mean colour, or the image without its detail" },
    { "masks", 0, CLI_INT(0, 10000000), AT(masks), "N",
      "also N random masks, as RISE has them: the mean probability by what they show" },
    { "seed", 0, CLI_INT(0, INT32_MAX), AT(seed), "N", "of the masks" },
    CLI_GROUP_ROW("What is looked at:"),
    { "layer", 'l', CLI_LAYER, AT(layer), "LAYER",
      "number of a weight layer, or exact name of a node or tensor (the last convolution that does "
      "not give the classes)" },
    { "channel", 'c', CLI_INT(0, INT32_MAX), AT(channel), "N",
      "map of the layer, from 0 (that with the largest sum on the image as it is)" },
    { "project", 0, CLI_CHOICE, AT(of_map), "map|max",
      "what is projected: the whole map, or where it is strongest alone" },
    { "others", 0, CLI_FILE, AT(others), "FOLDER|IMAGE",
      "other images, for projections of the three on which the map's sum is largest (the other "
      "images that are given)" },
    { "class", 0, CLI_TEXT, AT(class_word), "N|NAME",
      "whose probability: its number, label, or the label's first word (that of --labels-from, "
      "else the most probable one)" },
    { "labels", 0, CLI_FILE, AT(labels), "FILE",
      "names of the classes, one a line (the model's own)" },
    { "labels-from", 0, CLI_FILE, AT(labels_from), "dirs|names|FILE",
      "the true class of an image: its folder's name, its own up to '_', '-' or '.', or lines PATH "
      "CLASS" },
    { "no-classes", 0, CLI_FLAG, AT(no_classes), NULL,
      "runs only what the layer needs, and tells of no class" },
    CLI_GROUP_ROW("What is written:"),
    { "out", 'o', CLI_PLACE, AT(out), "PATH",
      "the figure: .png, .svg or .pdf (occlude.png); of several images a folder, where "
      "IMAGE-occlude.png are" },
    { "format", 0, CLI_CHOICE, AT(format), "png|svg|pdf", "of figures in a folder" },
    CLI_FIGURE_SIZE_ROWS(occlude_options),
    CLI_NO_FIGURE_ROW(occlude_options),
    { "rows", 0, CLI_CHOICE, AT(rows), "images|positions",
      "of the table: one for each image, or for each position of the square" },
    CLI_TABLE_ROWS(occlude_options),
    CLI_NETWORK_ROWS(occlude_options),
    { "plain", 0, CLI_FLAG, AT(plain), NULL,
      "a whole pass for every position: slower, to the same results" },
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz occlude img.jpg", "Where the built-in network looks, as occlude.png" },
    { "deconvviz occlude -m model.onnx --class goldfish --others photos img.jpg",
      "One class, with projections of three other images" },
    { "deconvviz occlude -m model.onnx --rows positions --csv --no-figure img.jpg",
      "The numbers behind the maps" },
    { 0 },
};

typedef struct work {
    const occlude_options *o;
    cli_network network;
    dv_labels labels;
    dv_truth truth;
    dv_list images, others;
    dv_occlude_options study;
    dv_table table;
    dv_sample agreement, turned, there, mean; /* over the images */
} work;

/* -- what is told ----------------------------------------------------------------------------- */

static void tell_wrote(void *ctx, const char *path)
{
    const work *w = ctx;
    if (!w->o->network.quiet)
        cli_say("wrote %s", path);
}

/* One of the others. */
static void tell_skipped(void *ctx, const char *path, const char *reason)
{
    dv_error err = { 0 };
    (void)ctx;
    dv_fail(&err, DV_BAD_DATA, "%s: %s", path, reason);
    cli_skip(&err);
}

static void sample(dv_sample *s, double v)
{
    if (!isnan(v))
        dv_sample_add(s, v);
}

static bool tell(void *ctx, const dv_occluded *f, dv_error *err)
{
    work *w = ctx;
    (void)err;
    if (f->failed) {
        cli_skip(f->failed);
        return true;
    }
    if (isnan(f->agreement) && f->none.activation == 0)
        cli_say("warning: %s: layer %s channel %d is 0 everywhere", f->path, f->layer,
                (int)f->unit.channel);
    if (w->o->rows)
        dv_occlude_positions_rows(&w->table, f, &w->labels);
    else
        dv_occlude_images_row(&w->table, f, &w->labels);
    sample(&w->agreement, f->agreement);
    sample(&w->turned, f->agreement_turned);
    sample(&w->there, f->loss_there);
    sample(&w->mean, f->loss_mean);
    return true;
}

/* "0.52 ± 0.04": with its 95 % confidence. */
static void tell_mean(dv_text *t, const char *what, const dv_sample *s)
{
    dv_text_format(t, "%s %.3f \u00b1 %.3f", what, s->mean, dv_sample_error(s));
}

/* Of several images, for people: the paper's claim in numbers. */
static bool tell_all(const work *w, dv_error *err)
{
    dv_text t = { 0 };
    if (w->o->json || w->o->csv || w->o->rows || w->agreement.n < 2)
        return true;
    dv_text_format(&t, "%d images: ", (int)w->agreement.n);
    tell_mean(&t, "agreement", &w->agreement);
    tell_mean(&t, ", turned", &w->turned);
    tell_mean(&t, "; activation lost over the projection", &w->there);
    tell_mean(&t, ", in the mean", &w->mean);
    dv_text_format(&t, "\n");
    const bool ok = cli_print_text(&t, "the means", err);
    free(t.data);
    return ok;
}

/* -- words ------------------------------------------------------------------------------------ */

static bool list_images(work *w, int n_args, char **args, dv_error *err)
{
    for (int i = 0; i < n_args; i++)
        if (!dv_list_add(&w->images, args[i], err))
            return false;
    if (w->o->others && !dv_list_add(&w->others, w->o->others, err))
        return false;
    return cli_inputs_images(&w->images, err) && cli_inputs_images(&w->others, err);
}

static bool know_classes(work *w, dv_error *err)
{
    const occlude_options *o = w->o;
    const dv_model *m = w->network.model;
    const int n = dv_model_classes(m);
    w->study.of_class = -1;
    if (n == 0 || o->no_classes) {
        if (o->class_word || o->labels || o->labels_from || o->masks > 0)
            return dv_fail(err, DV_BAD_USAGE, "%s needs classes%s",
                           o->class_word  ? "--class"
                           : o->masks > 0 ? "--masks"
                                          : "--labels",
                           o->no_classes ? ", and --no-classes is said"
                                         : ": the network's output is no list of them");
        return true;
    }
    if (!dv_labels_read(&w->labels, o->labels, m, err) ||
        !dv_truth_read(&w->truth, o->labels_from, &w->labels, err))
        return false;
    w->study.labels = &w->labels;
    w->study.truth = &w->truth;
    return !o->class_word || dv_label_find(&w->labels, o->class_word, n, &w->study.of_class, err) ||
           dv_fail_in(err, "--class");
}

/* Where figures go, and by which ending. */
static bool settle_figures(work *w, dv_error *err)
{
    static const char *const endings[] = { ".png", ".svg", ".pdf" };
    const occlude_options *o = w->o;
    dv_occlude_options *s = &w->study;
    const char *out = o->out ? o->out : w->images.count == 1 ? "occlude.png" : "";
    const size_t n = strlen(out);
    const bool file = w->images.count == 1 && out[n - 1] != '/' && !dv_folder_exists(out);
    if (o->no_figure)
        return true;
    s->figure = o->figure;
    s->ending = endings[o->format];
    for (int i = 0; i < 3; i++)
        if (n > 4 && strcasecmp(out + n - 4, endings[i]) == 0)
            s->ending = endings[i];
    s->figure.path = file ? out : s->ending;
    if (!dv_figure_check(&s->figure, err))
        return false;
    s->place = (dv_place){ .file = file ? out : NULL, .folder = "" };
    return file || dv_place_settle(&s->place, "--out", o->out, s->ending, w->images.count, err);
}

/* -- the command ------------------------------------------------------------------------------ */

static bool occlude(work *w, dv_error *err)
{
    const occlude_options *o = w->o;
    dv_occlude_options *s = &w->study;
    s->layer = o->layer;
    s->channel = o->channel;
    s->strongest = o->of_map != 0;
    s->square = o->square;
    s->step = o->step;
    s->fill = (dv_occlude_fill)o->fill;
    s->no_classes = o->no_classes;
    s->plain = o->plain;
    s->masks = o->masks;
    s->seed = (uint64_t)o->seed;
    s->others = o->others ? &w->others : NULL;
    s->exact = o->network.exact;
    s->preprocess = w->network.prepare;
    s->pool = w->network.pool;
    s->ctx = w;
    s->occluded = tell;
    s->watch = cli_watch;
    s->watch.ctx = w;
    s->watch.wrote = tell_wrote;
    s->watch.skipped = tell_skipped;
    if (s->ending)
        cli_network_begin_hash(&w->network);
    cli_progress_begin("passes", !o->network.quiet);
    const bool ok = dv_occlude_images(w->network.model, &w->images, s, err);
    cli_progress_end();
    return ok && cli_print_table(&w->table, o->json, o->csv, err) && tell_all(w, err) &&
           cli_none_skipped("images", w->images.count + w->others.count, err);
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    const occlude_options *o = opts;
    work w = { .o = o };
    if (o->json && o->csv)
        return dv_fail(err, DV_BAD_USAGE, "--json or --csv: one of them is possible");
    w.table = o->rows ? dv_occlude_positions_table() : dv_occlude_images_table();
    const bool ok = list_images(&w, n_args, args, err) &&
                    cli_network_open(&w.network, &o->network, NULL, err) &&
                    cli_network_takes_images(&w.network, err) && know_classes(&w, err) &&
                    settle_figures(&w, err) && occlude(&w, err);
    dv_table_free(&w.table);
    dv_truth_free(&w.truth);
    dv_labels_free(&w.labels);
    cli_network_close(&w.network);
    dv_list_free(&w.images);
    dv_list_free(&w.others);
    return ok;
}

const cli_command cmd_occlude = {
    .name = "occlude",
    .summary = "Slide a square over an image: what a map and a class make of it",
    .description =
        "Slides a square over the image, as Zeiler & Fergus do (2013, figure 7). The figure has "
        "the "
        "image with the square, the sum of the layer's strongest map by the square's position, the "
        "map's projection, the probability of the class, and the most probable class.\n\n"
        "The table has both where they are least. 'lost' is the share of positions where another "
        "class is the most probable. 'agreement' is the correlation of what the square covers of "
        "the projection and of what the map loses: the paper's claim. 'turned' is the same with "
        "the "
        "projection turned by 180 degrees, what comes of both being in the middle alone. "
        "'mask_halves' is the correlation of the saliencies of the even and of the odd masks.\n\n"
        "Positions lie evenly over the input, the square is cut off at the edges. Only what it can "
        "reach is computed again.",
    .arguments = { CLI_IMAGES, .least = 1 },
    .options = options,
    .examples = examples,
    .defaults =
        &(const occlude_options){ .network = CLI_NETWORK_DEFAULTS, .channel = -1, .seed = 1 },
    .options_size = sizeof(occlude_options),
    .run = run,
};
