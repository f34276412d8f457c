/* einsum.h - the equation of an Einsum: which axes of its operands are one, and which are left. */
#ifndef DV_LOAD_EINSUM_H
#define DV_LOAD_EINSUM_H

#include "deconvviz/tensor.h"

enum {
    DV_EINSUM_LETTERS = 52, /* labels A to Z, then a to z */
    /* and behind them the axes of an ellipsis, from the last, as they are broadcast */
    DV_EINSUM_LABELS = DV_EINSUM_LETTERS + DV_MAX_RANK,
};

/* The labels of a tensor's axes, each at most once. */
typedef struct dv_labels {
    int n;
    int at[DV_MAX_RANK];
} dv_labels;

typedef uint64_t dv_label_set;

static inline dv_label_set dv_label_bit(int label)
{
    return (dv_label_set)1 << label;
}

static inline dv_label_set dv_label_set_of(const dv_labels *l)
{
    dv_label_set s = 0;
    for (int k = 0; k < l->n; k++)
        s |= dv_label_bit(l->at[k]);
    return s;
}

typedef struct dv_einsum {
    int n_in;
    dv_shape shape[2]; /* (n_in) */
    dv_labels in[2], out;
    int32_t size[DV_EINSUM_LABELS]; /* of each label's axes that are not 1; 0: in no operand */
} dv_einsum;

/* Reads an equation as numpy.einsum has it, for e->n_in operands of e->shape. An axis of 1 is
 * repeated, as in an ellipsis. Fails, with the equation in front, where a label stands twice in one
 * part or there are more than DV_MAX_RANK. */
bool dv_einsum_read(dv_einsum *e, const char *equation, dv_error *err) DV_MUST_CHECK;

#endif
