/* ops.c - the table of operators. */
#include "nn/op.h"

#include <string.h>

#define FOR_EACH_OP(X)        \
    X(abs)                    \
    X(add)                    \
    X(average_pool)           \
    X(batch_normalization)    \
    X(cast)                   \
    X(clip)                   \
    X(concat)                 \
    X(conv)                   \
    X(conv_transpose)         \
    X(depth_to_space)         \
    X(div)                    \
    X(dropout)                \
    X(elu)                    \
    X(erf)                    \
    X(exp)                    \
    X(expand)                 \
    X(flatten)                \
    X(gather)                 \
    X(gelu)                   \
    X(gemm)                   \
    X(global_average_pool)    \
    X(global_max_pool)        \
    X(hard_sigmoid)           \
    X(hard_swish)             \
    X(identity)               \
    X(instance_normalization) \
    X(layer_normalization)    \
    X(leaky_relu)             \
    X(log)                    \
    X(log_softmax)            \
    X(lrn)                    \
    X(mat_mul)                \
    X(max)                    \
    X(max_pool)               \
    X(mean)                   \
    X(min)                    \
    X(mul)                    \
    X(neg)                    \
    X(pad)                    \
    X(pow)                    \
    X(prelu)                  \
    X(reciprocal)             \
    X(reduce_mean)            \
    X(reduce_sum)             \
    X(relu)                   \
    X(reshape)                \
    X(resize)                 \
    X(selu)                   \
    X(sigmoid)                \
    X(slice)                  \
    X(softmax)                \
    X(softplus)               \
    X(softsign)               \
    X(space_to_depth)         \
    X(split)                  \
    X(sqrt)                   \
    X(squeeze)                \
    X(sub)                    \
    X(sum)                    \
    X(tanh)                   \
    X(thresholded_relu)       \
    X(tile)                   \
    X(transpose)              \
    X(unsqueeze)              \
    X(upsample)

#define X(name) extern const dv_op dv_op_##name;
FOR_EACH_OP(X)
#undef X

static const dv_op *const table[] = {
#define X(name) &dv_op_##name,
    FOR_EACH_OP(X)
#undef X
};

enum { N_OPS = sizeof table / sizeof table[0] };

const dv_op *dv_op_at(int i)
{
    return i >= 0 && i < N_OPS ? table[i] : NULL;
}

const dv_op *dv_op_find(const char *name)
{
    for (int i = 0; i < N_OPS; i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}
