#include "deconvviz/draw.h"
#include "image/jpeg_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 48, QUALITY = 70, ACROSS = 5, DOWN = 3, CELLS = ACROSS * DOWN };

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 24;
}

/* Noise over a slope, another one for each seed: many bytes, also those that look like markers. */
static dv_image picture(int width, int height, uint32_t seed)
{
    dv_image im;
    dv_error err;
    assert_true(dv_picture_new(&im, width, height, DV_GREY, &err));
    for (int i = 0; i < width * height; i++) {
        const uint32_t noise = next(&seed);
        for (uint32_t c = 0; c < 3; c++)
            im.rgb[i * 3 + (int)c] = (uint8_t)((noise + (uint32_t)(i % width * 3) + c * 40) / 3);
    }
    return im;
}

static dv_image decode(const dv_jpeg *j)
{
    dv_image im;
    dv_error err = { 0 };
    if (!dv_image_decode(&im, j->data, j->size, "jpeg", &err))
        fail_msg("%s", err.message);
    return im;
}

/* Largest difference of a channel between `side` pixels of two pictures; near edges, where a
 * decoder smooths colours across cells, nothing is looked at. */
static int difference(const dv_image *a, int ax, int ay, const dv_image *b, int bx, int by)
{
    int most = 0;
    for (int y = 2; y < SIDE - 2; y++)
        for (int x = 2; x < SIDE - 2; x++)
            for (int c = 0; c < 3; c++) {
                const int p = a->rgb[((ay + y) * a->width + ax + x) * 3 + c];
                const int q = b->rgb[((by + y) * b->width + bx + x) * 3 + c];
                most = abs(p - q) > most ? abs(p - q) : most;
            }
    return most;
}

static double mean_difference(const dv_image *a, const dv_image *b)
{
    const int n = a->width * a->height * 3;
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += abs(a->rgb[i] - b->rgb[i]);
    return sum / n;
}

static void cells_stand_in_their_places_as_they_are_alone(void **state)
{
    (void)state;
    dv_jpeg cells[CELLS], joined, alone;
    dv_error err = { 0 };
    for (int i = 0; i < CELLS; i++) {
        dv_image im = picture(SIDE, SIDE, (uint32_t)i);
        assert_true(dv_jpeg_encode_cell(&cells[i], &im, QUALITY, &err));
        dv_image_free(&im);
    }
    assert_true(dv_jpeg_join(&joined, SIDE, ACROSS, DOWN, QUALITY, cells, "Layer: 5\n", &err));
    dv_image all = decode(&joined);
    assert_int_equal(all.width, SIDE * ACROSS);
    assert_int_equal(all.height, SIDE * DOWN);
    for (int i = 0; i < CELLS; i++) {
        assert_true(dv_jpeg_join(&alone, SIDE, 1, 1, QUALITY, &cells[i], NULL, &err));
        dv_image one = decode(&alone), was = picture(SIDE, SIDE, (uint32_t)i);
        assert_int_equal(difference(&all, i % ACROSS * SIDE, i / ACROSS * SIDE, &one, 0, 0), 0);
        assert_true(mean_difference(&one, &was) < 12); /* of noise whose deviation is 25 */
        dv_image_free(&one);
        dv_image_free(&was);
        free(alone.data);
        free(cells[i].data);
    }
    assert_int_equal(memcmp(joined.data + 4, "\0\013Layer: 5\n", 11), 0);
    free(joined.data);
    dv_image_free(&all);
}

static void a_photograph_is_near_what_it_was(void **state)
{
    (void)state;
    static const int sizes[][2] = { { 1, 1 }, { 7, 300 }, { 255, 33 } };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        dv_image im;
        dv_jpeg j;
        dv_error err = { 0 };
        assert_true(dv_picture_new(&im, sizes[i][0], sizes[i][1], (dv_rgb){ 200, 90, 10 }, &err));
        assert_true(dv_jpeg_encode(&j, &im, 90, &err));
        dv_image again = decode(&j);
        assert_int_equal(again.width, im.width);
        assert_int_equal(again.height, im.height);
        for (int k = 0; k < im.width * im.height * 3; k++)
            assert_true(abs(again.rgb[k] - im.rgb[k]) <= 3);
        dv_image_free(&im);
        dv_image_free(&again);
        free(j.data);
    }
}

static void what_is_too_large_is_refused(void **state)
{
    (void)state;
    dv_error err = { 0 };
    dv_jpeg j;
    const dv_image wide = { .width = 65501, .height = 1 };
    assert_false(dv_jpeg_encode(&j, &wide, 50, &err));
    assert_non_null(strstr(err.message, "65501 x 1 pixels: 65500 at most"));
    assert_false(dv_jpeg_join(&j, 80, 9, 1000, 50, NULL, NULL, &err));
    assert_non_null(strstr(err.message, "720 x 80000"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_stand_in_their_places_as_they_are_alone),
        cmocka_unit_test(a_photograph_is_near_what_it_was),
        cmocka_unit_test(what_is_too_large_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
