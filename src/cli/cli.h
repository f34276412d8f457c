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

typedef enum cli_kind {
    CLI_FLAG,   /* bool */
    CLI_INT,    /* int */
    CLI_REAL,   /* double */
    CLI_TEXT,   /* const char * */
    CLI_CHOICE, /* int: which of the words of `arg`, "pair|crop|full", counted from 0 */
    CLI_LIST,   /* cli_list */
    CLI_GROUP,  /* no option: `help` stands over those that follow; its name is "" */
} cli_kind;

/* One option: where its value goes in the command's own options struct, and its help. */
typedef struct cli_option {
    const char *name; /* without the dashes; NULL ends the table */
    char letter;      /* 0 for none */
    cli_kind kind;
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

/* Exactly `n` numbers separated by commas. */
bool cli_numbers(const char *text, const char *option, int n, double *to,
                 dv_error *err) DV_MUST_CHECK;

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

#endif
