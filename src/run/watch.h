/* watch.h - calling a watch, of which every part may be missing. */
#ifndef DV_RUN_WATCH_H
#define DV_RUN_WATCH_H

#include "deconvviz/error.h"
#include "deconvviz/watch.h"

/* False (DV_CANCELLED) when the caller wants no more. `what` are counted, in the plural. */
bool dv_watch_goes_on(const dv_watch *w, int64_t done, int64_t total, const char *what,
                      dv_error *err) DV_MUST_CHECK;

void dv_watch_progress(const dv_watch *w, int64_t done, int64_t total);
void dv_watch_wrote(const dv_watch *w, const char *path);

/* `message` may begin with the path, which is told once. */
void dv_watch_skipped(const dv_watch *w, const char *path, const char *message);

/* The message without the path and the colon that it may begin with. */
const char *dv_watch_reason(const char *path, const char *message);

#endif
