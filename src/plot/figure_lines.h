/* figure_lines.h - lines of panels, for the layout of a figure. */
#ifndef DV_PLOT_FIGURE_LINES_H
#define DV_PLOT_FIGURE_LINES_H

#include "plot/figure_place.h"

dv_letters dv_panel_title_letters(double width);

/* Looks at all panels, on lines of this width. */
void dv_lines_begin(dv_canvas *c, dv_figure_layout *l, double width);

/* Sets the boxes of all lines, but for y, from x on and in this width: those of a line have one
 * height, those of lines with the same kinds of panels stand below each other. Boxes follow from
 * margins, and margins, of ticks and titles, from boxes: around a few times, and in the last ones
 * margins only grow, so that nothing is cut. */
void dv_lines_settle(dv_canvas *c, dv_figure_layout *l, double x, double width);

/* Whether each box then has the size that its panel needs, and each line its width. */
bool dv_lines_legible(const dv_figure_layout *l, double width);

#endif
