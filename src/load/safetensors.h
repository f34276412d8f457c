/* safetensors.h - named arrays in one file: 8 bytes N, little-endian; N bytes of JSON
 *     {"NAME": {"dtype": "F32", "shape": [64,3,11,11], "data_offsets": [BEGIN, END]}, …}
 * then the data, where the offsets count. https://github.com/huggingface/safetensors */
#ifndef DV_LOAD_SAFETENSORS_H
#define DV_LOAD_SAFETENSORS_H

#include "tensor/array.h"

#include <stdbool.h>

enum { DV_SAFETENSORS_MAX_HEADER = 100000000 }; /* bytes, as the format has it */

typedef struct dv_safetensors dv_safetensors;

/* Reads the header; the bytes must outlive the arrays, not the result. Fails when an entry is
 * malformed or its data is not inside the file. The caller frees it with dv_safetensors_close. */
dv_safetensors *dv_safetensors_open(const uint8_t *data, size_t size, dv_error *err) DV_MUST_CHECK;
void dv_safetensors_close(dv_safetensors *s); /* NULL is fine */

int dv_safetensors_count(const dv_safetensors *s);
bool dv_safetensors_has(const dv_safetensors *s, const char *name);

/* A view of the array of that name. Fails when there is none, with a name that is there, or when
 * its type is not one of dv_dtype. */
bool dv_safetensors_get(const dv_safetensors *s, const char *name, dv_array *out,
                        dv_error *err) DV_MUST_CHECK;

/* By the first bytes of a file, which may be damaged further on. */
bool dv_safetensors_sniff(const uint8_t *data, size_t size);

#endif
