/* channel_epilogue.h - an operator's bias and what was fused behind it, made into one epilogue. */
#ifndef DV_NN_CHANNEL_EPILOGUE_H
#define DV_NN_CHANNEL_EPILOGUE_H

#include "nn/op.h"

typedef struct dv_channel_epilogue {
    dv_epilogue ep; /* points to shift, to the bias, or to what the fused epilogue points to */
    float *shift;   /* owned; NULL where none had to be computed */
} dv_channel_epilogue;

/* ep(acc + bias[c]) as one epilogue. bias: (channels) or NULL; it and what `ep` points to must
 * outlive the result. Freed with dv_channel_epilogue_free. */
bool dv_channel_epilogue_make(dv_channel_epilogue *e, const dv_epilogue *ep, const float *bias,
                              int32_t channels, dv_error *err) DV_MUST_CHECK;
void dv_channel_epilogue_free(dv_channel_epilogue *e);

/* Applies an epilogue in place to a tensor (N,C,…); and to `count` of its elements from `first` on.
 */
void dv_channel_epilogue_apply(const dv_epilogue *ep, const dv_tensor *t);
void dv_channel_epilogue_apply_part(const dv_epilogue *ep, const dv_tensor *t, size_t first,
                                    size_t count);

#endif
