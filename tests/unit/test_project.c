/* test_project.c - forward passes under every plan, and the way back as a whole. */
#include "net.h"

#include "deconvviz/project.h"
#include "graph/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { C = 3, H = 19, W = 15, N_PIXELS = C * H * W };

static float one(uint32_t *state)
{
    (void)state;
    return 1;
}

static float around_one(uint32_t *state)
{
    return 1 + net_random(state) / 4;
}

/* conv + BN + ReLU, overlapping pool, two branches joined by Concat, a shortcut added, two views.
 */
static dv_model *network(float (*fill)(uint32_t *))
{
    dv_model *m = net_new(C, H, W);
    net_conv(m, "x", "a", C, 6, 3, 1, 1, fill, 11);
    for (int i = 0; i < 4; i++)
        net_constant(m, (const char *[]){ "bn.g", "bn.b", "bn.m", "bn.v" }[i], 6, 0, 0, 0,
                     around_one, 20u + (unsigned)i);
    net_add(m, "BatchNormalization", "a bn.g bn.b bn.m bn.v", "bn", NULL);
    net_add(m, "Relu", "bn", "r", NULL);
    net_add(m, "MaxPool", "r", "p",
            (net_ints[]){ { "kernel_shape", 2, { 3, 3 } }, { "strides", 2, { 2, 2 } }, { 0 } });
    net_conv(m, "p", "b", 6, 4, 3, 1, 1, fill, 12);
    net_add(m, "Relu", "b", "b.r", NULL);
    net_conv(m, "p", "c", 6, 2, 1, 1, 0, fill, 13);
    net_add(m, "Relu", "c", "c.r", NULL);
    net_add(m, "Concat", "b.r c.r", "cat", (net_ints[]){ { "axis", 0, { 1 } }, { 0 } });
    net_add(m, "Add", "cat p", "sum", NULL);
    net_add(m, "Identity", "sum", "same", NULL);
    net_add(m, "Relu", "same", "y", NULL);
    net_finish(m, "y");
    return m;
}

static void fill_input(float *x, uint32_t seed)
{
    for (int i = 0; i < N_PIXELS; i++)
        x[i] = net_random(&seed);
}

/* A trace of the model after a forward pass that keeps `n` tensors. */
typedef struct run {
    dv_plan *plan;
    dv_trace *trace;
} run;

static run run_keeping(const dv_model *m, int n, const int *keep, unsigned rules, const float *x)
{
    dv_error err = { 0 };
    dv_request r = { .n_keep = n, .keep = keep, .rules = rules };
    run it = { .plan = dv_plan_new(m, &r, NULL, &err) };
    if (!it.plan)
        fail_msg("%s", err.message);
    it.trace = dv_trace_new(it.plan, NULL, &err);
    assert_non_null(it.trace);
    if (!dv_trace_forward(it.trace, x, &err))
        fail_msg("%s", err.message);
    return it;
}

static void end(run it)
{
    dv_trace_free(it.trace);
    dv_plan_free(it.plan);
}

static int id(const dv_model *m, const char *name)
{
    int v = dv_model_value(m, name);
    assert_true(v >= 0);
    return v;
}

static void every_plan_computes_the_same_activations(void **state)
{
    (void)state;
    static float x[N_PIXELS];
    fill_input(x, 5);
    dv_model *m = network(net_random);
    int all[64], n = 0;
    for (int v = 0; v < m->n_values; v++)
        if (!m->values[v].constant)
            all[n++] = v;
    run whole = run_keeping(m, n, all, 0, x);
    for (int i = 0; i < n; i++) {
        run alone = run_keeping(m, 1, &all[i], 0, x);
        const float *a = dv_trace_tensor(alone.trace, all[i]);
        const float *b = dv_trace_tensor(whole.trace, all[i]);
        for (size_t k = 0; k < dv_shape_count(&m->values[all[i]].shape); k++)
            assert_true(fabsf(a[k] - b[k]) <= 1e-5F * (1 + fabsf(b[k])));
        end(alone);
    }
    end(whole);
    dv_model_free(m);
}

static void what_nobody_asks_for_is_fused_and_gives_its_place_away(void **state)
{
    (void)state;
    static float x[N_PIXELS];
    fill_input(x, 5);
    dv_model *m = network(net_random);
    int y = id(m, "y"), bn = id(m, "bn");
    run one = run_keeping(m, 1, &y, 0, x);
    run two = run_keeping(m, 2, (int[]){ y, bn }, 0, x);
    assert_true(one.plan->n_steps < two.plan->n_steps);
    assert_true(one.plan->n_units < two.plan->n_units);
    assert_null(dv_trace_tensor(one.trace, bn));
    end(one);
    end(two);
    dv_model_free(m);
}

/* <R, dx> with a seed of 1 is the change of the unit when the input moves by dx. */
static void the_gradient_rule_is_the_derivative(void **state)
{
    (void)state;
    static float x[N_PIXELS], moved[N_PIXELS];
    dv_model *m = network(net_random);
    int y = id(m, "y");
    for (uint32_t seed = 1; seed <= 20; seed++) {
        fill_input(x, seed);
        run it = run_keeping(m, 1, &y, 1u << DV_RULE_GRADIENT, x);
        dv_error err = { 0 };
        dv_unit u = { .tensor = y, .channel = (int32_t)(seed % 6) };
        float value = dv_strongest(it.trace, &u);
        if (value <= 0) {
            end(it);
            continue;
        }
        dv_projector *p = dv_projector_new(it.trace, NULL, &err);
        dv_signal r;
        assert_true(dv_project(p, &u, DV_RULE_GRADIENT, DV_SEED_ONE, &r, &err));
        double predicted = 0;
        uint32_t s = seed + 100;
        memcpy(moved, x, sizeof x);
        for (int c = 0; c < C; c++)
            for (int i = r.box.lo[DV_Y]; i < r.box.hi[DV_Y]; i++)
                for (int k = r.box.lo[DV_X]; k < r.box.hi[DV_X]; k++) {
                    float d = net_random(&s) * 1e-4F;
                    moved[(c * H + i) * W + k] += d;
                    predicted += (double)d * (double)*dv_signal_at(&r, c, i, k);
                }
        assert_true(dv_trace_forward(it.trace, moved, &err));
        double got = (double)dv_unit_value(it.trace, &u) - (double)value;
        assert_true(fabs(got - predicted) <= 0.05 * fabs(predicted) + 2e-6);
        dv_projector_free(p);
        end(it);
    }
    dv_model_free(m);
}

/* Outside the box of the result nothing may depend on the unit: perturbing there leaves it alone.
 */
static void a_unit_does_not_depend_on_what_lies_outside_its_box(void **state)
{
    (void)state;
    static float x[N_PIXELS];
    dv_model *m = network(net_random);
    int y = id(m, "sum");
    fill_input(x, 3);
    run it = run_keeping(m, 1, &y, 1u << DV_RULE_DECONVNET, x);
    dv_error err = { 0 };
    dv_projector *p = dv_projector_new(it.trace, NULL, &err);
    dv_unit u = { y, 1, 4, 2 };
    dv_signal r;
    assert_true(dv_project(p, &u, DV_RULE_DECONVNET, DV_SEED_VALUE, &r, &err));
    dv_box whole = { { 0, 0, 0 }, { C, H, W } };
    assert_true(dv_box_contains(whole, r.box));
    assert_true(dv_box_count(&r.box) < N_PIXELS);
    float before = dv_unit_value(it.trace, &u);
    for (int c = 0; c < C; c++)
        for (int i = 0; i < H; i++)
            for (int k = 0; k < W; k++) {
                dv_box here = { { c, i, k }, { c + 1, i + 1, k + 1 } };
                if (!dv_box_contains(r.box, here))
                    x[(c * H + i) * W + k] += 1;
            }
    dv_projector_free(p);
    assert_true(dv_trace_forward(it.trace, x, &err));
    assert_true(dv_unit_value(it.trace, &u) == before);
    end(it);
    dv_model_free(m);
}

/* The whole map of a channel is the sum of its units where no rule looks at signs (all positive).
 */
static void a_whole_map_is_the_sum_of_its_units(void **state)
{
    (void)state;
    static float x[N_PIXELS], sum[N_PIXELS];
    memset(sum, 0, sizeof sum);
    dv_model *m = network(around_one);
    int y = id(m, "y");
    fill_input(x, 9);
    for (int i = 0; i < N_PIXELS; i++)
        x[i] = fabsf(x[i]);
    run it = run_keeping(m, 1, &y, 1u << DV_RULE_DECONVNET, x);
    dv_error err = { 0 };
    dv_projector *p = dv_projector_new(it.trace, NULL, &err);
    dv_box map = dv_box_whole(&m->values[y].shape);
    dv_signal r;
    for (int32_t i = 0; i < map.hi[DV_Y]; i++)
        for (int32_t k = 0; k < map.hi[DV_X]; k++) {
            dv_unit u = { y, 2, i, k };
            assert_true(dv_project(p, &u, DV_RULE_DECONVNET, DV_SEED_VALUE, &r, &err));
            for (int32_t c = r.box.lo[0]; c < r.box.hi[0]; c++)
                for (int32_t a = r.box.lo[1]; a < r.box.hi[1]; a++)
                    for (int32_t b = r.box.lo[2]; b < r.box.hi[2]; b++)
                        sum[(c * H + a) * W + b] += *dv_signal_at(&r, c, a, b);
        }
    dv_unit all = { y, 2, DV_ALL, DV_ALL };
    assert_true(dv_project(p, &all, DV_RULE_DECONVNET, DV_SEED_VALUE, &r, &err));
    assert_int_equal(dv_box_count(&r.box), N_PIXELS);
    for (int i = 0; i < N_PIXELS; i++)
        assert_true(fabsf(r.data[i] - sum[i]) <= 1e-4F * (1 + fabsf(sum[i])));
    dv_projector_free(p);
    end(it);
    dv_model_free(m);
}

/* Where in the input (1,1,2,2), {1, 1 + 1 ulp, 0, 0}, the only unit of the pool's output lies.
 * `before` the pool the values go through an operator that leaves them as they are; NULL: none. */
static int switch_of(const char *before, const char *pool, bool exact, float noise)
{
    static const float x[] = { 1, 1 + 0x1p-23F, 0, 0 };
    dv_model *m = net_new(1, 2, 2);
    net_constant(m, "w", 1, 1, 1, 1, one, 1);
    if (before)
        net_add(m, before, "x w", "b", NULL);
    const net_ints kernel[] = { { "kernel_shape", 2, { 2, 2 } }, { 0 } };
    net_add(m, pool, before ? "b" : "x", "y", strcmp(pool, "MaxPool") == 0 ? kernel : NULL);
    net_finish(m, "y");
    const int y = id(m, "y");
    dv_request request = { .n_keep = 1,
                           .keep = &y,
                           .rules = 1u << DV_RULE_DECONVNET,
                           .exact = exact,
                           .noise = noise > 0 };
    dv_error err = { 0 };
    dv_plan *plan = dv_plan_new(m, &request, NULL, &err);
    dv_trace *t = dv_trace_new(plan, NULL, &err);
    dv_projector *p = dv_projector_new(t, NULL, &err);
    assert_non_null(p);
    if (noise > 0)
        assert_true(dv_trace_set_noise(t, noise, 1, &err));
    assert_true(dv_trace_forward(t, x, &err));
    dv_unit u = { y, 0, 0, 0 };
    dv_signal r;
    assert_true(dv_project(p, &u, DV_RULE_DECONVNET, DV_SEED_ONE, &r, &err));
    assert_int_equal(dv_box_count(&r.box), 4);
    int at = 0;
    while (r.data[at] == 0)
        at++;
    assert_true(r.data[at] == 1);
    dv_projector_free(p);
    dv_trace_free(t);
    dv_plan_free(plan);
    dv_model_free(m);
    return at;
}

/* Nearly equal values are different in an exact pass; and where what they went through rounds equal
 * ones alike, as direct convolutions do. Noise is no such thing. */
static void a_switch_is_the_true_maximum_unless_rounding_depends_on_the_place(void **state)
{
    (void)state;
    static const char *const pools[] = { "MaxPool", "GlobalMaxPool" };
    for (int i = 0; i < 2; i++) {
        assert_int_equal(switch_of(NULL, pools[i], true, 0), 1);
        assert_int_equal(switch_of(NULL, pools[i], false, 0), 1);
        assert_int_equal(switch_of("Conv", pools[i], false, 0), 1);
        assert_int_equal(switch_of("ConvTranspose", pools[i], true, 0), 1);
        assert_int_equal(switch_of("ConvTranspose", pools[i], false, 0), 0);
        assert_int_equal(switch_of(NULL, pools[i], true, 1e-9F), 0);
    }
}

static void a_nan_is_an_error_that_names_the_node(void **state)
{
    (void)state;
    static float x[N_PIXELS];
    fill_input(x, 9);
    dv_model *m = network(net_random);
    float *w = (float *)(uintptr_t)m->values[id(m, "b.w")].constant->data;
    w[3] = NAN;
    int y = id(m, "y");
    dv_error err = { 0 };
    dv_request r = { .n_keep = 1, .keep = &y };
    dv_plan *plan = dv_plan_new(m, &r, NULL, &err);
    dv_trace *t = dv_trace_new(plan, NULL, &err);
    assert_false(dv_trace_forward(t, x, &err));
    assert_string_equal(err.message, "the activations become NaN in node 'b' (Conv)");
    x[7] = NAN;
    assert_false(dv_trace_forward(t, x, &err));
    assert_string_equal(err.message, "the input holds a NaN");
    dv_trace_free(t);
    dv_plan_free(plan);
    dv_model_free(m);
}

static float large(uint32_t *state)
{
    (void)state;
    return 1e20F;
}

/* The pass that looks for the node keeps every tensor, views of the input too; it read the input
 * from where it had not been copied: zeros here, which make no NaN. */
static void so_it_is_behind_a_view_of_the_input(void **state)
{
    (void)state;
    enum { SIDE = 512, PIXELS = SIDE * SIDE };
    static float x[PIXELS];
    for (int i = 0; i < PIXELS; i++)
        x[i] = 1e30F;
    dv_model *m = net_new(1, SIDE, SIDE);
    net_constant(m, "large", 1, 0, 0, 0, large, 0);
    net_add(m, "Dropout", "x", "same mask", NULL);
    net_add(m, "Sub", "large same", "less", NULL);
    net_add(m, "Log", "less", "y", NULL);
    net_finish(m, "y");
    const int y = id(m, "y");
    dv_error err = { 0 };
    const dv_request r = { .n_keep = 1, .keep = &y };
    dv_plan *plan = dv_plan_new(m, &r, NULL, &err);
    dv_trace *t = dv_trace_new(plan, NULL, &err);
    assert_false(dv_trace_forward(t, x, &err));
    assert_string_equal(err.message, "the activations become NaN in node 'y' (Log)");
    dv_trace_free(t);
    dv_plan_free(plan);
    dv_model_free(m);
}

static void an_infinity_is_no_failure(void **state)
{
    (void)state;
    static const float x[N_PIXELS]; /* zeros */
    dv_model *m = net_new(C, H, W);
    net_add(m, "Log", "x", "log", NULL);
    net_add(m, "Relu", "log", "y", NULL);
    net_finish(m, "y");
    const int keep[] = { id(m, "log"), id(m, "y") };
    run it = run_keeping(m, 2, keep, 0, x);
    assert_true(dv_trace_tensor(it.trace, keep[0])[0] == -INFINITY);
    assert_true(dv_trace_tensor(it.trace, keep[1])[0] == 0);
    end(it);
    dv_model_free(m);
}

/* The first operator is depthwise: two of three channels are 0, but they are there, for a picture
 * has them. So it is where the unit is one of the input itself. */
static void a_signal_in_the_input_has_all_channels(void **state)
{
    (void)state;
    static float x[N_PIXELS];
    fill_input(x, 6);
    dv_model *m = net_new(C, H, W);
    net_constant(m, "w", C, 1, 3, 3, net_random, 14);
    net_add(m, "Conv", "x w", "y",
            (net_ints[]){ { "group", 0, { C } }, { "pads", 4, { 1, 1, 1, 1 } }, { 0 } });
    net_finish(m, "y");
    const int keep[] = { id(m, "y"), id(m, "x") };
    run it = run_keeping(m, 2, keep, 1U << DV_RULE_DECONVNET, x);
    dv_error err = { 0 };
    dv_projector *p = dv_projector_new(it.trace, NULL, &err);
    const float *w = dv_array_floats(m->values[id(m, "w")].constant);
    for (int i = 0; i < 2; i++)
        for (int32_t c = 0; c < C; c++) {
            const dv_unit u = { keep[i], c, 5, 7 };
            const float value = dv_unit_value(it.trace, &u);
            dv_signal s;
            assert_true(dv_project(p, &u, DV_RULE_DECONVNET, DV_SEED_VALUE, &s, &err));
            assert_int_equal(s.box.lo[DV_C], 0);
            assert_int_equal(s.box.hi[DV_C], C);
            for (int32_t k = 0; k < C; k++)
                for (int32_t at = i == 0 ? 0 : 4; at < (i == 0 ? 9 : 5); at++) {
                    const float want = k != c ? 0 : i == 0 ? value * w[c * 9 + at] : value;
                    assert_true(*dv_signal_at(&s, k, 4 + at / 3, 6 + at % 3) == want);
                }
        }
    dv_projector_free(p);
    end(it);
    dv_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_plan_computes_the_same_activations),
        cmocka_unit_test(what_nobody_asks_for_is_fused_and_gives_its_place_away),
        cmocka_unit_test(the_gradient_rule_is_the_derivative),
        cmocka_unit_test(a_unit_does_not_depend_on_what_lies_outside_its_box),
        cmocka_unit_test(a_whole_map_is_the_sum_of_its_units),
        cmocka_unit_test(a_switch_is_the_true_maximum_unless_rounding_depends_on_the_place),
        cmocka_unit_test(a_nan_is_an_error_that_names_the_node),
        cmocka_unit_test(so_it_is_behind_a_view_of_the_input),
        cmocka_unit_test(an_infinity_is_no_failure),
        cmocka_unit_test(a_signal_in_the_input_has_all_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
