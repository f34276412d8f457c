/* main.c - finds the command, runs it, turns its outcome into an exit status. */
#include "base/file.h"
#include "base/guard.h"
#include "cli/help.h"
#include "cli/inputs.h"
#include "cli/signals.h"
#include "deconvviz/version.h"
#include "kernel/conv.h"
#include "kernel/isa.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static bool run(const cli_command *cmd, int argc, char **argv, dv_error *err)
{
    void *options = malloc(cmd->options_size);
    if (!options)
        return dv_fail(err, DV_NO_MEMORY, "no memory for options");
    memcpy(options, cmd->defaults, cmd->options_size);
    int n_args = cli_parse(cmd->options, options, argc, argv, err);
    bool ok = n_args >= 0 && cli_check_given(cmd, options, n_args, argv, err) &&
              cli_inputs_begin(cmd->options, options, n_args, argv, err) &&
              cmd->run(options, n_args, argv, err);
    dv_guard_end();
    free(options);
    return ok;
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
    dv_error err = { 0 };
    if (argc < 2) {
        cli_help_commands(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "-V") == 0 || strcmp(argv[1], "--version") == 0 ||
        strcmp(argv[1], "version") == 0) {
        puts("deconvviz " DV_VERSION);
        return EXIT_OK;
    }
    const cli_command *cmd = cli_find_command(argv[1]);
    if (!cmd && is_misspelt_command(argv[1])) {
        (void)cli_fail_unknown(argv[1], true, &err);
        cli_say("%s", err.message);
        return EXIT_USAGE;
    }
    if (!asks_for_help(argc, argv))
        return -1;
    if (cmd || argc > 2)
        cli_help_command(stdout, cmd ? cmd : cli_commands[0]);
    else
        cli_help_commands(stdout);
    return EXIT_OK;
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
    const cli_command *cmd = cli_find_command(argv[1]);
    int skip = cmd ? 2 : 1;
    dv_error err = { 0 };
    cli_signals_begin();
    if (run(cmd ? cmd : cli_commands[0], argc - skip, argv + skip, &err))
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
