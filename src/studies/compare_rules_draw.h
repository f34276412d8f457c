/* compare_rules_draw.h - the figure of the compared rules. */
#ifndef DV_STUDIES_COMPARE_RULES_DRAW_H
#define DV_STUDIES_COMPARE_RULES_DRAW_H

#include "deconvviz/compare_rules.h"
#include "plot/figure.h"

enum {
    DV_COMPARED_ROWS = 12,             /* units that are drawn, at most */
    DV_COMPARED_TILES = 1 + DV_N_RULES /* of each */
};

typedef struct dv_compared_figure {
    const dv_model *model;
    const dv_compare_rules_options *o;
    const char *image;
    char sha256[DV_DIGEST_TEXT_MAX];
    int n, units[DV_COMPARED_ROWS];                      /* that are drawn, of the first image */
    dv_image tiles[DV_COMPARED_ROWS][DV_COMPARED_TILES]; /* owned */
} dv_compared_figure;

/* All units, or where they are too many the first of each layer, or of some. */
void dv_compared_choose(dv_compared_figure *f);

/* The row of unit i, if it is one that is drawn. seen: of dv_draw_input. */
bool dv_compared_row(dv_compared_figure *f, int i, const dv_image *seen, const dv_box *field,
                     const dv_signal signals[DV_N_RULES], const dv_compared_rules *r,
                     dv_error *err) DV_MUST_CHECK;

bool dv_compared_write(const dv_compared_figure *f, int32_t n_images,
                       const dv_compared_rules *results, dv_error *err) DV_MUST_CHECK;
void dv_compared_free(dv_compared_figure *f);

#endif
