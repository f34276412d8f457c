/* verify_report.h - what `deconvviz verify` says: a table, JSON, JUnit. */
#ifndef DV_CLI_VERIFY_REPORT_H
#define DV_CLI_VERIFY_REPORT_H

#include "base/text.h"
#include "deconvviz/reference.h"

typedef struct cli_verify_report {
    const char *folder;
    const dv_references *refs;
    dv_identity model;        /* as it is now */
    dv_preprocess preprocess; /* now */
    bool silent;              /* the model said how images are prepared, and does not any more */
    int n;
    const dv_verified *results; /* (n) worst first */
    int count[DV_FAILED + 1];   /* of each verdict */
} cli_verify_report;

/* Sorts results (n), worst first, and counts them. */
void cli_verify_sort(cli_verify_report *r, dv_verified *results, int n);

/* For people. */
void cli_verify_table(dv_text *t, const cli_verify_report *r);

/* One JSON object a line: each unit, worst first; then one with a summary. */
void cli_verify_json(dv_text *t, const cli_verify_report *r);

/* A JUnit document: a test case for each unit. */
void cli_verify_junit(dv_text *t, const cli_verify_report *r);

/* "3 units agree, 1 regressed". */
void cli_verify_counts(char *to, size_t size, const cli_verify_report *r);

#endif
