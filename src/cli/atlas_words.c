#include "cli/atlas_words.h"
#include "base/shell_word.h"
#include "deconvviz/atlas.h"

#include <stdio.h>
#include <string.h>

bool cli_is_index(const char *path)
{
    static const char begin[] = "{\"format\":\"deconvviz index\"";
    char bytes[sizeof begin] = "";
    FILE *f = fopen(path, "rb");
    const bool is = f && fread(bytes, 1, sizeof begin - 1, f) == sizeof begin - 1 &&
                    memcmp(bytes, begin, sizeof begin - 1) == 0;
    if (f)
        fclose(f);
    return is;
}

static void add_option(dv_text *t, const char *option, const char *value)
{
    if (!value)
        return;
    dv_shell_word(t, option);
    dv_shell_word(t, value);
}

static void add_number(dv_text *t, const char *option, int value)
{
    dv_text_format(t, " %s %d", option, value);
}

static void add_floats(dv_text *t, const char *option, const float *v, int n)
{
    dv_text_format(t, " %s ", option);
    for (int i = 0; i < n; i++) {
        dv_text_add(t, ",", i > 0);
        dv_text_float(t, v[i]);
    }
}

static bool same_floats(const float *a, const float *b, int n)
{
    for (int i = 0; i < n; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

bool cli_atlas_prepares(const cli_network_options *o)
{
    return o->preprocess || o->order || o->mean.n > 0 || o->std.n > 0 || o->resize >= 0 ||
           !isnan(o->pixel_scale);
}

/* How images are prepared, where the network would do it otherwise by itself. */
static void add_preprocess(dv_text *t, const cli_network_options *o, const cli_network *n,
                           const dv_preprocess *p)
{
    const dv_preprocess *own = &n->prepare;
    const bool same = !cli_atlas_prepares(o) && own->resize == p->resize &&
                      own->scale == p->scale && own->bgr == p->bgr &&
                      same_floats(own->mean, p->mean, p->channels) &&
                      same_floats(own->std, p->std, p->channels);
    dv_text_format(t, " --size %d,%d", p->size[0], p->size[1]);
    if (same)
        return;
    add_number(t, "--resize", p->resize);
    add_floats(t, "--pixel-scale", &p->scale, 1);
    add_floats(t, "--mean", p->mean, p->channels);
    add_floats(t, "--std", p->std, p->channels);
    if (p->channels == 3)
        dv_text_format(t, " --order %s", p->bgr ? "bgr" : "rgb");
}

static void add_model(dv_text *t, const cli_network_options *o, const dv_index *x)
{
    add_option(t, "-m", o->model ? o->model : x->model.path);
    add_option(t, "--weights", o->weights);
}

static void add_projects(dv_text *t, const cli_network_options *o, const cli_network *n,
                         const dv_index *x)
{
    dv_shell_word(t, "deconvviz");
    add_model(t, o, x);
    add_preprocess(t, o, n, &x->preprocess);
    if (x->exact)
        dv_shell_word(t, "--exact");
}

bool cli_projects_words(dv_text *t, const cli_network_options *o, const cli_network *n,
                        const dv_preprocess *p, dv_error *err)
{
    dv_shell_word(t, "deconvviz");
    add_option(t, "-m", dv_model_path(n->model));
    add_option(t, "--weights", o->weights);
    add_preprocess(t, o, n, p);
    if (o->exact)
        dv_shell_word(t, "--exact");
    return dv_text_ok(t, "a command line", err);
}

static void add_command(dv_text *t, const cli_atlas_options *o, const cli_network *n,
                        const dv_index *x, bool mined, int n_args, char **args)
{
    dv_shell_word(t, "deconvviz");
    dv_shell_word(t, "atlas");
    add_model(t, &o->network, x);
    if (!mined) {
        add_preprocess(t, &o->network, n, &x->preprocess);
        add_number(t, "-k", o->hits);
        if (o->per_image > 1)
            add_number(t, "--per-image", o->per_image);
        if (o->network.exact)
            dv_shell_word(t, "--exact");
    }
    for (int i = 0; i < o->layers.n; i++)
        add_option(t, "-l", o->layers.text[i]);
    if (strcmp(o->channels, "all") != 0)
        add_option(t, "-c", o->channels);
    add_option(t, "--list", o->list);
    add_option(t, "--root", mined ? o->root : NULL);
    add_option(t, "--labels", o->labels);
    add_option(t, "--labels-from", o->labels_from);
    add_number(t, "--compare", o->compared);
    if (o->samples_projected)
        dv_shell_word(t, "--project-samples");
    add_number(t, "--quality", o->quality);
    if (o->no_context)
        dv_shell_word(t, "--no-context");
    if (o->rectify)
        add_option(t, "--rectify", "all");
    add_option(t, "--against", o->against);
    add_option(t, "--against-model", o->against_model);
    add_option(t, "--against-weights", o->against_weights);
    if (o->match)
        add_option(t, "--match", o->match == DV_MATCH_NUMBER ? "number" : "responses");
    add_option(t, "-o", o->out);
    for (int i = 0; i < n_args; i++)
        dv_shell_word(t, args[i]);
}

bool cli_atlas_words(dv_text *command, dv_text *projects, const cli_atlas_options *o,
                     const cli_network *n, const dv_index *x, bool mined, int n_args, char **args,
                     dv_error *err)
{
    add_command(command, o, n, x, mined, n_args, args);
    add_projects(projects, &o->network, n, x);
    return dv_text_ok(command, "a command line", err) &&
           dv_text_ok(projects, "a command line", err);
}

bool cli_atlas_other_words(dv_text *projects, const cli_atlas_options *o, const cli_network *n,
                           const dv_index *x, dv_error *err)
{
    cli_network_options other = CLI_NETWORK_DEFAULTS;
    other.model = o->against_model;
    other.weights = o->against_weights;
    add_projects(projects, &other, n, x);
    return dv_text_ok(projects, "a command line", err);
}
