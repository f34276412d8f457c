/* draw.h - pictures for the eye: signed maps in colour, patches, text, sheets.
 *
 * A picture is a dv_image. Those that make one set *out, which the caller frees with dv_image_free,
 * and leave it alone when they fail: no memory, or more than DV_IMAGE_MAX_PIXELS. Those that draw
 * into one cut off what would stand outside. */
#ifndef DV_DRAW_H
#define DV_DRAW_H

#include "deconvviz/api.h"
#include "deconvviz/image.h"
#include "deconvviz/tensor.h"

DV_BEGIN

/* Pixels, half-open; may reach outside of what it is a part of. */
typedef struct dv_rect {
    int x0, y0, x1, y1;
} dv_rect;

typedef struct dv_rgb {
    uint8_t r, g, b;
} dv_rgb;

static const dv_rgb DV_GREY = { 128, 128, 128 }; /* zero, and what lies outside the image */
static const dv_rgb DV_WHITE = { 255, 255, 255 };
static const dv_rgb DV_INK = { 34, 34, 34 };

/* -- pixels ----------------------------------------------------------------------------------- */

bool dv_picture_new(dv_image *out, int width, int height, dv_rgb color,
                    dv_error *err) DV_MUST_CHECK;

void dv_draw_fill(dv_image *to, dv_rect r, dv_rgb color);
void dv_draw_picture(dv_image *to, int x, int y, const dv_image *from);

/* The part `r` of a picture, grey where it reaches outside. */
bool dv_picture_crop(dv_image *out, const dv_image *from, dv_rect r, dv_error *err) DV_MUST_CHECK;

/* Up to this many pixels on the longer side, a pixel stays a square when it is enlarged; larger
 * pictures are smoothed. */
enum { DV_ZOOM_SQUARES = 11 };

/* `factor` times as large, 1 to 256; smoothed by Catmull-Rom splines or in squares, see above. */
bool dv_picture_zoom(dv_image *out, const dv_image *from, int factor, dv_error *err) DV_MUST_CHECK;

/* -- text -------------------------------------------------------------------------------------
 * ASCII; anything else is drawn as a box. A newline begins a line. `size` is the height of a
 * capital letter in pixels; from 8 on it is legible. */

void dv_draw_text(dv_image *to, int x, int y, int size, dv_rgb color, const char *text);
/* What dv_draw_text covers, from (x,y) to the right and down, descenders included. */
int dv_text_width(const char *text, int size);
int dv_text_height(const char *text, int size);

/* -- signed maps ------------------------------------------------------------------------------ */

/* The value that is drawn as full colour when a signal is drawn by its own scale: the 99.5th
 * percentile of |R| where R is not 0. 0 when the signal is 0 everywhere. */
float dv_signal_scale(const dv_signal *s);

/* Whether no value of it would differ from grey at this scale. */
bool dv_signal_flat(const dv_signal *s, float scale);

/* The part `r` of a signal in the network's input, (1|3,H,W): zero is 128, +scale and all above
 * 255, -scale and all below 1. One channel is grey; three are R, G, B, or B, G, R where bgr. Also
 * fails for another number of channels. A scale of 0: all grey. */
bool dv_draw_signal(dv_image *out, const dv_signal *s, dv_rect r, float scale, bool bgr,
                    dv_error *err) DV_MUST_CHECK;

/* What the network saw: its input (channels, size[0], size[1]) as pixels again, undoing p. */
bool dv_draw_input(dv_image *out, const float *input, const dv_preprocess *p,
                   dv_error *err) DV_MUST_CHECK;

/* -- views of one projection ------------------------------------------------------------------ */

typedef enum dv_view {
    DV_VIEW_PAIR, /* the patch of what the network saw, then the projection */
    DV_VIEW_CROP, /* the projection alone */
    DV_VIEW_FULL, /* the projection on the whole input */
} dv_view;

/* The part of an input of size (H,W) that a view shows of a unit whose receptive field (not
 * clipped) is `field`: the field, so that all units of a layer have pictures of one size, but
 * never more than the input. */
dv_rect dv_view_rect(dv_view view, dv_box field, const int size[2]);

/* The factor at which a picture of r's size is about `side` pixels on its longer side; at least 1.
 */
int dv_view_zoom(dv_rect r, int side);

typedef struct dv_look {
    dv_view view;
    int zoom;    /* factor */
    float scale; /* see dv_draw_signal */
    bool bgr;
} dv_look;

/* seen: of dv_draw_input; may be NULL unless the view is a pair. */
bool dv_draw_view(dv_image *out, const dv_image *seen, const dv_signal *s, dv_rect r,
                  const dv_look *look, dv_error *err) DV_MUST_CHECK;

/* -- sheets ----------------------------------------------------------------------------------- */

typedef struct dv_tile {
    dv_image picture;
    const char *label; /* below the picture, lines apart by newlines; NULL: none */
    bool new_row;      /* begins a row */
} dv_tile;

typedef struct dv_sheet {
    const char *title; /* NULL: none */
    int columns;       /* 0: as many as make the sheet about 4:3 */
    int gap;           /* pixels between tiles and around them */
    int text_size;     /* of the labels; the title's is larger */
    dv_rgb paper;
} dv_sheet;

/* A grid of n tiles in row-major order. A sheet may be the picture of a tile. A title that is much
 * wider than the tiles is wrapped, a label that is wider than its picture shortened in the middle.
 */
bool dv_draw_sheet(dv_image *out, const dv_sheet *sheet, int n, const dv_tile *tiles,
                   dv_error *err) DV_MUST_CHECK;

DV_END

#endif
