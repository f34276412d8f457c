/* test_op_layer_normalization.c - LayerNormalization: by hand, against its definition over random
 * geometry, the way back, what it refuses, and that a network in JSON needs no more than the table
 * of operators says. */
#include "op_harness.h"

#include "deconvviz/trace.h"
#include "kernel/isa.h"
#include "load/network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void rows_by_hand(void **state)
{
    (void)state;
    op_case *k = op_new("LayerNormalization", 17);
    const float x[] = { 1, 3, 10, 30 };
    op_float(k, "epsilon", 0);
    op_activation(k, op_shape(2, 2, 2));
    op_weight(k, op_shape(1, 2), (const float[]){ 1, 5 });
    op_weight(k, op_shape(1, 2), (const float[]){ 100, 0 });
    op_build(k);
    memcpy(k->in[0].data, x, sizeof x);
    op_forward(k);
    op_expect_values(k, 0, 4, 99.0, 5.0, 99.0, 5.0);
    op_free(k);
}

/* Means are -1 and 3, variances 1, of which epsilon makes 4; z is (-1,1) / 2 in both rows. Of
 * R = (2,0), (0,4) and scale (1,2) g is (2,0), (0,8); its means are 1, 4, those of g z -1/2, 2. */
static void the_way_back_by_hand(void **state)
{
    (void)state;
    op_case *k = op_new("LayerNormalization", 17);
    const float x[] = { -2, 0, 2, 4 }, r[] = { 2, 0, 0, 4 };
    op_float(k, "epsilon", 3);
    op_activation(k, op_shape(3, 1, 2, 2));
    op_weight(k, op_shape(1, 2), (const float[]){ 1, 2 });
    op_build(k);
    memcpy(k->in[0].data, x, sizeof x);
    op_forward(k);
    op_expect_values(k, 0, 4, -0.5, 1.0, -0.5, 1.0);
    for (dv_rule rule = 0; rule < DV_N_RULES; rule++)
        op_expect_projection(k, rule, r, 4, 0.375, -0.375, -1.5, 1.5);
    op_free(k);
}

static void a_row_far_from_zero_is_as_one_around_it(void **state)
{
    (void)state;
    op_case *k = op_new("LayerNormalization", 17);
    op_float(k, "epsilon", 0);
    op_activation(k, op_shape(2, 1, 3));
    op_weight(k, op_shape(0), (const float[]){ 1 });
    op_build(k);
    for (int i = 0; i < 3; i++)
        k->in[0].data[i] = 8388600 + (float)(i * i);
    op_forward(k);
    const double mean = 5.0 / 3, deviation = sqrt((mean * mean + 4.0 / 9 + 49.0 / 9) / 3);
    op_expect_values(k, 0, 3, -mean / deviation, -2.0 / 3 / deviation, 7.0 / 3 / deviation);
    op_free(k);
}

/* Element i of a row of `row`, of a weight that broadcasts to it. */
static double weight_at(const dv_tensor *w, const dv_shape *row, size_t i)
{
    size_t at = 0, step = 1;
    for (int k = 1; k <= row->rank && k <= w->shape.rank; k++) {
        const size_t size = (size_t)row->dim[row->rank - k];
        if (w->shape.dim[w->shape.rank - k] != 1) {
            at += i % size * step;
            step *= size;
        }
        i /= size;
    }
    return (double)w->data[at];
}

/* By the definition, in double. */
static void naive(const op_case *k, int axis, double epsilon, float *y)
{
    const dv_shape *s = &k->in[0].shape;
    dv_shape row = { .rank = s->rank - axis };
    for (int a = 0; a < row.rank; a++)
        row.dim[a] = s->dim[axis + a];
    const size_t n = dv_shape_count(&row), rows = dv_shape_count(s) / n;
    const float *x = k->in[0].data;
    for (size_t r = 0; r < rows; r++, x += n, y += n) {
        double mean = 0, variance = 0;
        for (size_t i = 0; i < n; i++)
            mean += (double)x[i] / (double)n;
        for (size_t i = 0; i < n; i++)
            variance += ((double)x[i] - mean) * ((double)x[i] - mean) / (double)n;
        for (size_t i = 0; i < n; i++) {
            const double z = ((double)x[i] - mean) / sqrt(variance + epsilon);
            const double bias = k->spec.n_in > 2 ? weight_at(&k->in[2], &row, i) : 0;
            y[i] = (float)(z * weight_at(&k->in[1], &row, i) + bias);
        }
    }
}

/* A shape that broadcasts to the axes from `axis` on: a whole row, or some of its axes are 1, the
 * first of them missing, or more 1 in front. */
static dv_shape weight_shape(const dv_shape *s, int axis)
{
    dv_shape w = { .rank = s->rank - axis };
    for (int k = 0; k < w.rank; k++)
        w.dim[k] = s->dim[axis + k];
    if (op_random_int(0, 1))
        return w;
    for (int k = 0; k < w.rank; k++)
        w.dim[k] = op_random_int(0, 1) ? 1 : w.dim[k];
    if (op_random_int(0, 1)) {
        const int less = op_random_int(1, w.rank);
        memmove(w.dim, w.dim + less, (size_t)(w.rank -= less) * sizeof *w.dim);
    } else if (w.rank < DV_MAX_RANK) {
        memmove(w.dim + 1, w.dim, (size_t)w.rank++ * sizeof *w.dim);
        w.dim[0] = 1;
    }
    return w;
}

static void every_rank_and_axis_equals_the_definition(void **state)
{
    (void)state;
    dv_pool *pool = dv_pool_new(2, NULL);
    for (int trial = 0; trial < 150; trial++) {
        op_case *k = op_new("LayerNormalization", 17);
        dv_shape s = { .rank = 1 + trial % DV_MAX_RANK };
        for (int a = 0; a < s.rank; a++)
            s.dim[a] = op_random_int(1, s.rank < 3 ? 20 : s.rank < 5 ? 5 : 3);
        const int axis = op_random_int(0, s.rank - 1);
        const bool last = axis == s.rank - 1 && op_random_int(0, 1); /* as it is by itself */
        if (!last)
            op_int(k, "axis", op_random_int(0, 1) ? axis : axis - s.rank);
        if (trial % 2)
            op_float(k, "epsilon", 0.25);
        op_activation(k, s);
        op_weight(k, weight_shape(&s, axis), NULL);
        if (trial % 3)
            op_weight(k, weight_shape(&s, axis), NULL);
        op_build(k);
        k->pool = trial % 2 ? pool : NULL;
        op_forward(k);
        float *want = malloc(dv_shape_count(&s) * sizeof *want);
        assert_non_null(want);
        naive(k, axis, trial % 2 ? 0.25 : (double)1e-5F, want);
        op_expect(k, 0, 2e-5, want);
        free(want);
        if (trial % 2) /* with little between them, a row is not smooth enough for differences */
            op_check_adjoint(k, 3);
        else
            op_check_boxes(k, 3);
        op_free(k);
    }
    dv_pool_free(pool);
}

static void many_rows_and_long_ones(void **state)
{
    (void)state;
    dv_pool *pool = dv_pool_new(2, NULL);
    const dv_shape shapes[] = { op_shape(3, 1, 900, 37), op_shape(4, 1, 30, 25, 24),
                                op_shape(2, 2, 40000) };
    for (int i = 0; i < 3; i++) {
        op_case *k = op_new("LayerNormalization", 17);
        const int n = shapes[i].dim[shapes[i].rank - 1];
        float *want = malloc(dv_shape_count(&shapes[i]) * sizeof *want);
        assert_non_null(want);
        op_activation(k, shapes[i]);
        op_weight(k, op_shape(1, n), NULL);
        op_weight(k, op_shape(1, n), NULL);
        op_build(k);
        k->pool = pool;
        op_forward(k);
        naive(k, shapes[i].rank - 1, (double)1e-5F, want);
        op_expect(k, 0, 1e-5, want);
        op_check_adjoint(k, 2);
        op_free(k);
        free(want);
    }
    dv_pool_free(pool);
}

static void a_box_reaches_its_rows_alone(void **state)
{
    (void)state;
    op_case *k = op_new("LayerNormalization", 17);
    op_activation(k, op_shape(4, 1, 6, 5, 8));
    op_weight(k, op_shape(1, 8), NULL);
    op_build(k);
    op_forward(k);
    const dv_box b = { { 1, 2, 3 }, { 3, 4, 4 } }, rows = { { 1, 2, 0 }, { 3, 4, 8 } };
    assert_true(dv_box_equal(k->op->reach(&k->call, 0, 0, b), rows));
    assert_true(dv_box_equal(k->op->window(&k->call, 0, 0, b), rows));
    op_free(k);
}

static op_case *given(dv_shape scale, bool activation)
{
    op_case *k = op_new("LayerNormalization", 17);
    op_activation(k, op_shape(3, 2, 4, 5));
    if (activation)
        op_activation(k, scale);
    else
        op_weight(k, scale, NULL);
    return k;
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const struct {
        int64_t axis;
        dv_shape scale;
        bool computed;
        dv_code code;
        const char *message;
    } faults[] = {
        { 3, { 1, { 5 } }, false, DV_BAD_DATA, "axis 3 of a tensor of 3 dimensions" },
        { -4, { 1, { 5 } }, false, DV_BAD_DATA, "axis -4 of a tensor of 3 dimensions" },
        { 2,
          { 1, { 4 } },
          false,
          DV_BAD_DATA,
          "scale is (4): (5), or what broadcasts to it, is needed" },
        { -1,
          { 2, { 4, 5 } },
          false,
          DV_BAD_DATA,
          "scale is (4,5): (5), or what broadcasts to it, is needed" },
        { 1,
          { 2, { 5, 4 } },
          false,
          DV_BAD_DATA,
          "scale is (5,4): (4,5), or what broadcasts to it, is needed" },
        { 1, { 1, { 5 } }, true, DV_UNSUPPORTED, "scale (input 1) is computed by the network" },
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        op_case *k = given(faults[i].scale, faults[i].computed);
        op_int(k, "axis", faults[i].axis);
        op_refused(k, faults[i].code, faults[i].message);
        op_free(k);
    }
    op_case *k = given(op_shape(1, 5), false);
    op_weight(k, op_shape(2, 2, 1), NULL);
    op_refused(k, DV_BAD_DATA, "bias is (2,1): (5), or what broadcasts to it, is needed");
    op_free(k);
    k = given(op_shape(1, 5), false);
    op_int(k, "stash_type", 10);
    op_refused(k, DV_UNSUPPORTED, "stash_type is 10: only 1 is supported");
    op_free(k);
    k = given(op_shape(1, 5), false);
    op_int(k, "stash_type", 1);
    op_build(k);
    op_free(k);
}

/* -- in a network ----------------------------------------------------------------------------- */

/* "norm.weight" 1, 2, 3 and "norm.bias" 4, 5, 6. */
static dv_file weights(void)
{
    static uint8_t file[512];
    static const char header[] =
        "{\"norm.weight\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]},"
        "\"norm.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[12,24]}}";
    static const float numbers[] = { 1, 2, 3, 4, 5, 6 };
    file[0] = sizeof header - 1;
    memcpy(file + 8, header, sizeof header - 1);
    memcpy(file + 8 + sizeof header - 1, numbers, sizeof numbers);
    return (dv_file){ .data = file, .size = 8 + sizeof header - 1 + sizeof numbers };
}

/* The output of a network of one node for the input (1,2,3) (4,8,0). */
static void gives(const char *node, const float *want)
{
    static const char head[] = "{\"format\":\"deconvviz-network\",\"version\":1,"
                               "\"input\":{\"name\":\"image\",\"shape\":[1,2,3]},\"nodes\":[%s]}";
    static const float x[] = { 1, 2, 3, 4, 8, 0 };
    char json[512];
    dv_error err = { 0 };
    dv_file w = weights();
    dv_network_request q = { .loaded = &w };
    dv_model *m = dv_model_new("hand.json", NULL, &err);
    assert_non_null(m);
    snprintf(json, sizeof json, head, node);
    if (!dv_network_build(m, json, strlen(json), &q, &err))
        fail_msg("%s", err.message);
    const int output = dv_model_output(m);
    dv_request r = { .n_keep = 1, .keep = &output };
    dv_plan *plan = dv_plan_new(m, &r, NULL, &err);
    dv_trace *t = plan ? dv_trace_new(plan, NULL, &err) : NULL;
    if (!t || !dv_trace_forward(t, x, &err))
        fail_msg("%s", err.message);
    for (int i = 0; i < 6; i++)
        assert_float_equal(dv_trace_tensor(t, output)[i], want[i], 1e-5F);
    dv_trace_free(t);
    dv_plan_free(plan);
    dv_model_free(m);
}

static void a_network_in_json_has_it(void **state)
{
    (void)state;
    const float a = (float)sqrt(1.5); /* 1 / deviation of both rows; of the second times 4 */
    const float by_name[] = { 4 - a, 5, 6 + 3 * a, 4, 5 + 2 * a, 6 - 3 * a };
    gives("{\"op\":\"LayerNormalization\",\"name\":\"n\",\"weights\":\"norm\",\"epsilon\":0}",
          by_name);
    const float listed[] = { -a / 2, 0, a, 0, 0, -a };
    gives("{\"op\":\"LayerNormalization\",\"name\":\"n\",\"axis\":-1,\"Scale\":[0.5,0,1],"
          "\"epsilon\":0}",
          listed);
    const float b = (float)(1 / sqrt(40.0 / 6)); /* mean 3 of all, variance 40 / 6 */
    const float together[] = { 7 - 2 * b, 7 - b, 7, 7 + b, 7 + 5 * b, 7 - 3 * b };
    gives("{\"op\":\"LayerNormalization\",\"name\":\"n\",\"axis\":1,\"Scale\":1,\"B\":7,"
          "\"epsilon\":0}",
          together);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_by_hand),
        cmocka_unit_test(the_way_back_by_hand),
        cmocka_unit_test(a_row_far_from_zero_is_as_one_around_it),
        cmocka_unit_test(every_rank_and_axis_equals_the_definition),
        cmocka_unit_test(many_rows_and_long_ones),
        cmocka_unit_test(a_box_reaches_its_rows_alone),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(a_network_in_json_has_it),
    };
    static const char *const sets[] = { "avx512", "avx2", "baseline" };
    int failures = 0;
    for (int i = 0; i < 3; i++) {
        failures += !dv_isa_limit(sets[i]);
        failures += cmocka_run_group_tests_name(sets[i], tests, NULL, NULL);
    }
    return failures;
}
