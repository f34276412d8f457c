/* load_network.c - a network in JSON with its weights: the native format, see network.h. */
#include "base/json.h"
#include "base/name.h"
#include "base/path.h"
#include "load/loader.h"
#include "load/net.h"
#include "load/network.h"
#include "load/sidecar.h"

#include <string.h>

/* -- the input -------------------------------------------------------------------------------- */

/* own: (H,W) as the network says. */
static bool add_input(dv_network *n, const cJSON *item, const int size[2], int own[2],
                      dv_error *err)
{
    static const char *const keys[] = { "name", "shape", NULL };
    const char *name;
    int64_t dim[4] = { 1 };
    int rank = 0;
    dv_shape s;
    if (!dv_json_check_keys(item, keys, "it", err) ||
        !dv_json_get_text(item, "name", &n->m->arena, &name, err) ||
        !dv_json_ints(dv_json_get(item, "shape"), "\"shape\"", 1, DV_MAX_ELEMENTS, 3, dim + 1,
                      &rank, err))
        return false;
    if (rank != 3)
        return dv_fail(err, DV_BAD_DATA, "\"shape\" has %d elements: (C,H,W) is needed", rank);
    for (int i = 0; i < 2; i++) {
        own[i] = (int)dim[2 + i];
        if (size[0])
            dim[2 + i] = size[i];
        n->m->resized |= dim[2 + i] != own[i];
    }
    n->before = name;
    return dv_shape_set(&s, 4, dim, "\"shape\"", err) && dv_model_add_input(n->m, name, &s, err);
}

/* -- the weights ------------------------------------------------------------------------------ */

/* The path of the file of weights: as asked for, as the network says, or beside it under the same
 * stem; NULL in *path where there is none. */
static bool weights_path(dv_network *n, const cJSON *root, const dv_network_request *q,
                         const char **path, dv_error *err)
{
    dv_arena *a = &n->m->arena;
    const char *name = NULL;
    *path = q->path;
    if (dv_json_get(root, "weights") &&
        (!dv_json_get_text(root, "weights", a, &name, err) || !dv_name_check_inside(name, err)))
        return false;
    if (*path || !q->folder)
        return true;
    if (name)
        return (*path = dv_path_in(a, q->folder, name, err)) != NULL;
    if (!q->stem)
        return true;
    *path = dv_path_with(a, q->stem, ".safetensors", err);
    if (!*path)
        return false;
    if (!dv_file_exists(*path))
        *path = NULL;
    return true;
}

static bool open_weights(dv_network *n, const cJSON *root, const dv_network_request *q,
                         dv_safetensors **weights, dv_error *err)
{
    const char *path;
    dv_file f;
    *weights = NULL;
    if (q->loaded) {
        *weights = dv_safetensors_open(q->loaded->data, q->loaded->size, err);
        return *weights != NULL;
    }
    if (!weights_path(n, root, q, &path, err))
        return false;
    if (!path)
        return true;
    if (!dv_source_map(n->m->source, path, &f, err) ||
        !dv_model_add_part(n->m, DV_PART_WEIGHTS, path, &f, err))
        return dv_fail_in(err, "the weights");
    if (!dv_safetensors_sniff(f.data, f.size))
        return dv_fail(err, DV_BAD_DATA, "the weights %s: not a safetensors file: %s", path,
                       dv_guess_format(&f));
    *weights = dv_safetensors_open(f.data, f.size, err);
    return *weights || dv_fail_in(err, "the weights %s", path);
}

/* -- the network ------------------------------------------------------------------------------ */

static bool add_nodes(dv_network *n, const cJSON *list, dv_error *err)
{
    int count = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0, i = 0;
    if (count < 1 || count > DV_MAX_NODES)
        return dv_fail(err, DV_BAD_DATA, "\"nodes\" lists %d nodes: 1 to %d are possible", count,
                       DV_MAX_NODES);
    dv_node_words *nodes = dv_arena_array(&n->m->arena, (size_t)count, sizeof *nodes, err);
    const cJSON *item;
    if (!nodes)
        return false;
    cJSON_ArrayForEach(item, list)
    {
        if (!dv_network_node(n, item, &nodes[i], err))
            return nodes[i].name && nodes[i].name[0] ? false
                                                     : dv_fail_in(err, "node %d of \"nodes\"", i);
        i++;
    }
    dv_fold_budget budget = { DV_FOLD_BUDGET };
    return dv_net_add_nodes(n->m, nodes, count, &budget, err) &&
           dv_model_finish(n->m, n->before, err);
}

static bool check_head(dv_network *n, const cJSON *root, dv_error *err)
{
    static const char *const keys[] = { "format", "version",    "name",   "description", "weights",
                                        "input",  "preprocess", "labels", "nodes",       NULL };
    dv_arena *a = &n->m->arena;
    const char *text;
    return dv_json_check_format(root, "deconvviz-network", 1,
                                "JSON, but not a network: \"format\" must be \"deconvviz-network\"",
                                err) &&
           dv_json_check_keys(root, keys, "the network", err) &&
           (!dv_json_get(root, "description") ||
            dv_json_get_text(root, "description", a, &text, err)) &&
           (!dv_json_get(root, "name") || dv_json_get_text(root, "name", a, &n->m->name, err));
}

static bool build_from(dv_network *n, const cJSON *root, const dv_network_request *q, dv_error *err)
{
    int own[2];
    dv_safetensors *weights = NULL;
    if (!check_head(n, root, err))
        return false;
    if (!add_input(n, dv_json_get(root, "input"), q->size, own, err))
        return dv_fail_in(err, "\"input\"");
    bool ok = open_weights(n, root, q, &weights, err);
    n->weights = weights;
    ok = ok && add_nodes(n, dv_json_get(root, "nodes"), err) &&
         dv_sidecar_apply(n->m, root, q->folder, own, err);
    dv_safetensors_close(weights);
    return ok;
}

bool dv_network_build(dv_model *m, const void *json, size_t size, const dv_network_request *q,
                      dv_error *err)
{
    dv_network n = { .m = m };
    cJSON *root = dv_json_parse(json, size, DV_JSON_MAX_VALUES, err);
    if (!root)
        return false;
    bool ok = build_from(&n, root, q, err);
    cJSON_Delete(root);
    return ok;
}

/* -- the loader ------------------------------------------------------------------------------- */

/* Space and an opening brace. */
static bool sniff(const dv_file *f)
{
    size_t i = 0;
    while (i < f->size && i < 4096 && f->data[i] && strchr(" \t\r\n", f->data[i]))
        i++;
    return i < f->size && f->data[i] == '{';
}

static bool build(dv_model *m, const dv_file *f, const dv_load_options *o, dv_error *err)
{
    dv_network_request q = { .folder = dv_folder_of(&m->arena, m->path, err),
                             .stem = m->path,
                             .path = o->weights,
                             .size = { o->size[0], o->size[1] } };
    return q.folder && dv_model_add_part(m, DV_PART_NETWORK, m->path, f, err) &&
           dv_network_build(m, f->data, f->size, &q, err);
}

const dv_loader dv_loader_network = { "network in JSON", sniff, build };
