/* cmd_project.c - `deconvviz project`: units of a network back in pixel space. */
#include "base/file.h"
#include "cli/unit_output.h"
#include "cli/units.h"
#include "deconvviz/list.h"
#include "deconvviz/load.h"
#include "image/png.h"

#include <stdlib.h>
#include <string.h>

typedef struct project_options {
    cli_network_options network;
    cli_list layers;
    const char *channels, *position, *rule, *seed, *out, *npy, *view, *scale, *input;
    int zoom;
    bool no_png, sheet, json;
} project_options;

#define AT(member) offsetof(project_options, member)

static const cli_option options[] = {
    { "layer", 'l', CLI_LIST, AT(layers), "LAYER",
      "number of a weight layer, or name of a tensor or node; may be repeated" },
    { "channel", 'c', CLI_TEXT, AT(channels), "CHANNELS", "12, 0-15, 3,7,9, all or top:9" },
    { "position", 'p', CLI_TEXT, AT(position), "POSITION",
      "max, Y,X, or all: the whole map (max)" },
    { "rule", 0, CLI_TEXT, AT(rule), "RULE", "deconvnet, gradient or guided (deconvnet)" },
    { "seed", 0, CLI_TEXT, AT(seed), "SEED", "value: the unit's own, or one (value)" },
    { "out", 'o', CLI_TEXT, AT(out), "PATH", "folder, or the file where there is one (.)" },
    { "npy", 0, CLI_TEXT, AT(npy), "PATH", "the raw float32 projection too: a file, or a folder" },
    { "no-png", 0, CLI_FLAG, AT(no_png), NULL, "write no picture" },
    { "view", 0, CLI_TEXT, AT(view), "VIEW",
      "pair: patch and projection; crop: projection; full: the whole input (pair)" },
    { "zoom", 0, CLI_INT, AT(zoom), "N", "enlarge N times (to about 224 pixels)" },
    { "scale", 0, CLI_TEXT, AT(scale), "SCALE",
      "tile, sheet or abs:V: what is full colour (tile)" },
    { "sheet", 0, CLI_FLAG, AT(sheet), NULL, "one labelled sheet an image" },
    { "input", 0, CLI_TEXT, AT(input), "X.npy", "a prepared input in place of IMAGE" },
    { "json", 0, CLI_FLAG, AT(json), NULL, "a JSON object a line for each unit" },
    CLI_NETWORK_ROWS(project_options),
    { 0 },
};

/* The whole command at work. */
typedef struct work {
    const project_options *o;
    cli_network network;
    cli_position position;
    dv_rule rule;
    dv_seed seed;
    dv_view view;
    bool common_scale;
    float fixed_scale;
    int n_selections, n_units; /* of one image */
    cli_selection *selections;
    dv_plan *plan;
    dv_trace *trace;
    dv_projector **projectors; /* one a worker */
    float *input;
    bool one_file, one_npy; /* -o and --npy name the file itself */
    dv_list images;
} work;

/* What becomes of one unit; filled by the worker that has it. */
typedef struct outcome {
    cli_result result;
    char png[1024], npy[1024]; /* "": not written */
    char *json;
    dv_image tile;
    dv_error err;
    bool ok;
} outcome;

/* -- options ---------------------------------------------------------------------------------- */

static bool parse_scale(work *w, const char *text, dv_error *err)
{
    if (strncmp(text, "abs:", 4) == 0) {
        double v;
        if (!cli_numbers(text + 4, "--scale abs:", 1, &v, err))
            return false;
        w->fixed_scale = (float)v;
        return v > 0 || dv_fail(err, DV_BAD_USAGE, "--scale %s: it must be above 0", text);
    }
    w->common_scale = strcmp(text, "sheet") == 0;
    return w->common_scale || strcmp(text, "tile") == 0 ||
           dv_fail(err, DV_BAD_USAGE, "--scale '%s': tile, sheet or abs:V", text);
}

static bool parse_words(work *w, dv_error *err)
{
    static const char *const views[] = { "pair", "crop", "full" };
    const project_options *o = w->o;
    if (o->layers.n == 0 || !o->channels)
        return dv_fail(err, DV_BAD_USAGE, "a unit is needed: --layer LAYER --channel CHANNELS");
    w->rule = dv_rule_find(o->rule);
    if (w->rule == DV_N_RULES)
        return dv_fail(err, DV_BAD_USAGE, "--rule '%s': deconvnet, gradient or guided", o->rule);
    w->seed = strcmp(o->seed, "one") == 0 ? DV_SEED_ONE : DV_SEED_VALUE;
    if (w->seed == DV_SEED_VALUE && strcmp(o->seed, "value") != 0)
        return dv_fail(err, DV_BAD_USAGE, "--seed '%s': value or one", o->seed);
    int view = 0;
    while (view < 3 && strcmp(views[view], o->view) != 0)
        view++;
    if (view == 3)
        return dv_fail(err, DV_BAD_USAGE, "--view '%s': pair, crop or full", o->view);
    w->view = (dv_view)view;
    if (o->zoom < 0 || o->zoom > 256)
        return dv_fail(err, DV_BAD_USAGE, "--zoom %d: 1 to 256 are supported", o->zoom);
    return parse_scale(w, o->scale, err) && cli_parse_position(o->position, &w->position, err);
}

static bool select_units(work *w, dv_error *err)
{
    const project_options *o = w->o;
    w->selections = calloc((size_t)o->layers.n, sizeof *w->selections);
    if (!w->selections)
        return dv_fail(err, DV_NO_MEMORY, "no memory for layers");
    for (int i = 0; i < o->layers.n; i++) {
        cli_selection *s = &w->selections[w->n_selections++];
        if (!cli_select(w->network.model, o->layers.text[i], o->channels, s, err) ||
            !cli_check_position(w->network.model, s, &w->position, err))
            return false;
        w->n_units += s->n;
    }
    return true;
}

/* Whether every layer asked for is a map that can be computed at another size of the input. */
static bool all_are_maps(const work *w)
{
    for (int i = 0; i < w->n_selections; i++) {
        dv_box map = dv_box_whole(dv_tensor_shape(w->network.model, w->selections[i].tensor));
        if (map.hi[DV_Y] == 1 && map.hi[DV_X] == 1)
            return false;
    }
    return true;
}

static void forget_units(work *w)
{
    for (int i = 0; i < w->n_selections; i++)
        free(w->selections[i].channel);
    free(w->selections);
    w->selections = NULL;
    w->n_selections = w->n_units = 0;
}

/* Opens the network; where the model has a larger size for its maps and that will do, at that. */
static bool open_network(work *w, dv_error *err)
{
    const cli_network_options *o = &w->o->network;
    cli_network_options quiet = *o;
    quiet.quiet = true;
    const char *path = o->model ? o->model : getenv("DECONVVIZ_MODEL");
    int map_size[2];
    bool larger =
        !o->size && !w->o->input && dv_builtin_map_size(path ? path : DV_DEFAULT_MODEL, map_size);
    if (!cli_network_open(&w->network, larger ? &quiet : o, NULL, err) || !select_units(w, err))
        return false;
    if (!larger)
        return true;
    bool maps = all_are_maps(w);
    forget_units(w);
    cli_network_close(&w->network);
    return cli_network_open(&w->network, o, maps ? map_size : NULL, err) && select_units(w, err);
}

static bool make_plan(work *w, dv_error *err)
{
    int *keep = calloc((size_t)w->n_selections, sizeof *keep);
    int workers = dv_pool_size(w->network.pool);
    w->projectors = calloc((size_t)workers, sizeof *w->projectors);
    const dv_model *m = w->network.model;
    w->input = malloc(dv_shape_count(dv_tensor_shape(m, dv_model_input(m))) * sizeof *w->input);
    if (!keep || !w->projectors || !w->input) {
        free(keep);
        return dv_fail(err, DV_NO_MEMORY, "no memory for the input");
    }
    for (int i = 0; i < w->n_selections; i++)
        keep[i] = w->selections[i].tensor;
    dv_request r = { .n_keep = w->n_selections,
                     .keep = keep,
                     .rules = 1U << w->rule,
                     .exact = w->o->network.exact };
    w->plan = dv_plan_new(m, &r, w->network.pool, err);
    free(keep);
    w->trace = w->plan ? dv_trace_new(w->plan, w->network.pool, err) : NULL;
    if (!w->trace)
        return false;
    dv_pool *inside = w->n_units == 1 ? w->network.pool : NULL;
    for (int i = 0; i < workers; i++)
        if (!(w->projectors[i] = dv_projector_new(w->trace, inside, err)))
            return false;
    return true;
}

/* -- names of files --------------------------------------------------------------------------- */

static bool ends_in(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

static bool settle_outputs(work *w, dv_error *err)
{
    const project_options *o = w->o;
    bool one_picture = w->images.count == 1 && (w->n_units == 1 || o->sheet);
    bool one_unit = w->images.count == 1 && w->n_units == 1;
    w->one_file = o->out && one_picture && !dv_folder_exists(o->out) &&
                  (ends_in(o->out, ".png") || ends_in(o->out, ".PNG") || dv_file_exists(o->out));
    w->one_npy = o->npy && one_unit && !dv_folder_exists(o->npy);
    if (o->out && !w->one_file && !o->no_png && !dv_folder_make(o->out, err))
        return false;
    return !o->npy || w->one_npy || dv_folder_make(o->npy, err);
}

/* The file's name without folder and extension. */
static void stem_of(const char *path, char *stem, size_t size)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    snprintf(stem, size, "%s", name);
    char *dot = strrchr(stem, '.');
    if (dot && dot != stem)
        *dot = '\0';
}

/* The image's stem, with a number behind it where an earlier image has the same. */
static void unique_stem(const work *w, int image, char *stem, size_t size)
{
    stem_of(dv_list_path(&w->images, image), stem, size);
    int same = 1;
    for (int i = 0; i < image; i++) {
        char other[512];
        stem_of(dv_list_path(&w->images, i), other, sizeof other);
        same += strcmp(stem, other) == 0;
    }
    size_t n = strlen(stem);
    if (same > 1)
        snprintf(stem + n, size - n, "-%d", same);
}

/* FOLDER/STEM-LAYER-cCHANNEL.EXTENSION; a layer's name may hold what a file's may not. */
static void name_file(char *to, size_t size, const char *folder, const char *stem,
                      const cli_result *r, const char *extension)
{
    char layer[128];
    snprintf(layer, sizeof layer, "%s", r->layer);
    for (char *c = layer; *c; c++)
        if (*c == '/' || *c == ':' || *c == ' ')
            *c = '_';
    snprintf(to, size, "%s%s%s-%s-c%d.%s", folder ? folder : "", folder ? "/" : "", stem, layer,
             (int)r->unit.channel, extension);
}

/* -- one image -------------------------------------------------------------------------------- */

typedef struct batch {
    work *w;
    cli_scene *scene;
    const char *stem;
    outcome *outcomes;
    bool measure; /* only the scales are wanted */
} batch;

static bool project_unit(batch *b, outcome *out, dv_projector *p)
{
    work *w = b->w;
    cli_result *r = &out->result;
    dv_box unit = dv_box_whole(dv_tensor_shape(w->network.model, r->unit.tensor));
    unit.lo[DV_C] = r->unit.channel;
    unit.hi[DV_C] = r->unit.channel + 1;
    if (r->unit.y != DV_ALL) {
        unit.lo[DV_Y] = r->unit.y;
        unit.hi[DV_Y] = r->unit.y + 1;
        unit.lo[DV_X] = r->unit.x;
        unit.hi[DV_X] = r->unit.x + 1;
    }
    if (!dv_model_field(w->network.model, r->unit.tensor, unit, &r->field, &out->err) ||
        !dv_project(p, &r->unit, w->rule, w->seed, &r->signal, &out->err))
        return false;
    r->value = dv_unit_value(w->trace, &r->unit);
    float own = r->signal.data ? dv_signal_scale(&r->signal) : 0;
    r->scale = b->scene->scale > 0 && own > 0 ? b->scene->scale : own;
    return true;
}

static bool write_unit(batch *b, outcome *out)
{
    work *w = b->w;
    const project_options *o = w->o;
    cli_result *r = &out->result;
    if (o->sheet) {
        if (!cli_draw_unit(&out->tile, b->scene, r, &out->err))
            return false;
    } else if (!o->no_png) {
        if (w->one_file)
            snprintf(out->png, sizeof out->png, "%s", o->out);
        else
            name_file(out->png, sizeof out->png, o->out, b->stem, r, "png");
        if (!cli_write_unit_png(out->png, b->scene, r, &out->err))
            return false;
    }
    if (!o->npy)
        return true;
    if (w->one_npy)
        snprintf(out->npy, sizeof out->npy, "%s", o->npy);
    else
        name_file(out->npy, sizeof out->npy, o->npy, b->stem, r, "npy");
    return cli_write_unit_npy(out->npy, b->scene, r, &out->err);
}

static void unit_task(void *ctx, int i, int worker)
{
    batch *b = ctx;
    outcome *out = &b->outcomes[i];
    out->ok = project_unit(b, out, b->w->projectors[worker]) && (b->measure || write_unit(b, out));
    if (!out->ok || b->measure)
        return;
    const char *warning = cli_unit_warning(&out->result);
    if (warning)
        dv_fail(&out->err, DV_OK, "warning: layer %s channel %d: %s", out->result.layer,
                (int)out->result.unit.channel, warning);
    if (b->w->o->json)
        out->json = cli_unit_json(b->scene, &out->result, out->png[0] ? out->png : NULL,
                                  out->npy[0] ? out->npy : NULL);
}

static bool write_sheet(batch *b, dv_error *err)
{
    work *w = b->w;
    int n = w->n_units;
    dv_tile *tiles = calloc((size_t)n, sizeof *tiles);
    char(*labels)[96] = calloc((size_t)n, sizeof *labels);
    char title[256], path[1024];
    bool ok = tiles && labels;
    if (!ok)
        dv_fail(err, DV_NO_MEMORY, "no memory for a sheet of %d units", n);
    for (int i = 0; ok && i < n; i++) {
        const cli_result *r = &b->outcomes[i].result;
        if (r->unit.y == DV_ALL)
            snprintf(labels[i], sizeof *labels, "%.48s c%d %.3g", r->layer, (int)r->unit.channel,
                     (double)r->value);
        else
            snprintf(labels[i], sizeof *labels, "%.48s c%d (%d,%d) %.3g", r->layer,
                     (int)r->unit.channel, (int)r->unit.y, (int)r->unit.x, (double)r->value);
        tiles[i] = (dv_tile){ .picture = b->outcomes[i].tile,
                              .label = labels[i],
                              .new_row = i > 0 && r->layer != b->outcomes[i - 1].result.layer };
    }
    snprintf(title, sizeof title, "%.80s   %.80s   %s", b->stem, dv_model_name(w->network.model),
             dv_rule_name(w->rule));
    snprintf(path, sizeof path, "%s%s%s-sheet.png", w->o->out ? w->o->out : "",
             w->o->out ? "/" : "", b->stem);
    dv_sheet sheet = { .title = title, .gap = 12, .text_size = 10, .paper = DV_WHITE };
    dv_png_text texts[] = { { "Software", "deconvviz" },
                            { "Title", title },
                            { "Model-SHA256", b->scene->model_sha256 },
                            { "Image", b->scene->image },
                            { "Image-SHA256", b->scene->image_sha256 },
                            { "Rule", dv_rule_name(w->rule) } };
    dv_image picture;
    if (ok && (ok = dv_draw_sheet(&picture, &sheet, n, tiles, err))) {
        ok = dv_png_write(w->one_file ? w->o->out : path, picture.width, picture.height, 3,
                          picture.rgb, texts, (int)(sizeof texts / sizeof texts[0]), err);
        dv_image_free(&picture);
        if (ok && !w->o->json)
            printf("%s\n", w->one_file ? w->o->out : path);
    }
    free(tiles);
    free(labels);
    return ok;
}

/* Says what became of the units, in their order; the first failure is the image's. */
static bool report(batch *b, dv_error *err)
{
    bool ok = true;
    for (int i = 0; i < b->w->n_units; i++) {
        outcome *out = &b->outcomes[i];
        if (!out->ok && ok) {
            *err = out->err;
            ok = false;
        }
        if (!out->ok)
            continue;
        if (out->err.message[0])
            cli_say("%s: %s", b->scene->image, out->err.message);
        if (out->json)
            printf("%s\n", out->json);
        else if (out->png[0] && !b->w->o->json)
            printf("%s\n", out->png);
        else if (out->npy[0] && !b->w->o->json)
            printf("%s\n", out->npy);
    }
    return ok;
}

static bool list_units(work *w, outcome *outcomes, dv_error *err)
{
    dv_unit *units = calloc((size_t)w->n_units, sizeof *units);
    if (!units)
        return dv_fail(err, DV_NO_MEMORY, "no memory for %d units", w->n_units);
    int at = 0;
    bool ok = true;
    for (int i = 0; ok && i < w->n_selections; i++) {
        const cli_selection *s = &w->selections[i];
        ok = cli_units(w->trace, w->network.model, s, &w->position, units + at, err);
        for (int k = 0; k < s->n; k++, at++) {
            outcomes[at].result.unit = units[at];
            outcomes[at].result.layer = s->layer;
        }
    }
    free(units);
    return ok;
}

static bool project_units(batch *b, dv_error *err)
{
    work *w = b->w;
    if (!list_units(w, b->outcomes, err))
        return false;
    dv_pool *outside = w->n_units > 1 ? w->network.pool : NULL;
    b->scene->scale = w->fixed_scale;
    if (w->common_scale) {
        b->measure = true;
        dv_pool_run(outside, w->n_units, unit_task, b);
        b->measure = false;
        float most = 0;
        for (int i = 0; i < w->n_units; i++)
            most = b->outcomes[i].result.scale > most ? b->outcomes[i].result.scale : most;
        b->scene->scale = most;
    }
    dv_pool_run(outside, w->n_units, unit_task, b);
    return report(b, err) && (!w->o->sheet || write_sheet(b, err));
}

static bool project_image(work *w, int image, dv_error *err)
{
    char stem[512], sha[DV_SHA256_TEXT_MAX] = "";
    cli_scene scene = { .network = &w->network,
                        .image = dv_list_path(&w->images, image),
                        .image_sha256 = sha,
                        .model_sha256 = "",
                        .rule = w->rule,
                        .seed = w->seed,
                        .view = w->view,
                        .zoom = w->o->zoom };
    unique_stem(w, image, stem, sizeof stem);
    if (!cli_read_input(&w->network, scene.image, w->o->input != NULL, w->input, &scene.map, err))
        return false;
    if (!dv_trace_forward(w->trace, w->input, err))
        return dv_fail_in(err, "%s", scene.image);
    if (!w->o->no_png) {
        scene.model_sha256 = dv_model_sha256(w->network.model, err);
        if (!scene.model_sha256 || !dv_sha256_file(scene.image, sha, err))
            return false;
    }
    if (w->network.is_image && !w->o->no_png &&
        !dv_draw_input(&scene.seen, w->input, &w->network.prepare, err))
        return false;
    batch b = { .w = w,
                .scene = &scene,
                .stem = stem,
                .outcomes = calloc((size_t)w->n_units, sizeof *b.outcomes) };
    bool ok = b.outcomes ? project_units(&b, err)
                         : dv_fail(err, DV_NO_MEMORY, "no memory for %d units", w->n_units);
    for (int i = 0; b.outcomes && i < w->n_units; i++) {
        free(b.outcomes[i].json);
        dv_image_free(&b.outcomes[i].tile);
    }
    free(b.outcomes);
    dv_image_free(&scene.seen);
    return ok;
}

/* -- the command ------------------------------------------------------------------------------ */

static bool project_all(work *w, dv_error *err)
{
    for (int i = 0; i < w->images.count; i++) {
        dv_error one = { 0 };
        if (project_image(w, i, &one))
            continue;
        if (w->images.count == 1) {
            *err = one;
            return false;
        }
        cli_skip(&one);
    }
    return cli_none_skipped("images", w->images.count, err);
}

static bool list_images(work *w, int n_args, char **args, dv_error *err)
{
    if ((n_args > 0) == (w->o->input != NULL))
        return dv_fail(err, DV_BAD_USAGE,
                       n_args ? "images or --input, not both"
                              : "an image is needed (or --input X.npy)");
    if (w->o->input)
        return dv_list_add(&w->images, w->o->input, err);
    for (int i = 0; i < n_args; i++)
        if (!dv_list_add(&w->images, args[i], err))
            return false;
    return true;
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    work w = { .o = opts };
    bool ok = parse_words(&w, err) && list_images(&w, n_args, args, err) && open_network(&w, err) &&
              settle_outputs(&w, err) && make_plan(&w, err) && project_all(&w, err);
    for (int i = 0; w.projectors && i < dv_pool_size(w.network.pool); i++)
        dv_projector_free(w.projectors[i]);
    free(w.projectors);
    dv_trace_free(w.trace);
    dv_plan_free(w.plan);
    free(w.input);
    forget_units(&w);
    cli_network_close(&w.network);
    dv_list_free(&w.images);
    return ok;
}

const cli_command cmd_project = {
    .name = "project",
    .summary = "Project units of a layer back to pixel space (the default command)",
    .usage = "[-m MODEL] -l LAYER -c CHANNELS [options] IMAGE...",
    .options = options,
    .defaults = &(const project_options){ .network = CLI_NETWORK_DEFAULTS,
                                          .position = "max",
                                          .rule = "deconvnet",
                                          .seed = "value",
                                          .view = "pair",
                                          .scale = "tile" },
    .options_size = sizeof(project_options),
    .run = run,
};
