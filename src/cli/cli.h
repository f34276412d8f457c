/* cli.h - commands and their options, both as tables.
 *
 * To add a command: write cmd_NAME.c ending in `const cli_command cmd_NAME = {...}`, and add
 * X(NAME) to the list in commands.c. Its help, its man page, what shells complete of it and what is
 * said when something is missing all come from its tables. */
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
    CLI_KIND_CHOICE,
    CLI_KIND_WORD,
    CLI_KIND_LAYER,
    CLI_KIND_MODEL,
    CLI_KIND_FILE,
    CLI_KIND_FOLDER,
    CLI_KIND_WRITES,
    CLI_KIND_FILLS,
    CLI_KIND_PLACE,
    CLI_KIND_GROUP,
} cli_kind;

typedef struct cli_type {
    cli_kind kind;
    cli_range range; /* of numbers */
    bool list;       /* may be given again and again: the values go to a cli_list */
    bool required;   /* only where it can be seen that none was given: a text, or layers */
} cli_type;

/* What stands in an option table for a cli_type, and what the value goes to. */
/* clang-format off */
#define CLI_FLAG            { .kind = CLI_KIND_FLAG }              /* bool */
#define CLI_INT(min, max)   CLI_IN(INT, min, max, true)            /* int */
#define CLI_REAL(min, max)  CLI_IN(REAL, min, max, false)          /* double */
/* cli_numbers: as many as `arg`, "A,B,C", has places, or fewer; whole ones; the size S or H,W */
#define CLI_REALS(min, max) CLI_IN(NUMBERS, min, max, false)
#define CLI_INTS(min, max)  CLI_IN(NUMBERS, min, max, true)
#define CLI_SIZE(max)       CLI_IN(NUMBERS, 1, max, true)
/* int: which of the words of `arg`, "pair|crop|full", counted from 0 */
#define CLI_CHOICE          { .kind = CLI_KIND_CHOICE }
/* The others go to a const char *; lists of them to a cli_list: */
#define CLI_LAYERS          { .kind = CLI_KIND_LAYER, .list = true }
#define CLI_MODEL_LIST      { .kind = CLI_KIND_MODEL, .list = true }
#define CLI_FILES           { .kind = CLI_KIND_FILE, .list = true }
#define CLI_TEXT            { .kind = CLI_KIND_TEXT }              /* what the command reads itself */
#define CLI_WORD            { .kind = CLI_KIND_WORD }              /* one of the words of `arg` */
#define CLI_LAYER           { .kind = CLI_KIND_LAYER }
#define CLI_MODEL           { .kind = CLI_KIND_MODEL }
#define CLI_FILE            { .kind = CLI_KIND_FILE }              /* to be read, and so a folder */
#define CLI_FOLDER          { .kind = CLI_KIND_FOLDER }
#define CLI_WRITES          { .kind = CLI_KIND_WRITES }            /* a file to be written */
#define CLI_FILLS           { .kind = CLI_KIND_FILLS }             /* a folder for files */
#define CLI_PLACE           { .kind = CLI_KIND_PLACE }             /* a folder for files, or a file */
/* no option: `help` stands over those that follow; its name is "" */
#define CLI_GROUP           { .kind = CLI_KIND_GROUP }
/* One that has to be given: CLI_NEEDED(WRITES) */
#define CLI_NEEDED(KIND)    { .kind = CLI_KIND_##KIND, .required = true }
#define CLI_NEEDED_LIST(KIND) { .kind = CLI_KIND_##KIND, .list = true, .required = true }
#define CLI_IN(KIND, least, most, is_whole)                                                        \
    { .kind = CLI_KIND_##KIND, .range = { (least), (most), (is_whole) } }
/* clang-format on */

/* One option: where its value goes in the command's own options struct, and its help. */
typedef struct cli_option {
    const char *name; /* without the dashes; NULL ends the table */
    char letter;      /* 0 for none */
    cli_type type;
    size_t offset;
    const char *arg;  /* shown for the value; words apart by '|' in small letters are meant as they
                         stand: "tile|sheet|abs:V"; NULL for a flag */
    const char *help; /* the default is put behind it in brackets, where it is not 0 */
} cli_option;

typedef enum cli_argument {
    CLI_NO_ARGUMENT,
    CLI_IMAGE,
    CLI_IMAGES, /* or folders of them */
    CLI_INDEX,
    CLI_REFERENCES,
    CLI_PARTS, /* a JSON file of boxes */
    CLI_COMMAND,
    CLI_MODELS,
    CLI_FEATURES,
    CLI_INDEX_OR_IMAGES,
} cli_argument;

/* What stands beside the options. */
typedef struct cli_arguments {
    cli_argument what;
    int least, most;     /* how many of it; most 0: any number */
    const char *instead; /* an option, maybe a flag, that may be given in their place; NULL: none */
    bool both;           /* ... or beside them */
} cli_arguments;

typedef struct cli_example {
    const char *line; /* NULL ends the table */
    const char *what; /* it does; no full stop */
} cli_example;

typedef struct cli_status {
    const char *status; /* NULL ends the table */
    const char *meaning;
} cli_status;

typedef struct cli_command {
    const char *name;
    const char *summary;     /* one line, no full stop */
    const char *description; /* paragraphs with an empty line between; help shows the first alone */
    cli_arguments arguments;
    const char *one_of; /* options, "npy|png", one of which at least is needed; NULL: none */
    const cli_option *options;
    const cli_example *examples;
    const cli_status *statuses; /* NULL: as cli_statuses has them */
    const void *defaults;       /* the options struct as it starts out */
    size_t options_size;
    bool (*run)(const void *options, int n_args, char **args, dv_error *err);
} cli_command;

/* What the exit status tells, but for commands with a table of their own. */
extern const cli_status cli_statuses[];

/* -- all commands ----------------------------------------------------------------------------- */

/* Up to NULL; the first is meant where none is named. */
extern const cli_command *const cli_commands[];

const cli_command *cli_find_command(const char *name); /* NULL: there is none */

/* Sets err: there is no such command (or_file: and no such file), and which one may be meant.
 * Returns false. */
bool cli_fail_unknown(const char *name, bool or_file, dv_error *err);

/* -- the words of the command line ------------------------------------------------------------ */

/* Fills `options` from argv and moves the plain arguments to its front.
 * Returns how many there are, or -1 with `err` set (DV_BAD_USAGE). */
int cli_parse(const cli_option *table, void *options, int argc, char **argv,
              dv_error *err) DV_MUST_CHECK;

/* Fails (DV_BAD_USAGE) with all that is missing, or is too much, by the command's tables. */
bool cli_check_given(const cli_command *cmd, const void *options, int n_args, char **args,
                     dv_error *err) DV_MUST_CHECK;

/* The value of one option, into the options struct. */
bool cli_store(const cli_option *o, void *options, const char *text, dv_error *err) DV_MUST_CHECK;

/* `text`, what stands behind `option`, as at most `most` numbers separated by commas: to (most).
 * Returns how many there are, 0 with err set. */
int cli_read_numbers(const char *text, const char *option, cli_range range, int most, double *to,
                     dv_error *err) DV_MUST_CHECK;

/* The n-th of words apart by '|', counted from 0, and its length; NULL when there are fewer. */
const char *cli_nth_word(const char *words, int n, size_t *len);

/* -- what the tables say, for those who print it ---------------------------------------------- */

/* Options by their names; NULL: there is none. */
const cli_option *cli_find_option(const cli_option *table, const char *name, size_t len);
const cli_option *cli_option_of_kind(const cli_option *table, cli_kind kind);

/* Whether the option for the model stands beside the arguments, and not in their place. */
bool cli_has_model_beside(const cli_command *cmd);

/* Files or folders that the option has the command write. */
bool cli_is_output(const cli_option *o);

/* Whether a word of an option's `arg` is meant as it stands: it has no capital letter. */
bool cli_is_literal(const char *word, size_t len);

/* "-o REFS", "--input X.npy"; of an `arg` that begins with words meant as they stand the last. */
const char *cli_option_usage(const cli_option *o, char *to, size_t size);

/* How arguments are called: "IMAGE|FOLDER". */
const char *cli_argument_name(cli_argument what);

/* The value that an option starts out as, where it is worth telling; else "". */
const char *cli_default_text(const cli_option *o, const void *defaults, char *to, size_t size);

/* -- standard output --------------------------------------------------------------------------
 * Through these alone: on a terminal what it would obey is shown as an escape. */

struct dv_text;
bool cli_print_text(const struct dv_text *text, const char *what, dv_error *err) DV_MUST_CHECK;
/* As a table for people; or with the options of these names as JSON lines, as CSV. */
struct dv_table;
bool cli_print_table(const struct dv_table *table, bool json, bool csv,
                     dv_error *err) DV_MUST_CHECK;
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
