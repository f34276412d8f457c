/* test_steps.c - a projection in stages: the toy's numbers against naive loops, a network's against
 * passes and projections made for themselves. */
#include "album.h"
#include "deconvviz/steps.h"
#include "studies/steps.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

/* -- the toy, by hand ------------------------------------------------------------------------- */

static const double x[6][6] = {
    { 1, 1, 2, 3, 1, 2 }, { 0, 1, 3, 0, 1, 1 }, { 2, 3, 2, 3, 1, 2 },
    { 0, 2, 1, 2, 2, 1 }, { 1, 2, 0, 1, 0, 0 }, { 1, 0, 0, 1, 3, 1 },
};
static const double w1[3][3] = { { 1, 0, -1 }, { 2, 0, -2 }, { 1, 0, -1 } };
static const double w2[2][2] = { { 1, -1 }, { 2, 1 } };

typedef struct toy {
    double conv1[4][4], pool1[2][2], y; /* there; relu1 is max(conv1, 0) */
    double r_pool1[2][2], r_relu1[4][4], r_conv1[4][4], r_x[6][6]; /* back */
} toy;

static double by_rule(dv_rule rule, double r, double before)
{
    const double kept = rule == DV_RULE_GRADIENT ? r : fmax(r, 0);
    return rule == DV_RULE_DECONVNET || before > 0 ? kept : 0;
}

static void pool(toy *t, int i, int j)
{
    int at = 0;
    for (int k = 1; k < 4; k++)
        if (t->conv1[2 * i + k / 2][2 * j + k % 2] > t->conv1[2 * i + at / 2][2 * j + at % 2])
            at = k;
    t->pool1[i][j] = fmax(t->conv1[2 * i + at / 2][2 * j + at % 2], 0);
    t->r_relu1[2 * i + at / 2][2 * j + at % 2] = w2[i][j]; /* times the unit, once it is known */
}

static toy by_hand(dv_rule rule)
{
    toy t = { .y = 0 };
    for (int i = 0; i < 16; i++)
        for (int k = 0; k < 9; k++)
            t.conv1[i / 4][i % 4] += x[i / 4 + k / 3][i % 4 + k % 3] * w1[k / 3][k % 3];
    for (int i = 0; i < 4; i++) {
        pool(&t, i / 2, i % 2);
        t.y += t.pool1[i / 2][i % 2] * w2[i / 2][i % 2];
    }
    for (int i = 0; i < 4; i++)
        t.r_pool1[i / 2][i % 2] = t.y * w2[i / 2][i % 2];
    for (int i = 0; i < 16; i++) {
        double *r = &t.r_relu1[i / 4][i % 4];
        *r *= t.y;
        t.r_conv1[i / 4][i % 4] = by_rule(rule, *r, t.conv1[i / 4][i % 4]);
        for (int k = 0; k < 9; k++)
            t.r_x[i / 4 + k / 3][i % 4 + k % 3] += t.r_conv1[i / 4][i % 4] * w1[k / 3][k % 3];
    }
    return t;
}

static void assert_numbers(const dv_stage_numbers *n, const double *v, int count)
{
    double min = v[0], max = v[0], squares = 0;
    int nonzero = 0;
    for (int i = 0; i < count; i++) {
        min = fmin(min, v[i]);
        max = fmax(max, v[i]);
        squares += v[i] * v[i];
        nonzero += v[i] != 0;
    }
    assert_true((double)n->min == min && (double)n->max == max);
    assert_true(fabs(n->norm - sqrt(squares)) < 1e-9 * (1 + n->norm));
    assert_true(fabs(n->nonzero - (double)nonzero / count) < 1e-12);
}

static void the_toy_has_the_numbers_of_a_pencil(void **state)
{
    (void)state;
    for (int rule = 0; rule < DV_N_RULES; rule++) {
        const dv_steps_options o = { .rule = (dv_rule)rule, .maps = 1 };
        const toy t = by_hand((dv_rule)rule);
        dv_steps s;
        dv_error err;
        assert_true(dv_steps_toy(&o, &s, &err));
        assert_int_equal(s.n, 6);
        static const char *const names[] = { "x", "conv1", "relu1", "pool1", "conv2", "relu2" };
        for (int i = 0; i < 6; i++)
            assert_string_equal(s.stages[i].tensor, names[i]);
        assert_numbers(&s.stages[0].there, &x[0][0], 36);
        assert_numbers(&s.stages[1].there, &t.conv1[0][0], 16);
        assert_numbers(&s.stages[3].there, &t.pool1[0][0], 4);
        assert_numbers(&s.stages[5].there, &t.y, 1);
        assert_numbers(&s.stages[5].signal, &t.y, 1);
        assert_numbers(&s.stages[3].signal, &t.r_pool1[0][0], 4);
        assert_numbers(&s.stages[2].signal, &t.r_relu1[0][0], 16);
        assert_numbers(&s.stages[1].signal, &t.r_conv1[0][0], 16);
        assert_numbers(&s.stages[0].signal, &t.r_x[0][0], 36);
        dv_steps_free(&s);
    }
}

/* What makes it worth following: each window has one maximum, at another place than in the other
 * windows, and there is something to rectify on both ways. */
static void the_toy_is_worth_following(void **state)
{
    (void)state;
    const toy t = by_hand(DV_RULE_DECONVNET);
    int places = 0, below = 0, lost = 0;
    for (int i = 0; i < 16; i++) {
        below += t.conv1[i / 4][i % 4] < 0;
        lost += t.r_relu1[i / 4][i % 4] < 0;
        if (t.r_relu1[i / 4][i % 4] != 0)
            places |= 1 << (i / 4 % 2 * 2 + i % 4 % 2);
        for (int k = 0; k < 16; k++)
            if (i != k && i / 8 == k / 8 && i % 4 / 2 == k % 4 / 2 && t.r_relu1[i / 4][i % 4] != 0)
                assert_true(t.conv1[k / 4][k % 4] < t.conv1[i / 4][i % 4]);
    }
    assert_int_equal(places, 15);
    assert_true(below > 0 && lost > 0 && t.y > 0);
}

/* -- a network -------------------------------------------------------------------------------- */

static bool take(const dv_selections *units, const char *figure, dv_steps *s, dv_error *err)
{
    const dv_steps_options o = { .units = units,
                                 .position = { .strongest = true },
                                 .preprocess = album_preprocess,
                                 .figure = { .path = figure },
                                 .maps = 4 };
    return dv_steps_of(model, "img/1.png", &o, s, err);
}

static void the_ends_are_those_of_the_pass_and_of_the_projection(void **state)
{
    (void)state;
    float input[3 * ALBUM_SIDE * ALBUM_SIDE];
    dv_error err;
    dv_image im;
    dv_steps s;
    dv_signal r;
    dv_selections units = { .n = 0 };
    assert_true(dv_select_layers(model, 1, (const char *[]){ "2" }, "1", &units, &err));
    assert_true(take(&units, NULL, &s, &err));
    const dv_request q = { .n_keep = 1, .keep = &s.unit.tensor, .rules = 1 };
    assert_true(dv_image_load(&im, "img/1.png", &err) &&
                dv_prepare(&im, &album_preprocess, input, NULL, &err));
    dv_plan *plan = dv_plan_new(model, &q, NULL, &err);
    dv_trace *trace = dv_trace_new(plan, NULL, &err);
    dv_projector *projector = dv_projector_new(trace, NULL, &err);
    assert_true(dv_trace_forward(trace, input, &err));
    assert_true(s.value == dv_unit_value(trace, &s.unit) &&
                s.stages[s.n - 1].there.max == s.value && s.stages[s.n - 1].signal.max == s.value);
    assert_string_equal(s.stages[s.n - 1].back, "seed");
    assert_true(dv_project(projector, &s.unit, DV_RULE_DECONVNET, DV_SEED_VALUE, &r, &err));
    assert_true(dv_box_equal(r.box, s.stages[0].box));
    double squares = 0;
    for (size_t i = 0; i < dv_box_count(&r.box); i++)
        squares += (double)r.data[i] * (double)r.data[i];
    assert_true(fabs(s.stages[0].signal.norm - sqrt(squares)) < 1e-6 * sqrt(squares));
    dv_projector_free(projector);
    dv_trace_free(trace);
    dv_plan_free(plan);
    dv_image_free(&im);
    dv_steps_free(&s);
    dv_selections_free(&units);
}

static void the_table_goes_there_and_back(void **state)
{
    (void)state;
    dv_steps s;
    dv_error err;
    const dv_steps_options o = { .maps = 1 };
    assert_true(dv_steps_toy(&o, &s, &err));
    dv_table t = dv_steps_table(&s);
    dv_text text = { 0 };
    assert_int_equal(t.n_rows, 12);
    dv_table_print_csv(&t, &text);
    assert_true(dv_text_ok(&text, "it", &err));
    assert_non_null(strstr(text.data, "there,pool1,MaxPool,"));
    assert_non_null(strstr(text.data, "back,relu1,unpool pool1,"));
    assert_non_null(strstr(text.data, "back,x,filter conv1,"));
    free(text.data);
    dv_table_free(&t);
    dv_steps_free(&s);
}

static void one_unit_is_taken_and_no_other_number(void **state)
{
    (void)state;
    dv_steps s;
    dv_error err;
    dv_selections units = { .n = 0 };
    assert_true(dv_select_layers(model, 1, (const char *[]){ "2" }, "0-1", &units, &err));
    assert_false(take(&units, NULL, &s, &err));
    assert_int_equal(err.code, DV_BAD_USAGE);
    dv_selections_free(&units);
    assert_true(dv_select_layers(model, 1, (const char *[]){ "2" }, "0", &units, &err));
    assert_false(take(&units, "steps.bmp", &s, &err));
    assert_int_equal(err.code, DV_BAD_USAGE);
    assert_int_not_equal(access("steps.bmp", F_OK), 0);
    dv_selections_free(&units);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_toy_has_the_numbers_of_a_pencil),
        cmocka_unit_test(the_toy_is_worth_following),
        cmocka_unit_test(the_ends_are_those_of_the_pass_and_of_the_projection),
        cmocka_unit_test(the_table_goes_there_and_back),
        cmocka_unit_test(one_unit_is_taken_and_no_other_number),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
