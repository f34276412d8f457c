/* model.h - a network: const once it is loaded, shared by all threads.
 *
 * Tensors (activations) are known by small numbers, ids, valid as long as the model. */
#ifndef DV_MODEL_H
#define DV_MODEL_H

#include "deconvviz/error.h"
#include "deconvviz/image.h"
#include "deconvviz/tensor.h"

typedef struct dv_model dv_model;

/* Frees the model and unmaps its files. NULL is fine. */
void dv_model_free(dv_model *m);

/* Texts live as long as the model. path: of the file that was opened, or the built-in's name. */
const char *dv_model_name(const dv_model *m);
const char *dv_model_path(const dv_model *m);

/* Of the model's file (of the weights, where network and weights are two files). Read on first
 * use, which takes a while for a large file; not for two threads at a time. Fails like a read. */
const char *dv_model_sha256(const dv_model *m, dv_error *err) DV_MUST_CHECK;

/* How images are prepared for it, when the model or a file beside it says so. */
const dv_preprocess *dv_model_preprocess(const dv_model *m); /* NULL: nothing is said */

/* What class i is called; NULL when the model has no labels or fewer. A label may begin with a
 * WordNet id
 * ("n01440764 tench"). */
const char *dv_model_label(const dv_model *m, int i);
int dv_model_n_labels(const dv_model *m);

/* What was passed over when it was loaded, though it may matter, such as an attribute that nobody
 * knows: a line each, for the user. Of more than 32 the last one says how many more there were. */
int dv_model_n_warnings(const dv_model *m);
const char *dv_model_warning(const dv_model *m, int i); /* i from 0 */

/* -- tensors ---------------------------------------------------------------------------------- */

int dv_model_input(const dv_model *m);
int dv_model_output(const dv_model *m); /* of several, the first */
const char *dv_tensor_name(const dv_model *m, int tensor);
const dv_shape *dv_tensor_shape(const dv_model *m, int tensor);

/* -- layers ----------------------------------------------------------------------------------- */

/* A weight layer: Conv, ConvTranspose, Gemm or MatMul with weights, in topological order. */
typedef struct dv_layer {
    int number;       /* from 1 */
    const char *name; /* of the node, or of its output where the node has none */
    const char *op;   /* ONNX op_type */
    int tensor; /* id of the tensor taken for it: behind its batch normalisation and activation,
                   where it has them */
    size_t parameters; /* weights and biases */
} dv_layer;

int dv_model_n_layers(const dv_model *m);
const dv_layer *dv_model_layer(const dv_model *m, int i); /* i from 0 */

/* The tensor meant by `text`: a number N is the N-th layer; anything else the exact name of a
 * tensor or of a node (its first output). Fails (DV_BAD_USAGE) with the nearest names, or with how
 * many layers there are. */
bool dv_model_find(const dv_model *m, const char *text, int *tensor, dv_error *err) DV_MUST_CHECK;

/* The box of the network's input that the box `out` of `tensor` depends on: its receptive field, by
 * interval arithmetic along every path. Not clipped to the input: padding counts. An empty box: it
 * depends on no input. Fails when memory runs out. */
bool dv_model_field(const dv_model *m, int tensor, dv_box out, dv_box *in,
                    dv_error *err) DV_MUST_CHECK;

/* Pixels of the input (y, x) between the receptive fields of neighbouring units; 0 where there is
 * no such thing (one position). */
bool dv_model_stride(const dv_model *m, int tensor, int32_t stride[2], dv_error *err) DV_MUST_CHECK;

#endif
