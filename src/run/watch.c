#include "run/watch.h"

#include <string.h>

bool dv_watch_goes_on(const dv_watch *w, int64_t done, int64_t total, const char *what,
                      dv_error *err)
{
    return !w->cancelled || !w->cancelled(w->ctx) ||
           dv_fail(err, DV_CANCELLED, "cancelled after %lld of %lld %s", (long long)done,
                   (long long)total, what);
}

void dv_watch_progress(const dv_watch *w, int64_t done, int64_t total)
{
    if (w->progress)
        w->progress(w->ctx, done, total);
}

void dv_watch_wrote(const dv_watch *w, const char *path)
{
    if (w->wrote)
        w->wrote(w->ctx, path);
}

const char *dv_watch_reason(const char *path, const char *message)
{
    size_t n = strlen(path);
    bool named = strncmp(message, path, n) == 0 && strncmp(message + n, ": ", 2) == 0;
    return named ? message + n + 2 : message;
}

void dv_watch_skipped(const dv_watch *w, const char *path, const char *message)
{
    if (w->skipped)
        w->skipped(w->ctx, path, dv_watch_reason(path, message));
}
