/* figure.h - one description of a figure, written as PNG, SVG or PDF.
 *
 * A figure is rows of panels under a title, over a caption. Panels are added one by one, to the row
 * that was begun last; curves and marks go to the panel that was added last.
 *
 *     dv_figure f = { .title = "Invariance to translation" };
 *     dv_figure_row(&f, NULL);
 *     dv_figure_axes(&f, &(dv_axes){ .x = { .label = "shift", .unit = "px" } });
 *     dv_figure_curve(&f, &(dv_curve){ .name = "layer 1", .n = n, .x = x, .y = y });
 *     bool ok = dv_figure_write(&f, &(dv_figure_file){ .path = "shift.pdf" }, &says, err);
 *     dv_figure_free(&f);
 *
 * What is handed over is copied, texts and pixels too. Texts are UTF-8. Memory that ran out is told
 * by dv_figure_write. Where a row's panels do not fill the width they stand in its middle; where
 * they are too wide they are made smaller together, so that the boxes of a row have one height, and
 * where they would not be legible the row becomes several lines. Rows with the same kinds of panels
 * have their boxes below each other. */
#ifndef DV_PLOT_FIGURE_H
#define DV_PLOT_FIGURE_H

#include "base/arena.h"
#include "deconvviz/draw.h"
#include "deconvviz/figure.h"
#include "draw/provenance.h"

/* -- the figure ------------------------------------------------------------------------------- */

/* Starts out with the members of the first group alone. */
typedef struct dv_figure {
    const char *title, *caption; /* outlive the writing; NULL: none. The caption is wrapped */

    int n_rows, rows_room;
    struct dv_figure_row *rows; /* (n_rows) */
    dv_arena arena;
    bool failed;
} dv_figure;

void dv_figure_free(dv_figure *f);

/* Begins a row. title: stands at its left, or NULL. */
void dv_figure_row(dv_figure *f, const char *title);

/* Writes it. What it says of itself becomes text chunks of a PNG, the metadata of an SVG or PDF.
 * Whole or not at all. The same figure gives the same bytes (with the same libraries and fonts).
 * Fails with the path, or when memory ran out, now or before. */
bool dv_figure_write(const dv_figure *f, const dv_figure_file *to, const dv_provenance *says,
                     dv_error *err) DV_MUST_CHECK;

/* The same figure as a picture, to be laid into another or into a sequence: width in pixels is what
 * `to` says of width and dpi. The caller frees it with dv_image_free. */
bool dv_figure_draw(const dv_figure *f, const dv_figure_file *to, dv_image *out,
                    dv_error *err) DV_MUST_CHECK;

/* -- axes ------------------------------------------------------------------------------------- */

typedef struct dv_axis {
    const char *label, *unit; /* the unit stands behind it, in brackets; NULL: none */
    double min, max;          /* equal: from the data, a little beyond */
    bool log;                 /* positive values only */
    bool bare;                /* no ticks */
    int n_ticks;              /* 0: round numbers */
    const double *ticks;      /* (n_ticks) */
    const char *const *names; /* (n_ticks) in place of their numbers; NULL: the numbers */
} dv_axis;

/* Axes for curves, and for marks in their coordinates; y grows upwards. */
typedef struct dv_axes {
    const char *title; /* over the box; NULL: none */
    dv_axis x, y;
    double aspect; /* width : height of the box; 0: 1.4 */
    enum { DV_LEGEND_BEST, DV_LEGEND_RIGHT, DV_LEGEND_NONE } legend;
} dv_axes;

typedef enum dv_marker {
    DV_MARKER_NONE,
    DV_MARKER_DOT,
    DV_MARKER_SQUARE,
    DV_MARKER_TRIANGLE
} dv_marker;

/* Colours are numbers of a palette that the colour-blind tell apart, taken in their order unless
 * one is said: Okabe and Ito, "Color Universal Design", 2008. */
enum { DV_COLOR_NEXT = 0, DV_COLOR_GREY = 1, DV_COLOR_FIRST = 2, DV_N_COLORS = 7 };

typedef struct dv_curve {
    const char *name; /* in the legend; NULL: not there */
    int n;
    const double *x, *y;      /* (n) a NaN leaves a gap */
    const double *low, *high; /* (n) ends of a band, or of error bars where it is bars; NULL */
    int color;                /* DV_COLOR_FIRST + i: the i-th of the palette */
    enum { DV_CURVE_LINE, DV_CURVE_DASHED, DV_CURVE_DOTTED, DV_CURVE_POINTS, DV_CURVE_BARS } as;
    dv_marker marker;
    double width; /* of its bars, in x; 0: as wide as x lie apart, with a gap */
} dv_curve;

void dv_figure_axes(dv_figure *f, const dv_axes *a);
void dv_figure_curve(dv_figure *f, const dv_curve *c);

/* -- heat maps -------------------------------------------------------------------------------- */

typedef enum dv_colors {
    DV_COLORS_SEQUENTIAL, /* from min to max: even steps of lightness, told apart by the
                             colour-blind */
    DV_COLORS_DIVERGING,  /* about 0, which is white: min and max become symmetric */
    DV_COLORS_CLASSES,    /* values are numbers of `classes`, in a legend with their names */
} dv_colors;

typedef struct dv_heat {
    const char *title;
    int rows, columns;
    const float *values; /* (rows, columns) from the top; a NaN is blank */
    double min, max;     /* of the colours; equal: those of the values */
    dv_colors colors;
    int n_classes;
    const char *const *classes; /* (n_classes) of more than ten the most frequent have a colour */
    const char *bar;            /* label of the colour bar; NULL: there is none */
    dv_axis x, y;          /* from edge to edge of the map, y downwards; min and max equal: 0 to
                              columns, rows */
    double aspect;         /* of the box; 0: that of the picture below, else square cells */
    bool numbers;          /* the value in each cell */
    const dv_image *under; /* a picture that the map is laid over; NULL: none */
    double opacity;        /* of the map over it; 0: 0.6 */
} dv_heat;

void dv_figure_heat(dv_figure *f, const dv_heat *h);

/* -- pictures --------------------------------------------------------------------------------- */

typedef struct dv_shown {
    dv_image picture;  /* no pixels: an empty place */
    const char *label; /* below it; wrapped, and shortened where it is long; NULL: none */
    bool framed;       /* in a strong line */
} dv_shown;

/* A grid, row by row from the top; a single picture is a grid of one. Marks are in the pixels of
 * the last picture. Pictures are made to fit their place, small ones in squares (DV_ZOOM_SQUARES).
 */
typedef struct dv_grid {
    const char *title;
    int n;
    const dv_shown *shown;            /* (n) */
    int columns;                      /* 0: as many as make it about 4:3 */
    const char *const *row_titles;    /* (rows) at the left; NULL: none */
    const char *const *column_titles; /* (columns) over the top; NULL: none */
    double gap;                       /* between pictures, in mm; 0: 1 */
    double side; /* mm that a picture's longer side has at most; 0: what fits */
} dv_grid;

void dv_figure_grid(dv_figure *f, const dv_grid *g);

/* -- tables ----------------------------------------------------------------------------------- */

/* Words and numbers in columns, the first row set apart as a head. */
typedef struct dv_cells {
    const char *title;
    int rows, columns;
    const char *const *text; /* (rows, columns) NULL: empty */
    const float *shade;      /* (rows, columns) 0 to 1, of a cell's ground; NULL: none */
} dv_cells;

void dv_figure_cells(dv_figure *f, const dv_cells *c);

/* -- marks ------------------------------------------------------------------------------------ */

/* Into the last panel: in the coordinates of axes and heat maps, in columns and rows of a table, in
 * pixels of a grid's last picture, or of the one that `of` says. */
typedef struct dv_mark {
    enum { DV_MARK_RECT, DV_MARK_LINE, DV_MARK_ARROW, DV_MARK_DOT, DV_MARK_TEXT } as;
    double x0, y0, x1, y1; /* a rectangle's corners, a line's ends; a dot and a text stand at the
                              first */
    const char *text;      /* beside what is marked; NULL: none */
    int color; /* DV_COLOR_NEXT: ink, with a light edge so that it is seen on anything */
    bool dashed;
    int of; /* 1 + the number of a grid's picture; 0: the last */
} dv_mark;

void dv_figure_mark(dv_figure *f, const dv_mark *m);

#endif
