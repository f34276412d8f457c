/* onnx_bytes.h - ONNX files put together by hand, right and wrong, for tests of the reader. */
#ifndef TESTS_ONNX_BYTES_H
#define TESTS_ONNX_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* A Protocol Buffers message being written; starts as { 0 }, freed with bytes_free or by being put
 * into another. */
typedef struct bytes {
    uint8_t *data;
    size_t n, room;
} bytes;

void bytes_free(bytes *b);
void put_raw(bytes *b, const void *data, size_t n);
void put_varint(bytes *b, uint64_t v);
void put_int(bytes *b, uint32_t field, int64_t v);
void put_float(bytes *b, uint32_t field, float v);
void put_bytes(bytes *b, uint32_t field, const void *data, size_t n);
void put_text(bytes *b, uint32_t field, const char *text);
void put_message(bytes *b, uint32_t field, bytes inner); /* frees inner */

/* -- ONNX: each appends to a GraphProto but for the last -------------------------------------- */

/* ValueInfoProto into field 11 (inputs) or 12 (outputs); dims end with 0, -1 is a free one. */
void onnx_value(bytes *graph, uint32_t field, const char *name, int type, const int64_t *dims);

/* An initializer of float32 in raw_data; dims end with 0. */
void onnx_weights(bytes *graph, const char *name, const int64_t *dims, const float *data);

/* One of int64 in int64_data. */
void onnx_ints(bytes *graph, const char *name, int n, const int64_t *data);

/* A node; names separated by blanks; attrs: NodeProto fields to append (freed), or { 0 }. */
void onnx_node(bytes *graph, const char *op, const char *name, const char *in, const char *out,
               bytes attrs);

/* Attributes for onnx_node. */
void onnx_attr_int(bytes *attrs, const char *name, int64_t v);
void onnx_attr_ints(bytes *attrs, const char *name, int n, const int64_t *v);

/* The whole file; frees the graph. */
bytes onnx_file(bytes graph, int opset);

/* A graph with the input "x" (1,1,4,4) and the output "y", to be filled. */
bytes onnx_graph(void);

#endif
