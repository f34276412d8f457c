/* main.c - finds the command, runs it, turns its outcome into an exit status. */
#include "base/file.h"
#include "base/guard.h"
#include "base/spelling.h"
#include "cli/inputs.h"
#include "cli/signals.h"
#include "deconvviz/version.h"
#include "kernel/conv.h"
#include "kernel/isa.h"

#include <errno.h>
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
    X(sheets)               \
    X(record)               \
    X(verify)

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

/* Says that there is no such command, and which one may have been meant. */
static void fail_unknown(const char *word, bool or_file)
{
    const char *nearest = NULL;
    int least = 1 + (int)strlen(word) / 3;
    for (int i = 0; i < N_COMMANDS; i++) {
        int distance = dv_spelling_distance(word, commands[i]->name);
        if (distance <= least && (!nearest || distance < least)) {
            nearest = commands[i]->name;
            least = distance;
        }
    }
    cli_say("'%s' is no command%s (%s%s)", word, or_file ? " and no file" : "",
            nearest ? "near: " : "see deconvviz help", nearest ? nearest : "");
}

static bool run(const cli_command *cmd, int argc, char **argv, dv_error *err)
{
    void *options = malloc(cmd->options_size);
    if (!options)
        return dv_fail(err, DV_NO_MEMORY, "no memory for options");
    memcpy(options, cmd->defaults, cmd->options_size);
    int n_args = cli_parse(cmd->options, options, argc, argv, err);
    bool ok = n_args >= 0 && cli_inputs_begin(cmd->options, options, n_args, argv, err) &&
              cmd->run(options, n_args, argv, err);
    dv_guard_end();
    free(options);
    return ok;
}

static int help(const char *topic)
{
    const cli_command *cmd = topic ? find(topic) : NULL;
    if (topic && !cmd) {
        fail_unknown(topic, false);
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

/* Whether the first word can only have been meant for a command: no option, and no file's name. */
static bool is_misspelt_command(const char *word)
{
    return word[0] != '-' && !strpbrk(word, "./") && !dv_file_exists(word) &&
           !dv_folder_exists(word);
}

/* What the words ask for that needs no network; -1: nothing of that kind. */
static int answer_at_once(int argc, char **argv)
{
    if (argc < 2) {
        print_commands(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "help") == 0)
        return help(argc > 2 ? argv[2] : NULL);
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
        puts("deconvviz " DV_VERSION);
        return EXIT_OK;
    }
    if (!find(argv[1]) && is_misspelt_command(argv[1])) {
        fail_unknown(argv[1], true);
        return EXIT_USAGE;
    }
    if (asks_for_help(argc, argv))
        return help(find(argv[1]) ? argv[1] : argc > 2 ? "project" : NULL);
    return -1;
}

/* Kernels other than the best, for tests. */
static bool choose_kernels(void)
{
    static const struct {
        const char *variable;
        bool (*choose)(const char *name);
    } choices[] = { { "DECONVVIZ_ISA", dv_isa_limit }, { "DECONVVIZ_KERNEL", dv_conv_only } };
    for (int i = 0; i < 2; i++) {
        const char *name = getenv(choices[i].variable);
        if (!choices[i].choose(name)) {
            cli_say("%s: there is no '%s'", choices[i].variable, name);
            return false;
        }
    }
    return true;
}

static int run_command(int argc, char **argv)
{
    if (!choose_kernels())
        return EXIT_USAGE;
    const cli_command *cmd = find(argv[1]);
    int skip = cmd ? 2 : 1;
    dv_error err = { 0 };
    cli_signals_begin();
    if (run(cmd ? cmd : &cmd_project, argc - skip, argv + skip, &err))
        return EXIT_OK;
    cli_say("%s", err.message);
    return err.code == DV_BAD_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

int main(int argc, char **argv)
{
    setenv("OPENBLAS_NUM_THREADS", "1", 0); /* before it is opened: it need not start any */
    int status = answer_at_once(argc, argv);
    if (status < 0)
        status = run_command(argc, argv);
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == EXIT_OK) {
        cli_say("cannot write to standard output: %s", strerror(errno ? errno : EIO));
        status = EXIT_FAILED;
    }
    cli_signals_end();
    return status;
}
