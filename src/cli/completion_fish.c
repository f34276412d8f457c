#include "cli/completion.h"

#include "deconvviz/load.h"
#include "deconvviz/version.h"

static const char functions[] =
    "# Completion of deconvviz " DV_VERSION " for fish, by: deconvviz help --completion fish\n"
    "\n"
    "function __deconvviz_first\n"
    "    test (count (commandline -opc)) -eq 1\n"
    "end\n"
    "\n"
    "# Whether the line is one of this command; where none is named, it is one of project.\n"
    "function __deconvviz_in\n"
    "    set -l words (commandline -opc)\n"
    "    set -l command project\n"
    "    contains -- \"$words[2]\" $__deconvviz_commands; and set command $words[2]\n"
    "    test $command = $argv[1]\n"
    "end\n"
    "\n"
    "# Layers of the model that stands on the line.\n"
    "function __deconvviz_layers\n"
    "    set -l words (commandline -opc)\n"
    "    set -l model\n"
    "    for i in (seq 2 (count $words))\n"
    "        if contains -- $words[$i] -m --model; and set -q words[(math $i + 1)]\n"
    "            set model -m $words[(math $i + 1)]\n"
    "        end\n"
    "    end\n"
    "    deconvviz layers --json $model 2>/dev/null |\n"
    "        " CLI_LIST_LAYERS "\n"
    "end\n"
    "\n";

/* How a value is asked for, and what it is completed with. */
static const char *const actions[CLI_N_FITS] = {
    [CLI_FIT_NOTHING] = " -x",
    [CLI_FIT_LAYERS] = " -x -a '(__deconvviz_layers)'",
    [CLI_FIT_MODELS] = (" -r -F -a " DV_DEFAULT_MODEL),
    [CLI_FIT_INDICES] = " -r -F",
    [CLI_FIT_FILES] = " -r -F",
    [CLI_FIT_FOLDERS] = " -x -a '(__fish_complete_directories)'",
    [CLI_FIT_COMMANDS] = " -x -a \"$__deconvviz_commands\"",
};

static void put_description(FILE *to, const char *text)
{
    fputs(" -d '", to);
    for (; *text; text++)
        fprintf(to, "%s%c", *text == '\'' || *text == '\\' ? "\\" : "", *text);
    fputs("'\n", to);
}

static void put_option(FILE *to, const cli_command *cmd, const cli_option *o)
{
    char words[128], brief[160];
    fprintf(to, "complete -c deconvviz -n '__deconvviz_in %s'", cmd->name);
    if (o->letter)
        fprintf(to, " -s %c", o->letter);
    fprintf(to, " -l %s%s", o->name, o->arg ? actions[cli_fit_of(o)] : "");
    if (cli_literals(o, words, sizeof words)[0])
        fprintf(to, " -a '%s'", words);
    put_description(to, cli_brief(o->help, brief, sizeof brief));
}

/* What stands beside the options: files, unless the command takes something else. */
static void put_arguments(FILE *to, const cli_command *cmd)
{
    cli_fit fit = cli_fit_of_argument(cmd->arguments.what);
    const char *action = fit == CLI_FIT_NOTHING    ? " -f"
                         : fit == CLI_FIT_COMMANDS ? " -f -a \"$__deconvviz_commands\""
                         : fit == CLI_FIT_FOLDERS  ? " -f -a '(__fish_complete_directories)'"
                                                   : " -F";
    fprintf(to, "complete -c deconvviz -n '__deconvviz_in %s'%s\n", cmd->name, action);
    fprintf(to, "complete -c deconvviz -n '__deconvviz_in %s' -s h -l help -d 'its options'\n",
            cmd->name);
}

void cli_complete_fish(FILE *to)
{
    fprintf(to, "%sset -g __deconvviz_commands ", functions);
    cli_put_commands(to, " ");
    fputs("\n\n", to);
    for (int i = 0; cli_commands[i]; i++) {
        const cli_command *cmd = cli_commands[i];
        fprintf(to, "complete -c deconvviz -n __deconvviz_first -a %s", cmd->name);
        put_description(to, cmd->summary);
        put_arguments(to, cmd);
        for (const cli_option *o = cmd->options; o->name; o++)
            if (o->type.kind != CLI_KIND_GROUP)
                put_option(to, cmd, o);
    }
}
