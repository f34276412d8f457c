/* cmd_atlas.c - `deconvviz atlas`: every unit in a page. */
#include "base/file.h"
#include "base/folder.h"
#include "cli/atlas_words.h"
#include "cli/index_picks.h"
#include "cli/inputs.h"
#include "cli/layer_list.h"
#include "cli/rectified.h"
#include "cli/rows.h"
#include "cli/signals.h"
#include "deconvviz/atlas.h"
#include "deconvviz/mine.h"

#include <stdlib.h>

#define AT(member) offsetof(cli_atlas_options, member)

static const cli_option options[] = {
    CLI_GROUP_ROW("The units:"),
    CLI_LAYERS_ROW(cli_atlas_options, CLI_LAYERS, "; or all (all)"),
    CLI_CHANNELS_ROW(cli_atlas_options, CLI_TEXT, ""),
    CLI_GROUP_ROW("The images:"),
    { "hits", 'k', CLI_INT(1, DV_INDEX_MAX_K), AT(hits), "K",
      "hits to mine for each unit, of which nine are shown; more of them tell its classes better" },
    { "per-image", 0, CLI_INT(1, DV_INDEX_MAX_K), AT(per_image), "N",
      "how many of them one image may give" },
    { "list", 0, CLI_FILE, AT(list), "FILE", "images, a path a line; - for standard input" },
    { "root", 0, CLI_FOLDER, AT(root), "DIR", "where the relative paths in an index begin" },
    { "labels", 0, CLI_FILE, AT(labels), "FILE",
      "classes, a line each (the model's own; else those that --labels-from finds)" },
    { "labels-from", 0, CLI_FILE, AT(labels_from), "dirs|names|FILE",
      "the class of each image: its folder, the beginning of its name, or lines 'PATH CLASS'" },
    CLI_GROUP_ROW("Another network beside it:"),
    { "against", 0, CLI_FILE, AT(against), "INDEX",
      "an index of another checkpoint or model: its units, and how much each has changed" },
    { "against-model", 0, CLI_FILE, AT(against_model), "FILE",
      "its model (that at the path in the index)" },
    { "against-weights", 0, CLI_FILE, AT(against_weights), "FILE",
      "its weights, where they are not the ones that the model names" },
    { "match", 0, CLI_CHOICE, AT(match), "auto|number|responses",
      "the units that belong together: those of the same number, or of the most alike responses "
      "(auto: by number where the layers are the same)" },
    CLI_GROUP_ROW("What is written:"),
    { "out", 'o', CLI_NEEDED(FILLS), AT(out), "DIR",
      "the folder of the atlas; another atlas there is replaced" },
    { "compare", 0, CLI_INT(0, DV_ATLAS_HITS), AT(compared), "N",
      "hits of a unit to project by guided and gradient, too; by deconvnet all are" },
    { "project-samples", 0, CLI_FLAG, AT(samples_projected), NULL,
      "the samples, too; each projection takes its time" },
    { "quality", 0, CLI_INT(1, 100), AT(quality), "N", "of the JPEGs" },
    { "no-context", 0, CLI_FLAG, AT(no_context), NULL,
      "leave out the photographs that the patches are from" },
    CLI_RECTIFY_ROW(cli_atlas_options),
    CLI_NETWORK_ROWS(cli_atlas_options),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz atlas -o atlas photos", "All units of the built-in model; open atlas/index.html" },
    { "deconvviz atlas --labels-from names -k 100 -o atlas photos",
      "The same, with the classes that the images' names begin with" },
    { "deconvviz atlas index.json -o atlas -l 5", "One layer of what was mined before" },
    { "deconvviz atlas index.json --against other.json -o atlas",
      "Two networks side by side, the units that changed most first" },
    { 0 },
};

typedef struct work {
    const cli_atlas_options *o;
    bool mined; /* before, which is the argument */
    dv_list images;
    dv_index index;
    cli_network network;
    int n_tensors, tensors[CLI_LIST_MAX];
    cli_picks picks;
    dv_labels labels;
    dv_truth truth;
    char *unfinished; /* folder that is filled */
    dv_text place;    /* of the index in it */
    dv_text command, projects;
    dv_index other; /* of --against */
    cli_network others;
    dv_text others_projects;
} work;

/* -- images ----------------------------------------------------------------------------------- */

static bool mine(work *w, dv_error *err)
{
    const cli_atlas_options *o = w->o;
    const dv_mine_options m = { .n_tensors = w->n_tensors,
                                .tensors = w->tensors,
                                .preprocess = w->network.prepare,
                                .k = o->hits,
                                .per_image = o->per_image,
                                .sample = DV_MINE_SAMPLE,
                                .exact = o->network.exact,
                                .shard = 1,
                                .shards = 1,
                                .pool = w->network.pool,
                                .output = w->place.data,
                                .watch = cli_watch };
    dv_mine_result r;
    bool there;
    if (!dv_mine_is_done(w->network.model, &m, &w->images, &there, err) ||
        !dv_folder_make(w->unfinished, err))
        return false;
    if (there)
        return true;
    dv_text journal = { 0 };
    dv_text_format(&journal, "%s.journal", w->place.data);
    cli_signals_keep(journal.data);
    cli_progress_begin("images", !o->network.quiet);
    const bool ok = dv_text_ok(&journal, w->place.data, err) &&
                    dv_mine(w->network.model, &m, &w->images, &r, err);
    cli_progress_end();
    cli_signals_keep(NULL);
    free(journal.data);
    if (ok && r.resumed > 0 && !o->network.quiet)
        cli_say("%d images were there from a run that did not finish", (int)r.resumed);
    return ok;
}

/* Whether the model's labels are of the classes of any image. */
static bool knows_any(work *w, dv_error *err)
{
    bool any = false;
    if (w->labels.n == 0 || !dv_truth_read(&w->truth, w->o->labels_from, &w->labels, err))
        return false;
    for (int32_t i = 0; i < w->images.count && !any; i++)
        any = dv_truth_of(&w->truth, dv_list_path(&w->images, i)) >= 0;
    dv_truth_free(&w->truth);
    w->truth = (dv_truth){ .labels = NULL };
    return any;
}

/* The classes, where the true ones are asked for: those of the file, the model's, or those that the
 * images are of. */
static bool read_classes(work *w, dv_error *err)
{
    const cli_atlas_options *o = w->o;
    if (!dv_labels_read(&w->labels, o->labels, w->network.model, err))
        return false;
    if (!o->labels_from)
        return true;
    if (!o->labels && !knows_any(w, err))
        dv_labels_free(&w->labels);
    if (w->labels.n == 0 && !dv_labels_collect(&w->labels, o->labels_from, &w->images, err))
        return false;
    return dv_truth_read(&w->truth, o->labels_from, &w->labels, err);
}

/* The images of the index, for those who ask which there are. */
static bool read_index(work *w, const char *path, dv_error *err)
{
    const cli_network_options *n = &w->o->network;
    if (w->o->list)
        return dv_fail(err, DV_BAD_USAGE, "--list does not go with an index, which has its images");
    if (cli_atlas_prepares(n) || n->size.n > 0 || n->exact)
        return dv_fail(err, DV_BAD_USAGE,
                       "--%s does not go with an index: images are prepared as it was mined",
                       n->exact        ? "exact"
                       : n->size.n > 0 ? "size"
                                       : "preprocess");
    if (!dv_index_read(&w->index, path, err) || !cli_guard_images(&w->index, w->o->root, err))
        return false;
    for (int32_t i = 0; i < w->index.n_files; i++)
        if (!dv_list_add(&w->images, w->index.files[i].path, err))
            return false;
    return cli_network_of_index(&w->network, &w->o->network, &w->index, err) &&
           read_classes(w, err);
}

static bool read_other(work *w, dv_error *err)
{
    const cli_atlas_options *o = w->o;
    cli_network_options n = CLI_NETWORK_DEFAULTS;
    n.threads = o->network.threads;
    n.model = o->against_model;
    n.weights = o->against_weights;
    if (!o->against)
        return (!n.model && !n.weights && o->match == DV_MATCH_FITTING) ||
               dv_fail(err, DV_BAD_USAGE, "--%s goes with --against",
                       n.model     ? "against-model"
                       : n.weights ? "against-weights"
                                   : "match");
    return dv_index_read(&w->other, o->against, err) && cli_guard_images(&w->other, o->root, err) &&
           cli_network_of_index(&w->others, &n, &w->other, err) &&
           cli_atlas_other_words(&w->others_projects, o, &w->others, &w->other, err);
}

static bool mine_images(work *w, int n_args, char **args, dv_error *err)
{
    if (!cli_inputs_list(&w->images, w->o->list, n_args, args, err) ||
        !cli_network_open(&w->network, &w->o->network, NULL, err) ||
        !cli_network_takes_images(&w->network, err) ||
        !cli_tensors_to_mine(w->network.model, &w->o->layers, w->tensors, &w->n_tensors, err) ||
        !read_classes(w, err))
        return false;
    if (!mine(w, err) || !dv_index_read(&w->index, w->place.data, err))
        return false;
    if (w->index.read > 0)
        return true;
    dv_folder_remove(w->unfinished);
    return dv_fail(err, DV_IO, "none of the images could be read");
}

/* -- the atlas -------------------------------------------------------------------------------- */

static void print_change(const work *w, const dv_atlas_result *r)
{
    cli_print("against %s: %d units have a counterpart", w->other.model.name, r->n_matched);
    if (r->changed)
        cli_print(", mean change %.3f (of 0 to 1), most in layer %s (%.3f)", r->change, r->changed,
                  r->most);
    cli_print("\n");
}

static bool make(work *w, dv_error *err)
{
    const cli_atlas_options *o = w->o;
    const dv_atlas_against against = { .model = w->others.model,
                                       .index = &w->other,
                                       .projects = w->others_projects.data,
                                       .match = (dv_atlas_match)o->match };
    dv_atlas_options a = { .folder = o->out,
                           .root = w->mined ? o->root : NULL,
                           .n_picks = w->picks.n,
                           .picks = w->picks.picks,
                           .rectify = (dv_rectify)o->rectify,
                           .compared = o->compared,
                           .samples_projected = o->samples_projected,
                           .quality = o->quality,
                           .context = !o->no_context,
                           .labels = w->labels.n > 0 ? &w->labels : NULL,
                           .truth = o->labels_from ? &w->truth : NULL,
                           .command = w->command.data,
                           .projects = w->projects.data,
                           .against = o->against ? &against : NULL,
                           .mined_there = !w->mined,
                           .pool = w->network.pool,
                           .watch = cli_watch };
    dv_atlas_result r;
    dv_text cells = { 0 };
    a.watch.wrote = NULL;
    dv_text_format(&cells, "%s/cells", w->unfinished);
    cli_signals_keep(cells.data);
    cli_progress_begin("projections", !o->network.quiet);
    const bool ok = dv_atlas(w->network.model, &w->index, &a, &r, err);
    cli_progress_end();
    cli_signals_keep(NULL);
    free(cells.data);
    if (!ok)
        return false;
    if (r.resumed > 0 && !o->network.quiet)
        cli_say("%d images were shown by a run that did not finish", r.resumed);
    cli_print("%s/index.html: %d layers, %d units, %d of them never active, %.1f MB\n", o->out,
              r.n_layers, r.n_units, r.n_dead, (double)r.bytes / 1e6);
    if (o->against)
        print_change(w, &r);
    if (r.missing > 0)
        return dv_fail(err, DV_IO,
                       "%d hits could not be shown: their images are gone or have changed",
                       r.missing);
    return w->mined || w->index.skipped == 0 ||
           dv_fail(err, DV_IO, "%d of %d images could not be read (see %s/index.json)",
                   (int)w->index.skipped, (int)(w->index.read + w->index.skipped), o->out);
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    work w = { .o = opts };
    w.mined = n_args == 1 && cli_is_index(args[0]);
    w.unfinished = dv_atlas_unfinished(w.o->out, err);
    if (w.unfinished)
        dv_text_format(&w.place, "%s/index.json", w.unfinished);
    bool ok =
        w.unfinished && dv_text_ok(&w.place, "a path", err) && read_other(&w, err) &&
        (w.mined ? read_index(&w, args[0], err) : mine_images(&w, n_args, args, err)) &&
        cli_rectify_check(DV_RULE_DECONVNET, w.o->rectify, err) &&
        cli_picks_find(&w.picks, w.network.model, &w.index, &w.o->layers, w.o->channels, err) &&
        cli_rectify_warn(w.network.model, w.picks.n, w.picks.selections, DV_RULE_DECONVNET,
                         (dv_rectify)w.o->rectify, err) &&
        cli_atlas_words(&w.command, &w.projects, w.o, &w.network, &w.index, w.mined, n_args, args,
                        err) &&
        make(&w, err);
    free(w.unfinished);
    free(w.place.data);
    free(w.command.data);
    free(w.projects.data);
    free(w.others_projects.data);
    cli_network_close(&w.others);
    dv_index_free(&w.other);
    dv_truth_free(&w.truth);
    dv_labels_free(&w.labels);
    cli_picks_free(&w.picks);
    cli_network_close(&w.network);
    dv_index_free(&w.index);
    dv_list_free(&w.images);
    return ok;
}

const cli_command cmd_atlas = {
    .name = "atlas",
    .summary = "Every unit of a network in a page that opens anywhere",
    .description =
        "Writes a folder with a page of all layers and units: the images that excite each unit "
        "most and least, what of them does by three rules, its weights, classes and twins. A "
        "browser opens it from the disk, without a server or a connection.\n\n"
        "Of images, an index is mined first; else the index is what 'deconvviz mine' wrote, and "
        "images are prepared as when they were mined. A run that was stopped goes on from where it "
        "was when it is started again.",
    .arguments = { CLI_INDEX_OR_IMAGES, .least = 1, .instead = "list", .both = true },
    .options = options,
    .examples = examples,
    .defaults = &(const cli_atlas_options){ .network = CLI_NETWORK_DEFAULTS,
                                            .channels = "all",
                                            .hits = DV_ATLAS_HITS,
                                            .per_image = 1,
                                            .compared = DV_ATLAS_COMPARED,
                                            .quality = DV_ATLAS_QUALITY },
    .options_size = sizeof(cli_atlas_options),
    .run = run,
};
