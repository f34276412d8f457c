/* weights.h - checks of constant operands, with one kind of message for all. */
#ifndef DV_NN_WEIGHTS_H
#define DV_NN_WEIGHTS_H

#include "nn/op.h"

/* Fails unless operand i, called `name` in messages, is a constant of floats, or of numbers
 * that a network in JSON wrote without a fraction. */
bool dv_check_weights(const dv_node_spec *s, int i, const char *name, dv_error *err) DV_MUST_CHECK;

/* Fails unless it also has this rank. */
bool dv_check_weights_rank(const dv_node_spec *s, int i, const char *name, int rank,
                           dv_error *err) DV_MUST_CHECK;

/* Fails unless it holds one number for each of `channels`: a shape (channels). Fine when an
 * optional operand is absent. */
bool dv_check_channel_weights(const dv_node_spec *s, int i, const char *name, int32_t channels,
                              dv_error *err) DV_MUST_CHECK;

#endif
