/* A unit under every rule: what is told of it against projections made one by one. */
#include "album.h"
#include "deconvviz/compare_rules.h"

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

static dv_model *model;

static int set_up(void **state)
{
    (void)state;
    album_begin();
    model = album_model();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dv_model_free(model);
    album_end();
    return 0;
}

/* On n images, from img/1.png on. */
static bool compare_on(int n, const dv_selections *units, const char *png, const dv_watch *watch,
                       dv_compared_rules *results, dv_error *err)
{
    const dv_compare_rules_options o = { .units = units,
                                         .position = { .strongest = true },
                                         .preprocess = album_preprocess,
                                         .figure = { .path = png },
                                         .watch = watch ? *watch : (dv_watch){ .ctx = NULL } };
    static const char *const paths[] = { "img/1.png", "img/2.png", "img/gone.png", "img/3.png" };
    dv_list images = { .count = 0 };
    for (int i = 0; i < n; i++)
        assert_true(dv_list_add(&images, paths[i], err));
    const bool ok = dv_compare_rules(model, &images, &o, results, err);
    for (int i = 0; ok && i < n * units->n_units; i++) /* the paths go with the list */
        results[i].image = results[i].image ? paths[i / units->n_units] : NULL;
    dv_list_free(&images);
    return ok;
}

static bool compare(const dv_selections *units, const char *png, const dv_watch *watch,
                    dv_compared_rules *results, dv_error *err)
{
    return compare_on(1, units, png, watch, results, err);
}

/* The projection of a unit on the image by a rule, at every pixel: values (3,SIDE,SIDE). */
static void project(const dv_unit *u, dv_rule rule, double *values)
{
    float input[3 * ALBUM_SIDE * ALBUM_SIDE];
    dv_error err;
    dv_image im;
    const dv_request r = { .n_keep = 1, .keep = &u->tensor, .rules = 1U << rule };
    assert_true(dv_image_load(&im, "img/1.png", &err) &&
                dv_prepare(&im, &album_preprocess, input, NULL, &err));
    dv_image_free(&im);
    dv_plan *plan = dv_plan_new(model, &r, NULL, &err);
    dv_trace *trace = dv_trace_new(plan, NULL, &err);
    dv_projector *projector = dv_projector_new(trace, NULL, &err);
    dv_signal s;
    assert_true(dv_trace_forward(trace, input, &err) &&
                dv_project(projector, u, rule, DV_SEED_VALUE, &s, &err));
    memset(values, 0, sizeof(double[3 * ALBUM_SIDE * ALBUM_SIDE]));
    for (int32_t c = s.box.lo[DV_C]; c < s.box.hi[DV_C]; c++)
        for (int32_t y = s.box.lo[DV_Y]; y < s.box.hi[DV_Y]; y++)
            for (int32_t x = s.box.lo[DV_X]; x < s.box.hi[DV_X]; x++)
                values[(c * ALBUM_SIDE + y) * ALBUM_SIDE + x] = (double)*dv_signal_at(&s, c, y, x);
    dv_projector_free(projector);
    dv_trace_free(trace);
    dv_plan_free(plan);
}

/* By its definition, in two passes. */
static double pearson(const double *a, const double *b, const dv_box *over)
{
    double mean_a = 0, mean_b = 0, aa = 0, bb = 0, ab = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int32_t c = over->lo[DV_C]; c < over->hi[DV_C]; c++)
            for (int32_t y = over->lo[DV_Y]; y < over->hi[DV_Y]; y++)
                for (int32_t x = over->lo[DV_X]; x < over->hi[DV_X]; x++) {
                    const int at = (c * ALBUM_SIDE + y) * ALBUM_SIDE + x;
                    const double p = a[at], q = b[at];
                    if (pass == 0) {
                        mean_a += p / (double)dv_box_count(over);
                        mean_b += q / (double)dv_box_count(over);
                    } else {
                        aa += (p - mean_a) * (p - mean_a);
                        bb += (q - mean_b) * (q - mean_b);
                        ab += (p - mean_a) * (q - mean_b);
                    }
                }
    return ab / sqrt(aa * bb);
}

static void each_rule_is_as_by_itself(void **state)
{
    (void)state;
    static double values[DV_N_RULES][3 * ALBUM_SIDE * ALBUM_SIDE];
    const char *layers[] = { "r1", "r2" };
    dv_compared_rules results[2 * ALBUM_CHANNELS];
    dv_selections units;
    dv_error err;
    assert_true(dv_select_layers(model, 2, layers, "all", &units, &err));
    assert_true(compare(&units, NULL, NULL, results, &err));
    assert_int_equal(units.n_units, 2 * ALBUM_CHANNELS);
    for (int i = 0; i < units.n_units; i++) {
        const dv_compared_rules *r = &results[i];
        dv_box field;
        const dv_box input = { .hi = { 3, ALBUM_SIDE, ALBUM_SIDE } };
        assert_int_equal(r->unit.channel, i % ALBUM_CHANNELS);
        assert_string_equal(r->layer, layers[i / ALBUM_CHANNELS]);
        assert_true(
            dv_model_field(model, r->unit.tensor, dv_unit_box(model, &r->unit), &field, &err));
        field = dv_box_intersect(field, input);
        for (int rule = 0; rule < DV_N_RULES; rule++) {
            double squares = 0;
            project(&r->unit, (dv_rule)rule, values[rule]);
            for (int k = 0; k < 3 * ALBUM_SIDE * ALBUM_SIDE; k++)
                squares += values[rule][k] * values[rule][k];
            assert_true(fabs(sqrt(squares) - (double)r->norm[rule]) <= 1e-6 * sqrt(squares));
        }
        for (int a = 0; a < DV_N_RULES && r->value > 0; a++)
            for (int b = 0; b < DV_N_RULES; b++)
                assert_true(fabs(pearson(values[a], values[b], &field) - r->correlation[a][b]) <
                            1e-9);
    }
    dv_selections_free(&units);
}

static bool at_once(void *ctx)
{
    (void)ctx;
    return true;
}

static void a_picture_is_written_whole_or_not_at_all(void **state)
{
    (void)state;
    const char *layer = "r2";
    const dv_watch stop = { .cancelled = at_once };
    dv_compared_rules results[ALBUM_CHANNELS];
    dv_selections units;
    dv_error err;
    dv_image im;
    assert_true(dv_select_layers(model, 1, &layer, "all", &units, &err));
    assert_false(compare(&units, "rules.png", &stop, results, &err));
    assert_int_equal(err.code, DV_CANCELLED);
    assert_int_not_equal(access("rules.png", F_OK), 0);
    assert_true(compare(&units, "rules.png", NULL, results, &err));
    assert_true(dv_image_load(&im, "rules.png", &err));
    assert_true(im.width > 1000 && im.height > 500); /* of four tiles a row, and three rows */
    dv_image_free(&im);
    dv_selections_free(&units);
}

/* -- several images --------------------------------------------------------------------------- */

static void count_skipped(void *ctx, const char *path, const char *reason)
{
    (void)reason;
    ++*(int *)ctx;
    assert_string_equal(path, "img/gone.png");
}

static double mean_of(const double *v, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += v[i];
    return sum / n;
}

/* Half of the 95 % interval of a mean of three. */
static double interval_of_three(const double *v)
{
    double squares = 0;
    for (int i = 0; i < 3; i++)
        squares += (v[i] - mean_of(v, 3)) * (v[i] - mean_of(v, 3));
    return 4.302653 * sqrt(squares / 2 / 3); /* Student's t, two degrees of freedom */
}

static void a_layer_is_summed_up_over_images_and_over_units_of_one(void **state)
{
    (void)state;
    enum { IMAGES = 4, UNITS = 2 * ALBUM_CHANNELS };
    const char *layers[] = { "r1", "r2" };
    dv_compared_rules results[IMAGES * UNITS], one[UNITS];
    dv_compared_layer by_images[2], by_units[2];
    int skipped = 0;
    const dv_watch watch = { .ctx = &skipped, .skipped = count_skipped };
    dv_selections units;
    dv_error err;
    assert_true(dv_select_layers(model, 2, layers, "all", &units, &err));
    assert_true(compare_on(IMAGES, &units, NULL, &watch, results, &err));
    assert_int_equal(skipped, 1);
    assert_true(compare(&units, NULL, NULL, one, &err));
    for (int i = 0; i < UNITS; i++) {
        assert_string_equal(results[i].image, "img/1.png");
        assert_null(results[2 * UNITS + i].image);
        assert_true(results[i].value == one[i].value &&
                    results[i].norm[DV_RULE_GUIDED] == one[i].norm[DV_RULE_GUIDED]);
    }
    dv_compare_rules_layers(&units, IMAGES, results, by_images);
    dv_compare_rules_layers(&units, 1, one, by_units);
    for (int l = 0; l < 2; l++) {
        double means[3], values[ALBUM_CHANNELS];
        for (int i = 0, at = 0; i < IMAGES; i++) {
            if (i == 2)
                continue;
            int n = 0;
            for (int k = 0; k < ALBUM_CHANNELS; k++) {
                const double r = results[i * UNITS + l * ALBUM_CHANNELS + k]
                                     .correlation[DV_RULE_DECONVNET][DV_RULE_GUIDED];
                if (!isnan(r))
                    values[n++] = r;
            }
            assert_true(n > 0);
            means[at++] = mean_of(values, n);
        }
        const dv_compared_layer *got = &by_images[l];
        assert_string_equal(got->layer, layers[l]);
        assert_int_equal(got->n_images, 3);
        assert_true(fabs(got->mean[DV_RULE_DECONVNET][DV_RULE_GUIDED] - mean_of(means, 3)) < 1e-9);
        assert_true(fabs(got->error[DV_RULE_DECONVNET][DV_RULE_GUIDED] - interval_of_three(means)) <
                    1e-5);
        double of_one[ALBUM_CHANNELS];
        int n = 0;
        for (int k = 0; k < ALBUM_CHANNELS; k++) {
            of_one[n] = one[l * ALBUM_CHANNELS + k].correlation[DV_RULE_DECONVNET][DV_RULE_GUIDED];
            n += !isnan(of_one[n]);
        }
        assert_int_equal(by_units[l].n_units, n);
        assert_true(fabs(by_units[l].mean[DV_RULE_DECONVNET][DV_RULE_GUIDED] - mean_of(of_one, n)) <
                    1e-9);
        if (n == 3)
            assert_true(fabs(by_units[l].error[DV_RULE_DECONVNET][DV_RULE_GUIDED] -
                             interval_of_three(of_one)) < 1e-5);
    }
    dv_selections_free(&units);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_is_as_by_itself),
        cmocka_unit_test(a_layer_is_summed_up_over_images_and_over_units_of_one),
        cmocka_unit_test(a_picture_is_written_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
