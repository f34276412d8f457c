/* Images moved, scaled and turned: distances, classes and consistency against passes made one by
 * one, and networks of which it is known what stays. */
#include "album.h"
#include "base/random.h"
#include "base/statistics.h"
#include "deconvviz/invariance.h"
#include "image/png.h"
#include "image/transform.h"
#include "net.h"

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

enum {
    PHOTO = 32,
    SIDE = 22,
    VIEW = 5 /* where it begins */,
    IMAGES = 4,
    CLASSES = 4,
    PIXELS = 3 * SIDE * SIDE
};

static const dv_preprocess preprocess = { .resize = PHOTO,
                                          .size = { SIDE, SIDE },
                                          .channels = 3,
                                          .scale = 1 / 255.0F,
                                          .mean = { 0.5F, 0.5F, 0.5F },
                                          .std = { 0.25F, 0.25F, 0.25F } };

static uint8_t photos[IMAGES][3 * PHOTO * PHOTO];
static dv_model *model;
static dv_list list;

/* conv -> max over the map -> two layers without positions. The conv sees every second pixel: what
 * is pooled of it stays when an image is moved by two, and not by one. */
static dv_model *make_model(void)
{
    static const net_ints transposed[] = { { "transB", 0, { 1 } }, { 0 } };
    dv_model *m = net_new(3, SIDE, SIDE);
    net_conv(m, "x", "c1", 3, 5, 3, 2, 1, net_random, 7);
    net_add(m, "Relu", "c1", "r1", NULL);
    net_add(m, "GlobalMaxPool", "r1", "g", NULL);
    net_add(m, "Flatten", "g", "f", NULL);
    net_constant(m, "w2", 6, 5, 0, 0, net_random, 3);
    net_add(m, "Gemm", "f w2", "h", transposed);
    net_add(m, "Relu", "h", "r2", NULL);
    net_constant(m, "w3", CLASSES, 6, 0, 0, net_random, 23);
    net_add(m, "Gemm", "r2 w3", "y", transposed);
    net_finish(m, "y");
    memset(m->sha256, 'a', 64);
    return m;
}

/* Three of noise; the last is grey with noise in its middle, which no small shift takes away. */
static int set_up(void **state)
{
    (void)state;
    dv_error err;
    uint32_t seed = 1;
    album_begin();
    for (int i = 0; i < IMAGES; i++) {
        char path[16];
        for (int k = 0; k < 3 * PHOTO * PHOTO; k++) {
            const int x = k / 3 % PHOTO, y = k / 3 / PHOTO;
            const bool grey = i == 3 && (x < 12 || x >= 20 || y < 12 || y >= 20);
            const float noise = net_random(&seed);
            photos[i][k] = grey ? 128 : (uint8_t)(128 + 127 * noise);
        }
        snprintf(path, sizeof path, "%d.png", i);
        assert_true(dv_png_write(path, PHOTO, PHOTO, 3, photos[i], NULL, 0, &err) &&
                    dv_list_add(&list, path, &err));
    }
    model = make_model();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dv_model_free(model);
    dv_list_free(&list);
    album_end();
    return 0;
}

/* -- by itself -------------------------------------------------------------------------------- */

/* What the network gets of a photograph that is moved, pixel by pixel; grey beyond it. */
static void shifted_input(int image, int down, int right, float *input)
{
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                const int from_x = VIEW + x - right, from_y = VIEW + y - down;
                const bool inside = from_x >= 0 && from_x < PHOTO && from_y >= 0 && from_y < PHOTO;
                const uint8_t v = inside ? photos[image][3 * (PHOTO * from_y + from_x) + c] : 128;
                input[(c * SIDE + y) * SIDE + x] = ((float)v * preprocess.scale - 0.5F) / 0.25F;
            }
}

/* A tensor's activations; returns how many. */
static size_t features(const float *input, const char *name, float *to)
{
    int tensor;
    dv_error err;
    assert_true(dv_model_find(model, name, &tensor, &err));
    const dv_request r = { .n_keep = 1, .keep = &tensor };
    dv_plan *plan = dv_plan_new(model, &r, NULL, &err);
    dv_trace *trace = dv_trace_new(plan, NULL, &err);
    assert_true(dv_trace_forward(trace, input, &err));
    const size_t n = dv_shape_count(dv_tensor_shape(model, tensor));
    memcpy(to, dv_trace_tensor(trace, tensor), n * sizeof *to);
    dv_trace_free(trace);
    dv_plan_free(plan);
    return n;
}

static double distance(const float *a, const float *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += pow((double)a[i] - (b ? (double)b[i] : 0), 2);
    return sqrt(sum);
}

static int best_of(const float *scores)
{
    int best = 0;
    for (int i = 1; i < CLASSES; i++)
        best = scores[i] > scores[best] ? i : best;
    return best;
}

static double probability_of(const float *scores, int class)
{
    double total = 0;
    for (int i = 0; i < CLASSES; i++)
        total += exp((double)scores[i]);
    return exp((double)scores[class]) / total;
}

/* -- what is told ----------------------------------------------------------------------------- */

/* All that a run tells. */
typedef struct told {
    int n;
    int class[IMAGES], predicted[IMAGES][32];
    double before[IMAGES], norm[IMAGES][4], distance[IMAGES][32][4], probability[IMAGES][32];
    int skipped;
    char reason[200];
} told;

static bool tell(void *ctx, const dv_invariance *r, const dv_invariance_image *im, dv_error *err)
{
    told *t = ctx;
    (void)err;
    const int i = t->n++;
    assert_true(r->n_points <= 32 && r->n_layers <= 4);
    t->class[i] = im->class_of;
    t->before[i] = im->before;
    for (int l = 0; l < r->n_layers; l++)
        t->norm[i][l] = im->norm[l];
    for (int p = 0; p < r->n_points; p++) {
        t->predicted[i][p] = im->predicted[p];
        t->probability[i][p] = im->probability[p];
        for (int l = 0; l < r->n_layers; l++)
            t->distance[i][p][l] = im->distance[p * r->n_layers + l];
    }
    return true;
}

static void tell_skipped(void *ctx, const char *path, const char *reason)
{
    told *t = ctx;
    t->skipped++;
    snprintf(t->reason, sizeof t->reason, "%s: %s", path, reason);
}

static dv_invariance_options shifts(int least, int most, told *t)
{
    return (dv_invariance_options){ .preprocess = preprocess,
                                    .amounts = { [DV_MOTION_TRANSLATION] = { least, most,
                                                                             most - least + 1 } },
                                    .fill = DV_FILL_GREY,
                                    .ctx = t,
                                    .measured = tell,
                                    .watch = { .ctx = t, .skipped = tell_skipped } };
}

static void close_to(double a, double b)
{
    assert_true(fabs(a - b) <= 1e-6 * fmax(fabs(b), 1e-3));
}

/* -- promises --------------------------------------------------------------------------------- */

static void distances_are_those_of_passes_one_by_one(void **state)
{
    (void)state;
    static float before[8000], now[8000];
    for (int along_x = 0; along_x < 2; along_x++) {
        told t = { .n = 0 };
        dv_invariance r;
        dv_error err;
        dv_invariance_options o = shifts(-7, 7, &t);
        o.along_x = along_x;
        assert_true(dv_invariance_measure(model, &list, &o, &r, &err));
        assert_int_equal(t.n, IMAGES);
        assert_int_equal(r.n_layers, 3);
        assert_int_equal(r.low, 0);
        assert_int_equal(r.high, 1); /* the last without positions but the output */
        for (int i = 0; i < IMAGES; i++) {
            float input[PIXELS], scores[CLASSES];
            shifted_input(i, 0, 0, input);
            features(input, "y", scores);
            const int class = best_of(scores);
            assert_int_equal(t.class[i], class);
            close_to(t.before[i], probability_of(scores, class));
            for (int p = 0; p < r.n_points; p++) {
                float moved[PIXELS];
                assert_true(r.points[p].amount == p - 7);
                shifted_input(i, along_x ? 0 : p - 7, along_x ? p - 7 : 0, moved);
                features(moved, "y", scores);
                assert_int_equal(t.predicted[i][p], best_of(scores));
                close_to(t.probability[i][p], probability_of(scores, class));
                for (int l = 0; l < 3; l++) {
                    static const char *const names[] = { "1", "2", "3" };
                    assert_string_equal(r.layers[l].name, names[l]);
                    const size_t n = features(input, names[l], before);
                    features(moved, names[l], now);
                    close_to(t.norm[i][l], distance(before, NULL, n));
                    close_to(t.distance[i][p][l], distance(now, before, n));
                }
            }
        }
        dv_invariance_free(&r);
    }
}

static void nothing_done_is_no_distance_and_what_is_pooled_does_not_move(void **state)
{
    (void)state;
    told t = { .n = 0 };
    dv_invariance r;
    dv_error err;
    const dv_invariance_options o = shifts(-2, 2, &t);
    assert_true(dv_invariance_measure(model, &list, &o, &r, &err));
    for (int i = 0; i < IMAGES; i++)
        for (int l = 0; l < 3; l++)
            assert_true(t.distance[i][2][l] == 0);
    for (int p = 0; p < 5; p++) {
        /* the middle of the last image is moved, and is all there */
        const bool even = p % 2 == 0;
        assert_true((t.distance[3][p][1] == 0) == even && (t.distance[3][p][2] == 0) == even);
        assert_true(p == 2 || t.distance[3][p][0] > 0.1 * t.norm[3][0]);
        assert_true((t.probability[3][p] == t.before[3]) == even);
    }
    dv_invariance_free(&r);
}

static void means_have_their_intervals(void **state)
{
    (void)state;
    told t = { .n = 0 };
    dv_invariance r;
    dv_error err;
    dv_invariance_options o = shifts(1, 3, &t);
    o.amounts[DV_MOTION_SCALE] = (dv_amounts){ 0.8, 1.6, 3 };
    o.amounts[DV_MOTION_ROTATION] = (dv_amounts){ 45, 45, 1 };
    assert_true(dv_invariance_measure(model, &list, &o, &r, &err));
    assert_int_equal(r.n_points, 7);
    assert_int_equal(r.images, IMAGES);
    assert_true(r.points[3].motion == DV_MOTION_SCALE && r.points[4].amount == 1.2);
    assert_true(r.points[6].motion == DV_MOTION_ROTATION && r.points[6].amount == 45);
    for (int p = 0; p < r.n_points; p++) {
        int same = 0;
        double interval[2];
        for (int l = 0; l < r.n_layers; l++) {
            dv_sample s = { .n = 0 };
            for (int i = 0; i < IMAGES; i++)
                dv_sample_add(&s, t.distance[i][p][l] / t.norm[i][l]);
            const dv_estimate *e = &r.normalised[p * r.n_layers + l];
            assert_int_equal(e->n, IMAGES);
            close_to(e->mean, s.mean);
            close_to(e->high - e->low, 2 * dv_sample_error(&s));
        }
        for (int i = 0; i < IMAGES; i++)
            same += t.predicted[i][p] == t.class[i];
        dv_share_interval(same, IMAGES, interval);
        close_to(r.same[p].mean, (double)same / IMAGES);
        close_to(r.same[p].low, interval[0]);
        close_to(r.same[p].high, interval[1]);
    }
    dv_invariance_free(&r);
}

static void pairs_are_those_of_the_seed(void **state)
{
    (void)state;
    enum { PAIRS = 6 };
    told t = { .n = 0 };
    dv_invariance r;
    dv_error err;
    dv_invariance_options o = shifts(0, 0, &t);
    o.amounts[DV_MOTION_TRANSLATION].n = 0;
    o.pairs = PAIRS;
    o.seed = 5;
    assert_true(dv_invariance_measure(model, &list, &o, &r, &err));
    int same = 0, far = 0, near = 0;
    for (int i = 0; i < IMAGES; i++)
        for (int k = 0; k < PAIRS; k++) {
            dv_random random = { .seed = dv_random_at(dv_random_at(5, (uint64_t)i), (uint64_t)k) };
            int at[4], class[2];
            for (int j = 0; j < 4; j++)
                at[j] = (int)dv_random_below(&random, 3) - 1; /* 22 / 7 places, about the middle */
            for (int j = 0; j < 2; j++) {
                float input[PIXELS], scores[CLASSES];
                shifted_input(i, at[2 * j], at[2 * j + 1], input);
                features(input, "y", scores);
                class[j] = best_of(scores);
            }
            same += class[0] == class[1];
            *(hypot(at[0] - at[2], at[1] - at[3]) < 1 ? &near : &far) += 1;
        }
    assert_int_equal(r.consistency.range, 3);
    assert_int_equal(r.consistency.pairs, IMAGES * PAIRS);
    assert_int_equal(r.consistency.same, same);
    assert_true(same < IMAGES * PAIRS); /* else this says little */
    close_to(r.consistency.share.mean, (double)same / (IMAGES * PAIRS));
    assert_true(r.consistency.share.n >= IMAGES && r.consistency.share.n <= IMAGES * PAIRS);
    assert_true(r.consistency.share.low < r.consistency.share.mean);
    assert_int_equal(r.consistency.n_bins, 3);
    assert_int_equal(r.consistency.bins[0].pairs, near);
    assert_int_equal(r.consistency.bins[1].pairs + r.consistency.bins[2].pairs, far);
    dv_invariance_free(&r);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    told t[2] = { { .n = 0 }, { .n = 0 } };
    dv_invariance r[2];
    dv_error err;
    dv_pool *pool = dv_pool_new(3, &err);
    for (int i = 0; i < 2; i++) {
        dv_invariance_options o = shifts(-3, 3, &t[i]);
        o.amounts[DV_MOTION_ROTATION] = (dv_amounts){ 0, 90, 4 };
        o.pairs = 3;
        o.pool = i ? pool : NULL;
        assert_true(dv_invariance_measure(model, &list, &o, &r[i], &err));
    }
    const size_t n = (size_t)(r[0].n_points * r[0].n_layers);
    assert_memory_equal(&t[0], &t[1], sizeof t[0]);
    assert_memory_equal(r[0].normalised, r[1].normalised, n * sizeof *r[0].normalised);
    assert_memory_equal(r[0].probability, r[1].probability,
                        (size_t)r[0].n_points * sizeof *r[0].probability);
    assert_memory_equal(&r[0].consistency, &r[1].consistency, sizeof r[0].consistency);
    for (int i = 0; i < 2; i++)
        dv_invariance_free(&r[i]);
    dv_pool_free(pool);
}

static void the_class_is_the_true_one_where_it_is_said(void **state)
{
    (void)state;
    static const char lines[] = "0.png 2\n1.png 0\n3.png 1\n";
    told t = { .n = 0 };
    dv_invariance r;
    dv_error err;
    dv_labels labels = { .n = 0 };
    dv_truth truth;
    FILE *f = fopen("truth", "w");
    assert_true(f && fputs(lines, f) >= 0 && fclose(f) == 0);
    assert_true(dv_labels_read(&labels, NULL, model, &err) &&
                dv_truth_read(&truth, "truth", &labels, &err));
    dv_invariance_options o = shifts(1, 1, &t);
    o.truth = &truth;
    assert_true(dv_invariance_measure(model, &list, &o, &r, &err));
    assert_true(r.labelled);
    assert_int_equal(r.images, 3);
    assert_int_equal(t.n, 3);
    assert_int_equal(t.skipped, 1);
    assert_string_equal(t.reason, "2.png: its true class is none of the network's");
    static const int images[] = { 0, 1, 3 }, classes[] = { 2, 0, 1 };
    int right = 0;
    for (int i = 0; i < 3; i++) {
        float input[PIXELS], scores[CLASSES];
        shifted_input(images[i], 0, 0, input);
        features(input, "y", scores);
        assert_int_equal(t.class[i], classes[i]);
        close_to(t.before[i], probability_of(scores, classes[i]));
        right += best_of(scores) == classes[i];
    }
    assert_int_equal(r.right, right);
    dv_invariance_free(&r);
    dv_truth_free(&truth);
    dv_labels_free(&labels);
}

static void layers_are_those_that_are_named(void **state)
{
    (void)state;
    told t = { .n = 0 };
    dv_invariance r;
    dv_error err;
    static const char *const names[] = { "g", "r1" };
    dv_invariance_options o = shifts(1, 1, &t);
    o.layers = names;
    o.n_layers = 2;
    assert_true(dv_invariance_measure(model, &list, &o, &r, &err));
    assert_int_equal(r.n_layers, 4);
    assert_int_equal(r.low, 0); /* r1 is layer 1 */
    assert_int_equal(r.high, 3);
    assert_string_equal(r.layers[3].name, "g");
    dv_invariance_free(&r);
    static const char *const unknown[] = { "nosuch" };
    o.layers = unknown;
    o.n_layers = 1;
    assert_false(dv_invariance_measure(model, &list, &o, &r, &err));
    assert_int_equal(err.code, DV_BAD_USAGE);
    dv_invariance_free(&r);
}

static bool at_once(void *ctx)
{
    (void)ctx;
    return true;
}

static void a_run_that_cannot_go_on_says_why(void **state)
{
    (void)state;
    told t = { .n = 0 };
    dv_invariance r;
    dv_error err;
    dv_list none = { 0 };
    dv_invariance_options o = shifts(1, 1, &t);
    assert_true(dv_list_add(&none, "gone.png", &err));
    assert_false(dv_invariance_measure(model, &none, &o, &r, &err));
    assert_string_equal(err.message, "gone.png: No such file or directory");
    dv_invariance_free(&r);
    assert_true(dv_list_add(&none, "away.png", &err));
    assert_false(dv_invariance_measure(model, &none, &o, &r, &err));
    assert_string_equal(err.message, "none of 2 images could be read");
    assert_int_equal(t.skipped, 2);
    dv_invariance_free(&r);
    o.watch.cancelled = at_once;
    assert_false(dv_invariance_measure(model, &list, &o, &r, &err));
    assert_int_equal(err.code, DV_CANCELLED);
    dv_invariance_free(&r);
    o.amounts[DV_MOTION_TRANSLATION].n = 0;
    assert_false(dv_invariance_measure(model, &list, &o, &r, &err));
    assert_int_equal(err.code, DV_BAD_USAGE);
    dv_invariance_free(&r);
    dv_list_free(&none);
}

static void tell_wrote(void *ctx, const char *path)
{
    told *t = ctx;
    snprintf(t->reason, sizeof t->reason, "wrote %s", path);
}

static void a_figure_is_written_whole_or_not_at_all(void **state)
{
    (void)state;
    static const char *const paths[] = { "curves.png", "means.svg", "pairs.pdf" };
    dv_list twice = { 0 };
    dv_error err;
    for (int i = 0; i < 2 * IMAGES; i++)
        assert_true(dv_list_add(&twice, dv_list_path(&list, i % IMAGES), &err));
    for (int i = 0; i < 3; i++) {
        told t = { .n = 0 };
        dv_invariance r;
        dv_invariance_options o = shifts(-3, 3, &t);
        o.measured = NULL;
        o.pairs = 2;
        o.figure = (dv_figure_file){ .path = paths[i], .width = 85, .dpi = 60 };
        o.watch.wrote = tell_wrote;
        if (i == 2)
            o.amounts[DV_MOTION_TRANSLATION].n = 0;
        else
            o.amounts[DV_MOTION_ROTATION] = (dv_amounts){ 0, 360, 3 };
        o.watch.cancelled = at_once;
        assert_false(dv_invariance_measure(model, &twice, &o, &r, &err));
        assert_int_not_equal(access(paths[i], F_OK), 0);
        dv_invariance_free(&r);
        o.watch.cancelled = NULL;
        if (!dv_invariance_measure(model, i == 0 ? &list : &twice, &o, &r, &err))
            fail_msg("%s", err.message);
        assert_int_equal(access(paths[i], F_OK), 0);
        assert_string_equal(t.reason + 6, paths[i]);
        dv_invariance_free(&r);
    }
    dv_image im;
    assert_true(dv_image_load(&im, "curves.png", &err));
    assert_true(im.width > 150 && im.height > im.width);
    dv_image_free(&im);
    dv_list_free(&twice);
}

static void a_trend_is_told_of_means(void **state)
{
    (void)state;
    dv_invariance_point points[] = { { DV_MOTION_TRANSLATION, -4 }, { DV_MOTION_TRANSLATION, -1 },
                                     { DV_MOTION_TRANSLATION, 0 },  { DV_MOTION_TRANSLATION, 1 },
                                     { DV_MOTION_TRANSLATION, 4 },  { DV_MOTION_SCALE, 1 },
                                     { DV_MOTION_SCALE, 2 },        { DV_MOTION_ROTATION, 0 },
                                     { DV_MOTION_ROTATION, 90 },    { DV_MOTION_ROTATION, 180 },
                                     { DV_MOTION_ROTATION, 270 } };
    dv_estimate means[] = { { .mean = 8 }, { .mean = 1.5 }, { .mean = 0 }, { .mean = 2.5 },
                            { .mean = 8 }, { .mean = 0 },   { .mean = 3 }, { .mean = 0 },
                            { .mean = 1 }, { .mean = 2 },   { .mean = 1 } };
    const dv_invariance r = {
        .n_layers = 1, .n_points = 11, .points = points, .normalised = means
    };
    dv_trend t = dv_invariance_trend(&r, DV_MOTION_TRANSLATION, 0);
    assert_true(t.step == 1 && t.first == 2 && t.most == 8);
    assert_true(t.linear > 0.99 && t.linear < 0.9999);
    t = dv_invariance_trend(&r, DV_MOTION_SCALE, 0);
    assert_true(t.step == 2 && t.first == 3 && t.most == 3 && fabs(t.linear - 1) < 1e-12);
    t = dv_invariance_trend(&r, DV_MOTION_ROTATION, 0);
    assert_true(t.step == 90 && t.first == 1 && t.most == 2 && fabs(t.linear - 1) < 1e-12);
}

static void amounts_are_whole_pixels_and_make_sense(void **state)
{
    (void)state;
    static const int sizes[][2] = { { 224, 224 }, { 64, 64 }, { 28, 28 },
                                    { 227, 100 }, { 5, 2 },   { 1, 1 } };
    dv_error err;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int along_x = 0; along_x < 2; along_x++)
            for (int m = 0; m < DV_N_MOTIONS; m++) {
                const dv_amounts a = dv_amounts_default((dv_motion)m, sizes[i], along_x);
                assert_true(dv_amounts_check(&a, (dv_motion)m, sizes[i], along_x, &err));
                const double step = a.n > 1 ? (a.max - a.min) / (a.n - 1) : 0;
                assert_true(m != DV_MOTION_TRANSLATION || step == rint(step));
            }
    const dv_amounts usual = dv_amounts_default(DV_MOTION_TRANSLATION, sizes[0], false);
    assert_true(usual.min == -56 && usual.max == 56 && usual.n == 17);
    static const struct {
        dv_motion motion;
        dv_amounts amounts;
        const char *message;
    } wrong[] = {
        { DV_MOTION_TRANSLATION,
          { -64, 0, 2 },
          "translation from -64 to 0: -63 to 63 pixels are possible" },
        { DV_MOTION_SCALE, { 0, 1, 2 }, "scale from 0 to 1: 0.05 to 20 are possible" },
        { DV_MOTION_ROTATION,
          { 0, 1000, 2 },
          "rotation from 0 to 1000: -720 to 720 degrees are possible" },
        { DV_MOTION_SCALE, { 2, 1, 2 }, "scale from 2 to 1: the first may not be larger" },
        { DV_MOTION_SCALE, { 1, 2, 1 }, "scale from 1 to 2: one amount is not two" },
        { DV_MOTION_SCALE, { 1, 2, 1001 }, "scale: 1001 amounts, 1 to 1000 are possible" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(dv_amounts_check(&wrong[i].amounts, wrong[i].motion, sizes[1], false, &err));
        assert_int_equal(err.code, DV_BAD_USAGE);
        assert_string_equal(err.message, wrong[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_those_of_passes_one_by_one),
        cmocka_unit_test(nothing_done_is_no_distance_and_what_is_pooled_does_not_move),
        cmocka_unit_test(means_have_their_intervals),
        cmocka_unit_test(pairs_are_those_of_the_seed),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(the_class_is_the_true_one_where_it_is_said),
        cmocka_unit_test(layers_are_those_that_are_named),
        cmocka_unit_test(a_run_that_cannot_go_on_says_why),
        cmocka_unit_test(a_figure_is_written_whole_or_not_at_all),
        cmocka_unit_test(a_trend_is_told_of_means),
        cmocka_unit_test(amounts_are_whole_pixels_and_make_sense),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
