/* load_onnx.c - ModelProto and GraphProto: from the bytes of a .onnx file to a model. */
#include "base/path.h"
#include "load/loader.h"
#include "load/net.h"
#include "load/onnx.h"
#include "load/onnx_type.h"
#include "load/sidecar.h"

#include <string.h>

/* -- ModelProto ------------------------------------------------------------------------------- */

typedef struct file {
    bool has_graph;
    dv_pb graph;
    bool has_opset; /* of any domain */
    int64_t opset;  /* of ONNX's own; 0: none named */
} file;

static bool take_opset(dv_arena *a, dv_pb m, file *to, dv_error *err)
{
    const char *domain = "";
    int64_t version = 0;
    while (dv_pb_more(&m)) {
        dv_pb_field f;
        if (!dv_pb_next(&m, &f, err) ||
            (f.number == 1 && !dv_pb_text(&f, "domain", a, &domain, err)) ||
            (f.number == 2 && !dv_pb_int(&f, "version", &version, err)))
            return false;
    }
    to->has_opset = true;
    if (!domain[0] || strcmp(domain, "ai.onnx") == 0)
        to->opset = version;
    return true;
}

static bool read_file(dv_arena *a, dv_pb m, file *to, dv_error *err)
{
    *to = (file){ 0 };
    while (dv_pb_more(&m)) {
        dv_pb_field f;
        dv_pb opset;
        if (!dv_pb_next(&m, &f, err))
            return false;
        if (f.number == 7 && to->has_graph)
            return dv_fail(err, DV_BAD_DATA, "the file holds two graphs");
        if (f.number == 7 && !dv_pb_message(&f, "graph", &to->graph, err))
            return false;
        to->has_graph |= f.number == 7;
        if (f.number == 8 &&
            (!dv_pb_message(&f, "opset_import", &opset, err) || !take_opset(a, opset, to, err)))
            return false;
    }
    if (!to->has_graph)
        return dv_fail(err, DV_BAD_DATA, "the file holds no graph (truncated?)");
    return true;
}

static bool check_opset(const file *f, int oldest, dv_error *err)
{
    if (!f->has_opset)
        return dv_fail(err, DV_BAD_DATA,
                       "the file names no version of ONNX's operators (truncated?)");
    if (f->opset == 0)
        return dv_fail(err, DV_UNSUPPORTED, "the file has no operators of ONNX's own domain");
    if (f->opset < oldest || f->opset > INT32_MAX)
        return dv_fail(err, DV_UNSUPPORTED,
                       "ONNX operator set %lld: %d and later are supported (export it again, or "
                       "convert it with onnx.version_converter)",
                       (long long)f->opset, oldest);
    return true;
}

/* -- GraphProto ------------------------------------------------------------------------------- */

typedef struct graph {
    dv_model *m;
    dv_onnx_store store;
    const dv_onnx_request *q;
    dv_pb message;
    int opset;
    int n_nodes;
    const char *input, *output; /* NULL: none so far */
} graph;

static bool add_initializer(graph *g, dv_pb m, dv_error *err)
{
    const char *name;
    dv_array *a = dv_arena_alloc(&g->m->arena, sizeof *a, err);
    if (!a || !dv_onnx_tensor(&g->store, m, &name, a, err))
        return false;
    return dv_model_add_constant(g->m, name, a, err);
}

/* The shape of an input whose free dimensions are given: one image, height and width from the
 * request. */
static bool input_shape(const graph *g, dv_onnx_value *v, dv_shape *s, dv_error *err)
{
    static const char *const axes[] = { "batch size", "number of channels", "height", "width" };
    if (v->rank < 0)
        return dv_fail(err, DV_UNSUPPORTED, "input '%s' has no shape", v->name);
    if (v->rank > 0 && v->dim[0] < 0)
        v->dim[0] = 1;
    if (g->q->size[0] && v->rank != 4)
        return dv_fail(err, DV_BAD_USAGE, "input '%s' has %d dimensions: no size can be set",
                       v->name, v->rank);
    for (int i = 0; i < 2 && g->q->size[0]; i++) {
        g->m->resized |= v->dim[2 + i] >= 0 && v->dim[2 + i] != g->q->size[i];
        v->dim[2 + i] = g->q->size[i];
    }
    for (int i = 0; i < v->rank; i++) {
        if (v->dim[i] >= 0)
            continue;
        if (v->rank == 4 && i >= 2)
            return dv_fail(err, DV_BAD_USAGE,
                           "input '%s' leaves its %s free: a size must be given (--size)", v->name,
                           axes[i]);
        return dv_fail(err, DV_UNSUPPORTED, "input '%s' leaves its %s free", v->name,
                       v->rank == 4 ? axes[i] : "shape");
    }
    if (!dv_shape_set(s, v->rank, v->dim, "its shape", err))
        return dv_fail_in(err, "input '%s'", v->name);
    char text[DV_SHAPE_TEXT_MAX];
    if (v->rank > 0 && v->dim[0] != 1)
        return dv_fail(
            err, DV_UNSUPPORTED,
            "input '%s' is %s: one image at a time, a first dimension of 1, is supported", v->name,
            dv_shape_text(s, text));
    return true;
}

/* Old files list initializers among the inputs; what is left must be one. */
static bool add_input(graph *g, dv_pb m, dv_error *err)
{
    dv_onnx_value v;
    dv_dtype type;
    dv_shape s;
    if (!dv_onnx_read_value(&g->m->arena, m, &v, err))
        return false;
    if (dv_model_value(g->m, v.name) != DV_NO_VALUE && (!g->input || strcmp(g->input, v.name) != 0))
        return true;
    if (g->input)
        return dv_fail(err, DV_UNSUPPORTED, "two inputs, '%s' and '%s': one is supported", g->input,
                       v.name);
    g->input = v.name;
    if (v.type == 0)
        return dv_fail(err, DV_UNSUPPORTED, "input '%s' is not a tensor", v.name);
    if (!dv_onnx_type(v.type, &type, err))
        return dv_fail_in(err, "input '%s'", v.name);
    if (!dv_dtype_is_float(type))
        return dv_fail(err, DV_UNSUPPORTED, "input '%s' is of type %s: a float type is supported",
                       v.name, dv_dtype_name(type));
    if (g->q->shape)
        s = *g->q->shape;
    else if (!input_shape(g, &v, &s, err))
        return false;
    return dv_model_add_input(g->m, v.name, &s, err);
}

/* Calls `take` with every field of that number, a message. */
static bool each(graph *g, uint32_t number, const char *what,
                 bool (*take)(graph *g, dv_pb m, dv_error *err), dv_error *err)
{
    for (dv_pb m = g->message; dv_pb_more(&m);) {
        dv_pb_field f;
        dv_pb one;
        if (!dv_pb_next(&m, &f, err))
            return false;
        if (f.number == number && (!dv_pb_message(&f, what, &one, err) || !take(g, one, err)))
            return false;
    }
    return true;
}

static bool refuse_sparse(graph *g, dv_pb m, dv_error *err)
{
    (void)g, (void)m;
    return dv_fail(err, DV_UNSUPPORTED, "sparse tensors are not supported");
}

static bool take_output(graph *g, dv_pb m, dv_error *err)
{
    dv_onnx_value v;
    if (!dv_onnx_read_value(&g->m->arena, m, &v, err))
        return false;
    if (!g->output)
        g->output = v.name;
    return true;
}

static bool count_node(graph *g, dv_pb m, dv_error *err)
{
    (void)m;
    return ++g->n_nodes <= DV_MAX_NODES ||
           dv_fail(err, DV_UNSUPPORTED, "more than %d nodes", DV_MAX_NODES);
}

static bool add_nodes(graph *g, dv_error *err)
{
    if (!each(g, 1, "node", count_node, err))
        return false;
    dv_node_words *nodes = dv_arena_array(&g->m->arena, (size_t)g->n_nodes, sizeof *nodes, err);
    if (!nodes)
        return false;
    int n = 0;
    for (dv_pb m = g->message; dv_pb_more(&m);) {
        dv_pb_field f;
        if (!dv_pb_next(&m, &f, err) ||
            (f.number == 1 && !dv_onnx_node(&g->store, f.bytes, g->opset, &nodes[n++], err)))
            return false;
    }
    dv_fold_budget budget = { DV_FOLD_BUDGET };
    return dv_net_add_nodes(g->m, nodes, n, &budget, err);
}

bool dv_onnx_build(dv_model *m, const uint8_t *data, size_t size, const dv_onnx_request *q,
                   dv_error *err)
{
    file f;
    if (!read_file(&m->arena, (dv_pb){ data, data + size, data }, &f, err) ||
        !check_opset(&f, q->oldest ? q->oldest : DV_ONNX_OLDEST, err))
        return false;
    graph g = { .m = m,
                .store = { .arena = &m->arena, .model = m, .folder = q->folder },
                .q = q,
                .message = f.graph,
                .opset = (int)f.opset };
    if (!each(&g, 15, "sparse_initializer", refuse_sparse, err) ||
        !each(&g, 5, "initializer", add_initializer, err))
        return false;
    for (int i = 0; i < q->n_bound; i++)
        if (dv_model_value(m, q->bound[i].name) == DV_NO_VALUE &&
            !dv_model_add_constant(m, q->bound[i].name, q->bound[i].array, err))
            return false;
    if (!each(&g, 11, "input", add_input, err) || !each(&g, 12, "output", take_output, err) ||
        !add_nodes(&g, err))
        return false;
    if (q->constants_only)
        return true;
    if (!g.output)
        return dv_fail(err, DV_BAD_DATA, "the graph has no output");
    return dv_model_finish(m, g.output, err);
}

/* -- the loader ------------------------------------------------------------------------------- */

/* A ModelProto begins with its ir_version, a small number, and goes on with one of its fields. */
static bool sniff(const dv_file *f)
{
    if (f->size < 2 || f->data[0] != 0x08 || f->data[1] < 1 || f->data[1] > 0x7f)
        return false;
    if (f->size == 2)
        return true;
    int number = f->data[2] >> 3, wire = f->data[2] & 7;
    return (number >= 2 && number <= 8 && (wire == DV_PB_BYTES || number == 5)) || number == 14;
}

static bool build(dv_model *m, const dv_file *f, const dv_load_options *o, dv_error *err)
{
    const char *folder = dv_folder_of(&m->arena, m->path, err);
    if (!folder)
        return false;
    dv_onnx_request q = { .folder = folder, .size = { o->size[0], o->size[1] } };
    return dv_model_add_part(m, DV_PART_NETWORK, m->path, f, err) &&
           dv_onnx_build(m, f->data, f->size, &q, err) && dv_sidecar_find(m, err);
}

const dv_loader dv_loader_onnx = { "ONNX", sniff, build };
