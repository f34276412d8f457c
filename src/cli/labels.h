/* labels.h - what classes are called, and which one an image truly shows. */
#ifndef DV_CLI_LABELS_H
#define DV_CLI_LABELS_H

#include "deconvviz/model.h"

/* Classes by number. A label may begin with a WordNet id: "n01440764 tench, Tinca tinca". */
typedef struct cli_labels {
    int n;
    char **text; /* (n) owned */
} cli_labels;

/* From a file, a class a line; path NULL: the model's own, of which there may be none. The caller
 * frees it with cli_labels_free, also after a failure. */
bool cli_labels_read(cli_labels *l, const char *path, const dv_model *m,
                     dv_error *err) DV_MUST_CHECK;
void cli_labels_free(cli_labels *l);

/* "" where a class has none. */
const char *cli_label(const cli_labels *l, int i);

/* A line "PATH CLASS" of a file. */
typedef struct cli_truth_line {
    const char *path;
    int number; /* of the class */
} cli_truth_line;

/* Where the true class of an image is said. */
typedef struct cli_truth {
    const cli_labels *labels;
    enum { CLI_TRUTH_NONE, CLI_TRUTH_DIRS, CLI_TRUTH_NAMES, CLI_TRUTH_FILE } from;
    char *text; /* of the file, a NUL behind each path */
    int n;
    cli_truth_line *lines;   /* (n) in the order of the file */
    cli_truth_line *by_path; /* (n) sorted */
    cli_truth_line *by_name; /* (n) sorted by the path's last part */
} cli_truth;

/* words: "dirs" (the folder's name), "names" (the file's name up to '_', '-' or '.'), or a file
 * with lines "PATH CLASS"; NULL: nowhere. CLASS is a number, a label or its first word. Fails with
 * the line. The caller frees it with cli_truth_free, also after a failure. */
bool cli_truth_read(cli_truth *t, const char *words, const cli_labels *labels,
                    dv_error *err) DV_MUST_CHECK;
void cli_truth_free(cli_truth *t);

/* The class of an image; -1: it is not said, or there is no such label. A line is that of the image
 * when it has its path, or, alone of all lines, its file name. */
int cli_truth_of(const cli_truth *t, const char *path);

#endif
