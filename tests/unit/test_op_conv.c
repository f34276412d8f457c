/* Conv and ConvTranspose against their definitions, by hand and over random geometry. */
#include "op_harness.h"

#include <stdlib.h>
#include <string.h>

/* One convolution; a map of one dimension has a height of 1. */
typedef struct geometry {
    bool flat; /* one dimension: only the second number of each pair counts */
    int batch, group, in_channels, out_channels; /* channels a group */
    int in[2], kernel[2], stride[2], dilation[2], lo[2], hi[2], extra[2];
    const char *auto_pad;
} geometry;

static geometry random_geometry(void)
{
    geometry g = { .flat = op_random_int(0, 5) == 0,
                   .batch = op_random_int(1, 3),
                   .group = op_random_int(1, 3),
                   .in_channels = op_random_int(1, 3),
                   .out_channels = op_random_int(1, 3) };
    for (int a = 0; a < 2; a++) {
        bool unused = g.flat && a == 0;
        g.kernel[a] = unused ? 1 : op_random_int(1, 4);
        g.stride[a] = unused ? 1 : op_random_int(1, 3);
        g.dilation[a] = unused ? 1 : op_random_int(1, 2);
        g.lo[a] = unused ? 0 : op_random_int(0, 3);
        g.hi[a] = unused ? 0 : op_random_int(0, 3);
        g.in[a] = unused ? 1 : op_random_int((g.kernel[a] - 1) * g.dilation[a] + 1, 10);
    }
    return g;
}

static void give(op_case *k, const geometry *g)
{
    int first = g->flat ? 1 : 0, n = 2 - first;
    int64_t pads[4];
    for (int a = 0; a < n; a++) {
        pads[a] = g->lo[first + a];
        pads[n + a] = g->hi[first + a];
    }
    int64_t list[2];
    const struct {
        const char *name;
        const int *v;
    } lists[] = { { "strides", g->stride },
                  { "dilations", g->dilation },
                  { "kernel_shape", g->kernel } };
    for (int i = 0; i < 3; i++) {
        for (int a = 0; a < n; a++)
            list[a] = lists[i].v[first + a];
        if (i < 2 || op_random_int(0, 1))
            op_ints_of(k, lists[i].name, n, list);
    }
    op_int(k, "group", g->group);
    if (g->auto_pad)
        op_text(k, "auto_pad", g->auto_pad);
    else
        op_ints_of(k, "pads", 2 * n, pads);
}

static dv_shape map_shape(const geometry *g, int n, int c, const int *size)
{
    return g->flat ? op_shape(3, n, c, size[1]) : op_shape(4, n, c, size[0], size[1]);
}

static op_case *build_conv(const geometry *g, bool bias)
{
    op_case *k = op_new("Conv", 11);
    give(k, g);
    op_activation(k, map_shape(g, g->batch, g->group * g->in_channels, g->in));
    op_weight(k, map_shape(g, g->group * g->out_channels, g->in_channels, g->kernel), NULL);
    if (bias)
        op_weight(k, op_shape(1, g->group * g->out_channels), NULL);
    op_build(k);
    return k;
}

/* The definition, in double; `out` says the size of the output's map. */
static void naive_conv(const op_case *k, const geometry *g, const int out[2], float *y)
{
    const float *x = k->in[0].data, *w = k->in[1].data;
    int c_in = g->in_channels, m_all = g->group * g->out_channels;
    for (int n = 0; n < g->batch; n++)
        for (int m = 0; m < m_all; m++)
            for (int oy = 0; oy < out[0]; oy++)
                for (int ox = 0; ox < out[1]; ox++) {
                    double sum = k->spec.n_in > 2 ? (double)k->in[2].data[m] : 0;
                    for (int c = 0; c < c_in; c++)
                        for (int t = 0; t < g->kernel[0] * g->kernel[1]; t++) {
                            int ty = t / g->kernel[1], tx = t % g->kernel[1];
                            int iy = oy * g->stride[0] + ty * g->dilation[0] - g->lo[0];
                            int ix = ox * g->stride[1] + tx * g->dilation[1] - g->lo[1];
                            if (iy < 0 || ix < 0 || iy >= g->in[0] || ix >= g->in[1])
                                continue;
                            int channel = n * g->group * c_in + m / g->out_channels * c_in + c;
                            sum += (double)w[(m * c_in + c) * g->kernel[0] * g->kernel[1] + t] *
                                   (double)x[(channel * g->in[0] + iy) * g->in[1] + ix];
                        }
                    *y++ = (float)sum;
                }
}

static int extent(const geometry *g, int a)
{
    return (g->kernel[a] - 1) * g->dilation[a] + 1;
}

static void conv_by_hand(void **state)
{
    (void)state;
    op_case *k = op_new("Conv", 11);
    op_ints(k, "pads", 4, 0, 1, 0, 0); /* one column of zeros on the left */
    op_activation(k, op_shape(4, 1, 1, 2, 3));
    op_weight(k, op_shape(4, 1, 1, 2, 2), (const float[]){ 1, 2, 3, 4 });
    op_weight(k, op_shape(1, 1), (const float[]){ 10 });
    op_build(k);
    for (int i = 0; i < 6; i++)
        k->in[0].data[i] = (float)i; /* 0 1 2 / 3 4 5 */
    op_forward(k);
    op_expect_shape(k, 0, op_shape(4, 1, 1, 1, 3));
    /* 2*0 + 4*3, 1*0 + 2*1 + 3*3 + 4*4, 1*1 + 2*2 + 3*4 + 4*5; plus 10 */
    op_expect_values(k, 0, 3, 22.0, 37.0, 47.0);
    /* no bias on the way back: 1 to the first output, 10 to the second */
    op_expect_projection(k, DV_RULE_DECONVNET, (const float[]){ 1, 10, 0 }, 6, 2.0 + 10, 20.0, 0.0,
                         4.0 + 30, 40.0, 0.0);
    op_free(k);
}

static void conv_equals_its_definition(void **state)
{
    (void)state;
    for (int trial = 0; trial < 60; trial++) {
        geometry g = random_geometry();
        int out[2];
        for (int a = 0; a < 2; a++)
            out[a] = (g.in[a] + g.lo[a] + g.hi[a] - extent(&g, a)) / g.stride[a] + 1;
        op_case *k = build_conv(&g, trial % 2);
        op_forward(k);
        op_expect_shape(k, 0, map_shape(&g, g.batch, g.group * g.out_channels, out));
        float *want = malloc(dv_shape_count(&k->out[0].shape) * sizeof *want);
        naive_conv(k, &g, out, want);
        op_expect(k, 0, 1e-5, want);
        free(want);
        op_free(k);
    }
}

/* SAME gives ceil(in / stride) outputs, the odd zero behind (UPPER) or in front (LOWER). */
static void conv_pads_by_itself(void **state)
{
    (void)state;
    static const char *const modes[] = { "SAME_UPPER", "SAME_LOWER", "VALID" };
    for (int trial = 0; trial < 40; trial++) {
        geometry g = random_geometry();
        int out[2], mode = trial % 3;
        g.auto_pad = modes[mode];
        op_case *k = build_conv(&g, false);
        for (int a = 0; a < 2; a++) {
            out[a] = (g.in[a] + g.stride[a] - 1) / g.stride[a];
            int total = (out[a] - 1) * g.stride[a] + extent(&g, a) - g.in[a];
            total = total > 0 ? total : 0;
            g.lo[a] = mode == 0 ? total / 2 : (total + 1) / 2;
            if (mode == 2) {
                g.lo[a] = 0;
                out[a] = (g.in[a] - extent(&g, a)) / g.stride[a] + 1;
            }
        }
        op_forward(k);
        op_expect_shape(k, 0, map_shape(&g, g.batch, g.group * g.out_channels, out));
        float *want = malloc(dv_shape_count(&k->out[0].shape) * sizeof *want);
        naive_conv(k, &g, out, want);
        op_expect(k, 0, 1e-5, want);
        free(want);
        op_free(k);
    }
}

static void conv_is_adjoint(void **state)
{
    (void)state;
    for (int trial = 0; trial < 40; trial++) {
        geometry g = random_geometry();
        op_case *k = build_conv(&g, true);
        k->spacing = 0.25f; /* it is linear */
        op_check_adjoint(k, 2);
        op_free(k);
    }
}

/* What a convolution computes with an epilogue is what the epilogue makes of it alone. */
static void conv_applies_its_epilogue(void **state)
{
    (void)state;
    for (int transposed = 0; transposed < 2; transposed++)
        for (int bias = 0; bias < 2; bias++) {
            op_case *k = op_new(transposed ? "ConvTranspose" : "Conv", 11);
            float plain[32], scale[2] = { 2, -3 }, shift[2] = { 0.5f, 1 };
            op_activation(k, op_shape(4, 2, 2, 2, 4));
            op_weight(k, op_shape(4, 2, 2, 1, 1), NULL);
            if (bias)
                op_weight(k, op_shape(1, 2), NULL);
            op_build(k);
            op_forward(k);
            memcpy(plain, k->out[0].data, sizeof plain);
            for (int i = 0; i < 32; i++)
                plain[i] = dv_clamp(plain[i] * scale[i / 8 % 2] + shift[i / 8 % 2], -1, 1.5f);
            k->op->release((void *)(uintptr_t)k->call.state);
            k->call.ep = (dv_epilogue){ .scale = scale, .shift = shift, .lo = -1, .hi = 1.5f };
            void *made = NULL;
            const dv_use use = { .project = true,
                                 .precision = DV_EXACT }; /* whose scratch is there */
            assert_true(k->op->prepare(&k->call, &use, &made, NULL));
            k->call.state = made;
            op_forward(k);
            op_expect(k, 0, 1e-5, plain);
            op_free(k);
        }
}

static void conv_in_groups_reads_its_own_channels_alone(void **state)
{
    (void)state;
    op_case *k = op_new("Conv", 11);
    op_int(k, "group", 3);
    op_ints(k, "pads", 4, 1, 1, 1, 1);
    op_ints(k, "strides", 2, 2, 2);
    op_activation(k, op_shape(4, 1, 6, 9, 9));
    op_weight(k, op_shape(4, 3, 2, 3, 3), NULL);
    op_build(k);
    op_forward(k);
    dv_box unit = { { 1, 0, 3 }, { 2, 1, 4 } };
    dv_box want = { { 2, -1, 5 }, { 4, 2, 8 } }; /* not clipped: padding counts */
    dv_box got = k->op->window(&k->call, 0, 0, unit);
    assert_memory_equal(&got, &want, sizeof want);
    op_free(k);
}

/* The groups of the second image follow those of the first. */
static void windows_of_a_batch_stay_in_their_image(void **state)
{
    (void)state;
    for (int transposed = 0; transposed < 2; transposed++) {
        op_case *k = op_new(transposed ? "ConvTranspose" : "Conv", 11);
        op_int(k, "group", 3);
        op_activation(k, op_shape(4, 2, 6, 9, 9));
        op_weight(k, transposed ? op_shape(4, 6, 1, 1, 1) : op_shape(4, 3, 2, 1, 1), NULL);
        op_build(k);
        op_forward(k);
        dv_box unit = { { 4, 0, 3 }, { 5, 1, 4 } }, both = { { 2, 0, 3 }, { 4, 1, 4 } };
        dv_box want = { { 8, 0, 3 }, { 10, 1, 4 } }, wants = { { 4, 0, 3 }, { 8, 1, 4 } };
        dv_box got = k->op->window(&k->call, 0, 0, unit);
        assert_memory_equal(&got, &want, sizeof want);
        got = k->op->window(&k->call, 0, 0, both);
        assert_memory_equal(&got, &wants, sizeof wants);
        op_free(k);
    }
}

/* -- ConvTranspose ---------------------------------------------------------------------------- */

static op_case *build_transposed(const geometry *g, bool bias)
{
    op_case *k = op_new("ConvTranspose", 11);
    give(k, g);
    if (g->extra[0] || g->extra[1])
        op_ints_of(k, "output_padding", g->flat ? 1 : 2,
                   (int64_t[]){ g->flat ? g->extra[1] : g->extra[0], g->extra[1] });
    op_activation(k, map_shape(g, g->batch, g->group * g->in_channels, g->in));
    op_weight(k, map_shape(g, g->group * g->in_channels, g->out_channels, g->kernel), NULL);
    if (bias)
        op_weight(k, op_shape(1, g->group * g->out_channels), NULL);
    op_build(k);
    return k;
}

static void naive_transposed(const op_case *k, const geometry *g, const int out[2], float *y)
{
    const float *x = k->in[0].data, *w = k->in[1].data;
    int c_all = g->group * g->in_channels, m_all = g->group * g->out_channels;
    int taps = g->kernel[0] * g->kernel[1];
    for (int n = 0; n < g->batch; n++)
        for (int m = 0; m < m_all; m++)
            for (int i = 0; i < out[0] * out[1]; i++)
                y[(n * m_all + m) * out[0] * out[1] + i] = k->spec.n_in > 2 ? k->in[2].data[m] : 0;
    for (int n = 0; n < g->batch; n++)
        for (int c = 0; c < c_all; c++)
            for (int at = 0; at < g->in[0] * g->in[1]; at++)
                for (int m = 0; m < g->out_channels; m++)
                    for (int t = 0; t < taps; t++) {
                        int oy = at / g->in[1] * g->stride[0] + t / g->kernel[1] * g->dilation[0] -
                                 g->lo[0];
                        int ox = at % g->in[1] * g->stride[1] + t % g->kernel[1] * g->dilation[1] -
                                 g->lo[1];
                        if (oy < 0 || ox < 0 || oy >= out[0] || ox >= out[1])
                            continue;
                        int to = n * m_all + c / g->in_channels * g->out_channels + m;
                        y[(to * out[0] + oy) * out[1] + ox] +=
                            x[(n * c_all + c) * g->in[0] * g->in[1] + at] *
                            w[(c * g->out_channels + m) * taps + t];
                    }
}

static void transposed_by_hand(void **state)
{
    (void)state;
    op_case *k = op_new("ConvTranspose", 11);
    op_ints(k, "strides", 2, 1, 2);
    op_activation(k, op_shape(4, 1, 1, 1, 2));
    op_weight(k, op_shape(4, 1, 1, 1, 3), (const float[]){ 1, 2, 3 });
    op_weight(k, op_shape(1, 1), (const float[]){ 100 });
    op_build(k);
    k->in[0].data[0] = 1;
    k->in[0].data[1] = 10;
    op_forward(k);
    op_expect_shape(k, 0, op_shape(4, 1, 1, 1, 5));
    op_expect_values(k, 0, 5, 101.0, 102.0, 113.0, 120.0, 130.0);
    op_expect_projection(k, DV_RULE_DECONVNET, (const float[]){ 1, 0, 0, 10, 0 }, 2, 1.0, 20.0);
    op_free(k);
}

static void transposed_equals_its_definition(void **state)
{
    (void)state;
    for (int trial = 0; trial < 60; trial++) {
        geometry g = random_geometry();
        int out[2];
        bool sound = true;
        for (int a = 0; a < 2; a++) {
            g.extra[a] = g.flat && a == 0 ? 0 : op_random_int(0, g.stride[a] - 1);
            out[a] = (g.in[a] - 1) * g.stride[a] + extent(&g, a) + g.extra[a] - g.lo[a] - g.hi[a];
            sound &= out[a] > 0;
        }
        if (!sound)
            continue;
        op_case *k = build_transposed(&g, trial % 2);
        op_forward(k);
        op_expect_shape(k, 0, map_shape(&g, g.batch, g.group * g.out_channels, out));
        float *want = malloc(dv_shape_count(&k->out[0].shape) * sizeof *want);
        naive_transposed(k, &g, out, want);
        op_expect(k, 0, 1e-5, want);
        free(want);
        op_free(k);
    }
}

static void transposed_is_adjoint(void **state)
{
    (void)state;
    for (int trial = 0; trial < 30; trial++) {
        geometry g = random_geometry();
        for (int a = 0; a < 2; a++) {
            g.lo[a] = g.hi[a] = 0;
            g.extra[a] = g.flat && a == 0 ? 0 : op_random_int(0, 2);
            g.lo[a] = g.flat && a == 0 ? 0 : op_random_int(0, g.kernel[a] / 2);
        }
        op_case *k = build_transposed(&g, true);
        k->spacing = 0.25f;
        op_check_adjoint(k, 2);
        op_free(k);
    }
}

static void transposed_pads_to_the_shape_asked_for(void **state)
{
    (void)state;
    /* 3 inputs, stride 2, kernel 4: 8 without pads, so that 5 leaves 3 to cut */
    const struct {
        const char *auto_pad;
        int lo;
    } cases[] = { { "SAME_UPPER", 1 }, { "NOTSET", 2 }, { "SAME_LOWER", 2 } };
    for (int i = 0; i < 3; i++) {
        geometry g = { .batch = 1,
                       .group = 1,
                       .in_channels = 1,
                       .out_channels = 1,
                       .in = { 1, 3 },
                       .kernel = { 1, 4 },
                       .stride = { 1, 2 },
                       .dilation = { 1, 1 },
                       .lo = { 0, cases[i].lo } };
        float want[5];
        op_case *k = op_new("ConvTranspose", 11);
        op_text(k, "auto_pad", cases[i].auto_pad);
        op_ints(k, "strides", 2, 1, 2);
        op_ints(k, "output_shape", 2, 1, 5);
        op_activation(k, op_shape(4, 1, 1, 1, 3));
        op_weight(k, op_shape(4, 1, 1, 1, 4), NULL);
        op_build(k);
        op_forward(k);
        op_expect_shape(k, 0, op_shape(4, 1, 1, 1, 5));
        naive_transposed(k, &g, (const int[]){ 1, 5 }, want);
        op_expect(k, 0, 1e-6, want);
        op_free(k);
    }
}

/* -- what is refused -------------------------------------------------------------------------- */

static void conv_refuses(dv_shape x, dv_shape w, const char *attr, int n, const int64_t *v,
                         dv_code code, const char *words)
{
    op_case *k = op_new("Conv", 11);
    if (attr && n)
        op_ints_of(k, attr, n, v);
    else if (attr)
        op_int(k, attr, v[0]);
    op_activation(k, x);
    op_weight(k, w, NULL);
    op_refused(k, code, words);
    op_free(k);
}

static void conv_refuses_what_does_not_fit(void **state)
{
    (void)state;
    const dv_shape x = op_shape(4, 1, 3, 8, 8), w = op_shape(4, 4, 3, 3, 3);
    conv_refuses(x, op_shape(3, 64, 3, 7), NULL, 0, NULL, DV_BAD_DATA,
                 "weight is (64,3,7): 4 dimensions needed");
    conv_refuses(x, op_shape(4, 4, 5, 3, 3), NULL, 0, NULL, DV_BAD_DATA,
                 "it takes 5 channels, the input has 3");
    conv_refuses(x, op_shape(4, 4, 3, 9, 3), NULL, 0, NULL, DV_BAD_DATA,
                 "the kernel covers 9, more than the padded input, which is 8");
    conv_refuses(op_shape(5, 1, 3, 8, 8, 8), op_shape(5, 4, 3, 3, 3, 3), NULL, 0, NULL,
                 DV_UNSUPPORTED, "the input has 5 dimensions: 3 or 4 are supported");
    conv_refuses(x, w, "group", 0, (int64_t[]){ 0 }, DV_BAD_DATA, "group is 0");
    conv_refuses(x, w, "group", 0, (int64_t[]){ 3 }, DV_BAD_DATA, "no multiple of the 3 groups");
    conv_refuses(x, w, "strides", 2, (int64_t[]){ 1, 0 }, DV_BAD_DATA, "strides holds 0: 1 to");
    conv_refuses(x, w, "strides", 1, (int64_t[]){ 2 }, DV_BAD_DATA, "strides holds 1 numbers");
    conv_refuses(x, w, "strides", 7, (int64_t[]){ 1, 1, 1, 1, 1, 1, 1 }, DV_BAD_DATA,
                 "strides holds 7 numbers, at most 3");
    conv_refuses(x, w, "pads", 4, (int64_t[]){ 0, -1, 0, 0 }, DV_BAD_DATA, "pads holds -1");
    conv_refuses(x, w, "pads", 4, (int64_t[]){ 0, 0, (int64_t)1 << 62, 0 }, DV_BAD_DATA,
                 "pads holds 4611686018427387904: 0 to 16777216");
    conv_refuses(x, w, "dilations", 2, (int64_t[]){ 1 << 24, 1 << 24 }, DV_BAD_DATA,
                 "the kernel covers 33554433");
    conv_refuses(x, w, "kernel_shape", 2, (int64_t[]){ 3, 2 }, DV_BAD_DATA,
                 "kernel_shape says 2 where the weight has 3");
    conv_refuses(x, w, "strides", 0, (int64_t[]){ 2 }, DV_BAD_DATA,
                 "attribute strides is an integer: a list of integers is needed");
}

/* 100 taps that lie 2^24 apart: padded for them, the map would have 1.7 * 10^9 places. */
static void windows_that_reach_too_far_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = { "Conv", "MaxPool", "AveragePool" };
    for (int i = 0; i < 3; i++) {
        op_case *k = op_new(names[i], 11);
        op_text(k, "auto_pad", "SAME_UPPER");
        op_ints(k, "dilations", 2, 1, 1 << 24);
        op_ints(k, "kernel_shape", 2, 1, 100);
        op_activation(k, op_shape(4, 1, 1, 1, 8));
        if (i == 0)
            op_weight(k, op_shape(4, 1, 1, 1, 100), NULL);
        op_refused(k, DV_UNSUPPORTED, "places of an axis: 1073741824 at most are supported");
        op_free(k);
    }
}

static void conv_refuses_weights_that_are_computed(void **state)
{
    (void)state;
    op_case *k = op_new("Conv", 11);
    op_activation(k, op_shape(4, 1, 3, 8, 8));
    op_activation(k, op_shape(4, 4, 3, 3, 3));
    op_refused(k, DV_UNSUPPORTED, "weight (input 1) is computed by the network");
    op_free(k);
    k = op_new("Conv", 11);
    op_activation(k, op_shape(4, 1, 3, 8, 8));
    op_weight(k, op_shape(4, 4, 3, 3, 3), NULL);
    op_weight(k, op_shape(1, 5), NULL);
    op_refused(k, DV_BAD_DATA, "bias is (5): (4) is needed");
    op_free(k);
}

static void transposed_refuses_what_does_not_fit(void **state)
{
    (void)state;
    const struct {
        dv_shape w;
        const char *attr;
        int64_t v[4];
        int n;
        const char *words;
    } cases[] = {
        { op_shape(4, 4, 3, 3, 3), NULL, { 0 }, 0, "does not fit an input of 3 channels" },
        { op_shape(3, 3, 3, 3), NULL, { 0 }, 0, "weight is (3,3,3): 4 dimensions needed" },
        { op_shape(4, 3, 3, 3, 3), "pads", { 9, 9, 9, 9 }, 4, "nothing of the output is left" },
        { op_shape(4, 3, 3, 3, 3), "output_padding", { 1 }, 1, "output_padding holds 1 numbers" },
        { op_shape(4, 3, 3, 3, 3), "output_shape", { 0, 5 }, 2, "output_shape holds 0" },
        { op_shape(4, 3, 3, 3, 3), "strides", { 1 << 24, 1 << 24 }, 2, "more than" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        op_case *k = op_new("ConvTranspose", 11);
        if (cases[i].attr)
            op_ints_of(k, cases[i].attr, cases[i].n, cases[i].v);
        op_activation(k, op_shape(4, 1, 3, 8, 8));
        op_weight(k, cases[i].w, NULL);
        op_refused(k, DV_BAD_DATA, cases[i].words);
        op_free(k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv_by_hand),
        cmocka_unit_test(conv_equals_its_definition),
        cmocka_unit_test(conv_pads_by_itself),
        cmocka_unit_test(conv_is_adjoint),
        cmocka_unit_test(conv_applies_its_epilogue),
        cmocka_unit_test(conv_in_groups_reads_its_own_channels_alone),
        cmocka_unit_test(windows_of_a_batch_stay_in_their_image),
        cmocka_unit_test(transposed_by_hand),
        cmocka_unit_test(transposed_equals_its_definition),
        cmocka_unit_test(transposed_is_adjoint),
        cmocka_unit_test(transposed_pads_to_the_shape_asked_for),
        cmocka_unit_test(conv_refuses_what_does_not_fit),
        cmocka_unit_test(windows_that_reach_too_far_are_refused),
        cmocka_unit_test(conv_refuses_weights_that_are_computed),
        cmocka_unit_test(transposed_refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
