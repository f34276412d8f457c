/* option_table.c - what the tables say of options and arguments, for those who print it. */
#include "cli/cli.h"

#include <ctype.h>
#include <string.h>

const cli_option *cli_find_option(const cli_option *table, const char *name, size_t len)
{
    for (const cli_option *o = table; o->name; o++)
        if (strlen(o->name) == len && memcmp(o->name, name, len) == 0 &&
            o->type.kind != CLI_KIND_GROUP)
            return o;
    return NULL;
}

const cli_option *cli_option_of_kind(const cli_option *table, cli_kind kind)
{
    for (const cli_option *o = table; o->name; o++)
        if (o->type.kind == kind)
            return o;
    return NULL;
}

bool cli_has_model_beside(const cli_command *cmd)
{
    const cli_option *model = cli_option_of_kind(cmd->options, CLI_KIND_MODEL);
    const char *instead = cmd->arguments.instead;
    return model && !(instead && strcmp(model->name, instead) == 0);
}

bool cli_is_output(const cli_option *o)
{
    cli_kind kind = o->type.kind;
    return kind == CLI_KIND_WRITES || kind == CLI_KIND_FILLS || kind == CLI_KIND_PLACE;
}

bool cli_is_literal(const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (isupper((unsigned char)word[i]))
            return false;
    return true;
}

const char *cli_option_usage(const cli_option *o, char *to, size_t size)
{
    const char *bar = o->arg ? strrchr(o->arg, '|') : NULL, *arg = bar ? bar + 1 : o->arg;
    if (!arg)
        snprintf(to, size, "--%s", o->name);
    else if (o->letter)
        snprintf(to, size, "-%c %s", o->letter, arg);
    else
        snprintf(to, size, "--%s %s", o->name, arg);
    return to;
}

const char *cli_argument_name(cli_argument what)
{
    static const char *const names[] = {
        [CLI_NO_ARGUMENT] = "",          [CLI_IMAGE] = "IMAGE",
        [CLI_IMAGES] = "IMAGE|FOLDER",   [CLI_INDEX] = "INDEX",
        [CLI_REFERENCES] = "REFS|ATLAS", [CLI_COMMAND] = "COMMAND",
        [CLI_MODELS] = "MODEL",          [CLI_PARTS] = "PARTS.json",
        [CLI_FEATURES] = "FEATURES.npy", [CLI_INDEX_OR_IMAGES] = "INDEX|IMAGE|FOLDER",
    };
    return names[what];
}

const char *cli_default_text(const cli_option *o, const void *defaults, char *to, size_t size)
{
    const void *at = (const char *)defaults + o->offset;
    const char *text = NULL;
    size_t len = 0;
    to[0] = '\0';
    if (o->type.list)
        return to;
    switch (o->type.kind) {
    case CLI_KIND_CHOICE:
        text = cli_nth_word(o->arg, *(const int *)at, &len);
        snprintf(to, size, "%.*s", (int)len, text ? text : "");
        break;
    case CLI_KIND_INT:
        if (*(const int *)at > 0)
            snprintf(to, size, "%d", *(const int *)at);
        break;
    case CLI_KIND_TEXT:
    case CLI_KIND_WORD:
    case CLI_KIND_LAYER:
    case CLI_KIND_MODEL:
    case CLI_KIND_FILE:
    case CLI_KIND_FOLDER:
    case CLI_KIND_WRITES:
    case CLI_KIND_FILLS:
    case CLI_KIND_PLACE:
        text = *(const char *const *)at;
        snprintf(to, size, "%s", text ? text : "");
        break;
    case CLI_KIND_FLAG:
    case CLI_KIND_REAL:
    case CLI_KIND_NUMBERS:
    case CLI_KIND_GROUP:
        break;
    }
    return to;
}
