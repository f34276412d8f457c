/* cmd_evolve.c - `deconvviz evolve`: features at the checkpoints of a training. */
#include "base/guard.h"
#include "cli/inputs.h"
#include "cli/layer_list.h"
#include "cli/rows.h"
#include "cli/series.h"
#include "cli/signals.h"
#include "deconvviz/evolve.h"
#include "studies/evolve.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_LAYERS = 8 /* that are taken where none is named */ };

typedef struct evolve_options {
    cli_network_options network;
    cli_list checkpoints, layers;
    const char *channels, *apng;
    dv_figure_file figure;
    int sample, seed, images, frame, table;
    double converged, follow_for;
    bool follow, patches, json, csv, no_figure;
} evolve_options;

#define AT(member) offsetof(evolve_options, member)

static const cli_option options[] = {
    CLI_GROUP_ROW("The training:"),
    { "checkpoints", 0, CLI_FILES, AT(checkpoints), "FILE|FOLDER",
      "weights of the network (safetensors), or ONNX models, in natural order of their names: "
      "epoch2 before epoch10; of a folder those that fit; may be repeated (those beside the "
      "network, NETWORK-*.safetensors; of the built-in model, in models/ or as installed)" },
    { "follow", 0, CLI_FLAG, AT(follow), NULL,
      "wait for further checkpoints in the folders, and write all anew for each; until SIGINT" },
    { "follow-for", 0, CLI_REAL(0, 1e9), AT(follow_for), "S",
      "the same until none came for so many seconds" },
    CLI_GROUP_ROW("What is looked at:"),
    CLI_LAYERS_ROW(evolve_options, CLI_LAYERS, " (all convolutions; of more than 8, 8 of them)"),
    CLI_CHANNELS_ROW(evolve_options, CLI_TEXT,
                     "; or top:9, those that are strongest at the last checkpoint"),
    { "sample", 0, CLI_INT(1, 100000), AT(sample), "N",
      "channels of each layer whose projections are compared, drawn by chance" },
    { "seed", 0, CLI_INT(0, 2147483647), AT(seed), "N", "of that chance (0)" },
    { "images", 0, CLI_INT(0, 2147483647), AT(images), "N",
      "how many, spread over all that are named; 0: all" },
    { "converged", 0, CLI_REAL(-1, 1), AT(converged), "V",
      "the similarity to the last checkpoint from which on a layer has converged (0.9)" },
    CLI_GROUP_ROW("What is written:"),
    CLI_FIGURE_ROWS(evolve_options),
    { "patches", 0, CLI_FLAG, AT(patches), NULL,
      "below each projection what the network saw there" },
    { "apng", 0, CLI_WRITES, AT(apng), "FILE.png", "an animated PNG: a frame a checkpoint" },
    { "frame", 0, CLI_INT(1, 60000), AT(frame), "MS", "how long a frame is shown" },
    { "table", 0, CLI_CHOICE, AT(table), "layers|checkpoints|units",
      "a row for each layer, each layer and checkpoint, or each unit and checkpoint" },
    CLI_TABLE_ROWS(evolve_options),
    CLI_GROUP_ROW("The network:"),
    CLI_MODEL_ROW(evolve_options, "JSON network, or the name of a built-in one; ONNX checkpoints "
                                  "need none ($DECONVVIZ_MODEL, else " DV_DEFAULT_MODEL ")"),
    CLI_INPUT_SIZE_ROW(evolve_options),
    CLI_PREPROCESS_ROWS(evolve_options),
    CLI_RUN_ROWS(evolve_options),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz evolve photos", "How the features of the built-in network came about" },
    { "deconvviz evolve -m net.json --checkpoints run -l 5 --apng net.png photos",
      "Of your own training, also as an animation" },
    { 0 },
};

typedef struct work {
    const evolve_options *o;
    cli_series series;
    cli_network network;
    cli_layer_list names;
    dv_selections units;
    dv_list images;
    dv_evolver *evolver;
    dv_evolution result; /* the newest */
    atomic_bool stop;
    dv_watch watch;
} work;

/* -- images ----------------------------------------------------------------------------------- */

/* Every so many-th image, so that o->images are left. */
static bool thin(dv_list *images, int most, bool quiet, dv_error *err)
{
    dv_list kept = { 0 };
    if (most == 0 || images->count <= most)
        return true;
    for (int64_t i = 0; i < most; i++)
        if (!dv_list_add(&kept, dv_list_path(images, (int32_t)(i * images->count / most)), err)) {
            dv_list_free(&kept);
            return false;
        }
    if (!quiet)
        cli_say("%d of %d images are taken (--images 0: all)", most, (int)images->count);
    dv_list_free(images);
    *images = kept;
    return true;
}

static bool list_images(work *w, int n_args, char **args, dv_error *err)
{
    for (int i = 0; i < n_args; i++)
        if (!dv_list_add(&w->images, args[i], err))
            return false;
    return thin(&w->images, w->o->images, w->o->network.quiet, err) &&
           cli_inputs_images(&w->images, err);
}

/* -- the network ------------------------------------------------------------------------------ */

/* Convolutions, as numbers; where there are many, evenly spread ones with the first and the last.
 */
static void default_layers(const dv_model *m, cli_layer_list *to)
{
    const dv_layer *l;
    int n = 0, at = 0;
    for (int i = 0; (l = dv_model_layer(m, i)); i++)
        n += strncmp(l->op, "Conv", 4) == 0;
    const bool any = n == 0; /* there are none: what there is */
    n = any ? dv_model_n_layers(m) : n;
    const int wanted = n < MOST_LAYERS ? n : MOST_LAYERS;
    to->n = 0;
    for (int i = 0; (l = dv_model_layer(m, i)) && to->n < wanted; i++) {
        if (!any && strncmp(l->op, "Conv", 4) != 0)
            continue;
        if (at++ < (wanted > 1 ? to->n * (n - 1) / (wanted - 1) : 0))
            continue;
        snprintf(to->number[to->n], sizeof *to->number, "%d", l->number);
        to->text[to->n] = to->number[to->n];
        to->n++;
    }
}

/* The network at the last checkpoint, and its units. */
static bool open_network(work *w, const dv_checkpoints *c, dv_error *err)
{
    const evolve_options *o = w->o;
    cli_network_options n = o->network;
    int size[2] = { 0, 0 };
    const int last = dv_checkpoints_last(c, w->series.network, size, err);
    if (last < 0)
        return false;
    n.model = w->series.network ? w->series.network : c->list[last].path;
    n.weights = w->series.network ? c->list[last].path : NULL;
    if (!cli_network_open(&w->network, &n, NULL, err) ||
        !cli_network_takes_images(&w->network, err))
        return false;
    if (o->layers.n == 0)
        default_layers(w->network.model, &w->names);
    else if (!cli_layers_of(w->network.model, &o->layers, &w->names, err))
        return false;
    return dv_select_layers(w->network.model, w->names.n, w->names.text, o->channels, &w->units,
                            err);
}

static dv_figure_file figure_of(const evolve_options *o)
{
    dv_figure_file f = o->figure;
    f.path = o->no_figure ? NULL : f.path;
    return f;
}

static bool begin(work *w, const dv_checkpoints *c, dv_error *err)
{
    const evolve_options *o = w->o;
    if (!open_network(w, c, err))
        return false;
    const dv_evolve_options study = { .network = w->series.network,
                                      .units = &w->units,
                                      .images = &w->images,
                                      .preprocess = w->network.prepare,
                                      .sample = o->sample,
                                      .seed = (uint64_t)o->seed,
                                      .threshold = o->converged,
                                      .exact = o->network.exact,
                                      .patches = o->patches,
                                      .figure = figure_of(o),
                                      .apng = o->apng,
                                      .frame = o->frame,
                                      .pool = w->network.pool,
                                      .watch = w->watch };
    w->evolver = dv_evolver_new(w->network.model, &study, err);
    return w->evolver != NULL;
}

/* -- the study -------------------------------------------------------------------------------- */

/* What is read is not written over. */
static bool guard(const dv_checkpoints *c, dv_error *err)
{
    for (int i = 0; i < c->n; i++)
        if (!dv_guard_add(c->list[i].path, err))
            return false;
    return cli_inputs_check(err);
}

static bool study(work *w, const dv_checkpoints *c, dv_error *err)
{
    dv_evolution result;
    if (!guard(c, err))
        return false;
    if (!w->evolver && !begin(w, c, err))
        return false;
    cli_progress_begin("images", !w->o->network.quiet);
    const bool ok = dv_evolver_run(w->evolver, c, &result, err);
    cli_progress_end();
    if (!ok)
        return false;
    dv_evolution_free(&w->result);
    w->result = result;
    return true;
}

static bool report(const work *w, dv_error *err)
{
    const dv_evolution *r = &w->result;
    dv_table t = w->o->table == 0   ? dv_evolution_layers_table(r)
                 : w->o->table == 1 ? dv_evolution_checkpoints_table(r)
                                    : dv_evolution_units_table(r, &w->images);
    const bool ok = cli_print_table(&t, w->o->json, w->o->csv, err);
    dv_table_free(&t);
    if (!ok)
        return false;
    return r->unreadable == 0 || dv_fail(err, DV_IO, "%d of %d images could not be read",
                                         (int)r->unreadable, (int)w->images.count);
}

static bool once(work *w, dv_error *err)
{
    dv_checkpoints c = { .n = 0 };
    const bool ok = cli_series_find(&w->series, &w->o->checkpoints, &c, err) && study(w, &c, err);
    dv_checkpoints_free(&c);
    return ok && report(w, err);
}

/* Each time there is a checkpoint more, until there is no more. */
static bool follow(work *w, dv_error *err)
{
    const dv_follow_options o = { .network = w->series.network,
                                  .n_places = w->o->checkpoints.n,
                                  .places = w->o->checkpoints.text,
                                  .ending = w->series.ending,
                                  .quiet = w->o->follow_for,
                                  .watch = w->watch };
    dv_checkpoints c = { .n = 0 };
    bool more = true;
    dv_follower *f = dv_follower_new(&o, err);
    bool ok = f != NULL;
    while (ok && more) {
        dv_error why = { .code = DV_OK };
        ok = dv_follower_next(f, &c, &more, err);
        if (!ok || !more || study(w, &c, &why))
            continue;
        more = false;
        ok = why.code == DV_CANCELLED; /* then what was written before counts */
        if (!ok)
            *err = why;
    }
    dv_follower_free(f);
    dv_checkpoints_free(&c);
    if (ok && w->result.n == 0)
        return dv_fail(err, DV_BAD_DATA, "--follow: no checkpoint came");
    return ok && report(w, err);
}

/* -- the command ------------------------------------------------------------------------------ */

static void say_wrote(void *ctx, const char *path)
{
    const work *w = ctx;
    if (!w->o->network.quiet)
        cli_say("wrote %s", path);
}

static bool is_stopped(void *ctx)
{
    work *w = ctx;
    return atomic_load(&w->stop);
}

static bool check(const evolve_options *o, dv_error *err)
{
    const bool follows = o->follow || o->follow_for > 0;
    if (o->json && o->csv)
        return dv_fail(err, DV_BAD_USAGE, "--json or --csv: one of them is possible");
    if (follows && o->checkpoints.n == 0)
        return dv_fail(err, DV_BAD_USAGE, "--follow needs --checkpoints FOLDER");
    if (o->apng && !o->no_figure && strcmp(o->apng, o->figure.path) == 0)
        return dv_fail(err, DV_BAD_USAGE, "--apng and --out are the same file, %s", o->apng);
    const dv_figure_file f = figure_of(o);
    return dv_figure_check(f.path || !o->apng ? &f : &o->figure, err);
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    const evolve_options *o = opts;
    work w = { .o = o };
    const bool follows = o->follow || o->follow_for > 0;
    w.watch = cli_watch;
    w.watch.ctx = &w;
    w.watch.wrote = say_wrote;
    w.watch.cancelled = is_stopped;
    if (follows)
        cli_signals_ask(&w.stop);
    bool ok = check(o, err) &&
              cli_series_settle(&w.series, o->network.model, &o->checkpoints, err) &&
              list_images(&w, n_args, args, err) && (follows ? follow : once)(&w, err);
    cli_signals_ask(NULL);
    dv_evolution_free(&w.result);
    dv_evolver_free(w.evolver);
    dv_selections_free(&w.units);
    cli_network_close(&w.network);
    dv_list_free(&w.images);
    return ok;
}

const cli_command cmd_evolve = {
    .name = "evolve",
    .summary = "Show how features came about over the checkpoints of a training",
    .description =
        "For each channel and checkpoint the strongest activation over the images, and its "
        "projection: the paper's figure 4. A frame says that the strongest image is another than "
        "at the checkpoint before. Below, by layer, how much filters and projections are like "
        "those of the last checkpoint (mean cosine), and how many strongest images change.\n\n"
        "A filter is all weights of one channel. Projections are compared from the image and "
        "position where the channel is strongest at the last checkpoint; one that is 0 there has "
        "a similarity of 0. A layer has converged at the first checkpoint from which on the "
        "similarity is at least --converged.\n\n"
        "Time grows with checkpoints times images; memory does not, but for the pictures that "
        "are shown and up to 256 MB of images that need not be read again.\n\n"
        "With --follow a file that is still being written is waited for, and what was seen of a "
        "checkpoint is not computed again, except for projections.",
    .arguments = { CLI_IMAGES, .least = 1 },
    .options = options,
    .examples = examples,
    .defaults = &(const evolve_options){ .network = CLI_NETWORK_DEFAULTS,
                                         .channels = "top:3",
                                         .sample = 16,
                                         .images = 1000,
                                         .frame = 700,
                                         .converged = 0.9,
                                         .figure = { .path = "evolve.png" } },
    .options_size = sizeof(evolve_options),
    .run = run,
};
