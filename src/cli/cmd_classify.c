/* cmd_classify.c - `deconvviz classify`: the best classes of images, and the error over a set. */
#include "base/json_write.h"
#include "cli/rows.h"
#include "deconvviz/classify.h"

#include <stdlib.h>
#include <string.h>

typedef struct classify_options {
    cli_network_options network;
    const char *labels, *labels_from;
    int top;
    bool json;
} classify_options;

#define AT(member) offsetof(classify_options, member)

static const cli_option options[] = {
    CLI_GROUP_ROW("What is printed:"),
    { "top", 0, CLI_INT(0, DV_CLASSIFY_MOST), AT(top), "N", "classes of each image; 0: none" },
    { "labels", 0, CLI_FILE, AT(labels), "FILE",
      "names of the classes, one a line (the model's own)" },
    { "labels-from", 0, CLI_FILE, AT(labels_from), "dirs|names|FILE",
      "also the top-1 and top-5 error. The true class of an image: its folder's name, its own up "
      "to "
      "'_', '-' or '.', or lines PATH CLASS; where CLASS is a label or its first word, or the "
      "class's number" },
    { "json", 0, CLI_FLAG, AT(json), NULL,
      "one JSON object a line for each image, then one for all" },
    CLI_NETWORK_ROWS(classify_options),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz classify img.jpg", "The five best classes" },
    { "deconvviz classify --top 0 --labels-from names photos",
      "Only the error over a folder whose file names begin with the class" },
    { 0 },
};

typedef struct work {
    const classify_options *o;
    cli_network network;
    dv_labels labels;
    dv_truth truth;
    dv_list images;
} work;

/* -- words ------------------------------------------------------------------------------------ */

static void add_lines(dv_text *t, const work *w, const dv_classified *a)
{
    dv_text_format(t, "%s\n", a->path);
    for (int k = 0; k < a->n && k < w->o->top; k++)
        dv_text_format(t, "  %5.1f %%  %4d  %s\n", (double)a->probability[k] * 100, a->best[k],
                       dv_label(&w->labels, a->best[k]));
}

static void add_json(dv_text *t, const work *w, const dv_classified *a)
{
    dv_json j = { .to = t };
    dv_json_object(&j, NULL);
    dv_json_put_text(&j, "image", a->path);
    dv_json_list(&j, "classes");
    for (int k = 0; k < a->n && k < w->o->top; k++) {
        dv_json_object(&j, NULL);
        dv_json_put_int(&j, "class", a->best[k]);
        dv_json_put_text(&j, "label", dv_label(&w->labels, a->best[k]));
        dv_json_put_float(&j, "probability", a->probability[k]);
        dv_json_end(&j);
    }
    dv_json_end(&j);
    if (a->truth >= 0) {
        dv_json_put_int(&j, "truth", a->truth);
        dv_json_put_int(&j, "rank", a->rank);
    }
    dv_json_end(&j);
    dv_json_line(&j);
}

static bool tell(void *ctx, const dv_classified *c, dv_error *err)
{
    const work *w = ctx;
    if (c->failed)
        cli_skip(c->failed);
    if (c->failed || w->o->top == 0)
        return true;
    dv_text t = { 0 };
    (w->o->json ? add_json : add_lines)(&t, w, c);
    bool ok = dv_text_ok(&t, "results", err) && cli_print_text(&t, "results", err);
    free(t.data);
    return ok;
}

static void add_errors_json(dv_text *t, const dv_classify_result *r, double top1, double top5)
{
    dv_json j = { .to = t };
    dv_json_object(&j, NULL);
    dv_json_put_int(&j, "images", r->counted);
    dv_json_put_int(&j, "right_top1", r->right1);
    dv_json_put_int(&j, "right_top5", r->right5);
    dv_json_put_short(&j, "top1_error", 1 - top1, 6);
    dv_json_put_short(&j, "top5_error", 1 - top5, 6);
    dv_json_end(&j);
    dv_json_line(&j);
}

static bool tell_errors(const work *w, const dv_classify_result *r, dv_error *err)
{
    const double n = r->counted, top1 = r->right1 / n, top5 = r->right5 / n;
    dv_text t = { 0 };
    if (w->o->json)
        add_errors_json(&t, r, top1, top5);
    else
        dv_text_format(
            &t,
            "%d images: top-1 error %.2f %% (%d right, %.2f %%), top-5 error %.2f %% (%d right, "
            "%.2f %%)\n",
            r->counted, 100 - 100 * top1, r->right1, 100 * top1, 100 - 100 * top5, r->right5,
            100 * top5);
    bool ok = cli_print_text(&t, "the error", err);
    free(t.data);
    return ok;
}

/* -- the command ------------------------------------------------------------------------------ */

static bool classify(work *w, dv_error *err)
{
    const dv_classify_options c = { .preprocess = w->network.prepare,
                                    .truth = &w->truth,
                                    .exact = w->o->network.exact,
                                    .pool = w->network.pool,
                                    .ctx = w,
                                    .classified = tell,
                                    .watch = cli_watch };
    dv_classify_result r;
    cli_progress_begin("images", !w->o->network.quiet);
    bool ok = dv_classify_images(w->network.model, &w->images, &c, &r, err);
    cli_progress_end();
    ok = ok && (r.counted == 0 || tell_errors(w, &r, err));
    return ok && cli_none_skipped("images", w->images.count, err);
}

static bool list_images(work *w, int n_args, char **args, dv_error *err)
{
    for (int i = 0; i < n_args; i++)
        if (!dv_list_add(&w->images, args[i], err))
            return false;
    for (int i = 0; n_args == 0 && i < w->truth.n; i++)
        if (!dv_list_add(&w->images, w->truth.lines[i].path, err))
            return false;
    return w->images.count > 0 ||
           dv_fail(err, DV_BAD_DATA, "%s: no images in it", w->o->labels_from);
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    const classify_options *o = opts;
    work w = { .o = o };
    bool ok = cli_network_open(&w.network, &o->network, NULL, err) &&
              cli_network_takes_images(&w.network, err) &&
              dv_labels_read(&w.labels, o->labels, w.network.model, err) &&
              dv_truth_read(&w.truth, o->labels_from, &w.labels, err) &&
              list_images(&w, n_args, args, err) && classify(&w, err);
    dv_truth_free(&w.truth);
    dv_labels_free(&w.labels);
    cli_network_close(&w.network);
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
    .defaults = &(const classify_options){ .network = CLI_NETWORK_DEFAULTS, .top = 5 },
    .options_size = sizeof(classify_options),
    .run = run,
};
