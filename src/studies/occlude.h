/* occlude.h - what comes of covering images, as tables. */
#ifndef DV_STUDIES_OCCLUDE_H
#define DV_STUDIES_OCCLUDE_H

#include "deconvviz/occlude.h"
#include "report/table.h"

/* A row for each image; and one for each position of the square. The caller frees them. */
dv_table dv_occlude_images_table(void);
dv_table dv_occlude_positions_table(void);

void dv_occlude_images_row(dv_table *t, const dv_occluded *o, const dv_labels *labels);
void dv_occlude_positions_rows(dv_table *t, const dv_occluded *o, const dv_labels *labels);

#endif
