/* ablate_parts.h - what is done to a network, what it costs, and what it is worth. */
#ifndef DV_STUDIES_ABLATE_PARTS_H
#define DV_STUDIES_ABLATE_PARTS_H

#include "base/arena.h"
#include "deconvviz/ablate.h"
#include "graph/model.h"
#include "graph/rerun.h"
#include "run/crew.h"

/* -- layers that are left out ----------------------------------------------------------------- */

/* Parts of the network that are passed by. */
typedef struct dv_skip {
    char *name; /* "4+5"; in the arena */
    dv_ablate_group group;
    int n;
    dv_detour *detours; /* (n) in the order of the network, in the arena */
    dv_rerun *behind;   /* (n) what follows from each `to` */
    size_t values;      /* of all `to` together */
} dv_skip;

/* The detours of a group; fails as dv_ablate says. */
bool dv_skip_find(const dv_model *m, const dv_ablate_group *g, dv_skip *s, dv_arena *a,
                  dv_error *err) DV_MUST_CHECK;

/* Those that fit_skips means: groups (DV_ABLATE_SKIPS_MAX), *n of them. */
bool dv_skips_fit(const dv_model *m, dv_ablate_group *groups, int *n, dv_error *err) DV_MUST_CHECK;

/* -- what it costs ---------------------------------------------------------------------------- */

typedef struct dv_cost {
    int64_t parameters, multiply_adds;
} dv_cost;

/* The node of weight layer i, from 0. */
const dv_node *dv_layer_node(const dv_model *m, int i);

dv_cost dv_cost_of_layer(const dv_model *m, int i);
/* Of those whose numbers are not in the group (NULL: none). */
dv_cost dv_cost_without(const dv_model *m, const dv_ablate_group *g);
/* Of those that the tensor needs. False: no memory. */
bool dv_cost_up_to(const dv_model *m, int tensor, dv_cost *cost, dv_error *err) DV_MUST_CHECK;
/* What is saved where n of the channels of a tensor are cut out: of the layer itself, and of those
 * that read it past pooling and the like. */
bool dv_cost_of_channels(const dv_model *m, int tensor, int32_t n, dv_cost *saved,
                         dv_error *err) DV_MUST_CHECK;

/* -- units that are silenced ------------------------------------------------------------------ */

typedef struct dv_silenced {
    int tensor;
    const char *name;
    int32_t channels;
    size_t plane;     /* values of a channel */
    int32_t *counts;  /* (n_shares) channels that are silenced */
    int n_orders;     /* those of chance, then the others */
    int32_t *orders;  /* (n_orders, channels) */
    double *strength; /* (channels) sums of means, then means */
    dv_rerun behind;  /* what follows from the tensor */
    int first;        /* of its marks, (n_orders, n_shares) */
    int first_unit;   /* of its units' marks, (channels) where there are any */
} dv_silenced;

/* Which order its i-th is of. */
dv_ablate_order dv_silenced_order(const dv_ablate_options *o, int i);
int dv_silenced_orders(const dv_ablate_options *o);

/* Puts channels into their orders, by s->strength, or by weights, which it sets. */
bool dv_silenced_sort(const dv_model *m, const dv_ablate_options *o, dv_silenced *s,
                      dv_error *err) DV_MUST_CHECK;

/* -- the images ------------------------------------------------------------------------------- */

/* What the whole network makes of a list of images. */
typedef struct dv_surveyed {
    const dv_list *images;
    int32_t n;       /* that did not fail … */
    int32_t *which;  /* (n) … of the list */
    int32_t *target; /* (n) the class that is right */
    int32_t *rank;   /* (n) of it, from 1 */
    float *features; /* (n, values of the probe); NULL: none are wanted */
} dv_surveyed;

/* -- the study -------------------------------------------------------------------------------- */

typedef struct dv_ablating {
    const dv_model *model;
    const dv_ablate_options *o;
    dv_ablation *r;
    dv_arena arena;
    int n_classes, output;
    dv_list chosen; /* images out of the list, where not all are taken */
    int n_silenced;
    dv_silenced *silenced; /* (n_silenced) */
    int n_skips;
    dv_skip *skips;  /* (n_skips) */
    int first_skip;  /* of their marks */
    int probe;       /* the tensor; DV_ABLATE_NO_PROBE */
    size_t n_values; /* of the probe */
    int n_marks;     /* all that is done to an image */
    int n_units;     /* of these the last, of single units */
    dv_crew crew;
    float **saved; /* (workers) values that are put back: (traces, saved_values) */
    size_t saved_values;
    dv_surveyed of, training; /* training: images for the probe alone */
    int64_t done, total;

    /* Of each mark: images that are right first, among five; right without it, with it. */
    int32_t *right1, *right5, *lost, *won; /* (n_marks) */
    int32_t *by_class;                     /* (n_units, n_classes) lost less won */
} dv_ablating;

/* Whether the options make sense. */
bool dv_ablate_check(const dv_ablate_options *o, dv_error *err) DV_MUST_CHECK;
/* Which images, layers and marks there are. */
bool dv_ablate_settle(dv_ablating *a, const dv_list *images, dv_error *err) DV_MUST_CHECK;
/* The crew, and what is to be run again behind each tensor. dv_ablate_dismiss frees both, also
 * after a failure. */
bool dv_ablate_hire(dv_ablating *a, dv_error *err) DV_MUST_CHECK;
void dv_ablate_dismiss(dv_ablating *a);
/* What was counted, to a->r. */
bool dv_ablate_results(dv_ablating *a, dv_error *err) DV_MUST_CHECK;

/* Rank of a class, from 1; n where a score is a NaN. */
int32_t dv_rank_of(const float *score, int n, int32_t class_of);

/* An image, as the network gets it; fails with the path. */
bool dv_ablate_read(const dv_ablating *a, const char *path, float *input,
                    dv_error *err) DV_MUST_CHECK;

/* Runs the whole network over s->images, and adds up the strengths of channels unless they are for
 * the probe alone. */
bool dv_ablate_survey(dv_ablating *a, dv_surveyed *s, dv_error *err) DV_MUST_CHECK;

/* All that is done to the images, counted. */
bool dv_ablate_run(dv_ablating *a, dv_error *err) DV_MUST_CHECK;

/* The images classified by a linear classifier on the features. */
typedef struct dv_probed {
    int32_t right1, right5, lost, won;
} dv_probed;
bool dv_ablate_probe(dv_ablating *a, dv_probed *p, dv_error *err) DV_MUST_CHECK;

/* Fills in milliseconds. */
bool dv_ablate_time(dv_ablating *a, dv_error *err) DV_MUST_CHECK;

bool dv_ablate_draw(const dv_ablating *a, dv_error *err) DV_MUST_CHECK;

#endif
