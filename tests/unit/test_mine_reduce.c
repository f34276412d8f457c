#include "atlas/reduce.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void sizes_keep_the_proportion(void **state)
{
    (void)state;
    static const int cases[][5] = {
        /* w, h, side: w, h */
        { 100, 100, 50, 50, 50 }, { 200, 100, 50, 50, 25 }, { 31, 97, 48, 15, 48 },
        { 40, 30, 48, 40, 30 },   { 48, 48, 48, 48, 48 },   { 300, 1, 16, 16, 1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int w, h;
        dv_reduced_size((dv_rect){ -3, 5, cases[i][0] - 3, cases[i][1] + 5 }, cases[i][2], &w, &h);
        assert_int_equal(w, cases[i][3]);
        assert_int_equal(h, cases[i][4]);
    }
}

static void a_hand_checked_average(void **state)
{
    (void)state;
    float data[] = { 1, 2, 3, 4, 5, 6 }; /* rows 1 and 2, columns 0 to 2 of a part of 4x3 */
    dv_signal s = { { { 0, 1, 0 }, { 1, 3, 3 } }, data }, out;
    dv_error err;
    assert_true(dv_reduce_signal(&out, &s, (dv_rect){ 0, 0, 3, 4 }, 2, 2, &err));
    /* columns: (1 + 2/2) / 1.5, (2/2 + 3) / 1.5; rows: (0 + first) / 2, (second + 0) / 2 */
    const double expected[] = { 2 / 1.5 / 2, 4 / 1.5 / 2, 6.5 / 1.5 / 2, 8.5 / 1.5 / 2 };
    for (int i = 0; i < 4; i++)
        assert_true(fabs((double)out.data[i] - expected[i]) < 1e-6);
    free(out.data);
}

/* Against integrals over each target pixel, by weights in double, over random boxes and parts. */
static void averages_are_those_of_areas(void **state)
{
    (void)state;
    uint32_t seed = 5;
    for (int round = 0; round < 300; round++) {
        int v[8];
        for (int i = 0; i < 8; i++) {
            seed = seed * 1664525 + 1013904223;
            v[i] = (int)(seed >> 20);
        }
        int channels = v[0] % 2 ? 3 : 1, w = 1 + v[1] % 20, h = 1 + v[2] % 20;
        dv_rect r = { v[3] % 9 - 4, v[4] % 9 - 4, 0, 0 };
        r.x1 = r.x0 + 1 + v[5] % 30;
        r.y1 = r.y0 + 1 + v[6] % 30;
        w = w < r.x1 - r.x0 ? w : r.x1 - r.x0;
        h = h < r.y1 - r.y0 ? h : r.y1 - r.y0;
        dv_signal s = { { { 0, 2, 1 }, { channels, 2 + v[7] % 15, 18 } }, NULL }, out;
        s.data = calloc(dv_box_count(&s.box) + 1, sizeof *s.data);
        assert_non_null(s.data);
        for (size_t i = 0; i < dv_box_count(&s.box); i++)
            s.data[i] = (float)((i * 2654435761U) % 1000) / 500 - 1;
        dv_error err;
        assert_true(dv_reduce_signal(&out, &s, r, w, h, &err));
        double sx = (double)(r.x1 - r.x0) / w, sy = (double)(r.y1 - r.y0) / h;
        for (int c = 0; c < channels; c++)
            for (int i = 0; i < h; i++)
                for (int j = 0; j < w; j++) {
                    double sum = 0;
                    for (int y = s.box.lo[DV_Y]; y < s.box.hi[DV_Y]; y++)
                        for (int x = s.box.lo[DV_X]; x < s.box.hi[DV_X]; x++) {
                            double high = fmin(y + 1 - r.y0, (i + 1) * sy) - fmax(y - r.y0, i * sy);
                            double wide = fmin(x + 1 - r.x0, (j + 1) * sx) - fmax(x - r.x0, j * sx);
                            if (high > 0 && wide > 0)
                                sum += high * wide * (double)*dv_signal_at(&s, c, y, x);
                        }
                    double got = out.data ? (double)*dv_signal_at(&out, c, i, j) : 0;
                    assert_true(fabs(got - sum / sx / sy) < 1e-5);
                }
        free(s.data);
        free(out.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_keep_the_proportion),
        cmocka_unit_test(a_hand_checked_average),
        cmocka_unit_test(averages_are_those_of_areas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
