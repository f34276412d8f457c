/* edit.h - what was done to an image before the network sees it: moved, turned, scaled, and cells
 * of it painted over. */
#ifndef DV_SERVE_EDIT_H
#define DV_SERVE_EDIT_H

#include "image/cover.h"
#include "image/transform.h"

enum {
    DV_EDIT_CELLS = 32,                                  /* of a mask, across and down */
    DV_EDIT_HEX = DV_EDIT_CELLS * DV_EDIT_CELLS / 4,     /* digits */
    DV_EDIT_STEPS = 8,                                   /* at most */
    DV_EDIT_TEXT_MAX = DV_EDIT_STEPS * (DV_EDIT_HEX + 8) /* with the NUL */
};

typedef struct dv_edit_mask {
    dv_cover cover;
    uint8_t bits[DV_EDIT_CELLS * DV_EDIT_CELLS / 8]; /* row by row, the highest bit first */
} dv_edit_mask;

/* Movements add up: its size, then its angle, then its place. Masks go over what is seen then, one
 * after the other. */
typedef struct dv_edit {
    char text[DV_EDIT_TEXT_MAX]; /* as it was said; "": nothing is done */
    dv_transform moved;
    bool moves;
    int n_masks;
    dv_edit_mask masks[DV_EDIT_STEPS];
} dv_edit;

/* "move:DX,DY" in pixels of the network's input, to the right and down; "turn:DEGREES", counter-
 * clockwise; "scale:FACTOR"; "grey:HEX" and "blur:HEX", a mask of 32 x 32 cells over the input; ';'
 * between them. Fails (DV_BAD_USAGE) with the word and its limit. */
bool dv_edit_parse(dv_edit *e, const char *text, dv_error *err) DV_MUST_CHECK;

/* What the network sees of an image: rgb (size[0], size[1], 3) of p. */
bool dv_edit_view(const dv_edit *e, const dv_image *im, const dv_preprocess *p, dv_image *out,
                  dv_error *err) DV_MUST_CHECK;

#endif
