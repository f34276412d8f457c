/* Noise that stands for rounding: its size, and that nothing but the seed decides it. */
#include "deconvviz/pool.h"
#include "deconvviz/trace.h"
#include "graph/noise.h"
#include "net.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void noise_has_the_size_that_was_asked_for_and_no_mean(void **state)
{
    (void)state;
    enum { N = 100000 };
    float *v = malloc(N * sizeof *v);
    assert_non_null(v);
    double sum = 0, squares = 0, most = 0;
    for (int i = 0; i < N; i++)
        v[i] = i % 2 ? 3 : -3; /* root mean square 3 */
    dv_disturb(v, N, 0.01F, 7);
    for (int i = 0; i < N; i++) {
        double d = (double)v[i] - (i % 2 ? 3 : -3);
        sum += d;
        squares += d * d;
        most = fmax(most, fabs(d));
    }
    assert_true(fabs(sum / N) < 5e-4);                  /* 5 standard errors */
    assert_true(fabs(sqrt(squares / N) - 0.03) < 3e-4); /* 1 % */
    assert_true(most > 0.09 && most < 0.1051);          /* 3.46 standard deviations at most */
    free(v);
}

static void seeds_next_to_each_other_have_nothing_in_common(void **state)
{
    (void)state;
    enum { N = 20000 };
    static float a[N], b[N];
    for (int i = 0; i < N; i++)
        a[i] = b[i] = 1;
    dv_disturb(a, N, 1, 0);
    dv_disturb(b, N, 1, 1);
    double ab = 0;
    for (int i = 0; i < N; i++)
        ab += ((double)a[i] - 1) * ((double)b[i] - 1);
    assert_true(fabs(ab / N) < 0.04); /* correlation: 5 standard errors */
}

enum { SIDE = 12, VALUES = 4 * 6 * 6 };

static dv_model *make_model(void)
{
    dv_model *m = net_new(3, SIDE, SIDE);
    net_conv(m, "x", "c1", 3, 5, 3, 1, 1, net_random, 7);
    net_add(m, "Relu", "c1", "r1", NULL);
    net_add(m, "MaxPool", "r1", "p1",
            (net_ints[]){ { "kernel_shape", 2, { 2, 2 } }, { "strides", 2, { 2, 2 } }, { 0 } });
    net_conv(m, "p1", "c2", 5, 4, 3, 1, 1, net_random, 9);
    net_add(m, "Relu", "c2", "r2", NULL);
    net_finish(m, "r2");
    return m;
}

static void run(float out[VALUES], const dv_model *m, bool may, float amount, uint64_t seed,
                int threads)
{
    dv_error err;
    uint32_t random = 3;
    float input[3 * SIDE * SIDE];
    int tensor;
    for (size_t i = 0; i < sizeof input / sizeof *input; i++)
        input[i] = net_random(&random);
    assert_true(dv_model_find(m, "r2", &tensor, &err));
    dv_request r = { .n_keep = 1, .keep = &tensor, .exact = true, .noise = may };
    dv_pool *pool = dv_pool_new(threads, &err);
    dv_plan *plan = dv_plan_new(m, &r, pool, &err);
    dv_trace *t = dv_trace_new(plan, pool, &err);
    if (may)
        assert_true(dv_trace_set_noise(t, amount, seed, &err));
    assert_true(dv_trace_forward(t, input, &err));
    memcpy(out, dv_trace_tensor(t, tensor), VALUES * sizeof *out);
    dv_trace_free(t);
    dv_plan_free(plan);
    dv_pool_free(pool);
}

static double distance(const float *a, const float *b)
{
    double dd = 0, aa = 0;
    for (int i = 0; i < VALUES; i++) {
        dd += pow((double)a[i] - (double)b[i], 2);
        aa += pow((double)a[i], 2);
    }
    return sqrt(dd / aa);
}

static void a_pass_moves_by_about_the_amount_and_stays_rectified(void **state)
{
    (void)state;
    dv_model *m = make_model();
    float plain[VALUES], none[VALUES], one[VALUES], again[VALUES], other[VALUES];
    run(plain, m, false, 0, 0, 1);
    run(none, m, true, 0, 5, 1);
    run(one, m, true, 1e-3F, 5, 1);
    run(again, m, true, 1e-3F, 5, 3);
    run(other, m, true, 1e-3F, 6, 1);
    assert_memory_equal(plain, none, sizeof plain);
    assert_memory_equal(one, again, sizeof one);
    assert_true(distance(plain, one) > 3e-4 && distance(plain, one) < 5e-3);
    assert_true(distance(one, other) > 3e-4);
    int zeros = 0;
    for (int i = 0; i < VALUES; i++) {
        assert_true(one[i] >= 0);
        zeros += one[i] == 0;
    }
    assert_true(zeros > VALUES / 8);
    dv_model_free(m);
}

/* -- which nodes are disturbed ---------------------------------------------------------------- */

static float positive(uint32_t *state)
{
    return net_random(state) + 2;
}

/* Whether noise moves the tensor "y" of a model that is freed here. */
static bool noise_moves(dv_model *m)
{
    dv_error err = { 0 };
    float x[3 * SIDE * SIDE], *y[2];
    uint32_t random = 3;
    net_finish(m, "y");
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        x[i] = net_random(&random);
    int tensor = dv_model_output(m);
    dv_request r = { .n_keep = 1, .keep = &tensor, .exact = true, .noise = true };
    dv_plan *plan = dv_plan_new(m, &r, NULL, &err);
    dv_trace *t = plan ? dv_trace_new(plan, NULL, &err) : NULL;
    if (!t)
        fail_msg("%s", err.message);
    size_t bytes = dv_shape_count(dv_tensor_shape(m, tensor)) * sizeof **y;
    for (int i = 0; i < 2; i++) {
        assert_true(dv_trace_set_noise(t, i ? 1e-3F : 0, 1, NULL));
        assert_true(dv_trace_forward(t, x, &err));
        y[i] = malloc(bytes);
        assert_non_null(y[i]);
        memcpy(y[i], dv_trace_tensor(t, tensor), bytes);
    }
    bool moved = memcmp(y[0], y[1], bytes) != 0;
    free(y[0]);
    free(y[1]);
    dv_trace_free(t);
    dv_plan_free(plan);
    dv_model_free(m);
    return moved;
}

static void weight_layers_are_disturbed(void **state)
{
    (void)state;
    dv_model *m = net_new(3, SIDE, SIDE);
    net_conv(m, "x", "y", 3, 5, 3, 1, 1, net_random, 7);
    assert_true(noise_moves(m));
    m = net_new(3, SIDE, SIDE);
    net_constant(m, "w", 3, 5, 3, 3, net_random, 7);
    net_add(m, "ConvTranspose", "x w", "y", NULL);
    assert_true(noise_moves(m));
    m = net_new(3, SIDE, SIDE);
    net_constant(m, "w", 3 * SIDE * SIDE, 5, 0, 0, net_random, 7);
    net_add(m, "Flatten", "x", "f", NULL);
    net_add(m, "Gemm", "f w", "y", NULL);
    assert_true(noise_moves(m));
    m = net_new(3, SIDE, SIDE);
    net_constant(m, "w", SIDE, 5, 0, 0, net_random, 7);
    net_add(m, "MatMul", "x w", "y", NULL);
    assert_true(noise_moves(m));
}

static void other_nodes_are_left_alone(void **state)
{
    (void)state;
    static const char *const of_two[] = { "Add", "Sub", "Mul", "Sum", "MatMul" };
    for (size_t i = 0; i < sizeof of_two / sizeof *of_two; i++) {
        dv_model *m = net_new(3, SIDE, SIDE);
        net_add(m, of_two[i], "x x", "y", NULL);
        assert_false(noise_moves(m));
    }
    dv_model *m = net_new(3, SIDE, SIDE);
    static const char *const statistics[] = { "scale", "bias", "mean", "var" };
    for (int i = 0; i < 4; i++)
        net_constant(m, statistics[i], 3, 0, 0, 0, positive, 5);
    net_add(m, "BatchNormalization", "x scale bias mean var", "y", NULL);
    assert_false(noise_moves(m));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_has_the_size_that_was_asked_for_and_no_mean),
        cmocka_unit_test(seeds_next_to_each_other_have_nothing_in_common),
        cmocka_unit_test(a_pass_moves_by_about_the_amount_and_stays_rectified),
        cmocka_unit_test(weight_layers_are_disturbed),
        cmocka_unit_test(other_nodes_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
