/* classify_print.h - what classify says of each image, and of all. */
#ifndef DV_CLI_CLASSIFY_PRINT_H
#define DV_CLI_CLASSIFY_PRINT_H

#include "cli/rows.h"
#include "deconvviz/classify.h"
#include "studies/tally.h"

enum { CLI_CLASSIFY_MODELS = 16 };

typedef struct cli_classify_options {
    cli_network_options network;
    cli_list models;
    const char *labels, *labels_from;
    int top, crops, table;
    bool json, csv;
    dv_figure_file figure;
} cli_classify_options;

/* What --table names. */
enum { TABLE_IMAGES, TABLE_CLASSES, TABLE_CONFUSIONS, TABLE_CALIBRATION };

typedef struct cli_classify {
    const cli_classify_options *o;
    int n;
    cli_network networks[CLI_CLASSIFY_MODELS];      /* (n) */
    dv_classifier classifiers[CLI_CLASSIFY_MODELS]; /* (n) */
    int *classes[CLI_CLASSIFY_MODELS]; /* (n) owned: the first network's class of each output */
    dv_labels labels;
    dv_truth truth;
    dv_list images;
    dv_tally tally;
} cli_classify;

/* The line of keys, where there is one. */
bool cli_classify_begin(const cli_classify *w, dv_error *err) DV_MUST_CHECK;

/* As dv_classify_options has it. ctx: the cli_classify. */
bool cli_classify_tell(void *ctx, const dv_classified *c, dv_error *err) DV_MUST_CHECK;

/* The table, the error over all and the figure, where they are wanted. */
bool cli_classify_end(cli_classify *w, const dv_classify_result *r, dv_error *err) DV_MUST_CHECK;

#endif
