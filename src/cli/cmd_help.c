/* cmd_help.c - `deconvviz help`: what the tables of all commands say. */
#include "cli/help.h"
#include "cli/rows.h"

typedef struct help_options {
    bool man;
} help_options;

static const cli_option options[] = {
    CLI_GROUP_ROW("What is printed in place of help:"),
    { "man", 0, CLI_FLAG, offsetof(help_options, man), NULL,
      "the manual page of the command, or of the program, in mdoc" },
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz help --man project >deconvviz-project.1", "A page for man" },
    { 0 },
};

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    const help_options *o = opts;
    const cli_command *cmd = n_args > 0 ? cli_find_command(args[0]) : NULL;
    if (n_args > 0 && !cmd)
        return cli_fail_unknown(args[0], false, err);
    if (o->man)
        cli_man_page(stdout, cmd);
    else if (cmd)
        cli_help_command(stdout, cmd);
    else
        cli_help_commands(stdout);
    return true;
}

const cli_command cmd_help = {
    .name = "help",
    .summary = "List the commands, or the options of one",
    .description = "Help and manual pages are printed from the same tables that the program reads "
                   "its options by. 'make install' puts the pages in place.",
    .arguments = { CLI_COMMAND, .most = 1 },
    .options = options,
    .examples = examples,
    .defaults = &(const help_options){ 0 },
    .options_size = sizeof(help_options),
    .run = run,
};
