/* atlas_cells.h - the cells of one hit or sample, while its image has been run. */
#ifndef DV_ATLAS_ATLAS_CELLS_H
#define DV_ATLAS_ATLAS_CELLS_H

#include "atlas/atlas_work.h"
#include "base/text.h"
#include "run/crew.h"

/* An image that was run, and where the cells go. */
typedef struct dv_column_maker {
    const dv_atlas_work *work;
    const dv_worker *worker;
    const dv_image *seen; /* what the network saw */
    dv_text *cells;       /* their bytes; memory that ran out is told by dv_text_ok */
} dv_column_maker;

/* *c becomes `of`, a column of the work, with what is found of it. before: the one that was made
 * before of this image, which may be the same hit; NULL: none. */
bool dv_make_column(const dv_column_maker *m, const dv_atlas_column *of, dv_atlas_column *c,
                    const dv_atlas_column *before, dv_error *err) DV_MUST_CHECK;

#endif
