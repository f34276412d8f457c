/* main.c - finds the command, runs it, turns its outcome into an exit status. */
#include "cli/cli.h"
#include "deconvviz/version.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FOR_EACH_COMMAND(X) \
    X(project)              \
    X(layers)               \
    X(classify)             \
    X(prepare)              \
    X(forward)              \
    X(mine)                 \
    X(merge)                \
    X(sheets)

#define X(name) extern const cli_command cmd_##name;
FOR_EACH_COMMAND(X)
#undef X

static const cli_command *const commands[] = {
#define X(name) &cmd_##name,
    FOR_EACH_COMMAND(X)
#undef X
};
enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static int n_skipped;

void cli_say(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("deconvviz: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
}

void cli_skip(const dv_error *err)
{
    n_skipped++;
    cli_say("%s", err->message);
}

bool cli_none_skipped(const char *what, int of, dv_error *err)
{
    return n_skipped == 0 || dv_fail(err, DV_IO, "%d of %d %s failed", n_skipped, of, what);
}

static void print_commands(FILE *to)
{
    fputs("deconvviz " DV_VERSION ": what a unit of a trained CNN responds to\n\n"
          "usage: deconvviz [project] -l LAYER -c CHANNELS [options] IMAGE...\n"
          "       deconvviz COMMAND [options] ...\n\ncommands:\n",
          to);
    for (int i = 0; i < N_COMMANDS; i++)
        fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fputs("  help       Print this, or with a command's name its options\n", to);
}

static const cli_command *find(const char *name)
{
    for (int i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static bool run(const cli_command *cmd, int argc, char **argv, dv_error *err)
{
    void *options = malloc(cmd->options_size);
    if (!options)
        return dv_fail(err, DV_NO_MEMORY, "no memory for options");
    memcpy(options, cmd->defaults, cmd->options_size);
    int n_args = cli_parse(cmd->options, options, argc, argv, err);
    bool ok = n_args >= 0 && cmd->run(options, n_args, argv, err);
    free(options);
    return ok;
}

static int help(const char *topic)
{
    const cli_command *cmd = topic ? find(topic) : NULL;
    if (topic && !cmd) {
        cli_say("there is no command '%s' (see deconvviz help)", topic);
        return EXIT_USAGE;
    }
    if (cmd)
        cli_print_help(stdout, cmd);
    else
        print_commands(stdout);
    return EXIT_OK;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_commands(stderr);
        return EXIT_USAGE;
    }
    const cli_command *cmd = find(argv[1]);
    if (strcmp(argv[1], "help") == 0)
        return help(argc > 2 ? argv[2] : NULL);
    if (strcmp(argv[1], "--version") == 0) {
        puts("deconvviz " DV_VERSION);
        return EXIT_OK;
    }
    if (asks_for_help(argc, argv))
        return help(cmd ? cmd->name : NULL);
    int skip = cmd ? 2 : 1;
    if (!cmd)
        cmd = &cmd_project;
    dv_error err = { 0 };
    bool ok = run(cmd, argc - skip, argv + skip, &err);
    if (fflush(stdout) != 0 && ok)
        ok = dv_fail(&err, DV_IO, "cannot write standard output");
    if (ok)
        return EXIT_OK;
    cli_say("%s", err.message);
    return err.code == DV_BAD_USAGE ? EXIT_USAGE : EXIT_FAILED;
}
