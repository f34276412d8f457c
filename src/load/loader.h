/* loader.h - what a loader is: a file load_NAME.c that ends in a const struct, and a row in load.c.
 */
#ifndef DV_LOAD_LOADER_H
#define DV_LOAD_LOADER_H

#include "deconvviz/load.h"
#include "graph/model.h"

typedef struct dv_loader {
    const char *name; /* of the format */

    /* Whether the file looks like one of these, by its first bytes; a damaged one may. */
    bool (*sniff)(const dv_file *f);

    /* Fills a new model, which owns the file already. Messages need not name the file. */
    bool (*build)(dv_model *m, const dv_file *f, const dv_load_options *o, dv_error *err);
} dv_loader;

/* What the content of a file that no loader takes seems to be, and what to do about it: the end of
 * a sentence that begins with "not a model: ". */
const char *dv_guess_format(const dv_file *f);

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
