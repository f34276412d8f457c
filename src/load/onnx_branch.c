/* onnx_branch.c - GraphProto of a branch of an If. */
#include "load/onnx.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 8 };

typedef struct reader {
    dv_onnx_store *store;
    dv_pb message;
    int opset;
    dv_node_words *nodes;
    const char **names, **out;
    dv_array *arrays;
    int n_nodes, n_arrays, n_out;
} reader;

static bool count(reader *r, dv_branch *b, dv_error *err)
{
    dv_pb_field f;
    for (dv_pb m = r->message; dv_pb_more(&m);) {
        if (!dv_pb_next(&m, &f, err))
            return false;
        if (f.number == 15)
            return dv_fail(err, DV_UNSUPPORTED, "sparse tensors are not supported");
        b->n_nodes += f.number == 1;
        b->n_constants += f.number == 5;
        b->n_out += f.number == 12;
        if (b->n_nodes > DV_MAX_NODES || b->n_constants > DV_MAX_VALUES || b->n_out > DV_MAX_VALUES)
            return dv_fail(err, DV_UNSUPPORTED, "more than %d nodes", DV_MAX_NODES);
    }
    return true;
}

static bool take_field(reader *r, const dv_pb_field *f, dv_error *err)
{
    dv_pb m;
    dv_onnx_value v;
    switch (f->number) {
    case 1:
        return dv_pb_message(f, "node", &m, err) &&
               dv_onnx_node(r->store, m, r->opset, &r->nodes[r->n_nodes++], err);
    case 5:
        return dv_pb_message(f, "initializer", &m, err) &&
               dv_onnx_tensor(r->store, m, &r->names[r->n_arrays], &r->arrays[r->n_arrays], err) &&
               ++r->n_arrays;
    case 12:
        if (!dv_pb_message(f, "output", &m, err) ||
            !dv_onnx_read_value(r->store->arena, m, &v, err))
            return false;
        r->out[r->n_out++] = v.name;
        return true;
    default:
        return true;
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_named(const char *name)
{
    return name && name[0];
}

/* Names that the branch reads and does not make itself. own: sorted. */
static void list_outer(const dv_branch *b, const char **own, size_t n_own, const char **outer,
                       int *n_outer)
{
    for (int i = 0; i < b->n_nodes; i++)
        for (int k = 0; k < b->nodes[i].n_in; k++)
            if (is_named(b->nodes[i].in[k]) &&
                !bsearch(&b->nodes[i].in[k], own, n_own, sizeof *own, by_text))
                outer[(*n_outer)++] = b->nodes[i].in[k];
    for (int k = 0; k < b->n_out; k++)
        if (is_named(b->out[k]) && !bsearch(&b->out[k], own, n_own, sizeof *own, by_text))
            outer[(*n_outer)++] = b->out[k];
}

static bool find_outer(dv_onnx_store *s, dv_branch *b, dv_error *err)
{
    size_t n_own = (size_t)b->n_constants, n_read = (size_t)b->n_out;
    for (int i = 0; i < b->n_nodes; i++) {
        n_own += (size_t)b->nodes[i].n_out;
        n_read += (size_t)b->nodes[i].n_in;
    }
    const char **own = dv_arena_array(s->arena, n_own, sizeof *own, err);
    const char **outer = dv_arena_array(s->arena, n_read, sizeof *outer, err);
    if (!own || !outer)
        return false;
    if (n_read > DV_MAX_VALUES)
        return dv_fail(err, DV_UNSUPPORTED, "it reads more than %d values", DV_MAX_VALUES);
    n_own = 0;
    for (int i = 0; i < b->n_constants; i++)
        own[n_own++] = b->constant_names[i];
    for (int i = 0; i < b->n_nodes; i++)
        for (int k = 0; k < b->nodes[i].n_out; k++)
            own[n_own++] = b->nodes[i].out[k];
    qsort(own, n_own, sizeof *own, by_text);
    list_outer(b, own, n_own, outer, &b->n_outer);
    b->outer = outer;
    return true;
}

static bool read_fields(reader *r, dv_branch *b, dv_error *err)
{
    dv_arena *a = r->store->arena;
    if (!count(r, b, err))
        return false;
    r->nodes = dv_arena_array(a, (size_t)b->n_nodes, sizeof *r->nodes, err);
    r->names = dv_arena_array(a, (size_t)b->n_constants, sizeof *r->names, err);
    r->arrays = dv_arena_array(a, (size_t)b->n_constants, sizeof *r->arrays, err);
    r->out = dv_arena_array(a, (size_t)b->n_out, sizeof *r->out, err);
    if (!r->nodes || !r->names || !r->arrays || !r->out)
        return false;
    dv_pb_field f;
    for (dv_pb m = r->message; dv_pb_more(&m);)
        if (!dv_pb_next(&m, &f, err) || !take_field(r, &f, err))
            return false;
    b->nodes = r->nodes;
    b->constant_names = r->names;
    b->constants = r->arrays;
    b->out = r->out;
    return true;
}

bool dv_onnx_branch(dv_onnx_store *s, dv_pb message, int opset, dv_branch *b, dv_error *err)
{
    reader r = { .store = s, .message = message, .opset = opset };
    *b = (dv_branch){ 0 };
    if (s->depth == MAX_DEPTH)
        return dv_fail(err, DV_UNSUPPORTED, "more than %d branches within each other", MAX_DEPTH);
    s->depth++;
    bool ok = read_fields(&r, b, err) && find_outer(s, b, err);
    s->depth--;
    return ok;
}
