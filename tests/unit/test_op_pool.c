/* MaxPool, AveragePool and the global pools against their definitions, by hand and over random
 * geometry: asymmetric pads, auto_pad, ceil_mode, dilation, one to three dimensions. */
#include "kernel/isa.h"
#include "op_harness.h"
#include "rounds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { AXES = 3 };

/* Windows on a map of up to three dimensions; the axes that it has not are of size 1. */
typedef struct geometry {
    int n; /* dimensions of the map */
    int batch, channels;
    int in[AXES], out[AXES], kernel[AXES], stride[AXES], dilation[AXES], lo[AXES], hi[AXES];
    bool ceil_mode, count_pads;
    const char *auto_pad;
} geometry;

static int extent(const geometry *g, int a)
{
    return (g->kernel[a] - 1) * g->dilation[a] + 1;
}

/* Windows on an axis, by trying them one after the other. */
static int count_windows(const geometry *g, int a)
{
    int n = 0;
    for (;; n++) {
        int start = n * g->stride[a] - g->lo[a];
        bool fits = start + extent(g, a) <= g->in[a] + g->hi[a];
        bool hangs_over = g->ceil_mode && start < g->in[a] &&
                          start - g->stride[a] + extent(g, a) < g->in[a] + g->hi[a];
        if (!fits && (!hangs_over || n == 0))
            return n;
    }
}

/* Whether some tap of the window lies in the map. */
static bool reaches(const geometry *g, int a, int o)
{
    for (int t = 0; t < g->kernel[a]; t++) {
        int i = o * g->stride[a] + t * g->dilation[a] - g->lo[a];
        if (i >= 0 && i < g->in[a])
            return true;
    }
    return false;
}

/* A geometry whose windows all reach into the map. */
static geometry random_geometry(int n, int max_dilation)
{
    for (;;) {
        geometry g = { .n = n,
                       .batch = op_random_int(1, 3),
                       .channels = op_random_int(1, 3),
                       .ceil_mode = op_random_int(0, 1),
                       .count_pads = op_random_int(0, 1) };
        bool sound = true;
        for (int a = 0; a < AXES; a++) {
            bool used = a >= AXES - n;
            g.kernel[a] = used ? op_random_int(1, 4) : 1;
            g.stride[a] = used ? op_random_int(1, 4) : 1;
            g.dilation[a] = used ? op_random_int(1, max_dilation) : 1;
            g.lo[a] = used ? op_random_int(0, g.kernel[a] - 1) : 0;
            g.hi[a] = used ? op_random_int(0, g.kernel[a] - 1) : 0;
            g.in[a] = used ? op_random_int(1, 9) : 1;
            g.out[a] = count_windows(&g, a);
            sound &= g.out[a] > 0;
            for (int o = 0; o < g.out[a]; o++)
                sound &= reaches(&g, a, o);
        }
        if (sound)
            return g;
    }
}

/* What auto_pad makes of the geometry. */
static void pad_by(geometry *g, const char *mode)
{
    g->auto_pad = mode;
    for (int a = 0; a < AXES; a++) {
        int total = ((g->in[a] + g->stride[a] - 1) / g->stride[a] - 1) * g->stride[a] +
                    extent(g, a) - g->in[a];
        total = total > 0 && strcmp(mode, "VALID") != 0 ? total : 0;
        g->lo[a] = strcmp(mode, "SAME_LOWER") == 0 ? (total + 1) / 2 : total / 2;
        g->hi[a] = total - g->lo[a];
        g->out[a] = count_windows(g, a);
    }
}

static dv_shape map_shape(const geometry *g, const int *size)
{
    dv_shape s = { .rank = 2 + g->n, .dim = { g->batch, g->channels } };
    for (int i = 0; i < g->n; i++)
        s.dim[2 + i] = size[AXES - g->n + i];
    return s;
}

static void give(op_case *k, const geometry *g, const char *name, const int *v, const int *more)
{
    int64_t list[2 * AXES];
    for (int i = 0; i < g->n; i++) {
        list[i] = v[AXES - g->n + i];
        list[g->n + i] = more ? more[AXES - g->n + i] : 0;
    }
    op_ints_of(k, name, more ? 2 * g->n : g->n, list);
}

static op_case *build(const char *name, const geometry *g)
{
    op_case *k = op_new(name, 12);
    give(k, g, "kernel_shape", g->kernel, NULL);
    give(k, g, "strides", g->stride, NULL);
    if (strcmp(name, "MaxPool") == 0)
        give(k, g, "dilations", g->dilation, NULL);
    else
        op_int(k, "count_include_pad", g->count_pads);
    if (g->auto_pad)
        op_text(k, "auto_pad", g->auto_pad);
    else
        give(k, g, "pads", g->lo, g->hi);
    op_int(k, "ceil_mode", g->ceil_mode);
    op_activation(k, map_shape(g, g->in));
    op_build(k);
    op_expect_shape(k, 0, map_shape(g, g->out));
    return k;
}

/* A window, tap by tap: its maximum and its place, its sum, and how many taps count. */
typedef struct window {
    float max;
    int place;
    double sum;
    int counted;
} window;

/* That of output element `at` of a plane. */
static window naive(const geometry *g, const float *plane, int at)
{
    window w = { -INFINITY, -1, 0, 0 };
    int o[AXES] = { at / (g->out[1] * g->out[2]), at / g->out[2] % g->out[1], at % g->out[2] };
    int taps = g->kernel[0] * g->kernel[1] * g->kernel[2];
    for (int t = 0; t < taps; t++) {
        int tap[AXES] = { t / (g->kernel[1] * g->kernel[2]), t / g->kernel[2] % g->kernel[1],
                          t % g->kernel[2] };
        int i[AXES];
        bool inside = true, padded = true;
        for (int a = 0; a < AXES; a++) {
            i[a] = o[a] * g->stride[a] + tap[a] * g->dilation[a] - g->lo[a];
            inside &= i[a] >= 0 && i[a] < g->in[a];
            padded &= i[a] >= -g->lo[a] && i[a] < g->in[a] + g->hi[a];
        }
        w.counted += g->count_pads ? padded : inside;
        if (!inside)
            continue;
        int place = (i[0] * g->in[1] + i[1]) * g->in[2] + i[2];
        w.sum += (double)plane[place];
        if (plane[place] > w.max) {
            w.max = plane[place];
            w.place = place;
        }
    }
    return w;
}

static int volume(const int *size)
{
    return size[0] * size[1] * size[2];
}

static void check_values(const char *name, const geometry *g)
{
    op_case *k = build(name, g);
    bool is_max = strcmp(name, "MaxPool") == 0;
    int n = volume(g->out), planes = g->batch * g->channels;
    float *want = malloc((size_t)(n * planes) * sizeof *want);
    assert_non_null(want);
    op_forward(k);
    for (int i = 0; i < n * planes; i++) {
        window w = naive(g, k->in[0].data + i / n * volume(g->in), i % n);
        want[i] = is_max ? w.max : (float)(w.sum / w.counted);
        if (is_max)
            assert_int_equal(((const int32_t *)k->call.aux)[i], w.place);
    }
    op_expect(k, 0, is_max ? 0 : 1e-6, want);
    free(want);
    op_free(k);
}

static void max_pool_by_hand(void **state)
{
    (void)state;
    op_case *k = op_new("MaxPool", 12);
    op_ints(k, "kernel_shape", 2, 1, 3);
    op_ints(k, "strides", 2, 1, 2);
    op_activation(k, op_shape(4, 1, 1, 1, 5));
    op_build(k);
    const float x[] = { 1, 2, 9, 9, 3 };
    memcpy(k->in[0].data, x, sizeof x);
    op_forward(k);
    op_expect_values(k, 0, 2, 9.0, 9.0);
    /* both windows took the first 9: what comes back adds up there */
    for (int rule = 0; rule < DV_N_RULES; rule++)
        op_expect_projection(k, (dv_rule)rule, (const float[]){ 2, -5 }, 5, 0.0, 0.0, -3.0, 0.0,
                             0.0);
    op_free(k);
}

static void max_pool_of_negative_numbers_ignores_its_padding(void **state)
{
    (void)state;
    op_case *k = op_new("MaxPool", 12);
    op_ints(k, "kernel_shape", 2, 3, 3);
    op_ints(k, "pads", 4, 1, 1, 1, 1);
    op_activation(k, op_shape(4, 1, 1, 1, 2));
    op_build(k);
    k->in[0].data[0] = -7;
    k->in[0].data[1] = -3;
    op_forward(k);
    op_expect_values(k, 0, 2, -3.0, -3.0);
    op_expect_projection(k, DV_RULE_DECONVNET, (const float[]){ 1, 1 }, 2, 0.0, 2.0);
    op_free(k);
}

static void max_pool_hands_a_nan_on(void **state)
{
    (void)state;
    op_case *k = op_new("MaxPool", 12);
    op_ints(k, "kernel_shape", 2, 1, 2);
    op_activation(k, op_shape(4, 1, 1, 1, 3));
    op_build(k);
    k->in[0].data[1] = NAN;
    op_forward(k);
    assert_true(isnan(k->out[0].data[0]) && isnan(k->out[0].data[1]));
    assert_int_equal(((const int32_t *)k->call.aux)[0], 1);
    op_free(k);
}

static void max_pool_without_aux_computes_the_same(void **state)
{
    (void)state;
    geometry g = random_geometry(2, 2);
    op_case *k = build("MaxPool", &g);
    size_t n = dv_shape_count(&k->out[0].shape);
    float *want = malloc(n * sizeof *want);
    assert_non_null(want);
    op_forward(k);
    memcpy(want, k->out[0].data, n * sizeof *want);
    k->call.aux = NULL;
    op_forward(k);
    op_expect(k, 0, 0, want);
    free(want);
    op_free(k);
}

static void pools_equal_their_definitions(void **state)
{
    (void)state;
    for (int trial = 0; trial < rounds(200); trial++) {
        geometry g = random_geometry(1 + trial % 2, 2);
        check_values("MaxPool", &g);
        g = random_geometry(1 + trial % 3, 1);
        check_values("AveragePool", &g);
    }
}

static void pools_pad_by_themselves(void **state)
{
    (void)state;
    static const char *const modes[] = { "SAME_UPPER", "SAME_LOWER", "VALID" };
    for (int trial = 0; trial < rounds(60); trial++) {
        geometry g = random_geometry(2, 1);
        bool fits = true;
        g.ceil_mode = false;
        pad_by(&g, modes[trial % 3]);
        for (int a = 0; a < AXES; a++)
            fits &= g.out[a] > 0;
        if (!fits)
            continue;
        check_values("MaxPool", &g);
        check_values("AveragePool", &g);
    }
}

static void average_pool_divides_by_what_counts(void **state)
{
    (void)state;
    /* 4 numbers, windows of 3 in steps of 2, one zero on both sides; ceil_mode adds a third window,
     * which is 24, a pad, and one that hangs over the edge and never counts */
    for (int count_pads = 0; count_pads < 2; count_pads++) {
        op_case *k = op_new("AveragePool", 11);
        op_ints(k, "kernel_shape", 2, 1, 3);
        op_ints(k, "strides", 2, 1, 2);
        op_ints(k, "pads", 4, 0, 1, 0, 1);
        op_int(k, "ceil_mode", 1);
        op_int(k, "count_include_pad", count_pads);
        op_activation(k, op_shape(4, 1, 1, 1, 4));
        op_build(k);
        const float x[] = { 6, 12, 18, 24 };
        memcpy(k->in[0].data, x, sizeof x);
        op_forward(k);
        op_expect_shape(k, 0, op_shape(4, 1, 1, 1, 3));
        const float r[] = { 6, 30, -4 };
        if (count_pads) {
            op_expect_values(k, 0, 3, 6.0, 18.0, 12.0);
            op_expect_projection(k, DV_RULE_GUIDED, r, 4, 2.0, 12.0, 10.0, 8.0);
        } else {
            op_expect_values(k, 0, 3, 9.0, 18.0, 24.0);
            op_expect_projection(k, DV_RULE_GUIDED, r, 4, 3.0, 13.0, 10.0, 6.0);
        }
        op_free(k);
    }
}

static void max_pool_is_adjoint(void **state)
{
    (void)state;
    for (int trial = 0; trial < rounds(40); trial++) {
        geometry g = random_geometry(1 + trial % 2, 2);
        op_case *k = build("MaxPool", &g);
        op_spread_input(k, 0, 0.02f); /* no two numbers change places */
        k->spacing = 0.005f;
        op_check_adjoint(k, 2);
        op_free(k);
    }
}

static void average_pool_is_adjoint(void **state)
{
    (void)state;
    for (int trial = 0; trial < rounds(40); trial++) {
        geometry g = random_geometry(1 + trial % 3, 1);
        op_case *k = build("AveragePool", &g);
        k->spacing = 0.25f;
        op_check_adjoint(k, 2);
        op_free(k);
    }
}

/* As PyTorch exports LocalResponseNorm: the mean over neighbouring channels. */
static void average_pool_of_five_dimensions_runs_over_channels(void **state)
{
    (void)state;
    op_case *k = op_new("AveragePool", 11);
    op_ints(k, "kernel_shape", 3, 3, 1, 1);
    op_ints(k, "strides", 3, 1, 1, 1);
    op_activation(k, op_shape(5, 1, 1, 6, 2, 3));
    op_build(k);
    op_forward(k);
    op_expect_shape(k, 0, op_shape(5, 1, 1, 4, 2, 3));
    float want[24];
    for (int i = 0; i < 24; i++)
        want[i] = (k->in[0].data[i] + k->in[0].data[i + 6] + k->in[0].data[i + 12]) / 3;
    op_expect(k, 0, 1e-6, want);
    dv_box unit = { { 2, 1, 0 }, { 3, 2, 1 } }, around = { { 2, 1, 0 }, { 5, 2, 1 } };
    dv_box got = k->op->window(&k->call, 0, 0, unit);
    assert_memory_equal(&got, &around, sizeof got);
    op_free(k);
}

/* Depth counts among the channels, where a window in front of the map or behind it has no place. */
static void average_pool_of_padding_alone_knows_what_a_box_reaches(void **state)
{
    (void)state;
    op_case *k = op_new("AveragePool", 19);
    op_ints(k, "kernel_shape", 3, 3, 2, 1);
    op_ints(k, "strides", 3, 3, 1, 1);
    op_ints(k, "pads", 6, 6, 0, 0, 5, 1, 0);
    op_int(k, "count_include_pad", 1);
    op_activation(k, op_shape(5, 2, 3, 4, 3, 2));
    op_build(k);
    op_expect_shape(k, 0, op_shape(5, 2, 3, 5, 3, 2));
    op_check_adjoint(k, 20);
    op_free(k);
}

static void windows_of_pools_count_padding(void **state)
{
    (void)state;
    geometry g = { .n = 2,
                   .batch = 1,
                   .channels = 2,
                   .in = { 1, 8, 8 },
                   .kernel = { 1, 3, 3 },
                   .stride = { 1, 2, 2 },
                   .dilation = { 1, 1, 1 },
                   .lo = { 0, 1, 1 },
                   .hi = { 0, 1, 1 },
                   .out = { 1, 4, 4 } };
    static const char *const names[] = { "MaxPool", "AveragePool" };
    for (int i = 0; i < 2; i++) {
        op_case *k = build(names[i], &g);
        dv_box unit = { { 1, 0, 2 }, { 2, 2, 3 } }, want = { { 1, -1, 3 }, { 2, 4, 6 } };
        op_forward(k);
        dv_box got = k->op->window(&k->call, 0, 0, unit);
        assert_memory_equal(&got, &want, sizeof got);
        op_free(k);
    }
}

static void global_pools_by_hand(void **state)
{
    (void)state;
    const float x[] = { 1, 5, 5, 1, -8, -2, -4, -2 }, r[] = { 4, -8 };
    op_case *average = op_new("GlobalAveragePool", 1), *max = op_new("GlobalMaxPool", 1);
    op_case *both[] = { average, max };
    for (int i = 0; i < 2; i++) {
        op_activation(both[i], op_shape(4, 1, 2, 2, 2));
        op_build(both[i]);
        op_expect_shape(both[i], 0, op_shape(4, 1, 2, 1, 1));
        memcpy(both[i]->in[0].data, x, sizeof x);
        op_forward(both[i]);
    }
    op_expect_values(average, 0, 2, 3.0, -4.0);
    op_expect_values(max, 0, 2, 5.0, -2.0);
    op_expect_projection(average, DV_RULE_DECONVNET, r, 8, 1.0, 1.0, 1.0, 1.0, -2.0, -2.0, -2.0,
                         -2.0);
    op_expect_projection(max, DV_RULE_DECONVNET, r, 8, 0.0, 4.0, 0.0, 0.0, 0.0, -8.0, 0.0, 0.0);
    op_free(average);
    op_free(max);
}

static void global_pools_of_every_rank_are_adjoint(void **state)
{
    (void)state;
    const dv_shape shapes[] = { op_shape(3, 3, 4, 7), op_shape(4, 1, 5, 3, 4),
                                op_shape(5, 2, 3, 2, 4, 3), op_shape(4, 2, 3, 2, 2) };
    for (int i = 0; i < 8; i++) {
        op_case *k = op_new(i % 2 ? "GlobalMaxPool" : "GlobalAveragePool", 1);
        op_activation(k, shapes[i / 2]);
        op_build(k);
        op_spread_input(k, 0, 0.02f);
        k->spacing = 0.005f;
        op_check_adjoint(k, 5);
        op_free(k);
    }
}

static void refuses(const char *name, dv_shape x, const char *attr, int n, const int64_t *v,
                    dv_code code, const char *words)
{
    op_case *k = op_new(name, 12);
    if (!attr || strcmp(attr, "kernel_shape") != 0)
        op_ints(k, "kernel_shape", 2, 3, 3);
    if (attr && n)
        op_ints_of(k, attr, n, v);
    else if (attr)
        op_int(k, attr, v[0]);
    op_activation(k, x);
    op_refused(k, code, words);
    op_free(k);
}

static void pools_refuse_what_does_not_fit(void **state)
{
    (void)state;
    static const char *const names[] = { "MaxPool", "AveragePool" };
    const dv_shape x = op_shape(4, 1, 2, 5, 5);
    for (int i = 0; i < 2; i++) {
        refuses(names[i], x, "kernel_shape", 2, (int64_t[]){ 6, 1 }, DV_BAD_DATA,
                "the kernel covers 6, more than the padded input, which is 5");
        refuses(names[i], x, "kernel_shape", 2, (int64_t[]){ 3, (int64_t)1 << 62 }, DV_BAD_DATA,
                "kernel_shape holds 4611686018427387904");
        refuses(names[i], x, "kernel_shape", 1, (int64_t[]){ 3 }, DV_BAD_DATA,
                "kernel_shape holds 1 numbers: an input of 4 dimensions needs 2");
        refuses(names[i], x, "pads", 4, (int64_t[]){ 3, 0, 0, 0 }, DV_UNSUPPORTED,
                "window 0 of the pool holds nothing but padding");
        refuses(names[i], x, "pads", 4, (int64_t[]){ 0, 0, 0, 5 }, DV_UNSUPPORTED,
                "holds nothing but padding");
        refuses(names[i], x, "pads", 3, (int64_t[]){ 0, 0, 0 }, DV_BAD_DATA, "pads holds 3");
        refuses(names[i], op_shape(2, 3, 4), NULL, 0, NULL, DV_UNSUPPORTED,
                "the input has 2 dimensions");
    }
    refuses("MaxPool", x, "storage_order", 0, (int64_t[]){ 1 }, DV_UNSUPPORTED,
            "storage_order is 1: only 0 is supported");
    refuses("MaxPool", op_shape(5, 1, 2, 5, 5, 5), NULL, 0, NULL, DV_UNSUPPORTED,
            "the input has 5 dimensions: 3 or 4 are supported");
    op_case *k = op_new("AveragePool", 12);
    op_activation(k, x);
    op_refused(k, DV_BAD_DATA, "kernel_shape is missing");
    op_free(k);
    k = op_new("AveragePool", 12);
    op_ints(k, "kernel_shape", 2, 1, 1);
    op_text(k, "auto_pad", "SOME");
    op_activation(k, x);
    op_refused(k, DV_UNSUPPORTED,
               "auto_pad is 'SOME': NOTSET, SAME_UPPER, SAME_LOWER or VALID is supported");
    op_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(max_pool_by_hand),
        cmocka_unit_test(max_pool_of_negative_numbers_ignores_its_padding),
        cmocka_unit_test(max_pool_hands_a_nan_on),
        cmocka_unit_test(max_pool_without_aux_computes_the_same),
        cmocka_unit_test(pools_equal_their_definitions),
        cmocka_unit_test(pools_pad_by_themselves),
        cmocka_unit_test(average_pool_divides_by_what_counts),
        cmocka_unit_test(max_pool_is_adjoint),
        cmocka_unit_test(average_pool_is_adjoint),
        cmocka_unit_test(average_pool_of_five_dimensions_runs_over_channels),
        cmocka_unit_test(average_pool_of_padding_alone_knows_what_a_box_reaches),
        cmocka_unit_test(windows_of_pools_count_padding),
        cmocka_unit_test(global_pools_by_hand),
        cmocka_unit_test(global_pools_of_every_rank_are_adjoint),
        cmocka_unit_test(pools_refuse_what_does_not_fit),
    };
    static const char *const sets[] = { "avx512", "avx2", "baseline" };
    int failures = 0;
    for (int i = 0; i < 3; i++) {
        failures += !dv_isa_limit(sets[i]);
        failures += cmocka_run_group_tests_name(sets[i], tests, NULL, NULL);
    }
    return failures;
}
