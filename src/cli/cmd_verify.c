/* cmd_verify.c - `deconvviz verify`: references against the model, library and machine of now. */
#include "base/file.h"
#include "base/guard.h"
#include "cli/rows.h"
#include "cli/verify_atlas.h"
#include "cli/verify_report.h"
#include "deconvviz/atlas.h"
#include "refs/reference.h"

#include <stdlib.h>
#include <string.h>

typedef struct verify_options {
    cli_network_options network;
    const char *root, *pictures, *junit;
    double tolerance, value_tolerance; /* -1: not given */
    bool json, update, all;
} verify_options;

#define AT(member) offsetof(verify_options, member)

static const cli_option options[] = {
    CLI_GROUP_ROW("What is compared:"),
    CLI_MODEL_ROW(verify_options, "another model than the one at the path in the references"),
    CLI_WEIGHTS_ROW(verify_options),
    { "root", 0, CLI_FOLDER, AT(root), "DIR",
      "where the images are that were not copied: by their relative path, or by their name" },
    { "tolerance", 0, CLI_REAL(0, DV_RELATIVE_MAX), AT(tolerance), "R",
      "relative L2 change that each projection is allowed at least; what rounding does to it by "
      "itself comes from the references; 0: nothing beyond that (0.02)" },
    { "value-tolerance", 0, CLI_REAL(0, DV_RELATIVE_MAX), AT(value_tolerance), "R",
      "the same of the activation, relative (0.01)" },
    { "update", 0, CLI_FLAG, AT(update), NULL,
      "renew the references: record the same units again" },
    { "all", 0, CLI_FLAG, AT(all), NULL,
      "of an atlas every picture, not only those of some 64 units" },
    CLI_GROUP_ROW("What is written:"),
    { "out", 'o', CLI_FILLS, AT(pictures), "DIR",
      "pictures of what changed: recorded, now, and the difference" },
    { "json", 0, CLI_FLAG, AT(json), NULL,
      "one JSON object a line for each unit, worst first: verdict (agrees, changed, regressed, "
      "failed), image, layer, channel, position, reason, relative_l2, allowed, cosine, value and "
      "mean [recorded, now], value_change, value_allowed, strongest [y,x], ambiguity, sensitivity; "
      "then {summary}" },
    { "junit", 0, CLI_WRITES, AT(junit), "FILE", "a JUnit report: a test case for each unit" },
    CLI_PREPROCESS_ROWS(verify_options),
    CLI_RUN_ROWS(verify_options),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz verify refs", "What has changed since, and by how much" },
    { "deconvviz verify refs -m model.onnx -o changed --junit changed.xml",
      "Another model, with pictures of what changed and a report for continuous integration" },
    { "deconvviz verify atlas", "Whether an atlas is what its command makes" },
    { 0 },
};

static const cli_status statuses[] = {
    { "0", "All units agree to within their tolerance." },
    { "1", "A regression." },
    { "2", "Something could not be compared, or the command line is wrong." },
    { "128+N", "Stopped by signal N; nothing temporary is left behind." },
    { 0 },
};

typedef struct work {
    const verify_options *o;
    const char *folder;
    dv_references refs;
    cli_network network;
    dv_verified *results; /* (refs.n_units) */
    cli_verify_report report;
} work;

/* The images, which are read as their turn comes. */
static bool guard_images(const work *w, dv_error *err)
{
    bool ok = true;
    for (int i = 0; ok && i < w->refs.n_images; i++) {
        const dv_reference_image *image = &w->refs.images[i];
        char *path = dv_reference_path(image->copied ? w->folder : w->o->root, image->file, err);
        ok = path && dv_guard_add(path, err);
        free(path);
    }
    return ok;
}

/* -- comparing -------------------------------------------------------------------------------- */

/* The model at the size that was recorded; images prepared as the options, the model (where that is
 * what they were recorded with), or the references say. */
static bool open_network(work *w, dv_error *err)
{
    cli_network_options o = w->o->network;
    if (!o.model)
        o.model = w->refs.model.path;
    o.base = &w->refs.preprocess;
    o.model_first = w->refs.own_preprocess;
    o.quiet = true; /* what differs is told with the results */
    return cli_network_open(&w->network, &o, w->refs.preprocess.size, err) &&
           cli_network_takes_images(&w->network, err);
}

static bool compare(work *w, dv_error *err)
{
    const verify_options *o = w->o;
    const dv_verify_options v = {
        .folder = w->folder,
        .root = o->root,
        .pictures = o->pictures,
        .preprocess = w->network.prepare,
        .tolerance = o->tolerance >= 0 ? o->tolerance : dv_default_tolerance,
        .value_tolerance =
            o->value_tolerance >= 0 ? o->value_tolerance : dv_default_value_tolerance,
        .exact = o->network.exact,
        .pool = w->network.pool,
        .watch = cli_watch,
    };
    w->results = calloc((size_t)w->refs.n_units + 1, sizeof *w->results);
    if (!w->results)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d units", w->refs.n_units);
    cli_progress_begin("images", !o->network.quiet);
    bool ok = dv_references_verify(w->network.model, &w->refs, &v, w->results, err);
    cli_progress_end();
    return ok;
}

static bool write_junit(const work *w, dv_error *err)
{
    dv_text t = { 0 };
    if (!w->o->junit)
        return true;
    cli_verify_junit(&t, &w->report);
    bool ok = dv_text_ok(&t, w->o->junit, err) && dv_file_write(w->o->junit, t.data, t.size, err);
    free(t.data);
    return ok;
}

static bool report(work *w, dv_error *err)
{
    dv_text t = { 0 };
    cli_verify_report *r = &w->report;
    dv_identity model;
    if (!dv_model_identity(w->network.model, &model, err))
        return false;
    *r = (cli_verify_report){ .folder = w->folder,
                              .refs = &w->refs,
                              .model = model,
                              .preprocess = w->network.prepare,
                              .silent = w->refs.own_preprocess &&
                                        !dv_model_preprocess(w->network.model) };
    cli_verify_sort(r, w->results, w->refs.n_units);
    if (w->o->json)
        cli_verify_json(&t, r);
    else
        cli_verify_table(&t, r);
    bool ok = cli_print_text(&t, "the report", err);
    free(t.data);
    return ok && write_junit(w, err);
}

/* -- renewing --------------------------------------------------------------------------------- */

/* The units that were recorded of an image, each where it is strongest now if it was so then. */
static bool pick_recorded(void *ctx, int32_t image, const dv_trace *t, dv_reference_pick *picks,
                          int *n, dv_error *err)
{
    const work *w = ctx;
    *n = 0;
    for (int i = 0; i < w->refs.n_units; i++) {
        const dv_reference_unit *u = &w->refs.units[i];
        if (u->image != image)
            continue;
        dv_unit now = { .channel = u->channel, .y = u->y, .x = u->x };
        if (!dv_model_find(w->network.model, u->layer, &now.tensor, err))
            return false;
        dv_box map = dv_box_whole(dv_tensor_shape(w->network.model, now.tensor));
        if (u->channel >= map.hi[DV_C] || u->y >= map.hi[DV_Y] || u->x >= map.hi[DV_X])
            return dv_fail(err, DV_BAD_DATA, "layer %s has no channel %d at (%d,%d) any more",
                           u->layer, (int)u->channel, (int)u->y, (int)u->x);
        if (u->at == DV_AT_STRONGEST)
            (void)dv_strongest(t, &now);
        picks[(*n)++] = (dv_reference_pick){ u->layer, now, u->at };
    }
    return true;
}

static bool list_images(const work *w, dv_list *images, dv_error *err)
{
    for (int i = 0; i < w->refs.n_images; i++) {
        const dv_reference_image *image = &w->refs.images[i];
        dv_text path = { 0 };
        dv_text_format(&path, "%s%s%s", image->copied ? w->folder : "", image->copied ? "/" : "",
                       image->file);
        bool ok = dv_text_ok(&path, "a path", err) && dv_list_add(images, path.data, err);
        free(path.data);
        if (!ok)
            return false;
        if (images->count != i + 1)
            return dv_fail(err, DV_BAD_DATA, "%s: is a folder now, not an image", image->file);
    }
    return true;
}

/* The layers' tensors, each once; returns how many, -1 with err set. */
static int list_tensors(const work *w, int *tensors, int *most_picks, dv_error *err)
{
    int n = 0, of_image = 0;
    *most_picks = 0;
    for (int i = 0; i < w->refs.n_units; i++) {
        const dv_reference_unit *u = &w->refs.units[i];
        int tensor, k = 0;
        if (!dv_model_find(w->network.model, u->layer, &tensor, err))
            return -1;
        while (k < n && tensors[k] != tensor)
            k++;
        if (k == n)
            tensors[n++] = tensor;
        of_image = i > 0 && u[-1].image == u->image ? of_image + 1 : 1;
        *most_picks = of_image > *most_picks ? of_image : *most_picks;
    }
    return n;
}

static bool renew(work *w, dv_error *err)
{
    dv_list images = { 0 };
    dv_record_options r = { .folder = w->folder,
                            .replace = true,
                            .copy = w->refs.images[0].copied,
                            .pictures = w->refs.units[0].picture != NULL,
                            .preprocess = w->network.prepare,
                            .own_preprocess = cli_network_prepares_own(&w->network),
                            .rule = w->refs.rule,
                            .rectify = w->refs.rectify,
                            .seed = w->refs.seed,
                            .pool = w->network.pool,
                            .ctx = w,
                            .pick = pick_recorded,
                            .watch = cli_watch };
    int *tensors = calloc((size_t)w->refs.n_units + 1, sizeof *tensors);
    bool ok = tensors != NULL;
    if (!ok)
        dv_fail(err, DV_NO_MEMORY, "no memory for %d units", w->refs.n_units);
    ok = ok && (r.n_tensors = list_tensors(w, tensors, &r.max_picks, err)) >= 0 &&
         list_images(w, &images, err);
    r.tensors = tensors;
    cli_progress_begin("images", !w->o->network.quiet);
    ok = ok && dv_references_record(w->network.model, &images, r.copy ? NULL : w->o->root, &r, err);
    cli_progress_end();
    dv_list_free(&images);
    free(tensors);
    if (ok)
        cli_print("%s: renewed\n", w->folder);
    return ok;
}

/* -- the command ------------------------------------------------------------------------------ */

static bool verify(work *w, dv_error *err)
{
    return dv_references_read(&w->refs, w->folder, err) && guard_images(w, err) &&
           open_network(w, err) && compare(w, err) && report(w, err) &&
           (!w->o->update || renew(w, err));
}

/* The first of the options that do not go with an atlas; NULL: none was given. */
static const char *not_of_atlas(const verify_options *o)
{
    return o->tolerance >= 0         ? "tolerance"
           : o->value_tolerance >= 0 ? "value-tolerance"
           : o->update               ? "update"
           : o->pictures             ? "out"
           : o->junit                ? "junit"
                                     : NULL;
}

static bool verify_atlas(const verify_options *o, const char *folder, dv_error *err)
{
    const cli_verify_atlas_options a = { folder, o->root, &o->network, o->all, o->json };
    const char *wrong = not_of_atlas(o);
    if (wrong)
        return dv_fail(err, DV_BAD_USAGE, "--%s does not go with an atlas", wrong);
    return cli_verify_atlas(&a, err);
}

/* Exit status 1 is for a regression alone. Whatever keeps it from being looked for is told as wrong
 * usage is, by 2. */
static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    work w = { .o = opts };
    (void)n_args;
    w.folder = args[0];
    if (dv_is_atlas(w.folder))
        return verify_atlas(w.o, w.folder, err);
    if (w.o->all)
        return dv_fail(err, DV_BAD_USAGE, "--all goes with an atlas, which %s is not", w.folder);
    bool ok = verify(&w, err);
    const int *count = w.report.count;
    if (!ok)
        err->code = DV_BAD_USAGE;
    else if (!w.o->update && count[DV_REGRESSED] > 0)
        ok = dv_fail(err, DV_BAD_DATA, "%s: %d of %d units regressed", w.folder,
                     count[DV_REGRESSED], w.report.n);
    else if (!w.o->update && count[DV_FAILED] > 0)
        ok = dv_fail(err, DV_BAD_USAGE, "%s: %d of %d units could not be compared", w.folder,
                     count[DV_FAILED], w.report.n);
    free(w.results);
    cli_network_close(&w.network);
    dv_references_free(&w.refs);
    return ok;
}

const cli_command cmd_verify = {
    .name = "verify",
    .summary = "Compare reference projections with what a model makes now",
    .description =
        "Projects the units of a folder of references again and compares whole arrays, so that a "
        "changed model, library or machine is noticed, and rounding is not.\n\n"
        "Of an atlas, makes pictures again and compares their bytes; those that differ by no more "
        "than rounding does, by 2 of 255 on average, are near.",
    .arguments = { CLI_REFERENCES, .least = 1, .most = 1 },
    .options = options,
    .examples = examples,
    .statuses = statuses,
    .defaults = &(const verify_options){ .network = CLI_NETWORK_DEFAULTS,
                                         .tolerance = -1,
                                         .value_tolerance = -1 },
    .options_size = sizeof(verify_options),
    .run = run,
};
