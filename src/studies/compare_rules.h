/* compare_rules.h - what comes of comparing rules, as a table. */
#ifndef DV_STUDIES_COMPARE_RULES_H
#define DV_STUDIES_COMPARE_RULES_H

#include "deconvviz/compare_rules.h"
#include "report/table.h"

/* A row for each of n units. The caller frees the table. */
dv_table dv_compare_rules_table(int n, const dv_compared_rules *results);

#endif
