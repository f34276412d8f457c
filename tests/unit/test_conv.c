/* What src/kernel/conv.h promises, for every kernel and random geometry. */
#include "kernel/conv.h"
#include "kernel/isa.h"
#include "rounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD = 256, CASES = 40 };

static const char *forced; /* the only kernel; NULL: the best */

static uint32_t state = 1;

static uint32_t random_bits(void)
{
    state = state * 1664525u + 1013904223u;
    return state >> 8;
}

static int random_int(int lo, int hi) /* both included */
{
    return lo + (int)(random_bits() % (uint32_t)(hi - lo + 1));
}

static float random_value(void)
{
    return (float)random_bits() / (float)(1 << 23) - 1;
}

static float *random_array(size_t n)
{
    float *a = malloc(n * sizeof *a);
    assert_non_null(a);
    for (size_t i = 0; i < n; i++)
        a[i] = random_value();
    return a;
}

/* Memory with bytes behind it that must stay as they are. */
static void *guarded(size_t size)
{
    size_t room = (size + 63) / 64 * 64 + GUARD;
    char *p = aligned_alloc(64, room);
    assert_non_null(p);
    memset(p, 0x7f, room); /* scratch and results hold large numbers before they are written */
    return p;
}

static void free_guarded(void *memory, size_t size)
{
    char *p = memory;
    for (int i = 0; i < GUARD; i++)
        assert_int_equal(p[size + i], 0x7f);
    free(p);
}

static size_t count_in(const dv_conv_shape *s)
{
    return (size_t)s->batch * s->in_channels * s->in[0] * s->in[1];
}

static size_t count_out(const dv_conv_shape *s)
{
    return (size_t)s->batch * s->out_channels * s->out[0] * s->out[1];
}

static size_t count_weight(const dv_conv_shape *s)
{
    return (size_t)s->out_channels * (s->in_channels / s->group) * s->kernel[0] * s->kernel[1];
}

/* Output sizes that the input allows: as many windows as fit between the zeros in front and up to
 * a whole kernel of zeros behind, so that some hang over the far edge or see nothing but zeros. */
static void random_axis(dv_conv_shape *s, int a, int max_in)
{
    s->kernel[a] = random_int(1, random_int(0, 3) ? 3 : 7);
    s->stride[a] = random_int(1, random_int(0, 2) ? 2 : 5);
    s->dilation[a] = random_int(0, 3) ? 1 : random_int(1, 3);
    s->pad[a] = random_int(0, 2) ? (s->kernel[a] - 1) / 2 : random_int(0, s->kernel[a] + 1);
    s->in[a] = random_int(1, max_in);
    int behind = random_int(0, 2) ? s->pad[a] : random_int(0, s->kernel[a] + 1);
    int reach = (s->kernel[a] - 1) * s->dilation[a] + 1;
    int room = s->in[a] + s->pad[a] + behind;
    s->out[a] = room < reach ? 1 : (room - reach) / s->stride[a] + 1;
}

/* The kernels that Winograd's method is for, on maps of all sizes, with enough channels for it. */
static void make_winograd(dv_conv_shape *s)
{
    const int large = random_int(0, 1), stride = large ? random_int(1, 4) : 1;
    for (int a = 0; a < 2; a++) {
        const int kernel = large ? random_int(5, 11) : 3;
        s->kernel[a] = kernel;
        s->stride[a] = stride;
        s->dilation[a] = 1;
        s->pad[a] = random_int(0, 2) ? (kernel - 1) / 2 : random_int(0, kernel + 1);
        int behind = random_int(0, 2) ? s->pad[a] : random_int(0, kernel + 1);
        int room = s->in[a] + s->pad[a] + behind;
        s->out[a] = room < kernel ? 1 : (room - kernel) / stride + 1;
    }
    s->in_channels = s->out_channels = 8;
}

/* Kernels of one column or row, with enough channels to be cut into parts of four taps. */
static void make_line(dv_conv_shape *s)
{
    const int along = random_int(0, 1);
    for (int a = 0; a < 2; a++) {
        s->kernel[a] = a != along ? 1 : random_int(0, 2) ? 7 : random_int(2, 12);
        s->stride[a] = s->dilation[a] = 1;
        s->pad[a] = a != along ? 0 : random_int(0, 2) ? s->kernel[a] / 2 : random_int(0, 8);
        const int room = s->in[a] + 2 * s->pad[a];
        s->out[a] = room < s->kernel[a] ? 1 : room - s->kernel[a] + 1;
    }
    s->in_channels = 32;
    s->out_channels = 16;
}

static void make_pointwise(dv_conv_shape *s)
{
    for (int a = 0; a < 2; a++) {
        s->kernel[a] = s->stride[a] = s->dilation[a] = 1;
        s->pad[a] = 0;
        s->out[a] = s->in[a];
    }
}

/* One input channel in each group, or few, most often under the kernels and strides that networks
 * have. */
static void make_grouped(dv_conv_shape *s)
{
    const int kernel = random_int(0, 4) ? 3 + 2 * random_int(0, 2) : 0, stride = random_int(1, 2);
    const bool few = random_int(0, 1);
    for (int a = 0; kernel && a < 2; a++) {
        const int behind = random_int(0, kernel + 1);
        s->kernel[a] = kernel;
        s->stride[a] = stride;
        const int room = s->in[a] + s->pad[a] + behind, reach = (kernel - 1) * s->dilation[a] + 1;
        s->out[a] = room < reach ? 1 : (room - reach) / stride + 1;
    }
    s->group = random_int(2, few ? 3 : 9);
    s->in_channels = few ? random_int(2, 16) : 1;
    s->out_channels = few ? random_int(1, 16) : random_int(0, 2) ? 1 : random_int(2, 3);
}

/* Any number of channels, most often not in groups. */
static void make_dense(dv_conv_shape *s)
{
    s->group = random_int(0, 2) ? 1 : random_int(1, 4);
    if (random_int(0, 2) == 0)
        make_winograd(s);
    else if (random_int(0, 3) == 0)
        make_pointwise(s);
    else if (random_int(0, 1))
        make_line(s);
    s->in_channels += random_int(0, 2) ? random_int(1, 6) : random_int(1, 20);
    s->out_channels += random_int(0, 2) ? random_int(1, 9) : random_int(1, 40);
}

static dv_conv_shape random_shape(void)
{
    dv_conv_shape s = { .batch = random_int(0, 2) ? 1 : random_int(2, 3) };
    random_axis(&s, 0, 20);
    random_axis(&s, 1, random_int(0, 3) ? 20 : 70);
    if (random_int(0, 3))
        make_dense(&s);
    else
        make_grouped(&s);
    s.in_channels *= s.group;
    s.out_channels *= s.group;
    return s;
}

static float naive_output(const dv_conv_shape *s, const float *x, const float *w, int n, int m,
                          int oy, int ox, double *magnitude)
{
    const int channels = s->in_channels / s->group, g = m / (s->out_channels / s->group);
    double sum = 0, size = 0;
    for (int c = 0; c < channels; c++)
        for (int ty = 0; ty < s->kernel[0]; ty++)
            for (int tx = 0; tx < s->kernel[1]; tx++) {
                int y = oy * s->stride[0] + ty * s->dilation[0] - s->pad[0];
                int x0 = ox * s->stride[1] + tx * s->dilation[1] - s->pad[1];
                if (y < 0 || y >= s->in[0] || x0 < 0 || x0 >= s->in[1])
                    continue;
                size_t at =
                    (((size_t)n * s->in_channels + g * channels + c) * s->in[0] + y) * s->in[1] +
                    x0;
                size_t tap = (((size_t)m * channels + c) * s->kernel[0] + ty) * s->kernel[1] + tx;
                sum += (double)x[at] * (double)w[tap];
                size += fabs((double)x[at] * (double)w[tap]);
            }
    *magnitude = size;
    return (float)sum;
}

/* Float32 sums of a few hundred terms: 4e-6 of the sum of their magnitudes is many times their
 * rounding error, and far below what a wrong tap would do. The rest is for Winograd's method, whose
 * error follows the whole tile and not the one window (one that sees only padding is not exactly
 * zero), and so the number of terms. */
static void assert_near(float got, double want, double magnitude, const dv_conv_shape *s)
{
    const double terms = (double)count_weight(s) / s->out_channels;
    if (!(fabs((double)got - want) <= 4e-6 * magnitude + 1e-5 + 2e-6 * sqrt(terms)))
        fail_msg("%.9g, wanted %.9g (terms add up to %g)", (double)got, want, magnitude);
}

static float *run_forward(const dv_conv *k, const dv_conv_shape *s, const float *x,
                          const dv_epilogue *ep, dv_pool *pool)
{
    size_t bytes = count_out(s) * sizeof(float);
    size_t scratch_size = dv_conv_forward_scratch(k, dv_pool_size(pool));
    float *y = guarded(bytes);
    void *scratch = guarded(scratch_size);
    dv_conv_forward(k, x, ep, y, scratch, pool);
    free_guarded(scratch, scratch_size);
    float *copy = malloc(bytes);
    assert_non_null(copy);
    memcpy(copy, y, bytes);
    free_guarded(y, bytes);
    return copy;
}

static dv_precision random_precision(void)
{
    return (dv_precision)random_int(DV_FAST, DV_EXACT);
}

static void check_forward(const dv_conv_shape *s, dv_precision precision)
{
    float *x = random_array(count_in(s)), *w = random_array(count_weight(s));
    dv_conv *k = dv_conv_new(s, w, DV_CONV_FORWARD, precision, NULL, NULL);
    assert_non_null(k);
    float *y = run_forward(k, s, x, &dv_no_epilogue, NULL);
    size_t i = 0;
    for (int n = 0; n < s->batch; n++)
        for (int m = 0; m < s->out_channels; m++)
            for (int oy = 0; oy < s->out[0]; oy++)
                for (int ox = 0; ox < s->out[1]; ox++, i++) {
                    double magnitude;
                    double want = (double)naive_output(s, x, w, n, m, oy, ox, &magnitude);
                    assert_near(y[i], want, magnitude, s);
                }
    dv_conv_free(k);
    free(x), free(w), free(y);
}

static void forward_is_the_definition(void **unused)
{
    (void)unused;
    for (int i = 0; i < rounds(CASES); i++) {
        dv_conv_shape s = random_shape();
        check_forward(&s, (dv_precision)(i % 3));
    }
}

/* Whether window o of an axis lies inside the map. */
static bool inside(const dv_conv_shape *s, int axis, int o)
{
    const int first = o * s->stride[axis] - s->pad[axis];
    return first >= 0 && first + (s->kernel[axis] - 1) * s->dilation[axis] < s->in[axis];
}

/* Channels that are flat: the bytes of all windows inside the map are the same. */
static void check_even(const dv_conv *k, const dv_conv_shape *s)
{
    float *x = random_array(count_in(s));
    const size_t plane = (size_t)s->in[0] * s->in[1];
    for (size_t i = 0; i < count_in(s); i++)
        x[i] = x[i / plane % (size_t)s->in_channels * plane];
    float *y = run_forward(k, s, x, &dv_no_epilogue, NULL);
    for (int m = 0; m < s->batch * s->out_channels; m++) {
        const float *map = y + (size_t)m * s->out[0] * s->out[1], *first = NULL;
        for (int oy = 0; oy < s->out[0]; oy++)
            for (int ox = 0; ox < s->out[1]; ox++)
                if (inside(s, 0, oy) && inside(s, 1, ox)) {
                    first = first ? first : map + oy * s->out[1] + ox;
                    assert_memory_equal(first, map + oy * s->out[1] + ox, sizeof *map);
                }
    }
    free(x), free(y);
}

static void even_kernels_round_equal_windows_alike(void **unused)
{
    (void)unused;
    int tiled = 0;
    for (int i = 0; i < rounds(CASES); i++) {
        const dv_conv_shape s = random_shape();
        float *w = random_array(count_weight(&s));
        dv_conv *k = dv_conv_new(&s, w, DV_CONV_FORWARD, random_precision(), NULL, NULL);
        assert_non_null(k);
        const bool tiles =
            strcmp(dv_conv_kernel(k), "winograd") == 0 || strcmp(dv_conv_kernel(k), "line") == 0;
        tiled += tiles;
        assert_int_equal(dv_conv_even(k), !tiles && strcmp(dv_conv_kernel(k), "gemm") != 0);
        if (dv_conv_even(k))
            check_even(k, &s);
        dv_conv_free(k);
        free(w);
    }
    assert_true(tiled > 0 || (forced && strcmp(forced, "winograd") != 0));
}

static void forward_is_the_definition_by_hand(void **unused)
{
    (void)unused;
    /* 1 2 3      1 0
     * 4 5 6  *   0 2   with one row of zeros above, stride 1 */
    const float x[] = { 1, 2, 3, 4, 5, 6 }, w[] = { 1, 0, 0, 2 };
    const float want[] = { 4, 6, 11, 14 };
    dv_conv_shape s = { 1, 1, { 2, 3 }, 1, { 2, 2 }, { 2, 2 }, { 1, 1 }, { 1, 1 }, { 1, 0 }, 1 };
    dv_conv *k = dv_conv_new(&s, w, DV_CONV_FORWARD, DV_FAST, NULL, NULL);
    assert_non_null(k);
    float *y = run_forward(k, &s, x, &dv_no_epilogue, NULL);
    for (int i = 0; i < 4; i++)
        assert_float_equal(y[i], want[i], 1e-6);
    dv_conv_free(k);
    free(y);
}

static void epilogue_scales_shifts_and_clamps(void **unused)
{
    (void)unused;
    for (int i = 0; i < rounds(CASES / 3); i++) {
        dv_conv_shape s = random_shape();
        float *x = random_array(count_in(&s)), *w = random_array(count_weight(&s));
        float *scale = random_array((size_t)s.out_channels);
        float *shift = random_array((size_t)s.out_channels);
        dv_epilogue ep = { .scale = i % 2 ? scale : NULL,
                           .shift = i % 3 ? shift : NULL,
                           .lo = i % 5 ? 0 : -INFINITY,
                           .hi = i % 4 ? INFINITY : 0.5F };
        dv_conv *k = dv_conv_new(&s, w, DV_CONV_FORWARD, DV_FAST, NULL, NULL);
        assert_non_null(k);
        float *plain = run_forward(k, &s, x, &dv_no_epilogue, NULL);
        float *y = run_forward(k, &s, x, &ep, NULL);
        size_t plane = (size_t)s.out[0] * s.out[1];
        for (size_t at = 0; at < count_out(&s); at++) {
            size_t m = at / plane % (size_t)s.out_channels;
            float want = plain[at] * (ep.scale ? scale[m] : 1) + (ep.shift ? shift[m] : 0);
            assert_near(y[at], (double)dv_clamp(want, ep.lo, ep.hi), 1 + fabs((double)plain[at]),
                        &s);
        }
        dv_conv_free(k);
        free(x), free(w), free(scale), free(shift), free(plain), free(y);
    }
}

/* A box in (M,OH,OW): often the whole map, one channel, or one element. */
static dv_box random_box(const dv_conv_shape *s)
{
    const int size[3] = { s->out_channels, s->out[0], s->out[1] };
    dv_box b;
    for (int a = 0; a < 3; a++) {
        b.lo[a] = random_int(0, size[a] - 1);
        b.hi[a] = random_int(0, 2) ? random_int(b.lo[a] + 1, size[a]) : b.lo[a] + 1;
        if (random_int(0, 2) == 0)
            b.lo[a] = 0, b.hi[a] = size[a];
    }
    return b;
}

/* The least box that holds what `out` reaches inside the map, made larger at random. */
static dv_box reached_box(const dv_conv_shape *s, dv_box out)
{
    const int ic = s->in_channels / s->group, oc = s->out_channels / s->group;
    dv_box b;
    b.lo[DV_C] = out.lo[DV_C] / oc * ic;
    b.hi[DV_C] = ((out.hi[DV_C] - 1) / oc + 1) * ic;
    for (int a = 0; a < 2; a++) {
        int lo = out.lo[a + 1] * s->stride[a] - s->pad[a];
        int hi = (out.hi[a + 1] - 1) * s->stride[a] - s->pad[a] +
                 (s->kernel[a] - 1) * s->dilation[a] + 1;
        b.lo[a + 1] = lo < 0 ? 0 : lo;
        b.hi[a + 1] = hi > s->in[a] ? s->in[a] : hi;
        if (random_int(0, 3) == 0)
            b.lo[a + 1] = 0, b.hi[a + 1] = s->in[a];
    }
    if (random_int(0, 3) == 0)
        b.lo[DV_C] = 0, b.hi[DV_C] = s->in_channels;
    return b;
}

/* Adds r times the weights of output (m,oy,ox) to the whole input (C,H,W), and to its size. */
static void naive_send(const dv_conv_shape *s, const float *w, int m, int oy, int ox, double r,
                       double *x, double *size)
{
    const int channels = s->in_channels / s->group, g = m / (s->out_channels / s->group);
    for (int c = 0; c < channels; c++)
        for (int ty = 0; ty < s->kernel[0]; ty++)
            for (int tx = 0; tx < s->kernel[1]; tx++) {
                int y = oy * s->stride[0] + ty * s->dilation[0] - s->pad[0];
                int x0 = ox * s->stride[1] + tx * s->dilation[1] - s->pad[1];
                if (y < 0 || y >= s->in[0] || x0 < 0 || x0 >= s->in[1])
                    continue;
                size_t at = (((size_t)g * channels + c) * s->in[0] + y) * s->in[1] + x0;
                size_t tap = (((size_t)m * channels + c) * s->kernel[0] + ty) * s->kernel[1] + tx;
                x[at] += r * (double)w[tap];
                size[at] += fabs(r * (double)w[tap]);
            }
}

/* Runs k on `out` and gives the signal in `box`, added to `before` (the box's size). */
static float *run_transposed(const dv_conv *k, dv_signal out, dv_box box, const float *before,
                             dv_pool *pool)
{
    size_t bytes = dv_box_count(&box) * sizeof(float);
    size_t scratch_size = dv_conv_transposed_scratch(k, &out.box, dv_pool_size(pool));
    float *data = guarded(bytes);
    void *scratch = guarded(scratch_size);
    memcpy(data, before, bytes);
    dv_signal in = { .box = box, .data = data };
    dv_conv_transposed(k, &out, &in, scratch, pool);
    free_guarded(scratch, scratch_size);
    float *copy = malloc(bytes ? bytes : 1);
    assert_non_null(copy);
    memcpy(copy, data, bytes);
    free_guarded(data, bytes);
    return copy;
}

/* Of all values, or as behind rectification and unpooling, or next to nothing. */
static float *random_signal(const dv_box *b)
{
    const size_t n = dv_box_count(b);
    float *a = random_array(n);
    const int density = random_int(0, 2);
    for (size_t i = 0; density > 0 && i < n; i++)
        if (random_int(0, density == 1 ? 3 : 50))
            a[i] = 0;
    return a;
}

static void check_transposed(const dv_conv_shape *s, dv_precision precision)
{
    dv_box box = random_box(s), to = reached_box(s, box);
    if (dv_box_empty(&to))
        return;
    dv_signal out = { .box = box, .data = random_signal(&box) };
    float *w = random_array(count_weight(s)), *before = random_array(dv_box_count(&to));
    double *want = calloc(count_in(s), sizeof *want), *size = calloc(count_in(s), sizeof *size);
    assert_non_null(want);
    assert_non_null(size);
    for (int m = box.lo[DV_C]; m < box.hi[DV_C]; m++)
        for (int y = box.lo[DV_Y]; y < box.hi[DV_Y]; y++)
            for (int x = box.lo[DV_X]; x < box.hi[DV_X]; x++)
                naive_send(s, w, m, y, x, (double)*dv_signal_at(&out, m, y, x), want, size);

    dv_conv *k = dv_conv_new(s, w, DV_CONV_TRANSPOSED, precision, NULL, NULL);
    assert_non_null(k);
    float *got = run_transposed(k, out, to, before, NULL);
    size_t i = 0;
    for (int c = to.lo[DV_C]; c < to.hi[DV_C]; c++)
        for (int y = to.lo[DV_Y]; y < to.hi[DV_Y]; y++)
            for (int x = to.lo[DV_X]; x < to.hi[DV_X]; x++, i++) {
                size_t at = ((size_t)c * s->in[0] + y) * s->in[1] + x;
                assert_near(got[i], (double)before[i] + want[at], 1 + size[at], s);
            }
    dv_conv_free(k);
    free(out.data), free(w), free(before), free(want), free(size), free(got);
}

static void transposed_is_the_definition(void **unused)
{
    (void)unused;
    for (int i = 0; i < rounds(2 * CASES); i++) {
        dv_conv_shape s = random_shape();
        s.batch = 1;
        check_transposed(&s, (dv_precision)(i % 3));
    }
}

/* A row of such a kernel is more vectors than the registers hold, so that none can be summed at a
 * time: the sparse method divided by that number. */
static void kernels_wider_than_the_registers_are_computed(void **unused)
{
    (void)unused;
    const dv_conv_shape s = { 1,         20,       { 5, 60 }, 4,        { 3, 21 },
                              { 3, 40 }, { 1, 1 }, { 1, 1 },  { 0, 0 }, 1 };
    check_forward(&s, DV_FAST);
    for (int i = 0; i < 8; i++)
        check_transposed(&s, (dv_precision)(i % 3));
}

/* <conv(x), y> = <x, transposed(y)>: the two directions agree with each other. */
static void transposed_is_the_adjoint(void **unused)
{
    (void)unused;
    for (int i = 0; i < rounds(CASES); i++) {
        dv_conv_shape s = random_shape();
        s.batch = 1;
        const dv_shape in = { 4, { 1, s.in_channels, s.in[0], s.in[1] } };
        float *x = random_array(count_in(&s)), *w = random_array(count_weight(&s));
        float *zero = calloc(count_in(&s), sizeof *zero);
        assert_non_null(zero);
        dv_signal out = { .box = random_box(&s) };
        out.data = random_array(dv_box_count(&out.box));
        dv_conv *k = dv_conv_new(&s, w, DV_CONV_FORWARD | DV_CONV_TRANSPOSED, random_precision(),
                                 NULL, NULL);
        assert_non_null(k);
        float *y = run_forward(k, &s, x, &dv_no_epilogue, NULL);
        float *back = run_transposed(k, out, dv_box_whole(&in), zero, NULL);
        double left = 0, right = 0, size = 0;
        for (int m = out.box.lo[DV_C]; m < out.box.hi[DV_C]; m++)
            for (int oy = out.box.lo[DV_Y]; oy < out.box.hi[DV_Y]; oy++)
                for (int ox = out.box.lo[DV_X]; ox < out.box.hi[DV_X]; ox++) {
                    size_t at = ((size_t)m * s.out[0] + oy) * s.out[1] + ox;
                    left += (double)y[at] * (double)*dv_signal_at(&out, m, oy, ox);
                }
        for (size_t at = 0; at < count_in(&s); at++) {
            right += (double)x[at] * (double)back[at];
            size += fabs((double)x[at] * (double)back[at]);
        }
        assert_near((float)left, right, 1 + size, &s);
        dv_conv_free(k);
        free(x), free(w), free(zero), free(out.data), free(y), free(back);
    }
}

static void same_bytes_for_any_number_of_threads(void **unused)
{
    (void)unused;
    static const int threads[] = { 2, 3, 7 };
    for (int t = 0; t < 3; t++) {
        dv_pool *pool = dv_pool_new(threads[t], NULL);
        assert_non_null(pool);
        for (int i = 0; i < rounds(12); i++) {
            dv_conv_shape s = random_shape();
            s.batch = 1;
            const bool by_planes = s.in_channels == s.group;
            s.group *= by_planes ? 40 : 1;
            s.in_channels *= by_planes ? 40 : 3;
            s.out_channels *= by_planes ? 40 : 5;
            dv_box box = random_box(&s), to = reached_box(&s, box);
            float *x = random_array(count_in(&s)), *w = random_array(count_weight(&s));
            float *zero = calloc(count_in(&s), sizeof *zero);
            assert_non_null(zero);
            dv_signal out = { .box = box, .data = random_signal(&box) };
            dv_conv *k = dv_conv_new(&s, w, DV_CONV_FORWARD | DV_CONV_TRANSPOSED,
                                     random_precision(), NULL, NULL);
            assert_non_null(k);
            float *y1 = run_forward(k, &s, x, &dv_no_epilogue, NULL);
            float *y2 = run_forward(k, &s, x, &dv_no_epilogue, pool);
            assert_memory_equal(y1, y2, count_out(&s) * sizeof(float));
            if (!dv_box_empty(&to)) {
                float *b1 = run_transposed(k, out, to, zero, NULL);
                float *b2 = run_transposed(k, out, to, zero, pool);
                assert_memory_equal(b1, b2, dv_box_count(&to) * sizeof(float));
                free(b1), free(b2);
            }
            dv_conv_free(k);
            free(x), free(w), free(zero), free(out.data), free(y1), free(y2);
        }
        dv_pool_free(pool);
    }
}

/* Relative L2 error of a 3x3 convolution of 200 channels that are not negative, as behind ReLU. */
/* A random half-open range in [0, n). */
static void random_range(int n, int32_t *lo, int32_t *hi)
{
    *lo = random_int(0, n - 1);
    *hi = random_int(*lo + 1, n);
}

/* The rows and columns of the box are those of the whole, and so is what else was written. */
static void check_box(const dv_conv *k, const dv_conv_shape *s, const float *x,
                      const dv_epilogue *ep, const float *whole, dv_pool *pool)
{
    const size_t bytes = count_out(s) * sizeof(float);
    const size_t scratch_bytes = dv_conv_forward_scratch(k, dv_pool_size(pool));
    float *y = guarded(bytes), untouched;
    void *scratch = guarded(scratch_bytes);
    dv_box box = { .hi = { s->out_channels } };
    random_range(s->out[0], &box.lo[DV_Y], &box.hi[DV_Y]);
    random_range(s->out[1], &box.lo[DV_X], &box.hi[DV_X]);
    memset(&untouched, 0x7f, sizeof untouched);
    dv_conv_forward_box(k, x, ep, &box, y, scratch, pool);
    for (size_t i = 0; i < count_out(s); i++) {
        const int row = (int)(i / (size_t)s->out[1] % (size_t)s->out[0]);
        const int column = (int)(i % (size_t)s->out[1]);
        const bool inside = row >= box.lo[DV_Y] && row < box.hi[DV_Y] && column >= box.lo[DV_X] &&
                            column < box.hi[DV_X];
        if (inside || memcmp(&y[i], &untouched, sizeof untouched) != 0)
            assert_memory_equal(&y[i], &whole[i], sizeof y[i]);
    }
    free_guarded(y, bytes);
    free_guarded(scratch, scratch_bytes);
}

static void a_box_has_the_bytes_of_the_whole(void **unused)
{
    (void)unused;
    dv_pool *pool = dv_pool_new(3, NULL);
    for (int i = 0; i < rounds(CASES); i++) {
        dv_conv_shape s = random_shape();
        float *x = random_array(count_in(&s)), *w = random_array(count_weight(&s));
        float *scale = random_array((size_t)s.out_channels);
        float *shift = random_array((size_t)s.out_channels);
        const dv_epilogue ep = { .scale = scale, .shift = shift, .lo = 0, .hi = INFINITY };
        dv_conv *k = dv_conv_new(&s, w, DV_CONV_FORWARD, (dv_precision)(i % 3), NULL, NULL);
        assert_non_null(k);
        float *whole = run_forward(k, &s, x, &ep, NULL);
        for (int trial = 0; trial < 3; trial++)
            check_box(k, &s, x, &ep, whole, trial ? pool : NULL);
        dv_conv_free(k);
        free(x), free(w), free(scale), free(shift), free(whole);
    }
    dv_pool_free(pool);
}

/* So many terms, and so large an input, that sums are cut into blocks that go round all channels,
 * and maps into blocks: by any threads, whole or in part, and some of the outputs by the
 * definition. */
static void deep_sums_are_the_definition(void **unused)
{
    (void)unused;
    static const dv_conv_shape shapes[] = {
        { 1, 250, { 28, 28 }, 41, { 14, 14 }, { 3, 3 }, { 2, 2 }, { 1, 1 }, { 1, 1 }, 1 },
        { 1, 150, { 14, 14 }, 520, { 7, 7 }, { 3, 3 }, { 2, 2 }, { 1, 1 }, { 1, 1 }, 1 },
        { 1, 700, { 15, 15 }, 70, { 15, 15 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, { 0, 0 }, 1 },
        { 1, 130, { 56, 56 }, 72, { 56, 56 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, { 0, 0 }, 1 },
        { 1, 3000, { 7, 7 }, 75, { 7, 7 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, { 0, 0 }, 1 },
        { 2, 140, { 5, 10 }, 90, { 5, 10 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, { 0, 0 }, 2 },
        { 1, 30, { 3, 17 }, 70, { 3, 17 }, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 },
        { 1, 600, { 14, 14 }, 45, { 14, 14 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, { 0, 0 }, 1 },
        { 2, 48, { 7, 7 }, 48, { 7, 7 }, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, 3 },
        { 1, 48, { 14, 13 }, 45, { 7, 7 }, { 3, 3 }, { 2, 2 }, { 1, 1 }, { 1, 1 }, 3 },
        { 1, 10, { 9, 8 }, 26, { 9, 8 }, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, 2 },
        { 2, 70, { 12, 17 }, 41, { 12, 17 }, { 1, 7 }, { 1, 1 }, { 1, 1 }, { 0, 3 }, 1 },
        { 2, 90, { 17, 12 }, 37, { 13, 12 }, { 7, 1 }, { 1, 1 }, { 1, 1 }, { 1, 0 }, 1 },
        { 2, 70, { 1, 1 }, 41, { 1, 1 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, { 0, 0 }, 1 },
        { 2, 12, { 3, 4 }, 37, { 1, 1 }, { 3, 4 }, { 2, 2 }, { 1, 1 }, { 0, 0 }, 1 },
        { 3, 8, { 40, 41 }, 8, { 20, 21 }, { 3, 3 }, { 2, 2 }, { 1, 1 }, { 1, 1 }, 2 },
        { 3, 16, { 31, 64 }, 32, { 16, 32 }, { 3, 3 }, { 2, 2 }, { 1, 1 }, { 1, 1 }, 2 },
        { 3, 5, { 40, 72 }, 5, { 20, 36 }, { 3, 3 }, { 2, 2 }, { 1, 1 }, { 1, 1 }, 5 },
        { 3, 4, { 40, 39 }, 4, { 20, 20 }, { 5, 5 }, { 2, 2 }, { 1, 1 }, { 2, 2 }, 4 },
        { 1, 90, { 27, 27 }, 37, { 13, 13 }, { 5, 5 }, { 2, 2 }, { 1, 1 }, { 1, 1 }, 1 },
        { 1, 100, { 20, 21 }, 41, { 20, 21 }, { 5, 5 }, { 1, 1 }, { 1, 1 }, { 2, 2 }, 1 },
        { 1, 60, { 19, 34 }, 20, { 19, 34 }, { 5, 3 }, { 1, 1 }, { 1, 1 }, { 2, 1 }, 1 },
        { 1, 12, { 40, 41 }, 40, { 20, 21 }, { 7, 7 }, { 2, 2 }, { 1, 1 }, { 3, 3 }, 1 },
        { 1, 20, { 20, 20 }, 18, { 19, 19 }, { 2, 2 }, { 1, 1 }, { 1, 1 }, { 0, 0 }, 1 },
        { 2, 48, { 14, 15 }, 48, { 14, 15 }, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, 3 },
    };
    if (forced && strcmp(forced, "direct") != 0 && strcmp(forced, "strips") != 0 &&
        strcmp(forced, "line") != 0 && strcmp(forced, "vector") != 0 &&
        strcmp(forced, "grouped") != 0 && strcmp(forced, "winograd") != 0)
        skip(); /* they cut otherwise */
    dv_pool *pool = dv_pool_new(3, NULL);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const dv_conv_shape *s = &shapes[i];
        float *x = random_array(count_in(s)), *w = random_array(count_weight(s));
        float *shift = random_array((size_t)s->out_channels);
        const dv_epilogue ep = { .shift = shift, .lo = -1, .hi = INFINITY };
        dv_conv *k = dv_conv_new(s, w, DV_CONV_FORWARD, DV_FAST, NULL, NULL);
        assert_non_null(k);
        float *y = run_forward(k, s, x, &ep, NULL);
        const int map = s->out[0] * s->out[1], step = map > 64 ? 97 : 3;
        for (int at = 0; at < s->out_channels * map; at += step) {
            double magnitude;
            const double sum = (double)naive_output(s, x, w, 0, at / map, at % map / s->out[1],
                                                    at % s->out[1], &magnitude);
            assert_near(y[at], fmax(sum + (double)shift[at / map], -1), 1 + magnitude, s);
        }
        for (int trial = 0; trial < 12; trial++)
            check_box(k, s, x, &ep, y, trial ? pool : NULL);
        float *again = run_forward(k, s, x, &ep, pool);
        assert_memory_equal(again, y, count_out(s) * sizeof *y);
        dv_conv_free(k);
        free(x), free(w), free(shift), free(y), free(again);
    }
    dv_pool_free(pool);
}

static double rounding(dv_precision precision)
{
    const dv_conv_shape s = { 1,        200,      { 20, 20 }, 16,       { 20, 20 },
                              { 3, 3 }, { 1, 1 }, { 1, 1 },   { 1, 1 }, 1 };
    float *x = random_array(count_in(&s)), *w = random_array(count_weight(&s));
    for (size_t i = 0; i < count_in(&s); i++)
        x[i] = fmaxf(x[i], 0);
    dv_conv *k = dv_conv_new(&s, w, DV_CONV_FORWARD, precision, NULL, NULL);
    assert_non_null(k);
    float *y = run_forward(k, &s, x, &dv_no_epilogue, NULL);
    double off = 0, all = 0, unused;
    size_t i = 0;
    for (int m = 0; m < s.out_channels; m++)
        for (int oy = 0; oy < s.out[0]; oy++)
            for (int ox = 0; ox < s.out[1]; ox++, i++) {
                const double want = (double)naive_output(&s, x, w, 0, m, oy, ox, &unused);
                off += ((double)y[i] - want) * ((double)y[i] - want);
                all += want * want;
            }
    dv_conv_free(k);
    free(x), free(w), free(y);
    return sqrt(off / all);
}

static void precision_bounds_the_rounding(void **unused)
{
    (void)unused;
    if (forced)
        skip(); /* the choice is another's */
    const double fast = rounding(DV_FAST), careful = rounding(DV_CAREFUL);
    const double exact = rounding(DV_EXACT);
    if (!(fast < 2e-6 && careful < 4e-7 && careful < fast / 2 && exact < 3e-7))
        fail_msg("fast %.2g, careful %.2g, exact %.2g", fast, careful, exact);
    print_message("relative error: fast %.2g, careful %.2g, exact %.2g\n", fast, careful, exact);
}

/* A forced kernel really is the one at work, where it fits. */
static void kernels_can_be_asked_for(void **unused)
{
    (void)unused;
    const char *kernel = forced;
    float w[16 * 16 * 9] = { 0 };
    dv_conv_shape s = {
        1, 16, { 20, 20 }, 16, { 20, 20 }, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, 1
    };
    dv_conv *k = dv_conv_new(&s, w, DV_CONV_FORWARD, DV_FAST, NULL, NULL);
    assert_non_null(k);
    const bool fits = !kernel || strcmp(kernel, "winograd") == 0 || strcmp(kernel, "direct") == 0;
    assert_string_equal(dv_conv_kernel(k), !fits ? "gemm" : kernel ? kernel : "winograd");
    dv_conv_free(k);
    k = dv_conv_new(&s, w, DV_CONV_FORWARD, DV_EXACT, NULL, NULL);
    assert_non_null(k);
    assert_string_not_equal(dv_conv_kernel(k), "winograd");
    dv_conv_free(k);
}

/* It is the program that reads the environment, not the library. */
static void the_environment_chooses_nothing(void **unused)
{
    (void)unused;
    static const char *const sets[] = { "baseline", "avx512" };
    const dv_isa *isa = dv_isa_best();
    const float w = 0;
    const dv_conv_shape s = { 1,        1,        { 20, 20 }, 1,        { 20, 20 },
                              { 1, 1 }, { 1, 1 }, { 1, 1 },   { 0, 0 }, 1 };
    for (int i = 0; i < 2; i++) {
        setenv("DECONVVIZ_ISA", sets[i], 1);
        setenv("DECONVVIZ_KERNEL", "gemm", 1);
        dv_conv *k = dv_conv_new(&s, &w, DV_CONV_FORWARD, DV_FAST, NULL, NULL);
        assert_non_null(k);
        assert_ptr_equal(dv_isa_best(), isa);
        if (!forced)
            assert_string_equal(dv_conv_kernel(k), "direct");
        dv_conv_free(k);
    }
    unsetenv("DECONVVIZ_ISA");
    unsetenv("DECONVVIZ_KERNEL");
}

static void names_of_no_kernel_are_refused(void **unused)
{
    (void)unused;
    const dv_isa *isa = dv_isa_best();
    assert_false(dv_isa_limit("AVX2"));
    assert_false(dv_isa_limit(""));
    assert_false(dv_conv_only("fft"));
    assert_ptr_equal(dv_isa_best(), isa);
}

/* Every kernel, compiled for every instruction set that this machine has. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernels_can_be_asked_for),
        cmocka_unit_test(the_environment_chooses_nothing),
        cmocka_unit_test(names_of_no_kernel_are_refused),
        cmocka_unit_test(precision_bounds_the_rounding),
        cmocka_unit_test(forward_is_the_definition_by_hand),
        cmocka_unit_test(forward_is_the_definition),
        cmocka_unit_test(even_kernels_round_equal_windows_alike),
        cmocka_unit_test(epilogue_scales_shifts_and_clamps),
        cmocka_unit_test(transposed_is_the_definition),
        cmocka_unit_test(kernels_wider_than_the_registers_are_computed),
        cmocka_unit_test(transposed_is_the_adjoint),
        cmocka_unit_test(same_bytes_for_any_number_of_threads),
        cmocka_unit_test(a_box_has_the_bytes_of_the_whole),
        cmocka_unit_test(deep_sums_are_the_definition),
    };
    static const char *const kernels[] = { NULL,   "gemm",   "direct",  "strips", "winograd",
                                           "line", "vector", "grouped", "sparse", "scatter" };
    static const char *const sets[] = { "avx512", "avx2", "baseline" };
    int failures = 0;
    for (int k = 0; k < 10; k++)
        for (int i = 0; i < 3; i++) {
            char name[80];
            snprintf(name, sizeof name, "conv: %s, %s", kernels[k] ? kernels[k] : "best", sets[i]);
            forced = kernels[k];
            failures += !dv_isa_limit(sets[i]) || !dv_conv_only(forced);
            failures += cmocka_run_group_tests_name(name, tests, NULL, NULL);
        }
    return failures;
}
