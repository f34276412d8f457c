/* clang-format off */
/* network.h - the native format: a network in JSON that takes its weights from a safetensors file.
 *
 *     {"format": "deconvviz-network", "version": 1, "name": "zfnet64", "description": "an example",
 *      "weights": "zfnet64.safetensors",
 *      "input": {"name": "image", "shape": [3, 64, 64]},
 *      "preprocess": "imagenet",
 *      "labels": ["cat", "dog"],
 *      "nodes": [
 *       {"op": "Conv", "name": "conv1", "weights": "conv1", "kernel_shape": [7, 7],
 *        "strides": [2, 2]},
 *       {"op": "Relu", "name": "relu1"},
 *       {"op": "Concat", "name": "both", "input": ["relu1", "conv1"], "axis": 1},
 *       {"op": "Clip", "name": "relu6", "min": 0, "max": 6}]}
 *
 * "preprocess" and "labels" are those of sidecar.h. Operators and attributes are ONNX's, of operator
 * set DV_NETWORK_OPSET. A node reads what "input" names, else the output of the node before it (the
 * first: the network's input). Its output is called as it is, or as "output" says. "weights": "P"
 * appends to its inputs the tensors P.weight and, where the operator takes it and it is there,
 * P.bias; for BatchNormalization P.weight, P.bias, P.running_mean and P.running_var. What ONNX wants
 * as a further input of constants is given under that input's name, as "min" and "max" of Clip, or
 * "shape" of Reshape. All other keys are attributes; which there are, each operator says itself
 * (dv_op). The last node's output is the network's. */
/* clang-format on */
#ifndef DV_LOAD_NETWORK_H
#define DV_LOAD_NETWORK_H

#include "graph/model.h"
#include "load/safetensors.h"

#include <cjson/cJSON.h>

enum { DV_NETWORK_OPSET = 13 };

typedef struct dv_network_request {
    const char *folder;    /* of the files that the network names; NULL: none is opened */
    const char *stem;      /* of a file "STEM.safetensors", where no weights are named; or NULL */
    const char *path;      /* of the weights in place of what the network names; or NULL */
    const dv_file *loaded; /* the weights themselves, which outlive the model; or NULL */
    int size[2];           /* (H,W) of the input in place of the network's; 0: the network's */
} dv_network_request;

/* Builds an empty model from the text of a network. A file of weights that it opens is added as a
 * part. */
bool dv_network_build(dv_model *m, const void *json, size_t size, const dv_network_request *q,
                      dv_error *err) DV_MUST_CHECK;

/* -- between the parts ------------------------------------------------------------------------ */

typedef struct dv_network {
    dv_model *m;
    const dv_safetensors *weights;
    const char *before; /* the output of the node before */
} dv_network;

/* Reads a node; adds its weights and other constants to the model. */
bool dv_network_node(dv_network *n, const cJSON *item, dv_node_words *w,
                     dv_error *err) DV_MUST_CHECK;

#endif
