/* path.h - names of files put together. */
#ifndef DV_BASE_PATH_H
#define DV_BASE_PATH_H

#include "base/arena.h"

/* "a/b" of "a" and "b", and of "a/" and "b"; "b" of "" and "b". The caller frees it; NULL with err
 * set. */
char *dv_path_join(const char *folder, const char *name, dv_error *err) DV_MUST_CHECK;

/* The same, but of a name that is absolute, or where root is NULL, the name itself. */
char *dv_path_below(const char *root, const char *name, dv_error *err) DV_MUST_CHECK;

/* -- paths, in the arena ---------------------------------------------------------------------- */

/* "a/b" of "a/b/c", "." of "c". */
const char *dv_folder_of(dv_arena *a, const char *path, dv_error *err) DV_MUST_CHECK;

/* "a/c" of "a" and "c". */
const char *dv_path_in(dv_arena *a, const char *folder, const char *name,
                       dv_error *err) DV_MUST_CHECK;

/* "a/b.json" of "a/b.onnx" and ".json"; a name without an extension gets one. */
const char *dv_path_with(dv_arena *a, const char *path, const char *extension,
                         dv_error *err) DV_MUST_CHECK;

#endif
