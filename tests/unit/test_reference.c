/* Comparing projections, and manifests as they are written and read. */
#include "net.h"
#include "refs/reference.h"
#include "refs/verify.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* -- differences ------------------------------------------------------------------------------ */

static void differences_are_those_of_the_whole_arrays(void **state)
{
    (void)state;
    float a[] = { 3, 0, 4, 0 }, b[] = { 3, 0, 0, 4 };
    dv_box box = { .hi = { 1, 2, 2 } };
    dv_difference d = dv_compare_signals(&(dv_signal){ box, a }, &(dv_signal){ box, b });
    assert_true(d.norm[0] == 5 && d.norm[1] == 5);
    assert_true(fabs(d.relative - sqrt(32) / 5) < 1e-12);
    assert_true(fabs(d.cosine - 9.0 / 25) < 1e-12);
    d = dv_compare_signals(&(dv_signal){ box, a }, &(dv_signal){ box, a });
    assert_true(d.relative == 0 && fabs(d.cosine - 1) < 1e-12);
}

static void what_lies_outside_of_a_window_is_zero(void **state)
{
    (void)state;
    float a[] = { 1, 2, 3, 4 }, b[] = { 4, 5 };
    dv_signal first = { { { 0, 0, 0 }, { 1, 2, 2 } }, a };
    dv_signal second = { { { 0, 1, 1 }, { 1, 2, 3 } }, b }; /* shares the 4 alone */
    dv_difference d = dv_compare_signals(&first, &second);
    assert_true(fabs(d.relative - sqrt((1 + 4 + 9 + 25) / 30.0)) < 1e-12);
    assert_true(fabs(d.cosine - 16 / sqrt(30.0 * 41)) < 1e-12);
    dv_signal far = { { { 0, 7, 7 }, { 1, 8, 9 } }, b };
    d = dv_compare_signals(&first, &far);
    assert_true(fabs(d.relative - sqrt(71 / 30.0)) < 1e-12 && d.cosine == 0);
}

static void nothing_and_nothing_agree_nothing_and_something_do_not(void **state)
{
    (void)state;
    float zero[] = { 0, 0 }, one[] = { 0, 1 };
    dv_box box = { .hi = { 1, 1, 2 } };
    dv_signal none = { { { 0 }, { 0 } }, NULL }, z = { box, zero }, o = { box, one };
    dv_difference d = dv_compare_signals(&z, &none);
    assert_true(d.relative == 0 && d.cosine == 1);
    d = dv_compare_signals(&z, &o);
    assert_true(d.relative == DV_RELATIVE_MAX && d.cosine == 0);
    d = dv_compare_signals(&o, &none);
    assert_true(d.relative == 1 && d.cosine == 0);
}

/* -- verdicts --------------------------------------------------------------------------------- */

static dv_verify_options options = { .tolerance = 0.02, .value_tolerance = 0.01 };

/* A unit of value 2 in a tensor of rms 1, where its projection is off by `relative`, and it is
 * `value` now at its place and `strongest` at another. */
static dv_verified judged(float ambiguity, float sensitivity, double relative, float value,
                          float strongest)
{
    static dv_reference_unit u;
    u = (dv_reference_unit){ .layer = "1",
                             .shape = { 4, { 1, 2, 3, 3 } },
                             .value = 2,
                             .rms = 1,
                             .ambiguity = ambiguity,
                             .sensitivity = sensitivity };
    dv_verified v = { .unit = &u,
                      .shape = u.shape,
                      .difference = { .relative = relative },
                      .value = value,
                      .strongest = strongest };
    dv_verify_judge(&v, &options);
    return v;
}

static void a_unit_is_allowed_what_it_was_measured_to_move(void **state)
{
    (void)state;
    assert_int_equal(judged(0, 0, 9e-4, 2, 2).verdict, DV_AGREES);
    assert_int_equal(judged(0, 0, 1.1e-3, 2, 2).verdict, DV_CHANGED);
    assert_int_equal(judged(0, 0, 0.019, 2, 2).verdict, DV_CHANGED);
    assert_int_equal(judged(0, 0, 0.021, 2, 2).verdict, DV_REGRESSED);
    assert_int_equal(judged(0.1F, 0, 0.29, 2, 2).verdict, DV_AGREES);
    assert_int_equal(judged(0.1F, 0, 0.31, 2, 2).verdict, DV_REGRESSED);
    assert_int_equal(judged(0, 0.1F, 0.19, 2, 2).verdict, DV_CHANGED);
    assert_int_equal(judged(0, 0.1F, 0.21, 2, 2).verdict, DV_REGRESSED);
    assert_int_equal(judged((float)DV_RELATIVE_MAX, 0, DV_RELATIVE_MAX, 2, 2).verdict, DV_AGREES);
}

static void a_tolerance_of_nothing_allows_rounding_alone(void **state)
{
    (void)state;
    options = (dv_verify_options){ .tolerance = 0 };
    assert_int_equal(judged(0, 0, 9e-4, 2, 2).verdict, DV_AGREES);
    assert_int_equal(judged(0, 0, 1.1e-3, 2, 2).verdict, DV_REGRESSED);
    assert_int_equal(judged(0, 0, 0, 2.001F, 2.001F).verdict, DV_REGRESSED);
    assert_int_equal(judged(0, 0.1F, 0.19, 2, 2).verdict, DV_CHANGED);
    dv_verified v = judged(0, 0, 0, 2, 2);
    assert_int_equal(v.verdict, DV_AGREES);
    assert_true(v.badness == 0);
    options = (dv_verify_options){ .tolerance = 0.02, .value_tolerance = 0.01 };
}

static void an_activation_that_changed_is_told(void **state)
{
    (void)state;
    assert_int_equal(judged(0, 0, 0, 2.0001F, 2.0001F).verdict, DV_AGREES);
    assert_int_equal(judged(0, 0, 0, 2.01F, 2.01F).verdict, DV_CHANGED);
    dv_verified v = judged(0, 0, 0, 1.9F, 1.9F);
    assert_int_equal(v.verdict, DV_REGRESSED);
    assert_string_equal(v.reason, "the activation is off by 0.05, 0.01 is allowed");
    v = judged(0, 0, 0, 2, 2.2F);
    assert_int_equal(v.verdict, DV_REGRESSED);
    assert_non_null(strstr(v.reason, "strongest elsewhere"));
    assert_int_equal(judged(0, 0, 0, 2, 2.0001F).verdict, DV_AGREES); /* a tie, the other way */
}

static void another_shape_is_a_regression(void **state)
{
    (void)state;
    dv_verified v = judged(0, 0, 0, 2, 2);
    v.shape.dim[3] = 2;
    dv_verify_judge(&v, &options);
    assert_int_equal(v.verdict, DV_REGRESSED);
    assert_string_equal(v.reason, "its layer was (1,2,3,3), now (1,2,3,2)");
}

/* -- arrays ----------------------------------------------------------------------------------- */

static void arrays_are_halves_of_any_size_of_number(void **state)
{
    (void)state;
    char folder[] = "/tmp/deconvviz-reference-XXXXXX";
    assert_non_null(mkdtemp(folder));
    static const float sizes[] = { 1, 1e-30F, 3e30F, 1e-38F, 65520 };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        dv_error err = { 0 };
        float data[2 * 3 * 4];
        uint32_t random = 5;
        for (int k = 0; k < 24; k++)
            data[k] = sizes[i] * net_random(&random);
        dv_signal s = { { { 0, 4, 5 }, { 2, 7, 9 } }, data }, again;
        dv_reference_unit u = { .window = s.box, .array = "a.npy" };
        u.scale = dv_reference_scale(&s);
        char *path = dv_path_join(folder, u.array, &err);
        assert_true(dv_reference_write_array(path, &s, u.scale, &err));
        assert_true(dv_reference_read_array(&again, folder, &u, &err));
        assert_true(dv_compare_signals(&s, &again).relative < 3e-4);
        free(again.data);
        u.window.hi[DV_X]++;
        assert_false(dv_reference_read_array(&again, folder, &u, &err));
        assert_non_null(strstr(err.message, "the array is (2,3,4), the window in manifest.json "
                                            "(2,3,5)"));
        free(path);
    }
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

/* -- manifests -------------------------------------------------------------------------------- */

static const char digest[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/* Two images and three units, with names that JSON has to quote. */
static void make(dv_references *r)
{
    dv_error err;
    *r = (dv_references){ .program = "0.1.0",
                          .model.name = "a \\ \"model\"",
                          .model.path = "m\xc3\xa9.onnx",
                          .own_preprocess = true,
                          .rule = DV_RULE_GUIDED,
                          .seed = DV_SEED_ONE };
    r->preprocess = (dv_preprocess){ .resize = 9,
                                     .size = { 8, 7 },
                                     .channels = 3,
                                     .scale = 1 / 255.0F,
                                     .mean = { 0.485F, 0.456F, 0.406F },
                                     .std = { 0.229F, 0.224F, 0.225F },
                                     .bgr = true };
    memcpy(r->model.sha256, digest, sizeof digest);
    assert_true(dv_references_begin(r, &err));
    assert_true(dv_references_lists(r, 2, 3, &err));
    for (int i = 0; i < 2; i++) {
        r->images[i] =
            (dv_reference_image){ .file = i ? "images/b.png" : "/x/a.png", .copied = i == 1 };
        memcpy(r->images[i].sha256, digest, sizeof digest);
    }
    for (int i = 0; i < 3; i++)
        r->units[i] = (dv_reference_unit){ .image = i / 2,
                                           .layer = i ? "5" : "fc",
                                           .tensor = "t/1",
                                           .shape = { 4, { 1, 4, 3, 2 } },
                                           .channel = i,
                                           .y = i == 2 ? DV_ALL : 2,
                                           .x = i == 2 ? DV_ALL : 1,
                                           .at = (dv_reference_at)i,
                                           .value = 1.0F / (float)(i + 3),
                                           .mean = -0.1F,
                                           .active = 0.25F,
                                           .rms = 0.7F,
                                           .window = { { 0, 1, 2 }, { 3, 8, 7 } },
                                           .norm = 1e-20F,
                                           .scale = 0x1p-70F,
                                           .array = i ? "b~2.npy" : "a.npy",
                                           .picture = i ? NULL : "a.png",
                                           .ambiguity = 3e-7F,
                                           .sensitivity = 0.1F,
                                           .value_sensitivity = 1e6F };
}

static char *text_of(const dv_references *r)
{
    dv_error err;
    size_t size;
    char *text = dv_references_text(r, &size, &err);
    assert_non_null(text);
    assert_int_equal(strlen(text), size);
    return text;
}

static void what_is_written_is_read_as_the_same(void **state)
{
    (void)state;
    dv_references r, again;
    dv_error err = { 0 };
    make(&r);
    char *text = text_of(&r);
    if (!dv_references_parse(&again, text, strlen(text), "again", &err))
        fail_msg("%s", err.message);
    char *twice = text_of(&again);
    assert_string_equal(text, twice);
    for (int i = 0; i < 3; i++) {
        const dv_reference_unit *u = &r.units[i], *v = &again.units[i];
        assert_true(u->y == v->y && u->x == v->x && u->at == v->at && u->value == v->value);
        assert_true(dv_box_equal(u->window, v->window) && u->scale == v->scale);
    }
    assert_true(again.images[1].copied && !again.images[0].copied && again.preprocess.bgr);
    free(text);
    free(twice);
    dv_references_free(&r);
    dv_references_free(&again);
}

static void a_manifest_that_ends_anywhere_is_refused(void **state)
{
    (void)state;
    dv_references r, again;
    make(&r);
    char *text = text_of(&r);
    for (size_t n = 0; n + 1 < strlen(text); n++) { /* the last byte is a newline */
        dv_error err = { 0 };
        char *part = malloc(n + 1);
        assert_non_null(part);
        memcpy(part, text, n);
        assert_false(dv_references_parse(&again, part, n, "part", &err));
        assert_int_equal(strncmp(err.message, "part: ", 6), 0);
        free(part);
    }
    free(text);
    dv_references_free(&r);
}

/* `from` in the manifest, replaced by `to`, is refused with a message that says `wanted`. */
static void refuses(const char *from, const char *to, const char *wanted)
{
    dv_references r, again;
    dv_error err = { 0 };
    make(&r);
    char *text = text_of(&r), *at = strstr(text, from), *changed = malloc(strlen(text) + 2000);
    if (!at || !changed)
        fail_msg("%s is not there", from);
    sprintf(changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    if (dv_references_parse(&again, changed, strlen(changed), "m", &err))
        fail_msg("%s was taken", to);
    if (!strstr(err.message, wanted))
        fail_msg("%s: %s", to, err.message);
    free(text);
    free(changed);
    dv_references_free(&r);
}

static void every_field_has_its_limits(void **state)
{
    (void)state;
    refuses("deconvviz references", "deconvviz index", "not a manifest of deconvviz record");
    refuses("\"version\":1", "\"version\":2", "\"version\" is 2: this program reads version 1");
    refuses("\"program\":\"0.1.0\"", "\"program\":3", "\"program\" is 3: a text is needed");
    refuses("\"name\"", "\"nam\"", "model: it: unknown key \"nam\"");
    refuses(digest, "0123", "\"sha256\" is \"0123\": 64 hexadecimal digits are needed");
    refuses("\"from\":\"model\"", "\"from\":\"me\"", "preprocess: \"from\" is \"me\"");
    refuses("\"size\":[8,7]", "\"size\":[8,0]", "preprocess: \"size\" is 0");
    refuses("\"size\":[8,7]", "\"size\":[8,40000]", "a whole number from 1 to 32767");
    refuses("\"channels\":3", "\"channels\":2", "\"channels\" is 2: 1 or 3 is needed");
    refuses("\"std\":[0.229", "\"std\":[0", "\"std\" of channel 0 is 0");
    refuses("\"mean\":[0.485,", "\"mean\":[", "\"mean\" has 2 numbers: 3 are needed");
    refuses("\"rule\":\"guided\"", "\"rule\":\"none\"", "options: \"rule\" is \"none\"");
    refuses("\"file\":\"images/b.png\"", "\"file\":\"../b.png\"", "image 1: \"file\"");
    refuses("\"copied\":true", "\"copied\":1", "image 1: \"copied\" is 1: true or false is needed");
    refuses("\"image\":0", "\"image\":2", "unit 0: \"image\" is 2: a whole number from 0 to 1");
    refuses("\"image\":1", "\"image\":-1", "unit 2: \"image\" is -1");
    refuses("\"shape\":[1,4,3,2]", "\"shape\":[1,4,3,2000000000]", "unit 0: \"shape\"");
    refuses("\"shape\":[1,4,3,2]", "\"shape\":[1,1,1,1,1,1,1]", "7 elements: 6 at most");
    refuses("\"channel\":0", "\"channel\":4", "\"channel\" is 4: a whole number from 0 to 3");
    refuses("\"position\":[2,1]", "\"position\":[3,1]", "\"position\" is [3,1]: up to [2,1]");
    refuses("\"position\":[2,1]", "\"position\":null", "\"position\" is null");
    refuses("\"window\":[2,1,7,8]", "\"window\":[2,1,8,8]",
            "\"window\" is [2,1,8,8], of an input of");
    refuses("\"window\":[2,1,7,8]", "\"window\":[3,1,2,8]", "\"window\" is [3,1,2,8]");
    refuses("\"scale\":8.47", "\"scale\":9.47", "a power of two is needed");
    refuses("\"ambiguity\":3e-07", "\"ambiguity\":-1", "\"ambiguity\" is -1: 0 to 1e+06");
    refuses("\"array\":\"a.npy\"", "\"array\":\"/etc/passwd\"", "\"array\": the file");
    refuses("\"picture\":\"a.png\"", "\"picture\":\"../a.png\"", "\"picture\": the file");
    refuses("\"units\":[", "\"units\":3,\"un\":[", "unknown key \"un\"");
    refuses("\"image\":0", "\"image\":0,\"image\":0", "\"image\" is there twice");
}

static void lists_are_bounded(void **state)
{
    (void)state;
    dv_references r;
    dv_error err = { 0 };
    static char many[DV_REFERENCE_MAX_IMAGES * 2 + 1000];
    strcpy(many, "{\"format\":\"deconvviz references\",\"version\":1,\"program\":\"0\",\"model\":"
                 "{\"name\":\"m\",\"path\":\"m\",\"sha256\":\"");
    strcat(many, digest);
    strcat(many,
           "\"},\"preprocess\":{\"from\":\"model\",\"resize\":8,\"size\":[8,8],\"channels\":1,"
           "\"scale\":1,\"mean\":[0],\"std\":[1],\"order\":\"rgb\"},\"options\":{\"rule\":"
           "\"guided\",\"seed\":\"one\"},\"images\":[0");
    size_t at = strlen(many);
    for (int i = 0; i < DV_REFERENCE_MAX_IMAGES; i++, at += 2)
        memcpy(many + at, ",0", 2);
    strcpy(many + at, "],\"units\":[0]}");
    assert_false(dv_references_parse(&r, many, strlen(many), "many", &err));
    assert_string_equal(err.message, "many: \"images\" lists 10001: 1 to 10000 are possible");
}

static void values_are_counted_before_they_are_read(void **state)
{
    (void)state;
    enum { N = 7 * 1000 * 1000 };
    dv_references r;
    dv_error err = { 0 };
    char *commas = malloc(N);
    assert_non_null(commas);
    memset(commas, ',', N);
    assert_false(dv_references_parse(&r, commas, N, "commas", &err));
    assert_string_equal(err.message, "commas: more than 6000000 values");
    free(commas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences_are_those_of_the_whole_arrays),
        cmocka_unit_test(what_lies_outside_of_a_window_is_zero),
        cmocka_unit_test(nothing_and_nothing_agree_nothing_and_something_do_not),
        cmocka_unit_test(a_unit_is_allowed_what_it_was_measured_to_move),
        cmocka_unit_test(a_tolerance_of_nothing_allows_rounding_alone),
        cmocka_unit_test(an_activation_that_changed_is_told),
        cmocka_unit_test(another_shape_is_a_regression),
        cmocka_unit_test(arrays_are_halves_of_any_size_of_number),
        cmocka_unit_test(what_is_written_is_read_as_the_same),
        cmocka_unit_test(a_manifest_that_ends_anywhere_is_refused),
        cmocka_unit_test(every_field_has_its_limits),
        cmocka_unit_test(lists_are_bounded),
        cmocka_unit_test(values_are_counted_before_they_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
