/* What src/kernel/conv.h promises for geometry that no network has and a file may state: a result,
 * or a size that no allocation grants. */
#include "kernel/conv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BOTH = DV_CONV_FORWARD | DV_CONV_TRANSPOSED };

static float *filled(size_t n, float value)
{
    float *a = malloc(n * sizeof *a);
    assert_non_null(a);
    for (size_t i = 0; i < n; i++)
        a[i] = value;
    return a;
}

static dv_conv *made(const dv_conv_shape *s, const float *w)
{
    dv_error err = { 0 };
    dv_conv *k = dv_conv_new(s, w, BOTH, DV_FAST, NULL, &err);
    if (!k)
        fail_msg("%s", err.message);
    return k;
}

static void *scratch_of(size_t bytes)
{
    assert_true(bytes < (size_t)1 << 30);
    void *p = aligned_alloc(64, (bytes + 64) / 64 * 64);
    assert_non_null(p);
    return p;
}

/* The direct method's copy of the padded map would have 2^48 pixels in each of 2^16 channels: 2^64,
 * which is 0 in 64 bits. */
static void a_map_whose_size_wraps_around_is_computed_otherwise(void **unused)
{
    (void)unused;
    enum { CHANNELS = 65536, FAR = (1 << 24) - 1 };
    const dv_conv_shape s = { .batch = 1,
                              .in_channels = CHANNELS,
                              .in = { 1, 1 },
                              .out_channels = 1,
                              .out = { 1, 1 },
                              .kernel = { 2, 2 },
                              .stride = { 1, 1 },
                              .dilation = { FAR, FAR },
                              .pad = { FAR, FAR },
                              .group = 1 };
    float *w = filled(4 * CHANNELS, 0), *x = filled(CHANNELS, 1);
    for (int c = 0; c < CHANNELS; c++)
        w[4 * c + 3] = 2; /* the tap that sees the one pixel */
    dv_conv *k = made(&s, w);
    void *scratch = scratch_of(dv_conv_forward_scratch(k, 1));
    float y = 0;
    dv_conv_forward(k, x, &dv_no_epilogue, &y, scratch, NULL);
    assert_float_equal(y, 2 * CHANNELS, 1);
    free(scratch);

    float one = 1;
    const dv_signal out = { { { 0 }, { 1, 1, 1 } }, &one };
    const dv_signal in = { { { 0 }, { CHANNELS, 1, 1 } }, x };
    scratch = scratch_of(dv_conv_transposed_scratch(k, &out.box, 1));
    dv_conv_transposed(k, &out, &in, scratch, NULL);
    assert_float_equal(x[0], 3, 1e-6);
    assert_float_equal(x[CHANNELS - 1], 3, 1e-6);
    free(scratch), free(w), free(x);
    dv_conv_free(k);
}

/* The sparse method would sum 2^21 rows of 2^29 columns and one for each of 1024 workers: beyond
 * 2^64 bytes, of which 2^38 were left. */
static void scratch_that_no_size_holds_is_more_than_any_allocation_grants(void **unused)
{
    (void)unused;
    enum { ROWS = 1 << 20, STRIDE = 1 << 20, WIDTH = 513 };
    const dv_conv_shape s = { .batch = 1,
                              .in_channels = 32,
                              .in = { ROWS, 8 },
                              .out_channels = 1,
                              .out = { 1, WIDTH },
                              .kernel = { ROWS, 1 },
                              .stride = { 1, STRIDE },
                              .dilation = { 1, 1 },
                              .pad = { 0, (WIDTH - 1) * STRIDE / 2 },
                              .group = 1 };
    const float w = 0; /* not read */
    dv_conv *k = made(&s, &w);
    const dv_box whole = { { 0 }, { 1, 1, WIDTH } };
    assert_true(dv_conv_transposed_scratch(k, &whole, 1024) > PTRDIFF_MAX);
    dv_conv_free(k);
}

/* 100 times the pixels, for a share of them in per cent, did not fit an int. */
static void maps_of_more_than_21_million_pixels_are_planned(void **unused)
{
    (void)unused;
    const dv_conv_shape s = { 1,        1,        { 5000, 5000 }, 1,        { 5000, 5000 },
                              { 1, 1 }, { 1, 1 }, { 1, 1 },       { 0, 0 }, 1 };
    const float w = 0;
    dv_conv_free(made(&s, &w));
}

/* Looking for the taps of each remainder by the stride took 2^33 steps; as tests have a time limit,
 * there are many of them. */
static void a_large_stride_with_many_taps_takes_no_time(void **unused)
{
    (void)unused;
    enum { TAPS = 1 << 20, DILATION = 1023, STRIDE = 1 << 24 };
    const dv_conv_shape s = { .batch = 1,
                              .in_channels = 1,
                              .in = { 1, TAPS * DILATION },
                              .out_channels = 1,
                              .out = { 1, 1 },
                              .kernel = { 1, TAPS },
                              .stride = { 1, STRIDE },
                              .dilation = { 1, DILATION },
                              .group = 1 };
    const float w = 0;
    for (int i = 0; i < 1000; i++)
        dv_conv_free(made(&s, &w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_whose_size_wraps_around_is_computed_otherwise),
        cmocka_unit_test(scratch_that_no_size_holds_is_more_than_any_allocation_grants),
        cmocka_unit_test(maps_of_more_than_21_million_pixels_are_planned),
        cmocka_unit_test(a_large_stride_with_many_taps_takes_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
