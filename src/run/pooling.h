/* pooling.h - a layer's map made a part of a row of features. */
#ifndef DV_RUN_POOLING_H
#define DV_RUN_POOLING_H

#include "deconvviz/pooling.h"
#include "deconvviz/tensor.h"

/* How many values it makes of an activation of this shape. */
size_t dv_pooled_count(const dv_pooling *p, const dv_shape *s);

/* Writes them to `to`. */
void dv_pool_map(const dv_pooling *p, const dv_shape *s, const float *map, float *to);

/* To a Euclidean length of 1; zeros stay. */
void dv_normalize(float *v, size_t n);

/* As dv_pooling_parse takes it. text: room for the result. */
enum { DV_POOLING_TEXT_MAX = 16 };
const char *dv_pooling_text(const dv_pooling *p, char text[DV_POOLING_TEXT_MAX]);

#endif
