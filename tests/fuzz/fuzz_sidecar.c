/* Any JSON as what stands beside a model: applied, or a failure told in one line. */
#include "base/json.h"
#include "load/sidecar.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int own[2] = { 16, 12 };
    const dv_shape shape = { 4, { 1, 3, 8, 8 } };
    dv_error err = { 0 };
    cJSON *document = dv_json_parse(data, size, 10000, &err);
    dv_model *m = document ? dv_model_new("fuzz.onnx", NULL, &err) : NULL;
    if (m && !dv_model_add_input(m, "image", &shape, &err))
        abort();
    if (m && !dv_sidecar_apply(m, document, NULL, own, &err) &&
        (err.code == DV_OK || !err.message[0] || strchr(err.message, '\n')))
        abort();
    dv_model_free(m);
    cJSON_Delete(document);
    return 0;
}
