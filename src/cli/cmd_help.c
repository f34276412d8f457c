/* cmd_help.c - `deconvviz help`: what the tables of all commands say. */
#include "cli/help.h"

typedef struct help_options {
    bool unused;
} help_options;

static const cli_option options[] = { { 0 } };

static const cli_example examples[] = {
    { "deconvviz help project", "The options of a command, which 'project --help' lists as well" },
    { 0 },
};

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    (void)opts;
    const cli_command *cmd = n_args > 0 ? cli_find_command(args[0]) : NULL;
    if (n_args > 0 && !cmd)
        return cli_fail_unknown(args[0], false, err);
    if (cmd)
        cli_help_command(stdout, cmd);
    else
        cli_help_commands(stdout);
    return true;
}

const cli_command cmd_help = {
    .name = "help",
    .summary = "List the commands, or the options of one",
    .description = "Help is printed from the same tables that the program reads its options by.",
    .arguments = { CLI_COMMAND, .most = 1 },
    .options = options,
    .examples = examples,
    .defaults = &(const help_options){ 0 },
    .options_size = sizeof(help_options),
    .run = run,
};
