/* outputs.h - where pictures and arrays go, and what the files are called. */
#ifndef DV_RUN_OUTPUTS_H
#define DV_RUN_OUTPUTS_H

#include "deconvviz/projections.h"

/* What the user said behind `option`: an existing folder, one to be made, or a file: something that
 * ends in `extension` or exists and is no folder. Makes the folder. text NULL: the current folder.
 * Fails for a file when there is more than one output. */
bool dv_place_settle(dv_place *p, const char *option, const char *text, const char *extension,
                     int64_t n_outputs, dv_error *err) DV_MUST_CHECK;

/* FOLDER/STEM-WHAT EXTENSION, or the file. A stem that makes a longer name than a file can have is
 * cut, and marked as dv_word does. The caller frees it; NULL: no memory. */
char *dv_place_path(const dv_place *p, const char *stem, const char *what,
                    const char *extension) DV_MUST_CHECK;

/* What the outputs of each image begin with: its name without folder and extension; for images
 * that share that, the path that was given, '_' for '/'; for those that share this too, the same
 * with digits of a hash behind it. stems: (images->count), the caller frees it with dv_stems_free.
 * Fails when two images would still write to the same file. */
char **dv_stems(const dv_list *images, dv_error *err) DV_MUST_CHECK;
void dv_stems_free(char **stems, const dv_list *images); /* NULL is fine */

#endif
