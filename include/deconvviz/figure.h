/* figure.h - where a study's figure goes, and how large it is. */
#ifndef DV_FIGURE_H
#define DV_FIGURE_H

#include "deconvviz/api.h"
#include "deconvviz/error.h"

DV_BEGIN

/* Text is as large as the paper has it, whatever the width: a figure for one column is asked for as
 * such, not shrunk. */
typedef struct dv_figure_file {
    const char *path; /* ends in .png, .svg or .pdf; NULL: no figure */
    double width;     /* mm; 0: 180, that of two columns */
    double dpi;       /* of a PNG, and of pictures in the others: pixels an inch; 0: 200 */
} dv_figure_file;

/* Fails (DV_BAD_USAGE) for another ending, and (DV_UNSUPPORTED) where the libraries that draw are
 * missing: asked before a long run, so that it is not for nothing. */
bool dv_figure_check(const dv_figure_file *f, dv_error *err) DV_MUST_CHECK;

DV_END

#endif
