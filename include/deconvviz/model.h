/* model.h - a network: const once it is loaded, shared by all threads.
 *
 * Tensors (activations) are known by small numbers, ids, valid as long as the model. */
#ifndef DV_MODEL_H
#define DV_MODEL_H

#include "deconvviz/api.h"
#include "deconvviz/digest.h"
#include "deconvviz/error.h"
#include "deconvviz/image.h"
#include "deconvviz/tensor.h"

DV_BEGIN

typedef struct dv_model dv_model;

/* Frees the model and unmaps its files. NULL is fine. */
void dv_model_free(dv_model *m);

/* Texts live as long as the model. path: of the file that was opened, or the built-in's name. */
const char *dv_model_name(const dv_model *m);
const char *dv_model_path(const dv_model *m);

/* -- who it is -------------------------------------------------------------------------------- */

/* A file that decides what the model computes. */
typedef struct dv_model_part {
    const char *role; /* "network" (with the weights, where these are inside), "weights", "external
                         data", or "sidecar": a file beside it that says how images are prepared */
    const char *name; /* of the file, without its folder */
    char sha256[DV_DIGEST_TEXT_MAX]; /* of its bytes */
} dv_model_part;

/* Which model it is: this one, or that of an index or of references. The parts are in the order in
 * which they are read, the network first. None are known of what an older version wrote: its
 * sha256 is that of the weights, or of the network's file where the weights are inside. */
typedef struct dv_identity {
    const char *name, *path;
    char sha256[DV_DIGEST_TEXT_MAX]; /* see dv_model_sha256 */
    int n_parts;
    const dv_model_part *parts; /* (n_parts) */
} dv_identity;

/* The SHA-256 of the model's file; of a model of several files, that of a line "ROLE SHA256\n" for
 * each part. What the files hold counts, not how they are called or where they lie; labels in a
 * file of their own do not count. The files are read on first use, which takes a while where they
 * are large. For any thread. Fails like a read. */
const char *dv_model_sha256(const dv_model *m, dv_error *err) DV_MUST_CHECK;

/* The same with the parts; texts and parts live as long as the model. */
bool dv_model_identity(const dv_model *m, dv_identity *id, dv_error *err) DV_MUST_CHECK;

/* Whether both are the same model, as far as both know. */
bool dv_identity_equal(const dv_identity *a, const dv_identity *b);

/* -- what it takes and gives ------------------------------------------------------------------ */

/* How images are prepared for it, when the model or a file beside it says so. */
const dv_preprocess *dv_model_preprocess(const dv_model *m); /* NULL: nothing is said */

/* What class i is called; NULL when the model has no labels or fewer. A label may begin with a
 * WordNet id ("n01440764 tench"). */
const char *dv_model_label(const dv_model *m, int i);
int dv_model_n_labels(const dv_model *m);

/* What was passed over when it was loaded, though it may matter, such as an attribute that nobody
 * knows: a line each, for the user. Of more than 32 the last one says how many more there were. */
int dv_model_n_warnings(const dv_model *m);
const char *dv_model_warning(const dv_model *m, int i); /* i from 0 */

/* -- tensors ---------------------------------------------------------------------------------- */

/* Of a number that is no tensor's, name and shape are NULL. */
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
const dv_layer *dv_model_layer(const dv_model *m, int i); /* i from 0; NULL behind the last */

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

DV_END

#endif
