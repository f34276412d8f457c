/* onnx_suite.c - runs ONNX's own operator tests: onnx_suite FOLDER, which has node/,
 * pytorch-converted/, pytorch-operator/ and simple/ with a folder for each test.
 *
 * Prints a line a test, "pass", "FAIL" or "skip" with the reason, and how many there were of each.
 * Fails when one failed or none passed.
 *
 * A test gives a network several inputs, a model here has one: one float input is the activation,
 * the others are constants. Where every input can be a constant, folding at load must give the
 * outputs too. */
#include "case.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int counts[SUITE_N_RESULTS];

/* Tests of release 1.12 that contradict the text of the operator. */
static const struct {
    const char *name, *why;
} mistaken[] = {
    { "test_resize_downsample_scales_linear_align_corners",
      "the data reckons with a length of 4 * 0.6 = 2.4 where the resized axis has 2" },
};

static const char *find_mistake(const char *name)
{
    for (size_t i = 0; i < sizeof mistaken / sizeof mistaken[0]; i++)
        if (strcmp(mistaken[i].name, name) == 0)
            return mistaken[i].why;
    return NULL;
}

static void run_test(const char *folder, const char *group, const char *name)
{
    static const char *const words[SUITE_N_RESULTS] = { "pass", "FAIL", "skip" };
    char path[4096], why[600] = "";
    snprintf(path, sizeof path, "%s/%s/%s", folder, group, name);
    const char *mistake = find_mistake(name);
    suite_result r = mistake ? SUITE_SKIP : suite_run(path, why, sizeof why);
    if (mistake)
        snprintf(why, sizeof why, "%s", mistake);
    counts[r]++;
    printf("%s %s/%s%s%s\n", words[r], group, name, why[0] ? ": " : "", why);
}

static void run_group(const char *folder, const char *group)
{
    char path[4096];
    struct dirent **entries;
    snprintf(path, sizeof path, "%s/%s", folder, group);
    int n = scandir(path, &entries, NULL, alphasort);
    if (n < 0) {
        perror(path);
        counts[SUITE_FAIL]++;
        return;
    }
    for (int i = 0; i < n; i++) {
        if (entries[i]->d_name[0] != '.')
            run_test(folder, group, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    static const char *const groups[] = { "node", "pytorch-converted", "pytorch-operator",
                                          "simple" };
    if (argc != 2) {
        fprintf(stderr, "usage: onnx_suite FOLDER\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        run_group(argv[1], groups[i]);
    printf("%d passed, %d failed, %d skipped\n", counts[SUITE_PASS], counts[SUITE_FAIL],
           counts[SUITE_SKIP]);
    return counts[SUITE_FAIL] > 0 || counts[SUITE_PASS] == 0;
}
