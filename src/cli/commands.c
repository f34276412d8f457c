/* commands.c - all commands that there are. */
#include "base/spelling.h"
#include "cli/cli.h"

#include <string.h>

#define FOR_EACH_COMMAND(X) \
    X(project)              \
    X(compare_rules)        \
    X(steps)                \
    X(layers)               \
    X(classify)             \
    X(mine)                 \
    X(merge)                \
    X(sheets)               \
    X(atlas)                \
    X(serve)                \
    X(record)               \
    X(verify)               \
    X(filters)              \
    X(evolve)               \
    X(invariance)           \
    X(occlude)              \
    X(correspond)           \
    X(features)             \
    X(probe)                \
    X(ablate)               \
    X(prepare)              \
    X(forward)              \
    X(help)

#define X(name) extern const cli_command cmd_##name;
FOR_EACH_COMMAND(X)
#undef X

const cli_command *const cli_commands[] = {
#define X(name) &cmd_##name,
    FOR_EACH_COMMAND(X)
#undef X
        NULL,
};

const cli_status cli_statuses[] = {
    { "0", "All went well." },
    { "1", "Something could not be read, done or written; what does not depend on it is done." },
    { "2", "The command line is wrong, or asks for what the model does not have." },
    { "128+N", "Stopped by signal N; nothing temporary is left behind." },
    { 0 },
};

const cli_command *cli_find_command(const char *name)
{
    for (int i = 0; cli_commands[i]; i++)
        if (strcmp(cli_commands[i]->name, name) == 0)
            return cli_commands[i];
    return NULL;
}

bool cli_fail_unknown(const char *name, bool or_file, dv_error *err)
{
    const char *nearest = NULL;
    int least = 1 + (int)strlen(name) / 3;
    for (int i = 0; cli_commands[i]; i++) {
        int distance = dv_spelling_distance(name, cli_commands[i]->name);
        if (distance <= least && (!nearest || distance < least)) {
            nearest = cli_commands[i]->name;
            least = distance;
        }
    }
    return dv_fail(err, DV_BAD_USAGE, "'%s' is no command%s (%s%s)", name,
                   or_file ? " and no file" : "", nearest ? "near: " : "see deconvviz help",
                   nearest ? nearest : "");
}
