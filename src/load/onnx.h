/* onnx.h - the parts of the ONNX reader, and the door for tests and fuzzers.
 *
 * Numbers of fields are those of onnx.proto, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
#ifndef DV_LOAD_ONNX_H
#define DV_LOAD_ONNX_H

#include "graph/model.h"
#include "load/net.h"
#include "load/protobuf.h"

enum { DV_ONNX_OLDEST = 7 }; /* operator set; before it Add and its like had other rules */

/* An input of the graph that is a constant here. */
typedef struct dv_onnx_bound {
    const char *name;
    const dv_array *array;
} dv_onnx_bound;

typedef struct dv_onnx_request {
    const char *folder; /* where external data lies; NULL: refused */
    int size[2];        /* (H,W) of the input in place of the file's; 0: the file's */

    /* What only ONNX's own test suite asks for. */
    int n_bound;
    const dv_onnx_bound *bound; /* (n_bound) */
    int oldest;                 /* operator set to take; 0: DV_ONNX_OLDEST */
    const dv_shape *shape;      /* the input's, in place of the file's; any N */
    bool constants_only;        /* no input is left, the model stays unfinished */
} dv_onnx_request;

/* Builds an empty model from the `size` bytes of a .onnx file, which must outlive it. */
bool dv_onnx_build(dv_model *m, const uint8_t *data, size_t size, const dv_onnx_request *q,
                   dv_error *err) DV_MUST_CHECK;

/* A file that holds one TensorProto; data stays in the file or goes to the arena. */
bool dv_onnx_read_tensor(dv_arena *a, const uint8_t *data, size_t size, const char **name,
                         dv_array *out, dv_error *err) DV_MUST_CHECK;

/* -- between the parts ------------------------------------------------------------------------ */

/* Where tensors get their memory, and external data its files. */
typedef struct dv_onnx_store {
    dv_arena *arena;
    dv_model *model;    /* whose source maps files; NULL with a folder that is NULL */
    const char *folder; /* NULL: no external data */
    int depth;          /* of the branch being read */
} dv_onnx_store;

/* TensorProto. *name is "" where it has none. */
bool dv_onnx_tensor(dv_onnx_store *s, dv_pb message, const char **name, dv_array *out,
                    dv_error *err) DV_MUST_CHECK;

/* Bytes of a file beside the model: external data. */
typedef struct dv_onnx_external {
    const char *location;
    uint64_t offset, length;
    bool has_length;
} dv_onnx_external;

/* Points *data to `bytes` bytes of it. */
bool dv_onnx_external_data(dv_onnx_store *s, const dv_onnx_external *e, size_t bytes,
                           const void **data, dv_error *err) DV_MUST_CHECK;

/* NodeProto. */
bool dv_onnx_node(dv_onnx_store *s, dv_pb message, int opset, dv_node_words *w,
                  dv_error *err) DV_MUST_CHECK;

/* GraphProto of a branch of an If. Branches within branches are bounded, as are their nodes. */
bool dv_onnx_branch(dv_onnx_store *s, dv_pb message, int opset, dv_branch *b,
                    dv_error *err) DV_MUST_CHECK;

/* ValueInfoProto of an input or output: its name and type. */
typedef struct dv_onnx_value {
    const char *name;
    int64_t type;             /* TensorProto.DataType; 0: not a tensor */
    int rank;                 /* -1: not given */
    int64_t dim[DV_MAX_RANK]; /* -1 where it is free */
} dv_onnx_value;

bool dv_onnx_read_value(dv_arena *a, dv_pb message, dv_onnx_value *v, dv_error *err) DV_MUST_CHECK;

#endif
