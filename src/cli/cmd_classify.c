/* cmd_classify.c - `deconvviz classify`: the best classes of images, and the error over a set. */
#include "base/text.h"
#include "cli/labels.h"
#include "cli/network.h"
#include "deconvviz/list.h"
#include "deconvviz/trace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct classify_options {
    cli_network_options network;
    const char *labels, *labels_from;
    int top;
    bool json;
} classify_options;

enum { MOST = 100, A_WORKER = 8 /* images at a time */, FIVE = 5 };

#define AT(member) offsetof(classify_options, member)

static const cli_option options[] = {
    { "", 0, CLI_GROUP, 0, NULL, "What is printed:" },
    { "top", 0, CLI_INT(0, MOST), AT(top), "N", "classes of each image; 0: none" },
    { "labels", 0, CLI_TEXT, AT(labels), "FILE",
      "names of the classes, one a line (the model's own)" },
    { "labels-from", 0, CLI_TEXT, AT(labels_from), "dirs|names|FILE",
      "also the top-1 and top-5 error. The true class of an image: its\n"
      "folder's name, its own up to '_', '-' or '.', or lines PATH CLASS;\n"
      "where CLASS is a label or its first word, or the class's number" },
    { "json", 0, CLI_FLAG, AT(json), NULL,
      "one JSON object a line for each image, then one for all" },
    CLI_NETWORK_ROWS(classify_options),
    { 0 },
};

typedef struct answer {
    bool ok;
    dv_error err;
    int n;
    int best[MOST];
    float probability[MOST];
    int truth; /* -1: not said */
    int rank;  /* of the truth, from 1 */
} answer;

typedef struct work {
    const classify_options *o;
    cli_network network;
    cli_labels labels;
    cli_truth truth;
    dv_list images;
    dv_plan *plan;
    int n_workers;
    dv_trace **traces; /* (n_workers) */
    float **inputs;    /* (n_workers) */
    int first;         /* image of answers[0] */
    answer *answers;
    int told, counted, right1, right5;
} work;

/* -- one image -------------------------------------------------------------------------------- */

/* Whether scores are probabilities already: none below 0, and 1 in all. */
static bool are_probabilities(const float *score, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (score[i] < 0)
            return false;
        sum += (double)score[i];
    }
    return fabs(sum - 1) < 1e-3;
}

/* Whether class a comes before class b: the higher score, of equal ones the smaller number. */
static bool is_before(const float *score, int a, int b)
{
    float difference = score[a] - score[b];
    return difference > 0 || (difference == 0 && a < b);
}

static void rank(const float *score, size_t n, answer *a)
{
    a->n = n < MOST ? (int)n : MOST;
    for (int i = 0, held = 0; i < (int)n; i++) {
        int at = held < a->n ? held++ : a->n;
        for (; at > 0 && is_before(score, i, a->best[at - 1]); at--)
            if (at < a->n)
                a->best[at] = a->best[at - 1];
        if (at < a->n)
            a->best[at] = i;
    }
    double most = (double)score[a->best[0]], total = 0;
    for (size_t i = 0; i < n; i++)
        total += exp((double)score[i] - most);
    bool as_they_are = are_probabilities(score, n);
    for (int k = 0; k < a->n; k++) {
        double s = (double)score[a->best[k]];
        a->probability[k] = (float)(as_they_are ? s : exp(s - most) / total);
    }
    a->rank = 1;
    for (int i = 0; i < (int)n && a->truth >= 0; i++)
        a->rank += i != a->truth && is_before(score, i, a->truth);
}

static void classify(void *ctx, int i, int worker)
{
    work *w = ctx;
    answer *a = &w->answers[i];
    const dv_model *m = w->network.model;
    const char *path = dv_list_path(&w->images, w->first + i);
    int output = dv_model_output(m);
    size_t n = dv_shape_count(dv_tensor_shape(m, output));
    *a = (answer){ .truth = cli_truth_of(&w->truth, path) };
    if (w->truth.from != CLI_TRUTH_NONE && (a->truth < 0 || (size_t)a->truth >= n)) {
        dv_fail(&a->err, DV_BAD_DATA, "%s: its true class is none of the network's", path);
        return;
    }
    a->ok = cli_read_input(&w->network, path, false, w->inputs[worker], NULL, &a->err) &&
            (dv_trace_forward(w->traces[worker], w->inputs[worker], &a->err) ||
             dv_fail_in(&a->err, "%s", path));
    if (a->ok)
        rank(dv_trace_tensor(w->traces[worker], output), n, a);
}

/* -- words ------------------------------------------------------------------------------------ */

static void add_lines(dv_text *t, const work *w, const char *path, const answer *a)
{
    dv_text_format(t, "%s\n", path);
    for (int k = 0; k < a->n && k < w->o->top; k++)
        dv_text_format(t, "  %5.1f %%  %4d  %s\n", (double)a->probability[k] * 100, a->best[k],
                       cli_label(&w->labels, a->best[k]));
}

static void add_json(dv_text *t, const work *w, const char *path, const answer *a)
{
    dv_text_format(t, "{\"image\":");
    dv_text_string(t, path);
    dv_text_format(t, ",\"classes\":[");
    for (int k = 0; k < a->n && k < w->o->top; k++) {
        dv_text_format(t, "%s{\"class\":%d,\"label\":", k ? "," : "", a->best[k]);
        dv_text_string(t, cli_label(&w->labels, a->best[k]));
        dv_text_format(t, ",\"probability\":");
        dv_text_float(t, a->probability[k]);
        dv_text_format(t, "}");
    }
    dv_text_format(t, "]");
    if (a->truth >= 0)
        dv_text_format(t, ",\"truth\":%d,\"rank\":%d", a->truth, a->rank);
    dv_text_format(t, "}\n");
}

static bool tell(work *w, int i, dv_error *err)
{
    const answer *a = &w->answers[i];
    const char *path = dv_list_path(&w->images, w->first + i);
    if (!a->ok) {
        if (w->images.count > 1)
            cli_skip(&a->err);
        else
            *err = a->err;
        return w->images.count > 1;
    }
    if (w->truth.from != CLI_TRUTH_NONE) {
        w->counted++;
        w->right1 += a->rank == 1;
        w->right5 += a->rank <= FIVE;
    }
    if (w->o->top == 0)
        return true;
    dv_text t = { 0 };
    (w->o->json ? add_json : add_lines)(&t, w, path, a);
    bool ok = cli_print_text(&t, "results", err);
    free(t.data);
    return ok;
}

static void tell_errors(const work *w)
{
    double n = w->counted, top1 = w->right1 / n, top5 = w->right5 / n;
    if (w->o->json)
        cli_print("{\"images\":%d,\"right_top1\":%d,\"right_top5\":%d,\"top1_error\":%.6g,"
                  "\"top5_error\":%.6g}\n",
                  w->counted, w->right1, w->right5, 1 - top1, 1 - top5);
    else
        cli_print(
            "%d images: top-1 error %.2f %% (%d right, %.2f %%), top-5 error %.2f %% (%d right, "
            "%.2f %%)\n",
            w->counted, 100 - 100 * top1, w->right1, 100 * top1, 100 - 100 * top5, w->right5,
            100 * top5);
}

static bool classify_all(work *w, dv_error *err)
{
    int at_a_time = A_WORKER * w->n_workers;
    bool ok = true;
    cli_progress_begin("images", !w->o->network.quiet);
    for (w->first = 0; ok && w->first < w->images.count; w->first += at_a_time) {
        int left = w->images.count - w->first, n = left < at_a_time ? left : at_a_time;
        if (w->n_workers > 1)
            dv_pool_run(w->network.pool, n, classify, w);
        for (int i = 0; i < n && ok; i++) {
            if (w->n_workers == 1)
                classify(w, i, 0);
            ok = tell(w, i, err);
        }
        cli_progress(w->first + n, w->images.count);
    }
    cli_progress_end();
    if (ok && w->counted > 0)
        tell_errors(w);
    return ok && cli_none_skipped("images", w->images.count, err);
}

/* -- the command ------------------------------------------------------------------------------ */

/* A worker for each thread; for one image, all threads work for one. */
static bool make_workers(work *w, dv_error *err)
{
    const dv_model *m = w->network.model;
    int output = dv_model_output(m);
    size_t count = dv_shape_count(dv_tensor_shape(m, dv_model_input(m)));
    dv_pool *inside = w->images.count == 1 ? w->network.pool : NULL;
    dv_request r = {
        .n_keep = 1, .keep = &output, .exact = w->o->network.exact, .images = w->images.count
    };
    w->n_workers = inside ? 1 : dv_pool_size(w->network.pool);
    w->plan = dv_plan_new(m, &r, inside, err);
    w->answers = calloc((size_t)w->n_workers * A_WORKER, sizeof *w->answers);
    w->traces = calloc((size_t)w->n_workers, sizeof(dv_trace *));
    w->inputs = calloc((size_t)w->n_workers, sizeof(float *));
    if (!w->plan)
        return false;
    for (int i = 0; w->answers && w->traces && w->inputs && i < w->n_workers; i++) {
        w->traces[i] = dv_trace_new(w->plan, inside, err);
        w->inputs[i] = malloc(count * sizeof **w->inputs);
        if (!w->traces[i])
            return false;
        if (!w->inputs[i])
            return dv_fail(err, DV_NO_MEMORY, "no memory for the input");
    }
    return (w->answers && w->traces && w->inputs) ||
           dv_fail(err, DV_NO_MEMORY, "no memory for %d workers", w->n_workers);
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

/* Labels of another network would be worse than none. */
static bool labels_fit(const work *w, dv_error *err)
{
    const dv_model *m = w->network.model;
    size_t n = dv_shape_count(dv_tensor_shape(m, dv_model_output(m)));
    return w->labels.n == 0 || (size_t)w->labels.n == n ||
           dv_fail(err, DV_BAD_USAGE, "%s: %d labels, but the network's output %s has %zu values",
                   w->o->labels ? w->o->labels : "the model", w->labels.n,
                   dv_tensor_name(m, dv_model_output(m)), n);
}

static bool check(const classify_options *o, int n_args, dv_error *err)
{
    bool file = o->labels_from && strcmp(o->labels_from, "dirs") != 0 &&
                strcmp(o->labels_from, "names") != 0;
    return n_args > 0 || file ||
           dv_fail(err, DV_BAD_USAGE, "an image or a folder of images is needed");
}

static void clean_up(work *w)
{
    for (int i = 0; i < w->n_workers; i++) {
        if (w->traces)
            dv_trace_free(w->traces[i]);
        if (w->inputs)
            free(w->inputs[i]);
    }
    free(w->traces);
    free(w->inputs);
    free(w->answers);
    dv_plan_free(w->plan);
    cli_truth_free(&w->truth);
    cli_labels_free(&w->labels);
    cli_network_close(&w->network);
    dv_list_free(&w->images);
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    const classify_options *o = opts;
    work w = { .o = o };
    bool ok = check(o, n_args, err) && cli_network_open(&w.network, &o->network, NULL, err) &&
              cli_network_takes_images(&w.network, err) &&
              cli_labels_read(&w.labels, o->labels, w.network.model, err) && labels_fit(&w, err) &&
              cli_truth_read(&w.truth, o->labels_from, &w.labels, err) &&
              list_images(&w, n_args, args, err) && make_workers(&w, err) && classify_all(&w, err);
    clean_up(&w);
    return ok;
}

const cli_command cmd_classify = {
    .name = "classify",
    .summary = "Name the best classes of images; with --labels-from also the error over a set",
    .usage = "[-m MODEL] [options] IMAGE|FOLDER...",
    .options = options,
    .defaults = &(const classify_options){ .network = CLI_NETWORK_DEFAULTS, .top = 5 },
    .options_size = sizeof(classify_options),
    .run = run,
};
