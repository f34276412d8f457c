#include "base/json.h"
#include "load/net.h"
#include "load/network.h"

#include <stdio.h>
#include <string.h>

enum { MAX_NAMES = 1000, MAX_LIST = 65536 };

/* Keys that are the network's own words. The others are attributes and inputs of the operator; any
 * that it has not is a slip of the pen, and passing over it would give another network. */
static const char *const own_words[] = { "op", "name", "input", "output", "weights", NULL };

static bool is_listed(const char *const *list, const char *key)
{
    while (*list && strcmp(*list, key) != 0)
        list++;
    return *list != NULL;
}

/* -- numbers ---------------------------------------------------------------------------------- */

static bool all_whole(const cJSON *list)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (!dv_json_is_whole(item))
            return false;
    }
    return true;
}

/* A number, a text or a list of numbers as an attribute. */
static bool read_attr(dv_arena *a, const cJSON *item, dv_attr *to, dv_error *err)
{
    if (cJSON_IsString(item)) {
        to->kind = DV_ATTR_TEXT;
        return dv_json_text(item, "it", a, &to->v.text, err);
    }
    if (dv_json_is_whole(item)) {
        to->kind = DV_ATTR_INT;
        return dv_json_int(item, "it", -INT64_MAX, INT64_MAX, &to->v.i, err);
    }
    if (!cJSON_IsArray(item)) {
        to->kind = DV_ATTR_FLOAT;
        return dv_json_float(item, "it", &to->v.f, err);
    }
    size_t n = (size_t)cJSON_GetArraySize(item);
    if (all_whole(item)) {
        int64_t *v = dv_arena_array(a, n, sizeof *v, err);
        to->kind = DV_ATTR_INTS;
        to->v.ints = v;
        return v && dv_json_ints(item, "it", -INT64_MAX, INT64_MAX, MAX_LIST, v, &to->n, err);
    }
    float *v = dv_arena_array(a, n, sizeof *v, err);
    to->kind = DV_ATTR_FLOATS;
    to->v.floats = v;
    return v && dv_json_floats(item, "it", MAX_LIST, v, &to->n, err);
}

/* The same as a constant of the model. */
static bool read_constant(dv_network *n, const cJSON *item, const char *node, const char **name,
                          dv_error *err)
{
    dv_attr v = { 0 };
    dv_array *array = dv_arena_alloc(&n->m->arena, sizeof *array, err);
    dv_attr *kept = dv_arena_alloc(&n->m->arena, sizeof *kept, err);
    size_t room = strlen(node) + strlen(item->string) + 2;
    char *text = dv_arena_alloc(&n->m->arena, room, err);
    if (!array || !kept || !text || !read_attr(&n->m->arena, item, &v, err))
        return false;
    *kept = v;
    switch (v.kind) {
    case DV_ATTR_INT:
        *array = (dv_array){ DV_I64, { .rank = 0 }, &kept->v.i };
        break;
    case DV_ATTR_FLOAT:
        *array = (dv_array){ DV_F32, { .rank = 0 }, &kept->v.f };
        break;
    case DV_ATTR_INTS:
        *array = (dv_array){ DV_I64, { 1, { v.n } }, v.v.ints };
        break;
    case DV_ATTR_FLOATS:
        *array = (dv_array){ DV_F32, { 1, { v.n } }, v.v.floats };
        break;
    case DV_ATTR_TEXT:
    case DV_ATTR_ARRAY:
    case DV_ATTR_BRANCH:
        return dv_fail(err, DV_BAD_DATA, "it is a text: numbers are needed");
    }
    snprintf(text, room, "%s.%s", node, item->string);
    *name = text;
    return dv_model_add_constant(n->m, text, array, err);
}

/* -- weights ---------------------------------------------------------------------------------- */

/* Adds the tensor PREFIX.SUFFIX to the model, unless it is there, and to the node's inputs. */
static bool add_weight(dv_network *n, const char *prefix, const char *suffix, bool optional,
                       const char **in, int *n_in, dv_error *err)
{
    size_t room = strlen(prefix) + strlen(suffix) + 2;
    char *name = dv_arena_alloc(&n->m->arena, room, err);
    if (!name)
        return false;
    snprintf(name, room, "%s.%s", prefix, suffix);
    if (optional && !dv_safetensors_has(n->weights, name))
        return true;
    in[(*n_in)++] = name;
    if (dv_model_value(n->m, name) != DV_NO_VALUE)
        return true;
    dv_array *a = dv_arena_alloc(&n->m->arena, sizeof *a, err);
    return a && dv_safetensors_get(n->weights, name, a, err) &&
           dv_model_add_constant(n->m, name, a, err);
}

/* Those that the operator's inputs behind `n_in` are; "bias" only where it takes one. */
static bool add_weights(dv_network *n, const char *name, const cJSON *item, const char **in,
                        int *n_in, dv_error *err)
{
    static const char *const usual[] = { "weight", "bias", NULL };
    const dv_op *op = dv_op_find(name);
    const char *const *suffix = op && op->weights[0] ? op->weights : usual;
    const char *prefix;
    if (!dv_json_text(item, "\"weights\"", &n->m->arena, &prefix, err))
        return false;
    if (!n->weights)
        return dv_fail(err, DV_BAD_DATA, "it needs weights, and there is no file of weights");
    for (int i = 0; suffix[i]; i++) {
        bool full = op && op->max_in >= 0 && *n_in >= op->max_in;
        bool optional = i > 0 && !(op && *n_in < op->min_in);
        if (i > 0 && full)
            break;
        if (!add_weight(n, prefix, suffix[i], optional, in, n_in, err))
            return false;
    }
    return true;
}

/* -- a node ----------------------------------------------------------------------------------- */

static size_t count_names(const cJSON *item)
{
    return cJSON_IsArray(item) ? (size_t)cJSON_GetArraySize(item) : 1;
}

/* One text or a list of them; to: room for count_names. */
static bool read_names(dv_arena *a, const cJSON *item, const char *what, const char **to, int *n,
                       dv_error *err)
{
    if (!cJSON_IsArray(item))
        return *n = 1, dv_json_text(item, what, a, &to[0], err);
    if (cJSON_GetArraySize(item) > MAX_NAMES || cJSON_GetArraySize(item) == 0)
        return dv_fail(err, DV_BAD_DATA, "%s has %d names: 1 to %d are possible", what,
                       cJSON_GetArraySize(item), MAX_NAMES);
    const cJSON *one;
    *n = 0;
    cJSON_ArrayForEach(one, item)
    {
        if (!dv_json_text(one, what, a, &to[(*n)++], err))
            return false;
    }
    return true;
}

/* All keys that are not the network's own words. */
static bool read_keys(dv_network *n, const cJSON *item, dv_node_words *w, const char **in,
                      dv_attr *attrs, dv_error *err)
{
    const cJSON *key;
    cJSON_ArrayForEach(key, item)
    {
        if (dv_json_get(item, key->string) != key)
            return dv_fail(err, DV_BAD_DATA, "\"%.60s\" is there twice", key->string);
        if (is_listed(own_words, key->string))
            continue;
        int i = dv_net_input_called(w->op, key->string);
        if (i == 0 && !dv_net_knows_attr(w->op, key->string))
            return dv_fail(err, DV_BAD_DATA, "unknown key \"%.60s\"", key->string);
        if (i > 0 && i < w->n_in)
            return dv_fail(err, DV_BAD_DATA, "\"%s\" is among its inputs already", key->string);
        dv_attr *a = &attrs[w->n_attrs];
        bool ok = i > 0 ? read_constant(n, key, w->name, &in[i], err)
                        : read_attr(&n->m->arena, key, a, err);
        if (!ok)
            return dv_fail_in(err, "\"%s\"", key->string);
        if (i == 0) {
            a->name = dv_arena_text(&n->m->arena, key->string, strlen(key->string), err);
            if (!a->name)
                return false;
            w->n_attrs++;
        }
    }
    return true;
}

static bool read_node(dv_network *n, const cJSON *item, dv_node_words *w, dv_error *err)
{
    dv_arena *a = &n->m->arena;
    const cJSON *input = dv_json_get(item, "input"), *output = dv_json_get(item, "output");
    const cJSON *weights = dv_json_get(item, "weights");
    const char **in = dv_arena_array(a, count_names(input) + DV_NAMED_INPUTS, sizeof *in, err);
    const char **out = dv_arena_array(a, count_names(output), sizeof *out, err);
    dv_attr *attrs = dv_arena_array(a, (size_t)cJSON_GetArraySize(item), sizeof *attrs, err);
    if (!in || !out || !attrs)
        return false;
    in[0] = n->before;
    out[0] = w->name;
    w->n_in = w->n_out = 1;
    if ((input && !read_names(a, input, "\"input\"", in, &w->n_in, err)) ||
        (output && !read_names(a, output, "\"output\"", out, &w->n_out, err)) ||
        (weights && !add_weights(n, w->op, weights, in, &w->n_in, err)))
        return false;
    int given = w->n_in;
    if (!read_keys(n, item, w, in, attrs, err))
        return false;
    for (int i = given; i < DV_NAMED_INPUTS; i++)
        if (in[i])
            w->n_in = i + 1;
    w->in = in;
    w->out = out;
    w->attrs = attrs;
    n->before = out[0];
    return true;
}

bool dv_network_node(dv_network *n, const cJSON *item, dv_node_words *w, dv_error *err)
{
    *w = (dv_node_words){ .name = "", .op = "", .opset = DV_NETWORK_OPSET };
    if (!cJSON_IsObject(item))
        return dv_fail(err, DV_BAD_DATA, "it is not an object: {…} is needed");
    if (!dv_json_get_text(item, "op", &n->m->arena, &w->op, err) ||
        !dv_json_get_text(item, "name", &n->m->arena, &w->name, err))
        return false;
    if (!w->name[0])
        return dv_fail(err, DV_BAD_DATA, "\"name\" is empty");
    bool ok = dv_net_knows(w->op) ? read_node(n, item, w, err)
                                  : dv_fail(err, DV_UNSUPPORTED, "this operator is not supported");
    return ok || dv_fail_in(err, "node '%s' (%s)", w->name, w->op);
}
