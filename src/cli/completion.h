/* completion.h - what can stand on a command line, for the scripts of all shells. */
#ifndef DV_CLI_COMPLETION_H
#define DV_CLI_COMPLETION_H

#include "cli/help.h"

/* What completes a value, besides the words of its `arg` that are meant as they stand. */
typedef enum cli_fit {
    CLI_FIT_NOTHING,
    CLI_FIT_LAYERS,
    CLI_FIT_MODELS,
    CLI_FIT_INDICES,
    CLI_FIT_FILES,
    CLI_FIT_FOLDERS,
    CLI_FIT_COMMANDS,
    CLI_N_FITS,
} cli_fit;

cli_fit cli_fit_of(const cli_option *o);
cli_fit cli_fit_of_argument(cli_argument what);

/* The words of `arg` that are meant as they stand, a blank between; "" where there are none. */
const char *cli_literals(const cli_option *o, char *to, size_t size);

/* The beginning of a help text that says enough beside a word: up to a full stop or semicolon. */
const char *cli_brief(const char *help, char *to, size_t size);

/* The names of all commands, with this between them. */
void cli_put_commands(FILE *to, const char *between);

/* Shell words that turn what `deconvviz layers --json` prints into numbers, and names without
 * anything that a shell would obey, a line each. */
#define CLI_LIST_LAYERS                                           \
    "sed -n -e h -e 's/^{\"number\":\\([0-9]*\\),.*/\\1/p' -e g " \
    "-e 's/^{\"number\":[0-9]*,\"name\":\"\\([A-Za-z0-9_./-]*\\)\",.*/\\1/p'"

#endif
