/* signals.c - what ends a run from outside. A thread waits for it, and does what a handler could
 * not: removes what is temporary, says so, and ends the process.
 *
 * A broken pipe and a bus error come to the thread that caused them. Its handler passes them on and
 * waits for the end. */
#define _DEFAULT_SOURCE /* SIGBUS' address */
#include "cli/signals.h"

#include "base/file.h"
#include "base/temporary.h"
#include "cli/cli.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    int number;
    const char *name;
    bool passed_on; /* by a handler, on the thread that caused it */
} signals[] = {
    { SIGINT, "SIGINT", false },  { SIGTERM, "SIGTERM", false }, { SIGHUP, "SIGHUP", false },
    { SIGPIPE, "SIGPIPE", true }, { SIGBUS, "SIGBUS", true },
};
enum { N_SIGNALS = sizeof signals / sizeof signals[0] };

static pthread_t waiter;
static sigset_t awaited;
static pthread_mutex_t ending = PTHREAD_MUTEX_INITIALIZER; /* who keeps it ends the process */
static const char *kept;                                   /* under the same lock */
static _Atomic(atomic_bool *) polite;                      /* see cli_signals_ask */
static atomic_bool all_ask;                                /* see cli_signals_end_by */
static _Atomic(void *) lost;                               /* where memory could not be read */

/* -- words ------------------------------------------------------------------------------------ */

/* The file that is mapped at an address, out of Linux's list; false: not known. */
static bool find_mapped(const void *address, char *path, size_t size)
{
    const uintptr_t at = (uintptr_t)address;
    char line[4200];
    bool found = false;
    FILE *f = fopen("/proc/self/maps", "r");
    while (f && !found && fgets(line, sizeof line, f)) {
        char *end;
        const uintptr_t from = (uintptr_t)strtoull(line, &end, 16);
        const uintptr_t to = *end == '-' ? (uintptr_t)strtoull(end + 1, &end, 16) : 0;
        const char *name = strchr(line, '/');
        found = name && at >= from && at < to;
        if (found)
            snprintf(path, size, "%.*s", (int)strcspn(name, "\n"), name);
    }
    if (f)
        fclose(f);
    return found;
}

static void tell_lost(void)
{
    char path[400] = "a file";
    (void)!find_mapped(lost, path, sizeof path);
    cli_say("%s: has become shorter while it was in use, or cannot be read any more", path);
}

static const char *name_of(int number)
{
    for (int i = 0; i < N_SIGNALS; i++)
        if (signals[i].number == number)
            return signals[i].name;
    return "a signal";
}

/* -- the end ---------------------------------------------------------------------------------- */

/* By the signal itself: at an ordinary end there are those who flush what the thread that it came
 * to has locked (ThreadSanitizer does). */
static void end_by(int number)
{
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, number);
    signal(number, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
    raise(number);
    _exit(128 + number);
}

/* Whether a signal only asks for the end. */
static bool only_asks(int number)
{
    atomic_bool *asked = atomic_load(&polite);
    const bool may =
        number == SIGINT || (atomic_load(&all_ask) && (number == SIGTERM || number == SIGHUP));
    return may && asked && !atomic_exchange(asked, true);
}

static void *wait_for_one(void *unused)
{
    (void)unused;
    int number;
    do
        sigwait(&awaited, &number);
    while (only_asks(number));
    pthread_mutex_lock(&ending);
    dv_temporary_remove_all();
    if (number == SIGPIPE)
        end_by(number);
    signal(SIGALRM, SIG_DFL); /* nobody may read what is said */
    alarm(2);
    if (ftrylockfile(stdout) == 0) { /* else its reader is what is waited for */
        fflush(stdout);
        funlockfile(stdout);
    }
    if (number == SIGBUS) {
        tell_lost();
        _exit(1);
    }
    if (kept && dv_file_exists(kept))
        cli_say("stopped by %s; what was done is in %s: the same command goes on from there",
                name_of(number), kept);
    else
        cli_say("stopped by %s", name_of(number));
    _exit(128 + number);
}

/* Where another process has sent it, this thread may be anywhere and goes on until the end. */
static void pass_on(int number, siginfo_t *info, void *unused)
{
    (void)unused;
    const bool sent = info->si_code == SI_USER && info->si_pid != getpid();
    if (number == SIGBUS && !sent)
        atomic_store(&lost, info->si_addr);
    pthread_kill(waiter, number);
    while (!sent)
        pause();
}

/* What the process was told to ignore stays ignored (nohup). */
static bool is_ignored(int number)
{
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

void cli_signals_begin(void)
{
    struct sigaction action = { .sa_sigaction = pass_on, .sa_flags = SA_SIGINFO };
    sigset_t blocked, before;
    sigemptyset(&awaited);
    sigemptyset(&blocked);
    for (int i = 0; i < N_SIGNALS; i++) {
        if (is_ignored(signals[i].number))
            continue;
        sigaddset(&awaited, signals[i].number);
        if (!signals[i].passed_on)
            sigaddset(&blocked, signals[i].number);
    }
    sigfillset(&action.sa_mask);
    pthread_sigmask(SIG_BLOCK, &awaited, &before); /* as the waiter has it */
    const bool waits = pthread_create(&waiter, NULL, wait_for_one, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!waits)
        return;
    pthread_detach(waiter);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL); /* on all threads, which this one begins */
    for (int i = 0; i < N_SIGNALS; i++)
        if (signals[i].passed_on && sigismember(&awaited, signals[i].number))
            sigaction(signals[i].number, &action, NULL);
}

void cli_signals_end(void)
{
    pthread_mutex_lock(&ending); /* for good */
}

void cli_signals_ask(atomic_bool *asked)
{
    atomic_store(&polite, asked);
}

void cli_signals_end_by(atomic_bool *asked)
{
    signal(SIGPIPE, SIG_IGN);
    atomic_store(&all_ask, true);
    atomic_store(&polite, asked);
}

void cli_signals_keep(const char *path)
{
    pthread_mutex_lock(&ending);
    kept = path;
    pthread_mutex_unlock(&ending);
}
