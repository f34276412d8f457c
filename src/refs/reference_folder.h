/* reference_folder.h - the place where references are written. */
#ifndef DV_REFS_REFERENCE_FOLDER_H
#define DV_REFS_REFERENCE_FOLDER_H

#include "refs/reference.h"

/* Whether references can be written to `folder`: it is not there, or is empty, or (replace) holds
 * references and nothing else, no image among them that is an input and would not be copied to the
 * new ones. Fails with what is in the way. */
bool dv_reference_folder_check(const char *folder, bool replace, bool copy,
                               dv_error *err) DV_MUST_CHECK;

/* Puts the folder `from` in the place of `folder`, whose references are removed where they may be
 * replaced. What else has come into it since it was checked is moved to the new one. False: err
 * says why, and *placed whether it stands there all the same, with something left over. */
bool dv_reference_folder_replace(const char *from, const char *folder, bool replace, bool *placed,
                                 dv_error *err) DV_MUST_CHECK;

/* A name STEM EXTENSION for a file that `folder` does not hold yet, in the arena: STEM, which is a
 * word, gets a number where another file has it. */
const char *dv_reference_name(dv_arena *a, const char *folder, const char *stem,
                              const char *extension, dv_error *err) DV_MUST_CHECK;

enum { DV_REFERENCE_STEM_MAX = 64 };

/* The last part of a path without its extension, as a word: what the names of an image's files
 * begin with. *extension: with its dot; "" where it is none that a file could have. Returns `to`.
 */
const char *dv_reference_stem(const char *path, char to[DV_REFERENCE_STEM_MAX],
                              const char **extension, dv_error *err) DV_MUST_CHECK;

#endif
