/* compare_rules.h - what comes of comparing rules, as tables. */
#ifndef DV_STUDIES_COMPARE_RULES_H
#define DV_STUDIES_COMPARE_RULES_H

#include "deconvviz/compare_rules.h"
#include "report/table.h"

/* A row for each of n units, without those of images that failed; images: whether it tells which
 * image each is of. The caller frees the table. */
dv_table dv_compare_rules_table(int64_t n, const dv_compared_rules *results, bool images);

/* A row for each layer. The caller frees the table. */
dv_table dv_compare_rules_summary(int n, const dv_compared_layer *layers);

#endif
