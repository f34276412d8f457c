/* folder.h - whole folders: filled under another name, then put in place at once. */
#ifndef DV_BASE_FOLDER_H
#define DV_BASE_FOLDER_H

#include "deconvviz/error.h"

/* Makes an empty folder with a name of its own beside `path`, which need not exist; also the
 * folders above. Returns its path, which the caller frees; NULL with err set. */
char *dv_folder_beside(const char *path, dv_error *err) DV_MUST_CHECK;

/* Gives the folder `from` the name `path`. What has that name may be nothing, or a folder, which is
 * then removed with all that is in it. On Linux nobody ever sees `path` missing or half of it.
 * Fails with both as they were. */
bool dv_folder_replace(const char *from, const char *path, dv_error *err) DV_MUST_CHECK;

/* Removes a folder and all that is in it, as far as that is possible. */
void dv_folder_remove(const char *path);

#endif
