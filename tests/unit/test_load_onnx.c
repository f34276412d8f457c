/* test_load_onnx.c - ONNX files, right and wrong, put together by hand. */
#include "deconvviz/load.h"
#include "deconvviz/trace.h"
#include "load/onnx.h"
#include "onnx_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const bytes no_attrs = { 0 };
static const int64_t pixels[] = { 1, 1, 4, 4, 0 }, scalar_like[] = { 1, 0 };
static char last_error[512];

/* The model of a file whose bytes must stay; NULL with last_error set. */
static dv_model *build(const bytes *file, const dv_onnx_request *request)
{
    dv_error err = { 0 };
    dv_onnx_request none = { 0 };
    dv_model *m = dv_model_new("hand.onnx", NULL, &err);
    assert_non_null(m);
    bool ok = dv_onnx_build(m, file->data, file->n, request ? request : &none, &err);
    snprintf(last_error, sizeof last_error, "%s", err.message);
    if (ok)
        return m;
    assert_true(err.code != DV_OK);
    assert_true(err.message[0]);
    assert_null(strchr(err.message, '\n'));
    dv_model_free(m);
    return NULL;
}

/* Frees the graph. */
static void refuses(bytes graph, int opset, const char *message)
{
    bytes file = onnx_file(graph, opset);
    assert_null(build(&file, NULL));
    assert_string_equal(last_error, message);
    bytes_free(&file);
}

/* The output (n) for an input of 0, 1, 2 …; frees the graph. */
static void gives(bytes graph, const float *want, size_t n)
{
    bytes file = onnx_file(graph, 13);
    dv_model *m = build(&file, NULL);
    if (!m)
        fail_msg("%s", last_error);
    float x[64];
    dv_error err = { 0 };
    int output = dv_model_output(m);
    dv_request q = { .n_keep = 1, .keep = &output };
    dv_plan *plan = dv_plan_new(m, &q, NULL, &err);
    dv_trace *t = plan ? dv_trace_new(plan, NULL, &err) : NULL;
    for (int i = 0; i < 64; i++)
        x[i] = (float)i;
    if (!t || !dv_trace_forward(t, x, &err))
        fail_msg("%s", err.message);
    assert_int_equal(dv_shape_count(dv_tensor_shape(m, output)), n);
    for (size_t i = 0; i < n; i++)
        assert_float_equal(dv_trace_tensor(t, output)[i], want[i], 1e-6);
    dv_trace_free(t);
    dv_plan_free(plan);
    dv_model_free(m);
    bytes_free(&file);
}

/* y = x * w, w one number given as a TensorProto (freed). */
static bytes scaled_by(bytes tensor)
{
    bytes g = onnx_graph();
    put_message(&g, 5, tensor);
    onnx_node(&g, "Mul", "scale", "x w", "y", no_attrs);
    return g;
}

static void gives_scaled(bytes tensor, float by)
{
    float want[16];
    for (int i = 0; i < 16; i++)
        want[i] = by * (float)i;
    gives(scaled_by(tensor), want, 16);
}

/* A TensorProto "w" with one element, without data. */
static bytes tensor_of(int type)
{
    bytes t = { 0 };
    put_int(&t, 1, 1);
    put_int(&t, 2, type);
    put_text(&t, 8, "w");
    return t;
}

/* -- tests ------------------------------------------------------------------------------------ */

static void weights_are_read_from_every_field_that_may_hold_them(void **unused)
{
    (void)unused;
    float f = 2.5F;
    double d = -0.5;
    uint16_t half = 0x4100, bfloat = 0x4020; /* 2.5 */

    bytes t = tensor_of(1);
    put_bytes(&t, 9, &f, sizeof f);
    gives_scaled(t, 2.5F);
    t = tensor_of(1);
    put_bytes(&t, 4, &f, sizeof f); /* packed */
    gives_scaled(t, 2.5F);
    t = tensor_of(1);
    put_float(&t, 4, f); /* not packed */
    gives_scaled(t, 2.5F);
    t = tensor_of(11);
    put_bytes(&t, 10, &d, sizeof d);
    gives_scaled(t, -0.5F);
    t = tensor_of(11);
    put_bytes(&t, 9, &d, sizeof d);
    gives_scaled(t, -0.5F);
    t = tensor_of(10);
    put_int(&t, 5, half);
    gives_scaled(t, 2.5F);
    t = tensor_of(10);
    put_bytes(&t, 9, &half, sizeof half);
    gives_scaled(t, 2.5F);
    t = tensor_of(16);
    put_bytes(&t, 9, &bfloat, sizeof bfloat);
    gives_scaled(t, 2.5F);
}

static void weights_that_do_not_fill_their_shape_are_refused(void **unused)
{
    (void)unused;
    bytes t = tensor_of(1);
    put_bytes(&t, 9, "abc", 3);
    refuses(scaled_by(t), 13, "tensor 'w': 3 bytes of data: (1) of float32 needs 4");
    t = tensor_of(1);
    put_bytes(&t, 4, "abcdefgh", 8);
    refuses(scaled_by(t), 13, "tensor 'w': 2 numbers: (1) needs 1");
    t = tensor_of(1);
    put_bytes(&t, 4, "abc", 3);
    refuses(scaled_by(t), 13, "tensor 'w': its data has 3 bytes: a multiple of 4 is needed");
    t = tensor_of(1);
    put_int(&t, 7, 1);
    refuses(scaled_by(t), 13, "tensor 'w': numbers of type float32 in field 7");
    refuses(scaled_by(tensor_of(1)), 13, "tensor 'w': 0 numbers: (1) needs 1");
    refuses(scaled_by(tensor_of(8)), 13, "tensor 'w': element type string is not supported");
    refuses(scaled_by(tensor_of(99)), 13, "tensor 'w': element type number 99 is not supported");
}

static void huge_and_negative_dimensions_are_refused(void **unused)
{
    (void)unused;
    bytes t = { 0 };
    put_int(&t, 1, (int64_t)1 << 62);
    put_int(&t, 2, 1);
    put_text(&t, 8, "w");
    refuses(scaled_by(t), 13,
            "tensor 'w': its shape: dimension 0 is 4611686018427387904: more than 2147483647 "
            "elements");
    t = (bytes){ 0 };
    put_int(&t, 1, -5);
    put_int(&t, 2, 1);
    put_text(&t, 8, "w");
    bytes file = onnx_file(scaled_by(t), 13);
    assert_null(build(&file, NULL));
    bytes_free(&file);
    t = (bytes){ 0 };
    for (int i = 0; i < 7; i++)
        put_int(&t, 1, 1);
    refuses(scaled_by(t), 13, "tensor '': 7 dimensions: 6 at most");
}

static void nodes_may_stand_in_any_order(void **unused)
{
    (void)unused;
    static const float w[] = { 3 };
    float want[16];
    bytes g = onnx_graph();
    onnx_node(&g, "Mul", "last", "b w", "y", no_attrs);
    onnx_node(&g, "Neg", "second", "a", "b", no_attrs);
    onnx_node(&g, "Relu", "first", "x", "a", no_attrs);
    onnx_weights(&g, "w", scalar_like, w);
    for (int i = 0; i < 16; i++)
        want[i] = -3 * (float)i;
    gives(g, want, 16);
}

static void a_cycle_is_refused_with_a_node_of_it(void **unused)
{
    (void)unused;
    bytes g = onnx_graph();
    onnx_node(&g, "Relu", "start", "x", "s", no_attrs);
    onnx_node(&g, "Add", "round", "s b", "a", no_attrs);
    onnx_node(&g, "Relu", "about", "a", "b", no_attrs);
    onnx_node(&g, "Relu", "end", "b", "y", no_attrs);
    refuses(g, 13, "node 'round' (Add) is part of a cycle");
}

static void what_is_nowhere_or_twice_defined_is_refused(void **unused)
{
    (void)unused;
    bytes g = onnx_graph();
    onnx_node(&g, "Conv", "conv1", "x w", "y", no_attrs);
    refuses(g, 13, "node 'conv1' (Conv): its input 'w' is nowhere defined");
    g = onnx_graph();
    onnx_node(&g, "Relu", "a", "x", "y", no_attrs);
    onnx_node(&g, "Relu", "b", "x", "y", no_attrs);
    refuses(g, 13, "tensor 'y' is the output of two nodes, 'a' and 'b'");
    g = onnx_graph();
    onnx_node(&g, "Relu", "a", "x", "z", no_attrs);
    refuses(g, 13, "the output 'y' is nowhere defined");
}

static void an_unknown_operator_is_named(void **unused)
{
    (void)unused;
    bytes g = onnx_graph();
    onnx_node(&g, "Frobnicate", "odd", "x", "y", no_attrs);
    refuses(g, 13, "node 'odd' (Frobnicate): this operator is not supported");

    bytes own = { 0 };
    put_text(&own, 7, "com.example");
    g = onnx_graph();
    onnx_node(&g, "Relu", "", "x", "y", own);
    refuses(g, 13, "node 'y' (com.example.Relu): this operator is not supported");
}

/* -- what is passed over ---------------------------------------------------------------------- */

static void an_unknown_attribute_is_warned_of(void **unused)
{
    (void)unused;
    bytes g = onnx_graph(), stride = { 0 }, start = { 0 }, axis = { 0 }, ratio = { 0 };
    onnx_attr_int(&stride, "strides_", 2);
    onnx_attr_int(&start, "start", 1); /* of an operator that is only folded, */
    onnx_attr_int(&axis, "from", 1);   /* and has no such */
    onnx_attr_int(&ratio, "ratio", 1); /* decides nothing here */
    onnx_node(&g, "Relu", "relu1", "x", "a", stride);
    onnx_node(&g, "Shape", "", "a", "s", start);
    onnx_node(&g, "Size", "", "a", "n", axis);
    onnx_node(&g, "Dropout", "drop", "a", "y", ratio);
    bytes file = onnx_file(g, 11);
    dv_model *m = build(&file, NULL);
    if (!m)
        fail_msg("%s", last_error);
    assert_int_equal(dv_model_n_warnings(m), 2);
    assert_string_equal(dv_model_warning(m, 0),
                        "node 'relu1' (Relu): attribute 'strides_' is not known and has no effect");
    assert_string_equal(dv_model_warning(m, 1),
                        "node 'n' (Size): attribute 'from' is not known and has no effect");
    dv_model_free(m);
    bytes_free(&file);
}

static void of_very_many_warnings_the_last_are_counted(void **unused)
{
    (void)unused;
    bytes g = onnx_graph();
    for (int i = 0; i < 40; i++) {
        char name[2][16];
        bytes odd = { 0 };
        snprintf(name[0], sizeof name[0], i ? "a%d" : "x", i);
        snprintf(name[1], sizeof name[1], i < 39 ? "a%d" : "y", i + 1);
        onnx_attr_int(&odd, "odd", 1);
        onnx_node(&g, "Neg", "", name[0], name[1], odd);
    }
    bytes file = onnx_file(g, 13);
    dv_model *m = build(&file, NULL);
    if (!m)
        fail_msg("%s", last_error);
    assert_int_equal(dv_model_n_warnings(m), 33);
    assert_string_equal(dv_model_warning(m, 32), "and 8 warnings more");
    dv_model_free(m);
    bytes_free(&file);
}

static void two_inputs_are_refused_by_name(void **unused)
{
    (void)unused;
    bytes g = onnx_graph();
    onnx_value(&g, 11, "z", 1, pixels);
    onnx_node(&g, "Add", "sum", "x z", "y", no_attrs);
    refuses(g, 13, "two inputs, 'x' and 'z': one is supported");
}

static void an_initializer_may_be_listed_as_an_input(void **unused)
{
    (void)unused;
    static const float w[] = { 2 };
    float want[16];
    bytes g = { 0 };
    onnx_value(&g, 11, "w", 1, scalar_like);
    onnx_value(&g, 11, "x", 1, pixels);
    onnx_value(&g, 12, "y", 1, pixels);
    onnx_weights(&g, "w", scalar_like, w);
    onnx_node(&g, "Mul", "", "x w", "y", no_attrs);
    for (int i = 0; i < 16; i++)
        want[i] = 2 * (float)i;
    gives(g, want, 16);
}

static bytes relu_of(const int64_t *dims, int type)
{
    bytes g = { 0 };
    onnx_value(&g, 11, "x", type, dims);
    onnx_value(&g, 12, "y", 1, pixels);
    onnx_node(&g, "Relu", "", "x", "y", no_attrs);
    return g;
}

static void a_free_size_must_be_given(void **unused)
{
    (void)unused;
    static const int64_t open[] = { -1, 3, -1, -1, 0 }, no_channels[] = { -1, -1, 4, 4, 0 };
    refuses(relu_of(open, 1), 13,
            "input 'x' leaves its height free: a size must be given (--size)");
    refuses(relu_of(no_channels, 1), 13, "input 'x' leaves its number of channels free");

    bytes file = onnx_file(relu_of(open, 1), 13);
    dv_onnx_request q = { .size = { 5, 7 } };
    dv_model *m = build(&file, &q);
    assert_non_null(m);
    char text[DV_SHAPE_TEXT_MAX];
    assert_string_equal(dv_shape_text(dv_tensor_shape(m, dv_model_output(m)), text), "(1,3,5,7)");
    dv_model_free(m);
    bytes_free(&file);

    file = onnx_file(relu_of(pixels, 1), 13); /* in place of 4x4 */
    m = build(&file, &q);
    assert_non_null(m);
    assert_string_equal(dv_shape_text(dv_tensor_shape(m, dv_model_output(m)), text), "(1,1,5,7)");
    dv_model_free(m);
    bytes_free(&file);
}

static void an_input_is_one_image_of_floats(void **unused)
{
    (void)unused;
    static const int64_t batch[] = { 16, 3, 4, 4, 0 };
    refuses(relu_of(batch, 1), 13,
            "input 'x' is (16,3,4,4): one image at a time, a first dimension of 1, is supported");
    refuses(relu_of(pixels, 7), 13, "input 'x' is of type int64: a float type is supported");
    refuses(relu_of(pixels, 0), 13, "input 'x' is not a tensor");
    bytes g = { 0 };
    onnx_value(&g, 12, "y", 1, pixels);
    refuses(g, 13, "the network has no input");
}

static void operator_sets_from_7_on_are_taken(void **unused)
{
    (void)unused;
    bytes file = onnx_file(relu_of(pixels, 1), 7);
    dv_model *m = build(&file, NULL);
    assert_non_null(m);
    dv_model_free(m);
    bytes_free(&file);
    file = onnx_file(relu_of(pixels, 1), 21);
    m = build(&file, NULL);
    assert_non_null(m);
    dv_model_free(m);
    bytes_free(&file);
    refuses(relu_of(pixels, 1), 6,
            "ONNX operator set 6: 7 and later are supported (export it again, or convert it with "
            "onnx.version_converter)");
}

static void shape_arithmetic_is_folded(void **unused)
{
    (void)unused;
    static const int64_t zero = 0, minus = -1;
    bytes g = onnx_graph(), axis = { 0 }, axes = { 0 };
    float want[16];
    onnx_ints(&g, "zero", 1, &zero);
    onnx_ints(&g, "minus", 1, &minus);
    onnx_attr_int(&axis, "axis", 0);
    onnx_node(&g, "Shape", "", "x", "shape", no_attrs);
    onnx_node(&g, "Gather", "", "shape zero", "batch", no_attrs);
    onnx_node(&g, "Concat", "", "batch minus", "wanted", axis);
    onnx_node(&g, "Reshape", "", "x wanted", "y", axes);
    for (int i = 0; i < 16; i++)
        want[i] = (float)i;
    gives(g, want, 16);
}

static void arithmetic_on_weights_is_folded(void **unused)
{
    (void)unused;
    static const float w[] = { 4 };
    float want[16];
    bytes g = onnx_graph();
    onnx_weights(&g, "w", scalar_like, w);
    onnx_node(&g, "Identity", "", "w", "same", no_attrs);
    onnx_node(&g, "Sqrt", "", "same", "root", no_attrs);
    onnx_node(&g, "Sigmoid", "", "zero", "half", no_attrs); /* by the operator's own forward */
    onnx_node(&g, "Sub", "", "w same", "zero", no_attrs);
    onnx_node(&g, "Add", "", "root half", "sum", no_attrs);
    onnx_node(&g, "Mul", "", "x sum", "y", no_attrs);
    for (int i = 0; i < 16; i++)
        want[i] = 2.5F * (float)i;
    gives(g, want, 16);
}

/* As exporters leave a Dropout: its mask has a name, which nobody reads. */
static void a_dropout_of_a_constant_is_folded(void **unused)
{
    (void)unused;
    static const float w[] = { 4 };
    float want[16];
    bytes g = onnx_graph();
    onnx_weights(&g, "w", scalar_like, w);
    onnx_node(&g, "Dropout", "drop", "w", "same mask", no_attrs);
    onnx_node(&g, "Mul", "", "x same", "y", no_attrs);
    for (int i = 0; i < 16; i++)
        want[i] = 4 * (float)i;
    gives(g, want, 16);

    g = onnx_graph();
    onnx_weights(&g, "w", scalar_like, w);
    onnx_node(&g, "Dropout", "drop", "w", "same mask", no_attrs);
    onnx_node(&g, "Mul", "product", "x mask", "y", no_attrs);
    refuses(g, 13,
            "node 'product' (Mul): its input 'mask' is a further output of a node that is supported"
            " with 1 only");
}

static void an_input_of_many_cannot_be_absent(void **unused)
{
    (void)unused;
    static const char *const names[] = { "Sum", "Mean", "Max", "Min", "Concat" };
    for (int i = 0; i < 5; i++) {
        char message[64];
        bytes g = onnx_graph(), axis = { 0 };
        onnx_attr_int(&axis, "axis", 1);
        onnx_node(&g, names[i], "gap", "x  x", "y", axis);
        snprintf(message, sizeof message, "node 'gap' (%s): input 1 is missing", names[i]);
        refuses(g, 13, message);
    }
    bytes g = onnx_graph();
    onnx_node(&g, "Add", "gap", " x", "y", no_attrs);
    refuses(g, 13, "node 'gap' (Add): input 0 is missing");
}

/* A Constant of 20000 ones, expanded and expanded. */
static void what_grows_beyond_measure_is_refused(void **unused)
{
    (void)unused;
    static const int64_t huge[] = { 1 << 20, 1 << 10 };
    static const float w[] = { 1 };
    bytes g = onnx_graph();
    onnx_weights(&g, "w", scalar_like, w);
    onnx_ints(&g, "huge", 2, huge);
    onnx_node(&g, "Expand", "grow", "w huge", "much", no_attrs);
    onnx_node(&g, "Mul", "", "x much", "y", no_attrs);
    refuses(g, 13, "node 'grow' (Expand): a constant of 1073741824 elements: 1048576 at most");
}

static void an_attribute_that_is_a_graph_is_refused(void **unused)
{
    (void)unused;
    bytes attr = { 0 }, attrs = { 0 }, g = onnx_graph();
    put_text(&attr, 1, "body");
    put_bytes(&attr, 6, "", 0);
    put_int(&attr, 20, 5);
    put_message(&attrs, 5, attr);
    onnx_node(&g, "Relu", "odd", "x", "y", attrs);
    refuses(g, 13,
            "node 'odd' (Relu): attribute 'body': it is a graph, which no operator here takes");
}

/* An attribute that is a graph; frees it. */
static void attr_graph(bytes *attrs, const char *name, bytes graph)
{
    bytes attr = { 0 };
    put_text(&attr, 1, name);
    put_message(&attr, 6, graph);
    put_int(&attr, 20, 5);
    put_message(attrs, 5, attr);
}

/* A branch that gives `name` = x * number. */
static bytes branch(const char *name, float number)
{
    bytes b = { 0 };
    char weight[32], in[64];
    snprintf(weight, sizeof weight, "w_%s", name);
    snprintf(in, sizeof in, "before %s", weight);
    onnx_weights(&b, weight, scalar_like, &number);
    onnx_node(&b, "Mul", "", in, name, no_attrs);
    onnx_value(&b, 12, name, 1, pixels);
    return b;
}

/* y = -x * 2 where `condition`, else -x * 3; the If stands before what its branches read. */
static bytes if_graph(const char *condition)
{
    static const int64_t zero = 0, one = 1;
    bytes g = onnx_graph(), attrs = { 0 };
    onnx_ints(&g, "zero", 1, &zero);
    onnx_ints(&g, "one", 1, &one);
    attr_graph(&attrs, "then_branch", branch("doubled", 2));
    attr_graph(&attrs, "else_branch", branch("tripled", 3));
    onnx_node(&g, "If", "choice", condition, "chosen", attrs);
    onnx_node(&g, "Neg", "", "x", "before", no_attrs);
    onnx_node(&g, "Relu", "", "chosen", "rectified", no_attrs);
    onnx_node(&g, "Add", "", "chosen rectified", "y", no_attrs);
    return g;
}

static void of_an_if_the_branch_that_is_taken_is_left(void **unused)
{
    (void)unused;
    float want[16];
    for (int i = 0; i < 16; i++)
        want[i] = -2.F * (float)i;
    gives(if_graph("one"), want, 16);
    for (int i = 0; i < 16; i++)
        want[i] = -3.F * (float)i;
    gives(if_graph("zero"), want, 16);
}

/* The condition is itself chosen by an If within a branch. */
static void branches_may_lie_within_branches(void **unused)
{
    (void)unused;
    static const int64_t one = 1;
    bytes g = onnx_graph(), inner = { 0 }, attrs = { 0 }, outer = { 0 };
    float want[16];
    onnx_ints(&g, "one", 1, &one);
    attr_graph(&inner, "then_branch", branch("deep", 5));
    onnx_node(&outer, "If", "", "one", "handed", inner);
    onnx_value(&outer, 12, "handed", 1, pixels);
    attr_graph(&attrs, "then_branch", outer);
    onnx_node(&g, "If", "", "one", "y", attrs);
    onnx_node(&g, "Abs", "", "x", "before", no_attrs);
    for (int i = 0; i < 16; i++)
        want[i] = 5.F * (float)i;
    gives(g, want, 16);

    bytes deep = branch("deep", 5);
    for (int i = 0; i < 9; i++) {
        bytes node = { 0 }, around = { 0 };
        attr_graph(&node, "then_branch", deep);
        onnx_node(&around, "If", "", "one", "deep", node);
        onnx_value(&around, 12, "deep", 1, pixels);
        deep = around;
    }
    bytes file = onnx_file(deep, 13);
    assert_null(build(&file, NULL));
    assert_non_null(strstr(last_error, "more than 8 branches within each other"));
    bytes_free(&file);
}

static void an_if_that_nothing_decides_is_refused(void **unused)
{
    (void)unused;
    refuses(if_graph("x"), 13,
            "node 'choice' (If): its condition 'x' depends on the image: only constant ones are "
            "supported");
    refuses(if_graph(""), 13, "node 'choice' (If): it has no condition");
    bytes g = onnx_graph(), attrs = { 0 };
    onnx_weights(&g, "w", scalar_like, (const float[]){ 1 });
    onnx_attr_int(&attrs, "then_branch", 1);
    onnx_node(&g, "If", "choice", "w", "y", attrs);
    refuses(g, 13, "node 'choice' (If): it has no attribute 'then_branch', a graph");
    g = onnx_graph();
    attrs = (bytes){ 0 };
    onnx_weights(&g, "w", scalar_like, (const float[]){ 1 });
    attr_graph(&attrs, "then_branch", (bytes){ 0 });
    onnx_node(&g, "If", "choice", "w", "y", attrs);
    refuses(g, 13, "node 'choice' (If): its then_branch has 0 outputs: 1 are needed");
}

/* The operator that makes y in the chain of PyTorch's LocalResponseNorm over `images` (4), with two
 * Pads that sum to `pads` and a pool of `kernel`. volume (5): what the squares are reshaped to;
 * NULL: one axis more, behind the first. */
static const char *operator_of_chain(const int64_t *images, const int64_t *volume,
                                     const int64_t *pads, const int64_t *kernel)
{
    static const int64_t none[10] = { 0 }, at = 1;
    static const float alpha = 0.5F, beta = 0.75F, bias = 2;
    static char name[32];
    bytes g = onnx_graph(), pool = { 0 };
    onnx_ints(&g, "none", 10, none);
    onnx_ints(&g, "pads", 10, pads);
    onnx_ints(&g, "at", 1, &at);
    onnx_ints(&g, "images", 4, images);
    if (volume)
        onnx_ints(&g, "volume", 5, volume);
    onnx_weights(&g, "alpha", scalar_like + 1, &alpha);
    onnx_weights(&g, "beta", scalar_like + 1, &beta);
    onnx_weights(&g, "bias", scalar_like + 1, &bias);
    onnx_attr_ints(&pool, "kernel_shape", 3, kernel);
    onnx_node(&g, "Reshape", "", "x images", "i", no_attrs);
    onnx_node(&g, "Mul", "", "i i", "square", no_attrs);
    onnx_node(&g, volume ? "Reshape" : "Unsqueeze", "", volume ? "square volume" : "square at", "v",
              no_attrs);
    onnx_node(&g, "Pad", "", "v none", "padded", no_attrs);
    onnx_node(&g, "Pad", "", "padded pads", "wide", no_attrs);
    onnx_node(&g, "AveragePool", "", "wide", "mean", pool);
    onnx_node(&g, volume ? "Reshape" : "Squeeze", "", volume ? "mean images" : "mean at", "flat",
              no_attrs);
    onnx_node(&g, "Mul", "", "flat alpha", "scaled", no_attrs);
    onnx_node(&g, "Add", "", "scaled bias", "shifted", no_attrs);
    onnx_node(&g, "Pow", "", "shifted beta", "divisor", no_attrs);
    onnx_node(&g, "Div", "", "i divisor", "y", no_attrs);
    bytes file = onnx_file(g, 13);
    dv_model *m = build(&file, NULL);
    if (!m)
        fail_msg("%s", last_error);
    snprintf(name, sizeof name, "%s", m->nodes[m->values[dv_model_output(m)].producer].op->name);
    dv_model_free(m);
    bytes_free(&file);
    return name;
}

static void the_chain_of_a_local_response_norm_becomes_one_operator(void **unused)
{
    (void)unused;
    static const int64_t one[] = { 1, 1, 4, 4 }, two[] = { 2, 2, 2, 2 };
    static const int64_t around[] = { 0, 0, 1, 0, 0, 0, 0, 1, 0, 0 }, planes[] = { 3, 1, 1 };
    assert_string_equal(operator_of_chain(one, NULL, around, planes), "LRN");
    assert_string_equal(operator_of_chain(one, NULL, (int64_t[]){ 0, 0, 0, 1, 0, 0, 0, 0, 1, 0 },
                                          (int64_t[]){ 1, 3, 1 }),
                        "Div");
    assert_string_equal(operator_of_chain(one, NULL, (int64_t[]){ 0, 0, 1, 1, 1, 0, 0, 1, 1, 1 },
                                          (int64_t[]){ 3, 3, 3 }),
                        "Div");
    assert_string_equal(operator_of_chain(two, NULL, around, planes), "LRN");
    assert_string_equal(operator_of_chain(two, (int64_t[]){ 2, 1, 2, 4, 1 }, around, planes),
                        "LRN");
    /* rows, and the channels of two images in one list */
    assert_string_equal(operator_of_chain(one, (int64_t[]){ 1, 1, 4, 4, 1 }, around, planes),
                        "Div");
    assert_string_equal(operator_of_chain(two, (int64_t[]){ 1, 1, 4, 2, 2 }, around, planes),
                        "Div");
}

static void a_name_is_bounded_and_of_one_line(void **unused)
{
    (void)unused;
    bytes g = onnx_graph();
    onnx_node(&g, "Relu", "two\nlines", "x", "y", no_attrs);
    refuses(g, 13, "node '' (): the name of a node holds the control character 0x0a");
    char *text = calloc(1, 5002);
    assert_non_null(text);
    memset(text, 'a', 5000);
    g = onnx_graph();
    onnx_node(&g, "Relu", text, "x", "y", no_attrs);
    refuses(g, 13, "node '' (): the name of a node has 5000 bytes: 4096 at most");
    free(text);
}

static void a_nan_weight_loads_and_the_forward_pass_tells(void **unused)
{
    (void)unused;
    float w = NAN, x[16] = { 1 };
    bytes g = onnx_graph();
    onnx_weights(&g, "w", scalar_like, &w);
    onnx_node(&g, "Mul", "poison", "x w", "y", no_attrs);
    bytes file = onnx_file(g, 13);
    dv_error err = { 0 };
    dv_model *m = build(&file, NULL);
    assert_non_null(m);
    int output = dv_model_output(m);
    dv_request q = { .n_keep = 1, .keep = &output };
    dv_plan *plan = dv_plan_new(m, &q, NULL, &err);
    assert_non_null(plan);
    dv_trace *t = dv_trace_new(plan, NULL, &err);
    assert_non_null(t);
    assert_false(dv_trace_forward(t, x, &err));
    assert_non_null(strstr(err.message, "'poison'"));
    dv_trace_free(t);
    dv_plan_free(plan);
    dv_model_free(m);
    bytes_free(&file);
}

/* -- external data ---------------------------------------------------------------------------- */

static bytes external(const char *location, const char *offset, const char *length)
{
    bytes t = tensor_of(1);
    const char *const entries[][2] = { { "location", location },
                                       { "offset", offset },
                                       { "length", length } };
    for (int i = 0; i < 3; i++) {
        bytes e = { 0 };
        if (!entries[i][1])
            continue;
        put_text(&e, 1, entries[i][0]);
        put_text(&e, 2, entries[i][1]);
        put_message(&t, 13, e);
    }
    put_int(&t, 14, 1);
    return t;
}

static char folder[] = "/tmp/deconvviz-onnx-XXXXXX";

static void write_file(const char *name, const void *data, size_t n)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    fclose(f);
}

/* Opens the file as a user would; frees the graph. The message without the path in front. */
static dv_model *open_file(bytes graph)
{
    char path[256];
    dv_error err = { 0 };
    bytes file = onnx_file(graph, 13);
    write_file("model.onnx", file.data, file.n);
    bytes_free(&file);
    snprintf(path, sizeof path, "%s/model.onnx", folder);
    dv_model *m = dv_model_open(path, NULL, &err);
    size_t n = strlen(path) + 2;
    snprintf(last_error, sizeof last_error, "%s", m ? "" : err.message + n);
    return m;
}

static int make_folder(void **unused)
{
    (void)unused;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **unused)
{
    (void)unused;
    static const char *const names[] = { "model.onnx", "data.bin", "model.json", "labels.txt" };
    char path[256];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    return rmdir(folder);
}

static void external_data_lies_beside_the_model(void **unused)
{
    (void)unused;
    float data[] = { 1, 7, 9 };
    write_file("data.bin", data, sizeof data);
    dv_model *m = open_file(scaled_by(external("data.bin", "4", "4")));
    if (!m)
        fail_msg("%s", last_error);
    const dv_array *w = m->values[dv_model_value(m, "w")].constant;
    assert_float_equal(dv_array_number(w, 0), 7, 0);
    dv_model_free(m);
}

static void external_data_that_is_not_there_is_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *location, *offset, *length, *message;
    } cases[] = {
        { "../data.bin", NULL, NULL,
          "tensor 'w': the file '../data.bin' is not inside the model's folder" },
        { "a/../../data.bin", NULL, NULL,
          "tensor 'w': the file 'a/../../data.bin' is not inside the model's folder" },
        { "/etc/passwd", NULL, NULL,
          "tensor 'w': the file '/etc/passwd' is not inside the model's folder" },
        { "", NULL, NULL, "tensor 'w': the file '' is not inside the model's folder" },
        { NULL, "0", NULL, "tensor 'w': external data without a location" },
        { "data.bin", "12", NULL, "tensor 'w': bytes 12 to 16 of 'data.bin', which has 12" },
        { "data.bin", "999999999999999999", NULL,
          "tensor 'w': bytes 999999999999999999 to 1000000000000000003 of 'data.bin', which has "
          "12" },
        { "data.bin", "0", "8", "tensor 'w': 8 bytes of external data: 4 are needed" },
        { "data.bin", "-4", NULL, "tensor 'w': offset of the external data is '-4'" },
    };
    float data[] = { 1, 7, 9 };
    write_file("data.bin", data, sizeof data);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(
            open_file(scaled_by(external(cases[i].location, cases[i].offset, cases[i].length))));
        assert_string_equal(last_error, cases[i].message);
    }
    assert_null(open_file(scaled_by(external("none.bin", NULL, NULL))));
    assert_non_null(strstr(last_error, "No such file or directory"));
}

/* -- a file beside it ------------------------------------------------------------------------- */

static dv_model *open_with_sidecar(const char *json)
{
    write_file("model.json", json, strlen(json));
    return open_file(relu_of(pixels, 1));
}

static void a_file_beside_the_model_tells_preprocessing_and_labels(void **unused)
{
    (void)unused;
    write_file("labels.txt", "n01 cat\r\nn02\tdog\n", 17);
    dv_model *m = open_with_sidecar("{\"preprocess\": {\"resize\": 8, \"scale\": 1, \"mean\": "
                                    "[120.5], \"std\": [2]}, \"labels\": \"labels.txt\"}");
    if (!m)
        fail_msg("%s", last_error);
    const dv_preprocess *p = dv_model_preprocess(m);
    assert_non_null(p);
    assert_int_equal(p->resize, 8);
    assert_int_equal(p->size[0], 4);
    assert_int_equal(p->channels, 1);
    assert_float_equal(p->scale, 1, 0);
    assert_float_equal(p->mean[0], 120.5, 0);
    assert_float_equal(p->std[0], 2, 0);
    assert_int_equal(dv_model_n_labels(m), 2);
    assert_string_equal(dv_model_label(m, 0), "n01 cat");
    assert_string_equal(dv_model_label(m, 1), "n02 dog");
    assert_null(dv_model_label(m, 2));
    dv_model_free(m);

    assert_null(open_with_sidecar("{\"preproces\": 1}"));
    assert_non_null(strstr(last_error, "model.json: it: unknown key \"preproces\""));
    assert_null(open_with_sidecar("{\"preprocess\": \"imagnet\"}"));
    assert_non_null(strstr(last_error, "\"imagnet\" is unknown"));
    assert_null(open_with_sidecar("{\"labels\": \"../labels.txt\"}"));
    assert_non_null(strstr(last_error, "is not inside the model's folder"));
    assert_null(open_with_sidecar("{\"labels\": "));
    assert_non_null(strstr(last_error, "this is not JSON"));
}

/* -- truncation ------------------------------------------------------------------------------- */

static void a_file_cut_at_any_byte_is_refused(void **unused)
{
    (void)unused;
    static const float w[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
    static const int64_t dims[] = { 1, 1, 3, 3, 0 }, pads[] = { 1, 1, 1, 1 };
    bytes g = onnx_graph(), attrs = { 0 };
    onnx_attr_ints(&attrs, "pads", 4, pads);
    onnx_weights(&g, "w", dims, w);
    onnx_node(&g, "Conv", "conv", "x w", "c", attrs);
    onnx_node(&g, "Relu", "relu", "c", "y", no_attrs);
    bytes whole = onnx_file(g, 13);
    for (size_t n = 0; n <= whole.n; n++) {
        /* a copy of its own size, so that a step beyond it is seen */
        bytes cut = { 0 };
        put_raw(&cut, whole.data, n);
        cut.data = realloc(cut.data, n + !n);
        assert_non_null(cut.data);
        dv_model *m = build(&cut, NULL);
        assert_true((m != NULL) == (n == whole.n));
        dv_model_free(m);
        bytes_free(&cut);
    }
    bytes_free(&whole);
}

/* Every file that ends inside the one that python3-onnx wrote. */
static void a_real_file_cut_at_any_byte_is_refused(void **unused)
{
    (void)unused;
    dv_error err = { 0 };
    dv_file f;
    if (!dv_file_map(&f, "tests/data/small.onnx", &err))
        fail_msg("%s", err.message);
    for (size_t n = 0; n <= f.size; n++) {
        uint8_t *cut = malloc(n + !n);
        assert_non_null(cut);
        memcpy(cut, f.data, n);
        dv_model *m = build(&(bytes){ cut, n, n }, NULL);
        assert_true((m != NULL) == (n == f.size));
        if (m)
            assert_int_equal(dv_model_n_layers(m), 4);
        if (m)
            assert_int_equal(dv_model_n_warnings(m), 0);
        dv_model_free(m);
        free(cut);
    }
    dv_file_unmap(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_read_from_every_field_that_may_hold_them),
        cmocka_unit_test(weights_that_do_not_fill_their_shape_are_refused),
        cmocka_unit_test(huge_and_negative_dimensions_are_refused),
        cmocka_unit_test(nodes_may_stand_in_any_order),
        cmocka_unit_test(a_cycle_is_refused_with_a_node_of_it),
        cmocka_unit_test(what_is_nowhere_or_twice_defined_is_refused),
        cmocka_unit_test(an_unknown_operator_is_named),
        cmocka_unit_test(an_unknown_attribute_is_warned_of),
        cmocka_unit_test(of_very_many_warnings_the_last_are_counted),
        cmocka_unit_test(two_inputs_are_refused_by_name),
        cmocka_unit_test(an_initializer_may_be_listed_as_an_input),
        cmocka_unit_test(a_free_size_must_be_given),
        cmocka_unit_test(an_input_is_one_image_of_floats),
        cmocka_unit_test(operator_sets_from_7_on_are_taken),
        cmocka_unit_test(shape_arithmetic_is_folded),
        cmocka_unit_test(arithmetic_on_weights_is_folded),
        cmocka_unit_test(a_dropout_of_a_constant_is_folded),
        cmocka_unit_test(an_input_of_many_cannot_be_absent),
        cmocka_unit_test(what_grows_beyond_measure_is_refused),
        cmocka_unit_test(an_attribute_that_is_a_graph_is_refused),
        cmocka_unit_test(of_an_if_the_branch_that_is_taken_is_left),
        cmocka_unit_test(branches_may_lie_within_branches),
        cmocka_unit_test(an_if_that_nothing_decides_is_refused),
        cmocka_unit_test(the_chain_of_a_local_response_norm_becomes_one_operator),
        cmocka_unit_test(a_name_is_bounded_and_of_one_line),
        cmocka_unit_test(a_nan_weight_loads_and_the_forward_pass_tells),
        cmocka_unit_test(external_data_lies_beside_the_model),
        cmocka_unit_test(external_data_that_is_not_there_is_refused),
        cmocka_unit_test(a_file_beside_the_model_tells_preprocessing_and_labels),
        cmocka_unit_test(a_file_cut_at_any_byte_is_refused),
        cmocka_unit_test(a_real_file_cut_at_any_byte_is_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
