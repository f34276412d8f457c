/* atlas_links.h - what of a network stands nearest to each unit: those it reads from and those that
 * read it, by weight; those of its layer that are like it. */
#ifndef DV_ATLAS_ATLAS_LINKS_H
#define DV_ATLAS_ATLAS_LINKS_H

#include "atlas/atlas_work.h"
#include "graph/model.h"

enum { DV_MOST_LINKS = 12, DV_MOST_TWINS = 8, DV_FROM_INPUT = -1 };

/* The kernel between two units: what it weighs, behind a batch normalisation where there is one. */
typedef struct dv_link {
    int32_t layer, unit; /* layer: of the work, or DV_FROM_INPUT with a channel of the input */
    float norm, sum;     /* of its weights: L2, and with signs */
} dv_link;

typedef struct dv_twin {
    int32_t unit;
    float cosine;  /* of the weights; a NaN: not known */
    float overlap; /* of the images that are hits: common ones, of the more that one of both has */
} dv_twin;

/* Of one unit, best first. */
typedef struct dv_links {
    int n_inputs, n_outputs, n_twins;
    dv_link inputs[DV_MOST_LINKS], outputs[DV_MOST_LINKS];
    dv_twin twins[DV_MOST_TWINS];
} dv_links;

/* A run of channels of what a node reads, and whose they are. */
typedef struct dv_reading {
    int32_t layer;      /* see dv_link */
    int32_t first;      /* channel of that layer's tensor */
    int32_t at, n, per; /* channels of what is read, from `at` on: n runs of `per` each */
} dv_reading;

enum { DV_MOST_READINGS = 256 };

/* Where the channels come from that the layer reads: parts (DV_MOST_READINGS). Returns how many;
 * what cannot be told, or is no layer of the atlas, is left out. */
int dv_atlas_readings(const dv_atlas_work *w, int layer, dv_reading *parts);

/* Fills links: (n_units of the work), zeroed. */
bool dv_atlas_links(const dv_atlas_work *w, dv_links *links, dv_error *err) DV_MUST_CHECK;
/* The part of it in atlas_twins.c. */
bool dv_atlas_twins(const dv_atlas_work *w, dv_links *links, dv_error *err) DV_MUST_CHECK;

/* -- a layer's weights, row by row ------------------------------------------------------------ */

/* The weights as (rows, columns): a row for each channel that the node gives, in it, for each
 * channel that it reads of its group, `taps` numbers. */
typedef struct dv_kernel_rows {
    const dv_array *weights;
    int64_t rows, columns, taps;
    int64_t groups;      /* rows of the first read the first channels … */
    int64_t row, column; /* steps in the array from row to row, and from number to number; */
    int64_t inner;       /* column: within `inner` numbers that follow each other */
    const dv_node *node;
} dv_kernel_rows;

/* False where the node has weights that stand otherwise. */
bool dv_kernel_rows_of(const dv_model *m, const dv_node *n, dv_kernel_rows *r);
/* Row i as floats: to (columns). */
void dv_kernel_rows_copy(const dv_kernel_rows *r, int64_t i, float *to);

#endif
