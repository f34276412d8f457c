/* cmd_help.c - `deconvviz help`: what the tables of all commands say, for people and for shells. */
#include "cli/help.h"
#include "cli/rows.h"

#include <string.h>

typedef struct help_options {
    bool man;
    const char *completion;
} help_options;

static const cli_option options[] = {
    CLI_GROUP_ROW("What is printed in place of help:"),
    { "man", 0, CLI_FLAG, offsetof(help_options, man), NULL,
      "the manual page of the command, or of the program, in mdoc" },
    { "completion", 0, CLI_WORD, offsetof(help_options, completion), "bash|zsh|fish",
      "a script that makes the shell complete command lines" },
    { 0 },
};

static const cli_example examples[] = {
    { "deconvviz help --man project >deconvviz-project.1", "A page for man" },
    { "eval \"$(deconvviz help --completion bash)\"", "Completion in the shell that runs" },
    { 0 },
};

static bool print_completion(const char *shell)
{
    (shell[0] == 'b'   ? cli_complete_bash
     : shell[0] == 'z' ? cli_complete_zsh
                       : cli_complete_fish)(stdout);
    return true;
}

static bool run(const void *opts, int n_args, char **args, dv_error *err)
{
    const help_options *o = opts;
    if (o->completion && (o->man || n_args > 0))
        return dv_fail(err, DV_BAD_USAGE, "help --completion %s is for all commands, not for %s",
                       o->completion, n_args > 0 ? args[0] : "--man");
    if (o->completion)
        return print_completion(o->completion);
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
    .description = "Help, manual pages and completions are printed from the same tables that the "
                   "program reads its options by. 'make install' puts them in place.",
    .arguments = { CLI_COMMAND, .most = 1 },
    .options = options,
    .examples = examples,
    .defaults = &(const help_options){ 0 },
    .options_size = sizeof(help_options),
    .run = run,
};
