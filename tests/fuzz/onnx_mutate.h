/* onnx_mutate.h - an ONNX file that remains one: another number or operator in it. */
#ifndef TESTS_ONNX_MUTATE_H
#define TESTS_ONNX_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* Replaces one number that shapes are made of (of an attribute, of dimensions, of int64 data), or
 * the operator of one node. Returns the new size; 0: the bytes are no such file, or it would be
 * larger than max. */
size_t onnx_mutate(uint8_t *data, size_t size, size_t max, uint32_t seed);

#endif
