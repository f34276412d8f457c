/* Convolution of a map by kernels as large as it: one output for each channel, a matrix times the
 * vector of all inputs, as in squeeze-and-excitation. The weights are read as they are. */
#include "kernel/conv_method.h"
#include "kernel/gemm.h"

static int terms_of(const dv_conv_shape *s)
{
    return s->in_channels * s->kernel[0] * s->kernel[1];
}

static bool fits(const dv_conv *k, dv_direction direction)
{
    const dv_conv_shape *s = &k->s;
    bool whole = direction == DV_FORWARD && s->group == 1 && k->precision != DV_EXACT;
    for (int a = 0; a < 2; a++)
        whole &= s->out[a] == 1 && s->kernel[a] == s->in[a] && s->pad[a] == 0 &&
                 (s->dilation[a] == 1 || s->kernel[a] == 1);
    return whole && (int64_t)s->in_channels * s->kernel[0] * s->kernel[1] <= INT32_MAX;
}

static size_t forward_scratch(const dv_conv *k, int workers)
{
    (void)k;
    (void)workers;
    return 0;
}

static void forward(const dv_conv *k, const void *packed, const float *x, const dv_epilogue *ep,
                    const dv_region *region, float *y, void *scratch, dv_pool *pool)
{
    (void)packed;
    (void)region; /* all there is */
    (void)scratch;
    const dv_conv_shape *s = &k->s;
    for (int n = 0; n < s->batch; n++)
        dv_gemv(s->out_channels, terms_of(s), k->weight, x + (size_t)n * (size_t)terms_of(s), ep,
                y + (size_t)n * (size_t)s->out_channels, pool);
}

const dv_conv_method dv_conv_vector = {
    .name = "vector",
    .fits = fits,
    .forward_scratch = forward_scratch,
    .forward = forward,
};
