/* input.h - what the network gets, out of a file that holds it already. */
#ifndef DV_RUN_INPUT_H
#define DV_RUN_INPUT_H

#include "deconvviz/model.h"

/* Reads a float tensor (1,C,H,W) or (C,H,W) out of a .npy file: input (C,H,W) of the model. Fails
 * (DV_BAD_USAGE) with both shapes where they differ. */
bool dv_input_read(const dv_model *m, const char *path, float *input, dv_error *err) DV_MUST_CHECK;

/* The size (H,W) of such a tensor: what the model's input has to be for it. Fails when it has less
 * than three dimensions. */
bool dv_input_size(const char *path, int size[2], dv_error *err) DV_MUST_CHECK;

#endif
