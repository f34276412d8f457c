/* help.h - prints the tables of all commands. */
#ifndef DV_CLI_HELP_H
#define DV_CLI_HELP_H

#include "cli/cli.h"

/* For a terminal: which commands there are, and one of them. */
void cli_help_commands(FILE *to);
void cli_help_command(FILE *to, const cli_command *cmd);

#endif
