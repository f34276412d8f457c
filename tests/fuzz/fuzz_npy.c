/* fuzz_npy.c - any bytes as a .npy file: an array that is wholly inside them, or a failure. */
#include "tensor/npy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dv_array a;
    dv_error err = { 0 };
    if (!dv_npy_parse(&a, data, size, &err)) {
        if (err.code == DV_OK || !err.message[0])
            abort();
        return 0;
    }
    size_t n = dv_shape_count(&a.shape);
    float *floats = malloc(n * sizeof *floats + 1);
    if (floats)
        dv_array_copy_floats(&a, 0, n, floats);
    free(floats);
    return 0;
}
