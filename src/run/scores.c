#include "run/scores.h"

int32_t dv_model_classes(const dv_model *m)
{
    const dv_box all = dv_box_whole(dv_tensor_shape(m, dv_model_output(m)));
    const int32_t n = all.hi[DV_C], labels = dv_model_n_labels(m);
    const bool list = all.hi[DV_Y] == 1 && all.hi[DV_X] == 1 && n > 1;
    return list && (labels == 0 || labels == n) ? n : 0;
}

int dv_score_best(const float *score, size_t n)
{
    int best = 0;
    for (int i = 1; i < (int)n; i++)
        if (dv_score_before(score, i, best))
            best = i;
    return best;
}

/* Whether scores are probabilities already: none below 0, and 1 in all. */
static bool are_probabilities(const float *score, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (score[i] < 0)
            return false;
        sum += (double)score[i];
    }
    return fabs(sum - 1) < 1e-3;
}

dv_score_sum dv_score_add_up(const float *score, size_t n)
{
    dv_score_sum s = { are_probabilities(score, n), (double)score[dv_score_best(score, n)], 0 };
    for (size_t i = 0; i < n; i++)
        s.total += exp((double)score[i] - s.most);
    return s;
}

double dv_probability_of(const float *score, size_t n, int class)
{
    const dv_score_sum s = dv_score_add_up(score, n);
    return dv_score_probability(&s, score[class]);
}
