/* figure_style.h - sizes and colours that all panels share, in points. */
#ifndef DV_PLOT_FIGURE_STYLE_H
#define DV_PLOT_FIGURE_STYLE_H

#include "deconvviz/draw.h"

#define DV_SIZE_TITLE 9.0 /* of a figure and of its panels, bold */
#define DV_SIZE_BODY  8.0
#define DV_SIZE_SMALL 7.0  /* at ticks, in legends and cells, below pictures */
#define DV_SIZE_LEAST 5.0  /* in a heat map's cells */
#define DV_LINE       1.17 /* a line's height, of DejaVu Sans, by its size */

#define DV_TICK_LENGTH 2.5
#define DV_TICK_PAD    2.0
#define DV_LABEL_PAD   2.5
#define DV_TITLE_PAD   3.0
#define DV_HAIR        0.6 /* axes, frames */

static const dv_rgb DV_PALE = { 230, 230, 230 }; /* lines behind curves */
static const dv_rgb DV_DIM = { 120, 120, 120 };  /* what is said beside */

#endif
