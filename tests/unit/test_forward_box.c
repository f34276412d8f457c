/* test_forward_box.c - a pass inside a box: the bytes of a whole pass, on networks. */
#include "deconvviz/load.h"
#include "deconvviz/pool.h"
#include "deconvviz/project.h"
#include "graph/plan.h"
#include "net.h"
#include "rounds.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint32_t seed = 3;

static int32_t random_int(int32_t lo, int32_t hi) /* both included */
{
    return lo + (int32_t)((net_random(&seed) + 1) / 2 * (float)(hi - lo + 1)) % (hi - lo + 1);
}

typedef struct bed {
    const dv_model *m;
    dv_plan *plan;
    dv_trace *inside, *whole;
    float *input;
    size_t n;
    dv_pool *pool;
} bed;

static void set_up(bed *b, const dv_model *m, int tensor, bool exact)
{
    dv_error err = { 0 };
    dv_request r = { .n_keep = 1, .keep = &tensor, .rules = 7, .boxes = true, .exact = exact };
    *b = (bed){ .m = m, .pool = dv_pool_new(2, &err) };
    b->plan = dv_plan_new(m, &r, b->pool, &err);
    if (!b->plan)
        fail_msg("%s", err.message);
    b->inside = dv_trace_new(b->plan, b->pool, &err);
    r.boxes = false;
    b->whole = dv_trace_new(b->plan, NULL, &err);
    assert_non_null(b->inside);
    assert_non_null(b->whole);
    b->n = dv_shape_count(dv_tensor_shape(m, dv_model_input(m)));
    b->input = malloc(b->n * sizeof *b->input);
    assert_non_null(b->input);
    for (size_t i = 0; i < b->n; i++)
        b->input[i] = net_random(&seed);
}

static void tear_down(bed *b)
{
    dv_trace_free(b->inside);
    dv_trace_free(b->whole);
    dv_plan_free(b->plan);
    dv_pool_free(b->pool);
    free(b->input);
}

/* New numbers in a random box of the input. */
static dv_box change_input(bed *b)
{
    const dv_box whole = dv_box_whole(dv_tensor_shape(b->m, dv_model_input(b->m)));
    const dv_signal x = { whole, b->input };
    dv_box box;
    for (int a = 0; a < 3; a++) {
        const int32_t most = a == DV_C ? whole.hi[a] : whole.hi[a] / 3 + 1;
        const int32_t size = random_int(1, most);
        box.lo[a] = random_int(0, whole.hi[a] - size);
        box.hi[a] = box.lo[a] + size;
    }
    for (int32_t c = box.lo[0]; c < box.hi[0]; c++)
        for (int32_t y = box.lo[1]; y < box.hi[1]; y++)
            for (int32_t i = box.lo[2]; i < box.hi[2]; i++)
                *dv_signal_at(&x, c, y, i) = net_random(&seed);
    return box;
}

/* Every activation that is kept, and the switches, which a projection shows. */
static void check_same(const bed *b, int tensor)
{
    for (int v = 0; v < b->m->n_values; v++) {
        const float *got = b->m->values[v].constant ? NULL : dv_trace_tensor(b->inside, v);
        const size_t bytes = got ? dv_shape_count(&b->m->values[v].shape) * sizeof *got : 0;
        if (got && memcmp(got, dv_trace_tensor(b->whole, v), bytes) != 0)
            fail_msg("'%s' is not that of a whole pass", b->m->values[v].name);
    }
    dv_projector *p = dv_projector_new(b->inside, NULL, NULL);
    dv_projector *q = dv_projector_new(b->whole, NULL, NULL);
    dv_unit u = { .tensor = tensor };
    dv_signal s, t;
    (void)dv_strongest(b->whole, &u);
    assert_true(dv_project(p, &u, DV_RULE_DECONVNET, DV_SEED_ONE, &s, NULL));
    assert_true(dv_project(q, &u, DV_RULE_DECONVNET, DV_SEED_ONE, &t, NULL));
    assert_true(dv_box_equal(s.box, t.box));
    assert_memory_equal(s.data, t.data, dv_box_count(&s.box) * sizeof *s.data);
    dv_projector_free(p);
    dv_projector_free(q);
}

static void check_network(const dv_model *m, int tensor, int trials)
{
    for (int exact = 0; exact < 2; exact++) {
        bed b;
        set_up(&b, m, tensor, exact);
        assert_true(dv_trace_forward(b.inside, b.input, NULL));
        for (int i = 0; i < rounds(trials); i++) {
            const dv_box box = change_input(&b);
            assert_true(dv_trace_forward_box(b.inside, b.input, box, NULL));
            assert_true(dv_trace_forward(b.whole, b.input, NULL));
            check_same(&b, tensor);
        }
        tear_down(&b);
    }
}

static void the_built_in_network(void **state)
{
    (void)state;
    dv_error err = { 0 };
    static const dv_load_options large = { .size = { 128, 112 } };
    dv_model *m = dv_model_open(DV_DEFAULT_MODEL, &large, &err);
    int tensor;
    assert_non_null(m);
    assert_true(dv_model_find(m, "5", &tensor, &err));
    check_network(m, tensor, 6);
    dv_model_free(m);
    m = dv_model_open(DV_DEFAULT_MODEL, NULL, &err);
    check_network(m, dv_model_output(m), 6);
    dv_model_free(m);
}

/* Branches, sums, a concatenation, grouped, strided and depthwise convolutions, pools. */
static void a_network_of_many_kinds(void **state)
{
    (void)state;
    dv_model *m = net_new(3, 40, 36);
    net_conv(m, "x", "a", 3, 16, 3, 1, 1, net_random, 1);
    net_add(m, "Relu", "a", "ar", NULL);
    net_conv(m, "ar", "b", 16, 16, 3, 1, 1, net_random, 2);
    net_add(m, "Sigmoid", "b", "bs", NULL);
    net_add(m, "Mul", "b bs", "silu", NULL);
    net_add(m, "Add", "silu ar", "sum", NULL);
    net_add(m, "LRN", "sum", "lrn", (net_ints[]){ { "size", 0, { 5 } }, { 0 } });
    net_add(m, "MaxPool", "lrn", "mp",
            (net_ints[]){ { "kernel_shape", 2, { 3, 3 } }, { "strides", 2, { 2, 2 } }, { 0 } });
    net_conv(m, "sum", "c", 16, 8, 3, 2, 0, net_random, 3);
    net_add(m, "Concat", "mp c", "cat", (net_ints[]){ { "axis", 0, { 1 } }, { 0 } });
    net_constant(m, "dw", 24, 1, 3, 3, net_random, 4);
    net_add(m, "Conv", "cat dw", "d",
            (net_ints[]){ { "group", 0, { 24 } }, { "pads", 4, { 1, 1, 1, 1 } }, { 0 } });
    net_add(m, "AveragePool", "d", "ap",
            (net_ints[]){ { "kernel_shape", 2, { 2, 2 } }, { "strides", 2, { 2, 2 } }, { 0 } });
    net_add(m, "GlobalAveragePool", "ap", "gap", NULL);
    net_add(m, "Mul", "ap gap", "se", NULL);
    net_conv(m, "se", "y", 24, 40, 5, 1, 2, net_random, 5);
    net_finish(m, "y");
    check_network(m, dv_model_output(m), 20);
    dv_model_free(m);
}

/* What only moves numbers hands a box on as it is. */
static void a_network_that_moves_numbers(void **state)
{
    (void)state;
    static const int64_t pads[] = { 0, 0, 2, 1, 0, 0, 1, 3 }, begin[] = { 1, 40 },
                         axes[] = { 2, 3 };
    static const int64_t end[] = { 25, INT64_MIN }, steps[] = { 1, -2 };
    const dv_array numbers[] = { { DV_I64, { 1, { 8 } }, pads },
                                 { DV_I64, { 1, { 2 } }, begin },
                                 { DV_I64, { 1, { 2 } }, end },
                                 { DV_I64, { 1, { 2 } }, axes },
                                 { DV_I64, { 1, { 2 } }, steps } };
    static const char *const names[] = { "pads", "begin", "end", "axes", "steps" };
    dv_model *m = net_new(2, 24, 20);
    for (int i = 0; i < 5; i++)
        assert_true(dv_model_add_constant(m, names[i], &numbers[i], NULL));
    const dv_attr reflect = { .name = "mode", .kind = DV_ATTR_TEXT, .v.text = "reflect" };
    const char *const in[] = { "deep", "pads" }, *const out[] = { "wide" };
    const dv_node_words pad = { .op = "Pad",
                                .opset = 13,
                                .n_attrs = 1,
                                .attrs = &reflect,
                                .n_in = 2,
                                .in = in,
                                .n_out = 1,
                                .out = out };
    net_conv(m, "x", "a", 2, 8, 3, 2, 1, net_random, 1);
    net_add(m, "DepthToSpace", "a", "deep", (net_ints[]){ { "blocksize", 0, { 2 } }, { 0 } });
    assert_true(dv_model_add_node(m, &pad, NULL));
    net_add(m, "Slice", "wide begin end axes steps", "cut", NULL);
    net_add(m, "Transpose", "cut", "turned", (net_ints[]){ { "perm", 4, { 0, 1, 3, 2 } }, { 0 } });
    net_add(m, "Split", "turned", "p q", (net_ints[]){ { "axis", 0, { 1 } }, { 0 } });
    net_add(m, "Concat", "q p turned", "cat", (net_ints[]){ { "axis", 0, { 1 } }, { 0 } });
    net_conv(m, "cat", "y", 4, 4, 3, 1, 1, net_random, 2);
    net_finish(m, "y");
    check_network(m, dv_model_output(m), 20);
    int tensor;
    bed b;
    assert_true(dv_model_find(m, "turned", &tensor, NULL));
    set_up(&b, m, dv_model_output(m), false);
    assert_true(dv_trace_forward(b.inside, b.input, NULL));
    assert_true(
        dv_trace_forward_box(b.inside, b.input, (dv_box){ { 0, 12, 12 }, { 1, 13, 13 } }, NULL));
    const dv_box reached = dv_trace_box(b.inside, tensor);
    assert_in_range(dv_box_count(&reached), 1, 60); /* of 2 x 12 x 24 */
    tear_down(&b);
    dv_model_free(m);
}

static void what_no_box_reaches_is_not_computed(void **state)
{
    (void)state;
    dv_model *m = net_new(1, 64, 64);
    net_conv(m, "x", "a", 1, 4, 3, 1, 1, net_random, 1);
    net_conv(m, "a", "b", 4, 4, 3, 1, 1, net_random, 2);
    net_finish(m, "b");
    int a, out = dv_model_output(m);
    bed b;
    assert_true(dv_model_find(m, "a", &a, NULL));
    set_up(&b, m, out, false);
    assert_true(dv_trace_forward(b.inside, b.input, NULL));
    assert_true(dv_box_equal(dv_trace_box(b.inside, out), (dv_box){ .hi = { 4, 64, 64 } }));
    const dv_box one = { { 0, 30, 20 }, { 1, 31, 21 } };
    assert_true(dv_trace_forward_box(b.inside, b.input, one, NULL));
    assert_true(dv_box_equal(dv_trace_box(b.inside, a), (dv_box){ { 0, 29, 19 }, { 4, 32, 22 } }));
    assert_true(
        dv_box_equal(dv_trace_box(b.inside, out), (dv_box){ { 0, 28, 18 }, { 4, 33, 23 } }));
    const dv_box outside = { { 0, 64, 0 }, { 1, 70, 9 } };
    assert_true(dv_trace_forward_box(b.inside, b.input, outside, NULL));
    dv_box none = dv_trace_box(b.inside, out);
    assert_true(dv_box_empty(&none));
    tear_down(&b);
    dv_model_free(m);
}

static void a_box_needs_a_plan_for_it_and_a_whole_pass_before(void **state)
{
    (void)state;
    dv_error err = { 0 };
    dv_model *m = net_new(1, 8, 8);
    net_conv(m, "x", "a", 1, 4, 3, 1, 1, net_random, 1);
    net_finish(m, "a");
    const int out = dv_model_output(m);
    const dv_box box = { .hi = { 1, 2, 2 } };
    float x[64] = { 0 };
    bed b;
    set_up(&b, m, out, false);
    assert_false(dv_trace_forward_box(b.inside, x, box, &err));
    assert_int_equal(err.code, DV_BAD_USAGE);
    tear_down(&b);
    dv_request r = { .n_keep = 1, .keep = &out };
    dv_plan *plan = dv_plan_new(m, &r, NULL, &err);
    dv_trace *t = dv_trace_new(plan, NULL, &err);
    assert_true(dv_trace_forward(t, x, &err));
    assert_false(dv_trace_forward_box(t, x, box, &err));
    assert_int_equal(err.code, DV_BAD_USAGE);
    dv_trace_free(t);
    dv_plan_free(plan);
    r.boxes = r.noise = true;
    assert_null(dv_plan_new(m, &r, NULL, &err));
    assert_int_equal(err.code, DV_BAD_USAGE);
    dv_model_free(m);
}

static void a_nan_is_found_and_a_whole_pass_mends_it(void **state)
{
    (void)state;
    dv_error err = { 0 };
    dv_model *m = net_new(1, 8, 8);
    net_conv(m, "x", "a", 1, 4, 3, 1, 1, net_random, 1);
    net_finish(m, "a");
    bed b;
    set_up(&b, m, dv_model_output(m), false);
    assert_true(dv_trace_forward(b.inside, b.input, &err));
    b.input[9] = NAN;
    const dv_box box = { { 0, 1, 1 }, { 1, 2, 2 } };
    assert_false(dv_trace_forward_box(b.inside, b.input, box, &err));
    b.input[9] = 1;
    assert_false(dv_trace_forward_box(b.inside, b.input, box, &err));
    assert_true(dv_trace_forward(b.inside, b.input, &err));
    assert_true(dv_trace_forward_box(b.inside, b.input, box, &err));
    tear_down(&b);
    dv_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_built_in_network),
        cmocka_unit_test(a_network_of_many_kinds),
        cmocka_unit_test(a_network_that_moves_numbers),
        cmocka_unit_test(what_no_box_reaches_is_not_computed),
        cmocka_unit_test(a_box_needs_a_plan_for_it_and_a_whole_pass_before),
        cmocka_unit_test(a_nan_is_found_and_a_whole_pass_mends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
