/* test_pad_pool.c - the means of a map padded by zeros are those of the map itself, with its pads
 * counted. */
#include "net.h"

#include "deconvviz/project.h"
#include "graph/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

enum { C = 2, H = 6, W = 7, UP = 1, LEFT = 2, DOWN = 0, RIGHT = 1 };
enum { WIDE = W + LEFT + RIGHT, OUT_H = H + UP + DOWN - 2, OUT_W = WIDE - 2 };

typedef struct variant {
    int64_t channels; /* padded too */
    float (*value)(uint32_t *state);
    const net_ints *pool;
} variant;

static const net_ints plain[] = { { "kernel_shape", 2, { 3, 3 } }, { 0 } };
static const net_ints own[] = { { "kernel_shape", 2, { 3, 3 } },
                                { "pads", 4, { 0, 0, 1, 0 } },
                                { 0 } };
static const net_ints up[] = { { "kernel_shape", 2, { 3, 3 } }, { "ceil_mode", 0, { 1 } }, { 0 } };

static float one(uint32_t *state)
{
    (void)state;
    return 1;
}

static dv_model *model_of(const variant *v)
{
    static int64_t pads[] = { 0, 0, UP, LEFT, 0, 0, DOWN, RIGHT }; /* the model keeps both */
    static const dv_array array = { DV_I64, { 1, { 8 } }, pads };
    pads[5] = v->channels;
    dv_model *m = net_new(C, H, W);
    assert_true(dv_model_add_constant(m, "pads", &array, NULL));
    if (v->value)
        net_constant(m, "value", 0, 0, 0, 0, v->value, 0);
    net_conv(m, "x", "map", C, C, 1, 1, 0, net_random, 9);
    net_add(m, "Pad", v->value ? "map pads value" : "map pads", "wide", NULL);
    net_add(m, "AveragePool", "wide", "y", v->pool ? v->pool : plain);
    net_finish(m, "y");
    return m;
}

static const char *read_by_pool(const variant *v)
{
    dv_model *m = model_of(v);
    const dv_node *n = &m->nodes[m->values[m->output].producer];
    const bool padded = m->values[n->in[0]].producer >= 0 &&
                        strcmp(m->nodes[m->values[n->in[0]].producer].op->name, "Pad") == 0;
    dv_model_free(m);
    return padded ? "Pad" : "map";
}

static void pads_of_zeros_are_the_pools_own(void **state)
{
    (void)state;
    assert_string_equal(read_by_pool(&(variant){ 0 }), "map");
    assert_string_equal(read_by_pool(&(variant){ .channels = 1 }), "Pad");
    assert_string_equal(read_by_pool(&(variant){ .value = one }), "Pad");
    assert_string_equal(read_by_pool(&(variant){ .pool = own }), "Pad");
    assert_string_equal(read_by_pool(&(variant){ .pool = up }), "Pad");
}

/* Of what the trace of these tensors holds, y; wide, where it is kept. */
static dv_trace *run(const dv_model *m, dv_plan **plan, int n, const char *const *names)
{
    float x[C * H * W];
    uint32_t seed = 3;
    for (int i = 0; i < C * H * W; i++)
        x[i] = net_random(&seed);
    int keep[3];
    for (int i = 0; i < n; i++)
        assert_true(dv_model_find(m, names[i], &keep[i], NULL));
    *plan = dv_plan_new(m, &(dv_request){ .n_keep = n, .keep = keep }, NULL, NULL);
    assert_non_null(*plan);
    dv_trace *t = dv_trace_new(*plan, NULL, NULL);
    assert_non_null(t);
    assert_true(dv_trace_forward(t, x, NULL));
    return t;
}

static const float *tensor(const dv_model *m, const dv_trace *t, const char *name)
{
    int at;
    assert_true(dv_model_find(m, name, &at, NULL));
    return dv_trace_tensor(t, at);
}

static void the_means_are_those_of_the_padded_map(void **state)
{
    (void)state;
    static const char *const names[] = { "y", "wide" };
    dv_model *m = model_of(&(variant){ 0 });
    dv_plan *alone, *both;
    dv_trace *a = run(m, &alone, 1, names), *b = run(m, &both, 2, names);
    const float *y = tensor(m, a, "y"), *wide = tensor(m, b, "wide");
    assert_memory_equal(y, tensor(m, b, "y"), C * OUT_H * OUT_W * sizeof *y);
    for (int i = 0; i < C * OUT_H * OUT_W; i++) {
        const int row = i / OUT_W % OUT_H, column = i % OUT_W, c = i / (OUT_W * OUT_H);
        double sum = 0;
        for (int k = 0; k < 9; k++)
            sum += (double)wide[(c * (H + UP + DOWN) + row + k / 3) * WIDE + column + k % 3];
        assert_true(fabs((double)y[i] - sum / 9) < 1e-6);
    }
    assert_true(wide[0] == 0 && wide[WIDE + LEFT] != 0);
    dv_trace_free(a), dv_trace_free(b);
    dv_plan_free(alone), dv_plan_free(both);
    dv_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pads_of_zeros_are_the_pools_own),
        cmocka_unit_test(the_means_are_those_of_the_padded_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
