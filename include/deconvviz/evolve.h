/* evolve.h - how features come about: one network at several checkpoints of its training (Zeiler &
 * Fergus 2013, section 4 and figure 4). */
#ifndef DV_EVOLVE_H
#define DV_EVOLVE_H

#include "deconvviz/api.h"
#include "deconvviz/figure.h"
#include "deconvviz/list.h"
#include "deconvviz/select.h"
#include "deconvviz/watch.h"

DV_BEGIN

/* -- checkpoints ------------------------------------------------------------------------------ */

typedef struct dv_checkpoint {
    const char *path;
    const char *title; /* "epoch 10": what tells it from the others */
    double number;     /* 10; a NaN: it has none */
    bool found;        /* in a folder; not named by itself */
} dv_checkpoint;

/* In natural order of their paths: epoch2 before epoch10. Starts out as { 0 }. */
typedef struct dv_checkpoints {
    int n, room;
    dv_checkpoint *list; /* (n) owned, with its texts */
    const char *word;    /* what the numbers count, "epoch", where all have one and they rise */
} dv_checkpoints;

/* The checkpoints at these places: files as they are, and of folders the files that end in `ending`
 * (".safetensors"), but no names that begin with a dot. A file counts once. There may be none.
 * Fails for a place that is not there. The caller frees *c with dv_checkpoints_free, also after a
 * failure. */
bool dv_checkpoints_find(dv_checkpoints *c, int n_places, const char *const *places,
                         const char *ending, dv_error *err) DV_MUST_CHECK;
/* The same of the files in a folder whose names begin with `stem`; a folder that is not there holds
 * none. */
bool dv_checkpoints_beside(dv_checkpoints *c, const char *folder, const char *stem,
                           const char *ending, dv_error *err) DV_MUST_CHECK;
void dv_checkpoints_free(dv_checkpoints *c);

/* The network with the weights of a checkpoint. network: as dv_model_open takes it; NULL: each
 * checkpoint is a model by itself (ONNX). size (H,W) of the input; 0: its own. */
dv_model *dv_checkpoint_open(const char *network, const char *path, const int size[2],
                             dv_error *err) DV_MUST_CHECK;

/* The last of them that can be opened, by which the others are judged; a file of a folder that
 * cannot be is passed over. -1 with err set: there is none. */
int dv_checkpoints_last(const dv_checkpoints *c, const char *network, const int size[2],
                        dv_error *err) DV_MUST_CHECK;

/* -- what comes of it ------------------------------------------------------------------------- */

/* The strongest activation of a channel over the images. */
typedef struct dv_evolved_hit {
    float value; /* -INFINITY: there is no image */
    int32_t image, y, x;
} dv_evolved_hit;

/* Similarities are cosines to the last checkpoint, from -1 to 1; of two zeros 1, of a zero and
 * something else 0. "Converged" is the first checkpoint from which on all are at least the
 * threshold; -1: none before the last, which always is. */
typedef struct dv_evolved_unit {
    int layer; /* of dv_evolution */
    int32_t channel;
    bool shown, sampled;  /* in the figure; drawn by chance for the means of its layer */
    dv_evolved_hit *hits; /* (n) */
    bool *jumped;         /* (n) its strongest image is another than at the checkpoint before; not
                             where it is not above 0 at one of the two */
    double *filters;      /* (n) of its weights; NaNs where it has none of its own */
    double *projections;  /* (n) of its projection from the image and position where it is strongest
                             at the last; NaNs where it is not above 0 there */
    int filters_converged, projections_converged;
} dv_evolved_unit;

typedef struct dv_evolved_layer {
    const char *layer; /* as it was said; the caller's */
    const char *title; /* "layer 5 (conv5)" */
    int32_t channels;
    int32_t *jumped, *alive;  /* (n) channels whose strongest image is another than before, of those
                                 above 0 at both checkpoints; none at the first */
    int32_t *agree, *lasting; /* (n) channels whose strongest image is that of the last checkpoint,
                                 of those above 0 at both */
    double *filters;          /* (n) mean over all filters; NaNs where there are none */
    double *projections; /* (n) mean over the sample; a NaN where nothing in it is above 0 … */
    double *projections_error; /* … and half its 95 % interval; a NaN for fewer than two */
    int sampled;               /* units in that mean */
    int filters_converged, projections_converged;
} dv_evolved_layer;

/* All of it is in memory of its own. */
typedef struct dv_evolution {
    int n; /* checkpoints that fit */
    const dv_checkpoint *checkpoints;
    const char *word; /* see dv_checkpoints */
    int n_layers;
    dv_evolved_layer *layers;
    int n_units;
    dv_evolved_unit *units; /* by layer; shown ones first, in their order */
    double threshold;
    int32_t images; /* that could be read */
    int32_t unreadable;
    struct dv_evolution_memory *memory;
} dv_evolution;

void dv_evolution_free(dv_evolution *e);

/* -- the study -------------------------------------------------------------------------------- */

typedef struct dv_evolve_options {
    const char *network;        /* see dv_checkpoint_open */
    const dv_selections *units; /* shown; top:N: the N strongest at the last checkpoint */
    const dv_list *images;
    dv_preprocess preprocess; /* of the model's input size */
    int sample; /* channels of each layer that are projected at every checkpoint, drawn by chance;
                   the shown ones come in addition */
    uint64_t seed;         /* of that */
    double threshold;      /* of "converged" */
    bool exact;            /* see dv_request */
    bool patches;          /* in the figure, below each projection what was seen there */
    dv_figure_file figure; /* path NULL: none */
    const char *apng;      /* a frame a checkpoint; NULL: none */
    int frame;             /* ms that one is shown */
    struct dv_pool *pool;  /* NULL: one thread */
    dv_watch watch; /* progress is in images, on any thread; skipped: also checkpoints out of a
                       folder that do not fit */
} dv_evolve_options;

/* Keeps what was found out of each checkpoint, so that it is not looked for again when there are
 * more. */
typedef struct dv_evolver dv_evolver;

/* m: the network at one of its checkpoints, of which all others must have the shapes. It and what
 * the options point to must outlive the evolver. NULL with err set; the caller frees it with
 * dv_evolver_free. */
dv_evolver *dv_evolver_new(const dv_model *m, const dv_evolve_options *o,
                           dv_error *err) DV_MUST_CHECK;
void dv_evolver_free(dv_evolver *e);

/* The study over these checkpoints; writes figure and animation. Time goes with checkpoints times
 * images; memory does not grow with either, but for a few bytes for each channel of a checkpoint,
 * and up to 256 MB for images that are not read again. An image that cannot be read is skipped. A
 * checkpoint that cannot be opened or does not fit fails with its path, unless it was found in a
 * folder: then it is skipped. The caller frees *result with dv_evolution_free. */
bool dv_evolver_run(dv_evolver *e, const dv_checkpoints *c, dv_evolution *result,
                    dv_error *err) DV_MUST_CHECK;

/* -- while it trains -------------------------------------------------------------------------- */

/* Looks for checkpoints again and again, see dv_checkpoints_find. */
typedef struct dv_follower dv_follower;

typedef struct dv_follow_options {
    const char *network; /* that they are weights of, see dv_checkpoint_open */
    int n_places;
    const char *const *places;
    const char *ending;
    double quiet; /* seconds without a new one after which it ends; 0: never */
    dv_watch watch;
} dv_follow_options;

dv_follower *dv_follower_new(const dv_follow_options *o, dv_error *err) DV_MUST_CHECK;
void dv_follower_free(dv_follower *f);

/* Waits until there is a checkpoint that was not there before, or one has been written anew, and
 * gives all that are there. A file that is being written, or cannot be opened as it is, is waited
 * for; it is told of once when it stays as it is. *more false: there came none in the time, or
 * o->watch said to stop; *c is then as it was. */
bool dv_follower_next(dv_follower *f, dv_checkpoints *c, bool *more, dv_error *err) DV_MUST_CHECK;

DV_END

#endif
