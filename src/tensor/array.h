/* array.h - a constant out of a model file: any number type, any alignment, usually mapped.
 *
 * Loaders hand constants over as they stand in the file; whoever needs floats converts then, so a
 * weight that no computation touches is never read. */
#ifndef DV_TENSOR_ARRAY_H
#define DV_TENSOR_ARRAY_H

#include "deconvviz/tensor.h"

typedef enum dv_dtype {
    DV_F32,
    DV_F16,
    DV_BF16,
    DV_F64,
    DV_I64,
    DV_I32,
    DV_I16,
    DV_I8,
    DV_U8,
    DV_BOOL,
} dv_dtype;

/* A view; the file (or the arena) it points into must outlive it. Little-endian. */
typedef struct dv_array {
    dv_dtype type;
    dv_shape shape; /* dimensions may be 0 here */
    const void *data;
} dv_array;

size_t dv_dtype_size(dv_dtype t);
const char *dv_dtype_name(dv_dtype t); /* "float32", "int64", … */
bool dv_dtype_is_float(dv_dtype t);

/* Element i as a number; i must be within the array. */
double dv_array_number(const dv_array *a, size_t i);
int64_t dv_array_int(const dv_array *a, size_t i); /* a float is truncated towards zero */

/* The array's own memory where it already is aligned float32, else NULL. */
const float *dv_array_floats(const dv_array *a);

/* Converts elements [first, first + n) to float32 (round to nearest even). */
void dv_array_copy_floats(const dv_array *a, size_t first, size_t n, float *to);

/* float32 -> IEEE half bits, round to nearest even; and back. */
uint16_t dv_half_from_float(float f);
float dv_half_to_float(uint16_t h);

#endif
