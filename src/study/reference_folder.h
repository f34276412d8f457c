/* reference_folder.h - the place where references are written. */
#ifndef DV_STUDY_REFERENCE_FOLDER_H
#define DV_STUDY_REFERENCE_FOLDER_H

#include "study/reference.h"

/* Whether references can be written to `folder`: it is not there, or is empty, or (replace) holds
 * references and nothing else. Fails with what is in the way. */
bool dv_reference_folder_check(const char *folder, bool replace, dv_error *err) DV_MUST_CHECK;

/* A name STEM EXTENSION for a file that `folder` does not hold yet, in the arena: STEM gets a
 * number where another file has it. Characters that are not safe in a file's name are replaced. */
const char *dv_reference_name(dv_arena *a, const char *folder, const char *stem,
                              const char *extension, dv_error *err) DV_MUST_CHECK;

/* The last part of a path, without its extension: what the names of an image's files begin with. */
const char *dv_reference_stem(const char *path, char to[64]);

#endif
