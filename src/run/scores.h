/* scores.h - what a network's output says of classes: probabilities, and which is the first. */
#ifndef DV_RUN_SCORES_H
#define DV_RUN_SCORES_H

#include "deconvviz/model.h"

#include <math.h>

/* How many classes the network tells apart: 0 where its output is no list of scores, a value for
 * each of two classes at least, or has another number of them than the model has labels: what is
 * left of it at another size of the input, say. */
int32_t dv_model_classes(const dv_model *m);

/* Whether class a comes before class b: the higher score, of equal ones the smaller number. */
static inline bool dv_score_before(const float *score, int a, int b)
{
    const float difference = score[a] - score[b];
    return difference > 0 || (difference == 0 && a < b);
}

/* The class that comes before all others. score: (n), n at least 1. */
int dv_score_best(const float *score, size_t n);

/* What makes probabilities of scores: those of a softmax, unless the scores are some already, none
 * below 0, and 1 in all. */
typedef struct dv_score_sum {
    bool as_they_are;
    double most, total;
} dv_score_sum;

dv_score_sum dv_score_add_up(const float *score, size_t n);

static inline double dv_score_probability(const dv_score_sum *s, float score)
{
    return s->as_they_are ? (double)score : exp((double)score - s->most) / s->total;
}

/* That of one class, below n. */
double dv_probability_of(const float *score, size_t n, int class);

#endif
