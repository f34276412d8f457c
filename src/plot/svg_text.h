/* svg_text.h - what Cairo's SVG lacks. */
#ifndef DV_PLOT_SVG_TEXT_H
#define DV_PLOT_SVG_TEXT_H

#include "base/text.h"
#include "image/png.h"

/* Adds `svg` to `to`: with a title and the texts as metadata behind its first tag (escaped; what
 * XML does not allow becomes U+FFFD); and with its names in the order in which they come, for Cairo
 * numbers pictures over all that the process has drawn. Memory that ran out is told by dv_text_ok
 * of `to`. */
void dv_svg_finish(dv_text *to, const dv_text *svg, const char *title, const dv_png_text *texts,
                   int n_texts);

#endif
