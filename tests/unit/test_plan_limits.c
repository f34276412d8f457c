/* test_plan_limits.c - what no machine has memory for is refused in one line that names the node.
 */
#include "net.h"

#include "deconvviz/project.h"
#include "deconvviz/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

/* Strides of 2^20 columns, rows of 2^14 taps: a band of the sparse method has no end. */
enum { TALL = 1 << 14, STRIDE = 1 << 20, CHANNELS = 32 };

static void assert_names(const dv_error *err, const char *node)
{
    assert_int_equal(err->code, DV_NO_MEMORY);
    assert_int_equal(strncmp(err->message, node, strlen(node)), 0);
    assert_non_null(strstr(err->message, "bytes of scratch are needed: at most 1099511627776 are"));
    assert_null(strchr(err->message, '\n'));
}

static const net_ints upwards[] = { { "strides", 2, { 1, STRIDE } },
                                    { "output_shape", 2, { TALL, 8 } },
                                    { 0 } };

static void a_forward_pass_that_needs_too_much_is_not_planned(void **state)
{
    (void)state;
    dv_model *m = net_new(1, 1, 513);
    net_constant(m, "w", 1, CHANNELS, TALL, 1, net_random, 1);
    net_add(m, "ConvTranspose", "x w", "up", upwards);
    net_finish(m, "up");
    const int y = dv_model_output(m);
    const dv_request r = { .n_keep = 1, .keep = &y };
    dv_error err = { 0 };
    assert_null(dv_plan_new(m, &r, NULL, &err));
    assert_names(&err, "node 'up' (ConvTranspose): ");
    dv_model_free(m);
}

static void nor_is_it_computed_from_constants(void **state)
{
    (void)state;
    static const char *const in[] = { "k", "w" }, *out = "up";
    static const int64_t strides[] = { 1, STRIDE }, shape[] = { TALL, 8 };
    static const dv_attr attrs[] = {
        { .name = "strides", .kind = DV_ATTR_INTS, .n = 2, .v.ints = strides },
        { .name = "output_shape", .kind = DV_ATTR_INTS, .n = 2, .v.ints = shape },
    };
    const dv_node_words w = { .name = "up",
                              .op = "ConvTranspose",
                              .opset = 13,
                              .n_attrs = 2,
                              .attrs = attrs,
                              .n_in = 2,
                              .n_out = 1,
                              .in = in,
                              .out = &out };
    dv_model *m = net_new(1, 1, 1);
    net_constant(m, "w", 1, CHANNELS, TALL, 1, net_random, 1);
    net_constant(m, "k", 1, 1, 1, 513, net_random, 2);
    dv_array made;
    dv_error err = { 0 };
    assert_false(dv_model_evaluate(m, &w, (size_t)1 << 28, &made, &err));
    assert_names(&err, "node 'up' (ConvTranspose): ");
    dv_model_free(m);
}

static void a_projection_that_needs_too_much_is_refused(void **state)
{
    (void)state;
    enum { PAD = 1 << 24 };
    dv_model *m = net_new(CHANNELS, TALL, 1);
    net_constant(m, "w", 1, CHANNELS, TALL, 1, net_random, 1);
    net_add(
        m, "Conv", "x w", "y",
        (net_ints[]){ { "strides", 2, { 1, STRIDE } }, { "pads", 4, { 0, PAD, 0, PAD } }, { 0 } });
    net_finish(m, "y");
    const int y = dv_model_output(m);
    const dv_request r = { .n_keep = 1, .keep = &y, .rules = 1u << DV_RULE_DECONVNET };
    dv_error err = { 0 };
    dv_plan *plan = dv_plan_new(m, &r, NULL, &err);
    dv_trace *t = plan ? dv_trace_new(plan, NULL, &err) : NULL;
    float *x = calloc(CHANNELS * TALL, sizeof *x);
    assert_non_null(x);
    for (int i = 0; i < CHANNELS * TALL; i++)
        x[i] = 1;
    if (!t || !dv_trace_forward(t, x, &err))
        fail_msg("%s", err.message);
    dv_projector *p = dv_projector_new(t, NULL, &err);
    assert_non_null(p);
    dv_signal result;
    const dv_unit all = { y, 0, DV_ALL, DV_ALL }, one = { y, 0, 0, PAD / STRIDE };
    assert_false(dv_project(p, &all, DV_RULE_DECONVNET, DV_SEED_ONE, &result, &err));
    assert_names(&err, "node 'y' (Conv): ");
    assert_true(dv_project(p, &one, DV_RULE_DECONVNET, DV_SEED_ONE, &result, &err));
    assert_int_equal(dv_box_count(&result.box), CHANNELS * TALL);
    dv_projector_free(p);
    dv_trace_free(t);
    dv_plan_free(plan);
    dv_model_free(m);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_forward_pass_that_needs_too_much_is_not_planned),
        cmocka_unit_test(nor_is_it_computed_from_constants),
        cmocka_unit_test(a_projection_that_needs_too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
