/* model.c - the life of a model, and what can be asked of it. */
#include "graph/model.h"

#include "graph/names.h"

#include <stdlib.h>
#include <string.h>

dv_model *dv_model_new(const char *path, dv_source *source, dv_error *err)
{
    dv_model *m = calloc(1, sizeof *m);
    if (!m) {
        dv_fail(err, DV_NO_MEMORY, "no memory for a model");
        return NULL;
    }
    pthread_mutex_init(&m->hashing, NULL);
    m->input = m->output = DV_NO_VALUE;
    m->source = source ? dv_source_retain(source) : dv_source_new(NULL, err);
    m->cache = m->source ? dv_weights_cache_new(err) : NULL;
    m->names = m->cache ? dv_names_new(err) : NULL;
    m->path = m->names ? dv_arena_text(&m->arena, path, strlen(path), err) : NULL;
    if (!m->path) {
        dv_model_free(m);
        return NULL;
    }
    const char *slash = strrchr(m->path, '/');
    m->name = slash ? slash + 1 : m->path;
    return m;
}

void dv_model_free(dv_model *m)
{
    if (!m)
        return;
    free(m->parts);
    free(m->part_files);
    free(m->values);
    free(m->nodes);
    dv_names_free(m->names);
    dv_arena_release(&m->arena);
    dv_weights_cache_free(m->cache);
    dv_source_release(m->source);
    pthread_mutex_destroy(&m->hashing);
    free(m);
}

const char *dv_model_name(const dv_model *m)
{
    return m->name;
}

const char *dv_model_path(const dv_model *m)
{
    return m->path;
}

dv_weights_cache *dv_model_cache(const dv_model *m, int value)
{
    const dv_array *a = value == DV_NO_VALUE ? NULL : m->values[value].constant;
    return a && dv_source_holds(m->source, a->data) ? dv_source_cache(m->source) : m->cache;
}

void dv_model_forget(const dv_model *m, int value)
{
    const dv_array *a = value == DV_NO_VALUE ? NULL : m->values[value].constant;
    if (a)
        dv_source_forget(m->source, a->data, dv_shape_count(&a->shape) * dv_dtype_size(a->type));
}

const dv_preprocess *dv_model_preprocess(const dv_model *m)
{
    return m->preprocess;
}

const char *dv_model_label(const dv_model *m, int i)
{
    return i >= 0 && i < m->n_labels ? m->labels[i] : NULL;
}

int dv_model_n_labels(const dv_model *m)
{
    return m->n_labels;
}

int dv_model_input(const dv_model *m)
{
    return m->input;
}

int dv_model_output(const dv_model *m)
{
    return m->output;
}

static bool is_tensor(const dv_model *m, int tensor)
{
    return tensor >= 0 && tensor < m->n_values;
}

const char *dv_tensor_name(const dv_model *m, int tensor)
{
    return is_tensor(m, tensor) ? m->values[tensor].name : NULL;
}

const dv_shape *dv_tensor_shape(const dv_model *m, int tensor)
{
    return is_tensor(m, tensor) ? &m->values[tensor].shape : NULL;
}

int dv_model_n_layers(const dv_model *m)
{
    return m->n_layers;
}

const dv_layer *dv_model_layer(const dv_model *m, int i)
{
    return i >= 0 && i < m->n_layers ? &m->layers[i] : NULL;
}

int dv_model_value(const dv_model *m, const char *name)
{
    return dv_names_find(m->names, name);
}

dv_node_spec dv_node_spec_of(const dv_model *m, const dv_node *n, dv_operand *operands)
{
    for (int i = 0; i < n->n_in; i++) {
        operands[i] = (dv_operand){ .shape.rank = -1 };
        if (n->in[i] != DV_NO_VALUE) {
            const dv_value *v = &m->values[n->in[i]];
            operands[i] = (dv_operand){ v->shape, v->constant };
        }
    }
    return (dv_node_spec){ n->opset, n->n_attrs, n->attrs, n->n_in, operands, n->n_out };
}

const char *dv_node_title(const dv_model *m, const dv_node *n)
{
    if (n->name[0])
        return n->name;
    for (int i = 0; i < n->n_out; i++)
        if (n->out[i] != DV_NO_VALUE)
            return m->values[n->out[i]].name;
    return n->op->name;
}
