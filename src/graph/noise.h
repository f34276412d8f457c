/* noise.h - what stands for rounding when its effect is measured. */
#ifndef DV_GRAPH_NOISE_H
#define DV_GRAPH_NOISE_H

#include <stddef.h>
#include <stdint.h>

/* Adds to each of n values a number out of a bell-shaped distribution, within 3.5 standard
 * deviations, with a mean of 0 and a standard deviation of `amount` times the root mean square of
 * the values. The numbers depend on `seed` alone; seeds next to each other have nothing in common.
 */
void dv_disturb(float *v, size_t n, float amount, uint64_t seed);

#endif
