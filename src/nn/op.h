/* op.h - what an operator is: a const struct in a file of its own.
 *
 * To add one: write op_NAME.c ending in `const dv_op dv_op_NAME = {...}` and add X(NAME) to the
 * list in ops.c. Nothing else changes: what loaders, the JSON format, the numbering of layers and
 * noise have to know of an operator, its fields say.
 *
 * Life of a node: parse and infer when the model is loaded (they may fail, and check everything);
 * prepare when a plan is made; forward for each image; window, then project, for each unit on the
 * way back. forward and project cannot fail: what they need has been checked and allocated. */
#ifndef DV_NN_OP_H
#define DV_NN_OP_H

#include "base/arena.h"
#include "deconvviz/pool.h"
#include "deconvviz/rule.h"
#include "deconvviz/tensor.h"
#include "kernel/epilogue.h"
#include "kernel/function.h"
#include "kernel/precision.h"
#include "kernel/weights_cache.h"
#include "tensor/array.h"

#include <stddef.h>

/* -- what a loader says of a node ------------------------------------------------------------- */

typedef enum dv_attr_kind {
    DV_ATTR_INT,
    DV_ATTR_FLOAT,
    DV_ATTR_TEXT,
    DV_ATTR_INTS,
    DV_ATTR_FLOATS,
    DV_ATTR_ARRAY,
    DV_ATTR_BRANCH,
} dv_attr_kind;

typedef struct dv_attr {
    const char *name;
    dv_attr_kind kind;
    int n; /* elements of ints or floats */
    union {
        int64_t i;
        float f;
        const char *text;
        const int64_t *ints;            /* (n) */
        const float *floats;            /* (n) */
        const dv_array *array;          /* a tensor, as Constant has */
        const struct dv_branch *branch; /* of an If, which loaders take apart */
    } v;
} dv_attr;

/* One input of a node before there are activations. */
typedef struct dv_operand {
    dv_shape shape;           /* rank -1: this optional input is absent */
    const dv_array *constant; /* NULL: an activation, known by its shape alone; else it outlives
                                 the node, so that params may point to it */
} dv_operand;

/* A node as parse and infer see it. */
typedef struct dv_node_spec {
    int opset; /* of the ONNX operator set that the attributes follow */
    int n_attrs;
    const dv_attr *attrs;
    int n_in;
    const dv_operand *in;
    int n_out; /* named outputs; those behind the last used one are not counted */
} dv_node_spec;

/* The attribute, or the default where it is missing. One of another kind than asked for is a
 * failure that names it. ints: at most `max` go to `to`, their number to *n, which stays as it is
 * where the attribute is missing. */
bool dv_spec_int(const dv_node_spec *s, const char *name, int64_t *v, dv_error *err) DV_MUST_CHECK;
bool dv_spec_float(const dv_node_spec *s, const char *name, float *v, dv_error *err) DV_MUST_CHECK;
bool dv_spec_text(const dv_node_spec *s, const char *name, const char **v,
                  dv_error *err) DV_MUST_CHECK;
bool dv_spec_ints(const dv_node_spec *s, const char *name, int max, int64_t *to, int *n,
                  dv_error *err) DV_MUST_CHECK;
bool dv_spec_floats(const dv_node_spec *s, const char *name, int max, float *to, int *n,
                    dv_error *err) DV_MUST_CHECK;
bool dv_spec_has(const dv_node_spec *s, const char *name);

/* The numbers of constant input i (axes, pads, a shape, a bound …), as dv_spec_ints. Fails when
 * the input is an activation. Leaves *n alone when the input is absent. */
bool dv_spec_input_ints(const dv_node_spec *s, int i, int max, int64_t *to, int *n,
                        dv_error *err) DV_MUST_CHECK;
bool dv_spec_input_float(const dv_node_spec *s, int i, float *v, dv_error *err) DV_MUST_CHECK;
bool dv_spec_input_floats(const dv_node_spec *s, int i, int max, float *to, int *n,
                          dv_error *err) DV_MUST_CHECK;
/* Whether optional input i is there. */
bool dv_spec_has_input(const dv_node_spec *s, int i);

/* -- what an operator says of its attributes -------------------------------------------------- */

typedef enum dv_attr_need {
    DV_ATTR_OPTIONAL,
    DV_ATTR_REQUIRED,
    DV_ATTR_FIXED,    /* an integer that must be as where it is missing: no other is supported */
    DV_ATTR_BY_HAND,  /* parse or infer reads it, as no table can say how */
    DV_ATTR_HARMLESS, /* ONNX has it, and it decides nothing here */
} dv_attr_need;

/* One attribute: what it is called, what it may be, and where in the params it goes. A table of
 * them ends with a row without a name. Of the kinds
 *     INT goes to a bool (0 or not), an int32_t or an int64_t,
 *     FLOAT to a float,
 *     TEXT to a number, which of `words` it is,
 *     INTS and FLOATS to an array, and how many there are to an int. */
typedef struct dv_attr_row {
    const char *name;
    dv_attr_kind kind;
    dv_attr_need need;
    size_t at, size, one, n_at; /* by DV_AT or DV_LIST_AT; size 0: it goes nowhere */
    union {
        int64_t i; /* an integer; which word; how many in a list */
        float f;
    } otherwise;              /* where the attribute is missing */
    int64_t min, max;         /* of an integer and of each in a list; both 0: any */
    const char *const *words; /* ended by NULL */
} dv_attr_row;

/* The place of a member of the struct of params; of one that is an array, with the int that counts
 * its elements. */
#define DV_AT(type, member)                                             \
    .at = offsetof(type, member), .size = sizeof((type *)NULL)->member, \
    .one = sizeof((type *)NULL)->member
#define DV_LIST_AT(type, member, n)                                     \
    .at = offsetof(type, member), .size = sizeof((type *)NULL)->member, \
    .one = sizeof *((type *)NULL)->member, .n_at = offsetof(type, n)

/* -- a node at work --------------------------------------------------------------------------- */

typedef struct dv_call {
    const struct dv_op *op;
    const void *params; /* what parse made; NULL for an operator without */
    const void *state;  /* what prepare made; NULL without */
    int n_in, n_out;
    const dv_tensor *in; /* (n_in) activations and weights, as ONNX orders them; data is NULL
                            where the input is absent (rank -1) or was not kept (project) */
    dv_tensor *out;      /* (n_out) */
    void *aux;           /* aux bytes: written by forward, read by project (switches) */
    void *scratch;       /* scratch bytes, 64-aligned, content undefined */
    bool even;           /* forward: what is equal in an input was rounded alike, see even below */
    dv_epilogue ep;      /* forward of an operator that takes_epilogue; else none */
    const dv_box *boxes; /* forward: (n_out) what of each output is wanted, inside it; NULL: all */
    dv_rule rule;        /* project */
    dv_pool *pool;       /* may be NULL */
} dv_call;

/* What a plan prepares an operator for. */
typedef struct dv_use {
    dv_weights_cache *cache; /* for what is made of weights; outlives what is prepared; NULL: each
                                has its own */
    bool project;            /* the way back will be walked */
    bool many;               /* for many images: what does not pay for a few may be made */
    dv_precision precision;  /* how much may be rounded */
} dv_use;

/* What project reads beside constants and aux; the plan keeps it. */
enum { DV_KEEP_NOTHING = 0, DV_KEEP_IN = 1, DV_KEEP_OUT = 2 };

enum { DV_NAMED_INPUTS = 5 };

enum { DV_TOGETHER = 16 }; /* the most images at once */

typedef struct dv_op dv_op;
struct dv_piece;

struct dv_op {
    const char *name;   /* the ONNX op_type */
    int min_in, max_in; /* max_in -1: any number */
    int max_out;        /* outputs that it can produce; -1: any number */

    /* Its part in a layer: a product with weights and what follows it, see graph/layers.c. */
    bool weight_layer;  /* multiplies input 0 by input 1: begins a layer where that is constant */
    bool normalisation; /* belongs to the layer before it … */
    bool activation;    /* … and so does this, as its end */

    /* ONNX's names of the inputs, where there are as many as can be told apart; NULL ends them. A
     * network in JSON may give those behind the first as numbers, under these names. */
    const char *inputs[DV_NAMED_INPUTS + 1];

    /* What PyTorch calls the tensors behind the first input in a file of weights; NULL ends them.
     * None: "weight", and "bias" where there is one. */
    const char *weights[DV_NAMED_INPUTS];

    size_t params_size;

    /* Its attributes, all that ONNX gives it in any operator set that loaders take; NULL: none. */
    const dv_attr_row *attrs;

    /* Called with the attributes in `params` (params_size bytes in an arena, zero but for them):
     * reads constant inputs, and does what the table cannot say. May be NULL. Messages need not
     * name the node: the caller puts it in front. */
    bool (*parse)(const dv_node_spec *s, void *params, dv_error *err);

    /* out: (s->n_out) shapes to fill; checks every input's shape, weights' too. */
    bool (*infer)(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err);

    /* Bytes of aux that forward writes for project; NULL: none. A plan that has no use for them may
     * leave c->aux NULL. In this and the next three, tensors have shapes, constants their data,
     * activations no data. */
    size_t (*aux_bytes)(const dv_call *c);

    /* Bytes of scratch for forward, given c->pool; NULL: none. Asked after prepare: c->state is
     * set. */
    size_t (*scratch_bytes)(const dv_call *c);

    /* Makes what is computed once for a plan (a dv_conv, say) and shared by all threads, with the
     * help of c->pool; what it makes of weights alone goes to use->cache, for all plans. NULL (the
     * pointer): nothing to make. c->ep is final and lives as long as the plan. release frees it. */
    bool (*prepare)(const dv_call *c, const dv_use *use, void **state, dv_error *err);
    void (*release)(void *state);

    /* Computes out and aux (NULL: not wanted) from in: all of it, or at least what c->boxes says,
     * to the bytes that all of it has. Where those are wanted, out and aux hold what an earlier
     * pass made of an input that is the same outside of what reaches the boxes. */
    void (*forward)(const dv_call *c);

    /* The same node of several images, c[0] to c[n - 1], n up to DV_TOGETHER: calls that differ in
     * their data alone, all of it wanted, and share their scratch; to the bytes that forward has
     * for each. For operators that read more of weights than of activations. NULL: nothing is
     * gained. */
    void (*forward_many)(const dv_call *const *c, int n);

    /* Whether forward and forward_many read input i, a constant of float32, at any address: one
     * that is no multiple of four as well. c has shapes, but no data. NULL: they do not. */
    bool (*reads_anywhere)(const dv_call *c, int i);

    /* An elementwise operator that dv_isa computes says by which function: its output is *f of
     * input 0 with the parameters *a and *b, or *f of the inputs 0 and 1, broadcast. False: not as
     * this node has it. NULL: it is another operator. What forward writes to aux is not told. */
    bool (*function)(const dv_call *c, dv_function *f, float *a, float *b);
    bool (*binary)(const dv_call *c, dv_binary *f);

    /* Whether inputs of the same bytes give outputs of the same bytes wherever they lie in a map; c
     * as forward has it. NULL: a weight layer's do not, all others' do. */
    bool (*even)(const dv_call *c);

    /* The box of output o whose bytes may change when input i does in the box `in`; c as forward
     * has it. NULL: all of it. */
    dv_box (*reach)(const dv_call *c, int i, int o, dv_box in);

    /* An operator that only moves numbers says which (see rearrange.h, where the rest follows from
     * it): sets *p to piece k, from 0 on, of what output o takes from input i; false behind the
     * last. Each element of an output is in one piece. NULL: an operator that computes. */
    bool (*piece)(const dv_call *c, int i, int o, int k, struct dv_piece *p);
    /* One element of the type, for pieces of filling; NULL: there is none of that type. */
    const void *(*filling)(const dv_call *c, dv_dtype type);

    /* In a word, how forward computes, for reports; asked after prepare. NULL: there is one way. */
    const char *(*way)(const dv_call *c);

    /* forward applies c->ep to output 0, whose channels are dimension 1. */
    bool takes_epilogue;

    /* forward runs c->ep.tail over output 0. */
    bool takes_tail;

    /* Composes this operator onto an epilogue that runs before it, so that it need not run itself.
     * scale, shift: (channels) that ep->scale and ep->shift point to, filled with what is there
     * already; to be changed in place. False: cannot. NULL: never can. */
    bool (*fuse)(const dv_call *c, dv_epilogue *ep, float *scale, float *shift, int channels);

    /* The box of input i that the box `out` of output o depends on, not clipped to the map, so that
     * padding counts. */
    dv_box (*window)(const dv_call *c, int i, int o, dv_box out);

    /* Adds to each in[i] (data NULL: not wanted) what the signals out[o] (data NULL: zero) send
     * back. Each in[i].box holds the clipped windows of all out boxes, and may be larger. */
    void (*project)(const dv_call *c, const dv_signal *out, const dv_signal *in);
    size_t (*project_scratch)(const dv_call *c, const dv_signal *out); /* bytes; boxes set, no
                                                                           data; NULL: none */
    /* out[0] and in[0] may lie in one place if their boxes are the same: project then turns the one
     * into the other, and nothing was added to in[0] before. */
    bool in_place;

    /* DV_KEEP_… by rule: which activations project reads. */
    uint8_t keeps[DV_N_RULES];
};

/* The operator called `name`, or NULL. */
const dv_op *dv_op_find(const char *name);

/* The i-th of all of them, from 0 on; NULL behind the last. */
const dv_op *dv_op_at(int i);

/* The row of an attribute, or NULL. */
const dv_attr_row *dv_op_attr(const dv_op *op, const char *name);

/* Fills params, which are zeroed: the attributes by the table, then op->parse. */
bool dv_op_parse(const dv_op *op, const dv_node_spec *s, void *params, dv_error *err) DV_MUST_CHECK;

/* -- parts that many operators share ---------------------------------------------------------- */

/* infer of an operator whose only output has its first input's shape. */
bool dv_infer_same_shape(const dv_node_spec *s, const void *params, dv_shape *out, dv_error *err);
/* window of an elementwise operator without broadcasting; of one that mixes everything. */
dv_box dv_window_same(const dv_call *c, int i, int o, dv_box out);
dv_box dv_window_whole(const dv_call *c, int i, int o, dv_box out);
/* reach of the first of these; and of an operator whose window moves on along each axis, or stays,
 * when the output does. */
dv_box dv_reach_same(const dv_call *c, int i, int o, dv_box in);
dv_box dv_reach_along(const dv_call *c, int i, int o, dv_box in);
/* What forward is to compute of output o. */
dv_box dv_wanted(const dv_call *c, int o);

#endif
