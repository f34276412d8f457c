/* help.h - the printers over the tables of all commands: help, man pages, completions. */
#ifndef DV_CLI_HELP_H
#define DV_CLI_HELP_H

#include "cli/cli.h"

/* For a terminal: which commands there are, and one of them. */
void cli_help_commands(FILE *to);
void cli_help_command(FILE *to, const cli_command *cmd);

/* A page in mdoc: deconvviz-NAME(1), or, cmd NULL, deconvviz(1). */
void cli_man_page(FILE *to, const cli_command *cmd);

/* A script that makes the shell complete command lines. */
void cli_complete_bash(FILE *to);
void cli_complete_zsh(FILE *to);
void cli_complete_fish(FILE *to);

#endif
