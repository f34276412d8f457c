/* load_safetensors.c - weights, whose network lies beside them: X.json of X.safetensors. */
#include "base/path.h"
#include "load/loader.h"
#include "load/network.h"

static bool sniff(const dv_file *f)
{
    return dv_safetensors_sniff(f->data, f->size);
}

static bool build(dv_model *m, const dv_file *f, const dv_load_options *o, dv_error *err)
{
    dv_file json;
    const char *path = dv_path_with(&m->arena, m->path, ".json", err);
    dv_network_request q = { .folder = dv_folder_of(&m->arena, m->path, err),
                             .loaded = f,
                             .size = { o->size[0], o->size[1] } };
    if (!path || !q.folder)
        return false;
    if (o->weights)
        return dv_fail(err, DV_BAD_USAGE, "weights '%s' for a file that is weights itself",
                       o->weights);
    if (!dv_file_exists(path))
        return dv_fail(err, DV_BAD_DATA,
                       "weights without a network: there is no %s (or name a network, and these as "
                       "its weights)",
                       path);
    return dv_source_map(m->source, path, &json, err) &&
           dv_model_add_part(m, DV_PART_NETWORK, path, &json, err) &&
           dv_model_add_part(m, DV_PART_WEIGHTS, m->path, f, err) &&
           (dv_network_build(m, json.data, json.size, &q, err) || dv_fail_in(err, "%s", path));
}

const dv_loader dv_loader_safetensors = { "safetensors", sniff, build };
