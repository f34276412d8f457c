/* fuzz_network_json.c - any text as a network, with weights for some: a model, or a failure told in
 * one line. */
#include "load/network.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* conv.weight (3,3,1,1), conv.bias (3), fc.weight (2,48). */
static dv_file weights(void)
{
    static uint8_t file[1024];
    static const char header[] =
        "{\"conv.weight\":{\"dtype\":\"F32\",\"shape\":[3,3,1,1],\"data_offsets\":[0,36]},"
        "\"conv.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[36,48]},"
        "\"fc.weight\":{\"dtype\":\"F16\",\"shape\":[2,48],\"data_offsets\":[48,240]}}";
    size_t n = sizeof header - 1;
    file[0] = (uint8_t)n;
    file[1] = (uint8_t)(n >> 8);
    memcpy(file + 8, header, n);
    return (dv_file){ .data = file, .size = 8 + n + 240 };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dv_error err = { 0 };
    dv_file w = weights();
    dv_network_request q = { .loaded = &w };
    dv_model *m = dv_model_new("fuzz.json", NULL, &err);
    if (m && !dv_network_build(m, data, size, &q, &err) &&
        (err.code == DV_OK || !err.message[0] || strchr(err.message, '\n')))
        abort();
    dv_model_free(m);
    return 0;
}
