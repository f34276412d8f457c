/* test_api.c - arguments of the public functions that make no sense: an error, or nothing. */
#include "deconvviz/deconvviz.h"
#include "net.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 8 };

static dv_model *model(void)
{
    dv_model *m = net_new(1, SIDE, SIDE);
    net_conv(m, "x", "a", 1, 4, 3, 1, 1, net_random, 1);
    net_add(m, "Relu", "a", "y", NULL);
    net_finish(m, "y");
    return m;
}

static void refused(bool ok, const dv_error *err, const char *words)
{
    assert_false(ok);
    assert_int_equal(err->code, DV_BAD_USAGE);
    if (!strstr(err->message, words))
        fail_msg("'%s' without '%s'", err->message, words);
}

static void a_model_has_a_path(void **state)
{
    (void)state;
    dv_error err = { 0 };
    const int size[2] = { SIDE, SIDE };
    refused(dv_model_open(NULL, NULL, &err), &err, "no path");
    refused(dv_model_resized(NULL, size, &err), &err, "no model");
}

static void a_plan_is_for_activations_that_there_are(void **state)
{
    (void)state;
    dv_error err = { 0 };
    dv_model *m = model();
    const int weights = dv_model_value(m, "a.w"), beyond = m->n_values, below = -1;
    dv_request r = { .n_keep = 1, .keep = &weights };
    refused(dv_plan_new(m, &r, NULL, &err), &err, "'a.w', which is no activation");
    r.keep = &beyond;
    refused(dv_plan_new(m, &r, NULL, &err), &err, "a plan for tensor");
    r.keep = &below;
    refused(dv_plan_new(m, &r, NULL, &err), &err, "a plan for tensor -1");
    r = (dv_request){ .n_keep = 1 };
    refused(dv_plan_new(m, &r, NULL, &err), &err, "a plan for 1 tensors");
    r = (dv_request){ .rules = 8 };
    refused(dv_plan_new(m, &r, NULL, &err), &err, "rules 0x8");
    refused(dv_plan_new(m, NULL, NULL, &err), &err, "without a request");
    refused(dv_plan_new(NULL, &r, NULL, &err), &err, "without a model");
    refused(dv_trace_new(NULL, NULL, &err), &err, "without a plan");
    refused(dv_projector_new(NULL, NULL, &err), &err, "without a trace");
    dv_model_free(m);
}

static void what_is_asked_of_no_tensor_and_no_layer_is_nothing(void **state)
{
    (void)state;
    dv_error err = { 0 };
    dv_model *m = model();
    dv_box box = { .hi = { 1, 1, 1 } }, in;
    int32_t stride[2];
    assert_null(dv_tensor_name(m, -1));
    assert_null(dv_tensor_shape(m, m->n_values));
    assert_null(dv_model_layer(m, -1));
    assert_null(dv_model_layer(m, 1));
    assert_non_null(dv_model_layer(m, 0));
    refused(dv_model_field(m, -1, box, &in, &err), &err, "tensor -1");
    refused(dv_model_stride(m, 1000, stride, &err), &err, "tensor 1000");
    dv_model_free(m);
}

static void a_projection_is_of_a_unit_that_was_asked_for(void **state)
{
    (void)state;
    dv_error err = { 0 };
    dv_model *m = model();
    const int out = dv_model_output(m);
    const dv_request r = { .n_keep = 1, .keep = &out, .rules = 1 << DV_RULE_GUIDED };
    dv_plan *plan = dv_plan_new(m, &r, NULL, &err);
    dv_trace *t = dv_trace_new(plan, NULL, &err);
    dv_projector *p = dv_projector_new(t, NULL, &err);
    float x[SIDE * SIDE] = { 1, 2, 3 };
    dv_signal s;
    dv_unit u = { out, 0, 3, 3 };
    refused(dv_project(p, &u, DV_RULE_GUIDED, DV_SEED_ONE, &s, &err), &err, "without a pass");
    refused(dv_trace_forward(t, NULL, &err), &err, "without an input");
    refused(dv_trace_set_noise(t, 1e-6F, 1, &err), &err, "noise");
    assert_true(dv_trace_forward(t, x, &err));
    assert_true(dv_project(p, &u, DV_RULE_GUIDED, DV_SEED_ONE, &s, &err));
    refused(dv_project(p, &u, DV_RULE_GRADIENT, DV_SEED_ONE, &s, &err), &err, "rule 1");
    refused(dv_project(p, &u, (dv_rule)7, DV_SEED_ONE, &s, &err), &err, "rule 7");
    static const dv_unit none[] = {
        { 0, 4, 0, 0 }, { 0, -1, 0, 0 }, { 0, 0, SIDE, 0 }, { 0, 0, 0, -1 }
    };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        dv_unit v = none[i];
        v.tensor = out;
        refused(dv_project(p, &v, DV_RULE_GUIDED, DV_SEED_ONE, &s, &err), &err, "'y', which is");
        assert_true(isnan(dv_unit_value(t, &v)));
        const dv_box b = dv_unit_box(m, &v);
        assert_true(dv_box_empty(&b));
    }
    dv_unit elsewhere = { -5, 0, 0, 0 };
    refused(dv_project(p, &elsewhere, DV_RULE_GUIDED, DV_SEED_ONE, &s, &err), &err, "tensor -5");
    assert_true(isnan(dv_strongest(t, &elsewhere)));
    assert_null(dv_trace_tensor(t, -5));
    assert_null(dv_trace_tensor(t, m->n_values));
    dv_projector_free(p);
    dv_trace_free(t);
    dv_plan_free(plan);
    dv_model_free(m);
}

static void the_library_says_which_it_is(void **state)
{
    (void)state;
    assert_string_equal(dv_version(), DV_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_has_a_path),
        cmocka_unit_test(a_plan_is_for_activations_that_there_are),
        cmocka_unit_test(what_is_asked_of_no_tensor_and_no_layer_is_nothing),
        cmocka_unit_test(a_projection_is_of_a_unit_that_was_asked_for),
        cmocka_unit_test(the_library_says_which_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
