/* statistics.h - what a sample says, and how sure that is. */
#ifndef DV_BASE_STATISTICS_H
#define DV_BASE_STATISTICS_H

#include "deconvviz/api.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All that is needed of a sample, value by value, without keeping it (Welford 1962). Starts out as
 * { 0 }. */
typedef struct dv_sample {
    int64_t n;
    double mean, squares; /* squares: the sum of squared deviations from the mean */
} dv_sample;

void dv_sample_add(dv_sample *s, double v);

/* Of the population that the sample is from: n - 1 below the fraction bar. A NaN below two values.
 */
double dv_sample_deviation(const dv_sample *s);

/* Half of the 95 % confidence interval of the mean, by Student's t. A NaN below two values. */
double dv_sample_error(const dv_sample *s);

/* The value that 95 % of Student's t with so many degrees of freedom lie within: 12.706 for 1,
 * 1.960 for many. */
double dv_student_95(int64_t freedom);

/* The 95 % interval of a share, `hits` of n (Wilson 1927): within [0,1]. n 0: all of it. */
void dv_share_interval(int64_t hits, int64_t n, double interval[2]);

/* The same of a share p of a sample that is worth n independent ones, which need not be whole. */
void dv_proportion_interval(double p, double n, double interval[2]);

/* How a share changes between two looks at the same n: `won` hits more, `lost` hits less. The 95 %
 * interval of (won - lost) / n, by the adjusted Wald interval of Bonett and Price, "Adjusted Wald
 * confidence interval for a difference of binomial proportions based on paired data", 2012; within
 * [-1,1]. */
void dv_change_interval(int64_t won, int64_t lost, int64_t n, double interval[2]);

/* Sorts v: (n), and returns the value below which a share q of it lies, between two values on the
 * line between them. A NaN where there are none. */
double dv_quantile(double *v, size_t n, double q);

/* The Euclidean distance of a from b: (n); b NULL: from 0. */
double dv_distance(const float *a, const float *b, size_t n);

/* Pearson's correlation of a and b: (n). A NaN where one of them does not vary. */
double dv_correlation(const float *a, const float *b, size_t n);

#endif
