/* Who a model is: whatever decides what it computes, and nothing else. */
#include "base/file.h"
#include "deconvviz/load.h"
#include "deconvviz/pool.h"
#include "net.h"
#include "onnx_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/deconvviz-parts-XXXXXX";

static void write_text(const char *path, const char *text)
{
    dv_error err = { 0 };
    if (!dv_file_write(path, text, strlen(text), &err))
        fail_msg("%s", err.message);
}

/* A convolution by one weight, and what comes behind it. */
static void write_network(const char *path, const char *activation)
{
    char json[500];
    snprintf(json, sizeof json,
             "{\"format\":\"deconvviz-network\",\"version\":1,"
             "\"input\":{\"name\":\"x\",\"shape\":[1,4,4]},\"nodes\":["
             "{\"op\":\"Conv\",\"name\":\"c\",\"weights\":\"c\"},"
             "{\"op\":\"%s\",\"name\":\"a\"}]}",
             activation);
    write_text(path, json);
}

static void write_weights(const char *path, float weight)
{
    static const char header[] =
        "{\"c.weight\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1],\"data_offsets\":[0,4]}}";
    uint8_t file[8 + sizeof header - 1 + 4] = { sizeof header - 1 };
    memcpy(file + 8, header, sizeof header - 1);
    memcpy(file + 8 + sizeof header - 1, &weight, 4);
    dv_error err;
    assert_true(dv_file_write(path, file, sizeof file, &err));
}

/* y = x w, w in the file w.bin. */
static void write_onnx(const char *path)
{
    bytes graph = onnx_graph(), tensor = { 0 }, location = { 0 };
    put_int(&tensor, 1, 1);
    put_int(&tensor, 2, 1);
    put_text(&tensor, 8, "w");
    put_text(&location, 1, "location");
    put_text(&location, 2, "w.bin");
    put_message(&tensor, 13, location);
    put_int(&tensor, 14, 1);
    put_message(&graph, 5, tensor);
    onnx_node(&graph, "Mul", "scale", "x w", "y", (bytes){ 0 });
    bytes file = onnx_file(graph, 13);
    dv_error err;
    assert_true(dv_file_write(path, file.data, file.n, &err));
    bytes_free(&file);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return chdir("/") == 0 ? system(command) : -1;
}

static dv_model *open_model(const char *path, const char *weights)
{
    dv_error err = { 0 };
    const dv_load_options o = { .weights = weights };
    dv_model *m = dv_model_open(path, &o, &err);
    if (!m)
        fail_msg("%s", err.message);
    return m;
}

typedef struct digest {
    char text[DV_DIGEST_TEXT_MAX];
} digest;

static digest of_model(const char *path, const char *weights)
{
    dv_error err;
    digest d;
    dv_model *m = open_model(path, weights);
    const char *sha256 = dv_model_sha256(m, &err);
    assert_non_null(sha256);
    memcpy(d.text, sha256, sizeof d.text);
    dv_model_free(m);
    return d;
}

static digest of_file(const char *path)
{
    dv_error err;
    digest d;
    assert_true(dv_sha256_file(path, d.text, &err));
    return d;
}

static bool same(digest a, digest b)
{
    return strcmp(a.text, b.text) == 0;
}

/* -- tests ------------------------------------------------------------------------------------ */

static void a_network_counts_beside_its_weights(void **state)
{
    (void)state;
    write_network("n.json", "Relu");
    write_weights("n.safetensors", 2);
    write_weights("other.safetensors", 3);
    digest was = of_model("n.json", NULL);
    assert_true(same(was, of_model("n.safetensors", NULL))); /* whichever is opened */
    assert_true(same(was, of_model("n.json", "n.safetensors")));
    assert_false(same(was, of_model("n.json", "other.safetensors")));

    write_network("n.json", "LeakyRelu");
    assert_false(same(was, of_model("n.json", NULL)));
    assert_false(same(was, of_model("n.safetensors", NULL)));
    write_network("n.json", "Relu");
    assert_true(same(was, of_model("n.json", NULL)));
    write_weights("n.safetensors", 3);
    assert_false(same(was, of_model("n.json", NULL)));
    write_weights("n.safetensors", 2);

    assert_int_equal(mkdir("elsewhere", 0777), 0);
    assert_int_equal(rename("n.json", "elsewhere/moved.json"), 0);
    assert_int_equal(rename("n.safetensors", "elsewhere/moved.safetensors"), 0);
    assert_true(same(was, of_model("elsewhere/moved.json", NULL)));
}

static void external_data_and_a_sidecar_count(void **state)
{
    (void)state;
    write_onnx("m.onnx");
    write_text("w.bin", "\1\2\3\4");
    digest plain = of_model("m.onnx", NULL);
    write_text("w.bin", "\1\2\3\5");
    assert_false(same(plain, of_model("m.onnx", NULL)));
    write_text("w.bin", "\1\2\3\4");
    write_text("unread.bin", "5");
    assert_true(same(plain, of_model("m.onnx", NULL)));

    write_text("m.json", "{\"labels\":[\"cat\",\"dog\"]}"); /* decides no number */
    assert_true(same(plain, of_model("m.onnx", NULL)));
    write_text("m.json", "{\"preprocess\":{\"mean\":[0.5]}}");
    digest prepared = of_model("m.onnx", NULL);
    assert_false(same(plain, prepared));
    write_text("m.json", "{\"preprocess\":{\"mean\":[0.4]}}");
    assert_false(same(prepared, of_model("m.onnx", NULL)));
    write_text("m.json", "{\"preprocess\":{\"mean\":[0.5]}}");

    assert_int_equal(rename("m.onnx", "renamed.onnx"), 0);
    assert_true(same(plain, of_model("renamed.onnx", NULL)));
    assert_int_equal(rename("m.json", "renamed.json"), 0);
    assert_true(same(prepared, of_model("renamed.onnx", NULL)));
}

static void one_file_is_what_sha256sum_says(void **state)
{
    (void)state;
    static const int64_t dims[] = { 1, 0 };
    const float weight = 2;
    bytes graph = onnx_graph();
    onnx_weights(&graph, "w", dims, &weight);
    onnx_node(&graph, "Mul", "scale", "x w", "y", (bytes){ 0 });
    bytes file = onnx_file(graph, 13);
    dv_error err;
    assert_true(dv_file_write("one.onnx", file.data, file.n, &err));
    bytes_free(&file);
    assert_true(same(of_model("one.onnx", NULL), of_file("one.onnx")));
}

static void parts_are_named_in_order(void **state)
{
    (void)state;
    write_onnx("p.onnx");
    write_text("w.bin", "\1\2\3\4");
    write_text("p.json", "{\"preprocess\":\"unit\"}");
    static const char *const want[][2] = { { "network", "p.onnx" },
                                           { "external data", "w.bin" },
                                           { "sidecar", "p.json" } };
    dv_error err;
    dv_identity id;
    char lines[500];
    size_t n = 0;
    char path[100];
    snprintf(path, sizeof path, "%s/p.onnx", folder);
    dv_model *m = open_model(path, NULL);
    assert_true(dv_model_identity(m, &id, &err));
    assert_int_equal(id.n_parts, 3);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(id.parts[i].role, want[i][0]);
        assert_string_equal(id.parts[i].name, want[i][1]);
        assert_string_equal(id.parts[i].sha256, of_file(want[i][1]).text);
        n += (size_t)snprintf(lines + n, sizeof lines - n, "%s %s\n", want[i][0],
                              of_file(want[i][1]).text);
    }
    digest all;
    dv_sha256(lines, n, all.text);
    assert_string_equal(id.sha256, all.text);
    assert_string_equal(id.path, path);
    dv_model_free(m);
}

/* A stream can be read once. */
static void what_came_through_a_pipe_is_hashed_as_it_came(void **state)
{
    (void)state;
    write_network("pipe.json", "Relu");
    write_weights("pipe.safetensors", 2);
    digest want = of_model("pipe.json", NULL);
    int saved = dup(0);
    FILE *cat = popen("cat pipe.json", "r");
    assert_non_null(cat);
    assert_int_equal(dup2(fileno(cat), 0), 0);
    assert_true(same(want, of_model("/dev/stdin", "pipe.safetensors")));
    pclose(cat);
    assert_int_equal(dup2(saved, 0), 0);
    close(saved);
}

static void a_file_that_is_gone_is_told(void **state)
{
    (void)state;
    dv_error err = { 0 };
    write_network("gone.json", "Relu");
    write_weights("gone.safetensors", 2);
    dv_model *m = open_model("gone.json", NULL);
    assert_int_equal(rename("gone.json", "back.json"), 0);
    assert_null(dv_model_sha256(m, &err));
    assert_string_equal(err.message, "gone.json: No such file or directory");
    assert_int_equal(rename("back.json", "gone.json"), 0);
    assert_non_null(dv_model_sha256(m, &err));
    dv_model_free(m);

    m = net_new(3, 4, 4); /* by hand */
    assert_null(dv_model_sha256(m, &err));
    assert_non_null(strstr(err.message, "was not read from a file: it has no SHA-256"));
    dv_model_free(m);
}

static void a_file_is_read_once_for_all_sizes(void **state)
{
    (void)state;
    const int size[2] = { 6, 5 };
    dv_error err = { 0 };
    write_network("sizes.json", "Relu");
    write_weights("sizes.safetensors", 2);
    dv_model *m = open_model("sizes.json", NULL), *other = dv_model_resized(m, size, &err);
    assert_non_null(other);
    assert_non_null(dv_model_sha256(m, &err));
    assert_int_equal(unlink("sizes.json") | unlink("sizes.safetensors"), 0);
    const char *again = dv_model_sha256(other, &err);
    if (!again)
        fail_msg("%s", err.message);
    assert_string_equal(again, dv_model_sha256(m, &err));
    dv_model_free(m);
    dv_model_free(other);
}

typedef struct asked {
    const dv_model *model;
    const char *said[16];
} asked;

static void ask(void *ctx, int i, int worker)
{
    (void)worker;
    asked *a = ctx;
    dv_error err;
    a->said[i] = dv_model_sha256(a->model, &err);
}

static void any_thread_may_ask(void **state)
{
    (void)state;
    dv_error err;
    dv_model *m = open_model(DV_DEFAULT_MODEL, NULL);
    dv_pool *pool = dv_pool_new(4, &err);
    assert_non_null(pool);
    asked a = { .model = m };
    dv_pool_run(pool, 16, ask, &a);
    for (int i = 0; i < 16; i++)
        assert_ptr_equal(a.said[i], a.said[0]);
    assert_int_equal(strlen(a.said[0]), 64);
    dv_pool_free(pool);
    dv_model_free(m);
}

/* The built-in model is the one that lies in models/. */
static void the_built_in_model_is_its_files(void **state)
{
    const char *top = *state;
    char path[4200];
    snprintf(path, sizeof path, "%s/models/zfnet64.json", top);
    assert_true(same(of_model(DV_DEFAULT_MODEL, NULL), of_model(path, NULL)));
}

/* Of one part, of several, and as an older version wrote it, which knew of one file alone. */
static void what_knows_less_is_compared_by_what_it_knows(void **state)
{
    (void)state;
    const dv_model_part parts[] = { { "network", "n.json", "11" }, { "weights", "n.st", "22" } };
    const dv_identity whole = { "n", "n.json", "33", 2, parts };
    const dv_identity other = { "n", "n.json", "34", 2, parts };
    const dv_identity file = { "n", "n.onnx", "11", 1, parts };
    const dv_identity old_weights = { "n", "n.json", "22", 0, NULL };
    const dv_identity old_file = { "n", "n.onnx", "11", 0, NULL };
    assert_true(dv_identity_equal(&whole, &whole));
    assert_false(dv_identity_equal(&whole, &other));
    assert_false(dv_identity_equal(&whole, &file));
    assert_true(dv_identity_equal(&whole, &old_weights));
    assert_true(dv_identity_equal(&old_weights, &whole));
    assert_false(dv_identity_equal(&whole, &old_file));
    assert_true(dv_identity_equal(&file, &old_file));
    assert_false(dv_identity_equal(&file, &old_weights));
    assert_false(dv_identity_equal(&old_file, &old_weights));
}

int main(void)
{
    static char top[4096];
    if (!getcwd(top, sizeof top))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_counts_beside_its_weights),
        cmocka_unit_test(external_data_and_a_sidecar_count),
        cmocka_unit_test(one_file_is_what_sha256sum_says),
        cmocka_unit_test(parts_are_named_in_order),
        cmocka_unit_test(what_came_through_a_pipe_is_hashed_as_it_came),
        cmocka_unit_test(a_file_that_is_gone_is_told),
        cmocka_unit_test(a_file_is_read_once_for_all_sizes),
        cmocka_unit_test(any_thread_may_ask),
        cmocka_unit_test_prestate(the_built_in_model_is_its_files, top),
        cmocka_unit_test(what_knows_less_is_compared_by_what_it_knows),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
