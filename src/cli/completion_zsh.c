#include "cli/completion.h"

#include "deconvviz/load.h"
#include "deconvviz/version.h"

#include <string.h>

static const char functions[] =
    "#compdef deconvviz\n"
    "# Completion of deconvviz " DV_VERSION " for zsh, by: deconvviz help --completion zsh\n"
    "\n"
    "# Layers of the model that stands on the line.\n"
    "_deconvviz_layers()\n"
    "{\n"
    "    local i\n"
    "    local -a model names\n"
    "    for ((i = 1; i < CURRENT - 1; i++)); do\n"
    "        [[ $words[i] == (-m|--model) ]] && model=(-m \"${(Q)words[i + 1]}\")\n"
    "    done\n"
    "    names=(${(f)\"$(deconvviz layers --json $model 2>/dev/null |\n"
    "        " CLI_LIST_LAYERS ")\"})\n"
    "    compadd -a names\n"
    "}\n"
    "\n"
    "_deconvviz_models()\n"
    "{\n"
    "    compadd " DV_DEFAULT_MODEL "\n"
    "    _files -g '*.(onnx|json|safetensors)(-.)'\n"
    "}\n"
    "\n"
    "_deconvviz_words_or_files()\n"
    "{\n"
    "    compadd ${=1}\n"
    "    _files\n"
    "}\n"
    "\n";

static const char *const actions[CLI_N_FITS] = {
    [CLI_FIT_NOTHING] = " ",
    [CLI_FIT_LAYERS] = "_deconvviz_layers",
    [CLI_FIT_MODELS] = "_deconvviz_models",
    [CLI_FIT_INDICES] = "_files -g \"*.json(-.)\"",
    [CLI_FIT_FILES] = "_files",
    [CLI_FIT_FOLDERS] = "_files -/",
    [CLI_FIT_COMMANDS] = "_deconvviz_commands",
};

/* Text between quotes, in a place where some signs end it. */
static void put_quoted(FILE *to, const char *text, const char *signs)
{
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", to);
        else
            fprintf(to, "%s%c", strchr(signs, *text) ? "\\" : "", *text);
}

/* ":what is meant:what completes it", the second for a value */
static void put_action(FILE *to, const cli_option *o)
{
    char words[128];
    cli_fit fit = cli_fit_of(o);
    fputc(':', to);
    put_quoted(to, o->arg, ":[]\\");
    fputc(':', to);
    if (!cli_literals(o, words, sizeof words)[0])
        fputs(actions[fit], to);
    else if (fit == CLI_FIT_FILES)
        fprintf(to, "_deconvviz_words_or_files \"%s\"", words);
    else
        fprintf(to, "(%s)", words);
}

/* '(-l --layer)'{-l+,--layer=}'[help]:LAYERS:_deconvviz_layers' */
static void put_option(FILE *to, const cli_option *o)
{
    char brief[160];
    const char *after = o->arg ? "=" : "";
    fputs("            ", to);
    if (o->type.kind == CLI_KIND_LAYERS || o->type.kind == CLI_KIND_FILES)
        fputs("'*'", to);
    else if (o->letter)
        fprintf(to, "'(-%c --%s)'", o->letter, o->name);
    if (o->letter)
        fprintf(to, "{-%c%s,--%s%s}'[", o->letter, o->arg ? "+" : "", o->name, after);
    else
        fprintf(to, "'--%s%s[", o->name, after);
    put_quoted(to, cli_brief(o->help, brief, sizeof brief), ":[]\\");
    fputc(']', to);
    if (o->arg)
        put_action(to, o);
    fputs("' \\\n", to);
}

static void put_command(FILE *to, const cli_command *cmd)
{
    const cli_arguments *a = &cmd->arguments;
    fprintf(to, "    %s)\n        _arguments -s -S \\\n", cmd->name);
    for (const cli_option *o = cmd->options; o->name; o++)
        if (o->type.kind != CLI_KIND_GROUP)
            put_option(to, o);
    if (a->what != CLI_NO_ARGUMENT)
        fprintf(to, "            '%s:%s:%s' \\\n", a->most == 1 ? "1" : "*",
                cli_argument_name(a->what), actions[cli_fit_of_argument(a->what)]);
    fputs("            '(- *)'{-h,--help}'[its options]'\n        ;;\n", to);
}

void cli_complete_zsh(FILE *to)
{
    fputs(functions, to);
    fputs("_deconvviz_commands()\n{\n    local -a commands=(\n", to);
    for (int i = 0; cli_commands[i]; i++) {
        fprintf(to, "        '%s:", cli_commands[i]->name);
        put_quoted(to, cli_commands[i]->summary, ":\\");
        fputs("'\n", to);
    }
    fputs("    )\n    _describe command commands\n}\n\n"
          "_deconvviz()\n{\n    local command=project\n"
          "    if ((CURRENT == 2)) && [[ $words[2] != -* ]]; then\n"
          "        _deconvviz_commands\n"
          "    elif [[ $words[2] == (",
          to);
    cli_put_commands(to, "|");
    fputs(") ]]; then\n        command=$words[2]\n        shift words\n        ((CURRENT--))\n"
          "    fi\n    case $command in\n",
          to);
    for (int i = 0; cli_commands[i]; i++)
        put_command(to, cli_commands[i]);
    fputs("    esac\n}\n\n"
          "if [[ $funcstack[1] == _deconvviz ]]; then\n    _deconvviz \"$@\"\nelse\n"
          "    compdef _deconvviz deconvviz\nfi\n",
          to);
}
