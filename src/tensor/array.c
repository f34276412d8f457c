#include "tensor/array.h"

#include <string.h>

static const struct {
    const char *name;
    size_t size;
    bool is_float;
} types[] = {
    [DV_F32] = { "float32", 4, true },   [DV_F16] = { "float16", 2, true },
    [DV_BF16] = { "bfloat16", 2, true }, [DV_F64] = { "float64", 8, true },
    [DV_I64] = { "int64", 8, false },    [DV_I32] = { "int32", 4, false },
    [DV_I16] = { "int16", 2, false },    [DV_I8] = { "int8", 1, false },
    [DV_U8] = { "uint8", 1, false },     [DV_BOOL] = { "bool", 1, false },
};

size_t dv_dtype_size(dv_dtype t)
{
    return types[t].size;
}

const char *dv_dtype_name(dv_dtype t)
{
    return types[t].name;
}

bool dv_dtype_is_float(dv_dtype t)
{
    return types[t].is_float;
}

static float float_from_bits(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static uint32_t bits_of_float(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

/* The three cases are all computed and one is taken, so that a loop of it becomes vector code. */
float dv_half_to_float(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, rest = h & 0x7fff;
    uint32_t normal = (rest << 13) + ((127 - 15) << 23);
    uint32_t subnormal = bits_of_float((float)(int32_t)rest * 0x1p-24F);
    uint32_t special = (rest << 13) | 0x7f800000; /* infinity, NaN */
    uint32_t bits = rest < 0x400 ? subnormal : normal;
    return float_from_bits(sign | (rest < 0x7c00 ? bits : special));
}

uint16_t dv_half_from_float(float f)
{
    uint32_t bits = bits_of_float(f), rest = bits & 0x7fffffff;
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    uint32_t half;
    if (rest > 0x7f800000) { /* NaN: what fits of the payload, but never none, which is infinity */
        half = 0x7c00 | (rest >> 13 & 0x3ff);
        half += half == 0x7c00;
    } else if (rest >= bits_of_float(65536)) {
        half = 0x7c00;
    } else if (rest < bits_of_float(0x1p-14F)) {
        /* beside 0.5 a float has steps of 2^-24, those of subnormal halves: the sum rounds */
        half = bits_of_float(float_from_bits(rest) + 0.5F) - bits_of_float(0.5F);
    } else { /* rounds to nearest even; 65520 and above carry over into infinity */
        uint32_t odd = rest >> 13 & 1;
        half = (rest - ((127 - 15) << 23) + 0xfff + odd) >> 13;
    }
    return (uint16_t)(sign | half);
}

static float bfloat_to_float(uint16_t b)
{
    return float_from_bits((uint32_t)b << 16);
}

/* Declares `name`, element i of the bytes at `from`, which may lie at any address. */
#define LOAD(type, name, from, i) \
    type name;                    \
    memcpy(&(name), (const char *)(from) + (i) * sizeof(type), sizeof(type))

double dv_array_number(const dv_array *a, size_t i)
{
    float f = 0;
    if (a->type == DV_F64) {
        LOAD(double, d, a->data, i);
        return d;
    }
    if (!dv_dtype_is_float(a->type))
        return (double)dv_array_int(a, i);
    dv_array_copy_floats(a, i, 1, &f);
    return (double)f;
}

static int64_t truncated(double d)
{
    if (d != d)
        return 0;
    if (d >= 0x1p63)
        return INT64_MAX;
    return d <= -0x1p63 ? INT64_MIN : (int64_t)d;
}

int64_t dv_array_int(const dv_array *a, size_t i)
{
    switch (a->type) {
    case DV_I64: {
        LOAD(int64_t, v, a->data, i);
        return v;
    }
    case DV_I32: {
        LOAD(int32_t, v, a->data, i);
        return v;
    }
    case DV_I16: {
        LOAD(int16_t, v, a->data, i);
        return v;
    }
    case DV_I8: {
        LOAD(int8_t, v, a->data, i);
        return v;
    }
    case DV_U8:
        return ((const uint8_t *)a->data)[i];
    case DV_BOOL:
        return ((const uint8_t *)a->data)[i] != 0;
    case DV_F32:
    case DV_F16:
    case DV_BF16:
    case DV_F64:
        break;
    }
    return truncated(dv_array_number(a, i));
}

const float *dv_array_floats(const dv_array *a)
{
    bool aligned = (uintptr_t)a->data % sizeof(float) == 0;
    return a->type == DV_F32 && aligned ? a->data : NULL;
}

#define COPY(type, convert)                \
    for (size_t i = 0; i < n; i++) {       \
        LOAD(type, v, a->data, first + i); \
        to[i] = convert(v);                \
    }                                      \
    break

void dv_array_copy_floats(const dv_array *a, size_t first, size_t n, float *to)
{
    switch (a->type) {
    case DV_F32:
        if (n)
            memcpy(to, (const char *)a->data + first * sizeof *to, n * sizeof *to);
        break;
    case DV_F16:
        COPY(uint16_t, dv_half_to_float);
    case DV_BF16:
        COPY(uint16_t, bfloat_to_float);
    case DV_F64:
        COPY(double, (float));
    case DV_I64:
        COPY(int64_t, (float));
    case DV_I32:
        COPY(int32_t, (float));
    case DV_I16:
        COPY(int16_t, (float));
    case DV_I8:
        COPY(int8_t, (float));
    case DV_U8:
        COPY(uint8_t, (float));
    case DV_BOOL:
        COPY(uint8_t, !!);
    }
}
