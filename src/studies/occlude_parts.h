/* occlude_parts.h - what the parts of the study of covered images share. */
#ifndef DV_STUDIES_OCCLUDE_PARTS_H
#define DV_STUDIES_OCCLUDE_PARTS_H

#include "deconvviz/occlude.h"
#include "run/crew.h"

/* -- one image -------------------------------------------------------------------------------- */

typedef struct dv_occlude_image {
    const char *path;
    char sha256[DV_DIGEST_TEXT_MAX];
    dv_image seen;      /* the network's input as pixels */
    dv_image projected; /* the projection of its map, drawn */
    float *input;       /* (C,H,W) */
    float *covered;     /* (C,H,W) the input as it is covered everywhere */
    double *energy;     /* (H+1,W+1) sums of the projection's squares above and left of a pixel */
    float value, scale; /* of the projected unit, of its picture */
    dv_image others[DV_OCCLUDE_SHOWN]; /* (found.n_shown) the same of other images */
    dv_occluded_at *at;                /* (rows, columns) */
    float *saliency;                   /* (H,W); NULL: no masks */
    dv_occluded found;
} dv_occlude_image;

/* -- all of them ------------------------------------------------------------------------------ */

/* Where a trace stands that goes from square to square. */
typedef struct dv_occlude_walker {
    int64_t image; /* counted from 1; 0: it has seen none */
    dv_rect square;
} dv_occlude_walker;

typedef struct dv_occlude {
    const dv_model *model;
    const dv_list *images;
    const dv_occlude_options *o;
    const dv_labels *labels; /* of which there may be none */
    const char *layer;
    char number[16]; /* what that is where none was named */
    int tensor, output;
    dv_box map;        /* of the layer: (C,Y,X) */
    size_t n_input;    /* floats */
    int32_t n_classes; /* 0: none are looked at */
    int square, rows, columns;

    dv_crew scouts;                      /* for images as they are, and for projections */
    dv_crew sliders;                     /* for the square */
    dv_occlude_walker *walkers;          /* (sliders.n_workers) */
    dv_crew maskers;                     /* for masks; no workers: there are none */
    const dv_list *others;               /* NULL: none are wanted */
    struct dv_occlude_ranking *rankings; /* (C of the map) of the others, by channel */
    int64_t number_now;                  /* of the image, from 1 */
    int64_t done, total;                 /* passes */
    bool broken;                         /* what failed would fail again with the next image */
} dv_occlude;

/* One more pass is done. */
void dv_occlude_step(dv_occlude *s);

/* -- what a pass says, occlude_image.c -------------------------------------------------------- */

/* The sum of a channel of the layer, after a pass. */
double dv_occlude_sum(const dv_occlude *s, const dv_trace *t, int32_t channel);

/* The probability of the class and the most probable one, after a pass; a NaN and -1 where there
 * are no classes. */
void dv_occlude_judge(const dv_occlude *s, const dv_trace *t, int of_class, float *probability,
                      int *best);

/* Projects the map after a pass of the scouts' first worker: *unit becomes what is projected. Draws
 * it to *picture, which the caller frees; and its energy, value and scale to `to`, unless NULL. */
bool dv_occlude_project(const dv_occlude *s, dv_unit *unit, dv_image *picture, dv_occlude_image *to,
                        dv_error *err) DV_MUST_CHECK;

/* -- the parts, in their order ---------------------------------------------------------------- */

/* occlude_image.c: reads the image, and what is found of it without the square. */
bool dv_occlude_look(const dv_occlude *s, dv_occlude_image *im, dv_error *err) DV_MUST_CHECK;

/* occlude_slide.c: the square at every position, im->at, a row in so many pieces: tasks enough for
 * several workers to end together. */
enum { DV_OCCLUDE_PIECES = 2 };
bool dv_occlude_slide(dv_occlude *s, dv_occlude_image *im, dv_error *err) DV_MUST_CHECK;

/* occlude_masks.c: im->saliency and found.halves. */
bool dv_occlude_masks(dv_occlude *s, dv_occlude_image *im, dv_error *err) DV_MUST_CHECK;

/* occlude_image.c: what the square says: where activation and probability are least; how far the
 * loss of activation lies where the projection does. */
void dv_occlude_find_least(const dv_occlude *s, dv_occlude_image *im);
bool dv_occlude_compare(const dv_occlude *s, dv_occlude_image *im, dv_error *err) DV_MUST_CHECK;

/* occlude_others.c: looks at all others, once; then, im->others, those on which the image's map is
 * strongest. */
bool dv_occlude_survey(dv_occlude *s, dv_error *err) DV_MUST_CHECK;
bool dv_occlude_show_others(dv_occlude *s, dv_occlude_image *im, dv_error *err) DV_MUST_CHECK;
void dv_occlude_survey_free(dv_occlude *s);

/* occlude_figure.c: writes it. */
bool dv_occlude_draw(const dv_occlude *s, const dv_occlude_image *im, const char *path,
                     dv_error *err) DV_MUST_CHECK;

#endif
