/* channel_factors.h - what a batch normalisation multiplies the channels of a weight layer by. */
#ifndef DV_GRAPH_CHANNEL_FACTORS_H
#define DV_GRAPH_CHANNEL_FACTORS_H

#include "graph/model.h"

/* gamma / sqrt(var + epsilon) of the channels that node n gives, where a batch normalisation alone
 * reads them, else 1: factors (channels). normalised: whether it does. */
bool dv_channel_factors(const dv_model *m, const dv_node *n, int channels, double *factors,
                        bool *normalised, dv_error *err) DV_MUST_CHECK;

#endif
