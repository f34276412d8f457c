/* scores.h - what a network's output says of one class. */
#ifndef DV_RUN_SCORES_H
#define DV_RUN_SCORES_H

#include <stdbool.h>
#include <stddef.h>

/* Whether scores are probabilities already: none below 0, and 1 in all. */
bool dv_scores_are_probabilities(const float *score, size_t n);

/* That of a class below n: by a softmax, unless the scores are some already. */
double dv_scores_probability(const float *score, size_t n, size_t which);

/* The class with the highest score, of equal ones the first. */
size_t dv_scores_best(const float *score, size_t n);

#endif
