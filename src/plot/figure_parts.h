/* figure_parts.h - what a described figure is made of: copies, in its arena. */
#ifndef DV_PLOT_FIGURE_PARTS_H
#define DV_PLOT_FIGURE_PARTS_H

#include "plot/figure.h"

typedef struct dv_curve_part {
    dv_curve curve;
    struct dv_curve_part *next;
} dv_curve_part;

typedef struct dv_mark_part {
    dv_mark mark;
    struct dv_mark_part *next;
} dv_mark_part;

typedef enum dv_panel_kind {
    DV_PANEL_AXES,
    DV_PANEL_HEAT,
    DV_PANEL_GRID,
    DV_PANEL_CELLS,
    DV_N_PANEL_KINDS
} dv_panel_kind;

typedef struct dv_panel {
    dv_panel_kind kind;
    union {
        dv_axes axes;
        dv_heat heat;
        dv_grid grid;
        dv_cells cells;
    } of;
    int n_curves;
    dv_curve_part *curves, *last_curve;
    dv_mark_part *marks, *last_mark;
    struct dv_panel *next;
} dv_panel;

struct dv_figure_row {
    const char *title;
    int n_panels;
    dv_panel *panels, *last;
};

#endif
