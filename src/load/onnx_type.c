#include "load/onnx_type.h"

static const struct {
    const char *name;
    int type; /* dv_dtype, or NONE */
} types[] = {
#define NONE (-1)
    [0] = { "undefined", NONE },   [1] = { "float", DV_F32 },      [2] = { "uint8", DV_U8 },
    [3] = { "int8", DV_I8 },       [4] = { "uint16", NONE },       [5] = { "int16", DV_I16 },
    [6] = { "int32", DV_I32 },     [7] = { "int64", DV_I64 },      [8] = { "string", NONE },
    [9] = { "bool", DV_BOOL },     [10] = { "float16", DV_F16 },   [11] = { "double", DV_F64 },
    [12] = { "uint32", NONE },     [13] = { "uint64", NONE },      [14] = { "complex64", NONE },
    [15] = { "complex128", NONE }, [16] = { "bfloat16", DV_BF16 },
};

bool dv_onnx_type(int64_t number, dv_dtype *type, dv_error *err)
{
    if (number < 0 || number >= (int64_t)(sizeof types / sizeof types[0]))
        return dv_fail(err, DV_UNSUPPORTED, "element type number %lld is not supported",
                       (long long)number);
    if (types[number].type == NONE)
        return dv_fail(err, DV_UNSUPPORTED, "element type %s is not supported", types[number].name);
    *type = (dv_dtype)types[number].type;
    return true;
}
