/* glyphs.h - the letters of dv_draw_text, as strokes of a pen.
 *
 * A glyph is a list of strokes apart by spaces. A stroke begins with how its points are joined:
 *     -  by straight lines        ~  an open curve        o  a closed curve
 * then come points, two hex digits each, x and y: y 0 is the top of capitals, 3 of small letters, 9
 * the base line, c the foot of descenders. A curve is the quadratic B-spline that has the points
 * for its control polygon and, when open, begins and ends in the first and the last. A single point
 * is a dot. */
#ifndef DV_DRAW_GLYPHS_H
#define DV_DRAW_GLYPHS_H

enum { DV_GLYPH_FIRST = '!', DV_GLYPH_LAST = '~', DV_GLYPH_BASE = 9, DV_GLYPH_FOOT = 12 };

/* Of DV_GLYPH_FIRST to DV_GLYPH_LAST. */
extern const char *const dv_glyphs[DV_GLYPH_LAST - DV_GLYPH_FIRST + 1];

/* What stands for any other character: a box. */
extern const char dv_glyph_unknown[];

#endif
