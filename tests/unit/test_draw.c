/* test_draw.c - pixels: filled, copied, cropped, enlarged; and signed maps as colours. */
#include "deconvviz/draw.h"
#include "rounds.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int random_below(int n)
{
    static uint32_t state = 12345;
    state = state * 1664525U + 1013904223U;
    return (int)((state >> 8) % (uint32_t)n);
}

static dv_image random_picture(int width, int height)
{
    dv_image im;
    assert_true(dv_picture_new(&im, width, height, DV_GREY, NULL));
    for (int i = 0; i < width * height * 3; i++)
        im.rgb[i] = (uint8_t)random_below(256);
    return im;
}

static const uint8_t *at(const dv_image *im, int x, int y)
{
    return im->rgb + (y * im->width + x) * 3;
}

static bool is_color(const uint8_t *p, int r, int g, int b)
{
    return p[0] == r && p[1] == g && p[2] == b;
}

/* -- pixels ----------------------------------------------------------------------------------- */

static void a_crop_is_the_picture_inside_and_grey_outside(void **state)
{
    (void)state;
    for (int round = 0; round < rounds(300); round++) {
        dv_image im = random_picture(1 + random_below(9), 1 + random_below(9)), out;
        int x = random_below(25) - 12, y = random_below(25) - 12;
        dv_rect r = { x, y, x + 1 + random_below(12), y + 1 + random_below(12) };
        assert_true(dv_picture_crop(&out, &im, r, NULL));
        assert_int_equal(out.width, r.x1 - r.x0);
        assert_int_equal(out.height, r.y1 - r.y0);
        for (int v = r.y0; v < r.y1; v++)
            for (int u = r.x0; u < r.x1; u++) {
                bool inside = u >= 0 && v >= 0 && u < im.width && v < im.height;
                const uint8_t grey[3] = { 128, 128, 128 };
                assert_memory_equal(at(&out, u - r.x0, v - r.y0), inside ? at(&im, u, v) : grey, 3);
            }
        dv_image_free(&out);
        dv_image_free(&im);
    }
}

static void a_fill_covers_its_rectangle_cut_to_the_picture(void **state)
{
    (void)state;
    for (int round = 0; round < rounds(300); round++) {
        dv_image im;
        assert_true(dv_picture_new(&im, 6, 5, DV_WHITE, NULL));
        dv_rect r = { random_below(16) - 8, random_below(16) - 8, random_below(16) - 8,
                      random_below(16) - 8 };
        dv_draw_fill(&im, r, (dv_rgb){ 1, 2, 3 });
        for (int y = 0; y < 5; y++)
            for (int x = 0; x < 6; x++) {
                bool in = x >= r.x0 && x < r.x1 && y >= r.y0 && y < r.y1;
                assert_true(in ? is_color(at(&im, x, y), 1, 2, 3)
                               : is_color(at(&im, x, y), 255, 255, 255));
            }
        dv_image_free(&im);
    }
}

static void a_picture_that_would_be_too_large_fails_with_its_size(void **state)
{
    (void)state;
    dv_image im = { 0 };
    dv_error err = { 0 };
    assert_false(dv_picture_new(&im, 20000, 20000, DV_GREY, &err));
    assert_non_null(strstr(err.message, "20000x20000"));
    assert_false(dv_picture_new(&im, 0, 5, DV_GREY, &err));
    assert_null(im.rgb);
}

static void small_pictures_are_enlarged_in_squares(void **state)
{
    (void)state;
    dv_image im = random_picture(DV_ZOOM_SQUARES, 7), out;
    assert_true(dv_picture_zoom(&out, &im, 5, NULL));
    assert_int_equal(out.width, DV_ZOOM_SQUARES * 5);
    assert_int_equal(out.height, 35);
    for (int y = 0; y < out.height; y++)
        for (int x = 0; x < out.width; x++)
            assert_memory_equal(at(&out, x, y), at(&im, x / 5, y / 5), 3);
    dv_image_free(&out);
    dv_image_free(&im);
}

static void a_flat_area_stays_exactly_as_it_is_when_smoothed(void **state)
{
    (void)state;
    for (int factor = 1; factor <= 40; factor++) {
        dv_image im, out;
        assert_true(dv_picture_new(&im, 20, 3, (dv_rgb){ 128, 1, 255 }, NULL));
        assert_true(dv_picture_zoom(&out, &im, factor, NULL));
        for (int i = 0; i < out.width * out.height; i++)
            assert_true(is_color(out.rgb + i * 3, 128, 1, 255));
        dv_image_free(&out);
        dv_image_free(&im);
    }
}

/* A spline through the pixels' centres reproduces a straight ramp, and an odd factor puts a new
 * pixel on every old centre. */
static void smoothing_goes_through_the_pixels_and_keeps_a_ramp(void **state)
{
    (void)state;
    dv_image im, out, noise = random_picture(20, 18);
    assert_true(dv_picture_new(&im, 20, 2, DV_GREY, NULL));
    for (int i = 0; i < 40; i++)
        memset(im.rgb + i * 3, 10 * (i % 20) + 20, 3);
    assert_true(dv_picture_zoom(&out, &im, 4, NULL));
    for (int x = 8; x < 72; x++) {
        double want = 10 * ((x + 0.5) / 4 - 0.5) + 20;
        assert_true(fabs(*at(&out, x, 3) - want) <= 0.5 + 1e-6);
    }
    dv_image_free(&out);
    assert_true(dv_picture_zoom(&out, &noise, 3, NULL));
    for (int y = 0; y < 18; y++)
        for (int x = 0; x < 20; x++)
            assert_memory_equal(at(&out, 3 * x + 1, 3 * y + 1), at(&noise, x, y), 3);
    dv_image_free(&out);
    dv_image_free(&im);
    dv_image_free(&noise);
}

static void a_zoom_out_of_range_fails(void **state)
{
    (void)state;
    dv_image im = random_picture(2, 2), out;
    assert_false(dv_picture_zoom(&out, &im, 0, NULL));
    assert_false(dv_picture_zoom(&out, &im, 257, NULL));
    dv_image_free(&im);
}

/* -- signed maps ------------------------------------------------------------------------------ */

static int by_magnitude(const void *a, const void *b)
{
    float x = fabsf(*(const float *)a), y = fabsf(*(const float *)b);
    return (x > y) - (x < y);
}

static void the_scale_is_a_percentile_of_what_is_not_zero(void **state)
{
    (void)state;
    float data[3 * 40 * 40], sorted[3 * 40 * 40];
    for (int round = 0; round < rounds(60); round++) {
        int h = 1 + random_below(40), w = 1 + random_below(40), n = 3 * h * w, used = 0;
        for (int i = 0; i < n; i++) {
            bool zero = random_below(3) != 0;
            data[i] =
                zero ? 0 : (float)(random_below(2001) - 1000) * powf(10, (float)-random_below(30));
            if (data[i] != 0)
                sorted[used++] = data[i];
        }
        qsort(sorted, (size_t)used, sizeof *sorted, by_magnitude);
        dv_signal s = { { { 0, 2, 1 }, { 3, 2 + h, 1 + w } }, data };
        float want = used ? fabsf(sorted[used - 1 - used / 200]) : 0;
        assert_memory_equal(&want, &(float){ dv_signal_scale(&s) }, sizeof want);
    }
}

/* Values -scale, -scale/2, 0, scale/2, scale, twice that. */
static void zero_is_grey_and_the_colours_are_symmetric(void **state)
{
    (void)state;
    float v[] = { -3, -1.5F, 0, 1.5F, 3, 6, -0.0F, 0.001F };
    dv_signal s = { { { 0, 0, 0 }, { 1, 1, 8 } }, v };
    dv_image im;
    assert_true(dv_draw_signal(&im, &s, (dv_rect){ 0, 0, 8, 1 }, 3, false, NULL));
    const int want[] = { 1, 64, 128, 192, 255, 255, 128, 128 };
    for (int i = 0; i < 8; i++)
        assert_true(is_color(at(&im, i, 0), want[i], want[i], want[i]));
    dv_image_free(&im);
}

static void channels_are_red_green_blue_or_the_other_way_round(void **state)
{
    (void)state;
    float v[] = { 1, 0, -1 };
    dv_signal s = { { { 0, 5, 7 }, { 3, 6, 8 } }, v };
    dv_image im;
    assert_true(dv_draw_signal(&im, &s, (dv_rect){ 6, 4, 9, 7 }, 1, false, NULL));
    assert_true(is_color(at(&im, 1, 1), 255, 128, 1));
    for (int i = 0; i < 9; i++)
        assert_true(i == 4 || is_color(im.rgb + i * 3, 128, 128, 128));
    dv_image_free(&im);
    assert_true(dv_draw_signal(&im, &s, (dv_rect){ 7, 5, 8, 6 }, 1, true, NULL));
    assert_true(is_color(at(&im, 0, 0), 1, 128, 255));
    dv_image_free(&im);
}

static void a_map_is_flat_when_its_picture_is_grey(void **state)
{
    (void)state;
    float v[] = { 0, 0.01F, -0.003F, 0 };
    dv_signal s = { { { 0, 0, 0 }, { 1, 2, 2 } }, v };
    const float scales[] = { 0, 0.005F, 2.5F, 2.6F, 100 };
    for (int i = 0; i < 5; i++) {
        dv_image im;
        bool grey = true;
        assert_true(dv_draw_signal(&im, &s, (dv_rect){ 0, 0, 2, 2 }, scales[i], false, NULL));
        for (int p = 0; p < 4; p++)
            grey = grey && is_color(im.rgb + p * 3, 128, 128, 128);
        assert_int_equal(dv_signal_flat(&s, scales[i]), grey);
        assert_int_equal(grey, i == 0 || i > 2);
        dv_image_free(&im);
    }
    dv_signal empty = { { { 0, 0, 0 }, { 0, 0, 0 } }, NULL };
    assert_true(dv_signal_scale(&empty) == 0.0F && dv_signal_flat(&empty, 1));
}

static void a_map_of_two_channels_has_no_picture(void **state)
{
    (void)state;
    float v[] = { 1, 2 };
    dv_signal s = { { { 0, 0, 0 }, { 2, 1, 1 } }, v };
    dv_image im;
    dv_error err = { 0 };
    assert_false(dv_draw_signal(&im, &s, (dv_rect){ 0, 0, 1, 1 }, 1, false, &err));
    assert_int_equal(err.code, DV_UNSUPPORTED);
}

static void the_input_becomes_the_pixels_it_was_made_of(void **state)
{
    (void)state;
    for (int bgr = 0; bgr < 2; bgr++) {
        dv_preprocess p = { .size = { 16, 16 },
                            .channels = 3,
                            .scale = 1.0F / 255,
                            .mean = { 0.485F, 0.456F, 0.406F },
                            .std = { 0.229F, 0.224F, 0.225F },
                            .bgr = bgr };
        float input[3 * 256];
        for (int i = 0; i < 256; i++)
            for (int c = 0; c < 3; c++) {
                int value = (i + 80 * (bgr ? 2 - c : c)) % 256;
                input[c * 256 + i] = ((float)value * p.scale - p.mean[c]) / p.std[c];
            }
        dv_image im;
        assert_true(dv_draw_input(&im, input, &p, NULL));
        for (int i = 0; i < 256; i++)
            assert_true(is_color(im.rgb + i * 3, i, (i + 80) % 256, (i + 160) % 256));
        dv_image_free(&im);
    }
}

/* -- views ------------------------------------------------------------------------------------ */

static void a_view_shows_the_whole_field_but_never_more_than_the_input(void **state)
{
    (void)state;
    const int size[2] = { 100, 200 };
    dv_box field = { { 0, -5, 190 }, { 3, 20, 215 } }, deep = { { 0, -60, -60 }, { 3, 60, 60 } };
    dv_rect r = dv_view_rect(DV_VIEW_PAIR, field, size);
    assert_true(r.x0 == 190 && r.y0 == -5 && r.x1 == 215 && r.y1 == 20);
    r = dv_view_rect(DV_VIEW_CROP, deep, size);
    assert_true(r.x0 == -60 && r.y0 == 0 && r.x1 == 60 && r.y1 == 100);
    r = dv_view_rect(DV_VIEW_FULL, field, size);
    assert_true(r.x0 == 0 && r.y0 == 0 && r.x1 == 200 && r.y1 == 100);
    r = dv_view_rect(DV_VIEW_CROP, (dv_box){ 0 }, size);
    assert_true(r.x1 == 200 && r.y1 == 100);
}

static void the_zoom_comes_near_the_side_asked_for(void **state)
{
    (void)state;
    assert_int_equal(dv_view_zoom((dv_rect){ 0, 0, 3, 2 }, 224), 75);
    assert_int_equal(dv_view_zoom((dv_rect){ -4, -4, 11, 11 }, 224), 15);
    assert_int_equal(dv_view_zoom((dv_rect){ 0, 0, 500, 2 }, 224), 1);
    assert_int_equal(dv_view_zoom((dv_rect){ 0, 0, 1, 1 }, 1000), 256);
}

static void a_pair_is_the_patch_beside_the_projection(void **state)
{
    (void)state;
    dv_image seen = random_picture(4, 4), pair, alone;
    float v[] = { 1, -1 };
    dv_signal s = { { { 0, 0, 0 }, { 1, 1, 2 } }, v };
    dv_rect r = { -1, 0, 2, 2 };
    dv_look look = { .view = DV_VIEW_PAIR, .zoom = 2, .scale = 1 };
    assert_true(dv_draw_view(&pair, &seen, &s, r, &look, NULL));
    look.view = DV_VIEW_CROP;
    assert_true(dv_draw_view(&alone, NULL, &s, r, &look, NULL));
    assert_int_equal(pair.height, 4);
    assert_int_equal(alone.width, 6);
    int gap = pair.width - 2 * alone.width;
    assert_true(gap > 0);
    for (int y = 0; y < 4; y++) {
        assert_true(is_color(at(&pair, 0, y), 128, 128, 128)); /* left of the image */
        assert_memory_equal(at(&pair, 2, y), at(&seen, 0, y / 2), 3);
        assert_true(is_color(at(&pair, 6, y), 255, 255, 255));
        assert_memory_equal(at(&pair, 6 + gap, y), at(&alone, 0, y), 18);
    }
    assert_true(is_color(at(&alone, 2, 0), 255, 255, 255) && is_color(at(&alone, 4, 1), 1, 1, 1));
    dv_image_free(&seen);
    dv_image_free(&pair);
    dv_image_free(&alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crop_is_the_picture_inside_and_grey_outside),
        cmocka_unit_test(a_fill_covers_its_rectangle_cut_to_the_picture),
        cmocka_unit_test(a_picture_that_would_be_too_large_fails_with_its_size),
        cmocka_unit_test(small_pictures_are_enlarged_in_squares),
        cmocka_unit_test(a_flat_area_stays_exactly_as_it_is_when_smoothed),
        cmocka_unit_test(smoothing_goes_through_the_pixels_and_keeps_a_ramp),
        cmocka_unit_test(a_zoom_out_of_range_fails),
        cmocka_unit_test(the_scale_is_a_percentile_of_what_is_not_zero),
        cmocka_unit_test(zero_is_grey_and_the_colours_are_symmetric),
        cmocka_unit_test(channels_are_red_green_blue_or_the_other_way_round),
        cmocka_unit_test(a_map_is_flat_when_its_picture_is_grey),
        cmocka_unit_test(a_map_of_two_channels_has_no_picture),
        cmocka_unit_test(the_input_becomes_the_pixels_it_was_made_of),
        cmocka_unit_test(a_view_shows_the_whole_field_but_never_more_than_the_input),
        cmocka_unit_test(the_zoom_comes_near_the_side_asked_for),
        cmocka_unit_test(a_pair_is_the_patch_beside_the_projection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
