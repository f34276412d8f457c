/* A view that is turned, made larger and moved: what is exact, and what is filled. */
#include "image/frame.h"
#include "image/transform.h"
#include "net.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = 40, H = 33, SIDE = 16, BYTES = 3 * SIDE * SIDE };

static uint8_t pixels[3 * W * H];
static const dv_image image = { W, H, pixels };
static const dv_part view = { 11, 9, SIDE, SIDE };

static int fill_pixels(void **state)
{
    (void)state;
    uint32_t seed = 5;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(128 + 127 * net_random(&seed));
    return 0;
}

static const uint8_t *pixel(int x, int y)
{
    return pixels + 3 * (y * W + x);
}

static void nothing_done_changes_no_byte(void **state)
{
    (void)state;
    const dv_transform none = dv_transform_none(), round = { .scale = 1, .degrees = 360 };
    uint8_t seen[BYTES];
    for (int fill = 0; fill < DV_N_FILLS; fill++)
        for (int i = 0; i < 2; i++) {
            memset(seen, 0, BYTES);
            assert_true(dv_transform_view(&image, view, i ? &round : &none, (dv_fill)fill, seen) ==
                        0);
            for (int y = 0; y < SIDE; y++)
                assert_memory_equal(seen + 3 * SIDE * y, pixel(view.x, view.y + y), 3 * SIDE);
        }
}

static void whole_pixels_are_copied_and_what_lies_beyond_is_filled(void **state)
{
    (void)state;
    static const int shifts[][2] = { { 3, 0 }, { -9, 2 }, { 0, -13 }, { 12, 14 }, { -40, -40 } };
    uint64_t sum[3] = { 0 };
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < 3 * SIDE; x++)
            sum[x % 3] += pixel(view.x, view.y + y)[x];
    for (int fill = 0; fill < DV_N_FILLS; fill++)
        for (size_t i = 0; i < sizeof shifts / sizeof shifts[0]; i++) {
            const dv_transform t = { .shift = { shifts[i][0], shifts[i][1] }, .scale = 1 };
            uint8_t seen[BYTES], want[3];
            int beyond = 0;
            const double share = dv_transform_view(&image, view, &t, (dv_fill)fill, seen);
            for (int y = 0; y < SIDE; y++)
                for (int x = 0; x < SIDE; x++) {
                    int from_x = view.x + x - shifts[i][1], from_y = view.y + y - shifts[i][0];
                    const bool inside = from_x >= 0 && from_x < W && from_y >= 0 && from_y < H;
                    beyond += !inside;
                    for (int c = 0; c < 3; c++)
                        want[c] = fill == DV_FILL_MEAN
                                      ? (uint8_t)((double)sum[c] / (SIDE * SIDE) + 0.5)
                                      : 128;
                    if (inside || fill == DV_FILL_EDGE || fill == DV_FILL_REFLECT) {
                        const bool edge = fill == DV_FILL_EDGE;
                        if (from_x < 0 || from_x >= W) /* once around is enough here */
                            from_x = from_x < 0 ? (edge ? 0 : -1 - from_x)
                                                : (edge ? W - 1 : 2 * W - 1 - from_x);
                        if (from_y < 0 || from_y >= H)
                            from_y = from_y < 0 ? (edge ? 0 : -1 - from_y)
                                                : (edge ? H - 1 : 2 * H - 1 - from_y);
                        memcpy(want, pixel(from_x, from_y), 3);
                    }
                    assert_memory_equal(seen + 3 * (y * SIDE + x), want, 3);
                }
            assert_true(fabs(share - (double)beyond / (SIDE * SIDE)) < 1e-12);
        }
}

static void a_right_angle_moves_pixels_and_changes_none(void **state)
{
    (void)state;
    uint8_t seen[BYTES];
    for (int quarter = -3; quarter < 8; quarter++) {
        const dv_transform t = { .scale = 1, .degrees = 90.0 * quarter };
        assert_true(dv_transform_view(&image, view, &t, DV_FILL_GREY, seen) == 0);
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                int at_x = x, at_y = y; /* where what is seen here was before */
                for (int i = 0; i < (quarter + 4) % 4; i++) {
                    const int before =
                        at_x; /* counter-clockwise: the right side comes to the top */
                    at_x = SIDE - 1 - at_y;
                    at_y = before;
                }
                assert_memory_equal(seen + 3 * (y * SIDE + x), pixel(view.x + at_x, view.y + at_y),
                                    3);
            }
    }
}

/* A plane: a linear function of the place, that every bilinear sample has to give. */
static void a_slope_is_seen_where_the_transform_says(void **state)
{
    (void)state;
    static uint8_t slope[3 * W * H];
    const dv_image im = { W, H, slope };
    static const dv_transform some[] = {
        { .shift = { 1.25, -2.5 }, .scale = 1 },
        { .scale = 1.8 },
        { .scale = 0.7 },
        { .scale = 1, .degrees = 30 },
        { .shift = { -2, 1 }, .scale = 1.3, .degrees = -77 },
    };
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            slope[3 * (y * W + x)] = (uint8_t)(6 * x);
            slope[3 * (y * W + x) + 1] = (uint8_t)(7 * y);
            slope[3 * (y * W + x) + 2] = 77;
        }
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        const dv_transform *t = &some[i];
        const double angle = t->degrees * acos(-1) / 180;
        uint8_t seen[BYTES];
        assert_true(dv_transform_view(&im, view, t, DV_FILL_EDGE, seen) == 0);
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                const double dx = x - 7.5 - t->shift[1], dy = y - 7.5 - t->shift[0];
                const double at_x = view.x + 7.5 + (dx * cos(angle) - dy * sin(angle)) / t->scale;
                const double at_y = view.y + 7.5 + (dx * sin(angle) + dy * cos(angle)) / t->scale;
                const uint8_t *p = seen + 3 * (y * SIDE + x);
                /* half a level of rounding; a triangle's sum at a place between pixels is as good
                 */
                const double allowed = t->scale < 1 ? 1 : 0.51;
                assert_true(fabs(p[0] - 6 * at_x) <= allowed);
                assert_true(fabs(p[1] - 7 * at_y) <= allowed);
                assert_int_equal(p[2], 77);
            }
    }
}

static void a_shrunken_chequerboard_is_grey(void **state)
{
    (void)state;
    static uint8_t board[3 * 64 * 64];
    const dv_image im = { 64, 64, board };
    const dv_part middle = { 24, 24, SIDE, SIDE };
    const dv_transform t = { .scale = 0.25, .degrees = 10 };
    uint8_t seen[BYTES];
    for (int i = 0; i < 64 * 64; i++)
        memset(board + 3 * i, (i + i / 64) % 2 ? 255 : 0, 3);
    dv_transform_view(&im, middle, &t, DV_FILL_REFLECT, seen);
    for (int i = 0; i < BYTES; i++)
        assert_true(seen[i] > 120 && seen[i] < 136);
}

static void no_transform_reads_beyond_its_reach(void **state)
{
    (void)state;
    static uint8_t wide[3 * 200 * 200], near[3 * 200 * 200];
    static const dv_transform some[] = {
        { .scale = 1 },
        { .shift = { -7, 20.5 }, .scale = 1 },
        { .scale = 0.4 },
        { .scale = 1, .degrees = 45 },
        { .shift = { 5, 5 }, .scale = 0.5, .degrees = 200 },
    };
    const dv_image im = { 200, 200, wide }, cut = { 200, 200, near };
    const dv_part part = { 92, 90, 16, 20 };
    uint32_t seed = 3;
    for (size_t i = 0; i < sizeof wide; i++)
        wide[i] = (uint8_t)(128 + 127 * net_random(&seed));
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        const int reach = dv_transform_reach(&some[i], part.width, part.height);
        uint8_t seen[3 * 16 * 20], again[3 * 16 * 20];
        memset(near, 0, sizeof near);
        for (int y = part.y - reach; y < part.y + part.height + reach; y++)
            memcpy(near + 3 * (200 * y + part.x - reach), wide + 3 * (200 * y + part.x - reach),
                   3 * (size_t)(part.width + 2 * reach));
        dv_transform_view(&im, part, &some[i], DV_FILL_GREY, seen);
        dv_transform_view(&cut, part, &some[i], DV_FILL_GREY, again);
        assert_memory_equal(seen, again, sizeof seen);
    }
}

static void a_frame_is_the_view_with_what_lies_around_it(void **state)
{
    (void)state;
    const dv_preprocess p = { .resize = 24,
                              .size = { 16, 16 },
                              .channels = 3,
                              .scale = 1 / 255.0F,
                              .mean = { 0.5F, 0.4F, 0.3F },
                              .std = { 1, 0.5F, 0.25F },
                              .bgr = true };
    float input[BYTES], numbers[BYTES];
    dv_image seen;
    dv_error err;
    assert_true(dv_prepare(&image, &p, input, NULL, &err));
    assert_true(dv_prepare_view(&image, &p, &seen, &err));
    /* 40 x 33 becomes 29 x 24, of which the view leaves 6 and 7, and 4 and 4 */
    static const int margins[][3] = { { 0, 16, 16 }, { 5, 26, 24 }, { 99, 29, 24 } };
    for (int i = 0; i < 3; i++) {
        dv_frame f;
        uint8_t rgb[BYTES];
        const dv_transform none = dv_transform_none();
        assert_true(dv_frame_make(&f, &image, &p, margins[i][0], &err));
        assert_int_equal(f.image.width, margins[i][1]);
        assert_int_equal(f.image.height, margins[i][2]);
        dv_transform_view(&f.image, f.view, &none, DV_FILL_GREY, rgb);
        assert_memory_equal(rgb, seen.rgb, BYTES);
        dv_pixels_prepare(rgb, &p, numbers);
        assert_memory_equal(numbers, input, sizeof input);
        dv_frame_free(&f);
    }
    dv_image_free(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_done_changes_no_byte),
        cmocka_unit_test(whole_pixels_are_copied_and_what_lies_beyond_is_filled),
        cmocka_unit_test(a_right_angle_moves_pixels_and_changes_none),
        cmocka_unit_test(a_slope_is_seen_where_the_transform_says),
        cmocka_unit_test(a_shrunken_chequerboard_is_grey),
        cmocka_unit_test(no_transform_reads_beyond_its_reach),
        cmocka_unit_test(a_frame_is_the_view_with_what_lies_around_it),
    };
    return cmocka_run_group_tests(tests, fill_pixels, NULL);
}
