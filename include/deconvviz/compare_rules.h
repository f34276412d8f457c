/* compare_rules.h - the same units under every rule: what each shows of them, and how much they
 * agree. */
#ifndef DV_COMPARE_RULES_H
#define DV_COMPARE_RULES_H

#include "deconvviz/api.h"
#include "deconvviz/draw.h"
#include "deconvviz/figure.h"
#include "deconvviz/list.h"
#include "deconvviz/select.h"
#include "deconvviz/watch.h"

DV_BEGIN

typedef struct dv_compare_rules_options {
    const dv_selections *units;
    dv_position position;
    dv_rectify rectify; /* of deconvnet and guided */
    dv_seed seed;
    bool exact;               /* see dv_request */
    dv_preprocess preprocess; /* of the model's input size */
    struct dv_pool *pool;     /* over images, or inside of one; may be NULL */
    /* Units of the first image, a row each: the patch, then its projection by each rule; where
     * there are several layers, below it the mean correlations of each. */
    dv_figure_file figure;
    bool own_scales; /* each projection has its own; else those of a unit have one */
    dv_watch watch;  /* progress is in images, on any thread; skipped is told of images that fail */
} dv_compare_rules_options;

typedef struct dv_compared_rules {
    const char *image; /* path; NULL: it failed, and nothing else is known */
    dv_unit unit;
    const char *layer; /* of its selection */
    float value;
    float scale;                                /* of the picture's row: the largest of the three */
    float norm[DV_N_RULES];                     /* L2 */
    double correlation[DV_N_RULES][DV_N_RULES]; /* Pearson's, over the receptive field inside the
                                                   input; a NaN where a projection is constant */
} dv_compared_rules;

/* Projects each unit of each image by each rule. results: (images->count, o->units->n_units), in
 * the order of the selections. An image that fails is left out, unless it is the only one. Fails
 * with the path, or the unit; the figure is then not written. */
bool dv_compare_rules(const dv_model *m, const dv_list *images, const dv_compare_rules_options *o,
                      dv_compared_rules *results, dv_error *err) DV_MUST_CHECK;

/* What the results say of a layer. */
typedef struct dv_compared_layer {
    const char *layer;
    int n_units, n_images; /* with a correlation */
    /* Of each two rules: the mean, and half of its 95 % interval by Student's t. Units of one image
     * have much in common: where there are several images the sample is the mean of each. A NaN
     * where the sample is too small. */
    double mean[DV_N_RULES][DV_N_RULES], error[DV_N_RULES][DV_N_RULES];
} dv_compared_layer;

/* layers: (units->n). */
void dv_compare_rules_layers(const dv_selections *units, int32_t n_images,
                             const dv_compared_rules *results, dv_compared_layer *layers);

DV_END

#endif
