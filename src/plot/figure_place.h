/* figure_place.h - where everything in a figure stands, in points. */
#ifndef DV_PLOT_FIGURE_PLACE_H
#define DV_PLOT_FIGURE_PLACE_H

#include "plot/canvas.h"
#include "plot/figure_parts.h"
#include "plot/ticks.h"

typedef struct dv_edges {
    double left, top, right, bottom;
} dv_edges;

/* -- axes ------------------------------------------------------------------------------------- */

typedef struct dv_axis_plan {
    dv_axis_range range;
    dv_ticks ticks;
    bool down;            /* min at the top */
    const char *label;    /* with its unit; NULL: none */
    double turn;          /* of the texts under an x axis: 0, 45 or 90 degrees */
    double longest;       /* texts are shortened to this */
    double widest;        /* of the texts */
    double label_at;      /* how far from the box its label begins */
    double depth;         /* how far from the box all of it reaches */
    double before, after; /* how far texts reach beyond the ends of the box */
} dv_axis_plan;

/* Sets all but range and down, for an axis of this length in a panel of about that width. */
void dv_axis_plan_x(dv_canvas *c, dv_axis_plan *p, const dv_axis *axis, double length);
void dv_axis_plan_y(dv_canvas *c, dv_axis_plan *p, const dv_axis *axis, double length,
                    double width);

/* On the paper. */
double dv_axis_x(const dv_axis_plan *p, const dv_area *box, double v);
double dv_axis_y(const dv_axis_plan *p, const dv_area *box, double v);

void dv_axis_draw_x(dv_canvas *c, const dv_axis_plan *p, const dv_area *box);
/* right: at the right of the box, where a colour bar has it. */
void dv_axis_draw_y(dv_canvas *c, const dv_axis_plan *p, const dv_area *box, bool right);

/* -- legends ---------------------------------------------------------------------------------- */

typedef struct dv_legend_entry {
    const char *name;
    dv_rgb color;
    enum { DV_SIGN_LINE, DV_SIGN_PATCH, DV_SIGN_POINT } sign;
    dv_dash dash;
    dv_marker marker;
    bool band;
} dv_legend_entry;

typedef struct dv_legend {
    enum { DV_BOX_NONE, DV_BOX_INSIDE, DV_BOX_RIGHT, DV_BOX_BELOW } where;
    int n;
    dv_legend_entry *entry; /* (n) */
    int columns;
    double column_width, w, h;
    double x, y; /* of its top left, inside the box: from the box's */
} dv_legend;

/* Sets columns and size: one column, or as many as the width has room for. Whether all names are
 * whole. */
bool dv_legend_measure(dv_canvas *c, dv_legend *l, double width, bool one_column);
void dv_legend_draw(dv_canvas *c, const dv_legend *l, double x, double y);
void dv_marker_draw(dv_canvas *c, dv_marker marker, double x, double y, double radius,
                    dv_rgb color);

/* -- panels ----------------------------------------------------------------------------------- */

typedef struct dv_panel_place {
    const dv_panel *panel;
    double slot;  /* the width that it has, about, margins and all */
    double whole; /* and that all of its line have */

    /* How wide the box is by its height: slope * height + fixed. Heights from least to most. */
    double slope, fixed, least, most;
    bool own;        /* its height is not that of the others in its row */
    dv_edges margin; /* about the box: title, axes, legend */
    dv_area box;

    dv_axis_plan x, y, bar;
    dv_legend legend;
    dv_axis_range colors; /* of a heat map */
    int *color_of;        /* (n_classes) of a heat map with classes: -1: none of its own */
    double *extents;      /* of a grid: heights of its rows' labels; of a table: widths of columns,
                             then heights of rows */
    double row_title;     /* of a grid: width; 0: none */
    bool turned;          /* they are */
    double number_size;   /* of numbers in cells; 0: none */
    double title_height, title_width, title_x; /* from the box */
    double heads;                              /* what stands between the box and the title */
} dv_panel_place;

/* The size of a panel's legend under its axes, for which the panel is made wider where names are
 * long, and its margins larger. */
void dv_legend_measure_below(dv_canvas *c, dv_panel_place *p);
/* Draws it, in the middle, but within the panel. */
void dv_legend_draw_below(dv_canvas *c, const dv_panel_place *p);

/* What is done with each kind of panel. */
typedef struct dv_panel_type {
    void (*begin)(dv_canvas *c, dv_panel_place *p); /* once: what does not follow from the box */
    void (*measure)(dv_canvas *c,
                    dv_panel_place *p); /* margins and the rest, for the box as it is */
    void (*draw)(dv_canvas *c, const dv_panel_place *p);
    /* From the coordinates of a mark to the paper. */
    void (*to_paper)(const dv_panel_place *p, const dv_mark *m, double x, double y, double to[2]);
} dv_panel_type;

extern const dv_panel_type dv_panel_axes, dv_panel_heat, dv_panel_grid, dv_panel_cells;
const dv_panel_type *dv_panel_type_of(const dv_panel *p);

const char *dv_panel_title(const dv_panel *p);
void dv_marks_draw(dv_canvas *c, const dv_panel_place *p);

/* -- the whole figure ------------------------------------------------------------------------- */

typedef struct dv_panel_line {
    const char *title; /* at its left, on the first line of a row; NULL: none */
    int row, part;     /* of which row, and its how manieth line */
    int first, n;      /* of its places */
    int group;         /* lines with one number have their boxes below each other */
    double y, h;       /* of its boxes */
} dv_panel_line;

typedef struct dv_figure_layout {
    double width, height;
    double title_height, caption_y;
    double titles_width; /* of the rows' titles at the left, 0: none */
    bool titles_turned;
    int n_lines, n_places;
    dv_panel_line *lines;   /* (n_lines) rows, or parts of rows with too many panels for one line */
    dv_panel_place *places; /* (n_places) */
} dv_figure_layout;

/* Finds a place for everything, `width` points wide, in the canvas' arena. Failure is told by the
 * canvas. */
void dv_figure_lay_out(const dv_figure *f, double width, dv_canvas *c, dv_figure_layout *l);

/* Draws it onto the canvas' surface. */
void dv_figure_paint(const dv_figure *f, const dv_figure_layout *l, dv_canvas *c);

#endif
