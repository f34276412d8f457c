/* shown.h - hits on their way to a sheet. */
#ifndef DV_ATLAS_SHOWN_H
#define DV_ATLAS_SHOWN_H

#include "deconvviz/draw.h"
#include "deconvviz/sheets.h"

/* On a unit's sheet, and in its cell of a contact sheet. */
enum { DV_ON_SHEET, DV_IN_CELL, DV_N_SIZES };

/* A cell: two grids of 3 x 3. */
enum {
    DV_CELL_HITS = 9,
    DV_CELL_SIDE = 48,
    DV_CELL_GAP = 2,
    DV_CELL_HEIGHT = 3 * DV_CELL_SIDE + 2 * DV_CELL_GAP,
    DV_CELL_WIDTH = 2 * DV_CELL_HEIGHT + 3 * DV_CELL_GAP,
    DV_CELL_BYTES = 3 * DV_CELL_WIDTH * DV_CELL_HEIGHT,
};

/* One hit. In a layer the pictures have one size, at most the sheets' side and DV_CELL_SIDE;
 * patch.rgb is NULL where the image could not be read. */
typedef struct dv_shown {
    const dv_hit *hit;
    dv_image patch;
    dv_image projection[DV_N_SIZES];
    float scale[DV_N_SIZES]; /* of the projections; the cell's is smaller, for its signal is
                                averaged over larger areas */
} dv_shown;

typedef struct dv_shown_unit {
    const dv_index_layer *layer;
    const char *word; /* what the layer's files are called */
    int tensor;
    int32_t channel;
    int n;                          /* hits shown */
    dv_shown *shown;                /* (n) */
    dv_image cell;                  /* of the contact sheet */
    float cell_scale[DV_CELL_HITS]; /* of the projections in it */
} dv_shown_unit;

/* What all of them share. */
typedef struct dv_showing {
    const dv_model *model;
    const dv_index *index;
    const dv_sheets_options *options;
    int64_t done, total; /* hits */
    int missing;         /* hits */
} dv_showing;

/* False with DV_CANCELLED when the caller wants no more. For any thread. */
bool dv_showing_goes_on(const dv_showing *s, dv_error *err) DV_MUST_CHECK;

/* Makes the pictures of the hits of some units. Frees what it made when it fails. */
bool dv_show_hits(dv_showing *s, int n_units, dv_shown_unit *units, dv_error *err) DV_MUST_CHECK;

/* Writes a unit's sheet to `path`, and draws its cell. */
bool dv_write_unit_sheet(const dv_showing *s, const dv_shown_unit *u, const char *path,
                         dv_error *err) DV_MUST_CHECK;
bool dv_draw_cell(dv_shown_unit *u, dv_error *err) DV_MUST_CHECK;

/* Writes the cells of `n` units of one layer to `path`. */
bool dv_write_contact_sheet(const dv_showing *s, int n, const dv_shown_unit *units,
                            const char *path, dv_error *err) DV_MUST_CHECK;

/* Bytes that the pictures of one hit take, at most. */
bool dv_shown_bytes(const dv_showing *s, int tensor, int64_t *bytes, dv_error *err) DV_MUST_CHECK;

void dv_shown_free(dv_shown_unit *u); /* the pictures of its hits; not the cell, nor u->shown */

#endif
