/* fit.h - text that has to do with the room there is. What is left out is left out in the middle,
 * for "...": names differ at their ends. */
#ifndef DV_DRAW_FIT_H
#define DV_DRAW_FIT_H

#include "deconvviz/error.h"

/* A picture is made as wide as its title, up to so many heights of a letter, about 100 letters;
 * then the title is wrapped. */
enum { DV_TITLE_WIDTH = 96 };

/* Both take text of several lines, a `size` as dv_draw_text does, and return a copy that the caller
 * frees; NULL with err set when memory runs out. None of its lines is wider than `width` pixels. */

/* Breaks lines at blanks; words that are too long by themselves are shortened. */
char *dv_text_wrapped(const char *text, int width, int size, dv_error *err) DV_MUST_CHECK;

/* Shortens lines, and breaks none. */
char *dv_text_shortened(const char *text, int width, int size, dv_error *err) DV_MUST_CHECK;

#endif
