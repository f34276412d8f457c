/* guard.h - the files that a process reads, so that it does not write over them.
 *
 * Off until a program turns it on. Files are known by device and inode: a link to one, or another
 * spelling of its path, is the same. For any thread. */
#ifndef DV_BASE_GUARD_H
#define DV_BASE_GUARD_H

#include "deconvviz/error.h"

#include <sys/stat.h>

/* From here on, what dv_file_read and dv_file_map open is guarded, and dv_file_write asks. */
void dv_guard_begin(void);
void dv_guard_end(void); /* forgets all */

/* A file that will be read. One that is not there, or is no regular file, needs no guard. */
bool dv_guard_add(const char *path, dv_error *err) DV_MUST_CHECK;

/* The same of one that has just been opened. */
void dv_guard_note(const struct stat *st);

/* A file that was read so as to be written anew. */
void dv_guard_remove(const char *path);

/* Fails (DV_BAD_USAGE) when `path` leads to a guarded file. */
bool dv_guard_allows(const char *path, dv_error *err) DV_MUST_CHECK;

#endif
