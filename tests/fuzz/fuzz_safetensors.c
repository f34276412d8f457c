/* fuzz_safetensors.c - any bytes as a file of weights: arrays that can be read, or a failure. */
#include "load/safetensors.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "w", "conv.weight", "conv.bias" };
    dv_error err = { 0 };
    dv_safetensors *s = dv_safetensors_open(data, size, &err);
    if (!s && (err.code == DV_OK || !err.message[0] || strchr(err.message, '\n')))
        abort();
    for (size_t i = 0; s && i < sizeof names / sizeof names[0]; i++) {
        dv_array a;
        if (!dv_safetensors_get(s, names[i], &a, &err))
            continue;
        double sum = 0;
        size_t n = dv_shape_count(&a.shape);
        for (size_t k = 0; k < n; k++)
            sum += dv_array_number(&a, k);
        volatile double used = sum; /* each number was read */
        (void)used;
    }
    dv_safetensors_close(s);
    return 0;
}
