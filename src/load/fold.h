/* fold.h - nodes that read constants only are computed when a model is loaded.
 *
 * Exporters leave arithmetic on shapes in the graph (Shape, Gather, Unsqueeze, Concat, Reshape …).
 * Operators that only move numbers run here by the pieces that they consist of, on arrays of any
 * type; arithmetic on small arrays of any type by tables with a row an operator; arithmetic on
 * weights, which are large and float, by the operators' own forward (dv_model_evaluate).
 *
 * To add an operator that computes: a row in one of the three tables. */
#ifndef DV_LOAD_FOLD_H
#define DV_LOAD_FOLD_H

#include "graph/model.h"

enum {
    DV_FOLD_MAX = 1 << 20,      /* elements of an array that a row of the table reads or makes; of
                                   one that only moved numbers grow to */
    DV_FOLD_BUDGET = 256 << 20, /* elements that a whole model may have computed */
};

typedef struct dv_fold_budget {
    size_t elements; /* left */
} dv_fold_budget;

typedef enum dv_folded { DV_FOLD_NO, DV_FOLD_DONE, DV_FOLD_FAILED } dv_folded;

/* Computes the node if it can be, and adds its result to the model as a constant. DV_FOLD_NO: it
 * is to become a node of the model. */
dv_folded dv_fold_node(dv_model *m, const dv_node_words *w, dv_fold_budget *budget,
                       dv_error *err) DV_MUST_CHECK;

/* -- for the rows ----------------------------------------------------------------------------- */

typedef struct dv_fold {
    dv_arena *arena;
    dv_node_spec spec;
    size_t most;     /* elements of a result */
    const void *how; /* of the row */
    dv_array out;    /* to be set */
} dv_fold;

typedef struct dv_fold_op {
    const char *name;
    int min_in, max_in; /* max_in -1: any number */
    unsigned flags;
    bool (*run)(dv_fold *f, dv_error *err);
    const void *how; /* run's own */

    /* Of an operator that is none of nn's, whose tables do not have it: its attributes, and ONNX's
     * names of its inputs. NULL ends a list, and stands for an empty one. */
    const char *const *attrs, *const *inputs;
} dv_fold_op;

#define DV_FOLD_WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

enum {
    DV_FOLD_SHAPE_ONLY = 1, /* reads its input's shape alone: an activation of any size will do */
};

/* Each ends with a row without a name. */
extern const dv_fold_op dv_fold_arithmetic[], dv_fold_scatter[], dv_fold_source[];

/* By the pieces of an operator, into out (f->spec.n_out); what is input 0's data in its order stays
 * where that is. */
bool dv_fold_rearrange(dv_fold *f, const dv_op *op, dv_array *out, dv_error *err) DV_MUST_CHECK;

/* The row of an operator, or NULL. */
const dv_fold_op *dv_fold_find(const char *name);

/* Allocates the result. */
bool dv_fold_make(dv_fold *f, dv_dtype type, const dv_shape *s, void **data,
                  dv_error *err) DV_MUST_CHECK;

/* The element of an array with `stride` that stands at the i-th place of `shape`. */
size_t dv_fold_walk(const dv_shape *shape, size_t i, const int64_t *stride);

/* Row-major strides of `s` seen as the last dimensions of a shape of `rank`; 0 along a dimension
 * of 1, which is thereby repeated. */
void dv_fold_strides(const dv_shape *s, int rank, int64_t *stride);

/* A negative axis counts from the back. */
bool dv_fold_axis(int64_t *axis, int rank, dv_error *err) DV_MUST_CHECK;

/* The axes that input `i` or else the attribute "axes" lists, made positive; *n stays when neither
 * is there. axes: room for DV_MAX_RANK. */
bool dv_fold_axes(const dv_fold *f, int i, int rank, int64_t *axes, int *n,
                  dv_error *err) DV_MUST_CHECK;

#endif
