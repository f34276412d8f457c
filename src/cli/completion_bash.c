#include "cli/completion.h"

#include "deconvviz/load.h"
#include "deconvviz/version.h"

static const char functions[] =
    "# Completion of deconvviz " DV_VERSION " for bash, by: deconvviz help --completion bash\n"
    "\n"
    "_deconvviz_add() { mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY; }\n"
    "_deconvviz_words() { _deconvviz_add < <(compgen -W \"$1\" -- \"$cur\"); }\n"
    "\n"
    "_deconvviz_folders()\n"
    "{\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    _deconvviz_add < <(compgen -d -- \"$cur\")\n"
    "}\n"
    "\n"
    "# Folders, and files with one of these endings; without any, all files.\n"
    "_deconvviz_files()\n"
    "{\n"
    "    local ending\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    [[ $# -gt 0 ]] || _deconvviz_add < <(compgen -f -- \"$cur\")\n"
    "    [[ $# -eq 0 ]] || _deconvviz_folders\n"
    "    for ending; do _deconvviz_add < <(compgen -f -X \"!*.$ending\" -- \"$cur\"); done\n"
    "}\n"
    "\n"
    "# Layers of the model that stands on the line.\n"
    "_deconvviz_layers()\n"
    "{\n"
    "    local i name model=()\n"
    "    for ((i = 1; i < COMP_CWORD - 1; i++)); do\n"
    "        case ${COMP_WORDS[i]} in -m | --model) model=(-m \"${COMP_WORDS[i + 1]}\") ;; esac\n"
    "    done\n"
    "    while read -r name; do\n"
    "        [[ $name == \"$cur\"* ]] && COMPREPLY+=(\"$name\")\n"
    "    done < <(deconvviz layers --json \"${model[@]}\" 2>/dev/null |\n"
    "        " CLI_LIST_LAYERS ")\n"
    "}\n"
    "\n"
    "_deconvviz()\n"
    "{\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    local first=${COMP_WORDS[1]} command=project\n"
    "    COMPREPLY=()\n"
    "    if [[ $cur == = ]]; then\n"
    "        cur=\n"
    "    elif [[ $prev == = ]]; then\n"
    "        prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n";

static const char *const actions[CLI_N_FITS] = {
    [CLI_FIT_NOTHING] = "",
    [CLI_FIT_LAYERS] = "_deconvviz_layers; ",
    [CLI_FIT_MODELS] =
        ("_deconvviz_words " DV_DEFAULT_MODEL "; _deconvviz_files onnx json safetensors; "),
    [CLI_FIT_INDICES] = "_deconvviz_files json; ",
    [CLI_FIT_FILES] = "_deconvviz_files; ",
    [CLI_FIT_FOLDERS] = "_deconvviz_folders; ",
    [CLI_FIT_COMMANDS] = "_deconvviz_words \"$commands\"; ",
};

/* "    project:-l | project:--layer) _deconvviz_layers; return ;;" */
static void put_value(FILE *to, const cli_command *cmd, const cli_option *o)
{
    char words[128];
    if (!o->arg)
        return;
    fputs("    ", to);
    if (o->letter)
        fprintf(to, "%s:-%c | ", cmd->name, o->letter);
    fprintf(to, "%s:--%s) ", cmd->name, o->name);
    if (cli_literals(o, words, sizeof words)[0])
        fprintf(to, "_deconvviz_words '%s'; ", words);
    fprintf(to, "%sreturn ;;\n", actions[cli_fit_of(o)]);
}

static void put_options(FILE *to, const cli_command *cmd)
{
    fprintf(to, "    %s) _deconvviz_words '", cmd->name);
    for (const cli_option *o = cmd->options; o->name; o++) {
        if (o->letter)
            fprintf(to, "-%c ", o->letter);
        if (o->name[0])
            fprintf(to, "--%s ", o->name);
    }
    fputs("-h --help' ;;\n", to);
}

void cli_complete_bash(FILE *to)
{
    fprintf(to, "%s    local commands='", functions);
    cli_put_commands(to, " ");
    fputs("'\n    [[ $COMP_CWORD -gt 1 && \" $commands \" == *\" $first \"* ]] && command=$first\n"
          "\n    case $command:$prev in\n",
          to);
    for (int i = 0; cli_commands[i]; i++)
        for (const cli_option *o = cli_commands[i]->options; o->name; o++)
            put_value(to, cli_commands[i], o);
    fputs("    esac\n\n    [[ $cur == -* ]] && case $command in\n", to);
    for (int i = 0; cli_commands[i]; i++)
        put_options(to, cli_commands[i]);
    fputs("    esac && return\n\n    case $command in\n", to);
    for (int i = 0; cli_commands[i]; i++)
        fprintf(to, "    %s) %s;;\n", cli_commands[i]->name,
                actions[cli_fit_of_argument(cli_commands[i]->arguments.what)]);
    fputs("    esac\n    [[ $COMP_CWORD -gt 1 ]] || _deconvviz_words \"$commands\"\n}\n"
          "complete -F _deconvviz deconvviz\n",
          to);
}
