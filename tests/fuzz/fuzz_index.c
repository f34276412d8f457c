/* An index: whatever is read is written, and what is written is read as the same. */
#include "deconvviz/index.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dv_index x, again;
    dv_error err;
    if (!dv_index_parse(&x, data, size, "fuzz", &err))
        return 0;
    size_t n, m;
    char *text = dv_index_text(&x, &n, &err);
    if (!text || !dv_index_parse(&again, text, n, "again", &err))
        abort();
    char *twice = dv_index_text(&again, &m, &err);
    if (!twice || n != m || memcmp(text, twice, n) != 0)
        abort();
    free(text);
    free(twice);
    dv_index_free(&x);
    dv_index_free(&again);
    return 0;
}
