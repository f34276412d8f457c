/* model.h - what a model holds, and how a loader builds one. */
#ifndef DV_GRAPH_MODEL_H
#define DV_GRAPH_MODEL_H

#include "base/arena.h"
#include "deconvviz/model.h"
#include "graph/source.h"
#include "nn/op.h"

#include <pthread.h>

enum {
    DV_MAX_NODES = 100000,
    DV_MAX_VALUES = 1000000,
    DV_MAX_WARNINGS = 32,
    DV_NO_VALUE = -1, /* an optional input or output that is not there */
};

/* A tensor of the graph: an activation, or a constant. */
typedef struct dv_value {
    const char *name;
    dv_shape shape;
    const dv_array *constant; /* NULL: an activation */
    int producer;             /* the node that computes it; -1: the input, or a constant */
    bool unfit;               /* cannot be computed for an input of this size; its rank is -1 */
} dv_value;

typedef struct dv_node {
    const char *name; /* "" where the file gives none */
    const dv_op *op;
    void *params;
    int n_in, n_out;
    int *in, *out; /* value ids or DV_NO_VALUE */
    int opset, n_attrs;
    const dv_attr *attrs; /* as the loader gave them */
    int behind;           /* weight layers behind it, on the longest way to an end */
} dv_node;

struct dv_model {
    dv_arena arena; /* texts, arrays, params, calls */
    dv_source *source;
    dv_weights_cache *cache; /* for what is made of constants in the arena */

    int n_values, max_values;
    dv_value *values;
    int n_nodes, max_nodes;
    dv_node *nodes; /* in topological order */
    struct dv_names *names;
    dv_call *calls; /* (n_nodes) params and shapes of each node, no data; made by finish */
    int input, output;
    bool resized; /* the input is not of the file's size: nodes that do not fit it, such as fully
                     connected layers, are left out instead of failing */
    int n_layers;
    dv_layer *layers;
    int n_activations;
    struct dv_activation *activations; /* (n_activations) see activation.h */
    int *activation;                   /* (n_nodes) the one that a node belongs to; -1: none */

    const char *name, *path;

    int n_parts, max_parts, max_part_files;
    dv_model_part *parts;            /* (n_parts) */
    dv_file *part_files;             /* (n_parts) the source's */
    pthread_mutex_t hashing;         /* guards the digests */
    char sha256[DV_DIGEST_TEXT_MAX]; /* "" until asked for */

    const dv_preprocess *preprocess;
    int n_labels;
    const char *const *labels;

    int n_warnings, n_further_warnings; /* kept; counted alone */
    const char *warnings[DV_MAX_WARNINGS];
    char more_warnings[40];
};

/* -- for loaders ------------------------------------------------------------------------------
 * new, then add_input, add_constant and add_node in topological order, set_output, finish. Every
 * text and array handed over must live in m->arena or in a file of m->source. All of these fail
 * with one line that names the node or tensor. */

/* A user of `source` more, or a source of its own (NULL), with no weights asked for. */
dv_model *dv_model_new(const char *path, dv_source *source, dv_error *err) DV_MUST_CHECK;

/* What a part can be. */
#define DV_PART_NETWORK  "network"
#define DV_PART_WEIGHTS  "weights"
#define DV_PART_EXTERNAL "external data"
#define DV_PART_SIDECAR  "sidecar"

/* Adds a file of the source that decides what the model computes; once more does nothing. The
 * network comes first, so that the order is the same whichever file was opened. */
bool dv_model_add_part(dv_model *m, const char *role, const char *path, const dv_file *f,
                       dv_error *err) DV_MUST_CHECK;

/* See dv_model_sha256; n > 0. */
bool dv_parts_digest(const dv_model_part *parts, int n, char sha256[DV_DIGEST_TEXT_MAX],
                     dv_error *err) DV_MUST_CHECK;

/* The network's one input. (Projecting needs N = 1; a forward pass does not.) */
bool dv_model_add_input(dv_model *m, const char *name, const dv_shape *s,
                        dv_error *err) DV_MUST_CHECK;

bool dv_model_add_constant(dv_model *m, const char *name, const dv_array *a,
                           dv_error *err) DV_MUST_CHECK;

/* A name for what the node that gives it cannot give; who reads it fails. */
bool dv_model_add_missing(dv_model *m, const char *name, dv_error *err) DV_MUST_CHECK;

/* A node in words. Names "" or NULL in `in` and `out` stand for what is absent. */
typedef struct dv_node_words {
    const char *name, *op;
    int opset, n_attrs;
    const dv_attr *attrs;
    int n_in, n_out;
    const char *const *in, *const *out;
} dv_node_words;

/* Parses, infers and appends a node; its inputs must be known already. An operator that is not in
 * the table fails with its name (DV_UNSUPPORTED). */
bool dv_model_add_node(dv_model *m, const dv_node_words *w, dv_error *err) DV_MUST_CHECK;

/* Enters the outputs of a node that does not fit the input, so that later nodes can be told. */
bool dv_model_leave_out(dv_model *m, const dv_node_words *w, dv_error *err) DV_MUST_CHECK;

/* The id of a value, or DV_NO_VALUE. */
int dv_model_value(const dv_model *m, const char *name);

/* A float32 constant for one node: parse and infer it with these operands, without adding it. For
 * folding: out (aligned, dv_shape_count elements) is allocated in m->arena. Fails when it would
 * have more than `limit` elements. */
bool dv_model_evaluate(dv_model *m, const dv_node_words *w, size_t limit, dv_array *out,
                       dv_error *err) DV_MUST_CHECK;

/* Keeps a line for dv_model_warning: the model can be used, but perhaps not as its maker meant it.
 * Of very many, the last are only counted. */
bool dv_model_warn(dv_model *m, dv_error *err, const char *fmt, ...) DV_PRINTF(3, 4) DV_MUST_CHECK;

/* Sets the output and closes the model: recognises patterns (PyTorch's LocalResponseNorm, layer
 * normalisations and GELU written out, pools of a padded map), numbers the layers. */
bool dv_model_finish(dv_model *m, const char *output, dv_error *err) DV_MUST_CHECK;

/* Steps of dv_model_finish, each in a file of its own. */
bool dv_recognise_lrn(dv_model *m, dv_error *err) DV_MUST_CHECK;
bool dv_recognise_layer_norm(dv_model *m, dv_error *err) DV_MUST_CHECK;
bool dv_recognise_gelu(dv_model *m, dv_error *err) DV_MUST_CHECK;
bool dv_recognise_padded_pool(dv_model *m, dv_error *err) DV_MUST_CHECK;
bool dv_number_layers(dv_model *m, dv_error *err) DV_MUST_CHECK;
bool dv_count_behind(dv_model *m, dv_error *err) DV_MUST_CHECK;

/* -- for layers above ------------------------------------------------------------------------- */

/* The spec of a node, as its parse and infer saw it. operands: room for n_in. */
dv_node_spec dv_node_spec_of(const dv_model *m, const dv_node *n, dv_operand *operands);

/* Where copies of a constant belong that plans share: to the source, if its numbers lie in one of
 * the files, else to the model. */
dv_weights_cache *dv_model_cache(const dv_model *m, int value);

/* A constant that will hardly be read again: what is mapped of it need not stay in memory. */
void dv_model_forget(const dv_model *m, int value);

/* Whether a node is a weight layer: a product with weights that the file holds. MatMul is one where
 * its input 1 is constant; of two activations it is none, nor where the constant is on its left.
 * This decides what `-l N` counts, what noise disturbs and how many roundings are behind a node. */
bool dv_is_weight_layer(const dv_model *m, const dv_node *n);

/* What stands for a node in messages: its name, or its first output's. */
const char *dv_node_title(const dv_model *m, const dv_node *n);

#endif
