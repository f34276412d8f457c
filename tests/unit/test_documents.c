/* The examples of JSON that headers show are what the program reads and writes. */
#include "base/file.h"
#include "deconvviz/index.h"
#include "deconvviz/reference.h"
#include "load/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MARGIN " *     "

/* The first object in the comment that a header begins with: from the line that opens it to the
 * next empty one. */
static char *example_of(const char *header)
{
    static char text[16 * 1024];
    char line[500];
    size_t n = 0;
    FILE *f = fopen(header, "r");
    if (!f)
        fail_msg("no %s: tests run from the top folder", header);
    while (fgets(line, sizeof line, f)) {
        if (n == 0 && strncmp(line, MARGIN "{", strlen(MARGIN) + 1) != 0)
            continue;
        if (strncmp(line, MARGIN, strlen(MARGIN)) != 0)
            break;
        n += (size_t)snprintf(text + n, sizeof text - n, "%s", line + strlen(MARGIN));
        assert_true(n < sizeof text);
    }
    fclose(f);
    if (n == 0)
        fail_msg("%s shows no JSON", header);
    return text;
}

/* Whether both say the same, but for spaces and the order of members. */
static void same_document(const char *example, const char *written)
{
    cJSON *a = cJSON_Parse(example), *b = cJSON_Parse(written);
    if (!a || !b || !cJSON_Compare(a, b, true))
        fail_msg("the example is read and written as %s", written);
    cJSON_Delete(a);
    cJSON_Delete(b);
}

static void the_index_of_index_h_is_one(void **state)
{
    (void)state;
    const char *example = example_of("include/deconvviz/index.h");
    dv_index x;
    dv_error err;
    size_t size;
    if (!dv_index_parse(&x, example, strlen(example), "index.h", &err))
        fail_msg("%s", err.message);
    char *text = dv_index_text(&x, &size, &err);
    assert_non_null(text);
    same_document(example, text);
    free(text);
    dv_index_free(&x);
}

static void the_manifest_of_reference_h_is_one(void **state)
{
    (void)state;
    const char *example = example_of("include/deconvviz/reference.h");
    dv_references r;
    dv_error err;
    size_t size;
    if (!dv_references_parse(&r, example, strlen(example), "reference.h", &err))
        fail_msg("%s", err.message);
    char *text = dv_references_text(&r, &size, &err);
    assert_non_null(text);
    same_document(example, text);
    free(text);
    dv_references_free(&r);
}

static void the_network_of_network_h_is_one(void **state)
{
    (void)state;
    static const char header[] =
        "{\"conv1.weight\":{\"dtype\":\"F32\",\"shape\":[2,3,7,7],\"data_offsets\":[0,1176]}}";
    static uint8_t file[8 + sizeof header - 1 + 1176] = { sizeof header - 1 };
    memcpy(file + 8, header, sizeof header - 1);
    const dv_file weights = { .data = file, .size = sizeof file };
    const dv_network_request q = { .loaded = &weights };
    const char *example = example_of("src/load/network.h");
    dv_error err;
    dv_model *m = dv_model_new("network.h", NULL, &err);
    assert_non_null(m);
    if (!dv_network_build(m, example, strlen(example), &q, &err))
        fail_msg("%s", err.message);
    assert_string_equal(dv_tensor_name(m, dv_model_output(m)), "relu6");
    assert_string_equal(dv_model_label(m, 1), "dog");
    assert_non_null(dv_model_preprocess(m));
    dv_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_index_of_index_h_is_one),
        cmocka_unit_test(the_manifest_of_reference_h_is_one),
        cmocka_unit_test(the_network_of_network_h_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
