#include "load/onnx.h"

#include "load/onnx_type.h"

#include <stdlib.h>
#include <string.h>

/* A TensorProto before its data is understood. */
typedef struct tensor {
    const char *name;
    int64_t type, location;
    int rank;
    int64_t dim[DV_MAX_RANK];
    bool has_raw;
    dv_pb raw;
    uint32_t list; /* the field that holds numbers: float_data, int32_data …; 0: none */
    size_t n_list;
    dv_pb_field last; /* of that field */
    int n_fields;     /* how many times it came */
    dv_onnx_external external;
} tensor;

enum { FLOAT_DATA = 4, INT32_DATA = 5, INT64_DATA = 7, DOUBLE_DATA = 10, UINT64_DATA = 11 };

static dv_pb_wire wire_of(uint32_t list)
{
    return list == FLOAT_DATA ? DV_PB_32 : list == DOUBLE_DATA ? DV_PB_64 : DV_PB_VARINT;
}

static bool add_dims(tensor *t, const dv_pb_field *f, dv_error *err)
{
    size_t n;
    if (!dv_pb_count(f, "dims", DV_PB_VARINT, &n, err))
        return false;
    if (n > (size_t)(DV_MAX_RANK - t->rank))
        return dv_fail(err, DV_UNSUPPORTED, "%zu dimensions: %d at most", n + (size_t)t->rank,
                       DV_MAX_RANK);
    dv_pb rest = f->bytes;
    for (size_t i = 0; i < n; i++)
        t->dim[t->rank++] = (int64_t)dv_pb_number(f, DV_PB_VARINT, &rest);
    return true;
}

static bool add_list(tensor *t, const dv_pb_field *f, dv_error *err)
{
    size_t n;
    if (t->list && t->list != f->number)
        return dv_fail(err, DV_BAD_DATA, "its data stands in two fields, %u and %u", t->list,
                       f->number);
    if (!dv_pb_count(f, "its data", wire_of(f->number), &n, err))
        return false;
    t->list = f->number;
    t->n_list += n;
    t->last = *f;
    t->n_fields++;
    return true;
}

/* A decimal number from the text of an external_data entry. */
static bool text_number(const char *text, const char *what, uint64_t *v, dv_error *err)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18 || text[digits])
        return dv_fail(err, DV_BAD_DATA, "%s of the external data is '%.40s'", what, text);
    *v = strtoull(text, NULL, 10);
    return true;
}

static bool add_external(dv_arena *a, tensor *t, dv_pb m, dv_error *err)
{
    const char *key = "", *value = "";
    while (dv_pb_more(&m)) {
        dv_pb_field f;
        if (!dv_pb_next(&m, &f, err))
            return false;
        if ((f.number == 1 && !dv_pb_text(&f, "key", a, &key, err)) ||
            (f.number == 2 && !dv_pb_text(&f, "value", a, &value, err)))
            return false;
    }
    dv_onnx_external *e = &t->external;
    if (strcmp(key, "location") == 0)
        e->location = value;
    else if (strcmp(key, "offset") == 0)
        return text_number(value, "offset", &e->offset, err);
    else if (strcmp(key, "length") == 0)
        return e->has_length = true, text_number(value, "length", &e->length, err);
    return true;
}

static bool take_field(dv_arena *a, tensor *t, const dv_pb_field *f, dv_error *err)
{
    dv_pb entry;
    switch (f->number) {
    case 1:
        return add_dims(t, f, err);
    case 2:
        return dv_pb_int(f, "data_type", &t->type, err);
    case FLOAT_DATA:
    case INT32_DATA:
    case INT64_DATA:
    case DOUBLE_DATA:
    case UINT64_DATA:
        return add_list(t, f, err);
    case 8:
        return dv_pb_text(f, "the name of a tensor", a, &t->name, err);
    case 9:
        t->has_raw = true;
        return dv_pb_message(f, "raw_data", &t->raw, err);
    case 13:
        return dv_pb_message(f, "external_data", &entry, err) && add_external(a, t, entry, err);
    case 14:
        return dv_pb_int(f, "data_location", &t->location, err);
    default:
        return true;
    }
}

static bool take_fields(dv_arena *a, tensor *t, dv_pb m, dv_error *err)
{
    dv_pb_field f;
    while (dv_pb_more(&m))
        if (!dv_pb_next(&m, &f, err) || !take_field(a, t, &f, err))
            return false;
    return true;
}

/* One number of a list into place i, in the type that the tensor has. Half floats stand in
 * int32_data as their bits. */
static void put(dv_dtype type, char *to, size_t i, uint64_t bits)
{
    size_t size = dv_dtype_size(type);
    for (size_t b = 0; b < size; b++)
        to[i * size + b] = (char)(bits >> (8 * b));
}

/* The list that ONNX keeps numbers of this type in. */
static uint32_t list_for(dv_dtype type)
{
    switch (type) {
    case DV_F32:
        return FLOAT_DATA;
    case DV_F64:
        return DOUBLE_DATA;
    case DV_I64:
        return INT64_DATA;
    case DV_F16:
    case DV_BF16:
    case DV_I32:
    case DV_I16:
    case DV_I8:
    case DV_U8:
    case DV_BOOL:
        break;
    }
    return INT32_DATA;
}

/* Points out->data to the numbers of the list: in the file, or copied where they are varints or
 * come in pieces. */
static bool use_list(dv_arena *a, const tensor *t, dv_pb m, dv_array *out, dv_error *err)
{
    dv_pb_wire wire = wire_of(t->list);
    if (t->n_fields == 1 && t->last.wire == DV_PB_BYTES && wire != DV_PB_VARINT) {
        out->data = t->last.bytes.at;
        return true;
    }
    char *to = dv_arena_array(a, t->n_list, dv_dtype_size(out->type), err);
    if (!to)
        return false;
    out->data = to;
    size_t at = 0, n;
    dv_pb_field f;
    while (dv_pb_more(&m)) {
        if (!dv_pb_next(&m, &f, err))
            return false;
        if (f.number != t->list)
            continue;
        dv_pb rest = f.bytes;
        if (!dv_pb_count(&f, "its data", wire, &n, err))
            return false;
        for (size_t i = 0; i < n; i++)
            put(out->type, to, at++, dv_pb_number(&f, wire, &rest));
    }
    return true;
}

static bool find_data(dv_onnx_store *s, const tensor *t, dv_pb m, dv_array *out, dv_error *err)
{
    char shape[DV_SHAPE_TEXT_MAX];
    size_t count = dv_shape_count(&out->shape), bytes = count * dv_dtype_size(out->type);
    if (t->location == 1)
        return dv_onnx_external_data(s, &t->external, bytes, &out->data, err);
    if (t->has_raw) {
        size_t have = (size_t)(t->raw.end - t->raw.at);
        out->data = t->raw.at;
        return have == bytes ||
               dv_fail(err, DV_BAD_DATA, "%zu bytes of data: %s of %s needs %zu", have,
                       dv_shape_text(&out->shape, shape), dv_dtype_name(out->type), bytes);
    }
    if (t->n_list != count)
        return dv_fail(err, DV_BAD_DATA, "%zu numbers: %s needs %zu", t->n_list,
                       dv_shape_text(&out->shape, shape), count);
    if (t->list && t->list != list_for(out->type))
        return dv_fail(err, DV_BAD_DATA, "numbers of type %s in field %u", dv_dtype_name(out->type),
                       t->list);
    if (count == 0) {
        out->data = "";
        return true;
    }
    return use_list(s->arena, t, m, out, err);
}

bool dv_onnx_tensor(dv_onnx_store *s, dv_pb m, const char **name, dv_array *out, dv_error *err)
{
    tensor t = { .name = "" };
    if (!take_fields(s->arena, &t, m, err) || !dv_onnx_type(t.type, &out->type, err) ||
        !dv_shape_set(&out->shape, t.rank, t.dim, "its shape", err) ||
        !find_data(s, &t, m, out, err))
        return dv_fail_in(err, "tensor '%s'", t.name);
    *name = t.name;
    return true;
}

bool dv_onnx_read_tensor(dv_arena *a, const uint8_t *data, size_t size, const char **name,
                         dv_array *out, dv_error *err)
{
    dv_onnx_store s = { .arena = a };
    return dv_onnx_tensor(&s, (dv_pb){ data, data + size, data }, name, out, err);
}
