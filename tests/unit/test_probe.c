/* Linear classifiers on features: what they come to where that is known, splits, average precision,
 * and what is refused. */
#include "base/file.h"
#include "base/random.h"
#include "deconvviz/pool.h"
#include "deconvviz/probe.h"
#include "studies/probe_parts.h"
#include "tensor/npy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { CLASSES = 4, EACH = 12, N = CLASSES * EACH, VALUES = 6 };

static char folder[] = "/tmp/probe-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return chdir("/") == 0 ? system(command) : 1;
}

static void write_text(const char *path, const char *text)
{
    dv_error err;
    assert_true(dv_file_write(path, text, strlen(text), &err));
}

/* Image i is of class i % CLASSES, "a" to "d". */
static void write_features(const char *name, int n, int values, const float *v)
{
    char path[32], lines[4096];
    dv_error err;
    int at = 0;
    snprintf(path, sizeof path, "%s.npy", name);
    assert_true(dv_npy_write(path, &(dv_shape){ 2, { n, values } }, v, &err));
    for (int i = 0; i < n; i++)
        at += snprintf(lines + at, sizeof lines - (size_t)at, "img/%d.png\t%c\n", i,
                       'a' + i % CLASSES);
    snprintf(path, sizeof path, "%s.txt", name);
    write_text(path, lines);
}

/* Noise, and of each class one value that is larger by `apart`. */
static void write_noise(const char *name, double apart)
{
    float v[N * VALUES];
    dv_random random = { .seed = 5 };
    for (int i = 0; i < N * VALUES; i++)
        v[i] = (float)dv_random_real(&random);
    for (int i = 0; i < N; i++)
        v[i * VALUES + i % CLASSES] += (float)apart;
    write_features(name, N, VALUES, v);
}

static const int six[] = { 6 }, some[] = { 2, 6 };

static dv_probe_options options_for(int n_counts, const int *counts)
{
    return (dv_probe_options){ .n_counts = n_counts,
                               .counts = counts,
                               .splits = 3,
                               .folds = 3,
                               .seed = 1,
                               .voc_train = "train",
                               .voc_test = "val" };
}

static dv_probe run(const char *features, const dv_probe_options *o)
{
    dv_probe r;
    dv_error err;
    if (!dv_probe_run(features, o, &r, &err))
        fail_msg("%s", err.message);
    return r;
}

/* -- accuracy --------------------------------------------------------------------------------- */

static void separable_classes_are_told_apart(void **state)
{
    (void)state;
    write_noise("apart", 5);
    for (int classifier = 0; classifier < 2; classifier++)
        for (int scaling = 0; scaling < 2; scaling++) {
            dv_probe_options o = options_for(2, some);
            o.classifier = (dv_probe_classifier)classifier;
            o.scaling = (dv_probe_scaling)scaling;
            dv_probe r = run("apart.npy", &o);
            assert_int_equal(r.n_accuracies, 2);
            assert_int_equal(r.n_classes, CLASSES);
            assert_int_equal(r.test_images, CLASSES * (EACH - 6));
            assert_string_equal(r.layers[0], "all");
            assert_true(r.accuracies[1].by_class.mean == 1 && r.accuracies[1].overall.mean == 1);
            assert_true(r.accuracies[1].by_class.deviation == 0);
            dv_probe_free(&r);
        }
}

static void noise_gives_chance(void **state)
{
    (void)state;
    write_noise("noise", 0);
    dv_probe_options o = options_for(1, six);
    o.splits = 40;
    o.c = 1;
    dv_probe r = run("noise.npy", &o);
    assert_true(fabs(r.chance - 0.25) < 1e-12);
    /* One share of 40 * 24 images that are not independent: three times their deviation. */
    assert_true(fabs(r.accuracies[0].by_class.mean - r.chance) < 3 * sqrt(0.25 * 0.75 / N));
    assert_true(r.accuracies[0].by_class.low < r.chance + 0.05 &&
                r.accuracies[0].by_class.high > r.chance - 0.05);
    dv_probe_free(&r);
}

/* Each image has a value of its own: one that was trained on is known for sure, and the others look
 * all alike and are taken for one class. */
static void no_test_image_was_trained_on(void **state)
{
    (void)state;
    static float v[N * N];
    for (int i = 0; i < N; i++)
        v[i * N + i] = 1;
    write_features("own", N, N, v);
    dv_probe_options o = options_for(2, some);
    o.c = 1;
    dv_probe r = run("own.npy", &o);
    for (int i = 0; i < 2; i++) {
        assert_true(fabs(r.accuracies[i].by_class.mean - 0.25) < 1e-12);
        assert_true(fabs(r.accuracies[i].overall.mean - 0.25) < 1e-12);
    }
    dv_probe_free(&r);
}

static void a_seed_gives_the_same_for_any_number_of_threads(void **state)
{
    (void)state;
    dv_error err;
    write_noise("some", 0.4);
    dv_probe_options o = options_for(2, some);
    dv_probe first = run("some.npy", &o);
    o.pool = dv_pool_new(3, &err);
    assert_non_null(o.pool);
    dv_probe again = run("some.npy", &o);
    o.seed = 2;
    dv_probe other = run("some.npy", &o);
    for (int i = 0; i < 2; i++) {
        const dv_probe_accuracy *a = &first.accuracies[i], *b = &again.accuracies[i];
        assert_memory_equal(&a->by_class, &b->by_class, sizeof a->by_class);
        assert_memory_equal(&a->overall, &b->overall, sizeof a->overall);
        assert_memory_equal(a->c, b->c, 3 * sizeof *a->c);
    }
    assert_true(first.accuracies[1].by_class.mean > 0.3 && first.accuracies[1].by_class.mean < 1);
    assert_true(other.accuracies[0].by_class.mean != first.accuracies[0].by_class.mean ||
                other.accuracies[1].by_class.mean != first.accuracies[1].by_class.mean);
    dv_pool_free(o.pool);
    dv_probe_free(&first);
    dv_probe_free(&again);
    dv_probe_free(&other);
}

static void test_images_of_a_class_are_as_many_as_asked(void **state)
{
    (void)state;
    dv_probe_options o = options_for(1, six);
    o.test = 2;
    o.c = 1;
    dv_probe r = run("some.npy", &o);
    assert_int_equal(r.test_images, 2 * CLASSES);
    dv_probe_free(&r);
    o.n_counts = 0; /* three of the usual that leave a quarter of 12: 2, 5 */
    r = run("some.npy", &o);
    assert_int_equal(r.n_counts, 2);
    assert_int_equal(r.counts[1], 5);
    dv_probe_free(&r);
}

/* -- the objective ---------------------------------------------------------------------------- */

/* At the minimum of what probe.h says the gradient is zero. */
static void classifiers_are_at_the_minimum_of_their_objective(void **state)
{
    (void)state;
    dv_probe_options o = options_for(1, six);
    dv_probe_rows d = { 0 };
    dv_error err;
    int32_t rows[N / 2], class_of[N / 2];
    double w[CLASSES * (VALUES + 1)], u[CLASSES * (VALUES + 1)];
    const double c = 3;
    assert_true(dv_probe_rows_read(&d, "some.npy", &o, &err));
    for (int i = 0; i < N / 2; i++) {
        rows[i] = 2 * i;
        class_of[i] = d.class_of[2 * i] / 2;
    }
    for (int classifier = 0; classifier < 2; classifier++) {
        const dv_linear_rows values = dv_probe_linear_rows(&d, &d.layers[0]);
        dv_linear *p = dv_linear_new(&values, false, rows, N / 2, &err);
        const dv_targets t = { .n_classes = 2, .class_of = class_of };
        const dv_watch watch = { 0 };
        const dv_training how = {
            .logistic = classifier == DV_PROBE_LOGISTIC, .c = c, .tolerance = 1e-9, .watch = &watch
        };
        memset(w, 0, sizeof w);
        assert_non_null(p);
        assert_true(dv_linear_train(p, &t, &how, w, &err));
        dv_linear_unscale(p, 2, w, u);
        for (int k = 0; k < 2; k++) {
            const double *of = w + k * (VALUES + 1);
            for (int j = 0; j <= VALUES; j++) {
                double gradient = of[j];
                for (int i = 0; i < N / 2; i++) {
                    const float *v = dv_probe_row(&d, &d.layers[0], rows[i]);
                    const double y = class_of[i] == k ? 1 : -1;
                    double z = of[VALUES];
                    for (int m = 0; m < VALUES; m++)
                        z += of[m] * (double)v[m];
                    const double slope = classifier == DV_PROBE_SVM ? -2 * y * fmax(0, 1 - y * z)
                                                                    : -y / (1 + exp(y * z));
                    gradient += c * slope * (j < VALUES ? (double)v[j] : 1);
                }
                assert_true(fabs(gradient) < 1e-5);
                assert_true(fabs(u[k * (VALUES + 1) + j] - of[j]) < 1e-12);
            }
        }
        dv_linear_free(p);
    }
    dv_probe_rows_free(&d);
}

static void more_than_memory_allows_is_refused(void **state)
{
    (void)state;
    const dv_linear_rows wide = { .name = "wide", .count = (size_t)1 << 24 };
    dv_error err;
    assert_null(dv_linear_new(&wide, false, NULL, 100, &err));
    assert_int_equal(err.code, DV_UNSUPPORTED);
    assert_non_null(strstr(err.message, "layer wide: 100 training images of 16777216 values take"));
}

static void more_classifiers_than_memory_allows_are_refused(void **state)
{
    (void)state;
    dv_probe_layer layer = { "wide", 0, 1000000 };
    const dv_probe_rows d = { .n_layers = 1, .layers = &layer };
    size_t values;
    dv_error err;
    assert_true(dv_probe_most_values(&d, 10, 3, &values, &err));
    assert_int_equal(values, 1000000);
    assert_false(dv_probe_most_values(&d, 1000, 3, &values, &err));
    assert_int_equal(err.code, DV_UNSUPPORTED);
}

/* -- average precision ------------------------------------------------------------------------ */

static void average_precision_is_that_of_both_rules(void **state)
{
    (void)state;
    /* By rank: + - + (difficult) + -, so precisions at the hits 1, 2/3, 3/4: 1, 3/4, 3/4. */
    const double scores[] = { 0.7, 0.9, 0.6, 0.8, 0.5, 0.65 };
    const signed char signs[] = { 1, 1, 1, -1, -1, 0 };
    const signed char none[] = { -1, -1, -1, -1, -1, 0 };
    double area, eleven;
    dv_error err;
    assert_true(dv_average_precision(scores, signs, 6, &area, &eleven, &err));
    assert_true(fabs(area - (1 + 0.75 + 0.75) / 3) < 1e-12);
    assert_true(fabs(eleven - (4 * 1 + 7 * 0.75) / 11) < 1e-12); /* recall 1/3 from 0 to 0.3 */
    assert_true(dv_average_precision(scores, none, 6, &area, &eleven, &err));
    assert_true(isnan(area) && isnan(eleven));
    const double equal[6] = { 0 };
    assert_true(dv_average_precision(equal, signs, 6, &area, &eleven, &err));
    assert_true(area == 1); /* the first stands first */
}

/* -- VOC -------------------------------------------------------------------------------------- */

static void write_voc(const char *difficult)
{
    char train[1024] = "", val[1024] = "";
    (void)!mkdir("voc", 0777);
    (void)!mkdir("voc/ImageSets", 0777);
    (void)!mkdir("voc/ImageSets/Main", 0777);
    for (int c = 0; c < 2; c++) {
        int at = 0, to = 0;
        for (int i = 0; i < N / 2; i++)
            at += snprintf(train + at, sizeof train - (size_t)at, "%d %2d\n", i,
                           i % CLASSES == c ? 1 : -1);
        for (int i = N / 2; i < N; i++)
            to += snprintf(val + to, sizeof val - (size_t)to, "%d %s\n", i,
                           i == N - 1         ? difficult
                           : i % CLASSES == c ? " 1"
                                              : "-1");
        write_text(c == 0 ? "voc/ImageSets/Main/cat_train.txt" : "voc/ImageSets/Main/dog_train.txt",
                   train);
        write_text(c == 0 ? "voc/ImageSets/Main/cat_val.txt" : "voc/ImageSets/Main/dog_val.txt",
                   val);
    }
}

static void voc_says_classes_and_sets(void **state)
{
    (void)state;
    write_noise("apart", 5);
    write_voc("0");
    dv_probe_options o = options_for(0, NULL);
    o.voc = "voc";
    dv_probe r = run("apart.npy", &o);
    assert_true(r.voc);
    assert_int_equal(r.n_precisions, 3);
    assert_string_equal(r.classes[1], "dog");
    for (int i = 0; i < 3; i++)
        assert_true(r.precisions[i].area == 1 && r.precisions[i].eleven > 1 - 1e-12);
    assert_int_equal(r.precisions[2].class_of, -1);
    assert_int_equal(r.precisions[0].train, EACH / 2);
    assert_int_equal(r.precisions[0].test, EACH / 2);
    dv_probe_free(&r);
}

/* -- what is refused -------------------------------------------------------------------------- */

static void assert_refused(const char *features, const dv_probe_options *o, const char *why)
{
    dv_probe r;
    dv_error err;
    assert_false(dv_probe_run(features, o, &r, &err));
    if (!strstr(err.message, why))
        fail_msg("'%s' does not say '%s'", err.message, why);
    dv_probe_free(&r);
}

static void sets_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    dv_probe_options o = options_for(0, NULL);
    o.voc = "voc";
    write_voc("2");
    assert_refused("apart.npy", &o, "cat_val.txt: line 24: behind 47 stands neither 1, -1 nor 0");
    write_voc("0");
    write_text("voc/ImageSets/Main/dog_val.txt", "3 1\n");
    assert_refused("apart.npy", &o, "image img/3.png is in both sets");
    write_text("voc/ImageSets/Main/dog_val.txt", "nosuch 1\n");
    assert_refused("apart.npy", &o, "line 1: image nosuch is no row of apart.npy");
    write_text("voc/ImageSets/Main/dog_val.txt", "40 1\n40 1\n");
    assert_refused("apart.npy", &o, "line 2: image 40 stands there twice");
    write_text("voc/ImageSets/Main/dog_val.txt", "40 -1\n");
    assert_refused("apart.npy", &o, "class dog has no positive image in set val");
    assert_int_equal(unlink("voc/ImageSets/Main/dog_val.txt"), 0);
    assert_refused("apart.npy", &o, "dog_val.txt: No such file");
    o.voc_train = "all";
    assert_refused("apart.npy", &o, "has no file CLASS_all.txt");
}

static void features_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static const int twelve[] = { 12 }, one[] = { 1 }, falling[] = { 6, 2 };
    static const char *const layers[] = { "5" };
    dv_probe_options o = options_for(1, six);
    float v[N * VALUES] = { 0 };
    assert_refused("nosuch.npy", &o, "nosuch.npy");
    write_noise("bad", 1);
    write_text("bad.txt", "a.png\ta\n");
    assert_refused("bad.npy", &o, "bad.npy has 48 rows, and the .txt beside it 1 lines");
    write_features("bad", N, VALUES, v);
    o.counts = twelve;
    assert_refused("bad.npy", &o, "class 'a' has 12 images: more than 12 are needed");
    o.counts = one;
    assert_refused("bad.npy", &o, "1 training image of a class cannot be divided");
    o = options_for(2, falling);
    assert_refused("bad.npy", &o, "training images must rise");
    o = options_for(1, six);
    o.n_layers = 1;
    o.layers = layers;
    assert_refused("bad.npy", &o, "bad.npy has no layer '5'");
    o.n_layers = 0;
    v[3 * VALUES + 1] = NAN;
    write_features("bad", N, VALUES, v);
    assert_refused("bad.npy", &o, "row 3 (img/3.png) is not finite in layer all");
    v[3 * VALUES + 1] = 0;
    write_features("bad", 2, VALUES, v);
    write_text("bad.txt", "a.png\nb.png\n");
    assert_refused("bad.npy", &o, "says no classes");
    write_text("bad.txt", "a.png\ta\nb.png\ta\n");
    assert_refused("bad.npy", &o, "there is one class only");
    write_text("bad.json", "{}");
    assert_refused("bad.npy", &o, "bad.json: ");
    write_text("bad.json",
               "{\"format\":\"deconvviz features\",\"version\":1,\"model\":{\"name\":\"m\","
               "\"sha256\":\"s\"},\"layers\":[{\"layer\":\"1\",\"first\":4,\"count\":3}]}");
    assert_refused("bad.npy", &o, "layer 1 has values 4 to 6: there are 6");
}

static bool yes(void *ctx)
{
    (void)ctx;
    return true;
}

static void it_ends_when_it_is_told_to(void **state)
{
    (void)state;
    dv_probe_options o = options_for(1, six);
    o.watch.cancelled = yes;
    assert_refused("apart.npy", &o, "cancelled");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(separable_classes_are_told_apart),
        cmocka_unit_test(noise_gives_chance),
        cmocka_unit_test(no_test_image_was_trained_on),
        cmocka_unit_test(a_seed_gives_the_same_for_any_number_of_threads),
        cmocka_unit_test(test_images_of_a_class_are_as_many_as_asked),
        cmocka_unit_test(classifiers_are_at_the_minimum_of_their_objective),
        cmocka_unit_test(more_than_memory_allows_is_refused),
        cmocka_unit_test(more_classifiers_than_memory_allows_are_refused),
        cmocka_unit_test(average_precision_is_that_of_both_rules),
        cmocka_unit_test(voc_says_classes_and_sets),
        cmocka_unit_test(sets_that_make_no_sense_are_refused),
        cmocka_unit_test(features_that_make_no_sense_are_refused),
        cmocka_unit_test(it_ends_when_it_is_told_to),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
