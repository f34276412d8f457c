/* fuzz_onnx.c - any bytes as an ONNX file: a model that runs, or a failure told in one line. */
#include "exercise.h"
#include "load/onnx.h"
#include "onnx_mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* Mostly numbers that change shapes; the fuzzer's own changes break nearly every file. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    const size_t n = seed % 8 ? onnx_mutate(data, size, max_size, seed) : 0;
    return n ? n : LLVMFuzzerMutate(data, size, max_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dv_error err = { 0 };
    dv_onnx_request q = { .folder = NULL };
    dv_model *m = dv_model_new("fuzz.onnx", NULL, &err);
    if (m && !dv_onnx_build(m, data, size, &q, &err))
        exercise_failure(&err);
    else if (m)
        exercise_model(m, (uint32_t)size);
    dv_model_free(m);
    return 0;
}
