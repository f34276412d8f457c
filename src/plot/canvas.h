/* canvas.h - what a figure is drawn on: lines, shapes, texts and pictures. Lengths are in points
 * (1/72 inch), from the top left; y grows downwards. Cairo and Pango are behind it. */
#ifndef DV_PLOT_CANVAS_H
#define DV_PLOT_CANVAS_H

#include "base/arena.h"
#include "base/text.h"
#include "deconvviz/draw.h"

#define DV_MM (72 / 25.4) /* points */

typedef struct dv_area {
    double x, y, w, h;
} dv_area;

/* Memory that ran out is told by `failed`; then nothing more is done. */
typedef struct dv_canvas {
    const struct dv_drawing_library *lib;
    void *cr;                              /* cairo_t; NULL: texts are measured, nothing is drawn */
    void *fonts, *context, *layout, *face; /* Pango's: font map, context, layout, description */
    double pixel;                          /* side of one, in points */
    bool vector;                           /* SVG, PDF */
    dv_text words;                         /* scratch */
    struct dv_measured *measured;
    dv_arena arena; /* what is found out on the way to the drawing */
    dv_error *err;
    bool failed;
} dv_canvas;

/* Without a surface. Fails where the libraries are missing. */
bool dv_canvas_open(dv_canvas *c, double dpi, dv_error *err) DV_MUST_CHECK;
void dv_canvas_close(dv_canvas *c);

/* For what is called with c->err: records a failure where ok is false. */
bool dv_canvas_ok(dv_canvas *c, bool ok);

/* The nearest edge between pixels. */
double dv_canvas_snap(const dv_canvas *c, double v);
dv_area dv_canvas_snap_area(const dv_canvas *c, dv_area a);

/* -- texts ------------------------------------------------------------------------------------ */

typedef struct dv_letters {
    double size; /* points */
    bool bold;
    bool shortened_behind; /* where it is too long; else in the middle, for names differ at ends */
    double width;          /* wrapped so; 0: only at newlines */
    int lines;             /* at most; 0: any number */
    double turn;           /* degrees, against the clock */
    double ax, ay;         /* which of its points is put down: 0,0 the top left, 1,1 its opposite;
                              and of its lines, left, middle or right */
    dv_rgb color;
    bool halo; /* a light edge */
} dv_letters;

typedef struct dv_extent {
    double w, h;
} dv_extent;

/* Not turned. NULL: 0,0 */
dv_extent dv_canvas_measure(dv_canvas *c, const char *text, const dv_letters *l);
void dv_canvas_text(dv_canvas *c, double x, double y, const char *text, const dv_letters *l);

/* Characters that no font has. */
int dv_canvas_missing(dv_canvas *c, const char *text);

/* -- lines and shapes ------------------------------------------------------------------------- */

typedef enum dv_dash { DV_DASH_NONE, DV_DASH_DASHED, DV_DASH_DOTTED } dv_dash;

typedef struct dv_pen {
    dv_rgb color;
    double opacity; /* 0: 1 */
    double width;
    dv_dash dash;
} dv_pen;

/* A path is begun by move, and ended by stroke or fill. */
void dv_canvas_move(dv_canvas *c, double x, double y);
void dv_canvas_line(dv_canvas *c, double x, double y);
void dv_canvas_close_path(dv_canvas *c);
void dv_canvas_circle(dv_canvas *c, double x, double y, double radius);
void dv_canvas_rect(dv_canvas *c, dv_area a);
void dv_canvas_stroke(dv_canvas *c, const dv_pen *pen);
void dv_canvas_fill(dv_canvas *c, dv_rgb color, double opacity);

/* A line along x or y, of whole pixels. */
void dv_canvas_rule(dv_canvas *c, double x0, double y0, double x1, double y1, const dv_pen *pen);
/* A frame about an area, of whole pixels, on its edge. */
void dv_canvas_frame(dv_canvas *c, dv_area a, const dv_pen *pen);

/* Until unclip, nothing is drawn outside. */
void dv_canvas_clip(dv_canvas *c, dv_area a);
void dv_canvas_unclip(dv_canvas *c);

/* -- pictures --------------------------------------------------------------------------------- */

/* The pixels that the area has, at least 1 x 1. */
int dv_canvas_pixels(const dv_canvas *c, double length);

/* Fills the area with it, pixel by pixel, as it is. */
void dv_canvas_pixels_put(dv_canvas *c, dv_area a, const dv_image *picture);

/* Fills the area with it: made as fine as the canvas, smoothly, or in squares where it is small
 * (DV_ZOOM_SQUARES), or `squares` says so. */
void dv_canvas_picture(dv_canvas *c, dv_area a, const dv_image *picture, bool squares);

/* The pixels that dv_canvas_picture puts there. The caller frees *out with dv_image_free. */
bool dv_canvas_fitted(dv_canvas *c, dv_area a, const dv_image *picture, bool squares,
                      dv_image *out) DV_MUST_CHECK;

#endif
