/* load.c - the table of loaders. */
#include "base/path.h"
#include "load/builtin.h"
#include "load/loader.h"
#include "load/network.h"

extern const dv_loader dv_loader_network, dv_loader_onnx, dv_loader_safetensors;

static const dv_loader *const loaders[] = {
    &dv_loader_onnx,
    &dv_loader_safetensors,
    &dv_loader_network,
};

static const dv_loader *find(const dv_file *f)
{
    for (size_t i = 0; i < sizeof loaders / sizeof loaders[0]; i++)
        if (loaders[i]->sniff(f))
            return loaders[i];
    return NULL;
}

/* A file in the program is called as the model is. */
static bool lend_part(dv_model *m, const char *role, const char *extension, const dv_file *f,
                      dv_error *err)
{
    const char *name = dv_path_with(&m->arena, m->path, extension, err);
    return name && (dv_source_holds(m->source, f->data) || dv_source_lend(m->source, f, err)) &&
           dv_model_add_part(m, role, name, f, err);
}

/* The network is in the program, and so are its weights, unless others are asked for. */
static bool open_builtin(dv_model *m, const dv_file *network, const dv_file *weights,
                         const dv_load_options *o, dv_error *err)
{
    dv_network_request q = { .loaded = o->weights ? NULL : weights,
                             .path = o->weights,
                             .size = { o->size[0], o->size[1] } };
    if (!lend_part(m, DV_PART_NETWORK, ".json", network, err) ||
        (!o->weights && !lend_part(m, DV_PART_WEIGHTS, ".safetensors", weights, err)))
        return false;
    return dv_network_build(m, network->data, network->size, &q, err) ||
           dv_fail_in(err, "%s", m->name);
}

static bool open_into(dv_model *m, const char *path, const dv_load_options *o, dv_error *err)
{
    dv_file f, weights;
    if (dv_builtin_model(path, &f, &weights))
        return open_builtin(m, &f, &weights, o, err);
    if (!dv_source_map(m->source, path, &f, err))
        return false;
    const dv_loader *loader = find(&f);
    if (!loader)
        return dv_fail(err, DV_BAD_DATA, "%s: not a model: %s", path, dv_guess_format(&f));
    return loader->build(m, &f, o, err) || dv_fail_in(err, "%s", path);
}

static dv_model *open_from(dv_source *source, const char *path, const int size[2], dv_error *err)
{
    if ((size[0] || size[1]) && (size[0] < 1 || size[1] < 1)) {
        dv_fail(err, DV_BAD_USAGE, "an input of %dx%d: both sides must be at least 1", size[0],
                size[1]);
        return NULL;
    }
    const dv_load_options o = { dv_source_weights(source), { size[0], size[1] } };
    dv_model *m = dv_model_new(path, source, err);
    if (m && !open_into(m, path, &o, err)) {
        dv_model_free(m);
        return NULL;
    }
    return m;
}

dv_model *dv_model_open(const char *path, const dv_load_options *options, dv_error *err)
{
    static const dv_load_options none = { 0 };
    const dv_load_options *o = options ? options : &none;
    if (!path) {
        dv_fail(err, DV_BAD_USAGE, "no path of a model");
        return NULL;
    }
    dv_source *source = dv_source_new(o->weights, err);
    dv_model *m = source ? open_from(source, path, o->size, err) : NULL;
    dv_source_release(source);
    return m;
}

dv_model *dv_model_resized(const dv_model *m, const int size[2], dv_error *err)
{
    if (!m) {
        dv_fail(err, DV_BAD_USAGE, "no model to resize");
        return NULL;
    }
    return open_from(m->source, m->path, size, err);
}
