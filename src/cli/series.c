#include "cli/series.h"

#include "base/file.h"
#include "base/path.h"
#include "cli/network.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const char weights_ending[] = ".safetensors", onnx_ending[] = ".onnx";

static bool ends_in(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n > m && strcasecmp(text + n - m, end) == 0;
}

/* Whether the places hold models by themselves, and no weights. */
static bool is_of_models(const cli_list *places)
{
    int n[2] = { 0, 0 };
    for (int i = 0; i < 2; i++) {
        dv_checkpoints c;
        if (dv_checkpoints_find(&c, places->n, places->text, i ? onnx_ending : weights_ending,
                                NULL))
            for (int k = 0; k < c.n; k++)
                n[i] += ends_in(c.list[k].path, i ? onnx_ending : weights_ending);
        dv_checkpoints_free(&c);
    }
    return n[0] == 0 && n[1] > 0;
}

bool cli_series_settle(cli_series *s, const char *model, const cli_list *places, dv_error *err)
{
    const cli_network_options o = { .model = model };
    const char *environment = getenv("DECONVVIZ_MODEL");
    const bool said = model || (environment && environment[0]);
    s->network = cli_network_model(&o);
    s->ending = weights_ending;
    if (ends_in(s->network, onnx_ending) || (!said && is_of_models(places))) {
        s->network = said ? s->network : NULL;
        s->ending = onnx_ending;
    } else if (ends_in(s->network, weights_ending)) {
        const size_t stem = strlen(s->network) - strlen(weights_ending);
        if (stem + sizeof ".json" > sizeof s->beside)
            return dv_fail(err, DV_BAD_USAGE, "-m: a path of %zu bytes", strlen(s->network));
        snprintf(s->beside, sizeof s->beside, "%.*s.json", (int)stem, s->network);
        s->network = s->beside;
    }
    return true;
}

/* -- beside the network ----------------------------------------------------------------------- */

/* share/deconvviz/models of the tree in whose bin the program is; false: it is not known. */
static bool installed(char *to, size_t size)
{
    char program[2048];
    const ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n <= 0)
        return false;
    program[n] = '\0';
    for (int i = 0; i < 2; i++) {
        char *slash = strrchr(program, '/');
        if (!slash)
            return false;
        *slash = '\0';
    }
    return (size_t)snprintf(to, size, "%s/share/deconvviz/models", program) < size;
}

/* Of NETWORK in a folder. */
static bool find_beside(const cli_series *s, dv_checkpoints *c, dv_error *err)
{
    const char *slash = strrchr(s->network, '/'), *name = slash ? slash + 1 : s->network;
    const char *dot = strrchr(name, '.');
    char folder[4096], stem[256];
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - s->network) : 0, s->network);
    if (slash == s->network)
        snprintf(folder, sizeof folder, "/");
    snprintf(stem, sizeof stem, "%.*s-", dot ? (int)(dot - name) : (int)strlen(name), name);
    int size[2];
    if (!dv_builtin_map_size(s->network, size))
        return dv_checkpoints_beside(c, folder, stem, s->ending, err);
    if (!dv_checkpoints_beside(c, "models", stem, s->ending, err) || c->n > 0)
        return c->n > 0;
    return !installed(folder, sizeof folder) ||
           dv_checkpoints_beside(c, folder, stem, s->ending, err);
}

bool cli_series_find(const cli_series *s, const cli_list *places, dv_checkpoints *c, dv_error *err)
{
    if (places->n > 0) {
        if (!dv_checkpoints_find(c, places->n, places->text, s->ending, err))
            return false;
        return c->n > 0 || dv_fail(err, DV_BAD_USAGE, "--checkpoints %s: no *%s in it",
                                   places->text[0], s->ending);
    }
    *c = (dv_checkpoints){ .n = 0 };
    if (s->network && !find_beside(s, c, err))
        return false;
    return c->n > 0 || dv_fail(err, DV_BAD_USAGE,
                               "no checkpoints beside the network %s: --checkpoints FILE|FOLDER "
                               "names some",
                               s->network ? s->network : "");
}
