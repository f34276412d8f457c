/* fuzz_image.c - any bytes as an image file: pixels, or a failure; and the texts of a PNG. */
#include "deconvviz/image.h"
#include "image/png.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(const uint8_t *data, size_t size)
{
    dv_image im;
    dv_error err = { 0 };
    if (!dv_image_decode(&im, data, size, "x", &err)) {
        if (err.code == DV_OK || strncmp(err.message, "x: ", 3) != 0)
            abort();
        return;
    }
    unsigned sum = 0;
    for (size_t i = 0; i < (size_t)im.width * im.height * 3; i++)
        sum += im.rgb[i];
    volatile unsigned used = sum; /* each pixel was read */
    (void)used;
    dv_image_free(&im);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decode(data, size);
    dv_arena a = { 0 };
    dv_png_text *texts;
    int n;
    dv_error err = { 0 };
    if (dv_png_texts(&a, data, size, &texts, &n, &err))
        for (int i = 0; i < n; i++)
            if (strlen(texts[i].key) + strlen(texts[i].value) > 3 * size)
                abort();
    dv_arena_release(&a);
    return 0;
}
