#include "onnx_bytes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void bytes_free(bytes *b)
{
    free(b->data);
    *b = (bytes){ 0 };
}

void put_raw(bytes *b, const void *data, size_t n)
{
    if (b->n + n > b->room) {
        b->room = 2 * (b->n + n);
        b->data = realloc(b->data, b->room);
        if (!b->data)
            abort();
    }
    if (n)
        memcpy(b->data + b->n, data, n);
    b->n += n;
}

void put_varint(bytes *b, uint64_t v)
{
    do {
        uint8_t byte = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        put_raw(b, &byte, 1);
        v >>= 7;
    } while (v);
}

void put_int(bytes *b, uint32_t field, int64_t v)
{
    put_varint(b, field << 3);
    put_varint(b, (uint64_t)v);
}

void put_float(bytes *b, uint32_t field, float v)
{
    put_varint(b, field << 3 | 5);
    put_raw(b, &v, sizeof v);
}

void put_bytes(bytes *b, uint32_t field, const void *data, size_t n)
{
    put_varint(b, field << 3 | 2);
    put_varint(b, n);
    put_raw(b, data, n);
}

void put_text(bytes *b, uint32_t field, const char *text)
{
    put_bytes(b, field, text, strlen(text));
}

void put_message(bytes *b, uint32_t field, bytes inner)
{
    put_bytes(b, field, inner.data, inner.n);
    bytes_free(&inner);
}

void onnx_value(bytes *graph, uint32_t field, const char *name, int type, const int64_t *dims)
{
    bytes shape = { 0 }, tensor = { 0 }, kind = { 0 }, value = { 0 };
    for (; *dims; dims++) {
        bytes dim = { 0 };
        if (*dims < 0)
            put_text(&dim, 2, "free");
        else
            put_int(&dim, 1, *dims);
        put_message(&shape, 1, dim);
    }
    put_int(&tensor, 1, type);
    put_message(&tensor, 2, shape);
    put_message(&kind, 1, tensor);
    put_text(&value, 1, name);
    put_message(&value, 2, kind);
    put_message(graph, field, value);
}

void onnx_weights(bytes *graph, const char *name, const int64_t *dims, const float *data)
{
    bytes t = { 0 };
    size_t n = 1;
    for (; *dims; dims++) {
        put_int(&t, 1, *dims);
        n *= (size_t)*dims;
    }
    put_int(&t, 2, 1);
    put_text(&t, 8, name);
    put_bytes(&t, 9, data, n * sizeof *data);
    put_message(graph, 5, t);
}

void onnx_ints(bytes *graph, const char *name, int n, const int64_t *data)
{
    bytes t = { 0 }, list = { 0 };
    for (int i = 0; i < n; i++)
        put_varint(&list, (uint64_t)data[i]);
    put_int(&t, 1, n);
    put_int(&t, 2, 7);
    put_message(&t, 7, list);
    put_text(&t, 8, name);
    put_message(graph, 5, t);
}

static void put_names(bytes *b, uint32_t field, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, " ");
        put_bytes(b, field, text, n);
        text += n + (text[n] == ' ');
    }
}

void onnx_node(bytes *graph, const char *op, const char *name, const char *in, const char *out,
               bytes attrs)
{
    bytes node = { 0 };
    put_names(&node, 1, in);
    put_names(&node, 2, out);
    put_text(&node, 3, name);
    put_text(&node, 4, op);
    put_raw(&node, attrs.data, attrs.n);
    bytes_free(&attrs);
    put_message(graph, 1, node);
}

void onnx_attr_int(bytes *attrs, const char *name, int64_t v)
{
    bytes a = { 0 };
    put_text(&a, 1, name);
    put_int(&a, 3, v);
    put_int(&a, 20, 2);
    put_message(attrs, 5, a);
}

void onnx_attr_ints(bytes *attrs, const char *name, int n, const int64_t *v)
{
    bytes a = { 0 };
    put_text(&a, 1, name);
    for (int i = 0; i < n; i++)
        put_int(&a, 8, v[i]);
    put_int(&a, 20, 7);
    put_message(attrs, 5, a);
}

bytes onnx_file(bytes graph, int opset)
{
    bytes file = { 0 }, set = { 0 };
    put_int(&file, 1, 7);
    put_message(&file, 7, graph);
    put_int(&set, 2, opset);
    put_message(&file, 8, set);
    return file;
}

bytes onnx_graph(void)
{
    static const int64_t dims[] = { 1, 1, 4, 4, 0 };
    bytes g = { 0 };
    onnx_value(&g, 11, "x", 1, dims);
    onnx_value(&g, 12, "y", 1, dims);
    return g;
}
