/* cli.h - commands and their options, both as tables.
 *
 * To add a command: write cmd_NAME.c ending in `const cli_command cmd_NAME = {...}`, and add
 * X(NAME) to the list in main.c. Its help text comes from its option table. */
#ifndef DV_CLI_H
#define DV_CLI_H

#include "deconvviz/error.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { CLI_LIST_MAX = 256 };

/* The values of an option that may be given again and again. */
typedef struct cli_list {
    int n;
    const char *text[CLI_LIST_MAX];
} cli_list;

/* Numbers separated by commas; n 0: the option was not given. */
typedef struct cli_numbers {
    int n;
    double v[3];
} cli_numbers;

/* The numbers that an option takes, both ends included. */
typedef struct cli_range {
    double min, max;
    bool whole; /* 2, not 2.5 */
} cli_range;

typedef enum cli_kind {
    CLI_KIND_FLAG,
    CLI_KIND_INT,
    CLI_KIND_REAL,
    CLI_KIND_NUMBERS,
    CLI_KIND_TEXT,
    CLI_KIND_WRITES,
    CLI_KIND_PLACE,
    CLI_KIND_CHOICE,
    CLI_KIND_LIST,
    CLI_KIND_GROUP,
} cli_kind;

typedef struct cli_type {
    cli_kind kind;
    cli_range range; /* of numbers */
} cli_type;

/* What stands in an option table for a cli_type, and what the value goes to. */
/* clang-format off */
#define CLI_FLAG            { .kind = CLI_KIND_FLAG }              /* bool */
#define CLI_INT(min, max)   { CLI_KIND_INT, { min, max, true } }   /* int */
#define CLI_REAL(min, max)  { CLI_KIND_REAL, { min, max, false } } /* double */
/* cli_numbers: as many as `arg`, "A,B,C", has places, or fewer; whole ones */
#define CLI_REALS(min, max) { CLI_KIND_NUMBERS, { min, max, false } }
#define CLI_INTS(min, max)  { CLI_KIND_NUMBERS, { min, max, true } }
#define CLI_TEXT            { .kind = CLI_KIND_TEXT }              /* const char * */
#define CLI_WRITES          { .kind = CLI_KIND_WRITES }            /* the same: a file to be written */
#define CLI_PLACE           { .kind = CLI_KIND_PLACE }             /* a folder for files, or a file */
/* int: which of the words of `arg`, "pair|crop|full", counted from 0 */
#define CLI_CHOICE          { .kind = CLI_KIND_CHOICE }
#define CLI_LIST            { .kind = CLI_KIND_LIST }              /* cli_list */
/* no option: `help` stands over those that follow; its name is "" */
#define CLI_GROUP           { .kind = CLI_KIND_GROUP }
/* clang-format on */

/* One option: where its value goes in the command's own options struct, and its help. */
typedef struct cli_option {
    const char *name; /* without the dashes; NULL ends the table */
    char letter;      /* 0 for none */
    cli_type type;
    size_t offset;
    const char *arg;  /* shown in the help; NULL for a flag */
    const char *help; /* the default is put behind it in brackets, where it is not 0 */
} cli_option;

typedef struct cli_command {
    const char *name;
    const char *summary; /* one line, no full stop */
    const char *usage;   /* what stands behind the name */
    const cli_option *options;
    const void *defaults; /* the options struct as it starts out */
    size_t options_size;
    bool (*run)(const void *options, int n_args, char **args, dv_error *err);
} cli_command;

/* Fills `options` from argv and moves the plain arguments to its front.
 * Returns how many there are, or -1 with `err` set (DV_BAD_USAGE). */
int cli_parse(const cli_option *table, void *options, int argc, char **argv,
              dv_error *err) DV_MUST_CHECK;

void cli_print_help(FILE *to, const cli_command *cmd);

/* The value of one option, into the options struct. */
bool cli_store(const cli_option *o, void *options, const char *text, dv_error *err) DV_MUST_CHECK;

/* `text`, what stands behind `option`, as at most `most` numbers separated by commas: to (most).
 * Returns how many there are, 0 with err set. */
int cli_read_numbers(const char *text, const char *option, cli_range range, int most, double *to,
                     dv_error *err) DV_MUST_CHECK;

/* The n-th of words apart by '|', counted from 0, and its length; NULL when there are fewer. */
const char *cli_nth_word(const char *words, int n, size_t *len);

/* -- standard output --------------------------------------------------------------------------
 * Through these alone: on a terminal what it would obey is shown as an escape. */

struct dv_text;
bool cli_print_text(const struct dv_text *text, const char *what, dv_error *err) DV_MUST_CHECK;
/* For a line, with its newline. */
void cli_print(const char *fmt, ...) DV_PRINTF(1, 2);

/* -- standard error ---------------------------------------------------------------------------
 * All of these may be called by any thread. */

/* A line behind "deconvviz: ". Control characters are made harmless. */
void cli_say(const char *fmt, ...) DV_PRINTF(1, 2);

/* Reports that one of many things failed and was skipped; the run goes on and fails at its end. */
void cli_skip(const dv_error *err);
/* True, or false with err set ("N of M … failed") when anything was skipped. */
bool cli_none_skipped(const char *what, int of, dv_error *err) DV_MUST_CHECK;

/* From here on cli_progress shows a line, if standard error is a terminal and `wanted`. `what`, in
 * the plural, must last. */
void cli_progress_begin(const char *what, bool wanted);
/* So much is done: with the rate and the time left, which count from the first call on. */
void cli_progress(int64_t done, int64_t total);
/* Takes the line away until the next call: before something is printed to standard output. */
void cli_progress_clear(void);
void cli_progress_end(void);

/* Shows the progress of a long call, and says what it skips. */
extern const struct dv_watch cli_watch;

#endif
