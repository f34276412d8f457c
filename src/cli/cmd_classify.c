/* cmd_classify.c - `deconvviz classify`: the best classes of images, and the error over a set. */
#include "base/file.h"
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
} classify_options;

static const cli_option options[] = {
    { "top", 0, CLI_INT, offsetof(classify_options, top), "N", "classes to print, 0 to 20 (5)" },
    { "labels", 0, CLI_TEXT, offsetof(classify_options, labels), "FILE",
      "one class a line (the model's own)" },
    { "labels-from", 0, CLI_TEXT, offsetof(classify_options, labels_from), "dirs|names",
      "the true class: the folder's name, or the file's up to '_'; prints the errors" },
    CLI_NETWORK_ROWS(classify_options),
    { 0 },
};

enum { MOST = 20, AT_A_TIME = 64, CLASS_FOR_ERROR = 5 };

typedef struct answer {
    bool ok;
    dv_error err;
    int n;
    int best[MOST];
    float probability[MOST];
} answer;

typedef struct work {
    const classify_options *o;
    cli_network network;
    dv_file labels_file;
    int n_labels;
    char **labels; /* (n_labels) owned */
    dv_plan *plan;
    dv_trace **traces; /* one a worker */
    float **inputs;
    dv_list images;
    int first; /* image of answers[0] */
    answer *answers;
    int counted, wrong1, wrong5;
} work;

/* -- labels ----------------------------------------------------------------------------------- */

static bool add_label(work *w, const char *text, size_t n, dv_error *err)
{
    char **more = realloc(w->labels, ((size_t)w->n_labels + 1) * sizeof *more);
    if (more)
        w->labels = more;
    char *copy = malloc(n + 1);
    if (!more || !copy) {
        free(copy);
        return dv_fail(err, DV_NO_MEMORY, "no memory for labels");
    }
    memcpy(copy, text, n);
    copy[n] = '\0';
    w->labels[w->n_labels++] = copy;
    return true;
}

static bool read_labels(work *w, const char *path, dv_error *err)
{
    if (!dv_file_map(&w->labels_file, path, err))
        return false;
    const char *at = (const char *)w->labels_file.data, *end = at + w->labels_file.size;
    while (at < end) {
        const char *eol = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((eol ? eol : end) - at);
        size_t shown = n > 0 && at[n - 1] == '\r' ? n - 1 : n;
        if (!add_label(w, at, shown, err))
            return false;
        at += n + 1;
    }
    return true;
}

static bool find_labels(work *w, dv_error *err)
{
    if (w->o->labels)
        return read_labels(w, w->o->labels, err);
    for (int i = 0; i < dv_model_n_labels(w->network.model); i++) {
        const char *text = dv_model_label(w->network.model, i);
        if (!add_label(w, text, strlen(text), err))
            return false;
    }
    return true;
}

/* Whether a label is, or begins with, the word of n bytes. */
static bool is_called(const char *label, const char *word, size_t n)
{
    return strncmp(label, word, n) == 0 && (!label[n] || label[n] == ' ' || label[n] == '\t');
}

/* The true class of an image by its path, or -1. */
static int true_class(const work *w, const char *path)
{
    const char *slash = strrchr(path, '/'), *word = slash ? slash + 1 : path;
    size_t n = strcspn(word, "_.");
    if (strcmp(w->o->labels_from, "dirs") == 0) {
        if (!slash)
            return -1;
        const char *begin = slash;
        while (begin > path && begin[-1] != '/')
            begin--;
        word = begin;
        n = (size_t)(slash - begin);
    }
    for (int i = 0; i < w->n_labels; i++)
        if (is_called(w->labels[i], word, n))
            return i;
    return -1;
}

/* -- images ----------------------------------------------------------------------------------- */

/* Scores as probabilities: as they are where they are some already, else their softmax. */
static void rank(const float *score, size_t n, answer *a)
{
    double sum = 0, total = 0;
    float most = score[0];
    bool negative = false;
    for (size_t i = 0; i < n; i++) {
        sum += (double)score[i];
        negative |= score[i] < 0;
        most = score[i] > most ? score[i] : most;
    }
    bool already = !negative && fabs(sum - 1) < 1e-3;
    for (size_t i = 0; i < n; i++)
        total += exp((double)(score[i] - most));
    a->n = n < MOST ? (int)n : MOST;
    for (int k = 0; k < a->n; k++) {
        size_t best = n;
        for (size_t i = 0; i < n; i++) {
            bool taken = false;
            for (int j = 0; j < k; j++)
                taken |= a->best[j] == (int)i;
            if (!taken && (best == n || score[i] > score[best]))
                best = i;
        }
        a->best[k] = (int)best;
        a->probability[k] =
            already ? score[best] : (float)(exp((double)(score[best] - most)) / total);
    }
}

static void classify(void *ctx, int i, int worker)
{
    work *w = ctx;
    answer *a = &w->answers[i];
    const dv_model *m = w->network.model;
    const char *path = dv_list_path(&w->images, w->first + i);
    a->err = (dv_error){ 0 };
    a->ok = cli_read_input(&w->network, path, false, w->inputs[worker], NULL, &a->err) &&
            (dv_trace_forward(w->traces[worker], w->inputs[worker], &a->err) ||
             dv_fail_in(&a->err, "%s", path));
    if (a->ok)
        rank(dv_trace_tensor(w->traces[worker], dv_model_output(m)),
             dv_shape_count(dv_tensor_shape(m, dv_model_output(m))), a);
}

static void count_errors(work *w, const char *path, const answer *a)
{
    int truth = true_class(w, path);
    if (truth < 0) {
        dv_error err = { 0 };
        dv_fail(&err, DV_BAD_DATA, "%s: its class is not among the labels", path);
        cli_skip(&err);
        return;
    }
    bool in_five = false;
    for (int k = 0; k < a->n && k < CLASS_FOR_ERROR; k++)
        in_five |= a->best[k] == truth;
    w->counted++;
    w->wrong1 += a->best[0] != truth;
    w->wrong5 += !in_five;
}

static void tell(work *w, int i)
{
    const answer *a = &w->answers[i];
    const char *path = dv_list_path(&w->images, w->first + i);
    if (!a->ok) {
        cli_skip(&a->err);
        return;
    }
    for (int k = 0; k < a->n && k < w->o->top; k++) {
        const char *label = a->best[k] < w->n_labels ? w->labels[a->best[k]] : "";
        printf("%s%s%5.1f %%  %4d  %s\n", k ? "" : path, k ? "  " : "\n  ",
               (double)a->probability[k] * 100, a->best[k], label);
    }
    if (w->o->labels_from)
        count_errors(w, path, a);
}

static bool classify_all(work *w, dv_error *err)
{
    for (w->first = 0; w->first < w->images.count; w->first += AT_A_TIME) {
        int n = w->images.count - w->first;
        n = n < AT_A_TIME ? n : AT_A_TIME;
        dv_pool_run(w->network.pool, n, classify, w);
        for (int i = 0; i < n; i++)
            tell(w, i);
    }
    if (w->o->labels_from && w->counted > 0)
        printf("%d images: top-1 error %.2f %%, top-5 error %.2f %% (correct: %.2f %%, %.2f %%)\n",
               w->counted, 100.0 * w->wrong1 / w->counted, 100.0 * w->wrong5 / w->counted,
               100 - 100.0 * w->wrong1 / w->counted, 100 - 100.0 * w->wrong5 / w->counted);
    return cli_none_skipped("images", w->images.count, err);
}

static bool make_traces(work *w, dv_error *err)
{
    const dv_model *m = w->network.model;
    int output = dv_model_output(m), workers = dv_pool_size(w->network.pool);
    dv_request r = { .n_keep = 1, .keep = &output, .exact = w->o->network.exact };
    w->plan = dv_plan_new(m, &r, NULL, err);
    w->answers = calloc(AT_A_TIME, sizeof *w->answers);
    w->traces = calloc((size_t)workers, sizeof *w->traces);
    w->inputs = calloc((size_t)workers, sizeof *w->inputs);
    if (!w->plan)
        return false;
    size_t count = dv_shape_count(dv_tensor_shape(m, dv_model_input(m)));
    for (int i = 0; w->answers && w->traces && w->inputs && i < workers; i++) {
        w->traces[i] = dv_trace_new(w->plan, NULL, err);
        w->inputs[i] = malloc(count * sizeof **w->inputs);
        if (!w->traces[i])
            return false;
        if (!w->inputs[i])
            return dv_fail(err, DV_NO_MEMORY, "no memory for the input");
    }
    return (w->answers && w->traces && w->inputs) ||
           dv_fail(err, DV_NO_MEMORY, "no memory for %d workers", workers);
}

static bool check(work *w, int n_args, char **args, dv_error *err)
{
    const char *from = w->o->labels_from;
    if (from && strcmp(from, "dirs") != 0 && strcmp(from, "names") != 0)
        return dv_fail(err, DV_BAD_USAGE, "--labels-from '%s': dirs or names", from);
    if (w->o->top < 0 || w->o->top > MOST)
        return dv_fail(err, DV_BAD_USAGE, "--top %d: 0 to %d are supported", w->o->top, MOST);
    if (n_args == 0)
        return dv_fail(err, DV_BAD_USAGE, "an image or a folder of images is needed");
    for (int i = 0; i < n_args; i++)
        if (!dv_list_add(&w->images, args[i], err))
            return false;
    return true;
}

static void clean_up(work *w)
{
    for (int i = 0; i < dv_pool_size(w->network.pool); i++) {
        if (w->traces)
            dv_trace_free(w->traces[i]);
        if (w->inputs)
            free(w->inputs[i]);
    }
    free(w->traces);
    free(w->inputs);
    free(w->answers);
    dv_plan_free(w->plan);
    cli_network_close(&w->network);
    for (int i = 0; i < w->n_labels; i++)
        free(w->labels[i]);
    free(w->labels);
    if (w->labels_file.data)
        dv_file_unmap(&w->labels_file);
    dv_list_free(&w->images);
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    work w = { .o = opts };
    bool ok = check(&w, n_args, args, err) &&
              cli_network_open(&w.network, &w.o->network, NULL, err) && find_labels(&w, err) &&
              make_traces(&w, err) && classify_all(&w, err);
    clean_up(&w);
    return ok;
}

const cli_command cmd_classify = {
    .name = "classify",
    .summary = "Name the best classes of images; with --labels-from also the error over a set",
    .usage = "[-m MODEL] IMAGE|FOLDER...",
    .options = options,
    .defaults = &(const classify_options){ .network = CLI_NETWORK_DEFAULTS, .top = 5 },
    .options_size = sizeof(classify_options),
    .run = run,
};
