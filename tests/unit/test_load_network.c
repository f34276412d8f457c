/* test_load_network.c - networks in JSON, what may stand in them, and the files around them. */
#include "deconvviz/load.h"
#include "deconvviz/trace.h"
#include "load/network.h"

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

#define HEAD  "{\"format\":\"deconvviz-network\",\"version\":1,"
#define INPUT "\"input\":{\"name\":\"image\",\"shape\":[2,4,4]},"

static char last_error[512];

/* Weights for the tests: conv.weight (3,2,1,1) and conv.bias (3), fc.weight (2,48), bn.* (3). */
static dv_file weights(void)
{
    static uint8_t file[4096];
    static const char header[] =
        "{\"conv.weight\":{\"dtype\":\"F32\",\"shape\":[3,2,1,1],\"data_offsets\":[0,24]},"
        "\"conv.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[24,36]},"
        "\"fc.weight\":{\"dtype\":\"F32\",\"shape\":[2,48],\"data_offsets\":[36,420]},"
        "\"flat.weight\":{\"dtype\":\"F32\",\"shape\":[3,2],\"data_offsets\":[36,60]},"
        "\"bn.weight\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[420,432]},"
        "\"bn.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[432,444]},"
        "\"bn.running_mean\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[444,456]},"
        "\"bn.running_var\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[456,468]}}";
    size_t n = sizeof header - 1;
    memset(file, 0, sizeof file);
    for (int i = 0; i < 8; i++)
        file[i] = (uint8_t)((uint64_t)n >> (8 * i));
    memcpy(file + 8, header, n);
    for (int i = 0; i < 117; i++) {
        float v = i < 105 ? (float)i : i < 114 ? (float)(i - 104) : 4.0F; /* a variance of 4 */
        memcpy(file + 8 + n + 4 * (size_t)i, &v, sizeof v);
    }
    return (dv_file){ .data = file, .size = 8 + n + 468 };
}

static dv_model *build(const char *json)
{
    dv_error err = { 0 };
    dv_file w = weights();
    dv_network_request q = { .loaded = &w };
    dv_model *m = dv_model_new("hand.json", NULL, &err);
    assert_non_null(m);
    bool ok = dv_network_build(m, json, strlen(json), &q, &err);
    snprintf(last_error, sizeof last_error, "%s", err.message);
    if (ok)
        return m;
    dv_model_free(m);
    return NULL;
}

static void refuses(const char *json, const char *message)
{
    assert_null(build(json));
    assert_string_equal(last_error, message);
}

static void refuses_nodes(const char *nodes, const char *message)
{
    char json[2048];
    snprintf(json, sizeof json, HEAD INPUT "\"nodes\":[%s]}", nodes);
    refuses(json, message);
}

static void forward(const dv_model *m, const float *x, float *y)
{
    dv_error err = { 0 };
    int output = dv_model_output(m);
    dv_request q = { .n_keep = 1, .keep = &output };
    dv_plan *plan = dv_plan_new(m, &q, NULL, &err);
    dv_trace *t = plan ? dv_trace_new(plan, NULL, &err) : NULL;
    if (!t || !dv_trace_forward(t, x, &err))
        fail_msg("%s", err.message);
    memcpy(y, dv_trace_tensor(t, output), dv_shape_count(dv_tensor_shape(m, output)) * sizeof *y);
    dv_trace_free(t);
    dv_plan_free(plan);
}

/* The first n outputs for an input whose pixel i is i. */
static void gives(const char *nodes, const float *want, size_t n)
{
    char json[2048];
    float x[32], y[256];
    snprintf(json, sizeof json, HEAD INPUT "\"nodes\":[%s]}", nodes);
    dv_model *m = build(json);
    if (!m)
        fail_msg("%s", last_error);
    for (int i = 0; i < 32; i++)
        x[i] = (float)i;
    assert_in_range(dv_shape_count(dv_tensor_shape(m, dv_model_output(m))), n, 256);
    forward(m, x, y);
    for (size_t i = 0; i < n; i++)
        assert_float_equal(y[i], want[i], 1e-5);
    dv_model_free(m);
}

static void weights_are_taken_by_their_prefix(void **unused)
{
    (void)unused;
    /* conv.weight 0..5, conv.bias 6..8: channel 0 is 0 x0 + 1 x1 + 6 */
    static const float conv[] = { 16 + 6, 17 + 6 };
    gives("{\"op\":\"Conv\",\"name\":\"c\",\"weights\":\"conv\",\"kernel_shape\":[1,1]}", conv, 2);
    /* scale 105-104=1.., bias 4.., mean 7.., variance 4 */
    static const float bn[] = { 1 * (22 - 7) / 2.0F + 4 };
    gives("{\"op\":\"Conv\",\"name\":\"c\",\"weights\":\"conv\"},"
          "{\"op\":\"BatchNormalization\",\"name\":\"b\",\"weights\":\"bn\",\"epsilon\":0}",
          bn, 1);
    /* a bias that is not there is none: flat.weight 9..14 as (3,2) */
    static const float product[] = { 9 * 0 + 10 * 1, 11 * 0 + 12 * 1, 13 * 0 + 14 * 1 };
    gives("{\"op\":\"Reshape\",\"name\":\"r\",\"shape\":[16,2]},"
          "{\"op\":\"Gemm\",\"name\":\"g\",\"weights\":\"flat\",\"transB\":1}",
          product, 3);
}

static void einsum_reads_its_equation(void **unused)
{
    (void)unused;
    static const float squares[] = { 0 + 16 * 16, 1 + 17 * 17 };
    gives("{\"op\":\"Einsum\",\"name\":\"e\",\"equation\":\"bchw,bchw->bhw\","
          "\"input\":[\"image\",\"image\"]}",
          squares, 2);
}

static void a_node_reads_the_one_before_or_what_it_names(void **unused)
{
    (void)unused;
    static const float want[] = { 0, 2, 4, 6 };
    gives("{\"op\":\"Relu\",\"name\":\"a\"},"
          "{\"op\":\"Relu\",\"name\":\"b\",\"input\":\"image\"},"
          "{\"op\":\"Add\",\"name\":\"sum\",\"input\":[\"a\",\"b\"]}",
          want, 4);
    static const float half[] = { 16, 17 };
    gives("{\"op\":\"Split\",\"name\":\"s\",\"axis\":1,\"split\":[1,1],"
          "\"output\":[\"first\",\"second\"]},"
          "{\"op\":\"Relu\",\"name\":\"r\",\"input\":\"second\"}",
          half, 2);
}

static void constants_stand_where_onnx_has_inputs(void **unused)
{
    (void)unused;
    static const float clipped[] = { 0, 1, 2, 3, 4, 5, 6, 6, 6 };
    gives("{\"op\":\"Clip\",\"name\":\"c\",\"min\":0,\"max\":6}", clipped, 9);
    static const float scaled[] = { 0, 0.5F, 1 };
    gives("{\"op\":\"Mul\",\"name\":\"m\",\"B\":0.5}", scaled, 3);
    static const float sliced[] = { 16, 17 };
    gives("{\"op\":\"Slice\",\"name\":\"s\",\"starts\":[1],\"ends\":[2],\"axes\":[1]}", sliced, 2);
    static const float padded[] = { 9, 9, 9, 9, 9, 9, 0, 1 };
    static const float shifted[] = { 1, 2, 3 };
    gives("{\"op\":\"InstanceNormalization\",\"name\":\"i\",\"scale\":[0,0],\"B\":[7,7]},"
          "{\"op\":\"Mul\",\"name\":\"m\",\"B\":0},"
          "{\"op\":\"Add\",\"name\":\"a\",\"B\":[1,2,3,4]}",
          shifted, 3);
    gives("{\"op\":\"Pad\",\"name\":\"p\",\"pads\":[0,0,1,1,0,0,0,0],\"constant_value\":9}", padded,
          7);
}

static void a_slip_of_the_pen_is_named(void **unused)
{
    (void)unused;
    refuses("", "line 1, column 1: this is not JSON (truncated?)");
    refuses("{\"format\":\"x\"}",
            "JSON, but not a network: \"format\" must be \"deconvviz-network\"");
    refuses("{\"format\":\"deconvviz-network\",\"version\":2}",
            "\"version\" is 2: this program reads version 1");
    refuses(HEAD "\"nods\":[]}", "the network: unknown key \"nods\"");
    refuses(HEAD "\"input\":{\"name\":\"i\",\"shape\":[1,2]}}",
            "\"input\": \"shape\" has 2 elements: (C,H,W) is needed");
    refuses(HEAD "\"input\":{\"name\":\"i\",\"shape\":[1,2,0]}}",
            "\"input\": \"shape\" is 0: a whole number from 1 to 2147483647 is needed");
    refuses(HEAD "\"input\":{\"name\":\"i\",\"shape\":[1,2,4611686018427387904]}}",
            "\"input\": \"shape\" is 4.611686018e+18: a whole number from 1 to 2147483647 is "
            "needed");
    refuses(HEAD INPUT "\"nodes\":[]}", "\"nodes\" lists 0 nodes: 1 to 100000 are possible");
    refuses_nodes("3", "node 0 of \"nodes\": it is not an object: {…} is needed");
    refuses_nodes("{\"op\":\"Relu\"}",
                  "node 0 of \"nodes\": \"name\" is missing: a text is needed");
    refuses_nodes("{\"op\":\"Relu\",\"name\":\"r\",\"stride\":[1,1]}",
                  "node 'r' (Relu): unknown key \"stride\"");
    refuses_nodes("{\"op\":\"Relu\",\"name\":\"r\",\"name\":\"s\"}",
                  "node 'r' (Relu): \"name\" is there twice");
    refuses_nodes("{\"op\":\"Relu\",\"name\":\"r\",\"axis\":1}", /* which others have */
                  "node 'r' (Relu): unknown key \"axis\"");
    refuses_nodes("{\"op\":\"Conv\",\"name\":\"c\",\"weights\":\"conv\",\"ceil_mode\":1}",
                  "node 'c' (Conv): unknown key \"ceil_mode\"");
    refuses_nodes("{\"op\":\"Flatten\",\"name\":\"f\",\"axis\":null}",
                  "node 'f' (Flatten): \"axis\": it is null: a number is needed");
    refuses_nodes("{\"op\":\"Flatten\",\"name\":\"f\",\"axis\":[1,\"2\"]}",
                  "node 'f' (Flatten): \"axis\": it is \"2\": a number is needed");
    refuses_nodes("{\"op\":\"Frob\",\"name\":\"r\",\"frobs\":1}",
                  "node 'r' (Frob): this operator is not supported");
    refuses_nodes("{\"op\":\"Relu\",\"name\":\"r\",\"input\":\"img\"}",
                  "node 'r' (Relu): its input 'img' is nowhere defined");
    refuses_nodes("{\"op\":\"Relu\",\"name\":\"r\",\"input\":[]}",
                  "node 'r' (Relu): \"input\" has 0 names: 1 to 1000 are possible");
}

static void a_missing_or_misshapen_weight_is_named(void **unused)
{
    (void)unused;
    refuses_nodes("{\"op\":\"Conv\",\"name\":\"c\",\"weights\":\"cnv\"}",
                  "node 'c' (Conv): the weights have no tensor 'cnv.weight' (8 others, as "
                  "'bn.bias')");
    assert_null(
        build(HEAD INPUT "\"nodes\":[{\"op\":\"Conv\",\"name\":\"c\",\"weights\":\"fc\"}]}"));
    assert_non_null(strstr(last_error, "node 'c' (Conv): "));
    assert_non_null(strstr(last_error, "(2,48)"));
    assert_null(build(HEAD INPUT "\"nodes\":[{\"op\":\"Conv\",\"name\":\"c\",\"weights\":\"conv\","
                                 "\"kernel_shape\":[3,3]}]}"));
    assert_non_null(strstr(last_error, "node 'c' (Conv): "));
    assert_non_null(strstr(last_error, "kernel_shape says 3 where the weight has 1"));
}

static void preprocessing_is_read_and_checked(void **unused)
{
    (void)unused;
    static const char relu[] = "\"nodes\":[{\"op\":\"Relu\",\"name\":\"r\"}]}";
    static const char grey[] = "\"input\":{\"name\":\"i\",\"shape\":[3,8,6]},";
    char json[1024];
    snprintf(json, sizeof json,
             HEAD "%s\"preprocess\":{\"resize\":9,\"size\":[8,6],\"scale\":1,"
                  "\"mean\":[1,2,3],\"order\":\"bgr\"},\"labels\":[\"a\",\"b\"],%s",
             grey, relu);
    dv_model *m = build(json);
    if (!m)
        fail_msg("%s", last_error);
    const dv_preprocess *p = dv_model_preprocess(m);
    assert_int_equal(p->resize, 9);
    assert_int_equal(p->size[0], 8);
    assert_int_equal(p->size[1], 6);
    assert_int_equal(p->channels, 3);
    assert_true(p->bgr);
    assert_float_equal(p->mean[2], 3, 0);
    assert_float_equal(p->std[2], 1, 0);
    assert_string_equal(dv_model_label(m, 1), "b");
    dv_model_free(m);

    static const char *const wrong[][2] = {
        { "{\"size\":8}", "\"preprocess\": \"size\" is 8x8: the network's input is 8x6" },
        { "{\"size\":[]}", "\"preprocess\": \"size\" is an empty list: [H,W] is needed" },
        { "{\"mean\":[1]}", "\"preprocess\": \"mean\" has 1 elements: 3 channels need one each" },
        { "{\"std\":[1,0,1]}", "\"preprocess\": \"std\" of channel 1 is 0" },
        { "{\"order\":\"gbr\"}",
          "\"preprocess\": \"order\" is \"gbr\": \"rgb\" or \"bgr\" is needed" },
        { "{\"means\":[1]}", "\"preprocess\": it: unknown key \"means\"" },
        { "{\"resize\":-1}",
          "\"preprocess\": \"resize\" is -1: a whole number from 0 to 32767 is needed" },
        { "7", "\"preprocess\": it is not an object: {…} is needed" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(json, sizeof json, HEAD "%s\"preprocess\":%s,%s", grey, wrong[i][0], relu);
        refuses(json, wrong[i][1]);
    }
}

/* -- files ------------------------------------------------------------------------------------ */

static char folder[] = "/tmp/deconvviz-network-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[2][300];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static void write_file(const char *name, const void *data, size_t n)
{
    FILE *f = fopen(in_folder(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    fclose(f);
}

static int make_folder(void **unused)
{
    (void)unused;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **unused)
{
    (void)unused;
    static const char *const names[] = { "net.json", "net.safetensors", "other.safetensors",
                                         "odd" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        (void)unlink(in_folder(names[i]));
    return rmdir(folder);
}

static dv_model *open_file(const char *name, const dv_load_options *o)
{
    dv_error err = { 0 };
    dv_model *m = dv_model_open(in_folder(name), o, &err);
    snprintf(last_error, sizeof last_error, "%s", err.message);
    return m;
}

static void network_and_weights_find_each_other(void **unused)
{
    (void)unused;
    static const char conv[] =
        HEAD INPUT "\"nodes\":[{\"op\":\"Conv\",\"name\":\"c\",\"weights\":\"conv\"}]}";
    static const char named[] =
        HEAD INPUT "\"weights\":\"other.safetensors\",\"nodes\":"
                   "[{\"op\":\"Conv\",\"name\":\"c\",\"weights\":\"conv\"}]}";
    static const char escaping[] = HEAD INPUT "\"weights\":\"../other.safetensors\",\"nodes\":[]}";
    dv_file w = weights();
    dv_error err = { 0 };

    write_file("net.json", conv, strlen(conv));
    assert_null(open_file("net.json", NULL));
    assert_non_null(strstr(last_error, "it needs weights, and there is no file of weights"));

    write_file("net.safetensors", w.data, w.size); /* under the same stem */
    dv_model *m = open_file("net.json", NULL);
    if (!m)
        fail_msg("%s", last_error);
    char sha[DV_DIGEST_TEXT_MAX];
    snprintf(sha, sizeof sha, "%s", dv_model_sha256(m, &err));
    dv_model_free(m);
    m = open_file("net.safetensors", NULL); /* and the other way round */
    if (!m)
        fail_msg("%s", last_error);
    assert_string_equal(dv_model_sha256(m, &err), sha);
    dv_model_free(m);

    write_file("net.json", named, strlen(named)); /* by name */
    assert_null(open_file("net.json", NULL));
    assert_non_null(strstr(last_error, "other.safetensors: No such file or directory"));
    dv_load_options o = { .weights = in_folder("net.safetensors"), .size = { 8, 6 } };
    m = open_file("net.json", &o); /* in its place */
    if (!m)
        fail_msg("%s", last_error);
    char text[DV_SHAPE_TEXT_MAX];
    assert_string_equal(dv_shape_text(dv_tensor_shape(m, dv_model_output(m)), text), "(1,3,8,6)");
    dv_model_free(m);
    write_file("other.safetensors", w.data, w.size);
    m = open_file("net.json", NULL);
    if (!m)
        fail_msg("%s", last_error);
    dv_model_free(m);

    write_file("net.json", escaping, strlen(escaping));
    assert_null(open_file("net.json", NULL));
    assert_non_null(strstr(last_error, "is not inside the model's folder"));
}

static void what_is_not_a_model_is_told_what_it_seems_to_be(void **unused)
{
    (void)unused;
    static const struct {
        const char *bytes;
        size_t n;
        const char *said;
    } cases[] = {
        { "", 0, "it is empty" },
        { "\xff\xd8\xff\xe0", 4, "it is a JPEG image" },
        { "<!DOCTYPE html><html>", 21, "it is a web page: a download that went wrong?" },
        { "PK\3\4archive/data.pkl", 20, "it is a PyTorch pickle: export to ONNX, see README" },
        { "\x80\x02}q\x00", 5, "it is a Python pickle (PyTorch?): export to ONNX, see README" },
        { "version https://git-lfs.github.com/spec/v1\n", 43,
          "it is a pointer of Git LFS: fetch the file itself (git lfs pull)" },
        { "hello\n", 6, "it is some text" },
        { "\x01\x02\x03", 3, "nothing is known that begins so" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char want[400];
        write_file("odd", cases[i].bytes, cases[i].n);
        assert_null(open_file("odd", NULL));
        snprintf(want, sizeof want, "%s: not a model: %s", in_folder("odd"), cases[i].said);
        assert_string_equal(last_error, want);
    }
    assert_null(open_file("nothing", NULL));
    assert_non_null(strstr(last_error, "nothing: No such file or directory"));
}

/* -- a network of the literature -------------------------------------------------------------- */

#define SHARED "../shared/models/squeezenet1.1-imagenet"

/* models/squeezenet1_1.json with torchvision's weights is the network that PyTorch exported. */
static void squeezenet_from_json_agrees_with_its_onnx(void **unused)
{
    (void)unused;
    enum { N = 3 * 224 * 224, CLASSES = 1000 };
    if (access(SHARED ".safetensors", R_OK) != 0) {
        printf("skip: " SHARED ".safetensors is not there\n");
        skip();
    }
    dv_error err = { 0 };
    dv_load_options o = { .weights = SHARED ".safetensors" };
    dv_model *ours = dv_model_open("models/squeezenet1_1.json", &o, &err);
    dv_model *theirs = ours ? dv_model_open(SHARED ".onnx", NULL, &err) : NULL;
    if (!theirs)
        fail_msg("%s", err.message);
    float *x = malloc(N * sizeof *x), a[CLASSES], b[CLASSES];
    assert_non_null(x);
    for (int i = 0; i < N; i++)
        x[i] = sinf((float)i * 0.37F) + cosf((float)(i % 224) * 0.05F);
    forward(ours, x, a);
    forward(theirs, x, b);
    double d = 0, n = 0;
    for (int i = 0; i < CLASSES; i++) {
        d += pow((double)(a[i] - b[i]), 2);
        n += pow((double)b[i], 2);
    }
    assert_true(sqrt(d / n) < 2e-3); /* the weights are fp16 in one of the files */
    free(x);
    dv_model_free(ours);
    dv_model_free(theirs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_taken_by_their_prefix),
        cmocka_unit_test(einsum_reads_its_equation),
        cmocka_unit_test(a_node_reads_the_one_before_or_what_it_names),
        cmocka_unit_test(constants_stand_where_onnx_has_inputs),
        cmocka_unit_test(a_slip_of_the_pen_is_named),
        cmocka_unit_test(a_missing_or_misshapen_weight_is_named),
        cmocka_unit_test(preprocessing_is_read_and_checked),
        cmocka_unit_test(network_and_weights_find_each_other),
        cmocka_unit_test(what_is_not_a_model_is_told_what_it_seems_to_be),
        cmocka_unit_test(squeezenet_from_json_agrees_with_its_onnx),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
