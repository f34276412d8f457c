/* steps.h - one projection, stage by stage: every tensor on a unit's path, with its activation on
 * the way there and the signal R on the way back. */
#ifndef DV_STEPS_H
#define DV_STEPS_H

#include "deconvviz/api.h"
#include "deconvviz/figure.h"
#include "deconvviz/image.h"
#include "deconvviz/rule.h"
#include "deconvviz/select.h"
#include "deconvviz/watch.h"

DV_BEGIN

/* Of the values of a tensor, all channels, that are on the unit's path. */
typedef struct dv_stage_numbers {
    float min, max;
    double norm;    /* L2 */
    double nonzero; /* the share that is not 0 */
} dv_stage_numbers;

/* A tensor. */
typedef struct dv_stage {
    const char *tensor;
    const char *node, *op; /* what makes it; of the network's input NULL and "input" */
    const char *back; /* what made R here: "unpool pool1", of the unit itself "seed"; where several
                         nodes read the tensor, " + " between them */
    dv_shape shape;
    dv_box box; /* what of it is on the path: the unit's field in it */
    dv_stage_numbers there, signal;
} dv_stage;

typedef struct dv_steps {
    dv_unit unit; /* of the last stage */
    float value;
    int n;
    dv_stage *stages; /* (n) from the input to the unit; on the way back the other way round */
    struct dv_arena *arena; /* all of it; NULL: nothing */
} dv_steps;

void dv_steps_free(dv_steps *s);

enum { DV_STEPS_MAPS = 9 };

typedef struct dv_steps_options {
    const dv_selections *units; /* one */
    dv_position position;
    dv_rule rule;
    dv_rectify rectify;
    dv_seed seed;
    bool exact;               /* see dv_request */
    dv_preprocess preprocess; /* of the model's input size */
    struct dv_pool *pool;     /* may be NULL */
    /* Of each stage the maps that carry most of R, as many as said, 1 to DV_STEPS_MAPS: above what
     * they are there, below R; switches as dots. */
    dv_figure_file figure;
    int maps;
    dv_watch watch;
} dv_steps_options;

/* Takes the unit there and back. The caller frees *s with dv_steps_free, after success. Fails
 * (DV_BAD_USAGE) when it is not one unit; else with the path, or the unit. */
bool dv_steps_of(const dv_model *m, const char *image, const dv_steps_options *o, dv_steps *s,
                 dv_error *err) DV_MUST_CHECK;

/* The same for a network that can be followed by hand: 6x6 pixels, convolution 3x3, ReLU, max-pool
 * 2x2, convolution 2x2, ReLU, all weights small whole numbers; o->units, position and preprocess
 * count for nothing. The figure has every number. */
bool dv_steps_toy(const dv_steps_options *o, dv_steps *s, dv_error *err) DV_MUST_CHECK;

DV_END

#endif
