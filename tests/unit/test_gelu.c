/* test_gelu.c - a GELU that is written out is one operator, of which all that lies between can
 * still be asked for. */
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

enum { C = 3, H = 5, W = 7, N = C * H * W };

static float one(uint32_t *state)
{
    (void)state;
    return 1;
}

static float two(uint32_t *state)
{
    (void)state;
    return 2;
}

static float half(uint32_t *state)
{
    (void)state;
    return 0.5f;
}

static float root(uint32_t *state)
{
    (void)state;
    return 1.41421354f;
}

static float root_of_half(uint32_t *state)
{
    (void)state;
    return 0.707106769f;
}

/* Nodes, each as operator, inputs, output; of p, the last one's output is y. */
typedef const char *written[6][3];

static const written forms[] = {
    /* PyTorch */
    { { "Div", "p root", "a" },
      { "Erf", "a", "b" },
      { "Add", "b one", "c" },
      { "Mul", "p c", "d" },
      { "Mul", "d half", "y" } },
    /* x / 2 first, as in models of language */
    { { "Mul", "root.of.half p", "a" },
      { "Erf", "a", "b" },
      { "Add", "one b", "c" },
      { "Mul", "half p", "d" },
      { "Mul", "d c", "y" } },
    /* the probability first, divided by 2 */
    { { "Div", "p root", "a" },
      { "Erf", "a", "b" },
      { "Add", "b one", "c" },
      { "Div", "c two", "d" },
      { "Mul", "d p", "y" } },
    { { "Mul", "p root.of.half", "a" },
      { "Erf", "a", "b" },
      { "Add", "b one", "c" },
      { "Mul", "c p", "d" },
      { "Div", "d two", "y" } },
};

static const written others[] = {
    /* of something else than what it is multiplied into */
    { { "Div", "x root", "a" },
      { "Erf", "a", "b" },
      { "Add", "b one", "c" },
      { "Mul", "p c", "d" },
      { "Mul", "d half", "y" } },
    { { "Div", "root p", "a" },
      { "Erf", "a", "b" },
      { "Add", "b one", "c" },
      { "Mul", "p c", "d" },
      { "Mul", "d half", "y" } },
    { { "Div", "p two", "a" },
      { "Erf", "a", "b" },
      { "Add", "b one", "c" },
      { "Mul", "p c", "d" },
      { "Mul", "d half", "y" } },
    { { "Div", "p root", "a" },
      { "Erf", "a", "b" },
      { "Add", "b half", "c" },
      { "Mul", "p c", "d" },
      { "Mul", "d half", "y" } },
    { { "Div", "p root", "a" },
      { "Erf", "a", "b" },
      { "Add", "b one", "c" },
      { "Mul", "p c", "d" },
      { "Mul", "d two", "y" } },
    { { "Div", "p root", "a" },
      { "Erf", "a", "b" },
      { "Add", "b one", "c" },
      { "Mul", "p c", "d" },
      { "Mul", "d halves", "y" } },
    { { "Div", "p root", "a" },
      { "Erf", "a", "b" },
      { "Add", "b one", "c" },
      { "Mul", "half c", "d" },
      { "Mul", "two d", "y" } },
};

/* identity: between Erf and the addition, which hides the chain. */
static dv_model *model_of(const written w, bool identity)
{
    dv_model *m = net_new(C, H, W);
    net_constant(m, "one", 0, 0, 0, 0, one, 0);
    net_constant(m, "two", 0, 0, 0, 0, two, 0);
    net_constant(m, "half", 1, 0, 0, 0, half, 0);
    net_constant(m, "halves", W, 0, 0, 0, half, 0);
    net_constant(m, "root", 0, 0, 0, 0, root, 0);
    net_constant(m, "root.of.half", 0, 0, 0, 0, root_of_half, 0);
    net_conv(m, "x", "p", C, C, 3, 1, 1, net_random, 9);
    for (int i = 0; i < 6 && w[i][0]; i++) {
        const bool erf = identity && strcmp(w[i][0], "Erf") == 0;
        net_add(m, w[i][0], w[i][1], erf ? "hidden" : w[i][2], NULL);
        if (erf)
            net_add(m, "Identity", "hidden", w[i][2], NULL);
    }
    net_finish(m, "y");
    return m;
}

static const char *operator_of(const written w)
{
    dv_model *m = model_of(w, false);
    const char *name = m->nodes[m->values[m->output].producer].op->name; /* a constant's */
    dv_model_free(m);
    return name;
}

static void a_chain_becomes_one_operator(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        assert_string_equal(operator_of(forms[i]), "Gelu");
}

static void what_is_another_formula_stays(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_string_equal(operator_of(others[i]), "Mul");
}

/* -- what it computes ------------------------------------------------------------------------- */

static void what_lies_between_can_be_asked_for(void **state)
{
    (void)state;
    const char *const names[] = { "p", "a", "b", "c", "d", "y" };
    enum { NAMES = sizeof names / sizeof names[0] };
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        dv_model *m = model_of(forms[f], false), *chain = model_of(forms[f], true);
        int in_one[NAMES], in_chain[NAMES];
        for (int i = 0; i < NAMES; i++) {
            in_one[i] = dv_model_value(m, names[i]);
            in_chain[i] = dv_model_value(chain, names[i]);
        }
        net_run all = net_run_keeping(m, 3, NAMES, in_one),
                alone = net_run_keeping(m, 3, 1, &m->output);
        net_run other = net_run_keeping(chain, 3, NAMES, in_chain);
        assert_memory_equal(dv_trace_tensor(all.trace, m->output),
                            dv_trace_tensor(alone.trace, m->output), N * sizeof(float));
        for (int i = 0; i < NAMES; i++) {
            const float *a = dv_trace_tensor(all.trace, in_one[i]);
            const float *b = dv_trace_tensor(other.trace, in_chain[i]);
            for (int k = 0; k < N; k++)
                assert_float_equal(a[k], b[k], 1e-6);
        }
        net_run_end(all), net_run_end(alone), net_run_end(other);
        dv_model_free(m);
        dv_model_free(chain);
    }
}

static void the_way_back_is_that_of_the_chain(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        dv_model *m = model_of(forms[f], false), *chain = model_of(forms[f], true);
        for (dv_rule rule = 0; rule < DV_N_RULES; rule++)
            for (int channel = 0; channel < C; channel++) {
                float a[N], b[N];
                net_run_project(m, 3, &(dv_unit){ m->output, channel, H / 2, W / 3 }, rule, a);
                net_run_project(chain, 3, &(dv_unit){ chain->output, channel, H / 2, W / 3 }, rule,
                                b);
                for (int k = 0; k < N; k++)
                    assert_float_equal(a[k], b[k], 1e-5);
            }
        dv_model_free(m);
        dv_model_free(chain);
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
