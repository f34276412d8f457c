/* Parts of an image covered. */
#include "image/cover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = 40, H = 30 };

/* Left half dark, right half light, one channel apart. */
static dv_image two_halves(void)
{
    dv_image im = { W, H, malloc((size_t)W * H * 3) };
    assert_non_null(im.rgb);
    for (int i = 0; i < W * H; i++) {
        im.rgb[3 * i] = i % W < W / 2 ? 20 : 220;
        im.rgb[3 * i + 1] = 77;
        im.rgb[3 * i + 2] = (uint8_t)(i % W < W / 2 ? 1 : 2);
    }
    return im;
}

static void a_cover_is_grey_or_the_mean(void **state)
{
    (void)state;
    dv_image im = two_halves(), grey, mean;
    dv_error err;
    assert_true(dv_cover_all(&grey, &im, DV_COVER_GREY, &err));
    assert_true(dv_cover_all(&mean, &im, DV_COVER_MEAN, &err));
    static const uint8_t of_mean[3] = { 120, 77, 2 }; /* 1.5 rounds up */
    for (int i = 0; i < W * H; i++) {
        for (int c = 0; c < 3; c++)
            assert_int_equal(grey.rgb[3 * i + c], 128);
        assert_memory_equal(&mean.rgb[3 * i], of_mean, 3);
    }
    dv_image_free(&grey);
    dv_image_free(&mean);
    dv_image_free(&im);
}

static void a_blur_keeps_what_is_flat_and_takes_edges_away(void **state)
{
    (void)state;
    dv_image im = two_halves(), blurred;
    dv_error err;
    assert_true(dv_cover_all(&blurred, &im, DV_COVER_BLUR, &err));
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            const uint8_t *p = &blurred.rgb[3 * (y * W + x)];
            assert_int_equal(p[1], 77);
            assert_memory_equal(p, &blurred.rgb[3 * x], 3); /* every row alike */
            assert_true(x == 0 || p[0] >= p[-3]);
            assert_true(x == 0 || p[0] - p[-3] < 60);
        }
    assert_int_equal(blurred.rgb[0], 20);
    assert_int_equal(blurred.rgb[3 * (W - 1)], 220);
    dv_image_free(&blurred);
    dv_image_free(&im);
}

static void a_box_is_cut_at_the_edges(void **state)
{
    (void)state;
    dv_image im = two_halves(), before = two_halves(), grey;
    dv_error err;
    assert_true(dv_cover_all(&grey, &im, DV_COVER_GREY, &err));
    dv_cover_box(&im, &grey, -5, 20, 7, 99);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            const size_t at = 3 * (size_t)(y * W + x);
            const dv_image *shows = x < 7 && y >= 20 ? &grey : &before;
            assert_memory_equal(im.rgb + at, shows->rgb + at, 3);
        }
    memcpy(im.rgb, before.rgb, (size_t)W * H * 3);
    dv_cover_box(&im, &grey, 50, 0, 60, 9);
    dv_cover_box(&im, &grey, 9, 0, 3, 9);
    assert_memory_equal(im.rgb, before.rgb, (size_t)W * H * 3);
    dv_image_free(&grey);
    dv_image_free(&before);
    dv_image_free(&im);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cover_is_grey_or_the_mean),
        cmocka_unit_test(a_blur_keeps_what_is_flat_and_takes_edges_away),
        cmocka_unit_test(a_box_is_cut_at_the_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
