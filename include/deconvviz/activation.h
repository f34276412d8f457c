/* activation.h - which activations of a network a rule knows, and which it does not. */
#ifndef DV_ACTIVATION_H
#define DV_ACTIVATION_H

#include "deconvviz/api.h"
#include "deconvviz/model.h"

DV_BEGIN

enum { DV_ACTIVATION_KINDS = 24 };

typedef struct dv_activation_kind {
    const char *name; /* ONNX's, where it has one: Gelu, HardSwish, Elu …; Silu, Mish */
    int n;
} dv_activation_kind;

/* The activations that the way back from some tensors leads through. */
typedef struct dv_activations {
    int n;       /* all of them */
    int n_other; /* no ReLU (nor Clip from 0): the rules say nothing of these */
    int n_kinds; /* what they are, in the order of the network */
    dv_activation_kind kinds[DV_ACTIVATION_KINDS];
} dv_activations;

/* Counts them, each once, for n tensors together. One that a network writes out counts as one where
 * it is a product or quotient of what is made of a single tensor, element by element and with
 * numbers alone: x times its sigmoid (Silu), x (1 + erf(x / sqrt 2)) / 2 and its tanh form (Gelu),
 * x clip(x + 3, 0, 6) / 6 (HardSwish), x tanh(softplus x) (Mish). Softmax is none, nor are a ReLU's
 * relatives written with Max or Where, nor gates that are made of another tensor than what they
 * multiply (of these the Sigmoid counts). Fails when a tensor is not the model's. */
bool dv_model_activations(const dv_model *m, int n, const int *tensors, dv_activations *a,
                          dv_error *err) DV_MUST_CHECK;

DV_END

#endif
