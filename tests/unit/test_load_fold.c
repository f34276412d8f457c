/* test_load_fold.c - nodes over constants, computed when a model is loaded. */
#include "load/fold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t none[1];

/* A model with the input "x" (1,3,8,6) and constants to come. */
static dv_model *new_model(void)
{
    dv_error err = { 0 };
    dv_model *m = dv_model_new("hand.made", NULL, &err);
    assert_non_null(m);
    dv_shape s = { 4, { 1, 3, 8, 6 } };
    assert_true(dv_model_add_input(m, "x", &s, &err));
    return m;
}

static void add(dv_model *m, const char *name, dv_dtype type, dv_shape shape, const void *data)
{
    dv_error err = { 0 };
    dv_array *a = dv_arena_alloc(&m->arena, sizeof *a, &err);
    assert_non_null(a);
    *a = (dv_array){ type, shape, data };
    assert_true(dv_model_add_constant(m, name, a, &err));
}

static void add_ints(dv_model *m, const char *name, int n, const int64_t *v)
{
    add(m, name, DV_I64, (dv_shape){ 1, { n } }, v);
}

typedef struct step {
    const char *op, *in[5], *out;
    dv_attr attrs[2];
} step;

static dv_folded fold(dv_model *m, const step *s, dv_error *err)
{
    dv_fold_budget budget = { DV_FOLD_BUDGET };
    dv_node_words w = { .name = "n",
                        .op = s->op,
                        .opset = 13,
                        .attrs = s->attrs,
                        .in = s->in,
                        .n_out = 1,
                        .out = &s->out };
    while (w.n_in < 5 && s->in[w.n_in])
        w.n_in++;
    while (w.n_attrs < 2 && s->attrs[w.n_attrs].name)
        w.n_attrs++;
    return dv_fold_node(m, &w, &budget, err);
}

static const dv_array *folded(dv_model *m, step s)
{
    dv_error err = { 0 };
    step *kept = dv_arena_alloc(&m->arena, sizeof *kept, &err);
    assert_non_null(kept);
    *kept = s;
    if (fold(m, kept, &err) != DV_FOLD_DONE)
        fail_msg("%s: %s", s.op, err.message);
    return m->values[dv_model_value(m, s.out)].constant;
}

static void refuses(dv_model *m, step s, const char *message)
{
    dv_error err = { 0 };
    assert_int_equal(fold(m, &s, &err), DV_FOLD_FAILED);
    assert_string_equal(err.message, message);
}

static void holds(const dv_array *a, dv_shape shape, const int64_t *want)
{
    assert_true(dv_shape_equal(&a->shape, &shape));
    size_t n = dv_shape_count(&shape);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(dv_array_int(a, i), want[i]);
}

static dv_attr int_attr(const char *name, int64_t v)
{
    return (dv_attr){ .name = name, .kind = DV_ATTR_INT, .v.i = v };
}

/* What PyTorch writes for F.pad(x, [1, 2, 3, 4]): pads from the last axis on, in pairs, filled up,
 * turned round. */
static void the_pads_that_pytorch_exports_are_computed(void **unused)
{
    (void)unused;
    static const int64_t pads[] = { 1, 2, 3, 4 }, four[] = { 4 }, two[] = { -1, 2 };
    static const int64_t begin[] = { -1 }, end[] = { INT64_MIN + 1 }, axis[] = { 0 };
    static const int64_t flat[] = { -1 }, want[] = { 0, 0, 3, 1, 0, 0, 4, 2 };
    static const int64_t zero[] = { 0 };
    dv_model *m = new_model();
    dv_array value = { DV_I64, { 1, { 1 } }, zero };
    add_ints(m, "pads", 4, pads);
    add_ints(m, "four", 1, four);
    add_ints(m, "two", 2, two);
    add_ints(m, "begin", 1, begin);
    add_ints(m, "end", 1, end);
    add_ints(m, "axis", 1, axis);
    add_ints(m, "flat", 1, flat);
    folded(m, (step){ "ConstantOfShape",
                      { "four" },
                      "zeros",
                      { { .name = "value", .kind = DV_ATTR_ARRAY, .v.array = &value } } });
    folded(m, (step){ "Concat", { "pads", "zeros" }, "all", { int_attr("axis", 0) } });
    folded(m, (step){ "Reshape", { "all", "two" }, "pairs", { { 0 } } });
    folded(m, (step){ "Slice", { "pairs", "begin", "end", "axis", "begin" }, "back", { { 0 } } });
    folded(m, (step){ "Transpose", { "back" }, "turned", { { 0 } } });
    folded(m, (step){ "Reshape", { "turned", "flat" }, "list", { { 0 } } });
    holds(folded(m, (step){ "Cast", { "list" }, "final", { int_attr("to", 7) } }),
          (dv_shape){ 1, { 8 } }, want);
    dv_model_free(m);
}

/* What F.interpolate(x, scale_factor=2) leaves: floor(float(H) * 2) and so on. */
static void the_sizes_that_pytorch_exports_are_computed(void **unused)
{
    (void)unused;
    static const int64_t two[] = { 2 }, want[] = { 16 };
    static const float factor[] = { 2 };
    dv_model *m = new_model();
    add(m, "which", DV_I64, (dv_shape){ 0 }, two);
    add(m, "factor", DV_F32, (dv_shape){ 0 }, factor);
    folded(m, (step){ "Shape", { "x" }, "shape", { { 0 } } });
    folded(m, (step){ "Gather", { "shape", "which" }, "h", { int_attr("axis", 0) } });
    folded(m, (step){ "Cast", { "h" }, "hf", { int_attr("to", 1) } });
    folded(m, (step){ "Mul", { "hf", "factor" }, "scaled", { { 0 } } });
    folded(m, (step){ "Floor", { "scaled" }, "floor", { { 0 } } });
    holds(folded(m, (step){ "Cast", { "floor" }, "size", { int_attr("to", 7) } }), (dv_shape){ 0 },
          want);
    dv_model_free(m);
}

/* Equal and Where choose between sizes in what PyTorch writes for expand. */
static void choices_are_computed(void **unused)
{
    (void)unused;
    static const int64_t sizes[] = { -1, 3, -1 }, minus[] = { -1 }, own[] = { 4, 5, 6 };
    static const int64_t want[] = { 4, 3, 6 };
    dv_model *m = new_model();
    add_ints(m, "sizes", 3, sizes);
    add_ints(m, "minus", 1, minus);
    add_ints(m, "own", 3, own);
    const dv_array *open = folded(m, (step){ "Equal", { "sizes", "minus" }, "open", { { 0 } } });
    assert_int_equal(open->type, DV_BOOL);
    holds(folded(m, (step){ "Where", { "open", "own", "sizes" }, "chosen", { { 0 } } }),
          (dv_shape){ 1, { 3 } }, want);
    dv_model_free(m);
}

static void whole_numbers_divide_as_onnx_has_it(void **unused)
{
    (void)unused;
    static const int64_t a[] = { 7, -7, 7, -7, INT64_MIN }, b[] = { 2, 2, -2, -2, -1 };
    static const int64_t quotient[] = { 3, -3, -3, 3, INT64_MIN };
    static const int64_t modulo[] = { 1, 1, -1, -1, 0 }, rest[] = { 1, -1, 1, -1, 0 };
    dv_shape five = { 1, { 5 } };
    dv_model *m = new_model();
    add_ints(m, "a", 5, a);
    add_ints(m, "b", 5, b);
    add_ints(m, "zero", 1, none);
    holds(folded(m, (step){ "Div", { "a", "b" }, "q", { { 0 } } }), five, quotient);
    holds(folded(m, (step){ "Mod", { "a", "b" }, "m", { { 0 } } }), five, modulo);
    holds(folded(m, (step){ "Mod", { "a", "b" }, "r", { int_attr("fmod", 1) } }), five, rest);
    refuses(m, (step){ "Div", { "a", "zero" }, "d", { { 0 } } },
            "node 'n' (Div): a division by zero");
    refuses(m, (step){ "Mod", { "a", "zero" }, "d", { { 0 } } },
            "node 'n' (Mod): a division by zero");
    static const float half[] = { 0.5F }, two[] = { 2.5F };
    add(m, "half", DV_F32, (dv_shape){ 1, { 1 } }, half); /* 0, as an integer */
    add(m, "two", DV_F32, (dv_shape){ 1, { 1 } }, two);
    refuses(m, (step){ "Div", { "a", "half" }, "d", { { 0 } } },
            "node 'n' (Div): a division by zero");
    refuses(m, (step){ "Mod", { "a", "half" }, "d", { { 0 } } },
            "node 'n' (Mod): a division by zero");
    holds(folded(m, (step){ "Div", { "a", "two" }, "halves", { { 0 } } }), five,
          (const int64_t[]){ 3, -3, 3, -3, INT64_MIN / 2 });
    dv_model_free(m);
}

static void a_slice_stays_inside_its_input(void **unused)
{
    (void)unused;
    static const int64_t v[] = { 0, 1, 2, 3, 4 }, far[] = { 99, 99 }, low[] = { -99, -99 };
    static const int64_t zero[] = { 0, 0 }, step_zero[] = { 0 };
    dv_model *m = new_model();
    add_ints(m, "v", 5, v);
    add_ints(m, "far", 1, far);
    add_ints(m, "low", 1, low);
    add_ints(m, "far2", 2, far);
    add_ints(m, "low2", 2, low);
    add_ints(m, "axes2", 2, zero);
    add_ints(m, "axis", 1, zero);
    add_ints(m, "still", 1, step_zero);
    holds(folded(m, (step){ "Slice", { "v", "low", "far" }, "all", { { 0 } } }),
          (dv_shape){ 1, { 5 } }, v);
    holds(folded(m, (step){ "Slice", { "v", "far", "low" }, "nothing", { { 0 } } }),
          (dv_shape){ 1, { 0 } }, v);
    refuses(m, (step){ "Slice", { "v", "low2", "far2", "axes2" }, "s", { { 0 } } },
            "node 'n' (Slice): axis 0 comes twice");
    refuses(m, (step){ "Slice", { "v", "low", "far", "axis", "still" }, "s", { { 0 } } },
            "node 'n' (Slice): step 0 is 0");
    dv_model_free(m);
}

static void indices_and_axes_are_checked(void **unused)
{
    (void)unused;
    static const int64_t v[] = { 0, 1, 2 }, beyond[] = { 3 }, last[] = { -1 }, two[] = { 2 };
    dv_model *m = new_model();
    add_ints(m, "v", 3, v);
    add_ints(m, "beyond", 1, beyond);
    add_ints(m, "last", 1, last);
    holds(folded(m, (step){ "Gather", { "v", "last" }, "g", { { 0 } } }), (dv_shape){ 1, { 1 } },
          two);
    refuses(m, (step){ "Gather", { "v", "beyond" }, "h", { { 0 } } },
            "node 'n' (Gather): index 0 is 3: the axis is of size 3");
    refuses(m, (step){ "Gather", { "v", "last" }, "h", { int_attr("axis", 1) } },
            "node 'n' (Gather): axis 1 of a tensor of 1 dimensions");
    refuses(m, (step){ "Squeeze", { "v", "last" }, "h", { { 0 } } },
            "node 'n' (Squeeze): axis 0 is of size 3: only 1 can be squeezed");
    dv_model_free(m);
}

/* An assignment to a slice, as torchvision's Swin numbers its windows: the index is (row, column).
 */
static void what_is_assigned_to_a_slice_is_put_there(void **unused)
{
    (void)unused;
    static const int64_t grid[2 * 3], at[] = { 0, 1, -1, -1 }, rows[] = { 1 }, far[] = { 0, 3 };
    static const int64_t v[] = { 7, 8 }, row[] = { 4, 5, 6 }, want[] = { 0, 7, 0, 0, 0, 8 };
    static const int64_t want_row[] = { 0, 0, 0, 4, 5, 6 };
    static const float half[] = { 0.5F, 0.5F };
    const dv_shape whole = { 2, { 2, 3 } };
    dv_model *m = new_model();
    add(m, "grid", DV_I64, whole, grid);
    add(m, "at", DV_I64, (dv_shape){ 2, { 2, 2 } }, at);
    add(m, "rows", DV_I64, (dv_shape){ 2, { 1, 1 } }, rows);
    add(m, "far", DV_I64, (dv_shape){ 2, { 1, 2 } }, far);
    add(m, "row", DV_I64, (dv_shape){ 2, { 1, 3 } }, row);
    add(m, "half", DV_F32, (dv_shape){ 1, { 2 } }, half);
    add(m, "deep", DV_I64, (dv_shape){ 1, { 4 } }, at);
    add_ints(m, "v", 2, v);
    add_ints(m, "one", 1, v);
    holds(folded(m, (step){ "ScatterND", { "grid", "at", "v" }, "a", { { 0 } } }), whole, want);
    holds(folded(m, (step){ "ScatterND", { "grid", "rows", "row" }, "b", { { 0 } } }), whole,
          want_row);
    refuses(m, (step){ "ScatterND", { "grid", "far", "one" }, "c", { { 0 } } },
            "node 'n' (ScatterND): index 3: -3 to 2 are possible");
    refuses(m, (step){ "ScatterND", { "grid", "at", "one" }, "c", { { 0 } } },
            "node 'n' (ScatterND): the updates differ from the data in shape or type");
    refuses(m, (step){ "ScatterND", { "grid", "at", "half" }, "c", { { 0 } } },
            "node 'n' (ScatterND): the updates differ from the data in shape or type");
    refuses(m, (step){ "ScatterND", { "grid", "deep", "one" }, "c", { { 0 } } },
            "node 'n' (ScatterND): an index of more numbers than the data's 2 dimensions");
    dv_attr add_up = { .name = "reduction", .kind = DV_ATTR_TEXT, .v.text = "add" };
    refuses(m, (step){ "ScatterND", { "grid", "at", "v" }, "c", { add_up } },
            "node 'n' (ScatterND): reduction 'add': none is supported");
    dv_model_free(m);
}

static void results_are_bounded(void **unused)
{
    (void)unused;
    static const int64_t large[] = { 1100000 }, start[] = { 0 }, one[] = { 1 }, nothing[] = { 0 };
    dv_model *m = new_model();
    add_ints(m, "large", 1, large);
    add_ints(m, "start", 1, start);
    add_ints(m, "one", 1, one);
    add_ints(m, "nothing", 1, nothing);
    refuses(m, (step){ "ConstantOfShape", { "large" }, "c", { { 0 } } },
            "node 'n' (ConstantOfShape): a constant of 1100000 elements: 1048576 at most");
    refuses(m, (step){ "Range", { "start", "large", "one" }, "r", { { 0 } } },
            "node 'n' (Range): from 0 to 1.1e+06 by 1: 1048576 numbers at most");
    refuses(m, (step){ "Range", { "start", "large", "nothing" }, "r", { { 0 } } },
            "node 'n' (Range): from 0 to 1.1e+06 by 0: 1048576 numbers at most");
    refuses(m, (step){ "Tile", { "one", "large" }, "t", { { 0 } } },
            "node 'n' (Tile): 1100000 repeats: 0 to 65536 are possible");
    dv_model_free(m);
}

/* Four axes of 65536 are 2^64 elements, which is 0 in 64 bits: a Slice of that read beyond it. */
static void what_is_repeated_along_many_axes_is_counted_without_wrapping(void **unused)
{
    (void)unused;
    static const float ones[65536];
    dv_model *m = new_model();
    for (int axis = 0; axis < 4; axis++) {
        static const char *const names[] = { "a", "b", "c", "d" };
        dv_shape s = { 4, { 1, 1, 1, 1 } };
        s.dim[axis] = 65536;
        add(m, names[axis], DV_F32, s, ones);
    }
    refuses(m, (step){ "Max", { "a", "b", "c", "d" }, "m", { { 0 } } },
            "node 'n' (Max): the result: dimension 1 is 65536: more than 2147483647 elements");
    dv_model_free(m);
}

/* Of no channels a convolution found how many fit into a block by dividing by them. */
static void nothing_is_computed_of_an_empty_constant(void **unused)
{
    (void)unused;
    static const float weight[15];
    dv_model *m = new_model();
    add(m, "empty", DV_F32, (dv_shape){ 3, { 6, 5, 0 } }, weight);
    add(m, "w", DV_F32, (dv_shape){ 3, { 5, 3, 1 } }, weight);
    refuses(m, (step){ "ConvTranspose", { "empty", "w" }, "y", { { 0 } } },
            "node 'n' (ConvTranspose): its input 'empty' is (6,5,0), which is empty");
    static const int64_t pads[] = { 1, 0 };
    const dv_attr edge = { .name = "mode", .kind = DV_ATTR_TEXT, .v.text = "edge" };
    add(m, "none", DV_F32, (dv_shape){ 1, { 0 } }, weight);
    add_ints(m, "pads", 2, pads);
    refuses(m, (step){ "Pad", { "none", "pads" }, "z", { edge } },
            "node 'n' (Pad): a pad of axis 0 is 1: 0 to 0 is possible");
    dv_model_free(m);
}

/* A weight is not copied to be called otherwise. */
static void a_view_of_a_large_weight_stays_where_it_is(void **unused)
{
    (void)unused;
    enum { N = 1100 * 1000 };
    static float w[N];
    static const int64_t shape[] = { 1100000 };
    dv_model *m = new_model();
    add(m, "w", DV_F32, (dv_shape){ 2, { 1100, 1000 } }, w);
    add_ints(m, "shape", 1, shape);
    assert_ptr_equal(folded(m, (step){ "Identity", { "w" }, "same", { { 0 } } })->data, w);
    assert_ptr_equal(folded(m, (step){ "Reshape", { "w", "shape" }, "flat", { { 0 } } })->data, w);
    dv_model_free(m);
}

static void an_input_of_many_cannot_be_absent(void **unused)
{
    (void)unused;
    static const int64_t v[] = { 1, 2 };
    dv_model *m = new_model();
    add_ints(m, "v", 2, v);
    static const char *const names[] = { "Concat", "Max", "Min", "Sum" };
    for (int i = 0; i < 4; i++) {
        char message[64];
        snprintf(message, sizeof message, "node 'n' (%s): input 1 is missing", names[i]);
        refuses(m, (step){ names[i], { "v", "", "v" }, "y", { int_attr("axis", 0) } }, message);
    }
    dv_model_free(m);
}

static void activations_are_left_alone(void **unused)
{
    (void)unused;
    dv_error err = { 0 };
    dv_model *m = new_model();
    step s = { "Relu", { "x" }, "y", { { 0 } } };
    assert_int_equal(fold(m, &s, &err), DV_FOLD_NO);
    s.op = "Size";
    static const int64_t size[] = { 144 };
    holds(folded(m, s), (dv_shape){ 0 }, size);
    dv_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pads_that_pytorch_exports_are_computed),
        cmocka_unit_test(the_sizes_that_pytorch_exports_are_computed),
        cmocka_unit_test(choices_are_computed),
        cmocka_unit_test(whole_numbers_divide_as_onnx_has_it),
        cmocka_unit_test(a_slice_stays_inside_its_input),
        cmocka_unit_test(indices_and_axes_are_checked),
        cmocka_unit_test(what_is_assigned_to_a_slice_is_put_there),
        cmocka_unit_test(results_are_bounded),
        cmocka_unit_test(what_is_repeated_along_many_axes_is_counted_without_wrapping),
        cmocka_unit_test(nothing_is_computed_of_an_empty_constant),
        cmocka_unit_test(a_view_of_a_large_weight_stays_where_it_is),
        cmocka_unit_test(an_input_of_many_cannot_be_absent),
        cmocka_unit_test(activations_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
