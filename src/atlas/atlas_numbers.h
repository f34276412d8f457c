/* atlas_numbers.h - what units are sorted and sifted by: numbers, one of each kind a unit. */
#ifndef DV_ATLAS_ATLAS_NUMBERS_H
#define DV_ATLAS_ATLAS_NUMBERS_H

#include "atlas/atlas_work.h"

typedef enum dv_number {
    DV_NUMBER_MAX,
    DV_NUMBER_MEAN,
    DV_NUMBER_ACTIVE_IMAGES,
    DV_NUMBER_ACTIVE_POSITIONS,
    DV_NUMBER_SPARSITY,
    DV_NUMBER_CLASS_SELECTIVITY,
    DV_NUMBER_BEST_CLASS,
    DV_NUMBER_COLOUR,
    DV_NUMBER_HUE,
    DV_NUMBER_ORIENTATION,
    DV_NUMBER_ORIENTATION_SELECTIVITY,
    DV_NUMBER_FREQUENCY,
    DV_N_NUMBERS,
} dv_number;

/* How a number is called, and what is said of it. */
typedef struct dv_number_words {
    const char *key, *title, *kind, *group, *about, *source; /* source: "" where it needs none */
} dv_number_words;

extern const dv_number_words dv_number_table[DV_N_NUMBERS];

/* A class among the hits of a unit. */
typedef struct dv_class_share {
    int32_t class, hits;
    double values; /* sum of these hits' values */
} dv_class_share;

/* The classes of the unit's hits in the index, the one with most values first: shares (k of the
 * index). *classed: hits that have a class. Returns how many classes. classes: (files of the
 * index). */
int dv_atlas_class_mix(const dv_atlas_work *w, const dv_atlas_unit *u, const int32_t *classes,
                       dv_class_share *shares, int *classed);

/* The class of each file of the index, -1: not known; the caller frees it. */
int32_t *dv_atlas_file_classes(const dv_atlas_work *w, dv_error *err) DV_MUST_CHECK;

/* v: (n_units, DV_N_NUMBERS), a NaN where a number is not known; the caller frees it. */
double *dv_atlas_numbers(const dv_atlas_work *w, const int32_t *classes,
                         dv_error *err) DV_MUST_CHECK;

/* Those of form, of what the projections tell: v (DV_N_NUMBERS). */
void dv_number_form(const dv_told *t, double *v);

static inline bool dv_atlas_has_classes(const dv_atlas_work *w)
{
    return w->options->truth && w->options->labels && w->options->labels->n > 0;
}

#endif
