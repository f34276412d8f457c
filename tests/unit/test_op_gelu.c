/* test_op_gelu.c - Gelu, exact and by a tanh: known values, against its definition in double, the
 * way back, what it refuses, and that it is the end of a layer in a network in JSON. */
#include "op_harness.h"

#include "deconvviz/trace.h"
#include "load/network.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static op_case *gelu(dv_shape s, const char *approximate)
{
    op_case *k = op_new("Gelu", 20);
    if (approximate)
        op_text(k, "approximate", approximate);
    op_activation(k, s);
    op_build(k);
    return k;
}

static void known_values(void **state)
{
    (void)state;
    const float x[] = { 0, 1, -1, 2, -3 }, ones[] = { 1, 1, 1, 1, 1 };
    for (int named = 0; named < 2; named++) {
        op_case *k = gelu(op_shape(2, 1, 5), named ? "none" : NULL);
        memcpy(k->in[0].data, x, sizeof x);
        op_forward(k);
        op_expect_values(k, 0, 5, 0.0, 0.841344746, -0.158655254, 1.954499736, -0.004049694);
        for (dv_rule rule = 0; rule < DV_N_RULES; rule++)
            op_expect_projection(k, rule, ones, 5, 0.5, 1.083315471, -0.083315471, 1.085231805,
                                 -0.011945646);
        op_free(k);
    }
    op_case *k = gelu(op_shape(2, 1, 5), "tanh");
    memcpy(k->in[0].data, x, sizeof x);
    op_forward(k);
    op_expect_values(k, 0, 5, 0.0, 0.841191991, -0.158808009, 1.954597694, -0.003637392);
    op_free(k);
}

static double by_definition(double x, bool by_tanh)
{
    const double pi = 3.14159265358979323846;
    return by_tanh ? 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x * x * x)))
                   : 0.5 * x * (1 + erf(x / sqrt(2)));
}

static double slope_by_definition(double x, bool by_tanh)
{
    const double pi = 3.14159265358979323846;
    const double t = tanh(sqrt(2 / pi) * (x + 0.044715 * x * x * x));
    return by_tanh
               ? 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * sqrt(2 / pi) * (1 + 3 * 0.044715 * x * x)
               : 0.5 * (1 + erf(x / sqrt(2))) + x * exp(-x * x / 2) / sqrt(2 * pi);
}

/* Long enough for several parts, from -12 to 12. */
static void values_and_slopes_are_those_of_the_definition(void **state)
{
    (void)state;
    enum { N = 40001 };
    dv_pool *pool = dv_pool_new(2, NULL);
    const dv_shape shapes[] = { op_shape(2, 1, N), op_shape(3, 1, N, 1), op_shape(4, 1, 1, 1, N) };
    static float value[N], slope[N], ones[N], back[N];
    const float *const signals[] = { ones };
    for (int by_tanh = 0; by_tanh < 2; by_tanh++)
        for (int s = 0; s < 3; s++) {
            op_case *k = gelu(shapes[s], by_tanh ? "tanh" : "none");
            k->pool = pool;
            for (int i = 0; i < N; i++) {
                const float x = (float)(i - N / 2) * (24.0F / N);
                k->in[0].data[i] = x;
                value[i] = (float)by_definition((double)x, by_tanh);
                slope[i] = (float)slope_by_definition((double)x, by_tanh);
                ones[i] = 1;
                back[i] = 0;
            }
            op_forward(k);
            op_expect(k, 0, 1e-6, value);
            op_project(k, DV_RULE_DECONVNET, signals, 0, back);
            for (int i = 0; i < N; i++)
                assert_float_equal(back[i], slope[i], 2e-6);
            op_free(k);
        }
    dv_pool_free(pool);
}

static void the_ends_are_finite(void **state)
{
    (void)state;
    const float x[] = { -FLT_MAX, -1e20F, -100, 100, 1e20F, FLT_MAX },
                ones[] = { 1, 1, 1, 1, 1, 1 };
    for (int by_tanh = 0; by_tanh < 2; by_tanh++) {
        op_case *k = gelu(op_shape(1, 6), by_tanh ? "tanh" : "none");
        memcpy(k->in[0].data, x, sizeof x);
        op_forward(k);
        for (int i = 1; i < 6; i++) {
            const double want = x[i] > 0 ? (double)x[i] : 0;
            assert_true(fabs((double)k->out[0].data[i] - want) <= 1e-7 * (1 + want));
        }
        assert_true(fabsf(k->out[0].data[0]) < 10); /* of 1e38 */
        op_expect_projection(k, DV_RULE_GRADIENT, ones, 6, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0);
        k->in[0].data[2] = NAN;
        op_forward(k);
        assert_true(isnan(k->out[0].data[2]));
        op_free(k);
    }
}

static void every_rule_is_adjoint(void **state)
{
    (void)state;
    const dv_shape shapes[] = { op_shape(4, 2, 3, 4, 5), op_shape(2, 3, 15), op_shape(3, 2, 3, 9),
                                op_shape(5, 2, 2, 2, 3, 2) };
    for (int by_tanh = 0; by_tanh < 2; by_tanh++)
        for (int s = 0; s < 4; s++) {
            op_case *k = gelu(shapes[s], by_tanh ? "tanh" : "none");
            for (size_t i = 0; i < dv_shape_count(&shapes[s]); i++)
                k->in[0].data[i] *= 3;
            op_check_adjoint(k, 5);
            op_free(k);
        }
}

static void another_approximation_is_refused(void **state)
{
    (void)state;
    op_case *k = op_new("Gelu", 20);
    op_text(k, "approximate", "sigmoid");
    op_activation(k, op_shape(1, 3));
    op_refused(k, DV_UNSUPPORTED, "approximate is 'sigmoid': none or tanh is supported");
    op_free(k);
}

/* -- in a network ----------------------------------------------------------------------------- */

/* "conv.weight" 1, -2 and "conv.bias" 0.5, 0. */
static dv_file weights(void)
{
    static uint8_t file[512];
    static const char header[] =
        "{\"conv.weight\":{\"dtype\":\"F32\",\"shape\":[2,1,1,1],\"data_offsets\":[0,8]},"
        "\"conv.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}";
    static const float numbers[] = { 1, -2, 0.5F, 0 };
    file[0] = sizeof header - 1;
    memcpy(file + 8, header, sizeof header - 1);
    memcpy(file + 8 + sizeof header - 1, numbers, sizeof numbers);
    return (dv_file){ .data = file, .size = 8 + sizeof header - 1 + sizeof numbers };
}

static void in_json_it_is_the_end_of_a_layer(void **state)
{
    (void)state;
    static const char json[] =
        "{\"format\":\"deconvviz-network\",\"version\":1,"
        "\"input\":{\"name\":\"image\",\"shape\":[1,1,2]},\"nodes\":["
        "{\"op\":\"Conv\",\"name\":\"conv\",\"weights\":\"conv\"},"
        "{\"op\":\"Gelu\",\"name\":\"exact\"},"
        "{\"op\":\"Gelu\",\"name\":\"approximate\",\"approximate\":\"tanh\",\"input\":\"conv\"},"
        "{\"op\":\"Concat\",\"name\":\"both\",\"input\":[\"exact\",\"approximate\"],\"axis\":1}]}";
    static const char layer[] = "{\"format\":\"deconvviz-network\",\"version\":1,"
                                "\"input\":{\"name\":\"image\",\"shape\":[1,1,2]},\"nodes\":["
                                "{\"op\":\"Conv\",\"name\":\"conv\",\"weights\":\"conv\"},"
                                "{\"op\":\"Gelu\",\"name\":\"gelu\"}]}";
    static const float x[] = { 0.5F, -1 };
    const float before[] = { 1, -0.5F, -1, 2 };
    dv_error err = { 0 };
    dv_file w = weights();
    dv_network_request q = { .loaded = &w };
    dv_model *m = dv_model_new("hand.json", NULL, &err);
    assert_non_null(m);
    if (!dv_network_build(m, json, sizeof json - 1, &q, &err))
        fail_msg("%s", err.message);
    const int output = dv_model_output(m);
    dv_request r = { .n_keep = 1, .keep = &output };
    dv_plan *plan = dv_plan_new(m, &r, NULL, &err);
    dv_trace *t = plan ? dv_trace_new(plan, NULL, &err) : NULL;
    if (!t || !dv_trace_forward(t, x, &err))
        fail_msg("%s", err.message);
    for (int i = 0; i < 8; i++)
        assert_float_equal(dv_trace_tensor(t, output)[i],
                           by_definition((double)before[i % 4], i > 3), 1e-6);
    dv_trace_free(t);
    dv_plan_free(plan);
    dv_model_free(m);

    int tensor;
    m = dv_model_new("layer.json", NULL, &err);
    assert_non_null(m);
    assert_true(dv_network_build(m, layer, sizeof layer - 1, &q, &err));
    assert_true(dv_model_find(m, "1", &tensor, &err));
    assert_string_equal(dv_tensor_name(m, tensor), "gelu");
    dv_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(values_and_slopes_are_those_of_the_definition),
        cmocka_unit_test(the_ends_are_finite),
        cmocka_unit_test(every_rule_is_adjoint),
        cmocka_unit_test(another_approximation_is_refused),
        cmocka_unit_test(in_json_it_is_the_end_of_a_layer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
