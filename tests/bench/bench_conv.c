/* Convolution layers of well-known networks, one image, one thread: what the chosen kernel and
 * im2col + OpenBLAS reach, in turns, against the machine's own peak.
 *
 *     bench_conv [NETWORK]
 *
 * GFLOP/s count the multiplications of the definition, so Winograd's can exceed the peak. */
#include "kernel/conv.h"
#include "kernel/gemm.h"
#include "machine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct bench_layer {
    const char *network;
    int channels, size, outputs, kernel, stride, pad;
    int times; /* it is there in the network */
} bench_layer;

static const bench_layer layers[] = {
    { "vgg16", 3, 224, 64, 3, 1, 1, 1 },
    { "vgg16", 64, 224, 64, 3, 1, 1, 1 },
    { "vgg16", 64, 112, 128, 3, 1, 1, 1 },
    { "vgg16", 128, 112, 128, 3, 1, 1, 1 },
    { "vgg16", 128, 56, 256, 3, 1, 1, 1 },
    { "vgg16", 256, 56, 256, 3, 1, 1, 2 },
    { "vgg16", 256, 28, 512, 3, 1, 1, 1 },
    { "vgg16", 512, 28, 512, 3, 1, 1, 2 },
    { "vgg16", 512, 14, 512, 3, 1, 1, 3 },
    { "resnet18", 3, 224, 64, 7, 2, 3, 1 },
    { "resnet18", 64, 56, 64, 3, 1, 1, 4 },
    { "resnet18", 64, 56, 128, 3, 2, 1, 1 },
    { "resnet18", 64, 56, 128, 1, 2, 0, 1 },
    { "resnet18", 128, 28, 128, 3, 1, 1, 3 },
    { "resnet18", 128, 28, 256, 3, 2, 1, 1 },
    { "resnet18", 128, 28, 256, 1, 2, 0, 1 },
    { "resnet18", 256, 14, 256, 3, 1, 1, 3 },
    { "resnet18", 256, 14, 512, 3, 2, 1, 1 },
    { "resnet18", 256, 14, 512, 1, 2, 0, 1 },
    { "resnet18", 512, 7, 512, 3, 1, 1, 3 },
    { "alexnet", 3, 224, 64, 11, 4, 2, 1 },
    { "alexnet", 64, 27, 192, 5, 1, 2, 1 },
    { "alexnet", 192, 13, 384, 3, 1, 1, 1 },
    { "alexnet", 384, 13, 256, 3, 1, 1, 1 },
    { "alexnet", 256, 13, 256, 3, 1, 1, 1 },
    { "zfnet", 3, 224, 96, 7, 2, 1, 1 },
    { "zfnet", 96, 55, 256, 5, 2, 0, 1 },
    { "zfnet", 256, 13, 384, 3, 1, 1, 1 },
    { "zfnet", 384, 13, 384, 3, 1, 1, 1 },
    { "zfnet", 384, 13, 256, 3, 1, 1, 1 },
    { "squeezenet1_1", 3, 224, 64, 3, 2, 0, 1 },
    { "squeezenet1_1", 64, 55, 16, 1, 1, 0, 1 },
    { "squeezenet1_1", 16, 55, 64, 1, 1, 0, 2 },
    { "squeezenet1_1", 16, 55, 64, 3, 1, 1, 2 },
    { "squeezenet1_1", 128, 27, 32, 1, 1, 0, 1 },
    { "squeezenet1_1", 32, 27, 128, 1, 1, 0, 2 },
    { "squeezenet1_1", 32, 27, 128, 3, 1, 1, 2 },
    { "squeezenet1_1", 256, 13, 48, 1, 1, 0, 1 },
    { "squeezenet1_1", 48, 13, 192, 1, 1, 0, 2 },
    { "squeezenet1_1", 48, 13, 192, 3, 1, 1, 2 },
    { "squeezenet1_1", 64, 13, 256, 1, 1, 0, 2 },
    { "squeezenet1_1", 64, 13, 256, 3, 1, 1, 2 },
    { "squeezenet1_1", 512, 13, 1000, 1, 1, 0, 1 },
};

enum { N_LAYERS = sizeof layers / sizeof *layers, ROUNDS = 12 };

static void *scratch_of(size_t size)
{
    void *p = aligned_alloc(64, (size + 127) / 64 * 64);
    if (!p)
        exit(1);
    return p;
}

/* The best that OpenBLAS does on a product that stays in the cache. */
static double peak_gflops(void)
{
    enum { N = 384 };
    float *a = bench_numbers(N * N), *b = bench_numbers(N * N), *c = bench_numbers(N * N);
    double best = 1e9;
    for (int i = 0; i < 40; i++) {
        double t = bench_now_ms();
        dv_gemm(false, false, N, N, N, 1, a, N, b, N, 0, c, N);
        best = fmin(best, bench_now_ms() - t);
    }
    free(a), free(b), free(c);
    return 2.0 * N * N * N / best / 1e6;
}

typedef struct contender {
    dv_conv *k;
    void *scratch;
    double best;
} contender;

static contender enter(const dv_conv_shape *s, const float *w, const char *kernel)
{
    if (!dv_conv_only(kernel))
        exit(1);
    contender c = { .best = 1e9 };
    dv_error err;
    c.k = dv_conv_new(s, w, DV_CONV_FORWARD, DV_FAST, NULL, &err);
    (void)dv_conv_only(NULL);
    if (!c.k)
        exit(1);
    c.scratch = scratch_of(dv_conv_forward_scratch(c.k, 1));
    return c;
}

static void leave(contender *c)
{
    dv_conv_free(c->k);
    free(c->scratch);
}

static void bench(const bench_layer *l, double total[2])
{
    const int out = (l->size + 2 * l->pad - l->kernel) / l->stride + 1;
    const dv_conv_shape s = { 1,
                              l->channels,
                              { l->size, l->size },
                              l->outputs,
                              { out, out },
                              { l->kernel, l->kernel },
                              { l->stride, l->stride },
                              { 1, 1 },
                              { l->pad, l->pad },
                              1 };
    const size_t weights = (size_t)l->outputs * l->channels * l->kernel * l->kernel;
    float *w = bench_numbers(weights), *x = bench_numbers((size_t)l->channels * l->size * l->size);
    float *y = bench_numbers((size_t)l->outputs * out * out), *shift = bench_numbers(l->outputs);
    const dv_epilogue ep = { .shift = shift, .lo = 0, .hi = INFINITY };
    contender c[2] = { enter(&s, w, NULL), enter(&s, w, "gemm") };
    for (int i = 0; i < ROUNDS; i++)
        for (int j = 0; j < 2; j++) {
            double t = bench_now_ms();
            dv_conv_forward(c[j].k, x, &ep, y, c[j].scratch, NULL);
            c[j].best = fmin(c[j].best, bench_now_ms() - t);
        }
    const double flops = 2.0 * (double)weights * out * out;
    printf("%-14s %4d x %-3d -> %4d  %2dx%-2d /%d  %-9s %8.3f ms %6.0f GFLOP/s   openblas %8.3f ms "
           "%6.0f   %.2f\n",
           l->network, l->channels, l->size, l->outputs, l->kernel, l->kernel, l->stride,
           dv_conv_kernel(c[0].k), c[0].best, flops / c[0].best / 1e6, c[1].best,
           flops / c[1].best / 1e6, c[0].best / c[1].best);
    for (int j = 0; j < 2; j++) {
        total[j] += c[j].best * l->times;
        leave(&c[j]);
    }
    free(w), free(x), free(y), free(shift);
}

int main(int argc, char **argv)
{
    printf("OpenBLAS on a cached product: %.0f GFLOP/s\n", peak_gflops());
    double total[2] = { 0, 0 };
    for (int i = 0; i < N_LAYERS; i++) {
        if (argc > 1 && strcmp(argv[1], layers[i].network) != 0)
            continue;
        bench(&layers[i], total);
        if (i + 1 == N_LAYERS || strcmp(layers[i].network, layers[i + 1].network) != 0) {
            printf("%-14s all layers %8.2f ms, openblas %8.2f ms, %.2f\n", layers[i].network,
                   total[0], total[1], total[0] / total[1]);
            total[0] = total[1] = 0;
        }
    }
    return 0;
}
