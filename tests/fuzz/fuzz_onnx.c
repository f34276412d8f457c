/* fuzz_onnx.c - any bytes as an ONNX file: a model that runs, or a failure told in one line. */
#include "deconvviz/trace.h"
#include "load/onnx.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENOUGH = 1 << 20 }; /* numbers; a larger network would only take longer */

static void check_failure(const dv_error *err)
{
    if (err->code == DV_OK || !err->message[0] || strchr(err->message, '\n'))
        abort();
}

static bool is_small(const dv_model *m)
{
    size_t n = 0;
    for (int i = 0; i < m->n_values && n < ENOUGH; i++)
        n += m->values[i].shape.rank < 0 ? 0 : dv_shape_count(&m->values[i].shape);
    return n < ENOUGH;
}

static void run(const dv_model *m)
{
    dv_error err = { 0 };
    int output = dv_model_output(m);
    dv_request q = { .n_keep = 1, .keep = &output, .rules = 1u << DV_RULE_GUIDED };
    float *x = calloc(dv_shape_count(dv_tensor_shape(m, dv_model_input(m))), sizeof *x);
    dv_plan *plan = x ? dv_plan_new(m, &q, NULL, &err) : NULL;
    dv_trace *t = plan && dv_plan_trace_bytes(plan, NULL) < 64 * ENOUGH
                      ? dv_trace_new(plan, NULL, &err)
                      : NULL;
    if (t && !dv_trace_forward(t, x, &err))
        check_failure(&err);
    dv_trace_free(t);
    dv_plan_free(plan);
    free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dv_error err = { 0 };
    dv_onnx_request q = { .folder = NULL };
    dv_model *m = dv_model_new("fuzz.onnx", NULL, &err);
    if (m && !dv_onnx_build(m, data, size, &q, &err))
        check_failure(&err);
    else if (m && is_small(m))
        run(m);
    dv_model_free(m);
    return 0;
}
