#include "cli/completion.h"

#include <string.h>

cli_fit cli_fit_of(const cli_option *o)
{
    switch (o->type.kind) {
    case CLI_KIND_LAYER:
        return CLI_FIT_LAYERS;
    case CLI_KIND_MODEL:
        return CLI_FIT_MODELS;
    case CLI_KIND_FILE:
    case CLI_KIND_WRITES:
    case CLI_KIND_PLACE:
        return CLI_FIT_FILES;
    case CLI_KIND_FOLDER:
    case CLI_KIND_FILLS:
        return CLI_FIT_FOLDERS;
    case CLI_KIND_FLAG:
    case CLI_KIND_INT:
    case CLI_KIND_REAL:
    case CLI_KIND_NUMBERS:
    case CLI_KIND_TEXT:
    case CLI_KIND_CHOICE:
    case CLI_KIND_WORD:
    case CLI_KIND_GROUP:
        break;
    }
    return CLI_FIT_NOTHING;
}

cli_fit cli_fit_of_argument(cli_argument what)
{
    static const cli_fit fits[] = {
        [CLI_NO_ARGUMENT] = CLI_FIT_NOTHING, [CLI_IMAGE] = CLI_FIT_FILES,
        [CLI_IMAGES] = CLI_FIT_FILES,        [CLI_INDEX] = CLI_FIT_INDICES,
        [CLI_REFERENCES] = CLI_FIT_FOLDERS,  [CLI_COMMAND] = CLI_FIT_COMMANDS,
        [CLI_MODELS] = CLI_FIT_MODELS,       [CLI_PARTS] = CLI_FIT_FILES,
        [CLI_FEATURES] = CLI_FIT_FILES,      [CLI_INDEX_OR_IMAGES] = CLI_FIT_FILES,
    };
    return fits[what];
}

const char *cli_literals(const cli_option *o, char *to, size_t size)
{
    const char *word;
    size_t len, n = 0;
    to[0] = '\0';
    if (!o->arg || !(strchr(o->arg, '|') || o->type.kind == CLI_KIND_WORD))
        return to;
    for (int i = 0; (word = cli_nth_word(o->arg, i, &len)); i++)
        if (cli_is_literal(word, len) && n + len + 1 < size)
            n += (size_t)snprintf(to + n, size - n, "%s%.*s", n ? " " : "", (int)len, word);
    return to;
}

const char *cli_brief(const char *help, char *to, size_t size)
{
    const char *stop = strstr(help, ". "), *semicolon = strchr(help, ';');
    stop = semicolon && (!stop || semicolon < stop) ? semicolon : stop;
    snprintf(to, size, "%.*s", (int)(stop ? stop - help : (long)strlen(help)), help);
    return to;
}

void cli_put_commands(FILE *to, const char *between)
{
    for (int i = 0; cli_commands[i]; i++)
        fprintf(to, "%s%s", i ? between : "", cli_commands[i]->name);
}
