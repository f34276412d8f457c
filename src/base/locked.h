/* locked.h - a file that one process at a time is at work on. */
#ifndef DV_BASE_LOCKED_H
#define DV_BASE_LOCKED_H

#include "deconvviz/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Opens `path` to be read and written, makes it where it is not there, and locks it until it is
 * closed. Waits a second for another process. -1 with err set. */
int dv_locked_open(const char *path, dv_error *err) DV_MUST_CHECK;

/* Locks a file that is open likewise; false with errno set. */
bool dv_lock(int fd) DV_MUST_CHECK;

/* Writes all of it at this place of a file. 0, or errno. */
int dv_write_at(int fd, const void *data, size_t size, int64_t at);

#endif
