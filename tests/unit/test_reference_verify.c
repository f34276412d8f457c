/* Recording a small network, and verifying variants of it that differ in one thing each. */
#include "deconvviz/pool.h"
#include "image/png.h"
#include "net.h"
#include "refs/reference.h"
#include "tensor/array.h"

#include <dirent.h>
#include <math.h>
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

enum { IMAGES = 3, SIDE = 25, CHANNELS = 6 };

static char top[] = "/tmp/deconvviz-verify-XXXXXX";
static bool pictures; /* drawn where units are recorded and where they regress: most of the time
                         goes there */
static const dv_preprocess prepare = { .resize = SIDE,
                                       .size = { SIDE, SIDE },
                                       .channels = 3,
                                       .scale = 1 / 255.0F,
                                       .mean = { 0.5F, 0.4F, 0.45F },
                                       .std = { 0.25F, 0.3F, 0.25F } };

/* -- models and images ------------------------------------------------------------------------ */

/* What differs from the model that is recorded. */
typedef struct variant {
    int changed_weight; /* of conv1, channel 0: doubled; -1: none */
    bool halves, floor, no_bias, no_relu, fewer_channels;
} variant;

static const variant as_recorded = { .changed_weight = -1 };

static float small(uint32_t *state)
{
    return 0.3F * net_random(state);
}

static float *weights_of(dv_model *m, const char *name, size_t *n)
{
    const dv_array *a = m->values[dv_model_value(m, name)].constant;
    *n = dv_shape_count(&a->shape);
    return (float *)(uintptr_t)a->data; /* net_constant made it */
}

static void round_to_halves(dv_model *m, const char *name)
{
    size_t n;
    float *w = weights_of(m, name, &n);
    for (size_t i = 0; i < n; i++)
        w[i] = dv_half_to_float(dv_half_from_float(w[i]));
}

static void add_conv(dv_model *m, const char *in, const char *out, int from, int to, uint32_t seed,
                     const variant *v)
{
    char weight[16], bias[16], words[64];
    size_t n;
    snprintf(weight, sizeof weight, "%s.w", out);
    snprintf(bias, sizeof bias, "%s.b", out);
    snprintf(words, sizeof words, "%s %s %s", in, weight, bias);
    net_constant(m, weight, to, from, 3, 3, small, seed);
    net_constant(m, bias, to, 0, 0, 0, small, seed + 1);
    if (v->halves) {
        round_to_halves(m, weight);
        round_to_halves(m, bias);
    }
    if (v->no_bias)
        memset(weights_of(m, bias, &n), 0, (size_t)to * sizeof(float));
    net_add(m, "Conv", words, out, (net_ints[]){ { "pads", 4, { 1, 1, 1, 1 } }, { 0 } });
}

static dv_model *make_model(const variant *v)
{
    dv_model *m = net_new(3, SIDE, SIDE);
    size_t n;
    add_conv(m, "x", "conv1", 3, 8, 7, v);
    if (v->changed_weight >= 0)
        weights_of(m, "conv1.w", &n)[v->changed_weight] *= 2;
    net_add(m, "Relu", "conv1", "relu1", NULL);
    net_add(m, "MaxPool", "relu1", "pool1",
            (net_ints[]){ { "kernel_shape", 2, { 2, 2 } },
                          { "strides", 2, { 2, 2 } },
                          { "ceil_mode", 0, { !v->floor } },
                          { 0 } });
    add_conv(m, "pool1", "conv2", 8, 8, 19, v);
    if (!v->no_relu)
        net_add(m, "Relu", "conv2", "relu2", NULL);
    int last = v->fewer_channels ? 2 : CHANNELS;
    add_conv(m, v->no_relu ? "conv2" : "relu2", "conv3", 8, last, 31, v);
    net_add(m, "Relu", "conv3", "relu3", NULL);
    net_finish(m, "relu3");
    memset(m->sha256, 'a', 64);
    return m;
}

/* Smooth, as photographs are, and without ties. */
static void write_image(const char *path, int number)
{
    uint8_t pixels[SIDE * SIDE * 3];
    dv_error err;
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            for (int c = 0; c < 3; c++) {
                double v = sin(0.31 * x + 0.17 * (number + c) * y) +
                           cos(0.23 * (number + 1) * x - 0.41 * y + c);
                pixels[(y * SIDE + x) * 3 + c] = (uint8_t)(127.5 + 63 * v);
            }
    assert_true(dv_png_write(path, SIDE, SIDE, 3, pixels, NULL, 0, &err));
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(top) || chdir(top) != 0 || mkdir("img", 0777) != 0)
        return -1;
    for (int i = 0; i < IMAGES; i++) {
        char path[32];
        snprintf(path, sizeof path, "img/%d.png", i);
        write_image(path, i);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", top);
    return chdir("/") || system(command);
}

/* -- recording and verifying ------------------------------------------------------------------ */

static bool pick(void *ctx, int32_t image, const dv_trace *t, dv_reference_pick *picks, int *n,
                 dv_error *err)
{
    const int *tensor = ctx;
    (void)image;
    (void)err;
    for (*n = 0; *n < CHANNELS; ++*n) {
        picks[*n] = (dv_reference_pick){ "conv3", { *tensor, *n, 0, 0 }, DV_AT_STRONGEST };
        if (*n == 5)
            picks[*n].unit.y = picks[*n].unit.x = DV_ALL;
        else
            (void)dv_strongest(t, &picks[*n].unit);
        picks[*n].layer = "3";
    }
    return true;
}

static bool record(const char *folder, bool replace, bool copy, const char *images, dv_error *err)
{
    dv_model *m = make_model(&as_recorded);
    dv_list list = { 0 };
    int tensor;
    assert_true(dv_list_add(&list, images, err));
    assert_true(dv_model_find(m, "3", &tensor, err));
    const dv_record_options o = { .folder = folder,
                                  .replace = replace,
                                  .copy = copy,
                                  .pictures = pictures,
                                  .preprocess = prepare,
                                  .rule = DV_RULE_DECONVNET,
                                  .n_tensors = 1,
                                  .tensors = &tensor,
                                  .ctx = &tensor,
                                  .max_picks = CHANNELS,
                                  .pick = pick };
    bool ok = dv_references_record(m, &list, NULL, &o, err);
    dv_list_free(&list);
    dv_model_free(m);
    return ok;
}

typedef struct outcome {
    int n, count[DV_FAILED + 1];
    double worst;               /* relative L2 of those that were compared */
    char reason[DV_REASON_MAX]; /* of the last unit that has one */
} outcome;

static outcome verify_with(const char *folder, const variant *v, const dv_preprocess *p,
                           int threads, bool exact)
{
    dv_references r;
    dv_error err = { 0 };
    outcome out = { 0 };
    dv_model *m = make_model(v);
    dv_pool *pool = dv_pool_new(threads, &err);
    if (!dv_references_read(&r, folder, &err))
        fail_msg("%s", err.message);
    dv_verified *results = calloc((size_t)r.n_units, sizeof *results);
    assert_non_null(results);
    const dv_verify_options o = { .folder = folder,
                                  .preprocess = *p,
                                  .pictures = pictures ? "pictures" : NULL,
                                  .tolerance = dv_default_tolerance,
                                  .value_tolerance = dv_default_value_tolerance,
                                  .exact = exact,
                                  .pool = pool };
    if (!dv_references_verify(m, &r, &o, results, &err))
        fail_msg("%s", err.message);
    out.n = r.n_units;
    for (int i = 0; i < r.n_units; i++) {
        out.count[results[i].verdict]++;
        if (results[i].verdict != DV_FAILED)
            out.worst = fmax(out.worst, results[i].difference.relative);
        if (results[i].reason[0])
            memcpy(out.reason, results[i].reason, sizeof out.reason);
    }
    free(results);
    dv_references_free(&r);
    dv_pool_free(pool);
    dv_model_free(m);
    return out;
}

static outcome verify(const variant *v)
{
    return verify_with("refs", v, &prepare, 1, false);
}

static void record_anew(void)
{
    dv_error err = { 0 };
    if (!record("refs", true, false, "img", &err))
        fail_msg("%s", err.message);
}

/* -- tests ------------------------------------------------------------------------------------ */

static void the_same_model_agrees_by_any_number_of_threads(void **state)
{
    (void)state;
    record_anew();
    pictures = true;
    for (int threads = 1; threads <= 3; threads++)
        for (int exact = 0; exact < 2; exact++) {
            outcome o = verify_with("refs", &as_recorded, &prepare, threads, exact);
            assert_int_equal(o.n, IMAGES * CHANNELS);
            assert_int_equal(o.count[DV_AGREES], o.n);
            assert_true(o.worst < 1e-3);
        }
    pictures = false;
    assert_int_not_equal(access("pictures", F_OK), 0); /* there was nothing to show */
}

static void a_changed_weight_is_found(void **state)
{
    (void)state;
    record_anew();
    for (int i = 0; i < 3; i++) {
        pictures = i == 0;
        outcome o = verify(&(variant){ .changed_weight = 4 + 9 * i });
        assert_true(o.count[DV_REGRESSED] > 0);
        assert_int_equal(o.count[DV_FAILED], 0);
    }
    assert_int_equal(access("pictures", F_OK), 0);
}

static void what_else_goes_wrong_is_found(void **state)
{
    (void)state;
    record_anew();
    static const variant wrong[] = {
        { .changed_weight = -1, .floor = true },
        { .changed_weight = -1, .no_bias = true },
        { .changed_weight = -1, .no_relu = true },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        outcome o = verify(&wrong[i]);
        assert_true(o.count[DV_REGRESSED] >= o.n / 2);
    }
    dv_preprocess p = prepare;
    p.bgr = true;
    assert_true(verify_with("refs", &as_recorded, &p, 1, false).count[DV_REGRESSED] > 0);
    p = prepare;
    p.mean[1] += 0.05F;
    assert_true(verify_with("refs", &as_recorded, &p, 1, false).count[DV_REGRESSED] > 0);
}

static void another_shape_is_told(void **state)
{
    (void)state;
    record_anew();
    outcome o = verify(&(variant){ .changed_weight = -1, .floor = true });
    assert_int_equal(o.count[DV_REGRESSED], o.n);
    assert_string_equal(o.reason, "its layer was (1,6,13,13), now (1,6,12,12)");
}

static void weights_in_halves_are_told_and_pass(void **state)
{
    (void)state;
    record_anew();
    outcome o = verify(&(variant){ .changed_weight = -1, .halves = true });
    assert_int_equal(o.count[DV_REGRESSED] + o.count[DV_FAILED], 0);
    assert_true(o.count[DV_CHANGED] > 0);
    assert_true(o.worst > 2e-4);
}

static void a_channel_that_is_gone_cannot_be_compared(void **state)
{
    (void)state;
    record_anew();
    outcome o = verify(&(variant){ .changed_weight = -1, .fewer_channels = true });
    assert_int_equal(o.count[DV_FAILED], 4 * IMAGES);
    assert_non_null(strstr(o.reason, "(1,2,13,13) now"));
}

static void images_that_changed_or_are_gone_cannot_be_compared(void **state)
{
    (void)state;
    record_anew();
    write_image("img/1.png", 9);
    outcome o = verify(&as_recorded);
    assert_int_equal(o.count[DV_FAILED], CHANNELS);
    assert_string_equal(o.reason, "img/1.png: has changed since it was recorded");
    unlink("img/1.png");
    o = verify(&as_recorded);
    assert_int_equal(o.count[DV_FAILED], CHANNELS);
    assert_int_equal(o.count[DV_AGREES], o.n - CHANNELS);
    assert_string_equal(o.reason, "img/1.png: No such file or directory");
    write_image("img/1.png", 1);
}

static void copied_images_are_all_that_is_needed(void **state)
{
    (void)state;
    dv_error err = { 0 };
    assert_true(record("copies", false, true, "img", &err));
    assert_int_equal(rename("img", "elsewhere"), 0);
    assert_int_equal(verify_with("copies", &as_recorded, &prepare, 1, false).count[DV_AGREES],
                     IMAGES * CHANNELS);
    assert_int_equal(rename("elsewhere", "img"), 0);
}

static int files_in(const char *folder)
{
    DIR *d = opendir(folder);
    assert_non_null(d);
    int n = 0;
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
    closedir(d);
    return n;
}

static void references_are_replaced_only_when_that_is_asked_for(void **state)
{
    (void)state;
    dv_error err = { 0 };
    record_anew();
    assert_false(record("refs", false, false, "img", &err));
    assert_string_equal(err.message, "refs: holds references; --update replaces them");
    assert_false(record("img", true, false, "img", &err));
    assert_string_equal(err.message, "img: is not empty, and what it holds are not references");
    FILE *f = fopen("refs/notes.txt", "w");
    assert_non_null(f);
    fclose(f);
    assert_false(record("refs", true, false, "img", &err));
    assert_string_equal(err.message, "refs: holds 'notes.txt', which is not of references");
    unlink("refs/notes.txt");
    pictures = true;
    assert_true(record("refs", true, false, "img/0.png", &err));
    pictures = false;
    assert_int_equal(files_in("refs"), 1 + 2 * CHANNELS);
    assert_int_equal(verify(&as_recorded).n, CHANNELS);
}

static void a_failure_leaves_everything_as_it_was(void **state)
{
    (void)state;
    dv_error err = { 0 };
    record_anew();
    int before = files_in(".");
    FILE *f = fopen("img/9.png", "w");
    assert_non_null(f);
    fputs("no picture", f);
    fclose(f);
    assert_false(record("refs", true, false, "img", &err));
    assert_non_null(strstr(err.message, "img/9.png"));
    assert_false(record("new", false, false, "img", &err));
    unlink("img/9.png");
    assert_int_equal(files_in("."), before);
    assert_int_equal(verify(&as_recorded).count[DV_AGREES], IMAGES * CHANNELS);
}

static void an_array_that_is_damaged_cannot_be_compared(void **state)
{
    (void)state;
    record_anew();
    assert_int_equal(truncate("refs/0-3-c2.npy", 200), 0);
    outcome o = verify(&as_recorded);
    assert_int_equal(o.count[DV_FAILED], 1);
    assert_non_null(strstr(o.reason, "refs/0-3-c2.npy: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_model_agrees_by_any_number_of_threads),
        cmocka_unit_test(a_changed_weight_is_found),
        cmocka_unit_test(what_else_goes_wrong_is_found),
        cmocka_unit_test(another_shape_is_told),
        cmocka_unit_test(weights_in_halves_are_told_and_pass),
        cmocka_unit_test(a_channel_that_is_gone_cannot_be_compared),
        cmocka_unit_test(images_that_changed_or_are_gone_cannot_be_compared),
        cmocka_unit_test(copied_images_are_all_that_is_needed),
        cmocka_unit_test(references_are_replaced_only_when_that_is_asked_for),
        cmocka_unit_test(a_failure_leaves_everything_as_it_was),
        cmocka_unit_test(an_array_that_is_damaged_cannot_be_compared),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
