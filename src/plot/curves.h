/* curves.h - the curves between axes: how each looks, and where a legend is not in their way. */
#ifndef DV_PLOT_CURVES_H
#define DV_PLOT_CURVES_H

#include "plot/figure_place.h"

/* Of the i-th curve of a panel. */
dv_rgb dv_curve_color(const dv_panel *p, const dv_curve *curve, int i);
dv_dash dv_curve_dash(const dv_curve *curve, int i);
dv_marker dv_curve_marker(const dv_curve *curve);

/* The width of bars in x, of one curve or of several side by side. */
double dv_bars_width(const dv_panel *p, const dv_curve *curve);

void dv_curves_draw(dv_canvas *c, const dv_panel_place *place);

/* Sets the place of the legend, of known size, in the box where the least lies below it. False
 * where much does everywhere. */
bool dv_legend_corner(dv_panel_place *place);

#endif
