#include "run/scores.h"

#include <math.h>

bool dv_scores_are_probabilities(const float *score, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (score[i] < 0)
            return false;
        sum += (double)score[i];
    }
    return fabs(sum - 1) < 1e-3;
}

double dv_scores_probability(const float *score, size_t n, size_t which)
{
    if (dv_scores_are_probabilities(score, n))
        return (double)score[which];
    const double most = (double)score[dv_scores_best(score, n)];
    double total = 0;
    for (size_t i = 0; i < n; i++)
        total += exp((double)score[i] - most);
    return exp((double)score[which] - most) / total;
}

size_t dv_scores_best(const float *score, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (score[i] > score[best])
            best = i;
    return best;
}
