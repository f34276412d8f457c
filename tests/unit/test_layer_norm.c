/* test_layer_norm.c - a layer normalisation that is written out is one operator, of which all that
 * lies between can still be asked for. */
#include "net.h"
#include "net_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { C = 3, H = 5, W = 24, N = C * H * W };

static float two(uint32_t *state)
{
    (void)state;
    return 2;
}

static float three(uint32_t *state)
{
    (void)state;
    return 3;
}

static float little(uint32_t *state)
{
    (void)state;
    return 0.01F;
}

typedef struct chain {
    bool squared;    /* d d, and not d^2 */
    bool whole;      /* over all axes but the first */
    bool other_mean; /* the variance is one of rows, the mean of all */
    bool turned;     /* constants stand on the left */
    bool identity;   /* behind the deviation */
    bool reversed;   /* x comes off the mean */
    int scale[2];    /* dimensions, 0 ends them */
    float (*exponent)(uint32_t *state);
} chain;

static void add_binary(dv_model *m, const chain *c, const char *op, const char *in,
                       const char *turned, const char *out)
{
    net_add(m, op, c->turned ? turned : in, out, NULL);
}

static dv_model *model_of(const chain *c)
{
    const net_ints rows[] = { { "axes", 1, { -1 } }, { 0 } },
                   all[] = { { "axes", 3, { 1, 2, 3 } }, { 0 } };
    dv_model *m = net_new(C, H, W);
    net_constant(m, "exponent", 0, 0, 0, 0, c->exponent ? c->exponent : two, 0);
    net_constant(m, "epsilon", 1, 0, 0, 0, little, 0);
    net_constant(m, "scale", c->scale[0] ? c->scale[0] : W, c->scale[1], 0, 0, net_random, 7);
    net_constant(m, "bias", W, 0, 0, 0, net_random, 8);
    net_conv(m, "x", "input", C, C, 1, 1, 0, net_random, 9);
    net_add(m, "ReduceMean", "input", "mean", c->whole ? all : rows);
    net_add(m, "Sub", c->reversed ? "mean input" : "input mean", "d", NULL);
    net_add(m, c->squared ? "Mul" : "Pow", c->squared ? "d d" : "d exponent", "square", NULL);
    net_add(m, "ReduceMean", "square", "variance", c->whole != c->other_mean ? all : rows);
    add_binary(m, c, "Add", "variance epsilon", "epsilon variance", "more");
    net_add(m, "Sqrt", "more", c->identity ? "root" : "deviation", NULL);
    if (c->identity)
        net_add(m, "Identity", "root", "deviation", NULL);
    net_add(m, "Div", "d deviation", "normal", NULL);
    add_binary(m, c, "Mul", "normal scale", "scale normal", "scaled");
    add_binary(m, c, "Add", "scaled bias", "bias scaled", "y");
    net_finish(m, "y");
    return m;
}

static const char *operator_of(const chain *c)
{
    dv_model *m = model_of(c);
    const char *name = m->nodes[m->values[m->output].producer].op->name; /* a constant's */
    dv_model_free(m);
    return name;
}

static void a_chain_becomes_one_operator(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++)
        assert_string_equal(
            operator_of(&(chain){ .squared = i & 1, .whole = i & 2, .turned = i & 4 }),
            "LayerNormalization");
    assert_string_equal(operator_of(&(chain){ .scale = { 1 } }), "LayerNormalization");
}

static void what_is_another_formula_stays(void **state)
{
    (void)state;
    const chain others[] = { { .exponent = three },
                             { .other_mean = true },
                             { .identity = true },
                             { .reversed = true },
                             { .scale = { H, W } } }; /* another for each row */
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_string_equal(operator_of(&others[i]), "Add");
}

/* -- what it computes ------------------------------------------------------------------------- */

static void what_lies_between_can_be_asked_for(void **state)
{
    (void)state;
    dv_model *one = model_of(&(chain){ .whole = false });
    dv_model *written = model_of(&(chain){ .identity = true });
    const char *const names[] = { "mean", "d", "square", "variance", "normal", "scaled", "y" };
    enum { NAMES = sizeof names / sizeof names[0] };
    int in_one[NAMES], in_written[NAMES];
    for (int i = 0; i < NAMES; i++) {
        in_one[i] = dv_model_value(one, names[i]);
        in_written[i] = dv_model_value(written, names[i]);
    }
    net_run all = net_run_keeping(one, 1, NAMES, in_one),
            alone = net_run_keeping(one, 1, 1, &one->output);
    net_run other = net_run_keeping(written, 1, NAMES, in_written);
    assert_int_equal(alone.plan->n_steps, 2);
    assert_memory_equal(dv_trace_tensor(all.trace, one->output),
                        dv_trace_tensor(alone.trace, one->output), N * sizeof(float));
    for (int i = 0; i < NAMES; i++) {
        const float *a = dv_trace_tensor(all.trace, in_one[i]);
        const float *b = dv_trace_tensor(other.trace, in_written[i]);
        for (size_t k = 0; k < dv_shape_count(&one->values[in_one[i]].shape); k++)
            assert_float_equal(a[k], b[k], 1e-5);
    }
    net_run_end(all), net_run_end(alone), net_run_end(other);
    dv_model_free(one);
    dv_model_free(written);
}

static void the_way_back_is_that_of_the_chain(void **state)
{
    (void)state;
    const char *const names[] = { "y", "normal", "d" };
    for (int whole = 0; whole < 2; whole++) {
        dv_model *one = model_of(&(chain){ .whole = whole });
        dv_model *written = model_of(&(chain){ .whole = whole, .identity = true });
        for (dv_rule rule = 0; rule < DV_N_RULES; rule++)
            for (int i = 0; i < 3; i++) {
                float a[N], b[N];
                net_run_project(
                    one, 1, &(dv_unit){ dv_model_value(one, names[i]), i, H / 2, W / 3 }, rule, a);
                net_run_project(written, 1,
                                &(dv_unit){ dv_model_value(written, names[i]), i, H / 2, W / 3 },
                                rule, b);
                for (int k = 0; k < N; k++)
                    assert_float_equal(a[k], b[k], 1e-5);
            }
        dv_model_free(one);
        dv_model_free(written);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_becomes_one_operator),
        cmocka_unit_test(what_is_another_formula_stays),
        cmocka_unit_test(what_lies_between_can_be_asked_for),
        cmocka_unit_test(the_way_back_is_that_of_the_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
