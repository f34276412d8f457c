/* onnx_type.h - ONNX's numbers for element types (onnx.proto, TensorProto.DataType). */
#ifndef DV_LOAD_ONNX_TYPE_H
#define DV_LOAD_ONNX_TYPE_H

#include "tensor/array.h"

/* Fails with the type's name, or its number, where dv_dtype has no such type. */
bool dv_onnx_type(int64_t number, dv_dtype *type, dv_error *err) DV_MUST_CHECK;

#endif
