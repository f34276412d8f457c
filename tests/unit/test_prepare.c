#include "deconvviz/image.h"
#include "image/resize.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static unsigned seed = 1;

static int random_below(int n)
{
    seed = seed * 1664525 + 1013904223;
    return (int)((seed >> 8) % (unsigned)n);
}

static dv_image image_of(int w, int h)
{
    dv_image im = { w, h, malloc((size_t)w * h * 3) };
    assert_non_null(im.rgb);
    return im;
}

static dv_image random_image(int w, int h)
{
    dv_image im = image_of(w, h);
    for (int i = 0; i < w * h * 3; i++)
        im.rgb[i] = (uint8_t)random_below(256);
    return im;
}

/* Red counts columns, green counts rows: each pixel says where it is from. */
static dv_image map_image(int w, int h)
{
    dv_image im = image_of(w, h);
    for (int i = 0; i < w * h; i++) {
        im.rgb[3 * i] = (uint8_t)(i % w);
        im.rgb[3 * i + 1] = (uint8_t)(i / w);
        im.rgb[3 * i + 2] = 7;
    }
    return im;
}

static dv_preprocess named(const char *name, int h, int w, int channels)
{
    dv_preprocess p = { .size = { h, w }, .channels = channels };
    assert_true(dv_preprocess_named(&p, name));
    return p;
}

static void prepare(const dv_image *im, const dv_preprocess *p, float *to, dv_image_map *map)
{
    dv_error err;
    if (!dv_prepare(im, p, to, map, &err))
        fail_msg("%s", err.message);
}

/* -- resizing --------------------------------------------------------------------------------- */

/* One axis by the definition of a triangle filter, in doubles, rounded. */
static void resize_axis(const uint8_t *from, int in, ptrdiff_t step, int out, uint8_t *to,
                        ptrdiff_t to_step)
{
    double scale = (double)in / out, reach = scale < 1 ? 1 : scale;
    for (int i = 0; i < out; i++) {
        double centre = (i + 0.5) * scale, sum = 0, weights = 0;
        for (int k = 0; k < in; k++) {
            double w = 1 - fabs(k + 0.5 - centre) / reach;
            if (w > 0) {
                sum += w * from[k * step];
                weights += w;
            }
        }
        to[i * to_step] = (uint8_t)floor(sum / weights + 0.5);
    }
}

static void resizing_is_a_triangle_filter_along_x_then_y(void **state)
{
    (void)state;
    for (int round = 0; round < 60; round++) {
        int w = 1 + random_below(40), h = 1 + random_below(40);
        int out_w = 1 + random_below(40), out_h = 1 + random_below(40);
        dv_image im = random_image(w, h), between = image_of(out_w, h),
                 want = image_of(out_w, out_h);
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < h; y++)
                resize_axis(im.rgb + 3 * y * w + c, w, 3, out_w, between.rgb + 3 * y * out_w + c,
                            3);
            for (int x = 0; x < out_w; x++)
                resize_axis(between.rgb + 3 * x + c, h, 3 * out_w, out_h, want.rgb + 3 * x + c,
                            3 * out_w);
        }
        dv_part part = { random_below(out_w), random_below(out_h), 0, 0 };
        part.width = 1 + random_below(out_w - part.x);
        part.height = 1 + random_below(out_h - part.y);
        dv_image got = image_of(part.width, part.height);
        dv_error err;
        assert_true(dv_resize(&im, out_w, out_h, part, got.rgb, &err));
        for (int i = 0; i < part.width * part.height * 3; i++) {
            int x = part.x + i / 3 % part.width, y = part.y + i / 3 / part.width;
            int difference = got.rgb[i] - want.rgb[3 * (y * out_w + x) + i % 3];
            assert_in_range(difference + 1, 0, 2); /* weights of 22 bits against doubles */
        }
        dv_image_free(&im);
        dv_image_free(&between);
        dv_image_free(&want);
        dv_image_free(&got);
    }
}

/* 4 to 2: weights 1/8 3/8 3/8 1/8 inside, 3/7 3/7 1/7 at an edge. */
static void shrinking_by_hand(void **state)
{
    (void)state;
    const uint8_t levels[4] = { 70, 140, 210, 28 };
    dv_image im = image_of(4, 1);
    for (int i = 0; i < 12; i++)
        im.rgb[i] = levels[i / 3];
    uint8_t got[6];
    dv_error err;
    assert_true(dv_resize(&im, 2, 1, (dv_part){ 0, 0, 2, 1 }, got, &err));
    assert_int_equal(got[0], (3 * 70 + 3 * 140 + 210) / 7);
    assert_int_equal(got[3], (140 + 3 * 210 + 3 * 28) / 7);
    dv_image_free(&im);
}

/* 2 to 4: an edge keeps its level, a quarter and three quarters between. */
static void enlarging_by_hand(void **state)
{
    (void)state;
    dv_image im = image_of(1, 2);
    memcpy(im.rgb, (uint8_t[6]){ 100, 0, 0, 200, 255, 4 }, 6);
    uint8_t got[12];
    dv_error err;
    assert_true(dv_resize(&im, 1, 4, (dv_part){ 0, 0, 1, 4 }, got, &err));
    assert_memory_equal(got, ((uint8_t[12]){ 100, 0, 0, 125, 64, 1, 175, 191, 3, 200, 255, 4 }),
                        12);
    dv_image_free(&im);
}

static void an_even_image_stays_even(void **state)
{
    (void)state;
    static const int sides[][2] = { { 32767, 1 }, { 1, 32767 }, { 1000, 3 }, { 3, 7 }, { 7, 500 } };
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++)
        for (int level = 0; level < 256; level += 51) {
            dv_image im = image_of(sides[i][0], sides[i][1]);
            memset(im.rgb, level, (size_t)im.width * im.height * 3);
            uint8_t got[5 * 9 * 3];
            dv_error err;
            assert_true(dv_resize(&im, 5, 9, (dv_part){ 0, 0, 5, 9 }, got, &err));
            for (size_t k = 0; k < sizeof got; k++)
                assert_int_equal(got[k], level);
            dv_image_free(&im);
        }
}

/* -- where the input lies ---------------------------------------------------------------------- */

/* No resizing happens where the shorter side has `resize` pixels already, so that what is cut can
 * be read off the pixels. A half goes to the even neighbour, as Python rounds. */
static void the_centre_is_cut_as_torchvision_does(void **state)
{
    (void)state;
    static const struct {
        int w, h, size, left, top;
    } cases[] = {
        { 20, 20, 20, 0, 0 }, { 20, 21, 20, 0, 0 }, { 20, 23, 20, 0, 2 }, { 25, 20, 20, 2, 0 },
        { 27, 20, 20, 4, 0 }, { 20, 30, 13, 4, 8 }, { 30, 20, 15, 8, 2 }, { 29, 20, 19, 5, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dv_image im = map_image(cases[i].w, cases[i].h), view;
        int n = cases[i].size;
        dv_preprocess p = named("none", n, n, 3);
        p.resize = 20;
        float *input = malloc((size_t)n * n * 3 * sizeof *input);
        assert_non_null(input);
        dv_image_map map;
        prepare(&im, &p, input, &map);
        assert_true(input[0] == (float)cases[i].left);
        assert_true(input[n * n] == (float)cases[i].top);
        assert_true(input[n * n - 1] == (float)(cases[i].left + n - 1));
        assert_true(map.offset[0] == cases[i].top && map.offset[1] == cases[i].left);
        assert_true(map.scale[0] == 1 && map.scale[1] == 1);
        dv_error err;
        assert_true(dv_prepare_view(&im, &p, &view, &err));
        assert_int_equal(view.width, n);
        for (int k = 0; k < n * n * 3; k++)
            assert_true((float)view.rgb[k] == input[k % 3 * n * n + k / 3]);
        dv_image_free(&view);
        dv_image_free(&im);
        free(input);
    }
}

static void the_map_leads_back_to_the_photograph(void **state)
{
    (void)state;
    static const struct {
        int w, h, resize, size[2];
        double top, left, scale_y, scale_x;
    } cases[] = {
        /* 500 x 375 -> 341 x 256, cut 224: (341 - 224) / 2 = 58.5 to the even 58 */
        { 500, 375, 256, { 224, 224 }, 16, 58, 375 / 256.0, 500 / 341.0 },
        { 375, 500, 256, { 224, 224 }, 58, 16, 500 / 341.0, 375 / 256.0 },
        { 500, 375, 0, { 224, 100 }, 0, 0, 375 / 224.0, 5 },
        { 10, 20, 64, { 64, 64 }, 32, 0, 20 / 128.0, 10 / 64.0 },
        /* as wide as the network's input must be: 60 x 80, of which 60 x 20 are cut */
        { 30, 40, 24, { 20, 60 }, 30, 0, 0.5, 0.5 },
        { 40, 30, 24, { 60, 20 }, 0, 30, 0.5, 0.5 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dv_image im = random_image(cases[i].w, cases[i].h);
        dv_preprocess p = named("none", cases[i].size[0], cases[i].size[1], 3);
        p.resize = cases[i].resize;
        static float input[3 * 224 * 224];
        dv_image_map map;
        prepare(&im, &p, input, &map);
        assert_true(map.offset[0] == cases[i].top && map.offset[1] == cases[i].left);
        assert_true(map.scale[0] == cases[i].scale_y && map.scale[1] == cases[i].scale_x);
        dv_image_free(&im);
    }
}

/* -- numbers ----------------------------------------------------------------------------------- */

static void names_set_what_the_field_means_by_them(void **state)
{
    (void)state;
    dv_preprocess p = named("imagenet", 224, 224, 3);
    assert_int_equal(p.resize, 256);
    assert_true(p.scale == 1 / 255.0F && p.mean[0] == 0.485F && p.std[2] == 0.225F && !p.bgr);
    p = named("caffe", 227, 227, 3);
    assert_int_equal(p.resize, 259);
    assert_true(p.scale == 1 && p.mean[0] == 104 && p.mean[2] == 123 && p.std[1] == 1 && p.bgr);
    p = named("unit", 32, 64, 1);
    assert_int_equal(p.resize, 32);
    assert_true(p.scale == 1 / 255.0F && p.mean[1] == 0 && p.std[1] == 1 && !p.bgr);
    p = named("none", 32, 32, 3);
    assert_true(p.scale == 1 && p.mean[1] == 0 && p.std[1] == 1 && !p.bgr);
    p = named("imagenet", 299, 299, 3);
    assert_int_equal(p.resize, 342);
    dv_preprocess before = p;
    assert_false(dv_preprocess_named(&p, "ImageNet"));
    assert_memory_equal(&p, &before, sizeof p);
}

static void pixels_become_numbers_in_the_networks_order(void **state)
{
    (void)state;
    dv_image im = image_of(1, 1);
    memcpy(im.rgb, (uint8_t[3]){ 10, 200, 90 }, 3);
    float got[3];
    dv_preprocess p = named("imagenet", 1, 1, 3);
    prepare(&im, &p, got, NULL);
    assert_true(fabs((double)got[0] - (10 / 255.0 - 0.485) / 0.229) < 1e-6);
    assert_true(fabs((double)got[1] - (200 / 255.0 - 0.456) / 0.224) < 1e-6);
    assert_true(fabs((double)got[2] - (90 / 255.0 - 0.406) / 0.225) < 1e-6);
    p = named("caffe", 1, 1, 3);
    prepare(&im, &p, got, NULL);
    assert_true(got[0] == 90 - 104 && got[1] == 200 - 117 && got[2] == 10 - 123);
    dv_image_free(&im);
}

static void one_channel_is_the_luma(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        dv_image im = random_image(1, 1), view;
        const uint8_t *c = im.rgb;
        float got;
        dv_preprocess p = named("none", 1, 1, 1);
        prepare(&im, &p, &got, NULL);
        double luma = 0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2];
        assert_true(fabs((double)got - luma) < 0.51); /* 16 bits of weight, then rounded */
        dv_error err;
        assert_true(dv_prepare_view(&im, &p, &view, &err));
        for (int k = 0; k < 3; k++)
            assert_true((float)view.rgb[k] == got);
        dv_image_free(&view);
        dv_image_free(&im);
    }
}

static void senseless_requests_are_refused_with_their_numbers(void **state)
{
    (void)state;
    static const struct {
        int resize, size[2], channels;
        float std, scale;
        dv_code code;
        const char *why;
    } bad[] = {
        { 10, { 11, 12 }, 3, 1, 1, DV_BAD_USAGE, "resize 10 is too small to cut 11 x 12" },
        { -1, { 2, 2 }, 3, 1, 1, DV_BAD_USAGE, "resize -1" },
        { 40000, { 2, 2 }, 3, 1, 1, DV_BAD_USAGE, "resize 40000" },
        { 0, { 0, 2 }, 3, 1, 1, DV_BAD_USAGE, "size 0 x 2" },
        { 0, { 2, 40000 }, 3, 1, 1, DV_BAD_USAGE, "size 2 x 40000" },
        { 0, { 2, 2 }, 4, 1, 1, DV_UNSUPPORTED, "takes 4 channels" },
        { 0, { 2, 2 }, 3, 0, 1, DV_BAD_USAGE, "std 0 of channel 1" },
        { 0, { 2, 2 }, 3, NAN, 1, DV_BAD_USAGE, "of channel 1" },
        { 0, { 2, 2 }, 3, 1, INFINITY, DV_BAD_USAGE, "scale inf" },
    };
    dv_image im = random_image(5, 5), view;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        dv_preprocess p = { .resize = bad[i].resize,
                            .size = { bad[i].size[0], bad[i].size[1] },
                            .channels = bad[i].channels,
                            .scale = bad[i].scale,
                            .std = { 1, bad[i].std, 1 } };
        float input[3 * 12 * 12];
        dv_error err = { 0 };
        assert_false(dv_prepare(&im, &p, input, NULL, &err));
        if (!strstr(err.message, bad[i].why))
            fail_msg("says '%s', not '%s'", err.message, bad[i].why);
        assert_int_equal(err.code, bad[i].code);
        assert_false(dv_prepare_view(&im, &p, &view, &err));
    }
    dv_image_free(&im);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resizing_is_a_triangle_filter_along_x_then_y),
        cmocka_unit_test(shrinking_by_hand),
        cmocka_unit_test(enlarging_by_hand),
        cmocka_unit_test(an_even_image_stays_even),
        cmocka_unit_test(the_centre_is_cut_as_torchvision_does),
        cmocka_unit_test(the_map_leads_back_to_the_photograph),
        cmocka_unit_test(names_set_what_the_field_means_by_them),
        cmocka_unit_test(pixels_become_numbers_in_the_networks_order),
        cmocka_unit_test(one_channel_is_the_luma),
        cmocka_unit_test(senseless_requests_are_refused_with_their_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
