/* filters.h - between the parts of the study of filters, and its tables. */
#ifndef DV_STUDIES_FILTERS_H
#define DV_STUDIES_FILTERS_H

#include "deconvviz/filters.h"
#include "draw/provenance.h"
#include "report/table.h"
#include "studies/filters_patches.h"

/* A row for each filter of n networks, in their order. The caller frees the table. */
dv_table dv_filters_table(int n, const dv_filters *results);

/* A row for each network's layer, for programs. The caller frees the table. */
dv_table dv_filters_layer_table(int n, const dv_filters *results);

/* The same numbers for people: a line for each, a column for each network, and of two one for the
 * difference. */
void dv_filters_print_layers(int n, const dv_filters *results, dv_text *to);

/* One of these lines: whether it is told, of a figure too; and its cells, of which the first says
 * what it is. */
typedef enum dv_filters_row {
    DV_FILTERS_NO_ROW,    /* behind the last */
    DV_FILTERS_EMPTY_ROW, /* nothing is known of it */
    DV_FILTERS_ROW,
    DV_FILTERS_ROW_OF_FIGURE
} dv_filters_row;

dv_filters_row dv_filters_layer_row(int n, const dv_filters *results, int row);
void dv_filters_layer_cell(int n, const dv_filters *results, int row, int column, dv_text *to);

/* Measures all patches, and fills filters (n), in their order, and what of the layer follows. */
bool dv_filters_measure(const dv_patches *p, const dv_filters_options *o, dv_filter *filters,
                        dv_filters_layer *l, dv_error *err) DV_MUST_CHECK;

/* An order of the filters: order (n) becomes their numbers. */
bool dv_filters_order(const dv_filter *filters, int n, dv_filter_sort by, int *order,
                      dv_error *err) DV_MUST_CHECK;

/* Above this share of energy beyond the Nyquist limit a layer is said to alias. */
static const double DV_FILTERS_ALIASING = 0.4;

bool dv_filters_aliases(const dv_filters_layer *l);
bool dv_filters_patterned(const dv_filters_layer *l); /* its grid shows in projections, surely */

/* Draws patch i; scale: the value of full colour. The caller frees *out with dv_image_free. */
bool dv_filters_draw(dv_image *out, const dv_patches *p, int i, float scale,
                     dv_error *err) DV_MUST_CHECK;

bool dv_filters_write_figure(int n, const dv_filters *results, const dv_filters_options *o,
                             const dv_provenance *says, dv_error *err) DV_MUST_CHECK;

#endif
