/* steps.h - the stages of a projection as a table. */
#ifndef DV_STUDIES_STEPS_H
#define DV_STUDIES_STEPS_H

#include "deconvviz/steps.h"
#include "report/table.h"

/* A row for each stage, first those of the way there, then those of the way back. The caller frees
 * the table. */
dv_table dv_steps_table(const dv_steps *s);

#endif
