/* ops.c - the table of operators. */
#include "nn/op.h"

#include <string.h>

#define FOR_EACH_OP(X)     \
    X(add)                 \
    X(batch_normalization) \
    X(cast)                \
    X(clip)                \
    X(concat)              \
    X(conv)                \
    X(div)                 \
    X(dropout)             \
    X(flatten)             \
    X(gemm)                \
    X(global_average_pool) \
    X(identity)            \
    X(log_softmax)         \
    X(max_pool)            \
    X(mul)                 \
    X(pow)                 \
    X(reduce_mean)         \
    X(reduce_sum)          \
    X(relu)                \
    X(reshape)             \
    X(softmax)             \
    X(squeeze)             \
    X(sub)                 \
    X(unsqueeze)

#define X(name) extern const dv_op dv_op_##name;
FOR_EACH_OP(X)
#undef X

static const dv_op *const table[] = {
#define X(name) &dv_op_##name,
    FOR_EACH_OP(X)
#undef X
};

const dv_op *dv_op_find(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}
