/* cmd_probe.c - `deconvviz probe`: linear classifiers on features. */
#include "base/processors.h"
#include "cli/rows.h"
#include "studies/probe.h"

#include <stdlib.h>
#include <string.h>

typedef struct probe_options {
    cli_list layers;
    const char *train, *voc, *voc_sets;
    int classifier, scale, test, splits, folds, seed, threads;
    double c;
    dv_figure_file figure;
    bool no_figure, json, csv, quiet;
} probe_options;

#define AT(member) offsetof(probe_options, member)

static const cli_option options[] = {
    CLI_GROUP_ROW("The classifiers:"),
    { "layer", 'l', CLI_LAYERS, AT(layers), "LAYER",
      "one of the layers of the features, by the name that FEATURES.json has; may be repeated "
      "(all)" },
    { "classifier", 0, CLI_CHOICE, AT(classifier), "svm|logistic",
      "with the squared hinge loss, or the logistic; L2-regularised, each class against the rest" },
    { "c", 0, CLI_REAL(1e-9, 1e9), AT(c), "C",
      "weight of the loss (the best of 0.01, 0.1, 1, 10 and 100 inside the training images)" },
    { "folds", 0, CLI_INT(2, DV_PROBE_FOLDS_MAX), AT(folds), "N",
      "parts of the training images, each held out once, to choose C" },
    { "scale", 0, CLI_CHOICE, AT(scale), "deviation|none",
      "each value less its mean and divided by its deviation in the training images, and all by "
      "the "
      "square root of how many there are; or as it is" },
    CLI_GROUP_ROW("The images:"),
    { "train", 0, CLI_TEXT, AT(train), "N,N,...",
      "training images of each class (up to three of 2, 5, 10, 15, 30, 45, 60, 100 and so on that "
      "leave a quarter of the smallest class)" },
    { "test", 0, CLI_INT(0, INT32_MAX), AT(test), "N",
      "test images of each class at most, of those behind the largest number of training images "
      "(all)" },
    { "splits", 0, CLI_INT(1, DV_PROBE_SPLITS_MAX), AT(splits), "N", "into both, by chance" },
    { "seed", 0, CLI_INT(0, INT32_MAX), AT(seed), "N", "of the splits" },
    { "voc", 0, CLI_FOLDER, AT(voc), "FOLDER",
      "classes and sets in Pascal VOC's layout, ImageSets/Main/CLASS_SET.txt: average precisions "
      "of "
      "each class" },
    { "voc-sets", 0, CLI_TEXT, AT(voc_sets), "TRAIN,TEST", "those two (train,val)" },
    CLI_GROUP_ROW("What is written:"),
    CLI_FIGURE_ROWS(probe_options),
    CLI_TABLE_ROWS(probe_options),
    CLI_GROUP_ROW("How it runs:"),
    CLI_THREADS_ROW(probe_options, threads),
    CLI_QUIET_ROW(probe_options, quiet),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz probe caltech.npy", "probe.png: how well each layer tells the classes apart" },
    { "deconvviz probe --train 5,15,30 --splits 10 --csv caltech.npy > accuracy.csv",
      "The paper's protocol of Caltech-101" },
    { "deconvviz probe --voc VOCdevkit/VOC2012 voc.npy", "Average precisions on Pascal VOC" },
    { 0 },
};

typedef struct work {
    const probe_options *o;
    int counts[DV_PROBE_COUNTS_MAX];
    char *sets; /* a copy of the words */
    dv_pool *pool;
    dv_probe_options study;
    dv_probe result;
} work;

static bool read_counts(work *w, dv_error *err)
{
    static const cli_range range = { 1, 1000000, true };
    double v[DV_PROBE_COUNTS_MAX];
    if (!w->o->train)
        return true;
    const int n = cli_read_numbers(w->o->train, "--train", range, DV_PROBE_COUNTS_MAX, v, err);
    for (int i = 0; i < n; i++)
        w->counts[i] = (int)v[i];
    w->study.counts = w->counts;
    w->study.n_counts = n;
    return n > 0;
}

static bool read_sets(work *w, dv_error *err)
{
    w->sets = strdup(w->o->voc_sets ? w->o->voc_sets : "train,val");
    char *comma = w->sets ? strchr(w->sets, ',') : NULL;
    if (!w->sets)
        return dv_fail(err, DV_NO_MEMORY, "no memory for the sets");
    if (!comma || comma == w->sets || !comma[1] || strchr(comma + 1, ',') || strchr(w->sets, '/'))
        return dv_fail(err, DV_BAD_USAGE, "--voc-sets takes TRAIN,TEST, as in trainval,test");
    *comma = '\0';
    w->study.voc_train = w->sets;
    w->study.voc_test = comma + 1;
    return true;
}

static bool check_words(const probe_options *o, dv_error *err)
{
    if (o->json && o->csv)
        return dv_fail(err, DV_BAD_USAGE, "--json or --csv: one of them is possible");
    if (o->voc && (o->train || o->test > 0))
        return dv_fail(err, DV_BAD_USAGE, "--%s does not go with --voc, which has sets",
                       o->train ? "train" : "test");
    return o->voc || !o->voc_sets || dv_fail(err, DV_BAD_USAGE, "--voc-sets goes with --voc");
}

static void say_wrote(void *ctx, const char *path)
{
    if (!((const work *)ctx)->o->quiet)
        cli_say("wrote %s", path);
}

static int processors(void)
{
    const int n = dv_processors("");
    return n > 64 ? 64 : n;
}

static bool study(work *w, const char *features, dv_error *err)
{
    const probe_options *o = w->o;
    dv_probe_options *s = &w->study;
    *s = (dv_probe_options){ .classifier = (dv_probe_classifier)o->classifier,
                             .scaling = (dv_probe_scaling)o->scale,
                             .n_layers = o->layers.n,
                             .layers = o->layers.text,
                             .test = o->test,
                             .splits = o->splits,
                             .seed = (uint64_t)o->seed,
                             .c = o->c,
                             .folds = o->folds,
                             .voc = o->voc,
                             .figure = o->figure,
                             .watch = cli_watch };
    s->watch.ctx = w;
    s->watch.wrote = say_wrote;
    if (o->no_figure)
        s->figure.path = NULL;
    if (!check_words(o, err) || !read_counts(w, err) || !read_sets(w, err) ||
        !(s->pool = w->pool = dv_pool_new(o->threads > 0 ? o->threads : processors(), err)))
        return false;
    cli_progress_begin("trainings", !o->quiet);
    const bool ok = dv_probe_run(features, s, &w->result, err);
    cli_progress_end();
    return ok;
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    work w = { .o = opts };
    bool ok = n_args == 1 && study(&w, args[0], err);
    if (ok) {
        dv_table t = dv_probe_table(&w.result);
        ok = cli_print_table(&t, w.o->json, w.o->csv, err);
        dv_table_free(&t);
    }
    dv_probe_free(&w.result);
    dv_pool_free(w.pool);
    free(w.sets);
    return ok;
}

const cli_command cmd_probe = {
    .name = "probe",
    .summary = "Train linear classifiers on features, layer by layer",
    .description =
        "How well the classes of images are told from what 'deconvviz features' has written of "
        "each "
        "layer (Zeiler & Fergus 2013, tables 4, 5 and 7).\n\n"
        "Accuracy is the mean over the classes of the share of their test images that is right; "
        "overall, the share of all test images. The test images of a split are the same for each "
        "number of training images. Over splits there are the mean, the standard deviation and the "
        "95 % interval of the mean, by Student's t.\n\n"
        "Classifiers are liblinear's, each class against the rest: logistic is no softmax. Where C "
        "is not given, larger ones are tried until one is worse than that before.",
    .arguments = { CLI_FEATURES, .least = 1, .most = 1 },
    .options = options,
    .examples = examples,
    .defaults =
        &(const probe_options){
            .splits = 5, .folds = 3, .seed = 1, .figure = { .path = "probe.png" } },
    .options_size = sizeof(probe_options),
    .run = run,
};
