/* ablate.h - what a network loses, as tables. */
#ifndef DV_STUDIES_ABLATE_H
#define DV_STUDIES_ABLATE_H

#include "deconvviz/ablate.h"
#include "report/table.h"

/* As table 3 of the paper: the whole network, half of each layer silenced, layers left out, the top
 * replaced. The caller frees it, and the other two. */
dv_table dv_ablation_changes(const dv_ablation *r);

/* A row for each layer, order and share. */
dv_table dv_ablation_silenced(const dv_ablation *r);

/* A row a unit, at most n of them. */
dv_table dv_ablation_units(const dv_ablation *r, const dv_ablate_options *o, int n);

#endif
