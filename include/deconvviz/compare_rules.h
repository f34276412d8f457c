/* compare_rules.h - the same units under every rule: what each shows of them, and how much they
 * agree. */
#ifndef DV_COMPARE_RULES_H
#define DV_COMPARE_RULES_H

#include "deconvviz/api.h"
#include "deconvviz/draw.h"
#include "deconvviz/select.h"
#include "deconvviz/watch.h"

DV_BEGIN

typedef struct dv_compare_rules_options {
    const dv_selections *units;
    dv_position position;
    dv_seed seed;
    bool exact;               /* see dv_request */
    dv_preprocess preprocess; /* of the model's input size */
    struct dv_pool *pool;     /* may be NULL */
    const char *png; /* a row for each unit: the patch, then its projection by each rule, all
                        on one scale; NULL: no picture */
    dv_watch watch;  /* on the calling thread; progress is in units */
} dv_compare_rules_options;

typedef struct dv_compared_rules {
    dv_unit unit;
    const char *layer; /* of its selection */
    float value;
    float scale;                                /* of the picture's row: the largest of the three */
    float norm[DV_N_RULES];                     /* L2 */
    double correlation[DV_N_RULES][DV_N_RULES]; /* Pearson's, over the receptive field inside the
                                                   input; a NaN where a projection is constant */
} dv_compared_rules;

/* Projects each unit of an image by each rule. results: (o->units->n_units), in the order of the
 * selections. Fails with the path, or the unit; the picture is then not written. */
bool dv_compare_rules(const dv_model *m, const char *image, const dv_compare_rules_options *o,
                      dv_compared_rules *results, dv_error *err) DV_MUST_CHECK;

DV_END

#endif
