/* plotted.h - a figure that is drawn, with where everything in it stands; and one of every kind of
 * panel. */
#ifndef TESTS_PLOTTED_H
#define TESTS_PLOTTED_H

#include "plot/figure_place.h"

typedef struct plotted {
    dv_canvas canvas;
    dv_figure_layout layout;
    dv_image image;
} plotted;

/* At `dpi` pixels an inch, as dv_figure_draw does. Fails the test where it fails. */
void plotted_begin(plotted *p, const dv_figure *f, double width, double dpi);
void plotted_end(plotted *p);

/* The pixel at a place in points. */
dv_rgb plotted_at(const plotted *p, double x, double y);

/* Each channel within `slack`. */
bool plotted_like(dv_rgb a, dv_rgb b, int slack);

/* Adds rows with all there is: four, five panels. */
void plotted_everything(dv_figure *f);

#endif
