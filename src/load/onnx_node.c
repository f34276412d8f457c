#include "load/onnx.h"

#include <stdio.h>
#include <string.h>

enum { MAX_ATTRS = 1000, MAX_NAMES = 100000 };

/* AttributeProto.AttributeType. */
typedef enum attr_type {
    A_NONE,
    A_FLOAT,
    A_INT,
    A_STRING,
    A_TENSOR,
    A_GRAPH,
    A_FLOATS,
    A_INTS,
    A_STRINGS,
    A_TENSORS,
    A_GRAPHS,
    A_SPARSE_TENSOR,
    A_SPARSE_TENSORS,
    A_TYPE,
    A_TYPES,
    N_ATTR_TYPES,
} attr_type;

static const char *const type_names[N_ATTR_TYPES] = {
    "without a type",   "a float",         "an integer",     "a text",          "a tensor",
    "a graph",          "floats",          "integers",       "a list of texts", "a list of tensors",
    "a list of graphs", "a sparse tensor", "sparse tensors", "a type",          "a list of types",
};

/* The type that a field's presence speaks for, where an old file gives none. */
static attr_type type_of_field(uint32_t number)
{
    switch (number) {
    case 2:
        return A_FLOAT;
    case 3:
        return A_INT;
    case 4:
        return A_STRING;
    case 5:
        return A_TENSOR;
    case 6:
        return A_GRAPH;
    case 7:
        return A_FLOATS;
    case 8:
        return A_INTS;
    case 9:
        return A_STRINGS;
    default:
        return A_NONE;
    }
}

/* An AttributeProto before its lists have memory. */
typedef struct attribute {
    const char *name;
    int64_t type;
    attr_type seen;
    float f;
    int64_t i;
    const char *s;
    bool has_t, has_g;
    dv_pb t, g;
    size_t n_list; /* of floats or ints */
} attribute;

static bool take_attr_field(dv_arena *arena, attribute *a, const dv_pb_field *f, dv_error *err)
{
    size_t n = 0;
    bool ok = true;
    if (type_of_field(f->number) != A_NONE)
        a->seen = type_of_field(f->number);
    switch (f->number) {
    case 1:
        return dv_pb_text(f, "the name of an attribute", arena, &a->name, err);
    case 2:
        return dv_pb_float(f, "f", &a->f, err);
    case 3:
        return dv_pb_int(f, "i", &a->i, err);
    case 4:
        return dv_pb_text(f, "its text", arena, &a->s, err);
    case 5:
        a->has_t = true;
        return dv_pb_message(f, "t", &a->t, err);
    case 6:
        a->has_g = true;
        return dv_pb_message(f, "g", &a->g, err);
    case 7:
        ok = dv_pb_count(f, "floats", DV_PB_32, &n, err);
        break;
    case 8:
        ok = dv_pb_count(f, "ints", DV_PB_VARINT, &n, err);
        break;
    case 20:
        return dv_pb_int(f, "type", &a->type, err);
    case 21:
        return dv_fail(err, DV_UNSUPPORTED, "a reference to a function's attribute");
    default:
        break;
    }
    a->n_list += n;
    return ok;
}

/* Collects the numbers of field `number` (floats or ints), packed or not. */
static bool read_list(dv_arena *arena, dv_pb m, uint32_t number, size_t n, dv_attr *to,
                      dv_error *err)
{
    dv_pb_wire wire = number == 7 ? DV_PB_32 : DV_PB_VARINT;
    if (n > DV_MAX_ELEMENTS)
        return dv_fail(err, DV_UNSUPPORTED, "%zu numbers: %d at most", n, DV_MAX_ELEMENTS);
    int64_t *ints = dv_arena_array(arena, number == 8 ? n : 0, sizeof *ints, err);
    float *floats = dv_arena_array(arena, number == 7 ? n : 0, sizeof *floats, err);
    if (!ints || !floats)
        return false;
    size_t at = 0, count;
    dv_pb_field f;
    while (dv_pb_more(&m)) {
        if (!dv_pb_next(&m, &f, err))
            return false;
        if (f.number != number)
            continue;
        dv_pb rest = f.bytes;
        if (!dv_pb_count(&f, "its list", wire, &count, err))
            return false;
        for (size_t i = 0; i < count; i++, at++) {
            uint64_t bits = dv_pb_number(&f, wire, &rest);
            uint32_t half = (uint32_t)bits;
            if (number == 8)
                ints[at] = (int64_t)bits;
            else
                memcpy(&floats[at], &half, sizeof half);
        }
    }
    to->kind = number == 8 ? DV_ATTR_INTS : DV_ATTR_FLOATS;
    to->n = (int)n;
    if (number == 8)
        to->v.ints = ints;
    else
        to->v.floats = floats;
    return true;
}

static bool read_array(dv_onnx_store *s, const attribute *a, dv_attr *to, dv_error *err)
{
    const char *name;
    dv_array *array = dv_arena_alloc(s->arena, sizeof *array, err);
    if (!array)
        return false;
    if (!a->has_t)
        return dv_fail(err, DV_BAD_DATA, "it has no tensor");
    if (!dv_onnx_tensor(s, a->t, &name, array, err))
        return false;
    to->kind = DV_ATTR_ARRAY;
    to->v.array = array;
    return true;
}

static bool read_branch(dv_onnx_store *s, const attribute *a, int opset, dv_attr *to, dv_error *err)
{
    dv_branch *branch = dv_arena_alloc(s->arena, sizeof *branch, err);
    if (!branch)
        return false;
    if (!a->has_g)
        return dv_fail(err, DV_BAD_DATA, "it has no graph");
    to->kind = DV_ATTR_BRANCH;
    to->v.branch = branch;
    return dv_onnx_branch(s, a->g, opset, branch, err);
}

/* *known: whether the operator of `w` can be given it. */
static bool read_value(dv_onnx_store *s, const attribute *a, dv_pb m, const dv_node_words *w,
                       dv_attr *to, bool *known, dv_error *err)
{
    int64_t type = a->type ? a->type : (int64_t)a->seen;
    *known = true;
    if (type == A_GRAPH && strcmp(w->op, "If") == 0)
        return read_branch(s, a, w->opset, to, err);
    switch (type) {
    case A_FLOAT:
        to->kind = DV_ATTR_FLOAT;
        to->v.f = a->f;
        return true;
    case A_INT:
        to->kind = DV_ATTR_INT;
        to->v.i = a->i;
        return true;
    case A_STRING:
        to->kind = DV_ATTR_TEXT;
        to->v.text = a->s;
        return true;
    case A_TENSOR:
        return read_array(s, a, to, err);
    case A_FLOATS:
        return read_list(s->arena, m, 7, a->n_list, to, err);
    case A_INTS:
        return read_list(s->arena, m, 8, a->n_list, to, err);
    default:
        *known = false;
        return dv_fail(err, DV_UNSUPPORTED, "it is %s, which no operator here takes",
                       type > 0 && type < N_ATTR_TYPES ? type_names[type] : "of an unknown type");
    }
}

/* Appends an attribute. One of a kind that no operator takes is passed over where the operator is
 * unknown anyway: that is the better message. */
static bool add_attr(dv_onnx_store *s, dv_pb m, const dv_node_words *w, dv_attr *attrs, int *n,
                     dv_error *err)
{
    attribute a = { .name = "", .s = "" };
    dv_attr *to = &attrs[*n];
    bool known = true, ok = true;
    dv_pb_field f;
    for (dv_pb rest = m; ok && dv_pb_more(&rest);)
        ok = dv_pb_next(&rest, &f, err) && take_attr_field(s->arena, &a, &f, err);
    ok = ok && read_value(s, &a, m, w, to, &known, err);
    if (!known && !dv_op_find(w->op))
        return true;
    if (!ok)
        return dv_fail_in(err, "attribute '%s'", a.name);
    to->name = a.name;
    ++*n;
    return true;
}

/* The texts of a NodeProto, and how much room its lists need. */
static bool take_node_field(dv_arena *a, dv_node_words *w, const char **domain,
                            const dv_pb_field *f, dv_error *err)
{
    switch (f->number) {
    case 1:
        w->n_in++;
        return w->n_in <= MAX_NAMES ||
               dv_fail(err, DV_UNSUPPORTED, "more than %d inputs", MAX_NAMES);
    case 2:
        w->n_out++;
        return w->n_out <= MAX_NAMES ||
               dv_fail(err, DV_UNSUPPORTED, "more than %d outputs", MAX_NAMES);
    case 3:
        return dv_pb_text(f, "the name of a node", a, &w->name, err);
    case 4:
        return dv_pb_text(f, "op_type", a, &w->op, err);
    case 5:
        w->n_attrs++;
        return w->n_attrs <= MAX_ATTRS ||
               dv_fail(err, DV_UNSUPPORTED, "more than %d attributes", MAX_ATTRS);
    case 7:
        return dv_pb_text(f, "domain", a, domain, err);
    default:
        return true;
    }
}

/* An operator of another domain than ONNX's own is called DOMAIN.OPERATOR, which no table has. */
static bool qualify(dv_arena *a, dv_node_words *w, const char *domain, dv_error *err)
{
    if (!domain[0] || strcmp(domain, "ai.onnx") == 0)
        return true;
    size_t room = strlen(domain) + strlen(w->op) + 2;
    char *op = dv_arena_alloc(a, room, err);
    if (!op)
        return false;
    snprintf(op, room, "%s.%s", domain, w->op);
    w->op = op;
    return true;
}

static bool read_lists(dv_onnx_store *s, dv_pb m, dv_node_words *w, dv_error *err)
{
    const char **in = dv_arena_array(s->arena, (size_t)w->n_in, sizeof *in, err);
    const char **out = dv_arena_array(s->arena, (size_t)w->n_out, sizeof *out, err);
    dv_attr *attrs = dv_arena_array(s->arena, (size_t)w->n_attrs, sizeof *attrs, err);
    if (!in || !out || !attrs)
        return false;
    int n_in = 0, n_out = 0, n_attrs = 0;
    dv_pb_field f;
    dv_pb attr;
    while (dv_pb_more(&m)) {
        if (!dv_pb_next(&m, &f, err) ||
            (f.number == 1 && !dv_pb_text(&f, "an input", s->arena, &in[n_in++], err)) ||
            (f.number == 2 && !dv_pb_text(&f, "an output", s->arena, &out[n_out++], err)) ||
            (f.number == 5 && (!dv_pb_message(&f, "attribute", &attr, err) ||
                               !add_attr(s, attr, w, attrs, &n_attrs, err))))
            return false;
    }
    w->in = in;
    w->out = out;
    w->attrs = attrs;
    w->n_attrs = n_attrs;
    return true;
}

/* What a node's branches read from outside becomes input of the node, so that it stands behind it.
 */
static bool add_outer_names(dv_onnx_store *s, dv_node_words *w, dv_error *err)
{
    int n = w->n_in;
    for (int i = 0; i < w->n_attrs; i++)
        n += w->attrs[i].kind == DV_ATTR_BRANCH ? w->attrs[i].v.branch->n_outer : 0;
    if (n == w->n_in || w->n_in == 0)
        return true;
    const char **in = dv_arena_array(s->arena, (size_t)n, sizeof *in, err);
    if (!in)
        return false;
    memcpy(in, w->in, (size_t)w->n_in * sizeof *in);
    for (int i = 0, at = w->n_in; i < w->n_attrs; i++) {
        if (w->attrs[i].kind != DV_ATTR_BRANCH)
            continue;
        const dv_branch *b = w->attrs[i].v.branch;
        memcpy(in + at, b->outer, (size_t)b->n_outer * sizeof *in);
        at += b->n_outer;
    }
    w->in = in;
    w->n_in = n;
    return true;
}

bool dv_onnx_node(dv_onnx_store *s, dv_pb m, int opset, dv_node_words *w, dv_error *err)
{
    const char *domain = "";
    bool ok = true;
    dv_pb_field f;
    *w = (dv_node_words){ .name = "", .op = "", .opset = opset };
    for (dv_pb rest = m; ok && dv_pb_more(&rest);)
        ok = dv_pb_next(&rest, &f, err) && take_node_field(s->arena, w, &domain, &f, err);
    ok = ok && qualify(s->arena, w, domain, err) && read_lists(s, m, w, err) &&
         add_outer_names(s, w, err);
    if (!ok)
        return dv_fail_in(err, "node '%s' (%s)", w->name, w->op);
    return true;
}
