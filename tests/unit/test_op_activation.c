/* Relu, Clip, BatchNormalization, Softmax: values, rules, adjoints. */
#include "op_harness.h"

#include <math.h>

static op_case *relu(dv_shape s)
{
    op_case *k = op_new("Relu", 14);
    op_activation(k, s);
    op_build(k);
    return k;
}

static op_case *clip(dv_shape s, double lo, double hi)
{
    op_case *k = op_new("Clip", 6);
    op_float(k, "min", lo);
    op_float(k, "max", hi);
    op_activation(k, s);
    op_build(k);
    return k;
}

static void relu_follows_the_three_rules(void **state)
{
    (void)state;
    op_case *k = relu(op_shape(2, 1, 4));
    const float x[] = { -1, 2, 3, -4 }, r[] = { 5, -6, 7, -8 };
    for (int i = 0; i < 4; i++)
        k->in[0].data[i] = x[i];
    op_forward(k);
    op_expect_values(k, 0, 4, 0.0, 2.0, 3.0, 0.0);
    op_expect_projection(k, DV_RULE_DECONVNET, r, 4, 5.0, 0.0, 7.0, 0.0);
    op_expect_projection(k, DV_RULE_GRADIENT, r, 4, 0.0, -6.0, 7.0, 0.0);
    op_expect_projection(k, DV_RULE_GUIDED, r, 4, 0.0, 0.0, 7.0, 0.0);
    op_free(k);
}

static void relu_at_zero_passes_nothing_by_the_gradient(void **state)
{
    (void)state;
    op_case *k = relu(op_shape(1, 1));
    k->in[0].data[0] = 0;
    op_forward(k);
    op_expect_projection(k, DV_RULE_GRADIENT, (const float[]){ 1 }, 1, 0.0);
    op_expect_projection(k, DV_RULE_GUIDED, (const float[]){ 1 }, 1, 0.0);
    op_expect_projection(k, DV_RULE_DECONVNET, (const float[]){ 1 }, 1, 1.0);
    op_free(k);
}

static void clip_from_zero_follows_the_three_rules(void **state)
{
    (void)state;
    op_case *k = clip(op_shape(2, 1, 6), 0, 6);
    const float x[] = { -1, 0, 2, 6, 7, 3 }, r[] = { 1, 2, -3, 4, -5, 6 };
    for (int i = 0; i < 6; i++)
        k->in[0].data[i] = x[i];
    op_forward(k);
    op_expect_values(k, 0, 6, 0.0, 0.0, 2.0, 6.0, 6.0, 3.0);
    op_expect_projection(k, DV_RULE_DECONVNET, r, 6, 1.0, 2.0, 0.0, 4.0, 0.0, 6.0);
    op_expect_projection(k, DV_RULE_GRADIENT, r, 6, 0.0, 0.0, -3.0, 0.0, 0.0, 6.0);
    op_expect_projection(k, DV_RULE_GUIDED, r, 6, 0.0, 0.0, 0.0, 0.0, 0.0, 6.0);
    op_free(k);
}

static void clip_from_elsewhere_has_one_derivative(void **state)
{
    (void)state;
    op_case *k = clip(op_shape(2, 1, 5), -1, 1);
    const float x[] = { -2, -1, 0.5f, 1, 2 }, r[] = { 1, 2, -3, 4, -5 };
    for (int i = 0; i < 5; i++)
        k->in[0].data[i] = x[i];
    op_forward(k);
    op_expect_values(k, 0, 5, -1.0, -1.0, 0.5, 1.0, 1.0);
    for (int rule = 0; rule < DV_N_RULES; rule++)
        op_expect_projection(k, (dv_rule)rule, r, 5, 0.0, 2.0, -3.0, 4.0, 0.0);
    op_free(k);
}

static void clip_takes_bounds_as_inputs(void **state)
{
    (void)state;
    op_case *k = op_new("Clip", 13);
    const float x[] = { -9, 9, 0.25f };
    op_activation(k, op_shape(1, 3));
    for (int i = 0; i < 3; i++)
        k->in[0].data[i] = x[i];
    op_absent(k);
    op_weight(k, op_shape(0), (const float[]){ 2 });
    op_build(k);
    op_forward(k);
    op_expect_values(k, 0, 3, -9.0, 2.0, 0.25);
    op_free(k);
}

static void nan_passes_through_relu_and_clip(void **state)
{
    (void)state;
    op_case *cases[] = { relu(op_shape(1, 1)), clip(op_shape(1, 1), 0, 6),
                         clip(op_shape(1, 1), -2, 3) };
    for (int i = 0; i < 3; i++) {
        cases[i]->in[0].data[0] = NAN;
        op_forward(cases[i]);
        assert_true(isnan(cases[i]->out[0].data[0]));
        op_free(cases[i]);
    }
}

static void clamps_are_adjoint_by_the_gradient(void **state)
{
    (void)state;
    const dv_shape shapes[] = { op_shape(4, 2, 3, 5, 7), op_shape(2, 1, 31), op_shape(3, 3, 4, 9),
                                op_shape(5, 1, 2, 3, 4, 2) };
    for (int s = 0; s < 4; s++) {
        op_case *k[] = { relu(shapes[s]), clip(shapes[s], 0, 1), clip(shapes[s], -0.7, 0.9) };
        for (int i = 0; i < 3; i++) {
            op_spread_input(k[i], 0, 0.0271f);
            k[i]->spacing = 0.005f;
            op_check_adjoint_of(k[i], 6, i == 2 ? 7u : 1u << DV_RULE_GRADIENT);
            op_free(k[i]);
        }
    }
}

/* What a fused chain gives must be what its operators give one after the other. */
static void clamps_fuse_onto_one_another(void **state)
{
    (void)state;
    const double bounds[][2] = { { 0, 6 }, { 0, 1 } };
    for (int i = 0; i < 2; i++) {
        dv_epilogue ep = { .lo = -2, .hi = 3 };
        op_case *k = clip(op_shape(2, 1, 1), bounds[i][0], bounds[i][1]);
        assert_true(k->op->fuse(&k->call, &ep, NULL, NULL, 0));
        for (float v = -4; v < 8; v += 0.25f) {
            float one = dv_clamp(v, ep.lo, ep.hi);
            float two = dv_clamp(dv_clamp(v, -2, 3), (float)bounds[i][0], (float)bounds[i][1]);
            assert_true(one == two);
        }
        op_free(k);
    }
}

static op_case *batch_norm(dv_shape s, float *gamma, float *beta, float *mean, float *var)
{
    op_case *k = op_new("BatchNormalization", 9);
    dv_shape channels = op_shape(1, (int)s.dim[1]);
    op_float(k, "epsilon", 0.5);
    op_activation(k, s);
    op_weight(k, channels, gamma);
    op_weight(k, channels, beta);
    op_weight(k, channels, mean);
    op_weight(k, channels, var);
    op_build(k);
    return k;
}

static void batch_normalization_by_hand(void **state)
{
    (void)state;
    /* 2 / sqrt(3.5 + 0.5) = 1; 3 / sqrt(8.5 + 0.5) = 1 */
    op_case *k = batch_norm(op_shape(4, 2, 2, 1, 2), (float[]){ 2, 6 }, (float[]){ 10, 20 },
                            (float[]){ 1, 2 }, (float[]){ 3.5f, 8.5f });
    for (int i = 0; i < 8; i++)
        k->in[0].data[i] = (float)i;
    op_forward(k);
    op_expect_values(k, 0, 8, 9.0, 10.0, 20.0, 22.0, 13.0, 14.0, 28.0, 30.0);
    op_free(k);
}

static void batch_normalization_is_adjoint(void **state)
{
    (void)state;
    const dv_shape shapes[] = { op_shape(4, 1, 5, 4, 6), op_shape(2, 1, 9),
                                op_shape(3, 3, 4, 7),    op_shape(2, 3, 5),
                                op_shape(4, 2, 5, 4, 6), op_shape(5, 3, 3, 2, 4, 2) };
    for (int i = 0; i < 6; i++) {
        float var[9] = { 1, 2, 3, 0.5f, 0.1f, 4, 5, 6, 7 };
        op_case *k = batch_norm(shapes[i], NULL, NULL, NULL, var);
        op_check_adjoint(k, 5);
        op_free(k);
    }
}

static void batch_normalization_fuses_as_it_computes(void **state)
{
    (void)state;
    op_case *k = batch_norm(op_shape(2, 1, 3), NULL, NULL, NULL, (float[]){ 1, 2, 3 });
    op_forward(k);
    float scale[3] = { 2, -1, 1 }, shift[3] = { 0, 3, -1 };
    dv_epilogue ep = dv_no_epilogue;
    const float acc[3] = { 0.3f, -0.2f, 5 };
    for (int i = 0; i < 3; i++)
        k->in[0].data[i] = acc[i] * scale[i] + shift[i];
    op_forward(k);
    assert_true(k->op->fuse(&k->call, &ep, scale, shift, 3));
    float want[3];
    for (int i = 0; i < 3; i++)
        want[i] = acc[i] * scale[i] + shift[i];
    op_expect(k, 0, 1e-6, want);
    ep.lo = 0;
    assert_false(k->op->fuse(&k->call, &ep, scale, shift, 3));
    op_free(k);
}

static void batch_normalization_applies_its_epilogue(void **state)
{
    (void)state;
    op_case *k = batch_norm(op_shape(4, 2, 3, 2, 2), NULL, NULL, NULL, (float[]){ 1, 2, 3 });
    float scale[3] = { 2, -1, 0.5f }, shift[3] = { 0, 0.3f, -0.1f }, want[24];
    op_forward(k);
    for (int i = 0; i < 24; i++)
        want[i] = dv_clamp(k->out[0].data[i] * scale[i / 4 % 3] + shift[i / 4 % 3], 0, 0.5f);
    k->call.ep = (dv_epilogue){ .scale = scale, .shift = shift, .lo = 0, .hi = 0.5f };
    op_forward(k);
    op_expect(k, 0, 1e-6, want);
    op_free(k);
}

static void batch_normalization_refuses_wrong_channels(void **state)
{
    (void)state;
    op_case *k = op_new("BatchNormalization", 9);
    op_activation(k, op_shape(4, 1, 3, 2, 2));
    for (int i = 0; i < 4; i++)
        op_weight(k, op_shape(1, i == 2 ? 4 : 3), NULL);
    op_refused(k, DV_BAD_DATA, "mean is (4): (3) is needed");
    op_free(k);
}

/* By the definition, over the axes [axis, end) of s. */
static void naive_softmax(const float *x, const dv_shape *s, int axis, int end, bool log, float *y)
{
    int outer = 1, n = 1, inner = 1;
    for (int k = 0; k < s->rank; k++)
        *(k < axis ? &outer : k < end ? &n : &inner) *= s->dim[k];
    for (int i = 0; i < outer; i++)
        for (int j = 0; j < inner; j++) {
            double sum = 0;
            for (int k = 0; k < n; k++)
                sum += exp((double)x[(i * n + k) * inner + j]);
            for (int k = 0; k < n; k++) {
                double e = exp((double)x[(i * n + k) * inner + j]) / sum;
                y[(i * n + k) * inner + j] = (float)(log ? logf((float)e) : (float)e);
            }
        }
}

static void softmax_over_every_axis_by_opset(void **state)
{
    (void)state;
    for (int opset = 11; opset <= 13; opset += 2)
        for (int axis = 0; axis < 4; axis++)
            for (int log = 0; log < 2; log++) {
                op_case *k = op_new(log ? "LogSoftmax" : "Softmax", opset);
                dv_shape s = op_shape(4, 1 + (axis + log) % 3, 4, 3, 5);
                float want[180];
                op_int(k, "axis", axis % 2 ? axis : axis - 4);
                op_activation(k, s);
                op_build(k);
                op_forward(k);
                naive_softmax(k->in[0].data, &s, axis, opset < 13 ? 4 : axis + 1, log, want);
                op_expect(k, 0, 1e-5, want);
                op_check_adjoint(k, 4);
                op_free(k);
            }
}

static void softmax_of_large_numbers_is_finite(void **state)
{
    (void)state;
    op_case *k = op_new("Softmax", 13);
    op_activation(k, op_shape(2, 1, 2));
    op_build(k);
    k->in[0].data[0] = 1000;
    k->in[0].data[1] = 1000;
    op_forward(k);
    op_expect_values(k, 0, 2, 0.5, 0.5);
    op_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relu_follows_the_three_rules),
        cmocka_unit_test(relu_at_zero_passes_nothing_by_the_gradient),
        cmocka_unit_test(clip_from_zero_follows_the_three_rules),
        cmocka_unit_test(clip_from_elsewhere_has_one_derivative),
        cmocka_unit_test(clip_takes_bounds_as_inputs),
        cmocka_unit_test(nan_passes_through_relu_and_clip),
        cmocka_unit_test(clamps_are_adjoint_by_the_gradient),
        cmocka_unit_test(clamps_fuse_onto_one_another),
        cmocka_unit_test(batch_normalization_by_hand),
        cmocka_unit_test(batch_normalization_is_adjoint),
        cmocka_unit_test(batch_normalization_fuses_as_it_computes),
        cmocka_unit_test(batch_normalization_applies_its_epilogue),
        cmocka_unit_test(batch_normalization_refuses_wrong_channels),
        cmocka_unit_test(softmax_over_every_axis_by_opset),
        cmocka_unit_test(softmax_of_large_numbers_is_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
