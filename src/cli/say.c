/* say.c - what goes to standard error: lines, and one line of progress that makes way for them. */
#include "cli/cli.h"
#include "deconvviz/watch.h"

#include <stdarg.h>
#include <time.h>
#include <unistd.h>

static int n_skipped;

static struct {
    const char *what;
    bool on, begun, shown; /* shown: the line stands on the terminal */
    int64_t first;         /* done at the first call */
    double began, told;
} progress;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void clear_line(void)
{
    if (progress.shown)
        fputs("\r\033[K", stderr);
    progress.shown = false;
}

void cli_say(const char *fmt, ...)
{
    dv_error line; /* its message holds nothing that a terminal would obey */
    char text[sizeof line.message];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    dv_fail(&line, DV_OK, "%s", text);
    flockfile(stderr);
    clear_line();
    fprintf(stderr, "deconvviz: %s\n", line.message);
    funlockfile(stderr);
}

void cli_skip(const dv_error *err)
{
    flockfile(stderr);
    n_skipped++;
    funlockfile(stderr);
    cli_say("%s", err->message);
}

bool cli_none_skipped(const char *what, int of, dv_error *err)
{
    return n_skipped == 0 || dv_fail(err, DV_IO, "%d of %d %s failed", n_skipped, of, what);
}

void cli_progress_begin(const char *what, bool wanted)
{
    flockfile(stderr);
    progress.what = what;
    progress.on = wanted && isatty(STDERR_FILENO);
    progress.begun = false;
    funlockfile(stderr);
}

static void format_time(double seconds, char *to, size_t size)
{
    long s = seconds < 1e9 ? (long)(seconds + 0.5) : 1000000000;
    if (s < 60)
        snprintf(to, size, "%ld s", s);
    else if (s < 3600)
        snprintf(to, size, "%ld:%02ld min", s / 60, s % 60);
    else
        snprintf(to, size, "%ld:%02ld h", s / 3600, s / 60 % 60);
}

static void show(int64_t done, int64_t total)
{
    double t = now();
    if (!progress.begun) {
        progress.begun = true;
        progress.first = done;
        progress.began = progress.told = t;
    }
    if (t - progress.told < 0.25 || done == progress.first)
        return;
    progress.told = t;
    double rate = (double)(done - progress.first) / (t - progress.began);
    char left[32];
    format_time((double)(total - done) / rate, left, sizeof left);
    clear_line();
    fprintf(stderr, "%lld of %lld %s, %.3g a second, %s left", (long long)done, (long long)total,
            progress.what, rate, left);
    fflush(stderr);
    progress.shown = true;
}

void cli_progress(int64_t done, int64_t total)
{
    flockfile(stderr);
    if (progress.on)
        show(done, total);
    funlockfile(stderr);
}

void cli_progress_clear(void)
{
    flockfile(stderr);
    clear_line();
    funlockfile(stderr);
}

void cli_progress_end(void)
{
    flockfile(stderr);
    clear_line();
    progress.on = false;
    funlockfile(stderr);
}

/* -- watching --------------------------------------------------------------------------------- */

static void show_progress(void *ctx, int64_t done, int64_t total)
{
    (void)ctx;
    cli_progress(done, total);
}

static void say_skipped(void *ctx, const char *path, const char *reason)
{
    (void)ctx;
    cli_say("%s: %s", path, reason);
}

const dv_watch cli_watch = { .progress = show_progress, .skipped = say_skipped };
