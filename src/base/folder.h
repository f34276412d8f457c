/* folder.h - whole folders: filled under another name, then put in place at once. */
#ifndef DV_BASE_FOLDER_H
#define DV_BASE_FOLDER_H

#include "deconvviz/error.h"

/* Makes an empty folder with a name of its own beside `path`, or beside what it is a link to; it
 * need not exist. Also makes the folders above. It is temporary until it is given a name or
 * discarded. Returns its path, which the caller frees; NULL with err set. */
char *dv_folder_beside(const char *path, dv_error *err) DV_MUST_CHECK;

/* Waits until a folder and all that is in it is on the disk. Fails with `name`, which it is to get.
 */
bool dv_folder_sync(const char *path, const char *name, dv_error *err) DV_MUST_CHECK;

/* Gives the folder `from` the name `path`; a folder of that name, unless it is empty, is called
 * `from` then. A link stays one. On Linux nobody ever sees `path` missing or half of it. The names
 * are on the disk when it returns. Fails with both as they were. */
bool dv_folder_swap(const char *from, const char *path, dv_error *err) DV_MUST_CHECK;

/* Removes a folder and all that is in it, as far as that is possible; and one of dv_folder_beside.
 */
void dv_folder_remove(const char *path);
void dv_folder_discard(const char *path);

/* Removes files that runs which were killed left half written in a folder, and below it. Whoever
 * else writes there meanwhile may lose one. */
void dv_folder_sweep(const char *path);

#endif
