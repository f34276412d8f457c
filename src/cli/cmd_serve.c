/* cmd_serve.c - `deconvviz serve`: networks live, in a browser. */
#include "cli/atlas_words.h"
#include "cli/index_picks.h"
#include "cli/inputs.h"
#include "cli/rows.h"
#include "cli/signals.h"
#include "deconvviz/serve.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct serve_options {
    cli_network_options network; /* its model: see models */
    cli_list models;
    const char *labels, *index, *root, *list, *listen, *host;
    int port;
    bool no_browser;
} serve_options;

#define AT(member) offsetof(serve_options, member)

static const cli_option options[] = {
    CLI_GROUP_ROW("The networks:"),
    { "model", 'm', CLI_MODEL_LIST, AT(models), "MODEL",
      "a model file, or the name of a built-in one; several stand side by side" },
    CLI_WEIGHTS_ROW(serve_options),
    CLI_INPUT_SIZE_ROW(serve_options),
    { "labels", 0, CLI_FILE, AT(labels), "FILE", "classes, a line each (the model's own)" },
    { "index", 0, CLI_FILE, AT(index), "INDEX",
      "what 'deconvviz mine' wrote of the first one: the strongest images of each unit, and which "
      "units are unusual in one" },
    { "root", 0, CLI_FOLDER, AT(root), "DIR", "where the relative paths in an index begin" },
    { "list", 0, CLI_FILE, AT(list), "FILE", "images, a path a line; - for standard input" },
    CLI_PREPROCESS_ROWS(serve_options),
    CLI_GROUP_ROW("The server:"),
    { "port", 0, CLI_INT(0, 65535), AT(port), "N", "it listens to; 0: any that is free" },
    { "listen", 0, CLI_TEXT, AT(listen), "ADDRESS",
      "for others than this machine, who need the address with its token (127.0.0.1)" },
    { "host", 0, CLI_TEXT, AT(host), "NAME", "by which a proxy before it is called" },
    { "no-browser", 0, CLI_FLAG, AT(no_browser), NULL, "do not open a browser" },
    CLI_RUN_ROWS(serve_options),
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz serve", "The built-in model; drop a photograph on the page" },
    { "deconvviz serve -m model.onnx --labels labels.txt photos", "Another one, with photographs" },
    { "deconvviz serve --index index.json --no-browser --port 9000",
      "With what was mined, on a machine that ssh -L 9000:localhost:9000 reaches" },
    { 0 },
};

typedef struct work {
    const serve_options *o;
    int n;
    cli_network networks[DV_SERVE_MODELS];
    dv_labels labels[DV_SERVE_MODELS];
    dv_text projects[DV_SERVE_MODELS];
    dv_serve_model models[DV_SERVE_MODELS];
    dv_list images;
    dv_index index;
} work;

/* -- while it runs ---------------------------------------------------------------------------- */

/* The desktop's own choice; nothing is said where there is none. */
static void open_browser(const char *url)
{
    extern char **environ;
    static char program[] = "xdg-open";
    char address[200];
    char *words[] = { program, address, NULL };
    posix_spawn_file_actions_t quiet;
    posix_spawnattr_t own;
    sigset_t none, ignored;
    pid_t child;
    if (!getenv("DISPLAY") && !getenv("WAYLAND_DISPLAY"))
        return;
    if (posix_spawn_file_actions_init(&quiet) != 0)
        return;
    if (posix_spawnattr_init(&own) != 0) {
        posix_spawn_file_actions_destroy(&quiet);
        return;
    }
    snprintf(address, sizeof address, "%s", url);
    /* This program's signals are not the browser's: neither those that it blocks and ignores nor
     * the Ctrl-C that ends it. */
    sigemptyset(&none);
    sigemptyset(&ignored);
    sigaddset(&ignored, SIGPIPE);
    posix_spawnattr_setsigmask(&own, &none);
    posix_spawnattr_setsigdefault(&own, &ignored);
    posix_spawnattr_setpgroup(&own, 0);
    posix_spawnattr_setflags(&own, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                       POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    (void)posix_spawnp(&child, words[0], &quiet, &own, words, environ);
    posix_spawnattr_destroy(&own);
    posix_spawn_file_actions_destroy(&quiet);
}

static void ready(void *ctx, const char *url)
{
    const work *w = ctx;
    cli_print("%s\n", url);
    fflush(stdout);
    if (!w->o->network.quiet)
        cli_say("stop it by Ctrl-C");
    if (!w->o->no_browser)
        open_browser(url);
}

static void skipped(void *ctx, const char *path, const char *reason)
{
    (void)ctx;
    (void)path;
    cli_say("%s", reason);
}

static atomic_bool asked_to_stop;

static bool stop(void *ctx)
{
    (void)ctx;
    while (waitpid(-1, NULL, WNOHANG) > 0) /* the browser's starter */
        continue;
    return asked_to_stop;
}

/* -- making ready ----------------------------------------------------------------------------- */

static bool open_model(work *w, const char *path, dv_error *err)
{
    const int i = w->n;
    cli_network_options n = w->o->network;
    n.model = path;
    n.weights = i == 0 ? n.weights : NULL;
    const int *size = i == 0 && w->o->index ? w->index.preprocess.size : NULL;
    w->n++;
    if (!cli_network_open(&w->networks[i], &n, size, err) ||
        !cli_network_takes_images(&w->networks[i], err) ||
        !dv_labels_read(&w->labels[i], i == 0 ? w->o->labels : NULL, w->networks[i].model, err))
        return false;
    const dv_preprocess *p = i == 0 && w->o->index ? &w->index.preprocess : &w->networks[i].prepare;
    if (!cli_projects_words(&w->projects[i], &n, &w->networks[i], p, err))
        return false;
    w->models[i] = (dv_serve_model){ .model = w->networks[i].model,
                                     .preprocess = *p,
                                     .labels = &w->labels[i],
                                     .projects = w->projects[i].data };
    return true;
}

static bool open_models(work *w, dv_error *err)
{
    const cli_list *m = &w->o->models;
    if (m->n > DV_SERVE_MODELS)
        return dv_fail(err, DV_BAD_USAGE, "%d models: %d at most", m->n, DV_SERVE_MODELS);
    bool ok = m->n > 0 || open_model(w, w->o->index ? w->index.model.path : NULL, err);
    for (int i = 0; ok && i < m->n; i++)
        ok = open_model(w, m->text[i], err);
    return ok;
}

/* The index must be of the first model. */
static bool check_index(const work *w, dv_error *err)
{
    dv_identity id;
    if (!w->o->index)
        return true;
    if (!dv_model_identity(w->models[0].model, &id, err))
        return false;
    return dv_identity_equal(&id, &w->index.model) ||
           dv_fail(err, DV_BAD_USAGE, "%s is of %s (SHA-256 %.12s...), not of %s (%.12s...)",
                   w->o->index, w->index.model.path, w->index.model.sha256, id.path, id.sha256);
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    work w = { .o = opts };
    const serve_options *o = w.o;
    bool ok =
        (!o->index ||
         (dv_index_read(&w.index, o->index, err) && cli_guard_images(&w.index, o->root, err))) &&
        ((n_args == 0 && !o->list) || cli_inputs_list(&w.images, o->list, n_args, args, err)) &&
        open_models(&w, err) && check_index(&w, err);
    const dv_serve_options s = { .n_models = w.n,
                                 .models = w.models,
                                 .images = &w.images,
                                 .index = o->index ? &w.index : NULL,
                                 .root = o->root,
                                 .listen = o->listen,
                                 .host = o->host,
                                 .port = o->port,
                                 .exact = o->network.exact || (o->index && w.index.exact),
                                 .pool = w.networks[0].pool,
                                 .ctx = &w,
                                 .ready = ready,
                                 .skipped = skipped,
                                 .stop = stop };
    cli_signals_end_by(&asked_to_stop);
    ok = ok && dv_serve(&s, err);
    for (int i = 0; i < w.n; i++) {
        dv_labels_free(&w.labels[i]);
        free(w.projects[i].data);
        cli_network_close(&w.networks[i]);
    }
    dv_index_free(&w.index);
    dv_list_free(&w.images);
    return ok;
}

static const cli_status statuses[] = {
    { "0", "It was stopped by SIGINT or SIGTERM." },
    { "1", "It could not listen, or a model could not be read." },
    { "2", "The command line is wrong." },
    { 0 },
};

const cli_command cmd_serve = {
    .name = "serve",
    .summary = "Point at a unit in a browser, and see its projection at once",
    .description =
        "Serves a page to the browsers of this machine: photographs are dropped on it, or taken by "
        "a camera; it shows what the network says, its maps, and the projection of whatever unit "
        "one points at; parts of the photograph are painted over, and it is moved and turned, "
        "while all that follows.\n\n"
        "The address is printed on standard output. Only this machine can reach it, unless "
        "--listen says otherwise. From another one, over SSH: ssh -L 8421:localhost:8421 HOST, "
        "then "
        "open http://localhost:8421/ there.",
    .arguments = { CLI_IMAGES },
    .options = options,
    .examples = examples,
    .statuses = statuses,
    .defaults = &(const serve_options){ .network = CLI_NETWORK_DEFAULTS, .port = DV_SERVE_PORT },
    .options_size = sizeof(serve_options),
    .run = run,
};
