#include "kernel/conv.h"

#include "kernel/conv_method.h"

#include <assert.h>
#include <stdlib.h>

/* Best first; the last fits everything. */
static const dv_conv_method *const methods[] = { &dv_conv_depthwise, &dv_conv_gemm };

enum { N_METHODS = sizeof methods / sizeof *methods };

static const dv_conv_method *choose_forward(const dv_conv *k)
{
    int i = 0;
    while (!methods[i]->fits_forward(k))
        i++;
    assert(i < N_METHODS);
    return methods[i];
}

static const dv_conv_method *choose_transposed(const dv_conv *k, const dv_box *out)
{
    int i = 0;
    while (!methods[i]->fits_transposed(k, out))
        i++;
    assert(i < N_METHODS);
    return methods[i];
}

dv_conv *dv_conv_new(const dv_conv_shape *s, const float *weight, unsigned uses, bool exact,
                     dv_error *err)
{
    dv_conv *k = calloc(1, sizeof *k);
    if (!k) {
        dv_fail(err, DV_NO_MEMORY, "no memory for a convolution");
        return NULL;
    }
    *k = (dv_conv){ .s = *s, .weight = weight, .uses = uses, .exact = exact };
    k->forward = choose_forward(k);
    return k;
}

void dv_conv_free(dv_conv *k)
{
    free(k);
}

const char *dv_conv_kernel(const dv_conv *k)
{
    return k->forward->name;
}

size_t dv_conv_forward_scratch(const dv_conv *k, int workers)
{
    return k->forward->forward_scratch(k, workers);
}

void dv_conv_forward(const dv_conv *k, const float *x, const dv_epilogue *ep, float *y,
                     void *scratch, dv_pool *pool)
{
    k->forward->forward(k, x, ep, y, scratch, pool);
}

size_t dv_conv_transposed_scratch(const dv_conv *k, const dv_box *out, int workers)
{
    if (dv_box_empty(out))
        return 0;
    return choose_transposed(k, out)->transposed_scratch(k, out, workers);
}

void dv_conv_transposed(const dv_conv *k, const dv_signal *out, const dv_signal *in, void *scratch,
                        dv_pool *pool)
{
    assert(k->s.batch == 1);
    if (!dv_box_empty(&out->box))
        choose_transposed(k, &out->box)->transposed(k, out, in, scratch, pool);
}
