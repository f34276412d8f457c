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

#endif
