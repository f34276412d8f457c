/* test_graph.c - names, places, building a model, layers, receptive fields. */
#include "net.h"

#include "graph/names.h"
#include "graph/places.h"
#include "graph/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void a_table_of_names_finds_each_of_ten_thousand(void **state)
{
    (void)state;
    static char names[10000][16];
    dv_error err = { 0 };
    dv_names *t = dv_names_new(&err);
    assert_non_null(t);
    for (int i = 0; i < 10000; i++) {
        snprintf(names[i], sizeof names[i], "n%d", i);
        assert_true(dv_names_add(t, names[i], i, &err));
    }
    for (int i = 0; i < 10000; i++)
        assert_int_equal(dv_names_find(t, names[i]), i);
    assert_int_equal(dv_names_find(t, "n10000"), -1);
    dv_names_free(t);
}

static void places_never_overlap_and_are_used_again(void **state)
{
    (void)state;
    enum { N = 40 };
    dv_places p = { 0 };
    dv_place at[N], units[N] = { 0 };
    memset(at, -1, sizeof at);
    uint32_t seed = 7;
    dv_place live = 0, most = 0;
    for (int step = 0; step < 20000; step++) {
        int i = (int)((net_random(&seed) + 1) * N / 2);
        if (at[i] >= 0) {
            assert_true(dv_places_give(&p, at[i], units[i], NULL));
            at[i] = -1;
            live -= units[i];
            continue;
        }
        units[i] = (dv_place)((net_random(&seed) + 1) * 50) + 1;
        at[i] = dv_places_take(&p, units[i]);
        live += units[i];
        most = live > most ? live : most;
        for (int k = 0; k < N; k++)
            if (k != i && at[k] >= 0)
                assert_true(at[k] + units[k] <= at[i] || at[i] + units[i] <= at[k]);
    }
    assert_true(p.end < 2 * most);
    dv_places_release(&p);
}

/* x -> conv a -> relu -> pool -> conv b -> relu, beside it a projection c: b + c -> relu. */
static dv_model *small_dag(float (*fill)(uint32_t *))
{
    dv_model *m = net_new(2, 17, 13);
    net_conv(m, "x", "a", 2, 4, 3, 2, 1, fill, 1);
    net_add(m, "Relu", "a", "a.relu", NULL);
    net_add(m, "AveragePool", "a.relu", "pool",
            (net_ints[]){ { "kernel_shape", 2, { 3, 3 } }, { "strides", 2, { 2, 2 } }, { 0 } });
    net_conv(m, "pool", "b", 4, 4, 3, 1, 1, fill, 2);
    net_conv(m, "pool", "c", 4, 4, 1, 1, 0, fill, 3);
    net_add(m, "Add", "b c", "sum", NULL);
    net_add(m, "Relu", "sum", "y", NULL);
    net_finish(m, "y");
    return m;
}

static void layers_are_numbered_and_taken_behind_their_activation(void **state)
{
    (void)state;
    dv_model *m = small_dag(net_random);
    assert_int_equal(dv_model_n_layers(m), 3);
    assert_string_equal(dv_tensor_name(m, dv_model_layer(m, 0)->tensor), "a.relu");
    assert_string_equal(dv_tensor_name(m, dv_model_layer(m, 1)->tensor), "b");
    assert_int_equal(dv_model_layer(m, 0)->parameters, 4 * 2 * 9);
    dv_model_free(m);
}

/* On the longest way; batch normalisation, pools and sums are no layers. */
static void layers_behind_a_node_are_counted(void **state)
{
    (void)state;
    dv_model *m = small_dag(net_random);
    static const int behind[] = { 1, 1, 1, 0, 0, 0, 0 }; /* a, relu, pool; b, c, sum, relu */
    assert_int_equal(m->n_nodes, 7);
    for (int i = 0; i < m->n_nodes; i++)
        assert_int_equal(m->nodes[i].behind, behind[i]);
    dv_model_free(m);

    enum { DEPTH = 50, SKIP = 20 };
    char name[DEPTH + 1][16] = { "x" }, both[40];
    m = net_new(2, 5, 5);
    for (int i = 0; i < DEPTH; i++) {
        snprintf(name[i + 1], sizeof name[i + 1], "c%d", i);
        net_conv(m, name[i], name[i + 1], 2, 2, 3, 1, 1, net_random, (uint32_t)i);
    }
    snprintf(both, sizeof both, "%s %s", name[SKIP], name[DEPTH]); /* a short way beside the long */
    net_add(m, "Add", both, "y", NULL);
    net_finish(m, "y");
    for (int i = 0; i < DEPTH; i++)
        assert_int_equal(m->nodes[i].behind, DEPTH - 1 - i);
    dv_model_free(m);
}

static void a_layer_is_found_by_number_tensor_or_node_and_near_names_are_told(void **state)
{
    (void)state;
    dv_model *m = small_dag(net_random);
    dv_error err = { 0 };
    int tensor = -1;
    assert_true(dv_model_find(m, "1", &tensor, &err));
    assert_string_equal(dv_tensor_name(m, tensor), "a.relu");
    assert_true(dv_model_find(m, "sum", &tensor, &err));
    assert_string_equal(dv_tensor_name(m, tensor), "sum");
    assert_false(dv_model_find(m, "4", &tensor, &err));
    assert_string_equal(err.message, "layer 4: the network has weight layers 1 to 3");
    assert_false(dv_model_find(m, "a.relo", &tensor, &err));
    assert_non_null(strstr(err.message, "near: 'a.relu'"));
    assert_int_equal(err.code, DV_BAD_USAGE);
    assert_false(dv_model_find(m, "a.w", &tensor, &err));
    assert_non_null(strstr(err.message, "constant"));
    dv_model_free(m);
}

static void receptive_fields_count_padding_and_join_over_branches(void **state)
{
    (void)state;
    dv_model *m = small_dag(net_random);
    dv_error err = { 0 };
    int sum, c;
    assert_true(dv_model_find(m, "sum", &sum, &err));
    assert_true(dv_model_find(m, "c", &c, &err));
    dv_box unit = { { 0, 0, 0 }, { 1, 1, 1 } }, in;
    /* c: pool 3x3 of conv 3x3/2: 7 pixels, from -1; sum: two pool strides (4 px each) more. */
    assert_true(dv_model_field(m, c, unit, &in, &err));
    assert_int_equal(in.lo[DV_Y], -1);
    assert_int_equal(in.hi[DV_Y], 6);
    assert_true(dv_model_field(m, sum, unit, &in, &err));
    assert_int_equal(in.lo[DV_X], -5);
    assert_int_equal(in.hi[DV_X], 10);
    assert_int_equal(in.hi[DV_C], 2);
    int32_t stride[2];
    assert_true(dv_model_stride(m, sum, stride, &err));
    assert_int_equal(stride[0], 4);
    assert_int_equal(stride[1], 4);
    dv_model_free(m);
}

static void what_cannot_be_built_is_refused_in_one_line(void **state)
{
    (void)state;
    dv_error err = { 0 };
    dv_model *m = net_new(2, 8, 8);
    assert_false(net_try(m, "Frobnicate", "x", "y", NULL, &err));
    assert_string_equal(err.message, "node 'y' (Frobnicate): this operator is not supported");
    assert_false(net_try(m, "Relu", "nowhere", "y", NULL, &err));
    assert_string_equal(err.message, "node 'y' (Relu): its input 'nowhere' is nowhere defined");
    net_add(m, "Relu", "x", "y", NULL);
    assert_false(net_try(m, "Relu", "x", "y", NULL, &err));
    assert_string_equal(err.message, "node 'y' (Relu): two tensors are called 'y'");
    dv_shape s = { 4, { 1, 1, 1, 1 } };
    assert_false(dv_model_add_input(m, "z", &s, &err));
    assert_non_null(strstr(err.message, "two inputs, 'x' and 'z'"));
    assert_false(dv_model_finish(m, "nothing", &err));
    assert_string_equal(err.message, "the output 'nothing' is nowhere defined");
    dv_model_free(m);
}

static const float *kept(const dv_model *m, const dv_trace *t, const char *name)
{
    int tensor;
    assert_true(dv_model_find(m, name, &tensor, NULL));
    const float *data = dv_trace_tensor(t, tensor);
    assert_non_null(data);
    return data;
}

/* "inner" is joined to "outer", which holds "a" twice: one is a copy. A view of a part is one. */
static void what_is_joined_lies_in_the_whole_from_the_start(void **state)
{
    (void)state;
    enum { PLANE = 64 };
    dv_model *m = net_new(2, 8, 8);
    net_conv(m, "x", "a", 2, 2, 3, 1, 1, net_random, 1);
    net_conv(m, "x", "b", 2, 3, 3, 1, 1, net_random, 2);
    net_add(m, "Concat", "a b", "inner", (net_ints[]){ { "axis", 0, { 1 } }, { 0 } });
    net_conv(m, "x", "c", 2, 1, 3, 1, 1, net_random, 3);
    net_add(m, "Identity", "c", "c.view", NULL);
    net_add(m, "Concat", "c inner a c.view", "outer", (net_ints[]){ { "axis", 0, { 1 } }, { 0 } });
    net_add(m, "Relu", "outer", "y", NULL);
    net_finish(m, "y");
    static const char *const names[] = { "a", "b", "inner", "c", "c.view", "outer" };
    int keep[6];
    for (int i = 0; i < 6; i++)
        assert_true(dv_model_find(m, names[i], &keep[i], NULL));
    dv_request r = { .n_keep = 6, .keep = keep };
    dv_plan *p = dv_plan_new(m, &r, NULL, NULL);
    dv_trace *t = dv_trace_new(p, NULL, NULL);
    float x[2 * PLANE];
    uint32_t seed = 9;
    for (int i = 0; i < 2 * PLANE; i++)
        x[i] = net_random(&seed);
    assert_true(dv_trace_forward(t, x, NULL));
    const float *whole = kept(m, t, "outer");
    assert_ptr_equal(kept(m, t, "c"), whole);
    assert_ptr_equal(kept(m, t, "c.view"), whole);
    assert_ptr_equal(kept(m, t, "inner"), whole + PLANE);
    assert_ptr_equal(kept(m, t, "a"), whole + 6 * PLANE);
    assert_ptr_equal(kept(m, t, "b"), whole + 3 * PLANE);
    assert_memory_equal(whole + 6 * PLANE, whole + PLANE, 2 * PLANE * sizeof *whole);
    assert_memory_equal(whole + 8 * PLANE, whole, PLANE * sizeof *whole);
    dv_trace_free(t);
    dv_plan_free(p);
    dv_model_free(m);
}

/* Of a dense block each layer joins all before it: the parts lie in the last whole, and those
 * wholes are its beginning, or its middle, unless in another order or with more beside. */
static void wholes_of_the_same_parts_share_them(void **state)
{
    (void)state;
    enum { PLANE = 64 };
    const net_ints axis[] = { { "axis", 0, { 1 } }, { 0 } };
    dv_model *m = net_new(2, 8, 8);
    net_conv(m, "x", "a", 2, 2, 3, 1, 1, net_random, 1);
    net_conv(m, "a", "b", 2, 3, 3, 1, 1, net_random, 2);
    net_add(m, "Concat", "a b", "ab", axis);
    net_conv(m, "ab", "c", 5, 1, 3, 1, 1, net_random, 3);
    net_add(m, "Concat", "b c", "bc", axis);
    net_add(m, "Concat", "b a", "ba", axis);
    net_add(m, "Concat", "a b c", "abc", axis);
    net_add(m, "Concat", "bc ba", "other", axis);
    net_add(m, "Concat", "abc other", "y", axis);
    net_finish(m, "y");
    static const char *const names[] = { "a", "b", "ab", "c", "bc", "ba", "abc", "y" };
    int keep[8];
    for (int i = 0; i < 8; i++)
        assert_true(dv_model_find(m, names[i], &keep[i], NULL));
    dv_request r = { .n_keep = 8, .keep = keep };
    dv_plan *p = dv_plan_new(m, &r, NULL, NULL);
    dv_trace *t = dv_trace_new(p, NULL, NULL);
    float x[2 * PLANE];
    uint32_t seed = 9;
    for (int i = 0; i < 2 * PLANE; i++)
        x[i] = net_random(&seed);
    assert_true(dv_trace_forward(t, x, NULL));
    const float *a = kept(m, t, "a"), *b = kept(m, t, "b"), *c = kept(m, t, "c");
    assert_ptr_equal(kept(m, t, "abc"), a);
    assert_ptr_equal(kept(m, t, "ab"), a);
    assert_ptr_equal(b, a + 2 * PLANE);
    assert_ptr_equal(c, b + 3 * PLANE);
    const float *bc = kept(m, t, "bc"), *ba = kept(m, t, "ba");
    assert_memory_equal(bc, b, 3 * PLANE * sizeof *bc);
    assert_memory_equal(bc + 3 * PLANE, c, PLANE * sizeof *bc);
    assert_ptr_not_equal(ba, a);
    assert_memory_equal(ba, b, 3 * PLANE * sizeof *ba);
    assert_memory_equal(ba + 3 * PLANE, a, 2 * PLANE * sizeof *ba);
    dv_trace_free(t);
    dv_plan_free(p);
    dv_model_free(m);
}

/* What the pieces of an operator say is all that placing goes by: a Slice of everything and a
 * Transpose of axes of size 1 are views, and a Pad of channels has its input lie in it. */
static void what_moves_nothing_has_one_place(void **state)
{
    (void)state;
    enum { PLANE = 64 };
    dv_model *m = net_new(2, 8, 8);
    static const int64_t begin[] = { 0, 0 }, end[] = { 99, 99 };
    static const int64_t pads[] = { 0, 1, 0, 0, 0, 2, 0, 0 };
    const dv_array numbers[] = { { DV_I64, { 1, { 2 } }, begin },
                                 { DV_I64, { 1, { 2 } }, end },
                                 { DV_I64, { 1, { 8 } }, pads } };
    static const char *const numbers_of[] = { "begin", "end", "pads" };
    for (int i = 0; i < 3; i++)
        assert_true(dv_model_add_constant(m, numbers_of[i], &numbers[i], NULL));
    net_add(m, "Slice", "x begin end", "all", NULL);
    net_conv(m, "all", "a", 2, 2, 3, 1, 1, net_random, 1);
    net_add(m, "Pad", "a pads", "wide", NULL);
    net_add(m, "Unsqueeze", "wide", "deep", (net_ints[]){ { "axes", 1, { 2 } }, { 0 } });
    net_add(m, "Transpose", "deep", "y", (net_ints[]){ { "perm", 5, { 2, 1, 0, 3, 4 } }, { 0 } });
    net_finish(m, "y");
    static const char *const names[] = { "a", "wide", "y" };
    int keep[3];
    for (int i = 0; i < 3; i++)
        assert_true(dv_model_find(m, names[i], &keep[i], NULL));
    dv_request r = { .n_keep = 3, .keep = keep };
    dv_plan *p = dv_plan_new(m, &r, NULL, NULL);
    dv_trace *t = dv_trace_new(p, NULL, NULL);
    float x[2 * PLANE];
    uint32_t seed = 9;
    for (int i = 0; i < 2 * PLANE; i++)
        x[i] = net_random(&seed);
    for (int turn = 0; turn < 2; turn++) {
        assert_true(dv_trace_forward(t, x, NULL));
        const float *y = kept(m, t, "y");
        assert_ptr_equal(kept(m, t, "wide"), y);
        assert_ptr_equal(kept(m, t, "a"), y + PLANE);
        for (int i = 0; i < 5 * PLANE; i++)
            assert_int_equal(y[i] != 0, i >= PLANE && i < 3 * PLANE);
    }
    dv_trace_free(t);
    dv_plan_free(p);
    dv_model_free(m);
}

/* It is no view: a constant lies elsewhere. With a ratio that is computed it is not folded. */
static void a_dropout_of_a_constant_is_computed(void **state)
{
    (void)state;
    dv_model *m = net_new(1, 1, 1);
    net_constant(m, "c", 1, 2, 3, 0, net_random, 1);
    net_add(m, "Dropout", "c x", "y", NULL);
    net_add(m, "Identity", "y", "z", NULL);
    net_finish(m, "z");
    static const char *const names[] = { "y", "z" };
    static const float x[] = { 0.5F };
    int keep[2];
    for (int i = 0; i < 2; i++)
        assert_true(dv_model_find(m, names[i], &keep[i], NULL));
    dv_request r = { .n_keep = 2, .keep = keep };
    dv_plan *p = dv_plan_new(m, &r, NULL, NULL);
    dv_trace *t = dv_trace_new(p, NULL, NULL);
    const float *c = m->values[dv_model_value(m, "c")].constant->data;
    assert_true(dv_trace_forward(t, x, NULL));
    assert_memory_equal(kept(m, t, "y"), c, 6 * sizeof *c);
    assert_ptr_equal(kept(m, t, "z"), kept(m, t, "y"));
    dv_trace_free(t);
    dv_plan_free(p);
    dv_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_of_names_finds_each_of_ten_thousand),
        cmocka_unit_test(places_never_overlap_and_are_used_again),
        cmocka_unit_test(layers_are_numbered_and_taken_behind_their_activation),
        cmocka_unit_test(layers_behind_a_node_are_counted),
        cmocka_unit_test(a_layer_is_found_by_number_tensor_or_node_and_near_names_are_told),
        cmocka_unit_test(receptive_fields_count_padding_and_join_over_branches),
        cmocka_unit_test(what_cannot_be_built_is_refused_in_one_line),
        cmocka_unit_test(what_is_joined_lies_in_the_whole_from_the_start),
        cmocka_unit_test(wholes_of_the_same_parts_share_them),
        cmocka_unit_test(what_moves_nothing_has_one_place),
        cmocka_unit_test(a_dropout_of_a_constant_is_computed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
