/* watch.h - what a call that takes long tells while it runs, and how it is told to stop. */
#ifndef DV_WATCH_H
#define DV_WATCH_H

#include "deconvviz/api.h"

#include <stdbool.h>
#include <stdint.h>

DV_BEGIN

/* All may be NULL. `ctx` is the caller's and given to each. The first three are called one at a
 * time; on which thread, the call says that takes the watch. */
typedef struct dv_watch {
    void *ctx;
    void (*progress)(void *ctx, int64_t done, int64_t total);
    /* An image was left out, the run goes on. The reason does not repeat the path. */
    void (*skipped)(void *ctx, const char *path, const char *reason);
    /* A file (or folder) is whole and stands at its place. */
    void (*wrote)(void *ctx, const char *path);
    /* Asked between images and between units, on any thread and on several at a time: it should do
     * no more than look at a flag (an atomic_bool, or a volatile sig_atomic_t that a handler sets).
     * Once it has said true the call fails with DV_CANCELLED. What was written whole stays, and
     * nothing else. */
    bool (*cancelled)(void *ctx);
} dv_watch;

DV_END

#endif
