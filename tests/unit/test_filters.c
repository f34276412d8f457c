/* Filters: what is told of hand-made ones, against what they were made as; spectra against a
 * transform written out; what acts of a layer's weights; what is refused. */
#include "album.h"
#include "base/fourier.h"
#include "deconvviz/filters.h"
#include "image/leaves.h"
#include "net.h"
#include "studies/filters.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { SIDE = 11, PLANE = SIDE * SIDE, SIZE = 3 * PLANE, N = 64 /* of a spectrum */ };

static const double PI = 3.14159265358979323846;

static int set_up(void **state)
{
    (void)state;
    album_begin();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    album_end();
    return 0;
}

/* -- networks of given weights ---------------------------------------------------------------- */

static const float *next_weight;

static float take(uint32_t *state)
{
    (void)state;
    return *next_weight++;
}

/* The input, a convolution of n filters of 11x11 with these weights, a ReLU, and a second one. */
static dv_model *model_of(const float *weights, int n, int stride)
{
    dv_model *m = net_new(3, ALBUM_SIDE, ALBUM_SIDE);
    next_weight = weights;
    net_conv(m, "x", "c1", 3, n, SIDE, stride, SIDE / 2, take, 0);
    net_add(m, "Relu", "c1", "r1", NULL);
    net_conv(m, "r1", "c2", n, 5, 3, 1, 1, net_random, 3);
    net_add(m, "Relu", "c2", "r2", NULL);
    net_finish(m, "r2");
    memset(m->sha256, 'a', 64);
    return m;
}

static const dv_filters_options plain = { .dead = 0.25, .dominating = 3, .duplicate = 0.9 };

static dv_filters look(const dv_model *m, const dv_filters_options *o)
{
    const dv_filters_network n = { m, album_preprocess, true };
    dv_filters r;
    dv_error err;
    if (!dv_filters_study(1, &n, o, &r, &err))
        fail_msg("%s", err.message);
    return r;
}

/* -- hand-made filters ------------------------------------------------------------------------ */

static double window(int y, int x)
{
    const double dy = y - SIDE / 2, dx = x - SIDE / 2;
    return exp(-(dx * dx + dy * dy) / (2 * 2.5 * 2.5));
}

/* Waves of `frequency` whose bars stand at `degrees` anticlockwise from the horizontal. */
static void make_grating(float *to, double frequency, double degrees, const double color[3])
{
    const double a = degrees * PI / 180, u = sin(a), v = cos(a); /* across the bars, y downwards */
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++)
                *to++ =
                    (float)(color[c] * window(y, x) *
                            sin(2 * PI * frequency * (u * (x - SIDE / 2) + v * (y - SIDE / 2))));
}

static void make_blob(float *to, const double color[3])
{
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++)
                *to++ = (float)(color[c] * window(y, x));
}

enum { FLAT, TILTED, UPRIGHT, BLUE, RED, TWIN, OPPOSITE, DEAD, ZERO, STRONG, N_MADE };

static void make_filters(float w[N_MADE][SIZE])
{
    static const double grey[3] = { 0.1, 0.1, 0.1 }, blue[3] = { -0.07, -0.07, 0.14 },
                        red[3] = { 0.14, -0.07, -0.07 }, strong[3] = { 0.9, 0.9, 0.9 },
                        weak[3] = { 0.001, 0.001, 0.001 };
    uint32_t seed = 5;
    make_grating(w[FLAT], 0.25, 0, grey);
    make_grating(w[TILTED], 0.2, 30, grey);
    make_grating(w[UPRIGHT], 0.375, 90, grey);
    make_blob(w[BLUE], blue);
    make_blob(w[RED], red);
    for (int i = 0; i < SIZE; i++)
        w[TWIN][i] = 0.5F * w[TILTED][i] + 0.002F * net_random(&seed);
    for (int i = 0; i < SIZE; i++)
        w[OPPOSITE][i] = -w[FLAT][i] + 0.002F * net_random(&seed);
    make_grating(w[DEAD], 0.25, 45, weak);
    memset(w[ZERO], 0, sizeof w[ZERO]);
    make_grating(w[STRONG], 0.3, 120, strong);
}

static void hand_made_filters_are_told_as_they_were_made(void **state)
{
    (void)state;
    static float w[N_MADE][SIZE];
    make_filters(w);
    dv_model *m = model_of(w[0], N_MADE, 4);
    dv_filters r = look(m, &plain);
    const dv_filter *f = r.filters;
    assert_int_equal(r.n, N_MADE);
    const struct {
        int filter;
        double frequency, bars;
    } gratings[] = {
        { FLAT, 0.25, 0 }, { TILTED, 0.2, 30 }, { UPRIGHT, 0.375, 90 }, { STRONG, 0.3, 120 }
    };
    for (int i = 0; i < 4; i++) {
        const dv_filter *g = &f[gratings[i].filter];
        const double off = fabs(g->orientation - gratings[i].bars);
        assert_true(fabs(g->frequency - gratings[i].frequency) < 1.5 / N);
        assert_true(fmin(off, 180 - off) < 2);
        assert_true(g->selectivity > 0.75 && g->mean < 1e-6);
        assert_true(g->chromatic < 1e-6 && !g->colored);
        /* Its power is a Gaussian about the peak: half of it is sqrt(log 2) / (2 pi 2.5) away. */
        const double half = sqrt(log(2)) / (2 * PI * 2.5), peak = g->frequency;
        assert_true(fabs(g->bandwidth - log2((peak + half) / (peak - half))) < 0.15);
    }
    assert_true(f[FLAT].mid > 0.85 && f[UPRIGHT].high > 0.8 && f[BLUE].mean + f[BLUE].low > 0.95);
    assert_true(f[FLAT].above > 0.95 && f[BLUE].above < 0.15); /* limit 1/8 */
    assert_true(f[BLUE].colored && fabs(f[BLUE].chromatic - 1) < 1e-6);
    assert_true(fabs(f[BLUE].hue - 240) < 1e-3);
    assert_true(f[RED].hue < 1e-3 || f[RED].hue > 360 - 1e-3);
    assert_true(f[BLUE].frequency == 0 && isnan(f[BLUE].bandwidth));

    assert_true(f[TWIN].nearest == TILTED && f[TWIN].cosine > 0.99 && f[TWIN].duplicate);
    assert_true(f[OPPOSITE].nearest == FLAT && f[OPPOSITE].cosine < -0.99 && f[FLAT].duplicate);
    assert_true(f[DEAD].dead && f[ZERO].dead && f[DEAD].nearest < 0 && !f[DEAD].duplicate);
    assert_true(isnan(f[ZERO].low) && isnan(f[ZERO].chromatic) && isnan(f[ZERO].orientation));
    assert_true(f[STRONG].dominating && !f[FLAT].dominating && !f[FLAT].dead);
    const dv_filters_layer *l = &r.layer;
    assert_int_equal(l->n_dead, 2);
    assert_int_equal(l->n_dominating, 1);
    assert_int_equal(l->n_duplicate, 4);
    assert_int_equal(l->n_colored, 2);
    assert_int_equal(l->n_low + l->n_mid + l->n_high, N_MADE - 2);
    assert_true(l->n_large == 1 && l->stride[0] == 4 && l->kernel[1] == SIDE);
    dv_filters_free(&r);
    dv_model_free(m);
}

/* -- spectra ---------------------------------------------------------------------------------- */

/* |X|^2 of a plane of one channel at (v,u) of N x N frequencies. */
static double power_at(const float *plane, double mean, int v, int u)
{
    double re = 0, im = 0;
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            const double value = (double)plane[y * SIDE + x] - mean;
            const double a = -2 * PI * (v * y + u * x) / N;
            re += value * cos(a);
            im += value * sin(a);
        }
    return re * re + im * im;
}

static void shares_are_those_of_a_transform_written_out(void **state)
{
    (void)state;
    static float w[2][SIZE];
    uint32_t seed = 11;
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < SIZE; k++)
            w[i][k] = net_random(&seed) + 0.3F;
    dv_model *m = model_of(w[0], 2, 2);
    dv_filters r = look(m, &plain);
    for (int i = 0; i < 2; i++) {
        double energy = 0, means = 0, third[3] = { 0 }, above = 0;
        for (int k = 0; k < SIZE; k++)
            energy += (double)w[i][k] * (double)w[i][k];
        for (int c = 0; c < 3; c++) {
            const float *plane = w[i] + c * PLANE;
            double mean = 0;
            for (int k = 0; k < PLANE; k++)
                mean += (double)plane[k] / PLANE;
            means += mean * mean * PLANE;
            for (int v = 0; v < N; v++)
                for (int u = 0; u < N; u++) {
                    const double fy = (v < N / 2 ? v : v - N) / (double)N;
                    const double fx = (u < N / 2 ? u : u - N) / (double)N;
                    const double f = sqrt(fx * fx + fy * fy);
                    third[f < 1.0 / 6 ? 0 : f < 1.0 / 3 ? 1 : 2] += power_at(plane, mean, v, u);
                    if (fabs(fx) > 0.25 || fabs(fy) > 0.25)
                        above += power_at(plane, 0, v, u);
                }
        }
        const dv_filter *f = &r.filters[i];
        const double whole = energy * N * N;
        assert_true(fabs(f->rms - sqrt(energy / SIZE)) < 1e-9);
        assert_true(fabs(f->mean - means / energy) < 1e-9);
        assert_true(fabs(f->low - third[0] / whole) < 1e-9);
        assert_true(fabs(f->mid - third[1] / whole) < 1e-9);
        assert_true(fabs(f->high - third[2] / whole) < 1e-9);
        assert_true(fabs(f->above - above / whole) < 1e-9);
        assert_true(fabs(f->mean + f->low + f->mid + f->high - 1) < 1e-9);
    }
    dv_filters_free(&r);
    dv_model_free(m);
}

static void a_pattern_with_the_period_of_the_stride_is_seen(void **state)
{
    (void)state;
    enum { PATCHES = 30, WIDE = 32, COMB = 0, OTHER_COMB = 1 };
    static float v[PATCHES][WIDE * WIDE];
    static const int32_t four[2] = { 4, 4 }, three[2] = { 3, 3 }, flat[2] = { 1, 4 },
                         one[2] = { 1, 1 };
    uint32_t seed = 3;
    for (int i = 0; i < PATCHES; i++)
        for (int y = 0; y < WIDE; y++)
            for (int x = 0; x < WIDE; x++) {
                const int period = i == COMB ? 4 : 3;
                const bool tooth = i <= OTHER_COMB && y % period == 0 && x % period == 0;
                v[i][y * WIDE + x] = net_random(&seed) + (tooth ? 8.0F : 0.0F);
            }
    const dv_patches p = { .n = PATCHES,
                           .channels = 1,
                           .height = WIDE,
                           .width = WIDE,
                           .weights = WIDE * WIDE,
                           .v = v[0] };
    assert_true(dv_measure_grid(&p, COMB, four) > 50);
    assert_true(dv_measure_grid(&p, COMB, flat) > 5);
    assert_true(dv_measure_grid(&p, COMB, three) < 5);
    assert_true(dv_measure_grid(&p, OTHER_COMB, three) > 50);
    assert_true(isnan(dv_measure_grid(&p, COMB, one)));
    double logs = 0; /* of noise alone, which has none: 1, within what 28 patches say of it */
    for (int i = 2; i < PATCHES; i++)
        logs += log(dv_measure_grid(&p, i, four)) / (PATCHES - 2);
    assert_true(fabs(logs) < 0.3);
}

/* -- which weights ---------------------------------------------------------------------------- */

static float at_one(uint32_t *state)
{
    (void)state;
    return 1;
}

static float gammas(uint32_t *state)
{
    return (float)++*state;
}

static void a_batch_normalisation_is_in_the_weights(void **state)
{
    (void)state;
    dv_model *m = net_new(1, 8, 8);
    net_constant(m, "w", 2, 1, 3, 5, at_one, 0);
    net_add(m, "Conv", "x w", "c",
            (net_ints[]){ { "strides", 2, { 1, 2 } }, { "dilations", 2, { 1, 1 } }, { 0 } });
    net_constant(m, "gamma", 2, 0, 0, 0, gammas, 2); /* 3, 4 */
    net_constant(m, "beta", 2, 0, 0, 0, gammas, 0);
    net_constant(m, "mu", 2, 0, 0, 0, gammas, 0);
    net_constant(m, "var", 2, 0, 0, 0, gammas, 3); /* 4, 5 */
    net_add(m, "BatchNormalization", "c gamma beta mu var", "n", NULL);
    net_add(m, "Relu", "n", "y", NULL);
    net_finish(m, "y");
    dv_filters r = look(m, &plain);
    assert_true(r.layer.normalised && r.layer.channels == 1);
    assert_true(r.layer.kernel[0] == 3 && r.layer.kernel[1] == 5);
    assert_true(r.layer.stride[0] == 1 && r.layer.stride[1] == 2);
    assert_true(fabs(r.filters[0].rms - 3 / sqrt(4 + 1e-5)) < 1e-6);
    assert_true(fabs(r.filters[1].rms - 4 / sqrt(5 + 1e-5)) < 1e-6);
    assert_true(fabs(r.filters[0].mean - 1) < 1e-6 && isnan(r.filters[0].chromatic));
    assert_true(r.pictures[0].width == 5 && r.pictures[0].height == 3);
    dv_filters_free(&r);
    dv_model_free(m);
}

static void a_dilated_filter_has_zeros_between_its_weights(void **state)
{
    (void)state;
    dv_model *m = net_new(1, 8, 8);
    net_constant(m, "w", 1, 1, 2, 2, at_one, 0);
    net_add(m, "Conv", "x w", "y", (net_ints[]){ { "dilations", 2, { 2, 3 } }, { 0 } });
    net_finish(m, "y");
    dv_filters r = look(m, &plain);
    assert_true(r.layer.kernel[0] == 3 && r.layer.kernel[1] == 4);
    assert_true(fabs(r.filters[0].rms - 1) < 1e-6); /* of its four weights */
    dv_filters_free(&r);
    dv_model_free(m);
}

static void what_has_no_filters_is_refused_in_a_line(void **state)
{
    (void)state;
    dv_filters r;
    dv_error err;
    dv_model *m = net_new(3, 4, 4);
    net_add(m, "Flatten", "x", "all", NULL);
    net_constant(m, "w", 48, 5, 0, 0, net_random, 7);
    net_add(m, "Gemm", "all w", "fc", NULL);
    net_finish(m, "fc");
    assert_false(
        dv_filters_study(1, &(dv_filters_network){ m, album_preprocess, true }, &plain, &r, &err));
    assert_string_equal(err.message, "hand.made: its first layer, fc, is a Gemm: only a "
                                     "convolution has filters");
    dv_filters_free(&r);
    dv_model_free(m);
    m = net_new(12, 8, 8);
    net_conv(m, "x", "c", 12, 2, 3, 1, 1, net_random, 7);
    net_finish(m, "c");
    assert_false(
        dv_filters_study(1, &(dv_filters_network){ m, album_preprocess, false }, &plain, &r, &err));
    assert_string_equal(err.message, "hand.made: a filter of c has 12 channels: only 1 and 3 have "
                                     "a picture");
    dv_filters_free(&r);
    dv_model_free(m);
    m = net_new(3, 8, 8);
    net_add(m, "Relu", "x", "y", NULL);
    net_finish(m, "y");
    assert_false(
        dv_filters_study(1, &(dv_filters_network){ m, album_preprocess, true }, &plain, &r, &err));
    assert_string_equal(err.message, "hand.made has no layer with weights");
    dv_filters_free(&r);
    dv_model_free(m);
}

/* -- order, threads, images ------------------------------------------------------------------- */

static void filters_come_in_the_order_asked_for(void **state)
{
    (void)state;
    static float w[N_MADE][SIZE];
    static const int first[][3] = { [DV_FILTERS_BY_INDEX] = { FLAT, TILTED, UPRIGHT },
                                    [DV_FILTERS_BY_ENERGY] = { STRONG, RED, BLUE },
                                    [DV_FILTERS_BY_FREQUENCY] = { BLUE, RED, TILTED },
                                    [DV_FILTERS_BY_HUE] = { RED, BLUE, STRONG },
                                    [DV_FILTERS_BY_ORIENTATION] = { TWIN, TILTED, DEAD } };
    make_filters(w);
    memset(w[FLAT], 0, sizeof w[FLAT]); /* bars at 0 or at 180: by rounding */
    memset(w[OPPOSITE], 0, sizeof w[OPPOSITE]);
    w[RED][PLANE / 2] *= 1.01F; /* a little redder, and stronger, than the blue */
    dv_model *m = model_of(w[0], N_MADE, 4);
    for (int by = DV_FILTERS_BY_INDEX; by <= DV_FILTERS_BY_ORIENTATION; by++) {
        dv_filters_options o = plain;
        o.sort = (dv_filter_sort)by;
        dv_filters r = look(m, &o);
        bool seen[N_MADE] = { false };
        for (int i = 0; i < N_MADE; i++)
            seen[r.filters[i].channel] = true;
        for (int i = 0; i < N_MADE; i++)
            assert_true(seen[i]);
        for (int i = 0; i < (by == DV_FILTERS_BY_ORIENTATION ? 0 : 3); i++)
            assert_int_equal(r.filters[i].channel, first[by][i]);
        for (int i = 1; by == DV_FILTERS_BY_ORIENTATION && i < N_MADE; i++)
            if (r.filters[i].selectivity >= 0.2)
                assert_true(r.filters[i - 1].orientation <= r.filters[i].orientation);
        dv_filters_free(&r);
    }
    dv_model_free(m);
}

static void any_threads_and_either_scale_tell_the_same(void **state)
{
    (void)state;
    static float w[N_MADE][SIZE];
    dv_error err;
    make_filters(w);
    dv_model *m = model_of(w[0], N_MADE, 2);
    dv_pool *pool = dv_pool_new(3, &err);
    dv_selection all;
    assert_true(dv_select(m, "2", "all", &all, &err));
    for (int projected = 0; projected < 2; projected++) {
        dv_filters_options o = plain;
        o.image = "img/1.png";
        o.selected = projected ? &all : NULL;
        dv_filters a = look(m, &o);
        o.pool = pool;
        o.one_scale = true;
        dv_filters b = look(m, &o);
        float largest = 0;
        for (int i = 0; i < a.n; i++)
            largest = fmaxf(largest, a.filters[i].scale);
        assert_int_equal(a.n, b.n);
        for (int i = 0; i < a.n; i++) {
            assert_true(b.filters[i].scale == largest);
            b.filters[i].scale = a.filters[i].scale;
            /* Padding is zero in both: each is the copy of a whole struct. */
            assert_int_equal(a.filters[i].channel, b.filters[i].channel);
            assert_memory_equal(&a.filters[i].rms, &b.filters[i].rms, sizeof(double));
            assert_memory_equal(&a.filters[i].above, &b.filters[i].above, sizeof(double));
            assert_memory_equal(&a.filters[i].cosine, &b.filters[i].cosine, sizeof(double));
            assert_memory_equal(&a.filters[i].grid, &b.filters[i].grid, sizeof(double));
        }
        assert_memory_equal(&a.layer.grid, &b.layer.grid, sizeof(double));
        assert_memory_equal(a.layer.ring, b.layer.ring, sizeof a.layer.ring);
        dv_filters_free(&a);
        dv_filters_free(&b);
    }
    dv_selection_free(&all);
    dv_pool_free(pool);
    dv_model_free(m);
}

static void a_projection_is_that_of_the_strongest_unit(void **state)
{
    (void)state;
    static float w[N_MADE][SIZE];
    dv_error err;
    float input[3 * ALBUM_SIDE * ALBUM_SIDE];
    dv_image im;
    make_filters(w);
    dv_model *m = model_of(w[0], N_MADE, 2);
    dv_selection all;
    assert_true(dv_select(m, "2", "all", &all, &err));
    dv_filters_options o = plain;
    o.image = "img/1.png";
    o.selected = &all;
    dv_filters r = look(m, &o);

    const dv_request request = { .n_keep = 1,
                                 .keep = &all.tensor,
                                 .rules = 1U << DV_RULE_DECONVNET };
    assert_true(dv_image_load(&im, "img/1.png", &err) &&
                dv_prepare(&im, &album_preprocess, input, NULL, &err));
    dv_image_free(&im);
    dv_plan *plan = dv_plan_new(m, &request, NULL, &err);
    dv_trace *trace = dv_trace_new(plan, NULL, &err);
    dv_projector *projector = dv_projector_new(trace, NULL, &err);
    assert_true(dv_trace_forward(trace, input, &err));
    for (int i = 0; i < r.n; i++) {
        dv_unit u = { .tensor = all.tensor, .channel = i };
        dv_signal s;
        const float value = dv_strongest(trace, &u);
        assert_true(dv_project(projector, &u, DV_RULE_DECONVNET, DV_SEED_ONE, &s, &err));
        double squares = 0;
        for (size_t k = 0; k < dv_box_count(&s.box); k++)
            squares += (double)s.data[k] * (double)s.data[k];
        const double size = 3.0 * r.layer.kernel[0] * r.layer.kernel[1];
        assert_true(r.filters[i].channel == i && r.filters[i].value == value);
        assert_true(r.filters[i].y == u.y && r.filters[i].x == u.x);
        assert_true(fabs(r.filters[i].rms - sqrt(squares / size)) <
                    1e-6 * r.filters[i].rms + 1e-12);
        assert_true(fabsf(r.filters[i].scale - dv_signal_scale(&s)) <= 0);
    }
    dv_projector_free(projector);
    dv_trace_free(trace);
    dv_plan_free(plan);
    dv_selection_free(&all);
    dv_filters_free(&r);
    dv_model_free(m);
}

static bool at_once(void *ctx)
{
    (void)ctx;
    return true;
}

static void note_wrote(void *ctx, const char *path)
{
    ++*(int *)ctx;
    assert_string_equal(path, "filters.png");
}

static void a_figure_of_two_is_written_whole_or_not_at_all(void **state)
{
    (void)state;
    static float w[N_MADE][SIZE];
    dv_error err;
    dv_filters r[2];
    dv_image im;
    int wrote = 0;
    make_filters(w);
    dv_model *m = model_of(w[0], N_MADE, 2), *other = model_of(w[0], N_MADE / 2, 4);
    const dv_filters_network both[2] = { { m, album_preprocess, true },
                                         { other, album_preprocess, true } };
    dv_filters_options o = plain;
    o.figure = (dv_figure_file){ .path = "filters.png", .width = 100, .dpi = 50 };
    o.watch = (dv_watch){ .ctx = &wrote, .wrote = note_wrote, .cancelled = at_once };
    assert_false(dv_filters_study(2, both, &o, r, &err));
    assert_int_equal(err.code, DV_CANCELLED);
    assert_true(access("filters.png", F_OK) != 0 && wrote == 0);
    for (int i = 0; i < 2; i++)
        dv_filters_free(&r[i]);
    o.watch.cancelled = NULL;
    if (!dv_filters_study(2, both, &o, r, &err))
        fail_msg("%s", err.message);
    assert_true(dv_image_load(&im, "filters.png", &err) && wrote == 1);
    assert_int_equal(im.width, 197); /* of 100 mm at 50 dpi */
    assert_true(r[0].n == N_MADE && r[1].n == N_MADE / 2 && r[1].layer.stride[0] == 4);
    dv_image_free(&im);
    for (int i = 0; i < 2; i++)
        dv_filters_free(&r[i]);
    dv_model_free(m);
    dv_model_free(other);
}

static void leaves_fall_alike_for_a_seed(void **state)
{
    (void)state;
    dv_image a, b, c;
    dv_error err;
    assert_true(dv_image_leaves(&a, 64, 48, 1, &err) && dv_image_leaves(&b, 64, 48, 1, &err) &&
                dv_image_leaves(&c, 64, 48, 2, &err));
    assert_memory_equal(a.rgb, b.rgb, 64 * 48 * 3);
    assert_memory_not_equal(a.rgb, c.rgb, 64 * 48 * 3);
    dv_image_free(&a);
    dv_image_free(&b);
    dv_image_free(&c);
    assert_true(dv_image_leaves(&a, 1, 1, 1, &err));
    dv_image_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hand_made_filters_are_told_as_they_were_made),
        cmocka_unit_test(shares_are_those_of_a_transform_written_out),
        cmocka_unit_test(a_pattern_with_the_period_of_the_stride_is_seen),
        cmocka_unit_test(a_batch_normalisation_is_in_the_weights),
        cmocka_unit_test(a_dilated_filter_has_zeros_between_its_weights),
        cmocka_unit_test(what_has_no_filters_is_refused_in_a_line),
        cmocka_unit_test(filters_come_in_the_order_asked_for),
        cmocka_unit_test(any_threads_and_either_scale_tell_the_same),
        cmocka_unit_test(a_projection_is_that_of_the_strongest_unit),
        cmocka_unit_test(a_figure_of_two_is_written_whole_or_not_at_all),
        cmocka_unit_test(leaves_fall_alike_for_a_seed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
