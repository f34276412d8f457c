/* cmd_invariance.c - `deconvviz invariance`: what stays when images are moved, scaled and turned.
 */
#include "cli/inputs.h"
#include "cli/layer_list.h"
#include "cli/rows.h"
#include "studies/invariance.h"

#include <stdlib.h>
#include <string.h>

typedef struct invariance_options {
    cli_network_options network;
    cli_list layers;
    const char *labels, *labels_from;
    cli_numbers amounts[DV_N_MOTIONS];
    int kind, axis, fill, pairs, seed;
    dv_figure_file figure;
    bool json, csv, no_figure;
} invariance_options;

#define AT(member) offsetof(invariance_options, member)

static const cli_option options[] = {
    CLI_GROUP_ROW("What is done to the images:"),
    { "kind", 0, CLI_CHOICE, AT(kind), "all|translation|scale|rotation|none",
      "of transforms; none: only pairs of shifts" },
    { "shift", 0, CLI_REALS(-DV_IMAGE_MAX_SIDE, DV_IMAGE_MAX_SIDE),
      AT(amounts[DV_MOTION_TRANSLATION]), "MIN,MAX,N",
      "N shifts in pixels of the network's input (a quarter of it both ways, 17)" },
    { "scale", 0, CLI_REALS(0, 1000), AT(amounts[DV_MOTION_SCALE]), "MIN,MAX,N",
      "N scales; 2 is twice as large (0.6,1.8,13)" },
    { "rotation", 0, CLI_REALS(-1000, 1000), AT(amounts[DV_MOTION_ROTATION]), "MIN,MAX,N",
      "N angles in degrees, counter-clockwise (0,360,25)" },
    { "axis", 0, CLI_CHOICE, AT(axis), "y|x", "shifts go downwards, or to the right" },
    { "fill", 0, CLI_CHOICE, AT(fill), "mean|grey|edge|reflect",
      "what is seen where the photograph ends: its mean colour, 128, its edge, or itself "
      "mirrored" },
    { "pairs", 0, CLI_INT(0, 1000), AT(pairs), "N",
      "pairs of random shifts of each image, for shift consistency; 0: none" },
    { "seed", 0, CLI_INT(0, INT32_MAX), AT(seed), "N", "of the random shifts" },
    CLI_GROUP_ROW("What is measured:"),
    CLI_LAYERS_ROW(
        invariance_options, CLI_LAYERS,
        " (the first, and the last fully connected one before the output, else the output)"),
    { "labels", 0, CLI_FILE, AT(labels), "FILE",
      "names of the classes, one a line (the model's own)" },
    { "labels-from", 0, CLI_FILE, AT(labels_from), "dirs|names|FILE",
      "where the true class of an image is said, as 'deconvviz classify' takes it (the class that "
      "is "
      "predicted on the untransformed image)" },
    CLI_GROUP_ROW("What is written:"),
    CLI_FIGURE_ROWS(invariance_options),
    CLI_TABLE_ROWS(invariance_options),
    CLI_NETWORK_ROWS(invariance_options),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz invariance img.jpg",
      "invariance.png: how features and class of one image change" },
    { "deconvviz invariance --labels-from names --csv -o set.pdf photos > set.csv",
      "Means over a labelled set with 95 % confidence bands" },
    { "deconvviz invariance --kind none --pairs 5 photos",
      "Shift consistency alone: how many pairs of random crops have the same class" },
    { 0 },
};

typedef struct work {
    const invariance_options *o;
    cli_network network;
    cli_layer_list layers;
    dv_labels labels;
    dv_truth truth;
    dv_list images;
    dv_invariance_options study;
    int told; /* images */
} work;

/* -- words ------------------------------------------------------------------------------------ */

static bool settle_amounts(work *w, dv_error *err)
{
    static const char *const names[DV_N_MOTIONS] = { "shift", "scale", "rotation" };
    const invariance_options *o = w->o;
    dv_invariance_options *s = &w->study;
    for (int m = 0; m < DV_N_MOTIONS; m++) {
        const cli_numbers *given = &o->amounts[m];
        const bool wanted = o->kind == 0 || o->kind == m + 1;
        dv_amounts *a = &s->amounts[m];
        if (given->n > 0 && (given->n != 3 || given->v[2] != (int)given->v[2] || given->v[2] < 1))
            return dv_fail(err, DV_BAD_USAGE, "--%s takes MIN,MAX,N, where N is how many",
                           names[m]);
        if (given->n > 0 && !wanted)
            return dv_fail(err, DV_BAD_USAGE, "--%s does not go with that --kind", names[m]);
        if (!wanted)
            continue;
        *a = given->n > 0 ? (dv_amounts){ given->v[0], given->v[1], (int)given->v[2] }
                          : dv_amounts_default((dv_motion)m, s->preprocess.size, s->along_x);
        if (!dv_amounts_check(a, (dv_motion)m, s->preprocess.size, s->along_x, err))
            return false;
    }
    return o->kind != 4 || o->pairs > 0 ||
           dv_fail(err, DV_BAD_USAGE, "--kind none and --pairs 0: nothing is left to do");
}

static void tell_wrote(void *ctx, const char *path)
{
    const work *w = ctx;
    if (!w->o->network.quiet)
        cli_say("wrote %s", path);
}

static void tell_progress(void *ctx, int64_t done, int64_t total)
{
    (void)ctx;
    cli_progress(done, total);
}

static void tell_skipped(void *ctx, const char *path, const char *reason)
{
    (void)ctx;
    dv_error err;
    dv_fail(&err, DV_IO, "%s: %s", path, reason);
    cli_skip(&err);
}

/* -- what comes of it ------------------------------------------------------------------------- */

/* Rows of a table whose line of keys, of CSV, is printed once. */
static bool print_rows(work *w, dv_table *t, dv_error *err)
{
    dv_text text = { 0 };
    if (w->o->json)
        dv_table_print_json(t, &text);
    else
        dv_table_print_csv(t, &text);
    bool ok = dv_text_ok(&text, "the table", err);
    if (ok && w->o->csv && w->told > 0) {
        const char *rows = memchr(text.data, '\n', text.size);
        const size_t keys = rows ? (size_t)(rows + 1 - text.data) : text.size;
        memmove(text.data, text.data + keys, text.size - keys);
        text.size -= keys;
        text.data[text.size] = '\0';
    }
    ok = ok && cli_print_text(&text, "the table", err);
    w->told++;
    free(text.data);
    dv_table_free(t);
    return ok;
}

static bool tell_image(void *ctx, const dv_invariance *r, const dv_invariance_image *image,
                       dv_error *err)
{
    dv_table t = dv_invariance_image_table(r, image);
    return print_rows(ctx, &t, err);
}

static void add_summary(dv_text *to, const dv_invariance *r)
{
    const dv_consistency *c = &r->consistency;
    dv_text_format(to, "%d image%s, ", r->images, r->images == 1 ? "" : "s");
    if (r->labelled)
        dv_text_format(to, "%d right; probability is that of the true class\n", r->right);
    else
        dv_text_format(to,
                       "probability is that of the class predicted on the untransformed image\n");
    if (c->pairs > 0)
        dv_text_format(to,
                       "shift consistency: %.1f %% of %lld pairs have the same class (95 %% "
                       "interval %.1f to %.1f %%)\n",
                       100 * c->share.mean, (long long)c->pairs, 100 * c->share.low,
                       100 * c->share.high);
}

static bool tell_set(work *w, const dv_invariance *r, dv_error *err)
{
    dv_text text = { 0 };
    if (w->o->json || w->o->csv) {
        dv_table t = dv_invariance_set_table(r);
        return print_rows(w, &t, err);
    }
    dv_table t = dv_invariance_trend_table(r);
    if (r->n_points > 0)
        dv_table_print_text(&t, &text);
    add_summary(&text, r);
    const bool ok = cli_print_text(&text, "the results", err);
    free(text.data);
    dv_table_free(&t);
    return ok;
}

/* -- the command ------------------------------------------------------------------------------ */

static bool measure(work *w, dv_error *err)
{
    const invariance_options *o = w->o;
    dv_invariance r;
    w->study.n_layers = w->layers.n;
    w->study.layers = w->layers.text;
    w->study.truth = &w->truth;
    w->study.pool = w->network.pool;
    w->study.ctx = w;
    w->study.measured = o->json || o->csv ? tell_image : NULL;
    w->study.watch = (dv_watch){
        .ctx = w, .progress = tell_progress, .skipped = tell_skipped, .wrote = tell_wrote
    };
    if (!o->no_figure)
        cli_network_begin_hash(&w->network);
    cli_progress_begin("views", !o->network.quiet);
    bool ok = dv_invariance_measure(w->network.model, &w->images, &w->study, &r, err);
    cli_progress_end();
    ok = ok && tell_set(w, &r, err);
    dv_invariance_free(&r);
    return ok && cli_none_skipped("images", w->images.count, err);
}

static bool settle(work *w, dv_error *err)
{
    const invariance_options *o = w->o;
    w->study = (dv_invariance_options){ .preprocess = w->network.prepare,
                                        .along_x = o->axis == 1,
                                        .fill = (dv_fill)o->fill,
                                        .pairs = o->pairs,
                                        .seed = (uint64_t)o->seed,
                                        .exact = o->network.exact,
                                        .figure = o->figure };
    if (o->no_figure)
        w->study.figure.path = NULL;
    if (o->json && o->csv)
        return dv_fail(err, DV_BAD_USAGE, "--json or --csv: one of them is possible");
    return settle_amounts(w, err) && (o->no_figure || dv_figure_check(&w->study.figure, err)) &&
           cli_layers_of(w->network.model, &o->layers, &w->layers, err);
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    const invariance_options *o = opts;
    work w = { .o = o };
    bool ok = cli_network_open(&w.network, &o->network, NULL, err) &&
              cli_network_takes_images(&w.network, err) && settle(&w, err) &&
              dv_labels_read(&w.labels, o->labels, w.network.model, err) &&
              dv_truth_read(&w.truth, o->labels_from, &w.labels, err) &&
              cli_inputs_labelled(&w.images, &w.truth, w.o->labels_from, n_args, args, err) &&
              measure(&w, err);
    dv_truth_free(&w.truth);
    dv_labels_free(&w.labels);
    cli_network_close(&w.network);
    dv_list_free(&w.images);
    return ok;
}

const cli_command cmd_invariance = {
    .name = "invariance",
    .summary = "Measure what stays when images are moved, scaled and turned",
    .description =
        "For each layer: how far its features go from those of the untransformed image (Euclidean, "
        "divided by their norm), and what becomes of the probability of the class (Zeiler & Fergus "
        "2013, figure 5). Draws both, and all layers as heat maps.\n\n"
        "Transforms are of the photograph as it is resized, before the centre is cut: amounts are "
        "in "
        "pixels of the input, and what lies around the cut comes in. Scales and angles are "
        "bilinear; "
        "where an image shrinks, all its pixels count.\n\n"
        "In the table 'distance' is the mean at the smallest amount, 'linear' the correlation of "
        "distance and amount, 'probability' the mean before and at its least, 'same class' the "
        "share of transformed images that keep the class predicted before, 'uncovered' the largest "
        "share of the input that photographs do not reach.\n\n"
        "Shift consistency is as antialiased-cnns measures it (Zhang 2019: AlexNet 78.2 %, VGG-16 "
        "88.5 % on ImageNet): each image at two random places out of 32 x 32 in 224 pixels, and in "
        "that proportion for other sizes.",
    .arguments = { CLI_IMAGES, .least = 1, .instead = "labels-from", .both = true },
    .options = options,
    .examples = examples,
    .defaults = &(const invariance_options){ .network = CLI_NETWORK_DEFAULTS,
                                             .pairs = 5,
                                             .figure = { .path = "invariance.png" } },
    .options_size = sizeof(invariance_options),
    .run = run,
};
