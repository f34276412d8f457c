/* tail.h - what is done to the outputs of an operator behind its epilogue, while they are still in
 * the cache: functions of an output and of the element of other tensors at the same place.
 *
 * A tail is a short program over runs of outputs. Each of its steps computes one array of as many
 * numbers from one or two others; the last one's are the outputs. Whether it runs behind an
 * operator or its steps as operators of their own, and in runs of whichever length, the bytes are
 * the same. */
#ifndef DV_KERNEL_TAIL_H
#define DV_KERNEL_TAIL_H

#include "deconvviz/tensor.h"
#include "kernel/isa.h"

enum {
    DV_TAIL_STEPS = 12,
    DV_TAIL_INPUTS = 6, /* other tensors */
    DV_TAIL_ARRAYS = 4, /* of numbers between the steps */
};

/* What a step does: a function of one number, or of two. */
typedef struct dv_element {
    bool binary;
    dv_function map;
    float a, b; /* its parameters */
    dv_binary combine;
} dv_element;

/* Where a step reads or writes: the outputs themselves, an array, or (reading) another tensor. */
typedef struct dv_tail_place {
    enum { DV_TAIL_OUTPUT, DV_TAIL_ARRAY, DV_TAIL_INPUT } kind;
    int i;
} dv_tail_place;

typedef struct dv_tail_step {
    dv_element element;
    dv_tail_place in[2]; /* the second of a function of two */
    dv_tail_place out;   /* no input */
} dv_tail_step;

/* Another tensor, by the index of an output: element i[] of the output's shape, with axes merged,
 * meets data[the sum of i[k] * step[k]]; the last step is 0 or 1. */
typedef struct dv_tail_input {
    const float *data;
    int rank;
    size_t size[DV_MAX_RANK], step[DV_MAX_RANK];
} dv_tail_input;

typedef struct dv_tail {
    const dv_isa *isa;
    int n_steps, n_inputs;
    dv_tail_step steps[DV_TAIL_STEPS];
    dv_tail_input inputs[DV_TAIL_INPUTS];
    const float *outputs; /* the first element of the tensor of outputs */
} dv_tail;

/* What y meets in the first other tensor that is laid out as the outputs are. NULL: there is none.
 */
static inline const float *dv_tail_met(const dv_tail *t, const float *y)
{
    for (int i = 0; i < t->n_inputs; i++)
        if (t->inputs[i].rank == 1 && t->inputs[i].step[0] == 1)
            return t->inputs[i].data + (y - t->outputs);
    return NULL;
}

/* Whether all that it does is to add another tensor that is laid out as the outputs are, and to
 * clamp the sums to [*lo, *hi]. */
bool dv_tail_is_sum(const dv_tail *t, float *lo, float *hi);

/* The epilogue with such a tail in it, for kernels that know `plus`, to the same bytes: y =
 * clamp(acc * scale[c] + shift[c] + dv_tail_met(tail, y)), and the tail is not run. Any other
 * epilogue is left as it is. */
static inline dv_epilogue dv_epilogue_joined(dv_epilogue ep)
{
    ep.plus = ep.tail && !dv_epilogue_clamps(&ep) && dv_tail_is_sum(ep.tail, &ep.lo, &ep.hi);
    return ep;
}

/* Runs over n outputs that lie side by side from y on, each of which is passed once. */
void dv_tail_run(const dv_tail *t, float *y, size_t n);

/* The same over rows of n, `pitch` apart. */
void dv_tail_run_rows(const dv_tail *t, float *y, size_t pitch, int rows, size_t n);

#endif
