/* atlas_work.h - an atlas while it is made: its layers and units; the columns of a unit's sheet, of
 * hits and of samples; and what is found of each column, first image by image. */
#ifndef DV_ATLAS_ATLAS_WORK_H
#define DV_ATLAS_ATLAS_WORK_H

#include "base/arena.h"
#include "deconvviz/atlas.h"
#include "deconvviz/draw.h"
#include "image/jpeg_write.h"

/* What may be drawn of a column: the rows of a sheet in the order of the page, then its small
 * pictures. */
typedef enum dv_atlas_cell {
    DV_CELL_PATCH,
    DV_CELL_RULE, /* and those of the other rules behind it, see dv_atlas_rules */
    DV_CELL_SMALL = DV_CELL_RULE + DV_N_RULES, /* projection by the first rule */
    DV_CELL_SMALL_PATCH,
    DV_N_CELLS,
} dv_atlas_cell;

/* In the order in which the page offers them. */
extern const dv_rule dv_atlas_rules[DV_N_RULES];

/* What is told of a hit's deconvnet projection and patch; sums, so that those of several add up. */
typedef struct dv_told {
    float energy;         /* of the projection, seen as grey */
    float slopes;         /* of its gradient: xx + yy */
    float across, along;  /* xx - yy, 2 xy */
    float weight, rgb[3]; /* of the patch: where the projection is, |R|, and its colour there */
} dv_told;

/* A hit or a sample of a unit. */
typedef struct dv_atlas_column {
    dv_hit hit;
    int32_t unit; /* of dv_atlas_work.units */
    bool sample;

    /* Found when its image is run. */
    bool shown;              /* else the image was gone, or had changed */
    bool unused[2];          /* so that all bytes of it are defined: it goes into a file */
    float scale[DV_N_RULES]; /* of the cells; 0: the projection is flat, or there is none */
    float grey;              /* the unit's value where it is, of the image without colours */
    dv_told told;
    int64_t at; /* of the first cell in the spool; the others follow */
    int32_t size[DV_N_CELLS];
} dv_atlas_column;

typedef struct dv_atlas_layer {
    const dv_index_layer *mined;
    int tensor;
    int node;                /* of the weights; -1: it is no weight layer's tensor */
    int32_t n;               /* units */
    const int32_t *channels; /* (n) */
    bool all;                /* channels are 0 to n - 1 */
    int32_t *place;          /* (channels of the tensor) of each its unit here, from 0; -1: none */
    int first;               /* of its units among those of all layers */
    int dead;
    bool maps;        /* it has positions */
    int32_t field[2]; /* receptive field (H,W); 0: unknown */
    int32_t stride[2];
    int side;        /* of the part of the input that is shown, the longer one */
    int cell, small; /* pixels of a cell */
} dv_atlas_layer;

typedef struct dv_atlas_unit {
    int32_t layer, channel; /* layer: of dv_atlas_work.layers */
    const dv_index_unit *mined;
    int32_t n_hits, n_samples;
    dv_atlas_column *columns; /* (n_hits + n_samples) hits, then samples */
} dv_atlas_unit;

/* An image that has columns. */
typedef struct dv_atlas_image {
    int32_t image; /* its number in the index */
    int32_t first; /* of its columns in by_image; those of the next one begin where they end */
    int32_t class; /* -1: not known */
    bool there;    /* it could be read */
    int32_t width, height; /* upright */
    dv_image_map map;      /* from the input to its pixels */
} dv_atlas_image;

typedef struct dv_atlas_work {
    const dv_model *model;
    const dv_index *index;
    const dv_atlas_options *options;
    const char *folder; /* that is filled */
    dv_arena arena;

    int n_layers, n_units, n_columns, n_images;
    dv_atlas_layer *layers;     /* (n_layers) in the order of the network */
    dv_atlas_unit *units;       /* (n_units) layer by layer */
    dv_atlas_column *columns;   /* (n_columns) unit by unit */
    dv_atlas_column **by_image; /* (n_columns) by image, then by unit */
    dv_atlas_image *images;     /* (n_images + 1) by number; the last one closes the list */
    dv_atlas_result *result;
} dv_atlas_work;

/* The place of an image among work->images; -1: it has no column. */
int dv_atlas_image_of(const dv_atlas_work *w, int32_t image);

/* Lists layers, units, columns and images. */
bool dv_atlas_list(dv_atlas_work *w, dv_error *err) DV_MUST_CHECK;
void dv_atlas_release(dv_atlas_work *w);

/* Whether a column of the work has this cell: a sample at most the first rule's, the first hits of
 * a unit all rules'; only its best hit small ones, where these are not the large ones. */
bool dv_atlas_column_has(const dv_atlas_work *w, const dv_atlas_column *c, int cell);

/* -- the file of cells ------------------------------------------------------------------------ */

typedef struct dv_spool dv_spool;

/* What comes of one image: its columns in the order of by_image, and the bytes of their cells. */
typedef struct dv_shown_image {
    bool there;
    int32_t width, height;
    dv_image_map map;
    int n;
    dv_atlas_column *columns; /* (n) copies, `at` counted from the first byte of cells */
    const uint8_t *cells;     /* (size) */
    size_t size;
} dv_shown_image;

/* Opens the spool in the work's folder, makes one where there is none, and takes over the images
 * that are whole in it: *done of the first. Fails (DV_BAD_USAGE) when it is of another run: `key`
 * says what decides the bytes. */
dv_spool *dv_spool_open(dv_atlas_work *w, const char *key, int *done, dv_error *err) DV_MUST_CHECK;

/* Adds the next image, and takes it over. */
bool dv_spool_add(dv_spool *s, dv_atlas_work *w, int image, const dv_shown_image *shown,
                  dv_error *err) DV_MUST_CHECK;

/* Reads the cells of a column: *bytes (all of them), which the caller frees. For any thread. */
bool dv_spool_read(const dv_spool *s, const dv_atlas_column *c, uint8_t **bytes,
                   dv_error *err) DV_MUST_CHECK;

void dv_spool_close(dv_spool *s); /* NULL is fine, also below */
/* Closes and removes it. */
void dv_spool_remove(dv_spool *s);

/* -- steps ------------------------------------------------------------------------------------ */

/* Runs the images that are not in the spool yet: cells, and photographs. */
bool dv_atlas_pictures(dv_atlas_work *w, dv_spool *s, int done, dv_error *err) DV_MUST_CHECK;

/* Puts the cells together: pictures/. */
bool dv_atlas_write_sheets(dv_atlas_work *w, const dv_spool *s, dv_error *err) DV_MUST_CHECK;

/* The file of one unit, see there: as it is written. The caller frees out->data. */
bool dv_atlas_sheet(const dv_atlas_work *w, const dv_spool *s, int unit, dv_jpeg *out,
                    dv_error *err) DV_MUST_CHECK;

/* The file of DV_GRID_UNITS units of a layer from `first` on: projections, or patches. */
bool dv_atlas_grid(const dv_atlas_work *w, const dv_spool *s, int layer, int first, bool patch,
                   dv_jpeg *out, dv_error *err) DV_MUST_CHECK;

/* The rows of a unit's picture: cells of hits, then of samples. Returns how many. */
typedef struct dv_sheet_row {
    int cell;
    bool sample;
    const char *name; /* "patch", "deconvnet", "sample", "sample-deconvnet" */
} dv_sheet_row;
enum { DV_SHEET_ROWS = 1 + DV_N_RULES + 2, DV_GRID_ACROSS = 4, DV_GRID_UNITS = 16 };
int dv_sheet_rows(const dv_atlas_work *w, dv_sheet_row rows[DV_SHEET_ROWS]);

/* Writes data/. */
bool dv_atlas_write_data(dv_atlas_work *w, dv_error *err) DV_MUST_CHECK;

/* Writes the page. */
bool dv_atlas_write_site(const char *folder, dv_error *err) DV_MUST_CHECK;

/* Adds what a projection (by the deconvnet) and the patch tell. */
bool dv_tell_projection(dv_told *t, const dv_signal *s, dv_error *err) DV_MUST_CHECK;
/* Of the same size: a projection as it is drawn, and what the network saw there. */
void dv_tell_colour(dv_told *t, const dv_image *projection, const dv_image *patch);
void dv_told_add(dv_told *t, const dv_told *more);

/* A file of the atlas, "FOLDER/" and what fmt gives; the caller frees it. */
char *dv_atlas_path(const dv_atlas_work *w, dv_error *err, const char *fmt, ...) DV_PRINTF(3, 4);

#endif
