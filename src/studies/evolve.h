/* evolve.h - the parts of the study of a training, and what comes of it as tables.
 *
 *     checkpoints.c         which files are checkpoints
 *     checkpoint_titles.c   what they are called
 *     evolve.c              the study: what is kept of each checkpoint, and what is made of it
 *     evolve_survey.c       the strongest of every channel over the images
 *     evolve_filters.c      how much the weights are like the last ones
 *     evolve_project.c      projections, and how much they are like the last ones
 *     evolve_result.c       units, jumps, convergence
 *     evolve_figure.c       the figure
 *     evolve_animate.c      the same as pictures that move
 *     evolve_follow.c       checkpoints that come while it runs
 *     evolve_table.c        tables */
#ifndef DV_STUDIES_EVOLVE_H
#define DV_STUDIES_EVOLVE_H

#include "base/arena.h"
#include "base/file.h"
#include "deconvviz/evolve.h"
#include "deconvviz/load.h"
#include "draw/provenance.h"
#include "report/table.h"

#include <time.h>

/* -- checkpoints ------------------------------------------------------------------------------ */

/* As strcmp, but runs of digits are compared as numbers. */
int dv_natural_order(const char *a, const char *b);

/* Gives all of them titles and numbers. */
bool dv_checkpoints_name(dv_checkpoints *c, dv_error *err) DV_MUST_CHECK;

/* Leaves out all but the first n. */
void dv_checkpoints_cut(dv_checkpoints *c, int n);

/* A file as it is now, to see whether it becomes another. */
typedef struct dv_file_state {
    bool there;
    int64_t size;
    struct timespec written;
} dv_file_state;

dv_file_state dv_file_state_of(const char *path);
bool dv_file_state_equal(const dv_file_state *a, const dv_file_state *b);

/* -- an evolver ------------------------------------------------------------------------------- */

typedef struct dv_evolver_layer {
    const dv_selection *selection;
    dv_box map;  /* of its tensor */
    int first;   /* of its channels among all */
    char *title; /* owned */
} dv_evolver_layer;

/* What is known of a checkpoint. */
typedef struct dv_surveyed {
    char *path; /* owned */
    dv_file_state state;
    bool fits;
    dv_evolved_hit *hits; /* (n_channels) owned */
} dv_surveyed;

struct dv_evolver {
    const dv_model *model;
    dv_evolve_options o;
    int n_layers;
    dv_evolver_layer *layers; /* (n_layers) */
    int n_channels;           /* of all layers */
    bool *unreadable;         /* (images) */
    dv_image *seen;           /* (images) what the network sees of them, where it is kept; owned */
    bool keeps_seen;
    int n, room;
    dv_surveyed *surveyed; /* (n) */
    int64_t done, total;   /* images, over all checkpoints of a run */
};

/* The model of a checkpoint. Fails with its path, also when it has not the shapes of the evolver's
 * model. */
dv_model *dv_evolver_open(const dv_evolver *e, const char *path, dv_error *err) DV_MUST_CHECK;

/* The tensors of the layers in a model: tensors (n_layers). */
bool dv_evolver_tensors(const dv_evolver *e, const dv_model *m, int *tensors,
                        dv_error *err) DV_MUST_CHECK;

/* An image as the network's input; seen (may be NULL): as pixels, the caller's with
 * dv_image_free. For several threads, not for one image at a time. Fails with the path. */
bool dv_evolver_read(dv_evolver *e, int32_t image, float *input, dv_image *seen,
                     dv_error *err) DV_MUST_CHECK;

/* The strongest of every channel over all images: hits (n_channels). */
bool dv_evolver_survey(dv_evolver *e, const dv_model *m, const char *path, dv_evolved_hit *hits,
                       dv_error *err) DV_MUST_CHECK;

/* The cosine of each filter of a layer with its like in another model: to (channels). NaNs where
 * the layer's channels have no weights of their own. */
bool dv_evolver_filters(const dv_evolver *e, int layer, const dv_model *m, const dv_model *last,
                        double *to, dv_error *err) DV_MUST_CHECK;

/* Of a and b by their products: 1 of two zeros, 0 of a zero and something else. */
double dv_cosine(double ab, double aa, double bb);

/* -- a result in the making ------------------------------------------------------------------- */

struct dv_evolution_memory {
    dv_arena arena;
    dv_checkpoints checkpoints;
};

typedef struct dv_evolution_work {
    dv_evolver *e;
    dv_evolution *r;
    dv_arena *arena;                       /* the result's */
    const dv_evolved_hit **hits;           /* (n) each (n_channels) */
    dv_signal *last;                       /* (n_units) projections at the last checkpoint; owned */
    bool *drawn;                           /* (n) pictures are wanted of this checkpoint */
    dv_image *pictures, *patches;          /* (n_units, n) of shown units; owned */
    char model_sha256[DV_DIGEST_TEXT_MAX]; /* of the last checkpoint's */
} dv_evolution_work;

/* Layers, units and jumps out of the hits; e's surveys hold the checkpoints of r. */
bool dv_evolution_count(dv_evolution_work *w, dv_error *err) DV_MUST_CHECK;

/* How much the filters of one checkpoint are like the last ones. */
bool dv_evolution_compare(dv_evolution_work *w, int checkpoint, const dv_model *m,
                          const dv_model *last, dv_error *err) DV_MUST_CHECK;

/* The projections of one checkpoint; the last one's come first. */
bool dv_evolution_project(dv_evolution_work *w, int checkpoint, const dv_model *m,
                          dv_error *err) DV_MUST_CHECK;

/* Means of layers, and where they have converged. */
void dv_evolution_conclude(const dv_evolution_work *w);

/* Which checkpoints the figure has columns for: columns (DV_EVOLVE_COLUMNS). Returns how many. */
enum { DV_EVOLVE_COLUMNS = 16 };
int dv_evolution_columns(const dv_evolution *r, int *columns);

/* How many units of a layer are shown. */
int dv_evolution_shown(const dv_evolution *r, int layer);

/* What figure and animation say of themselves. Is not to be copied. */
enum { DV_EVOLVE_WORDS = 3 };
typedef struct dv_evolution_words {
    dv_provenance says;
    dv_png_text more[DV_EVOLVE_WORDS];
    dv_text text[DV_EVOLVE_WORDS];
} dv_evolution_words;

/* The caller frees it with dv_evolution_words_free, also after a failure. */
bool dv_evolution_describe(const dv_evolution_work *w, dv_evolution_words *to,
                           dv_error *err) DV_MUST_CHECK;
void dv_evolution_words_free(dv_evolution_words *w);

bool dv_evolution_draw(const dv_evolution_work *w, dv_error *err) DV_MUST_CHECK;
bool dv_evolution_animate(const dv_evolution_work *w, dv_error *err) DV_MUST_CHECK;

/* -- tables ----------------------------------------------------------------------------------- */

/* A row for each layer, for each layer and checkpoint, for each unit and checkpoint. The caller
 * frees the table. images: the list that was studied. */
dv_table dv_evolution_layers_table(const dv_evolution *r);
dv_table dv_evolution_checkpoints_table(const dv_evolution *r);
dv_table dv_evolution_units_table(const dv_evolution *r, const dv_list *images);

#endif
