/* colors.h - colours that the colour-blind tell apart. */
#ifndef DV_PLOT_COLORS_H
#define DV_PLOT_COLORS_H

#include "deconvviz/draw.h"

enum { DV_N_CLASS_COLORS = 10 };

/* The i-th of seven for curves and marks, around and around. Okabe and Ito, "Color Universal
 * Design", 2008, but black, as ink, where they have a yellow, which is no line on white. */
dv_rgb dv_color_curve(int i);

/* The i-th of DV_N_CLASS_COLORS for areas. M. A. Petroff, "Accessible color sequences for data
 * visualization", arXiv:2107.02270 (2021), the sequence of ten. */
dv_rgb dv_color_class(int i);

/* v from 0 to 1, beyond as at the ends. viridis, by S. van der Walt and N. Smith for matplotlib
 * (2015, CC0), in 16 of its 256 steps and straight between: the lightness grows evenly. */
dv_rgb dv_color_sequential(double v);

/* v from -1 to 1, beyond as at the ends: blue, white at 0, red. RdBu of C. Brewer and M. Harrower,
 * ColorBrewer 2.0, in 11 classes, the middle one pure white. */
dv_rgb dv_color_diverging(double v);

/* Ink or paper, whichever is better read on it: by relative luminance, WCAG 2.1. */
dv_rgb dv_color_ink_on(dv_rgb ground);

dv_rgb dv_color_mixed(dv_rgb under, dv_rgb over, double opacity);

#endif
