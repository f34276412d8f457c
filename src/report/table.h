/* table.h - one description of columns, and rows of values: as text for people, CSV, JSON lines,
 * JUnit. Nothing is printed: each form goes to a text, in UTF-8.
 *
 *     enum { LAYER, DROP, N_COLUMNS };
 *     static const dv_column columns[N_COLUMNS] = {
 *         [LAYER] = { .key = "layer", .title = "layer" },
 *         [DROP] = { .key = "drop", .title = "drop", .kind = DV_COLUMN_REAL, .unit = "%" },
 *     };
 *     dv_table t = { .columns = columns, .n_columns = N_COLUMNS };
 *     dv_table_row(&t);
 *     dv_table_text(&t, LAYER, "conv1");
 *     dv_table_real(&t, DROP, 12.25);
 *     dv_table_print_csv(&t, &text);
 *     dv_table_free(&t); */
#ifndef DV_REPORT_TABLE_H
#define DV_REPORT_TABLE_H

#include "base/arena.h"
#include "base/text.h"

#include <stdint.h>

typedef enum dv_column_kind {
    DV_COLUMN_TEXT, /* where nothing is said */
    DV_COLUMN_FLAG,
    DV_COLUMN_INT,
    DV_COLUMN_REAL,
    DV_COLUMN_INTS, /* lists */
    DV_COLUMN_REALS,
} dv_column_kind;

/* What a column is to JUnit, where each row is a test case. */
typedef enum dv_column_role {
    DV_ROLE_NONE,
    DV_ROLE_CLASS,  /* its classname */
    DV_ROLE_NAME,   /* its name */
    DV_ROLE_OUTPUT, /* its system-out, where there is a value */
} dv_column_role;

/* How a real number is written: {'g', n} with n digits, {'f', n} with n behind the point, { 0 }
 * with the fewest that give the same float32. */
typedef struct dv_digits {
    char by;
    int n;
} dv_digits;

typedef struct dv_column {
    const char *key;   /* in JSON and CSV; NULL: for people alone */
    const char *title; /* in text; NULL: for programs alone */
    dv_column_kind kind;
    dv_column_role role;
    dv_digits digits; /* of JSON and CSV */

    /* in text: */
    dv_digits shown;
    bool right;       /* at the right end of its column, as numbers stand */
    bool optional;    /* left out where it is empty in all rows */
    const char *unit; /* behind the title, in brackets; NULL: none */
    const char *none; /* for what is null or not there; NULL: nothing */
    const char *list; /* between the elements, "x"; or also around them, "(,)"; NULL: "," */
} dv_column;

/* What became of the test that a row is. */
typedef enum dv_outcome { DV_ROW_PASSED, DV_ROW_FAILED, DV_ROW_ERROR } dv_outcome;

typedef struct dv_row {
    dv_outcome outcome;
    const char *reason; /* or NULL */
} dv_row;

typedef struct dv_cell {
    enum { DV_CELL_ABSENT, DV_CELL_NULL, DV_CELL_VALUE } is;
    union {
        bool flag;
        int64_t whole;
        double real;
        const char *text;
        const int32_t *ints; /* (n) */
        const float *reals;  /* (n) */
    } v;
    int n;
    const char *shown; /* in text, in place of the value; or NULL */
} dv_cell;

/* Starts out with the members of the first line alone. Memory that ran out is told by dv_text_ok of
 * the text that it is printed to. */
typedef struct dv_table {
    const dv_column *columns; /* (n_columns) outlive the table */
    int n_columns;
    int indent; /* of text: blanks before each line */
    int n_rows, room;
    dv_cell *cells; /* (n_rows, n_columns) */
    dv_row *rows;   /* (n_rows) */
    dv_arena arena;
    bool failed;
} dv_table;

void dv_table_free(dv_table *t);

/* -- rows -------------------------------------------------------------------------------------
 * The next row, of nothing; then its values, each of its column's kind. What is not given is left
 * out of JSON and empty elsewhere. Texts and lists are copied. */

void dv_table_row(dv_table *t);
void dv_table_null(dv_table *t, int column);
void dv_table_text(dv_table *t, int column, const char *v); /* NULL: null */
void dv_table_textf(dv_table *t, int column, const char *fmt, ...) DV_PRINTF(3, 4);
void dv_table_flag(dv_table *t, int column, bool v);
void dv_table_int(dv_table *t, int column, int64_t v);
void dv_table_real(dv_table *t, int column, double v); /* not finite: null to programs */
void dv_table_ints(dv_table *t, int column, const int32_t *v, int n);
void dv_table_reals(dv_table *t, int column, const float *v, int n);

/* What text shows in the place of the value. */
void dv_table_show(dv_table *t, int column, const char *fmt, ...) DV_PRINTF(3, 4);

/* Passed, for no reason, unless this is said. In text the reason of an error stands behind what is
 * there of the row. */
void dv_table_outcome(dv_table *t, dv_outcome outcome, const char *reason);

/* -- forms ------------------------------------------------------------------------------------ */

/* Columns apart by two blanks under a line of titles. Nothing is cut; what a terminal would obey is
 * shown as an escape. */
void dv_table_print_text(const dv_table *t, dv_text *to);

/* RFC 4180, with a line of keys: lists apart by blanks, empty for null. */
void dv_table_print_csv(const dv_table *t, dv_text *to);

/* One object a row. */
void dv_table_print_json(const dv_table *t, dv_text *to);

/* A document with one suite of this name. */
void dv_table_print_junit(const dv_table *t, const char *suite, dv_text *to);

/* -- between the parts ------------------------------------------------------------------------ */

/* The cells of a row. */
const dv_cell *dv_table_cells(const dv_table *t, int row);

/* A real number with these digits; "nan", "inf", "-inf". */
void dv_text_real(dv_text *to, double v, dv_digits digits);

#endif
