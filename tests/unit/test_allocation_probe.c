/* test_allocation_probe.c - memory that runs out while features are read and classifiers are
 * trained. What liblinear allocates itself is not in here: it does not look at what it got. */
#include "album.h"
#include "base/file.h"
#include "deconvviz/probe.h"
#include "scarce.h"
#include "tensor/npy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { N = 12, VALUES = 3 };

static const int counts[] = { 2 };
static dv_probe_options options = { .n_counts = 1,
                                    .counts = counts,
                                    .splits = 2,
                                    .folds = 2,
                                    .voc_train = "train",
                                    .voc_test = "val" };

static bool probe(scarce_scene *s, dv_error *err)
{
    dv_probe r;
    const bool ok = dv_probe_run("f.npy", &options, &r, err);
    for (int i = 0; ok && i < r.n_accuracies; i++)
        scarce_mix(s, &r.accuracies[i].by_class, sizeof r.accuracies[i].by_class);
    for (int i = 0; ok && i < r.n_precisions; i++)
        scarce_mix(s, &r.precisions[i].area, sizeof r.precisions[i].area);
    dv_probe_free(&r);
    return ok;
}

static void splits_of_features(void **state)
{
    (void)state;
    assert_true(scarce_try(&(scarce_call){ "splits", NULL, probe }) > 40);
}

static void sets_of_voc(void **state)
{
    (void)state;
    options.voc = "voc";
    assert_true(scarce_try(&(scarce_call){ "VOC", NULL, probe }) > 30);
}

static void write(const char *path, const char *text)
{
    dv_error err;
    assert_true(dv_file_write(path, text, strlen(text), &err));
}

static int begin(void **state)
{
    (void)state;
    float v[N * VALUES];
    char lines[512] = "", train[256] = "", val[256] = "";
    dv_error err;
    album_begin();
    for (int i = 0; i < N; i++) {
        char line[32], *set = i < N / 2 ? train : val;
        for (int k = 0; k < VALUES; k++)
            v[i * VALUES + k] = (float)((i * 7 + k * 5) % 11 + (i % 2) * 3);
        snprintf(line, sizeof line, "%d.png\t%s\n", i, i % 2 ? "odd" : "even");
        strcat(lines, line);
        snprintf(line, sizeof line, "%d %d\n", i, i % 2 ? 1 : -1);
        strcat(set, line);
    }
    assert_true(dv_npy_write("f.npy", &(dv_shape){ 2, { N, VALUES } }, v, &err));
    write("f.txt", lines);
    assert_true(dv_folder_make("voc/ImageSets/Main", &err));
    write("voc/ImageSets/Main/odd_train.txt", train);
    write("voc/ImageSets/Main/odd_val.txt", val);
    return 0;
}

static int end(void **state)
{
    (void)state;
    album_end();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(splits_of_features),
                                        cmocka_unit_test(sets_of_voc) };
    return cmocka_run_group_tests(tests, begin, end);
}
