#include "onnx_mutate.h"

#include "choices.h"
#include "load/protobuf.h"
#include "nn/op.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_DEPTH = 10, LENGTH_BYTES = 5, RAW_BYTES = 8, MOST_RAW = 96 };

/* The messages of onnx.proto that lead to such numbers. */
typedef enum message {
    MODEL,
    GRAPH,
    NODE,
    ATTRIBUTE,
    TENSOR,
    VALUE,
    TYPE,
    TENSOR_TYPE,
    SHAPE,
    DIMENSION,
    OPSET,
    NO_MESSAGE,
} message;

static message message_in(message in, uint32_t field)
{
    static const struct {
        message in;
        uint32_t field;
        message is;
    } fields[] = {
        { MODEL, 7, GRAPH },      { MODEL, 8, OPSET },       { GRAPH, 1, NODE },
        { GRAPH, 5, TENSOR },     { GRAPH, 11, VALUE },      { NODE, 5, ATTRIBUTE },
        { ATTRIBUTE, 5, TENSOR }, { ATTRIBUTE, 6, GRAPH },   { VALUE, 2, TYPE },
        { TYPE, 1, TENSOR_TYPE }, { TENSOR_TYPE, 2, SHAPE }, { SHAPE, 1, DIMENSION },
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i].in == in && fields[i].field == field)
            return fields[i].is;
    return NO_MESSAGE;
}

static bool is_number(message in, uint32_t field)
{
    return (in == ATTRIBUTE && (field == 3 || field == 8)) ||
           (in == TENSOR && (field == 1 || field == 7)) || (in == DIMENSION && field == 1) ||
           (in == OPSET && field == 2);
}

/* The copy, and which place in it is to be another. */
typedef struct copy {
    uint8_t *at, *end; /* NULL: places are only counted */
    int place, target;
    choices chance;
    bool full;
} copy;

static void put(copy *c, const void *data, size_t n)
{
    if (!c->at)
        return;
    c->full |= n > (size_t)(c->end - c->at);
    if (c->full)
        return;
    memcpy(c->at, data, n);
    c->at += n;
}

/* bytes: at least so many, the last ones adding nothing. */
static void put_varint(copy *c, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes || v; i++, v >>= 7) {
        const uint8_t byte = (uint8_t)((v & 0x7f) | (v > 0x7f || i + 1 < bytes ? 0x80 : 0));
        put(c, &byte, 1);
    }
}

static bool is_target(copy *c)
{
    return c->place++ == c->target && c->at;
}

static void put_number(copy *c, uint64_t v)
{
    if (is_target(c))
        v = (uint64_t)choose_integer(&c->chance);
    put_varint(c, v, 1);
}

static void put_packed(copy *c, dv_pb list)
{
    dv_pb_field one = { .wire = DV_PB_BYTES, .bytes = list };
    size_t n = 0;
    if (!dv_pb_count(&one, "", DV_PB_VARINT, &n, NULL))
        n = 0;
    for (size_t i = 0; i < n; i++)
        put_number(c, dv_pb_number(&one, DV_PB_VARINT, &list));
}

static void put_raw(copy *c, dv_pb raw)
{
    for (; raw.at < raw.end; raw.at += RAW_BYTES) {
        int64_t v;
        memcpy(&v, raw.at, sizeof v);
        if (is_target(c))
            v = choose_integer(&c->chance);
        put(c, &v, sizeof v);
    }
}

static void put_op(copy *c, dv_pb text)
{
    int n = 0;
    while (dv_op_at(n))
        n++;
    if (is_target(c)) {
        const char *name = dv_op_at(choose(&c->chance, n))->name;
        put(c, name, strlen(name));
    } else {
        put(c, text.at, (size_t)(text.end - text.at));
    }
}

static bool put_message(copy *c, message is, dv_pb m, int depth);

static bool put_bytes(copy *c, message in, const dv_pb_field *f, int depth)
{
    const message inner = message_in(in, f->number);
    const size_t n = (size_t)(f->bytes.end - f->bytes.at);
    uint8_t *begin = c->at;
    put_varint(c, 0, LENGTH_BYTES);
    if (inner != NO_MESSAGE) {
        if (!put_message(c, inner, f->bytes, depth + 1))
            return false;
    } else if (is_number(in, f->number)) {
        put_packed(c, f->bytes);
    } else if (in == TENSOR && f->number == 9 && n % RAW_BYTES == 0 && n <= MOST_RAW) {
        put_raw(c, f->bytes);
    } else if (in == NODE && f->number == 4) {
        put_op(c, f->bytes);
    } else {
        put(c, f->bytes.at, n);
    }
    if (begin && !c->full) {
        copy length = { .at = begin, .end = begin + LENGTH_BYTES };
        put_varint(&length, (uint64_t)(c->at - begin) - LENGTH_BYTES, LENGTH_BYTES);
    }
    return true;
}

static bool put_message(copy *c, message is, dv_pb m, int depth)
{
    while (dv_pb_more(&m)) {
        dv_pb_field f;
        if (depth > MOST_DEPTH || !dv_pb_next(&m, &f, NULL))
            return false;
        put_varint(c, (uint64_t)f.number << 3 | f.wire, 1);
        if (f.wire == DV_PB_BYTES && !put_bytes(c, is, &f, depth))
            return false;
        if (f.wire == DV_PB_VARINT && is_number(is, f.number))
            put_number(c, f.value);
        else if (f.wire == DV_PB_VARINT)
            put_varint(c, f.value, 1);
        else if (f.wire != DV_PB_BYTES)
            put(c, &f.value, f.wire == DV_PB_64 ? 8 : 4);
    }
    return true;
}

size_t onnx_mutate(uint8_t *data, size_t size, size_t max, uint32_t seed)
{
    const dv_pb file = { data, data + size, data };
    uint8_t chance[64], *out = malloc(max);
    copy count = { .target = -1 };
    size_t n = 0;
    for (size_t i = 0; i < sizeof chance; i++) {
        seed = seed * 1664525U + 1013904223U;
        chance[i] = (uint8_t)(seed >> 24);
    }
    if (out && put_message(&count, MODEL, file, 0) && count.place > 0) {
        copy c = { .at = out, .end = out + max, .chance = { chance, chance + sizeof chance } };
        c.target = (int)((seed >> 4) % (uint32_t)count.place);
        if (put_message(&c, MODEL, file, 0) && !c.full) {
            n = (size_t)(c.at - out);
            memcpy(data, out, n);
        }
    }
    free(out);
    return n;
}
