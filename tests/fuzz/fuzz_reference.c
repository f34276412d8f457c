/* A manifest of references: whatever is read is written, and what is written is read as the same.
 */
#include "deconvviz/reference.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dv_references r, again;
    dv_error err;
    if (!dv_references_parse(&r, data, size, "fuzz", &err))
        return 0;
    size_t n, m;
    char *text = dv_references_text(&r, &n, &err);
    if (!text || !dv_references_parse(&again, text, n, "again", &err))
        abort();
    char *twice = dv_references_text(&again, &m, &err);
    if (!twice || n != m || memcmp(text, twice, n) != 0)
        abort();
    free(text);
    free(twice);
    dv_references_free(&r);
    dv_references_free(&again);
    return 0;
}
