/* npy.h - NumPy's .npy files: one array, little-endian, in C order.
 *
 *     \x93NUMPY  major minor  header length (2 bytes; 4 from version 2)  header  numbers
 *
 * The header is a Python dict in ASCII: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
 * padded with spaces to a multiple of 64 bytes in front of the numbers. */
#ifndef DV_TENSOR_NPY_H
#define DV_TENSOR_NPY_H

#include "deconvviz/tensor.h"
#include "tensor/array.h"

/* Looks at a file in memory, without a copy: *a points into it. Takes float32, float64 and float16
 * arrays of at most DV_MAX_RANK dimensions (any of which may be 0); fails (DV_BAD_DATA, or
 * DV_UNSUPPORTED for Fortran order and other types) with what is wrong, not with a name. */
bool dv_npy_parse(dv_array *a, const void *bytes, size_t size, dv_error *err) DV_MUST_CHECK;

/* Reads a file as floats; the caller frees *data, which is never NULL after success. Fails with the
 * path. */
bool dv_npy_read(const char *path, dv_shape *shape, float **data, dv_error *err) DV_MUST_CHECK;

/* Writes a file of float32, or of the nearest halves. Fails with the path. */
bool dv_npy_write(const char *path, const dv_shape *shape, const float *data,
                  dv_error *err) DV_MUST_CHECK;
bool dv_npy_write_half(const char *path, const dv_shape *shape, const float *data,
                       dv_error *err) DV_MUST_CHECK;

/* What stands before the numbers of a file of float32: to `header`, returns its length. That is the
 * same for all shapes of two dimensions, so that one can be put in the place of another. */
enum { DV_NPY_HEADER_MAX = 256 };
size_t dv_npy_header(const dv_shape *shape, char header[DV_NPY_HEADER_MAX]);

#endif
