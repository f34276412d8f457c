/* tally.h - what classifying a labelled set comes to: errors, classes, confusions, calibration. */
#ifndef DV_STUDIES_TALLY_H
#define DV_STUDIES_TALLY_H

#include "deconvviz/classify.h"
#include "deconvviz/figure.h"
#include "draw/provenance.h"
#include "report/table.h"

enum { DV_TALLY_BINS = 15 }; /* of the probability of the best class (Guo et al. 2017) */

typedef struct dv_tally_class {
    int32_t images, right1, right5;
    int taken_for;        /* the class that its images are most often taken for wrongly; -1: none */
    int32_t taken_images; /* how often */
} dv_tally_class;

/* An image of class `truth` whose best class was another. */
typedef struct dv_confusion {
    int truth, best;
    int32_t images;
} dv_confusion;

typedef struct dv_tally_bin {
    int32_t images, right;
    double confidence; /* the sum of their probabilities */
} dv_tally_bin;

/* Starts out as { .labels = … }. */
typedef struct dv_tally {
    const dv_labels *labels; /* the caller's */
    int n_classes;
    dv_tally_class *classes; /* (n_classes) */
    int32_t n_wrong, max_wrong;
    dv_confusion *wrong; /* (n_wrong) one an image, until the tally is closed; then one a pair, the
                            most frequent first, of equal ones the first classes */
    dv_tally_bin bins[DV_TALLY_BINS];
    int32_t images;
    bool failed; /* no memory */
} dv_tally;

bool dv_tally_begin(dv_tally *t, int n_classes, dv_error *err) DV_MUST_CHECK;
/* An image whose truth is known; others do not count. */
void dv_tally_add(dv_tally *t, const dv_classified *c);
bool dv_tally_close(dv_tally *t, dv_error *err) DV_MUST_CHECK;
void dv_tally_free(dv_tally *t);

/* The expected calibration error: the mean distance between confidence and accuracy in a bin,
 * weighted by its images. */
double dv_tally_calibration_error(const dv_tally *t);

/* -- what is shown of a closed one; the caller frees the tables ------------------------------- */

dv_table dv_tally_classes_table(const dv_tally *t);
dv_table dv_tally_confusions_table(const dv_tally *t);
dv_table dv_tally_calibration_table(const dv_tally *t);

/* Confusions between the classes that are confused most, the pairs by name, and the calibration
 * curve. */
bool dv_tally_draw(const dv_tally *t, const dv_classify_result *r, const dv_figure_file *to,
                   const dv_provenance *says, dv_error *err) DV_MUST_CHECK;

#endif
