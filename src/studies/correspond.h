/* correspond.h - what comes of covering the same parts of many images, as a table. */
#ifndef DV_STUDIES_CORRESPOND_H
#define DV_STUDIES_CORRESPOND_H

#include "deconvviz/correspond.h"
#include "report/table.h"

/* Layer by layer a row for each measure of each result. The caller frees the table. */
dv_table dv_correspond_table(const dv_correspond_options *o, const dv_correspondence *results);

/* "lower", "higher", or "no difference" where the interval holds 0; NULL where there is none. */
const char *dv_correspond_verdict(const dv_sign_scores *s);

#endif
