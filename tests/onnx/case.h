/* case.h - one test of ONNX's suite: a folder with model.onnx and test_data_set_N/. */
#ifndef TESTS_ONNX_CASE_H
#define TESTS_ONNX_CASE_H

#include <stddef.h>

typedef enum suite_result { SUITE_PASS, SUITE_FAIL, SUITE_SKIP, SUITE_N_RESULTS } suite_result;

/* `why` (room bytes) gets the reason of a failure or a skip, or a remark on a pass. */
suite_result suite_run(const char *path, char *why, size_t room);

#endif
