/* What src/kernel/maxpool.h promises. */
#include "kernel/isa.h"
#include "kernel/maxpool.h"
#include "rounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uint32_t state = 7;

static int random_int(int lo, int hi) /* both included */
{
    state = state * 1664525u + 1013904223u;
    return lo + (int)((state >> 8) % (uint32_t)(hi - lo + 1));
}

/* The places of a window's values, in row-major order; their number. */
static int window_of(const dv_pool_shape *s, int oy, int ox, int32_t *at)
{
    int n = 0;
    for (int ty = 0; ty < s->kernel[0]; ty++)
        for (int tx = 0; tx < s->kernel[1]; tx++) {
            int y = oy * s->stride[0] + ty * s->dilation[0] - s->pad[0];
            int x = ox * s->stride[1] + tx * s->dilation[1] - s->pad[1];
            if (y >= 0 && y < s->in[0] && x >= 0 && x < s->in[1])
                at[n++] = y * s->in[1] + x;
        }
    return n;
}

/* The first of the n values at `at` above the limit, if there are `least` of them; else -1. */
static int32_t first_above(const float *plane, int n, const int32_t *at, float limit, int least)
{
    int32_t first = -1;
    int count = 0;
    for (int i = n - 1; i >= 0; i--)
        if (plane[at[i]] > limit) {
            first = at[i];
            count++;
        }
    return count >= least ? first : -1;
}

/* The definition, one window at a time. */
static int32_t naive_switch(const dv_pool_shape *s, const float *plane, int oy, int ox,
                            dv_ties ties)
{
    int32_t at[25], best = -1;
    const int n = window_of(s, oy, ox, at);
    for (int i = 0; i < n; i++) {
        if (isnan(plane[at[i]]))
            return at[i];
        if (best < 0 || plane[at[i]] > plane[best])
            best = at[i];
    }
    if (ties == DV_TIES_EQUAL)
        return best;
    const float m = plane[best];
    int32_t equal = first_above(plane, n, at, m - fabsf(m) * 0x1p-16F, 3);
    if (equal < 0)
        equal = first_above(plane, n, at, m - fabsf(m) * 0x1p-20F, 1);
    return equal < 0 ? best : equal;
}

static void check(const dv_pool_shape *s, const float *x, dv_pool *pool)
{
    size_t n = (size_t)s->planes * s->out[0] * s->out[1];
    size_t out_plane = (size_t)s->out[0] * s->out[1], in_plane = (size_t)s->in[0] * s->in[1];
    float *y = malloc(n * sizeof *y), *y2 = malloc(n * sizeof *y2);
    int32_t *sw = malloc(n * sizeof *sw);
    assert_non_null(y);
    assert_non_null(y2);
    assert_non_null(sw);
    dv_maxpool(s, x, y, sw, pool);
    dv_maxpool(s, x, y2, NULL, pool);
    for (size_t i = 0; i < n; i++) {
        assert_true(y[i] == y2[i] || (isnan(y[i]) && isnan(y2[i]))); /* zeros of either sign */
        const float *plane = x + i / out_plane * in_plane;
        int oy = (int)(i % out_plane) / s->out[1], ox = (int)(i % out_plane) % s->out[1];
        assert_int_equal(sw[i], naive_switch(s, plane, oy, ox, s->ties));
        int32_t first = naive_switch(s, plane, oy, ox, DV_TIES_EQUAL);
        assert_memory_equal(&y[i], &plane[first], sizeof(float));
    }
    free(y), free(y2), free(sw);
}

/* As many windows as reach into the map. */
static void random_axis(dv_pool_shape *s, int a, int kernel, int stride, int max_in)
{
    s->kernel[a] = kernel;
    s->stride[a] = stride;
    do {
        s->dilation[a] = random_int(0, 5) ? 1 : random_int(1, 3);
        s->in[a] = random_int(1, max_in);
        s->pad[a] = random_int(0, 2) ? kernel / 2 : random_int(0, kernel - 1);
        s->out[a] = (s->in[a] + s->pad[a] - 1) / stride + 1; /* the last may start at the edge */
        s->out[a] -= s->out[a] > 1 ? random_int(0, 1) : 0;
        /* with dilation, a window that starts in the zeros may step over a narrow map */
    } while (s->dilation[a] > 1 && s->in[a] < s->dilation[a] * kernel);
}

static float *random_planes(const dv_pool_shape *s, int kind)
{
    size_t n = (size_t)s->planes * s->in[0] * s->in[1];
    float *x = malloc(n * sizeof *x);
    assert_non_null(x);
    const float level[] = { 1, 1, -1, 0.3F };
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)random_int(-4, 4); /* ties in most windows */
        if (kind == 1 && random_int(0, 30) == 0)
            x[i] = random_int(0, 1) ? NAN : -INFINITY;
        if (kind == 2)
            x[i] = random_int(0, 2) ? -0.0F : 0.0F;
        if (kind == 3)
            x[i] = -INFINITY;
        if (kind >= 4) /* near-ties of every distance, of either sign, among a few that stand out */
            x[i] = (kind == 4 ? level[i % 4] : -1) *
                   (1 + ldexpf((float)random_int(-3, 3), -random_int(14, 24)));
        if (kind >= 4 && random_int(0, 99) == 0)
            x[i] = random_int(0, 1) ? INFINITY : FLT_MAX;
    }
    return x;
}

/* By either count of what is equal. */
static void switches_are_first_maxima(void **unused)
{
    (void)unused;
    static const int common[][2] = { { 2, 2 }, { 3, 2 }, { 3, 1 }, { 3, 3 } };
    dv_pool *pool = dv_pool_new(2, NULL);
    assert_non_null(pool);
    for (int i = 0; i < rounds(600); i++) {
        dv_pool_shape s = { .planes = random_int(1, 5) };
        const int *ks = common[random_int(0, 3)];
        bool free_form = random_int(0, 2) == 0;
        random_axis(&s, 0, free_form ? random_int(1, 5) : ks[0],
                    free_form ? random_int(1, 4) : ks[1], 20);
        random_axis(&s, 1, free_form ? random_int(1, 5) : ks[0],
                    free_form ? random_int(1, 4) : ks[1], random_int(0, 1) ? 20 : 90);
        float *x = random_planes(&s, random_int(0, 5));
        for (int ties = 0; ties < 2; ties++) {
            s.ties = (dv_ties)ties;
            check(&s, x, i % 2 ? pool : NULL);
        }
        free(x);
    }
    dv_pool_free(pool);
}

/* Rows by themselves are those of the whole, and maps wider than DV_POOL_ROOM those of narrow ones
 * pooled window by window. */
static void rows_without_switches_are_those_of_the_whole(void **unused)
{
    (void)unused;
    for (int round = 0; round < rounds(200); round++) {
        dv_pool_shape s = { .planes = 2 };
        const int kernel = random_int(1, 5), stride = random_int(1, 2);
        random_axis(&s, 0, kernel, stride, 40);
        random_axis(&s, 1, kernel, stride, round % 10 ? 70 : DV_POOL_ROOM + 40);
        const size_t plane = (size_t)s.out[0] * (size_t)s.out[1], n = 2 * plane;
        float *x = random_planes(&s, round % 2), *y = malloc(n * sizeof *y),
              *part = malloc(n * sizeof *y);
        assert_non_null(y);
        assert_non_null(part);
        check(&s, x, NULL);
        dv_maxpool(&s, x, y, NULL, NULL);
        const int lo = random_int(0, s.out[0] - 1), hi = random_int(lo, s.out[0]);
        memset(part, 0x55, n * sizeof *part);
        dv_maxpool_rows(&s, lo, hi, x, part, NULL, NULL);
        const uint32_t untouched = 0x55555555;
        for (size_t i = 0; i < n; i++) {
            const int row = (int)(i % plane) / s.out[1];
            const bool wanted = row >= lo && row < hi;
            assert_memory_equal(&part[i], wanted ? (const void *)&y[i] : &untouched, sizeof *y);
        }
        free(x), free(y), free(part);
    }
}

/* Windows full of near-ties, among values of any size that lie outside. */
static void a_pixel_outside_a_window_never_moves_its_switch(void **unused)
{
    (void)unused;
    for (int round = 0; round < rounds(300); round++) {
        dv_pool_shape s = { .planes = 1 };
        for (int a = 0; a < 2; a++)
            random_axis(&s, a, random_int(2, 3), random_int(1, 3), a ? 60 : 12);
        const int size = s.in[0] * s.in[1], n = s.out[0] * s.out[1];
        float *x = random_planes(&s, 4), *moved = malloc(sizeof *moved * size);
        float *y = malloc(sizeof *y * n);
        int32_t *sw = malloc(sizeof *sw * n), *sw2 = malloc(sizeof *sw2 * n), at[9];
        for (int ties = 0; ties < 2; ties++) {
            s.ties = (dv_ties)ties;
            const int chosen = random_int(0, n - 1);
            const int values = window_of(&s, chosen / s.out[1], chosen % s.out[1], at);
            for (int i = 0; i < size; i++)
                moved[i] = ldexpf((float)random_int(-9, 9), random_int(-30, 30));
            for (int i = 0; i < values; i++)
                moved[at[i]] = x[at[i]];
            dv_maxpool(&s, x, y, sw, NULL);
            dv_maxpool(&s, moved, y, sw2, NULL);
            assert_int_equal(sw[chosen], sw2[chosen]);
        }
        free(x), free(moved), free(y), free(sw), free(sw2);
    }
}

/* Flat planes, rounded at random, and straight edges: every switch is the first of its window's
 * equals. */
static void equal_values_are_not_chosen_among_by_rounding(void **unused)
{
    (void)unused;
    for (int round = 0; round < rounds(60); round++) {
        const int kernel = 2 + round % 2, side = 90;
        const bool rows = kernel == 3 && random_int(0, 1); /* equal along rows, else everywhere */
        dv_pool_shape s = { 1,        { side, side }, { 44, 44 }, { kernel, kernel },
                            { 2, 2 }, { 1, 1 },       { 0, 0 },   DV_TIES_ROUNDED };
        float *x = malloc(sizeof *x * side * side), *y = malloc(sizeof *y * 44 * 44);
        int32_t *sw = malloc(sizeof *sw * 44 * 44);
        for (int i = 0; i < side * side; i++) {
            float exact = rows ? 0.5F + (float)(i / side % 5) / 4 : 1;
            x[i] = exact * (1 + (float)random_int(-8, 8) * 1e-7F);
        }
        dv_maxpool(&s, x, y, sw, NULL);
        for (int i = 0; i < 44 * 44; i++) {
            const int y0 = i / 44 * 2, x0 = i % 44 * 2;
            int top = y0;
            for (int k = 1; rows && k < kernel; k++)
                top = (y0 + k) % 5 > top % 5 ? y0 + k : top;
            assert_int_equal(sw[i], top * side + x0);
        }
        free(x), free(y), free(sw);
    }
}

/* Of two values further apart than rounding the larger wins; so it does beside values that are
 * small for the plane; and where equal means equal, of any. */
static void what_differs_in_earnest_is_kept_apart(void **unused)
{
    (void)unused;
    const float x[] = { 1, 1 + 1e-6F, 0.5F, 0.9F, /* two */
                        0, 1e-6F,     0,    0 };
    dv_pool_shape s = { 2,        { 1, 4 }, { 1, 1 }, { 1, 4 },
                        { 1, 1 }, { 1, 1 }, { 0, 0 }, DV_TIES_ROUNDED };
    float y[2];
    int32_t sw[2];
    dv_maxpool(&s, x, y, sw, NULL);
    assert_int_equal(sw[0], 1);
    assert_int_equal(sw[1], 1);
    const float z[] = { 0, 0, 0, 1e-6F, 1, 0 }; /* in one plane with a 1 */
    float close[40]; /* of a whole map the largest wins, however close others are */
    dv_pool_shape whole = { 1,        { 1, 40 }, { 1, 1 }, { 1, 40 },
                            { 1, 1 }, { 1, 1 },  { 0, 0 }, DV_TIES_ROUNDED };
    for (int i = 0; i < 40; i++)
        close[i] = 1 + (float)i * 1.2e-7F;
    dv_maxpool(&whole, close, y, sw, NULL);
    assert_int_equal(sw[0], 39);
    dv_pool_shape t = { 1,        { 1, 6 }, { 1, 3 }, { 1, 4 },
                        { 1, 1 }, { 1, 1 }, { 0, 0 }, DV_TIES_ROUNDED };
    float v[3];
    int32_t at[3];
    dv_maxpool(&t, z, v, at, NULL);
    assert_int_equal(at[0], 3);
    const float more = 1 + 0x1p-23F, pairs[] = { 0.5F, 1, more, 0.9F, 1, 1, more, 1 };
    dv_maxpool(&s, pairs, y, sw, NULL);
    assert_int_equal(sw[0], 1);
    assert_int_equal(sw[1], 0);
    s.ties = DV_TIES_EQUAL;
    dv_maxpool(&s, pairs, y, sw, NULL);
    assert_int_equal(sw[0], 2);
    assert_int_equal(sw[1], 2);
}

static void switch_counts_in_the_unpadded_plane(void **unused)
{
    (void)unused;
    const float x[] = { 1, 5, 5, -1, NAN, 2 }; /* 2 rows of 3 */
    dv_pool_shape s = { 1,        { 2, 3 }, { 2, 2 }, { 2, 2 },
                        { 1, 2 }, { 1, 1 }, { 1, 1 }, DV_TIES_ROUNDED };
    float y[4];
    int32_t sw[4];
    dv_maxpool(&s, x, y, sw, NULL);
    assert_int_equal(sw[0], 0);
    assert_int_equal(sw[1], 1); /* of the two fives the first */
    assert_int_equal(sw[2], 0); /* above the -1 */
    assert_int_equal(sw[3], 4); /* the NaN */
    assert_true(isnan(y[3]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(switch_counts_in_the_unpadded_plane),
        cmocka_unit_test(switches_are_first_maxima),
        cmocka_unit_test(rows_without_switches_are_those_of_the_whole),
        cmocka_unit_test(a_pixel_outside_a_window_never_moves_its_switch),
        cmocka_unit_test(equal_values_are_not_chosen_among_by_rounding),
        cmocka_unit_test(what_differs_in_earnest_is_kept_apart),
    };
    static const char *const sets[] = { "avx512", "avx2", "baseline" };
    int failures = 0;
    for (int i = 0; i < 3; i++) {
        failures += !dv_isa_limit(sets[i]);
        failures += cmocka_run_group_tests_name(sets[i], tests, NULL, NULL);
    }
    return failures;
}
